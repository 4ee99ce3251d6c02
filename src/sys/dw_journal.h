/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a unit wrote to the journal (sd_journal of libsystemd, opened when it is needed). */
#ifndef DW_JOURNAL_H
#define DW_JOURNAL_H

#include "dw_sys.h"

/*
 * The messages of the unit (and of systemd about it) since then (microseconds since the epoch), oldest first, at
 * most 1000 of them; raw bytes. -ENOENT: there is no journal, or no libsystemd; -ENOTSUP: nothing runs, or a host
 * is recorded.
 */
int dw_journal_read(struct dw_sys *s, const char *unit, uint64_t since, struct dw_arena *a,
		    struct dw_strings *ret, struct dw_error *e);

/*
 * Has it a message with all these fields ("NAME=value")? Those that were sent before are waited for. In journals of
 * this host that we may read; errors as dw_journal_read().
 */
int dw_journal_has(struct dw_sys *s, const char *const *fields, size_t n, bool *ret,
		   struct dw_error *e);

#endif
