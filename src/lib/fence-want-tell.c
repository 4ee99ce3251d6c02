/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Doors without a statement, doors that the rules shut, and ports that do not stay where they are. */
#include <netinet/in.h>
#include <string.h>

#include "dw_str.h"
#include "fence-want.h"

/* Needs no rule: what it waits for are answers, which connection tracking knows. */
static bool only_asks(const struct dw_finding *f)
{
	static const char *const ids[] = { "host-needs-it", "own-questions" };

	if (f->verdict != DW_VERDICT_KEEP || f->statement)
		return false;
	for (size_t i = 0; i < DW_ARRAY_SIZE(ids); i++)
		if (f->n_reasons && dw_streq(f->reasons[0].id, ids[i]))
			return true;
	return false;
}

/* The kernel's own answer to pings and errors passes in any case. */
static bool is_icmp(const struct dw_door *d)
{
	return d->at.protocol == DW_PROTOCOL_RAW &&
	       (d->at.port == IPPROTO_ICMP || d->at.port == IPPROTO_ICMPV6 ||
		d->at.port == IPPROTO_IGMP);
}

/* A verdict of keep without a statement: it serves the role, or is made for networks. */
static void let_advised_in(struct wanting *w, size_t i)
{
	const struct dw_finding *f = &w->in->findings->v[i];
	struct dw_fence_allow allow;
	const char *text = want_door_text(w->a, f);

	if (f->statement || f->verdict != DW_VERDICT_KEEP || only_asks(f) || is_icmp(f->door) ||
	    !want_of_door(w, f, NULL,
			  dw_arena_printf(w->a, "%s: advice, no statement names it", text), &allow))
		return;
	w->let_in[i] = true;
	want_let_in(w, &allow);
	want_remark(w,
		    "%s: no statement names it; it is let in from everywhere because doorward's "
		    "verdict is keep",
		    text);
}

static const char *why_cut(struct wanting *w, const struct dw_finding *f)
{
	const struct dw_statement *s = f->statement;
	const char *place = s ? want_place(w->a, s->file, s->line) : NULL;

	if (!s)
		return dw_arena_printf(w->a, "no statement keeps it (verdict: %s)",
				       dw_verdict_name(f->verdict));
	if (s->action == DW_POLICY_CLOSE)
		return dw_arena_printf(w->a, "%s closes it", place);
	if (s->on_loopback)
		return dw_arena_printf(w->a, "%s keeps it on loopback alone", place);
	if (f->door->at.protocol == DW_PROTOCOL_RAW && f->door->at.port == IPPROTO_RAW)
		return dw_arena_printf(w->a,
				       "%s keeps it, but it takes every IP protocol: name those "
				       "that it needs, as NUMBER/raw",
				       place);
	return dw_arena_printf(w->a, "%s keeps it on %s alone", place, s->on ? s->on : "something");
}

static bool is_open_now(const struct dw_door *d)
{
	return want_is_filtered(d) && !want_is_loopback(d) && d->kind != DW_KIND_SLEEPING &&
	       !is_icmp(d);
}

/* own: the door of the session of whoever asks. */
static void tell_cut(struct wanting *w, bool own)
{
	const struct dw_findings *all = w->in->findings;

	for (size_t i = 0; i < all->n; i++) {
		const struct dw_finding *f = &all->v[i];

		if (w->let_in[i] || f->door->carries_session != own || !is_open_now(f->door) ||
		    only_asks(f))
			continue;
		dw_vec_push(w->a, &w->said->cut,
			    dw_arena_printf(w->a, "%s%s: %s", want_door_text(w->a, f),
					    own ? ", by which your own session comes in" : "",
					    why_cut(w, f)));
	}
}

static bool is_standard(const struct dw_service *s, const struct dw_door *d)
{
	for (const struct dw_service_port *p = s->ports; p->protocol || p->first || p->last; p++)
		if (p->protocol == d->at.protocol && p->first <= d->at.port &&
		    d->at.port <= p->last)
			return true;
	return false;
}

static bool lets_esp_in(const struct wanting *w)
{
	for (size_t i = 0; i < w->allow.n; i++)
		if (w->allow.v[i].protocol == DW_PROTOCOL_RAW && w->allow.v[i].first == IPPROTO_ESP)
			return true;
	return false;
}

/* Ports given by chance, and services that need more than their port. */
static void remark_unstable(struct wanting *w, const struct dw_finding *f)
{
	const struct dw_service *s = f->identity.service;

	if (!s)
		return;
	if (s->traits & DW_TRAIT_PORTS && !is_standard(s, f->door) &&
	    f->door->at.protocol != DW_PROTOCOL_RAW)
		want_remark(w,
			    "%s: takes another port at each start, and the rules are of the one "
			    "that it has now: give it a fixed one",
			    want_door_text(w->a, f));
	if (f->door->at.protocol == DW_PROTOCOL_TCP && f->door->at.port == 21)
		want_remark(w,
			    "%s: the data of passive FTP goes to other ports: set a range of them "
			    "in the server, and keep it",
			    want_door_text(w->a, f));
	if (f->door->at.protocol == DW_PROTOCOL_UDP && f->door->at.port == 500 && !lets_esp_in(w))
		want_remark(w, "%s: IPsec without NAT needs \"keep 50/raw\" (ESP) too",
			    want_door_text(w->a, f));
}

void want_tell_doors(struct wanting *w)
{
	const struct dw_findings *all = w->in->findings;

	for (size_t i = 0; i < all->n; i++) {
		const struct dw_finding *f = &all->v[i];

		if (!w->let_in[i])
			let_advised_in(w, i);
		if (!w->let_in[i])
			continue;
		remark_unstable(w, f);
		if (f->verdict == DW_VERDICT_INVESTIGATE)
			want_remark(w,
				    "%s: is let in as the policy says, though the audit says "
				    "investigate: see doorward why %u/%s",
				    want_door_text(w->a, f), f->door->at.port,
				    dw_protocol_name(f->door->at.protocol));
	}
	tell_cut(w, true);
	tell_cut(w, false);
}
