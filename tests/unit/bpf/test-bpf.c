/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The BPF rung on this very kernel: a child makes sockets of every kind in network namespaces of its own, and
 * each must be found, in the right namespace, with the right holder. Where BPF may not be used (no root, an
 * old kernel) there is nothing to test, and that is said.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include "child.h"
#include "dw_bpf.h"
#include "dw_bpf_fields.h"
#include "dw_collect.h"
#include "dw_offsets.h"
#include "dw_str.h"
#include "dw_test.h"

static const bool have_bpf = DW_HAVE_BPF;
static enum dw_bpf_reads reads; /* of every run_start() */

/* A run of the rung, with all it made. */
struct run {
	struct dw_sys *sys;
	struct dw_facts *facts;
	struct dw_collect collect;
	int result;
};

static void run_close(struct run *r)
{
	dw_collect_close(&r->collect);
	dw_procs_close(r->collect.procs);
	dw_facts_free(r->facts);
	dw_sys_free(r->sys);
}

static struct run run_start(void)
{
	struct run r = { .result = -1 };
	struct dw_error e = { 0 };

	if (dw_sys_open(NULL, &r.sys, &e) < 0)
		return r;
	dw_bpf_only(r.sys, reads);
	r.facts = dw_facts_new();
	r.collect = (struct dw_collect){
		.sys = r.sys,
		.procs = dw_procs_new(r.sys, r.facts->arena),
		.facts = r.facts,
		.rungs = DW_RUNG_BPF,
	};
	r.result = dw_collect_bpf(&r.collect, &e);
	if (r.result < 0)
		printf("BPF cannot be used here: %s\n", e.message);
	return r;
}

/*
 * BPF may not be used here: nothing to test. But root, on a kernel that has all that is needed, must be able
 * to: a program that the verifier refuses would else go unnoticed.
 */
static bool must_work(void)
{
	unsigned major = 0, minor = 0;
	struct utsname u;

	return have_bpf && geteuid() == 0 && access("/sys/kernel/btf/vmlinux", R_OK) == 0 &&
	       uname(&u) == 0 && sscanf(u.release, "%u.%u", &major, &minor) == 2 &&
	       (major > 5 || (major == 5 && minor >= 17));
}

static bool is_refused(const struct run *r)
{
	return r->result == -EPERM || (r->result == -ENOTSUP && !must_work());
}

static size_t find(const struct run *r, uint32_t netns, enum dw_protocol p, uint32_t port)
{
	for (size_t i = 0; i < r->facts->sockets.n; i++) {
		const struct dw_socket_fact *s = &r->facts->sockets.v[i];

		if (s->at.netns == netns && s->at.protocol == p && s->at.port == port)
			return i;
	}
	return DW_NONE;
}

/* By the process' own table, if that has it: of a thread's own one, which is a copy, may be told before. */
static const struct dw_hold_fact *hold_of(const struct run *r, size_t socket, pid_t pid)
{
	const struct dw_hold_fact *of_thread = NULL;

	for (size_t i = 0; i < r->facts->holds.n; i++) {
		const struct dw_hold_fact *h = &r->facts->holds.v[i];

		if (h->socket != socket || r->facts->processes.v[h->process].pid != pid)
			continue;
		if (strncmp(h->via, "thread ", 7) != 0)
			return h;
		of_thread = h;
	}
	return of_thread;
}

static void check_socket(const struct run *r, const struct child *c, enum dw_protocol p,
			 uint16_t port, enum dw_family family, const char *address, int fd)
{
	size_t i = find(r, c->made.netns, p, port);
	const struct dw_hold_fact *h = i == DW_NONE ? NULL : hold_of(r, i, c->pid);

	DW_CHECK(i != DW_NONE);
	DW_CHECK(h != NULL);
	if (!h)
		return;
	DW_CHECK_STR(h->via, dw_arena_printf(r->facts->arena, "fd %d", fd));
	DW_CHECK_INT(r->facts->sockets.v[i].at.family, family);
	DW_CHECK_STR(dw_endpoint_address(r->facts->arena, &r->facts->sockets.v[i].at), address);
	DW_CHECK(r->facts->sockets.v[i].inode != 0);
	DW_CHECK(r->facts->sockets.v[i].seen & DW_SEEN_BPF_FD);
	DW_CHECK(!r->facts->sockets.v[i].kernel_made);
}

