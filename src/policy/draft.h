/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A first policy while it is made; private to src/policy. */
#ifndef DW_POLICY_DRAFT_PRIVATE_H
#define DW_POLICY_DRAFT_PRIVATE_H

#include "dw_policy_draft.h"
#include "dw_vec.h"

/* The wider, the greater; what is not as it should be goes before all. */
enum draft_width { DRAFT_ASLEEP = 0, DRAFT_LOOPBACK, DRAFT_NETWORK, DRAFT_SUSPECT };

/* One statement, for all the doors that it would name. */
struct draft_entry {
	const char *what, *statement, *remark;
	const struct dw_draft_door *door; /* the one that stands open the widest */
	enum draft_width width;
	size_t doors;
	bool by_port, dangerous;
};

struct drafting {
	struct dw_arena *a;
	const struct dw_draft *draft;
	DW_VEC(struct draft_entry) entries;
	struct dw_strings nameless; /* doors that no statement could name, in words */
};

enum { DRAFT_NAMES = 4 };
/* The WHATs that could name the door, the one that people would take first; how many. A name may come twice. */
size_t draft_names(struct dw_arena *a, const struct dw_draft_door *dd, const char *ret[DRAFT_NAMES]);
/* What a statement of that WHAT does not say of the door by itself: fit for a comment. */
const char *draft_remark(struct dw_arena *a, const struct dw_draft_door *dd, const char *what);

const char *draft_text(const struct drafting *t);

#endif
