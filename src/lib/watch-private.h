/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The watch while it runs; private to src/lib. */
#ifndef DW_LIB_WATCH_PRIVATE_H
#define DW_LIB_WATCH_PRIVATE_H

#include <pthread.h>

#include "audit-private.h"
#include "doorward/watch.h"
#include "dw_client.h"
#include "dw_due.h"
#include "dw_kin.h"
#include "dw_known.h"
#include "dw_latency.h"
#include "dw_news.h"
#include "dw_store_watch.h"
#include "dw_teller.h"
#include "dw_watch.h"
#include "dw_wait.h"
#include "dw_watch_state.h"
#include "facade-private.h"

#define DW_WATCH_WHOLE_US 100000 /* who holds a socket is found by a whole look, so much later */
#define DW_WATCH_BATCH    64     /* sockets that are looked at in one go */
#define DW_WATCH_SLICE    8      /* the same of what is not new, while something new may come in */

/* What a look needs and what hardly changes: kept between looks, made anew when its files change. */
struct watch_base;

/* A socket that is to be looked at. */
struct watch_item {
	struct dw_due_head head; /* microseconds */
	struct dw_hint hint;
	uint64_t time_us; /* of the event; 0: none told of it */
	uint64_t cgroup;
	uint32_t low_flags; /* DW_BPF_WATCH_F_* */
	unsigned tries;     /* it was not found so often */
	bool waited;        /* it might have been a client's, and is still there */
	bool any;           /* ... whose port means nothing */
	bool again;         /* it was told: does the same program hold it still? */
	bool closed;        /* it is shut: what the event told is all there is */
	bool unheld;        /* it is there, and who holds it is for a whole look to find */
	char comm[17];
};

struct watching;

/* A sink that is told at once, by this thread. */
struct watch_sink {
	const char *name;
	int (*tell)(struct watching *w, const struct dw_watch_news *n, struct dw_error *e);
	/* whether it got that before we began; NULL: it cannot say, or was asked enough */
	bool (*has)(struct watching *w, const struct dw_watch_news *n);
	bool failing;
	uint64_t again_us; /* failing: tried again then */
	int64_t got;       /* every piece up to this was told; */
	uint64_t got_lost; /* > 0: the last was a loss of so many */
	bool unnoted;      /* that does not stand in the store yet */
	uint64_t told, failures;
	char words[256];
};

/* What has to be written down of a piece of news, until it is. */
struct watch_unsaved {
	struct dw_watch_news news; /* id 0: none */
	struct dw_watch_known keep;
	const char *forget;
	struct dw_arena *own;
	struct watch_unsaved *next;
};

enum { WATCH_SINKS = 3 };

/* A door that others are judged by. */
struct watch_beside {
	const struct dw_service *service;
	const struct dw_door *door; /* of the context */
};
enum { WATCH_BESIDE = 256 };

struct watching {
	struct doorward *d;
	struct doorward_watch_options o;
	struct dw_arena *arena;
	struct dw_sys *sys;
	const char *host, *state;

	struct watch_base *base;
	struct dw_audit *context; /* the last whole look */
	struct watch_beside beside[WATCH_BESIDE];
	size_t n_beside;
	struct watch_whole *whole; /* the one that is under way; NULL */
	int bell;                  /* rings when it is done */
	uint32_t port_low, port_high;

	struct dw_watch *kernel; /* NULL: polling */
	const char *why;         /* polling: why */
	bool polls;              /* something is polled */
	unsigned poll_ms;
	struct watch_polled *polled;
	struct watch_usage *usage; /* NULL: nothing is counted */
	bool changed;              /* doors came since the last whole look */

