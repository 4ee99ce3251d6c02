/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The texts of settings: what a value is made of, and the line that holds it. */
#include "levers-restrict.h"

/* The template with its $words replaced; a table of them ends with NULL. */
static const char *fill(struct dw_arena *a, const char *template, const char *const (*words)[2])
{
	struct dw_str out = { .arena = a };

	dw_str_add(&out, "");
	while (*template) {
		const char *const(*w)[2] = words;

		while ((*w)[0] && !dw_starts_with(template, (*w)[0]))
			w++;
		if ((*w)[0]) {
			dw_str_add(&out, (*w)[1]);
			template += strlen((*w)[0]);
		} else {
			dw_str_addc(&out, *template ++);
		}
	}
	return out.s;
}

static const char *one(struct dw_arena *a, const struct dw_service_setting *s,
		       const struct dw_narrow *to, const char *address)
{
	const char *const words[][2] = {
		{ "$address", address },
		{ "$host", strchr(address, ':') ? dw_arena_printf(a, "[%s]", address) : address },
		{ "$port", dw_arena_printf(a, "%u", to->port) },
		{ NULL, NULL },
	};

	return fill(a, s->each ? s->each : "$address", words);
}

static const char *joined(struct dw_arena *a, const struct dw_service_setting *s,
			  const struct dw_narrow *to, const char *v4, const char *v6)
{
	const char *join = s->join ? s->join : " ";

	if (v4 && v6)
		return dw_arena_printf(a, "%s%s%s", one(a, s, to, v4), join, one(a, s, to, v6));
	if (v4 || v6)
		return one(a, s, to, v4 ? v4 : v6);
	return s->empty ? s->empty : "";
}

static const char *value(struct dw_arena *a, const struct dw_service_setting *s,
			 const struct dw_narrow *to, const char *v4, const char *v6)
{
	const char *const words[][2] = {
		{ "$all", joined(a, s, to, v4, v6) },
		{ "$v4", joined(a, s, to, v4, NULL) },
		{ "$v6", joined(a, s, to, NULL, v6) },
		{ NULL, NULL },
	};

	return fill(a, s->value ? s->value : "$all", words);
}

void dw_set_values(struct dw_arena *a, const struct dw_service_setting *s,
		   const struct dw_narrow *to, struct dw_strings *ret)
{
	switch (s->number) {
	case DW_BIND_FIXED:
		dw_vec_push(a, ret, s->value);
		return;
	case DW_BIND_ONE:
	case DW_BIND_NUMBER_COUNT:
		if (to->loopback && s->loopback)
			dw_vec_push(a, ret, s->loopback);
		else
			dw_vec_push(a, ret, value(a, s, to, to->v4, to->v4 ? NULL : to->v6));
		return;
	case DW_BIND_LIST:
		if (to->loopback && s->loopback)
			dw_vec_push(a, ret, s->loopback);
		else
			dw_vec_push(a, ret, value(a, s, to, to->v4, to->v6));
		return;
	case DW_BIND_LINES:
		if (to->v4)
			dw_vec_push(a, ret, value(a, s, to, to->v4, NULL));
		if (to->v6)
			dw_vec_push(a, ret, value(a, s, to, NULL, to->v6));
		return;
	}
}

/* --- options --------------------------------------------------------------------------------------- */

/* Words of the option line without the option, each with a blank behind it. */
static void other_words(struct dw_arena *a, char *words, const char *option, struct dw_str *out)
{
	bool glued = dw_ends_with(option, "=");
	const char *w;

	out->arena = a;
	while ((w = dw_word_next(&words)) != NULL) {
		if (glued ? dw_starts_with(w, option) : dw_streq(w, option)) {
			if (!glued)
				(void)dw_word_next(&words);
			continue;
		}
		/* -h127.0.0.1 is the same to getopt(3) */
		if (!glued && strlen(option) == 2 && dw_starts_with(w, option))
			continue;
		dw_str_addf(out, "%s ", w);
	}
}

