/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's load balancer: virtual services that answer a port. Private to src/collect. */
#ifndef DW_IPVS_H
#define DW_IPVS_H

#include "genl.h"

struct dw_ipvs_service {
	uint16_t family; /* AF_INET, AF_INET6 */
	uint16_t protocol;
	uint8_t address[16];
	uint16_t port;   /* host order; 0: every port */
	uint32_t fwmark; /* not 0: chosen by a mark, neither address nor port known */
	const char *scheduler;
	const char *targets; /* "10.0.0.1:80, 10.0.0.2:80"; NULL none */
};

/* False: the message holds no service. */
bool dw_ipvs_service_parse(struct dw_arena *a, const struct nlmsghdr *m,
			   struct dw_ipvs_service *ret);
/* "ADDRESS:PORT" of a destination; NULL: the message holds none. */
const char *dw_ipvs_target_parse(struct dw_arena *a, const struct nlmsghdr *m, uint16_t family);
int dw_ipvs_collect(struct dw_collect *c, struct dw_genl *g, size_t netns, struct dw_arena *scratch,
		    struct dw_error *e);

#endif
