/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The advice without a policy. Cautious: only what cannot be right or what the knowledge is sure of is more than a
 * question, and nothing that may cut somebody off is closed. The first rule that has an answer decides.
 */
#include "dw_parse.h"
#include "judging.h"

#define EPHEMERAL_FIRST 32768 /* as in identity.c */
#define IP_PROTOCOL_RAW 255   /* IPPROTO_RAW */

static bool is_unseen(struct dw_trial *t)
{
	if (t->door->owners_known || t->door->kind == DW_KIND_SLEEPING)
		return false;
	dw_judge_decide(t, DW_VERDICT_UNKNOWN, DW_REASON_HOLDER_UNKNOWN, NULL, NULL, NULL);
	return true;
}

/* Of several doors that could be meant always the same one, in whatever order they are listed. */
static bool goes_before(const struct dw_trial *a, const struct dw_trial *b)
{
	int r = dw_endpoint_compare(&a->door->at, &b->door->at);

	if (r == 0)
		r = (int)b->verdict - (int)a->verdict;
	return r == 0 ? strcmp(dw_judge_subject(a), dw_judge_subject(b)) < 0 : r < 0;
}

static bool is_open_at(const struct dw_trial *t, const struct dw_door *forward, uint64_t port)
{
	const struct dw_endpoint *at = &t->door->at;

	return t->done && t->far && t->door->kind != DW_KIND_SLEEPING &&
	       t->door->kind != DW_KIND_FORWARDED && at->netns == forward->at.netns &&
	       at->protocol == forward->at.protocol && at->has_port && at->port == port;
}

/* "local:3128": the packet filter hands it to a port of this host (the address that the packet came to). */
static const struct dw_trial *local_target(const struct dw_trial *t)
{
	static const char local[] = "local:";
	const struct dw_court *c = t->court;
	const struct dw_trial *found = NULL;
	uint64_t port;

	if (!t->door->target || !dw_starts_with(t->door->target, local) ||
	    !dw_parse_u64(t->door->target + strlen(local), 10, UINT16_MAX, &port))
		return NULL;
	for (size_t i = 0; i < c->snapshot->n_doors; i++)
		if (is_open_at(&c->trials[i], t->door, port) &&
		    (!found || goes_before(&c->trials[i], found)))
			found = &c->trials[i];
	return found;
}

static bool is_forwarded(struct dw_trial *t)
{
	const struct dw_door *d = t->door;
	struct dw_arena *a = t->court->arena;
	const char *target = d->target ? dw_arena_printf(a, ", to %s", d->target) : NULL;
	const struct dw_trial *other = NULL;

	if (d->kind != DW_KIND_FORWARDED)
		return false;
	other = local_target(t);
	if (d->starter.kind == DW_STARTER_CONTAINER)
		dw_judge_decide(t, DW_VERDICT_ASK, DW_REASON_PUBLISHED, d->starter.id, target,
				NULL);
	else if (other)
		dw_judge_decide(t, other->verdict, DW_REASON_LEADS_TO,
				dw_arena_printf(a, "%s, %s", dw_endpoint_text(a, &other->door->at),
						dw_judge_subject(other)),
				NULL, NULL);
	else
		dw_judge_decide(t, DW_VERDICT_ASK, DW_REASON_LEADS_ELSEWHERE, target,
				d->rule ? dw_arena_printf(a, " (%s)", d->rule) : NULL, NULL);
	return true;
}

static bool is_redirected(struct dw_trial *t)
{
	const struct dw_door *d = t->door;

	if (d->kind != DW_KIND_REDIRECTED)
		return false;
	dw_judge_decide(t, DW_VERDICT_ASK, DW_REASON_REDIRECTED,
			d->rule ? dw_arena_printf(t->court->arena, " (%s)", d->rule) : NULL, NULL,
			NULL);
	return true;
}

