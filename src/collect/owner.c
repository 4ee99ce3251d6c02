/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of a process becomes an owner. */
#include <stdio.h>
#include <string.h>

#include "dw_collect.h"
#include "dw_str.h"

static enum dw_exe_state exe_state(enum dw_proc_exe s)
{
	switch (s) {
	case DW_PROC_EXE_INTACT:
		return DW_EXE_INTACT;
	case DW_PROC_EXE_DELETED:
		return DW_EXE_DELETED;
	case DW_PROC_EXE_REPLACED:
		return DW_EXE_REPLACED;
	case DW_PROC_EXE_MEMFD:
		return DW_EXE_MEMFD;
	case DW_PROC_EXE_UNKNOWN:
	case DW_PROC_EXE_NONE:
		break;
	}
	return DW_EXE_UNKNOWN;
}

static bool in_tmp(const char *exe)
{
	static const char *const places[] = { "/tmp/", "/var/tmp/", "/dev/shm/", "/run/user/" };

	for (size_t i = 0; exe && i < DW_ARRAY_SIZE(places); i++)
		if (dw_starts_with(exe, places[i]))
			return true;
	return false;
}

/*
 * What an interpreter runs is the program that matters: the first argument that is no option. Not for -c, -e
 * and -m, which name no file.
 */
static const char *script_of(struct dw_collect *c, const struct dw_procinfo *i,
			     const char **ret_relative)
{
	static const char *const interpreters[] = { "python", "perl",  "ruby",   "bash",   "dash",
						    "sh",     "node",  "nodejs", "php",    "lua",
						    "tclsh",  "guile", "java",   "busybox" };
	const char *base = i->exe ? dw_basename(i->exe) : "";
	size_t name = strcspn(base, "0123456789.-"), k;
	char *real;

	for (k = 0; k < DW_ARRAY_SIZE(interpreters); k++)
		if (strlen(interpreters[k]) == name && memcmp(base, interpreters[k], name) == 0)
			break;
	if (k == DW_ARRAY_SIZE(interpreters))
		return NULL;
	for (k = 1; k < i->argc; k++) {
		const char *word = i->argv[k];

		if (dw_streq(word, "-c") || dw_streq(word, "-e") || dw_streq(word, "-m"))
			return NULL;
		if (*word == '/')
			return dw_sys_file_real(c->sys, word, c->facts->arena, &real, NULL) == 0
				       ? real
				       : word;
		/*
		 * Relative: only its directory at that time would tell; the path would be a guess. busybox has a
		 * word for its applet there, and java a class.
		 */
		if (*word != '-') {
			if (!dw_starts_with(base, "busybox") && !dw_starts_with(base, "java"))
				*ret_relative = word;
			return NULL;
		}
	}
	return NULL;
}

/* "systemd(1) > sshd(400) > bash(612)": at most 12 generations, the nearest last. */
static const char *parents(struct dw_collect *c, const struct dw_procinfo *i)
{
	const struct dw_procinfo *chain[12];
	struct dw_str text = { .arena = c->facts->arena };
	size_t n = 0;

	for (int pid = i->ppid; pid > 0 && n < DW_ARRAY_SIZE(chain);) {
		const struct dw_procinfo *p = dw_procs_get(c->procs, pid);

		if (!p)
			break;
		chain[n++] = p;
		pid = p->ppid;
	}
	while (n-- > 0)
		dw_str_addf(&text, "%s%s(%d)", text.n ? " > " : "", chain[n]->comm, chain[n]->pid);
	return text.s;
}

static const char *user_of(struct dw_collect *c, const struct dw_procinfo *i)
{
	uint32_t uid = i->euid;
	const char *name = NULL;

	if (uid == UINT32_MAX)
		return NULL;
	/* a container's users are not ours, but for root (unless it is mapped, and then it has another number) */
	if (uid == 0 || !dw_procs_is_foreign(c->procs, i))
		name = dw_sys_user_name(c->sys, uid);
	/* the handle's own copy goes with the handle */
	return name ? dw_arena_strdup(c->facts->arena, name)
		    : dw_arena_printf(c->facts->arena, "%u", uid);
}

static enum dw_tristate tristate(int v)
{
	return v < 0 ? DW_UNKNOWN : v ? DW_YES : DW_NO;
}

size_t dw_collect_owner(struct dw_collect *c, const struct dw_procinfo *i)
{
	struct dw_facts *f = c->facts;
	const char *relative = NULL, *script = script_of(c, i, &relative);
	size_t index = f->processes.n;

	*dw_vec_add(f->arena, &f->processes) = (struct dw_owner){
		.pid = i->pid,
		.started = i->started,
		.started_ticks = i->started_ticks,
		.parent = i->ppid,
		.comm = i->comm,
		.executable = i->exe,
		.exe_state = exe_state(i->exe_state),
		.script = script,
		.relative = relative ? dw_arena_strdup(c->facts->arena, relative) : NULL,
		.exe_in_tmp = in_tmp(i->exe) || in_tmp(script),
		.command = i->command,
		.uid = i->uid,
		.euid = i->euid,
		.gid = i->gid,
		.user = user_of(c, i),
		.caps_effective = i->caps_effective,
		.caps_bounding = i->caps_bounding,
		.no_new_privs = tristate(i->no_new_privs),
		.seccomp = i->seccomp,
		.cgroup = i->cgroup,
		.parents = parents(c, i),
		.details_known = i->uid != UINT32_MAX,
	};
	return index;
}
