/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What differs between two audits: doors that came, went, or changed. A door is the same one where its place is the
 * same (dw_door_place): so it is told what became of it, and two hosts can be compared. What one side could not see
 * is no change. Pure.
 */
#ifndef DW_DIFF_H
#define DW_DIFF_H

#include "dw_audit_read.h"

/* The order in which they are told. */
enum dw_diff_kind {
	DW_DIFF_UNKNOWN = 0,
	DW_DIFF_CAME,
	DW_DIFF_CHANGED,
	DW_DIFF_WENT,
	DW_DIFF_COUNT
};

struct dw_diff_change {
	/* stable word: kind, program, executable, user, ids, capabilities, no_new_privs, seccomp, filtered, probed,
	   starter, enabled, package, version, verified, service, target, verdict */
	const char *what;
	const char *before, *after; /* NULL: none */
};

struct dw_diff_door {
	enum dw_diff_kind kind;
	const char
		*place; /* dw_endpoint_text(), and the namespace where it is not the host's own */
	const struct dw_door *door; /* as it is after; of one that went: as it was */
	const struct dw_audit_more *more;
	const struct dw_diff_change *changes;
	size_t n_changes;
	/* one side could not look everywhere, and had this door been there, it may not have seen it */
	bool doubtful;
};

struct dw_diff {
	struct dw_diff_door *v; /* by kind, then by urgency of the verdict, then by place */
	size_t n;
	size_t came, changed, went; /* without those in doubt */
	size_t doubtful, same;
	bool blind; /* one side could not look everywhere */
};

/* Something else of the host that was looked at before and after a command: a unit, an account, a file. */
struct dw_diff_thing {
	enum dw_diff_kind kind;
	const char *what; /* stable word: unit, account, group, file */
	const char *name;
	const char *before, *after; /* in words; NULL: there was none */
};

/* Both read by dw_audit_read_whole(); the result borrows from them, and lies in the arena. */
void dw_diff_audits(const struct dw_audit_read *before, const struct dw_audit_read *after,
		    struct dw_arena *a, struct dw_diff *ret);
const char *dw_diff_kind_name(enum dw_diff_kind k);
/* A client's port, that the kernel chose: another one each time. */
bool dw_door_seems_ephemeral(const struct dw_door *d);

#endif
