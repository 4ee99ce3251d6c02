/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lineage.h"

#include "dw_str.h"

enum { ANCESTORS_MAX = 64 }; /* a longer line, or a circle made by reused pids, is not followed */

static bool listed(const char *name, size_t n, const char *const *list)
{
	for (; *list; list++)
		if (strncmp(*list, name, n) == 0 && (*list)[n] == '\0')
			return true;
	return false;
}

static bool ends_in(const char *part, size_t n, const char *suffix)
{
	size_t m = strlen(suffix);

	return n > m && memcmp(part + n - m, suffix, m) == 0;
}

const char *dw_lineage_unit(struct dw_arena *a, const struct dw_procinfo *p)
{
	const char *unit = NULL;

	for (const char *c = p->cgroup; c && *c;) {
		size_t n;

		c += strspn(c, "/");
		n = strcspn(c, "/");
		if (ends_in(c, n, ".service") || ends_in(c, n, ".scope"))
			unit = dw_arena_strndup(a, c, n);
		c += n;
	}
	return unit;
}

bool dw_lineage_in_unit(const struct dw_procinfo *p, const char *const *units)
{
	for (const char *c = p->cgroup; c && *c;) {
		size_t n;

		c += strspn(c, "/");
		n = strcspn(c, "/");
		if (n && listed(c, n, units))
			return true;
		c += n;
	}
	return false;
}

bool dw_lineage_in_other_service(const struct dw_procinfo *p, const char *const *units)
{
	bool other = false;

	for (const char *c = p->cgroup; c && *c;) {
		size_t n;

		c += strspn(c, "/");
		n = strcspn(c, "/");
		if (n && listed(c, n, units))
			return false;
		other = other || ends_in(c, n, ".service");
		c += n;
	}
	return other;
}

bool dw_lineage_is(const struct dw_procinfo *p, const char *const *programs)
{
	const char *name = p->exe ? dw_basename(p->exe) : p->comm;

	if (p->exe && dw_streq(name, "busybox")) {
		size_t i = p->argc > 1 && dw_streq(dw_basename(p->argv[0]), "busybox") ? 1 : 0;

		if (p->argc > i)
			name = dw_basename(p->argv[i]);
	}
	return listed(name, strlen(name), programs);
}

const struct dw_procinfo *dw_lineage_ancestor(struct dw_starters *s, const struct dw_procinfo *p,
					      const char *const *programs)
{
	for (int i = 0; s->procs && p && p->ppid > 1 && i < ANCESTORS_MAX; i++) {
		const struct dw_procinfo *parent = dw_procs_get(s->procs, p->ppid);

		/* A parent is older than its child: a younger one took over the pid of a parent that is gone. */
		if (!parent || parent->started_ticks > p->started_ticks)
			return NULL;
		if (dw_lineage_is(parent, programs))
			return parent;
		p = parent;
	}
	return NULL;
}

bool dw_lineage_orphan(const struct dw_procinfo *p)
{
	return p->ppid <= 1;
}

bool dw_lineage_from_login(struct dw_starters *s, const struct dw_procinfo *p)
{
	static const char *const names[] = { "SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY",
					     "SUDO_USER" };

	if (p->tty_nr != 0)
		return true;
	for (size_t i = 0; s->procs && i < DW_ARRAY_SIZE(names); i++)
		if (dw_procs_env(s->procs, p, names[i]))
			return true;
	return false;
}

const struct dw_procinfo *dw_lineage_daemon(struct dw_starters *s, const char *const *programs)
{
	for (size_t i = 0; s->procs && i < s->facts->processes.n; i++) {
		const struct dw_owner *o = &s->facts->processes.v[i];
		const struct dw_procinfo *p;
		const char *name = o->executable ? dw_basename(o->executable) : o->comm;

		/* Cheap test first: there may be thousands of them, and a busybox shows by its own name. */
		if (!name || (!listed(name, strlen(name), programs) && !dw_streq(name, "busybox")))
			continue;
		p = dw_procs_get(s->procs, o->pid);
		if (p && dw_lineage_is(p, programs))
			return p;
	}
	return NULL;
}

static bool same_file(struct dw_starters *s, const char *path, const char *real)
{
	char *other = NULL;

	if (!path || path[0] != '/')
		return false;
	return dw_streq(path, real) ||
	       (dw_sys_file_real(s->sys, path, s->arena, &other, NULL) == 0 &&
		dw_streq(other, real));
}

bool dw_lineage_runs(struct dw_starters *s, const struct dw_procinfo *p, const char *program)
{
	char *real = NULL;

	if (program[0] != '/' || dw_sys_file_real(s->sys, program, s->arena, &real, NULL) < 0)
		real = (char *)program;
	if (same_file(s, p->exe, real))
		return true;
	for (size_t i = 0; i < p->argc && i < 2; i++)
		if (dw_streq(p->argv[i], program) || same_file(s, p->argv[i], real))
			return true;
	return false;
}

/* --- at boot -------------------------------------------------------------------------------------- */

/* Is there an entry in the directory whose name is prefix + one of the names + suffix? */
static bool dir_has(struct dw_starters *s, const char *dir, size_t prefix, const char *suffix,
		    const char *const *names)
{
	struct dw_strings entries = { 0 };

	if (dw_sys_dir_list(s->sys, dir, s->arena, &entries, NULL) < 0)
		return false;
	for (size_t i = 0; i < entries.n; i++) {
		const char *name = entries.v[i];
		size_t n = strlen(name), m = strlen(suffix);

		if (n <= prefix + m || !dw_ends_with(name, suffix))
			continue;
		if (prefix && name[0] != 'S') /* K links stop */
			continue;
		if (listed(name + prefix, n - prefix - m, names))
			return true;
	}
	return false;
}