static size_t count_port(const struct run *r, uint32_t netns, enum dw_protocol p, uint32_t port)
{
	size_t n = 0;

	for (size_t i = 0; i < r->facts->sockets.n; i++)
		n += r->facts->sockets.v[i].at.netns == netns &&
		     r->facts->sockets.v[i].at.protocol == p &&
		     r->facts->sockets.v[i].at.port == port;
	return n;
}

DW_TEST(every_kind_with_its_holder)
{
	struct child c = start_child();
	struct run r = run_start();
	const struct made *m = &c.made;

	DW_CHECK(c.pid > 0 || geteuid() != 0);
	if (c.pid > 0 && !is_refused(&r)) {
		DW_CHECK_INT(r.result, 0);
		check_socket(&r, &c, DW_PROTOCOL_TCP, m->port_tcp, DW_FAMILY_IPV4, "127.0.0.1",
			     m->tcp);
		check_socket(&r, &c, DW_PROTOCOL_UDP, m->port_udp, DW_FAMILY_IPV4, "0.0.0.0",
			     m->udp);
		check_socket(&r, &c, DW_PROTOCOL_TCP, m->port_dual, DW_FAMILY_DUAL, "::", m->dual);
		check_socket(&r, &c, DW_PROTOCOL_UDP, m->port_only6, DW_FAMILY_IPV6,
			     "::", m->only6);
		check_socket(&r, &c, DW_PROTOCOL_TCP, m->port_mapped, DW_FAMILY_IPV4, "127.0.0.1",
			     m->mapped);
		if (m->lite >= 0)
			check_socket(&r, &c, DW_PROTOCOL_UDPLITE, m->port_lite, DW_FAMILY_IPV4,
				     "0.0.0.0", m->lite);
		check_socket(&r, &c, DW_PROTOCOL_RAW, IPPROTO_ICMP, DW_FAMILY_IPV4, "0.0.0.0",
			     m->raw);
		check_socket(&r, &c, DW_PROTOCOL_RAW, IPPROTO_ICMPV6, DW_FAMILY_IPV6,
			     "::", m->raw6);
		DW_CHECK_INT(count_port(&r, m->netns, DW_PROTOCOL_TCP, m->port_reuse), 3);
		/* neither a connected nor an unbound datagram socket is a door */
		DW_CHECK(find(&r, m->netns, DW_PROTOCOL_UDP, m->port_connected) == DW_NONE);
		DW_CHECK(find(&r, m->netns, DW_PROTOCOL_UDP, 0) == DW_NONE);
	}
	if (c.pid > 0)
		stop_child(&c);
	run_close(&r);
}

DW_TEST(mptcp_is_one_door)
{
	struct child c = start_child();
	struct run r = run_start();

	if (c.pid > 0 && c.made.mptcp >= 0 && !is_refused(&r)) {
		size_t i = find(&r, c.made.netns, DW_PROTOCOL_TCP, c.made.port_mptcp);

		check_socket(&r, &c, DW_PROTOCOL_TCP, c.made.port_mptcp, DW_FAMILY_IPV4, "0.0.0.0",
			     c.made.mptcp);
		DW_CHECK_INT(count_port(&r, c.made.netns, DW_PROTOCOL_TCP, c.made.port_mptcp), 1);
		DW_CHECK(i != DW_NONE && r.facts->sockets.v[i].mptcp);
		DW_CHECK(i != DW_NONE && (r.facts->sockets.v[i].seen & DW_SEEN_BPF_HASH));
	}
	if (c.pid > 0)
		stop_child(&c);
	run_close(&r);
}

