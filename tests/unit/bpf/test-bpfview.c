/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records of a BPF walk put together, from streams made here: no kernel is asked. */
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "bpfview.h"
#include "dw_bpf.h"
#include "dw_collect.h"
#include "dw_str.h"
#include "dw_test.h"

#define NETNS 4026531840U
#define OTHER 4026532999U

static struct dw_bytes stream(struct dw_str *s)
{
	return (struct dw_bytes){ .data = s->s, .n = s->n };
}

static struct dw_bpf_socket a_socket(uint64_t sk, uint16_t port)
{
	return (struct dw_bpf_socket){
		.head = { .type = DW_BPF_SOCKET, .size = sizeof(struct dw_bpf_socket) },
		.sk = sk,
		.inode = sk + 1,
		.netns = NETNS,
		.port = port,
		.family = AF_INET,
		.type = SOCK_STREAM,
		.protocol = IPPROTO_TCP,
		.state = 10,
	};
}

static void put(struct dw_str *s, const void *record, size_t n)
{
	dw_str_addn(s, record, n);
}

static void put_held(struct dw_str *s, struct dw_bpf_socket k, uint32_t tgid, uint32_t tid,
		     uint32_t fd)
{
	k.tgid = tgid;
	k.tid = tid;
	k.fd = fd;
	put(s, &k, sizeof(k));
}

static void put_process(struct dw_str *s, uint32_t tgid, const char *comm, const char *exe)
{
	struct dw_bpf_process p = {
		.head = { .type = DW_BPF_PROCESS, .size = sizeof(p) },
		.tgid = tgid,
		.ppid = 1,
		.uid = 33,
		.euid = 33,
		.started = 5000000000U,
		.seccomp = 2,
		.no_new_privs = 1,
		.netns = NETNS,
	};
	char path[64] = { 0 };
	struct dw_bpf_head head = { .type = DW_BPF_EXE, .size = sizeof(head) + sizeof(path) };

	memcpy(p.comm, comm, DW_MIN(strlen(comm), sizeof(p.comm)));
	put(s, &p, sizeof(p));
	head.n = (uint32_t)strlen(exe);
	memcpy(path, exe, head.n);
	put(s, &head, sizeof(head));
	put(s, path, sizeof(path));
}

/* n: what the record says of its length, whatever it is. */
static void put_command(struct dw_str *s, uint32_t tgid, uint32_t n)
{
	static const char text[16] = "one\0two\0three";
	struct dw_bpf_command c = {
		.head = { .type = DW_BPF_COMMAND, .size = sizeof(c) + sizeof(text), .n = n },
		.tgid = tgid,
	};

	put(s, &c, sizeof(c));
	put(s, text, sizeof(text));
}

static void put_netns(struct dw_str *s, uint32_t inode)
{
	struct dw_bpf_netns n = {
		.head = { .type = DW_BPF_NETNS, .size = sizeof(n) },
		.net = inode,
		.tcp = 1,
		.inode = inode,
	};

	put(s, &n, sizeof(n));
}

DW_TEST(command_lines)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_view v = { .arena = a };
	struct dw_str s = { .arena = a };
	struct dw_bytes b;

	put_process(&s, 7, "seven", "/bin/seven");
	put_process(&s, 8, "eight", "/bin/eight");
	put_command(&s, 7, 14);
	put_command(&s, 7, 3); /* the first counts */
	put_command(&s, 8, 17);
	put_command(&s, 9, 14); /* nobody's */
	b = stream(&s);
	dw_view_add(&v, &b);
	DW_CHECK(dw_view_process(&v, 7) && dw_view_process(&v, 7)->n_command == 14);
	DW_CHECK(memcmp(dw_view_process(&v, 7)->command, "one\0two\0three", 14) == 0);
	DW_CHECK(!dw_view_process(&v, 8)->command);
	DW_CHECK(!dw_view_process(&v, 9));
	DW_CHECK(v.bad == 0);
	dw_view_close(&v);
}

