/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which addresses are this host's: a scan that asked one of them asked its doors. */
#include <string.h>
#include <sys/socket.h>

#include "dw_collect.h"
#include "dw_netlink.h"
#include "dw_route.h"
#include "dw_str.h"
#include "links.h"

static const char *name_of(const struct dw_links *links, uint32_t index)
{
	for (size_t i = 0; i < links->n; i++)
		if (links->v[i].index == index)
			return links->v[i].name;
	return NULL;
}

int dw_collect_addresses(struct dw_collect *c, struct dw_error *e)
{
	/* the first is the host's own, which is not ours when we run in a namespace of our own */
	struct dw_netns here = c->netns.n ? c->netns.v[0] : (struct dw_netns){ .fd = -1 };
	struct dw_facts *f = c->facts;
	struct dw_link_network *list = NULL;
	struct dw_links links = { 0 };
	size_t n = 0;
	int r;

	/* without their names interfaces are told by number */
	(void)dw_links_collect(c->sys, &here, f->arena, &links, NULL);
	r = dw_networks_read(c->sys, &here, f->arena, &list, &n, e);
	for (size_t i = 0; i < n && r == 0; i++) {
		bool six = list[i].address.family == AF_INET6;
		struct dw_own_address own = { .address.family =
						      six ? DW_FAMILY_IPV6 : DW_FAMILY_IPV4,
					      .ifindex = list[i].ifindex,
					      .ifname = name_of(&links, list[i].ifindex) };

		memcpy(own.address.bytes, list[i].address.bytes, six ? 16 : 4);
		dw_vec_push(f->arena, &f->addresses, own);
	}
	return r;
}
