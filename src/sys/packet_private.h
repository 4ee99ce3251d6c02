/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Packet sockets' inside; private to src/sys. */
#ifndef DW_SYS_PACKET_PRIVATE_H
#define DW_SYS_PACKET_PRIVATE_H

#include <linux/filter.h>

#include "dw_packet_socket.h"

#define DW_PACKET_CODE_MAX 64
#define DW_PACKET_CUT      320u /* bytes of a frame that are kept */

/* A classic BPF program: see packet_filter.c. */
struct packet_code {
	struct sock_filter code[DW_PACKET_CODE_MAX];
	unsigned n;
};

void dw_packet_code_answers(const struct dw_packet_filter *f, struct packet_code *ret);
/* Replies of ARP (AF_INET), neighbour advertisements (AF_INET6); frames are Ethernet. */
void dw_packet_code_neighbours(int family, struct packet_code *ret);
/* All ARP; neighbour solicitations and advertisements. */
void dw_packet_code_questions(int family, struct packet_code *ret);

/* A ring for frames of one ethertype that the program lets in. */
int dw_packet_ring_open(struct dw_sys *s, uint32_t ifindex, uint16_t ethertype,
			const struct packet_code *code, size_t ring,
			struct dw_packet_receiver **ret, struct dw_error *e);

#endif
