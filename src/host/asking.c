/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files, units, processes and jobs that are there or not. */
#include "asking.h"

#include <ctype.h>
#include <errno.h>

#include "dw_procs.h"

#define SETTINGS_MAX ((size_t)4 * 1024 * 1024)

bool host_asked_in_vain(struct host_asking *q, struct dw_host_result *r)
{
	if (q->e.code)
		host_unknown(q->l, r, &q->e);
	return q->e.code != 0;
}

/* 0 is a yes; -ENOENT a no, and so is a parent that is no directory; the rest is none of both. */
static bool answer(struct host_asking *q, int code, const struct dw_error *e)
{
	if (code < 0 && code != -ENOENT && code != -ENOTDIR && !q->e.code) {
		q->e = *e;
		q->e.code = code;
	}
	return code >= 0;
}

/* --- files ---------------------------------------------------------------------------------------------- */

bool host_ask_stat(struct host_asking *q, const char *path, bool follow, struct stat *ret)
{
	struct dw_error e = { 0 };

	return answer(q, dw_sys_file_stat(q->l->sys, path, follow, ret, &e), &e);
}

const char *host_ask_real(struct host_asking *q, const char *path)
{
	struct dw_error e = { 0 };
	char *real = NULL;

	return answer(q, dw_sys_file_real(q->l->sys, path, q->l->a, &real, &e), &e) ? real : NULL;
}

bool host_ask_file(struct host_asking *q, const char *path)
{
	struct stat st;

	return host_ask_stat(q, path, true, &st);
}

const char *host_ask_files(struct host_asking *q, const char *const *paths)
{
	for (; *paths; paths++)
		if (host_ask_file(q, *paths))
			return *paths;
	return NULL;
}

bool host_ask_text(struct host_asking *q, const char *path, struct dw_bytes *ret)
{
	struct dw_error e = { 0 };

	return answer(q, dw_sys_file_read(q->l->sys, path, SETTINGS_MAX, q->l->a, ret, &e), &e);
}

void host_ask_list(struct host_asking *q, const char *path, struct dw_strings *ret)
{
	struct dw_error e = { 0 };

	*ret = (struct dw_strings){ 0 };
	(void)answer(q, dw_sys_dir_list(q->l->sys, path, q->l->a, ret, &e), &e);
}

/* --- units ---------------------------------------------------------------------------------------------- */

/* systemd.unit(5): the first of them has the word. */
const char *const host_unit_dirs[] = { "/etc/systemd/system",           "/run/systemd/system",
				       "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
				       "/lib/systemd/system",           NULL };

bool host_ask_masked(struct host_asking *q, const char *unit)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(host_unit_dirs) - 1; i++) {
		const char *path = dw_arena_printf(q->l->a, "%s/%s", host_unit_dirs[i], unit);
		char *target = NULL;
		struct dw_error e = { 0 };
		struct stat st;

		if (!host_ask_stat(q, path, false, &st))
			continue;
		return S_ISLNK(st.st_mode) &&
		       answer(q, dw_sys_file_readlink(q->l->sys, path, q->l->a, &target, &e), &e) &&
		       dw_streq(target, "/dev/null");
	}
	return false;
}

/* Every link of a .wants/ or .requires/ directory, read once for all checks. */
struct host_units {
	struct dw_strings wanted;
	struct dw_error e;
};

static void add_wanted(struct host_asking *q, const char *dir, struct dw_strings *ret)
{
	struct dw_strings targets, names;

	host_ask_list(q, dir, &targets);
	for (size_t i = 0; i < targets.n; i++) {
		if (!dw_ends_with(targets.v[i], ".wants") &&
		    !dw_ends_with(targets.v[i], ".requires"))
			continue;
		host_ask_list(q, dw_arena_printf(q->l->a, "%s/%s", dir, targets.v[i]), &names);
		for (size_t k = 0; k < names.n; k++)
			dw_vec_push(q->l->a, ret, names.v[k]);
	}
}

