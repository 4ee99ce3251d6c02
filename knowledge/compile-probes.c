/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * compile-probes OUTPUT DEPFILE DIRECTORY: all *.yaml of the directory, how to ask for protocols and how they
 * answer, become C tables (src/scan/dw_probes.h). What is wrong is told with file and line, and fails the build.
 */
#include "probes.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dw_str.h"

static _Noreturn void fail(const char *what)
{
	(void)fprintf(stderr, "compile-probes: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct dw_bytes read_whole(struct dw_arena *a, const char *path)
{
	struct dw_bytes b = { 0 };
	FILE *f = fopen(path, "rb");
	long size;

	if (!f || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0 || fseek(f, 0, SEEK_SET) != 0)
		fail(path);
	b.data = dw_arena_alloc(a, (size_t)size + 1);
	b.n = fread(b.data, 1, (size_t)size, f);
	if (b.n != (size_t)size)
		fail(path);
	(void)fclose(f);
	return b;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void list_files(struct dw_arena *a, const char *path, struct dw_strings *ret)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;

	if (!dir)
		fail(path);
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' && dw_ends_with(entry->d_name, ".yaml"))
			dw_vec_push(a, ret, dw_arena_printf(a, "%s/%s", path, entry->d_name));
	(void)closedir(dir);
	if (ret->n > 1) /* the order of a directory is chance */
		qsort(ret->v, ret->n, sizeof(*ret->v), compare_names);
}

static void write_depfile(const char *path, const char *output, const char *directory,
			  const struct dw_strings *files)
{
	FILE *f = fopen(path, "w");

	if (!f)
		fail(path);
	(void)fprintf(f, "%s: \\\n %s", output, directory);
	for (size_t i = 0; i < files->n; i++)
		(void)fprintf(f, " \\\n %s", files->v[i]);
	(void)fputc('\n', f);
	if (fclose(f) != 0)
		fail(path);
}

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
	list_files(a, argv[3], &files);
	for (size_t i = 0; i < files.n; i++) {
		struct dw_bytes bytes = read_whole(a, files.v[i]);

		probes_read_file(&made, files.v[i], &bytes);
	}
	if (made.complaints > 0)
		return 1;
	write_depfile(argv[2], argv[1], argv[3], &files);
	out = fopen(argv[1], "w");
	if (!out)
		fail(argv[1]);
	probes_write(out, &made);
	if (fclose(out) != 0)
		fail(argv[1]);
	return 0;
}
