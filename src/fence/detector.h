/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What arrives in a copy: a table of ours with chains behind all others, which log what reaches them and drop it, so
 * that connection tracking never confirms it. Private to src/fence.
 */
#ifndef DW_FENCE_DETECTOR_H
#define DW_FENCE_DETECTOR_H

#include "dw_netlink.h"
#include "packet.h"

struct dw_detector;

/*
 * A packet that got so far, or that met the conditions of a rule in doubt, or that was traced in tables of
 * iptables-legacy.
 */
struct dw_detected {
	const char *trace; /* "filter:INPUT:rule:3 "; NULL: none, it is one of the others */
	bool met;          /* of a rule in doubt: `rule` */
	uint32_t rule;     /* its id */
	bool forwarded;    /* at the end of postrouting, on its way out */
	uint32_t in, out;  /* interfaces, 0: none */
	struct dw_rehearse_seen packet;
};
typedef void dw_detector_cb(void *data, const struct dw_detected *d);

/*
 * The namespace has its devices, and no rule yet. Packets that come in by the interface `sentinel` are logged
 * before any rule of others. -ENOTSUP: packets are not logged here.
 */
int dw_detector_open(struct dw_sys *s, const struct dw_netns *n, uint32_t sentinel,
		     struct dw_detector **ret, struct dw_error *e);
void dw_detector_free(struct dw_detector *d); /* NULL allowed */

/* After other rules were loaded: still there? else put back. */
int dw_detector_renew(struct dw_detector *d, struct dw_error *e);

/* How many sentinels must be sent so that all that was logged before them is told, and with which number this time. */
#define DW_DETECTOR_SENTINELS 64u
#define DW_SENTINEL_ID        0xd0000000u /* from here on: theirs; below: the packets' */
uint32_t dw_detector_sentinel(struct dw_detector *d);

/*
 * Hands over what was logged up to the sentinels, which are waited for. *ret_complete: they came, and nothing was lost
 * before them; else nothing that is missing means anything.
 */
int dw_detector_read(struct dw_detector *d, dw_detector_cb *cb, void *data, bool *ret_complete,
		     struct dw_error *e);

/* Has all packets traced, or none. */
int dw_detector_trace(struct dw_detector *d, bool on, struct dw_error *e);
/* Forgets the connections that packets of this host to itself have left. */
int dw_detector_forget(struct dw_detector *d, struct dw_error *e);

#define DW_DETECTOR_TABLE "doorward_rehearsal"

/* One that hears nothing by itself: for messages that are at hand (tests). To be freed as any other. */
struct dw_detector *dw_detector_deaf(dw_detector_cb *cb, void *data);
/* One message of NFLOG. */
void dw_detector_message(struct dw_detector *d, const struct nlmsghdr *m);

#endif
