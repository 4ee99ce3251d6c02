/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The switch of our own table of the packet filter: "absent", or "table sha256:HEX" with the whole table as the
 * data. It is replaced in one transaction, so it is the one or the other at any moment, whoever dies when.
 * Counters are no part of it: they begin anew.
 */
#include <errno.h>

#include "dw_nft.h"
#include "dw_state.h"
#include "dw_str.h"
#include "switch.h"

#define OBJECT DW_NFT_FAMILY " " DW_NFT_TABLE

static int check(const char *object, struct dw_error *e)
{
	if (dw_streq(object, OBJECT))
		return 0;
	return dw_error_set(e, -EINVAL, "%.100s is not the table of ours, " OBJECT, object);
}

static int state(struct dw_switch *s, const char *object, struct dw_state *ret, struct dw_error *e)
{
	struct dw_bytes table = { 0 };
	int r = check(object, e);

	if (r == 0)
		r = dw_nft_table(s->sys, NULL, s->arena, &table, e);
	if (r < 0)
		return r;
	*ret = dw_state_fence(s->arena, &table);
	return 0;
}

static int set(struct dw_switch *s, const char *object, dw_unused const struct dw_state *from,
	       const struct dw_state *want, struct dw_error *e)
{
	static const struct dw_bytes none = { 0 };
	struct dw_state now = { 0 };
	int r = state(s, object, &now, e);

	if (r < 0 || dw_streq0(now.text, want->text))
		return r;
	if (dw_switch_is(want, "absent"))
		return dw_nft_replace(s->sys, NULL, &none, e);
	if (!want->data.data || !dw_streq(dw_state_fence(s->arena, &want->data).text, want->text))
		return dw_switch_unknown(object, want, e);
	return dw_nft_replace(s->sys, NULL, &want->data, e);
}

const struct dw_switch_ops dw_switch_fence = { .name = "fence", .state = state, .set = set };
