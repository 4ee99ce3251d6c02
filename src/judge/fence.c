/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the packet filter does for a door, as a rehearsal saw it. */
#include "judging.h"

const char *dw_judge_let_in(const struct dw_trial *t)
{
	const struct dw_filtered *f = t->door->filtered;

	if (!f || !f->rehearsed)
		return NULL;
	switch (f->kind) {
	case DW_FILTERED_UNKNOWN:
		break;
	case DW_FILTERED_NOBODY:
		return "nobody";
	case DW_FILTERED_ANYONE:
		return f->words;
	case DW_FILTERED_HOST:
		return dw_streq(f->words, "this host") ? "this host alone" : f->words;
	case DW_FILTERED_NETWORKS:
		return dw_arena_printf(t->court->arena, "%s alone", f->words);
	}
	return NULL;
}

const char *dw_judge_filter_rule(const struct dw_trial *t)
{
	const struct dw_filtered *f = t->door->filtered;

	return f && f->rule ? dw_arena_printf(t->court->arena, " (%s)", f->rule) : NULL;
}

/* Its last address too: 10.0.0.0/7 is more than 10.0.0.0/8. */
static bool is_of_the_house(const struct dw_network *n)
{
	struct dw_endpoint e = { .family = n->family };

	memcpy(e.address, n->address, sizeof(e.address));
	if (!dw_judge_is_private(&e))
		return false;
	for (unsigned bit = n->prefix; bit < (n->family == DW_FAMILY_IPV4 ? 32U : 128U); bit++)
		e.address[bit / 8] |= (uint8_t)(0x80U >> bit % 8);
	return dw_judge_is_private(&e);
}

bool dw_judge_is_fenced(const struct dw_trial *t, bool host)
{
	const struct dw_filtered *f = t->door->filtered;

	if (!f || !f->rehearsed)
		return false;
	if (dw_filtered_is_shut(f))
		return true;
	if (host || f->kind != DW_FILTERED_NETWORKS || !f->complete)
		return false;
	for (size_t i = 0; i < f->n_networks; i++)
		if (!is_of_the_house(&f->networks[i]))
			return false;
	return true;
}
