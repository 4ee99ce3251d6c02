/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is put into another network namespace: many netlink messages at once, a socket's option. Never into the
 * one that we are in (-EXDEV): that is the host's. Not recorded: a fake or offline handle answers -ENOTSUP.
 */
#ifndef DW_NETPUT_H
#define DW_NETPUT_H

#include "dw_netlink.h"

#define DW_NETPUT_MAX ((size_t)512 * 1024 * 1024) /* bytes of one batch */

/* A message of the batch that the kernel refused: its sequence number, a negative errno value. */
typedef void dw_netput_refused(uint32_t sequence, int code, void *arg);

/*
 * Sends n bytes of messages (with sequence numbers of the caller's) as one piece, so that the kernel takes them
 * as one transaction; the last one that is answered must ask for it (NLM_F_ACK). `refused` (NULL allowed) is
 * called for every one that the kernel did not like; the result is then the first one's code.
 */
int dw_netlink_batch(struct dw_sys *s, const struct dw_netns *ns, int protocol, const void *data,
		     size_t n, dw_netput_refused *refused, void *arg, struct dw_error *e);

/* setsockopt(2) on a fresh UDP socket of the address family, made in the namespace. */
int dw_netns_setsockopt(struct dw_sys *s, const struct dw_netns *ns, int family, int level,
			int option, const void *value, size_t size, struct dw_error *e);

#endif
