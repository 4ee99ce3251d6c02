/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The walk along all addresses; private to src/fence/senders*.c. */
#ifndef DW_FENCE_SENDERS_PRIVATE_H
#define DW_FENCE_SENDERS_PRIVATE_H

#include "senders.h"

#define DW_CLASSES_TOLD 4u /* classes of a part that are kept for its words */

struct dw_border {
	uint8_t at[16]; /* the first address of what begins, or behind what ends */
	bool is_past;   /* behind the last address that there is */
	bool is_class, ends;
	uint32_t which;
};

struct dw_part {
	uint32_t zone;
	uint64_t signature;
	double size; /* addresses */
	uint8_t address[16];
	bool preferred; /* the address is one that we like best */
	bool unclear;
	DW_VEC(struct dw_rehearse_span) spans;
	size_t more_spans;
	uint32_t classes[DW_CLASSES_TOLD];
	unsigned n_classes;
};

struct dw_walk {
	struct dw_arena *a; /* of the result */
	struct dw_arena *scratch;
	enum dw_family family;
	size_t size;
	const struct dw_ruleset *rules;
	struct dw_zones zones;
	DW_VEC(struct dw_border) borders;
	DW_VEC(uint32_t) active_zones;
	DW_VEC(uint32_t) active_classes;
	uint64_t signature;
	bool odd;
	DW_VEC(struct dw_part) parts;
	uint32_t *last; /* of each zone: 1 + the part of its latest stretch; 0: none */
	struct dw_rehearse_span *gap; /* of each zone: own addresses before its first stretch */
	bool *has_gap;
};

/* A part of a zone as a source, with its words. */
void dw_senders_add(const struct dw_walk *w, const struct dw_scene *scene, const struct dw_part *p,
		    struct dw_senders *ret);

#endif
