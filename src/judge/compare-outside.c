/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a scan proves of a port, be it listed or only counted. */
#include <string.h>

#include "dw_compare.h"
#include "dw_scan_read.h"

/* So much of a chance that every answer was lost is no proof of a filter. */
#define MISSED_MAX 0.1F

static int slot_of(enum dw_protocol p)
{
	return p == DW_PROTOCOL_TCP ? 0 : p == DW_PROTOCOL_UDP ? 1 : p == DW_PROTOCOL_SCTP ? 2 : -1;
}

void dw_scan_asked(const struct dw_scan *s, struct dw_arena *a, struct dw_scan_asked *ret)
{
	const char *const lists[] = { s->tcp_ports, s->udp_ports, s->sctp_ports };

	*ret = (struct dw_scan_asked){ .scan = s };
	for (size_t i = 0; i < DW_ARRAY_SIZE(lists); i++) {
		if (!lists[i])
			continue;
		ret->bits[i] = dw_arena_alloc(a, DW_SCAN_PORT_BYTES);
		if (!dw_scan_ports_parse(lists[i], ret->bits[i]))
			memset(ret->bits[i], 0, DW_SCAN_PORT_BYTES);
	}
}

static const struct dw_scan_counts *counts_of(const struct dw_scan_host *h, enum dw_protocol p)
{
	const struct dw_scan_counts *const all[] = { &h->tcp, &h->udp, &h->sctp };

	return all[slot_of(p)];
}

/* What all ports that are only counted have in common; UNKNOWN: they are not alike. */
static enum dw_scan_state rest_of(const struct dw_scan_host *h, enum dw_protocol p)
{
	const struct dw_scan_counts *c = counts_of(h, p);
	uint32_t left[DW_SCAN_STATE_COUNT] = {
		[DW_SCAN_OPEN] = c->open,
		[DW_SCAN_CLOSED] = c->closed,
		[DW_SCAN_FILTERED] = c->filtered,
		[DW_SCAN_UNPROVEN] = c->unproven,
	};
	enum dw_scan_state state = DW_SCAN_UNKNOWN;
	unsigned kinds = 0;

	for (size_t i = 0; i < h->n_ports; i++)
		if (h->ports[i].protocol == p && left[h->ports[i].state])
			left[h->ports[i].state]--;
	for (unsigned i = DW_SCAN_OPEN; i < DW_SCAN_STATE_COUNT; i++)
		if (left[i]) {
			state = i;
			kinds++;
		}
	return kinds == 1 ? state : DW_SCAN_UNKNOWN;
}

/* By address and port a binary search would do; a host lists few. */
static enum dw_scan_state proven(const struct dw_scan_host *h, const struct dw_scan_port *p)
{
	/* a tarpit says "open" of every port */
	if (p->state == DW_SCAN_OPEN)
		return h->tarpit ? DW_SCAN_UNKNOWN : DW_SCAN_OPEN;
	if (p->state == DW_SCAN_FILTERED && p->why == DW_SCAN_WHY_NO_ANSWER &&
	    (h->up == DW_SCAN_UP_GONE || p->missed > MISSED_MAX))
		return DW_SCAN_UNKNOWN;
	return p->state;
}

static bool is_there(const struct dw_scan_host *h)
{
	return h->up == DW_SCAN_UP_YES || h->up == DW_SCAN_UP_ASSUMED;
}

enum dw_scan_state dw_scan_state_at(const struct dw_scan_asked *asked, const struct dw_scan_host *h,
				    enum dw_protocol p, uint16_t port,
				    const struct dw_scan_port **ret_port)
{
	int slot = slot_of(p);

	*ret_port = slot < 0 ? NULL : dw_scan_port_of(h, p, port);
	if (*ret_port)
		return proven(h, *ret_port);
	if (slot < 0 || !asked->bits[slot] || !dw_scan_ports_have(asked->bits[slot], port))
		return DW_SCAN_UNKNOWN;
	/* what was cut off, or was the turn of another shard, looks like what was only counted */
	if (!is_there(h) || !h->complete || asked->scan->shards > 1)
		return DW_SCAN_UNKNOWN;
	return rest_of(h, p);
}
