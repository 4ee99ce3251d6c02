/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Real sockets in network namespaces of the test's own, opened by a child that waits until it is
 * ended.
 */
#ifndef RIG_H
#define RIG_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What the child opened; a member is 0 (or -1, a descriptor) where this kernel has no such thing.
 */
struct rig {
	int pid, sharer; /* the child, and a child of its that shares one socket with it */
	int thread;      /* with a descriptor table of its own */
	uint32_t netns;
	uint32_t orphan; /* a namespace that only a socket keeps */
	uint32_t by_fd;  /* a namespace that only a descriptor keeps */
	int shared_fd, ring_fd;
	bool mptcp, udplite, vsock;
};

enum {
	RIG_TCP = 1001,
	RIG_DUAL,
	RIG_V6ONLY,
	RIG_MAPPED,
	RIG_UDP,
	RIG_UDP_CONNECTED,
	RIG_UDP6,
	RIG_UDPLITE,
	RIG_MPTCP,
	RIG_DEVICE,
	RIG_LINK_LOCAL,
	RIG_THREAD,
	RIG_RING,
	RIG_SHARED,
	RIG_ORPHAN,
	RIG_VSOCK = 7777,
};

/* False: not root, or no namespaces here. */
bool rig_start(struct rig *r);
void rig_stop(struct rig *r);

/*
 * A process that goes on making children that listen, in a namespace of their own, on port 20000 +
 * pid % 20000 and end at once. Its own listener is on RIG_TCP.
 */
bool rig_storm_start(struct rig *r);

#endif
