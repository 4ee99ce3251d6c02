/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the registers hold, and how much of it is in doubt. */
#include "judge.h"

#include <string.h>

static unsigned slots_of(size_t bytes)
{
	return (unsigned)DW_MAX((size_t)1, (DW_MIN(bytes, (size_t)64) + 3) / 4);
}

void dw_judge_put(struct dw_judge *j, int at, size_t bytes, struct dw_judge_slot what)
{
	for (unsigned i = 0; at >= 0 && i < slots_of(bytes) && (unsigned)at + i < DW_JUDGE_SLOTS;
	     i++)
		j->slots[(unsigned)at + i] = what;
}

struct dw_judge_slot dw_judge_get(const struct dw_judge *j, int at, size_t bytes)
{
	struct dw_judge_slot worst = { 0 };

	for (unsigned i = 0; at >= 0 && i < slots_of(bytes) && (unsigned)at + i < DW_JUDGE_SLOTS;
	     i++)
		if (j->slots[(unsigned)at + i].doubt > worst.doubt)
			worst = j->slots[(unsigned)at + i];
	return worst;
}

bool dw_judge_is_mixed(const struct dw_judge *j, int at, size_t bytes,
		       uint8_t ret_mask[DW_JUDGE_SLOTS * 4])
{
	bool any = false, all = true;

	memset(ret_mask, 0, DW_JUDGE_SLOTS * 4);
	for (size_t i = 0; at >= 0 && i < bytes && (size_t)at * 4 + i < DW_JUDGE_SLOTS * 4; i++) {
		const struct dw_judge_slot *slot = &j->slots[(size_t)at + i / 4];
		bool decided = !slot->doubt || slot->decided >> (i % 4) & 1;

		ret_mask[i] = decided ? 0xff : 0;
		any |= decided;
		all &= decided;
	}
	return any && !all;
}

void dw_judge_doubt(struct dw_judge *j, struct dw_rs_expr *x, enum dw_doubt d, const char *words)
{
	x->act = DW_RS_DOUBT;
	if (d > j->told->doubt) {
		j->told->doubt = d;
		j->told->doubt_words = words;
	}
}

void dw_judge_opaque(struct dw_judge *j, struct dw_rs_expr *x, enum dw_doubt d, const char *words)
{
	dw_judge_doubt(j, x, d, words);
	j->told->opaque = true;
	j->effects = true;
}

void dw_judge_effect(struct dw_judge *j, struct dw_rs_expr *x, struct dw_judge_slot with)
{
	j->effects = true;
	x->act = DW_RS_EFFECT;
	if (with.doubt)
		dw_judge_opaque(j, x, with.doubt, with.words);
}
