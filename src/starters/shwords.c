/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shwords.h"

#include <ctype.h>
#include <string.h>

#include "dw_parse.h"
#include "dw_str.h"

#define LINE_MAX_BYTES                                                                             \
	((size_t)64 * 1024) /* of one logical line; the rest of a longer one is not looked at */

char *dw_sh_next_line(struct dw_lines *it, struct dw_arena *a, unsigned *ret_line)
{
	struct dw_str out = { .arena = a };
	const char *line;
	size_t n;

	if (!dw_lines_next(it, &line, &n))
		return NULL;
	*ret_line = it->number;
	for (;;) {
		bool more = n > 0 && line[n - 1] == '\\';

		if (out.n < LINE_MAX_BYTES)
			dw_str_addn(&out, line, DW_MIN(more ? n - 1 : n, LINE_MAX_BYTES - out.n));
		if (!more || !dw_lines_next(it, &line, &n))
			break;
	}
	dw_str_add(&out, "");
	/* A NUL inside a script: what stands behind it on that line is not seen, the shell drops it too. */
	return out.s;
}

/* --- words ---------------------------------------------------------------------------------------- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_operator(char c)
{
	return c == ';' || c == '&' || c == '|' || c == '(' || c == ')';
}

static const char *skip_quotes(const char *p, char quote)
{
	for (p++; *p && *p != quote; p++)
		if (*p == '\\' && quote != '\'' && p[1])
			p++;
	return *p ? p + 1 : p;
}

/* From "(" or "{" to behind its partner; what is between is not understood, only counted. */
static const char *skip_nested(const char *p, char open, char close)
{
	unsigned depth = 0;

	while (*p) {
		if (*p == '\\' && p[1]) {
			p += 2;
			continue;
		}
		if (*p == '\'' || *p == '"') {
			p = skip_quotes(p, *p);
			continue;
		}
		if (*p == open)
			depth++;
		else if (*p == close && --depth == 0)
			return p + 1;
		p++;
	}
	return p;
}

static const char *skip_piece(const char *p)
{
	if (*p == '\\')
		return p[1] ? p + 2 : p + 1;
	if (*p == '\'' || *p == '"' || *p == '`')
		return skip_quotes(p, *p);
	if (*p == '$' && p[1] == '(')
		return skip_nested(p + 1, '(', ')');
	if (*p == '$' && p[1] == '{')
		return skip_nested(p + 1, '{', '}');
	return p + 1;
}

static const char *skip_word(const char *p)
{
	while (*p && !is_blank(*p) && !is_operator(*p) && *p != '<' && *p != '>')
		p = skip_piece(p);
	return p;
}

/* ">file", ">>file", "2>&1", "<<EOF": p stands on the first < or >. */
static const char *skip_redirection(const char *p)
{
	while (*p == '<' || *p == '>')
		p++;
	if (*p == '&') {
		for (p++; isdigit((unsigned char)*p) || *p == '-'; p++)
			;
		return p;
	}
	if (*p == '|')
		p++;
	while (is_blank(*p))
		p++;
	return skip_word(p);
}

bool dw_sh_next_command(const char **pp, struct dw_sh_command *ret)
{
	const char *p = *pp;

	ret->n = 0;
	while (*p) {
		const char *start = p;

		if (is_blank(*p)) {
			p++;
		} else if (is_operator(*p)) {
			p++;
			if (ret->n > 0)
				break;
		} else if (*p == '<' || *p == '>') {
			p = skip_redirection(p);
		} else if (*p == '#') {
			p += strlen(p);
		} else {
			p = skip_word(p);
			if (ret->n < DW_SH_WORDS_MAX)
				ret->words[ret->n++] =
					(struct dw_sh_word){ .s = start, .n = (size_t)(p - start) };
		}
	}
	*pp = p;
	return ret->n > 0;
}

bool dw_sh_word_is(const struct dw_sh_word *w, const char *s)
{
	return strlen(s) == w->n && memcmp(w->s, s, w->n) == 0;
}

/* --- variables ------------------------------------------------------------------------------------ */

static size_t name_length(const char *s, size_t n)
{
	size_t i = 0;

	if (n == 0 || isdigit((unsigned char)s[0]))
		return 0;
	while (i < n && (isalnum((unsigned char)s[i]) || s[i] == '_'))
		i++;
	return i;
}

