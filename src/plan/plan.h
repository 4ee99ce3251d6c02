/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps while they are gathered; private to src/plan. */
#ifndef DW_PLAN_PRIVATE_H
#define DW_PLAN_PRIVATE_H

#include <stdbool.h>

#include "dw_plan.h"
#include "dw_vec.h"

struct planning {
	struct dw_arena *arena;
	const struct dw_door *door;
	const struct dw_starter *starter;
	const char *door_text;
	bool systemd; /* process 1 is systemd */
	DW_VEC(struct dw_told_step) steps;
	DW_VEC(const char *) remarks;
};

/* One word of a shell: quoted when it must be. */
const char *dw_plan_quote(struct dw_arena *a, const char *s);
/* The same for a name behind options: one that begins with a dash comes behind "--". */
const char *dw_plan_operand(struct dw_arena *a, const char *s);

/* "FILE:LINE" taken apart. False: it names no line; *ret_file is then all of it. */
bool dw_plan_source(struct dw_arena *a, const char *source, const char **ret_file,
		    unsigned *ret_line);

/* Adds a step; door is filled in. */
void dw_plan_step(struct planning *p, struct dw_told_step s);
void dw_plan_remark(struct planning *p, const char *fmt, ...) dw_printf_like(2, 3);

/* The line of starter.source becomes a comment. False: the source names no line, and a remark says so. */
bool dw_plan_comment(struct planning *p, const char *why);
/* Ends the processes that hold the door, all but `but` (0: all of them). */
void dw_plan_end(struct planning *p, int but, const char *why);

/* What each kind of starter needs. */
void dw_plan_systemd(struct planning *p);
void dw_plan_user_session(struct planning *p);
void dw_plan_sysv(struct planning *p);
void dw_plan_openrc(struct planning *p);
void dw_plan_runit(struct planning *p);
void dw_plan_inittab(struct planning *p);
void dw_plan_inetd(struct planning *p);
void dw_plan_xinetd(struct planning *p);
void dw_plan_line(struct planning *p); /* cron, rc.local */
void dw_plan_at(struct planning *p);
void dw_plan_container(struct planning *p);
void dw_plan_dbus(struct planning *p);
void dw_plan_manual(struct planning *p);
void dw_plan_kernel(struct planning *p);
void dw_plan_unknown(struct planning *p);

#endif
