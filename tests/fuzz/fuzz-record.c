/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A record of a child that was taken over. */
#include <stdint.h>
#include <string.h>

#include "dw_scan.h"
#include "identify_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dw_arena *a = dw_arena_new();
	struct dw_scan_service *s = NULL;
	enum identify_says says = DW_SAYS_NOTHING;
	uint32_t job = 0;

	if (dw_record_read(data, size, a, &job, &says, &s, NULL) == 0 && s) {
		if (s->n_names > DW_NAMES_MAX ||
		    (s->banner && strlen(s->banner) > DW_BANNER_BYTES * 4))
			__builtin_trap();
		for (size_t i = 0; s->title && s->title[i]; i++)
			if ((uint8_t)s->title[i] < ' ')
				__builtin_trap();
	}
	dw_arena_free(a);
	return 0;
}
