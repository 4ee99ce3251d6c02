/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Build tool: prints `#define NAME "..."` with a digest of files. A pinned program carries the digest of its
 * object in its name, so that another version of doorward never runs it; of all objects where one of several is
 * taken. FNV-1a, 64 bits: what it must tell apart is versions of one program, not forgeries (the directory of the
 * pins is root's).
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

static bool add_file(const char *name, uint64_t *hash)
{
	FILE *f = fopen(name, "rb");
	int c;

	if (!f)
		return false;
	while ((c = getc(f)) != EOF)
		*hash = (*hash ^ (uint64_t)c) * 0x100000001b3U;
	if (!ferror(f))
		return fclose(f) == 0;
	fclose(f);
	return false;
}

int main(int argc, char **argv)
{
	uint64_t hash = 0xcbf29ce484222325U;

	if (argc < 3) {
		fprintf(stderr, "usage: bpf-digest FILE... NAME\n");
		return 1;
	}
	for (int i = 1; i < argc - 1; i++)
		if (!add_file(argv[i], &hash)) {
			fprintf(stderr, "%s: cannot read\n", argv[i]);
			return 1;
		}
	printf("#define %s \"%016" PRIx64 "\"\n", argv[argc - 1], hash);
	return 0;
}
