/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_str.h"
#include "sqlite.h"

const char *dw_store_phase_name(enum dw_phase p)
{
	static const char *const names[DW_PHASE_COUNT] = {
		[DW_PHASE_UNKNOWN] = "unknown", [DW_PHASE_GUARD] = "guard",
		[DW_PHASE_STOP] = "stop",       [DW_PHASE_BOOT] = "boot",
		[DW_PHASE_LEFT] = "left",       [DW_PHASE_KEEP] = "keep",
	};

	return names[p < DW_PHASE_COUNT ? p : DW_PHASE_UNKNOWN];
}

const char *dw_store_role_name(unsigned role)
{
	static const char *const names[] = {
		[DW_RUN_DOOR_OTHER] = "other",       [DW_RUN_DOOR_CLOSED] = "closed",
		[DW_RUN_DOOR_ALSO] = "also",         [DW_RUN_DOOR_KEPT] = "kept",
		[DW_RUN_DOOR_NARROWED] = "narrowed",
	};

	return names[role < DW_ARRAY_SIZE(names) ? role : DW_RUN_DOOR_OTHER];
}

unsigned dw_store_word(const char *word, const char *(*name)(unsigned i), unsigned n)
{
	for (unsigned i = 0; word && i < n; i++)
		if (dw_streq(word, name(i)))
			return i;
	return 0;
}
