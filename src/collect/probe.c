/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A port is suspect when bind(2) says "in use" while no view of the kernel shows a socket there in
 * any state: connected sockets, TIME_WAIT and sockets that are bound and no more hold their ports
 * too and are no alarm.
 */
#include "probe.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>

#include "dw_str.h"

#define PROC_MAX ((size_t)256 * 1024 * 1024)

static const struct {
	int family, protocol;
	bool tcp;
	const char *file;
} probes[DW_PROBES] = {
	[DW_PROBE_TCP4] = { AF_INET, IPPROTO_TCP, true, "/proc/thread-self/net/tcp" },
	[DW_PROBE_TCP6] = { AF_INET6, IPPROTO_TCP, true, "/proc/thread-self/net/tcp6" },
	[DW_PROBE_UDP4] = { AF_INET, IPPROTO_UDP, false, "/proc/thread-self/net/udp" },
	[DW_PROBE_UDP6] = { AF_INET6, IPPROTO_UDP, false, "/proc/thread-self/net/udp6" },
};

static void mark(struct dw_ports *p, bool tcp, bool six, unsigned port)
{
	unsigned probe = (tcp ? DW_PROBE_TCP4 : DW_PROBE_UDP4) + (six ? 1u : 0u);

	if (port > 0 && port < 65536)
		dw_port_set(p->map[probe], port);
}

/*
 * --- the views
 * ------------------------------------------------------------------------------------
 */

void dw_ports_diag(struct dw_ports *p, bool tcp, const struct nlmsghdr *m)
{
	static const uint32_t any[4], mapped[3] = { 0, 0, 0 };
	const struct nlattr *tb[INET_DIAG_MAX + 1];
	struct inet_diag_msg d;
	unsigned port;

	if (m->nlmsg_type != SOCK_DIAG_BY_FAMILY || m->nlmsg_len < NLMSG_HDRLEN + sizeof(d))
		return;
	memcpy(&d, (const char *)m + NLMSG_HDRLEN, sizeof(d));
	port = ntohs(d.id.idiag_sport);
	if (d.idiag_family != AF_INET6) {
		mark(p, tcp, false, port);
		return;
	}
	mark(p, tcp, true, port);
	dw_attr_message(m, sizeof(d), tb, INET_DIAG_MAX);
	/*
	 * An IPv6 socket takes the IPv4 port too when it is open to both, or talks IPv4
	 * (::ffff:a.b.c.d).
	 */
	if (memcmp(d.id.idiag_src, any, sizeof(any)) == 0) {
		if (!dw_attr_u8(tb[INET_DIAG_SKV6ONLY]))
			mark(p, tcp, false, port);
	} else if (memcmp(d.id.idiag_src, mapped, 8) == 0 && d.id.idiag_src[2] == htonl(0xffff)) {
		mark(p, tcp, false, port);
	}
}

/* "   0: 0100007F:1F90 00000000:0000 0A ...": address and port in hexadecimal */
static void proc_line(struct dw_ports *p, unsigned probe, const char *line, size_t n, bool wild)
{
	const char *end = line + n, *at = memchr(line, ':', n), *colon;
	bool six = probes[probe].family == AF_INET6, zero = true;
	uint64_t port;

	if (!at)
		return;
	for (at++; at < end && *at == ' '; at++)
		;
	colon = memchr(at, ':', (size_t)(end - at));
	if (!colon || end - colon < 5 || !dw_parse_u64n(colon + 1, 4, 16, UINT16_MAX, &port))
		return;
	for (const char *c = at; c < colon; c++)
		zero &= *c == '0';
	mark(p, probes[probe].tcp, six, (unsigned)port);
	if (six && ((zero && wild) ||
		    (colon - at == 32 && memcmp(at, "0000000000000000FFFF0000", 24) == 0)))
		mark(p, probes[probe].tcp, false, (unsigned)port);
}

void dw_ports_proc(struct dw_ports *p, unsigned probe, const struct dw_bytes *text, bool wild)
{
	struct dw_lines lines = dw_lines_of(text);
	const char *line;
	size_t n;

	while (dw_lines_next(&lines, &line, &n))
		if (lines.number > 1) /* the first is a heading */
			proc_line(p, probe, line, n, wild);
}

void dw_ports_facts(struct dw_ports *p, const struct dw_facts *f, uint32_t netns)
{
	for (size_t i = 0; i < f->sockets.n; i++) {
		const struct dw_endpoint *at = &f->sockets.v[i].at;
		bool tcp = at->protocol == DW_PROTOCOL_TCP;

		if (at->netns != netns || !at->has_port ||
		    (!tcp && at->protocol != DW_PROTOCOL_UDP))
			continue;
		if (at->family != DW_FAMILY_IPV4)
			mark(p, tcp, true, at->port);
		if (at->family != DW_FAMILY_IPV6)
			mark(p, tcp, false, at->port);
	}
}

struct diag {
	struct dw_ports *p;
	bool tcp;
};

