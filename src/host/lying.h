/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lying about: the looks of each check, listed in lying-checks.c. Private to src/host. */
#ifndef DW_HOST_LYING_H
#define DW_HOST_LYING_H

#include "asking.h"
#include "dw_around.h"

/* All local files, walked once for all checks. */
struct host_walk {
	struct dw_privileged_list list;
	struct dw_error e;
	int code;
};
const struct host_walk *host_walk(struct host_look *l);
/* False: there may be more than was met, and the result is unknown. */
bool host_walk_was_whole(struct host_look *l, struct dw_host_result *r);

void host_lying_paths(struct host_look *l, struct dw_host_result *r);
void host_lying_paths_fix(struct host_look *l, struct dw_host_result *r);
void host_lying_unneeded(struct host_look *l, struct dw_host_result *r);
void host_lying_unneeded_fix(struct host_look *l, struct dw_host_result *r);
void host_lying_tools(struct host_look *l, struct dw_host_result *r);
void host_lying_tools_fix(struct host_look *l, struct dw_host_result *r);
struct stat;
/* A step that gives the path that mode; the owners stay. */
void host_lying_add_mode(struct host_look *l, struct dw_host_result *r, const char *path,
			 const struct stat *st, unsigned mode, const char *why);
void host_lying_writable(struct host_look *l, struct dw_host_result *r);
void host_lying_writable_fix(struct host_look *l, struct dw_host_result *r);

#endif
