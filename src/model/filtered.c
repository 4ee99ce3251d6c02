/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_filtered.h"

const char *dw_filtered_kind_name(enum dw_filtered_kind k)
{
	switch (k) {
	case DW_FILTERED_UNKNOWN:
		break;
	case DW_FILTERED_NOBODY:
		return "nobody";
	case DW_FILTERED_HOST:
		return "host";
	case DW_FILTERED_NETWORKS:
		return "networks";
	case DW_FILTERED_ANYONE:
		return "anyone";
	}
	return "unknown";
}
