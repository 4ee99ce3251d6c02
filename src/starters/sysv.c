/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SysV init scripts: /etc/init.d (Red Hat's /etc/rc.d/init.d), links in rcS.d and rcN.d. Only where pid 1 is
 * not systemd: there the scripts become generated units, and systemd.c knows them. id: the script's name.
 *
 * Enabled means: the default runlevel (or rcS) has a link S..NAME to it. Debian's startpar also wants the
 * name in /etc/init.d/.depend.start (.depend.boot for rcS), insserv's makefile: a link made by hand does
 * nothing until the next insserv(8). runit's stage 2 runs rc2.d too, but not what /etc/sv has a directory for.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "dw_str.h"
#include "initsys.h"
#include "registry.h"
#include "scripts.h"

struct state {
	enum dw_init init;
	struct dw_scripts scripts;
};

/* --- which are enabled ---------------------------------------------------------------------------- */

/* The makefile's targets: "TARGETS = a b c". NULL: startpar is not used here, the links alone decide. */
static const char *depend_targets(struct dw_starters *s, const char *file)
{
	struct dw_bytes text;
	struct dw_lines it;
	char *line;

	if (dw_sys_file_exists(s->sys, "/etc/init.d/.legacy-bootordering") ||
	    !(dw_sys_file_exists(s->sys, "/lib/startpar/startpar") ||
	      dw_sys_file_exists(s->sys, "/sbin/startpar") ||
	      dw_sys_file_exists(s->sys, "/bin/startpar")) ||
	    dw_sys_file_read(s->sys, file, DW_FILE_MAX, s->arena, &text, NULL) < 0 || text.n == 0)
		return NULL;
	it = dw_lines_of(&text);
	while ((line = dw_lines_next_trimmed(&it, s->arena)) != NULL)
		if (dw_starts_with(line, "TARGETS ="))
			return dw_arena_printf(s->arena, " %s ", line + 9);
	return "";
}

static bool has_target(struct dw_arena *a, const char *targets, const char *name)
{
	return !targets || strstr(targets, dw_arena_printf(a, " %s ", name)) != NULL;
}

/* Name of the script that the link S20NAME leads to; NULL: it is no such link, or leads nowhere. */
static const char *linked_script(struct dw_starters *s, const char *dir, const char *link)
{
	const char *path = dw_arena_printf(s->arena, "%s/%s", dir, link);
	char *target, *real;

	/* rc(8) skips what lies in rcN.d itself: only links to scripts count. */
	if (link[0] != 'S' || !isdigit((unsigned char)link[1]) ||
	    dw_sys_file_readlink(s->sys, path, s->arena, &target, NULL) < 0 ||
	    dw_sys_file_real(s->sys, path, s->arena, &real, NULL) < 0)
		return NULL;
	return dw_basename(target);
}

static void enable_from(struct dw_starters *s, struct state *state, const char *dir,
			const char *depend)
{
	const char *targets = state->init == DW_INIT_RUNIT ? NULL : depend_targets(s, depend);
	struct dw_strings links = { 0 };

	if (dw_sys_dir_list(s->sys, dir, s->arena, &links, NULL) < 0)
		return;
	for (size_t i = 0; i < links.n; i++) {
		const char *name = linked_script(s, dir, links.v[i]);
		struct dw_scripts_entry *e = name ? dw_scripts_find(&state->scripts, name) : NULL;

		if (e && has_target(s->arena, targets, name))
			e->enabled = DW_YES;
	}
}

static bool skipped_by_runit(struct dw_starters *s, const char *name)
{
	return dw_sys_file_exists(s->sys, "/etc/runit/no.emulate.sysv") ||
	       dw_sys_file_exists(s->sys, dw_arena_printf(s->arena, "/etc/sv/%s", name)) ||
	       dw_sys_file_exists(
		       s->sys, dw_arena_printf(s->arena, "/etc/runit/no.emulate.sysv.d/%s", name));
}

static void find_enabled(struct dw_starters *s, struct state *state)
{
	struct dw_inittab tab = { 0 };
	char level = '2'; /* sysvinit's in Debian when inittab does not say; and runit's stage 2 */

	if (state->init == DW_INIT_UNKNOWN)
		return; /* nothing here boots through rcN.d, as far as we know: unknown stays unknown */
	for (size_t i = 0; i < state->scripts.v.n; i++)
		state->scripts.v.v[i].enabled = DW_NO;
	if (state->init == DW_INIT_SYSVINIT && dw_inittab_read(s, false, &tab, NULL) == 0 &&
	    tab.runlevel)
		level = tab.runlevel;
	enable_from(s, state, "/etc/rcS.d", "/etc/init.d/.depend.boot");
	enable_from(s, state, dw_arena_printf(s->arena, "/etc/rc%c.d", level),
		    "/etc/init.d/.depend.start");
	enable_from(s, state, dw_arena_printf(s->arena, "/etc/rc.d/rc%c.d", level),
		    "/etc/init.d/.depend.start");
	for (size_t i = 0; state->init == DW_INIT_RUNIT && i < state->scripts.v.n; i++)
		if (skipped_by_runit(s, state->scripts.v.v[i].script.name))
			state->scripts.v.v[i].enabled = DW_NO;
}

/* --- the scripts ---------------------------------------------------------------------------------- */

static bool is_link(struct dw_starters *s, const char *path)
{
	struct stat st;

	return dw_sys_file_stat(s->sys, path, false, &st, NULL) == 0 && S_ISLNK(st.st_mode);
}

/* Slackware: /etc/rc.d/rc.NAME, enabled by its executable bit (add_script has left the others out). */
static void read_slackware(struct dw_starters *s, struct state *state)
{
	size_t first = state->scripts.v.n;

	if (!dw_sys_file_exists(s->sys, "/etc/rc.d/rc.M") ||
	    dw_scripts_read_dir(s, &state->scripts, "/etc/rc.d", "rc.", NULL) < 0)
		return;
	for (size_t i = first; i < state->scripts.v.n; i++)
		if (state->init == DW_INIT_SYSVINIT)
			state->scripts.v.v[i].enabled = DW_YES;
}

static int load(struct dw_starters *s, void **ret_state, struct dw_error *e)
{
	struct state *state = dw_new(s->arena, struct state);
	int r;

	state->init = dw_init_of(s);
	if (state->init == DW_INIT_SYSTEMD || state->init == DW_INIT_OPENRC ||
	    dw_init_has_openrc(s))
		return -ENOENT;
	r = dw_scripts_read_dir(s, &state->scripts, "/etc/init.d", "", e);
	if (r < 0 && r != -ENOENT && r != -ENOTDIR)
		return r;
	if (dw_sys_file_exists(s->sys, "/etc/rc.d/init.d") && !is_link(s, "/etc/init.d"))
		(void)dw_scripts_read_dir(s, &state->scripts, "/etc/rc.d/init.d", "", NULL);
	find_enabled(s, state);
	read_slackware(s, state);
	if (state->scripts.v.n == 0)
		return -ENOENT;
	*ret_state = state;
	return 0;
}

/* --- claims, sleepers ----------------------------------------------------------------------------- */

static int claim(struct dw_starters *s, void *arg, const struct dw_claim *c, struct dw_starter *ret)
{
	struct state *state = arg;
	struct dw_evidence ev;
	const struct dw_scripts_entry *e;

	if (!s->procs || !c->process || c->process->kthread || c->process->pid == 1 || c->container)
		return 0;
	e = dw_scripts_ask(s, &state->scripts, c->process, &ev);
	if (!e)
		return 0;
	*ret = (struct dw_starter){
		.kind = DW_STARTER_SYSV,
		.id = e->script.name,
		.source = dw_script_source(s->arena, &e->script, ev.program),
		.enabled = e->enabled,
		.running = DW_YES,
		.restarts = DW_NO,
		.confidence = ev.confidence,
		.evidence = ev.by_hand ? dw_arena_printf(s->arena, "%s; the script was run %s",
							 ev.text, ev.by_hand)
				       : ev.text,
		.also = ev.by_hand,
	};
	return 1;
}

static int list(struct dw_starters *s, void *arg, struct dw_error *e)
{
	struct state *state = arg;

	for (size_t i = 0; i < state->scripts.v.n; i++)
		dw_scripts_list_one(s, &state->scripts.v.v[i], DW_STARTER_SYSV, DW_NO);
	return 0;
}

static void unload(struct dw_starters *s, void *arg)
{
	struct state *state = arg;

	dw_scripts_clear(&state->scripts);
}

const struct dw_starter_ops dw_starter_sysv = { .name = "sysv",
						.early = true,
						.load = load,
						.list = list,
						.claim = claim,
						.forget = unload,
						.unload = unload };
