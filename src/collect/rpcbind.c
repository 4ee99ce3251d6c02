/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * RFC 5531 (RPC), RFC 4506 (XDR), RFC 1833 (rpcbind, PMAPPROC_DUMP and RPCBPROC_DUMP are both 4).
 */
#include "rpcbind.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "dw_ask.h"
#include "dw_str.h"

#define RPCBIND_PROGRAM 100000u
#define DUMP            4u
#define XID             0x646f6f72u /* any number */
#define LAST_FRAGMENT   0x80000000u
#define ANSWER_MAX      ((size_t)1 << 20)
#define TIMEOUT_MS      1000

/*
 * --- record marking
 * -------------------------------------------------------------------------------
 */

static uint32_t be32_at(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Calls for each whole fragment with its bytes; true: the last one is among them. */
static bool fragments(const uint8_t *p, size_t n, struct dw_str *ret)
{
	for (size_t at = 0; n - at >= 4;) {
		uint32_t head = be32_at(p + at);
		size_t size = head & ~LAST_FRAGMENT;

		at += 4;
		if (size > n - at)
			return false;
		if (ret)
			dw_str_addn(ret, (const char *)p + at, size);
		if (head & LAST_FRAGMENT)
			return true;
		at += size;
	}
	return false;
}

bool dw_rpc_complete(const void *answer, size_t n)
{
	return fragments(answer, n, NULL);
}

/*
 * --- XDR
 * ------------------------------------------------------------------------------------------
 */

struct xdr {
	const uint8_t *p;
	size_t n;
	bool bad;
};

static uint32_t word(struct xdr *x)
{
	uint32_t v;

	if (x->n < 4) {
		x->bad = true;
		return 0;
	}
	v = be32_at(x->p);
	x->p += 4;
	x->n -= 4;
	return v;
}

/* Bytes with a length, padded to 4. */
static const char *opaque(struct xdr *x, size_t *ret_n)
{
	size_t n = word(x), padded = (n + 3) & ~(size_t)3;
	const char *s = (const char *)x->p;

	if (x->bad || n > x->n || padded > x->n) {
		x->bad = true;
		*ret_n = 0;
		return "";
	}
	x->p += padded;
	x->n -= padded;
	*ret_n = n;
	return s;
}

/* "127.0.0.1.8.1", "::.8.1": the last two numbers are the port's bytes. */
static bool universal_port(const char *s, size_t n, uint16_t *ret)
{
	uint64_t byte[2];

	for (unsigned i = 2; i-- > 0;) {
		size_t dot = n;

		while (dot > 0 && s[dot - 1] != '.')
			dot--;
		if (dot == 0 || !dw_parse_u64n(s + dot, n - dot, 10, 255, &byte[i]))
			return false;
		n = dot - 1;
	}
	*ret = (uint16_t)(byte[0] << 8 | byte[1]);
	return true;
}

static bool is_bytes(const char *s, size_t n, const char *what)
{
	return n == strlen(what) && memcmp(s, what, n) == 0;
}

static bool entry_v3(struct xdr *x, struct dw_rpc_program *ret)
{
	const char *netid, *address;
	size_t netid_n, address_n, owner_n;

	ret->number = word(x);
	(void)word(x); /* version of the program */
	netid = opaque(x, &netid_n);
	address = opaque(x, &address_n);
	(void)opaque(x, &owner_n);
	if (is_bytes(netid, netid_n, "tcp") || is_bytes(netid, netid_n, "tcp6"))
		ret->protocol = DW_PROTOCOL_TCP;
	else if (is_bytes(netid, netid_n, "udp") || is_bytes(netid, netid_n, "udp6"))
		ret->protocol = DW_PROTOCOL_UDP;
	else
		return false;
	return !x->bad && universal_port(address, address_n, &ret->port);
}

static bool entry_v2(struct xdr *x, struct dw_rpc_program *ret)
{
	uint32_t protocol, port;

	ret->number = word(x);
	(void)word(x);
	protocol = word(x);
	port = word(x);
	ret->protocol = protocol == IPPROTO_TCP ? DW_PROTOCOL_TCP : DW_PROTOCOL_UDP;
	ret->port = (uint16_t)port;
	return !x->bad && port <= UINT16_MAX &&
	       (protocol == IPPROTO_TCP || protocol == IPPROTO_UDP);
}

/* Up to the results: an accepted reply to our call. */
static int reply_head(struct xdr *x)
{
	uint32_t status;
	size_t n;

	if (word(x) != XID || word(x) != 1 || word(x) != 0)
		return -EBADMSG;
	(void)word(x); /* flavour of the verifier */
	(void)opaque(x, &n);
	status = word(x);
	if (x->bad)
		return -EBADMSG;
	return status == 0 ? 0 : -EPROTONOSUPPORT;
}

int dw_rpc_parse(struct dw_arena *a, unsigned version, const void *answer, size_t n,
		 struct dw_rpc_programs *ret)
{
	struct dw_str whole = { .arena = a };
	struct xdr x;
	int r;

	if (!fragments(answer, n, &whole) || !whole.s)
		return -EBADMSG;
	x = (struct xdr){ .p = (const uint8_t *)whole.s, .n = whole.n };
	r = reply_head(&x);
	if (r < 0)
		return r;
	while (word(&x) == 1 && !x.bad && ret->n < DW_RPC_PROGRAMS_MAX) {
		struct dw_rpc_program p;

		if (version == 2 ? entry_v2(&x, &p) : entry_v3(&x, &p))
			dw_vec_push(a, ret, p);
	}
	return x.bad ? -EBADMSG : 0;
}

/*
 * --- asking
 * ---------------------------------------------------------------------------------------
 */

static int ask(struct dw_collect *c, size_t netns, unsigned version, const char *path,
	       struct dw_arena *a, struct dw_rpc_programs *ret, struct dw_error *e)
{
	const uint32_t request[] = {
		htonl(LAST_FRAGMENT | 40),
		htonl(XID),
		htonl(0), /* call */
		htonl(2), /* of RPC */
		htonl(RPCBIND_PROGRAM),
		htonl(version),
		htonl(DUMP),
		0,
		0,
		0,
		0, /* no credentials, no verifier */
	};
	struct dw_call call = { .path = path,
				.port = 111,
				.request = request,
				.n = sizeof(request),
				.max = ANSWER_MAX,
				.timeout_ms = TIMEOUT_MS,
				.complete = dw_rpc_complete };
	struct dw_bytes answer = { 0 };
	int r = dw_netns_call(c->sys, &c->netns.v[netns], &call, a, &answer, e);

	if (r < 0)
		return r;
	r = dw_rpc_parse(a, version, answer.data, answer.n, ret);
	return r < 0 ? dw_error_errno(e, r, "rpcbind's answer") : 0;
}

int dw_rpc_dump(struct dw_collect *c, size_t netns, struct dw_arena *a, struct dw_rpc_programs *ret,
		struct dw_error *e)
{
	static const struct {
		unsigned version;
		const char *path;
	} ways[] = { { 4, "/run/rpcbind.sock" }, { 4, NULL }, { 2, NULL } };
	int r = -ENOENT;

	for (size_t i = 0; i < DW_ARRAY_SIZE(ways); i++) {
		/* The Unix socket is the host's, whichever namespace we stand in. */
		if (ways[i].path && netns != 0)
			continue;
		ret->n = 0;
		r = ask(c, netns, ways[i].version, ways[i].path, a, ret, e);
		if (r == 0 || r == -ETIMEDOUT)
			return r;
	}
	return r;
}
