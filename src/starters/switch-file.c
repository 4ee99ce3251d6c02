/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The switch of one name in the file system: what stands there, as a text (dw_lever.h), and the other way. The text
 * has a digest of the content, so two states are the same when their texts are; the content itself goes beside it.
 */
#include <errno.h>
#include <inttypes.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>

#include "dw_str.h"
#include "dw_write.h"
#include "switch.h"

#define CONTENT_MAX DW_FILE_MAX
#define XATTRS_MAX  64
#define MTIME       "mtime="
#define OWNER       "owner="

/* --- an entry as a text --------------------------------------------------------------------------- */

static void add_hex(struct dw_str *b, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		dw_str_addf(b, "%02x", p[i]);
}

/* Printable ASCII as it is, but for the backslash (and `also`); all else as \xNN. */
static void add_escaped(struct dw_str *b, const char *s, const char *also)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c < ' ' || c > '~' || c == '\\' || strchr(also, c))
			dw_str_addf(b, "\\x%02x", c);
		else
			dw_str_addc(b, *s);
	}
}

const char *dw_switch_file_text(struct dw_arena *a, mode_t mode, uint32_t uid, uint32_t gid,
				const struct dw_bytes *content, const char *xattrs)
{
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct dw_str b = { .arena = a };
	struct sha256_ctx c;

	sha256_init(&c);
	if (content->n > 0)
		sha256_update(&c, content->n, (const uint8_t *)content->data);
	sha256_digest(&c, sizeof(digest), digest);
	dw_str_addf(&b, "file %04o %u:%u %zu sha256:", (unsigned)mode & 07777, uid, gid,
		    content->n);
	add_hex(&b, digest, sizeof(digest));
	if (xattrs && *xattrs) {
		dw_str_addc(&b, ' ');
		dw_str_add(&b, xattrs);
	}
	return b.s;
}

static const char *xattrs_text(struct dw_arena *a, const struct dw_entry *entry)
{
	struct dw_str b = { .arena = a };

	for (size_t i = 0; i < entry->n_xattrs; i++) {
		const struct dw_xattr *x = &entry->xattrs[i];

		dw_str_add(&b, i ? " xattr:" : "xattr:");
		add_escaped(&b, x->name, " =");
		dw_str_addc(&b, '=');
		add_hex(&b, (const uint8_t *)x->value.data, x->value.n);
	}
	return b.s;
}

static const char *hint_of(struct dw_arena *a, const struct dw_entry *entry)
{
	return dw_arena_printf(a, MTIME "%" PRId64 ".%09u", entry->mtime_s, entry->mtime_ns);
}

/* False: it is of a kind that has no text. */
static bool to_state(struct dw_arena *a, const struct dw_entry *entry, struct dw_state *ret)
{
	struct dw_str b = { .arena = a };

	switch (entry->type) {
	case DW_ENTRY_ABSENT:
		*ret = dw_switch_word("absent");
		return true;
	case DW_ENTRY_LINK:
		dw_str_add(&b, "link ");
		add_escaped(&b, entry->target, "");
		*ret = dw_switch_word(b.s);
		/* below a home: root's is the rule, and goes without saying */
		if (entry->uid || entry->gid)
			ret->hint = dw_arena_printf(a, OWNER "%u:%u", entry->uid, entry->gid);
		return true;
	case DW_ENTRY_DIRECTORY:
		*ret = dw_switch_word(dw_arena_printf(a, "directory %04o %u:%u",
						      (unsigned)entry->mode & 07777, entry->uid,
						      entry->gid));
		return true;
	case DW_ENTRY_FILE:
		ret->text = dw_switch_file_text(a, entry->mode, entry->uid, entry->gid,
						&entry->content, xattrs_text(a, entry));
		ret->data = entry->content;
		ret->hint = hint_of(a, entry);
		return true;
	case DW_ENTRY_OTHER:
		break;
	}
	return false;
}

