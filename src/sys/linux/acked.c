/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sock_diag(7) of one connection, with its tcp_info; and conntrack's entry of it (ctnetlink). */
#include "dw_acked.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "dw_netlink.h"

struct asking {
	struct dw_acked *ret;
	bool found;
};

/* Kernels give as much of tcp_info as they know: tcpi_bytes_acked is from 4.1 on. */
static int answer(const struct nlmsghdr *m, void *arg)
{
	struct asking *k = arg;
	const struct nlattr *a;
	struct tcp_info info = { 0 };

	if (m->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    m->nlmsg_len < mnl_nlmsg_size(sizeof(struct inet_diag_msg)))
		return 0;
	mnl_attr_for_each(a, m,
			  sizeof(struct inet_diag_msg)) if (mnl_attr_get_type(a) == INET_DIAG_INFO)
	{
		size_t n = mnl_attr_get_payload_len(a);

		memcpy(&info, mnl_attr_get_payload(a), DW_MIN(n, sizeof(info)));
		k->found = n >= offsetof(struct tcp_info, tcpi_bytes_received);
	}
	*k->ret = (struct dw_acked){ .acked = info.tcpi_bytes_acked,
				     .waiting = info.tcpi_unacked,
				     .retries = info.tcpi_retransmits };
	return 0;
}

int dw_sys_tcp_acked(struct dw_sys *s, const struct dw_tcp_ends *t, struct dw_acked *ret,
		     struct dw_error *e)
{
	struct {
		struct nlmsghdr head;
		struct inet_diag_req_v2 request;
	} q = {
		.head = { .nlmsg_len = sizeof(q), .nlmsg_type = SOCK_DIAG_BY_FAMILY },
		.request = { .sdiag_family = t->v6 ? AF_INET6 : AF_INET,
			     .sdiag_protocol = IPPROTO_TCP,
			     .idiag_ext = 1U << (INET_DIAG_INFO - 1),
			     .idiag_states = UINT32_MAX,
			     .id = { .idiag_sport = htons(t->local_port),
				     .idiag_dport = htons(t->peer_port),
				     .idiag_cookie = { INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE } } },
	};
	struct asking k = { .ret = ret };
	size_t n = t->v6 ? 16 : 4;
	int r;

	memcpy(q.request.id.idiag_src, t->local, n);
	memcpy(q.request.id.idiag_dst, t->peer, n);
	r = dw_netlink_request(s, NULL, NETLINK_SOCK_DIAG, &q.head, answer, NULL, &k, e);
	if (r == 0 && !k.found)
		return dw_error_set(e, -ENOTSUP, "this kernel does not count what is acknowledged");
	return r;
}

/* --- connection tracking --------------------------------------------------------------------------------- */

static int found(dw_unused const struct nlmsghdr *m, void *arg)
{
	*(bool *)arg = true;
	return 0;
}

static void put_ends(struct nlmsghdr *m, const struct dw_tcp_ends *t)
{
	struct nlattr *tuple = mnl_attr_nest_start(m, CTA_TUPLE_ORIG), *part;
	size_t n = t->v6 ? 16 : 4;

	part = mnl_attr_nest_start(m, CTA_TUPLE_IP);
	mnl_attr_put(m, t->v6 ? CTA_IP_V6_SRC : CTA_IP_V4_SRC, n, t->peer);
	mnl_attr_put(m, t->v6 ? CTA_IP_V6_DST : CTA_IP_V4_DST, n, t->local);
	mnl_attr_nest_end(m, part);
	part = mnl_attr_nest_start(m, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(m, CTA_PROTO_NUM, IPPROTO_TCP);
	mnl_attr_put_u16(m, CTA_PROTO_SRC_PORT, htons(t->peer_port));
	mnl_attr_put_u16(m, CTA_PROTO_DST_PORT, htons(t->local_port));
	mnl_attr_nest_end(m, part);
	mnl_attr_nest_end(m, tuple);
}

/* One that was picked up from our side is found by its reply's tuple: the kernel looks in both directions. */
int dw_sys_tcp_is_tracked(struct dw_sys *s, const struct dw_tcp_ends *t, struct dw_error *e)
{
	char buffer[512] = { 0 };
	struct nlmsghdr *m = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *g;
	bool there = false;
	int r;

	m->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET;
	m->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	g = mnl_nlmsg_put_extra_header(m, sizeof(*g));
	g->nfgen_family = t->v6 ? AF_INET6 : AF_INET;
	put_ends(m, t);
	r = dw_netlink_request(s, NULL, NETLINK_NETFILTER, m, found, NULL, &there, e);
	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : there;
}
