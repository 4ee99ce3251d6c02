/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Matches and targets of xtables, in rules of iptables-nft and in legacy tables: which of them are in doubt. */
#include "ruleset_private.h"

struct dw_rs_xt dw_rs_xt_match(struct dw_arena *a, const char *name, unsigned revision,
			       const void *info, size_t n)
{
	return (struct dw_rs_xt){ .act = DW_RS_KEEP };
}

struct dw_rs_xt dw_rs_xt_target(const char *name)
{
	return (struct dw_rs_xt){ .act = DW_RS_EFFECT };
}
