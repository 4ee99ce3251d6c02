/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A made-up host for the tests of starters: a directory with root/ and proc/ that a fake handle reads. The
 * file system may be laid out from a tree in tests/roots, processes are written as proc(5) has them.
 */
#ifndef DW_TEST_WORLD_H
#define DW_TEST_WORLD_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

#include "dw_facts.h"
#include "dw_starters.h"
#include "dw_str.h"
#include "dw_test.h"
#include "registry.h"

struct world {
	char dir[64];
	struct dw_sys *sys;
	struct dw_facts *facts;
	struct dw_starters s;
	void *state;
};

struct world_process {
	int pid, ppid;
	const char *exe;
	const char *argv[8];
	const char *env[16];
	const char *cgroup; /* NULL: "/" */
	const char *fd0;    /* where /proc/PID/fd/0 leads */
	unsigned started, tty;
};

static void world_mkdirs(const char *path)
{
	char copy[512];

	snprintf(copy, sizeof(copy), "%s", path);
	for (char *p = copy + 1; *p; p++)
		if (*p == '/') {
			*p = '\0';
			(void)mkdir(copy, 0755);
			*p = '/';
		}
}

static void world_write(struct world *w, const char *path, const void *data, size_t n,
			unsigned mode)
{
	char full[512];
	FILE *f;

	snprintf(full, sizeof(full), "%s/%s", w->dir, path);
	world_mkdirs(full);
	f = fopen(full, "w");
	DW_CHECK(f != NULL);
	if (!f)
		return;
	DW_CHECK(fwrite(data, 1, n, f) == n);
	fclose(f);
	DW_CHECK_INT(chmod(full, mode), 0);
}

/* A file of the host's root. */
dw_unused static void world_file(struct world *w, const char *path, const char *text)
{
	char in_root[384];

	snprintf(in_root, sizeof(in_root), "root%s", path);
	world_write(w, in_root, text, strlen(text), 0755);
}

dw_unused static void world_link(struct world *w, const char *path, const char *target)
{
	char full[512];

	snprintf(full, sizeof(full), "%s/%s", w->dir, path);
	world_mkdirs(full);
	DW_CHECK_INT(symlink(target, full), 0);
}

static void world_strings(struct world *w, const char *path, const char *const *list, size_t max)
{
	char bytes[4096];
	size_t n = 0;

	for (size_t i = 0; i < max && list[i]; i++) {
		memcpy(bytes + n, list[i], strlen(list[i]) + 1);
		n += strlen(list[i]) + 1;
	}
	world_write(w, path, bytes, n, 0644);
}

dw_unused static void world_process(struct world *w, const struct world_process *p)
{
	char path[64], text[512];

	snprintf(path, sizeof(path), "proc/%d/stat", p->pid);
	snprintf(text, sizeof(text),
		 "%d (%.15s) S %d %d %d %u -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 %u 0 0\n", p->pid,
		 dw_basename(p->argv[0] ? p->argv[0] : "x"), p->ppid, p->pid, p->pid, p->tty,
		 p->started ? p->started : (unsigned)p->pid);
	world_write(w, path, text, strlen(text), 0644);
	snprintf(path, sizeof(path), "proc/%d/status", p->pid);
	snprintf(text, sizeof(text), "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\n");
	world_write(w, path, text, strlen(text), 0644);
	snprintf(path, sizeof(path), "proc/%d/cmdline", p->pid);
	world_strings(w, path, p->argv, DW_ARRAY_SIZE(p->argv));
	snprintf(path, sizeof(path), "proc/%d/environ", p->pid);
	world_strings(w, path, p->env, DW_ARRAY_SIZE(p->env));
	snprintf(path, sizeof(path), "proc/%d/cgroup", p->pid);
	snprintf(text, sizeof(text), "0::%s\n", p->cgroup ? p->cgroup : "/");
	world_write(w, path, text, strlen(text), 0644);
	snprintf(path, sizeof(path), "proc/%d/exe", p->pid);
	if (p->exe)
		world_link(w, path, p->exe);
	snprintf(path, sizeof(path), "proc/%d/fd/0", p->pid);
	world_link(w, path, p->fd0 ? p->fd0 : "/dev/null");
}

