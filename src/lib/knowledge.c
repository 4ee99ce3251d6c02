/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of services: what is compiled in, and what the administrator of the host added. */
#include <errno.h>

#include "audit-private.h"
#include "dw_knowledge_read.h"
#include "dw_str.h"

#define DIRECTORY "/etc/doorward/knowledge.d"
#define FILES_MAX 64
#define FILE_MAX  ((size_t)4 * 1024 * 1024)
#define ALL_MAX   ((size_t)8 * 1024 * 1024) /* together */

/* The doors are seen without it: not blind. */
static void complain(void *data, const char *file, unsigned line, const char *text)
{
	dw_facts_incomplete(data, "bad-knowledge", file, line, false, "%s", text);
}

static void read_files(struct dw_sys *sys, struct dw_facts *f, const struct dw_strings *names,
		       struct dw_knowledge_file *files, size_t *n)
{
	size_t together = 0;

	for (size_t i = 0; i < names->n; i++) {
		const char *path = dw_arena_printf(f->arena, DIRECTORY "/%s", names->v[i]);
		struct dw_error e = { 0 };
		int r;

		if (names->v[i][0] == '.' || !dw_ends_with(names->v[i], ".yaml"))
			continue;
		if (*n >= FILES_MAX || together >= ALL_MAX) {
			complain(f, path, 0,
				 "too many files, or too large together: this one and those "
				 "behind it are left out");
			return;
		}
		r = dw_sys_file_read(sys, path, FILE_MAX, f->arena, &files[*n].bytes, &e);
		if (r < 0) {
			complain(f, path, 0, e.message);
			continue;
		}
		together += files[*n].bytes.n;
		files[(*n)++].name = path;
	}
}

const struct dw_knowledge *dw_lib_knowledge(struct dw_sys *sys, struct dw_facts *f)
{
	const struct dw_knowledge *builtin = dw_knowledge_builtin();
	struct dw_knowledge_file files[FILES_MAX] = { 0 };
	struct dw_strings names = { 0 };
	struct dw_error e = { 0 };
	size_t n = 0;
	int r = dw_sys_dir_list(sys, DIRECTORY, f->arena, &names, &e);

	if (r < 0) {
		if (r != -ENOENT)
			complain(f, DIRECTORY, 0, e.message);
		return builtin;
	}
	read_files(sys, f, &names, files, &n);
	if (n == 0)
		return builtin;
	return dw_knowledge_read(f->arena, builtin, files, n, complain, f);
}
