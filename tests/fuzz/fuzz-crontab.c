/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* crontab(5) in its three forms; the first byte chooses. */
#include <stdint.h>
#include <string.h>

#include "crontab.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dw_facts *f = dw_facts_new();
	struct dw_bytes text = { .data = dw_arena_alloc(f->arena, size + 1), .n = size };
	struct dw_cron_jobs jobs = { 0 };

	if (size)
		memcpy(text.data, data, size);
	dw_crontab_parse(f, "crontab", NULL, (enum dw_crontab_form)(size ? data[0] % 3 : 0), &text,
			 &jobs);
	for (size_t i = 0; i < jobs.n; i++)
		/* a command is empty only where all of it was standard input */
		if (!jobs.v[i].command || (!*jobs.v[i].command && !memchr(text.data, '%', size)))
			__builtin_trap();
	dw_facts_free(f);
	return 0;
}
