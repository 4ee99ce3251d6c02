/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How far a new connection gets, against servers that stop, say too much, or say nothing; read in a sandbox. */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dw_str.h"
#include "dw_test.h"
#include "ssh-proof.h"

#define BANNER "SSH-2.0-made_up\r\n"

struct server {
	char place[32];
	int fd, pid;
};

static void add_packet(struct dw_str *b, const void *payload, size_t n)
{
	const uint32_t length = htonl((uint32_t)(n + 1 + 4));

	dw_str_addn(b, (const char *)&length, 4);
	dw_str_addc(b, 4);
	dw_str_addn(b, payload, n);
	dw_str_addn(b, "\0\0\0\0", 4);
}

static void serve(int fd, const char *bytes, size_t n)
{
	for (;;) {
		char rest[4096];
		int c = accept(fd, NULL, NULL);

		if (c < 0)
			_exit(1);
		(void)!write(c, bytes, n);
		while (n && read(c, rest, sizeof(rest)) > 0)
			;
		(void)close(c);
	}
}

static struct server start(const struct dw_str *says)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(at);
	struct server s = { .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };

	DW_CHECK(bind(s.fd, (struct sockaddr *)&at, n) == 0 && listen(s.fd, 5) == 0 &&
		 getsockname(s.fd, (struct sockaddr *)&at, &n) == 0);
	(void)snprintf(s.place, sizeof(s.place), "127.0.0.1:%u", ntohs(at.sin_port));
	s.pid = fork();
	if (s.pid == 0)
		serve(s.fd, says->s ? says->s : "", says->n);
	(void)close(s.fd);
	return s;
}

static void stop(const struct server *s)
{
	(void)kill(s->pid, SIGKILL);
	(void)waitpid(s->pid, NULL, 0);
}

static void reaches(const struct dw_str *says, enum ssh_stage want)
{
	_cleanup_sys_ struct dw_sys *sys = NULL;
	struct server s = start(says);
	struct dw_error e = { 0 };

	DW_CHECK(dw_sys_open(NULL, &sys, NULL) == 0);
	DW_CHECK_INT(ssh_proof(sys, s.place, 1000, &e), want);
	DW_CHECK_STR(e.message, "");
	stop(&s);
}

DW_TEST(each_stage)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_str says = { .arena = a }, offer = { .arena = a };
	static const char zeroes[16];

	reaches(&says, SSH_NOTHING);
	dw_str_add(&says, "Welcome to this host\r\n");
	reaches(&says, SSH_NOTHING);
	dw_str_add(&says, BANNER);
	reaches(&says, SSH_BANNER);
	dw_str_addc(&offer, 20);
	dw_str_addn(&offer, zeroes, sizeof(zeroes));
	dw_str_addn(&offer,
		    "\0\0\0\x11"
		    "curve25519-sha256",
		    21);
	add_packet(&says, offer.s, offer.n);
	reaches(&says, SSH_OFFER);
	add_packet(&says, "\x02ignore", 7);
	add_packet(&says,
		   "\x1f"
		   "signed",
		   7);
	reaches(&says, SSH_PROVEN);
}

DW_TEST(what_is_no_packet)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_str says = { .arena = a };

	dw_str_add(&says, BANNER);
	dw_str_addn(&says, "\xff\xff\xff\xff\xff\xff", 6);
	reaches(&says, SSH_BANNER);
	says.n = 0;
	for (int i = 0; i < 2000; i++)
		dw_str_add(&says, "line after line\n");
	dw_str_add(&says, BANNER);
	reaches(&says, SSH_NOTHING);
}

/* Without a sandbox nothing is read, and so nothing is proven. */
DW_TEST(each_call_may_fail)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_sys_ struct dw_sys *sys = NULL;
	struct dw_str says = { .arena = a };
	struct dw_error e = { 0 };
	struct server s;
	unsigned calls;

	dw_str_add(&says, BANNER);
	s = start(&says);
	DW_CHECK(dw_sys_open(NULL, &sys, NULL) == 0);
	DW_CHECK_INT(ssh_proof(sys, s.place, 200, &e), SSH_BANNER);
	calls = dw_sys_calls(sys);
	DW_CHECK(calls > 1 && calls < 50);
	for (unsigned n = 1; n <= calls; n++) {
		dw_sys_fail_at(sys, n, EPERM);
		DW_CHECK_INT(ssh_proof(sys, s.place, 200, &e), SSH_NOTHING);
	}
	stop(&s);
}

DW_TEST_MAIN
