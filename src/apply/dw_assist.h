/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lifts the kernel's limits of ICMP "port unreachable" for the time of a scan, in the network namespace we run in, and
 * puts back exactly what was there. A child does the putting back, however we end; when that is killed too, the record
 * in the directory tells the next one. The directory lies below /run: a reboot forgets both, settings and record.
 *
 * Only the mask is changed: a type that is not in it is held neither to icmp_ratelimit nor to icmp_msgs_per_sec
 * (icmpv4_mask_allow() and icmpv4_global_allow() of net/ipv4/icmp.c, icmpv6_mask_allow() of net/ipv6/icmp.c).
 */
#ifndef DW_ASSIST_H
#define DW_ASSIST_H

#include "dw_endpoint.h"
#include "dw_sys.h"

#define DW_ASSIST_DIRECTORY "/run/doorward"

struct dw_assist_options {
	const char *directory; /* NULL: DW_ASSIST_DIRECTORY */
	enum dw_family family; /* only its limit; UNKNOWN: of both */
	uint64_t seconds;
	const volatile int *stop; /* becomes true: end early; NULL */
	/* what was put back of an earlier one that was killed, what is lifted, what was left; fit for a terminal */
	void (*tell)(void *data, const char *text);
	void *data;
};

/*
 * Lifts, waits, puts back. -EBUSY: another one is at it. -EPERM: not root. -EUCLEAN: somebody changed a setting
 * meanwhile, which was left as it is. -ENOTRECOVERABLE: a setting could not be put back; the record stays.
 */
int dw_assist_run(struct dw_sys *s, const struct dw_assist_options *o, struct dw_error *e);
/*
 * Puts back what one that was killed with its child left. 1: something was; 0: there was nothing, or one is at it, or
 * we may not (not root). Fails as above. Cheap where there is nothing, which it leaves so.
 */
int dw_assist_settle(struct dw_sys *s, const struct dw_assist_options *o, struct dw_error *e);

#endif
