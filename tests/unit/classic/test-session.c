/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* By which door whoever runs doorward came in: on made-up hosts, and once on this kernel. */
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dw_collect.h"
#include "world.h"

static struct dw_connection_fact *connection(struct world *w, const char *local, uint32_t port,
					     const char *peer, uint16_t peer_port, uint64_t inode)
{
	enum dw_family family = strchr(local, ':') ? DW_FAMILY_IPV6 : DW_FAMILY_IPV4;
	struct dw_connection_fact *c = dw_vec_add(w->facts->arena, &w->facts->connections);

	*c = (struct dw_connection_fact){
		.at = world_at(DW_PROTOCOL_TCP, family, local, port),
		.peer_port = peer_port,
		.inode = inode,
	};
	if (inet_pton(family == DW_FAMILY_IPV4 ? AF_INET : AF_INET6, peer, c->peer) != 1)
		dw_test_failures++;
	return c;
}

/* systemd(1) > sshd(10) > sshd(20, privileged) > sshd(21) > bash(30) > sudo(40) > doorward(50) */
static struct world through_sshd(const char *socket_of_sshd, const char *env)
{
	struct world w = world_new();
	const struct world_process all[] = {
		{ .pid = 1, .exe = "/lib/systemd/systemd", .argv = { "init" } },
		{ .pid = 10,
		  .ppid = 1,
		  .exe = "/usr/sbin/sshd",
		  .argv = { "sshd" },
		  .fd0 = "socket:[900]" }, /* the listener */
		{ .pid = 20,
		  .ppid = 10,
		  .exe = "/usr/sbin/sshd",
		  .argv = { "sshd: pat" },
		  .fd0 = socket_of_sshd },
		{ .pid = 21,
		  .ppid = 20,
		  .exe = "/usr/sbin/sshd",
		  .argv = { "sshd: pat@pts/0" },
		  .fd0 = socket_of_sshd },
		{ .pid = 30, .ppid = 21, .exe = "/bin/bash", .argv = { "-bash" }, .env = { env } },
		{ .pid = 40, .ppid = 30, .exe = "/usr/bin/sudo", .argv = { "sudo", "doorward" } },
		{ .pid = 50, .ppid = 40, .exe = "/usr/bin/doorward", .argv = { "doorward" } },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(all); i++)
		world_process(&w, &all[i]);
	world_link(&w, "proc/self", "50");
	return w;
}

/* Index of the one that is marked, -1: none. */
static int marked(struct world *w)
{
	struct dw_error e = { 0 };
	int found = -1;

	DW_CHECK_INT(dw_sys_open_fake(w->dir, &w->sys, &e), 0);
	w->s = (struct dw_starters){ .sys = w->sys, .facts = w->facts, .arena = w->facts->arena };
	w->s.procs = dw_procs_new(w->sys, w->facts->arena);
	dw_starters_session(&w->s);
	for (size_t i = 0; i < w->facts->connections.n; i++)
		if (w->facts->connections.v[i].session) {
			DW_CHECK_INT(found, -1);
			found = (int)i;
		}
	return found;
}

DW_TEST(the_connection_of_an_ancestor)
{
	struct world w = through_sshd("socket:[801]", NULL);

	connection(&w, "10.0.0.1", 443, "192.0.2.1", 50001, 800);
	connection(&w, "10.0.0.1", 22, "192.0.2.1", 50002, 801);
	connection(&w, "10.0.0.1", 22, "192.0.2.2", 50003, 802);
	connection(&w, "10.0.0.1", 22, "192.0.2.2", 50004, 0);
	DW_CHECK_INT(marked(&w), 1);
	world_free(&w);
}

/* What sshd took for others, ssh -R, has a higher descriptor than what it was made for. */
DW_TEST(of_several_the_lowest_descriptor)
{
	struct world w = through_sshd("socket:[801]", NULL);

	world_link(&w, "proc/21/fd/12", "socket:[800]");
	connection(&w, "127.0.0.1", 8080, "127.0.0.1", 50001, 800);
	connection(&w, "10.0.0.1", 22, "192.0.2.1", 50002, 801);
	DW_CHECK_INT(marked(&w), 1);
	world_free(&w);
}

DW_TEST(what_sshd_left_in_the_environment)
{
	struct world w = through_sshd(NULL, "SSH_CONNECTION=192.0.2.2 50003 10.0.0.1 22");

	connection(&w, "10.0.0.1", 22, "192.0.2.2", 50004, 801);
	connection(&w, "10.0.0.1", 22, "192.0.2.2", 50003, 802);
	DW_CHECK_INT(marked(&w), 1);
	world_free(&w);
}

DW_TEST(an_address_with_a_scope)
{
	struct world w = through_sshd(NULL, "SSH_CONNECTION=fe80::2%eth0 50003 fe80::1%eth0 22");

	connection(&w, "fe80::1", 22, "fe80::2", 50003, 802);
	DW_CHECK_INT(marked(&w), 0);
	world_free(&w);
}

/* A screen outlives its connection, and its windows keep the variable. */
DW_TEST(a_connection_that_is_no_more)
{
	struct world w = through_sshd(NULL, "SSH_CONNECTION=192.0.2.2 50003 10.0.0.1 22"),
		     bad = through_sshd(NULL, "SSH_CONNECTION=192.0.2.2 nonsense");

	connection(&w, "10.0.0.1", 22, "192.0.2.2", 50004, 801);
	connection(&bad, "10.0.0.1", 22, "192.0.2.2", 50004, 801);
	DW_CHECK_INT(marked(&w), -1);
	DW_CHECK_INT(marked(&bad), -1);
	world_free(&w);
	world_free(&bad);
}

