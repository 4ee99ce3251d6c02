/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside against outside: what a scan saw of hosts, beside what was expected of them. Pure. Unknown stays unknown: what
 * was not looked at from either side is a finding of its own, and never counts as closed or open.
 */
#ifndef DW_COMPARE_H
#define DW_COMPARE_H

#include "dw_knowledge.h"
#include "dw_model.h"
#include "dw_policy.h"
#include "dw_scan.h"

/* What matters most first: the order of the findings. */
enum dw_compare_class {
	DW_COMPARE_UNKNOWN = 0,
	DW_COMPARE_OPEN_UNKNOWN_INSIDE, /* hidden, or another machine answers */
	DW_COMPARE_OPEN_NOT_ALLOWED,    /* the policy says it must not be reached from there */
	DW_COMPARE_WRONG_SERVICE, /* what answers does not fit the standard port, or the program inside */
	DW_COMPARE_NEW,           /* open, and was not in the scan before */
	DW_COMPARE_CHANGED,       /* open in both, and something else answers */
	DW_COMPARE_FILTERED,      /* open inside, filtered outside */
	DW_COMPARE_CLOSED,        /* expected to be open, and the host says that it is closed */
	DW_COMPARE_GONE,          /* was open in the scan before */
	DW_COMPARE_NOT_LOOKED_AT, /* no claim */
	DW_COMPARE_AS_EXPECTED,
	DW_COMPARE_CLASS_COUNT
};
/* "open-outside-unknown-inside" ... */
const char *dw_compare_class_name(enum dw_compare_class c);

/* One host as it was seen from inside. */
struct dw_inside {
	const char *source; /* "this host", a file */
	const struct dw_snapshot *snapshot;
	const char *const
		*services; /* of each door: its name in the knowledge base; NULL: not known */
	/* addresses by which it is reached though it has them not (NAT), beside the snapshot's */
	const struct dw_address *reached_by;
	size_t n_reached_by;
};

/* Where an expectation comes from. */
enum {
	DW_EXPECT_AUDIT = 1 << 0,    /* what is open inside */
	DW_EXPECT_POLICY = 1 << 1,   /* what the policy lets the scanner reach */
	DW_EXPECT_BASELINE = 1 << 2, /* what an earlier scan saw */
};

struct dw_compare_input {
	const struct dw_scan *scan;
	const struct dw_scan *
		before; /* an earlier one; NULL: none. Without DW_EXPECT_BASELINE it only says what is new */
	const struct dw_inside *insides;
	size_t n_insides;
	unsigned expect;                      /* DW_EXPECT_* */
	const struct dw_policy *policy;       /* with DW_EXPECT_POLICY; NULL: none */
	const struct dw_knowledge *knowledge; /* NULL: nothing is known */
	/* who scanned: the networks of the policy are asked whether they have it; none: not known */
	const struct dw_address *scanner;
	size_t n_scanner;
};

struct dw_compare_finding {
	enum dw_compare_class kind;
	bool urgent;
	bool blind; /* it could not be told for something that should have been seen: exit status 3 */
	struct dw_address address;
	const char *host; /* its name; NULL: not known */
	enum dw_protocol protocol;
	bool has_port; /* false: it is about the address as a whole */
	uint16_t port;
	enum dw_scan_state state, before; /* UNKNOWN: not looked at */
	enum dw_scan_why why;
	const struct dw_scan_service *answers; /* what was recognised; NULL */
	const struct dw_door *door;            /* inside; NULL: none */
	const char *service;                   /* of the door, as inside knows it; NULL */
	const struct dw_inside *inside;        /* NULL: that host was not seen from inside */
	struct dw_reason *reasons;             /* what matters most first; never empty */
	size_t n_reasons;
};

struct dw_comparison {
	struct dw_compare_finding *v; /* by kind, address, protocol, port */
	size_t n;
	size_t count[DW_COMPARE_CLASS_COUNT];
	size_t hosts; /* addresses that answered */
	bool urgent, blind;
};

/* All lies in the arena; borrows what it is given. */
void dw_compare(const struct dw_compare_input *in, struct dw_arena *a, struct dw_comparison *ret);

/* --- parts that others need ----------------------------------------------------------------------------- */

enum dw_reaches { DW_REACHES_NOT = 0, DW_REACHES_PERHAPS, DW_REACHES_YES };
/*
 * Would what arrives at that address of the host (itself: from the host itself) come to the door? Raw and packet
 * sockets and doors that sleep are none. Of other namespaces only a door that is bound to the very address counts.
 */
enum dw_reaches dw_door_reached(const struct dw_snapshot *s, const struct dw_door *d,
				const struct dw_address *address, bool itself);

/* Which ports a scan asked; for many look-ups. */
struct dw_scan_asked {
	const struct dw_scan *scan;
	uint8_t *bits[3]; /* tcp, udp, sctp; NULL: not asked */
};
void dw_scan_asked(const struct dw_scan *s, struct dw_arena *a, struct dw_scan_asked *ret);
/* What the scan proves of a port of a host that it lists. *ret_port: its row; NULL: it was only counted. */
enum dw_scan_state dw_scan_state_at(const struct dw_scan_asked *asked, const struct dw_scan_host *h,
				    enum dw_protocol p, uint16_t port,
				    const struct dw_scan_port **ret_port);

#endif
