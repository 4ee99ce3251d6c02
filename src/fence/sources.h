/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which source addresses a rule set tells apart. Private to src/fence/ruleset*.c and sources*.c. */
#ifndef DW_SOURCES_H
#define DW_SOURCES_H

#include "ruleset_private.h"

/* Rules one behind the other that are the same but for the address. */
struct dw_sources_run {
	const void *place; /* their chain */
	uint64_t print;    /* what they are, beside the address; 0: no run */
	size_t first;      /* of `ones` */
};

struct dw_sources {
	struct dw_rs_copy *copy;
	struct dw_arena *arena;              /* of the classes */
	DW_VEC(struct dw_source_class) ones; /* of constants: one span each */
	DW_VEC(struct dw_source_class) sets;
	struct dw_sources_run run;
	bool odd[DW_FAMILY_COUNT]; /* something asks for addresses in a way that is no interval */
};

/* An address in a register, as bytes of it and a mask put on them. */
struct dw_sources_part {
	enum dw_family family;
	unsigned n; /* bytes of the address that are there, its first ones */
	uint8_t mask[16];
};

static inline unsigned dw_address_bytes(enum dw_family family)
{
	return family == DW_FAMILY_IPV4 ? 4 : 16;
}

/* value & mask, then anything: an interval when the mask is a prefix's. */
void dw_sources_masked(struct dw_sources *s, const struct dw_sources_part *p, const uint8_t *value);
void dw_sources_between(struct dw_sources *s, enum dw_family family, const uint8_t *low,
			const uint8_t *high);
/* The elements of a set or map whose key has the address at byte `at`. */
void dw_sources_set(struct dw_sources *s, const struct dw_rs_set *set, unsigned at,
		    const struct dw_sources_part *p);
/* After each rule, `before` being what `ones` held before it; print 0: it is not to be laid together with others. */
void dw_sources_run(struct dw_sources *s, const void *place, uint64_t print, size_t before);
void dw_sources_run_end(struct dw_sources *s);
uint64_t dw_sources_mix(uint64_t h, const void *p, size_t n);
#define DW_SOURCES_MIX 0xcbf29ce484222325ULL /* to begin with */
/* All rules; the classes are put into the rule set. */
void dw_sources_find(struct dw_ruleset *r);
/* The addresses that an entry of a legacy table asks for. */
void dw_legacy_sources(const struct dw_legacy *t, struct dw_sources *s);
/* A match of xtables. */
void dw_sources_match(struct dw_sources *s, enum dw_family family, const char *name,
		      unsigned revision, const void *info, size_t n);

#endif