/* --- a text as an entry --------------------------------------------------------------------------- */

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* n bytes of \xNN, undone; NULL: no such text, or a NUL in it. */
static const char *unescape(struct dw_arena *a, const char *s, size_t n)
{
	struct dw_str b = { .arena = a };

	dw_str_add(&b, "");
	for (size_t i = 0; i < n; i++) {
		int high, low;

		if (s[i] != '\\') {
			dw_str_addc(&b, s[i]);
			continue;
		}
		if (n - i < 4 || s[i + 1] != 'x' || (high = hex_digit(s[i + 2])) < 0 ||
		    (low = hex_digit(s[i + 3])) < 0 || high + low == 0)
			return NULL;
		dw_str_addc(&b, (char)(high << 4 | low));
		i += 3;
	}
	return b.s;
}

static bool parse_mode(const char *word, mode_t *ret)
{
	mode_t mode = 0;
	size_t n = word ? strlen(word) : 0;

	if (n != 4 || strspn(word, "01234567") != n)
		return false;
	for (size_t i = 0; i < n; i++)
		mode = mode << 3 | (mode_t)(word[i] - '0');
	*ret = mode;
	return true;
}

static bool parse_owner(const char *word, struct dw_entry *ret)
{
	const char *colon = word ? strchr(word, ':') : NULL;
	uint64_t uid, gid;

	if (!colon || !dw_parse_u64n(word, (size_t)(colon - word), 10, UINT32_MAX - 1, &uid) ||
	    !dw_parse_u64(colon + 1, 10, UINT32_MAX - 1, &gid))
		return false;
	ret->uid = (uint32_t)uid;
	ret->gid = (uint32_t)gid;
	return true;
}

/* "xattr:NAME=HEX" */
static bool parse_xattr(struct dw_arena *a, const char *word, struct dw_xattr *ret)
{
	const char *eq = dw_starts_with(word, "xattr:") ? strchr(word, '=') : NULL;
	size_t n = eq ? strlen(eq + 1) / 2 : 0;
	char *value;

	if (!eq || strlen(eq + 1) % 2 != 0)
		return false;
	ret->name = unescape(a, word + 6, (size_t)(eq - word) - 6);
	value = dw_arena_alloc(a, n + 1);
	for (size_t i = 0; i < n; i++) {
		int high = hex_digit(eq[1 + 2 * i]), low = hex_digit(eq[2 + 2 * i]);

		if (high < 0 || low < 0)
			return false;
		value[i] = (char)(high << 4 | low);
	}
	ret->value = (struct dw_bytes){ .data = value, .n = n };
	return ret->name && *ret->name;
}

static bool parse_xattrs(struct dw_arena *a, char *rest, struct dw_entry *ret)
{
	DW_VEC(struct dw_xattr) v = { 0 };
	char *word;

	while ((word = dw_word_next(&rest)) != NULL) {
		struct dw_xattr x = { 0 };

		if (v.n == XATTRS_MAX || !parse_xattr(a, word, &x))
			return false;
		dw_vec_push(a, &v, x);
	}
	ret->xattrs = v.v;
	ret->n_xattrs = v.n;
	return true;
}

/* "mtime=SECONDS.NANOSECONDS", seconds perhaps before 1970. */
static bool parse_hint(const char *hint, struct dw_entry *ret)
{
	const char *at = hint && dw_starts_with(hint, MTIME) ? hint + strlen(MTIME) : NULL;
	const char *dot = at ? strchr(at, '.') : NULL;
	bool before = at && *at == '-';
	uint64_t s, ns;

	if (!dot || !dw_parse_u64n(at + before, (size_t)(dot - at) - before, 10, INT64_MAX, &s) ||
	    !dw_parse_u64(dot + 1, 10, 999999999, &ns))
		return false;
	ret->mtime_s = before ? -(int64_t)s : (int64_t)s;
	ret->mtime_ns = (uint32_t)ns;
	return true;
}

