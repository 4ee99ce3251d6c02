/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A binary heap, and a table of cookies beside it. Two of one cookie (looked at again) may wait at once. */
#include "dw_due.h"

#include <errno.h>
#include <uthash.h>

#include "dw_arena.h"

struct known {
	uint64_t cookie;
	struct dw_due_head *item;
	UT_hash_handle hh;
};

struct dw_due {
	struct dw_due_head **heap;
	size_t n, cap;
	struct known *cookies;
};

struct dw_due *dw_due_new(void)
{
	struct dw_due *q = calloc(1, sizeof(*q));

	if (!q)
		dw_oom();
	return q;
}

static void set(struct dw_due *q, size_t i, struct dw_due_head *item)
{
	q->heap[i] = item;
	item->place = i;
}

static void rise(struct dw_due *q, size_t i)
{
	struct dw_due_head *item = q->heap[i];

	for (; i > 0 && q->heap[(i - 1) / 2]->due > item->due; i = (i - 1) / 2)
		set(q, i, q->heap[(i - 1) / 2]);
	set(q, i, item);
}

static void sink(struct dw_due *q, size_t i)
{
	struct dw_due_head *item = q->heap[i];
	size_t child;

	for (; (child = 2 * i + 1) < q->n; i = child) {
		if (child + 1 < q->n && q->heap[child + 1]->due < q->heap[child]->due)
			child++;
		if (q->heap[child]->due >= item->due)
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

static void *take(struct dw_due *q, size_t i)
{
	struct dw_due_head *item = q->heap[i], *last = q->heap[--q->n];

	if (item != last) {
		set(q, i, last);
		rise(q, i);
		sink(q, last->place);
	}
	unlearn(q, item);
	return item;
}

int dw_due_put(struct dw_due *q, struct dw_due_head *item)
{
	if (q->n >= DW_DUE_MAX) {
		free(item);
		return -ENOBUFS;
	}
	if (q->n == q->cap) {
		q->cap = q->cap ? q->cap * 2 : 64;
		q->heap = realloc(q->heap, q->cap * sizeof(struct dw_due_head *));
		if (!q->heap)
			dw_oom();
	}
	set(q, q->n++, item);
	rise(q, item->place);
	learn(q, item);
	return 0;
}

void *dw_due_take(struct dw_due *q, uint64_t now)
{
	return q->n > 0 && q->heap[0]->due <= now ? take(q, 0) : NULL;
}

void *dw_due_take_cookie(struct dw_due *q, uint64_t cookie)
{
	struct known *k;

	HASH_FIND(hh, q->cookies, &cookie, sizeof(cookie), k);
	return k ? take(q, k->item->place) : NULL;
}

uint64_t dw_due_next(const struct dw_due *q)
{
	return q->n > 0 ? q->heap[0]->due : UINT64_MAX;
}

size_t dw_due_count(const struct dw_due *q)
{
	return q->n;
}

void dw_due_free(struct dw_due *q)
{
	struct known *k, *next;

	if (!q)
		return;
	HASH_ITER (hh, q->cookies, k, next) {
		HASH_DEL(q->cookies, k);
		free(k);
	}
	for (size_t i = 0; i < q->n; i++)
		free(q->heap[i]);
	free(q->heap);
	free(q);
}