static struct dw_sh_var *find_var(struct dw_sh *sh, const char *name, size_t n)
{
	for (size_t i = 0; i < sh->vars.n; i++)
		if (strncmp(sh->vars.v[i].name, name, n) == 0 && sh->vars.v[i].name[n] == '\0')
			return &sh->vars.v[i];
	return NULL;
}

static void add_unique(struct dw_arena *a, struct dw_strings *to, const char *s)
{
	if (to->n >= DW_SH_VALUES_MAX)
		return;
	for (size_t i = 0; i < to->n; i++)
		if (dw_streq(to->v[i], s))
			return;
	dw_vec_push(a, to, s);
}

static struct dw_sh_var *assign(struct dw_sh *sh, const char *name, size_t n,
				const struct dw_strings *values)
{
	struct dw_sh_var *v = find_var(sh, name, n);

	if (!v) {
		if (sh->vars.n >= DW_SH_VARS_MAX)
			return NULL;
		v = dw_vec_add(sh->arena, &sh->vars);
		v->name = dw_arena_strndup(sh->arena, name, n);
	}
	if (!values || values->n == 0)
		v->tainted = true;
	for (size_t i = 0; values && i < values->n; i++)
		add_unique(sh->arena, &v->values, values->v[i]);
	return v;
}

void dw_sh_assign(struct dw_sh *sh, const char *name, const struct dw_strings *values)
{
	(void)assign(sh, name, strlen(name), values);
}

bool dw_sh_try_assignment(struct dw_sh *sh, const struct dw_sh_word *w,
			  const struct dw_sh_var **ret_var, struct dw_strings *ret_values)
{
	size_t n = name_length(w->s, w->n);
	struct dw_sh_word value;

	*ret_values = (struct dw_strings){ 0 };
	*ret_var = NULL;
	if (n == 0 || n >= w->n)
		return false;
	if (w->s[n] == '+' && n + 1 < w->n && w->s[n + 1] == '=') {
		*ret_var = assign(sh, w->s, n, NULL);
		return true;
	}
	if (w->s[n] != '=')
		return false;
	value = (struct dw_sh_word){ .s = w->s + n + 1, .n = w->n - n - 1 };
	dw_sh_expand(sh, &value, ret_values);
	*ret_var = assign(sh, w->s, n, ret_values);
	return true;
}

/* --- expansion ------------------------------------------------------------------------------------ */

struct expansion {
	struct dw_sh *sh;
	struct dw_str parts[DW_SH_VALUES_MAX]; /* the candidates so far */
	size_t n;                              /* 0: it cannot be known */
};

static void append(struct expansion *x, const char *s, size_t n)
{
	for (size_t i = 0; i < x->n; i++) {
		x->sh->spent += n;
		if (x->parts[i].n + n > DW_SH_VALUE_MAX || x->sh->spent > DW_SH_SPEND_MAX) {
			x->n = 0;
			return;
		}
		dw_str_addn(&x->parts[i], s, n);
	}
}

/* Each candidate with each value; those beyond the cap are left out. */
static void append_values(struct expansion *x, const struct dw_strings *values)
{
	struct expansion old = *x;

	x->n = 0;
	for (size_t v = 0; v < values->n; v++) {
		size_t length = strlen(values->v[v]);

		for (size_t i = 0; i < old.n && x->n < DW_SH_VALUES_MAX; i++) {
			struct dw_str *to = &x->parts[x->n];

			x->sh->spent += old.parts[i].n + length;
			if (old.parts[i].n + length > DW_SH_VALUE_MAX ||
			    x->sh->spent > DW_SH_SPEND_MAX)
				continue;
			*to = (struct dw_str){ .arena = x->sh->arena };
			dw_str_addn(to, old.parts[i].s ? old.parts[i].s : "", old.parts[i].n);
			dw_str_addn(to, values->v[v], length);
			x->n++;
		}
	}
}

static void append_var(struct expansion *x, const char *name, size_t n)
{
	const struct dw_sh_var *v = find_var(x->sh, name, n);

	if (!v)
		return; /* unset: the empty string */
	if (v->values.n == 0)
		x->n = 0;
	else
		append_values(x, &v->values);
}

static void append_self(struct expansion *x, bool base)
{
	const char *s = base ? dw_basename(x->sh->self) : x->sh->self;

	append(x, s, strlen(s));
}