/* Says the text of the entry what `want` says? Then the content is the one that was meant, too. */
static bool is_same(struct dw_arena *a, const struct dw_entry *entry, const char *text)
{
	struct dw_state again = { 0 };

	return to_state(a, entry, &again) && dw_streq(again.text, text);
}

static bool parse_words(struct dw_switch *s, const struct dw_state *want, struct dw_entry *ret)
{
	char *rest = dw_arena_strdup(s->arena, want->text), *kind = dw_word_next(&rest);

	ret->type = kind && dw_streq(kind, "file") ? DW_ENTRY_FILE : DW_ENTRY_DIRECTORY;
	if (!kind || (ret->type == DW_ENTRY_DIRECTORY && !dw_streq(kind, "directory")) ||
	    !parse_mode(dw_word_next(&rest), &ret->mode) || !parse_owner(dw_word_next(&rest), ret))
		return false;
	(void)parse_hint(want->hint, ret); /* none: the time is that of the change */
	if (ret->type == DW_ENTRY_DIRECTORY)
		return true;
	ret->content = want->data;
	/* size and digest: compared as a whole in the end */
	return dw_word_next(&rest) && dw_word_next(&rest) && parse_xattrs(s->arena, rest, ret);
}

/* "owner=UID:GID" of a link; without: root. */
static bool link_owner(struct dw_arena *a, const char *hint, struct dw_entry *ret)
{
	return !hint || (dw_starts_with(hint, OWNER) &&
			 parse_owner(dw_arena_strdup(a, hint + strlen(OWNER)), ret));
}

static int to_entry(struct dw_switch *s, const char *path, const struct dw_state *want,
		    struct dw_entry *ret, struct dw_error *e)
{
	struct dw_entry entry = { 0 };
	bool good;

	if (!want->text)
		return dw_switch_unknown(path, want, e);
	if (dw_streq(want->text, "absent")) {
		good = true;
	} else if (dw_starts_with(want->text, "link ")) {
		entry.type = DW_ENTRY_LINK;
		entry.target = unescape(s->arena, want->text + 5, strlen(want->text + 5));
		good = entry.target && *entry.target && link_owner(s->arena, want->hint, &entry);
	} else {
		good = parse_words(s, want, &entry);
	}
	if (!good || !is_same(s->arena, &entry, want->text))
		return dw_switch_unknown(path, want, e);
	*ret = entry;
	return 0;
}

/* --- the switch ----------------------------------------------------------------------------------- */

static int state(struct dw_switch *s, const char *path, struct dw_state *ret, struct dw_error *e)
{
	struct dw_state found = { 0 };
	struct dw_entry entry = { 0 };
	int r = dw_sys_entry_read(s->sys, path, CONTENT_MAX, s->arena, &entry, e);

	if (r < 0)
		return r;
	if (!to_state(s->arena, &entry, &found))
		return dw_error_set(e, -ENOTSUP, "%s is no file, link or directory", path);
	*ret = found;
	return 0;
}

/*
 * The whole content is written from `want`, so what somebody wrote since it was made would be lost: when neither
 * `from` nor `want` is there, nothing is done.
 */
static int set(struct dw_switch *s, const char *path, const struct dw_state *from,
	       const struct dw_state *want, struct dw_error *e)
{
	struct dw_entry entry = { 0 };
	struct dw_state now = { 0 };
	int r = to_entry(s, path, want, &entry, e);

	if (r == 0)
		r = state(s, path, &now, e);
	if (r < 0)
		return r;
	if (dw_streq(now.text, want->text) && (!want->hint || dw_streq0(now.hint, want->hint)))
		return 0;
	if (from && from->text && !dw_streq(now.text, from->text) &&
	    !dw_streq(now.text, want->text))
		return dw_error_set(e, -ESTALE, "%s was changed by somebody else meanwhile", path);
	return dw_sys_entry_write(s->sys, path, &entry, e);
}

const struct dw_switch_ops dw_switch_file = { .name = "file", .state = state, .set = set };
