/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What rules in doubt would change. A question that met some is asked again with them made true, in all
 * combinations; who meets a further one on the way has more combinations. Only rules that a question met are ever
 * true for it: one that is true tells nobody that it was met.
 */
#include <string.h>

#include "rehearsing.h"

#define RULES_MAX        6u /* that one question may meet: 64 combinations */
#define VARIANTS_DEFAULT 64u

struct doubt {
	uint32_t question;
	unsigned n;
	bool too_many;
	uint32_t rules[RULES_MAX];
	uint64_t known;              /* combinations that were tried: bit of a mask of rules */
	struct dw_outcome *outcomes; /* 1 << n */
};

struct settling {
	struct dw_rehearsal *r;
	struct dw_arena *a;
	const struct dw_rehearse_question *questions;
	struct dw_rehearse_answer *answers;
	DW_VEC(struct doubt) doubts;
	/* of the round that is on */
	uint32_t *places;
};

static void add_rule(struct settling *s, struct doubt *d, uint32_t rule)
{
	size_t old = (size_t)1 << d->n;

	for (unsigned i = 0; i < d->n; i++)
		if (d->rules[i] == rule)
			return;
	if (d->n >= RULES_MAX) {
		d->too_many = true;
		return;
	}
	d->outcomes = dw_arena_grow(s->a, d->outcomes, old * sizeof(*d->outcomes),
				    2 * old * sizeof(*d->outcomes));
	d->rules[d->n++] = rule;
}

static int by_question(const void *a, const void *b)
{
	const struct dw_met *x = a, *y = b;

	if (x->question != y->question)
		return x->question < y->question ? -1 : 1;
	return (x->rule > y->rule) - (x->rule < y->rule);
}

static void gather(struct settling *s, const struct dw_met *met, size_t n,
		   const struct dw_outcome *base)
{
	struct dw_met *sorted = dw_arena_memdup(s->a, met, n * sizeof(*met));

	qsort(sorted, n, sizeof(*sorted), by_question);
	for (size_t i = 0; i < n; i++) {
		struct doubt *d = s->doubts.n > 0 ? &s->doubts.v[s->doubts.n - 1] : NULL;

		if (!d || d->question != sorted[i].question) {
			d = dw_vec_add(s->a, &s->doubts);
			*d = (struct doubt){ .question = sorted[i].question, .known = 1 };
			d->outcomes = dw_arena_array(s->a, 1, sizeof(*d->outcomes));
			d->outcomes[0] = base[d->question];
		}
		add_rule(s, d, sorted[i].rule);
	}
}

/* --- trying ------------------------------------------------------------------------------------- */

static const struct dw_rule *rule_at(const struct settling *s, const struct doubt *d, unsigned k)
{
	return &s->r->rules->rules[d->rules[k]];
}

static bool is_opaque(const struct settling *s, const struct doubt *d)
{
	for (unsigned k = 0; k < d->n; k++)
		if (rule_at(s, d, k)->opaque)
			return true;
	return false;
}

/* A combination that was not tried yet; 0: all were. */
static uint64_t missing(const struct doubt *d)
{
	for (uint64_t mask = 1; !d->too_many && mask < (uint64_t)1 << d->n; mask++)
		if ((d->known & (uint64_t)1 << mask) == 0)
			return mask;
	return 0;
}

/* The same rules as a mask of this question's; 0: it has not met all of them. */
static uint64_t mask_of(const struct doubt *d, const uint32_t *rules, unsigned n)
{
	uint64_t mask = 0;

	for (unsigned i = 0; i < n; i++) {
		unsigned k = 0;

		while (k < d->n && d->rules[k] != rules[i])
			k++;
		if (k == d->n)
			return 0;
		mask |= (uint64_t)1 << k;
	}
	return mask;
}

static void met_more(void *data, size_t i, uint32_t rule)
{
	struct settling *s = data;

	add_rule(s, &s->doubts.v[s->places[i]], rule);
}

static int load(struct settling *s, const uint32_t *rules, unsigned n, struct dw_error *e)
{
	enum dw_supposed *supposed = dw_arena_array(s->a, s->r->rules->n_rules, sizeof(*supposed));

	for (size_t i = 0; i < s->r->rules->n_rules; i++)
		supposed[i] = DW_SUPPOSED_FALSE_TOLD;
	for (unsigned i = 0; i < n; i++)
		supposed[rules[i]] = DW_SUPPOSED_TRUE;
	return dw_rehearsal_load(s->r, supposed, e);
}

/* All questions for which these rules, and no other, were not tried as true. */
static int try_rules(struct settling *s, const uint32_t *rules, unsigned n, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_round round = { .r = s->r, .questions = s->questions, .met = met_more };
	uint32_t *which = dw_arena_array(a, s->doubts.n, sizeof(*which));
	int code;

	round.data = s;
	round.which = which;
	s->places = dw_arena_array(a, s->doubts.n, sizeof(*s->places));
	for (size_t i = 0; i < s->doubts.n; i++) {
		const struct doubt *d = &s->doubts.v[i];
		uint64_t mask = mask_of(d, rules, n);

		if (mask == 0 || (d->known & (uint64_t)1 << mask) != 0)
			continue;
		s->places[round.n] = (uint32_t)i;
		which[round.n++] = d->question;
	}
	round.outcomes = dw_arena_array(a, round.n, sizeof(*round.outcomes));
	code = load(s, rules, n, e);
	if (code == 0)
		code = dw_round_run(&round, e);
	for (size_t i = 0; code == 0 && i < round.n; i++) {
		struct doubt *d = &s->doubts.v[s->places[i]];
		uint64_t mask = mask_of(d, rules, n);

		d->outcomes[mask] = round.outcomes[i];
		d->known |= (uint64_t)1 << mask;
	}
	return code;
}

