/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tells the news to one who may be slow or away: a command or a webhook. A thread of its own with its own handles reads
 * what the store keeps for that sink, in order, and goes on to the next when one was told. Who fails is tried again,
 * ever later.
 */
#ifndef DW_TELLER_H
#define DW_TELLER_H

#include "dw_error.h"
#include "dw_store_watch.h"

struct dw_teller;

enum dw_teller_kind { DW_TELLER_EXEC = 0, DW_TELLER_WEBHOOK };

struct dw_teller_options {
	enum dw_teller_kind kind;
	const char *what;  /* absolute path of the command; URL */
	const char *name;  /* of the sink in the store */
	const char *state; /* directory of the store */
	const char *host;
	unsigned timeout_ms;
	uint64_t first_ms, max_ms; /* of the waits between attempts */
};

struct dw_teller_state {
	uint64_t told, failures; /* since the start */
	bool failing;            /* the last attempt failed */
	char words[256];         /* why */
};

/* -EINVAL, -ENOSYS, -ENOENT: what it names cannot be used. */
int dw_teller_start(const struct dw_teller_options *o, struct dw_teller **ret, struct dw_error *e);
/* There is something new in the store. */
void dw_teller_wake(struct dw_teller *t);
void dw_teller_look(struct dw_teller *t, struct dw_teller_state *ret);
/* Waits until the attempt that is under way is done (timeout_ms of the options). NULL allowed. */
void dw_teller_stop(struct dw_teller *t);

/* Variables for a command: DOORWARD_EVENT ... of a piece of news; ended with NULL, in the arena. */
const char *const *dw_teller_environment(struct dw_arena *a, const struct dw_watch_news *n);

#endif
