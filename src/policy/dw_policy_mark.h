/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Doors that somebody marked become statements of a policy's text; all else in it stays as it is. Pure. */
#ifndef DW_POLICY_MARK_H
#define DW_POLICY_MARK_H

#include "dw_policy_draft.h"
#include "dw_policy_read.h"

enum dw_marked {
	DW_MARKED_NOT = 0,
	DW_MARKED_KEEP,
	DW_MARKED_LAN,      /* keep, for the house's networks alone */
	DW_MARKED_LOOPBACK, /* keep, for this host alone */
	DW_MARKED_CLOSE,
	DW_MARKED_ASK, /* no statement shall name it */
	DW_MARKED_COUNT
};

struct dw_marking {
	const struct dw_draft_door *doors; /* all of the host */
	const enum dw_marked *marks;       /* one for each of them */
	size_t n;
	const struct dw_knowledge *knowledge;
	const struct dw_policy_source *source; /* opens what the policy includes */
	const char *host;
	uint64_t time;
	/* the policy that is there and its text; policy NULL: there is none, and a new one is begun */
	const struct dw_policy *policy;
	struct dw_policy_text text;
};

/*
 * The new text, in the arena, which dw_policy_read() reads without an error; NULL: it does not, *problems says why.
 * *ret_notes: what could not be said by a statement, or does not come to what the mark says, a sentence each.
 *
 * A statement goes in front of the one that decides about the door today, or takes its place where that one names
 * these doors alone; where none decides, at the end. It names the doors by the first name (service, port, what
 * starts it) that names no door that was not marked so.
 */
const char *dw_policy_mark(struct dw_arena *a, const struct dw_marking *m, struct dw_policy_problems *problems,
			   struct dw_strings *ret_notes);

#endif
