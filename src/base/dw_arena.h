/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An arena owns everything allocated from it; it is freed whole. Each object of the pipeline (facts,
 * snapshot, findings, plan) owns one. Allocation never returns NULL: when memory runs out the process ends
 * through dw_oom(), which is safe at any point (changes are journalled before they are made).
 * Not thread-safe: one arena, one thread.
 */
#ifndef DW_ARENA_H
#define DW_ARENA_H

#include <stdarg.h>
#include <stdint.h>

#include "dw_macros.h"

struct dw_arena;

struct dw_arena *dw_arena_new(void);
void dw_arena_free(struct dw_arena *a); /* NULL allowed */
/* Takes back all that was handed out, and keeps a little memory for what comes next. */
void dw_arena_reset(struct dw_arena *a);
/* Takes over all that `other` handed out, which is empty then and still to be freed: of another thread, that has
   ended. */
void dw_arena_adopt(struct dw_arena *a, struct dw_arena *other);
static inline void dw_cleanup_arena(struct dw_arena **a)
{
	dw_arena_free(*a);
}
#define _cleanup_arena_ _cleanup_(dw_cleanup_arena)

/* Zeroed, aligned for any type. */
void *dw_arena_alloc(struct dw_arena *a, size_t size) __attribute__((returns_nonnull, malloc));
/* Room for n members of `size` bytes, zeroed; ends the process when the product overflows. */
void *dw_arena_array(struct dw_arena *a, size_t n, size_t size) __attribute__((returns_nonnull));
/* Grow an array that was allocated from this arena (in place when it was the last allocation). */
void *dw_arena_grow(struct dw_arena *a, void *old, size_t old_size, size_t new_size)
	__attribute__((returns_nonnull));
void *dw_arena_memdup(struct dw_arena *a, const void *p, size_t n) __attribute__((returns_nonnull));
char *dw_arena_strdup(struct dw_arena *a, const char *s) __attribute__((returns_nonnull));
/* At most n bytes of s, always terminated. */
char *dw_arena_strndup(struct dw_arena *a, const char *s, size_t n)
	__attribute__((returns_nonnull));
char *dw_arena_printf(struct dw_arena *a, const char *fmt, ...) dw_printf_like(2, 3)
	__attribute__((returns_nonnull));
char *dw_arena_vprintf(struct dw_arena *a, const char *fmt, va_list ap) dw_printf_like(2, 0)
	__attribute__((returns_nonnull));

#define dw_new(arena, type) ((type *)dw_arena_alloc((arena), sizeof(type)))

/* Bytes handed out and still held, for the benchmark. */
size_t dw_arena_size(const struct dw_arena *a);

_Noreturn void dw_oom(void);

#endif
