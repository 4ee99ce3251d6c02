/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A recorded host for what the kernel at hand may lack: SCTP, DCCP, vsock and raw over sock_diag.
 * The record in tests/dumps/netcol was made from the structs in records.h, laid out as linux/inet_diag.h,
 * vm_sockets_diag.h and packet_diag.h have them: "test-dumps --write DIR" makes it again, and the
 * first test compares. Its requests are built here a second time, so a request that is laid out
 * differently finds no answer.
 */
#include <errno.h>
#include <sys/stat.h>

#include "records.h"

static int write_all(const char *dir)
{
	struct dw_arena *arena = dw_arena_new();
	int r = 0;

	for (size_t i = 0; i < DW_ARRAY_SIZE(all); i++) {
		struct answer a;
		const char *path = dw_arena_printf(arena, "%s/%s", dir, make(&a, i, arena));
		FILE *f = fopen(path, "wb");

		if (!f || fwrite(a.bytes, 1, a.n, f) != a.n || fclose(f) != 0)
			r = 1, perror(path);
	}
	dw_arena_free(arena);
	return r;
}

DW_TEST(record_is_what_was_made)
{
	struct dw_arena *arena = dw_arena_new();

	for (size_t i = 0; i < DW_ARRAY_SIZE(all); i++) {
		struct answer a;
		char have[4096], *key = make(&a, i, arena);
		FILE *f = fopen(dw_arena_printf(arena, "%s/%s", DW_TEST_PATH("dumps/netcol"), key),
				"rb");
		size_t n = f ? fread(have, 1, sizeof(have), f) : 0;

		DW_CHECK(n == a.n && memcmp(have, a.bytes, n) == 0);
		if (f)
			(void)fclose(f);
	}
	dw_arena_free(arena);
}

struct look {
	struct dw_sys *sys;
	struct dw_facts *facts;
	struct dw_collect c;
	int r;
};

static void look(struct look *l, unsigned rungs, unsigned fail_at)
{
	struct dw_error e = { 0 };

	*l = (struct look){ 0 };
	DW_CHECK_INT(dw_sys_open_fake(DW_TEST_PATH("dumps/netcol"), &l->sys, &e), 0);
	if (fail_at)
		dw_sys_fail_at(l->sys, fail_at, EIO);
	l->facts = dw_facts_new();
	l->c = (struct dw_collect){ .sys = l->sys, .facts = l->facts, .rungs = rungs };
	l->c.procs = dw_procs_new(l->sys, l->facts->arena);
	l->r = dw_collect_sockets(&l->c, &e);
}

static void look_end(struct look *l)
{
	dw_collect_close(&l->c);
	dw_procs_close(l->c.procs);
	dw_facts_free(l->facts);
	dw_sys_free(l->sys);
}

/* Every socket on a line of its own: endpoint, family, kind, holders. */
static const char *story(const struct look *l)
{
	struct dw_str out = { .arena = l->facts->arena };

	for (size_t i = 0; i < l->facts->sockets.n; i++) {
		const struct dw_socket_fact *s = &l->facts->sockets.v[i];

		dw_str_addf(&out, "%s%s %s %s%s%s%s%s", s->at.netns == HOST ? "" : "blue ",
			    dw_endpoint_text(l->facts->arena, &s->at), dw_family_name(s->at.family),
			    dw_door_kind_name(s->kind), s->mptcp ? " mptcp" : "",
			    s->filter ? " " : "", s->filter ? s->filter : "",
			    s->seen & DW_SEEN_DIAG ? "" : " proc");
		for (size_t k = 0; k < l->facts->holds.n; k++)
			if (l->facts->holds.v[k].socket == i)
				dw_str_addf(&out, " %d %s",
					    l->facts->processes.v[l->facts->holds.v[k].process].pid,
					    l->facts->holds.v[k].via);
		dw_str_addc(&out, '\n');
	}
	return out.s;
}

static unsigned notes(const struct look *l, const char *what)
{
	unsigned n = 0;

	for (size_t i = 0; i < l->facts->incomplete.n; i++)
		n += dw_streq(l->facts->incomplete.v[i].what, what);
	return n;
}

