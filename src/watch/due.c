/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A binary heap of those whose time is to come, turns for those whose has (due-turn.c), and a table of cookies beside
 * both. Two of one cookie (looked at again) may wait at once.
 */
#include "dw_due.h"

#include <uthash.h>

#include "due-turn.h"
#include "dw_arena.h"
#include "dw_macros.h"

struct known {
	uint64_t cookie;
	struct dw_due_head *item;
	UT_hash_handle hh;
};

struct dw_due {
	struct dw_due_head **heap;
	size_t n, cap; /* of the heap */
	size_t n_all;
	uint64_t came; /* how many ever came */
	struct due_turns *turns;
	struct known *cookies;
	void (*dropped)(void *data, const void *item);
	void *data;
};

struct dw_due *dw_due_new(void (*dropped)(void *data, const void *item), void *data)
{
	struct dw_due *q = calloc(1, sizeof(*q));

	if (!q)
		dw_oom();
	q->turns = due_turns_new();
	q->dropped = dropped;
	q->data = data;
	return q;
}

static void set(struct dw_due *q, size_t i, struct dw_due_head *item)
{
	q->heap[i] = item;
	item->place = i;
}

/* Many of one moment stay as they came. */
static bool is_before(const struct dw_due_head *a, const struct dw_due_head *b)
{
	return a->due != b->due ? a->due < b->due : a->came < b->came;
}

static void rise(struct dw_due *q, size_t i)
{
	struct dw_due_head *item = q->heap[i];

	for (; i > 0 && is_before(item, q->heap[(i - 1) / 2]); i = (i - 1) / 2)
		set(q, i, q->heap[(i - 1) / 2]);
	set(q, i, item);
}

static void sink(struct dw_due *q, size_t i)
{
	struct dw_due_head *item = q->heap[i];
	size_t child;

	for (; (child = 2 * i + 1) < q->n; i = child) {
		if (child + 1 < q->n && is_before(q->heap[child + 1], q->heap[child]))
			child++;
		if (!is_before(q->heap[child], item))
			break;
		set(q, i, q->heap[child]);
	}
	set(q, i, item);
}

static void learn(struct dw_due *q, struct dw_due_head *item)
{
	struct known *k;

	if (!item->cookie)
		return;
	HASH_FIND(hh, q->cookies, &item->cookie, sizeof(item->cookie), k);
	if (!k) {
		k = calloc(1, sizeof(*k));
		if (!k)
			dw_oom();
		k->cookie = item->cookie;
		HASH_ADD(hh, q->cookies, cookie, sizeof(k->cookie), k);
	}
	k->item = item;
}

static void unlearn(struct dw_due *q, const struct dw_due_head *item)
{
	struct known *k;

	HASH_FIND(hh, q->cookies, &item->cookie, sizeof(item->cookie), k);
	if (!k || k->item != item)
		return;
	HASH_DEL(q->cookies, k);
	free(k);
}

static void leave_heap(struct dw_due *q, struct dw_due_head *item)
{
	struct dw_due_head *last = q->heap[--q->n];
	size_t i = item->place;

	if (item == last)
		return;
	set(q, i, last);
	rise(q, i);
	sink(q, last->place);
}

static void *take(struct dw_due *q, struct dw_due_head *item)
{
	if (!due_turns_is_ripe(item))
		leave_heap(q, item);
	due_turns_remove(q->turns, item);
	unlearn(q, item);
	q->n_all--;
	return item;
}

static void drop(void *data, struct dw_due_head *item)
{
	struct dw_due *q = data;

	if (q->dropped)
		q->dropped(q->data, item);
	free(take(q, item));
}

static void join_heap(struct dw_due *q, struct dw_due_head *item)
{
	if (q->n == q->cap) {
		q->cap = q->cap ? q->cap * 2 : 64;
		q->heap = realloc(q->heap, q->cap * sizeof(struct dw_due_head *));
		if (!q->heap)
			dw_oom();
	}
	item->came = q->came++;
	set(q, q->n++, item);
	rise(q, item->place);
}

size_t dw_due_put(struct dw_due *q, struct dw_due_head *item)
{
	join_heap(q, item);
	due_turns_add(q->turns, item);
	learn(q, item);
	if (++q->n_all <= DW_DUE_MAX)
		return 0;
	return due_turns_shed(q->turns, DW_DUE_SHED, drop, q);
}

static void ripen(struct dw_due *q, uint64_t now)
{
	while (q->n > 0 && q->heap[0]->due <= now) {
		struct dw_due_head *item = q->heap[0];

		leave_heap(q, item);
		due_turns_ripen(item);
	}
}

void *dw_due_take(struct dw_due *q, uint64_t now)
{
	struct dw_due_head *item;

	ripen(q, now);
	item = due_turns_peek(q->turns);
	if (!item)
		return NULL;
	due_turns_pass(q->turns);
	return take(q, item);
}

void *dw_due_take_cookie(struct dw_due *q, uint64_t cookie)
{
	struct known *k;

	HASH_FIND(hh, q->cookies, &cookie, sizeof(cookie), k);
	return k ? take(q, k->item) : NULL;
}

uint64_t dw_due_next(const struct dw_due *q)
{
	const struct dw_due_head *ripe = due_turns_peek(q->turns);
	uint64_t waits = q->n > 0 ? q->heap[0]->due : UINT64_MAX;

	return ripe ? DW_MIN(ripe->due, waits) : waits;
}

size_t dw_due_count(const struct dw_due *q)
{
	return q->n_all;
}

void dw_due_free(struct dw_due *q)
{
	if (!q)
		return;
	/* what lies in the heap is known to the turns as well; and this is no loss */
	q->dropped = NULL;
	while (q->n_all > 0)
		(void)due_turns_shed(q->turns, q->n_all, drop, q);
	due_turns_free(q->turns);
	free(q->heap);
	free(q);
}
