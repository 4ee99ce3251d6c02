/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files that write JSON share; private to this room. */
#ifndef DW_JSONWRITER_H
#define DW_JSONWRITER_H

#include "dw_fields.h"
#include "dw_json.h"

/*
 * Two capability sets of up to 41 names a holder were half of the work: most holders have the same few, so the
 * text of a list is kept and used again.
 */
struct kept {
	uint64_t number; /* dw_value.number of the list, 0: none */
	char *text;
	size_t n;
};

struct writer {
	struct dw_json *j;
	struct dw_arena *a;      /* of the kept texts, and of values outside items */
	struct dw_arena *items;  /* of values in items; emptied behind each outermost one */
	struct dw_arena *values; /* the one of the two that counts now */
	bool keep;               /* kept text is compact: an indented document does without */
	struct kept kept[8];
	size_t n_kept;
};

struct writer dw_writer_new(struct dw_json *j, bool keep);
void dw_writer_free(struct writer *w); /* but for its j */
/* One member of an array. */
void dw_write_item(struct writer *w, const struct dw_field *members, const void *object);
/*
 * All members of an array, with the help of a second thread; false: there are too few, or there is no second
 * processor, and nothing was written. w writes compact.
 */
bool dw_write_items_shared(struct writer *w, const struct dw_field *members, const void *first,
			   size_t n, size_t size);

#endif
