/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What statements keep, in their order. The first that names a port decides about it: what an earlier one named (or
 * closed) no later one lets in, but for doors that are there and that the later one decides about.
 */
#include <arpa/inet.h>
#include <string.h>

#include "dw_policy_match.h"
#include "dw_policy_write.h"
#include "dw_str.h"
#include "fence-want.h"

/* A statement, and where it stands among all (from 1). */
struct naming {
	struct wanting *w;
	const struct dw_statement *s;
	uint32_t number;
};

static bool is_free(const struct naming *n, enum dw_protocol protocol, uint32_t port)
{
	const uint32_t *owner = n->w->owner[protocol];
	const bool *named = n->w->named[protocol];

	if (named && named[port])
		return false;
	return !owner || owner[port] == WANT_NOBODY || owner[port] == n->number;
}

static bool is_address(const char *text)
{
	uint8_t bytes[16];

	return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

static void add_run(struct naming *n, enum dw_protocol protocol, uint32_t first, uint32_t last,
		    const char *comment)
{
	const struct dw_statement *s = n->s;
	bool address = s->on && is_address(s->on);

	want_let_in(n->w, &((struct dw_fence_allow){
				  .protocol = protocol,
				  .first = (uint16_t)first,
				  .last = (uint16_t)last,
				  .from = s->from_any ? NULL : s->from,
				  .n_from = s->from_any ? 0 : s->n_from,
				  .on_address = address ? s->on : NULL,
				  .on_interface = s->on && !address ? s->on : NULL,
				  .comment = comment,
			  }));
}

/* The ports of the range that are this statement's, whether something is there now or not. */
static void add_range(struct naming *n, enum dw_protocol protocol, uint32_t first, uint32_t last,
		      const char *comment)
{
	for (uint32_t p = first, begin; p <= last; p++) {
		if (!is_free(n, protocol, p))
			continue;
		for (begin = p; p < last && is_free(n, protocol, p + 1); p++)
			;
		add_run(n, protocol, begin, p, comment);
	}
}

static void name_range(struct wanting *w, enum dw_protocol protocol, uint32_t first, uint32_t last)
{
	if (!w->named[protocol])
		w->named[protocol] = dw_arena_array(w->a, WANT_PORTS, sizeof(bool));
	for (uint32_t p = first; p <= last; p++)
		w->named[protocol][p] = true;
}

/* Calls for each range of ports that a WHAT stands for by itself. False: for none, it names doors in another way. */
static bool each_range(const struct dw_what *what, void *data,
		       void (*call)(void *data, enum dw_protocol protocol, uint16_t first,
				    uint16_t last))
{
	if (what->kind == DW_WHAT_PORT) {
		if (what->protocol != DW_PROTOCOL_UNKNOWN) {
			call(data, what->protocol, what->first, what->last);
			return true;
		}
		call(data, DW_PROTOCOL_TCP, what->first, what->last);
		call(data, DW_PROTOCOL_UDP, what->first, what->last);
		return true;
	}
	if (what->kind != DW_WHAT_SERVICE)
		return false;
	for (const struct dw_service_port *p = what->service->ports;
	     p->protocol || p->first || p->last; p++)
		if (!p->local)
			call(data, p->protocol, p->first, p->last);
	return true;
}

struct adding {
	struct naming *n;
	const struct dw_what *what;
	bool any;
};

static const char *ports_text(struct dw_arena *a, enum dw_protocol protocol, uint16_t first,
			      uint16_t last)
{
	return first == last
		       ? dw_arena_printf(a, "%u/%s", first, dw_protocol_name(protocol))
		       : dw_arena_printf(a, "%u-%u/%s", first, last, dw_protocol_name(protocol));
}

static void add_named(void *data, enum dw_protocol protocol, uint16_t first, uint16_t last)
{
	struct adding *x = data;
	struct wanting *w = x->n->w;
	const char *subject = x->what->kind == DW_WHAT_SERVICE
				      ? x->what->service->name
				      : ports_text(w->a, protocol, first, last);
	const char *comment = want_comment(w, subject, x->n->s);

	x->any = true;
	if (protocol == DW_PROTOCOL_VSOCK || protocol == DW_PROTOCOL_BLUETOOTH) {
		want_remark(w, "%s: %s does not go through the packet filter", comment,
			    dw_protocol_name(protocol));
		return;
	}
	if (protocol != DW_PROTOCOL_RAW) {
		add_range(x->n, protocol, first, last, comment);
		return;
	}
	for (uint32_t p = first; p <= last && p < 255; p++)
		if (is_free(x->n, protocol, p))
			add_run(x->n, protocol, p, p, comment);
}

static void mark_named(void *data, enum dw_protocol protocol, uint16_t first, uint16_t last)
{
	name_range(data, protocol, first, last);
}

/* --- doors that are there ---------------------------------------------------------------------------- */

static const char *subject_of(struct dw_arena *a, const struct dw_finding *f)
{
	const struct dw_endpoint *at = &f->door->at;
	const char *name = want_name(f);

	return name ? name : dw_arena_printf(a, "%u/%s", at->port, dw_protocol_name(at->protocol));
}

/* A port that the statement names as such is let in as a whole; the door adds nothing to that. */
static bool is_covered(const struct naming *n, const struct dw_what *what, const struct dw_door *d)
{
	if (what->kind != DW_WHAT_PORT || d->kind == DW_KIND_FORWARDED)
		return false;
	return is_free(n, d->at.protocol, d->at.port);
}

/* How many doors the WHAT names among those of the statement. */
static size_t add_doors(struct naming *n, const struct dw_what *what)
{
	struct wanting *w = n->w;
	size_t count = 0;

	for (size_t i = w->first[n->number - 1]; i; i = w->next[i - 1]) {
		const struct dw_finding *f = &w->in->findings->v[i - 1];
		struct dw_fence_allow allow;

		if (!dw_what_names(what, f->door, f->identity.service))
			continue;
		count++;
		if (w->let_in[i - 1] ||
		    !want_of_door(w, f, n->s, want_comment(w, subject_of(w->a, f), n->s), &allow))
			continue;
		w->let_in[i - 1] = true;
		if (!is_covered(n, what, f->door) && !want_is_dhcp(f))
			want_let_in(w, &allow);
	}
	return count;
}

/*
 * Services that are not there: a statement that names one means it, while a role names all that such a host may
 * have; and a client waits for answers alone.
 */
static bool is_awaited(const struct naming *n, const struct dw_what *what, size_t doors)
{
	if (what->kind == DW_WHAT_PORT)
		return true;
	return what->kind == DW_WHAT_SERVICE && doors == 0 && !n->s->role &&
	       !(what->service->traits & DW_TRAIT_CLIENT);
}

static void add_what(struct naming *n, const struct dw_what *what)
{
	struct adding adding = { .n = n, .what = what };
	const char *place = want_place(n->w->a, n->s->file, n->s->line);
	size_t doors = add_doors(n, what);

	if (is_awaited(n, what, doors))
		(void)each_range(what, &adding, add_named);
	if (doors > 0 || adding.any)
		return;
	if (n->s->role)
		want_remark(n->w,
			    "role %s (%s): of what it may offer, only what is there now is let in",
			    n->s->role, place);
	else
		want_remark(
			n->w,
			"keep %s (%s): nothing of it is open now, and which ports it would have "
			"is not known: none is let in",
			what->kind == DW_WHAT_SERVICE ? what->service->name : what->text, place);
}

static void remark_conditions(struct wanting *w, const struct dw_statement *s)
{
	const char *place = want_place(w->a, s->file, s->line);

	if (s->program || s->user)
		want_remark(w,
			    "%s: a packet filter does not know who holds a port: the condition "
			    "\"%s %s\" is for doorward audit to watch",
			    place, s->program ? "program" : "user",
			    s->program ? s->program : s->user);
	if (s->expires)
		want_remark(w,
			    "%s counts until %s; the rules do not end by themselves: make them "
			    "anew then",
			    place, dw_policy_date(w->a, s->expires));
}

static bool is_expired(const struct wanting *w, const struct dw_statement *s)
{
	return s->expires && w->in->snapshot->time >= s->expires;
}

static void add_statement(struct naming *n)
{
	const struct dw_statement *s = n->s;

	if (s->action == DW_POLICY_KEEP && !s->on_loopback) {
		for (size_t i = 0; i < s->n_what; i++)
			add_what(n, &s->what[i]);
		remark_conditions(n->w, s);
	}
	for (size_t i = 0; i < s->n_what; i++)
		(void)each_range(&s->what[i], n->w, mark_named);
}

void want_add_statements(struct wanting *w)
{
	const struct dw_policy *p = w->in->policy;

	for (size_t i = 0; i < p->n_statements; i++) {
		struct naming n = { .w = w, .s = &p->statements[i], .number = (uint32_t)i + 1 };

		if (!is_expired(w, n.s))
			add_statement(&n);
	}
}

/* --- allow out, redirects ------------------------------------------------------------------------------ */

struct leaving {
	struct wanting *w;
	const struct dw_statement *s;
	const struct dw_what *what;
};

static void add_out(void *data, enum dw_protocol protocol, uint16_t first, uint16_t last)
{
	const struct leaving *l = data;
	const char *subject = l->what->kind == DW_WHAT_SERVICE
				      ? l->what->service->name
				      : ports_text(l->w->a, protocol, first, last);

	dw_vec_push(l->w->a, &l->w->out,
		    ((struct dw_fence_allow){ .protocol = protocol,
					      .first = first,
					      .last = last,
					      .from = l->s->from_any ? NULL : l->s->from,
					      .n_from = l->s->from_any ? 0 : l->s->n_from,
					      .comment = want_comment(l->w, subject, l->s) }));
}

static bool asks_for_names(const struct wanting *w)
{
	for (size_t i = 0; i < w->out.n; i++)
		if (w->out.v[i].first <= 53 && w->out.v[i].last >= 53)
			return true;
	return false;
}

static void add_redirects(struct wanting *w)
{
	const struct dw_policy *p = w->in->policy;
	struct dw_fence_redirect *v = dw_arena_array(w->a, p->n_redirects, sizeof(*v));

	for (size_t i = 0; i < p->n_redirects; i++) {
		const struct dw_policy_redirect *r = &p->redirects[i];
		const char *place = want_place(w->a, r->file, r->line);

		v[i] = (struct dw_fence_redirect){
			.protocol = r->protocol,
			.from = r->from,
			.to = r->to,
			.comment = r->because ? dw_arena_printf(w->a, "%s (%s)", r->because, place)
					      : place,
		};
	}
	w->want->redirects = v;
	w->want->n_redirects = p->n_redirects;
}

static void remark_redirects(struct wanting *w)
{
	for (size_t i = 0; i < w->want->n_redirects; i++) {
		const struct dw_fence_redirect *r = &w->want->redirects[i];
		bool any = false;

		for (size_t k = 0; k < w->allow.n; k++)
			any |= w->allow.v[k].protocol == r->protocol &&
			       w->allow.v[k].first <= r->from && r->from <= w->allow.v[k].last;
		if (!any)
			want_remark(w,
				    "redirect %u to %u: no statement keeps %u/%s, so nobody gets "
				    "there by it",
				    r->from, r->to, r->from, dw_protocol_name(r->protocol));
	}
}

void want_add_rest(struct wanting *w)
{
	static const enum dw_fence_egress egress[DW_POLICY_EGRESS_COUNT] = {
		[DW_POLICY_EGRESS_LOG] = DW_EGRESS_LOG,
		[DW_POLICY_EGRESS_DENY] = DW_EGRESS_DENY,
	};
	const struct dw_policy *p = w->in->policy;

	w->want->log_denied = p->log_denied;
	w->want->egress = egress[p->egress];
	for (size_t i = 0; i < p->n_out; i++) {
		struct leaving l = { .w = w, .s = &p->out[i] };

		if (is_expired(w, l.s))
			continue;
		for (size_t k = 0; k < l.s->n_what; k++) {
			l.what = &l.s->what[k];
			(void)each_range(l.what, &l, add_out);
		}
		remark_conditions(w, l.s);
	}
	add_redirects(w);
	remark_redirects(w);
	if (w->want->egress == DW_EGRESS_DENY && !asks_for_names(w))
		want_remark(w,
			    "egress deny, and no \"allow out\" for port 53: this host will not be "
			    "able to look up names");
	if (w->want->egress == DW_EGRESS_OPEN && p->n_out > 0)
		want_remark(w, "\"allow out\" says nothing as long as egress is open");
}
