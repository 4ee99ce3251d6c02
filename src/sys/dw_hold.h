/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a scan needs of this host: ports in a row that nobody else gets meanwhile, random bytes, the time of day. */
#ifndef DW_HOLD_H
#define DW_HOLD_H

#include "dw_sys.h"

struct dw_hold;

/*
 * n ports (at most 64) in a row, bound for TCP and UDP on all addresses until the free, away from those that the kernel
 * chooses from (ip_local_port_range) where there is room. Nobody listens: the kernel resets what comes to the TCP
 * ports, and what comes to the UDP ports is read by nobody (so no ICMP error is sent for it). -EADDRINUSE: there
 * are none.
 */
int dw_hold_ports(struct dw_sys *s, unsigned n, struct dw_hold **ret, uint16_t *ret_first,
		  struct dw_error *e);
void dw_hold_free(struct dw_hold *h); /* NULL allowed */

int dw_sys_random(struct dw_sys *s, void *ret, size_t n, struct dw_error *e);
/* Milliseconds since the epoch. */
uint64_t dw_sys_now_ms(struct dw_sys *s);
/* Minutes since midnight of the host's time zone. */
unsigned dw_sys_minute(struct dw_sys *s);

#endif
