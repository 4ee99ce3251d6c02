/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Frames of an interface, packet(7). Needs CAP_NET_RAW; live handles only (-ENOTSUP). Nothing is taken away from
 * the host: what is received here the kernel gets as well.
 */
#ifndef DW_PACKET_SOCKET_H
#define DW_PACKET_SOCKET_H

#include "dw_sys.h"

/* What is let in. The kernel looks (classic BPF), so that no other frame ever arrives. */
struct dw_packet_filter {
	int family; /* AF_INET, AF_INET6 */
	uint8_t protocol; /* IPPROTO_TCP, _UDP, 132 (SCTP): to our ports; IPPROTO_ICMP, _ICMPV6: echo replies */
	uint16_t first, n; /* our ports, or identifiers of echo requests */
	bool ethernet;     /* frames have its header */
			   /* and always: ICMP errors that quote a packet from one of those */
};

struct dw_packet_receiver;
/* ring: bytes of memory for frames that wait, some 128 a frame. */
int dw_packet_receiver_open(struct dw_sys *s, uint32_t ifindex, const struct dw_packet_filter *f,
			    size_t ring, struct dw_packet_receiver **ret, struct dw_error *e);
/* NULL allowed */
void dw_packet_receiver_free(struct dw_packet_receiver *r);
static inline void dw_cleanup_packet_receiver(struct dw_packet_receiver **r)
{
	dw_packet_receiver_free(*r);
}
#define _cleanup_packet_receiver_ _cleanup_(dw_cleanup_packet_receiver)

int dw_packet_receiver_fd(const struct dw_packet_receiver *r);
/* Frames that the kernel dropped because the ring was full, so far. */
uint64_t dw_packet_receiver_lost(struct dw_packet_receiver *r);

/*
 * For a child that inherited the ring (DW_SANDBOX_POLL): waits at most that many milliseconds on fd (which is the
 * receiver's own, as it is numbered there) and hands over all that came, each cut to 320 bytes. Returns how many.
 */
size_t dw_packet_receiver_read(struct dw_packet_receiver *r, int fd, int wait_ms,
			       void (*frame)(void *data, const uint8_t *bytes, size_t n),
			       void *data);

/* --- sending ------------------------------------------------------------------------------------ */

#define DW_PACKET_BATCH 64u
#define DW_PACKET_ROOM  1536u /* bytes of one frame */

/* Frames go past the queueing discipline, and past local firewalls of the IP layer. */
struct dw_packet_sender;
int dw_packet_sender_open(struct dw_sys *s, uint32_t ifindex, struct dw_packet_sender **ret,
			  struct dw_error *e);
/* NULL allowed */
void dw_packet_sender_free(struct dw_packet_sender *p);
static inline void dw_cleanup_packet_sender(struct dw_packet_sender **p)
{
	dw_packet_sender_free(*p);
}
#define _cleanup_packet_sender_ _cleanup_(dw_cleanup_packet_sender)

/* Where the i-th frame of a batch is written, i < DW_PACKET_BATCH, DW_PACKET_ROOM bytes. */
uint8_t *dw_packet_sender_frame(struct dw_packet_sender *p, size_t i);
void dw_packet_sender_length(struct dw_packet_sender *p, size_t i, size_t n);
/*
 * Sends the first n frames. *ret_sent: how many left; fewer when the device or the socket's buffer was full
 * (*ret_full says so): no failure. A frame that the device refuses by itself (too long) ends it with an error.
 */
int dw_packet_sender_send(struct dw_packet_sender *p, size_t n, size_t *ret_sent, bool *ret_full,
			  struct dw_error *e);

#endif