const char *dw_set_option(struct dw_arena *a, const char *old, const char *option,
			  const char *value)
{
	size_t n = strlen(old);
	struct dw_str out = { 0 };
	char quote = '"';
	char *words;

	if (*old == '"' || *old == '\'') {
		quote = *old;
		if (n < 2 || old[n - 1] != quote)
			return NULL;
		words = dw_arena_strndup(a, old + 1, n - 2);
	} else {
		words = dw_arena_strdup(a, old);
	}
	/* words with quotes of their own are a matter for a shell */
	if (strpbrk(words, "\"'\\`"))
		return NULL;
	other_words(a, words, option, &out);
	return dw_arena_printf(a, "%c%s%s%s%s%c", quote, out.s ? out.s : "", option,
			       dw_ends_with(option, "=") ? "" : " ", value, quote);
}

/* --- lines ----------------------------------------------------------------------------------------- */

static const char *const between[DW_BIND_COUNT] = {
	[DW_BIND_UNKNOWN] = " ", [DW_BIND_ASSIGN] = "=",    [DW_BIND_EQUALS] = " = ",
	[DW_BIND_INI] = " = ",   [DW_BIND_WORDS] = " ",     [DW_BIND_SHELL] = "=",
	[DW_BIND_OPTION] = "=",  [DW_BIND_MAIN_CF] = " = ", [DW_BIND_YAML] = ": ",
	[DW_BIND_CLAUSE] = ": ", [DW_BIND_BLOCK] = " { ",   [DW_BIND_LISTEN] = " ",
};

static const char *default_indent(enum dw_bind_style style, bool sections)
{
	if (style == DW_BIND_YAML)
		return sections ? "  " : "";
	return style == DW_BIND_CLAUSE || style == DW_BIND_BLOCK ? "    " : "";
}

/* A comment's layout is a pattern only where it cannot be prose: a sign stands between key and value. */
static bool is_pattern(enum dw_bind_style style, const struct dw_set_line *like)
{
	if (!*like->value || (strchr(between[style], '=') && !strchr(like->head, '=')))
		return false;
	if (like->active)
		return true;
	return style == DW_BIND_ASSIGN || style == DW_BIND_EQUALS || style == DW_BIND_INI ||
	       style == DW_BIND_SHELL || style == DW_BIND_OPTION;
}

const char *dw_set_compose(struct dw_arena *a, const struct dw_service_bind *b,
			   const struct dw_service_setting *s, const struct dw_set_scan *scan,
			   const struct dw_set_line *like, const char *value)
{
	const char *indent = scan->indent ? scan->indent : default_indent(b->style, *b->sections);
	const char *head, *close = b->style == DW_BIND_BLOCK ? " };" : "";
	size_t n;

	if (!value)
		return dw_arena_printf(a, "%s%s", indent, s->key);
	head = like && is_pattern(b->style, like)
		       ? like->head
		       : dw_arena_printf(a, "%s%s%s", indent, s->key, between[b->style]);
	n = strlen(head);
	/* "key" alone, or "key=" without a value, was the pattern */
	if (b->style != DW_BIND_BLOCK && n && !strchr(" \t=:", head[n - 1]))
		head = dw_arena_printf(a, "%s%s", head, between[b->style]);
	if (b->style == DW_BIND_BLOCK)
		head = dw_arena_printf(a, "%.*s ", (int)(strcspn(head, "{") + 1), head);
	if (b->style == DW_BIND_BLOCK && like && like->active && like->line == like->last)
		close = dw_arena_printf(a, "%s%s", *like->tail == '}' ? " " : "", like->tail);
	if (!like || !like->active || b->style == DW_BIND_BLOCK)
		return dw_arena_printf(a, "%s%s%s", head, value, close);
	/* a comment behind no value would become part of the new one */
	return dw_arena_printf(a, "%s%s%s%s", head, value,
			       *like->tail == '#' || *like->tail == ';' ? " " : "", like->tail);
}
