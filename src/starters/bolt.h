/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads one value of a bbolt database: podman 3 and 4 keep their containers' configuration in one. The file is
 * a B+tree of pages in host byte order (go.etcd.io/bbolt, page.go, bucket.go). Private to src/starters.
 */
#ifndef DW_STARTER_BOLT_H
#define DW_STARTER_BOLT_H

#include <stdbool.h>

#include "dw_parse.h"

/*
 * path: names of nested buckets, the key last, ended by NULL. *ret points into db (not terminated). false:
 * nothing there, or the file makes no sense.
 */
bool dw_bolt_get(const struct dw_bytes *db, const char *const *path, struct dw_bytes *ret);

#endif
