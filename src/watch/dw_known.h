/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The doors that are known, and which of what is seen is news. Pure: whoever calls says what time it is (milliseconds
 * of any clock that nobody sets).
 */
#ifndef DW_KNOWN_H
#define DW_KNOWN_H

#include <stdbool.h>
#include <stdint.h>

#include "dw_arena.h"
#include "dw_endpoint.h"

/* A service that restarts closes its doors and opens them again: so long a closed door is not told. */
#define DW_KNOWN_HOLD_MS 5000
/* A door that opens and shuts again and again is told once in that time. */
#define DW_KNOWN_AGAIN_MS (600 * 1000)
/* A program's ports of its own choice are known for so long after the last one. */
#define DW_KNOWN_EPHEMERAL_MS (24 * 3600 * 1000ULL)
#define DW_KNOWN_MAX          200000

enum dw_news_kind {
	DW_NEWS_NONE = 0,
	DW_NEWS_OPENED,
	DW_NEWS_CHANGED, /* the place is known: another program or starter is behind it */
	DW_NEWS_MOVED,   /* the same program and starter, which just shut another port */
	DW_NEWS_SHUT,
	DW_NEWS_FLEETING, /* it was gone before anybody could look */
	DW_NEWS_LOST,     /* news that could not be told */
	DW_NEWS_KINDS
};
const char *dw_news_kind_name(enum dw_news_kind k); /* "opened", "changed" ... */

struct dw_known_door {
	const char *key, *place;   /* dw_door_key(), dw_door_place() */
	const char *holder;        /* the key without its place */
	const char *summary;       /* one line for people */
	const char *json;          /* the door as an object */
	const char *comm, *cgroup; /* of who holds it; NULL: not known */
	struct dw_endpoint at;     /* ifname NULL */
	bool socket;               /* there is a socket behind it: an event can tell that it shut */
	bool ephemeral;
	uint64_t since, seen; /* seconds since the epoch */
};

struct dw_known;

struct dw_known *dw_known_new(void);
void dw_known_free(struct dw_known *k); /* NULL allowed */
size_t dw_known_count(const struct dw_known *k);
/* NULL: not known. Valid until that door is changed or removed. */
const struct dw_known_door *dw_known_find(const struct dw_known *k, const char *key);
/* Puts it in without a word: what a store tells of the time before. Copied. */
void dw_known_load(struct dw_known *k, const struct dw_known_door *d);

/*
 * A door is open. What is told of it is kept (copied) from now on. *ret_was: what is not there any more because of it
 * (CHANGED: taken out of the set; MOVED: still in it, and not told when it shuts), copied into the arena; else NULL.
 */
enum dw_news_kind dw_known_opened(struct dw_known *k, const struct dw_known_door *d, uint64_t now,
				  struct dw_arena *a, const struct dw_known_door **ret_was);
/*
 * A door was open, and is not any more: nothing to look at. *ret_times: how often since it was told last, this time
 * too. NONE: told a short while ago, or known and open.
 */
enum dw_news_kind dw_known_fleeting(struct dw_known *k, const char *key, uint64_t now,
				    unsigned *ret_times);
/*
 * A door was open, and nobody saw its program: the event told the name of its process and where it ran. Is a door known
 * at that place of which both are the same? Then it was a restart of that one that came to nothing.
 */
bool dw_known_is_like(const struct dw_known *k, const struct dw_known_door *d);
/* Is any door known at that place, whoever holds it? */
bool dw_known_is_there(const struct dw_known *k, const struct dw_known_door *d);
/* Somebody shut a socket there: what is known at that place is looked at when the time for it has come. */
void dw_known_closing(struct dw_known *k, const struct dw_endpoint *at, uint64_t now);
/* When the next one is to be looked at; UINT64_MAX: none. */
uint64_t dw_known_next(const struct dw_known *k);
/* One that is to be looked at now; NULL: no more. It is handed out once: then dw_known_shut() or dw_known_stays(). */
const struct dw_known_door *dw_known_due(struct dw_known *k, uint64_t now);
/* It is gone: takes it out, and copies it into the arena. NULL: that is no news (it moved, or is ephemeral). */
const struct dw_known_door *dw_known_shut(struct dw_known *k, const char *key, uint64_t now,
					  struct dw_arena *a);
void dw_known_stays(struct dw_known *k, const char *key);

/*
 * A whole look: begin, mark for each door that there is, then dw_known_opened() for each, end: what was not among them
 * is closing.
 */
void dw_known_begin(struct dw_known *k);
void dw_known_mark(struct dw_known *k, const char *key);
void dw_known_end(struct dw_known *k, uint64_t now);

/* How many ports of that holder (UDP, of its own choice) are known in that namespace. */
unsigned dw_known_ports(const struct dw_known *k, uint32_t netns, const char *holder);

void dw_known_each(const struct dw_known *k, void (*fn)(void *data, const struct dw_known_door *d),
		   void *data);

#endif
