/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The netlink and /proc rungs on this very kernel, against sockets the test itself has opened
 * (rig.h).
 */
#include <arpa/inet.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dw_collect.h"
#include "dw_str.h"
#include "dw_test.h"
#include "rig.h"

#define SKIP 77 /* meson: not run here */

struct look {
	struct dw_sys *sys;
	struct dw_facts *facts;
	struct dw_collect c;
};

static void look(struct look *l, unsigned rungs, bool hidden)
{
	struct dw_error e = { 0 };

	*l = (struct look){ 0 };
	DW_CHECK_INT(dw_sys_open(NULL, &l->sys, &e), 0);
	l->facts = dw_facts_new();
	l->c = (struct dw_collect){
		.sys = l->sys, .facts = l->facts, .rungs = rungs, .hidden = hidden
	};
	l->c.procs = dw_procs_new(l->sys, l->facts->arena);
	DW_CHECK_INT(dw_collect_sockets(&l->c, &e), 0);
}

static void look_end(struct look *l)
{
	dw_collect_close(&l->c);
	dw_procs_close(l->c.procs);
	dw_facts_free(l->facts);
	dw_sys_free(l->sys);
}

static const struct dw_socket_fact *find(const struct look *l, uint32_t netns, enum dw_protocol p,
					 uint32_t port)
{
	const struct dw_socket_fact *found = NULL;

	for (size_t i = 0; i < l->facts->sockets.n; i++) {
		const struct dw_socket_fact *s = &l->facts->sockets.v[i];

		if (s->at.netns != netns || s->at.protocol != p ||
		    (s->at.has_port && s->at.port != port))
			continue;
		if (found && s->at.has_port)
			printf("port %u is there twice\n", port), dw_test_failures++;
		found = s;
	}
	return found;
}

/* "pid via[, pid via]" of whoever holds it, in the order found. */
static const char *holders(const struct look *l, const struct dw_socket_fact *s)
{
	struct dw_str out = { .arena = l->facts->arena };
	size_t index = (size_t)(s - l->facts->sockets.v);

	dw_str_add(&out, "");
	for (size_t i = 0; i < l->facts->holds.n; i++) {
		const struct dw_hold_fact *h = &l->facts->holds.v[i];

		if (h->socket == index)
			dw_str_addf(&out, "%s%d %s", out.n ? ", " : "",
				    l->facts->processes.v[h->process].pid, h->via);
	}
	return out.s;
}

static bool held_by(const struct look *l, const struct dw_socket_fact *s, int pid)
{
	char prefix[32];

	(void)snprintf(prefix, sizeof(prefix), "%d ", pid);
	return s && strstr(holders(l, s), prefix) != NULL;
}

static void check_socket(const struct look *l, const struct rig *r, enum dw_protocol p,
			 uint32_t port, const char *text, enum dw_family family)
{
	const struct dw_socket_fact *s = find(l, r->netns, p, port);

	DW_CHECK(s);
	if (!s)
		return;
	DW_CHECK_STR(dw_endpoint_text(l->facts->arena, &s->at), text);
	DW_CHECK_INT(s->at.family, family);
	DW_CHECK(s->inode != 0);
	DW_CHECK(held_by(l, s, r->pid));
}

static void check_common(const struct look *l, const struct rig *r)
{
	check_socket(l, r, DW_PROTOCOL_TCP, RIG_TCP, "127.0.0.1:1001/tcp", DW_FAMILY_IPV4);
	check_socket(l, r, DW_PROTOCOL_TCP, RIG_DUAL, "[::]:1002/tcp", DW_FAMILY_DUAL);
	check_socket(l, r, DW_PROTOCOL_TCP, RIG_MAPPED, "127.0.0.1:1004/tcp", DW_FAMILY_IPV4);
	check_socket(l, r, DW_PROTOCOL_UDP, RIG_UDP, "0.0.0.0:1005/udp", DW_FAMILY_IPV4);
	check_socket(l, r, DW_PROTOCOL_UDP, RIG_UDP6, "[::1]:1007/udp", DW_FAMILY_IPV6);
	if (r->udplite)
		check_socket(l, r, DW_PROTOCOL_UDPLITE, RIG_UDPLITE, "0.0.0.0:1008/udplite",
			     DW_FAMILY_IPV4);
	check_socket(l, r, DW_PROTOCOL_RAW, 1, "0.0.0.0:1/raw", DW_FAMILY_IPV4);
	check_socket(l, r, DW_PROTOCOL_RAW, 58, "[::]:58/raw", DW_FAMILY_IPV6);
	DW_CHECK(!find(l, r->netns, DW_PROTOCOL_UDP, RIG_UDP_CONNECTED));
}

