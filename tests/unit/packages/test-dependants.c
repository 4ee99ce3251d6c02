/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What needs a package, from dpkg's status. */
#include <errno.h>

#include "dw_collect.h"
#include "dw_str.h"
#include "dw_test.h"

/* Names with blanks between; of an error its code. */
static const char *dependants(struct dw_arena *a, const char *root, const char *package)
{
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct dw_strings found = { 0 };
	struct dw_str out = { .arena = a };
	struct dw_error e = { 0 };
	int r;

	DW_CHECK_INT(dw_sys_open(root, &s, &e), 0);
	r = dw_packages_dependants(s, a, package, &found, &e);
	if (r < 0)
		return strerrorname_np(-r);
	dw_str_add(&out, "");
	for (size_t i = 0; i < found.n; i++)
		dw_str_addf(&out, "%s%s", i ? " " : "", found.v[i]);
	return out.s;
}

DW_TEST(what_needs_it)
{
	static const char *const root = DW_TEST_PATH("roots/packages-needed");
	struct dw_arena *a = dw_arena_new();

	/* by name, with version and architecture; before its set-up; not what was removed */
	DW_CHECK_STR(dependants(a, root, "rpcbind"), "nfs-common early");
	/* by what it provides; what another package fulfils too is no need */
	DW_CHECK_STR(dependants(a, root, "exim4"), "mailx-strict");
	DW_CHECK_STR(dependants(a, root, "nfs-common"), "");
	/* of alternatives that are not there, only this one is */
	DW_CHECK_STR(dependants(a, root, "cups"), "printing");
	DW_CHECK_STR(dependants(a, root, "gone"), "ENOENT");
	DW_CHECK_STR(dependants(a, root, "none-such"), "ENOENT");
	dw_arena_free(a);
}

DW_TEST(no_database)
{
	struct dw_arena *a = dw_arena_new();

	DW_CHECK_STR(dependants(a, DW_TEST_PATH("roots/packages-none"), "rpcbind"),
		     strerrorname_np(ENOTSUP));
	dw_arena_free(a);
}

DW_TEST_MAIN