DW_TEST(recorded_host)
{
	struct look l;

	look(&l, DW_RUNG_NETLINK | DW_RUNG_PROC, 0);
	DW_CHECK_INT(l.r, 0);
	DW_CHECK_STR(story(&l), "0.0.0.0:443/tcp ipv4 listener mptcp 100 fd 3 101 fd 4\n"
				"10.0.0.1:8443/tcp ipv4 listener 100 thread 110 fd 5\n"
				"10.0.0.1:3868/sctp ipv4 listener 101 io_uring fd 9 slot 1\n"
				"10.0.0.2:3868/sctp ipv4 listener 101 io_uring fd 9 slot 1\n"
				"[::]:2905/sctp ipv6 listener\n"
				"[::]:5004/dccp dual listener\n"
				"0.0.0.0:89/raw ipv4 raw 101 fd 5\n"
				"*:1024/vsock vsock listener\n"
				"3:9999/vsock vsock datagram\n"
				"0.0.0.0:123/udp ipv4 datagram proc\n"
				"[::]:123/udp ipv6 datagram proc\n"
				"*/packet packet sniffer arp frames proc 100 fd 8\n"
				"blue 0.0.0.0:53/udp ipv4 datagram 200 fd 3\n");
	DW_CHECK_STR(l.facts->netns.v[0].name, "host");
	DW_CHECK_INT(l.facts->netns.n, 2);
	DW_CHECK_STR(l.facts->netns.v[1].name, "blue");
	DW_CHECK_INT(notes(&l, "bad-message"), 1);
	DW_CHECK_INT(notes(&l, "bad-line"), 1);
	look_end(&l);
}

/* Half open ones and those of no door are left out; the other end of our own has a name. */
DW_TEST(recorded_connections)
{
	struct dw_str out = { 0 };
	struct look l;

	look(&l, DW_RUNG_NETLINK | DW_RUNG_PROC, 0);
	out.arena = l.facts->arena;
	for (size_t i = 0; i < l.facts->connections.n; i++) {
		const struct dw_connection_fact *c = &l.facts->connections.v[i];

		dw_str_addf(&out, "%s from %u.%u.%u.%u:%u inode %u%s%s\n",
			    dw_endpoint_text(l.facts->arena, &c->at), c->peer[0], c->peer[1],
			    c->peer[2], c->peer[3], c->peer_port, (unsigned)c->inode,
			    c->local ? " local " : "", c->program ? c->program : "");
	}
	DW_CHECK_STR(out.s,
		     "10.0.0.1:443/tcp from 192.0.2.1:50000 inode 0\n"
		     "10.0.0.1:443/tcp from 192.0.2.2:50000 inode 6001\n"
		     "10.0.0.1:8443/tcp from 10.0.0.1:41000 inode 6002 local /usr/bin/client\n");
	for (size_t i = 0; i < l.facts->sockets.n; i++)
		if (l.facts->sockets.v[i].at.protocol == DW_PROTOCOL_TCP)
			DW_CHECK(l.facts->sockets.v[i].asked);
	/* of what nobody recorded an answer for it is not known */
	DW_CHECK_INT(notes(&l, "no-connections"), 3);
	look_end(&l);
}

DW_TEST(only_proc)
{
	struct look l;

	look(&l, DW_RUNG_PROC, 0);
	DW_CHECK_INT(l.r, 0);
	DW_CHECK_STR(story(&l), "0.0.0.0:123/udp ipv4 datagram proc\n"
				"[::]:123/udp ipv6 datagram proc\n"
				"*/packet packet sniffer arp frames proc 100 fd 8\n");
	look_end(&l);
}

/* Each fallible call fails once: never a crash, and what is not shown is said to be missing. */
static bool says_why(const struct look *l)
{
	for (size_t i = 0; i < l->facts->incomplete.n; i++)
		if (strstr(l->facts->incomplete.v[i].text, strerror(EIO)))
			return true;
	return false;
}

DW_TEST(every_call_fails_once)
{
	unsigned calls, refused = 0, silent = 0;
	struct look whole, l;

	look(&whole, DW_RUNG_NETLINK | DW_RUNG_PROC, 0);
	calls = dw_sys_calls(whole.sys);
	DW_CHECK(calls > 50);
	for (unsigned i = 1; i <= calls; i++) {
		look(&l, DW_RUNG_NETLINK | DW_RUNG_PROC, i);
		refused += l.r < 0;
		if (l.r == 0 && l.facts->sockets.n < whole.facts->sockets.n && !says_why(&l)) {
			silent++;
			printf("call %u of %u failed and nobody said so\n", i, calls);
		}
		look_end(&l);
	}
	DW_CHECK_INT(silent, 0);
	DW_CHECK(refused > 0 && refused < 10);
	look_end(&whole);
}

int main(int argc, char **argv)
{
	if (argc == 3 && dw_streq(argv[1], "--write"))
		return write_all(argv[2]);
	return dw_test_run();
}
