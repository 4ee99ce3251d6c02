/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tables of iptables-legacy in a rule set. Private to src/fence/ruleset*.c and legacy*.c. */
#ifndef DW_LEGACY_H
#define DW_LEGACY_H

#include "dw_xtables.h"
#include "ruleset_private.h"

/* A match of an entry: where it lies in the entry, and what becomes of it. */
struct dw_legacy_match {
	uint32_t at, size;
	enum dw_rs_act act;
	const void *
		eased; /* its information without what is in doubt; NULL: leave it out as a whole */
};

#define DW_LEGACY_NO_RULE UINT32_MAX

struct dw_legacy_entry {
	uint32_t at, size, target; /* in the blob; the target's place in the entry */
	uint32_t id; /* of the rule; DW_LEGACY_NO_RULE: a policy, the head of a chain */
	enum dw_rs_act target_act;
	DW_VEC(struct dw_legacy_match) matches;
};

struct dw_legacy_chain {
	const char *name;
	uint32_t first, n; /* ids of its rules */
};

struct dw_legacy {
	struct dw_xtables blob;
	DW_VEC(struct dw_legacy_entry) entries;
	DW_VEC(struct dw_legacy_chain) chains;
	bool damaged; /* not to be made sense of */
	bool refused;
};

/* "iptables" or "ip6tables" */
const char *dw_legacy_program(const struct dw_legacy *t);
/* Bytes of an entry before its matches. */
uint32_t dw_legacy_head(const struct dw_legacy *t);
/* Reads the tables that are there. */
int dw_legacy_read(struct dw_sys *s, const struct dw_netns *ns, struct dw_rs_copy *c,
		   struct dw_error *e);
/* Takes a table's blob apart; for each rule one is added to `rules`, with its doubt. */
void dw_legacy_take_apart(struct dw_rs_copy *c, struct dw_legacy *t);
/* Decides anew what is in doubt: marks may have become unsure. */
void dw_legacy_judge(struct dw_rs_copy *c, const struct dw_legacy *t, struct dw_rule *rules);
/* Does it keep anything out, or change anything? */
bool dw_legacy_acts(const struct dw_legacy *t);
int dw_legacy_load(struct dw_sys *s, const struct dw_netns *scratch, struct dw_ruleset *r,
		   const enum dw_supposed *supposed, struct dw_error *e);

#endif
