/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two network namespaces with a veth pair between: "near", which the calling process enters, and "far", a child that
 * listens. 10.9.0.1 and fd09::1 are ours, .2 and ::2 the far host's; nobody has .3 and ::3, but frames for them
 * reach the far host, which drops them.
 */
#ifndef DW_LAB_H
#define DW_LAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct dw_lab {
	pid_t far;
	int to_far; /* closed: it ends */
	uint32_t ifindex;
	uint8_t mac[6], far_mac[6];
};

struct dw_lab_options {
	bool deaf;             /* the far end takes no frames from XDP */
	const uint16_t *ports; /* where it listens, both families; the first echoes */
	size_t n_ports;
	void (*more)(void *data); /* run in the far namespace when it is up; NULL */
	void *data;
};

/* 0; -errno: not root, or no such kernel: the tests are skipped. */
int dw_lab_open(const struct dw_lab_options *o, struct dw_lab *ret);
void dw_lab_close(struct dw_lab *l);

#endif
