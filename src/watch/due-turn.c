/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A tree: groups, users in them, their names, processes of those, their items. Whoever has something ripe stands in the
 * ring of its parent, and the ring goes on by one each time. A node is there as long as it has items, so there are no
 * more of them than DW_DUE_LEVELS for each.
 */
#include "due-turn.h"

#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "dw_arena.h"
#include "dw_macros.h"

enum { PARENT = 0, WHOSE, ID };

struct list {
	struct dw_due_head *first, *last;
};

struct due_node {
	uint64_t id[ID]; /* the parent's address, and whose it is there */
	struct due_node *parent;
	size_t n, ripe;                   /* items below it */
	struct due_node *youngest;        /* of its kids */
	struct due_node *older, *younger; /* among the parent's */
	size_t n_kids;
	struct due_node *turn;        /* the ring of those with something ripe */
	struct due_node *prev, *next; /* in the parent's ring */
	struct list waiting, ready;   /* of a process */
	UT_hash_handle hh;
};

struct due_turns {
	struct due_node root, *nodes;
};

struct due_turns *due_turns_new(void)
{
	struct due_turns *t = calloc(1, sizeof(*t));

	if (!t)
		dw_oom();
	return t;
}

void due_turns_free(struct due_turns *t)
{
	struct due_node *n, *next;

	if (!t)
		return;
	HASH_ITER (hh, t->nodes, n, next) {
		HASH_DEL(t->nodes, n);
		free(n);
	}
	free(t);
}

static struct due_node *node_of(struct due_turns *t, struct due_node *parent, uint64_t whose)
{
	uint64_t id[ID] = { [PARENT] = (uintptr_t)parent, [WHOSE] = whose };
	struct due_node *n;

	/* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): all its bytes are set */
	HASH_FIND(hh, t->nodes, id, sizeof(id), n);
	if (n)
		return n;
	n = calloc(1, sizeof(*n));
	if (!n)
		dw_oom();
	memcpy(n->id, id, sizeof(id));
	n->parent = parent;
	HASH_ADD(hh, t->nodes, id, sizeof(n->id), n);
	n->older = parent->youngest;
	if (n->older)
		n->older->younger = n;
	parent->youngest = n;
	parent->n_kids++;
	return n;
}

static void append(struct list *l, struct dw_due_head *item)
{
	item->prev = l->last;
	item->next = NULL;
	if (l->last)
		l->last->next = item;
	else
		l->first = item;
	l->last = item;
}

static void cut(struct list *l, struct dw_due_head *item)
{
	if (item->prev)
		item->prev->next = item->next;
	else
		l->first = item->next;
	if (item->next)
		item->next->prev = item->prev;
	else
		l->last = item->prev;
}

void due_turns_add(struct due_turns *t, struct dw_due_head *item)
{
	struct due_node *n = &t->root;

	n->n++;
	for (unsigned i = 0; i < DW_DUE_LEVELS; i++) {
		n = node_of(t, n, item->whose[i]);
		n->n++;
	}
	item->node = n;
	append(&n->waiting, item);
}

bool due_turns_is_ripe(const struct dw_due_head *item)
{
	return item->place == SIZE_MAX;
}

/* Behind all that are in the ring: before the one whose turn it is. */
static void join_ring(struct due_node *n)
{
	struct due_node *ring = n->parent->turn;

	if (!ring) {
		n->prev = n->next = n;
		n->parent->turn = n;
		return;
	}
	n->next = ring;
	n->prev = ring->prev;
	n->prev->next = n->next->prev = n;
}

static void leave_ring(struct due_node *n)
{
	struct due_node *parent = n->parent;

	n->prev->next = n->next;
	n->next->prev = n->prev;
	if (parent->turn == n)
		parent->turn = n->next == n ? NULL : n->next;
}

void due_turns_ripen(struct dw_due_head *item)
{
	cut(&item->node->waiting, item);
	append(&item->node->ready, item);
	item->place = SIZE_MAX;
	for (struct due_node *n = item->node; n; n = n->parent)
		if (n->ripe++ == 0 && n->parent)
			join_ring(n);
}

static void remove_node(struct due_turns *t, struct due_node *n)
{
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): it is in the table */
	HASH_DEL(t->nodes, n);
	if (n->older)
		n->older->younger = n->younger;
	if (n->younger)
		n->younger->older = n->older;
	else
		n->parent->youngest = n->older;
	n->parent->n_kids--;
	free(n);
}

void due_turns_remove(struct due_turns *t, struct dw_due_head *item)
{
	bool ripe = due_turns_is_ripe(item);
	struct due_node *n = item->node, *parent;

	cut(ripe ? &n->ready : &n->waiting, item);
	for (; n; n = parent) {
		parent = n->parent;
		n->n--;
		if (ripe && --n->ripe == 0 && parent)
			leave_ring(n);
		if (n->n == 0 && parent)
			remove_node(t, n);
	}
}

struct dw_due_head *due_turns_peek(const struct due_turns *t)
{
	const struct due_node *n = &t->root;

	while (n->turn)
		n = n->turn;
	return n->ready.first;
}

void due_turns_pass(struct due_turns *t)
{
	struct due_node *n = &t->root, *turn;

	for (; (turn = n->turn); n = turn)
		n->turn = turn->next;
}

static size_t shed_items(struct due_node *n, size_t most,
			 void (*fn)(void *data, struct dw_due_head *item), void *data)
{
	size_t done = 0, all = n->n;

	/* the last one takes the node with it */
	for (; done < DW_MIN(most, all); done++) {
		fn(data, n->waiting.last ? n->waiting.last : n->ready.last);
	}
	return done;
}

/*
 * Who has no more than his share of what stays loses nothing. Down to the processes: NOLINTNEXTLINE(misc-no-recursion)
 */
static size_t shed(struct due_node *n, size_t most,
		   void (*fn)(void *data, struct dw_due_head *item), void *data)
{
	size_t share, done = 0;
	struct due_node *kid, *older;

	if (!n->youngest)
		return shed_items(n, most, fn, data);
	share = (n->n - DW_MIN(most, n->n)) / n->n_kids;
	/* newest first; the last one takes n with it */
	for (kid = n->youngest; kid && done < most; kid = older) {
		older = kid->older;
		if (kid->n > share)
			done += shed(kid, DW_MIN(most - done, kid->n - share), fn, data);
	}
	return done;
}

size_t due_turns_shed(struct due_turns *t, size_t most,
		      void (*fn)(void *data, struct dw_due_head *item), void *data)
{
	return t->root.youngest ? shed(&t->root, most, fn, data) : 0;
}
