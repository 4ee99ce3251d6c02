/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of what is checked of a host. */
#include "dw_host.h"

const char *dw_host_outcome_name(enum dw_host_outcome o)
{
	static const char *const names[DW_HOST_OUTCOME_COUNT] = {
		[DW_HOST_UNKNOWN] = "unknown",
		[DW_HOST_OK] = "ok",
		[DW_HOST_FAILS] = "fails",
		[DW_HOST_NOT_APPLICABLE] = "not-applicable",
	};

	return names[o];
}

const char *dw_host_severity_name(enum dw_host_severity s)
{
	static const char *const names[DW_SEVERITY_COUNT] = {
		[DW_SEVERITY_UNKNOWN] = "unknown",
		[DW_SEVERITY_LOW] = "low",
		[DW_SEVERITY_MEDIUM] = "medium",
		[DW_SEVERITY_HIGH] = "high",
	};

	return names[s];
}

static const struct {
	const char *name, *title;
} categories[DW_CATEGORY_COUNT] = {
	[DW_CATEGORY_UNKNOWN] = { "unknown", "Others" },
	[DW_CATEGORY_ACCOUNTS] = { "accounts", "Accounts" },
	[DW_CATEGORY_LOGIN] = { "login", "Remote login" },
	[DW_CATEGORY_LYING] = { "lying-about", "Lying about" },
	[DW_CATEGORY_NOTICE] = { "notice", "Means to notice" },
	[DW_CATEGORY_UPDATES] = { "updates", "Kept up to date" },
	[DW_CATEGORY_KERNEL] = { "kernel", "Kernel" },
};

const char *dw_host_category_name(enum dw_host_category c)
{
	return categories[c].name;
}

const char *dw_host_category_title(enum dw_host_category c)
{
	return categories[c].title;
}
