/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a door's starter to the steps that close it. Pure: no I/O, no clock, no globals. */
#ifndef DW_PLAN_H
#define DW_PLAN_H

#include "dw_model.h"
#include "dw_step.h"

/*
 * The narrowest steps that close the door now and keep it shut at every later start: first what would open it
 * again, then what holds it. service_manager: as in the snapshot, NULL: not known. Never NULL; no step at all
 * where no command would be honest, and then a remark says so. The same door gives the same steps. Borrows the
 * door's texts; what is made lies in the arena.
 */
struct dw_steps *dw_plan_close(const struct dw_door *d, const char *service_manager,
			       struct dw_arena *a);

#endif