static bool is_wanted(struct host_asking *q, const char *unit)
{
	struct host_units *u = q->l->units;

	if (!u) {
		struct host_asking own = { .l = q->l };

		u = q->l->units = dw_new(q->l->a, struct host_units);
		for (size_t i = 0; i < DW_ARRAY_SIZE(host_unit_dirs) - 1; i++)
			add_wanted(&own, host_unit_dirs[i], &u->wanted);
		u->e = own.e;
	}
	if (dw_strings_has(&u->wanted, unit))
		return true;
	(void)answer(q, u->e.code, &u->e);
	return false;
}

/* A link S20NAME in one of the runlevels that people work in; OpenRC has the name itself. */
static bool in_runlevel(struct host_asking *q, const char *name)
{
	static const char *const levels[] = { "/etc/rc2.d", "/etc/rc3.d", "/etc/rc4.d",
					      "/etc/rc5.d" };
	static const char *const openrc[] = { "/etc/runlevels/default", "/etc/runlevels/boot" };
	struct stat st;

	for (size_t i = 0; i < DW_ARRAY_SIZE(openrc); i++)
		if (host_ask_stat(q, dw_arena_printf(q->l->a, "%s/%s", openrc[i], name), false,
				  &st))
			return true;
	for (size_t i = 0; i < DW_ARRAY_SIZE(levels); i++) {
		struct dw_strings names;

		host_ask_list(q, levels[i], &names);
		for (size_t k = 0; k < names.n; k++)
			if (names.v[k][0] == 'S' && strlen(names.v[k]) > 3 &&
			    dw_streq(names.v[k] + 3, name))
				return true;
	}
	return false;
}

bool host_ask_enabled(struct host_asking *q, const char *unit)
{
	const char *dot = strrchr(unit, '.');
	bool there = false;

	if (is_wanted(q, unit))
		return !host_ask_masked(q, unit);
	for (size_t i = 0; i < DW_ARRAY_SIZE(host_unit_dirs) - 1 && !there; i++)
		there = host_ask_file(q,
				      dw_arena_printf(q->l->a, "%s/%s", host_unit_dirs[i], unit));
	/* where systemd has a unit of the name, it does not look at the script (systemd-sysv-generator(8)) */
	if (there || !dot || !dw_streq(dot, ".service"))
		return false;
	return in_runlevel(q, dw_arena_strndup(q->l->a, unit, (size_t)(dot - unit)));
}

const char *host_ask_enabled_of(struct host_asking *q, const char *const *units)
{
	for (; *units; units++)
		if (host_ask_enabled(q, *units))
			return *units;
	return NULL;
}

/* --- processes ------------------------------------------------------------------------------------------ */

/* All that runs, read once for all checks. */
struct host_running {
	DW_VEC(const struct dw_procinfo *) v;
	struct dw_procs *procs;
	struct dw_error e;
};

static struct host_running *running(struct host_look *l)
{
	struct host_running *x = l->running;
	int *pids = NULL;
	size_t n = 0;

	if (x)
		return x;
	x = l->running = dw_new(l->a, struct host_running);
	x->procs = dw_procs_new(l->sys, l->a);
	if (dw_procs_list(x->procs, l->a, &pids, &n, &x->e) < 0)
		return x;
	x->e = (struct dw_error){ 0 };
	for (size_t i = 0; i < n; i++) {
		const struct dw_procinfo *p = dw_procs_get(x->procs, pids[i]);

		if (p)
			dw_vec_push(l->a, &x->v, p);
		else if (dw_procs_is_unreadable(x->procs, pids[i]))
			(void)dw_error_set(&x->e, -EACCES, "process %d could not be looked at",
					   pids[i]);
	}
	return x;
}

struct dw_procs *host_procs(struct host_look *l, const struct dw_procinfo *const **ret,
			    size_t *ret_n, struct dw_error *ret_e)
{
	struct host_running *x = running(l);

	*ret = x->v.v;
	*ret_n = x->v.n;
	*ret_e = x->e;
	return x->procs;
}