static struct rig rig;

DW_TEST(netlink_shows_all)
{
	struct look l;
	const struct dw_socket_fact *s;

	look(&l, DW_RUNG_NETLINK | DW_RUNG_PROC, false);
	check_common(&l, &rig);
	check_socket(&l, &rig, DW_PROTOCOL_TCP, RIG_V6ONLY, "[::]:1003/tcp", DW_FAMILY_IPV6);
	check_socket(&l, &rig, DW_PROTOCOL_TCP, RIG_LINK_LOCAL, "[fe80::1%lo]:1011/tcp",
		     DW_FAMILY_IPV6);
	s = find(&l, rig.netns, DW_PROTOCOL_TCP, RIG_DEVICE);
	DW_CHECK(s && s->at.ifindex == 1);
	DW_CHECK_STR(s ? s->at.ifname : NULL, "lo");
	s = find(&l, rig.netns, DW_PROTOCOL_TCP, RIG_MPTCP);
	DW_CHECK(!rig.mptcp || (s && s->mptcp && held_by(&l, s, rig.pid)));
	s = find(&l, rig.netns, DW_PROTOCOL_TCP, RIG_TCP);
	DW_CHECK(s && !s->mptcp && s->cookie != 0 && s->uid == 0 && s->kind == DW_KIND_LISTENER);
	DW_CHECK_STR(l.facts->method, "netlink");
	DW_CHECK_STR(l.facts->netns.v[0].name, "host");
	look_end(&l);
}

DW_TEST(packet_sockets_and_their_filters)
{
	bool magic = false, arp = false;
	struct look l;

	look(&l, DW_RUNG_NETLINK | DW_RUNG_PROC, false);
	for (size_t i = 0; i < l.facts->sockets.n; i++) {
		const struct dw_socket_fact *s = &l.facts->sockets.v[i];

		if (s->at.netns != rig.netns || s->at.protocol != DW_PROTOCOL_PACKET)
			continue;
		DW_CHECK_INT(s->kind, DW_KIND_SNIFFER);
		DW_CHECK(held_by(&l, s, rig.pid));
		if (s->at.ifindex == 1) {
			DW_CHECK_STR(s->filter, "udp with 0x39393939 at payload byte 0: passes "
						"only marked packets");
			DW_CHECK_STR(dw_endpoint_text(l.facts->arena, &s->at), "lo/packet");
			magic = true;
		} else {
			DW_CHECK_STR(s->filter, "arp frames");
			DW_CHECK_STR(dw_endpoint_text(l.facts->arena, &s->at), "*/packet");
			arp = true;
		}
	}
	DW_CHECK(magic && arp);
	look_end(&l);
}

DW_TEST(every_way_of_holding)
{
	const struct dw_socket_fact *s;
	char want[128];
	struct look l;

	look(&l, DW_RUNG_NETLINK | DW_RUNG_PROC, false);
	s = find(&l, rig.netns, DW_PROTOCOL_TCP, RIG_SHARED);
	(void)snprintf(want, sizeof(want), "%d fd %d", rig.sharer, rig.shared_fd);
	DW_CHECK(s && strstr(holders(&l, s), want));
	(void)snprintf(want, sizeof(want), "%d fd %d", rig.pid, rig.shared_fd);
	DW_CHECK(s && strstr(holders(&l, s), want));
	s = find(&l, rig.netns, DW_PROTOCOL_TCP, RIG_THREAD);
	(void)snprintf(want, sizeof(want), "%d thread %d fd ", rig.pid, rig.thread);
	DW_CHECK(s && dw_starts_with(holders(&l, s), want) && !strchr(holders(&l, s), ','));
	if (rig.ring_fd >= 0) {
		s = find(&l, rig.netns, DW_PROTOCOL_TCP, RIG_RING);
		(void)snprintf(want, sizeof(want), "%d io_uring fd %d slot 0", rig.pid,
			       rig.ring_fd);
		/* kernels before the numbers were printed say so instead */
		DW_CHECK(s);
		if (s && *holders(&l, s) == '\0')
			DW_CHECK(l.facts->incomplete.n > 0);
		else
			DW_CHECK_STR(s ? holders(&l, s) : NULL, want);
	}
	look_end(&l);
}

