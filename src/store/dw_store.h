/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The journal: what was done to this host, in SQLite (WAL, synchronous=FULL: what a call has returned from is on the
 * disk), in a directory of mode 0700. One writer at a time: dw_store_lock().
 */
#ifndef DW_STORE_H
#define DW_STORE_H

#include "dw_error.h"
#include "dw_run.h"

#define DW_STORE_DIRECTORY "/var/lib/doorward"

struct dw_store;

/*
 * Opens the journal in that directory; create: makes both when they are not there (mode 0700; its parent must be).
 * -ENOENT: there is none, and create is false. -EACCES, -EROFS, -ENOSPC ...; -EBADMSG: it is damaged, or of a later
 * version. A directory that is not the user's own, or that others may write to, is refused (-EPERM).
 */
int dw_store_open(const char *directory, bool create, struct dw_store **ret, struct dw_error *e);
void dw_store_free(struct dw_store *s); /* gives the lock back; NULL allowed */
static inline void dw_cleanup_store(struct dw_store **s)
{
	dw_store_free(*s);
}

/*
 * Only one process changes the host at a time. -EBUSY: another does; the message says which (pid, command, since
 * when). The lock goes with the process, however it ends.
 */
int dw_store_lock(struct dw_store *s, const char *command, struct dw_error *e);

/* Stores a run with its steps (all PLANNED), doors and units; run->id is filled in. */
int dw_store_begin(struct dw_store *s, struct dw_run *run, struct dw_error *e);
int dw_store_step(struct dw_store *s, int64_t run, size_t step, enum dw_run_step_state state,
		  uint64_t time, const char *message, struct dw_error *e);
/* ended: 0 leaves it. */
int dw_store_run(struct dw_store *s, int64_t run, enum dw_run_state state, uint64_t ended,
		 const char *message, struct dw_error *e);
int dw_store_confirm(struct dw_store *s, int64_t run, uint64_t confirmed, struct dw_error *e);
/* What was saved of a process that was ended; a second one of the same names replaces the first. */
int dw_store_save(struct dw_store *s, int64_t run, const char *object, const char *name,
		  const void *bytes, size_t n, struct dw_error *e);

/* Without steps, doors and units; the newest first. All lies in the arena. */
int dw_store_runs(struct dw_store *s, struct dw_arena *a, struct dw_run **ret, size_t *ret_n,
		  struct dw_error *e);
/* One with all it has. -ENOENT: there is none of that number. */
int dw_store_load(struct dw_store *s, int64_t id, struct dw_arena *a, struct dw_run *ret,
		  struct dw_error *e);

struct dw_saved {
	const char *object, *name;
	size_t n;
};
int dw_store_saved(struct dw_store *s, int64_t run, struct dw_arena *a, struct dw_saved **ret,
		   size_t *ret_n, struct dw_error *e);
int dw_store_saved_read(struct dw_store *s, int64_t run, const char *object, const char *name,
			struct dw_arena *a, struct dw_bytes *ret, struct dw_error *e);

/* Tests: the n-th fallible call from now on (from 1) fails with -code; 0: off. */
void dw_store_fail_at(struct dw_store *s, unsigned n, int code);
unsigned dw_store_calls(const struct dw_store *s);
/* Tests: called before every commit, with the number of commits since this call. */
void dw_store_on_commit(struct dw_store *s, void (*fn)(void *data, unsigned n), void *data);

#endif
