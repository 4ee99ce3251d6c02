/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The packets that rehearse, as bytes, and what a log says of them again. Each bears a number that no rule
 * changes: TCP's sequence number, the payload of UDP and UDP-Lite, SCTP's initiate tag, DCCP's sequence number.
 * Checksums are right: connection tracking looks at them. Private to src/fence.
 */
#ifndef DW_FENCE_PACKET_H
#define DW_FENCE_PACKET_H

#include "dw_endpoint.h"

#define DW_REHEARSE_ROOM 128u /* bytes of the longest */

struct dw_rehearse_packet {
	enum dw_family family;
	enum dw_protocol protocol;
	const uint8_t *from, *to; /* 4 or 16 bytes */
	uint16_t from_port, to_port;
	uint32_t id; /* not 0 */
};

/*
 * Writes the packet (at most DW_REHEARSE_ROOM bytes) from IP on; returns its length, 0: a protocol that we
 * cannot make.
 */
size_t dw_rehearse_packet_make(const struct dw_rehearse_packet *p, uint8_t *bytes);

struct dw_rehearse_seen {
	enum dw_family family;
	enum dw_protocol protocol;
	uint8_t to[16];
	uint16_t to_port;
	uint32_t id;
};

/* From its network header on, perhaps cut. False: it is none of ours (an answer to one, for instance). */
bool dw_rehearse_packet_read(const uint8_t *bytes, size_t n, struct dw_rehearse_seen *ret);
/* The same where both headers are in places of their own (a trace); network may be cut behind its fixed part. */
bool dw_rehearse_packet_read_parts(const uint8_t *network, size_t n_network,
				   const uint8_t *transport, size_t n_transport,
				   struct dw_rehearse_seen *ret);

#endif
