/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who may send packets: this host, the networks around it, all others; each of them divided so that the rules treat all
 * addresses of a part alike. Private to src/fence.
 */
#ifndef DW_FENCE_SENDERS_H
#define DW_FENCE_SENDERS_H

#include "scene.h"

struct dw_senders {
	struct dw_source *v;
	size_t n, cap;
};

/* Parts of one family; what is beyond is one more part of its network, which speaks for nobody. */
#define DW_SENDERS_MAX 1024u

/* Pure: of what was read. Everything lies in the scene's arena. */
void dw_senders_find(const struct dw_scene *scene, const struct dw_ruleset *rules,
		     const struct dw_rehearse_network *networks, size_t n_networks,
		     struct dw_senders *ret);

/* --- pieces of it ------------------------------------------------------------------------------- */

/* A network, or (bits 0) all that is in no other one. The longest prefix wins. */
struct dw_zone {
	enum dw_source_kind kind; /* UNKNOWN: nobody sends from there */
	uint8_t low[16], high[16];
	unsigned bits;
	uint32_t ifindex;
	bool shared; /* another zone has the same addresses by another interface */
};

struct dw_zones {
	struct dw_zone *v;
	size_t n, cap;
};

void dw_zones_find(const struct dw_scene *scene, enum dw_family family,
		   const struct dw_rehearse_network *networks, size_t n_networks,
		   struct dw_zones *ret);

/* Addresses of `size` bytes. */
void dw_address_range(const uint8_t *address, size_t size, unsigned bits, uint8_t *ret_low,
		      uint8_t *ret_high);
/* False: there is none after it. */
bool dw_address_next(uint8_t *address, size_t size);
void dw_address_before(uint8_t *address, size_t size);
/* "10.9.0.0/24", "10.9.0.7", "10.9.0.3-10.9.0.9" */
const char *dw_address_span_text(struct dw_arena *a, enum dw_family family, const uint8_t *low,
				 const uint8_t *high);

#endif
