/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_arena.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/* Arenas of one question are many and small, and clearing costs: chunks grow with what was handed out. */
#define CHUNK_LEAST ((size_t)4 * 1024)
#define CHUNK_MOST  ((size_t)64 * 1024)
#define HUGE_PAGE   ((size_t)2 * 1024 * 1024)
#define HUGE_FROM   ((size_t)1024 * 1024) /* handed out before an arena is worth huge pages */
#define ALIGNMENT   _Alignof(max_align_t)

struct chunk {
	struct chunk *next;
	size_t used, size;
	size_t mapped; /* bytes of a mapping of its own, 0: from malloc */
	max_align_t data[];
};

struct dw_arena {
	struct chunk *head;
	size_t total;
	size_t shared; /* of the chunks for small blocks */
};

_Noreturn void dw_oom(void)
{
	static const char text[] = "doorward: out of memory\n";
	ssize_t n = write(STDERR_FILENO, text, sizeof(text) - 1);

	_exit(n < 0 ? 126 : 125);
}

static struct chunk *chunk_small(size_t size)
{
	/* calloc: fresh pages come zeroed from the kernel, so this costs no memset for big chunks. */
	struct chunk *c = calloc(1, sizeof(*c) + size);

	if (!c)
		dw_oom();
	c->size = size;
	return c;
}

/* Pages straight from the kernel: zeroed, and those that are never touched cost nothing. */
static struct chunk *chunk_mapped(size_t least)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t whole = (sizeof(struct chunk) + least + page - 1) / page * page;
	void *p = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct chunk *c = p;

	if (p == MAP_FAILED)
		dw_oom();
	c->size = whole - sizeof(*c);
	c->mapped = whole;
	return c;
}

/*
 * Whole huge pages, where the host allows them: an audit of thousands of doors fills some 20 MiB, and to fault
 * that in by 4 KiB is a fifth of its time.
 */
static struct chunk *chunk_huge(size_t least)
{
	size_t whole = (sizeof(struct chunk) + least + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1), head;
	char *p = mmap(NULL, whole + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);
	struct chunk *c;

	if (p == MAP_FAILED)
		dw_oom();
	head = (HUGE_PAGE - ((uintptr_t)p & (HUGE_PAGE - 1))) & (HUGE_PAGE - 1);
	if (head > 0)
		(void)munmap(p, head);
	(void)munmap(p + head + whole, HUGE_PAGE - head);
	(void)madvise(p + head, whole, MADV_HUGEPAGE);
	c = (struct chunk *)(void *)(p + head);
	c->size = whole - sizeof(*c);
	c->mapped = whole;
	return c;
}

/* A big block has a chunk of its own; small ones share chunks, which grow with what they filled so far. */
static struct chunk *chunk_new(struct dw_arena *a, size_t least)
{
	struct chunk *c;

	if (least > SIZE_MAX - 2 * HUGE_PAGE)
		dw_oom();
	if (least > CHUNK_MOST)
		return chunk_mapped(least);
	if (a->shared < HUGE_FROM)
		c = chunk_small(DW_MAX(least, DW_MIN(DW_MAX(a->shared, CHUNK_LEAST), CHUNK_MOST)));
	else
		c = chunk_huge(least);
	a->shared += c->size;
	return c;
}

static void chunk_free(struct chunk *c)
{
	if (c->mapped > 0)
		(void)munmap(c, c->mapped);
	else
		free(c);
}

struct dw_arena *dw_arena_new(void)
{
	struct dw_arena *a = calloc(1, sizeof(*a));

	if (!a)
		dw_oom();
	return a;
}

void dw_arena_free(struct dw_arena *a)
{
	if (!a)
		return;
	while (a->head) {
		struct chunk *c = a->head;

		a->head = c->next;
		chunk_free(c);
	}
	free(a);
}

