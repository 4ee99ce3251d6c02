/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the knowledge says of a service that a network reaches, whatever is decided about it. */
#include "judging.h"

static void judge_clear_text(struct dw_trial *t)
{
	unsigned traits = t->service->traits;

	if (!(traits & DW_TRAIT_CLEARTEXT))
		return;
	if (traits & DW_TRAIT_LOGIN || t->service->tier == DW_TIER_REPLACE)
		dw_judge_remark(
			t, DW_REASON_CLEARTEXT_LOGIN, t->service->title,
			dw_endpoint_bound(&t->door->at) == DW_BOUND_UNKNOWN
				? NULL
				: dw_arena_printf(t->court->arena, ", and %s", dw_judge_place(t)),
			NULL);
	else
		dw_judge_remark(t, DW_REASON_CLEARTEXT, t->service->title, NULL, NULL);
}

void dw_judge_known(struct dw_trial *t)
{
	static const struct {
		unsigned trait;
		enum dw_reason_id id;
	} simple[] = {
		{ DW_TRAIT_EXECUTES, DW_REASON_EXECUTES_COMMANDS },
		{ DW_TRAIT_NO_AUTH, DW_REASON_NO_AUTHENTICATION },
	};
	const struct dw_service *s = t->service;
	bool guessed = t->identity.by == DW_IDENTIFIED_PORT;

	if (!s || s->tier == DW_TIER_BACKDOOR)
		return;
	if (s->traits & DW_TRAIT_WITHDRAWN)
		dw_judge_remark(t, DW_REASON_WITHDRAWN, s->title,
				s->withdrawn ? dw_arena_printf(t->court->arena, ": %s",
							       dw_judge_clause(t->court->arena,
									       s->withdrawn))
					     : NULL,
				NULL);
	if (!t->far || guessed)
		return;
	judge_clear_text(t);
	for (size_t i = 0; i < DW_ARRAY_SIZE(simple); i++)
		if (s->traits & simple[i].trait)
			dw_judge_remark(t, simple[i].id, s->title, NULL, NULL);
	/* a forged sender needs UDP: a stream must be opened first */
	if (s->traits & DW_TRAIT_AMPLIFIER && t->door->at.protocol == DW_PROTOCOL_UDP)
		dw_judge_remark(t, DW_REASON_AMPLIFIER, s->title, NULL, NULL);
}