DW_TEST(sniffer_with_its_filter)
{
	struct child c = start_child();
	struct run r = run_start();

	if (c.pid > 0 && !is_refused(&r)) {
		size_t i = find(&r, c.made.netns, DW_PROTOCOL_PACKET, 0);

		DW_CHECK(i != DW_NONE && hold_of(&r, i, c.pid));
		DW_CHECK(i != DW_NONE && r.facts->sockets.v[i].filter);
		DW_CHECK_INT(i == DW_NONE ? 0 : r.facts->sockets.v[i].at.ifindex, 1);
		DW_CHECK_STR(i == DW_NONE ? NULL : r.facts->sockets.v[i].at.ifname, "lo");
		DW_CHECK_INT(i == DW_NONE ? 0 : r.facts->sockets.v[i].kind, DW_KIND_SNIFFER);
	}
	if (c.pid > 0)
		stop_child(&c);
	run_close(&r);
}

DW_TEST(a_threads_own_table)
{
	struct child c = start_child();
	struct run r = run_start();

	if (c.pid > 0 && !is_refused(&r)) {
		size_t i = find(&r, c.made.netns, DW_PROTOCOL_TCP, c.made.port_thread);
		const struct dw_hold_fact *h = i == DW_NONE ? NULL : hold_of(&r, i, c.pid);

		DW_CHECK(h != NULL);
		DW_CHECK_STR(h ? h->via : NULL,
			     dw_arena_printf(r.facts->arena, "thread %d fd %d", c.made.thread_id,
					     c.made.thread_fd));
	}
	if (c.pid > 0)
		stop_child(&c);
	run_close(&r);
}

DW_TEST(a_namespace_that_a_socket_keeps)
{
	struct child c = start_child();
	struct run r = run_start();

	if (c.pid > 0 && !is_refused(&r)) {
		size_t i = find(&r, c.made.kept_netns, DW_PROTOCOL_TCP, c.made.port_kept), k = 0;

		DW_CHECK(i != DW_NONE && hold_of(&r, i, c.pid));
		while (k < r.facts->netns.n && r.facts->netns.v[k].inode != c.made.kept_netns)
			k++;
		DW_CHECK(k < r.facts->netns.n);
		DW_CHECK(k < r.collect.netns.n &&
			 r.collect.netns.v[k].fd >= 0); /* and can be entered */
		DW_CHECK_INT(r.facts->netns.n, r.collect.netns.n);
	}
	if (c.pid > 0)
		stop_child(&c);
	run_close(&r);
}

DW_TEST(a_fixed_file_of_a_ring)
{
	struct child c = start_child();
	struct run r = run_start();

	if (c.pid > 0 && c.made.ring >= 0 && !is_refused(&r)) {
		size_t i = find(&r, c.made.netns, DW_PROTOCOL_TCP, c.made.port_ring);
		const struct dw_hold_fact *h = i == DW_NONE ? NULL : hold_of(&r, i, c.pid);

		DW_CHECK_STR(h ? h->via : NULL,
			     dw_arena_printf(r.facts->arena, "io_uring fd %d slot 2", c.made.ring));
		DW_CHECK(i != DW_NONE && (r.facts->sockets.v[i].seen & DW_SEEN_IO_URING));
	}
	if (c.pid > 0)
		stop_child(&c);
	run_close(&r);
}

/* More records than one read of an iterator can hold for one task. */
DW_TEST(a_process_with_many_sockets)
{
	struct child c = start_child();
	struct run r = run_start();

	if (c.pid > 0 && !is_refused(&r)) {
		size_t held = 0;

		for (size_t i = 0; i < r.facts->holds.n; i++)
			held += r.facts->processes.v[r.facts->holds.v[i].process].pid == c.pid;
		DW_CHECK(held >= MANY + 10);
		check_socket(&r, &c, DW_PROTOCOL_TCP, c.made.port_many[0], DW_FAMILY_IPV4,
			     "127.0.0.1", c.made.many[0]);
		check_socket(&r, &c, DW_PROTOCOL_TCP, c.made.port_many[1], DW_FAMILY_IPV4,
			     "127.0.0.1", c.made.many[1]);
	}
	if (c.pid > 0)
		stop_child(&c);
	run_close(&r);
}

