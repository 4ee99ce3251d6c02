/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the door itself, its starter and its users tell. */
#include "judging.h"

static void judge_views(struct dw_trial *t)
{
	const struct dw_door *d = t->door;

	if (d->hidden)
		dw_judge_suspect(
			t, DW_REASON_HIDDEN,
			d->seen_by ? dw_arena_printf(t->court->arena, " (only %s)", d->seen_by)
				   : NULL,
			NULL, NULL);
	if (d->kind == DW_KIND_SNIFFER && d->filter && !t->packaged)
		dw_judge_suspect(t, DW_REASON_SNIFFER_WITH_FILTER, d->filter, NULL, NULL);
	if ((d->at.protocol == DW_PROTOCOL_VSOCK || d->at.protocol == DW_PROTOCOL_BLUETOOTH) &&
	    !t->packaged && !t->service)
		dw_judge_suspect(t, DW_REASON_BESIDE_THE_NETWORK, dw_judge_subject(t), NULL, NULL);
}

static const char *also_of(const struct dw_trial *t)
{
	const struct dw_starter *s = &t->door->starter;

	return s->id ? dw_arena_printf(t->court->arena, " (%s%s%s)", s->id, s->also ? ", " : "",
				       s->also ? s->also : "")
		     : NULL;
}

static bool has_starter_to_find(const struct dw_door *d)
{
	return d->owners_known && !d->kernel && d->kind != DW_KIND_FORWARDED &&
	       d->kind != DW_KIND_REDIRECTED;
}

static void judge_starter(struct dw_trial *t)
{
	const struct dw_starter *s = &t->door->starter;

	if (s->kind == DW_STARTER_MANUAL)
		dw_judge_remark(t, DW_REASON_STARTED_BY_HAND, also_of(t), NULL, NULL);
	else if (s->kind == DW_STARTER_CRON)
		dw_judge_remark(t, DW_REASON_STARTED_BY_CRON, also_of(t), NULL, NULL);
	else if (s->kind == DW_STARTER_AT)
		dw_judge_remark(t, DW_REASON_STARTED_BY_AT, NULL, NULL, NULL);
	else if (s->kind == DW_STARTER_UNKNOWN && has_starter_to_find(t->door))
		dw_judge_remark(t, DW_REASON_STARTER_UNKNOWN, NULL, NULL, NULL);
	if (t->door->kind == DW_KIND_SLEEPING)
		dw_judge_remark(t, DW_REASON_SLEEPING,
				s->id ? s->id : dw_starter_kind_name(s->kind),
				s->enabled == DW_YES ? " at the next boot" : NULL, NULL);
	else if (s->kind == DW_STARTER_MANUAL || s->kind == DW_STARTER_AT || s->enabled == DW_NO)
		dw_judge_remark(t, DW_REASON_DIES_AT_REBOOT, NULL, NULL, NULL);
}

/* "23/tcp is the port", "IP protocol 58 (icmpv6) is that" */
static const char *number_is(const struct dw_trial *t, const char *port, const char *protocol)
{
	bool raw = t->door->at.protocol == DW_PROTOCOL_RAW;

	return dw_arena_printf(t->court->arena, "%s is %s",
			       raw ? dw_judge_raw_text(t) : dw_judge_port_text(t),
			       raw ? protocol : port);
}

/*
 * Ports above the system's are taken as one likes: there it takes a program that nobody installed, too. A protocol of
 * the IP header (a raw socket's) belongs to no service alone, and every reader gets a copy (raw(7)).
 */
static void judge_wrong_program(struct dw_trial *t)
{
	const struct dw_door *d = t->door;
	bool raw = d->at.protocol == DW_PROTOCOL_RAW;
	bool odd = t->far && !raw && (d->at.port < 1024 || dw_judge_is_loose(&d->starter));
	void (*say)(struct dw_trial *, enum dw_reason_id, const char *, const char *,
		    const char *) = odd ? dw_judge_suspect : dw_judge_remark;

	say(t, DW_REASON_WRONG_PROGRAM, number_is(t, "the port", "that"),
	    t->identity.instead_of->title, dw_judge_subject(t));
}

static void judge_port(struct dw_trial *t)
{
	const struct dw_identity *i = &t->identity;
	const struct dw_service *at_port = i->by == DW_IDENTIFIED_PORT ? i->service : i->instead_of;
	struct dw_arena *a = t->court->arena;

	if (at_port && at_port->tier == DW_TIER_BACKDOOR)
		dw_judge_remark(t, DW_REASON_BACKDOOR_PORT, dw_judge_port_text(t), at_port->title,
				NULL);
	if (i->odd_port && i->service)
		dw_judge_remark(t, DW_REASON_ODD_PORT,
				number_is(t, "not the usual port", "not the usual one"),
				i->service->title,
				i->instead_of ? dw_arena_printf(a, "; it is that of %s",
								i->instead_of->title)
					      : NULL);
	if (!i->service && i->instead_of)
		judge_wrong_program(t);
}

/* What was counted while somebody watched; nothing is said of any other time. */
static void judge_usage(struct dw_trial *t)
{
	const struct dw_used *u = t->door->used;
	uint64_t now = t->court->snapshot->time;
	struct dw_arena *a = t->court->arena;

	if (!u)
		return;
	if (u->last && now < u->last + DW_JUDGE_LATELY)
		dw_judge_remark(t, DW_REASON_USED_LATELY,
				dw_judge_span(a, now > u->last ? now - u->last : 0),
				u->peer ? dw_arena_printf(a, " by %s", u->peer) : NULL,
				dw_judge_span(a, u->counted));
	else if (!u->last && u->counted >= DW_JUDGE_WORTH_TELLING)
		dw_judge_remark(t, DW_REASON_UNUSED, dw_judge_span(a, u->counted), NULL, NULL);
}

const char *dw_judge_span(struct dw_arena *a, uint64_t seconds)
{
	static const struct {
		uint64_t seconds;
		const char *name;
	} units[] = { { 86400, "days" }, { 3600, "hours" }, { 60, "minutes" } };

	for (size_t i = 0; i < DW_ARRAY_SIZE(units); i++)
		if (seconds / units[i].seconds >= 2)
			return dw_arena_printf(a, "%llu %s",
					       (unsigned long long)(seconds / units[i].seconds),
					       units[i].name);
	return "a minute";
}

bool dw_judge_is_unused(const struct dw_trial *t)
{
	const struct dw_used *u = t->door->used;

	return u && !u->last && u->counted >= DW_JUDGE_UNUSED && t->door->connections == 0;
}

void dw_judge_facts(struct dw_trial *t)
{
	const struct dw_door *d = t->door;

	judge_views(t);
	judge_starter(t);
	judge_port(t);
	if (!t->far)
		dw_judge_remark(t, DW_REASON_LOOPBACK_ONLY, NULL, NULL, NULL);
	if (t->far && d->filtered && d->filtered->kind != DW_FILTERED_ANYONE && dw_judge_let_in(t))
		dw_judge_remark(t, DW_REASON_BEHIND_THE_FILTER, dw_judge_let_in(t),
				dw_judge_filter_rule(t), NULL);
	if (d->peers_known && d->connections > 0)
		dw_judge_remark(t, DW_REASON_IN_USE, dw_judge_use(t), NULL, NULL);
	judge_usage(t);
	if (d->carries_session)
		dw_judge_remark(t, DW_REASON_CARRIES_YOUR_SESSION, NULL, NULL, NULL);
	if (t->last_way_in)
		dw_judge_remark(t, DW_REASON_LAST_WAY_IN, dw_judge_subject(t), NULL, NULL);
}
