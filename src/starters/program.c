/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs that scripts name: where they really are, and what runs them when they are scripts themselves. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "dw_str.h"
#include "initscript.h"

const char *dw_program_in_path(struct dw_sys *sys, struct dw_arena *a, const char *command)
{
	/* init's own PATH with /usr/local before it, as service(8), runit and cron's root have it. */
	static const char *const path[] = { "/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
					    "/usr/bin",        "/sbin",          "/bin" };

	if (strlen(command) > 255)
		return NULL;
	for (size_t i = 0; i < DW_ARRAY_SIZE(path); i++) {
		const char *candidate = dw_arena_printf(a, "%s/%s", path[i], command);
		struct stat st;

		if (dw_sys_file_stat(sys, candidate, true, &st, NULL) == 0 && S_ISREG(st.st_mode))
			return candidate;
	}
	return NULL;
}

bool dw_program_is_shell(const char *path)
{
	static const char *const shells[] = { "sh",    "bash", "dash", "ash",  "ksh",
					      "ksh93", "mksh", "zsh",  "rbash" };

	const char *base = dw_basename(path);

	for (size_t i = 0; i < DW_ARRAY_SIZE(shells); i++)
		if (dw_streq(base, shells[i]))
			return true;
	return false;
}

bool dw_program_is_interpreter(const char *path)
{
	static const char *const names[] = { "python", "perl", "ruby",    "node",
					     "java",   "php",  "lua",     "tclsh",
					     "wish",   "mono", "dotnet",  "guile",
					     "erl",    "beam", "busybox", "env" };
	const char *base = dw_basename(path);

	if (dw_program_is_shell(path))
		return true;
	for (size_t i = 0; i < DW_ARRAY_SIZE(names); i++) {
		size_t n = strlen(names[i]);

		/* python3.11, java, lua5.4: the name, then at most a version */
		if (strncmp(base, names[i], n) == 0 &&
		    strspn(base + n, "0123456789.-js") == strlen(base + n))
			return true;
	}
	return false;
}

static const char *without_usr(const char *p)
{
	static const char *const merged[] = { "/usr/bin/",   "/usr/sbin/",  "/usr/lib/",
					      "/usr/lib32/", "/usr/lib64/", "/usr/libx32/" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(merged); i++)
		if (dw_starts_with(p, merged[i]))
			return p + 4;
	return p;
}

bool dw_program_same_path(const char *a, const char *b)
{
	return dw_streq(without_usr(a), without_usr(b));
}

/* "#!/usr/bin/python3 -I", "#!/usr/bin/env -S python3": the interpreter; NULL when the file is no script. */
static const char *read_interpreter(struct dw_sys *sys, struct dw_arena *a, const char *path)
{
	char head[256];
	char *p, *word;
	_cleanup_fd_ int fd = dw_sys_file_open(sys, path, O_RDONLY | O_NONBLOCK, NULL);
	ssize_t n = fd < 0 ? -1 : read(fd, head, sizeof(head) - 1);

	if (n < 3 || head[0] != '#' || head[1] != '!')
		return NULL;
	head[n] = '\0';
	head[strcspn(head, "\n")] = '\0';
	p = dw_arena_strdup(a, head + 2);
	word = dw_word_next(&p);
	if (!word || !dw_streq(dw_basename(word), "env"))
		return word;
	do
		word = dw_word_next(&p);
	while (word && (word[0] == '-' || strchr(word, '=')));
	return word;
}

/*
 * A jail's links lead from the jail's own root: /srv/jail/bin/httpd -> /bin/busybox is not ours. Only those of
 * the last part are followed so; NULL: it is none, or they go round in a circle.
 */
static const char *behind_jails_links(struct dw_sys *sys, struct dw_arena *a,
				      const struct dw_program *p)
{
	const char *path = p->path;
	char *target;

	for (int i = 0; i < 8; i++) {
		struct stat st;

		if (dw_sys_file_stat(sys, path, false, &st, NULL) < 0)
			return NULL;
		if (!S_ISLNK(st.st_mode))
			return path;
		if (dw_sys_file_readlink(sys, path, a, &target, NULL) < 0)
			return NULL;
		if (target[0] == '/')
			path = dw_arena_printf(a, "%s%s", p->jail, target);
		else
			path = dw_arena_printf(a, "%.*s/%s", (int)(dw_basename(path) - path - 1),
					       path, target);
	}
	return NULL;
}

void dw_program_resolve(struct dw_sys *sys, struct dw_arena *a, struct dw_program *p)
{
	const char *path = p->path;
	struct stat st;
	char *real;

	if (p->resolved)
		return;
	p->resolved = true;
	p->real = p->path;
	if (p->jail && (path = behind_jails_links(sys, a, p)) == NULL)
		return;
	if (dw_sys_file_stat(sys, path, true, &st, NULL) < 0 || !S_ISREG(st.st_mode))
		return;
	p->exists = true;
	p->dev = st.st_dev;
	p->ino = st.st_ino;
	if (dw_sys_file_real(sys, path, a, &real, NULL) == 0)
		p->real = real;
	p->interpreter = read_interpreter(sys, a, p->real);
}

int dw_script_read(struct dw_sys *sys, struct dw_arena *a, const char *path, struct dw_script *ret,
		   struct dw_error *e)
{
	struct dw_bytes text;
	int r = dw_sys_file_read(sys, path, DW_SCRIPT_MAX, a, &text, e);

	if (r == 0)
		dw_script_scan(sys, a, dw_arena_strdup(a, path), &text, ret);
	return r;
}

int dw_script_read_shell(struct dw_sys *sys, struct dw_arena *a, const char *path,
			 struct dw_script *ret, struct dw_error *e)
{
	struct dw_bytes text;
	int r = dw_sys_file_read(sys, path, DW_SCRIPT_MAX, a, &text, e);

	if (r == 0)
		dw_script_scan_shell(sys, a, dw_arena_strdup(a, path), &text, ret);
	return r;
}

struct dw_program *dw_script_main_program(struct dw_script *s, bool mentioned)
{
	for (size_t i = 0; i < s->programs.n; i++)
		if (s->programs.v[i].named)
			return &s->programs.v[i];
	return mentioned && s->programs.n > 0 ? &s->programs.v[0] : NULL;
}

const char *dw_script_source(struct dw_arena *a, const struct dw_script *s,
			     const struct dw_program *p)
{
	unsigned line = p ? p->line : s->line;

	return line ? dw_arena_printf(a, "%s:%u", s->path, line) : s->path;
}