static struct world world_new(void)
{
	struct world w = { .dir = "/tmp/dw-world-XXXXXX" };

	DW_CHECK(mkdtemp(w.dir) != NULL);
	world_write(&w, "root/etc/hostname", "lab\n", 4, 0644);
	world_write(&w, "proc/stat", "btime 1000\n", 11, 0644);
	world_write(&w, "clock", "2000 1000\n", 10, 0644);
	w.facts = dw_facts_new();
	return w;
}

/* Opens the host; init as in struct dw_starters. The processes named are those that hold sockets. */
dw_unused static int world_load(struct world *w, const struct dw_starter_ops *ops, const char *init,
		      const int *holders)
{
	struct dw_error e = { 0 };

	DW_CHECK_INT(dw_sys_open_fake(w->dir, &w->sys, &e), 0);
	w->s = (struct dw_starters){
		.sys = w->sys, .facts = w->facts, .arena = w->facts->arena, .init = init
	};
	w->s.procs = dw_procs_new(w->sys, w->facts->arena);
	for (; holders && *holders; holders++) {
		const struct dw_procinfo *p = dw_procs_get(w->s.procs, *holders);

		DW_CHECK(p != NULL);
		if (p)
			*dw_vec_add(w->s.arena, &w->facts->processes) = (struct dw_owner){
				.pid = p->pid,
				.executable = p->exe,
				.comm = p->comm,
				.started_ticks = p->started_ticks,
			};
	}
	return ops->load(&w->s, &w->state, &e);
}

static struct dw_endpoint world_at(enum dw_protocol protocol, enum dw_family family,
				   const char *address, uint32_t port)
{
	struct dw_endpoint at = {
		.protocol = protocol, .family = family, .has_port = true, .port = port
	};

	if (inet_pton(family == DW_FAMILY_IPV4 ? AF_INET : AF_INET6, address, at.address) != 1)
		dw_test_failures++;
	return at;
}

dw_unused static struct dw_starter world_claim(struct world *w, const struct dw_starter_ops *ops,
					       int pid, struct dw_endpoint at)
{
	struct dw_claim q = { .process = dw_procs_get(w->s.procs, pid), .at = &at, .fd = -1 };
	struct dw_starter ret = { 0 };

	DW_CHECK(q.process != NULL);
	if (ops->claim(&w->s, w->state, &q, &ret) == 0)
		DW_CHECK_INT(ret.kind, DW_STARTER_UNKNOWN);
	return ret;
}

/* The note about this line of this file; NULL: none. */
dw_unused static const struct dw_incomplete *world_note(const struct world *w, const char *file,
							unsigned line)
{
	for (size_t i = 0; i < w->facts->incomplete.n; i++) {
		const struct dw_incomplete *n = &w->facts->incomplete.v[i];

		if (n->file && dw_streq(n->file, file) && n->line == line)
			return n;
	}
	return NULL;
}

dw_unused static const struct dw_sleeper_fact *world_sleeper(const struct world *w, const char *id,
							     enum dw_protocol protocol)
{
	for (size_t i = 0; i < w->facts->sleepers.n; i++)
		if (dw_streq0(w->facts->sleepers.v[i].starter.id, id) &&
		    w->facts->sleepers.v[i].at.protocol == protocol)
			return &w->facts->sleepers.v[i];
	return NULL;
}

static int world_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static void world_free(struct world *w)
{
	dw_procs_close(w->s.procs);
	dw_sys_free(w->sys);
	dw_facts_free(w->facts);
	DW_CHECK_INT(nftw(w->dir, world_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

#endif