static bool needs_it(struct dw_trial *t)
{
	const struct dw_service *s = t->service;
	const struct dw_service_port *p = s ? dw_judge_port_of(s, t->door) : NULL;

	if (!dw_judge_has(s, DW_TRAIT_CLIENT) || t->identity.by == DW_IDENTIFIED_PORT ||
	    t->identity.by == DW_IDENTIFIED_PACKAGE || s->tier == DW_TIER_NEVER || !t->packaged ||
	    (p && p->local && t->far))
		return false;
	dw_judge_decide(t, DW_VERDICT_KEEP, DW_REASON_HOST_NEEDS_IT, s->title,
			dw_judge_clause(t->court->arena, s->loss), NULL);
	return true;
}

/* Of a tool (tcpdump) nobody expects that it stays; a daemon that sniffs has a unit of its own. */
static bool is_expected_sniffer(const struct dw_trial *t)
{
	return dw_judge_has(t->service, DW_TRAIT_SNIFFS) && *t->service->units && t->proper;
}

/* raw(7): a socket of IPPROTO_RAW sends whatever it likes, and receives nothing. */
static const char *raw_does(const struct dw_trial *t)
{
	if (t->door->at.has_port && t->door->at.port == IP_PROTOCOL_RAW)
		return "may send raw packets of any IP protocol";
	if (!t->door->at.has_port)
		return "reads raw IP packets";
	return dw_arena_printf(t->court->arena, "reads raw packets of %s", dw_judge_raw_text(t));
}

static bool is_packets(struct dw_trial *t)
{
	const struct dw_door *d = t->door;
	bool raw = d->kind == DW_KIND_RAW;
	enum dw_reason_id id = raw ? DW_REASON_RAW_SOCKET : DW_REASON_SNIFFER;
	bool known = dw_judge_has(t->service, DW_TRAIT_SNIFFS);
	const char *filter = d->filter ? dw_arena_printf(t->court->arena, ": %s", d->filter) : NULL;
	const char *does = raw ? raw_does(t) : NULL;

	if (!raw && d->kind != DW_KIND_SNIFFER)
		return false;
	if (needs_it(t))
		return true;
	if (!t->packaged || (!t->proper && !d->kernel) || (known && !is_expected_sniffer(t)))
		dw_judge_suspect(t, id, dw_judge_subject(t), filter, does);
	dw_judge_decide(t, DW_VERDICT_ASK, id, dw_judge_subject(t), filter, does);
	return true;
}

/* Nobody installed it, nothing that a person would call a service started it, and a network reaches it. */
static bool is_stray(const struct dw_trial *t)
{
	return t->far && !t->packaged && dw_judge_is_loose(&t->door->starter) &&
	       t->door->kind != DW_KIND_SLEEPING;
}

/* A relay that no service started is how a shell is put on a port. */
static void judge_held_for_others(struct dw_trial *t)
{
	const struct dw_door *d = t->door;
	const char *holder = d->owners[0].comm ? d->owners[0].comm : "a launcher";
	const char *id = NULL;

	if (d->starter.id)
		id = dw_arena_printf(t->court->arena, " (%s)", d->starter.id);
	if (dw_judge_is_loose(&d->starter))
		dw_judge_suspect(t, DW_REASON_HELD_FOR_OTHERS, holder, id, NULL);
	dw_judge_decide(t, DW_VERDICT_ASK, DW_REASON_HELD_FOR_OTHERS, holder, id, NULL);
}

static bool is_unknown(struct dw_trial *t)
{
	if (t->service && t->service->tier != DW_TIER_BACKDOOR)
		return false;
	if (is_stray(t))
		dw_judge_suspect(t, DW_REASON_UNKNOWN_PROGRAM, dw_judge_subject(t),
				 dw_judge_place(t), NULL);
	if (!t->far)
		dw_judge_decide(t, DW_VERDICT_ASK, DW_REASON_LOOPBACK_ONLY, NULL, NULL, NULL);
	else if (t->launched && !t->door->starter.program)
		judge_held_for_others(t);
	else
		dw_judge_decide(t, DW_VERDICT_ASK, DW_REASON_UNKNOWN_PROGRAM, dw_judge_subject(t),
				dw_judge_place(t), NULL);
	return true;
}

