/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Baselines in the journal: what an audit saw, as its JSON document. At most DW_STORE_BASELINES_MAX are kept, and
 * DW_STORE_BASELINE_BYTES_MAX bytes of all together as they lie there: the oldest without a name go first. One with a
 * name goes by dw_store_baseline_remove() alone.
 */
#ifndef DW_STORE_BASELINE_H
#define DW_STORE_BASELINE_H

#include "dw_parse.h"
#include "dw_store.h"

#define DW_STORE_BASELINES_MAX      200
#define DW_STORE_BASELINE_MAX       ((size_t)64 * 1024 * 1024) /* one document, unpacked */
#define DW_STORE_BASELINE_BYTES_MAX ((int64_t)512 * 1024 * 1024)

struct dw_baseline {
	int64_t id;
	const char *name; /* NULL: the number alone */
	const char *host, *version;
	uint64_t time;      /* when it was looked at, seconds since the epoch */
	size_t doors;       /* in the document */
	size_t size, bytes; /* of the document; as it lies in the journal */
};

/* A name is letters, digits and . _ -, no number, not "now", and does not end in .json. -EINVAL; says so. */
int dw_baseline_name(const char *name, struct dw_error *e);
/*
 * One transaction; *ret_id is its number, b->id, size and bytes do not count. -EEXIST: the name is taken. -EFBIG: it is
 * too long. -ENOSPC: no room, and all that are kept have names.
 */
int dw_store_baseline_save(struct dw_store *s, const struct dw_baseline *b, const void *document,
			   size_t n, int64_t *ret_id, struct dw_error *e);
/* The newest first. */
int dw_store_baselines(struct dw_store *s, struct dw_arena *a, struct dw_baseline **ret,
		       size_t *ret_n, struct dw_error *e);
/* By its number or name; word NULL: the newest. -ENOENT: there is none. */
int dw_store_baseline_find(struct dw_store *s, const char *word, struct dw_arena *a,
			   struct dw_baseline *ret, struct dw_error *e);
int dw_store_baseline_load(struct dw_store *s, int64_t id, struct dw_arena *a, struct dw_bytes *ret,
			   struct dw_error *e);
int dw_store_baseline_remove(struct dw_store *s, int64_t id, struct dw_error *e);

#endif
