/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Compares an output with a file below tests/golden. DW_GOLDEN_UPDATE=1 in the environment writes the files
 * anew; read the difference before you commit it.
 */
#ifndef DW_GOLDEN_H
#define DW_GOLDEN_H

#include "dw_test.h"

/* What `file` holds, terminated; to be freed. Empty when there is none. */
static inline char *dw_golden_read(const char *path)
{
	FILE *f = fopen(path, "r");
	size_t n = 0, cap = 1 << 20;
	char *text = calloc(1, cap);

	if (!text)
		abort();
	if (f) {
		n = fread(text, 1, cap - 1, f);
		(void)fclose(f);
	}
	text[n] = '\0';
	return text;
}

static inline void dw_golden_check(const char *path, const char *got)
{
	char *want;

	if (getenv("DW_GOLDEN_UPDATE")) {
		FILE *f = fopen(path, "w");

		if (!f || fputs(got, f) < 0 || fclose(f) != 0)
			abort();
	}
	want = dw_golden_read(path);
	if (strcmp(got, want) != 0) {
		dw_test_failures++;
		printf("differs from %s; got:\n%s\n", path, got);
	}
	free(want);
}

#endif
