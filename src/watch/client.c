/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_client.h"

/* Resolvers bind ports of their own choice and shut them with the answer: mostly within this. */
#define OWN_CHOICE_MS 700
/* Who asks and waits for an answer gives up after 5 seconds mostly (resolv.conf(5)), a few times. */
#define AUTOBIND_MS 30000
#define FOUND_MS    3000
/* Whoever has so many ports chooses them anew each time. */
#define MANY_PORTS 8

#define SENDS_ONLY 255 /* IPPROTO_RAW */

bool dw_client_only_sends(const struct dw_endpoint *at)
{
	return at->protocol == DW_PROTOCOL_RAW && at->port == SENDS_ONLY;
}

static bool is_datagram(enum dw_protocol p)
{
	return p == DW_PROTOCOL_UDP || p == DW_PROTOCOL_UDPLITE;
}

static bool is_in_range(const struct dw_client_facts *f)
{
	return f->port >= f->low && f->port <= f->high;
}

bool dw_client_is_ephemeral(const struct dw_client_facts *f)
{
	if (!is_datagram(f->protocol) || f->kernel || f->standard)
		return false;
	if (f->told && f->autobind)
		return true;
	if (f->port < 1024)
		return false;
	if (f->ports >= MANY_PORTS)
		return true;
	return !f->told && is_in_range(f);
}

enum dw_client_answer dw_client_ask(const struct dw_client_facts *f, uint64_t *ret_ms)
{
	*ret_ms = 0;
	if (!is_datagram(f->protocol) || f->kernel || f->standard)
		return DW_CLIENT_SERVER;
	if (f->told && f->autobind) {
		*ret_ms = AUTOBIND_MS;
		return DW_CLIENT_WAIT_ANY;
	}
	if (dw_client_is_ephemeral(f)) {
		*ret_ms = FOUND_MS;
		return DW_CLIENT_WAIT_ANY;
	}
	if (f->port < 1024)
		return DW_CLIENT_SERVER;
	*ret_ms = OWN_CHOICE_MS;
	return DW_CLIENT_WAIT;
}
