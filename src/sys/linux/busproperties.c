/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All properties of a unit in one question (org.freedesktop.DBus.Properties.GetAll). */
#include <inttypes.h>

#include "bus_private.h"
#include "dw_str.h"

#define PROPERTIES_MAX 2000
#define PROPERTIES     "org.freedesktop.DBus.Properties"

/* Those of sd_bus_message_read() for one basic type; NULL: of no use to anybody here. */
static const char *read_basic(struct dw_bus *b, sd_bus_message *m, char type, struct dw_arena *a,
			      int *r)
{
	union {
		const char *s;
		int b;
		uint8_t y;
		uint16_t n;
		uint32_t u;
		uint64_t t;
	} v = { 0 };
	const char signature[] = { type, '\0' };

	*r = b->lib.read(m, signature, &v);
	if (*r < 0)
		return NULL;
	switch (type) {
	case 's':
	case 'o':
		return dw_arena_strdup(a, v.s);
	case 'b':
		return v.b ? "yes" : "no";
	case 'u':
		return dw_arena_printf(a, "%" PRIu32, v.u);
	case 'i':
		return dw_arena_printf(a, "%" PRId32, (int32_t)v.u);
	case 't':
		return dw_arena_printf(a, "%" PRIu64, v.t);
	case 'x':
		return dw_arena_printf(a, "%" PRId64, (int64_t)v.t);
	default:
		return NULL;
	}
}

static int read_words(struct dw_bus *b, sd_bus_message *m, const char *before, struct dw_str *ret)
{
	char **list = NULL;
	int r = b->lib.read_strv(m, &list);

	for (size_t i = 0; r >= 0 && list && list[i]; i++)
		if (i < DW_BUS_STRINGS_MAX)
			dw_str_addf(ret, "%s%s%s", ret->n ? " " : "", before, list[i]);
	for (size_t i = 0; list && list[i]; i++)
		free(list[i]);
	free((void *)list);
	return r;
}

/* A flag and a list: true, these are allowed and no others; false, these are denied. */
static const char *read_choice(struct dw_bus *b, sd_bus_message *m, struct dw_arena *a, int *r)
{
	struct dw_str text = { .arena = a };
	int allow = 0;

	*r = b->lib.enter(m, 'r', "bas");
	if (*r >= 0)
		*r = b->lib.read(m, "b", &allow);
	if (*r >= 0)
		*r = read_words(b, m, allow ? "" : "~", &text);
	if (*r >= 0)
		*r = b->lib.leave(m);
	return *r < 0 ? NULL : text.n ? text.s : allow ? "none" : "";
}

static const char *read_value(struct dw_bus *b, sd_bus_message *m, const char *contents,
			      struct dw_arena *a, int *r)
{
	struct dw_str text = { .arena = a };

	if (dw_streq(contents, "as")) {
		*r = read_words(b, m, "", &text);
		return text.n ? text.s : "";
	}
	if (dw_streq(contents, "(bas)"))
		return read_choice(b, m, a, r);
	if (contents[0] && !contents[1] && strchr("sobuitx", contents[0]))
		return read_basic(b, m, contents[0], a, r);
	*r = b->lib.skip(m, contents);
	return NULL;
}

/* One {sv}; 0: there is no more. */
static int read_one(struct dw_bus *b, sd_bus_message *m, struct dw_arena *a,
		    struct dw_bus_property *ret)
{
	const char *name = NULL, *contents = NULL;
	char type;
	int r = b->lib.enter(m, 'e', "sv");

	if (r <= 0)
		return r;
	r = b->lib.read(m, "s", &name);
	if (r >= 0)
		r = b->lib.peek(m, &type, &contents);
	if (r >= 0)
		r = b->lib.enter(m, 'v', contents);
	if (r < 0)
		return r;
	ret->name = dw_arena_strdup(a, name);
	ret->value = read_value(b, m, contents, a, &r);
	if (r >= 0)
		r = b->lib.leave(m);
	if (r >= 0)
		r = b->lib.leave(m);
	return r < 0 ? r : 1;
}

static int read_all(struct dw_bus *b, sd_bus_message *m, struct dw_arena *a,
		    struct dw_bus_property **ret, size_t *ret_n)
{
	DW_VEC(struct dw_bus_property) v = { 0 };
	int r = b->lib.enter(m, 'a', "{sv}");

	while (r >= 0 && v.n < PROPERTIES_MAX) {
		struct dw_bus_property one = { 0 };

		r = read_one(b, m, a, &one);
		if (r <= 0)
			break;
		if (one.value)
			dw_vec_push(a, &v, one);
	}
	*ret = v.v;
	*ret_n = v.n;
	return r < 0 ? r : 0;
}

int dw_bus_live_properties(struct dw_bus *b, const char *unit, const char *interface,
			   struct dw_arena *a, struct dw_bus_property **ret, size_t *ret_n,
			   struct dw_error *e)
{
	struct dw_bus_library *l = &b->lib;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *call = NULL, *reply = NULL;
	_cleanup_free_ char *path = NULL;
	int r = l->encode(DW_BUS_PATH "/unit", unit, &path);

	if (r >= 0)
		r = l->new_call(b->bus, &call, DW_BUS_NAME, path, PROPERTIES, "GetAll");
	if (r >= 0)
		r = l->append(call, "s", interface);
	if (r >= 0)
		r = l->call(b->bus, call, DW_BUS_TIMEOUT_USEC, &error, &reply);
	if (r >= 0)
		r = read_all(b, reply, a, ret, ret_n);
	if (r < 0)
		(void)dw_error_errno(e, r, "the properties of %s", unit);
	l->message_unref(reply);
	l->message_unref(call);
	l->error_free(&error);
	return r < 0 ? r : 0;
}
