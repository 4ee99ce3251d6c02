/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which RPC program listens where, by asking rpcbind (RFC 1833). Private to src/collect. */
#ifndef DW_RPCBIND_H
#define DW_RPCBIND_H

#include "dw_collect.h"

struct dw_rpc_program {
	uint32_t number;
	enum dw_protocol protocol; /* TCP or UDP */
	uint16_t port;
};

struct dw_rpc_programs {
	struct dw_rpc_program *v;
	size_t n, cap;
};

#define DW_RPC_PROGRAMS_MAX 4096u

/* Has the answer (RFC 5531 record marking: fragments of a 4-byte head each) arrived whole? */
bool dw_rpc_complete(const void *answer, size_t n);
/*
 * An answer to DUMP of rpcbind version 2, 3 or 4. -EBADMSG: it is none; -EPROTONOSUPPORT: other
 * version.
 */
int dw_rpc_parse(struct dw_arena *a, unsigned version, const void *answer, size_t n,
		 struct dw_rpc_programs *ret);
/*
 * Asks the rpcbind of the namespace; through its Unix socket too in the host's. At most 2 seconds.
 */
int dw_rpc_dump(struct dw_collect *c, size_t netns, struct dw_arena *a, struct dw_rpc_programs *ret,
		struct dw_error *e);

#endif
