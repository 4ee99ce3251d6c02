/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a key stands in a file of settings: lines, comments, sections. No file is understood beyond that. */
#include <ctype.h>
#include <strings.h>

#include "levers-restrict.h"

enum { CONTINUED_MAX = 256 };

/* One line taken apart. */
struct body {
	const char *line, *at; /* at: behind indent and comment signs */
	size_t indent;
	bool comment, empty;
};

struct scanner {
	struct dw_arena *a;
	const struct dw_service_bind *b;
	const char *key;
	struct dw_set_scan *ret;
	bool in;        /* a section that counts */
	size_t best;    /* index of the section that `put` is in */
	unsigned depth; /* of braces */
	bool remark;    /* between C's comment signs */
};

bool dw_set_lines(struct dw_arena *a, const struct dw_bytes *text, struct dw_set_scan *ret)
{
	struct dw_lines it = dw_lines_of(text);
	const char *line;
	size_t n;

	while (dw_lines_next(&it, &line, &n)) {
		if (memchr(line, '\0', n))
			return false;
		*dw_vec_add(a, &ret->lines) =
			(struct dw_set_text){ .s = dw_arena_strndup(a, line, n), .n = n };
	}
	return true;
}

static const char *blanks(const char *s)
{
	return s + strspn(s, " \t");
}

static bool is_mark(enum dw_bind_style style, const char *s)
{
	return *s == '#' || (*s == ';' && style == DW_BIND_INI) ||
	       (style == DW_BIND_BLOCK && s[0] == '/' && s[1] == '/');
}

static struct body body_of(enum dw_bind_style style, const char *line)
{
	struct body b = { .line = line, .at = blanks(line) };

	b.indent = (size_t)(b.at - line);
	b.comment = is_mark(style, b.at);
	while (b.comment && (*b.at == '#' || *b.at == ';' || *b.at == '/'))
		b.at++;
	b.at = blanks(b.at);
	b.empty = !*b.at || *b.at == '\r';
	return b;
}

/* --- keys ------------------------------------------------------------------------------------------ */

/* Samba and MySQL take bind-address, bind_address and "bind address" for one. */
static size_t loose_key(const char *s, const char *key)
{
	const char *start = s;

	for (;;) {
		const char *before = s;

		key += strspn(key, " -_");
		s += strspn(s, " \t-_");
		if (!*key)
			return (size_t)(before - start);
		if (tolower((unsigned char)*s) != tolower((unsigned char)*key))
			return 0;
		s++;
		key++;
	}
}

/* Bytes of the key at s; 0: it is another. */
static size_t key_at(const struct scanner *c, const char *s)
{
	size_t n = strlen(c->key);

	if (c->b->style == DW_BIND_INI)
		return loose_key(s, c->key);
	/* an option letter is another one in capitals */
	if (*c->key == '-' ? strncmp(s, c->key, n) != 0 : strncasecmp(s, c->key, n) != 0)
		return 0;
	return n;
}

/* Behind what stands between key and value; NULL: something else does. */
static const char *behind_key(const struct scanner *c, const char *s)
{
	const char *p = blanks(s);

	switch (c->b->style) {
	case DW_BIND_WORDS:
	case DW_BIND_LISTEN:
		return !*p || p != s ? p : NULL;
	case DW_BIND_YAML:
	case DW_BIND_CLAUSE:
		return *p == ':' ? blanks(p + 1) : NULL;
	case DW_BIND_BLOCK:
		p = *p == '{' || p != s ? strchr(p, '{') : NULL;
		return p ? blanks(p + 1) : NULL;
	case DW_BIND_EQUALS:
		if (p != s && (*p == '\'' || *p == '"'))
			return p;
		return *p == '=' ? blanks(p + 1) : !*p ? p : NULL;
	case DW_BIND_ASSIGN:
	case DW_BIND_INI:
	case DW_BIND_SHELL:
	case DW_BIND_OPTION:
	case DW_BIND_MAIN_CF:
		return *p == '=' ? blanks(p + 1) : !*p || *p == '\r' || *p == '#' ? p : NULL;
	case DW_BIND_UNKNOWN:
	case DW_BIND_COUNT:
		break;
	}
	return NULL;
}

