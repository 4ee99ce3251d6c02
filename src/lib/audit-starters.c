/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "audit-private.h"
#include "dw_str.h"

/* Workers that were forked from one another share answer and socket: remember the last one's. */
static bool same_question(const struct auditing *a, const struct dw_hold_fact *h,
			  const struct dw_hold_fact *last)
{
	return last && last->process == h->process &&
	       dw_endpoint_compare(&a->facts->sockets.v[h->socket].at,
				   &a->facts->sockets.v[last->socket].at) == 0;
}

static void claim_holds(struct auditing *a, struct dw_starters_set *set)
{
	const struct dw_hold_fact *last = NULL;

	for (size_t i = 0; i < a->facts->holds.n; i++) {
		struct dw_hold_fact *h = &a->facts->holds.v[i];
		const struct dw_socket_fact *socket = &a->facts->sockets.v[h->socket];
		const struct dw_owner *owner = &a->facts->processes.v[h->process];
		struct dw_claim c = {
			.process = dw_procs_get(a->procs, owner->pid),
			.at = &socket->at,
			.listening = socket->kind == DW_KIND_LISTENER,
			.fd = -1,
			.container = owner->container,
		};

		if (same_question(a, h, last)) {
			h->starter = last->starter;
		} else if (c.process && c.process->started_ticks == owner->started_ticks) {
			dw_starters_claim(set, &c, &h->starter);
		}
		last = h;
	}
}

/* Before the claims: what a process in a container runs is no file of ours. */
static void name_containers(struct auditing *a, struct dw_starters *s)
{
	for (size_t i = 0; i < a->facts->processes.n; i++) {
		struct dw_owner *o = &a->facts->processes.v[i];
		const struct dw_procinfo *p = dw_procs_get(a->procs, o->pid);

		if (p && p->started_ticks == o->started_ticks)
			o->container = dw_container_of(s, p);
	}
}

static void claim_redirects(struct auditing *a, struct dw_starters *s)
{
	for (size_t i = 0; i < a->facts->redirects.n; i++) {
		struct dw_redirect_fact *r = &a->facts->redirects.v[i];

		if (!dw_container_claim_redirect(s, r, &r->starter))
			(void)dw_rules_claim_redirect(s, r, &r->starter);
	}
}

void dw_audit_claim(struct auditing *a, struct dw_starters *s, struct dw_starters_set *set)
{
	name_containers(a, s);
	claim_holds(a, set);
}

void dw_audit_starters_begin(struct auditing *a, const char *init)
{
	a->starters = (struct dw_starters){
		.sys = a->sys,
		.procs = a->procs,
		.facts = a->facts,
		.arena = a->facts->arena,
		.init = init,
	};
	a->managers = dw_starters_begin(&a->starters);
}

void dw_audit_starters(struct auditing *a)
{
	struct dw_starters *s = &a->starters;

	dw_starters_finish(a->managers);
	if (a->procs) {
		dw_audit_claim(a, s, a->managers);
		claim_redirects(a, s);
		dw_starters_session(s);
	}
	dw_starters_list(a->managers);
	dw_starters_unload(a->managers);
}

/* PID 1 by what it is; only systemd has /run/systemd/system (sd_booted(3)). */
const char *dw_audit_init(struct auditing *a)
{
	const struct dw_procinfo *one;
	const char *base;

	if (!a->procs)
		return NULL;
	if (dw_sys_file_exists(a->sys, "/run/systemd/system"))
		return "systemd";
	one = dw_procs_get(a->procs, 1);
	if (!one)
		return NULL;
	base = one->exe ? dw_basename(one->exe) : one->comm;
	if (dw_streq(base, "systemd") || dw_streq(base, "runit") || dw_streq(base, "openrc-init"))
		return dw_arena_strdup(a->facts->arena, base);
	/* sysvinit's is /sbin/init; a container's PID 1 may be anything */
	return dw_streq(base, "init") ? "sysvinit" : NULL;
}
