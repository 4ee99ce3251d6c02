/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_collect.h"

int dw_packages_find(struct dw_sys *s, struct dw_facts *f, const char *const *paths, size_t n,
		     const struct dw_package **ret, struct dw_error *e)
{
	return 0;
}