DW_TEST(a_cut_stream_is_noticed)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_str s = { .arena = a };
	struct dw_bpf_socket k = a_socket(100, 80);

	put_held(&s, k, 7, 7, 3);
	put_held(&s, k, 8, 8, 3);
	for (size_t n = 0; n <= s.n; n++) {
		struct dw_view v = { .arena = a };
		/* a copy of just that size: reading beyond it would be found */
		struct dw_bytes b = { .data = malloc(n ? n : 1), .n = n };

		memcpy(b.data, s.s, n);
		dw_view_add(&v, &b);
		DW_CHECK_INT(v.holds.n, n / sizeof(k));
		DW_CHECK_INT(v.bad, n % sizeof(k) != 0);
		dw_view_close(&v);
		free(b.data);
	}
}

DW_TEST(sizes_that_lie)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	static const uint16_t sizes[] = { 0, 1, 7, 8, 16, 65535 };

	for (size_t i = 0; i < DW_ARRAY_SIZE(sizes); i++) {
		struct dw_bpf_socket k = a_socket(100, 80);
		struct dw_str s = { .arena = a };
		struct dw_view v = { .arena = a };
		struct dw_bytes b;

		k.head.size = sizes[i];
		put(&s, &k, sizeof(k));
		b = stream(&s);
		dw_view_add(&v, &b);
		DW_CHECK_INT(v.sockets.n, 0);
		DW_CHECK(v.bad > 0);
		dw_view_close(&v);
	}
}

/* The path's length is told beside the record's: it must not lead out of it. */
DW_TEST(a_path_longer_than_its_record)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_str s = { .arena = a };
	struct dw_bpf_head head = { .type = DW_BPF_EXE, .size = sizeof(head) + 8, .n = 4000 };
	struct dw_view v = { .arena = a };
	struct dw_bytes b;
	struct dw_view_process *p;

	put_process(&s, 9, "x", "");
	put(&s, &head, sizeof(head));
	put(&s, "/bin/sh\0", 8);
	b = stream(&s);
	dw_view_add(&v, &b);
	p = dw_view_process(&v, 9);
	DW_CHECK(p && !p->exe);
	dw_view_close(&v);
}

DW_TEST(a_subflow_joins_its_mptcp_socket)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_str s = { .arena = a };
	struct dw_bpf_socket parent = a_socket(100, 80), subflow = a_socket(200, 80);
	struct dw_view v = { .arena = a };
	struct dw_bytes b;

	parent.protocol = 262;
	parent.flags = DW_BPF_F_MPTCP;
	subflow.msk = 100;
	subflow.flags = DW_BPF_F_MPTCP | DW_BPF_F_TABLE;
	put_held(&s, parent, 7, 7, 3);
	put(&s, &subflow, sizeof(subflow));
	b = stream(&s);
	dw_view_add(&v, &b);
	DW_CHECK_INT(v.sockets.n, 1);
	DW_CHECK_INT(v.sockets.v[0]->seen, DW_SEEN_BPF_FD | DW_SEEN_BPF_HASH);
	dw_view_close(&v);
}

DW_TEST(subsystems_by_their_functions)
{
	static const struct {
		const char *data_ready, *encap_rcv, *waiter, *want;
	} cases[] = {
		{ "svc_tcp_listen_data_ready [sunrpc]", "", "", "sunrpc" },
		{ "sock_def_readable", "wg_receive [wireguard]", "", "wireguard" },
		{ "sock_def_readable", "vxlan_rcv", "", "vxlan" },
		{ "sock_def_readable", "geneve_udp_encap_recv [geneve]", "", "geneve" },
		{ "sock_def_readable", "l2tp_udp_encap_recv", "", "l2tp" },
		{ "rds_tcp_listen_data_ready [rds_tcp]", "", "", "rds" },
		{ "some_data_ready [newthing]", "", "", "newthing" },
		{ "sock_def_readable", "", "ksmbd-lo", "ksmbd" },
		{ "sock_def_readable", "", "iscsi_np", "iscsi-target" },
		{ "sock_def_readable", "", "", NULL },
		{ "", "", "", NULL },
		{ "[", "[]", "", NULL },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(cases); i++) {
		_cleanup_arena_ struct dw_arena *a = dw_arena_new();
		struct dw_bpf_symbol s = { 0 };

		memcpy(s.data_ready, cases[i].data_ready, strlen(cases[i].data_ready));
		memcpy(s.encap_rcv, cases[i].encap_rcv, strlen(cases[i].encap_rcv));
		memcpy(s.waiter, cases[i].waiter, strlen(cases[i].waiter));
		DW_CHECK_STR(dw_bpf_subsystem(a, &s), cases[i].want);
	}
	{
		_cleanup_arena_ struct dw_arena *a = dw_arena_new();
		struct dw_bpf_symbol s;

		memset(&s, 'x', sizeof(s)); /* no NUL anywhere */
		DW_CHECK(dw_bpf_subsystem(a, &s) == NULL);
	}
}

