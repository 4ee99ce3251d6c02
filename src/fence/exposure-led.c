/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Doors without a socket: whose packet is it that a rule led elsewhere? */
#include <string.h>

#include "dw_parse.h"
#include "dw_str.h"
#include "exposure.h"

/* "local:3128": a rule hands it to that port of this host. */
static bool is_local_port(const struct dw_door *d, uint16_t port)
{
	static const char local[] = "local:";
	uint64_t to;

	return d->target && dw_starts_with(d->target, local) &&
	       dw_parse_u64(d->target + strlen(local), 10, UINT16_MAX, &to) && to == port;
}

const char *dw_exposure_end(struct dw_arena *a, const struct dw_door *d, enum dw_family family,
			    const struct dw_rehearse_answer *r)
{
	struct dw_endpoint at = { .protocol = d->at.protocol, .family = family };
	const char *address;

	memcpy(at.address, r->at, sizeof(at.address));
	address = dw_endpoint_address(a, &at);
	return dw_arena_printf(a, family == DW_FAMILY_IPV6 ? "[%s]:%u" : "%s:%u", address,
			       r->at_port);
}

/*
 * Two rules have the same port, and this packet ended where the other one leads: the other one is a door of its own.
 * Where it ended at neither, a rule that we could not read led it, and it counts for each.
 */
static bool took_another(const struct dw_exposure *x, const struct dw_door *door,
			 enum dw_family family, const struct dw_rehearse_answer *r)
{
	const struct dw_endpoint *at = &door->at;
	const char *end = dw_exposure_end(x->arena, door, family, r);
	bool another = false;

	for (size_t i = 0; i < x->room.n_doors; i++) {
		const struct dw_door *d = x->room.doors[i];

		if (d->kind != DW_KIND_FORWARDED ||
		    !(dw_streq0(d->target, end) || (!r->forwarded && is_local_port(d, r->at_port))))
			continue;
		if (d == door)
			return false;
		another |= d->at.protocol == at->protocol && d->at.port <= at->port &&
			   DW_MAX(d->at.port, d->port_last) >= at->port;
	}
	return another;
}

bool dw_exposure_reaches(const struct dw_exposure *x, const struct dw_door *door,
			 const struct dw_source *s, const struct dw_rehearse_answer *r)
{
	if (r->reach != DW_ARRIVAL_YES)
		return false;
	if (door->kind != DW_KIND_FORWARDED)
		return r->translated || !r->forwarded;
	if (r->translated)
		return !took_another(x, door, s->family, r);
	return r->forwarded || is_local_port(door, (uint16_t)door->at.port);
}