DW_TEST(namespaces_without_a_process)
{
	const struct dw_socket_fact *s;
	bool by_fd = false;
	struct look l;

	look(&l, DW_RUNG_NETLINK | DW_RUNG_PROC, false);
	s = find(&l, rig.orphan, DW_PROTOCOL_TCP, RIG_ORPHAN);
	DW_CHECK(s && held_by(&l, s, rig.pid));
	for (size_t i = 0; i < l.facts->netns.n; i++)
		by_fd = by_fd || l.facts->netns.v[i].inode == rig.by_fd;
	DW_CHECK(by_fd);
	look_end(&l);
}

DW_TEST(vsock_with_or_without_its_diag)
{
	const struct dw_socket_fact *s;
	struct look l;

	look(&l, DW_RUNG_NETLINK | DW_RUNG_PROC, false);
	s = find(&l, rig.netns, DW_PROTOCOL_VSOCK, RIG_VSOCK);
	if (rig.vsock) {
		DW_CHECK(s && held_by(&l, s, rig.pid));
		DW_CHECK_STR(s ? dw_endpoint_text(l.facts->arena, &s->at) : NULL, "*:7777/vsock");
	}
	look_end(&l);
}

static bool door_of(const struct look *l, const struct dw_socket_fact *like)
{
	for (size_t i = 0; i < l->facts->sockets.n; i++) {
		const struct dw_socket_fact *s = &l->facts->sockets.v[i];

		if (s->inode == like->inode && s->at.netns == like->at.netns &&
		    s->at.protocol == like->at.protocol && s->at.port == like->at.port &&
		    memcmp(s->at.address, like->at.address, 16) == 0)
			return true;
	}
	return false;
}

/* Each rung must show in the rig's namespace what the other shows. */
DW_TEST(the_rungs_agree)
{
	struct look net, proc;
	size_t seen = 0;

	look(&net, DW_RUNG_NETLINK | DW_RUNG_PROC, false);
	look(&proc, DW_RUNG_PROC, false);
	DW_CHECK_STR(proc.facts->method, "proc");
	check_common(&proc, &rig);
	for (unsigned turn = 0; turn < 2; turn++) {
		const struct look *one = turn ? &proc : &net, *other = turn ? &net : &proc;

		for (size_t i = 0; i < one->facts->sockets.n; i++) {
			const struct dw_socket_fact *s = &one->facts->sockets.v[i];

			if (s->at.netns != rig.netns)
				continue;
			seen++;
			DW_CHECK(door_of(other, s));
		}
	}
	DW_CHECK(seen > 30);
	look_end(&net);
	look_end(&proc);
}

/* Nothing is hidden here, so nothing may look hidden. */
DW_TEST(no_false_alarm)
{
	struct look l;

	look(&l, DW_RUNG_NETLINK | DW_RUNG_PROC, true);
	for (size_t i = 0; i < l.facts->sockets.n; i++) {
		const struct dw_socket_fact *s = &l.facts->sockets.v[i];

		DW_CHECK_INT(s->could_see & ~s->seen, 0);
		if (s->at.netns == rig.netns && s->at.protocol == DW_PROTOCOL_TCP)
			DW_CHECK((s->could_see & (DW_SEEN_DIAG | DW_SEEN_PROC)) ==
				 (DW_SEEN_DIAG | DW_SEEN_PROC));
	}
	look_end(&l);
}

/*
 * /proc/PID of the holder covered by another process's: the holder is still named, and nobody in
 * its place.
 */
DW_TEST(covered_process)
{
	const struct dw_socket_fact *s;
	bool told = false;
	char path[64];
	struct look l;

	(void)snprintf(path, sizeof(path), "/proc/%d", rig.pid);
	DW_CHECK_INT(mount("/proc/1", path, NULL, MS_BIND, NULL), 0);
	look(&l, DW_RUNG_NETLINK | DW_RUNG_PROC, false);
	DW_CHECK_INT(umount2(path, MNT_DETACH), 0);
	/* its namespace is known through the process that shares a socket with it */
	s = find(&l, rig.netns, DW_PROTOCOL_TCP, RIG_TCP);
	DW_CHECK(s && held_by(&l, s, rig.pid));
	for (size_t i = 0; i < l.facts->processes.n; i++)
		if (l.facts->processes.v[i].pid == rig.pid) {
			DW_CHECK_STR(l.facts->processes.v[i].comm, "test-live");
			DW_CHECK(!l.facts->processes.v[i].details_known);
		}
	for (size_t i = 0; i < l.facts->incomplete.n; i++)
		told = told || dw_streq(l.facts->incomplete.v[i].what, "proc-covered");
	DW_CHECK(told);
	look_end(&l);
}

