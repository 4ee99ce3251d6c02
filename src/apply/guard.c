/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_guard.h"

#include <errno.h>

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
