/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A transaction of nf_tables that is put together: messages and their attributes. Private to src/fence. */
#ifndef DW_BATCH_H
#define DW_BATCH_H

#include "ruleset_private.h"

enum dw_batch_what {
	DW_BATCH_TABLE,
	DW_BATCH_CHAIN,
	DW_BATCH_SET,
	DW_BATCH_OBJECT,
	DW_BATCH_RULE,
	DW_BATCH_KEYS, /* of a map: object is the map */
	DW_BATCH_OTHER
};

/* Which part of the rule set a message of the batch is about: by its sequence number. */
struct dw_batch_part {
	enum dw_batch_what what;
	void *object; /* of the copy */
	uint32_t id;  /* of a rule */
};

struct dw_batch {
	struct dw_sys *sys;
	const struct dw_netns *scratch;
	struct dw_ruleset *r;
	struct dw_rs_copy *copy;
	const enum dw_supposed *supposed;
	bool counts;            /* a counter of ours in each rule */
	struct dw_arena *arena; /* of this try */
	struct dw_str bytes;
	DW_VEC(struct dw_batch_part) parts;
	size_t last; /* where the message begins that was put last */
	uint32_t set_id;
	bool failed_whole; /* refused without saying what */
	bool changed;      /* something more is left out now: it is worth another try */
};

/* Begins a message, and returns where; the end sets its length. */
size_t dw_batch_begin(struct dw_batch *b, uint16_t type, uint16_t flags, uint8_t family,
		      uint16_t res, struct dw_batch_part part);
size_t dw_batch_begin_nft(struct dw_batch *b, unsigned type, uint16_t flags, uint8_t family,
			  struct dw_batch_part part);
void dw_batch_end(struct dw_batch *b, size_t at);
void dw_batch_add(struct dw_batch *b, unsigned type, const void *data, size_t n);
void dw_batch_add_be32(struct dw_batch *b, unsigned type, uint32_t v);
void dw_batch_add_string(struct dw_batch *b, unsigned type, const char *s);
void dw_batch_add_attr(struct dw_batch *b, const struct nlattr *a);
void dw_batch_add_bytes(struct dw_batch *b, const void *p, size_t n); /* attributes as they are */
/* Copies the attributes whose types are in the mask. */
void dw_batch_add_those(struct dw_batch *b, const void *attrs, size_t n, uint32_t mask);
size_t dw_batch_nest(struct dw_batch *b, unsigned type);
void dw_batch_nest_end(struct dw_batch *b, size_t at);

bool dw_batch_leaves_out(const struct dw_rs_chain *c);
/* Finds out which anonymous sets and chains the rules of this batch use. */
void dw_batch_find_used(struct dw_batch *b);
/* The whole copy, without the transaction's begin and end. */
void dw_batch_put_all(struct dw_batch *b);
/* The set of a map's keys, which a rule asks before it counts: in a map that has no such key the rule ends. */
const char *dw_batch_keys_name(struct dw_arena *a, const struct dw_rs_set *map);
/* All rules of all chains. */
void dw_batch_rules(struct dw_batch *b);

#endif