/* tmux's server belongs to process 1; the audit session still names logind's. */
static struct world in_a_screen(void)
{
	struct world w = world_new();
	const struct world_process all[] = {
		{ .pid = 1, .exe = "/lib/systemd/systemd", .argv = { "init" } },
		{ .pid = 30, .ppid = 1, .exe = "/usr/bin/tmux", .argv = { "tmux" } },
		{ .pid = 50, .ppid = 30, .exe = "/usr/bin/doorward", .argv = { "doorward" } },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(all); i++)
		world_process(&w, &all[i]);
	world_link(&w, "proc/self", "50");
	world_write(&w, "proc/50/loginuid", "1000", 4, 0644);
	world_write(&w, "proc/50/sessionid", "7", 1, 0644);
	world_file(&w, "/run/systemd/sessions/7",
		   "USER=pat\nREMOTE=1\nREMOTE_HOST=192.0.2.2\nSERVICE=sshd\n");
	return w;
}

DW_TEST(the_far_end_of_the_login_session)
{
	struct world w = in_a_screen();

	connection(&w, "10.0.0.1", 22, "192.0.2.1", 50004, 801);
	connection(&w, "10.0.0.1", 22, "192.0.2.2", 50003, 802);
	DW_CHECK_INT(marked(&w), 1);
	world_free(&w);
}

DW_TEST(two_ports_from_the_far_end_decide_nothing)
{
	struct world w = in_a_screen();

	connection(&w, "10.0.0.1", 443, "192.0.2.2", 50004, 801);
	connection(&w, "10.0.0.1", 22, "192.0.2.2", 50003, 802);
	DW_CHECK_INT(marked(&w), -1);
	world_free(&w);
}

DW_TEST(a_console_has_none)
{
	struct world w = world_new();

	world_process(&w,
		      &(struct world_process){
			      .pid = 50, .ppid = 1, .argv = { "doorward" }, .tty = 4 << 8 | 1 });
	world_link(&w, "proc/self", "50");
	connection(&w, "10.0.0.1", 22, "192.0.2.2", 50003, 802);
	DW_CHECK_INT(marked(&w), -1);
	world_free(&w);
}

/* --- this kernel ------------------------------------------------------------------------------ */

static int listen_at(struct sockaddr_in *at)
{
	socklen_t size = sizeof(*at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*at = (struct sockaddr_in){ .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (bind(fd, (struct sockaddr *)at, sizeof(*at)) < 0 || listen(fd, 5) < 0 ||
	    getsockname(fd, (struct sockaddr *)at, &size) < 0)
		_exit(2);
	return fd;
}

/* Of two ports with a connection each, the one whose server is our parent. */
static int look(uint16_t port)
{
	struct world w = { .facts = dw_facts_new() };
	struct dw_collect c = { .facts = w.facts, .rungs = DW_RUNG_NETLINK | DW_RUNG_PROC };
	struct dw_error e = { 0 };
	unsigned right = 0, wrong = 0, unasked = 0;

	if (dw_sys_open(NULL, &w.sys, &e) < 0)
		return 2;
	c.sys = w.sys;
	c.procs = dw_procs_new(w.sys, w.facts->arena);
	w.s = (struct dw_starters){
		.sys = w.sys, .procs = c.procs, .facts = w.facts, .arena = w.facts->arena
	};
	if (dw_collect_sockets(&c, &e) < 0)
		return 2;
	dw_starters_session(&w.s);
	for (size_t i = 0; i < w.facts->connections.n; i++) {
		const struct dw_connection_fact *x = &w.facts->connections.v[i];

		right += x->session && x->at.port == port;
		wrong += x->session && x->at.port != port;
		unasked += x->at.netns == dw_netns_self(w.sys) &&
			   (!x->local || !x->program || !strstr(x->program, "test-session"));
	}
	dw_collect_close(&c);
	dw_procs_close(c.procs);
	dw_facts_free(w.facts);
	dw_sys_free(w.sys);
	return right == 1 && wrong == 0 && unasked == 0 ? 0 : 1;
}

static void serve(void)
{
	struct ifreq up = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	struct sockaddr_in at[2];
	int fd, status = 2, server[2], client[2], accepted;

	if (unshare(CLONE_NEWNET) < 0)
		_exit(77);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (ioctl(fd, SIOCSIFFLAGS, &up) < 0)
		_exit(77);
	close(fd);
	for (unsigned i = 0; i < 2; i++) {
		server[i] = listen_at(&at[i]);
		client[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (connect(client[i], (struct sockaddr *)&at[i], sizeof(at[i])) < 0)
			_exit(2);
	}
	accepted = accept(server[1], NULL, NULL);
	fd = fork();
	if (fd == 0) {
		close(accepted);
		_exit(look(ntohs(at[1].sin_port)));
	}
	if (waitpid(fd, &status, 0) < 0)
		_exit(2);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 2);
}

DW_TEST(a_server_of_our_own)
{
	int pid, status = 0;

	if (geteuid() != 0)
		return;
	pid = fork();
	if (pid == 0)
		serve();
	DW_CHECK_INT(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		return; /* no namespaces here */
	DW_CHECK(WIFEXITED(status));
	DW_CHECK_INT(WEXITSTATUS(status), 0);
}

DW_TEST_MAIN
