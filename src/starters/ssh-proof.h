/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How far a new connection to sshd gets. Private to src/starters. */
#ifndef DW_SSH_PROOF_H
#define DW_SSH_PROOF_H

#include "dw_sys.h"

enum ssh_stage {
	SSH_NOTHING = 0, /* no connection, or nothing came */
	SSH_BANNER,      /* "SSH-2.0-..." */
	SSH_OFFER,       /* its algorithms (RFC 4253, 7.1) */
	SSH_PROVEN /* its half of the key exchange, signed with its host key (RFC 4253, 8; RFC 5656, 4) */
};

/*
 * "127.0.0.1:22", "[::1]:22". Waits at most that long. What comes is read by a child in a sandbox; why there can be
 * none is in *e, and nothing is proven then.
 */
enum ssh_stage ssh_proof(struct dw_sys *s, const char *place, unsigned ms, struct dw_error *e);

/*
 * What is to be answered to the server's algorithms (the payload of its packet, which begins with byte 20): the first
 * of our ways to exchange keys that it has; -1: none, or it is no such payload. For the fuzzer.
 */
int ssh_way(const uint8_t *payload, size_t n);
/* "ADDRESS:PORT" in network order. False: it is none, or a name. */
bool ssh_place(const char *place, bool *ret_v6, uint8_t ret[16], uint16_t *ret_port);

#endif
