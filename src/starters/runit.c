/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * runit, and the daemontools and s6 that it is like: a directory for each service, linked into a directory
 * that runsvdir (svscan, s6-svscan) watches; one runsv (supervise, s6-supervise) keeps each service running.
 * id: the service's name; source: the line of its run file that execs the daemon. A file `down` keeps it from
 * starting by itself. Under systemd or sysvinit too, where runsvdir is one of their services.
 */
#include <errno.h>
#include <string.h>

#include "daemon.h"
#include "dw_str.h"
#include "initsys.h"
#include "lineage.h"
#include "registry.h"
#include "switch.h"

#define SERVICES_MAX 1024

struct service {
	const char *name;
	const char *dir; /* as the watched directory has it: /etc/service/NAME */
	struct dw_script run;
	bool linked; /* watched at the next boot */
	bool down;
};

struct state {
	DW_VEC(struct service) services;
	bool watched; /* something watches the directories: now, or from the next boot on */
};

/* --- the services --------------------------------------------------------------------------------- */

static void read_service(struct dw_starters *s, struct state *state, const char *dir,
			 const char *name, bool linked)
{
	struct service v = { .name = name, .dir = dir, .linked = linked };
	const char *run = dw_arena_printf(s->arena, "%s/run", dir);
	struct dw_error e = { 0 };
	char *real;
	int r;

	if (state->services.n >= SERVICES_MAX ||
	    dw_sys_file_real(s->sys, run, s->arena, &real, &e) < 0)
		return; /* no run file: no service */
	r = dw_script_read(s->sys, s->arena, real, &v.run, &e);
	if (r < 0) {
		dw_facts_incomplete(s->facts, "unreadable", run, 0, true, "run file not read: %s",
				    e.message);
		v.run = (struct dw_script){ .name = name, .path = real, .text = "" };
	}
	v.down = dw_sys_file_exists(s->sys, dw_arena_printf(s->arena, "%s/down", dir));
	*dw_vec_add(s->arena, &state->services) = v;
}

static struct service *find_service(struct state *state, const char *name)
{
	for (size_t i = 0; i < state->services.n; i++)
		if (dw_streq(state->services.v[i].name, name))
			return &state->services.v[i];
	return NULL;
}

static bool read_watched(struct dw_starters *s, struct state *state, const char *dir, bool linked)
{
	struct dw_strings names = { 0 };

	if (dw_sys_dir_list(s->sys, dir, s->arena, &names, NULL) < 0)
		return false;
	for (size_t i = 0; i < names.n; i++)
		/* runsvdir skips names that begin with a dot */
		if (names.v[i][0] != '.' && !find_service(state, names.v[i]))
			read_service(s, state, dw_arena_printf(s->arena, "%s/%s", dir, names.v[i]),
				     names.v[i], linked);
	return true;
}

/* Packages bring run files (/etc/sv/ssh is openssh-server's) to hosts that have no runit. */
static bool is_installed(struct dw_starters *s)
{
	static const char *const programs[] = { "runsvdir", "svscan", "s6-svscan" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(programs); i++)
		if (dw_program_in_path(s->sys, s->arena, programs[i]))
			return true;
	return dw_sys_file_exists(s->sys, "/command/svscan");
}

/* Installed does not mean started: runit as pid 1 does, elsewhere one of the processes must be the watcher. */
static bool is_watched(struct dw_starters *s)
{
	static const char *const names[] = { "runsvdir", "svscan", "s6-svscan" };
	int *pids;
	size_t n;

	/* The unit or script of a package that starts one: runit-systemd, daemontools-run. */
	static const char *const units[] = { "runit", "daemontools-run", "runit.service",
					     "daemontools-run.service", NULL };

	if (dw_init_of(s) == DW_INIT_RUNIT || dw_lineage_at_boot(s, units) == DW_YES)
		return true;
	if (!s->procs || dw_procs_list(s->procs, s->arena, &pids, &n, NULL) < 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct dw_procinfo *p = dw_procs_get(s->procs, pids[i]);

		for (size_t k = 0; p && k < DW_ARRAY_SIZE(names); k++)
			if (dw_streq(p->comm, names[k]))
				return true;
	}
	return false;
}

static int load(struct dw_starters *s, void **ret_state, struct dw_error *e)
{
	/* Debian and Void; daemontools'; s6's */
	static const char *const watched[] = { "/etc/service", "/var/service", "/service",
					       "/run/service" };
	struct state *state = dw_new(s->arena, struct state);
	bool found = false;

	if (!is_installed(s))
		return -ENOENT;
	for (size_t i = 0; i < DW_ARRAY_SIZE(watched); i++)
		found = read_watched(s, state, watched[i], true) || found;
	/* Debian's packages put links there (ssh) whoever watches: they are runit's alone */
	if (dw_program_in_path(s->sys, s->arena, "runsvdir"))
		found = read_watched(s, state, "/etc/runit/runsvdir/default", true) || found;
	/* Known, but not linked: by hand it can run all the same (runsv /etc/sv/NAME). */
	found = read_watched(s, state, "/etc/sv", false) || found;
	if (!found || state->services.n == 0)
		return -ENOENT;
	state->watched = is_watched(s);
	*ret_state = state;
	return 0;
}

