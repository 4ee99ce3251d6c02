/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way to each target, and the wires that lead there: the fastest that works. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "dw_macros.h"
#include "dw_route.h"
#include "dw_str.h"
#include "scan-private.h"

static struct dw_ip ip_of(const struct dw_address *a)
{
	struct dw_ip ip = { .family = a->family == DW_FAMILY_IPV4 ? AF_INET : AF_INET6 };

	memcpy(ip.bytes, a->bytes, sizeof(ip.bytes));
	return ip;
}

static struct dw_address address_of(const struct dw_ip *ip)
{
	struct dw_address a = { .family = ip->family == AF_INET    ? DW_FAMILY_IPV4
					  : ip->family == AF_INET6 ? DW_FAMILY_IPV6
								   : DW_FAMILY_UNKNOWN };

	memcpy(a.bytes, ip->bytes, sizeof(a.bytes));
	return a;
}

/* --- wires ---------------------------------------------------------------------------------------- */

static bool wants(const struct dw_scanning *s, const char *sender)
{
	return !s->o.sender || dw_streq(s->o.sender, "auto") || dw_streq(s->o.sender, sender);
}

/* Attaching XDP may reset a network card, and with it the operator's session: it must be asked for. */
static bool may_go_live(const struct dw_scanning *s)
{
	return (s->o.sender && dw_streq(s->o.sender, "live-frames")) ||
	       (wants(s, "live-frames") && s->engine.load == DW_SCAN_LOAD_LAB);
}

static int open_wire(struct dw_scanning *s, uint32_t ifindex, struct dw_wire **ret,
		     struct dw_error *e)
{
	struct dw_error why = { 0 };
	int r = -ENOTSUP;

	if (ifindex == 0)
		return dw_wire_connect_open(s->sys, ret, e);
	if (may_go_live(s)) {
		r = dw_wire_live_open(s->sys, ifindex, ret, &why);
		if (r == 0)
			return 0;
		if (s->o.sender && dw_streq(s->o.sender, "live-frames"))
			return dw_error_set(e, r, "live frames: %s; --sender packet does without",
					    why.message);
		dw_scanning_notice(s, "no live frames here: %s", why.message);
	}
	if (wants(s, "packet")) {
		r = dw_wire_packet_open(s->sys, ifindex, ret, &why);
		if (r == 0)
			return 0;
		if (s->o.sender && dw_streq(s->o.sender, "packet"))
			return dw_error_set(e, r,
					    "packet sockets: %s; --sender connect does without",
					    why.message);
	}
	if (r == -EPERM || r == -EACCES)
		dw_scanning_notice(s,
				   "without root, ports are asked by ordinary connections: slower, "
				   "and the programs behind them see it");
	else if (why.message[0])
		dw_scanning_notice(s, "ports are asked by ordinary connections: %s", why.message);
	return 1;
}

static uint32_t connect_wire(struct dw_scanning *s, struct dw_error *e, int *ret_r)
{
	for (uint32_t i = 0; i < s->wires.n; i++)
		if (s->wires.v[i].ifindex == 0)
			return i;
	*ret_r = open_wire(s, 0, &dw_vec_add(s->a, &s->wires)->wire, e);
	if (*ret_r < 0)
		s->wires.n--;
	return (uint32_t)s->wires.n - 1;
}

