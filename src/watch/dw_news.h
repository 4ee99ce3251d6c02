/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One piece of news, and its forms: a line for people, a JSON object, variables for a command. Pure. */
#ifndef DW_NEWS_H
#define DW_NEWS_H

#include "dw_json.h"
#include "dw_known.h"
#include "dw_vec.h"

/* What --exec's command, the journal and a webhook tell the pieces of news apart by. */
#define DW_NEWS_MESSAGE_ID "6f1d1f8ad0b14d7d9c6b1c6e0c5f3a27"

struct dw_news {
	int64_t id;    /* 0: has none */
	uint64_t time; /* seconds since the epoch */
	enum dw_news_kind kind;
	const char *host;
	const struct dw_known_door *door; /* NULL: LOST */
	const struct dw_known_door *was;  /* CHANGED, MOVED: what was there; else NULL */
	const char *verdict;              /* of the door; NULL: it is shut */
	const char *reason;               /* the first one's text; NULL */
	bool away;                        /* it came about while nobody watched */
	unsigned times;                   /* FLEETING: since it was told last */
	uint64_t lost;                    /* LOST: how many */
};

/* Compact, one line, without a newline; in the arena. */
const char *dw_news_json(struct dw_arena *a, const struct dw_news *n);
/* "opened: 0.0.0.0:4444/tcp nc ... - why", fit for a terminal; in the arena. */
const char *dw_news_line(struct dw_arena *a, const struct dw_news *n);
/* A loss as it is told in place of the news that were dropped. */
const char *dw_news_lost_json(struct dw_arena *a, int64_t id, uint64_t time, const char *host,
			      uint64_t lost);
const char *dw_news_lost_line(struct dw_arena *a, uint64_t lost);

#endif
