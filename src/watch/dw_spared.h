/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What somebody opened again by taking its closing back is not closed at once by who closed it. Pure. */
#ifndef DW_SPARED_H
#define DW_SPARED_H

#include "dw_model.h"
#include "dw_run.h"

/*
 * The run, with its doors, that closed this very door (place, starter and program) last, if it was taken back or
 * is being taken back, and the policy (changed: seconds since the epoch) is no younger than that; else NULL. The
 * newest run comes first.
 */
const struct dw_run *dw_spared_by(const struct dw_run *runs, size_t n, const struct dw_door *d,
				  uint64_t changed);

#endif