/* --- claims --------------------------------------------------------------------------------------- */

static bool is_supervisor(const struct dw_procinfo *p)
{
	static const char *const names[] = { "runsv", "supervise", "s6-supervise" };
	const char *base = p->exe ? dw_basename(p->exe) : p->comm;

	for (size_t i = 0; i < DW_ARRAY_SIZE(names); i++)
		if (dw_streq(base, names[i]))
			return p->argc > 1;
	return false;
}

static const struct dw_procinfo *supervisor_of(struct dw_starters *s, const struct dw_chain *c)
{
	const struct dw_procinfo *top = dw_chain_top(c), *p;

	/* A supervisor that shares the session is in the chain itself; else it is the parent of its top. */
	for (size_t i = 1; i < c->n; i++)
		if (is_supervisor(c->v[i]))
			return c->v[i];
	p = top->ppid > 1 ? dw_procs_get(s->procs, top->ppid) : NULL;
	return p && is_supervisor(p) ? p : NULL;
}

/* Does the supervisor want it up? Byte 17 of supervise/status (runit, daemontools): 'u' or 'd'. */
static enum dw_tristate wanted_up(struct dw_starters *s, const struct service *v)
{
	struct dw_bytes status;

	if (dw_sys_file_read(s->sys, dw_arena_printf(s->arena, "%s/supervise/status", v->dir), 256,
			     s->arena, &status, NULL) < 0 ||
	    status.n < 18)
		return DW_UNKNOWN;
	return status.data[17] == 'd' ? DW_NO : DW_YES;
}

static int claim(struct dw_starters *s, void *arg, const struct dw_claim *c, struct dw_starter *ret)
{
	struct state *state = arg;
	const struct dw_procinfo *supervisor;
	struct dw_chain chain;
	struct service *v;

	if (!s->procs || !c->process || c->process->kthread || c->process->pid == 1 || c->container)
		return 0;
	dw_chain_of(s->procs, c->process, &chain);
	supervisor = supervisor_of(s, &chain);
	v = supervisor ? find_service(state, dw_basename(supervisor->argv[1])) : NULL;
	if (!v)
		return 0;
	*ret = (struct dw_starter){
		.kind = DW_STARTER_RUNIT,
		.id = v->name,
		.source =
			dw_script_source(s->arena, &v->run, dw_script_main_program(&v->run, true)),
		.enabled = v->linked && !v->down ? DW_YES : DW_NO,
		.running = DW_YES,
		.restarts = wanted_up(s, v) == DW_NO ? DW_NO : DW_YES,
		.confidence = DW_CONFIDENCE_CERTAIN,
		.evidence = dw_arena_printf(
			s->arena, "its parent is %s(%d), which keeps %s running%s",
			supervisor->comm, supervisor->pid, v->dir,
			v->down ? "; the file down keeps it from starting at boot" : ""),
	};
	return 1;
}

/* --- sleepers ------------------------------------------------------------------------------------- */

static bool is_running(struct dw_starters *s, const struct service *v)
{
	struct dw_runit_status status;
	struct dw_bytes text, pid;

	/* runit and daemontools; what s6 writes there is another thing */
	if (s->procs &&
	    dw_sys_file_read(s->sys, dw_arena_printf(s->arena, "%s/supervise/status", v->dir), 256,
			     s->arena, &text, NULL) == 0 &&
	    dw_switch_runit_parse(&text, &status))
		return status.pid != 0 && dw_procs_get(s->procs, (int)status.pid) != NULL;
	/* supervise/pid is empty while the service is down. */
	return s->procs &&
	       dw_sys_file_read(s->sys, dw_arena_printf(s->arena, "%s/supervise/pid", v->dir), 64,
				s->arena, &pid, NULL) == 0 &&
	       pid.n > 0;
}

static int list(struct dw_starters *s, void *arg, struct dw_error *e)
{
	struct state *state = arg;

	for (size_t i = 0; state->watched && i < state->services.n; i++) {
		struct service *v = &state->services.v[i];
		struct dw_program *p =
			v->linked && !v->down ? dw_script_listener(s, &v->run) : NULL;

		if (!p || is_running(s, v))
			continue;
		*dw_vec_add(s->arena, &s->facts->sleepers) = (struct dw_sleeper_fact){
			.program = p->path,
			.starter = {
				.kind = DW_STARTER_RUNIT,
				.id = v->name,
				.source = dw_script_source(s->arena, &v->run, p),
				.enabled = DW_YES,
				.running = DW_NO,
				.restarts = DW_YES,
				.confidence = DW_CONFIDENCE_LIKELY,
				.evidence = "the service is linked and has no file down",
			},
		};
	}
	return 0;
}

const struct dw_starter_ops dw_starter_runit = {
	.name = "runit", .load = load, .list = list, .claim = claim
};
