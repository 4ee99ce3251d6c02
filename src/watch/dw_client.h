/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clients of UDP from servers: a client's socket is bound and unconnected for a while too. Pure. */
#ifndef DW_CLIENT_H
#define DW_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "dw_endpoint.h"

/*
 * A raw socket of the protocol 255 (IPPROTO_RAW) sends and never receives: raw(7). Tools open one for a moment, so in
 * a watch it is noise, and a door of nothing.
 */
bool dw_client_only_sends(const struct dw_endpoint *at);

/* What is known of a datagram socket that just came. */
struct dw_client_facts {
	enum dw_protocol protocol;
	uint32_t port;
	uint32_t low, high; /* net.ipv4.ip_local_port_range: ports that the kernel chooses from */
	bool told;          /* an event told how it was bound; false: it was only found */
	bool autobind;      /* ... and the kernel chose the port */
	bool kernel;        /* no process holds it */
	bool standard;      /* the port is one of what the program is known to be */
	unsigned ports;     /* that the program has beside it */
};

enum dw_client_answer {
	DW_CLIENT_SERVER = 0, /* its port means something */
	DW_CLIENT_WAIT, /* may be a client's: look again in *ret_ms; still there, it is a server */
	DW_CLIENT_WAIT_ANY, /* the same; still there, it is a door whose port means nothing */
};

enum dw_client_answer dw_client_ask(const struct dw_client_facts *f, uint64_t *ret_ms);
/* The same of a socket that is there and whose age is not known: its port means nothing. */
bool dw_client_is_ephemeral(const struct dw_client_facts *f);

#endif