static bool any_file(struct dw_starters *s, const char *dir, const char *suffix,
		     const char *const *names)
{
	for (; *names; names++)
		if (dw_sys_file_exists(s->sys,
				       dw_arena_printf(s->arena, "%s/%s%s", dir, *names, suffix)))
			return true;
	return false;
}

static bool has_sysv_link(struct dw_starters *s, const char *const *names)
{
	static const char *const dirs[] = { "/etc/rc2.d", "/etc/rc3.d", "/etc/rc5.d",
					    "/etc/rcS.d" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(dirs); i++)
		if (dir_has(s, dirs[i], 3, "", names))
			return true;
	return false;
}

/* Below dir: every PARENT.wants and PARENT.requires that pulls one of the units in. */
static bool wanted_below(struct dw_starters *s, const char *dir, const char *const *names)
{
	struct dw_strings entries = { 0 };

	if (dw_sys_dir_list(s->sys, dir, s->arena, &entries, NULL) < 0)
		return false;
	for (size_t i = 0; i < entries.n; i++) {
		const char *e = entries.v[i];

		if (!dw_ends_with(e, ".wants") && !dw_ends_with(e, ".requires"))
			continue;
		if (dir_has(s, dw_arena_printf(s->arena, "%s/%s", dir, e), 0, ".service", names) ||
		    dir_has(s, dw_arena_printf(s->arena, "%s/%s", dir, e), 0, ".socket", names))
			return true;
	}
	return false;
}

static bool is_masked(struct dw_starters *s, const char *name)
{
	char *target = NULL;

	return dw_sys_file_readlink(
		       s->sys, dw_arena_printf(s->arena, "/etc/systemd/system/%s.service", name),
		       s->arena, &target, NULL) == 0 &&
	       dw_streq(target, "/dev/null");
}

static const char *const unit_dirs[] = { "/etc/systemd/system",    "/usr/lib/systemd/system",
					 "/lib/systemd/system",    "/usr/local/lib/systemd/system",
					 "/run/systemd/generator", "/run/systemd/system" };

bool dw_lineage_wanted(struct dw_starters *s, const char *const *names)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(unit_dirs); i++)
		if (wanted_below(s, unit_dirs[i], names))
			return true;
	return false;
}

static enum dw_tristate at_boot_systemd(struct dw_starters *s, const char *const *names)
{
	const char *live[8] = { NULL };
	size_t n_live = 0;
	bool unit = false;

	for (size_t i = 0; i < DW_ARRAY_SIZE(unit_dirs); i++)
		unit = unit || any_file(s, unit_dirs[i], ".service", names);
	if (!unit) {
		if (!any_file(s, "/etc/init.d", "", names))
			return DW_UNKNOWN;
		return has_sysv_link(s, names) ? DW_YES : DW_NO; /* by systemd-sysv-generator(8) */
	}
	/* A masked unit stays off, whoever wants it. */
	for (const char *const *n = names; *n && n_live + 1 < DW_ARRAY_SIZE(live); n++)
		if (!is_masked(s, *n))
			live[n_live++] = *n;
	return dw_lineage_wanted(s, live) ? DW_YES : DW_NO;
}

static bool in_openrc_runlevel(struct dw_starters *s, const char *const *names)
{
	struct dw_strings levels = { 0 };

	if (dw_sys_dir_list(s->sys, "/etc/runlevels", s->arena, &levels, NULL) < 0)
		return false;
	for (size_t i = 0; i < levels.n; i++)
		if (dir_has(s, dw_arena_printf(s->arena, "/etc/runlevels/%s", levels.v[i]), 0, "",
			    names))
			return true;
	return false;
}

static enum dw_tristate at_boot_scripts(struct dw_starters *s, const char *const *names)
{
	for (const char *const *n = names; *n; n++) {
		const char *dir = dw_arena_printf(s->arena, "/etc/service/%s", *n);

		if (dw_sys_file_exists(s->sys, dir))
			return dw_sys_file_exists(s->sys, dw_arena_printf(s->arena, "%s/down", dir))
				       ? DW_NO
				       : DW_YES;
	}
	if (in_openrc_runlevel(s, names))
		return DW_YES;
	/* OpenRC does not look at rcN.d. */
	if (dw_sys_file_exists(s->sys, "/sbin/openrc"))
		return any_file(s, "/etc/init.d", "", names) ? DW_NO : DW_UNKNOWN;
	if (has_sysv_link(s, names))
		return DW_YES;
	return any_file(s, "/etc/init.d", "", names) ? DW_NO : DW_UNKNOWN;
}

enum dw_tristate dw_lineage_at_boot(struct dw_starters *s, const char *const *names)
{
	char *init = NULL;

	if (s->init)
		return dw_streq(s->init, "systemd") ? at_boot_systemd(s, names)
						    : at_boot_scripts(s, names);
	/* Not running: what /sbin/init is decides. */
	if (dw_sys_file_real(s->sys, "/sbin/init", s->arena, &init, NULL) == 0 &&
	    dw_streq(dw_basename(init), "systemd"))
		return at_boot_systemd(s, names);
	if (!init && dw_sys_file_exists(s->sys, "/etc/systemd/system"))
		return at_boot_systemd(s, names);
	return at_boot_scripts(s, names);
}
