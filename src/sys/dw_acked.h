/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Does a TCP connection of this host still pass, in both directions? What the kernel counts of it (tcp_info of
 * tcp(7)).
 */
#ifndef DW_ACKED_H
#define DW_ACKED_H

#include "dw_sys.h"

struct dw_tcp_ends {
	bool v6;
	uint8_t local[16], peer[16]; /* network order; IPv4: the first 4 bytes */
	uint16_t local_port, peer_port;
};

struct dw_acked {
	uint64_t acked;   /* bytes that the other end told to have received */
	uint32_t waiting; /* segments that were sent and not told of */
	uint32_t retries; /* of the oldest of them */
};

/* In our own network namespace. -ENOENT: there is no such connection (any more). */
int dw_sys_tcp_acked(struct dw_sys *s, const struct dw_tcp_ends *t, struct dw_acked *ret,
		     struct dw_error *e);

/* Does connection tracking know it? 1, 0; negative: it could not be asked. */
int dw_sys_tcp_is_tracked(struct dw_sys *s, const struct dw_tcp_ends *t, struct dw_error *e);

#endif
