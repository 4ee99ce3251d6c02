/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names and look-ups of a scan. */
#include <arpa/inet.h>
#include <string.h>

#include "dw_macros.h"
#include "dw_scan.h"
#include "dw_str.h"

static const char *const state_names[DW_SCAN_STATE_COUNT] = {
	[DW_SCAN_UNKNOWN] = "unknown",   [DW_SCAN_OPEN] = "open",
	[DW_SCAN_CLOSED] = "closed",     [DW_SCAN_FILTERED] = "filtered",
	[DW_SCAN_UNPROVEN] = "unproven",
};
static const char *const why_names[DW_SCAN_WHY_COUNT] = {
	[DW_SCAN_WHY_UNKNOWN] = "unknown",
	[DW_SCAN_WHY_SYN_ACK] = "syn-ack",
	[DW_SCAN_WHY_CONNECTED] = "connected",
	[DW_SCAN_WHY_REPLY] = "reply",
	[DW_SCAN_WHY_INIT_ACK] = "init-ack",
	[DW_SCAN_WHY_ECHO] = "echo-reply",
	[DW_SCAN_WHY_NEIGHBOUR] = "neighbour",
	[DW_SCAN_WHY_RESET] = "reset",
	[DW_SCAN_WHY_ABORT] = "abort",
	[DW_SCAN_WHY_PORT_UNREACHABLE] = "port-unreachable",
	[DW_SCAN_WHY_PROHIBITED] = "prohibited",
	[DW_SCAN_WHY_UNREACHABLE] = "unreachable",
	[DW_SCAN_WHY_NO_ANSWER] = "no-answer",
};
static const char *const up_names[DW_SCAN_UP_COUNT] = {
	[DW_SCAN_UP_UNKNOWN] = "unknown", [DW_SCAN_UP_YES] = "yes",
	[DW_SCAN_UP_ASSUMED] = "assumed", [DW_SCAN_UP_NO] = "no",
	[DW_SCAN_UP_GONE] = "gone",       [DW_SCAN_UP_UNREACHABLE] = "unreachable",
};

const char *dw_scan_state_name(enum dw_scan_state s)
{
	return state_names[(unsigned)s < DW_SCAN_STATE_COUNT ? s : DW_SCAN_UNKNOWN];
}

const char *dw_scan_why_name(enum dw_scan_why w)
{
	return why_names[(unsigned)w < DW_SCAN_WHY_COUNT ? w : DW_SCAN_WHY_UNKNOWN];
}

const char *dw_scan_up_name(enum dw_scan_up u)
{
	return up_names[(unsigned)u < DW_SCAN_UP_COUNT ? u : DW_SCAN_UP_UNKNOWN];
}

static unsigned index_of(const char *const *names, unsigned n, const char *name)
{
	for (unsigned i = 1; i < n; i++)
		if (dw_streq0(names[i], name))
			return i;
	return 0;
}

enum dw_scan_state dw_scan_state_parse(const char *name)
{
	return index_of(state_names, DW_SCAN_STATE_COUNT, name);
}

enum dw_scan_why dw_scan_why_parse(const char *name)
{
	return index_of(why_names, DW_SCAN_WHY_COUNT, name);
}

enum dw_scan_up dw_scan_up_parse(const char *name)
{
	return index_of(up_names, DW_SCAN_UP_COUNT, name);
}

enum dw_scan_state dw_scan_state_of(enum dw_scan_why w, bool udp)
{
	static const enum dw_scan_state states[DW_SCAN_WHY_COUNT] = {
		[DW_SCAN_WHY_SYN_ACK] = DW_SCAN_OPEN,
		[DW_SCAN_WHY_CONNECTED] = DW_SCAN_OPEN,
		[DW_SCAN_WHY_REPLY] = DW_SCAN_OPEN,
		[DW_SCAN_WHY_INIT_ACK] = DW_SCAN_OPEN,
		[DW_SCAN_WHY_ECHO] = DW_SCAN_OPEN,
		[DW_SCAN_WHY_NEIGHBOUR] = DW_SCAN_OPEN,
		[DW_SCAN_WHY_RESET] = DW_SCAN_CLOSED,
		[DW_SCAN_WHY_ABORT] = DW_SCAN_CLOSED,
		[DW_SCAN_WHY_PROHIBITED] = DW_SCAN_FILTERED,
		[DW_SCAN_WHY_UNREACHABLE] = DW_SCAN_FILTERED,
		[DW_SCAN_WHY_NO_ANSWER] = DW_SCAN_FILTERED,
	};

	if ((unsigned)w >= DW_SCAN_WHY_COUNT)
		return DW_SCAN_UNKNOWN;
	/* A TCP port that answers with ICMP is behind a REJECT rule: closed hosts send a reset (RFC 9293 3.10.7.1). */
	if (w == DW_SCAN_WHY_PORT_UNREACHABLE)
		return udp ? DW_SCAN_CLOSED : DW_SCAN_FILTERED;
	if (w == DW_SCAN_WHY_NO_ANSWER && udp)
		return DW_SCAN_UNPROVEN;
	return states[w];
}

const char *dw_address_text(struct dw_arena *a, const struct dw_address *address)
{
	char text[INET6_ADDRSTRLEN];

	if (inet_ntop(address->family == DW_FAMILY_IPV4 ? AF_INET : AF_INET6, address->bytes, text,
		      sizeof(text)) == NULL)
		return "?";
	if (address->scope != 0)
		return dw_arena_printf(a, "%s%%%u", text, address->scope);
	return dw_arena_strdup(a, text);
}

int dw_address_compare(const struct dw_address *a, const struct dw_address *b)
{
	int bytes;

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	bytes = memcmp(a->bytes, b->bytes, sizeof(a->bytes));
	if (bytes != 0)
		return bytes;
	return (a->scope > b->scope) - (a->scope < b->scope);
}

const struct dw_scan_host *dw_scan_host_of(const struct dw_scan *s, const struct dw_address *a)
{
	size_t low = 0, high = s->n_hosts;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int c = dw_address_compare(&s->hosts[middle].address, a);

		if (c == 0)
			return &s->hosts[middle];
		if (c < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const struct dw_scan_port *dw_scan_port_of(const struct dw_scan_host *h, enum dw_protocol p,
					   uint16_t port)
{
	for (size_t i = 0; i < h->n_ports; i++)
		if (h->ports[i].protocol == p && h->ports[i].port == port)
			return &h->ports[i];
	return NULL;
}