/* ${NAME}, ${NAME:-word}, ${NAME-word}, ${NAME:=word}, ${0##..}; others cannot be known. s: between the braces. */
static void append_braced(struct expansion *x, const char *s, size_t n)
{
	size_t name = name_length(s, n), op = name;
	const struct dw_sh_var *v;
	struct dw_sh_word word;
	struct dw_strings values = { 0 };

	if (n >= 1 && s[0] == '0') {
		append_self(x, n > 1);
		if (n > 1 && !(n == 5 && memcmp(s + 1, "##*/", 4) == 0))
			x->n = 0;
		return;
	}
	if (name > 0 && name == n) {
		append_var(x, s, n);
		return;
	}
	if (op < n && s[op] == ':')
		op++;
	if (name == 0 || op >= n || (s[op] != '-' && s[op] != '=')) {
		x->n = 0;
		return;
	}
	word = (struct dw_sh_word){ .s = s + op + 1, .n = n - op - 1 };
	dw_sh_expand(x->sh, &word, &values);
	/* Set or not is not decided here: what it was given, and the default, are both candidates. */
	v = find_var(x->sh, s, name);
	for (size_t i = 0; v && i < v->values.n; i++)
		add_unique(x->sh->arena, &values, v->values.v[i]);
	if (s[op] == '=')
		(void)assign(x->sh, s, name, &values);
	if (values.n == 0)
		x->n = 0;
	else
		append_values(x, &values);
}

/* $(basename $0) and `basename "$0"` are the one substitution that init scripts live by. */
static void append_substitution(struct expansion *x, const char *s, size_t n)
{
	static const char *const known[] = { "basename $0", "basename \"$0\"", "basename ${0}" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(known); i++) {
		if (strlen(known[i]) == n && memcmp(known[i], s, n) == 0) {
			append_self(x, true);
			return;
		}
	}
	x->n = 0;
}

/* p stands on a "$"; returns behind what it took. end: of the word. */
static const char *expand_dollar(struct expansion *x, const char *p, const char *end)
{
	const char *behind = skip_piece(p);
	size_t n;

	if (behind > end)
		behind = end;
	if (p + 1 < end && (p[1] == '{' || p[1] == '(')) {
		if (behind - p < 3) {
			x->n = 0;
			return end;
		}
		n = (size_t)(behind - p) - 3;
		if (p[1] == '{')
			append_braced(x, p + 2, n);
		else
			append_substitution(x, p + 2, n);
		return behind;
	}
	n = name_length(p + 1, (size_t)(end - p - 1));
	if (n > 0) {
		append_var(x, p + 1, n);
		return p + 1 + n;
	}
	if (p + 1 < end && p[1] == '0')
		append_self(x, false);
	else if (p + 1 < end && strchr("123456789@*#?$!-", p[1]))
		x->n = 0;
	else
		append(x, "$", 1);
	return p + 1 < end && p[1] != '"' ? p + 2 : p + 1;
}

static const char *expand_backquote(struct expansion *x, const char *p, const char *end)
{
	const char *behind = skip_quotes(p, '`');

	if (behind > end || behind - p < 2)
		x->n = 0;
	else
		append_substitution(x, p + 1, (size_t)(behind - p) - 2);
	return behind > end ? end : behind;
}

static void expand(struct expansion *x, const char *p, const char *end)
{
	char quote = '\0';

	while (p < end && x->n > 0) {
		if (quote != '\'' && *p == '\\' && p + 1 < end) {
			append(x, p + 1, 1);
			p += 2;
		} else if (quote != '\'' && *p == '$') {
			p = expand_dollar(x, p, end);
		} else if (quote != '\'' && *p == '`') {
			p = expand_backquote(x, p, end);
		} else if (quote ? *p == quote : (*p == '\'' || *p == '"')) {
			quote = quote ? '\0' : *p;
			p++;
		} else {
			append(x, p++, 1);
		}
	}
}

void dw_sh_expand(struct dw_sh *sh, const struct dw_sh_word *w, struct dw_strings *ret)
{
	static _Thread_local unsigned depth; /* ${A:-${B:-...}} nests; the stack is not endless */
	struct expansion x = { .sh = sh, .n = 1 };

	x.parts[0] = (struct dw_str){ .arena = sh->arena };
	if (depth >= 8)
		return;
	depth++;
	expand(&x, w->s, w->s + w->n);
	depth--;
	for (size_t i = 0; i < x.n; i++)
		add_unique(sh->arena, ret, x.parts[i].s ? x.parts[i].s : "");
}

const char *dw_sh_expand_one(struct dw_sh *sh, const struct dw_sh_word *w)
{
	struct dw_strings values = { 0 };

	dw_sh_expand(sh, w, &values);
	return values.n > 0 ? values.v[0] : NULL;
}
