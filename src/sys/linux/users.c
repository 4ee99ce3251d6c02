/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* passwd(5) and services(5) of the root, each read once. */
#include <pwd.h>
#include <string.h>

#include "dw_str.h"
#include "sys_private.h"

#define BAD_LINES_MAX 100u /* a file of something else has a thousand, and they say no more */

/*
 * name:x:uid:...; NULL when the line is one. "+" and "-" lines are nss_compat's, who may leave all but the name empty;
 * glibc passes over empty lines and comments (nss_files).
 */
static const char *take_user(struct dw_sys *s, const char *line, size_t n)
{
	const char *colon = memchr(line, ':', n), *second, *third, *end = line + n;
	uint64_t uid;

	while (n > 0 && (*line == ' ' || *line == '\t'))
		line++, n--;
	if (n == 0 || line[0] == '#' || line[0] == '+' || line[0] == '-')
		return NULL;
	if (!colon || colon == line)
		return "no account of the form name:password:uid:gid:...; see pwck(8)";
	second = memchr(colon + 1, ':', (size_t)(end - colon - 1));
	third = second ? memchr(second + 1, ':', (size_t)(end - second - 1)) : NULL;
	if (!third)
		return "an account without name, password, uid and gid; see pwck(8)";
	if (!dw_parse_u64n(second + 1, (size_t)(third - second - 1), 10, UINT32_MAX, &uid))
		return "the third field of this account is no uid, so it has no user; correct it "
		       "by "
		       "vipw(8)";
	*dw_vec_add(s->arena, &s->users) = (struct dw_sys_user){
		.name = dw_arena_strndup(s->arena, line, (size_t)(colon - line)),
		.uid = (uint32_t)uid,
	};
	return NULL;
}

/* A bad line is skipped, as getpwent(3) does, and remembered. */
static void read_users(struct dw_sys *s)
{
	struct dw_bytes text = { 0 };
	struct dw_lines lines;
	const char *line;
	size_t n;

	s->users_read = true;
	if (dw_sys_file_read(s, "/etc/passwd", DW_FILE_MAX, s->arena, &text, NULL) < 0)
		return;
	lines = dw_lines_of(&text);
	while (dw_lines_next(&lines, &line, &n)) {
		const char *why = take_user(s, line, n);

		if (why && s->bad_users.n < BAD_LINES_MAX)
			*dw_vec_add(s->arena, &s->bad_users) =
				(struct dw_sys_bad_line){ .line = lines.number, .why = why };
	}
}

void dw_sys_users_bad(struct dw_sys *s, void (*bad)(void *arg, unsigned line, const char *why),
		      void *arg)
{
	if (!s->users_read)
		read_users(s);
	for (size_t i = 0; i < s->bad_users.n; i++)
		bad(arg, s->bad_users.v[i].line, s->bad_users.v[i].why);
}

const char *dw_sys_user_name(struct dw_sys *s, uint32_t uid)
{
	const struct passwd *pw;

	if (!s->users_read)
		read_users(s);
	for (size_t i = 0; i < s->users.n; i++)
		if (s->users.v[i].uid == uid)
			return s->users.v[i].name;
	if (s->kind != DW_SYS_LIVE)
		return NULL;
	/* a directory service's user; remembered, found or not, since asking may be slow */
	pw = getpwuid(uid);
	*dw_vec_add(s->arena, &s->users) = (struct dw_sys_user){
		.name = pw ? dw_arena_strdup(s->arena, pw->pw_name) : NULL,
		.uid = uid,
	};
	return s->users.v[s->users.n - 1].name;
}

bool dw_sys_user_id(struct dw_sys *s, const char *name, uint32_t *ret)
{
	if (!s->users_read)
		read_users(s);
	for (size_t i = 0; i < s->users.n; i++) {
		if (!dw_streq0(s->users.v[i].name, name))
			continue;
		*ret = s->users.v[i].uid;
		return true;
	}
	return false;
}

static void add_port(struct dw_sys *s, const char *name, const char *protocol, uint64_t port)
{
	*dw_vec_add(s->arena, &s->ports) = (struct dw_sys_port){
		.name = dw_arena_strdup(s->arena, name),
		.protocol = dw_arena_strdup(s->arena, protocol),
		.port = (uint16_t)port,
	};
}

/* name port/protocol [alias...] # comment */
static void read_ports(struct dw_sys *s)
{
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	struct dw_bytes text = { 0 };
	struct dw_lines lines;
	char *line;

	s->ports_read = true;
	if (dw_sys_file_read(s, "/etc/services", DW_FILE_MAX, scratch, &text, NULL) < 0)
		return;
	lines = dw_lines_of(&text);
	while ((line = dw_lines_next_trimmed(&lines, scratch))) {
		char *comment = strchr(line, '#'), *name, *port, *slash, *alias;
		uint64_t number;

		if (comment)
			*comment = '\0';
		name = dw_word_next(&line);
		port = name ? dw_word_next(&line) : NULL;
		slash = port ? strchr(port, '/') : NULL;
		if (!slash || !dw_parse_u64n(port, (size_t)(slash - port), 10, UINT16_MAX, &number))
			continue;
		add_port(s, name, slash + 1, number);
		while ((alias = dw_word_next(&line)))
			add_port(s, alias, slash + 1, number);
	}
}

bool dw_sys_service_port(struct dw_sys *s, const char *name, const char *protocol, uint16_t *ret)
{
	if (!s->ports_read)
		read_ports(s);
	for (size_t i = 0; i < s->ports.n; i++) {
		const struct dw_sys_port *p = &s->ports.v[i];

		if (!dw_streq(p->name, name) || (protocol && !dw_streq(p->protocol, protocol)))
			continue;
		*ret = p->port;
		return true;
	}
	return false;
}