void host_procs_close(struct host_look *l)
{
	if (l->running)
		dw_procs_close(l->running->procs);
}

static bool is_called(const struct dw_procinfo *p, const char *name)
{
	/* comm is cut at 15 bytes, TASK_COMM_LEN of the kernel */
	return (p->exe && dw_streq(dw_basename(p->exe), name)) || strncmp(p->comm, name, 15) == 0;
}

const char *host_ask_running(struct host_asking *q, const char *const *names)
{
	struct host_running *x;

	if (!dw_sys_is_running(q->l->sys))
		return NULL;
	x = running(q->l);
	for (; *names; names++)
		for (size_t i = 0; i < x->v.n; i++)
			if (!x->v.v[i]->kthread && !dw_procs_is_foreign(x->procs, x->v.v[i]) &&
			    is_called(x->v.v[i], *names))
				return *names;
	(void)answer(q, x->e.code, &x->e);
	return NULL;
}

/* --- jobs ----------------------------------------------------------------------------------------------- */

static bool has_word(const char *line, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = strstr(line, word); p; p = strstr(p + 1, word))
		if ((p == line || !(isalnum((unsigned char)p[-1]) || strchr("_-.", p[-1]))) &&
		    !(isalnum((unsigned char)p[n]) || p[n] == '_' || p[n] == '-'))
			return true;
	return false;
}

static bool crontab_has(struct host_asking *q, const char *path, const char *word)
{
	struct dw_bytes text = { 0 };
	struct dw_lines it;
	const char *line;

	if (!host_ask_text(q, path, &text))
		return false;
	it = dw_lines_of(&text);
	while ((line = dw_lines_next_trimmed(&it, q->l->a)) != NULL)
		if (line[0] != '#' && has_word(line, word))
			return true;
	return false;
}

/* run-parts(8) starts what it may execute. */
static const char *script_of(struct host_asking *q, const char *dir, const char *word)
{
	struct dw_strings names;

	host_ask_list(q, dir, &names);
	for (size_t i = 0; i < names.n; i++) {
		const char *name = names.v[i] + strspn(names.v[i], "0123456789"),
			   *path = dw_arena_printf(q->l->a, "%s/%s", dir, names.v[i]);
		struct stat st;

		if (dw_streq(name, word) && host_ask_stat(q, path, true, &st) &&
		    (st.st_mode & 0100))
			return path;
	}
	return NULL;
}

const char *host_ask_cron(struct host_asking *q, const char *word)
{
	static const char *const dirs[] = { "/etc/cron.hourly", "/etc/cron.daily",
					    "/etc/cron.weekly", "/etc/cron.monthly" };
	static const char *const own[] = { "/etc/crontab", "/etc/anacrontab",
					   "/var/spool/cron/crontabs/root",
					   "/var/spool/cron/root" };
	const char *found = NULL;
	struct dw_strings names;

	for (size_t i = 0; i < DW_ARRAY_SIZE(dirs) && !found; i++)
		found = script_of(q, dirs[i], word);
	for (size_t i = 0; i < DW_ARRAY_SIZE(own) && !found; i++)
		if (crontab_has(q, own[i], word))
			found = own[i];
	if (found)
		return found;
	host_ask_list(q, "/etc/cron.d", &names);
	for (size_t i = 0; i < names.n && !found; i++) {
		const char *path = dw_arena_printf(q->l->a, "/etc/cron.d/%s", names.v[i]);

		if (names.v[i][0] != '.' && crontab_has(q, path, word))
			found = path;
	}
	return found;
}

/* --- containers ------------------------------------------------------------------------------------------ */

bool host_ask_container(struct host_asking *q)
{
	/* systemd's word for it (container_interface), and the marks of docker and podman */
	static const char *const marks[] = { "/run/systemd/container", "/.dockerenv",
					     "/run/.containerenv", NULL };

	return host_ask_files(q, marks) != NULL;
}