static int try_all(struct settling *s, struct dw_error *e)
{
	unsigned left = s->r->options.variants ? s->r->options.variants : VARIANTS_DEFAULT;

	for (size_t i = 0; i < s->doubts.n && left > 0;) {
		const struct doubt *d = &s->doubts.v[i];
		uint64_t mask = missing(d);
		uint32_t rules[RULES_MAX];
		unsigned n = 0;
		int code;

		if (mask == 0 || is_opaque(s, d)) {
			i++;
			continue;
		}
		for (unsigned k = 0; k < d->n; k++)
			if (mask & (uint64_t)1 << k)
				rules[n++] = d->rules[k];
		code = try_rules(s, rules, n, e);
		if (code < 0)
			return code;
		left--;
	}
	return 0;
}

/* --- judging ------------------------------------------------------------------------------------ */

static uint64_t senders(const struct settling *s, const struct doubt *d)
{
	uint64_t mask = 0;

	for (unsigned k = 0; k < d->n; k++)
		if (rule_at(s, d, k)->doubt == DW_DOUBT_SENDER)
			mask |= (uint64_t)1 << k;
	return mask;
}

/* Of all that a sender can choose, with the host as in `host`: what opens the door; 0 as well when nothing does. */
static uint64_t best_choice(const struct doubt *d, uint64_t host, uint64_t sender)
{
	for (uint64_t mask = 0; mask < (uint64_t)1 << d->n; mask++)
		if ((mask & ~sender) == host && d->outcomes[mask].state == DW_OUTCOME_ARRIVES)
			return mask;
	return host;
}

static const char *doubt_words(const struct dw_rule *rule)
{
	return rule->doubt_words ? rule->doubt_words : "what is not known";
}

static void leave_open(struct settling *s, const struct doubt *d, unsigned k, const char *why)
{
	const struct dw_rule *rule = rule_at(s, d, k);
	struct dw_rehearse_answer *a = &s->answers[d->question];

	*a = (struct dw_rehearse_answer){ 0 };
	dw_answer_name_rule(rule, a);
	a->why = dw_arena_printf(s->r->arena, "%s %s: %s", rule->words, why, doubt_words(rule));
}

static bool is_unsure(const struct doubt *d)
{
	for (uint64_t mask = 0; mask < (uint64_t)1 << d->n; mask++)
		if (d->outcomes[mask].state == DW_OUTCOME_UNSURE)
			return true;
	return false;
}

static unsigned first_bit(uint64_t mask)
{
	return mask == 0 ? 0 : (unsigned)__builtin_ctzll(mask);
}

static void judge(struct settling *s, const struct doubt *d)
{
	uint64_t sender = senders(s, d), choice = best_choice(d, 0, sender);
	const struct dw_outcome *o = &d->outcomes[choice];
	struct dw_rehearse_answer *a = &s->answers[d->question];

	for (unsigned k = 0; k < d->n; k++) {
		if (!rule_at(s, d, k)->opaque)
			continue;
		leave_open(s, d, k, "decides, and cannot be rehearsed");
		return;
	}
	if (is_unsure(d)) {
		leave_open(s, d, 0, "could not be tried, for packets were lost");
		return;
	}
	for (uint64_t host = 0; host < (uint64_t)1 << d->n; host++) {
		if ((host & sender) != 0 ||
		    dw_outcome_is_like(o, &d->outcomes[best_choice(d, host, sender)]))
			continue;
		leave_open(s, d, first_bit(host),
			   "decides, and depends on what only the host itself knows");
		return;
	}
	dw_answer_take(&s->questions[d->question],
		       &s->r->sources.v[s->questions[d->question].source], o, a);
	/* the packet as it was first made does not arrive, but another one does */
	a->sender = choice != 0;
	if (a->sender)
		dw_answer_name_rule(rule_at(s, d, first_bit(choice)), a);
}

int dw_doubts_settle(struct dw_rehearsal *r, const struct dw_rehearse_question *q,
		     const struct dw_met *met, size_t n_met, const struct dw_outcome *base,
		     struct dw_rehearse_answer *ret, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct settling s = { .r = r, .a = a, .questions = q, .answers = ret };
	int code;

	if (n_met == 0)
		return 0;
	gather(&s, met, n_met, base);
	code = try_all(&s, e);
	if (code < 0)
		return code;
	for (size_t i = 0; i < s.doubts.n; i++) {
		const struct doubt *d = &s.doubts.v[i];

		if (!is_opaque(&s, d) && (d->too_many || missing(d) != 0))
			leave_open(&s, d, 0, "is one of more rules in doubt than are tried");
		else
			judge(&s, d);
	}
	return 0;
}
