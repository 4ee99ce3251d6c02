/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the usage store share; private to src/store. */
#ifndef DW_STORE_USAGE_PRIVATE_H
#define DW_STORE_USAGE_PRIVATE_H

#include "dw_store_usage.h"
#include "sqlite.h"

struct dw_usage_store {
	struct dw_store *db;
};

#define HOUR ((int64_t)3600)
#define DAY  ((int64_t)86400)

#endif
