/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The writer of JSON. Its own, where reading is YAJL's: a heavy host's document has 15 MB in a million small
 * pieces, and YAJL's generator, which hands out each bracket, comma, blank and stretch of a string by a call, took
 * a third of the instructions of a whole audit. The text is the same to the byte, an indented document's, too.
 */
#include "dw_json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dw_str.h"

#define BUFFER_SIZE ((size_t)32 * 1024)

struct dw_json {
	FILE *out;                /* NULL: all is kept in the buffer */
	struct dw_arena *scratch; /* for texts that had to be escaped */
	bool pretty, failed;
	bool fresh; /* nothing stands in the innermost object or array yet */
	unsigned depth;
	char *buffer;
	size_t used, size;
};

/* --- bytes ----------------------------------------------------------------------------------------- */

static void drain(struct dw_json *j)
{
	if (fwrite(j->buffer, 1, j->used, j->out) != j->used)
		j->failed = true;
	j->used = 0;
}

/* Room for n more bytes, which the caller fills and counts. */
static char *room(struct dw_json *j, size_t n)
{
	if (n <= j->size - j->used)
		return j->buffer + j->used;
	if (j->out)
		drain(j);
	if (n > j->size - j->used) {
		size_t size = DW_MAX(j->size * 2, j->used + n);

		j->buffer = realloc(j->buffer, size);
		if (!j->buffer)
			dw_oom();
		j->size = size;
	}
	return j->buffer + j->used;
}

static void put(struct dw_json *j, const char *s, size_t n)
{
	memcpy(room(j, n), s, n);
	j->used += n;
}

static void put_char(struct dw_json *j, char c)
{
	*room(j, 1) = c;
	j->used++;
}

static void indent(struct dw_json *j)
{
	for (unsigned i = 0; i < j->depth; i++)
		put(j, "  ", 2);
}

/* --- strings --------------------------------------------------------------------------------------- */

#define EVERY(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Which of eight bytes are below `least`, at most 0x80: their high bits; see "Bit Twiddling Hacks", hasless(). */
static uint64_t below(uint64_t word, uint64_t least)
{
	return (word - EVERY(least)) & ~word & EVERY(0x80);
}

/* Any of eight bytes is a quotation mark, a backslash, a control character or no ASCII. */
static bool is_special_word(const char *s)
{
	uint64_t word;

	memcpy(&word, s, sizeof(word));
	return (below(word, 0x20) | below(word ^ EVERY('"'), 1) | below(word ^ EVERY('\\'), 1) |
		(word & EVERY(0x80))) != 0;
}

static bool is_special(char c)
{
	return (unsigned char)c < 0x20 || (unsigned char)c >= 0x80 || c == '"' || c == '\\';
}

/* How many bytes may be written as they are. */
static size_t plain_prefix(const char *s, size_t n)
{
	size_t i = 0;

	while (n - i >= sizeof(uint64_t) && !is_special_word(s + i))
		i += sizeof(uint64_t);
	while (i < n && !is_special(s[i]))
		i++;
	return i;
}

