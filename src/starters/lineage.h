/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a process comes from and whether its manager starts at boot: questions that several of the managers
 * in this room ask. Private to src/starters.
 */
#ifndef DW_STARTER_LINEAGE_H
#define DW_STARTER_LINEAGE_H

#include "dw_starters.h"

/* Lists of names end with NULL. */

/* The last part of the cgroup path that names a unit (NAME.service, NAME.scope), in the arena; NULL: none. */
const char *dw_lineage_unit(struct dw_arena *a, const struct dw_procinfo *p);
/* The process sits in the cgroup of one of these units (or below it). */
bool dw_lineage_in_unit(const struct dw_procinfo *p, const char *const *units);

/*
 * Some other unit of systemd has it in its cgroup, and answers for it. A login session's scope (which cron's
 * jobs get where pam_systemd is asked for) answers for nothing.
 */
bool dw_lineage_in_other_service(const struct dw_procinfo *p, const char *const *units);

/*
 * The program that runs is one of these: by the executable's name; by comm only where the executable may not
 * be looked at, since anybody can set comm. A busybox is what its first argument says.
 */
bool dw_lineage_is(const struct dw_procinfo *p, const char *const *programs);
/* The nearest ancestor that is one of these programs; NULL: none, or its line is cut. */
const struct dw_procinfo *dw_lineage_ancestor(struct dw_starters *s, const struct dw_procinfo *p,
					      const char *const *programs);
/* Its parent is init, or is not to be seen: nobody above it tells where it comes from. */
bool dw_lineage_orphan(const struct dw_procinfo *p);
/* Came in through a login over the network or from a terminal, by what its environment says. */
bool dw_lineage_from_login(struct dw_starters *s, const struct dw_procinfo *p);
/* A process that holds a socket and is one of these programs: the daemon runs. NULL: none seen. */
const struct dw_procinfo *dw_lineage_daemon(struct dw_starters *s, const char *const *programs);

/* The process runs this program: its executable, or the script that an interpreter runs. */
bool dw_lineage_runs(struct dw_starters *s, const struct dw_procinfo *p, const char *program);

/*
 * Will the init that this host has start one of these (names of units without .service, scripts, runit
 * directories) at boot? DW_UNKNOWN: none of them is there.
 */
enum dw_tristate dw_lineage_at_boot(struct dw_starters *s, const char *const *names);

/* Some target of systemd wants one of these units (names without .service). */
bool dw_lineage_wanted(struct dw_starters *s, const char *const *names);

#endif
