/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A child that makes sockets of every kind, in network namespaces of its own, and waits to be killed. */
#ifndef DW_TEST_CHILD_H
#define DW_TEST_CHILD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MANY 700 /* listeners of one process: more than the buffer of an iterator holds */

/* What the child made; -1: this kernel has no such thing. */
struct made {
	uint32_t netns, kept_netns; /* the second is kept alive by one socket only */
	int tcp, udp, dual, mapped, lite, raw, raw6, packet, mptcp, reuse, only6, connected,
		unbound;
	int thread_fd, thread_id, kept, ring, ring_fd, udp_cloexec;
	uint16_t port_tcp, port_udp, port_dual, port_mapped, port_lite, port_mptcp, port_reuse,
		port_only6;
	uint16_t port_thread, port_kept, port_ring, port_connected, port_many[2];
	int many[2]; /* first and last descriptor of MANY listeners */
};

struct child {
	pid_t pid;
	struct made made;
};

/* pid -1: it could not be made (no root). */
struct child start_child(void);
/* One that holds a TCP listener alone and whose command line has that many bytes, the last NUL among them. */
struct child start_command(size_t length);
void stop_child(const struct child *c);

/* For other children. Both end the process when they fail. */
void loopback_up(void);
int bound4(int type, int protocol, uint32_t address, uint16_t *ret_port);
uint32_t own_netns(void); /* of the calling thread */

#endif
