/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_run.h"

static const char *const run_names[DW_RUN_COUNT] = {
	[DW_RUN_UNKNOWN] = "unknown", [DW_RUN_STARTED] = "started",
	[DW_RUN_DONE] = "done",       [DW_RUN_ROLLED_BACK] = "rolled-back",
	[DW_RUN_FAILED] = "failed",   [DW_RUN_UNDOING] = "undoing",
	[DW_RUN_UNDONE] = "undone",   [DW_RUN_PARTLY_UNDONE] = "partly-undone",
};

static const char *const step_names[DW_RUN_STEP_COUNT] = {
	[DW_RUN_STEP_UNKNOWN] = "unknown",   [DW_RUN_STEP_PLANNED] = "planned",
	[DW_RUN_STEP_INTENDED] = "intended", [DW_RUN_STEP_DONE] = "done",
	[DW_RUN_STEP_ALREADY] = "already",   [DW_RUN_STEP_FAILED] = "failed",
	[DW_RUN_STEP_UNDOING] = "undoing",   [DW_RUN_STEP_UNDONE] = "undone",
	[DW_RUN_STEP_LEFT] = "left",
};

const char *dw_run_state_name(enum dw_run_state s)
{
	return s < DW_RUN_COUNT ? run_names[s] : "unknown";
}

const char *dw_run_step_state_name(enum dw_run_step_state s)
{
	return s < DW_RUN_STEP_COUNT ? step_names[s] : "unknown";
}
