/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Scans in the journal. At most DW_STORE_SCANS_MAX are kept, and DW_STORE_SCAN_ROWS_MAX rows of all together: the
 * oldest go first, the newest never.
 */
#ifndef DW_STORE_SCAN_H
#define DW_STORE_SCAN_H

#include "dw_scan.h"
#include "dw_store.h"

#define DW_STORE_SCANS_MAX     200
#define DW_STORE_SCAN_ROWS_MAX 4000000

/*
 * Whether a scan was ever kept there, without opening the journal (an audit asks it each time): a file of that name
 * lies beside it. False too when we may not look.
 */
bool dw_store_has_scans(const char *directory);

/* One transaction. *ret_id: its number; the scan's own id does not count. */
int dw_store_scan_save(struct dw_store *s, const struct dw_scan *scan, int64_t *ret_id,
		       struct dw_error *e);
/* Without hosts; the newest first. */
int dw_store_scans(struct dw_store *s, struct dw_arena *a, struct dw_scan **ret, size_t *ret_n,
		   struct dw_error *e);
/*
 * The number of the newest; targets not NULL: that was given these targets (the same words); before not 0: of those
 * with a smaller number. -ENOENT: there is none.
 */
int dw_store_scan_newest(struct dw_store *s, const char *targets, int64_t before, int64_t *ret,
			 struct dw_error *e);
/* With its hosts; addresses not NULL: with those of these n (each once) alone. -ENOENT: there is none of that
   number. */
int dw_store_scan_load(struct dw_store *s, int64_t id, const struct dw_address *addresses, size_t n,
		       struct dw_arena *a, struct dw_scan *ret, struct dw_error *e);
/* Numbers of the scans that have the address, the newest first; at most max. */
int dw_store_scans_of(struct dw_store *s, const struct dw_address *address, size_t max,
		      struct dw_arena *a, int64_t **ret, size_t *ret_n, struct dw_error *e);

#endif
