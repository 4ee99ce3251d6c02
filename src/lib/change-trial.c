/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Trials: what puts a run back when nobody confirms it. */
#include <errno.h>

#include "change-private.h"
#include "dw_bus.h"
#include "dw_end.h"
#include "dw_guard.h"

int dw_change_trial(struct changing *c, struct dw_run *run, struct dw_error *e)
{
	if (c->o.trial == 0)
		return 0;
	run->confirm_by = c->o.trial == UINT64_MAX ? 1 : dw_sys_now(c->sys) + c->o.trial;
	return dw_guard_free_for_trial(c->store, c->arena, e);
}

/*
 * systemd's timer outlives us, the terminal and the session (which a process of ours might not: KillUserProcesses=).
 * Where there is none, a process of its own session waits.
 */
int dw_change_guard(struct changing *c, const struct dw_run *run, struct dw_error *e)
{
	const char *number = dw_arena_printf(c->arena, "%lld", (long long)run->id);
	const char *seconds = dw_arena_printf(c->arena, "%llu", c->o.trial);
	const char *const timed[] = { "undo", number, "--expired", NULL };
	const char *const waiting[] = { "undo", number, "--expired", "--wait", seconds, NULL };
	_cleanup_(dw_cleanup_bus) struct dw_bus *bus = NULL;

	if (run->confirm_by <= 1)
		return 0;
	if (dw_bus_open(c->sys, &bus, NULL) == 0)
		return dw_bus_run_later(bus, dw_arena_printf(c->arena, "doorward-trial-%s", number),
					"puts a trial of doorward back",
					dw_change_command(c->d, timed, c->arena), c->o.trial, e);
	return dw_sys_detach(c->sys, dw_change_command(c->d, waiting, c->arena), e);
}
