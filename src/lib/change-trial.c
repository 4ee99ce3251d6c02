/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Trials: what puts a run back when nobody confirms it. */
#include <errno.h>
#include <stdint.h>

#include "change-private.h"
#include "dw_bus.h"
#include "dw_end.h"
#include "dw_guard.h"

/* The steps of the next boot come first, so that they are there before anything is closed. */
static void put_first(struct changing *c, struct dw_run *run, const struct dw_step *v, size_t n)
{
	struct dw_run_step *all = dw_arena_array(c->arena, run->n_steps + n, sizeof(*all));

	for (size_t i = 0; i < n; i++)
		all[i] = (struct dw_run_step){ .step = v[i], .state = DW_RUN_STEP_PLANNED };
	for (size_t i = 0; i < run->n_steps; i++)
		all[n + i] = run->steps[i];
	run->steps = all;
	run->n_steps += n;
}

int dw_change_trial(struct changing *c, const char *service_manager, struct dw_run *run,
		    struct dw_error *e)
{
	static const char *const words[] = { "undo", "--expired", "--quiet", NULL };
	struct dw_step *steps = NULL;
	size_t n = 0;
	int r;

	if (c->o.trial == 0)
		return 0;
	run->confirm_by = c->o.trial == UINT64_MAX ? 1 : dw_sys_now(c->sys) + c->o.trial;
	r = dw_guard_free_for_trial(c->store, c->arena, e);
	if (r == 0)
		r = dw_guard_steps(&c->apply, service_manager,
				   dw_change_command(c->d, words, c->arena), &steps, &n, e);
	if (r == 0)
		put_first(c, run, steps, n);
	return r;
}

static const char *timer_of(struct changing *c, int64_t run)
{
	return dw_arena_printf(c->arena, "doorward-trial-%lld", (long long)run);
}

/* A timer that finds nothing to do does no harm: that it cannot be stopped is no failure. */
void dw_change_unguard(struct changing *c, int64_t run)
{
	const char *const units[] = { dw_arena_printf(c->arena, "%s.timer", timer_of(c, run)) };
	_cleanup_(dw_cleanup_bus) struct dw_bus *bus = NULL;

	if (dw_bus_open(c->sys, &bus, NULL) == 0)
		(void)dw_bus_units_act(bus, DW_BUS_STOP, units, 1, DW_GRACE_MS, NULL);
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
		return dw_bus_run_later(bus, timer_of(c, run->id), "puts a trial of doorward back",
					dw_change_command(c->d, timed, c->arena), c->o.trial, e);
	return dw_sys_detach(c->sys, dw_change_command(c->d, waiting, c->arena), e);
}

static int verify_at_boot(struct changing *c, const char *service_manager, long long *ret_run,
			  struct dw_error *e)
{
	static const struct dw_boot_job job = {
		.phase = DW_PHASE_BOOT,
		.name = "doorward-verify",
		.summary = "are the closed doors still closed",
		.why = "it looks after every boot whether the closed doors are still closed",
		/* a container may never look everywhere: failing at each boot says nothing the day a door opens */
		.fine = "3",
	};
	static const char *const words[] = { "verify", NULL };
	static const struct dw_strings nobody = { 0 };
	struct dw_step *steps = NULL;
	struct dw_run run = { 0 };
	size_t n = 0;
	int r = dw_boot_steps(&c->apply, &job, service_manager,
			      dw_change_command(c->d, words, c->arena), &steps, &n, e);

	if (r == -EEXIST)
		return dw_error_set(e, -EALREADY, "it looks after every boot already");
	if (r < 0)
		return r;
	put_first(c, &run, steps, n);
	dw_change_describe(c, "verify-at-boot", &run);
	r = dw_change_carry_out(c, &run, &nobody, e);
	*ret_run = run.id;
	return r;
}

int doorward_verify_at_boot(struct doorward *d, const struct doorward_close_options *o,
			    long long *ret_run)
{
	_cleanup_change_ struct changing c = { 0 };
	struct dw_error e = { 0 };
	struct doorward_audit *now;
	int r;

	/* who starts programs at boot is a part of what an audit sees */
	r = doorward_audit_run(d, &now);
	if (r < 0)
		return r;
	r = dw_change_open(d, true, "doorward verify --at-boot", o, &c, &e);
	if (r == 0)
		r = verify_at_boot(&c, now->report.snapshot->service_manager, ret_run, &e);
	doorward_audit_free(now);
	d->error = e;
	return r;
}
