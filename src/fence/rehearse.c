/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_rehearse.h"

#include <errno.h>
#include <string.h>

#include "rehearsing.h"

#define LOOPBACK 1u

static void tell_obstacles(struct dw_rehearsal *r)
{
	r->obstacles.n = 0;
	for (size_t i = 0; i < r->rules->n_obstacles; i++)
		dw_vec_push(r->arena, &r->obstacles, r->rules->obstacles[i].words);
	for (size_t i = 0; i < r->scene->obstacles.n; i++)
		dw_vec_push(r->arena, &r->obstacles, r->scene->obstacles.v[i].words);
}

/* --- the copy ----------------------------------------------------------------------------------- */

/* The counters of a copy go with it. */
static int take_hits(struct dw_rehearsal *r, uint64_t *hits, bool *told, struct dw_error *e)
{
	return r->is_loaded ? dw_ruleset_count(r->sys, &r->scene->copy, r->rules, hits, told, e)
			    : 0;
}

int dw_rehearsal_load(struct dw_rehearsal *r, const enum dw_supposed *supposed, struct dw_error *e)
{
	int code = take_hits(r, r->hits, r->told, e);

	r->is_base = r->is_loaded = false;
	if (code == 0)
		code = dw_ruleset_load(r->sys, &r->scene->copy, r->rules, supposed, e);
	r->is_loaded = code == 0;
	if (code == 0 && r->options.change)
		code = r->options.change(r->options.change_data, r->sys, &r->scene->copy, e);
	if (code == 0)
		code = dw_detector_renew(r->detector, e);
	tell_obstacles(r); /* loading finds some, too */
	r->is_base = code == 0 && !supposed;
	return code;
}

/* Before there are rules: a packet of the copy to itself must be seen, or what is not seen later means nothing. */
static int prove(struct dw_rehearsal *r, const struct dw_source *source, struct dw_error *e)
{
	const struct dw_scene_link *lo = dw_scene_link(r->scene, LOOPBACK);
	struct dw_rehearse_question q = { .source = (uint32_t)(source - r->sources.v),
					  .protocol = DW_PROTOCOL_UDP,
					  .port = 9 };
	struct dw_outcome outcome = { 0 };
	const uint32_t which = 0;
	const struct dw_round round = {
		.r = r, .questions = &q, .which = &which, .n = 1, .outcomes = &outcome
	};
	int code;

	if (!lo || !lo->is_up)
		return 0;
	memcpy(q.to, source->address, sizeof(q.to));
	code = dw_round_run(&round, e);
	if (code == 0 && outcome.state != DW_OUTCOME_ARRIVES)
		return dw_error_set(
			e, -ENOTSUP,
			"packets that arrive in a copy of the rules are not logged here");
	return code;
}

static int make_copy(struct dw_rehearsal *r, struct dw_error *e)
{
	int code = dw_scene_make(r->scene, e);

	if (code == 0)
		code = dw_detector_open(r->sys, &r->scene->copy, r->scene->sentinel, &r->detector,
					e);
	if (code < 0)
		return code;
	for (size_t i = 0; i < r->sources.n; i++) {
		if (r->sources.v[i].kind != DW_SOURCE_HOST)
			continue;
		code = prove(r, &r->sources.v[i], e);
		if (code < 0)
			return code;
	}
	return 0;
}

int dw_rehearsal_copy(struct dw_rehearsal *r, struct dw_error *e)
{
	int code;

	if (r->is_base)
		return 0;
	code = r->detector ? 0 : make_copy(r, e);
	return code < 0 ? code : dw_rehearsal_load(r, NULL, e);
}

/* --- opening ------------------------------------------------------------------------------------ */

static void find_own(struct dw_rehearsal *r)
{
	for (size_t i = 0; i < r->scene->addresses.n; i++) {
		const struct dw_scene_address *a = &r->scene->addresses.v[i];
		const struct dw_scene_link *l = dw_scene_link(r->scene, a->ifindex);
		struct dw_rehearse_own one = { .family = dw_scene_family(a->family),
					       .prefix = a->bits,
					       .ifindex = a->ifindex };

		if (!l)
			continue;
		one.ifname = l->name;
		memcpy(one.address, a->local, sizeof(one.address));
		dw_vec_push(r->arena, &r->own, one);
	}
}

