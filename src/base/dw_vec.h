/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A typed, growing array whose storage lies in an arena:
 *
 *	DW_VEC(struct door) doors = { 0 };
 *	*dw_vec_add(arena, &doors) = (struct door){ ... };
 *	for (size_t i = 0; i < doors.n; i++) use(&doors.v[i]);
 *
 * Adding may move the members: keep indexes, not pointers, across an add.
 */
#ifndef DW_VEC_H
#define DW_VEC_H

#include "dw_arena.h"

#define DW_VEC(type)                                                                               \
	struct {                                                                                   \
		type *v;                                                                           \
		size_t n, cap;                                                                     \
	}

/* Room for `count` more members at once: growing step by step copies, and leaves the old places behind. */
#define dw_vec_reserve(arena, vec, count)                                                          \
	({                                                                                         \
		__typeof__(vec) dw_v = (vec);                                                      \
		size_t dw_c = dw_v->n + (count);                                                   \
		if (dw_c > dw_v->cap) {                                                            \
			dw_v->v = dw_arena_grow((arena), dw_v->v, dw_v->cap * sizeof(*dw_v->v),    \
						dw_c * sizeof(*dw_v->v));                          \
			dw_v->cap = dw_c;                                                          \
		}                                                                                  \
	})

/* Appends one zeroed member and returns its address. */
#define dw_vec_add(arena, vec)                                                                     \
	({                                                                                         \
		__typeof__(vec) dw_v = (vec);                                                      \
		if (dw_v->n == dw_v->cap) {                                                        \
			size_t dw_c = dw_v->cap ? dw_v->cap * 2 : 8;                               \
			dw_v->v = dw_arena_grow((arena), dw_v->v, dw_v->cap * sizeof(*dw_v->v),    \
						dw_c * sizeof(*dw_v->v));                          \
			dw_v->cap = dw_c;                                                          \
		}                                                                                  \
		&dw_v->v[dw_v->n++];                                                               \
	})

#define dw_vec_push(arena, vec, item) ((void)(*dw_vec_add((arena), (vec)) = (item)))

/* The plain list of strings. */
struct dw_strings {
	const char **v;
	size_t n, cap;
};

#endif
