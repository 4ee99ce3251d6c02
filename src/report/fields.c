/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_fields.h"

#include <stdio.h>
#include <time.h>

#include "dw_macros.h"

static const char *const type_names[DW_FIELD_COUNT] = {
	[DW_FIELD_UNKNOWN] = "unknown", [DW_FIELD_STRING] = "string",
	[DW_FIELD_UINT] = "number",     [DW_FIELD_BOOL] = "true/false",
	[DW_FIELD_TIME] = "time",       [DW_FIELD_STRINGS] = "strings",
	[DW_FIELD_OBJECT] = "object",   [DW_FIELD_OBJECTS] = "objects",
	[DW_FIELD_REAL] = "fraction",   [DW_FIELD_NULL] = "null",
};

const char *dw_field_type_name(enum dw_field_type t)
{
	return t < DW_FIELD_COUNT ? type_names[t] : "unknown";
}

void dw_field_read(const struct dw_field *f, struct dw_arena *a, const void *object,
		   struct dw_value *ret)
{
	*ret = (struct dw_value){ 0 };
	if (f->get) {
		f->get(a, object, ret);
	} else if (f->type == DW_FIELD_STRING) {
		ret->string = *(const char *const *)((const char *)object + f->offset);
		ret->known = ret->string != NULL;
	}
}

static void put_digits(char *to, size_t n, int v)
{
	while (n-- > 0) {
		to[n] = (char)('0' + v % 10);
		v /= 10;
	}
}

const char *dw_field_time(struct dw_arena *a, uint64_t seconds)
{
	/* 9999-12-31T23:59:59Z: RFC 3339 has four digits for the year. */
	time_t t = (time_t)DW_MIN(seconds, (uint64_t)253402300799);
	char text[] = "1970-01-01T00:00:00Z";
	struct tm tm;

	if (!gmtime_r(&t, &tm))
		return "1970-01-01T00:00:00Z";
	/* not strftime(3): it takes longer than all else that is written of a process */
	put_digits(text, 4, tm.tm_year + 1900);
	put_digits(text + 5, 2, tm.tm_mon + 1);
	put_digits(text + 8, 2, tm.tm_mday);
	put_digits(text + 11, 2, tm.tm_hour);
	put_digits(text + 14, 2, tm.tm_min);
	put_digits(text + 17, 2, tm.tm_sec);
	return dw_arena_strdup(a, text);
}