DW_TEST(protocols)
{
	static const struct {
		uint16_t family, type, protocol;
		enum dw_protocol want;
	} cases[] = {
		{ AF_INET, SOCK_STREAM, IPPROTO_TCP, DW_PROTOCOL_TCP },
		{ AF_INET6, SOCK_STREAM, 262, DW_PROTOCOL_TCP },
		{ AF_INET6, SOCK_DGRAM, 136, DW_PROTOCOL_UDPLITE },
		{ AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP, DW_PROTOCOL_SCTP },
		{ AF_INET, SOCK_DCCP, IPPROTO_DCCP, DW_PROTOCOL_DCCP },
		{ AF_INET, SOCK_RAW, IPPROTO_TCP, DW_PROTOCOL_RAW },
		{ AF_PACKET, SOCK_DGRAM, 0, DW_PROTOCOL_PACKET },
		{ AF_VSOCK, SOCK_STREAM, 0, DW_PROTOCOL_VSOCK },
		{ AF_BLUETOOTH, SOCK_SEQPACKET, 0, DW_PROTOCOL_BLUETOOTH },
		{ AF_UNIX, SOCK_STREAM, 0, DW_PROTOCOL_UNKNOWN },
		{ AF_INET, SOCK_DGRAM, IPPROTO_ICMP, DW_PROTOCOL_UNKNOWN },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(cases); i++) {
		struct dw_bpf_socket k = {
			.family = cases[i].family,
			.type = cases[i].type,
			.protocol = cases[i].protocol,
		};

		DW_CHECK_INT(dw_view_protocol(&k), cases[i].want);
	}
}

/* --- a recorded walk becomes facts --------------------------------------------------------------- */

struct host {
	char dir[64];
	struct dw_sys *sys;
	struct dw_facts *facts;
	struct dw_collect collect;
	int result;
};

static struct host replay(const struct dw_str *walk)
{
	struct host h = { .dir = "/tmp/dw-bpfview-XXXXXX", .result = -1 };
	char path[128];
	FILE *f;

	if (!mkdtemp(h.dir))
		return h;
	(void)snprintf(path, sizeof(path), "%s/root", h.dir);
	(void)mkdir(path, 0700);
	(void)snprintf(path, sizeof(path), "%s/bpf", h.dir);
	(void)mkdir(path, 0700);
	(void)snprintf(path, sizeof(path), "%s/bpf/walk.bin", h.dir);
	f = fopen(path, "wb");
	if (!f || fwrite(walk->s, 1, walk->n, f) != walk->n || fclose(f) ||
	    dw_sys_open_fake(h.dir, &h.sys, NULL) < 0)
		return h;
	h.facts = dw_facts_new();
	h.collect = (struct dw_collect){
		.sys = h.sys,
		.procs = dw_procs_new(h.sys, h.facts->arena),
		.facts = h.facts,
		.rungs = DW_RUNG_BPF,
	};
	h.result = dw_collect_bpf(&h.collect, NULL);
	return h;
}

static void host_close(struct host *h)
{
	static const char *const parts[] = { "/bpf/walk.bin", "/bpf", "/root", "" };
	char path[128];

	dw_collect_close(&h->collect);
	dw_procs_close(h->collect.procs);
	dw_facts_free(h->facts);
	dw_sys_free(h->sys);
	for (size_t i = 0; i < DW_ARRAY_SIZE(parts); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", h->dir, parts[i]);
		(void)remove(path);
	}
}

