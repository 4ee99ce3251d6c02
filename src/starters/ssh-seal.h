/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Packets of an SSH connection behind the exchange of keys: encrypted and summed (RFC 4253, 6; RFC 4344, 4; RFC 5647;
 * RFC 6668). The ciphers are libnettle's. Private to src/starters.
 */
#ifndef DW_SSH_SEAL_H
#define DW_SSH_SEAL_H

#include <nettle/aes.h>
#include <nettle/gcm.h>
#include <nettle/hmac.h>

#include "dw_str.h"

#define SSH_BLOCK 16 /* of AES, to which packets are padded */
#define SSH_HASH  32 /* SHA-256: of the exchange, and of all that is made from it */

/* What both sides take; found by name in the lists of the server. */
struct ssh_suite {
	const char *cipher, *mac; /* mac "": the cipher sums as well (GCM) */
	unsigned key, mac_key;    /* bytes */
	unsigned tag;             /* bytes behind each packet */
	bool gcm, etm; /* etm: the sum is of what was encrypted, and the length stays readable */
};
/* The i-th, best first; NULL behind the last. */
const struct ssh_suite *ssh_suite_at(size_t i);

/* One direction. */
struct ssh_seal {
	const struct ssh_suite *suite; /* NULL: nothing is encrypted yet */
	uint32_t number;       /* of the next packet; counts from the first of the connection */
	uint8_t iv[SSH_BLOCK]; /* counter of CTR; the first 12 bytes of GCM */
	union {
		struct aes128_ctx aes128;
		struct aes192_ctx aes192;
		struct aes256_ctx aes256;
		struct gcm_aes128_ctx gcm128;
		struct gcm_aes256_ctx gcm256;
	} key;
	union {
		struct hmac_sha256_ctx sha256;
		struct hmac_sha512_ctx sha512;
	} mac;
};

/*
 * secret: the shared one as it is hashed (mpint); hash: of the exchange, which is the session's name as well; way: 0:
 * what the client sends, 1: what the server does (RFC 4253, 7.2). The number is left as it is.
 */
void ssh_seal_start(struct ssh_seal *s, const struct ssh_suite *suite, const struct dw_str *secret,
		    const uint8_t hash[SSH_HASH], int way);
/* Appends the packet with that payload; before ssh_seal_start() as it is. */
void ssh_seal_put(struct ssh_seal *s, const void *payload, size_t n, struct dw_str *ret);
/*
 * Of n bytes at p, decrypted in place: > 0: a packet of that many bytes is there, *ret its payload of *ret_n >= 1.
 * 0: more has to come. -EBADMSG: it is none, or its sum is wrong. `done` is 0 with a new packet, and kept by the caller
 * between calls for the same one.
 */
int ssh_seal_take(struct ssh_seal *s, uint8_t *p, size_t n, size_t *done, const uint8_t **ret,
		  size_t *ret_n);

#endif
