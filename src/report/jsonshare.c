/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A long array written by two threads. Both take the next piece of it, write that into memory, and the first of them
 * puts the pieces that are done into the document, in their order: it is the same to the byte as one thread's. Only
 * so many pieces may wait, for the memory of a document must not grow with the host.
 */
#include <pthread.h>
#include <unistd.h>

#include "dw_macros.h"
#include "jsonwriter.h"

#define PIECE ((size_t)32)  /* members: 100 KB of doors */
#define SLOTS ((size_t)8)   /* pieces that may wait to be put in */
#define FEW   ((size_t)256) /* members that are not worth a thread */

struct slot {
	struct dw_json *j;
	bool done;
};

struct sharing {
	const struct dw_field *members;
	const char *first;
	size_t n, size;
	pthread_mutex_t lock; /* of all that follows */
	pthread_cond_t changed;
	size_t taken,
		put; /* pieces; the first that nobody has, the first that is not in the document */
	struct slot slots[SLOTS];
};

static size_t pieces_of(const struct sharing *s)
{
	return (s->n + PIECE - 1) / PIECE;
}

static void write_piece(struct sharing *s, struct writer *w, size_t piece)
{
	size_t end = DW_MIN((piece + 1) * PIECE, s->n);

	w->j = s->slots[piece % SLOTS].j;
	dw_json_empty_members(w->j);
	for (size_t i = piece * PIECE; i < end; i++)
		dw_write_item(w, s->members, s->first + i * s->size);
}

/* The lock is held. Takes the next piece, where there is a slot for it, and writes it. */
static bool do_next(struct sharing *s, struct writer *w)
{
	size_t piece = s->taken;

	if (piece == pieces_of(s) || piece == s->put + SLOTS)
		return false;
	s->taken++;
	(void)pthread_mutex_unlock(&s->lock);
	write_piece(s, w, piece);
	(void)pthread_mutex_lock(&s->lock);
	s->slots[piece % SLOTS].done = true;
	(void)pthread_cond_signal(&s->changed);
	return true;
}

static void *help(void *arg)
{
	struct sharing *s = arg;
	struct writer w = dw_writer_new(NULL, true);

	(void)pthread_mutex_lock(&s->lock);
	while (s->taken < pieces_of(s))
		if (!do_next(s, &w))
			(void)pthread_cond_wait(&s->changed, &s->lock);
	(void)pthread_mutex_unlock(&s->lock);
	dw_writer_free(&w);
	return NULL;
}

/* The lock is held. */
static bool put_next(struct sharing *s, struct dw_json *to)
{
	struct slot *slot = &s->slots[s->put % SLOTS];

	if (!slot->done)
		return false;
	(void)pthread_mutex_unlock(&s->lock);
	dw_json_put_members(to, slot->j);
	(void)pthread_mutex_lock(&s->lock);
	slot->done = false;
	s->put++;
	(void)pthread_cond_signal(&s->changed);
	return true;
}

static void write_all(struct sharing *s, struct writer *w)
{
	struct dw_json *to = w->j;

	(void)pthread_mutex_lock(&s->lock);
	while (s->put < pieces_of(s))
		if (!put_next(s, to) && !do_next(s, w))
			(void)pthread_cond_wait(&s->changed, &s->lock);
	(void)pthread_mutex_unlock(&s->lock);
	w->j = to;
}

bool dw_write_items_shared(struct writer *w, const struct dw_field *members, const void *first,
			   size_t n, size_t size)
{
	struct sharing s = { .members = members,
			     .first = first,
			     .n = n,
			     .size = size,
			     .lock = PTHREAD_MUTEX_INITIALIZER,
			     .changed = PTHREAD_COND_INITIALIZER };
	pthread_t helper;
	bool shared;

	if (n < FEW || sysconf(_SC_NPROCESSORS_ONLN) < 2)
		return false;
	for (size_t i = 0; i < SLOTS; i++)
		s.slots[i].j = dw_json_new_members();
	shared = pthread_create(&helper, NULL, help, &s) == 0;
	write_all(&s, w);
	if (shared)
		(void)pthread_join(helper, NULL);
	for (size_t i = 0; i < SLOTS; i++)
		dw_json_free_members(s.slots[i].j);
	return true;
}
