/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the two halves of the packet wire share; private to src/scan. */
#ifndef DW_SCAN_WIRE_PACKET_H
#define DW_SCAN_WIRE_PACKET_H

#include "dw_packet.h"
#include "dw_packet_socket.h"
#include "dw_sandbox.h"
#include "dw_wire.h"

#define WIRE_ANSWERS 16384u /* a power of two: indexes wrap */

_Static_assert(DW_WIRE_ROUNDS == DW_PACKET_ROUNDS, "the reader knows each round's port");

struct wire_shared {
	uint32_t news; /* grows with each turn of the child that brought something; waited on */
	uint32_t head; /* the child's: answers written */
	uint32_t tail; /* the parent's: answers read */
	uint64_t n_answers, n_foreign;
	uint64_t n_full; /* answers that were dropped because the ring was full */
	struct dw_wire_answer answers[WIRE_ANSWERS];
	uint64_t answered[];
};

/* The child's. */
struct wire_reader {
	const struct dw_wire_block *block;
	struct wire_shared *shared;
	struct dw_packet_receiver *receiver;
	uint32_t ifindex;
	struct dw_packet_asked asked;
	uint32_t *hosts; /* open addressing: host + 1, 0: free */
	uint32_t mask;
	uint32_t *ports; /* of 65,536: index + 1 */
	bool brought;
};

/* Indexes for the hosts and ports of the block. */
void dw_wire_reader_index(struct wire_reader *r, bool ethernet);
void dw_wire_reader_forget(struct wire_reader *r);
/* One frame: for the ring, and for tests. */
void dw_wire_reader_frame(void *reader, const uint8_t *frame, size_t n);
/* Of the sandbox. */
int dw_wire_reader_run(void *reader, const int *fds);

/* Of sys: AF_INET, AF_INET6. */
int dw_wire_af(enum dw_family f);
/* Of a UDP payload, in a packet of that size. */
size_t dw_wire_payload_room(uint32_t mtu);

#endif
