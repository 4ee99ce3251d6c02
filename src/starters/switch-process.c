/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The switch of one process, PID/START_TICKS. It goes one way only, so what it was is saved before it is ended: the
 * program itself when no file has it any more, and what /proc tells (proc(5)).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "dw_end.h"
#include "dw_procs.h"
#include "dw_str.h"
#include "switch.h"

#define TEXT_MAX  ((size_t)4 * 1024 * 1024) /* of one file of /proc */
#define FILES_MAX 65536                     /* descriptors that are told */
#define LINK_MAX  4096

struct victim {
	struct dw_switch *s;
	const char *object;
	struct dw_procs *procs;
	struct dw_arena *arena; /* for what is saved; freed when it is */
	int pid;
	uint64_t started;
	DW_VEC(uint64_t) sockets; /* inodes */
};

static bool parse(struct dw_switch *s, const char *object, struct victim *ret)
{
	const char *slash = strchr(object, '/');
	uint64_t pid;

	*ret = (struct victim){ .s = s, .object = object };
	if (!slash || !dw_parse_u64n(object, (size_t)(slash - object), 10, INT32_MAX, &pid) ||
	    !dw_parse_u64(slash + 1, 10, UINT64_MAX, &ret->started))
		return false;
	ret->pid = (int)pid;
	return pid > 1;
}

static int no_process(const char *object, struct dw_error *e)
{
	return dw_error_set(e, -EINVAL, "%.100s is no PID/START of a process that may be ended",
			    object);
}

static int state(struct dw_switch *s, const char *object, struct dw_state *ret, struct dw_error *e)
{
	struct victim v;
	int r;

	if (!parse(s, object, &v))
		return no_process(object, e);
	r = dw_sys_is_running(s->sys) ? dw_sys_process_is(s->sys, v.pid, v.started, e) : 0;
	if (r < 0)
		return r;
	*ret = dw_switch_word(r ? "running" : "gone");
	return 0;
}

/* --- what it was ---------------------------------------------------------------------------------- */

static int save(struct victim *v, const char *name, const char *text, size_t n, struct dw_error *e)
{
	return v->s->save(v->s->save_data, v->object, name, text ? text : "", n, e);
}

/* That it may not be looked at, or is gone, is told in its place; that it cannot be saved is a failure. */
static int save_why(struct victim *v, const char *name, int code, struct dw_error *e)
{
	const char *text = dw_arena_printf(v->arena, "not saved: %s\n", strerrordesc_np(-code));

	return save(v, dw_arena_printf(v->arena, "%s.missing", name), text, strlen(text), e);
}

static int save_file(struct victim *v, const char *file, const char *name, size_t max,
		     struct dw_error *e)
{
	_cleanup_fd_ int fd = dw_procs_openat(v->procs, v->pid, file, O_RDONLY, NULL);
	struct dw_bytes text = { 0 };
	int r = fd < 0 ? fd : dw_fd_read_all(fd, max, v->arena, &text);

	return r < 0 ? save_why(v, name, r, e) : save(v, name, text.data, text.n, e);
}

static const char *link_of(struct victim *v, int dir, const char *name)
{
	char target[LINK_MAX];
	ssize_t n = readlinkat(dir, name, target, sizeof(target));

	return n < 0 ? NULL : dw_arena_strndup(v->arena, target, (size_t)n);
}

/* The program's path always; its bytes when that path no longer leads to them. */
static int save_program(struct victim *v, struct dw_error *e)
{
	const struct dw_procinfo *p = dw_procs_get(v->procs, v->pid);
	_cleanup_fd_ int dir = dw_procs_openat(v->procs, v->pid, ".", O_PATH | O_DIRECTORY, NULL);
	const char *path = dir < 0 ? NULL : link_of(v, dir, "exe");
	int r = path ? save(v, "program", path, strlen(path), e)
		     : save_why(v, "program", -ENOENT, e);

	if (r < 0 || !p)
		return r;
	if (p->exe_state == DW_PROC_EXE_DELETED || p->exe_state == DW_PROC_EXE_REPLACED ||
	    p->exe_state == DW_PROC_EXE_MEMFD)
		return save_file(v, "exe", "exe", DW_SAVE_FILE_MAX, e);
	return 0;
}

static void note_socket(struct victim *v, const char *target)
{
	uint64_t inode;
	size_t n = strlen(target);

	if (dw_starts_with(target, "socket:[") && target[n - 1] == ']' &&
	    dw_parse_u64n(target + 8, n - 9, 10, UINT64_MAX, &inode))
		dw_vec_push(v->arena, &v->sockets, inode);
}

