/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "servers.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int open_port(bool udp, uint16_t *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, n) < 0 || (!udp && listen(fd, 16) < 0) ||
	    getsockname(fd, (struct sockaddr *)&a, &n) < 0)
		abort();
	*port = ntohs(a.sin_port);
	return fd;
}

static bool is_wanted(const struct script *s, const char *got, ssize_t n)
{
	return n > 0 &&
	       (!s->to || ((size_t)n >= strlen(s->to) && memcmp(got, s->to, strlen(s->to)) == 0));
}

static void serve_one(const struct script *s, int fd)
{
	char got[2048];
	ssize_t n;

	if (s->greeting && send(fd, s->greeting, strlen(s->greeting), MSG_NOSIGNAL) < 0)
		return;
	n = recv(fd, got, sizeof(got), 0);
	if (is_wanted(s, got, n) && s->reply)
		(void)send(fd, s->reply, s->reply_n, MSG_NOSIGNAL);
}

_Noreturn static void serve(const struct script *s, int fd)
{
	for (;;) {
		struct sockaddr_storage from;
		socklen_t n = sizeof(from);
		char got[2048];
		ssize_t length;
		int his;

		if (s->udp) {
			length = recvfrom(fd, got, sizeof(got), 0, (struct sockaddr *)&from, &n);
			if (is_wanted(s, got, length))
				(void)sendto(fd, s->reply, s->reply_n, 0, (struct sockaddr *)&from,
					     n);
			continue;
		}
		his = accept(fd, NULL, NULL);
		if (his < 0)
			_exit(1);
		if (fork() == 0) { /* its children end with the connection */
			serve_one(s, his);
			_exit(0);
		}
		close(his);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}

struct server server_start(const struct script *s)
{
	struct server server = { 0 };
	int fd = open_port(s->udp, &server.port);

	server.pid = fork();
	if (server.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(s, fd);
	}
	close(fd);
	return server;
}

static bool is_there(const char *name)
{
	char path[256];
	static const char *const places[] = { "/usr/bin", "/usr/sbin" };

	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", places[i], name);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

static bool answers(uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool yes = connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0;

	close(fd);
	return yes;
}

struct server server_run(const char *const *argv, const char *directory)
{
	struct server s = { 0 };
	static char words[16][128];
	char *copy[17] = { 0 };

	if (!is_there(argv[0]))
		return s;
	close(open_port(false, &s.port));
	for (size_t i = 0; argv[i] && i < 16; i++) {
		const char *at = strstr(argv[i], "PORT");

		if (at)
			snprintf(words[i], sizeof(words[i]), "%.*s%u%s", (int)(at - argv[i]),
				 argv[i], s.port, at + 4);
		else
			snprintf(words[i], sizeof(words[i]), "%s", argv[i]);
		copy[i] = words[i];
	}
	s.pid = fork();
	if (s.pid == 0) {
		int null = open("/dev/null", O_RDWR);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 ||
		    (directory && chdir(directory) < 0))
			_exit(127);
		setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
		execvp(copy[0], copy);
		_exit(127);
	}
	for (unsigned i = 0; i < 6000 && !answers(s.port); i++)
		usleep(20000);
	return s;
}

void server_stop(const struct server *s)
{
	if (s->pid <= 0)
		return;
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
}
