/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What else an installation may bring: things that start programs, accounts, files that give rights. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "diff-private.h"
#include "dw_around.h"
#include "dw_str.h"

#define FILES_MAX 5000000
#define WALK_MS   60000
#define LIST_MAX  ((size_t)4 * 1024 * 1024) /* of /etc/passwd */

struct looking {
	struct dw_sys *s;
	struct dw_arena *a;
	struct dw_things *things;
	struct dw_strings *notes;
};

static void add(const struct looking *l, const char *what, const char *name, const char *state)
{
	dw_vec_push(l->a, l->things, ((struct dw_thing){ what, name, state }));
}

static void note(const struct looking *l, const struct dw_error *e)
{
	dw_vec_push(l->a, l->notes, dw_arena_strdup(l->a, e->message));
}

/* --- what starts programs ----------------------------------------------------------------------------- */

/* Those that are read are told by their path; what is in a directory NAME.wants is told by that. */
static const char *const directories[] = {
	"/etc/systemd/system",
	"/run/systemd/system",
	"/usr/local/lib/systemd/system",
	"/usr/lib/systemd/system",
	"/etc/systemd/user",
	"/usr/lib/systemd/user",
	"/etc/init.d",
	"/etc/rc2.d",
	"/etc/rc3.d",
	"/etc/rc5.d",
	"/etc/rcS.d",
	"/etc/cron.d",
	"/etc/cron.hourly",
	"/etc/cron.daily",
	"/etc/cron.weekly",
	"/etc/cron.monthly",
	"/var/spool/cron/crontabs",
	"/etc/xinetd.d",
	"/etc/runlevels/default",
	"/etc/runlevels/boot",
	"/etc/sv",
	"/etc/service",
};

static const char *const single_files[] = { "/etc/inetd.conf", "/etc/rc.local", "/etc/crontab",
					    "/etc/inittab", "/etc/ld.so.preload" };

/* What stands in it counts, not when it was written; a link says where it leads. */
static const char *state_of(const struct looking *l, const char *path)
{
	struct dw_bytes text = { 0 };
	struct stat st = { 0 };
	char *target = NULL;
	uint64_t sum = UINT64_C(14695981039346656037); /* FNV-1a, 64 bits */

	if (dw_sys_file_stat(l->s, path, false, &st, NULL) < 0)
		return NULL;
	if (S_ISLNK(st.st_mode) && dw_sys_file_readlink(l->s, path, l->a, &target, NULL) == 0)
		return dw_arena_printf(l->a, "leads to %s", target);
	if (!S_ISREG(st.st_mode) || dw_sys_file_read(l->s, path, LIST_MAX, l->a, &text, NULL) < 0)
		return "there";
	for (size_t i = 0; i < text.n; i++)
		sum = (sum ^ (unsigned char)text.data[i]) * UINT64_C(1099511628211);
	return dw_arena_printf(l->a, "%zu bytes, mode %04o, content %08llx", text.n,
			       (unsigned)(st.st_mode & 07777),
			       (unsigned long long)(sum >> 32 ^ (sum & UINT32_MAX)));
}

static void look_into(const struct looking *l, const char *directory, unsigned depth)
{
	struct dw_strings names = { 0 };
	struct dw_error e = { 0 };
	int r = dw_sys_dir_list(l->s, directory, l->a, &names, &e);

	if (r < 0 && r != -ENOENT && r != -ENOTDIR)
		note(l, &e);
	for (size_t i = 0; r >= 0 && i < names.n; i++) {
		const char *path = dw_arena_printf(l->a, "%s/%s", directory, names.v[i]);
		struct stat st = { 0 };
		const char *state;

		if (dw_sys_file_stat(l->s, path, false, &st, NULL) < 0)
			continue;
		if (S_ISDIR(st.st_mode)) {
			if (depth < 2)
				look_into(l, path, depth + 1);
			continue;
		}
		state = state_of(l, path);
		if (state)
			add(l, "unit", path, state);
	}
}

/* /lib is a link to usr/lib almost everywhere; where it is none, it is a place of its own. */
static void look_at_units(const struct looking *l)
{
	struct stat st = { 0 };

	for (size_t i = 0; i < DW_ARRAY_SIZE(directories); i++)
		look_into(l, directories[i], 0);
	if (dw_sys_file_stat(l->s, "/lib", false, &st, NULL) == 0 && S_ISDIR(st.st_mode))
		look_into(l, "/lib/systemd/system", 0);
	for (size_t i = 0; i < DW_ARRAY_SIZE(single_files); i++) {
		const char *state = state_of(l, single_files[i]);

		if (state)
			add(l, "unit", single_files[i], state);
	}
}

