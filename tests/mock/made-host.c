/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "made-host.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "dw_str.h"

#define NOW 1700000000

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void make_parents(const char *path)
{
	char copy[512];

	(void)snprintf(copy, sizeof(copy), "%s", path);
	for (char *p = strchr(copy + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			fail(copy);
		*p = '/';
	}
}

static void put(const char *path, int mode, const char *text, size_t n)
{
	int fd;

	make_parents(path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, (mode_t)mode);
	if (fd < 0 || write(fd, text, n) != (ssize_t)n)
		fail(path);
	(void)close(fd);
}

struct host *host_new(void)
{
	struct host *h = calloc(1, sizeof(*h));
	char path[128];

	if (!h)
		fail("calloc");
	(void)snprintf(h->dir, sizeof(h->dir), "/tmp/dw-test-XXXXXX");
	if (!mkdtemp(h->dir))
		fail(h->dir);
	(void)snprintf(path, sizeof(path), "%s/clock", h->dir);
	put(path, 0644, "1700000000 1699990000\n", 22);
	host_file(h, "/etc/hostname", 0644, "made-up\n");
	host_process(h,
		     &(struct host_process){ .pid = 1, .exe = "/sbin/init", .argv = { "init" } });
	return h;
}

void host_file(struct host *h, const char *path, int mode, const char *text)
{
	char full[512];

	(void)snprintf(full, sizeof(full), "%s/root%s", h->dir, path);
	put(full, mode, text, strlen(text));
}

/* For the program to import it: what it imports is what is judged. */
static int (*volatile the_call)(int, int) = listen;

void host_listener(struct host *h, const char *path)
{
	static char buffer[1 << 16];
	char full[512];
	FILE *in = fopen("/proc/self/exe", "re"), *out;
	size_t n;

	if (!the_call || !in)
		fail("/proc/self/exe");
	host_file(h, path, 0755, "");
	(void)snprintf(full, sizeof(full), "%s/root%s", h->dir, path);
	out = fopen(full, "we");
	if (!out)
		fail(full);
	while ((n = fread(buffer, 1, sizeof(buffer), in)) > 0)
		if (fwrite(buffer, 1, n, out) != n)
			fail(full);
	(void)fclose(in);
	if (fclose(out) != 0)
		fail(full);
}

void host_link(struct host *h, const char *path, const char *target)
{
	char full[512];

	(void)snprintf(full, sizeof(full), "%s/root%s", h->dir, path);
	make_parents(full);
	if (symlink(target, full) < 0)
		fail(full);
}

static void put_list(const struct host *h, int pid, const char *name, const char *const *v,
		     size_t max)
{
	char path[128], text[2048];
	size_t n = 0;

	for (size_t i = 0; i < max && v[i]; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s", v[i]) + 1;
	(void)snprintf(path, sizeof(path), "%s/proc/%d/%s", h->dir, pid, name);
	put(path, 0644, text, n);
}

void host_process(struct host *h, const struct host_process *p)
{
	char path[128], text[512];
	int n;

	n = snprintf(text, sizeof(text),
		     "%d (%.15s) S %d %d %d 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 %d 0 0 0\n",
		     p->pid, dw_basename(p->exe), p->ppid, p->sid ? p->sid : p->pid,
		     p->sid ? p->sid : p->pid, p->pid * 10);
	(void)snprintf(path, sizeof(path), "%s/proc/%d/stat", h->dir, p->pid);
	put(path, 0644, text, (size_t)n);
	(void)snprintf(path, sizeof(path), "%s/proc/%d/loginuid", h->dir, p->pid);
	put(path, 0644, p->login ? p->login : "4294967295",
	    strlen(p->login ? p->login : "4294967295"));
	put_list(h, p->pid, "cmdline", p->argv, DW_ARRAY_SIZE(p->argv));
	put_list(h, p->pid, "environ", p->env, DW_ARRAY_SIZE(p->env));
	(void)snprintf(path, sizeof(path), "%s/proc/%d/exe", h->dir, p->pid);
	if (symlink(p->exe, path) < 0)
		fail(path);
}

void host_load(struct host *h, const struct dw_starter_ops *ops, const char *init, bool running)
{
	struct dw_error e = { 0 };
	char root[128];
	int r;

	(void)snprintf(root, sizeof(root), "%s/root", h->dir);
	r = running ? dw_sys_open_fake(h->dir, &h->sys, &e) : dw_sys_open(root, &h->sys, &e);
	if (r < 0) {
		printf("%s\n", e.message);
		exit(1);
	}
	h->facts = dw_facts_new();
	h->s = (struct dw_starters){
		.sys = h->sys, .facts = h->facts, .arena = h->facts->arena, .init = init
	};
	if (running)
		h->s.procs = dw_procs_new(h->sys, h->facts->arena);
	h->ops = ops;
	h->loaded = ops->load(&h->s, &h->state, &e);
	if (h->loaded == 0 && ops->list && ops->list(&h->s, h->state, &e) < 0)
		printf("list: %s\n", e.message);
}

struct dw_starter host_claim(struct host *h, int pid)
{
	struct dw_claim c = { .process = dw_procs_get(h->s.procs, pid),
			      .listening = true,
			      .fd = 3 };
	struct dw_starter ret = { 0 };

	if (h->loaded < 0 || !c.process || h->ops->claim(&h->s, h->state, &c, &ret) <= 0)
		return (struct dw_starter){ 0 };
	return ret;
}

const struct dw_sleeper_fact *host_sleeper(struct host *h, const char *id)
{
	for (size_t i = 0; i < h->facts->sleepers.n; i++)
		if (dw_streq(h->facts->sleepers.v[i].starter.id, id))
			return &h->facts->sleepers.v[i];
	return NULL;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

void host_free(struct host *h)
{
	if (h->loaded == 0 && h->ops && h->ops->unload)
		h->ops->unload(&h->s, h->state);
	dw_procs_close(h->s.procs);
	dw_facts_free(h->facts);
	dw_sys_free(h->sys);
	(void)nftw(h->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(h);
}
