/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * compile-knowledge OUTPUT DEPFILE DIRECTORY...: all *.yaml of the directories, read as doorward itself reads them,
 * become C tables. What is wrong in them is told with file and line, and fails the build.
 */
#include <stdio.h>

#include "dw_knowledge_read.h"
#include "sources.h"
#include "write.h"

struct compiling {
	unsigned complaints;
};

static void complain(void *data, const char *file, unsigned line, const char *text)
{
	struct compiling *c = data;

	c->complaints++;
	(void)fprintf(stderr, "%s:%u: error: %s\n", file, line, text);
}

int main(int argc, char **argv)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct compiling c = { 0 };
	struct dw_strings names = { 0 };
	struct dw_knowledge_file *files;
	const struct dw_knowledge *k;
	FILE *out;

	if (argc < 4) {
		(void)fputs("usage: compile-knowledge OUTPUT DEPFILE DIRECTORY...\n", stderr);
		return 2;
	}
	for (int i = 3; i < argc; i++)
		sources_list(a, argv[i], &names);
	sources_sort(&names);
	files = dw_arena_array(a, names.n, sizeof(*files));
	for (size_t i = 0; i < names.n; i++)
		files[i] = (struct dw_knowledge_file){ names.v[i], sources_read(a, names.v[i]) };
	k = dw_knowledge_read(a, NULL, files, names.n, complain, &c);
	if (c.complaints > 0)
		return 1;
	sources_depend(argv[2], argv[1], &argv[3], &names);
	out = sources_begin(argv[1]);
	dw_write_tables(out, k);
	sources_end(out, argv[1]);
	return 0;
}
