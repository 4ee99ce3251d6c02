/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who has to hear that files have changed. */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "dw_end.h"
#include "dw_procs.h"
#include "dw_str.h"
#include "initscript.h"
#include "switch.h"

static int reload(struct dw_switch *s, bool user, uint32_t uid, struct dw_error *e)
{
	struct dw_error why = { 0 };
	struct dw_bus *b;
	int r = dw_switch_bus(s, user, uid, &b, &why);

	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = dw_bus_reload(b, &why);
	if (r < 0) {
		dw_switch_drop_bus(s, user, uid);
		return dw_error_set(e, r, "%s", why.message);
	}
	return 0;
}

static int notify_systemd(struct dw_switch *s, const char *arg, struct dw_error *e)
{
	uint64_t uid = 0;

	if (arg && !dw_parse_u64(arg, 10, UINT32_MAX - 1, &uid))
		return dw_error_set(e, -EINVAL, "%.100s is no user's number", arg);
	return reload(s, arg != NULL, (uint32_t)uid, e);
}

static bool runs(struct dw_procs *procs, const struct dw_procinfo *p, const char *path,
		 const char *real)
{
	return p->exe && !p->kthread && !dw_procs_is_foreign(procs, p) &&
	       (dw_program_same_path(p->exe, path) || dw_program_same_path(p->exe, real));
}

static int hangup(struct dw_switch *s, const struct dw_procinfo *p, struct dw_error *e)
{
	int r = dw_sys_process_signal(s->sys, p->pid, p->started_ticks, SIGHUP, e);

	return r == -ESRCH ? 0 : r;
}

static int hangup_all(struct dw_switch *s, struct dw_procs *procs, const char *path,
		      struct dw_error *e)
{
	char *real = NULL;
	int *pids, r, worst = 0;
	size_t n;

	if (dw_sys_file_real(s->sys, path, s->arena, &real, NULL) < 0)
		real = dw_arena_strdup(s->arena,
				       path); /* removed meanwhile: it may run all the same */
	r = dw_procs_list(procs, s->arena, &pids, &n, e);
	for (size_t i = 0; r == 0 && i < n; i++) {
		const struct dw_procinfo *p = dw_procs_get(procs, pids[i]);
		int one = p && runs(procs, p, path, real) ? hangup(s, p, e) : 0;

		worst = one < 0 ? one : worst; /* the others hear of it all the same */
	}
	return r < 0 ? r : worst;
}

static int notify_program(struct dw_switch *s, const char *path, struct dw_error *e)
{
	struct dw_procs *procs;
	int r;

	if (!path || path[0] != '/')
		return dw_error_set(e, -EINVAL,
				    "\"%.100s\" is no absolute path of a program to tell",
				    path ? path : "");
	procs = dw_procs_new(s->sys, s->arena);
	r = hangup_all(s, procs, path, e);
	dw_procs_close(procs);
	return r;
}

/*
 * init(8) of sysvinit reads inittab again when telinit(8) asks for it, that of busybox, which has no telinit, on
 * SIGHUP. Others have no inittab: nothing is told.
 */
static int notify_init(struct dw_switch *s, const char *arg, struct dw_error *e)
{
	const char *telinit = dw_program_in_path(s->sys, s->arena, "telinit");
	const char *kill_it = dw_program_in_path(s->sys, s->arena, "kill");
	const char *const q[] = { telinit, "q", NULL }, *const hup[] = { kill_it, "-HUP", "1",
									 NULL };
	struct dw_switch_run run = { .argv = telinit ? q : hup };
	int r;

	if (arg)
		return dw_error_set(e, -EINVAL, "init is never told to \"%.100s\"", arg);
	if (!dw_sys_file_exists(s->sys, "/etc/inittab") || !run.argv[0])
		return 0;
	r = dw_switch_run(s, &run, e);
	if (r == 0 && run.status != 0)
		return dw_error_set(e, -EIO, "%s: exit status %d: %s", run.argv[0], run.status,
				    run.words);
	return r;
}

/* cron looks at its files each minute by itself: cron(8). */
static int notify_cron(struct dw_switch *s, const char *arg, struct dw_error *e)
{
	return arg ? dw_error_set(e, -EINVAL, "cron is never told to \"%.100s\"", arg) : 0;
}

int dw_switch_ready(struct dw_switch *s, const char *who, struct dw_error *e)
{
	if (!dw_sys_is_running(s->sys) || !dw_starts_with(who, "sshd "))
		return 0;
	return dw_switch_sshd_ready(s, who + strlen("sshd "), e);
}

int dw_switch_notify(struct dw_switch *s, const char *who, struct dw_error *e)
{
	static const struct {
		const char *name;
		int (*tell)(struct dw_switch *s, const char *arg, struct dw_error *e);
	} whom[] = {
		{ "systemd", notify_systemd }, { "inetd", notify_program },
		{ "xinetd", notify_program },  { "init", notify_init },
		{ "cron", notify_cron },       { "restart", dw_switch_restart },
		{ "sshd", dw_switch_sshd },
	};
	size_t n = strcspn(who, " ");
	const char *arg = who[n] ? who + n + 1 : NULL;

	if (!dw_sys_is_running(s->sys))
		return 0;
	for (size_t i = 0; i < DW_ARRAY_SIZE(whom); i++)
		if (strlen(whom[i].name) == n && strncmp(who, whom[i].name, n) == 0)
			return whom[i].tell(s, arg, e);
	return dw_error_set(e, -EINVAL, "nobody is called %.100s", who);
}
