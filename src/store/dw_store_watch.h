/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the watch knows and has to tell, in a file of its own beside the journal (watch.db; WAL, synchronous=NORMAL:
 * what was committed outlives the death of the daemon, and all but the last moments a power cut). Doors that are known,
 * news that are not told by every sink yet, and how far each sink is.
 */
#ifndef DW_STORE_WATCH_H
#define DW_STORE_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "dw_arena.h"
#include "dw_error.h"

#define DW_WATCH_NEWS_MAX                                                                          \
	20000 /* news that wait for a sink; the oldest are dropped, and that is told */
#define DW_WATCH_KNOWN_MAX 200000
#define DW_WATCH_DROP_MAX  32 /* rows in one go: less than a millisecond */

struct dw_watch_store;

struct dw_watch_known {
	const char *key;     /* dw_door_key() */
	const char *place;   /* dw_door_place() */
	const char *summary; /* one line for people */
	const char *door;    /* JSON object, as in the audit's document */
	uint64_t since;      /* seconds since the epoch: known from then on */
	uint64_t seen;       /* when it was open last */
	bool ephemeral;      /* its port is another one each time */
};

struct dw_watch_news {
	int64_t id;          /* ascending, never used again */
	uint64_t time;       /* seconds since the epoch */
	const char *event;   /* stable word */
	const char *summary; /* one line */
	const char *json;    /* the whole object */
	uint64_t lost;       /* > 0: no news, but so many before it were dropped untold */
};

struct dw_watch_sink {
	const char *name; /* "webhook https://..." */
	int64_t told;     /* every one up to this was told */
	uint64_t waiting; /* news behind it */
	uint64_t lost;    /* dropped since the last that was told */
};

/* create false and none there: -ENOENT. -EBADMSG: damaged: the caller may move it aside. */
int dw_watch_store_open(const char *directory, bool create, struct dw_watch_store **ret,
			struct dw_error *e);
void dw_watch_store_free(struct dw_watch_store *s); /* NULL allowed */
/* Renames what is damaged to watch.db.bad, so that a new one can be made. */
int dw_watch_store_set_aside(const char *directory, struct dw_error *e);
/* One watch at a time in a directory: -EBUSY. Given back with the store. */
int dw_watch_store_lock(struct dw_watch_store *s, struct dw_error *e);
/* 1: somebody holds that lock now. */
int dw_watch_store_is_locked(const char *directory);

/* false: nothing was ever kept here, so all that is open is no news. */
int dw_watch_store_is_used(struct dw_watch_store *s, bool *ret, struct dw_error *e);
/* From now on it is used. */
int dw_watch_store_use(struct dw_watch_store *s, uint64_t now, struct dw_error *e);
int dw_watch_store_known(struct dw_watch_store *s, struct dw_arena *a, struct dw_watch_known **ret,
			 size_t *ret_n, struct dw_error *e);
/* The number that the next news gets. */
int dw_watch_store_next_id(struct dw_watch_store *s, int64_t *ret, struct dw_error *e);

/* What belongs together is written between these two: all of it or nothing. r: as dw_store_end(). */
int dw_watch_store_begin(struct dw_watch_store *s, struct dw_error *e);
int dw_watch_store_end(struct dw_watch_store *s, int r, struct dw_error *e);
int dw_watch_store_keep(struct dw_watch_store *s, const struct dw_watch_known *k,
			struct dw_error *e);
int dw_watch_store_forget(struct dw_watch_store *s, const char *key, struct dw_error *e);
/* There already: nothing is done. */
int dw_watch_store_add(struct dw_watch_store *s, const struct dw_watch_news *n, struct dw_error *e);

/*
 * The sinks that there are from now on: what was kept for others is forgotten, a new one begins with the next news.
 */
int dw_watch_store_sinks(struct dw_watch_store *s, const char *const *names, size_t n,
			 struct dw_error *e);
/* 1: the oldest that the sink has not told; 0: none. A loss comes first, and has lost set. */
int dw_watch_store_next(struct dw_watch_store *s, const char *sink, struct dw_arena *a,
			struct dw_watch_news *ret, struct dw_error *e);
/* The sink has told it (and all before). */
int dw_watch_store_told(struct dw_watch_store *s, const char *sink, int64_t id, struct dw_error *e);
/* The same of a loss of n: what was lost meanwhile stays. */
int dw_watch_store_told_lost(struct dw_watch_store *s, const char *sink, int64_t id, uint64_t n,
			     struct dw_error *e);
/* n news that could not even be written are lost for all sinks. */
int dw_watch_store_lost(struct dw_watch_store *s, uint64_t n, struct dw_error *e);
/* The oldest beyond max are lost for those whom they were not told: how many. What every sink has is not touched. */
int dw_watch_store_trim(struct dw_watch_store *s, size_t max, uint64_t *ret_dropped,
			struct dw_error *e);
/* Drops at most max of those that every sink has: whoever else writes waits no longer. *ret_n: how many. */
int dw_watch_store_drop(struct dw_watch_store *s, unsigned max, unsigned *ret_n,
			struct dw_error *e);
struct dw_watch_log {
	int64_t pages; /* of 4 KiB and a little: how long it is */
	int64_t left;  /* those that the file does not have yet */
};
/*
 * Takes the log into the file while others go on writing: where they do, something is always left, and the log grows.
 * Waits for the disk, and nobody waits for it.
 */
int dw_watch_store_take_in(struct dw_watch_store *s, struct dw_watch_log *ret, struct dw_error *e);
/* Takes in what is left, and begins the log anew, by some syncs; who has news to tell is not to write meanwhile. */
int dw_watch_store_settle(struct dw_watch_store *s, struct dw_error *e);
/* How long a call waits while another one writes, before it says -EBUSY. */
void dw_watch_store_patience(struct dw_watch_store *s, int ms);
int dw_watch_store_state(struct dw_watch_store *s, struct dw_arena *a, struct dw_watch_sink **ret,
			 size_t *ret_n, struct dw_error *e);

/* Tests: as dw_store_fail_at(), dw_store_calls(). */
void dw_watch_store_fail_at(struct dw_watch_store *s, unsigned n, int code);
unsigned dw_watch_store_calls(const struct dw_watch_store *s);
/* Before each call that may fail: a test that dies between two of them. */
void dw_watch_store_on_call(struct dw_watch_store *s, void (*fn)(void *data, unsigned n),
			    void *data);

#endif