void dw_arena_reset(struct dw_arena *a)
{
	struct chunk *kept = NULL;

	while (a->head) {
		struct chunk *c = a->head;

		a->head = c->next;
		if (kept || c->mapped > 0)
			chunk_free(c);
		else
			kept = c;
	}
	a->total = a->shared = kept ? kept->size : 0;
	a->head = kept;
	if (!kept)
		return;
	memset(kept->data, 0, kept->used);
	kept->used = 0;
	kept->next = NULL;
}

void dw_arena_adopt(struct dw_arena *a, struct dw_arena *other)
{
	struct chunk *last = other->head;

	if (!last)
		return;
	while (last->next)
		last = last->next;
	/* behind our own: what ours has left is used first */
	if (a->head) {
		last->next = a->head->next;
		a->head->next = other->head;
	} else {
		a->head = other->head;
	}
	a->total += other->total;
	*other = (struct dw_arena){ 0 };
}

void *dw_arena_alloc(struct dw_arena *a, size_t size)
{
	struct chunk *c = a->head;
	void *p;

	if (size > SIZE_MAX - ALIGNMENT)
		dw_oom();
	size = (DW_MAX(size, (size_t)1) + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	if (!c || c->size - c->used < size) {
		struct chunk *fresh = chunk_new(a, size);

		a->total += fresh->size;
		/* A big block of its own goes behind the current chunk when that has more room left. */
		if (c && fresh->size - size < c->size - c->used) {
			fresh->next = c->next;
			c->next = fresh;
		} else {
			fresh->next = c;
			a->head = fresh;
		}
		c = fresh;
	}
	p = (char *)c->data + c->used;
	c->used += size;
	return p;
}

void *dw_arena_array(struct dw_arena *a, size_t n, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(n, size, &total))
		dw_oom();
	return dw_arena_alloc(a, total);
}

void *dw_arena_grow(struct dw_arena *a, void *old, size_t old_size, size_t new_size)
{
	struct chunk *c = a->head;
	size_t aligned = (old_size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	void *p;

	if (old && c && (char *)old + aligned == (char *)c->data + c->used) {
		size_t start = (size_t)((char *)old - (char *)c->data);
		size_t want = (new_size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);

		if (want >= new_size && want <= c->size - start) {
			c->used = start + want;
			return old;
		}
	}
	p = dw_arena_alloc(a, new_size);
	if (old)
		memcpy(p, old, DW_MIN(old_size, new_size));
	return p;
}

void *dw_arena_memdup(struct dw_arena *a, const void *p, size_t n)
{
	void *copy = dw_arena_alloc(a, n);

	if (n)
		memcpy(copy, p, n);
	return copy;
}

char *dw_arena_strndup(struct dw_arena *a, const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *copy = dw_arena_alloc(a, len + 1);

	memcpy(copy, s, len);
	return copy;
}

char *dw_arena_strdup(struct dw_arena *a, const char *s)
{
	return dw_arena_memdup(a, s, strlen(s) + 1);
}

/* Into p, of size bytes; the length of the whole. Apart: inlined, gcc's UBSan makes it a call without a format. */
__attribute__((noinline)) dw_printf_like(3, 0) static size_t
	print(char *p, size_t size, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(p, size, fmt, again);
	va_end(again);
	if (n < 0)
		dw_oom();
	return (size_t)n;
}

char *dw_arena_vprintf(struct dw_arena *a, const char *fmt, va_list ap)
{
	char room[256]; /* most fit: to write twice would cost more than to copy */
	size_t n = print(room, sizeof(room), fmt, ap);
	char *p = dw_arena_alloc(a, n + 1);

	if (n < sizeof(room))
		return memcpy(p, room, n + 1);
	(void)print(p, n + 1, fmt, ap);
	return p;
}

char *dw_arena_printf(struct dw_arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;

	va_start(ap, fmt);
	p = dw_arena_vprintf(a, fmt, ap);
	va_end(ap);
	return p;
}

size_t dw_arena_size(const struct dw_arena *a)
{
	return a->total;
}
