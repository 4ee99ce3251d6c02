/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sources.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dw_str.h"

static _Noreturn void fail(const char *what)
{
	(void)fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(errno));
	exit(1);
}

struct dw_bytes sources_read(struct dw_arena *a, const char *path)
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

void sources_list(struct dw_arena *a, const char *directory, struct dw_strings *ret)
{
	DIR *dir = opendir(directory);
	const struct dirent *entry;

	if (!dir)
		fail(directory);
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' && dw_ends_with(entry->d_name, ".yaml"))
			dw_vec_push(a, ret,
				    (const char *)dw_arena_printf(a, "%s/%s", directory,
								  entry->d_name));
	(void)closedir(dir);
}

void sources_sort(struct dw_strings *files)
{
	if (files->n > 1)
		qsort(files->v, files->n, sizeof(*files->v), compare_names);
}

/* Blanks and dollars have a meaning in a depfile. */
static void write_dependency(FILE *f, const char *path)
{
	(void)fputs(" \\\n ", f);
	for (; *path; path++) {
		if (*path == ' ' || *path == '#')
			(void)fputc('\\', f);
		if (*path == '$')
			(void)fputc('$', f);
		(void)fputc(*path, f);
	}
}

void sources_depend(const char *depfile, const char *output, char **directories,
		    const struct dw_strings *files)
{
	FILE *f = sources_begin(depfile);

	(void)fprintf(f, "%s:", output);
	for (; *directories; directories++)
		write_dependency(f, *directories);
	for (size_t i = 0; i < files->n; i++)
		write_dependency(f, files->v[i]);
	(void)fputc('\n', f);
	sources_end(f, depfile);
}

FILE *sources_begin(const char *path)
{
	FILE *f = fopen(path, "w");

	if (!f)
		fail(path);
	return f;
}

void sources_end(FILE *f, const char *path)
{
	if (fclose(f) != 0)
		fail(path);
}
