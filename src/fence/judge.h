/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a rule depends on, expression by expression. A register that holds something in doubt makes a doubt of each
 * comparison with it. Private to src/fence/judge*.c.
 */
#ifndef DW_JUDGE_H
#define DW_JUDGE_H

#include "ruleset_private.h"

#define DW_JUDGE_SLOTS 16u /* 32-bit registers */

enum dw_judge_held {
	DW_HELD_OTHER = 0,
	DW_HELD_L4PROTO,
	DW_HELD_NFPROTO,
	DW_HELD_ETHERTYPE,
	DW_HELD_IIFTYPE,
};

struct dw_judge_slot {
	enum dw_doubt doubt;
	const char *words;
	enum dw_judge_held held;
	uint8_t decided; /* bit i: byte i of it is not in doubt, for all that */
};

struct dw_judge {
	struct dw_rs_copy *copy;
	struct dw_rs_rule *rule;
	struct dw_rule *told;
	uint8_t family;
	struct dw_judge_slot slots[DW_JUDGE_SLOTS];
	int l4proto, nfproto; /* that the rule asked for; -1: not yet */
	bool effects;         /* it decides or changes something */
};

void dw_judge_put(struct dw_judge *j, int at, size_t bytes, struct dw_judge_slot what);
/* What is the most doubtful in these registers. */
struct dw_judge_slot dw_judge_get(const struct dw_judge *j, int at, size_t bytes);
/* Some of these bytes are in doubt, others not; ret_mask: 0xff for those that are not. */
bool dw_judge_is_mixed(const struct dw_judge *j, int at, size_t bytes,
		       uint8_t ret_mask[DW_JUDGE_SLOTS * 4]);
void dw_judge_doubt(struct dw_judge *j, struct dw_rs_expr *x, enum dw_doubt d, const char *words);
void dw_judge_opaque(struct dw_judge *j, struct dw_rs_expr *x, enum dw_doubt d, const char *words);
/* Something is done with a value: when the value is in doubt, nobody knows what. */
void dw_judge_effect(struct dw_judge *j, struct dw_rs_expr *x, struct dw_judge_slot with);
/* An expression that loads something, or changes what is loaded; false: it is none. */
bool dw_judge_load(struct dw_judge *j, struct dw_rs_expr *x);

#endif
