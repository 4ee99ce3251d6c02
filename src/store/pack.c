/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* zlib is opened when something is packed: an audit's document becomes a tenth of its length. */
#include "pack.h"

#include <dlfcn.h>
#include <errno.h>
#include <zlib.h>

#include "dw_str.h"

#define SMALL 512 /* bytes that are not worth it */
#define LEVEL 6

struct zlib {
	void *handle;
	__typeof__(compress2) *compress;
	__typeof__(compressBound) *bound;
	__typeof__(uncompress) *uncompress;
};

static void close_zlib(const struct zlib *z)
{
	if (z->handle)
		(void)dlclose(z->handle);
}

static bool open_zlib(struct zlib *z)
{
	const struct {
		const char *name;
		void *slot;
	} symbols[] = {
		{ "compress2", &z->compress },
		{ "compressBound", &z->bound },
		{ "uncompress", &z->uncompress },
	};

	z->handle = dlopen("libz.so.1", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	for (size_t i = 0; z->handle && i < DW_ARRAY_SIZE(symbols); i++) {
		void *address = dlsym(z->handle, symbols[i].name);

		if (!address)
			return false;
		memcpy(symbols[i].slot, &address, sizeof(address));
	}
	return z->handle != NULL;
}

const char *dw_pack(const void *bytes, size_t n, struct dw_arena *a, struct dw_bytes *ret)
{
	_cleanup_(close_zlib) struct zlib z = { 0 };
	uLongf length;

	*ret = (struct dw_bytes){ .data = dw_arena_memdup(a, bytes ? bytes : "", n), .n = n };
	if (n < SMALL || !open_zlib(&z))
		return "none";
	length = z.bound((uLong)n);
	{
		char *packed = dw_arena_alloc(a, length);

		if (z.compress((Bytef *)packed, &length, bytes, (uLong)n, LEVEL) != Z_OK ||
		    length >= n)
			return "none";
		*ret = (struct dw_bytes){ .data = packed, .n = length };
	}
	return "zlib";
}

int dw_unpack(const char *how, const struct dw_bytes *packed, size_t n, struct dw_arena *a,
	      struct dw_bytes *ret, struct dw_error *e)
{
	_cleanup_(close_zlib) struct zlib z = { 0 };
	uLongf length = (uLongf)n;
	char *bytes;

	if (dw_streq0(how, "none") && packed->n == n) {
		*ret = *packed;
		return 0;
	}
	if (!dw_streq0(how, "zlib") || !packed->data)
		return dw_error_set(e, -EBADMSG, "it is packed in a way that is none");
	if (!open_zlib(&z))
		return dw_error_set(e, -ENOSYS,
				    "libz.so.1 cannot be opened: it is packed by that (Debian: "
				    "zlib1g)");
	bytes = dw_arena_alloc(a, n + 1);
	if (z.uncompress((Bytef *)bytes, &length, (const Bytef *)packed->data, (uLong)packed->n) !=
		    Z_OK ||
	    length != n)
		return dw_error_set(e, -EBADMSG, "what is packed is damaged");
	*ret = (struct dw_bytes){ .data = bytes, .n = n };
	return 0;
}
