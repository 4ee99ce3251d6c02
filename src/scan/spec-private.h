/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sets of addresses, and words that name them; private to the files spec*.c. */
#ifndef DW_SPEC_PRIVATE_H
#define DW_SPEC_PRIVATE_H

#include "dw_names.h"
#include "dw_spec.h"
#include "dw_str.h"
#include "dw_vec.h"

/* A number of 128 bits: the address itself (IPv4 in the lowest 32). */
typedef unsigned __int128 dw_u128;

struct dw_span {
	enum dw_family family;
	uint32_t scope;
	dw_u128 first, last;
	const char *name; /* the host name that it comes from; NULL */
	bool alone;       /* an address that was named by itself, not as a part of a network */
	bool found;       /* and one of a network too wide to be asked, where it was seen */
};
struct dw_spans {
	struct dw_span *v;
	size_t n, cap;
};

dw_u128 dw_span_number(const struct dw_address *a);
struct dw_address dw_span_address(const struct dw_span *s, dw_u128 number);
/* Sorted; those that overlap or meet are one (the names of all but the first are lost). In place. */
void dw_spans_merge(struct dw_spans *s);
/* What is in a and not in b (b merged); keeps the names of a, which is sorted and disjoint. */
struct dw_spans dw_spans_without(const struct dw_spans *a, const struct dw_spans *b,
				 struct dw_arena *arena);
/* Addresses; stops counting at 2^64 - 1. */
uint64_t dw_spans_count(const struct dw_spans *s);
void dw_spans_add(struct dw_spans *to, const struct dw_spans *from, struct dw_arena *arena);

struct dw_spec_words {
	struct dw_sys *sys;
	struct dw_arena *arena;
	enum dw_family family; /* that names are asked for; 0: both */
	const char *place;     /* "hosts.txt:12: " for messages; "" */
	unsigned depth;        /* of files in files */
	bool wide;             /* networks of any size: they are not asked */
	/* own networks too wide to be asked address by address: what is there is asked (spec-wide.c) */
	const struct dw_sys_networks *networks;
	const struct dw_spans *excluded;
	struct dw_strings *notes;
};
/*
 * The IPv6 network from first to last, of which 2^64 addresses cannot be asked: who is known to be there is added, when
 * it is an own network of this host, or part of one. False: it is not.
 */
bool dw_spec_wide_add(const struct dw_spec_words *w, const char *word,
		      const struct dw_address *first, const struct dw_address *last,
		      struct dw_spans *ret);
/* Adds what the word names. */
int dw_spec_words_add(struct dw_spec_words *w, const char *word, struct dw_spans *ret,
		      struct dw_error *e);

#endif
