/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Built without librpm's headers: an rpm database is noticed, and said not to have been read. */
#include <errno.h>

#include "packages.h"

int dw_rpm_find(struct dw_sys *s, struct dw_facts *f, struct dw_arena *scratch,
		struct dw_package_query *q, size_t n, struct dw_error *e)
{
	static const char *const files[] = {
		"/usr/lib/sysimage/rpm/rpmdb.sqlite", "/usr/lib/sysimage/rpm/Packages.db",
		"/usr/lib/sysimage/rpm/Packages",     "/var/lib/rpm/rpmdb.sqlite",
		"/var/lib/rpm/Packages.db",           "/var/lib/rpm/Packages"
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(files); i++)
		if (dw_sys_file_exists(s, files[i]))
			return dw_error_set(e, -ENOTSUP,
					    "%s is there, but doorward was built without librpm",
					    files[i]);
	return -ENOENT;
}
