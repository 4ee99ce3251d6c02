/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_policy_mark.h"

#include <string.h>

#include "draft.h"
#include "dw_policy_match.h"
#include "dw_policy_write.h"
#include "dw_str.h"

/* What becomes of one line of the text, and what is put in front of it. */
struct edit {
	unsigned line; /* from 1; one behind the last: at the end */
	bool replaced; /* the statement that begins there goes */
	enum dw_marked as;
	const char *what, *statement; /* statement NULL: nothing is put there */
	const char *remark;           /* behind a statement of ours about that door; NULL */
};

struct marking {
	struct dw_arena *a;
	const struct dw_marking *m;
	struct dw_policy_problems *problems;
	struct dw_strings *notes;
	DW_VEC(struct edit) edits;
	unsigned end;     /* line behind the last */
	unsigned include; /* of the first include; 0: there is none */
};

static const struct dw_policy *policy_of(const struct marking *t, const char *text)
{
	const struct dw_policy_text one = { .name = t->m->text.name,
					    .bytes = { .data = (char *)text, .n = strlen(text) } };

	return dw_policy_read(t->a, &one, t->m->source, t->m->knowledge, t->problems);
}

static const char *door_text(const struct marking *t, size_t i)
{
	return dw_endpoint_text(t->a, &t->m->doors[i].door->at);
}

static const struct dw_statement *decides(const struct marking *t, const struct dw_policy *p,
					  size_t i)
{
	const struct dw_draft_door *d = &t->m->doors[i];

	return p ? dw_policy_match(p, NULL, d->door, d->service, t->m->knowledge, t->m->time, NULL)
		 : NULL;
}

/* Does the statement name only doors that are marked as this one? */
static bool names_marked_alone(const struct marking *t, const struct dw_statement *s,
			       enum dw_marked as)
{
	for (size_t i = 0; i < t->m->n; i++) {
		const struct dw_draft_door *d = &t->m->doors[i];

		for (size_t w = 0; w < s->n_what && t->m->marks[i] != as; w++)
			if (dw_what_names(&s->what[w], d->door, d->service))
				return false;
	}
	return true;
}

/* NULL: nothing lasting names it. */
static const char *name_of(struct marking *t, size_t i)
{
	const char *names[DRAFT_NAMES], *named = NULL;
	size_t n = draft_names(t->a, &t->m->doors[i], names);

	for (size_t k = 0; k < n; k++) {
		const struct dw_policy *p =
			policy_of(t, dw_arena_printf(t->a, "close %s\n", names[k]));

		if (!p || p->n_statements != 1 || !decides(t, p, i))
			continue;
		if (names_marked_alone(t, p->statements, t->m->marks[i]))
			return names[k];
		/* none is so narrow: a port at least names nothing of another kind */
		named = named && !strchr(names[k], '/') ? named : names[k];
	}
	return named;
}

static const char *statement_of(const struct marking *t, enum dw_marked as, const char *what)
{
	static const struct {
		const char *verb, *clause;
	} texts[DW_MARKED_COUNT] = {
		[DW_MARKED_KEEP] = { "keep", "" },
		[DW_MARKED_LAN] = { "keep", " from lan" },
		[DW_MARKED_LOOPBACK] = { "keep", " on loopback" },
		[DW_MARKED_CLOSE] = { "close", "" },
	};

	return texts[as].verb
		       ? dw_arena_printf(t->a, "%s %s%s", texts[as].verb, what, texts[as].clause)
		       : NULL;
}

static void note(struct marking *t, const char *text)
{
	if (!dw_strings_has(t->notes, text))
		dw_vec_push(t->a, t->notes, text);
}

static bool is_in_text(const struct marking *t, const struct dw_statement *s)
{
	return s && !s->role && dw_streq(s->file, t->m->text.name);
}

