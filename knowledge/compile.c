/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * compile-knowledge OUTPUT DEPFILE DIRECTORY...: all *.yaml of the directories, read as doorward itself reads them,
 * become C tables. What is wrong in them is told with file and line, and fails the build.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dw_knowledge_read.h"
#include "dw_str.h"
#include "write.h"

struct compiling {
	struct dw_arena *arena;
	DW_VEC(struct dw_knowledge_file) files;
	unsigned complaints;
};

static _Noreturn void fail(const char *what)
{
	(void)fprintf(stderr, "compile-knowledge: %s: %s\n", what, strerror(errno));
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

static void add_directory(struct compiling *c, const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;

	if (!dir)
		fail(path);
	while ((entry = readdir(dir))) {
		const char *name;

		if (entry->d_name[0] == '.' || !dw_ends_with(entry->d_name, ".yaml"))
			continue;
		name = dw_arena_printf(c->arena, "%s/%s", path, entry->d_name);
		*dw_vec_add(c->arena, &c->files) =
			(struct dw_knowledge_file){ name, read_whole(c->arena, name) };
	}
	(void)closedir(dir);
}

static int compare_files(const void *a, const void *b)
{
	return strcmp(((const struct dw_knowledge_file *)a)->name,
		      ((const struct dw_knowledge_file *)b)->name);
}

static void complain(void *data, const char *file, unsigned line, const char *text)
{
	struct compiling *c = data;

	c->complaints++;
	(void)fprintf(stderr, "%s:%u: error: %s\n", file, line, text);
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

/* The directories too: their time changes when a file comes or goes. */
static void write_depfile(const struct compiling *c, const char *path, const char *output,
			  char **directories)
{
	FILE *f = fopen(path, "w");

	if (!f)
		fail(path);
	(void)fprintf(f, "%s:", output);
	for (; *directories; directories++)
		write_dependency(f, *directories);
	for (size_t i = 0; i < c->files.n; i++)
		write_dependency(f, c->files.v[i].name);
	(void)fputc('\n', f);
	if (fclose(f) != 0)
		fail(path);
}

int main(int argc, char **argv)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct compiling c = { .arena = a };
	const struct dw_knowledge *k;
	FILE *out;

	if (argc < 4) {
		(void)fputs("usage: compile-knowledge OUTPUT DEPFILE DIRECTORY...\n", stderr);
		return 2;
	}
	for (int i = 3; i < argc; i++)
		add_directory(&c, argv[i]);
	if (c.files.n > 1) /* the order of a directory is chance */
		qsort(c.files.v, c.files.n, sizeof(*c.files.v), compare_files);
	k = dw_knowledge_read(a, NULL, c.files.v, c.files.n, complain, &c);
	if (c.complaints > 0)
		return 1;
	write_depfile(&c, argv[2], argv[1], &argv[3]);
	out = fopen(argv[1], "w");
	if (!out)
		fail(argv[1]);
	dw_write_tables(out, k);
	if (fclose(out) != 0)
		fail(argv[1]);
	return 0;
}
