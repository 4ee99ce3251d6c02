/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program for INET_DIAG_REQ_BYTECODE (linux/inet_diag.h, inet_diag_bc_run() and inet_diag_bc_audit()), so that
 * the kernel itself passes over a host's own connections to others. It is a list of tests, one after the other:
 * one that holds jumps to the very end, which is "yes"; the last that does not jumps 4 bytes beyond it, "no".
 */
#include <linux/inet_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "netcol.h"

#define RANGES_MAX    32 /* each costs a few nanoseconds a socket */
#define ADDRESSES_MAX 16

struct range {
	uint16_t first, last;
};

struct program {
	char *at;
	size_t left; /* bytes from `at` to the end */
};

/* yes goes on with what follows; no to `no` bytes from here. */
static struct inet_diag_bc_op *put_op(struct program *p, unsigned code, size_t size, size_t no)
{
	struct inet_diag_bc_op *op = (void *)p->at;

	op->code = (unsigned char)code;
	op->yes = (unsigned char)size;
	op->no = (unsigned short)no;
	p->at += size;
	p->left -= size;
	return op;
}

/* `rest`: bytes of this test that are still to come. To the next test, or beyond the end. */
static size_t next_test(const struct program *p, size_t rest)
{
	return p->left > rest ? rest : rest + 4;
}

static void accept_all(struct program *p)
{
	(void)put_op(p, INET_DIAG_BC_JMP, 4, p->left);
}

#define RANGE_SIZE 20

static void put_range(struct program *p, const struct range *r)
{
	put_op(p, INET_DIAG_BC_S_GE, 8, next_test(p, 20))[1].no = r->first;
	put_op(p, INET_DIAG_BC_S_LE, 8, next_test(p, 12))[1].no = r->last;
	accept_all(p);
}

static size_t address_size(const struct dw_inet *i)
{
	return 4 + sizeof(struct inet_diag_hostcond) + (dw_inet_is_v4(i) ? 4 : 16);
}

/* An IPv4 condition holds for mapped addresses of IPv6 sockets too. */
static void put_address(struct program *p, const struct dw_inet *i, unsigned prefix)
{
	size_t size = address_size(i);
	struct inet_diag_bc_op *op = put_op(p, INET_DIAG_BC_D_COND, size, next_test(p, size + 4));
	struct inet_diag_hostcond *h = (void *)(op + 1);
	bool v4 = dw_inet_is_v4(i);

	h->family = v4 ? AF_INET : AF_INET6;
	h->prefix_len = (uint8_t)prefix;
	h->port = -1;
	memcpy(h->addr, v4 ? i->b + 12 : i->b, v4 ? 4 : 16);
	accept_all(p);
}

/* Joins the ranges with the narrowest gap between them until they are few enough: n is small, or all fit. */
static size_t narrow(struct range *r, size_t n)
{
	while (n > RANGES_MAX) {
		size_t best = 0;

		for (size_t i = 0; i + 1 < n; i++)
			if (r[i + 1].first - r[i].last < r[best + 1].first - r[best].last)
				best = i;
		r[best].last = r[best + 1].last;
		n--;
		for (size_t i = best + 1; i < n; i++)
			r[i] = r[i + 1];
	}
	return n;
}

#define RANGES_SEEN 512 /* more listening ports than that: what is between the rest is taken too */

static size_t ranges_of(const uint16_t *ports, size_t n, struct range *out)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		if (count && (ports[i] <= out[count - 1].last + 1 || count == RANGES_SEEN))
			out[count - 1].last = ports[i];
		else
			out[count++] = (struct range){ ports[i], ports[i] };
	}
	return narrow(out, count);
}

struct dw_bytes dw_ends_filter(struct dw_arena *a, const uint16_t *ports, size_t n,
			       const struct dw_inets *own)
{
	static const struct dw_inet loop4 = { { [10] = 0xff, [11] = 0xff, [12] = 127 } },
				    loop6 = { { [15] = 1 } };
	size_t n_own = own ? DW_MIN(own->n, (size_t)ADDRESSES_MAX) : 0, size;
	struct range *ranges = dw_arena_array(a, RANGES_SEEN, sizeof(*ranges));
	size_t n_ranges = ranges_of(ports, n, ranges);
	struct program p;
	char *code;

	size = n_ranges * RANGE_SIZE;
	if (own)
		size += address_size(&loop4) + address_size(&loop6) + 8;
	for (size_t i = 0; i < n_own; i++)
		size += address_size(&own->v[i]) + 4;
	code = dw_arena_array(a, size, 1);
	p = (struct program){ .at = code, .left = size };
	for (size_t i = 0; i < n_ranges; i++)
		put_range(&p, &ranges[i]);
	for (size_t i = 0; i < n_own; i++)
		put_address(&p, &own->v[i], dw_inet_is_v4(&own->v[i]) ? 32 : 128);
	if (own) {
		put_address(&p, &loop4, 8);
		put_address(&p, &loop6, 128);
	}
	return (struct dw_bytes){ .data = code, .n = size };
}
