/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of accounts, line by line: getpwent(3) would hide just the lines that are to be found. */
#include "accounts.h"

#include <errno.h>

#define FIELDS_MAX 9 /* shadow(5) */
#define LINES_MAX  100000
#define UID_MIN    1000 /* login.defs(5), where it does not say */
#define UID_MAX    60000

/* Cuts the line at its colons; returns how many fields there are, of which the first FIELDS_MAX are kept. */
static size_t cut(char *line, const char *ret[FIELDS_MAX])
{
	size_t n = 0;

	for (char *p = line; p; n++) {
		char *colon = strchr(p, ':');

		if (colon)
			*colon = '\0';
		if (n < FIELDS_MAX)
			ret[n] = p;
		p = colon ? colon + 1 : NULL;
	}
	return n;
}

static bool number(const char *s, uint32_t *ret)
{
	uint64_t n;

	if (!dw_parse_u64(s, 10, UINT32_MAX, &n))
		return false;
	*ret = (uint32_t)n;
	return true;
}

/* A field of days; empty or no number: -1, which says nothing. */
static int64_t days(const char *s)
{
	uint64_t n;

	return dw_parse_u64(s, 10, INT32_MAX, &n) ? (int64_t)n : -1;
}

/* The next line that is one of `least` fields and has a name; NULL: no more. Those of NIS (+, -) are none of ours. */
static const char *next(struct dw_arena *a, struct dw_lines *it, size_t least,
			const char *ret[FIELDS_MAX])
{
	const char *line;
	size_t n;

	while (it->number < LINES_MAX && dw_lines_next(it, &line, &n)) {
		const char *text = dw_arena_strndup(a, line, n);

		if (cut(dw_arena_strndup(a, line, n), ret) >= least && ret[0][0] &&
		    !strchr("#+-", ret[0][0]))
			return text;
	}
	return NULL;
}

void host_passwd_parse(struct dw_arena *a, const struct dw_bytes *text, struct host_accounts *all)
{
	struct dw_lines it = dw_lines_of(text);
	const char *f[FIELDS_MAX], *line;

	while ((line = next(a, &it, 7, f)) != NULL) {
		struct host_user u = { .name = f[0],
				       .password = f[1],
				       .home = f[5],
				       .shell = f[6],
				       .line = it.number,
				       .text = line };

		if (number(f[2], &u.uid) && number(f[3], &u.gid))
			dw_vec_push(a, &all->users, u);
	}
}

void host_shadow_parse(struct dw_arena *a, const struct dw_bytes *text, struct host_accounts *all)
{
	struct dw_lines it = dw_lines_of(text);
	const char *f[FIELDS_MAX];

	while (next(a, &it, 8, f))
		*dw_vec_add(a, &all->shadows) = (struct host_shadow){ .name = f[0],
								      .password = f[1],
								      .changed = days(f[2]),
								      .most = days(f[4]),
								      .inactive = days(f[6]),
								      .expires = days(f[7]),
								      .line = it.number };
}

void host_group_parse(struct dw_arena *a, const struct dw_bytes *text, struct host_accounts *all)
{
	struct dw_lines it = dw_lines_of(text);
	const char *f[FIELDS_MAX];

	while (next(a, &it, 4, f)) {
		struct host_group g = {
			.name = f[0], .password = f[1], .members = f[3], .line = it.number
		};

		if (number(f[2], &g.gid))
			dw_vec_push(a, &all->groups, g);
	}
}

/* UID_MIN and UID_MAX of login.defs(5). */
static void read_limits(struct host_look *l, struct host_accounts *all)
{
	struct dw_bytes text = { 0 };
	struct dw_lines it;
	char *line;

	all->uid_min = UID_MIN;
	all->uid_max = UID_MAX;
	if (dw_sys_file_read(l->sys, "/etc/login.defs", DW_FILE_MAX, l->a, &text, NULL) < 0)
		return;
	it = dw_lines_of(&text);
	while ((line = dw_lines_next_trimmed(&it, l->a)) != NULL) {
		const char *key = dw_word_next(&line), *value = dw_word_next(&line);

		if (key && value && dw_streq(key, "UID_MIN"))
			(void)number(value, &all->uid_min);
		else if (key && value && dw_streq(key, "UID_MAX"))
			(void)number(value, &all->uid_max);
	}
}

static void read_one(struct host_look *l, const char *path, struct host_accounts *all,
		     struct dw_error *e,
		     void (*parse)(struct dw_arena *a, const struct dw_bytes *text,
				   struct host_accounts *ret))
{
	struct dw_bytes text = { 0 };

	if (dw_sys_file_read(l->sys, path, DW_FILE_MAX, l->a, &text, e) >= 0) {
		*e = (struct dw_error){ 0 };
		parse(l->a, &text, all);
	}
}

struct host_accounts *host_accounts(struct host_look *l)
{
	if (l->accounts)
		return l->accounts;
	l->accounts = dw_new(l->a, struct host_accounts);
	read_limits(l, l->accounts);
	read_one(l, HOST_PASSWD, l->accounts, &l->accounts->passwd_error, host_passwd_parse);
	read_one(l, HOST_SHADOW, l->accounts, &l->accounts->shadow_error, host_shadow_parse);
	read_one(l, HOST_GROUP, l->accounts, &l->accounts->group_error, host_group_parse);
	l->accounts->no_shadow = l->accounts->shadow_error.code == -ENOENT;
	return l->accounts;
}

/* --- questions ------------------------------------------------------------------------------------------ */

const struct host_shadow *host_shadow_of(const struct host_accounts *all, const char *name)
{
	for (size_t i = 0; i < all->shadows.n; i++)
		if (dw_streq(all->shadows.v[i].name, name))
			return &all->shadows.v[i];
	return NULL;
}

bool host_is_login_shell(const char *shell)
{
	/* the last four come with their accounts since the first Unix, and do what they are called */
	static const char *const none[] = { "nologin",  "false", "true",    "sync",
					    "shutdown", "halt",  "poweroff" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(none); i++)
		if (dw_streq(dw_basename(shell), none[i]))
			return false;
	return true;
}

bool host_is_person(const struct host_accounts *all, const struct host_user *u)
{
	return u->uid == 0 || (u->uid >= all->uid_min && u->uid <= all->uid_max);
}

bool host_has_password(const struct host_accounts *all, const struct host_user *u)
{
	const struct host_shadow *s =
		dw_streq(u->password, "x") ? host_shadow_of(all, u->name) : NULL;
	const char *field = s ? s->password : u->password;

	return field[0] && !strchr("!*", field[0]) && !dw_streq(field, "x");
}

bool host_has_line(struct host_look *l, const char *path)
{
	struct dw_bytes text = { 0 };
	struct dw_lines it;
	char *line;

	if (dw_sys_file_read(l->sys, path, DW_FILE_MAX, l->a, &text, NULL) < 0)
		return false;
	it = dw_lines_of(&text);
	while ((line = dw_lines_next_trimmed(&it, l->a)) != NULL)
		if (*line && *line != '#')
			return true;
	return false;
}
