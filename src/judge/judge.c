/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The way of a trial: what is it, what is odd about it, what is this host for, and then the verdict by the policy, or
 * by the knowledge where there is none. Doors that lead to other doors come last.
 */
#include "judging.h"

static const char *const verdict_names[DW_VERDICT_COUNT] = {
	[DW_VERDICT_UNKNOWN] = "unknown",   [DW_VERDICT_KEEP] = "keep",
	[DW_VERDICT_RESTRICT] = "restrict", [DW_VERDICT_CLOSE] = "close",
	[DW_VERDICT_ASK] = "ask",           [DW_VERDICT_INVESTIGATE] = "investigate",
};

const char *dw_verdict_name(enum dw_verdict v)
{
	return v < DW_VERDICT_COUNT ? verdict_names[v] : "unknown";
}

static bool has_packages(const struct dw_snapshot *s)
{
	for (size_t i = 0; i < s->n_incomplete; i++)
		if (dw_streq0(s->incomplete[i].what, "no-packages"))
			return false;
	return true;
}

static bool is_way_in(const struct dw_trial *t)
{
	/* where nobody gets in, nobody logs in */
	return dw_judge_has(t->service, DW_TRAIT_LOGIN) && t->far && !t->boxed &&
	       !dw_filtered_is_shut(t->door->filtered) && t->identity.by != DW_IDENTIFIED_PORT &&
	       t->door->kind == DW_KIND_LISTENER;
}

/* One service may have many doors: both families, two ports. */
static bool is_same_way(const struct dw_trial *a, const struct dw_trial *b)
{
	return a->identity.service == b->identity.service &&
	       a->door->starter.kind == b->door->starter.kind &&
	       dw_streq0(a->door->starter.id, b->door->starter.id);
}

static void find_last_way_in(struct dw_court *c)
{
	struct dw_trial *first = NULL;

	for (size_t i = 0; i < c->snapshot->n_doors; i++) {
		if (!is_way_in(&c->trials[i]))
			continue;
		if (first && !is_same_way(first, &c->trials[i]))
			return;
		first = first ? first : &c->trials[i];
	}
	for (size_t i = 0; first && i < c->snapshot->n_doors; i++)
		c->trials[i].last_way_in =
			is_way_in(&c->trials[i]) && is_same_way(first, &c->trials[i]);
}

/*
 * A policy may close several ways in at once: of those that keep passwords to themselves, or of all when there is
 * none, each becomes a question.
 */
static void spare_ways_in(struct dw_court *c)
{
	size_t n = c->snapshot->n_doors;
	bool safe = false;

	for (size_t i = 0; i < n; i++) {
		const struct dw_trial *t = &c->trials[i];

		if (is_way_in(t) && t->verdict != DW_VERDICT_CLOSE)
			return;
		safe |= is_way_in(t) && !dw_judge_has(t->service, DW_TRAIT_CLEARTEXT);
	}
	for (size_t i = 0; i < n; i++) {
		struct dw_trial *t = &c->trials[i];

		if (is_way_in(t) && (!safe || !dw_judge_has(t->service, DW_TRAIT_CLEARTEXT)))
			dw_judge_decide(t, DW_VERDICT_ASK, DW_REASON_LAST_WAY_IN,
					dw_judge_subject(t), NULL, NULL);
	}
}

static void open_trial(struct dw_court *c, size_t i)
{
	struct dw_trial *t = &c->trials[i];

	t->court = c;
	t->door = &c->snapshot->doors[i];
	dw_judge_identify(c, t->door, &t->identity);
	t->service = dw_judge_counts_as(c, t->identity.service, t->door);
	dw_judge_survey(t);
}

static void close_trial(struct dw_trial *t)
{
	bool exempt = t->verdict == DW_VERDICT_CLOSE && t->statement;

	if (t->suspicious && !t->pardoned && !exempt) {
		/* all that is suspicious decides */
		for (size_t i = 0; i < t->said.n; i++)
			t->said.v[i].decides = t->said.v[i].suspicious;
		t->verdict = DW_VERDICT_INVESTIGATE;
	}
	if (t->verdict == DW_VERDICT_ASK && !t->court->policy)
		dw_judge_remark(t, DW_REASON_NO_POLICY, NULL, NULL, NULL);
	t->done = true;
}

