/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * /etc/rc.local, whoever runs it: systemd's rc-local.service, the rc.local script of SysV and OpenRC, runit's
 * second stage. starter.id is "rc.local", starter.source the line that names the program.
 */
#include <errno.h>

#include "commands.h"
#include "dw_str.h"
#include "lineage.h"
#include "match.h"
#include "registry.h"

enum { SCRIPT_MAX = 256 * 1024 };

static const char *const units[] = { "rc-local.service", "rc.local.service", NULL };
static const char *const names[] = { "rc-local", "rc.local", NULL };

struct rclocal {
	const char *file;
	struct dw_bytes text;
	enum dw_tristate enabled;
};

static enum dw_tristate is_enabled(struct dw_starters *s, const char *file)
{
	struct stat st;

	if (dw_sys_file_stat(s->sys, file, true, &st, NULL) < 0 || !(st.st_mode & 0111))
		return DW_NO;
	/* systemd-rc-local-generator(8) starts it because it is executable; nothing needs to want it. */
	if (s->init ? dw_streq(s->init, "systemd")
		    : dw_sys_file_exists(s->sys, "/etc/systemd/system"))
		return DW_YES;
	return dw_lineage_at_boot(s, names);
}

static int load(struct dw_starters *s, void **ret_state, struct dw_error *e)
{
	static const char *const files[] = { "/etc/rc.local", "/etc/rc.d/rc.local" };
	struct rclocal *st = dw_new(s->arena, struct rclocal);
	int r = -ENOENT;

	for (size_t i = 0; i < DW_ARRAY_SIZE(files) && r == -ENOENT; i++) {
		st->file = files[i];
		r = dw_sys_file_read(s->sys, st->file, SCRIPT_MAX, s->arena, &st->text, e);
	}
	if (r < 0)
		return r;
	st->enabled = is_enabled(s, st->file);
	*ret_state = st;
	return 0;
}

/* A shell that still runs the file stands above the process. */
static bool below_script(struct dw_starters *s, const struct rclocal *st,
			 const struct dw_procinfo *p)
{
	for (int i = 0; p && p->ppid > 1 && i < 64; i++) {
		const struct dw_procinfo *parent = dw_procs_get(s->procs, p->ppid);

		if (!parent || parent->started_ticks > p->started_ticks)
			return false;
		for (size_t k = 0; k < parent->argc && k < 3; k++)
			if (dw_streq(parent->argv[k], st->file))
				return true;
		p = parent;
	}
	return false;
}

static const char *descent(struct dw_starters *s, const struct rclocal *st,
			   const struct dw_procinfo *p, bool *ret_proof)
{
	const char *service;
	bool below;

	*ret_proof = true;
	if (dw_lineage_in_unit(p, units))
		return "it sits in the cgroup of rc-local.service";
	if (dw_lineage_in_other_service(p, units))
		return NULL;
	below = below_script(s, st, p);
	/* the environment last: thousands of workers would have theirs read for nothing */
	if ((!below && !dw_lineage_orphan(p)) || dw_lineage_from_login(s, p))
		return NULL;
	if (below)
		return "it descends from the shell that runs the file";
	service = dw_procs_env(s->procs, p, "RC_SVCNAME");
	if (service) /* OpenRC tells each script its own name */
		return dw_streq(service, "rc.local") || dw_streq(service, "rc-local") ||
				       dw_streq(service, "local")
			       ? "its environment says that OpenRC started it from rc.local"
			       : NULL;
	*ret_proof = false;
	return dw_procs_env(s->procs, p, "RUNLEVEL") || dw_procs_env(s->procs, p, "INIT_VERSION")
		       ? "its parent is gone and init started it at boot"
		       : "its parent is gone";
}

static int claim(struct dw_starters *s, void *state, const struct dw_claim *q,
		 struct dw_starter *ret)
{
	_cleanup_arena_ struct dw_arena *scratch = NULL;
	struct rclocal *st = state;
	struct dw_match_process m;
	struct dw_match match;
	const char *whence;
	unsigned line = 0;
	bool proof;

	if (!q->process || q->container || q->process->pid == 1)
		return 0;
	whence = descent(s, st, q->process, &proof);
	if (!whence)
		return 0;
	scratch = dw_arena_new();
	m = dw_match_process(scratch, q->process);
	match = dw_match_text(s->sys, scratch, &m, &st->text, &line);
	/* Being an orphan proves nothing: the line must fit well. */
	if (!proof && !dw_match_is_sure(&match))
		return 0;
	*ret = (struct dw_starter){
		.kind = DW_STARTER_RC_LOCAL,
		.id = "rc.local",
		.source = dw_starters_source(s, st->file, line),
		.enabled = st->enabled,
		.running = DW_YES,
		.restarts = DW_NO,
		.confidence = proof ? DW_CONFIDENCE_CERTAIN : DW_CONFIDENCE_LIKELY,
		.also = dw_lineage_unit(s->arena, q->process),
	};
	ret->evidence =
		dw_arena_printf(s->arena,
				match.score ? "%s, and the line names its program"
					    : "%s, but no line of the file names its program",
				whence);
	return 1;
}

/* Of an image: what it started on a host that runs is there, or was ended by somebody. */
static int list(struct dw_starters *s, void *state, struct dw_error *e)
{
	const struct rclocal *st = state;
	const struct dw_starter as = {
		.kind = DW_STARTER_RC_LOCAL,
		.id = "rc.local",
		.enabled = st->enabled,
		.restarts = DW_NO,
		.evidence = "the file is run at boot, and the line starts this program",
	};
	struct dw_script script;
	int r;

	if (dw_sys_is_running(s->sys) || st->enabled == DW_NO)
		return 0;
	r = dw_script_read_shell(s->sys, s->arena, st->file, &script, e);
	if (r < 0)
		return r;
	dw_commands_list(s, &script, &as, true);
	return 0;
}

const struct dw_starter_ops dw_starter_rclocal = {
	.name = "rclocal", .early = true, .load = load, .list = list, .claim = claim
};
