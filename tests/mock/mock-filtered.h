/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a packet filter does at a door of the audit that is made by hand. */
#ifndef DW_MOCK_FILTERED_H
#define DW_MOCK_FILTERED_H

#include "dw_filtered.h"
#include "dw_macros.h"

static const struct dw_network mock_lan = { DW_FAMILY_IPV4, { 192, 168, 1 }, 24 };
static const struct dw_filtered_source mock_sources[] = {
	{ .words = "this host", .known = true, .passes = true },
	{ .words = "192.168.1.0/24",
	  .known = true,
	  .passes = true,
	  .rule = "inet filter input handle 7 (clerks)",
	  .counted = true,
	  .packets = 4711 },
	{ .words = "anyone", .known = true, .rule = "policy of inet filter input" },
};
static const struct dw_filtered mock_filtered = {
	.kind = DW_FILTERED_NETWORKS,
	.words = "192.168.1.0/24",
	.networks = &mock_lan,
	.n_networks = 1,
	.complete = true,
	.rehearsed = true,
	.rule = "inet filter input handle 7 (clerks)",
	.sources = mock_sources,
	.n_sources = DW_ARRAY_SIZE(mock_sources),
};

#endif