static int on_diag(const struct nlmsghdr *m, void *arg)
{
	struct diag *d = arg;

	dw_ports_diag(d->p, d->tcp, m);
	return 0;
}

/* All states; bit 13 (bound, no more) is known from Linux 6.8 on and ignored before. */
static int ask_diag(struct dw_collect *c, size_t netns, unsigned probe, struct dw_ports *p)
{
	struct diag d = { p, probes[probe].tcp };
	union dw_request room = { 0 };
	struct nlmsghdr *m = mnl_nlmsg_put_header(&room);
	struct inet_diag_req_v2 *r;

	m->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	m->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	r = mnl_nlmsg_put_extra_header(m, sizeof(*r));
	r->sdiag_family = (uint8_t)probes[probe].family;
	r->sdiag_protocol = (uint8_t)probes[probe].protocol;
	r->idiag_states = ~0u;
	/* A dump that was interrupted only told more than there is: no restart needed. */
	return dw_netlink_request(c->sys, &c->netns.v[netns], NETLINK_SOCK_DIAG, m, on_diag, NULL,
				  &d, NULL);
}

struct reading {
	struct dw_collect *c;
	struct dw_arena *a;
	struct dw_ports *p;
	bool wild;
};

static int read_proc(void *arg, struct dw_error *e)
{
	struct reading *r = arg;
	int worst = 0;

	for (unsigned i = 0; i < DW_PROBES; i++) {
		struct dw_bytes text;
		int code = dw_sys_file_read(r->c->sys, probes[i].file, PROC_MAX, r->a, &text, e);

		if (code == 0)
			dw_ports_proc(r->p, i, &text, r->wild);
		else if (code != -ENOENT) /* no IPv6 here */
			worst = code;
	}
	return worst;
}

void dw_ports_known(struct dw_collect *c, size_t netns, struct dw_ports *p, unsigned *ret_views)
{
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	struct reading r = { .c = c, .a = scratch, .p = p };

	*ret_views = DW_SEEN_DIAG;
	for (unsigned i = 0; i < DW_PROBES; i++)
		if (ask_diag(c, netns, i, p) < 0)
			*ret_views = 0;
	/*
	 * /proc does not tell whether an IPv6 socket is for IPv6 only; without sock_diag the doubt
	 * counts.
	 */
	r.wild = *ret_views == 0;
	if (dw_netns_run(c->sys, &c->netns.v[netns], read_proc, &r, NULL) == 0)
		*ret_views |= DW_SEEN_PROC;
	dw_ports_facts(p, c->facts, c->facts->netns.v[netns].inode);
}

/*
 * --- the sweep
 * ------------------------------------------------------------------------------------
 */

/*
 * Tries the ports in `want`; those that are taken stay in it. Returns how many ports may not be
 * tried.
 */
static int sweep(struct dw_collect *c, size_t netns, struct dw_ports *want, struct dw_error *e)
{
	uint8_t taken[DW_PORT_BITMAP];
	int denied = 0;

	for (unsigned i = 0; i < DW_PROBES; i++) {
		struct dw_bind_sweep b = { .family = probes[i].family,
					   .protocol = probes[i].protocol,
					   .want = want->map[i],
					   .taken = taken };
		int r = dw_netns_bind_sweep(c->sys, &c->netns.v[netns], &b, e);

		/* no IPv6 on this host, or nothing recorded */
		if (r == -EAFNOSUPPORT || r == -EADDRNOTAVAIL || r == -ENOENT)
			memset(taken, 0, sizeof(taken));
		else if (r < 0)
			return r;
		denied += (int)b.denied;
		memcpy(want->map[i], taken, sizeof(taken));
	}
	return denied;
}

static bool remove_known(struct dw_ports *suspects, const struct dw_ports *known)
{
	uint8_t any = 0;

	for (unsigned i = 0; i < DW_PROBES; i++)
		for (size_t k = 0; k < DW_PORT_BITMAP; k++)
			any |= suspects->map[i][k] &= (uint8_t)~known->map[i][k];
	return any != 0;
}

/*
 * The views are asked before and after each sweep: a connection that came meanwhile is in the view
 * after, one that went is in the view before.
 */
int dw_probe_netns(struct dw_collect *c, size_t netns, const struct dw_probe_ops *ops,
		   struct dw_ports *ret, unsigned *ret_views, struct dw_error *e)
{
	_cleanup_free_ struct dw_ports *known = calloc(1, sizeof(*known));
	int denied = 0;

	if (!known)
		dw_oom();
	ops->known(c, netns, known, ret_views);
	memset(ret, 0xff, sizeof(*ret));
	for (unsigned round = 0; round < 3; round++) {
		int r;

		if (round > 0)
			ops->wait();
		if (!remove_known(ret, known))
			break;
		r = sweep(c, netns, ret, e);
		if (r < 0)
			return r;
		denied = DW_MAX(denied, r);
		memset(known, 0, sizeof(*known));
		ops->known(c, netns, known, ret_views);
	}
	(void)remove_known(ret, known);
	return denied;
}
