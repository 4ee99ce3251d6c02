/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the getters of the field tables hand a value over; private to src/report. */
#ifndef DW_REPORT_GET_H
#define DW_REPORT_GET_H

#include "dw_fields.h"
#include "dw_model.h"

/* The head of a getter. Those that make nothing leave the arena alone. */
#define DW_GETTER(name)                                                                            \
	static void name(dw_unused struct dw_arena *a, const void *object, struct dw_value *v)

static inline void dw_give_string(struct dw_value *v, const char *s)
{
	v->string = s;
	v->known = s != NULL;
}

static inline void dw_give_number(struct dw_value *v, uint64_t number)
{
	v->number = number;
	v->known = true;
}

static inline void dw_give_real(struct dw_value *v, double number)
{
	v->real = number;
	v->known = true;
}

static inline void dw_give_time(struct dw_value *v, uint64_t seconds)
{
	v->number = seconds;
	v->known = seconds != 0;
}

static inline void dw_give_bool(struct dw_value *v, bool yes)
{
	v->yes = yes;
	v->known = true;
}

static inline void dw_give_tristate(struct dw_value *v, enum dw_tristate t)
{
	v->yes = t == DW_YES;
	v->known = t != DW_UNKNOWN;
}

/* Names of the capabilities whose bits are set. */
static inline void dw_give_capabilities(struct dw_value *v, uint64_t bits, struct dw_arena *a)
{
	for (unsigned i = 0; i < 64; i++)
		if (bits >> i & 1)
			dw_vec_push(a, &v->strings, dw_capability_name(i));
	v->known = true;
}

static inline void dw_give_object(struct dw_value *v, const void *object)
{
	v->object = object;
	v->known = object != NULL;
}

static inline void dw_give_objects(struct dw_value *v, const void *first, size_t n, size_t size)
{
	v->object = first;
	v->n = n;
	v->size = size;
	v->known = true;
}

#endif
