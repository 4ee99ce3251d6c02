/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interfaces of a namespace, by rtnetlink(7): what decides about doors. Private to src/collect. */
#ifndef DW_LINKS_H
#define DW_LINKS_H

#include "dw_attr.h"
#include "dw_collect.h"

struct dw_link {
	uint32_t index;
	const char *name;
	const char *kind;      /* "vxlan", "wireguard" ...; NULL: hardware */
	uint16_t port;         /* UDP port that the tunnel listens on, 0: none known */
	bool fixed_port;       /* gtp: the ports are the protocol's own */
	uint32_t xdp_ids[4];   /* programs, 0: none */
	unsigned xdp_modes[4]; /* XDP_ATTACHED_* of each */
};

struct dw_links {
	struct dw_link *v;
	size_t n, cap;
};

/* False: the message is no interface. */
bool dw_link_parse(struct dw_arena *a, const struct nlmsghdr *m, struct dw_link *ret);
int dw_links_collect(struct dw_sys *s, const struct dw_netns *ns, struct dw_arena *a,
		     struct dw_links *ret, struct dw_error *e);

#endif