/* The statement that is to say it stands there already, perhaps for a second address of the same door. */
static bool is_there(struct marking *t, const struct edit *e)
{
	for (size_t i = 0; i < t->edits.n; i++)
		if (t->edits.v[i].as == e->as && dw_streq0(t->edits.v[i].what, e->what)) {
			t->edits.v[i].line = DW_MIN(t->edits.v[i].line, e->line);
			return true;
		}
	return false;
}

static void withdraw(struct marking *t, size_t i, const struct dw_statement *s)
{
	const char *what = name_of(t, i);
	const struct edit e = { .line = s->line,
				.replaced = true,
				.as = DW_MARKED_ASK,
				.remark = what ? draft_remark(t->a, &t->m->doors[i], what) : NULL };

	for (size_t k = 0; k < t->edits.n; k++)
		if (t->edits.v[k].replaced && t->edits.v[k].line == s->line)
			return;
	if (s->role)
		note(t, dw_arena_printf(
				t->a,
				"%s: the role %s keeps it; only without that role is it asked for",
				door_text(t, i), s->role));
	else if (!is_in_text(t, s) || !names_marked_alone(t, s, DW_MARKED_ASK))
		note(t, dw_arena_printf(
				t->a,
				"%s: %s:%u decides, and names other doors too: change it by hand",
				door_text(t, i), s->file, s->line));
	else
		dw_vec_push(t->a, &t->edits, e);
}

static void mark_door(struct marking *t, size_t i)
{
	enum dw_marked as = t->m->marks[i];
	const struct dw_statement *s = decides(t, t->m->policy, i);
	struct edit e = { .as = as, .line = t->end };

	if (as == DW_MARKED_ASK) {
		if (s)
			withdraw(t, i, s);
		return;
	}
	e.what = name_of(t, i);
	if (!e.what) {
		note(t, dw_arena_printf(t->a, "%s: nothing lasting names it, so no statement can",
					door_text(t, i)));
		return;
	}
	if (is_in_text(t, s)) {
		e.line = s->line;
		e.replaced = names_marked_alone(t, s, as);
	} else if (s && !s->role) {
		e.line = t->include ? t->include : 1;
	}
	e.remark = draft_remark(t->a, &t->m->doors[i], e.what);
	e.statement = dw_arena_printf(t->a, "%s  # %s", statement_of(t, as, e.what), e.remark);
	if (!is_there(t, &e))
		dw_vec_push(t->a, &t->edits, e);
}

/* As the reader takes it: a \ at the very end joins the next line, unless it stands in a comment. */
static bool goes_on(const char *s, size_t n)
{
	bool quoted = false, begins = true;

	n -= n > 0 && s[n - 1] == '\r';
	if (n == 0 || s[n - 1] != '\\')
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!quoted && begins && s[i] == '#')
			return false;
		if (s[i] == '"')
			quoted = !quoted;
		else if (quoted && s[i] == '\\')
			i++;
		begins = s[i] == ' ' || s[i] == '\t';
	}
	return true;
}

static void put_edits(const struct marking *t, struct dw_str *out, unsigned line,
		      bool *ret_replaced)
{
	*ret_replaced = false;
	for (size_t i = 0; i < t->edits.n; i++) {
		const struct edit *e = &t->edits.v[i];

		if (e->line != line)
			continue;
		*ret_replaced |= e->replaced;
		if (e->statement)
			dw_str_addf(out, "%s\n", e->statement);
	}
}

/* One that an earlier marking wrote goes without a trace; what a person wrote stays as a comment. */
static bool is_ours(const struct marking *t, unsigned line, const char *s, size_t n)
{
	for (size_t i = 0; i < t->edits.n; i++) {
		const struct edit *e = &t->edits.v[i];
		size_t m = e->remark ? strlen(e->remark) : 0;

		if (e->replaced && e->line == line && m && n > m + 4 &&
		    strncmp(s + n - m, e->remark, m) == 0 && strncmp(s + n - m - 4, "  # ", 4) == 0)
			return true;
	}
	return false;
}