DW_TEST(facts_from_a_recorded_walk)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_str s = { .arena = a };
	struct dw_bpf_socket web = a_socket(100, 80), kernel = a_socket(300, 2049),
			     hidden = a_socket(400, 31337);
	struct dw_bpf_symbol symbol = { .head = { .type = DW_BPF_SYMBOL, .size = sizeof(symbol) },
					.sk = 300 };
	struct host h;

	put_held(&s, web, 7, 7, 3);
	put_held(&s, web, 7, 7, 9); /* a second descriptor of the same process */
	put_process(&s, 7, "nginx", "/usr/sbin/nginx");
	put_held(&s, web, 8, 12, 3);
	put_process(&s, 8, "worker", "/usr/sbin/nginx (deleted)");
	put_netns(&s, NETNS);
	put_netns(&s, OTHER);
	web.flags = kernel.flags = hidden.flags = DW_BPF_F_TABLE;
	kernel.flags |= DW_BPF_F_NO_FILE;
	memcpy(symbol.data_ready, "svc_tcp_listen_data_ready [sunrpc]", 35);
	put(&s, &web, sizeof(web));
	put(&s, &kernel, sizeof(kernel));
	put(&s, &hidden, sizeof(hidden));
	put(&s, &symbol, sizeof(symbol));
	h = replay(&s);
	DW_CHECK_INT(h.result, 0);
	if (h.result == 0) {
		const struct dw_facts *f = h.facts;

		DW_CHECK_STR(f->method, "bpf");
		DW_CHECK_INT(f->sockets.n, 3);
		DW_CHECK_INT(f->holds.n, 2);
		DW_CHECK_INT(f->processes.n, 2);
		DW_CHECK_STR(f->holds.v[0].via, "fd 3");
		DW_CHECK_STR(f->holds.v[1].via, "thread 12 fd 3");
		DW_CHECK_STR(f->processes.v[0].executable, "/usr/sbin/nginx");
		DW_CHECK_INT(f->processes.v[0].uid, 33);
		DW_CHECK_INT(f->processes.v[0].no_new_privs, DW_YES);
		DW_CHECK_INT(f->processes.v[0].seccomp, 2);
		DW_CHECK_STR(f->processes.v[1].executable, "/usr/sbin/nginx");
		DW_CHECK_INT(f->processes.v[1].exe_state, DW_EXE_DELETED);
		DW_CHECK_INT(f->processes.v[1].started_ticks, 500);
		DW_CHECK_STR(f->sockets.v[1].kernel, "sunrpc");
		DW_CHECK(f->sockets.v[1].kernel_made);
		/* shown by both views: nothing hidden */
		DW_CHECK_INT(f->sockets.v[0].could_see & ~f->sockets.v[0].seen, 0);
		DW_CHECK_INT(f->sockets.v[1].could_see & ~f->sockets.v[1].seen, 0);
		/* it has a file, and twice nobody had a descriptor of it */
		DW_CHECK_INT(f->sockets.v[2].could_see & ~f->sockets.v[2].seen, DW_SEEN_BPF_FD);
		/* the namespaces that only the kernel's list tells are there */
		DW_CHECK_INT(h.collect.netns.n, f->netns.n);
		DW_CHECK(f->netns.n >= 2);
	}
	host_close(&h);
}

DW_TEST(garbage_is_said_and_survived)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_str s = { .arena = a };
	struct host h;
	bool said = false;

	put_held(&s, a_socket(100, 80), 7, 7, 3);
	dw_str_addn(&s, "\1\0\xff\xff garbage", 12);
	h = replay(&s);
	DW_CHECK_INT(h.result, 0);
	for (size_t i = 0; h.facts && i < h.facts->incomplete.n; i++)
		said |= dw_streq(h.facts->incomplete.v[i].what, "bpf-bad-record");
	DW_CHECK(said);
	host_close(&h);
}

/* A kernel whose structs we misread shows nothing: that is no evidence, and the next rung is asked. */
DW_TEST(a_walk_without_a_socket_is_refused)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_str s = { .arena = a };
	struct host h;

	put_process(&s, 7, "nginx", "/usr/sbin/nginx");
	put_netns(&s, NETNS);
	h = replay(&s);
	DW_CHECK_INT(h.result, -ENOTSUP);
	host_close(&h);
}

DW_TEST_MAIN
