/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names for sockets without a holder: vxlan on the real kernel, the rest on constructed answers. */
#include "support.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fou.h>
#include <linux/genetlink.h>
#include <linux/if_link.h>
#include <linux/l2tp.h>
#include <linux/rtnetlink.h>
#include <linux/wireguard.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dw_test.h"
#include "evidence.h"
#include "links.h"
#include "rpcbind.h"

static void add_socket(struct world *w, size_t netns, enum dw_protocol p, unsigned port)
{
	struct dw_facts *f = w->c.facts;

	*dw_vec_add(f->arena, &f->sockets) = (struct dw_socket_fact){
		.at = { .netns = f->netns.v[netns].inode,
			.protocol = p,
			.family = DW_FAMILY_IPV4,
			.has_port = true,
			.port = port },
		.kind = p == DW_PROTOCOL_TCP ? DW_KIND_LISTENER : DW_KIND_DATAGRAM,
	};
}

/* Socket `socket` is held by a process of this pid. */
static void add_holder(struct world *w, size_t socket, int pid)
{
	struct dw_facts *f = w->c.facts;

	*dw_vec_add(f->arena, &f->processes) = (struct dw_owner){ .pid = pid };
	*dw_vec_add(f->arena, &f->holds) =
		(struct dw_hold_fact){ .socket = socket, .process = f->processes.n - 1 };
}

static const char *named(struct world *w)
{
	struct dw_facts *f = w->c.facts;
	char *lines = dw_arena_strdup(w->arena, "");

	for (size_t i = 0; i < f->sockets.n; i++) {
		const struct dw_socket_fact *s = &f->sockets.v[i];

		lines = dw_arena_printf(w->arena, "%s%s %u %s%s\n", lines,
					dw_protocol_name(s->at.protocol), s->at.port,
					s->kernel ? s->kernel : "-", s->kernel_made ? "" : " ?");
	}
	return lines;
}

/*
 * --- vxlan, for real
 * ------------------------------------------------------------------------------
 */

static int ask_route(struct nlmsghdr *m)
{
	struct mnl_socket *s = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	char answer[8192];
	int n, code = -EIO;

	m->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	if (s && mnl_socket_sendto(s, m, m->nlmsg_len) > 0) {
		n = (int)mnl_socket_recvfrom(s, answer, sizeof(answer));
		if (mnl_nlmsg_ok((struct nlmsghdr *)(void *)answer, n))
			code = ((struct nlmsgerr *)mnl_nlmsg_get_payload(
					(struct nlmsghdr *)(void *)answer))
				       ->error;
	}
	if (s)
		mnl_socket_close(s);
	return code;
}

static int make_vxlan(const char *name, uint16_t port)
{
	union dw_request room = { 0 };
	struct nlmsghdr *m = mnl_nlmsg_put_header(&room);
	struct ifinfomsg *i;
	struct nlattr *info, *data;

	m->nlmsg_type = RTM_NEWLINK;
	m->nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL;
	i = mnl_nlmsg_put_extra_header(m, sizeof(*i));
	i->ifi_flags = i->ifi_change = 1; /* IFF_UP */
	mnl_attr_put_strz(m, IFLA_IFNAME, name);
	info = mnl_attr_nest_start(m, IFLA_LINKINFO);
	mnl_attr_put_strz(m, IFLA_INFO_KIND, "vxlan");
	data = mnl_attr_nest_start(m, IFLA_INFO_DATA);
	mnl_attr_put_u32(m, IFLA_VXLAN_ID, 7);
	mnl_attr_put_u16(m, IFLA_VXLAN_PORT, htons(port));
	mnl_attr_nest_end(m, data);
	mnl_attr_nest_end(m, info);
	return ask_route(m);
}

DW_TEST(vxlan_of_the_real_kernel)
{
	struct world w;

	if (!fresh_netns())
		return;
	if (make_vxlan("vx0", 4790) < 0) {
		printf("skipped: no vxlan in this kernel\n");
		return;
	}
	w = world_live();
	add_socket(&w, 0, DW_PROTOCOL_UDP, 4790);
	add_socket(&w, 0, DW_PROTOCOL_UDP, 4791); /* another port is not vxlan's */
	add_socket(&w, 0, DW_PROTOCOL_TCP, 4790); /* nor another protocol */
	add_socket(&w, 0, DW_PROTOCOL_UDP, 4790);
	add_holder(&w, 3, 77); /* nor one that a process holds */
	DW_CHECK_INT(dw_collect_kernel(&w.c, NULL), 0);
	DW_CHECK_STR(named(&w), "udp 4790 vxlan\nudp 4791 - ?\ntcp 4790 - ?\nudp 4790 - ?\n");
	DW_CHECK_STR(incomplete_lines(&w), "ownerless-socket: no process holds 0.0.0.0:4791/udp, "
					   "and no part of the kernel says that it is "
					   "its own\n"
					   "ownerless-socket: no process holds 0.0.0.0:4790/tcp, "
					   "and no part of the kernel says that it is "
					   "its own\n");
	world_free(&w);
}

