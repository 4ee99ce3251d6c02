/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How doors were used, by the hour, in a file of its own beside the journal (usage.db): it is written often, may be
 * lost without harm, and must never hold up a close. WAL, synchronous=NORMAL. Bounded: hours older than DW_USAGE_HOURS
 * are folded into days, days older than DW_USAGE_DAYS are dropped (first and last use are kept for as long as the
 * door is known).
 */
#ifndef DW_STORE_USAGE_H
#define DW_STORE_USAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "dw_arena.h"
#include "dw_error.h"

#define DW_USAGE_HOURS     (24 * 14)
#define DW_USAGE_DAYS      400
#define DW_USAGE_DOORS_MAX 20000
#define DW_USAGE_ROWS_MAX  1000000 /* hours and days of all doors together: about 100 MB */

#define DW_USAGE_NAME "usage.db"

struct dw_usage_store;

/* What one door saw in one hour (or day), or in all. */
struct dw_usage_counts {
	uint64_t accepted, refused, datagrams, bytes, local;
	uint64_t sketch[2]; /* of peers: linear counting in 128 bits */
};

struct dw_usage_row {
	const char *key; /* dw_door_key() */
	uint64_t time;   /* begin of the hour, seconds since the epoch */
	uint32_t span;   /* seconds: 3600 (0 counts as that), or 86400 of hours that were folded */
	struct dw_usage_counts counts;
	uint64_t first, last; /* use, seconds since the epoch; 0: none */
	const char *peer;     /* the last one, numeric; NULL */
	bool fresh;           /* adding: its door was not watched from..until, only from now on */
};

/* A door for as long as it was looked at. */
struct dw_usage_door {
	const char *key;
	uint64_t since, until; /* it was counted from then to then, seconds since the epoch */
	uint64_t counted;      /* seconds between them in which the daemon really ran */
	uint64_t first, last;  /* use; 0: never while we looked */
	const char *peer;
	struct dw_usage_counts total;
};

/* create false and none there: -ENOENT. -EBADMSG: damaged; the caller may move it aside and begin anew. */
int dw_usage_store_open(const char *directory, bool create, struct dw_usage_store **ret,
			struct dw_error *e);
/*
 * As dw_usage_store_open() with create, and a damaged file is moved aside (usage.db.damaged; the one before it goes):
 * *ret_moved says so.
 */
int dw_usage_store_open_anew(const char *directory, struct dw_usage_store **ret, bool *ret_moved,
			     struct dw_error *e);
/*
 * One transaction: adds counts to the hours they belong to, and tells that these doors were counted from..until.
 * Rows of one door stand together. A row without counts: the door was looked at, and not used. until is now by the
 * host's clock; what is stored of a later time (the clock was set back) is brought down to it, and never counts as
 * more than it was.
 */
int dw_usage_store_add(struct dw_usage_store *s, const struct dw_usage_row *v, size_t n,
		       uint64_t from, uint64_t until, struct dw_error *e);
int dw_usage_store_doors(struct dw_usage_store *s, struct dw_arena *a, struct dw_usage_door **ret,
			 size_t *ret_n, struct dw_error *e);
/* The hours of one door, oldest first; from: seconds since the epoch. */
int dw_usage_store_hours(struct dw_usage_store *s, const char *key, uint64_t from,
			 struct dw_arena *a, struct dw_usage_row **ret, size_t *ret_n,
			 struct dw_error *e);
/*
 * Folds and drops what is old. After a leap of the clock of more than DW_USAGE_LEAP seconds nothing is dropped for a
 * day: a clock that is wrong for a while must not cost what was counted.
 */
#define DW_USAGE_LEAP ((uint64_t)32 * 86400)
int dw_usage_store_tidy(struct dw_usage_store *s, uint64_t now, struct dw_error *e);
void dw_usage_store_free(struct dw_usage_store *s); /* NULL allowed */
static inline void dw_cleanup_usage_store(struct dw_usage_store **s)
{
	dw_usage_store_free(*s);
}

/* How many different peers the sketch stands for (linear counting); 128 bits tell up to some hundreds. */
unsigned dw_usage_peers(const struct dw_usage_counts *c);

/* Tests: as dw_store_fail_at() and dw_store_calls(). */
void dw_usage_store_fail_at(struct dw_usage_store *s, unsigned n, int code);
unsigned dw_usage_store_calls(const struct dw_usage_store *s);

#endif