static void put_escaped(struct dw_json *j, char c)
{
	static const char hex[] = "0123456789ABCDEF";
	static const char letters[] =
		"\"\"\\\\\bb\ff\nn\rr\tt"; /* the byte, and what stands for it */
	unsigned char byte = (unsigned char)c;

	for (size_t i = 0; i + 1 < sizeof(letters); i += 2)
		if (letters[i] == c) {
			put(j, (const char[]){ '\\', letters[i + 1] }, 2);
			return;
		}
	if (byte < 0x20)
		put(j, (const char[]){ '\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15] }, 6);
	else
		put_char(j, c);
}

static void put_string(struct dw_json *j, const char *s)
{
	size_t n = strlen(s), plain = plain_prefix(s, n);
	bool clean = false;

	if (plain == n) { /* nearly all are */
		char *to = room(j, n + 2);

		*to++ = '"';
		to = mempcpy(to, s, n);
		*to = '"';
		j->used += n + 2;
		return;
	}
	put_char(j, '"');
	while (plain < n) {
		if (!clean && (unsigned char)s[plain] >= 0x80) {
			/* only what is not plain ASCII is worth the closer look, once */
			if (!j->scratch)
				j->scratch = dw_arena_new();
			s = dw_escape_utf8(j->scratch, s, n);
			n = strlen(s);
			clean = true;
		}
		put(j, s, plain);
		if (plain < n)
			put_escaped(j, s[plain++]);
		s += plain;
		n -= plain;
		plain = plain_prefix(s, n);
	}
	put(j, s, n);
	put_char(j, '"');
}

/* --- what stands between ---------------------------------------------------------------------------- */

/* A hundred of them stand in a door: with the comma, in one piece. */
static void put_key(struct dw_json *j, const char *key, bool comma)
{
	size_t n = strlen(key);
	char *to = room(j, n + 5);

	if (comma)
		*to++ = ',';
	*to++ = '"';
	to = mempcpy(to, key, n);
	*to++ = '"';
	*to++ = ':';
	if (j->pretty)
		*to++ = ' ';
	j->used = (size_t)(to - j->buffer);
}

/* Whatever comes before a value. */
static void begin(struct dw_json *j, const char *key)
{
	if (key && !j->pretty) {
		put_key(j, key, j->depth > 0 && !j->fresh);
		j->fresh = false;
		return;
	}
	if (j->depth > 0) {
		if (!j->fresh)
			put(j, ",\n", j->pretty ? 2 : 1);
		if (j->pretty)
			indent(j);
	}
	j->fresh = false;
	if (key)
		put_key(j, key, false);
}

static void end(struct dw_json *j)
{
	if (j->pretty && j->depth == 0)
		put_char(j, '\n');
}

static void open_one(struct dw_json *j, const char *key, char bracket)
{
	begin(j, key);
	put(j, (const char[]){ bracket, '\n' }, j->pretty ? 2 : 1);
	j->depth++;
	j->fresh = true;
}

static void close_one(struct dw_json *j, char bracket)
{
	if (j->depth == 0) {
		j->failed = true;
		return;
	}
	j->depth--;
	j->fresh = false;
	if (j->pretty) {
		put_char(j, '\n');
		indent(j);
	}
	put_char(j, bracket);
	end(j);
}

/* --- the interface ---------------------------------------------------------------------------------- */

struct dw_json *dw_json_new(FILE *out, bool pretty)
{
	struct dw_json *j = calloc(1, sizeof(*j));

	if (!j)
		dw_oom();
	j->out = out;
	j->pretty = pretty;
	(void)room(j, BUFFER_SIZE);
	return j;
}

static void free_all(struct dw_json *j)
{
	dw_arena_free(j->scratch);
	free(j->buffer);
	free(j);
}

int dw_json_close(struct dw_json *j, struct dw_error *e)
{
	bool whole = j->depth == 0, failed;

	drain(j);
	failed = j->failed || fflush(j->out) != 0 || ferror(j->out);
	free_all(j);
	if (failed)
		return dw_error_set(e, -EIO, "the JSON document could not be written whole");
	return whole ? 0 : dw_error_set(e, -EINVAL, "the JSON document is not closed");
}

void dw_json_object(struct dw_json *j, const char *key)
{
	open_one(j, key, '{');
}

void dw_json_end_object(struct dw_json *j)
{
	close_one(j, '}');
}

void dw_json_array(struct dw_json *j, const char *key)
{
	open_one(j, key, '[');
}

void dw_json_end_array(struct dw_json *j)
{
	close_one(j, ']');
}

void dw_json_string(struct dw_json *j, const char *key, const char *s)
{
	if (!s) {
		dw_json_null(j, key);
		return;
	}
	begin(j, key);
	put_string(j, s);
	end(j);
}

void dw_json_raw(struct dw_json *j, const char *key, const char *json, size_t n)
{
	begin(j, key);
	put(j, json, n);
	end(j);
}

void dw_json_uint(struct dw_json *j, const char *key, uint64_t v)
{
	char text[20]; /* digits of the greatest */
	size_t at = sizeof(text);

	do {
		text[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	dw_json_raw(j, key, text + at, sizeof(text) - at);
}

void dw_json_fraction(struct dw_json *j, const char *key, double v)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%.6g", v);

	/* JSON has no NaN; a comma for the point is the locale's (LC_NUMERIC), which we do not touch */
	if (!(v - v == 0) || n < 0 || (size_t)n >= sizeof(text)) {
		dw_json_null(j, key);
		return;
	}
	for (char *p = text; *p; p++)
		if (*p == ',')
			*p = '.';
	dw_json_raw(j, key, text, (size_t)n);
}

void dw_json_bool(struct dw_json *j, const char *key, bool v)
{
	dw_json_raw(j, key, v ? "true" : "false", v ? 4 : 5);
}

void dw_json_null(struct dw_json *j, const char *key)
{
	dw_json_raw(j, key, "null", 4);
}

void dw_json_line(struct dw_json *j)
{
	put_char(j, '\n');
}

/* --- pieces of a document ----------------------------------------------------------------------------- */

struct dw_json *dw_json_new_members(void)
{
	struct dw_json *j = dw_json_new(NULL, false);

	dw_json_empty_members(j);
	return j;
}

void dw_json_empty_members(struct dw_json *j)
{
	j->used = 0;
	j->depth = 1; /* of the array that they go into */
	j->fresh = true;
}

void dw_json_free_members(struct dw_json *j)
{
	if (j)
		free_all(j);
}

void dw_json_put_members(struct dw_json *j, const struct dw_json *members)
{
	if (members->used == 0)
		return;
	begin(j, NULL);
	if (j->out && members->used > j->size) { /* not by way of the buffer */
		drain(j);
		j->failed |= fwrite(members->buffer, 1, members->used, j->out) != members->used;
	} else {
		put(j, members->buffer, members->used);
	}
	j->failed |= members->failed || members->depth != 1;
}