/* Where the value ends: before a comment behind it, or blanks. */
static const char *end_of_value(enum dw_bind_style style, const char *s)
{
	const char *end = s;
	char quote = 0;

	if (style == DW_BIND_BLOCK) {
		end = s + strcspn(s, "}");
		while (end > s && (end[-1] == ' ' || end[-1] == '\t'))
			end--;
		return end;
	}
	for (const char *p = s; *p; p++) {
		bool comment = (*p == '#' || (*p == ';' && style == DW_BIND_INI)) &&
			       (p[-1] == ' ' || p[-1] == '\t'); /* a key stands before it */

		if (!quote && comment && style != DW_BIND_WORDS && style != DW_BIND_MAIN_CF)
			break;
		if (quote ? *p == quote : *p == '\'' || *p == '"')
			quote = quote ? 0 : *p;
		if (*p != ' ' && *p != '\t' && *p != '\r')
			end = p + 1;
	}
	return end;
}

/* How far a setting that begins in this line (index) goes. */
static size_t last_of(const struct scanner *c, size_t i)
{
	size_t last = i;

	if (c->b->style == DW_BIND_MAIN_CF)
		while (last + 1 < c->ret->lines.n && last - i < CONTINUED_MAX &&
		       (*c->ret->lines.v[last + 1].s == ' ' ||
			*c->ret->lines.v[last + 1].s == '\t'))
			last++;
	if (c->b->style != DW_BIND_BLOCK)
		return last;
	while (last + 1 < c->ret->lines.n && last - i < CONTINUED_MAX &&
	       !strchr(c->ret->lines.v[last].s, '}') && !strchr(c->ret->lines.v[last + 1].s, '{'))
		last++;
	return last;
}

/* value: the rest of the line behind the brace; last: the line with the other one, NULL: the same. */
static bool is_block(const char *value, const char *last)
{
	const char *close = strchr(last ? last : value, '}');

	return close && !strpbrk(close + 1, "{}") &&
	       !memchr(last ? last : value, '{', (size_t)(close - (last ? last : value))) &&
	       !(last && strpbrk(value, "{}"));
}

static bool take(struct scanner *c, size_t i, const struct body *body)
{
	const char *s = body->at, *value, *end;
	size_t n, last = i;

	if (c->b->style == DW_BIND_SHELL || c->b->style == DW_BIND_OPTION)
		s = dw_starts_with(s, "export ") ? blanks(s + 7) : s;
	n = key_at(c, s);
	value = n ? behind_key(c, s + n) : NULL;
	if (!value)
		return false;
	if (!body->comment)
		last = last_of(c, i);
	/* a block that never ends, or that others begin and end beside, is no setting of one value */
	if (c->b->style == DW_BIND_BLOCK &&
	    !is_block(value, last == i ? NULL : c->ret->lines.v[last].s))
		return false;
	end = end_of_value(c->b->style, value);
	*dw_vec_add(c->a, &c->ret->found) = (struct dw_set_line){
		.line = (unsigned)i + 1,
		.last = (unsigned)last + 1,
		.active = !body->comment,
		/* without the comment sign */
		.head = dw_arena_printf(c->a, "%.*s%.*s", (int)body->indent, body->line,
					(int)(value - body->at), body->at),
		.value = dw_arena_strndup(c->a, value, (size_t)(end - value)),
		.tail = last == i ? end : "",
	};
	return true;
}

/* --- sections -------------------------------------------------------------------------------------- */

static size_t section_index(const struct scanner *c, const char *name, size_t n)
{
	for (size_t i = 0; c->b->sections[i]; i++)
		if (strlen(c->b->sections[i]) == n && strncasecmp(c->b->sections[i], name, n) == 0)
			return i;
	return SIZE_MAX;
}

