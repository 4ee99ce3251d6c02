/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two network namespaces of the test's own with a pair of veth between them. The test lives in the first; the second is
 * the target. Sockets that are opened inside it stay in it.
 *
 *   a0  02:00:00:00:00:01  10.77.0.1/16  fd77::1/64      b0  02:00:00:00:00:02  10.77.0.2/16  fd77::2/64
 */
#ifndef DW_TEST_NET_H
#define DW_TEST_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "dw_netlink.h"
#include "dw_scan.h"

struct net {
	struct dw_sys *sys;
	uint32_t a0;
	struct dw_netns b;
	int home; /* where the test came from */
};

/* False: not root, or no namespaces here (says so). */
bool net_open(struct net *n);
void net_close(struct net *n);
void net_in_b(const struct net *n, void (*fn)(void *arg), void *arg);
/* One more address of b0 (or a0). */
bool net_add_address(const struct net *n, bool on_b, const char *text, uint8_t bits);
/* A neighbour of b0 that is a0's. */
bool net_add_neighbour(const struct net *n, const char *text);
/* IPv4, in the test's namespace; gateway NULL: a black hole. */
bool net_add_route(const struct net *n, const char *text, uint8_t bits, const char *gateway);
bool net_set(const struct net *n, const char *file, const char *value); /* in b */
struct dw_address net_address(const char *text);
/* Listens there; -1: the port is taken. */
int net_listen(const struct net *n, const char *text, int type, uint16_t port);

extern const uint8_t net_mac_a[6], net_mac_b[6];

#endif
