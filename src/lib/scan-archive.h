/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values to bytes and back; private to src/lib. */
#ifndef DW_LIB_SCAN_ARCHIVE_H
#define DW_LIB_SCAN_ARCHIVE_H

#include <stdbool.h>

#include "dw_parse.h"
#include "dw_str.h"

struct dw_archive {
	bool reading, bad; /* bad: what was read is no such thing; all values are 0 from then on */
	struct dw_arena *arena;
	struct dw_str out;  /* writing */
	struct dw_bytes in; /* reading */
	size_t at;
};

/* Each writes *v, or sets it. */
void dw_archive_bytes(struct dw_archive *r, void *p, size_t n);
void dw_archive_u64(struct dw_archive *r, uint64_t *v);
void dw_archive_u32(struct dw_archive *r, uint32_t *v);
void dw_archive_u16(struct dw_archive *r, uint16_t *v);
void dw_archive_u8(struct dw_archive *r, uint8_t *v);
void dw_archive_bool(struct dw_archive *r, bool *v);
void dw_archive_float(struct dw_archive *r, float *v);
void dw_archive_text(struct dw_archive *r, const char **v); /* NULL stays NULL */
/* Members of a list: writes n, or returns what was written; at most `most`. */
size_t dw_archive_count(struct dw_archive *r, size_t n, size_t most);

#endif
