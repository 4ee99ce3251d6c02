/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fields of a step, which plans and runs share; private to src/report. */
#ifndef DW_FIELDS_STEP_H
#define DW_FIELDS_STEP_H

#include "dw_step.h"
#include "get.h"

#define STEP_GETTER(name)                                                                          \
	void name(dw_unused struct dw_arena *a, const void *object, struct dw_value *v)

STEP_GETTER(dw_step_get_phase);
STEP_GETTER(dw_step_get_expect);
STEP_GETTER(dw_step_get_want);
STEP_GETTER(dw_step_get_doors);
STEP_GETTER(dw_step_get_can_undo);
STEP_GETTER(dw_step_get_if_left);

#define STEP(m) .offset = offsetof(struct dw_step, m)
#define STEP_FIELDS                                                                                \
	{ "phase", DW_FIELD_STRING, .get = dw_step_get_phase,                                      \
	  .description = "when it is taken: guard, stop, boot (files), left; undone in reverse" }, \
		{ "manager", DW_FIELD_STRING, STEP(manager),                                       \
		  .description = "what switches it: file, systemd, sysv, openrc, runit, process, " \
				 "container, package, account, mode" },                            \
		{ "object", DW_FIELD_STRING, STEP(object),                                         \
		  .description = "a path, units with blanks between, a script, PID/START, "        \
				 "ENGINE:ID ..." },                                                \
		{ "label", DW_FIELD_STRING, true, STEP(label),                                     \
		  .description = "its name for people" },                                          \
		{ "expect", DW_FIELD_STRING, true, .get = dw_step_get_expect,                      \
		  .description = "its state before, as one line" },                                \
		{ "want", DW_FIELD_STRING, true, .get = dw_step_get_want,                          \
		  .description = "its state afterwards" },                                         \
		{ "why", DW_FIELD_STRING, true, STEP(why), .description = "one sentence" },        \
		{ "source", DW_FIELD_STRING, true, STEP(source),                                   \
		  .description = "FILE:LINE that a person would look at" },                        \
		{ "diff", DW_FIELD_STRING, true, STEP(diff),                                       \
		  .description = "of a file: the lines that change, with - and + before them" },   \
		{ "door", DW_FIELD_STRING, true, STEP(door),                                       \
		  .description = "the first door it is for" },                                     \
		{ "doors", DW_FIELD_UINT, .get = dw_step_get_doors,                                \
		  .description = "how many doors it is for" },                                     \
		{ "command", DW_FIELD_STRING, true, STEP(command),                                 \
		  .description =                                                                   \
			  "as an administrator would type it; null: no command does the same" },   \
		{ "undo_command", DW_FIELD_STRING, true, STEP(undo_command),                       \
		  .description = "takes it back by hand" },                                        \
		{ "notify", DW_FIELD_STRING, true, STEP(notify),                                   \
		  .description = "who is told to read its files again" },                          \
		{ "can_undo", DW_FIELD_BOOL, .get = dw_step_get_can_undo,                          \
		  .description = "undo brings it back" },                                          \
	{                                                                                          \
		"if_left", DW_FIELD_BOOL,                                                          \
			.get = dw_step_get_if_left,                                                \
			.description = "only taken when it is still there when its turn comes"     \
	}

#endif
