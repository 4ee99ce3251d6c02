/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_guard.h"

#include <errno.h>

#include "dw_str.h"
#include "executor.h"

int dw_guard_free_for_trial(struct dw_store *s, struct dw_arena *a, struct dw_error *e)
{
	struct dw_run *runs = NULL;
	size_t n = 0;
	int r = dw_store_runs(s, a, &runs, &n, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		if (runs[i].state == DW_RUN_DONE && runs[i].confirm_by && !runs[i].confirmed)
			return dw_error_set(
				e, -EBUSY,
				"run %lld is on trial: `doorward confirm %lld` keeps it, "
				"`doorward undo %lld` puts it back",
				(long long)runs[i].id, (long long)runs[i].id,
				(long long)runs[i].id);
	return 0;
}

bool dw_guard_is_due(const struct dw_run *run, uint64_t now, const char *boot_id)
{
	if (run->state != DW_RUN_DONE || !run->confirm_by || run->confirmed)
		return false;
	if (boot_id && *boot_id && run->boot_id && *run->boot_id &&
	    !dw_streq(boot_id, run->boot_id))
		return true;
	return run->confirm_by > 1 && now >= run->confirm_by;
}

int dw_guard_steps(struct dw_apply *a, const char *service_manager, const char *const *argv,
		   struct dw_step **ret, size_t *ret_n, struct dw_error *e)
{
	static const struct dw_boot_job job = {
		.phase = DW_PHASE_GUARD,
		.name = "doorward-trial",
		.summary = "puts a trial back that nobody confirmed",
		.why = "it puts the trial back at the next boot",
	};

	return dw_boot_steps(a, &job, service_manager, argv, ret, ret_n, e);
}
