/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "rehearsing.h"

#define QUESTIONS_MAX ((size_t)1 << 26)

void dw_answer_take(const struct dw_rehearse_question *q, const struct dw_source *source,
		    const struct dw_outcome *o, struct dw_rehearse_answer *ret)
{
	size_t size = dw_scene_size(source->family);

	*ret = (struct dw_rehearse_answer){ 0 };
	if (o->state == DW_OUTCOME_UNSURE) {
		ret->why = "packets were lost on the way";
		return;
	}
	ret->reach = o->state == DW_OUTCOME_ARRIVES ? DW_ARRIVAL_YES : DW_ARRIVAL_NO;
	if (ret->reach == DW_ARRIVAL_NO)
		return;
	ret->forwarded = o->forwarded;
	ret->translated = o->at_port != q->port || memcmp(o->at, q->to, size) != 0;
	memcpy(ret->at, o->at, sizeof(ret->at));
	ret->at_port = o->at_port;
}

void dw_answer_name_rule(const struct dw_rule *rule, struct dw_rehearse_answer *ret)
{
	ret->rule = rule->words;
	ret->rule_counted = rule->counted;
	ret->rule_packets = rule->packets;
}

/* --- without packets ---------------------------------------------------------------------------- */

/* Of the one address, or of those that the source stands for. */
static bool is_about(const struct dw_obstacle *o, const struct dw_source *source,
		     const uint8_t *address)
{
	size_t n = dw_scene_size(source->family);

	if (o->family == DW_FAMILY_UNKNOWN)
		return true;
	if (o->family != source->family)
		return false;
	if (memcmp(address, o->low, n) >= 0 && memcmp(address, o->high, n) <= 0)
		return true;
	for (size_t i = 0; !o->egress && i < source->n_spans; i++)
		if (memcmp(source->spans[i].high, o->low, n) >= 0 &&
		    memcmp(source->spans[i].low, o->high, n) <= 0)
			return true;
	return !o->egress && source->more_spans > 0;
}

static bool comes_through(const struct dw_obstacle *o, const struct dw_source *source)
{
	return !o->egress && (o->ifindex == 0 || o->ifindex == source->ifindex) &&
	       is_about(o, source, source->address);
}

static const struct dw_obstacle *in_the_way(const struct dw_obstacle *o, size_t n,
					    const struct dw_source *source)
{
	for (size_t i = 0; i < n; i++)
		if (comes_through(&o[i], source))
			return &o[i];
	return NULL;
}

/* By which interface it would leave is not asked: each one's obstacles count. */
static const struct dw_obstacle *on_the_way_out(const struct dw_obstacle *o, size_t n,
						const struct dw_source *source, const uint8_t *to)
{
	for (size_t i = 0; i < n; i++)
		if (o[i].egress && is_about(&o[i], source, to))
			return &o[i];
	return NULL;
}

static bool is_obstructed(const struct dw_rehearsal *r, const struct dw_source *source,
			  struct dw_rehearse_answer *ret)
{
	const struct dw_obstacle *o =
		in_the_way(r->rules->obstacles, r->rules->n_obstacles, source);

	if (!o)
		o = in_the_way(r->scene->obstacles.v, r->scene->obstacles.n, source);
	if (!o)
		return false;
	*ret = (struct dw_rehearse_answer){ .why = o->words };
	return true;
}

/* What arrives at somebody else has left by an interface. */
static void doubt_forwarded(const struct dw_rehearsal *r, const struct dw_rehearse_question *q,
			    struct dw_rehearse_answer *ret)
{
	const struct dw_source *source = &r->sources.v[q->source];
	const struct dw_obstacle *o;

	if (ret->reach != DW_ARRIVAL_YES || !ret->forwarded)
		return;
	o = on_the_way_out(r->rules->obstacles, r->rules->n_obstacles, source, ret->at);
	if (!o)
		o = on_the_way_out(r->scene->obstacles.v, r->scene->obstacles.n, source, ret->at);
	if (o)
		*ret = (struct dw_rehearse_answer){ .why = o->words };
}

static bool is_loopback(enum dw_family family, const uint8_t *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	return family == DW_FAMILY_IPV4 ? a[0] == 127 : memcmp(a, one, 16) == 0;
}

static bool is_link_local(enum dw_family family, const uint8_t *a)
{
	return family == DW_FAMILY_IPV6 && a[0] == 0xfe && (a[1] & 0xc0) == 0x80;
}

/* 1: the packet is for this host, which takes it; 0: it does not; -1: it is for another one. */
static int takes(const struct dw_rehearsal *r, const struct dw_source *source, const uint8_t *to)
{
	bool from_here = source->kind == DW_SOURCE_HOST, ours = false;

	if (is_loopback(source->family, to))
		return from_here;
	for (size_t i = 0; i < r->own.n; i++) {
		const struct dw_rehearse_own *own = &r->own.v[i];
		const struct dw_scene_link *l = dw_scene_link(r->scene, own->ifindex);

		if (own->family != source->family ||
		    memcmp(own->address, to, dw_scene_size(own->family)) != 0)
			continue;
		ours = true;
		if (l && l->is_up &&
		    (from_here || !is_link_local(own->family, to) ||
		     own->ifindex == source->ifindex))
			return 1;
	}
	return ours ? 0 : -1;
}

