/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program that is not asked for this time is answered without the lists the next time. */
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "dw_collect.h"
#include "dw_str.h"
#include "dw_test.h"
#include "packages.h"

/* The inode of the cache's file afterwards: it is written anew only where something had to be looked up. */
static ino_t look_up(const char *dir, const char *const *paths, size_t n, const char *first)
{
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct dw_facts *f = dw_facts_new();
	const struct dw_package *found[2] = { NULL };
	char file[64];
	struct stat st = { 0 };

	DW_CHECK_INT(dw_sys_open(NULL, &s, NULL), 0);
	DW_CHECK_INT(dw_packages_find_cached(s, f, paths, n, dir, found, NULL), 0);
	DW_CHECK(found[0] && dw_streq(found[0]->name, first));
	(void)snprintf(file, sizeof(file), "%s/packages", dir);
	DW_CHECK_INT(stat(file, &st), 0);
	dw_facts_free(f);
	return st.st_ino;
}

DW_TEST(what_was_not_asked_for_is_kept)
{
	static const char *const both[] = { "/usr/bin/env", "/usr/bin/dpkg" };
	char dir[] = "/tmp/dw-test-XXXXXX", file[64];
	struct stat st;
	ino_t one, two;

	if (stat("/var/lib/dpkg/status", &st) < 0 || st.st_ctime + 10 > time(NULL)) {
		printf("SKIPPED: no dpkg on this host, or busy\n");
		return;
	}
	DW_CHECK(mkdtemp(dir) != NULL);
	one = look_up(dir, both, 1, "coreutils");
	two = look_up(dir, both + 1, 1, "dpkg");
	DW_CHECK(two != one);
	DW_CHECK(look_up(dir, both, 2, "coreutils") == two);
	(void)snprintf(file, sizeof(file), "%s/packages", dir);
	(void)unlink(file);
	(void)rmdir(dir);
}

DW_TEST_MAIN
