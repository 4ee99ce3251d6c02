/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What to scan: addresses and ports from words. Excluded addresses win, in whatever order they are given. */
#ifndef DW_SPEC_H
#define DW_SPEC_H

#include "dw_arena.h"
#include "dw_error.h"
#include "dw_scan.h"
#include "dw_vec.h"

struct dw_sys;
struct dw_knowledge;

struct dw_spec_range {                 /* both ends belong to it */
	struct dw_address first, last; /* of one family and scope */
	const char *name;              /* the word, when it was a host name; NULL */
	uint64_t before;               /* addresses in the ranges before it */
};

/* Sorted, disjoint; ranges that meet are one (unless they have names). */
struct dw_spec_targets {
	struct dw_spec_range *ranges;
	size_t n;
	uint64_t hosts; /* addresses in all; at most 2^40 */
	/* those that were named by themselves, not as a part of a network; NULL: not known */
	const struct dw_spec_targets *alone;
};

struct dw_spec_ports {
	uint16_t *list; /* sorted, each once */
	uint32_t n;
};

/*
 * Words: an address, ADDRESS/BITS, FIRST-LAST, 10.0.0.1-20, a name (all its addresses, or of the family asked for:
 * "-4", "-6" as family; 0: both), or @FILE with a word a line, # comments (errors name file and line; "@-": standard
 * input). IPv6 networks wider than /96 are refused (-E2BIG), but for this host's own: of those, who is known to be
 * there is taken, and a note says how many (this asks the link, two seconds). Left out are multicast, broadcast and
 * unspecified addresses, and the network and broadcast address of own networks unless one is named by itself. What was
 * left out for that is told in ret_notes. Nothing left is no failure: hosts 0.
 */
int dw_spec_targets_read(struct dw_sys *s, const char *const *words, size_t n,
			 const char *const *excluded, size_t n_excluded, enum dw_family family,
			 struct dw_arena *a, struct dw_spec_targets *ret,
			 struct dw_strings *ret_notes, struct dw_error *e);
/* The i-th address, i < hosts; *ret_name NULL when it has none. O(log n). */
void dw_spec_target_at(const struct dw_spec_targets *t, uint64_t i, struct dw_address *ret,
		       const char **ret_name);
/* Those that came from elsewhere than dw_spec_targets_read(): are they as it makes them? */
bool dw_spec_targets_are_sound(const struct dw_spec_targets *t);
bool dw_spec_targets_have(const struct dw_spec_targets *t, const struct dw_address *address);

/*
 * "22,80,8000-8100,http,-,all,known": numbers, ranges (open at either end; "-" and "all": 1-65535), names of
 * /etc/services and of the knowledge; "known": every port that the knowledge has, and of TCP those below 1024.
 */
int dw_spec_ports_read(struct dw_sys *s, const struct dw_knowledge *k, enum dw_protocol p,
		       const char *text, struct dw_arena *a, struct dw_spec_ports *ret,
		       struct dw_error *e);
/* "22,80,8000-8100": the same again, as short as can be. */
const char *dw_spec_ports_text(const struct dw_spec_ports *p, struct dw_arena *a);

#endif