static int read_all(struct dw_rehearsal *r, struct dw_error *e)
{
	int code = dw_ruleset_read(r->sys, r->options.netns, &r->rules, e);

	/* no packet filter in this kernel: nothing is filtered */
	if (code < 0 && !(code == -ENOTSUP && r->rules))
		return code;
	code = dw_scene_read(r->sys, r->arena, r->options.netns, &r->scene, e);
	if (code < 0)
		return code;
	dw_scene_tell_apart(r->scene, r->rules);
	r->is_open = !r->rules->has_hooks && !r->options.change && !dw_scene_bars(r->scene);
	r->met = dw_arena_array(r->arena, r->rules->n_rules + 1, sizeof(*r->met));
	r->hits = dw_arena_array(r->arena, r->rules->n_rules + 1, sizeof(*r->hits));
	r->told = dw_arena_array(r->arena, r->rules->n_rules + 1, sizeof(*r->told));
	r->rules->counts = r->options.count;
	dw_senders_find(r->scene, r->rules, r->options.networks, r->options.n_networks,
			&r->sources);
	find_own(r);
	tell_obstacles(r);
	return 0;
}

int dw_rehearsal_open(struct dw_sys *s, const struct dw_rehearse_options *o,
		      struct dw_rehearsal **ret, struct dw_error *e)
{
	_cleanup_(dw_cleanup_rehearsal) struct dw_rehearsal *r = NULL;
	struct dw_arena *a = dw_arena_new();
	int code;

	r = dw_new(a, struct dw_rehearsal);
	r->sys = s;
	r->arena = a;
	r->options = *o;
	r->next_id = 1;
	if (!dw_sys_is_running(s) || dw_sys_is_fake(s))
		return dw_error_set(
			e, -ENOTSUP,
			"packets are rehearsed on the host itself only: leave --root out");
	code = read_all(r, e);
	if (code == 0 && !r->is_open)
		code = dw_rehearsal_copy(r, e);
	if (code < 0)
		return code;
	*ret = dw_steal_ptr(r);
	return 0;
}

int dw_rehearsal_beside(struct dw_sys *s, const struct dw_netns *ns, struct dw_arena *a,
			struct dw_strings *ret, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	struct dw_scene *scene = NULL;
	int r = dw_scene_read_beside(s, scratch, ns, &scene, e);

	for (size_t i = 0; r == 0 && i < scene->obstacles.n; i++)
		dw_vec_push(a, ret, dw_arena_strdup(a, scene->obstacles.v[i].words));
	if (r == 0 && dw_scene_bars(scene))
		dw_vec_push(a, ret, "rules of policy routing");
	dw_scene_close(scene);
	return r;
}

void dw_rehearsal_free(struct dw_rehearsal *r)
{
	if (!r)
		return;
	dw_detector_free(r->detector);
	dw_scene_close(r->scene);
	dw_ruleset_free(r->rules);
	dw_arena_free(r->arena);
}

bool dw_rehearsal_is_open(const struct dw_rehearsal *r)
{
	return r->is_open;
}

const struct dw_source *dw_rehearsal_sources(const struct dw_rehearsal *r, size_t *ret_n)
{
	*ret_n = r->sources.n;
	return r->sources.v;
}

const struct dw_rehearse_own *dw_rehearsal_addresses(const struct dw_rehearsal *r, size_t *ret_n)
{
	*ret_n = r->own.n;
	return r->own.v;
}

const struct dw_strings *dw_rehearsal_obstacles(const struct dw_rehearsal *r)
{
	return &r->obstacles;
}

int dw_rehearsal_rules(struct dw_rehearsal *r, struct dw_arena *a, struct dw_rehearse_rule **ret,
		       size_t *ret_n, struct dw_error *e)
{
	size_t n = r->rules->n_rules;
	struct dw_rehearse_rule *list = dw_arena_array(a, n + 1, sizeof(*list));
	uint64_t *hits = dw_arena_array(a, n + 1, sizeof(*hits));
	int code;

	memcpy(hits, r->hits, n * sizeof(*hits));
	code = take_hits(r, hits, r->told, e);
	if (code < 0)
		return code;
	for (size_t i = 0; i < n; i++) {
		const struct dw_rule *rule = &r->rules->rules[i];

		list[i] = (struct dw_rehearse_rule){ .words = rule->words,
						     .where = rule->where,
						     .comment = rule->comment,
						     .l4proto = rule->l4proto,
						     .counted = rule->counted,
						     .packets = rule->packets,
						     .tried = hits[i],
						     .told = r->told[i],
						     .met = r->met[i] || hits[i] > 0 };
	}
	*ret = list;
	*ret_n = n;
	return 0;
}
