/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Private to src/starters: the runlevels that OpenRC enters on this host. */
#ifndef DW_STARTER_OPENRC_H
#define DW_STARTER_OPENRC_H

#include "dw_starters.h"

/* Names of the runlevels entered at boot, stacked ones included. In the arena. */
void dw_openrc_levels(struct dw_starters *s, struct dw_strings *ret);

/*
 * The runlevels that a wrapper script, called with `argument` (NULL: none), hands to openrc(8). Branches of
 * `case` are followed by their patterns, nothing else is decided. Takes any bytes.
 */
void dw_openrc_wrapper_levels(struct dw_arena *a, const struct dw_bytes *text, const char *argument,
			      struct dw_strings *ret);

#endif