/* A known name on a program that no package brought, started by nobody's service: a mask, perhaps. */
static bool is_masked(struct dw_trial *t)
{
	if (!is_stray(t) || !t->door->owners_known)
		return false;
	dw_judge_suspect(t, DW_REASON_NO_PACKAGE,
			 t->door->program ? t->door->program : dw_judge_subject(t), NULL, NULL);
	return false;
}

static bool is_guess(struct dw_trial *t)
{
	if (t->identity.by != DW_IDENTIFIED_PORT)
		return false;
	if (!t->far)
		dw_judge_decide(t, DW_VERDICT_ASK, DW_REASON_LOOPBACK_ONLY, NULL, NULL, NULL);
	else
		dw_judge_decide(t, DW_VERDICT_ASK, DW_REASON_NOT_SURE,
				dw_arena_printf(t->court->arena, "%s (by its port: %s)",
						dw_judge_subject(t), t->service->title),
				dw_judge_use(t),
				dw_judge_clause(t->court->arena, t->service->loss));
	return true;
}

static bool is_loopback(struct dw_trial *t)
{
	/* whoever is on the host becomes root by it */
	unsigned gift = DW_TRAIT_EXECUTES | DW_TRAIT_NO_AUTH | DW_TRAIT_ROOT;
	bool fine = t->proper && t->packaged && t->service->tier != DW_TIER_NEVER &&
		    (t->service->traits & gift) != gift;

	if (t->far)
		return false;
	dw_judge_decide(t, fine ? DW_VERDICT_KEEP : DW_VERDICT_ASK, DW_REASON_LOOPBACK_ONLY, NULL,
			NULL, NULL);
	return true;
}

/* An unconnected UDP socket on a port of the kernel's choice: where a resolver or a logger takes its answers. */
static bool is_asking(struct dw_trial *t)
{
	const struct dw_door *d = t->door;

	if (d->kind != DW_KIND_DATAGRAM || d->at.port < EPHEMERAL_FIRST || !t->proper ||
	    !t->packaged || dw_judge_has(t->service, DW_TRAIT_PORTS) ||
	    dw_judge_port_of(t->service, d) || t->service->tier < DW_TIER_REPLACE)
		return false;
	dw_judge_decide(t, DW_VERDICT_KEEP, DW_REASON_OWN_QUESTIONS, dw_judge_subject(t), NULL,
			NULL);
	return true;
}

static bool by_tier(struct dw_trial *t)
{
	dw_judge_by_tier(t);
	return true;
}

static bool would_harm(enum dw_verdict v)
{
	return v == DW_VERDICT_CLOSE || v == DW_VERDICT_RESTRICT;
}

void dw_judge_spare(struct dw_trial *t)
{
	if (t->verdict != DW_VERDICT_CLOSE)
		return;
	if (t->door->carries_session)
		dw_judge_decide(t, DW_VERDICT_ASK, DW_REASON_CARRIES_YOUR_SESSION, NULL, NULL,
				NULL);
}

void dw_judge_temper(struct dw_trial *t)
{
	const struct dw_door *d = t->door;

	if (t->boxed && would_harm(t->verdict))
		dw_judge_decide(t, DW_VERDICT_ASK, DW_REASON_INSIDE_CONTAINER,
				d->n_owners > 0 && d->owners[0].container ? d->owners[0].container
									  : d->starter.id,
				NULL, NULL);
	dw_judge_spare(t);
}

void dw_judge_advise(struct dw_trial *t)
{
	static bool (*const rules[])(struct dw_trial *) = {
		is_unseen, is_forwarded, is_redirected, is_packets, is_unknown, is_masked,
		needs_it,  is_guess,     is_loopback,   is_asking,  by_tier,
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(rules); i++)
		if (rules[i](t))
			break;
	dw_judge_temper(t);
}
