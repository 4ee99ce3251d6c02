/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lz4frame.h of liblz4: its functions, whose interface is stable since 1.7. */
#include "lz4.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "dw_macros.h"
#include "dw_str.h"

#define VERSION 100 /* LZ4F_VERSION */
#define PIECE   ((size_t)256 * 1024)

struct lz4 {
	void *handle, *context;
	size_t (*make)(void **context, unsigned version);
	size_t (*unpack)(void *context, void *to, size_t *to_size, const void *from,
			 size_t *from_size, const void *options);
	size_t (*end)(void *context);
	unsigned (*is_error)(size_t code);
};

static void close_lz4(struct lz4 *z)
{
	if (z->context)
		(void)z->end(z->context);
	if (z->handle)
		(void)dlclose(z->handle);
}

static bool open_lz4(struct lz4 *z)
{
	const struct {
		const char *name;
		void *slot;
	} symbols[] = {
		{ "LZ4F_createDecompressionContext", &z->make },
		{ "LZ4F_decompress", &z->unpack },
		{ "LZ4F_freeDecompressionContext", &z->end },
		{ "LZ4F_isError", &z->is_error },
	};

	z->handle = dlopen("liblz4.so.1", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	for (size_t i = 0; z->handle && i < DW_ARRAY_SIZE(symbols); i++) {
		void *address = dlsym(z->handle, symbols[i].name);

		if (!address)
			return false;
		memcpy(symbols[i].slot, &address, sizeof(address));
	}
	return z->handle && !z->is_error(z->make(&z->context, VERSION)) && z->context;
}

/* Room for one more piece: what is there doubles. */
static void make_room(struct dw_arena *a, struct dw_bytes *b, size_t *room)
{
	char *more;

	if (b->n + PIECE + 1 <= *room)
		return;
	*room = 2 * *room + PIECE + 1;
	more = dw_arena_alloc(a, *room);
	if (b->n)
		memcpy(more, b->data, b->n);
	b->data = more;
}

static int unpack(struct lz4 *z, struct dw_arena *a, const struct dw_bytes *packed, size_t max,
		  struct dw_bytes *ret)
{
	size_t at = 0, room = 0, left = 1;

	while (left && at < packed->n) {
		size_t from = packed->n - at, to = PIECE;

		make_room(a, ret, &room);
		left = z->unpack(z->context, ret->data + ret->n, &to, packed->data + at, &from,
				 NULL);
		if (z->is_error(left) || (from == 0 && to == 0))
			return -EBADMSG;
		at += from;
		ret->n += to;
		if (ret->n > max)
			return -EFBIG;
		ret->data[ret->n] = '\0';
	}
	/* what is left says how much is missing; all may be read and not yet written */
	return left ? -EBADMSG : 0;
}

int host_lz4_read(struct dw_arena *a, const struct dw_bytes *packed, size_t max,
		  struct dw_bytes *ret, struct dw_error *e)
{
	_cleanup_(close_lz4) struct lz4 z = { 0 };
	int r;

	*ret = (struct dw_bytes){ .data = dw_arena_strdup(a, "") };
	if (!open_lz4(&z))
		return dw_error_set(e, -ENOTSUP, "it is compressed by LZ4, and liblz4 is not here");
	r = unpack(&z, a, packed, max, ret);
	return r < 0 ? dw_error_set(e, r,
				    r == -EFBIG ? "it is too large" : "it is no whole frame of LZ4")
		     : 0;
}
