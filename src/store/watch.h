/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of watch.db share; private to src/store. */
#ifndef DW_STORE_WATCH_PRIVATE_H
#define DW_STORE_WATCH_PRIVATE_H

#include "dw_store_watch.h"
#include "sqlite.h"

struct dw_watch_store {
	struct dw_store *store;
};

#endif
