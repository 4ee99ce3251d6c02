/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_spared.h"

#include <string.h>

#include "dw_str.h"

/* Namespaces are numbered anew at each boot: by name. */
static bool is_same(const struct dw_run_door *r, const struct dw_door *d)
{
	return (r->role == DW_RUN_DOOR_CLOSED || r->role == DW_RUN_DOOR_ALSO) &&
	       r->at.protocol == d->at.protocol && r->at.family == d->at.family &&
	       r->at.port == d->at.port &&
	       memcmp(r->at.address, d->at.address, sizeof(r->at.address)) == 0 &&
	       dw_streq0(r->netns, d->netns) && r->starter == d->starter.kind &&
	       dw_streq0(r->starter_id, d->starter.id) && dw_streq0(r->program, d->program);
}

static bool closed_it(const struct dw_run *r, const struct dw_door *d)
{
	for (size_t i = 0; i < r->n_doors; i++)
		if (is_same(&r->doors[i], d))
			return true;
	return false;
}

static bool is_taken_back(const struct dw_run *r, uint64_t changed)
{
	if (r->state == DW_RUN_UNDOING)
		return true;
	return (r->state == DW_RUN_UNDONE || r->state == DW_RUN_PARTLY_UNDONE) &&
	       r->ended >= changed;
}

const struct dw_run *dw_spared_by(const struct dw_run *runs, size_t n, const struct dw_door *d,
				  uint64_t changed)
{
	for (size_t i = 0; i < n; i++)
		if (closed_it(&runs[i], d))
			return is_taken_back(&runs[i], changed) ? &runs[i] : NULL;
	return NULL;
}