	struct dw_watch_store *store;
	pthread_mutex_t gate; /* held by who writes to it: the loop, or who begins its log anew */
	struct dw_known *known;
	struct dw_kin *kin;
	struct dw_due *due,
		*later; /* later: told, and to be looked at again when nothing new waits */
	int64_t next_id;
	struct watch_unsaved *unsaved, **unsaved_end;
	size_t n_unsaved;
	struct watch_unkept *unkept; /* doors whose pieces are among those that were lost */
	uint64_t lost_unsaved;       /* news that neither disk nor memory had room for */
	uint64_t busy_us;   /* since then another one writes, and ours wait; 0: none does */
	unsigned droppable; /* pieces that all have, so many about */
	unsigned unsettled; /* pieces that were written since the log was taken in */
	uint64_t note_at;   /* where sinks are could not be written down: tried again then */
	char disk[256];     /* why the disk takes nothing; "": it does */
	struct watch_sink sinks[WATCH_SINKS];
	size_t n_sinks;
	struct dw_teller *exec, *webhook;
	struct watch_enforcer *enforcer;

	bool first;  /* nothing was known before: nothing is news */
	bool away;   /* the first look: what is news came about while nobody watched */
	bool ended;  /* nobody listens any more */
	bool at_end; /* the loop is over: now it may wait */

	/* microseconds; 0: not wanted */
	uint64_t look_at;   /* a whole look is wanted then */
	uint64_t looked_at; /* the last one */
	uint64_t save_at, poll_at, state_at, watchdog_at;
	uint64_t shut_at; /* what shut is not looked for before then */
	uint64_t watchdog_us;
	uint64_t lost_said; /* lost events that were said */
	char lost_of[17];   /* name of the process whose event was dropped last; "": none was */

	struct dw_watch_state s; /* numbers */
	struct dw_latency latency;
	char last[256];
};

/* --- watch-base.c: what is kept ------------------------------------------------------------------- */

/* Loads it, or loads it anew where its files changed; what cannot be loaded leaves the old one. */
int dw_watch_base_fresh(struct watching *w, struct dw_error *e);
void dw_watch_base_free(struct watch_base *b); /* NULL allowed */
/* Fills in starters and packages of a->facts. */
void dw_watch_base_claim(struct watch_base *b, struct auditing *a);
const struct dw_policy *dw_watch_base_policy(const struct watch_base *b);
const struct dw_knowledge *dw_watch_base_knowledge(const struct watch_base *b);
const struct dw_knowledge_index *dw_watch_base_index(const struct watch_base *b);

/* --- watch-event.c ---------------------------------------------------------------------------------- */

void dw_watch_event(struct watching *w, const struct dw_bpf_watch *v);
/* Puts it into the queue; full: some of who has most there are lost, and a whole look is asked for. */
void dw_watch_put(struct watching *w, struct watch_item *i);
/* The queue drops that one: whose it was is said with the loss. */
void dw_watch_dropped(void *watching, const void *item);

/* --- watch-look.c: from events to doors ----------------------------------------------------------- */

/* Looks at what is due. */
void dw_watch_look_due(struct watching *w);
/* A look of its own, that knows the namespaces of the last whole one; begun: microseconds. */
void dw_watch_look_open(struct watching *w, struct auditing *ret);
void dw_watch_look_close(struct watching *w, struct auditing *a, uint64_t begun);
/* --- watch-shut.c ----------------------------------------------------------------------------------- */

/* Looks whether what closed some seconds ago is shut. */
void dw_watch_look_shut(struct watching *w);

/* --- watch-whole.c: everything -------------------------------------------------------------------- */

/* Here and now. */
int dw_watch_look_whole(struct watching *w, struct dw_error *e);
/* Begins one in a thread of its own, so that events do not wait for it; its bell rings when it is done. */
void dw_watch_whole_begin(struct watching *w);
/* The bell rang: takes what it saw, if it is done and nobody looks at the one before. */
void dw_watch_whole_take(struct watching *w);
/* Waits for one that is under way. */
void dw_watch_whole_end(struct watching *w);
/* Asks for one, not before the last one is some while ago. */
void dw_watch_want_whole(struct watching *w, uint64_t in_us);
/* Sockets of all namespaces, without holders: a whole look is asked for where they differ. */
void dw_watch_poll(struct watching *w);
void dw_watch_polled_free(struct watch_polled *p); /* NULL allowed */

