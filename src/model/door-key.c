/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_door_key.h"

#include <string.h>

#include "dw_str.h"

/* Blanks and backslashes are escaped, so that parts stay apart and no two of them come to the same text. */
static void add_part(struct dw_str *b, const char *s)
{
	struct dw_str part = { .arena = b->arena };

	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c <= ' ' || c == 0x7f || c == '\\')
			dw_str_addf(&part, "\\x%02x", c);
		else
			dw_str_addc(&part, *s);
	}
	if (b->n > 0)
		dw_str_addc(b, ' ');
	dw_str_add(b, part.n ? dw_escape_utf8(b->arena, part.s, strlen(part.s)) : "-");
}

static bool is_made_up(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* Where the number that differs each time begins: behind it stands the unit's suffix. SIZE_MAX: there is none. */
static size_t made_up_from(const char *id, size_t stem)
{
	size_t n = stem;

	if (dw_starts_with(id, "run-u") || dw_starts_with(id, "run-r") ||
	    dw_starts_with(id, "run-p"))
		return strlen("run-");
	if (!dw_starts_with(id, "app-") && !dw_starts_with(id, "session-") &&
	    !dw_starts_with(id, "vte-spawn-"))
		return SIZE_MAX;
	while (n > 0 && is_made_up(id[n - 1]))
		n--;
	return n > 0 && n < stem && id[n - 1] == '-' ? n : SIZE_MAX;
}

/*
 * systemd-run(1), logind and desktops name transient units by a number that is another at each start: run-u12.service,
 * session-4.scope, app-firefox-1234.scope.
 */
static const char *stable_id(struct dw_arena *a, const char *id)
{
	const char *dot = strrchr(id, '.');
	size_t from;

	if (!dot)
		return id;
	from = made_up_from(id, (size_t)(dot - id));
	if (from == SIZE_MAX)
		return id;
	return dw_arena_printf(a, "%.*s*%s", (int)from, id, dot);
}

static const char *starter_text(struct dw_arena *a, const struct dw_starter *s)
{
	if (s->kind == DW_STARTER_UNKNOWN)
		return "-";
	return dw_arena_printf(a, "%s:%s", dw_starter_kind_name(s->kind),
			       s->id ? stable_id(a, s->id) : "");
}

/* A namespace without a name is known by whom it belongs to: its inode is another one after a restart. */
static const char *netns_text(struct dw_arena *a, const struct dw_door *d)
{
	if (d->netns && !dw_starts_with(d->netns, "net:["))
		return d->netns;
	for (size_t i = 0; i < d->n_owners; i++)
		if (d->owners[i].container)
			return dw_arena_printf(a, "of:%s", d->owners[i].container);
	if (d->starter.kind != DW_STARTER_UNKNOWN)
		return dw_arena_printf(a, "of:%s", starter_text(a, &d->starter));
	return "of:-";
}

static const char *protocol_text(struct dw_arena *a, const struct dw_door *d)
{
	const char *name = dw_protocol_name(d->at.protocol);

	if (d->kind == DW_KIND_FORWARDED || d->kind == DW_KIND_REDIRECTED)
		return dw_arena_printf(a, "%s,%s", name, dw_door_kind_name(d->kind));
	return name;
}

/* As the address is told, and what it does not tell: the interface, and that :: takes no IPv4. */
static const char *address_text(struct dw_arena *a, const struct dw_endpoint *at)
{
	const char *address = dw_endpoint_address(a, at);

	if (at->family == DW_FAMILY_IPV6 && dw_endpoint_is_any(at))
		address = dw_arena_printf(a, "%s,v6only", address);
	if (at->family != DW_FAMILY_PACKET && at->ifname && !strchr(address, '%'))
		address = dw_arena_printf(a, "%s%%%s", address, at->ifname);
	return address;
}

static const char *port_text(struct dw_arena *a, const struct dw_door *d, bool ephemeral)
{
	if (ephemeral)
		return "*";
	if (!d->at.has_port)
		return "-";
	if (d->port_last > d->at.port)
		return dw_arena_printf(a, "%u-%u", d->at.port, d->port_last);
	return dw_arena_printf(a, "%u", d->at.port);
}

static void add_place(struct dw_str *b, const struct dw_door *d, bool ephemeral)
{
	add_part(b, netns_text(b->arena, d));
	add_part(b, protocol_text(b->arena, d));
	add_part(b, address_text(b->arena, &d->at));
	add_part(b, port_text(b->arena, d, ephemeral));
}

const char *dw_door_place(struct dw_arena *a, const struct dw_door *d, bool ephemeral)
{
	struct dw_str b = { .arena = a };

	add_place(&b, d, ephemeral);
	return b.s;
}

const char *dw_door_key(struct dw_arena *a, const struct dw_door *d, bool ephemeral)
{
	struct dw_str b = { .arena = a };

	add_place(&b, d, ephemeral);
	add_part(&b, starter_text(a, &d->starter));
	add_part(&b, d->program ? d->program : "-");
	return b.s;
}
