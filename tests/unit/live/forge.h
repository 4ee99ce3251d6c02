/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ports that listen, and packets that were never asked for. */
#ifndef FORGE_H
#define FORGE_H

#include <stdbool.h>
#include <stdint.h>

#include "dw_cookie.h"

#define PORTS     65535u
#define LISTENERS 300u
#define FIRST     61000u /* of our source ports */
#define LOT       4096u
#define ROUNDS    40u
#define KEY                                                                                        \
	{                                                                                          \
		0x0123456789abcdefULL, 0xfedcba9876543210ULL                                       \
	}
#define FORGED 64u

extern uint16_t all_ports[PORTS], listeners[LISTENERS];
extern bool is_listener[65536];

/* The same on each run. */
void choose_ports(void);
/* As the packet wire would say it: the cookie of a probe to that address and port. */
uint32_t cookie_of(const char *address, uint16_t ours, uint16_t port);
/*
 * Forged: right in all but the cookie. Then what is genuine, on ports 1001 (reset), 1002 (SYN-ACK, bare), 1003
 * (ICMP from another host): the first proves that the forged ones did come by.
 */
void forge(void *data);

#endif
