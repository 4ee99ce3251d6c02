/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A network namespace of ours, for experiments: devices that a program feeds with packets, and sockets that send
 * packets that were made by hand. It is there as long as somebody holds the descriptor, and so vanishes with the
 * process. Nothing in it has a way to a real network. Live handles only (-ENOTSUP).
 */
#ifndef DW_SCRATCH_H
#define DW_SCRATCH_H

#include "dw_netlink.h"

/* -EPERM: not allowed to. The loopback device is there, and is down. */
int dw_scratch_open(struct dw_sys *s, struct dw_netns *ret, struct dw_error *e);
/* fd -1 allowed */
void dw_scratch_close(struct dw_netns *n);

struct dw_tun {
	const char *name;
	uint32_t ifindex; /* 0: the kernel chooses */
	bool ethernet;    /* frames have an Ethernet header; else they begin with IP */
	uint16_t type;    /* not ethernet: ARPHRD_xxx that the device says it is of; 0: NONE */
	bool keep;        /* the device stays when the descriptor is closed */
};

/* Makes the device (it is down). Its descriptor is the caller's to close, which takes the device away unless `keep`. */
int dw_tun_open(struct dw_sys *s, const struct dw_netns *n, const struct dw_tun *t, int *ret,
		struct dw_error *e);
/*
 * The kernel takes the frame as if it had come in by the device; when this returns, it has been through
 * the packet filter.
 */
int dw_tun_write(struct dw_sys *s, int fd, const void *frame, size_t n, struct dw_error *e);
/* The same frame so many times. */
int dw_tun_repeat(struct dw_sys *s, int fd, const void *frame, size_t n, unsigned times,
		  struct dw_error *e);

/* A socket that sends whole IP packets of the family (AF_INET, AF_INET6), the headers ours: raw(7). */
int dw_raw_open(struct dw_sys *s, const struct dw_netns *n, int family, int *ret,
		struct dw_error *e);
/* `to`: 4 or 16 bytes; scope: interface of a link-local address, else 0. */
int dw_raw_send(struct dw_sys *s, int fd, int family, const uint8_t *to, uint32_t scope,
		const void *packet, size_t n, struct dw_error *e);

#endif