/* A section begins in line i: what is put in goes to the first that the knowledge names. */
static void enter(struct scanner *c, size_t i, const char *name, size_t n)
{
	size_t index = section_index(c, name, n);

	c->in = index != SIZE_MAX;
	if (!c->in || index >= c->best)
		return;
	c->best = index;
	c->ret->put = (unsigned)i + 2;
	c->ret->indent = NULL;
}

/* Name of the section that the line begins; NULL: it begins none. */
static const char *head_of(const struct scanner *c, const struct body *body, size_t *ret_n)
{
	const char *s = body->at, *end;

	if (c->b->style == DW_BIND_INI) {
		end = *s == '[' ? strchr(s, ']') : NULL;
		*ret_n = end ? (size_t)(end - s - 1) : 0;
		return end ? s + 1 : NULL;
	}
	*ret_n = strcspn(s, ": \t{");
	if (c->b->style == DW_BIND_BLOCK) {
		end = blanks(s + *ret_n);
		/* where more than the brace stands, a line behind it might not be in the block, or be a remark */
		return c->depth == 0 && *ret_n && *end == '{' && !strpbrk(end + 1, "{}*") ? s
											  : NULL;
	}
	/* a line of YAML that is not indented ends what was before; a clause of unbound has nothing behind its colon */
	if (c->b->style == DW_BIND_YAML && body->indent > 0)
		return NULL;
	end = s[*ret_n] == ':' ? blanks(s + *ret_n + 1) : NULL;
	if (!end || !*ret_n)
		return NULL;
	return c->b->style == DW_BIND_YAML || !*end || *end == '#' || *end == '\r' ? s : NULL;
}

static void count_braces(struct scanner *c, const char *s)
{
	for (; *s && *s != '#' && !(s[0] == '/' && s[1] == '/'); s++) {
		if (s[0] == '/' && s[1] == '*')
			c->remark = true;
		if (s[0] == '*' && s[1] == '/')
			c->remark = false;
		if (c->remark)
			continue;
		if (*s == '{')
			c->depth++;
		if (*s == '}' && c->depth > 0)
			c->depth--;
	}
	if (c->depth == 0)
		c->in = false;
}

static void scan_line(struct scanner *c, size_t i)
{
	struct body body = body_of(c->b->style, c->ret->lines.v[i].s);
	bool block = c->b->style == DW_BIND_BLOCK, sections = *c->b->sections;
	const char *head;
	size_t n;

	/* a line of main.cf that is indented belongs to the one before */
	if (body.empty || (c->b->style == DW_BIND_MAIN_CF && body.indent > 0))
		return;
	if (!body.comment && !sections && !c->ret->put)
		c->ret->put = (unsigned)i + 1;
	head = body.comment || c->remark ? NULL : head_of(c, &body, &n);
	if (c->b->style == DW_BIND_YAML && sections && !body.comment && body.indent == 0)
		c->in = false;
	if (head && (sections || c->b->style == DW_BIND_INI)) {
		enter(c, i, head, n);
	} else if (c->in && !c->remark && (!block || c->depth == 1)) {
		if (!body.comment && !c->ret->indent && sections && *body.at != '}')
			c->ret->indent = dw_arena_strndup(c->a, body.line, body.indent);
		(void)take(c, i, &body);
	}
	if (block && !body.comment)
		count_braces(c, body.line);
}

void dw_set_scan(struct dw_arena *a, const struct dw_bytes *text, const struct dw_service_bind *b,
		 const char *key, struct dw_set_scan *ret)
{
	struct scanner c = { .a = a, .b = b, .key = key, .ret = ret, .best = SIZE_MAX };

	if (!dw_set_lines(a, text, ret))
		return;
	c.in = !*b->sections;
	for (size_t i = 0; i < ret->lines.n; i++)
		scan_line(&c, i);
	if (!ret->put && !*b->sections)
		ret->put = (unsigned)ret->lines.n + 1;
}
