/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The log of watch.db (its WAL) is taken into the file, and begun anew. */
#include "watch.h"

static int checkpoint(struct dw_watch_store *s, struct dw_watch_log *ret, struct dw_error *e)
{
	_cleanup_query_ struct query q = dw_query(s->store, "PRAGMA wal_checkpoint(PASSIVE)", e);
	int r = dw_query_step(&q);

	if (r < 0)
		return r;
	(void)dw_column_int(&q); /* 1: others use the file, and it could not be done whole */
	ret->pages = dw_column_int(&q);
	ret->left = ret->pages - dw_column_int(&q);
	return 0;
}

int dw_watch_store_take_in(struct dw_watch_store *s, struct dw_watch_log *ret, struct dw_error *e)
{
	enum { PASSES = 6, NEARLY = 64 };
	int r = 0;

	*ret = (struct dw_watch_log){ 0 };
	for (unsigned i = 0; r == 0 && i < PASSES && (i == 0 || ret->left > NEARLY); i++)
		r = checkpoint(s, ret, e);
	return r;
}

/*
 * Who writes first behind a checkpoint that took all of the log begins it anew, and syncs its header (walWriteFrames()
 * in SQLite's wal.c): that is done here, by a row that stays as it is, and not left to one who has news to tell.
 */
int dw_watch_store_settle(struct dw_watch_store *s, struct dw_error *e)
{
	struct dw_watch_log log;
	int r = checkpoint(s, &log, e);

	return r < 0 ? r : dw_store_exec(s->store, "UPDATE used SET since = since", e);
}
