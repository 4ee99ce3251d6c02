/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files in frames of LZ4, as apt keeps its lists with Acquire::GzipIndexes. Private to src/host. */
#ifndef DW_HOST_LZ4_H
#define DW_HOST_LZ4_H

#include "dw_arena.h"
#include "dw_error.h"
#include "dw_parse.h"

/*
 * What the frame holds, terminated, at most max bytes. By liblz4, which apt itself needs, opened when it is called.
 * -ENOTSUP: it is not here. -EBADMSG: it is no whole frame. -EFBIG: it holds more.
 */
int host_lz4_read(struct dw_arena *a, const struct dw_bytes *packed, size_t max, struct dw_bytes *ret,
		  struct dw_error *e);

#endif
