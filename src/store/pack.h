/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Long texts made short by zlib, where it can be opened; private to src/store. */
#ifndef DW_STORE_PACK_H
#define DW_STORE_PACK_H

#include "dw_error.h"
#include "dw_parse.h"

/* The name of how it was done: "zlib", or "none" (ret has the bytes as they are) where that is no gain or no zlib. */
const char *dw_pack(const void *bytes, size_t n, struct dw_arena *a, struct dw_bytes *ret);
/* n: what came out must be that long. -EBADMSG: it is not. -ENOSYS: it is packed by what we cannot open. */
int dw_unpack(const char *how, const struct dw_bytes *packed, size_t n, struct dw_arena *a,
	      struct dw_bytes *ret, struct dw_error *e);

#endif