/* "3 -> socket:[123]", a line each. */
static int save_descriptors(struct victim *v, struct dw_error *e)
{
	struct dw_str text = { .arena = v->arena };
	int fd = dw_procs_openat(v->procs, v->pid, "fd", O_RDONLY | O_DIRECTORY, NULL);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir) {
		int code = fd < 0 ? fd : -errno;

		if (fd >= 0)
			(void)close(fd);
		return save_why(v, "files", code, e);
	}
	for (size_t n = 0; n < FILES_MAX && (entry = readdir(dir));) {
		const char *target = entry->d_name[0] == '.' ? NULL : link_of(v, fd, entry->d_name);

		if (!target)
			continue;
		dw_str_addf(&text, "%s -> %s\n", entry->d_name, target);
		note_socket(v, target);
		n++;
	}
	(void)closedir(dir);
	return save(v, "files", text.s, text.n, e);
}

static bool has_socket(const struct victim *v, const char *line, size_t n)
{
	char *copy = dw_arena_strndup(v->arena, line, n), *word;
	uint64_t number;

	/* The inode stands in another column in each table: a word that is one of its numbers is it. */
	while ((word = dw_word_next(&copy)) != NULL)
		for (size_t i = 0; i < v->sockets.n; i++)
			if (dw_parse_u64(word, 10, UINT64_MAX, &number) &&
			    number == v->sockets.v[i])
				return true;
	return false;
}

static void add_table(struct victim *v, const char *table, struct dw_str *text)
{
	const char *file = dw_arena_printf(v->arena, "net/%s", table), *line;
	_cleanup_fd_ int fd = dw_procs_openat(v->procs, v->pid, file, O_RDONLY, NULL);
	struct dw_bytes all = { 0 };
	struct dw_lines it;
	size_t n;

	if (fd < 0 || dw_fd_read_all(fd, TEXT_MAX, v->arena, &all) < 0)
		return;
	it = dw_lines_of(&all);
	while (dw_lines_next(&it, &line, &n))
		if (it.number == 1 || has_socket(v, line, n))
			dw_str_addf(text, "%s: %.*s\n", table, (int)n, line);
}

/* Its lines of the socket tables of its network namespace, with their headings. */
static int save_sockets(struct victim *v, struct dw_error *e)
{
	static const char *const tables[] = { "tcp",      "tcp6", "udp",  "udp6",   "udplite",
					      "udplite6", "raw",  "raw6", "packet", "unix" };
	struct dw_str text = { .arena = v->arena };

	for (size_t i = 0; v->sockets.n > 0 && i < DW_ARRAY_SIZE(tables); i++)
		add_table(v, tables[i], &text);
	return save(v, "sockets", text.s, text.n, e);
}

static int save_texts(struct victim *v, struct dw_error *e)
{
	static const char *const files[] = { "cmdline", "environ", "maps", "cgroup", "status" };
	int r = 0;

	for (size_t i = 0; r == 0 && i < DW_ARRAY_SIZE(files); i++)
		r = save_file(v, files[i], files[i], TEXT_MAX, e);
	return r;
}

static int save_all(struct victim *v, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *arena = dw_arena_new();
	int r;

	v->arena = arena;
	v->procs = dw_procs_new(v->s->sys, arena);
	r = save_program(v, e);
	if (r == 0)
		r = save_texts(v, e);
	if (r == 0)
		r = save_descriptors(v, e);
	if (r == 0)
		r = save_sockets(v, e);
	dw_procs_close(v->procs);
	return r;
}

/* --- its end -------------------------------------------------------------------------------------- */

static int set(struct dw_switch *s, const char *object, const struct dw_state *from,
	       const struct dw_state *want, struct dw_error *e)
{
	struct dw_state now = { 0 };
	struct victim v;
	int r;

	if (!parse(s, object, &v))
		return no_process(object, e);
	if (!dw_switch_is(want, "running") && !dw_switch_is(want, "gone"))
		return dw_switch_unknown(object, want, e);
	r = state(s, object, &now, e);
	if (r < 0 || dw_streq0(now.text, want->text))
		return r;
	if (dw_switch_is(want, "running"))
		return dw_error_set(e, -ENOTSUP, "%s: nothing brings a process back", object);
	if (s->save)
		r = save_all(&v, e);
	if (r == 0)
		r = dw_sys_process_end(s->sys, v.pid, v.started, dw_switch_grace(s), e);
	return r == -ESRCH ? 0 : r;
}

const struct dw_switch_ops dw_switch_process = { .name = "process", .state = state, .set = set };
