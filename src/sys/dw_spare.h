/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Spare addresses of a link: questions for them (ARP, RFC 826; neighbour solicitation, RFC 4861) are answered by a
 * child in a sandbox, so that what is sent from them finds its way back. Nothing of this host is changed: the kernel
 * has no such address, and drops what comes. Where it forwards packets it would pass them on: there they have a MAC
 * of their own, which the interface takes in as long as this is open.
 *
 * When somebody else is seen to use one (RFC 5227 2.4), or asks whether anybody does before he takes it (2.1.1;
 * RFC 4862 5.4.3), it is given up.
 */
#ifndef DW_SPARE_H
#define DW_SPARE_H

#include "dw_route.h"

#define DW_SPARE_MAX 4096u

struct dw_spare;

/* Addresses of one family, at most DW_SPARE_MAX, each once, that nobody uses (dw_neighbours_ask). Needs CAP_NET_RAW. */
int dw_spare_open(struct dw_sys *s, const struct dw_link *link, const struct dw_ip *addresses,
		  size_t n, struct dw_spare **ret, struct dw_error *e);
void dw_spare_free(struct dw_spare *p); /* NULL allowed */
/* What they are answered with: 6 bytes. */
const uint8_t *dw_spare_mac(const struct dw_spare *p);
/* n bytes: other than 0, the i-th was given up. Written by the child at any time, whatever it likes. */
const volatile uint8_t *dw_spare_taken(const struct dw_spare *p);
/* As dw_sandbox_check(). */
int dw_spare_check(struct dw_spare *p, struct dw_error *e);

#endif
