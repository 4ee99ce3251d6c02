/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Talking to strangers: connections made without waiting, and a channel on which a connected socket is handed to a
 * child. What takes no struct dw_sys is for the child as well, which has none; it counts no call.
 */
#ifndef DW_TALK_H
#define DW_TALK_H

#include <poll.h>
#include <sys/types.h>

#include "dw_sys.h"

/*
 * A socket that connects (TCP) or is connected (UDP) to the address in network order; never waits. scope: interface
 * of a link-local address. Returns the descriptor.
 */
int dw_talk_connect(struct dw_sys *s, bool udp, bool ipv6, const uint8_t *address, uint32_t scope,
		    uint16_t port, struct dw_error *e);
/* When it can be written to: 0, it is connected; else why not. */
int dw_talk_connected(int fd);

/* Two ends of a channel that keeps records whole. */
int dw_talk_pair(struct dw_sys *s, int ret[2], struct dw_error *e);
/* fd: handed over with the record, and still the caller's; -1: none. wait: else -EAGAIN. */
int dw_talk_tell(int channel, const void *record, size_t n, int fd, bool wait);
/* Length of the record, 0: the other end is gone. A descriptor that came with it, else -1, goes to *ret_fd. Never
   waits. */
ssize_t dw_talk_hear(int channel, void *record, size_t max, int *ret_fd);

/* poll(2), begun anew after a signal: at most that many milliseconds in all. */
int dw_talk_poll(struct pollfd *p, size_t n, unsigned ms);
/* Bytes, 0: the stranger closed (TCP), -EAGAIN, or why not. */
ssize_t dw_talk_read(int fd, void *to, size_t max);
ssize_t dw_talk_write(int fd, const void *from, size_t n);
void dw_talk_close(int fd);  /* -1 allowed */
uint64_t dw_talk_now(void);  /* milliseconds from any point */
uint64_t dw_talk_date(void); /* seconds since the epoch */

#endif
