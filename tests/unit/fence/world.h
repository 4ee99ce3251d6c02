/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A host with two networks and a container, each end in a network namespace of its own, so that what a rehearsal
 * says can be held against connections that are really made:
 *
 *   office 10.9.0.2, 10.9.0.7, fd09::2   --- eth0 10.9.0.1/24 fd09::1/64      host
 *   world  192.0.2.2, 198.51.100.77,     --- wan0 192.0.2.1/24 2001:db8:1::1/64, default route
 *          2001:db8:1::2, 2001:db8:77::77
 *   box    172.18.0.5                    --- br0 172.18.0.1/16 (a bridge)
 *
 * The test's process is in the host's namespace. Every port of `ports` is listened to at the host and in the box.
 */
#ifndef WORLD_H
#define WORLD_H

#include "dw_netlink.h"
#include "dw_rehearse.h"

enum world_who {
	WORLD_HOST = 0,
	WORLD_OFFICE,  /* 10.9.0.2, fd09::2 */
	WORLD_OFFICE7, /* 10.9.0.7 */
	WORLD_NEAR,    /* 192.0.2.2, 2001:db8:1::2 */
	WORLD_ANYONE,  /* 198.51.100.77, 2001:db8:77::77 */
	WORLD_BOX,     /* 172.18.0.5 */
	WORLD_WHO_COUNT
};

struct world_try {
	enum world_who who;
	enum dw_protocol protocol; /* TCP, UDP */
	const char *to;
	uint16_t port, from_port; /* from_port 0: any */
	bool expected;            /* it is waited for, however busy the machine is */
	bool arrived;
};

extern const uint16_t world_ports[];
extern const size_t world_n_ports;

/* False: not root, or such namespaces cannot be had: the tests are skipped. */
bool world_open(struct dw_sys *s);
void world_close(void);
/* sh(1) in the host's namespace; its input is the text (NULL: none). True: it went well. */
bool world_run(const char *script, const char *input);
/* The same in the namespace that the calling thread is in. */
bool world_run_here(const char *script, const char *input);
bool world_run_at(enum world_who who, const char *script, const char *input);
/* Output of sh(1) in the host's namespace, at most so many bytes with the end. */
bool world_read(const char *script, char *ret, size_t n);
/* The namespace in which somebody is. */
const struct dw_netns *world_netns(enum world_who who);
/* nft(8) with these rules in place of all others. */
bool world_rules(const char *rules);
/* Makes all the connections at once and looks which come through. */
void world_try(struct world_try *tries, size_t n);
/* Number of the source that plays them, for packets to that address; SIZE_MAX: none. */
size_t world_source(const struct dw_rehearsal *r, enum world_who who, const char *to);

#endif
