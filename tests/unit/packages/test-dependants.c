/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What needs a package, from dpkg's status. */
#include <errno.h>
#include <string.h>

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

/* "name<needs !kept", in the order of removal; of an error its code. */
static const char *removal(struct dw_arena *a, const char *root, const char *package)
{
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct dw_str out = { .arena = a };
	struct dw_removal found = { 0 };
	struct dw_error e = { 0 };
	int r;

	DW_CHECK_INT(dw_sys_open(root, &s, &e), 0);
	r = dw_packages_removal(s, a, package, &found, &e);
	if (r < 0)
		return strerrorname_np(-r);
	for (size_t i = 0; i < found.n; i++)
		dw_str_addf(&out, "%s%s%s%s%s%s", i ? " " : "", found.v[i].name,
			    found.v[i].needs ? "<" : "", found.v[i].needs ? found.v[i].needs : "",
			    found.v[i].kept ? " !" : "",
			    found.v[i].kept ? dw_arena_strndup(a, found.v[i].kept,
							       strcspn(found.v[i].kept, ":"))
					    : "");
	return out.s;
}

DW_TEST(what_goes_with_it)
{
	static const char *const root = DW_TEST_PATH("roots/packages-removal");
	struct dw_arena *a = dw_arena_new();

	/* through three, the last first; what is removed already and what has another way stays */
	DW_CHECK_STR(removal(a, root, "daemon"),
		     "panel<plugin plugin<library library<daemon daemon");
	DW_CHECK_STR(removal(a, root, "panel"), "panel");
	/* of two alternatives one stays; when both would go, so does who needs one */
	DW_CHECK_STR(removal(a, root, "mta-a"), "mta-a");
	DW_CHECK_STR(removal(a, root, "mta-base"),
		     "mailer<mta-a mta-b<mta-base mta-a<mta-base mta-base");
	/* a ring of needs ends, and goes as a whole */
	DW_CHECK_STR(removal(a, root, "ring-a"), "watcher<ring-b ring-b<ring-a ring-a");
	DW_CHECK_STR(removal(a, root, "base-lib"), "init<base-lib !is essential base-lib");
	DW_CHECK_STR(removal(a, root, "req-lib"),
		     "req<req-lib !has the priority \"required\" req-lib");
	DW_CHECK_STR(removal(a, root, "our-lib"), "doorward<our-lib !is doorward itself our-lib");
	DW_CHECK(strstr(removal(a, root, "twice"), "more than one architecture"));
	DW_CHECK_STR(removal(a, root, "none-such"), "ENOENT");
	DW_CHECK_STR(removal(a, DW_TEST_PATH("roots/packages-none"), "x"),
		     strerrorname_np(ENOTSUP));
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