static uint64_t ticks_of(pid_t pid)
{
	char path[64], text[4096] = { 0 };
	const char *p;
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		(void)close(fd);
	p = n > 0 ? strrchr(text, ')') : NULL;
	for (int i = 0; p && i < 20; i++)
		p = strchr(p + 1, ' ');
	return p ? strtoull(p, NULL, 10) : 0;
}

/* BPF and /proc tell the same of a process. */
static void check_alike(const struct run *r, pid_t pid)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct dw_procinfo *x, *y;

	struct dw_procs *other = dw_procs_new(r->sys, a);

	x = dw_procs_get(r->collect.procs, pid);
	y = dw_procs_get(other, pid);
	DW_CHECK(x && y && x != y);
	if (x && y) {
		DW_CHECK_INT(x->started_ticks, ticks_of(pid));
		DW_CHECK_INT(x->started_ticks, y->started_ticks);
		DW_CHECK_INT(x->ppid, y->ppid);
		DW_CHECK_INT(x->pgrp, y->pgrp);
		DW_CHECK_INT(x->sid, y->sid);
		DW_CHECK_INT(x->tty_nr, y->tty_nr);
		DW_CHECK_STR(x->comm, y->comm);
		DW_CHECK_STR(x->exe, y->exe);
		DW_CHECK_INT(x->exe_state, y->exe_state);
		DW_CHECK_INT(x->exe_ino, y->exe_ino);
		DW_CHECK_INT(x->exe_dev, y->exe_dev);
		DW_CHECK_STR(x->command, y->command);
		DW_CHECK_STR(x->cgroup, y->cgroup);
		DW_CHECK_INT(x->uid, y->uid);
		DW_CHECK_INT(x->egid, y->egid);
		DW_CHECK(x->caps_effective == y->caps_effective);
		DW_CHECK(x->caps_bounding == y->caps_bounding);
		DW_CHECK_INT(x->no_new_privs, y->no_new_privs);
		DW_CHECK_INT(x->seccomp, y->seccomp);
		DW_CHECK_INT(x->netns, y->netns);
		DW_CHECK_INT(x->mntns, y->mntns);
		DW_CHECK_INT(x->pidns, y->pidns);
		DW_CHECK_INT(x->loginuid, y->loginuid);
		DW_CHECK_INT(x->kthread, y->kthread);
	}
	dw_procs_close(other);
}

DW_TEST(what_is_known_of_the_holder)
{
	struct child c = start_child();
	struct run r = run_start();

	if (c.pid > 0 && !is_refused(&r))
		check_alike(&r, c.pid);
	if (c.pid > 0)
		stop_child(&c);
	run_close(&r);
}

/* Around what a record of the program has room for, and far more. */
DW_TEST(command_lines_of_any_length)
{
	const size_t lengths[] = { 16384 - 1, 16384, 16384 + 1, 100000 };

	for (size_t i = 0; i < DW_ARRAY_SIZE(lengths); i++) {
		struct child c = start_command(lengths[i]);
		struct run r = run_start();

		DW_CHECK(c.pid > 0 || geteuid() != 0);
		if (c.pid > 0 && !is_refused(&r)) {
			const struct dw_procinfo *p = dw_procs_get(r.collect.procs, c.pid);

			DW_CHECK(hold_of(&r,
					 find(&r, c.made.netns, DW_PROTOCOL_TCP, c.made.port_tcp),
					 c.pid));
			DW_CHECK(p && dw_starts_with(p->command, "sh -c "));
			check_alike(&r, c.pid);
		}
		if (c.pid > 0)
			stop_child(&c);
		run_close(&r);
	}
}