/*
 * What is looked at without any right: every socket is shown, its holders are said to be missing.
 */
static int as_nobody(void)
{
	bool shown = false, said = false, held = false;
	struct look l;

	if (setgid(65534) < 0 || setuid(65534) < 0)
		return 1;
	look(&l, DW_RUNG_NETLINK | DW_RUNG_PROC, false);
	for (size_t i = 0; i < l.facts->sockets.n; i++) {
		const struct dw_socket_fact *s = &l.facts->sockets.v[i];

		if (s->at.port == RIG_DEVICE && s->at.protocol == DW_PROTOCOL_TCP) {
			shown = true;
			held = *holders(&l, s) != '\0';
		}
	}
	for (size_t i = 0; i < l.facts->incomplete.n; i++)
		said = said || (dw_streq(l.facts->incomplete.v[i].what, "not-root") &&
				l.facts->incomplete.v[i].blind);
	look_end(&l);
	return (shown ? 0 : 2) | (said ? 0 : 4) | (held ? 8 : 0);
}

DW_TEST(without_any_right)
{
	int pid = fork(), status = -1;

	if (pid == 0)
		_exit(as_nobody());
	DW_CHECK_INT(waitpid(pid, &status, 0), pid);
	DW_CHECK_INT(status, 0);
}

static void check_storm(const struct look *l, const struct rig *storm, size_t *seen)
{
	const struct dw_socket_fact *s = find(l, storm->netns, DW_PROTOCOL_TCP, RIG_TCP);

	DW_CHECK(held_by(l, s, storm->pid));
	for (size_t i = 0; i < l->facts->holds.n; i++) {
		const struct dw_hold_fact *h = &l->facts->holds.v[i];
		const struct dw_owner *p = &l->facts->processes.v[h->process];

		s = &l->facts->sockets.v[h->socket];
		if (s->at.netns != storm->netns || s->at.port < 20000)
			continue;
		DW_CHECK_INT(s->at.port, 20000 + p->pid % 20000);
		/* we duplicate sockets while we look, and must not be found by ourselves */
		DW_CHECK(p->pid != getpid());
		++*seen;
	}
	for (size_t i = 0; i < l->facts->sockets.n; i++) {
		s = &l->facts->sockets.v[i];
		if (s->at.netns == storm->netns)
			DW_CHECK_INT(s->could_see & ~s->seen, 0);
	}
}

/*
 * Thousands of processes that listen and end while we look: no crash, no wrong pid, no false alarm.
 */
DW_TEST(fork_and_die_storm)
{
	const unsigned rungs[] = { DW_RUNG_NETLINK | DW_RUNG_PROC, DW_RUNG_NETLINK | DW_RUNG_PROC,
				   DW_RUNG_PROC, DW_RUNG_BPF };
	size_t seen = 0, by_bpf = 0;
	struct rig storms[2];
	bool bpf = false;

	for (unsigned i = 0; i < 2; i++)
		DW_CHECK(rig_storm_start(&storms[i]));
	for (unsigned i = 0; i < 24 || ((seen == 0 || (bpf && by_bpf == 0)) && i < 400); i++) {
		struct look l;
		bool this;

		/* the deeper look in every other round of the rungs */
		look(&l, rungs[i % 4], i / 4 % 2 == 0);
		/* netlink where BPF cannot be used */
		this = dw_starts_with(l.facts->method, "bpf");
		bpf = bpf || this;
		for (unsigned k = 0; k < 2; k++)
			check_storm(&l, &storms[k], this ? &by_bpf : &seen);
		look_end(&l);
	}
	printf("storm: %zu short-lived holders were seen, %zu by BPF\n", seen, by_bpf);
	DW_CHECK(seen > 0);
	DW_CHECK(!bpf || by_bpf > 0);
	for (unsigned i = 0; i < 2; i++)
		rig_stop(&storms[i]);
}

int main(void)
{
	int r;

	/* mounts made here are nobody else's */
	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || !rig_start(&rig)) {
		printf("needs root and network namespaces\n");
		return SKIP;
	}
	r = dw_test_run();
	rig_stop(&rig);
	return r;
}