/* Nobody is accused where holders could not be seen. */
DW_TEST(no_note_without_full_view)
{
	struct world w;

	if (!fresh_netns())
		return;
	w = world_live();
	add_socket(&w, 0, DW_PROTOCOL_UDP, 4791);
	dw_facts_incomplete(w.c.facts, "not-root", NULL, 0, true,
			    "holders of other users cannot be seen");
	DW_CHECK_INT(dw_collect_kernel(&w.c, NULL), 0);
	DW_CHECK_INT(w.c.facts->incomplete.n, 1);
	DW_CHECK_STR(named(&w), "udp 4791 - ?\n");
	world_free(&w);
}

/*
 * --- a host of files and recorded answers
 * ---------------------------------------------------------
 */

static void put_families(const char *fixture)
{
	static const struct {
		const char *name;
		uint16_t id;
	} known[] = { { "wireguard", 40 }, { "l2tp", 41 }, { "fou", 42 } };
	union dw_request request = { 0 };
	char answer[2048] = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < DW_ARRAY_SIZE(known); i++) {
		struct nlmsghdr *m = mnl_nlmsg_put_header(answer + n);

		m->nlmsg_type = GENL_ID_CTRL;
		mnl_nlmsg_put_extra_header(m, sizeof(struct genlmsghdr));
		mnl_attr_put_strz(m, CTRL_ATTR_FAMILY_NAME, known[i].name);
		mnl_attr_put_u16(m, CTRL_ATTR_FAMILY_ID, known[i].id);
		n += m->nlmsg_len;
	}
	fixture_netlink(fixture, 0, NETLINK_GENERIC,
			dw_genl_request(&request, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1), answer, n);
}

