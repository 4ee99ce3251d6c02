/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* accept CHECK [of OBJECT...] because "REASON" [expires DATE]: what doorward host finds, and somebody puts up with. */
#include <string.h>

#include "dw_str.h"
#include "private.h"

struct accepting {
	struct policy_reader *r;
	const struct policy_words *w;
	size_t at; /* the next word */
	struct dw_policy_accept s;
	struct dw_strings objects;
};

static bool is_keyword(const struct policy_word *w, const char *name)
{
	return !w->quoted && dw_streq(w->text, name);
}

static bool ends_objects(const struct policy_word *w)
{
	return is_keyword(w, "because") || is_keyword(w, "expires") || is_keyword(w, "of");
}

/* Small letters, digits, dashes: what a check is called. */
static bool is_check(const char *text)
{
	return text[0] && !text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-")];
}

static bool read_check(struct accepting *t)
{
	const struct policy_word *w = &t->w->v[0];

	if (t->w->n < 2 || ends_objects(w + 1)) {
		policy_error_at(
			t->r, w,
			"\"accept\" what? Expected a check, as doorward host list names them");
		return false;
	}
	if (!is_check(w[1].text)) {
		policy_error_at(t->r, w + 1, "\"%s\" is no check; doorward host list names them",
				policy_shown(t->r, w[1].text));
		return false;
	}
	t->s.check = w[1].text;
	t->at = 2;
	return true;
}

static bool read_objects(struct accepting *t)
{
	const struct policy_word *of = &t->w->v[t->at];

	for (t->at++; t->at < t->w->n && !ends_objects(&t->w->v[t->at]); t->at++)
		dw_vec_push(t->r->a, &t->objects, t->w->v[t->at].text);
	if (t->objects.n > 0)
		return true;
	policy_error_at(t->r, of,
			"nothing behind \"of\"; expected an account, a file or a setting");
	return false;
}

static bool read_because(struct accepting *t)
{
	const struct policy_word *w = &t->w->v[t->at];

	if (t->at + 1 >= t->w->n || !w[1].text[0]) {
		policy_error_at(t->r, w,
				"nothing behind \"because\"; expected a reason in double quotes");
		return false;
	}
	t->s.because = w[1].text;
	t->at += 2;
	return true;
}

static bool read_expires(struct accepting *t)
{
	const struct policy_word *w = &t->w->v[t->at];

	if (t->at + 1 >= t->w->n) {
		policy_error_at(t->r, w, "nothing behind \"expires\"; expected a date, YYYY-MM-DD");
		return false;
	}
	t->at += 2;
	return policy_read_date(t->r, w + 1, &t->s.expires);
}

static bool read_rest(struct accepting *t)
{
	static const struct {
		const char *name;
		bool (*read)(struct accepting *t);
	} clauses[] = { { "of", read_objects },
			{ "because", read_because },
			{ "expires", read_expires } };
	unsigned seen = 0;

	while (t->at < t->w->n) {
		const struct policy_word *w = &t->w->v[t->at];
		size_t i = 0;

		while (i < DW_ARRAY_SIZE(clauses) && !is_keyword(w, clauses[i].name))
			i++;
		if (i == DW_ARRAY_SIZE(clauses) || seen & 1U << i) {
			policy_error_at(t->r, w,
					"\"%s\": expected of, because or expires, each once",
					policy_shown(t->r, w->text));
			return false;
		}
		seen |= 1U << i;
		if (!clauses[i].read(t))
			return false;
	}
	if (!t->s.because)
		policy_error_at(t->r, &t->w->v[0],
				"why? Expected because and a reason in double quotes");
	return t->s.because != NULL;
}

/* False: an earlier one, that does not expire, says it already; told. */
static bool is_new(const struct accepting *t)
{
	for (size_t i = 0; i < t->r->accepts.n; i++) {
		const struct dw_policy_accept *old = &t->r->accepts.v[i];

		if (!dw_streq(old->check, t->s.check) || old->expires || old->n_objects)
			continue;
		policy_warn_at(t->r, &t->w->v[1], "never counts: %s accepts all of it",
			       policy_place(t->r, old->file, old->line));
		return false;
	}
	return true;
}

void policy_read_accept(struct policy_reader *r, const struct policy_words *w)
{
	struct accepting t = { .r = r, .w = w };

	if (!read_check(&t) || !read_rest(&t))
		return;
	if (r->accepts.n >= POLICY_ACCEPTS_MAX) {
		policy_error_at(r, &w->v[0], "more than %d accept statements", POLICY_ACCEPTS_MAX);
		return;
	}
	t.s.objects = t.objects.v;
	t.s.n_objects = t.objects.n;
	t.s.file = r->open->name;
	t.s.line = w->v[0].line;
	if (is_new(&t))
		dw_vec_push(r->a, &r->accepts, t.s);
}
