/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The advice on a known service that a network may reach: one rule for each tier of the knowledge. */
#include "judging.h"

/* "; listen on loopback alone (bind 127.0.0.1 in /etc/redis/redis.conf)" */
static const char *how_to_narrow(const struct dw_trial *t)
{
	/* "dns" has no file to edit: the program that serves it has */
	const struct dw_service_restrict *r = t->service->restricts->how || !t->identity.service
						      ? t->service->restricts
						      : t->identity.service->restricts;
	struct dw_str text = { .arena = t->court->arena };
	const char *setting;

	if (!r->how)
		return NULL;
	/* one of several lines is for `why`, which has the room */
	setting = r->setting ? dw_str_one_line(t->court->arena, r->setting) : NULL;
	dw_str_addf(&text, "; %s", dw_judge_clause(t->court->arena, r->how));
	if (setting && r->file)
		dw_str_addf(&text, " (%s in %s)", setting, r->file);
	else if (setting || r->file)
		dw_str_addf(&text, " (%s)", setting ? setting : r->file);
	return text.s;
}

/* Its own known program, from a package, started as a service is. */
static bool is_sound(const struct dw_trial *t)
{
	return t->proper && t->packaged && t->identity.by != DW_IDENTIFIED_PORT;
}

static void decide_not_sure(struct dw_trial *t)
{
	/* who uses it decides, and nobody does */
	if (is_sound(t) && dw_judge_is_unused(t))
		dw_judge_decide(t, DW_VERDICT_CLOSE, DW_REASON_UNUSED,
				dw_judge_span(t->court->arena, t->door->used->counted), NULL, NULL);
	else
		dw_judge_decide(t, DW_VERDICT_ASK, DW_REASON_NOT_SURE, t->service->title,
				dw_judge_use(t),
				dw_judge_clause(t->court->arena, t->service->loss));
}

static bool serves_role(struct dw_trial *t, enum dw_reach least)
{
	enum dw_reach reach, other;
	const struct dw_role *r = dw_judge_role_for(t->court, t->service, &reach);
	const struct dw_role *own = dw_judge_role_for(t->court, t->identity.service, &other);

	if (!r || other > reach) {
		r = own;
		reach = other;
	}
	if (!r || reach < least || !is_sound(t))
		return false;
	dw_judge_decide(t, DW_VERDICT_KEEP, DW_REASON_SERVES_THE_ROLE,
			dw_judge_clause(t->court->arena, r->title), t->identity.service->title,
			NULL);
	return true;
}

static void judge_never(struct dw_trial *t)
{
	dw_judge_decide(t, DW_VERDICT_CLOSE, DW_REASON_NEVER_ON_A_NETWORK, t->service->title,
			dw_judge_place(t), dw_judge_clause(t->court->arena, t->service->why));
}

/* The networks of the house reach a private address, and nobody else does by that address. */
static bool is_within_house(const struct dw_trial *t)
{
	return dw_judge_is_private(&t->door->at);
}

/* A helper of what some kind of host offers, on a host that is none of that kind. */
static bool is_without_purpose(const struct dw_trial *t)
{
	enum dw_reach reach;

	return dw_judge_has(t->service, DW_TRAIT_HELPER) &&
	       dw_judge_any_role_for(t->court, t->service) &&
	       !dw_judge_role_for(t->court, t->service, &reach);
}

static void judge_lan(struct dw_trial *t)
{
	const char *title = t->service->title;

	if (is_without_purpose(t))
		dw_judge_decide(t, DW_VERDICT_CLOSE, DW_REASON_NO_ROLE_NEEDS_IT, title,
				dw_judge_clause(t->court->arena, t->service->loss), NULL);
	else if (!is_within_house(t))
		dw_judge_decide(t, DW_VERDICT_RESTRICT, DW_REASON_MEANT_FOR_LAN, title,
				dw_judge_place(t), how_to_narrow(t));
	else if (!serves_role(t, DW_REACH_LAN))
		decide_not_sure(t);
}

static void judge_local(struct dw_trial *t)
{
	if (dw_endpoint_bound(&t->door->at) == DW_BOUND_UNKNOWN)
		decide_not_sure(t);
	else if (t->service->reach == DW_REACH_LAN || t->service->reach == DW_REACH_WORLD)
		judge_lan(t);
	else
		dw_judge_decide(t, DW_VERDICT_RESTRICT, DW_REASON_MEANT_FOR_LOOPBACK,
				t->service->title, dw_judge_place(t), how_to_narrow(t));
}

static void judge_replace(struct dw_trial *t)
{
	const struct dw_service *s = t->service;
	struct dw_arena *a = t->court->arena;

	dw_judge_decide(t, DW_VERDICT_RESTRICT, DW_REASON_REPLACE, s->title,
			s->instead ? dw_arena_printf(a, " (%s)", s->instead) : NULL,
			dw_judge_clause(a, s->why));
}

static void judge_careful(struct dw_trial *t)
{
	if (!serves_role(t, is_within_house(t) ? DW_REACH_LAN : DW_REACH_WORLD))
		decide_not_sure(t);
}

static void judge_ordinary(struct dw_trial *t)
{
	bool clear = dw_judge_has(t->service, DW_TRAIT_CLEARTEXT);

	if (serves_role(t, DW_REACH_LOOPBACK))
		return;
	if (dw_judge_has(t->service, DW_TRAIT_LOGIN) && !clear && is_sound(t))
		dw_judge_decide(t, DW_VERDICT_KEEP, DW_REASON_MADE_FOR_NETWORKS, t->service->title,
				NULL, NULL);
	else
		decide_not_sure(t);
}

/* What is bound too wide, but is fenced in, harms nobody for now. */
static void heed_filter(struct dw_trial *t)
{
	for (size_t i = 0; t->verdict == DW_VERDICT_RESTRICT && i < t->said.n; i++) {
		const struct dw_said *s = &t->said.v[i];
		bool host = s->id == DW_REASON_MEANT_FOR_LOOPBACK;

		if (!s->decides || (!host && s->id != DW_REASON_MEANT_FOR_LAN))
			continue;
		if (dw_judge_is_fenced(t, host))
			dw_judge_decide(t, DW_VERDICT_KEEP, DW_REASON_BEHIND_THE_FILTER,
					dw_judge_let_in(t), dw_judge_filter_rule(t), NULL);
		return;
	}
}

void dw_judge_by_tier(struct dw_trial *t)
{
	static void (*const rules[DW_TIER_COUNT])(struct dw_trial *) = {
		[DW_TIER_UNKNOWN] = decide_not_sure, [DW_TIER_BACKDOOR] = decide_not_sure,
		[DW_TIER_NEVER] = judge_never,       [DW_TIER_LOCAL] = judge_local,
		[DW_TIER_REPLACE] = judge_replace,   [DW_TIER_CAREFUL] = judge_careful,
		[DW_TIER_ORDINARY] = judge_ordinary,
	};
	const struct dw_service_port *port = dw_judge_port_of(t->service, t->door);

	if (port && port->local && dw_endpoint_bound(&t->door->at) != DW_BOUND_UNKNOWN &&
	    t->service->tier != DW_TIER_NEVER)
		dw_judge_decide(t, DW_VERDICT_RESTRICT, DW_REASON_MEANT_FOR_LOOPBACK,
				t->service->title, dw_judge_place(t), how_to_narrow(t));
	else if (t->service->tier < DW_TIER_COUNT)
		rules[t->service->tier](t);
	heed_filter(t);
}
