/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_removal.h"

#include "dw_str.h"

const struct dw_removed_package *dw_removal_find(const struct dw_removal *r, const char *name)
{
	for (size_t i = 0; name && i < r->n; i++)
		if (dw_streq(r->v[i].name, name))
			return &r->v[i];
	return NULL;
}
