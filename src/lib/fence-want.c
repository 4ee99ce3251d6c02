/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The want as a whole, and the pieces that its parts share. */
#include "fence-want.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <string.h>

#include "dw_policy_file.h"
#include "dw_str.h"

void want_remark(struct wanting *w, const char *fmt, ...)
{
	const char *text;
	va_list ap;

	va_start(ap, fmt);
	text = dw_arena_vprintf(w->a, fmt, ap);
	va_end(ap);
	if (!dw_strings_has(&w->said->remarks, text))
		dw_vec_push(w->a, &w->said->remarks, text);
}

bool want_is_filtered(const struct dw_door *d)
{
	switch (d->at.protocol) {
	case DW_PROTOCOL_TCP:
	case DW_PROTOCOL_UDP:
	case DW_PROTOCOL_UDPLITE:
	case DW_PROTOCOL_SCTP:
	case DW_PROTOCOL_DCCP:
	case DW_PROTOCOL_RAW:
		return dw_streq0(d->netns, "host") && d->at.has_port && d->at.port < WANT_PORTS;
	case DW_PROTOCOL_UNKNOWN:
	case DW_PROTOCOL_PACKET: /* sees packets before the filter does */
	case DW_PROTOCOL_VSOCK:
	case DW_PROTOCOL_BLUETOOTH:
	case DW_PROTOCOL_COUNT:
		break;
	}
	return false;
}

bool want_is_loopback(const struct dw_door *d)
{
	return dw_endpoint_bound(&d->at) == DW_BOUND_LOOPBACK ||
	       (d->at.ifname && dw_streq(d->at.ifname, "lo"));
}

const char *want_place(struct dw_arena *a, const char *file, unsigned line)
{
	const char *name = file ? file : "policy";

	if (dw_starts_with(name, DW_POLICY_DIRECTORY "/"))
		name += strlen(DW_POLICY_DIRECTORY "/");
	return dw_arena_printf(a, "%s:%u", name, line);
}

const char *want_name(const struct dw_finding *f)
{
	const struct dw_door *d = f->door;

	if (f->identity.service && f->identity.by != DW_IDENTIFIED_PORT)
		return f->identity.service->name;
	if (d->program)
		return dw_basename(d->program);
	if (d->kernel)
		return d->kernel;
	return d->starter.kind == DW_STARTER_CONTAINER ? d->starter.id : NULL;
}

bool want_is_dhcp(const struct dw_finding *f)
{
	const struct dw_endpoint *at = &f->door->at;

	return f->identity.service && f->identity.service->traits & DW_TRAIT_CLIENT &&
	       at->protocol == DW_PROTOCOL_UDP && (at->port == 68 || at->port == 546);
}

static bool is_same(const struct dw_fence_allow *x, const struct dw_fence_allow *y)
{
	return x->protocol == y->protocol && x->first == y->first && x->last == y->last &&
	       x->from == y->from && x->n_from == y->n_from && x->forwarded == y->forwarded &&
	       dw_streq0(x->on_address, y->on_address) &&
	       dw_streq0(x->on_interface, y->on_interface) && dw_streq0(x->target, y->target) &&
	       dw_streq0(x->comment, y->comment);
}

void want_let_in(struct wanting *w, const struct dw_fence_allow *allow)
{
	for (size_t k = 0; k < DW_MIN(w->allow.n, (size_t)8); k++)
		if (is_same(&w->allow.v[w->allow.n - 1 - k], allow))
			return;
	dw_vec_push(w->a, &w->allow, *allow);
}

const char *want_door_text(struct dw_arena *a, const struct dw_finding *f)
{
	const struct dw_door *d = f->door;
	const char *name = want_name(f);
	const char *range =
		d->port_last > d->at.port ? dw_arena_printf(a, "-%u", d->port_last) : "";
	const char *text = dw_endpoint_is_any(&d->at)
				   ? dw_arena_printf(a, "%u%s/%s", d->at.port, range,
						     dw_protocol_name(d->at.protocol))
				   : dw_endpoint_text(a, &d->at);

	return name ? dw_arena_printf(a, "%s (%s)", text, name) : text;
}

const char *want_comment(struct wanting *w, const char *subject, const struct dw_statement *s)
{
	const char *place = want_place(w->a, s->file, s->line);

	if (s->role)
		return dw_arena_printf(w->a, "%s: role %s (%s)", subject, s->role, place);
	if (s->because)
		return dw_arena_printf(w->a, "%s: %s (%s)", subject, s->because, place);
	return dw_arena_printf(w->a, "%s (%s)", subject, place);
}

/* --- a door ------------------------------------------------------------------------------------------ */

static const char *address_of(struct dw_arena *a, const struct dw_endpoint *at)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	char text[INET6_ADDRSTRLEN];
	bool v4 = at->family == DW_FAMILY_IPV4, as_v4 = !v4 && memcmp(at->address, mapped, 12) == 0;

	if (dw_endpoint_is_any(at))
		return NULL;
	if (!inet_ntop(v4 || as_v4 ? AF_INET : AF_INET6, at->address + (as_v4 ? 12 : 0), text,
		       sizeof(text)))
		return NULL;
	return dw_arena_strdup(a, text);
}

