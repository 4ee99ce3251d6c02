/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps and plans: what would change so that doors stay shut. Made by src/plan, told by src/report. */
#ifndef DW_STEP_H
#define DW_STEP_H

#include <stdbool.h>
#include <stddef.h>

#include "dw_lever.h"
#include "dw_model.h"
#include "dw_removal.h"

/* One change. Its inverse swaps expect and want. */
struct dw_step {
	enum dw_phase phase;
	const char *manager; /* as dw_lever.manager */
	const char *
		object; /* as dw_lever.object; systemd: the units of a group, blanks between, triggers first;
			   package: likewise, dependants first */
	struct dw_state expect, want;
	const char
		*notify; /* NULL: nobody; the same on steps in a row: told once, behind the last */
	const char *label, *why, *source;
	const char *
		diff; /* file: unified, without the lines of headers, at most some hundred lines; NULL: none */
	const char *door; /* the door it is for: 0.0.0.0:23/tcp; with more than one the first */
	size_t n_doors;
	const char *command, *undo_command; /* NULL: no command does the same */
	bool no_undo, if_left;
};

/* In the order in which they are to be taken. */
struct dw_steps {
	const struct dw_step *v;
	size_t n;
	const char *const *remarks; /* what the steps do not reach, a sentence each */
	size_t n_remarks;
};

/* Why a door stays as it is. */
struct dw_refusal {
	const struct dw_door *door;
	/* "own-session", "last-way-in", "own-network", "kept-neighbour", "no-lever" ...: docs/plan.md has all */
	const char *id;
	const char *text; /* one sentence, with what to do */
};

enum dw_intent { DW_INTENT_NONE = 0, DW_INTENT_CLOSE, DW_INTENT_RESTRICT };

/* What is known of a door when the plan is made; one for each of the snapshot's, same order. */
struct dw_plan_door {
	const struct dw_door *door;
	const char *verdict;   /* as in the JSON contract */
	enum dw_intent intent; /* NONE: it is to stay */
	bool named;            /* the user named it: no verdict is asked */
	bool login;            /* a person can administer the host through it (DW_TRAIT_LOGIN) */
	bool network;          /* the host has its network from it (DW_TRAIT_CLIENT) */
	const char *service;   /* name of what it is known to be; NULL */
	const struct dw_levers *levers;       /* NULL: intent is NONE */
	const struct dw_relations *relations; /* NULL: none, or not known */
	const struct dw_strings *dependants;  /* packages that need its package; NULL: not known */
	const struct dw_removal
		*removal; /* what goes with its package; NULL: that stays, or it is not known */
};

struct dw_plan_request {
	const struct dw_plan_door *doors;
	size_t n_doors;
	const char *service_manager; /* as in the snapshot; NULL */
	bool even_my_session;
};

struct dw_plan {
	struct dw_steps steps;
	const struct dw_plan_door **closes; /* that were asked for, in the snapshot's order */
	size_t n_closes;
	const struct dw_plan_door *
		*also; /* that go with them: the same program or unit holds them */
	size_t n_also;
	struct dw_refusal *refused;
	size_t n_refused;
	const struct dw_removed_package **packages; /* that are removed, as their steps name them */
	size_t n_packages;
	struct dw_strings
		needed_by; /* "cups-browsed.service (requires cups.service)": what may miss them */
};

#endif
