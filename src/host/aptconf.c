/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* apt.conf(5). */
#include <ctype.h>
#include <errno.h>

#include "settings.h"

#define DEPTH_MAX 32
#define WORDS_MAX 100000

/* Reading one text; `line` is that of the word that was read last. */
struct apt_text {
	struct dw_arena *a;
	const char *p, *end;
	const char *file;
	unsigned line;
	struct host_settings *out;
};

static bool starts(const struct apt_text *t, const char *s)
{
	size_t n = strlen(s);

	return (size_t)(t->end - t->p) >= n && memcmp(t->p, s, n) == 0;
}

static void skip_line(struct apt_text *t)
{
	while (t->p < t->end && *t->p != '\n')
		t->p++;
}

/* Blanks and remarks: "//" and "#" to the end of the line, but not the two directives. */
static void skip(struct apt_text *t)
{
	while (t->p < t->end) {
		if (starts(t, "/*")) {
			for (t->p += 2; t->p < t->end && !starts(t, "*/"); t->p++)
				t->line += *t->p == '\n';
			t->p += starts(t, "*/") ? 2 : 0;
		} else if (starts(t, "//") ||
			   (*t->p == '#' && !starts(t, "#clear") && !starts(t, "#include"))) {
			skip_line(t);
		} else if (isspace((unsigned char)*t->p)) {
			t->line += *t->p++ == '\n';
		} else {
			return;
		}
	}
}

/* A word, or what stands between two quotes. NULL: a brace, a semicolon or the end. */
static const char *word(struct apt_text *t, bool *ret_quoted)
{
	const char *from;

	skip(t);
	*ret_quoted = t->p < t->end && *t->p == '"';
	if (*ret_quoted) {
		from = ++t->p;
		while (t->p < t->end && *t->p != '"' && *t->p != '\n')
			t->p++;
		if (t->p == t->end || *t->p != '"')
			return NULL;
		return dw_arena_strndup(t->a, from, (size_t)(t->p++ - from));
	}
	from = t->p;
	while (t->p < t->end && !isspace((unsigned char)*t->p) && !strchr("{};\"", *t->p) &&
	       !starts(t, "//") && !starts(t, "/*"))
		t->p++;
	return t->p > from ? dw_arena_strndup(t->a, from, (size_t)(t->p - from)) : NULL;
}

static bool take(struct apt_text *t, char c)
{
	skip(t);
	if (t->p == t->end || *t->p != c)
		return false;
	t->p++;
	return true;
}

static const char *below(struct apt_text *t, const char *scope, const char *key)
{
	return *scope ? dw_arena_printf(t->a, "%s::%s", scope, key) : key;
}

/* Takes away what was said of the key, and of all below it. */
static void clear(struct apt_text *t, const char *key)
{
	size_t n = strlen(key), kept = 0;

	for (size_t i = 0; i < t->out->v.n; i++) {
		const struct host_setting *s = &t->out->v.v[i];

		if (strncasecmp(s->key, key, n) != 0 ||
		    (s->key[n] && strncmp(s->key + n, "::", 2) != 0))
			t->out->v.v[kept++] = *s;
	}
	t->out->v.n = kept;
}

static void put(struct apt_text *t, const char *key, const char *value)
{
	if (t->out->v.n < WORDS_MAX)
		dw_vec_push(t->a, &t->out->v,
			    ((struct host_setting){ "", key, value, t->file, t->line }));
}

/* One statement of the scope. False: it is none. */
static bool statement(struct apt_text *t, const char **scope, size_t *depth)
{
	bool quoted;
	const char *key = word(t, &quoted), *value;

	if (!key)
		return false;
	if (!quoted && dw_streq(key, "#include"))
		return false; /* apt reads another file there, which is not followed */
	if (!quoted && dw_streq(key, "#clear")) {
		for (; (key = word(t, &quoted)) != NULL;)
			clear(t, key);
		return take(t, ';');
	}
	if (quoted) { /* a member of the list that the scope is */
		put(t, below(t, scope[*depth], ""), key);
		return take(t, ';') || (t->p < t->end && *t->p == '}');
	}
	value = word(t, &quoted);
	if (value) {
		put(t, below(t, scope[*depth], key), value);
		return take(t, ';');
	}
	if (take(t, '{')) {
		if (*depth + 1 >= DEPTH_MAX)
			return false;
		scope[*depth + 1] = below(t, scope[*depth], key);
		++*depth;
		return true;
	}
	return take(t, ';'); /* a key alone says nothing */
}

bool host_apt_parse(struct dw_arena *a, const struct dw_bytes *text, const char *file,
		    struct host_settings *ret)
{
	struct apt_text t = { .a = a,
			      .p = text->data,
			      .end = text->data ? text->data + text->n : NULL,
			      .file = file,
			      .line = 1,
			      .out = ret };
	const char *scope[DEPTH_MAX] = { "" };
	size_t depth = 0;

	for (unsigned n = 0; n < WORDS_MAX; n++) {
		if (take(&t, ';'))
			continue;
		if (t.p == t.end)
			return depth == 0;
		if (take(&t, '}')) {
			if (depth-- == 0)
				return false;
		} else if (!statement(&t, scope, &depth)) {
			return false;
		}
	}
	return false;
}

const struct host_setting *host_apt_of(const struct host_settings *s, const char *key)
{
	for (size_t i = s->v.n; i-- > 0;)
		if (strcasecmp(s->v.v[i].key, key) == 0)
			return &s->v.v[i];
	return NULL;
}

/* apt.conf(5): letters, digits, hyphens, underscores and full stops; no suffix, or "conf". */
static bool is_part(const char *name)
{
	const char *dot = strrchr(name, '.');

	for (const char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("-_.", *p))
			return false;
	return name[0] != '.' && (!dot || dw_streq(dot, ".conf"));
}

static bool read_one(struct host_asking *q, const char *path, struct host_settings *ret)
{
	struct dw_bytes text = { 0 };

	if (!host_ask_text(q, path, &text) || host_apt_parse(q->l->a, &text, path, ret))
		return true;
	if (!q->e.code)
		(void)dw_error_set(&q->e, -EBADMSG, "%s cannot be read to its end", path);
	return false;
}

bool host_apt_read(struct host_asking *q, struct host_settings *ret)
{
	static const char dir[] = "/etc/apt/apt.conf.d";
	struct dw_strings names;
	bool good = true;

	host_ask_list(q, dir, &names);
	for (size_t i = 0; i < names.n; i++)
		if (is_part(names.v[i]))
			good &= read_one(q, dw_arena_printf(q->l->a, "%s/%s", dir, names.v[i]),
					 ret);
	return read_one(q, "/etc/apt/apt.conf", ret) && good;
}