static const char *text_of(struct marking *t)
{
	struct dw_str out = { .arena = t->a };
	const char *p = t->m->text.bytes.data, *end = p + t->m->text.bytes.n;
	bool replaced = false, joined = false, fresh;

	dw_str_add(&out, "");
	for (unsigned line = 1; p && p < end; line++) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));
		size_t n = stop ? (size_t)(stop - p) : (size_t)(end - p);

		if (!joined)
			put_edits(t, &out, line, &replaced);
		if (!replaced || joined || !is_ours(t, line, p, n)) {
			dw_str_add(&out, replaced ? "# was: " : "");
			dw_str_addn(&out, p, replaced && goes_on(p, n) ? n - 1 : n);
			dw_str_addc(&out, '\n');
		}
		joined = goes_on(p, n);
		p += n + (stop != NULL);
	}
	put_edits(t, &out, t->end, &fresh);
	return out.s;
}

/* Does the new text say of each door what its mark says? */
static void check(struct marking *t, const struct dw_policy *p)
{
	for (size_t i = 0; i < t->m->n; i++) {
		enum dw_marked as = t->m->marks[i];
		const struct dw_statement *s = as == DW_MARKED_NOT ? NULL : decides(t, p, i);
		bool closes = s && s->action == DW_POLICY_CLOSE;

		if (as == DW_MARKED_ASK && !s && p->otherwise == DW_DEFAULT_CLOSE)
			note(t, dw_arena_printf(
					t->a,
					"%s: this policy says \"default close\": what it does not "
					"name is closed, not asked for",
					door_text(t, i)));
		if (as != DW_MARKED_NOT && as != DW_MARKED_ASK && t->notes->n == 0 &&
		    (!s || closes != (as == DW_MARKED_CLOSE)))
			note(t, dw_arena_printf(
					t->a, "%s: another statement decides about it all the same",
					door_text(t, i)));
	}
}

static const char *first_text(const struct marking *t)
{
	const char *host = t->m->host ? t->m->host : "this host";

	return dw_arena_printf(
		t->a,
		"# What may be open on %s; begun by \"doorward review\" on %s.\n"
		"# The first statement that names a door decides. The language: "
		"doorward-policy(5).\n"
		"# What no statement names is asked for; once all that is needed is kept, "
		"\"default close\".\n"
		"default ask\n\n",
		dw_escape_terminal(t->a, host, strlen(host)), dw_policy_date(t->a, t->m->time));
}

/* Where the text ends, and where its first include stands. */
static void find_places(struct marking *t)
{
	const char *p = t->m->text.bytes.data, *end = p + t->m->text.bytes.n;

	for (t->end = 1; p && p < end; t->end++) {
		const char *stop = memchr(p, '\n', (size_t)(end - p)), *word = p;

		while (word < end && (*word == ' ' || *word == '\t'))
			word++;
		if (!t->include && (size_t)(end - word) > 8 && strncmp(word, "include", 7) == 0)
			t->include = t->end;
		p = stop ? stop + 1 : end;
	}
}

const char *dw_policy_mark(struct dw_arena *a, const struct dw_marking *given,
			   struct dw_policy_problems *problems, struct dw_strings *ret_notes)
{
	struct dw_marking m = *given;
	struct marking t = { .a = a, .m = &m, .problems = problems, .notes = ret_notes };
	const struct dw_policy *p;
	const char *text;

	if (!m.policy) {
		text = first_text(&t);
		m.text.bytes = (struct dw_bytes){ .data = (char *)text, .n = strlen(text) };
	}
	find_places(&t);
	for (size_t i = 0; i < m.n; i++)
		if (m.marks[i] != DW_MARKED_NOT)
			mark_door(&t, i);
	text = text_of(&t);
	p = policy_of(&t, text);
	if (p)
		check(&t, p);
	return p ? text : NULL;
}