static void put_link(char *answer, size_t *n, const char *name, const char *kind,
		     unsigned attribute, uint16_t port)
{
	struct nlmsghdr *m = mnl_nlmsg_put_header(answer + *n);
	struct nlattr *info, *data;

	m->nlmsg_type = RTM_NEWLINK;
	mnl_nlmsg_put_extra_header(m, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(m, IFLA_IFNAME, name);
	info = mnl_attr_nest_start(m, IFLA_LINKINFO);
	mnl_attr_put_strz(m, IFLA_INFO_KIND, kind);
	data = mnl_attr_nest_start(m, IFLA_INFO_DATA);
	if (port)
		mnl_attr_put_u16(m, (uint16_t)attribute, htons(port));
	mnl_attr_nest_end(m, data);
	mnl_attr_nest_end(m, info);
	*n += m->nlmsg_len;
}

static void put_links(const char *fixture)
{
	union dw_request request = { 0 };
	struct nlmsghdr *m = mnl_nlmsg_put_header(&request);
	struct ifinfomsg *i = mnl_nlmsg_put_extra_header(m, sizeof(*i));
	char answer[4096] = { 0 };
	size_t n = 0;

	m->nlmsg_type = RTM_GETLINK;
	mnl_attr_put_u32(m, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	put_link(answer, &n, "gnv0", "geneve", IFLA_GENEVE_PORT, 6081);
	put_link(answer, &n, "bu0", "bareudp", IFLA_BAREUDP_PORT, 6635);
	put_link(answer, &n, "wg0", "wireguard", 0, 0);
	put_link(answer, &n, "gtp0", "gtp", 0, 0);
	fixture_netlink(fixture, 0, NETLINK_ROUTE, m, answer, n);
}

static void put_port(const char *fixture, uint16_t family, uint8_t command, const char *ifname,
		     uint16_t attribute, uint16_t value)
{
	union dw_request request = { 0 };
	struct nlmsghdr *m, *q = dw_genl_request(&request, family, command, 1);
	char answer[256] = { 0 };

	if (ifname)
		mnl_attr_put_strz(q, WGDEVICE_A_IFNAME, ifname);
	m = mnl_nlmsg_put_header(answer);
	m->nlmsg_type = family;
	mnl_nlmsg_put_extra_header(m, sizeof(struct genlmsghdr));
	mnl_attr_put_u16(m, attribute, value);
	if (family == 41)
		mnl_attr_put_u16(m, L2TP_ATTR_ENCAP_TYPE, L2TP_ENCAPTYPE_UDP);
	fixture_netlink(fixture, 0, NETLINK_GENERIC, q, answer, m->nlmsg_len);
}

/*
 * --- rpcbind's answer
 * -----------------------------------------------------------------------------
 */

struct xdr {
	uint8_t bytes[4096];
	size_t n;
};

static void put_word(struct xdr *x, uint32_t v)
{
	v = htonl(v);
	memcpy(x->bytes + x->n, &v, 4);
	x->n += 4;
}

static void put_text(struct xdr *x, const char *s)
{
	put_word(x, (uint32_t)strlen(s));
	memcpy(x->bytes + x->n, s, strlen(s));
	x->n += (strlen(s) + 3) & ~(size_t)3;
}

static void put_program(struct xdr *x, uint32_t number, const char *netid, const char *address)
{
	put_word(x, 1);
	put_word(x, number);
	put_word(x, 3);
	put_text(x, netid);
	put_text(x, address);
	put_text(x, "superuser");
}

static void put_head(struct xdr *x, uint32_t status)
{
	*x = (struct xdr){ .n = 4 };
	put_word(x, 0x646f6f72);
	put_word(x, 1);
	put_word(x, 0);
	put_word(x, 0);
	put_word(x, 0);
	put_word(x, status);
}

static void close_record(struct xdr *x)
{
	uint32_t head = htonl(0x80000000u | (uint32_t)(x->n - 4));

	memcpy(x->bytes, &head, 4);
}

static void rpcbind_answer(struct xdr *x)
{
	put_head(x, 0);
	put_program(x, 100000, "tcp", "0.0.0.0.0.111");
	put_program(x, 100021, "tcp", "0.0.0.0.156.64"); /* 40000 */
	put_program(x, 100021, "udp6", "::.156.65");     /* 40001 */
	put_program(x, 100005, "tcp", "0.0.0.0.156.66"); /* mountd is a process */
	put_program(x, 100003, "local", "/run/nfs.sock");
	put_program(x, 100003, "tcp", "rubbish");
	put_word(x, 0);
	close_record(x);
}

DW_TEST(each_subsystem_by_its_own_word)
{
	struct dw_arena *a = dw_arena_new();
	const char *fixture = fixture_new(a);
	static const unsigned udp[] = { 6081, 6635, 51820, 2152, 1701, 5555, 40001, 9999 };
	static const unsigned tcp[] = { 2049, 445, 3260, 4420, 21064, 16385, 40000, 40002, 111 };
	struct xdr rpc;
	struct world w;

	fixture_text(fixture, "root/proc/fs/nfsd/portlist",
		     "rdma 20049\ntcp 2049\nudp 2049x\n\ntcp\n");
	fixture_text(fixture, "root/sys/class/ksmbd-control/stats", "2 running 445 0\n");
	fixture_text(fixture, "root/sys/kernel/config/target/iscsi/iqn.a/tpgt_1/np/[::]:3260/iser",
		     "0\n");
	fixture_text(fixture, "root/sys/kernel/config/nvmet/ports/1/addr_trtype", "tcp\n");
	fixture_text(fixture, "root/sys/kernel/config/nvmet/ports/1/addr_trsvcid", "4420\n");
	fixture_text(fixture, "root/sys/kernel/config/dlm/cluster/tcp_port", "21064\n");
	fixture_text(fixture, "root/proc/sys/net/rds/tcp/x", "");
	put_families(fixture);
	put_links(fixture);
	put_port(fixture, 40, WG_CMD_GET_DEVICE, "wg0", WGDEVICE_A_LISTEN_PORT, 51820);
	put_port(fixture, 41, L2TP_CMD_TUNNEL_GET, NULL, L2TP_ATTR_UDP_SPORT, 1701);
	put_port(fixture, 42, FOU_CMD_GET, NULL, FOU_ATTR_PORT, htons(5555));
	rpcbind_answer(&rpc);
	fixture_write(fixture, "call/0/111.bin", rpc.bytes, rpc.n);
	w = world_fake(fixture);
	for (size_t i = 0; i < DW_ARRAY_SIZE(udp); i++)
		add_socket(&w, 0, DW_PROTOCOL_UDP, udp[i]);
	for (size_t i = 0; i < DW_ARRAY_SIZE(tcp); i++)
		add_socket(&w, 0, DW_PROTOCOL_TCP, tcp[i]);
	add_holder(&w, DW_ARRAY_SIZE(udp) + DW_ARRAY_SIZE(tcp) - 1, 400); /* rpcbind itself */
	DW_CHECK_INT(dw_collect_kernel(&w.c, NULL), 0);
	DW_CHECK_STR(named(&w),
		     "udp 6081 geneve\nudp 6635 bareudp\nudp 51820 wireguard\nudp 2152 gtp\n"
		     "udp 1701 l2tp\nudp 5555 fou\nudp 40001 lockd\nudp 9999 - ?\n"
		     "tcp 2049 nfsd\ntcp 445 ksmbd\ntcp 3260 iscsi target\ntcp 4420 nvme target\n"
		     "tcp 21064 dlm\ntcp 16385 rds\ntcp 40000 lockd\ntcp 40002 - ?\ntcp 111 - ?\n");
	DW_CHECK_INT(w.c.facts->incomplete.n, 2); /* 9999 and 40002 */
	world_free(&w);
	fixture_remove(fixture);
	dw_arena_free(a);
}

/* systemd alone holds port 111: asking would start rpcbind, so nobody asks. */
DW_TEST(rpcbind_is_not_woken)
{
	struct dw_arena *a = dw_arena_new();
	const char *fixture = fixture_new(a);
	struct xdr rpc;
	struct world w;

	rpcbind_answer(&rpc);
	fixture_write(fixture, "call/0/111.bin", rpc.bytes, rpc.n);
	w = world_fake(fixture);
	add_socket(&w, 0, DW_PROTOCOL_TCP, 40000);
	add_socket(&w, 0, DW_PROTOCOL_TCP, 111);
	add_holder(&w, 1, 1);
	DW_CHECK_INT(dw_collect_kernel(&w.c, NULL), 0);
	DW_CHECK_STR(named(&w), "tcp 40000 - ?\ntcp 111 - ?\n");
	world_free(&w);
	fixture_remove(fixture);
	dw_arena_free(a);
}

/* A wireguard interface in one namespace, its socket in the one where it was made. */
DW_TEST(interface_that_was_moved)
{
	struct dw_arena *a = dw_arena_new();
	const char *fixture = fixture_new(a);
	struct world w;

	put_families(fixture);
	put_links(fixture);
	put_port(fixture, 40, WG_CMD_GET_DEVICE, "wg0", WGDEVICE_A_LISTEN_PORT, 51820);
	w = world_fake(fixture);
	*dw_vec_add(w.c.facts->arena, &w.c.facts->netns) = (struct dw_netns_fact){ .inode = 5 };
	*dw_vec_add(w.c.facts->arena, &w.c.netns) = (struct dw_netns){ .inode = 5, .fd = -1 };
	add_socket(&w, 1, DW_PROTOCOL_UDP, 51820);
	DW_CHECK_INT(dw_collect_kernel(&w.c, NULL), 0);
	DW_CHECK_STR(named(&w), "udp 51820 wireguard\n");
	world_free(&w);
	fixture_remove(fixture);
	dw_arena_free(a);
}

DW_TEST(rpc_answers_that_lie)
{
	struct dw_arena *a = dw_arena_new();
	struct dw_rpc_programs p = { 0 };
	struct xdr x;

	rpcbind_answer(&x);
	DW_CHECK(dw_rpc_complete(x.bytes, x.n));
	DW_CHECK(!dw_rpc_complete(x.bytes, x.n - 1));
	DW_CHECK_INT(dw_rpc_parse(a, 4, x.bytes, x.n, &p), 0);
	DW_CHECK_INT(p.n, 4);
	DW_CHECK_INT(dw_rpc_parse(a, 4, x.bytes, x.n - 1, &p), -EBADMSG);
	put_head(&x, 2); /* PROG_MISMATCH */
	close_record(&x);
	DW_CHECK_INT(dw_rpc_parse(a, 4, x.bytes, x.n, &p), -EPROTONOSUPPORT);
	put_head(&x, 0); /* a string longer than the answer */
	put_word(&x, 1);
	put_word(&x, 100021);
	put_word(&x, 4);
	put_word(&x, 0xfffffffe);
	close_record(&x);
	DW_CHECK_INT(dw_rpc_parse(a, 4, x.bytes, x.n, &p), -EBADMSG);
	put_head(&x, 0); /* version 2 has numbers */
	put_word(&x, 1);
	put_word(&x, 100003);
	put_word(&x, 3);
	put_word(&x, 17);
	put_word(&x, 2049);
	put_word(&x, 0);
	close_record(&x);
	p.n = 0;
	DW_CHECK_INT(dw_rpc_parse(a, 2, x.bytes, x.n, &p), 0);
	DW_CHECK_INT(p.n, 1);
	DW_CHECK(p.n == 1 && p.v[0].port == 2049 && p.v[0].protocol == DW_PROTOCOL_UDP);
	dw_arena_free(a);
}

DW_TEST_MAIN
