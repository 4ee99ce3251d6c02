/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which ports are taken, by bind(2), and which of those somebody admits to. Private to src/collect.
 */
#ifndef DW_PROBE_H
#define DW_PROBE_H

#include "dw_attr.h"
#include "dw_ask.h"
#include "dw_collect.h"

/* TCP over IPv4, TCP over IPv6, UDP over IPv4, UDP over IPv6. */
enum { DW_PROBE_TCP4, DW_PROBE_TCP6, DW_PROBE_UDP4, DW_PROBE_UDP6, DW_PROBES };

struct dw_ports {
	uint8_t map[DW_PROBES][DW_PORT_BITMAP];
};

/* Marks the local port of one answer of sock_diag, whatever the socket's state. */
void dw_ports_diag(struct dw_ports *p, bool tcp, const struct nlmsghdr *m);
/*
 * Marks the local ports of /proc/net/tcp, tcp6, udp or udp6. wild: an IPv6 any address counts for
 * IPv4 too.
 */
void dw_ports_proc(struct dw_ports *p, unsigned probe, const struct dw_bytes *text, bool wild);
/* Marks what facts->sockets has in the namespace. */
void dw_ports_facts(struct dw_ports *p, const struct dw_facts *f, uint32_t netns);
/* All of these views of one namespace, now: adds to p. *ret_views: DW_SEEN_* that answered. */
void dw_ports_known(struct dw_collect *c, size_t netns, struct dw_ports *p, unsigned *ret_views);

/* What a search asks and how it waits between two looks; tests put a hiding kernel here. */
struct dw_probe_ops {
	void (*known)(struct dw_collect *c, size_t netns, struct dw_ports *p, unsigned *ret_views);
	void (*wait)(void);
};

/*
 * Ports of one namespace that are taken and that no view admits to, after two more looks; in *ret.
 * Returns how many ports may not be tried (without CAP_NET_BIND_SERVICE: those below 1024).
 */
int dw_probe_netns(struct dw_collect *c, size_t netns, const struct dw_probe_ops *ops,
		   struct dw_ports *ret, unsigned *ret_views, struct dw_error *e);
/* Searches all namespaces and adds what is hidden to facts->sockets (and holds). */
void dw_probe_all(struct dw_collect *c, const struct dw_probe_ops *ops);

#endif
