/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A policy's statements, one after another, and the files that it includes. */
#include <string.h>

#include "dw_str.h"
#include "private.h"

static void read_text(struct policy_reader *r, const struct dw_policy_text *text,
		      const struct policy_word *at);

const struct policy_word *policy_only_word(struct policy_reader *r, const struct policy_words *w,
					   const char *wants)
{
	if (w->n == 2)
		return &w->v[1];
	if (w->n < 2)
		policy_error_at(r, &w->v[0], "nothing behind \"%s\"; expected %s", w->v[0].text,
				wants);
	else
		policy_error_at(
			r, &w->v[2], "\"%s\" behind \"%s %s\"; expected the end of the line",
			policy_shown(r, w->v[2].text), w->v[0].text, policy_shown(r, w->v[1].text));
	return NULL;
}

static void warn_of_second_default(struct policy_reader *r, const struct policy_word *at,
				   enum dw_policy_default d)
{
	const char *place = policy_place(r, r->default_file, r->default_line);

	if (d == r->policy.otherwise)
		policy_warn_at(r, at, "%s says it already", place);
	else
		policy_warn_at(r, at,
			       "never counts: the first one decides, and %s says \"default %s\"",
			       place, dw_policy_default_name(r->policy.otherwise));
}

static void read_default(struct policy_reader *r, const struct policy_words *w)
{
	const struct policy_word *word = policy_only_word(r, w, "close, ask or report");
	struct policy_near near;
	unsigned d = DW_DEFAULT_CLOSE;

	if (!word)
		return;
	near = policy_near_to(r, word->text);
	for (; d < DW_DEFAULT_COUNT; d++) {
		policy_near_try(&near, dw_policy_default_name((enum dw_policy_default)d));
		if (dw_streq(word->text, dw_policy_default_name((enum dw_policy_default)d)))
			break;
	}
	if (d == DW_DEFAULT_COUNT) {
		policy_error_at(r, word, "unknown default \"%s\"; expected close, ask or report%s",
				policy_shown(r, word->text), policy_near_text(r, &near));
	} else if (r->policy.otherwise != DW_DEFAULT_UNKNOWN) {
		warn_of_second_default(r, &w->v[0], (enum dw_policy_default)d);
	} else {
		r->policy.otherwise = (enum dw_policy_default)d;
		r->default_file = r->open->name;
		r->default_line = w->v[0].line;
	}
}

static void unknown_role(struct policy_reader *r, const struct policy_word *word)
{
	struct policy_near near = policy_near_to(r, word->text);
	struct dw_str all = { .arena = r->a };

	for (size_t i = 0; r->k && i < r->k->n_roles; i++) {
		policy_near_try(&near, r->k->roles[i].name);
		dw_str_addf(&all, "%s%s", i ? ", " : "", r->k->roles[i].name);
	}
	policy_error_at(r, word, "unknown role \"%s\"; expected one of %s%s",
			policy_shown(r, word->text), all.s ? all.s : "none (no role is known)",
			policy_near_text(r, &near));
}

static void read_role(struct policy_reader *r, const struct policy_words *w)
{
	const struct policy_word *word = policy_only_word(r, w, "a role's name");
	const struct dw_role *role = word ? dw_knowledge_role(r->k, word->text) : NULL;

	if (!word)
		return;
	if (!role) {
		unknown_role(r, word);
		return;
	}
	for (size_t i = 0; i < r->roles.n; i++)
		if (r->roles.v[i].role == role) {
			policy_warn_at(r, word, "\"%s\": %s says it already", word->text,
				       policy_place(r, r->roles.v[i].file, r->roles.v[i].line));
			return;
		}
	*dw_vec_add(r->a, &r->roles) = (struct policy_role){
		.role = role, .file = r->open->name, .line = word->line, .column = word->column
	};
}

static void read_lan(struct policy_reader *r, const struct policy_words *w)
{
	if (w->n < 2)
		policy_error_at(r, &w->v[0],
				"nothing behind \"lan\"; expected the networks of the house");
	if (r->lan.n == 0) {
		r->lan_file = r->open->name;
		r->lan_at = w->v[0];
	}
	for (size_t i = 1; i < w->n; i++) {
		struct dw_network n;

		if (dw_streq(w->v[i].text, "any") || dw_streq(w->v[i].text, "lan"))
			policy_error_at(r, &w->v[i],
					"\"%s\" is no network; expected 192.168.1.0/24, "
					"2001:db8::/32 or one address",
					w->v[i].text);
		else if (policy_read_network(r, &w->v[i], &n))
			dw_vec_push(r->a, &r->lan, n);
	}
}

/* A relative name begins at the directory of the file that includes it. */
static const char *resolve(const struct policy_reader *r, const char *name)
{
	const char *slash = strrchr(r->open->name, '/');

	if (name[0] == '/' || !slash)
		return name;
	return dw_arena_printf(r->a, "%.*s%s", (int)(slash + 1 - r->open->name), r->open->name,
			       name);
}

