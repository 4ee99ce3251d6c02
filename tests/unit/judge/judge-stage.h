/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hosts made by hand for the tests of the judge: doors are written short, and findings come out as text. */
#ifndef DW_TEST_STAGE_H
#define DW_TEST_STAGE_H

#include "dw_judge.h"
#include "dw_str.h"

#define STAGE_DOORS 64

struct stage {
	struct dw_arena *arena;
	struct dw_snapshot snapshot;
	struct dw_door doors[STAGE_DOORS];
	struct dw_statement statements[16];
	struct dw_policy policy; /* counts when it has a file */
	struct dw_str out;       /* what was judged so far, as text */
};

/*
 * A door of one process: "tcp 0.0.0.0 22", its program, its package and what starts it. NULL package: none; NULL
 * program: nobody was seen. The door may be changed afterwards, and so may its owner.
 */
struct dw_door *stage_door(struct stage *s, const char *where, const char *program,
			   const char *package, enum dw_starter_kind kind, const char *starter);
/* The usual: a systemd service of a package. */
struct dw_door *stage_service(struct stage *s, const char *where, const char *program,
			      const char *package, const char *unit);
struct dw_statement *stage_statement(struct stage *s, enum dw_policy_action action,
				     struct dw_what what);
struct dw_statement *stage_port(struct stage *s, enum dw_policy_action action, const char *port);
struct dw_statement *stage_named(struct stage *s, enum dw_policy_action action,
				 const char *service);
void stage_default(struct stage *s, enum dw_policy_default d);
/* Judges, adds the findings to the text under that title, and takes all doors and the policy away. */
void stage_play(struct stage *s, const char *title);
/* The findings of one judgement as text; in the arena. */
const char *stage_text(struct dw_arena *a, const struct dw_findings *f);

extern const struct dw_knowledge lore;

void scenes_advice(struct stage *s);
void scenes_policy(struct stage *s);

#endif
