/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What makes an answer ours: SipHash-1-3 of both ends under a key of this scan. It goes into the sequence number of a
 * SYN, so that whoever does not see our packets can't forge an answer. For C and for BPF programs alike: no
 * includes but the fixed-width types, no loops. Addresses and ports are words as they lie in the packet (network
 * order).
 *
 * SipHash: Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012.
 */
#ifndef DW_COOKIE_H
#define DW_COOKIE_H

#ifndef __bpf__
#include <stdint.h>
#endif

struct dw_cookie_key {
	uint64_t a, b;
};

struct dw_cookie_state {
	uint64_t v0, v1, v2, v3;
};

#define DW_COOKIE_ROTATE(x, n) (((x) << (n)) | ((x) >> (64 - (n))))

static inline __attribute__((always_inline)) void dw_cookie_round(struct dw_cookie_state *s)
{
	s->v0 += s->v1;
	s->v1 = DW_COOKIE_ROTATE(s->v1, 13);
	s->v1 ^= s->v0;
	s->v0 = DW_COOKIE_ROTATE(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = DW_COOKIE_ROTATE(s->v3, 16);
	s->v3 ^= s->v2;
	s->v0 += s->v3;
	s->v3 = DW_COOKIE_ROTATE(s->v3, 21);
	s->v3 ^= s->v0;
	s->v2 += s->v1;
	s->v1 = DW_COOKIE_ROTATE(s->v1, 17);
	s->v1 ^= s->v2;
	s->v2 = DW_COOKIE_ROTATE(s->v2, 32);
}

static inline __attribute__((always_inline)) void dw_cookie_word(struct dw_cookie_state *s,
								 uint64_t m)
{
	s->v3 ^= m;
	dw_cookie_round(s);
	s->v0 ^= m;
}

/*
 * address: the target's, 4 words (IPv4: the first, the others zero). sport: ours, dport: the target's. Our own
 * address is left out: behind a NAT of ours we would not know it from the answer.
 */
static inline __attribute__((always_inline)) uint32_t dw_cookie(const struct dw_cookie_key *k,
								uint32_t a0, uint32_t a1,
								uint32_t a2, uint32_t a3,
								uint16_t sport, uint16_t dport)
{
	struct dw_cookie_state s = {
		k->a ^ 0x736f6d6570736575ULL,
		k->b ^ 0x646f72616e646f6dULL,
		k->a ^ 0x6c7967656e657261ULL,
		k->b ^ 0x7465646279746573ULL,
	};

	dw_cookie_word(&s, (uint64_t)a0 << 32 | a1);
	dw_cookie_word(&s, (uint64_t)a2 << 32 | a3);
	dw_cookie_word(&s, (uint64_t)20 << 56 | (uint64_t)sport << 16 | dport);
	s.v2 ^= 0xff;
	dw_cookie_round(&s);
	dw_cookie_round(&s);
	dw_cookie_round(&s);
	s.v0 ^= s.v1 ^ s.v2 ^ s.v3;
	return (uint32_t)(s.v0 ^ s.v0 >> 32);
}

#endif
