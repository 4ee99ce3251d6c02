/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which statement decides about a door, and whether the door keeps within its conditions. Pure. */
#ifndef DW_POLICY_MATCH_H
#define DW_POLICY_MATCH_H

#include "dw_model.h"
#include "dw_policy.h"

/*
 * The first statement whose WHAT names the door and that has not expired at `now`; NULL: none. `identified` is the
 * service that the door was told to be; NULL: none. *ret_expired (NULL allowed) is the first statement that names the
 * door, stands before that one, and has expired; NULL: none.
 *
 * A service names a door that was identified as it; one whose program serves it and that stands on one of the service's
 * standard ports (nginx on 80 is http); and one on such a port that was not identified, or only as a launcher
 * (inetd). All other WHATs are facts of the door. Who holds it and who reaches it does not matter here.
 */
const struct dw_statement *dw_policy_match(const struct dw_policy *p, const struct dw_snapshot *s,
					   const struct dw_door *d, const struct dw_service *identified,
					   const struct dw_knowledge *k, uint64_t now,
					   const struct dw_statement **ret_expired);

/* One WHAT against one door, as above. */
bool dw_what_names(const struct dw_what *w, const struct dw_door *d, const struct dw_service *identified);

/* Does the door keep within a condition of the statement? */
enum dw_fit {
	DW_FIT_UNKNOWN = 0, /* cannot tell. Of bound_fits: a packet filter would have to narrow it */
	DW_FIT_FITS,
	DW_FIT_WIDER, /* no: another program or user holds it too, or it is bound to more than is allowed */
	DW_FIT_COUNT
};

/* program PATH: all who hold it run that program. No condition: fits. */
enum dw_fit dw_policy_program_fits(const struct dw_statement *s, const struct dw_door *d);
/* user NAME (or number): all who hold it run as that user. No condition: fits. */
enum dw_fit dw_policy_user_fits(const struct dw_statement *s, const struct dw_door *d);
/* on, from: what the bound address alone lets reach it. Loopback always fits. Neither said: fits. */
enum dw_fit dw_policy_bound_fits(const struct dw_statement *s, const struct dw_door *d);

/* from: whom the packet filter lets reach it. UNKNOWN: that is not known. No condition: fits. */
enum dw_fit dw_policy_filter_fits(const struct dw_statement *s, const struct dw_door *d);

/* The address (network order) is in the network; IPv4 in 4 bytes, or mapped into IPv6. */
bool dw_network_has(const struct dw_network *n, enum dw_family family, const uint8_t *address);
/* fnmatch(3) with FNM_PATHNAME of * alone: it stands for any part of one name, not for a slash. */
bool dw_policy_glob(const char *pattern, const char *path);

#endif
