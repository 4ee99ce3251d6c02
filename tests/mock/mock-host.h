/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the host of an audit that is made by hand has: addresses, a role, and what its many doors are of. */
#ifndef DW_MOCK_HOST_H
#define DW_MOCK_HOST_H

#include "dw_audit.h"

static const struct dw_role mock_database = { .name = "database-server",
					      .title = "Database server" };
static const struct dw_role *mock_host_roles[] = { &mock_database };

static const struct dw_own_address mock_addresses[] = {
	{ { DW_FAMILY_IPV4, { 127, 0, 0, 1 }, 0 }, 1, "lo" },
	{ { DW_FAMILY_IPV4, { 192, 0, 2, 10 }, 0 }, 2, "eth0" },
	{ { DW_FAMILY_IPV6, { [15] = 1 }, 0 }, 1, "lo" },
	{ { DW_FAMILY_IPV6, { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x10 }, 0 }, 2, "eth0" },
};

static const char *const mock_users[] = { "root", "www-data", "postgres", "monitoring-agent" };
static const enum dw_verdict mock_verdicts[] = { DW_VERDICT_KEEP, DW_VERDICT_KEEP, DW_VERDICT_CLOSE,
						 DW_VERDICT_RESTRICT, DW_VERDICT_ASK };

#endif