/* --- accounts ------------------------------------------------------------------------------------------ */

/* "www-data:x:33:33:..." : name, and the rest without the password, which may be a hash. */
static void look_at_list(const struct looking *l, const char *file, const char *what)
{
	struct dw_bytes text = { 0 };
	struct dw_error e = { 0 };
	struct dw_lines lines;
	char *line;

	if (dw_sys_file_read(l->s, file, LIST_MAX, l->a, &text, &e) < 0) {
		note(l, &e);
		return;
	}
	lines = dw_lines_of(&text);
	while ((line = dw_lines_next_trimmed(&lines, l->a))) {
		char *password = strchr(line, ':');
		char *rest = password ? strchr(password + 1, ':') : NULL;

		if (!rest || line == password)
			continue;
		*password = '\0';
		add(l, what, line,
		    dw_arena_printf(l->a, "%s%s", rest + 1,
				    password[1] == ':' ? " (no password)" : ""));
	}
}

/* --- files that give rights ----------------------------------------------------------------------------- */

static const char *rights(const struct looking *l, const struct dw_privileged *p)
{
	struct dw_str text = { .arena = l->a };

	if (p->mode & S_ISUID)
		dw_str_addf(&text, "set-UID of user %u, ", p->uid);
	if (p->mode & S_ISGID)
		dw_str_addf(&text, "set-GID of group %u, ", p->gid);
	if (p->capability)
		dw_str_addf(&text, "capabilities %s, ", p->capability);
	dw_str_addf(&text, "mode %04o, %llu bytes of %lld", p->mode, (unsigned long long)p->size,
		    (long long)(p->mtime_ns / 1000000000));
	return text.s;
}

static void look_at_files(const struct looking *l)
{
	struct dw_privileged_list list = { 0 };
	struct dw_error e = { 0 };

	if (dw_sys_privileged(l->s, FILES_MAX, WALK_MS, l->a, &list, &e) < 0) {
		note(l, &e);
		return;
	}
	for (size_t i = 0; i < list.n; i++)
		add(l, "file", list.v[i].path, rights(l, &list.v[i]));
	if (list.cut)
		dw_vec_push(l->a, l->notes,
			    "There are too many files to look at all for set-UID and "
			    "capabilities: some were left out.");
}

/* --- all ----------------------------------------------------------------------------------------------- */

static int by_name(const void *x, const void *y)
{
	const struct dw_thing *a = x, *b = y;
	int r = strcmp(a->what, b->what);

	if (r == 0)
		r = strcmp(a->name, b->name);
	return r ? r : strcmp(a->state, b->state);
}

void dw_things_look(struct dw_sys *s, struct dw_arena *a, struct dw_things *ret,
		    struct dw_strings *notes)
{
	struct looking l = { .s = s, .a = a, .things = ret, .notes = notes };

	look_at_units(&l);
	look_at_list(&l, "/etc/passwd", "account");
	look_at_list(&l, "/etc/group", "group");
	look_at_files(&l);
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_name);
}

void dw_things_compare(const struct dw_things *before, const struct dw_things *after,
		       struct dw_arena *a, struct dw_report_around *ret)
{
	DW_VEC(struct dw_diff_thing) all = { 0 };
	size_t i = 0, k = 0;

	while (i < before->n || k < after->n) {
		const struct dw_thing *x = i < before->n ? &before->v[i] : NULL;
		const struct dw_thing *y = k < after->n ? &after->v[k] : NULL;
		int r = !x ? 1 : !y ? -1 : strcmp(x->what, y->what);
		const struct dw_thing *one;

		if (r == 0 && x && y)
			r = strcmp(x->name, y->name);
		i += r <= 0;
		k += r >= 0;
		one = r <= 0 && x ? x : y;
		if (!one || (r == 0 && x && y && dw_streq(x->state, y->state)))
			continue;
		dw_vec_push(a, &all,
			    ((struct dw_diff_thing){
				    .kind = r == 0  ? DW_DIFF_CHANGED
					    : r < 0 ? DW_DIFF_WENT
						    : DW_DIFF_CAME,
				    .what = one->what,
				    .name = one->name,
				    .before = r <= 0 && x ? x->state : NULL,
				    .after = r >= 0 && y ? y->state : NULL,
			    }));
	}
	ret->things = all.v;
	ret->n = all.n;
}
