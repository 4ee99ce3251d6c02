/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses in rtnetlink(7) messages; private to src/sys. */
#ifndef DW_SYS_ROUTE_PRIVATE_H
#define DW_SYS_ROUTE_PRIVATE_H

#include <libmnl/libmnl.h>
#include <string.h>
#include <sys/socket.h>

#include "dw_route.h"

static inline size_t dw_ip_size(int family)
{
	return family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;
}

/* False: it has not the length of an address of that family. */
static inline bool dw_ip_take(const struct nlattr *t, int family, struct dw_ip *ret)
{
	size_t n = dw_ip_size(family);

	if (n == 0 || mnl_attr_get_payload_len(t) != n)
		return false;
	*ret = (struct dw_ip){ .family = family };
	memcpy(ret->bytes, mnl_attr_get_payload(t), n);
	return true;
}

#endif
