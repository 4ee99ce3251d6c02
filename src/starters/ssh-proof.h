/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How far a new connection to sshd gets, and how far somebody who logs in by it. Private to src/starters. */
#ifndef DW_SSH_PROOF_H
#define DW_SSH_PROOF_H

#include "dw_authkeys.h"
#include "dw_sys.h"

struct ssh_suite; /* ssh-seal.h */

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

/* What sshd answers to somebody who wants in (RFC 4252). */
enum ssh_methods {
	SSH_ANSWERED =
		1
		<< 0, /* it was asked, and told what it takes: with none of the rest it takes nothing */
	SSH_TAKES_KEYS = 1 << 1,
	SSH_TAKES_PASSWORDS = 1 << 2, /* as they are, or asked for (keyboard-interactive) */
	SSH_TAKES_OTHERS = 1 << 3,    /* Kerberos, hosts */
	SSH_TAKES_ANYBODY = 1 << 4,   /* in without a word */
	SSH_TOOK_KEY =
		1
		<< 5, /* one of the keys that were shown would be taken, were it signed with (section 7) */
	SSH_METHODS_ALL = (1 << 6) - 1
};

/*
 * Goes on from there to what that user may log in by: the connection is encrypted, sshd is asked for its methods, and
 * shown the first keys that let in (DW_AUTHKEY_YES; NULL: none). Nothing secret is needed for that, and nobody is
 * logged in. 0: it did not get that far; sshd has no algorithms that are ours, say.
 */
unsigned ssh_methods(struct dw_sys *s, const char *place, unsigned ms, const char *user,
		     const struct dw_authkeys *keys, struct dw_error *e);

/*
 * What is to be answered to the server's algorithms (the payload of its packet, which begins with byte 20): the first
 * of our ways to exchange keys that it has; -1: none, or it is no such payload. For the fuzzer.
 */
int ssh_way(const uint8_t *payload, size_t n);
/* Of such a payload, ciphers and sums that both have; NULL: none. For the fuzzer. */
const struct ssh_suite *ssh_suite_of(const uint8_t *payload, size_t n);
/* The methods in the answer that begins with byte 51 (RFC 4252, 5.1); 0: it is none. For the fuzzer. */
unsigned ssh_methods_read(const uint8_t *payload, size_t n);
/* "ADDRESS:PORT" in network order. False: it is none, or a name. */
bool ssh_place(const char *place, bool *ret_v6, uint8_t ret[16], uint16_t *ret_port);

#endif