/* The wire for the interface; without rights, the connect wire for this and all others. */
static int wire_for(struct dw_scanning *s, uint32_t ifindex, uint32_t *ret, struct dw_error *e)
{
	struct dw_scan_wire fresh = { .ifindex = ifindex };
	int r = 0;

	for (uint32_t i = 0; i < s->wires.n && ifindex != 0; i++)
		if (s->wires.v[i].ifindex == ifindex) {
			*ret = s->wires.v[i].instead ? s->wires.v[i].instead - 1 : i;
			return 0;
		}
	if (ifindex != 0 && !wants(s, "packet") && !may_go_live(s))
		ifindex = 0;
	if (ifindex != 0) {
		r = open_wire(s, ifindex, &fresh.wire, e);
		if (r < 0)
			return r;
		if (r == 0) {
			*ret = (uint32_t)s->wires.n;
			dw_vec_push(s->a, &s->wires, fresh);
			return 0;
		}
	}
	r = 0;
	*ret = connect_wire(s, e, &r);
	if (r == 0 && ifindex != 0) {
		fresh.instead = *ret + 1;
		dw_vec_push(s->a, &s->wires, fresh);
	}
	return r;
}

void dw_scanning_close_wires(struct dw_scanning *s)
{
	for (size_t i = 0; i < s->wires.n; i++) {
		dw_wire_free(s->wires.v[i].wire);
		dw_wire_free(s->wires.v[i].other);
	}
	s->wires.n = 0;
	dw_sys_close_all_late(s->sys); /* nothing of a scan stays on an interface */
}

/* Live frames are SYNs: all else that goes out there is sent by packet sockets. */
int dw_scanning_wire(struct dw_scanning *s, uint32_t wire, enum dw_protocol protocol,
		     struct dw_wire **ret, struct dw_error *e)
{
	struct dw_scan_wire *w = &s->wires.v[wire];
	int r;

	if (protocol == DW_PROTOCOL_TCP || !dw_streq(w->wire->ops->name, "live-frames")) {
		*ret = w->wire;
		return 0;
	}
	if (!w->other) {
		r = dw_wire_packet_open(s->sys, w->ifindex, &w->other, e);
		if (r < 0)
			return r;
	}
	*ret = w->other;
	return 0;
}

/* --- ways ----------------------------------------------------------------------------------------- */

static int find_way(struct dw_scanning *s, struct dw_scan_target *t, struct dw_error *e)
{
	struct dw_ip to = ip_of(&t->at.address);
	struct dw_route route = { 0 };
	struct dw_error why = { 0 };
	int r = dw_route_get(s->sys, &to, t->at.address.scope, &route, &why);

	if (r < 0 || route.type == DW_ROUTE_UNREACHABLE || route.type == DW_ROUTE_UNKNOWN) {
		t->up = DW_SCAN_UP_UNREACHABLE;
		t->up_why = DW_SCAN_WHY_UNREACHABLE;
		return 0;
	}
	t->at.source = address_of(&route.source);
	t->at.ifindex = route.ifindex;
	t->gateway = address_of(&route.gateway);
	t->on_link = route.gateway.family == 0;
	if (route.type == DW_ROUTE_LOCAL) {
		t->up = DW_SCAN_UP_YES;
		t->own = true;
		return wire_for(s, 0, &t->wire, e);
	}
	if (route.type !=
	    DW_ROUTE_UNICAST) { /* named by itself, and a broadcast address by the routes */
		t->up = DW_SCAN_UP_NO;
		dw_scanning_notice(s, "%s is no address of a host: it is not asked",
				   dw_address_text(s->chunk_arena, &t->at.address));
		return 0;
	}
	return wire_for(s, route.ifindex, &t->wire, e);
}

/* The one that does most of the work: ordinary sockets also ask this host's own addresses. */
static void name_wires(const struct dw_scanning *s)
{
	for (size_t i = 0; i < s->wires.n; i++) {
		const struct dw_wire *w = s->wires.v[i].wire;

		if (w && (!s->scan->sender || s->wires.v[i].ifindex != 0)) {
			s->scan->sender = w->ops->name;
			s->scan->receiver = w->ops->receiver;
		}
	}
}

int dw_scanning_open_wires(struct dw_scanning *s, struct dw_error *e)
{
	int r = 0;

	for (size_t i = 0; i < s->n_chunk && r == 0; i++)
		r = find_way(s, &s->chunk[i], e);
	name_wires(s);
	return r;
}
