/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The syntax of unit files, systemd.syntax(7), and of unit names, systemd.unit(5). The text is cut up where it
 * lies: a joined line is never longer than its parts.
 */
#include <ctype.h>

#include "systemd.h"

struct cutter {
	char *p, *end;
	unsigned number; /* of the physical line read last */
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The next physical line, terminated in place, leading blanks skipped; NULL at the end. */
static char *next_physical(struct cutter *c)
{
	char *line = c->p, *newline;

	if (c->p >= c->end)
		return NULL;
	newline = memchr(c->p, '\n', (size_t)(c->end - c->p));
	if (newline)
		*newline = '\0';
	c->p = newline ? newline + 1 : c->end;
	c->number++;
	/* a NUL inside must not hide the rest of the line from us and yet not from systemd */
	for (char *q = line; newline && q < newline; q++)
		if (!*q)
			*q = '?';
	while (is_space(*line))
		line++;
	return line;
}

/* Does an odd number of backslashes end the line? systemd counts escapes the same way (conf-parser.c). */
static bool ends_open(const char *s, size_t n)
{
	size_t slashes = 0;

	while (slashes < n && s[n - 1 - slashes] == '\\')
		slashes++;
	return slashes % 2 == 1;
}

/* The next logical line; *ret_line is where it begins. */
static char *next_logical(struct cutter *c, bool continued, unsigned *ret_line)
{
	char *start = NULL, *line;
	size_t n = 0;

	while ((line = next_physical(c))) {
		size_t len = strlen(line);

		/* a comment between the parts of a continued line is left out, and the line goes on */
		if (*line == '#' || *line == ';')
			continue;
		if (!start) {
			start = line;
			n = len;
			*ret_line = c->number;
		} else {
			memmove(start + n, line, len + 1);
			n += len;
		}
		if (!continued || !ends_open(start, n))
			return start;
		start[n - 1] = ' ';
	}
	return start;
}

static void cut_setting(struct dw_sd_sink *sink, const char *section, char *line, unsigned number)
{
	char *equals = strchr(line, '='), *key;

	if (!equals) {
		sink->bad(sink, number, "no \"=\" in the line");
		return;
	}
	*equals = '\0';
	key = dw_trim(line);
	if (!*key)
		sink->bad(sink, number, "nothing before \"=\"");
	else if (!section)
		sink->bad(sink, number, "a setting before any [section]");
	else
		sink->setting(sink, section, key, dw_trim(equals + 1), number);
}

void dw_sd_parse(struct dw_bytes *text, bool continued, struct dw_sd_sink *sink)
{
	struct cutter c = { .p = text->data, .end = text->data + text->n };
	const char *section = NULL;
	unsigned number = 0;
	char *line;

	if (text->n >= 3 && memcmp(text->data, "\xef\xbb\xbf", 3) == 0)
		c.p += 3;
	while ((line = next_logical(&c, continued, &number))) {
		line = dw_trim(line);
		if (!*line)
			continue;
		if (*line != '[') {
			cut_setting(sink, section, line, number);
			continue;
		}
		if (!dw_ends_with(line, "]")) {
			sink->bad(sink, number, "a section's name without \"]\"");
			section = NULL;
			continue;
		}
		line[strlen(line) - 1] = '\0';
		section = line + 1;
	}
}

bool dw_sd_name_split(struct dw_arena *a, const char *name, struct dw_sd_name *ret)
{
	const char *dot = strrchr(name, '.'), *at = strchr(name, '@');
	const char *head_end;

	if (!dot || dot == name || strlen(name) > DW_SD_NAME_MAX || strchr(name, '/'))
		return false;
	head_end = at && at < dot ? at : dot;
	*ret = (struct dw_sd_name){
		.prefix = dw_arena_strndup(a, name, (size_t)(head_end - name)),
		.suffix = dot,
	};
	if (head_end != dot)
		ret->instance = dw_arena_strndup(a, at + 1, (size_t)(dot - at - 1));
	return head_end != name;
}

const char *dw_sd_name_template(struct dw_arena *a, const char *name)
{
	const char *dot = strrchr(name, '.'), *at = strchr(name, '@');

	if (!dot || !at || at > dot || at + 1 == dot)
		return NULL;
	return dw_arena_printf(a, "%.*s%s", (int)(at + 1 - name), name, dot);
}

const char *dw_sd_name_change(struct dw_arena *a, const char *name, const char *suffix)
{
	const char *dot = strrchr(name, '.');
	size_t n = dot ? (size_t)(dot - name) : strlen(name);

	return dw_arena_printf(a, "%.*s%s", (int)n, name, suffix);
}

const char *dw_sd_unescape(struct dw_arena *a, const char *s)
{
	struct dw_str out = { .arena = a };

	dw_str_add(&out, "");
	for (; *s; s++) {
		int byte = s[0] == '\\' && s[1] == 'x' ? dw_parse_hex_pair(s + 2) : -1;

		if (byte >= 0) {
			dw_str_addc(&out, (char)byte);
			s += 3;
		} else {
			dw_str_addc(&out, *s == '-' ? '/' : *s);
		}
	}
	return out.s;
}