static void include(struct policy_reader *r, const struct policy_word *at, const char *name)
{
	struct dw_policy_text *texts = NULL;
	struct dw_error e = { 0 };
	size_t n = 0;
	int code = r->source->open(r->source->data, r->a, name, &texts, &n, &e);

	if (code < 0) {
		policy_error_at(r, at, "%s", e.message[0] ? e.message : "it could not be read");
		return;
	}
	for (size_t i = 0; i < n; i++)
		read_text(r, &texts[i], at);
}

static void read_include(struct policy_reader *r, const struct policy_words *w)
{
	const struct policy_word *word = policy_only_word(r, w, "a file, or a directory and /");

	if (!word)
		return;
	if (!word->text[0])
		policy_error_at(r, word, "an empty name; expected a file, or a directory and /");
	else if (!r->source)
		policy_error_at(r, word, "no other file can be read here");
	else if (r->open->depth >= POLICY_DEPTH_MAX)
		policy_error_at(r, word, "includes within includes, deeper than %d",
				POLICY_DEPTH_MAX);
	else
		include(r, word, resolve(r, word->text));
}

static void read_keep(struct policy_reader *r, const struct policy_words *w)
{
	policy_read_statement(r, w, DW_POLICY_KEEP);
}

static void read_close(struct policy_reader *r, const struct policy_words *w)
{
	policy_read_statement(r, w, DW_POLICY_CLOSE);
}

#define KEYWORDS "keep, close, role, default, lan, include, allow, egress, log, redirect or accept"

static const struct {
	const char *name;
	void (*read)(struct policy_reader *r, const struct policy_words *w);
} keywords[] = {
	{ "default", read_default },
	{ "role", read_role },
	{ "lan", read_lan },
	{ "include", read_include },
	{ "keep", read_keep },
	{ "close", read_close },
	{ "allow", policy_read_allow },
	{ "egress", policy_read_egress },
	{ "log", policy_read_log },
	{ "redirect", policy_read_redirect },
	{ "accept", policy_read_accept },
};

static void read_line(struct policy_reader *r, const struct policy_words *w)
{
	const struct policy_word *first = &w->v[0];
	struct policy_near near = policy_near_to(r, first->text);

	for (size_t i = 0; i < DW_ARRAY_SIZE(keywords); i++) {
		if (!first->quoted && dw_streq(first->text, keywords[i].name)) {
			keywords[i].read(r, w);
			return;
		}
		policy_near_try(&near, keywords[i].name);
	}
	if (first->quoted)
		policy_error_at(r, first,
				"a word in quotes begins no statement; expected " KEYWORDS);
	else if (policy_is_clause(first))
		policy_error_at(r, first,
				"\"%s\" at the beginning of a line; it belongs to a keep or "
				"close, on the same line (or behind a \\ at its end)",
				first->text);
	else
		policy_error_at(r, first, "\"%s\" begins no statement; expected " KEYWORDS "%s",
				policy_shown(r, first->text), policy_near_text(r, &near));
}

/* at: the include statement that asked; NULL: the first file. */
static bool may_read(struct policy_reader *r, const struct dw_policy_text *text,
		     const struct policy_word *at)
{
	struct policy_word top = { .line = 1, .column = 1 };

	if (text->bytes.n > POLICY_FILE_MAX) {
		policy_error_at(r, at ? at : &top, "%s: more than %zu KiB", text->name,
				POLICY_FILE_MAX / 1024);
		return false;
	}
	for (const struct policy_open *o = r->open; o; o = o->outer)
		if (dw_streq(o->name, text->name)) {
			policy_error_at(r, at, "%s is being read already: it would include itself",
					text->name);
			return false;
		}
	if (++r->files <= POLICY_FILES_MAX)
		return true;
	if (r->files == POLICY_FILES_MAX + 1)
		policy_error_at(r, at, "more than %d files", POLICY_FILES_MAX);
	return false;
}

static void read_text(struct policy_reader *r, const struct dw_policy_text *text,
		      const struct policy_word *at)
{
	static const char mark[] = "\xef\xbb\xbf"; /* what some editors begin UTF-8 with */
	struct policy_open open = { .outer = r->open, .depth = r->open ? r->open->depth + 1 : 0 };
	struct dw_lines lines = dw_lines_of(&text->bytes);
	struct policy_words words;

	if (!may_read(r, text, at))
		return;
	open.name = dw_arena_strdup(r->a, text->name);
	r->open = &open;
	if (text->bytes.n >= 3 && memcmp(lines.p, mark, 3) == 0)
		lines.p += 3;
	while (policy_words_next(r, &lines, &words))
		if (words.n > 0 && !words.bad)
			read_line(r, &words);
	r->open = open.outer;
}

const struct dw_policy *dw_policy_read(struct dw_arena *a, const struct dw_policy_text *text,
				       const struct dw_policy_source *source,
				       const struct dw_knowledge *k,
				       struct dw_policy_problems *problems)
{
	struct policy_reader r = { .a = a, .source = source, .k = k, .problems = problems };

	r.policy.file = dw_arena_strdup(a, text->name);
	read_text(&r, text, NULL);
	policy_finish(&r);
	policy_cover_free(r.cover);
	return r.failed ? NULL : dw_arena_memdup(a, &r.policy, sizeof(r.policy));
}
