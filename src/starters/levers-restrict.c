/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A door that is needed, but not by everybody: bound to loopback by the service's own setting or by a drop-in of its
 * socket unit, or, under systemd, shut for all networks but some. What neither does is the packet filter's.
 */
#include "levers-restrict.h"

void dw_restrict_fence(struct restricting *r, const char *fmt, ...)
{
	const char *why;
	va_list ap;

	va_start(ap, fmt);
	why = dw_arena_vprintf(r->l.arena, fmt, ap);
	va_end(ap);
	dw_levers_cannot(&r->l, "%s: only the packet filter can narrow it, see `doorward fence`.",
			 why);
}

/* --- for whom -------------------------------------------------------------------------------------- */

static bool is_loopback(const char *network)
{
	return dw_starts_with(network, "127.") || dw_streq(network, "::1") ||
	       dw_streq(network, "::1/128") || dw_streq(network, "localhost");
}

static bool only_loopback(const struct dw_strings *from)
{
	for (size_t i = 0; i < from->n; i++)
		if (!is_loopback(from->v[i]))
			return false;
	return from->n > 0;
}

/* Where IPv6 is off, a program that shall bind ::1 does not start. if_inet6: one address a line, without colons. */
static bool has_ipv6(struct levering *l)
{
	struct dw_bytes text = { 0 };

	return l->running &&
	       dw_sys_file_read(l->sw->sys, "/proc/net/if_inet6", 1024 * 1024, l->arena, &text,
				NULL) == 0 &&
	       strstr(text.data, "00000000000000000000000000000001 ") != NULL;
}

/* --- who is told ----------------------------------------------------------------------------------- */

const char *dw_restrict_unit(struct restricting *r)
{
	const struct dw_starter *s = r->l.starter;

	if (s->kind == DW_STARTER_SYSTEMD_SERVICE)
		return s->id;
	if (s->kind != DW_STARTER_SYSV || !dw_levers_under_systemd(&r->l))
		return NULL;
	if (s->also && dw_ends_with(s->also, ".service"))
		return s->also;
	return dw_arena_printf(r->l.arena, "%s.service", s->id);
}

const char *dw_restrict_notify(struct restricting *r)
{
	const struct dw_starter *s = r->l.starter;
	const char *unit = dw_restrict_unit(r);

	if (unit)
		return dw_arena_printf(r->l.arena, "restart %s", unit);
	if (s->kind == DW_STARTER_SYSV || s->kind == DW_STARTER_OPENRC ||
	    s->kind == DW_STARTER_RUNIT)
		return dw_arena_printf(r->l.arena, "restart %s:%s",
				       s->kind == DW_STARTER_SYSV     ? "sysv"
				       : s->kind == DW_STARTER_OPENRC ? "openrc"
								      : "runit",
				       s->id);
	return NULL;
}

/* --- kinds of starters ----------------------------------------------------------------------------- */

static void narrow_service(struct restricting *r)
{
	const char *unit = dw_restrict_unit(r), *why = NULL;
	const char *title = r->service ? r->service->title : "this program";

	if (r->loopback && dw_restrict_setting(r, &why))
		return;
	if (unit) {
		dw_restrict_networks(r, NULL, unit);
		if (why && r->l.ret->cannot)
			dw_levers_remark(&r->l, "Its own setting does not help: %s.", why);
		return;
	}
	if (why)
		dw_restrict_fence(r, "The setting of %s does not help (%s)", title, why);
	else
		dw_restrict_fence(r,
				  r->loopback ? "No setting is known that binds %s to loopback"
					      : "No setting of %s says which networks may reach it",
				  title);
}

/* The service goes on, and leaves this one port alone. */
static void narrow_to_nobody(struct restricting *r)
{
	const char *unit = dw_restrict_unit(r);

	if (unit)
		dw_restrict_bind(r, unit);
	else
		dw_restrict_fence(r, "What opens this door (%s) cannot be kept from one port",
				  dw_starter_kind_name(r->l.starter->kind));
}

static void narrow_socket(struct restricting *r)
{
	const struct dw_starter *s = r->l.starter;
	const char *service = s->also && dw_ends_with(s->also, ".service") ? s->also : NULL;

	if (r->loopback)
		dw_restrict_socket(r, s->id);
	else
		dw_restrict_networks(r, s->id, service);
}

static void narrow_no(struct restricting *r)
{
	dw_restrict_fence(r, "What opens this door (%s) has no setting that doorward knows",
			  dw_starter_kind_name(r->l.starter->kind));
}

static void (*const narrowers[DW_STARTER_COUNT])(struct restricting *r) = {
	[DW_STARTER_SYSTEMD_SERVICE] = narrow_service,
	[DW_STARTER_SYSTEMD_SOCKET] = narrow_socket,
	[DW_STARTER_SYSV] = narrow_service,
	[DW_STARTER_OPENRC] = narrow_service,
	[DW_STARTER_RUNIT] = narrow_service,
	[DW_STARTER_INETD] = dw_restrict_inetd,
	[DW_STARTER_XINETD] = dw_restrict_xinetd,
};

/* Doors of other kinds, and of other network namespaces, have no loopback that this host would share with them. */
static bool is_ours(const struct dw_door *d)
{
	return (d->kind == DW_KIND_LISTENER || d->kind == DW_KIND_DATAGRAM ||
		d->kind == DW_KIND_SLEEPING) &&
	       d->at.has_port && dw_streq0(d->netns, "host");
}

struct dw_levers *dw_levers_restrict(struct dw_starters *s, struct dw_switch *sw,
				     const struct dw_door *d, const struct dw_service *service,
				     const struct dw_strings *from)
{
	struct restricting r = {
		.l = { .s = s,
		       .sw = sw,
		       .arena = s->arena,
		       .door = d,
		       .starter = &d->starter,
		       .running = dw_sys_is_running(sw->sys),
		       .ret = dw_new(s->arena, struct dw_levers) },
		.service = service,
		.from = from,
		.loopback = only_loopback(from),
	};
	enum dw_starter_kind kind = d->starter.kind;

	r.v6 = has_ipv6(&r.l);
	if (!is_ours(d))
		dw_restrict_fence(&r, "No service of this host listens at this door");
	else if (kind >= DW_STARTER_COUNT || !narrowers[kind] || !d->starter.id)
		narrow_no(&r);
	else if (!from->n)
		narrow_to_nobody(&r);
	else
		narrowers[kind](&r);
	if (!r.l.ret->n)
		dw_restrict_fence(&r, "Nothing here narrows it");
	return r.l.ret;
}