/* Nothing filters: what is for this host arrives. False: the question is about somebody else. */
static bool answer_open(const struct dw_rehearsal *r, const struct dw_source *source,
			const struct dw_rehearse_question *q, struct dw_rehearse_answer *ret)
{
	struct dw_outcome o = { .state = DW_OUTCOME_ARRIVES, .at_port = q->port };
	int taken = r->is_open ? takes(r, source, q->to) : -1;

	if (taken < 0)
		return false;
	if (taken == 0)
		o.state = DW_OUTCOME_STAYS_OUT;
	memcpy(o.at, q->to, sizeof(o.at));
	dw_answer_take(q, source, &o, ret);
	return true;
}

/* --- with packets ------------------------------------------------------------------------------- */

struct asking {
	struct dw_rehearsal *r;
	struct dw_arena *a;
	const struct dw_rehearse_question *q;
	uint32_t *which;
	size_t n;
	struct dw_outcome *outcomes; /* of each question, by its number */
	DW_VEC(struct dw_met) met;
};

static void note_met(void *data, size_t i, uint32_t rule)
{
	struct asking *x = data;
	const struct dw_met one = { .question = x->which[i], .rule = rule };

	/* the log tells of one packet's rules one after another */
	if (x->met.n > 0 && memcmp(&x->met.v[x->met.n - 1], &one, sizeof(one)) == 0)
		return;
	dw_vec_push(x->a, &x->met, one);
}

bool dw_outcome_is_like(const struct dw_outcome *a, const struct dw_outcome *b)
{
	return a->state == b->state && a->forwarded == b->forwarded && a->at_port == b->at_port &&
	       memcmp(a->at, b->at, sizeof(a->at)) == 0;
}

/* Whose packets go elsewhere when iptables-legacy comes before nf_tables and not behind it. */
static int ask_other_order(struct asking *x, struct dw_rehearse_answer *ret, struct dw_error *e)
{
	struct dw_outcome *came = dw_arena_array(x->a, x->n, sizeof(*came));
	const struct dw_round round = {
		.r = x->r, .questions = x->q, .which = x->which, .n = x->n, .outcomes = came
	};
	int code;

	if (!x->r->rules->translates_twice)
		return 0;
	x->r->rules->legacy_first = true;
	code = dw_rehearsal_load(x->r, NULL, e);
	x->r->rules->legacy_first = x->r->is_base = false;
	if (code == 0)
		code = dw_round_run(&round, e);
	for (size_t i = 0; code == 0 && i < x->n; i++)
		if (!dw_outcome_is_like(&came[i], &x->outcomes[x->which[i]]))
			ret[x->which[i]] = (struct dw_rehearse_answer){
				.why = "rules of nf_tables and of iptables-legacy translate "
				       "addresses at the same moment, and which come first is "
				       "not told",
			};
	return code;
}

static int ask_packets(struct asking *x, struct dw_rehearse_answer *ret, struct dw_error *e)
{
	struct dw_rehearsal *r = x->r;
	struct dw_outcome *came = dw_arena_array(x->a, x->n, sizeof(*came));
	const struct dw_round round = { .r = r,
					.questions = x->q,
					.which = x->which,
					.n = x->n,
					.outcomes = came,
					.met = note_met,
					.data = x };
	int code = dw_rehearsal_copy(r, e);

	if (code == 0)
		code = dw_round_run(&round, e);
	if (code < 0)
		return code;
	for (size_t i = 0; i < x->n; i++) {
		const struct dw_rehearse_question *q = &x->q[x->which[i]];

		x->outcomes[x->which[i]] = came[i];
		dw_answer_take(q, &r->sources.v[q->source], &came[i], &ret[x->which[i]]);
	}
	code = dw_doubts_settle(r, x->q, x->met.v, x->met.n, x->outcomes, ret, e);
	return code < 0 ? code : ask_other_order(x, ret, e);
}

static bool is_askable(const struct dw_rehearsal *r, const struct dw_rehearse_question *q)
{
	static const enum dw_protocol protocols[] = { DW_PROTOCOL_TCP, DW_PROTOCOL_UDP,
						      DW_PROTOCOL_UDPLITE, DW_PROTOCOL_SCTP,
						      DW_PROTOCOL_DCCP };

	for (size_t i = 0; i < DW_ARRAY_SIZE(protocols); i++)
		if (q->protocol == protocols[i])
			return q->source < r->sources.n;
	return false;
}

int dw_rehearsal_ask(struct dw_rehearsal *r, const struct dw_rehearse_question *q, size_t n,
		     struct dw_rehearse_answer *ret, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct asking x = { .r = r, .a = a, .q = q };
	int code;

	if (n > QUESTIONS_MAX)
		return dw_error_set(e, -E2BIG, "%zu questions are too many", n);
	for (size_t i = 0; i < n; i++)
		if (!is_askable(r, &q[i]))
			return dw_error_set(e, -EINVAL, "question %zu cannot be asked", i);
	x.which = dw_arena_array(a, n, sizeof(*x.which));
	x.outcomes = dw_arena_array(a, n, sizeof(*x.outcomes));
	for (size_t i = 0; i < n; i++) {
		const struct dw_source *source = &r->sources.v[q[i].source];

		if (!is_obstructed(r, source, &ret[i]) && !answer_open(r, source, &q[i], &ret[i]))
			x.which[x.n++] = (uint32_t)i;
	}
	r->done = 0;
	r->all = x.n;
	if (x.n == 0)
		return 0;
	code = ask_packets(&x, ret, e);
	for (size_t i = 0; code == 0 && i < n; i++)
		doubt_forwarded(r, &q[i], &ret[i]);
	return code < 0 ? code : dw_traces_explain(r, q, n, ret, e);
}