/* Does this kernel let programs take a number for a pointer? Then the program that does so must run here. */
static bool has_loads(void)
{
#if DW_HAVE_BPF
	uint32_t at[DW_K_COUNT];

	return must_work() && dw_bpf_fields_find(at, NULL) == 0 && at[DW_K_CAST] != DW_BPF_ABSENT;
#else
	return false;
#endif
}

/* The program exists twice, and both tell the same. */
DW_TEST(by_loads_and_by_calls_alike)
{
	for (reads = DW_BPF_READS_LOADS; reads <= DW_BPF_READS_CALLS; reads++) {
		if (reads == DW_BPF_READS_LOADS && !has_loads())
			continue;
		every_kind_with_its_holder();
		mptcp_is_one_door();
		sniffer_with_its_filter();
		a_threads_own_table();
		a_fixed_file_of_a_ring();
		a_process_with_many_sockets();
		what_is_known_of_the_holder();
		command_lines_of_any_length();
	}
	reads = DW_BPF_READS_ANY;
}

/* A reader in a pid namespace of its own must not see the sockets of a tenant beside it. */
static void inside(uint32_t foreign)
{
	struct run r;
	uint16_t port = 0;
	size_t i;
	bool ok;

	if (unshare(CLONE_NEWNS | CLONE_NEWNET) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("proc", "/proc", "proc", 0, NULL) < 0)
		_exit(3);
	loopback_up();
	(void)bound4(SOCK_STREAM, 0, INADDR_LOOPBACK, &port);
	r = run_start();
	if (is_refused(&r))
		_exit(2);
	i = find(&r, own_netns(), DW_PROTOCOL_TCP, port);
	ok = r.result == 0 && r.facts->holds.n == 1 && i != DW_NONE && hold_of(&r, i, getpid());
	for (i = 0; i < r.facts->netns.n; i++)
		ok = ok && r.facts->netns.v[i].inode != foreign;
	for (i = 0; i < r.facts->sockets.n; i++)
		ok = ok && r.facts->sockets.v[i].at.netns != foreign;
	run_close(&r);
	_exit(ok ? 0 : 1);
}

DW_TEST(a_container_sees_its_own_only)
{
	struct child c = start_child();
	int status = 0;
	pid_t outer;

	if (c.pid < 0)
		return;
	outer = fork();
	if (outer == 0) {
		pid_t inner;

		if (unshare(CLONE_NEWPID) < 0)
			_exit(3);
		inner = fork();
		if (inner == 0)
			inside(c.made.netns);
		if (inner < 0 || waitpid(inner, &status, 0) < 0 || !WIFEXITED(status))
			_exit(4);
		_exit(WEXITSTATUS(status));
	}
	DW_CHECK(outer > 0 && waitpid(outer, &status, 0) == outer);
	DW_CHECK(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 2));
	stop_child(&c);
}

/* Every call that can fail is made to fail once: no crash, and either an error or facts. */
DW_TEST(each_call_may_fail)
{
	_cleanup_sys_ struct dw_sys *s = NULL;
	unsigned calls;

	DW_CHECK_INT(dw_sys_open(NULL, &s, NULL), 0);
	dw_sys_fail_at(s, 0, 0);
	{
		_cleanup_arena_ struct dw_arena *a = dw_arena_new();
		struct dw_bpf_walk w = { 0 };

		if (dw_bpf_run(s, DW_BPF_HOLDERS | DW_BPF_TABLES, a, &w, NULL) < 0)
			return; /* the other tests say whether that is right */
		calls = dw_sys_calls(s);
	}
	DW_CHECK(calls > 3);
	for (unsigned i = 1; i <= calls; i++) {
		_cleanup_arena_ struct dw_arena *a = dw_arena_new();
		struct dw_bpf_walk w = { 0 };
		struct dw_error e = { 0 };
		int r;

		dw_sys_fail_at(s, i, EIO);
		r = dw_bpf_run(s, DW_BPF_HOLDERS | DW_BPF_TABLES, a, &w, &e);
		DW_CHECK(r == 0 ? w.ran != 0 : e.message[0] != '\0');
	}
}

DW_TEST_MAIN
