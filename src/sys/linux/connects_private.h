/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One question that waits for its answer; private to connects*.c. */
#ifndef DW_LINUX_CONNECTS_H
#define DW_LINUX_CONNECTS_H

#include "dw_connects.h"

struct dw_connect_slot {
	int fd; /* -1: free */
	bool six;
	enum dw_connect_protocol protocol;
	uint64_t tag;
	uint64_t asked; /* microseconds */
	uint32_t before,
		after; /* in the order of asking; UINT32_MAX: none. Free ones: after alone */
};

/* Makes the socket ready to hear of ICMP errors and of the TTL of answers. */
void dw_connect_prepare(int fd, const struct dw_connect_question *q);
/* Looks what became of it. False: nothing yet. */
bool dw_connect_look(const struct dw_connect_slot *s, struct dw_connect_event *ret);
/* What a failed connect(2) or send(2) says at once. False: it says nothing of the port. */
bool dw_connect_error(const struct dw_connect_slot *s, int code, struct dw_connect_event *ret);

#endif
