/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs: what was done, as the journal has it. src/store keeps them, src/apply makes them, src/report tells them. */
#ifndef DW_RUN_H
#define DW_RUN_H

#include <stdint.h>

#include "dw_step.h"

enum dw_run_state {
	DW_RUN_UNKNOWN = 0,
	DW_RUN_STARTED, /* its steps are being taken; found later: it was interrupted */
	DW_RUN_DONE, /* all steps taken and verified (a trial: not confirmed yet when confirm_by is set) */
	DW_RUN_ROLLED_BACK, /* a step or the verification failed, and all was put back */
	DW_RUN_FAILED,      /* it failed, and not all could be put back: the steps say which */
	DW_RUN_UNDOING,     /* an undo began; found later: it was interrupted */
	DW_RUN_UNDONE,
	DW_RUN_PARTLY_UNDONE, /* some of it had been changed by somebody since, and was left */
	DW_RUN_COUNT
};

enum dw_run_step_state {
	DW_RUN_STEP_UNKNOWN = 0,
	DW_RUN_STEP_PLANNED,
	DW_RUN_STEP_INTENDED, /* the intent is on the disk, the outcome is not */
	DW_RUN_STEP_DONE,
	DW_RUN_STEP_ALREADY, /* it was as wanted when its turn came */
	DW_RUN_STEP_FAILED,
	DW_RUN_STEP_UNDOING,
	DW_RUN_STEP_UNDONE,
	DW_RUN_STEP_LEFT, /* not put back: somebody changed it since, or nothing brings it back; `message` says so */
	DW_RUN_STEP_COUNT
};

struct dw_run_step {
	struct dw_step step;
	enum dw_run_step_state state;
	uint64_t time;       /* of the state, seconds since the epoch */
	const char *message; /* of a failure, or why it was left; NULL */
};

/* A door as it was when the run began: enough to know it again after a reboot. */
struct dw_run_door {
	enum {
		DW_RUN_DOOR_OTHER = 0,
		DW_RUN_DOOR_CLOSED,
		DW_RUN_DOOR_ALSO,
		DW_RUN_DOOR_KEPT,
		DW_RUN_DOOR_NARROWED /* it shall listen, but elsewhere */
	} role;
	struct dw_endpoint at;
	const char *netns;
	enum dw_door_kind kind;
	enum dw_starter_kind starter;
	const char *starter_id, *program, *service, *package; /* NULL: not known */
	bool lasting; /* something starts it at boot: its absence later is a finding */
};

struct dw_run {
	int64_t id;          /* from 1; 0: not stored yet */
	const char *kind;    /* "close", "verify-at-boot" */
	const char *command; /* as it was typed */
	const char *user;    /* who: the login name, behind sudo too; NULL unknown */
	const char *host, *version;
	const char *boot_id;     /* of the boot in which it began (random/boot_id of proc(5)) */
	uint64_t started, ended; /* seconds since the epoch; 0: not yet */
	enum dw_run_state state;
	uint64_t
		confirm_by; /* a trial: it is put back at that time; 1: at the next boot, or when undone; 0: no trial */
	uint64_t confirmed;  /* when; 0: not */
	const char *message; /* one sentence: what went wrong; NULL */
	struct dw_run_step *steps;
	size_t n_steps;
	struct dw_run_door *doors;
	size_t n_doors;
	struct dw_strings units; /* that were active when it began */
};

const char *dw_run_state_name(enum dw_run_state s);
const char *dw_run_step_state_name(enum dw_run_step_state s);

#endif
