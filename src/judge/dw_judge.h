/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Verdicts: what to do about a door, with reasons. Pure: no I/O, no clock, no globals. */
#ifndef DW_JUDGE_H
#define DW_JUDGE_H

#include "dw_knowledge.h"
#include "dw_knowledge_index.h"
#include "dw_model.h"
#include "dw_policy.h"

enum dw_verdict {
	DW_VERDICT_UNKNOWN = 0, /* could not look */
	DW_VERDICT_KEEP,
	DW_VERDICT_RESTRICT,
	DW_VERDICT_CLOSE,
	DW_VERDICT_ASK,
	DW_VERDICT_INVESTIGATE,
	DW_VERDICT_COUNT
};

/* By what a door was told to be a service, the strongest first. */
enum dw_identified {
	DW_IDENTIFIED_NOT = 0,
	DW_IDENTIFIED_KERNEL,  /* the kernel's subsystem */
	DW_IDENTIFIED_PROGRAM, /* file name of the program or script */
	DW_IDENTIFIED_COMMAND, /* a piece of its command line */
	DW_IDENTIFIED_UNIT,    /* the unit, init script or inetd service */
	DW_IDENTIFIED_PACKAGE, /* of the program */
	DW_IDENTIFIED_PORT,    /* the port alone: a guess */
	DW_IDENTIFIED_COUNT
};

struct dw_identity {
	const struct dw_service *service; /* NULL: not known */
	enum dw_identified by;
	/* the port is the standard one of this other service, which the program is not; NULL: no such thing */
	const struct dw_service *instead_of;
	bool odd_port; /* the program is known, but not for this port */
};

struct dw_finding {
	const struct dw_door *door;
	struct dw_identity identity;
	const struct dw_statement *statement; /* of the policy, that decided; NULL: none names it */
	enum dw_verdict verdict;
	struct dw_reason *reasons; /* what matters most first; never empty */
	size_t n_reasons;
};

struct dw_findings {
	struct dw_arena *arena;
	struct dw_finding *v; /* one for each door of the snapshot, same order */
	size_t n;
	const struct dw_role **roles; /* named by the policy, then those that are evident on this host */
	size_t n_roles, n_named;
};

/* Beside the snapshot. The time is the snapshot's. */
struct dw_judge_input {
	const struct dw_policy *policy;       /* NULL: there is none */
	const struct dw_knowledge *knowledge; /* NULL: nothing is known */
	/* of the knowledge, by whoever made one already; NULL: none */
	const struct dw_knowledge_index *index;
	/*
	 * Does work(one) and work(other), at the same time or not, and comes back when both are done: the judge itself
	 * knows no threads. NULL: one after the other.
	 */
	void (*share)(void (*work)(void *half), void *one, void *other);
};

const char *dw_verdict_name(enum dw_verdict v);
/* Borrows the snapshot, the policy and the knowledge: free the findings before them. */
struct dw_findings *dw_judge(const struct dw_snapshot *s, const struct dw_judge_input *in);
/* Ids of all reasons there are, what matters most first; NULL behind the last. */
const char *dw_judge_reason_id(size_t i);
void dw_findings_free(struct dw_findings *f); /* NULL allowed */

#endif
