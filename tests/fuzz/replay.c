/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Gives every file of the named directories (and truncations of it) to a fuzz target, without libFuzzer: the
 * corpus is replayed by every build of the tests, whatever the compiler. Each file is one test.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t *read_file(const char *path, size_t *ret_n)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = malloc(1 << 20);

	if (!f || !data) {
		fprintf(stderr, "cannot read %s\n", path);
		exit(1);
	}
	*ret_n = fread(data, 1, 1 << 20, f);
	fclose(f);
	return data;
}

/* A copy of exactly n bytes, so that a read behind the end is caught. */
static void give(const uint8_t *data, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1);

	if (!copy)
		exit(1);
	memcpy(copy, data, n);
	(void)LLVMFuzzerTestOneInput(copy, n);
	free(copy);
}

static void replay(const char *path)
{
	size_t n, step;
	uint8_t *data = read_file(path, &n);

	step = n / 64 + 1;
	for (size_t cut = 0; cut < n; cut += step)
		give(data, cut);
	give(data, n);
	free(data);
}

int main(int argc, char **argv)
{
	int passed = 0;

	for (int i = 1; i < argc; i++) {
		DIR *dir = opendir(argv[i]);
		struct dirent *entry;
		char path[4096];

		while (dir && (entry = readdir(dir))) {
			if (entry->d_name[0] == '.')
				continue;
			snprintf(path, sizeof(path), "%s/%s", argv[i], entry->d_name);
			replay(path);
			passed++;
		}
		if (dir)
			closedir(dir);
	}
	/* a target without a corpus tests nothing */
	printf("%d passed, %d failed\n", passed, passed == 0);
	return passed == 0;
}
