/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which packages apt would remove because nothing needs them any more. Private to src/host. */
#ifndef DW_HOST_AUTOREMOVE_H
#define DW_HOST_AUTOREMOVE_H

#include "dw_dpkg.h"
#include "settings.h"

struct host_unneeded {
	DW_VEC(const struct dw_dpkg_package *) v; /* in the order of dpkg's status */
};

/* What apt keeps in /var/lib/apt/extended_states: those that were installed for another, by name. */
struct host_auto_package {
	const char *name, *architecture;
};
struct host_automatic {
	DW_VEC(struct host_auto_package) v;
};
void host_automatic_parse(struct dw_arena *a, const struct dw_bytes *text, struct host_automatic *ret);
/*
 * Mark and sweep, as pkgDepCache::MarkRequired() of apt has it: kept is what somebody asked for, what is essential,
 * protected or of priority required, what matches APT::NeverAutoRemove, kernels and what is built for one; and
 * whatever one of those depends on, recommends or suggests (APT::AutoRemove::RecommendsImportant, SuggestsImportant),
 * each alternative of it, by its name or by what it provides.
 */
void host_autoremove(struct dw_arena *a, const struct dw_dpkg_status *all, const struct host_automatic *automatic,
		     const struct host_settings *apt, struct host_unneeded *ret);
/* Reads what it needs. False: the result says why it could not. */
bool host_unneeded_read(struct host_look *l, struct dw_host_result *r, struct host_unneeded *ret);

#endif