/* --- watch-door.c: what is said of a door --------------------------------------------------------- */

struct watch_told {
	struct dw_known_door known;
	const char *verdict, *reason;
	const char *program; /* NULL: nobody saw it */
	bool enforce;        /* the policy says that it is to be closed */
	bool taken;          /* into what is known, by this look */
};
/* All in the arena. */
void dw_watch_door(struct watching *w, const struct dw_finding *f, bool ephemeral,
		   struct dw_arena *a, struct watch_told *ret);
/* Is its port one that means nothing? item NULL: it was found, no event told of it. */
bool dw_watch_is_ephemeral(const struct watching *w, const struct dw_finding *f,
			   const struct watch_item *item);
enum dw_client_answer dw_watch_client(const struct watching *w, const struct dw_socket_fact *s,
				      const struct watch_item *item, uint64_t *ret_ms);

/* --- watch-tell.c: news to sinks ------------------------------------------------------------------ */

int dw_watch_sinks_open(struct watching *w, struct dw_error *e);
void dw_watch_sinks_close(struct watching *w);
/* Takes a piece of news (NULL: none), what is known from now on and what is not any more (each NULL). */
void dw_watch_tell(struct watching *w, const struct dw_news *n, const struct dw_known_door *keep,
		   const char *forget);
/* Writes down what was taken, and tells it. Behind every batch. */
void dw_watch_flush(struct watching *w);
/* The same at the end, when there is time to wait for who else writes. */
void dw_watch_flush_last(struct watching *w);
/* Tries again what a sink did not take. */
void dw_watch_retry(struct watching *w);
/* As the store takes it. Not copied. */
struct dw_watch_known dw_watch_kept(const struct dw_known_door *d);

/* --- watch-unkept.c: doors whose pieces were lost --------------------------------------------------- */

void dw_watch_unkept_add(struct watching *w, const char *key);
/* Writes down what is known of them now. */
int dw_watch_unkept_save(struct watching *w, struct dw_error *e);
void dw_watch_unkept_free(struct watching *w);

/* --- watch-sink.c: who is told at once ------------------------------------------------------------- */

int dw_watch_tell_caller(struct watching *w, const struct dw_watch_news *n, struct dw_error *e);
/* It got that before we began. */
bool dw_watch_caller_has(struct watching *w, const struct dw_watch_news *n);
int dw_watch_tell_journal(struct watching *w, const struct dw_watch_news *n, struct dw_error *e);
bool dw_watch_journal_has(struct watching *w, const struct dw_watch_news *n);
int dw_watch_tell_syslog(struct watching *w, const struct dw_watch_news *n, struct dw_error *e);

/* --- watch-usage.c: how doors are used ------------------------------------------------------------ */

void dw_watch_usage_start(struct watching *w);
/* When the next turn is, microseconds; 0: never. */
uint64_t dw_watch_usage_next(const struct watching *w);
void dw_watch_usage_turn(struct watching *w);
/* False: its thread is at work, and looks at the context. */
bool dw_watch_usage_is_done(struct watching *w);
void dw_watch_usage_end(struct watching *w);

/* --- watch-state.c, watch-enforce.c ---------------------------------------------------------------- */

void dw_watch_state_write(struct watching *w, bool ended);
int dw_watch_enforcer_start(struct watching *w, struct dw_error *e);
/* address:port/protocol as `close` takes it. Copied. */
void dw_watch_enforce(struct watching *w, const char *door);
uint64_t dw_watch_enforced(const struct watching *w);
void dw_watch_enforcer_stop(struct watching *w);

void dw_watch_notice(const struct watching *w, const char *fmt, ...) dw_printf_like(2, 3);
static inline uint64_t dw_watch_now(const struct watching *w)
{
	return dw_sys_clock_us(w->sys);
}

#endif
