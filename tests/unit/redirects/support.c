/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dw_str.h"

static struct world world_of(struct dw_sys *s)
{
	struct world w = { .sys = s, .arena = dw_arena_new() };
	struct dw_facts *f = dw_facts_new();
	uint32_t self = dw_netns_self(s);

	w.c = (struct dw_collect){ .sys = s, .facts = f, .rungs = DW_RUNG_ALL };
	w.c.procs = dw_procs_new(s, w.arena);
	*dw_vec_add(f->arena, &f->netns) = (struct dw_netns_fact){ .inode = self, .name = "host" };
	*dw_vec_add(f->arena, &w.c.netns) = (struct dw_netns){ .inode = self, .fd = -1 };
	return w;
}

struct world world_live(void)
{
	struct dw_sys *s = NULL;

	if (dw_sys_open(NULL, &s, NULL) < 0)
		abort();
	return world_of(s);
}

struct world world_fake(const char *fixture)
{
	struct dw_sys *s = NULL;

	if (dw_sys_open_fake(fixture, &s, NULL) < 0)
		abort();
	return world_of(s);
}

void world_free(struct world *w)
{
	dw_procs_close(w->c.procs);
	dw_facts_free(w->c.facts);
	dw_sys_free(w->sys);
	dw_arena_free(w->arena);
}

/*
 * --- fixtures
 * -------------------------------------------------------------------------------------
 */

const char *fixture_new(struct dw_arena *a)
{
	char *path = dw_arena_strdup(a, "/tmp/doorward-test-XXXXXX");

	if (!mkdtemp(path))
		abort();
	fixture_text(path, "root/etc/hostname", "fake\n");
	fixture_text(path, "proc/uptime", "1.0 1.0\n"); /* a /proc: something runs there */
	return path;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	return remove(path);
}

void fixture_remove(const char *fixture)
{
	nftw(fixture, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void fixture_write(const char *fixture, const char *relative, const void *data, size_t n)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", fixture, relative);
	for (char *slash = path + strlen(fixture) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
	f = fopen(path, "wb");
	if (!f || fwrite(data, 1, n, f) != n || fclose(f) != 0)
		abort();
}

void fixture_netlink(const char *fixture, uint32_t inode, int protocol,
		     const struct nlmsghdr *request, const void *answer, size_t n)
{
	struct dw_arena *a = dw_arena_new();

	fixture_write(fixture,
		      dw_netlink_key(a, &(struct dw_netns){ .inode = inode, .fd = -1 }, protocol,
				     request),
		      answer, n);
	dw_arena_free(a);
}

bool fresh_netns(void)
{
	struct ifreq r = { .ifr_name = "lo" };
	int fd;

	if (unshare(CLONE_NEWNET) < 0) {
		/* where root cannot, all of the tests here would pass without a look */
		if (geteuid() == 0) {
			printf("root gets no network namespace: %s\n", strerror(errno));
			abort();
		}
		return false;
	}
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	r.ifr_flags = IFF_UP | IFF_RUNNING;
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &r) < 0)
		abort();
	close(fd);
	return true;
}

const char *tool_path(const char *name)
{
	static const char *const directories[] = { "/usr/sbin", "/sbin", "/usr/bin", "/bin" };
	static char path[256];

	for (size_t i = 0; i < DW_ARRAY_SIZE(directories); i++) {
		snprintf(path, sizeof(path), "%s/%s", directories[i], name);
		if (access(path, X_OK) == 0)
			return path;
	}
	printf("skipped: %s is not installed\n", name);
	return NULL;
}

int tool_run(const char *path, const char *const *argv, const char *input)
{
	int in[2], status = 0;
	pid_t pid;

	if (pipe(in) < 0)
		abort();
	pid = fork();
	if (pid == 0) {
		dup2(in[0], 0);
		close(in[1]);
		execv(path, (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(in[0]);
	if (input && write(in[1], input, strlen(input)) < 0)
		perror("write");
	close(in[1]);
	if (waitpid(pid, &status, 0) < 0)
		abort();
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *redirect_line(struct dw_arena *a, const struct dw_redirect_fact *f, bool rules)
{
	struct dw_str b = { .arena = a };

	dw_str_addf(&b, "%s %s %s ", dw_protocol_name(f->at.protocol), dw_family_name(f->at.family),
		    dw_endpoint_address(a, &f->at));
	if (!f->at.has_port)
		dw_str_add(&b, "*");
	else if (f->at.port == f->port_last)
		dw_str_addf(&b, "%u", f->at.port);
	else
		dw_str_addf(&b, "%u-%u", f->at.port, f->port_last);
	dw_str_addf(&b, " %s > %s", f->at.ifname ? f->at.ifname : "-", f->target ? f->target : "-");
	if (f->kind == DW_KIND_REDIRECTED)
		dw_str_add(&b, " (redirected)");
	if (rules)
		dw_str_addf(&b, " | %s", f->rule);
	return b.s;
}

const char *redirect_lines(struct world *w, bool rules)
{
	struct dw_facts *f = w->c.facts;
	struct dw_strings lines = { 0 };
	struct dw_str b = { .arena = w->arena };

	for (size_t i = 0; i < f->redirects.n; i++)
		dw_vec_push(w->arena, &lines, redirect_line(w->arena, &f->redirects.v[i], rules));
	if (lines.n > 1)
		qsort(lines.v, lines.n, sizeof(*lines.v), by_text);
	for (size_t i = 0; i < lines.n; i++)
		dw_str_addf(&b, "%s\n", lines.v[i]);
	return b.s ? b.s : "";
}

const char *incomplete_lines(struct world *w)
{
	struct dw_facts *f = w->c.facts;
	struct dw_str b = { .arena = w->arena };

	for (size_t i = 0; i < f->incomplete.n; i++)
		dw_str_addf(&b, "%s: %s\n", f->incomplete.v[i].what, f->incomplete.v[i].text);
	return b.s ? b.s : "";
}