static bool is_address(const char *text)
{
	uint8_t bytes[16];

	return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

/* What the statement narrows; false: it lets no network in. */
static bool narrow(struct dw_fence_allow *allow, const struct dw_statement *s)
{
	if (s->on_loopback)
		return false;
	if (!s->from_any) {
		allow->from = s->from;
		allow->n_from = s->n_from;
	}
	if (!s->on)
		return true;
	if (!is_address(s->on)) {
		/* bound to another interface: no packet gets there */
		if (allow->on_interface && !dw_streq(allow->on_interface, s->on))
			return false;
		allow->on_interface = s->on;
		return true;
	}
	if (allow->on_address && !dw_streq(allow->on_address, s->on))
		return false;
	allow->on_address = s->on;
	return true;
}

bool want_of_door(struct wanting *w, const struct dw_finding *f, const struct dw_statement *s,
		  const char *comment, struct dw_fence_allow *ret)
{
	const struct dw_door *d = f->door;
	bool forwarded = d->kind == DW_KIND_FORWARDED;

	if (!want_is_filtered(d) || want_is_loopback(d) ||
	    (d->at.protocol == DW_PROTOCOL_RAW && d->at.port == IPPROTO_RAW))
		return false;
	*ret = (struct dw_fence_allow){
		.protocol = d->at.protocol,
		.first = (uint16_t)d->at.port,
		.last = (uint16_t)(d->port_last > d->at.port && d->port_last < WANT_PORTS
					   ? d->port_last
					   : d->at.port),
		.on_address = address_of(w->a, &d->at),
		.on_interface = d->at.ifname,
		.forwarded = forwarded,
		.target = forwarded ? d->target : NULL,
		.comment = comment,
	};
	return !s || narrow(ret, s);
}

/* --- all of it ------------------------------------------------------------------------------------------ */

/* Statement of the policy that decides about the door, as a number from 1; 0: none. */
static size_t statement_of(const struct dw_fence_input *in, const struct dw_finding *f)
{
	const struct dw_policy *p = in->policy;

	if (!f->statement || f->statement < p->statements ||
	    f->statement >= p->statements + p->n_statements)
		return 0;
	return (size_t)(f->statement - p->statements) + 1;
}

static void mark_owner(struct wanting *w, const struct dw_door *d, uint32_t by)
{
	uint32_t **owner = &w->owner[d->at.protocol];
	uint32_t last = d->port_last > d->at.port ? DW_MIN(d->port_last, UINT16_MAX) : d->at.port;

	if (!*owner)
		*owner = dw_arena_array(w->a, WANT_PORTS, sizeof(**owner));
	for (uint32_t p = d->at.port; p <= last; p++)
		(*owner)[p] = (*owner)[p] == WANT_NOBODY || (*owner)[p] == by ? by : WANT_SHARED;
}

/* Which doors each statement has, and whose each port is. */
static void sort_doors(struct wanting *w)
{
	const struct dw_findings *f = w->in->findings;

	w->first = dw_arena_array(w->a, w->in->policy->n_statements + 1, sizeof(*w->first));
	w->next = dw_arena_array(w->a, f->n, sizeof(*w->next));
	w->let_in = dw_arena_array(w->a, f->n, sizeof(*w->let_in));
	for (size_t i = f->n; i-- > 0;) {
		size_t by = statement_of(w->in, &f->v[i]);

		if (!want_is_filtered(f->v[i].door) || !by)
			continue;
		w->next[i] = w->first[by - 1];
		w->first[by - 1] = i + 1;
		if (!want_is_loopback(f->v[i].door))
			mark_owner(w, f->v[i].door, (uint32_t)by);
	}
}

static bool has_port(const struct dw_service *s, uint16_t port)
{
	for (const struct dw_service_port *p = s->ports; p->protocol || p->first || p->last; p++)
		if (p->protocol == DW_PROTOCOL_UDP && p->first <= port && port <= p->last)
			return true;
	return false;
}

/* A client is told by its program: it may hold no UDP port now, or a packet socket alone. */
static void find_dhcp(struct wanting *w)
{
	const struct dw_findings *f = w->in->findings;

	for (size_t i = 0; i < f->n; i++) {
		const struct dw_door *d = f->v[i].door;
		const struct dw_service *s = f->v[i].identity.service;
		bool udp = d->at.protocol == DW_PROTOCOL_UDP && d->at.has_port;

		if (!dw_streq0(d->netns, "host"))
			continue;
		if (s && s->traits & DW_TRAIT_CLIENT) {
			w->want->dhcp |= has_port(s, 68);
			w->want->dhcp6 |= has_port(s, 546);
		}
		w->want->dhcp |= udp && d->at.port == 68;
		w->want->dhcp6 |= udp && d->at.port == 546;
	}
}

static bool has_forwarded(const struct dw_findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->v[i].door->kind == DW_KIND_FORWARDED &&
		    dw_streq0(f->v[i].door->netns, "host"))
			return true;
	return false;
}

void dw_fence_want_make(struct dw_arena *a, const struct dw_fence_input *in,
			struct dw_fence_want *ret, struct dw_fence_said *ret_said)
{
	struct dw_fence_want want = { .policy = in->policy->file };
	struct dw_fence_said said = { 0 };
	struct wanting w = { .a = a, .in = in, .want = &want, .said = &said };

	sort_doors(&w);
	find_dhcp(&w);
	want.guard_forwarded = has_forwarded(in->findings);
	want_add_statements(&w);
	want_add_rest(&w);
	want_tell_doors(&w);
	want.allow = w.allow.v;
	want.n_allow = w.allow.n;
	want.out = w.out.v;
	want.n_out = w.out.n;
	*ret = want;
	*ret_said = said;
}
