/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sysctl.d(5), by the rules that systemd-sysctl(8) and sysctl(8) of procps have in common. */
#include "sysctls.h"

#include <fnmatch.h>

#define LINES_MAX 20000

/* Where the first separator is a slash, the name is as it is; else dots and slashes change places (sysctl.d(5)). */
static char *path_of(char *name)
{
	char *first = name + strcspn(name, "./");

	if (*first == '.')
		for (char *p = first; *p; p++)
			if (*p == '.' || *p == '/')
				*p = *p == '.' ? '/' : '.';
	return name;
}

const char *host_sysctl_dotted(struct dw_arena *a, const char *name)
{
	char *s = dw_arena_strdup(a, name);

	for (char *p = s; *p; p++)
		if (*p == '/' || *p == '.')
			*p = *p == '/' ? '.' : '/';
	return s;
}

void host_sysctl_parse(struct dw_arena *a, const struct dw_bytes *text, const char *file,
		       struct host_sysctls *ret)
{
	struct dw_lines it = dw_lines_of(text);
	char *line;

	while ((line = dw_lines_next_trimmed(&it, a)) != NULL && ret->v.n < LINES_MAX) {
		char *equals = strchr(line, '=');
		bool soft = line[0] == '-';

		/* without a value only "-NAME" means something */
		if (line[0] == '#' || line[0] == ';' || (!equals && !soft))
			continue;
		if (equals)
			*equals = '\0';
		line = path_of(dw_trim(line + soft));
		if (*line)
			*dw_vec_add(a, &ret->v) = (struct host_sysctl){
				.name = line,
				.value = equals ? dw_trim(equals + 1) : NULL,
				.file = file,
				.line = it.number,
				.glob = strpbrk(line, "*?[") != NULL,
			};
	}
}

/* --- the files ------------------------------------------------------------------------------------------ */

struct conf {
	const char *name, *path;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct conf *)a)->name, ((const struct conf *)b)->name);
}

/* It is systemd that starts this host, and so systemd-sysctl(8) that reads the files. */
static bool has_systemd(struct host_asking *q)
{
	static const char *const program[] = { "/usr/lib/systemd/systemd-sysctl",
					       "/lib/systemd/systemd-sysctl", NULL };
	static const char *const others[] = { "/sbin/openrc-run", "/etc/inittab", NULL };

	if (dw_sys_is_running(q->l->sys) && host_ask_file(q, "/run/systemd/system"))
		return true;
	return host_ask_files(q, program) && !host_ask_files(q, others);
}

static void read_file(struct host_asking *q, const char *path, struct host_sysctls *ret)
{
	struct dw_bytes text = { 0 };

	if (host_ask_text(q, path, &text))
		host_sysctl_parse(q->l->a, &text, path, ret);
}

void host_sysctl_read(struct host_asking *q, struct host_sysctls *ret)
{
	static const char *const dirs[] = { "/etc/sysctl.d", "/run/sysctl.d",
					    "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d",
					    "/lib/sysctl.d" };
	DW_VEC(struct conf) all = { 0 };

	*ret = (struct host_sysctls){ 0 };
	for (size_t i = 0; i < DW_ARRAY_SIZE(dirs); i++) {
		struct dw_strings names;

		host_ask_list(q, dirs[i], &names);
		for (size_t k = 0; k < names.n; k++) {
			bool hidden = !dw_ends_with(names.v[k], ".conf");

			for (size_t m = 0; m < all.n && !hidden; m++)
				hidden = dw_streq(all.v[m].name, names.v[k]);
			if (!hidden)
				*dw_vec_add(q->l->a, &all) =
					(struct conf){ names.v[k],
						       dw_arena_printf(q->l->a, "%s/%s", dirs[i],
								       names.v[k]) };
		}
	}
	if (all.n > 1)
		qsort(all.v, all.n, sizeof(*all.v), by_name);
	for (size_t i = 0; i < all.n; i++)
		read_file(q, all.v[i].path, ret);
	if (!has_systemd(q))
		read_file(q, "/etc/sysctl.conf", ret);
}

/* --- which line counts ----------------------------------------------------------------------------------- */

const struct host_sysctl *host_sysctl_of(const struct host_sysctls *all, const char *name)
{
	const struct host_sysctl *matching = NULL;

	for (size_t i = all->v.n; i-- > 0;) {
		const struct host_sysctl *s = &all->v.v[i];

		if (!s->glob && dw_streq(s->name, name))
			return s->value ? s : NULL;
		if (s->glob && s->value && !matching && fnmatch(s->name, name, FNM_PATHNAME) == 0)
			matching = s;
	}
	return matching;
}

bool host_sysctl_ours_counts(const struct host_sysctl *s)
{
	/* what names a setting counts before what matches it, wherever it stands */
	return s->glob || (!dw_streq(s->file, "/etc/sysctl.conf") &&
			   strcmp(dw_basename(HOST_SYSCTL_OWN), dw_basename(s->file)) >= 0);
}
