/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Build tool: prints `#define NAME "..."` with a digest of a file. A pinned program carries the digest of its
 * object in its name, so that another version of doorward never runs it. FNV-1a, 64 bits: what it must tell
 * apart is versions of one program, not forgeries (the directory of the pins is root's).
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	uint64_t hash = 0xcbf29ce484222325U;
	FILE *f = argc == 3 ? fopen(argv[1], "rb") : NULL;
	int c;

	if (!f) {
		fprintf(stderr, "usage: bpf-digest FILE NAME\n");
		return 1;
	}
	while ((c = getc(f)) != EOF)
		hash = (hash ^ (uint64_t)c) * 0x100000001b3U;
	if (ferror(f) || fclose(f)) {
		fprintf(stderr, "%s: cannot read\n", argv[1]);
		return 1;
	}
	printf("#define %s \"%016" PRIx64 "\"\n", argv[2], hash);
	return 0;
}
