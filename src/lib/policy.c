/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "dw_policy_file.h"
#include "dw_str.h"
#include "dw_write.h"

#define FILE_MAX ((size_t)1024 * 1024) /* doorward-policy(5) */

static int read_text(struct dw_sys *s, const char *name, struct dw_arena *a,
		     struct dw_policy_text *ret, struct dw_error *e)
{
	int r;

	ret->name = dw_arena_strdup(a, name);
	r = dw_sys_file_read(s, name, FILE_MAX, a, &ret->bytes, e);
	if (r == -EACCES || r == -EPERM)
		return dw_error_set(e, r,
				    "%s: Permission denied. With sudo it is read; doorward audit "
				    "--policy \"\" judges without a policy",
				    name);
	return r == -EFBIG ? dw_error_set(e, r, "%s: more than %zu KiB", name, FILE_MAX / 1024) : r;
}

/* *.policy files of a directory; what begins with a dot is an editor's. */
static int read_directory(struct dw_sys *s, const char *name, struct dw_arena *a,
			  struct dw_policy_text **ret, size_t *ret_n, struct dw_error *e)
{
	struct dw_strings names = { 0 };
	int r = dw_sys_dir_list(s, name, a, &names, e);

	*ret = dw_arena_array(a, names.n, sizeof(**ret));
	*ret_n = 0;
	for (size_t i = 0; r == 0 && i < names.n; i++)
		if (names.v[i][0] != '.' && dw_ends_with(names.v[i], ".policy"))
			r = read_text(s, dw_arena_printf(a, "%s%s", name, names.v[i]), a,
				      &(*ret)[(*ret_n)++], e);
	return r;
}

static int open_included(void *data, struct dw_arena *a, const char *name,
			 struct dw_policy_text **ret, size_t *ret_n, struct dw_error *e)
{
	if (dw_ends_with(name, "/"))
		return read_directory(data, name, a, ret, ret_n, e);
	*ret = dw_new(a, struct dw_policy_text);
	*ret_n = 1;
	return read_text(data, name, a, *ret, e);
}

int dw_policy_bad(const struct dw_policy_problems *problems, struct dw_error *e)
{
	const struct dw_policy_problem *first = NULL;
	size_t errors = 0;

	for (size_t i = 0; i < problems->n; i++) {
		errors += !problems->v[i].warning;
		if (!first && !problems->v[i].warning)
			first = &problems->v[i];
	}
	if (!first)
		return dw_error_set(e, -EBADMSG,
				    "the policy cannot be used: doorward check-policy tells why");
	if (errors == 1)
		return dw_error_set(e, -EBADMSG, "%s:%u:%u: %s", first->file, first->line,
				    first->column, first->text);
	return dw_error_set(e, -EBADMSG, "%s:%u:%u: %s (and %zu more)", first->file, first->line,
			    first->column, first->text, errors - 1);
}

struct dw_policy_source dw_policy_source_of(struct dw_sys *s)
{
	return (struct dw_policy_source){ .open = open_included, .data = s };
}

int dw_policy_parse(struct dw_sys *s, const struct dw_policy_text *text, struct dw_arena *a,
		    const struct dw_knowledge *k, struct dw_policy_problems *problems,
		    const struct dw_policy **ret, struct dw_error *e)
{
	const struct dw_policy_source source = dw_policy_source_of(s);

	*ret = dw_policy_read(a, text, &source, k, problems);
	return *ret ? 0 : dw_policy_bad(problems, e);
}

static int load(struct dw_sys *s, const char *file, bool may_miss, struct dw_arena *a,
		const struct dw_knowledge *k, struct dw_policy_problems *problems,
		const struct dw_policy **ret, struct dw_error *e)
{
	struct dw_policy_text text;
	int r = read_text(s, file, a, &text, e);

	if (may_miss && (r == -ENOENT || r == -ENOTDIR)) {
		if (e)
			*e = (struct dw_error){ 0 };
		return 0;
	}
	/* a package installs an empty one, for its name to be known: nobody said anything yet */
	if (r == 0 && may_miss && text.bytes.n == 0)
		return 0;
	return r < 0 ? r : dw_policy_parse(s, &text, a, k, problems, ret, e);
}

int dw_policy_absolute(struct dw_arena *a, const char *path, const char **ret, struct dw_error *e)
{
	_cleanup_free_ char *here = NULL;

	*ret = path;
	if (path[0] == '/')
		return 0;
	if (!path[0])
		return dw_error_set(e, -ENOENT,
				    "an empty name is no file: --policy FILE, or nothing for "
				    "/etc/doorward/policy");
	here = getcwd(NULL, 0);
	if (!here)
		return dw_error_errno(e, -errno, "the working directory");
	*ret = dw_arena_printf(a, "%s/%s", dw_streq(here, "/") ? "" : here, path);
	return 0;
}

int dw_policy_load(struct dw_sys *s, const char *file, struct dw_arena *a,
		   const struct dw_knowledge *k, struct dw_policy_problems *problems,
		   const struct dw_policy **ret, struct dw_error *e)
{
	_cleanup_sys_ struct dw_sys *running = NULL;
	int r;

	*ret = NULL;
	if (!file)
		return load(s, DW_POLICY_FILE, true, a, k, problems, ret, e);
	if (!file[0])
		return 0;
	r = dw_policy_absolute(a, file, &file, e);
	if (r == 0)
		r = dw_sys_open(NULL, &running, e);
	return r < 0 ? r : load(running, file, false, a, k, problems, ret, e);
}

/* The file where one is that has nothing in it, as a package installs it: its owner and mode stay. */
static int fill_empty(struct dw_sys *s, const char *file, const char *text, struct dw_arena *a,
		      struct dw_error *e)
{
	struct dw_entry entry = { 0 };
	struct stat st;
	int r = dw_sys_file_stat(s, file, false, &st, e);

	if (r < 0)
		return r;
	if (!S_ISREG(st.st_mode) || st.st_size > 0)
		return dw_error_errno(e, -EEXIST, "%s", file);
	r = dw_sys_entry_read(s, file, FILE_MAX, a, &entry, e);
	if (r < 0)
		return r;
	if (entry.type != DW_ENTRY_FILE || entry.content.n > 0)
		return dw_error_errno(e, -EEXIST, "%s", file);
	entry.content = (struct dw_bytes){ .data = (char *)text, .n = strlen(text) };
	entry.mtime_s = 0; /* 0: it is changed now */
	entry.mtime_ns = 0;
	return dw_sys_entry_write(s, file, &entry, e);
}

int dw_policy_create(struct dw_sys *s, const char *file, const char *text, struct dw_arena *a,
		     struct dw_error *e)
{
	int r = dw_sys_file_create(s, file, 0644, text, strlen(text), e);

	if (r != -EEXIST)
		return r;
	if (e)
		*e = (struct dw_error){ 0 };
	return fill_empty(s, file, text, a, e);
}