static bool leads_on(const struct dw_trial *t)
{
	return t->door->kind == DW_KIND_FORWARDED;
}

static void decide(struct dw_trial *t)
{
	if (t->court->policy)
		dw_judge_by_policy(t);
	else
		dw_judge_advise(t);
	close_trial(t);
}

/* Doors that are judged by one thread: it has a court of its own, with its own memory. */
struct half {
	struct dw_court court;
	size_t first, end;
};

struct hearing {
	struct half one, other;
	void (*share)(void (*work)(void *half), void *one, void *other);
};

static void open_half(void *arg)
{
	struct half *h = arg;

	for (size_t i = h->first; i < h->end; i++)
		open_trial(&h->court, i);
}

static void question_half(void *arg)
{
	struct half *h = arg;

	for (size_t i = h->first; i < h->end; i++) {
		struct dw_trial *t = &h->court.trials[i];

		dw_judge_process(t);
		dw_judge_facts(t);
		dw_judge_known(t);
	}
}

static void decide_half(void *arg)
{
	struct half *h = arg;

	for (size_t i = h->first; i < h->end; i++)
		if (!leads_on(&h->court.trials[i]))
			decide(&h->court.trials[i]);
}

static void record_half(void *arg)
{
	struct half *h = arg;

	for (size_t i = h->first; i < h->end; i++) {
		struct dw_trial *t = &h->court.trials[i];

		h->court.findings->v[i] = (struct dw_finding){
			.door = t->door,
			.identity = t->identity,
			.statement = t->statement,
			.verdict = t->verdict,
		};
		dw_judge_order_reasons(t, &h->court.findings->v[i]);
	}
}

static void do_halves(struct hearing *h, void (*work)(void *half))
{
	if (h->other.first == h->other.end) {
		work(&h->one);
	} else if (h->share) {
		h->share(work, &h->one, &h->other);
	} else {
		work(&h->one);
		work(&h->other);
	}
}

/* What needs all doors lies between the parts that need one. */
static void hear_all(struct hearing *h)
{
	struct dw_court *c = &h->one.court;

	do_halves(h, open_half);
	find_last_way_in(c);
	do_halves(h, question_half);
	dw_judge_find_roles(c);
	do_halves(h, decide_half);
	spare_ways_in(c);
	for (size_t i = 0; i < c->snapshot->n_doors; i++)
		if (leads_on(&c->trials[i]))
			decide(&c->trials[i]);
	do_halves(h, record_half);
}

/* Doors from which on a second thread is worth its start. */
#define SHARED_FROM 500

/* Each half has memory of its own; when all is done it is one's. */
static void hear_shared(const struct dw_court *c, const struct dw_judge_input *in)
{
	_cleanup_arena_ struct dw_arena *its = dw_arena_new();
	size_t n = c->snapshot->n_doors, middle = in->share && n >= SHARED_FROM ? n / 2 : n;
	struct hearing h = {
		.one = { .court = *c, .first = 0, .end = middle },
		.other = { .court = *c, .first = middle, .end = n },
		.share = in->share,
	};

	h.other.court.arena = its;
	h.other.court.index = dw_knowledge_index_share(its, c->index);
	hear_all(&h);
	dw_arena_adopt(c->arena, its);
}

struct dw_findings *dw_judge(const struct dw_snapshot *s, const struct dw_judge_input *in)
{
	static const struct dw_knowledge nothing;
	struct dw_arena *a = dw_arena_new();
	struct dw_findings *f = dw_new(a, struct dw_findings);
	struct dw_court c = {
		.arena = a,
		.snapshot = s,
		.policy = in->policy,
		.knowledge = in->knowledge ? in->knowledge : &nothing,
		.findings = f,
		.trials = dw_arena_array(a, s->n_doors + 1, sizeof(*c.trials)),
		.packages_known = has_packages(s),
	};

	f->arena = a;
	f->n = s->n_doors;
	f->v = dw_arena_array(a, f->n + 1, sizeof(*f->v));
	c.index = in->index ? in->index : dw_knowledge_index_new(a, c.knowledge);
	hear_shared(&c, in);
	return f;
}

void dw_findings_free(struct dw_findings *f)
{
	if (f)
		dw_arena_free(f->arena);
}
