/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * compile-probes OUTPUT DEPFILE DIRECTORY: all *.yaml of the directory, how to ask for protocols and how they
 * answer, become C tables (src/scan/dw_probes.h). What is wrong is told with file and line, and fails the build.
 */
#include "probes.h"

#include <stdio.h>

#include "sources.h"

int main(int argc, char **argv)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct probes_made made = { .arena = a };
	struct dw_strings files = { 0 };
	FILE *out;

	if (argc != 4) {
		(void)fputs("usage: compile-probes OUTPUT DEPFILE DIRECTORY\n", stderr);
		return 2;
	}
	sources_list(a, argv[3], &files);
	sources_sort(&files);
	for (size_t i = 0; i < files.n; i++) {
		struct dw_bytes bytes = sources_read(a, files.v[i]);

		probes_read_file(&made, files.v[i], &bytes);
	}
	if (made.complaints > 0)
		return 1;
	sources_depend(argv[2], argv[1], &argv[3], &files);
	out = sources_begin(argv[1]);
	probes_write(out, &made);
	sources_end(out, argv[1]);
	return 0;
}
