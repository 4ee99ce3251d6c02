/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A netlink socket that stays open, for what the kernel tells by itself: packets of NFLOG, traces of nftables. */
#ifndef DW_LISTENER_H
#define DW_LISTENER_H

#include "dw_netlink.h"

struct dw_listener;

/* buffer: bytes of messages that may wait; more than the user may have by SO_RCVBUF needs CAP_NET_ADMIN. */
int dw_listener_open(struct dw_sys *s, const struct dw_netns *n, int protocol, size_t buffer,
		     struct dw_listener **ret, struct dw_error *e);
void dw_listener_free(struct dw_listener *l); /* NULL allowed */
static inline void dw_cleanup_listener(struct dw_listener **l)
{
	dw_listener_free(*l);
}
#define _cleanup_listener_ _cleanup_(dw_cleanup_listener)

int dw_listener_join(struct dw_listener *l, unsigned group, struct dw_error *e);
/* Sends a request from this very socket, and waits for the kernel's yes or no. Not beside batches with low numbers. */
int dw_listener_ask(struct dw_listener *l, struct nlmsghdr *request, struct dw_error *e);
/*
 * Sends messages that belong together (nf_tables takes them whole or not at all) and waits for the answer to the
 * last one of those sequence numbers, which must ask for one (NLM_F_ACK). The first error is returned. Numbers
 * are not used twice: answers to a batch that failed may come late.
 */
int dw_listener_batch(struct dw_listener *l, const void *messages, size_t n, uint32_t first,
		      uint32_t last, struct dw_error *e);
/*
 * Hands over all messages that are there; when there are none, waits for the first at most so many milliseconds.
 * Returns how many came. *ret_lost: the kernel had no room for some (ENOBUFS).
 */
int dw_listener_read(struct dw_listener *l, int wait_ms, dw_netlink_cb *cb, void *arg,
		     bool *ret_lost, struct dw_error *e);

#endif
