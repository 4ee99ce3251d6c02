/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who is refused while a door is closed on trial: TCP connections that this host itself tried, in whatever network
 * namespace, and that were answered by a reset (or not at all, in the end). Seen by a BPF program that is loaded for as
 * long. UDP has no such sign: what is sent to a closed port is not seen here.
 */
#ifndef DW_REFUSED_H
#define DW_REFUSED_H

#include "dw_sys.h"

struct dw_refusals;

struct dw_refusal_seen {
	int family;          /* AF_INET, AF_INET6 */
	uint8_t address[16]; /* network order; IPv4: the first four */
	uint16_t port;
	uint64_t times;
	const char *
		comm; /* name of the process that tried last (the current task of the kernel: within the host it is the caller) */
};

/* Begins to watch. -EPERM, -ENOTSUP: not possible here (the message says why). A recorded host: -ENOTSUP. */
int dw_refusals_open(struct dw_sys *s, struct dw_refusals **ret, struct dw_error *e);
/* All since the beginning, in no order. */
int dw_refusals_read(struct dw_refusals *r, struct dw_arena *a, struct dw_refusal_seen **ret,
		     size_t *ret_n, struct dw_error *e);
void dw_refusals_close(struct dw_refusals *r); /* NULL allowed */

/* Is it an address of this host, in the namespace that we are in? */
bool dw_sys_is_own_address(struct dw_sys *s, int family, const uint8_t *address);

#endif
