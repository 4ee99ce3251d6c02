/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Users that configuration names: a line of inetd, a block of xinetd, directives of web servers. */
#include <string.h>

#include "confine.h"
#include "directives.h"
#include "dw_str.h"

#define TEXT_MAX ((size_t)1024 * 1024)

static bool read_text(struct dw_sys *sys, const char *path, struct dw_arena *a,
		      struct dw_bytes *ret)
{
	return dw_sys_file_read(sys, path, TEXT_MAX, a, ret, NULL) == 0;
}

static void say(struct dw_confine_service *s, const char *user, const char *file, unsigned line,
		struct dw_arena *a)
{
	if (!user)
		return;
	s->said_user = user;
	s->said_at = line ? dw_arena_printf(a, "%s:%u", file, line) : file;
}

/* "FILE:LINE" taken apart. */
static bool place_of(const char *source, struct dw_arena *a, const char **ret_file,
		     unsigned *ret_line)
{
	const char *colon = source ? strrchr(source, ':') : NULL;
	uint64_t line;

	if (!colon || !dw_parse_u64(colon + 1, 10, 1000000, &line) || line == 0)
		return false;
	*ret_file = dw_arena_strndup(a, source, (size_t)(colon - source));
	*ret_line = (unsigned)line;
	return true;
}

static void read_line_user(struct dw_sys *sys, struct dw_confine_service *s, const char *source,
			   struct dw_arena *a)
{
	const char *file = NULL, *user = NULL;
	struct dw_bytes text = { 0 };
	struct dw_lines it;
	unsigned line = 0, at;
	char *one;

	if (!place_of(source, a, &file, &line) || !read_text(sys, file, a, &text))
		return;
	at = line;
	if (s->kind == DW_STARTER_XINETD) {
		user = dw_confine_xinetd_user(a, &text, line, &at);
		say(s, user, file, at, a);
		return;
	}
	it = dw_lines_of(&text);
	while ((one = dw_lines_next_trimmed(&it, a)) != NULL)
		if (it.number == line)
			user = dw_confine_inetd_user(a, one);
	say(s, user, file, line, a);
}

/* One service may have several lines: the one that says root counts. */
static void read_lines(struct dw_sys *sys, struct dw_confine_service *s, struct dw_arena *a)
{
	for (size_t i = 0; i < s->sources.n; i++)
		if (!s->said_user || !dw_streq(s->said_user, "root"))
			read_line_user(sys, s, s->sources.v[i], a);
}

static void read_nginx(struct dw_sys *sys, struct dw_confine_service *s, struct dw_arena *a)
{
	static const char file[] = "/etc/nginx/nginx.conf";
	struct dw_bytes text = { 0 };
	unsigned line = 0;

	if (read_text(sys, file, a, &text))
		say(s, dw_confine_nginx_user(a, &text, &line), file, line, a);
}

/* Debian's configuration takes the name from a variable of its start script. */
static const char *envvar(struct dw_sys *sys, const char *word, struct dw_arena *a)
{
	struct dw_bytes text = { 0 };
	size_t n = strlen(word);

	if (!dw_starts_with(word, "${") || word[n - 1] != '}')
		return word;
	if (!read_text(sys, "/etc/apache2/envvars", a, &text))
		return NULL;
	return dw_confine_envvar(a, &text, dw_arena_strndup(a, word + 2, n - 3));
}

static void read_apache(struct dw_sys *sys, struct dw_confine_service *s, struct dw_arena *a)
{
	static const char *const files[] = { "/etc/apache2/apache2.conf",
					     "/etc/httpd/conf/httpd.conf" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(files) && !s->said_user; i++) {
		struct dw_bytes text = { 0 };
		const char *user;
		unsigned line = 0;

		if (!read_text(sys, files[i], a, &text))
			continue;
		user = dw_confine_apache_user(a, &text, &line);
		say(s, user ? envvar(sys, user, a) : NULL, files[i], line, a);
	}
}

void dw_confine_read_said(struct dw_sys *sys, struct dw_confine_service *s, struct dw_arena *a)
{
	static const struct {
		const char *program;
		void (*read)(struct dw_sys *sys, struct dw_confine_service *s, struct dw_arena *a);
	} servers[] = { { "nginx", read_nginx },
			{ "apache2", read_apache },
			{ "httpd", read_apache } };
	const char *daemon = dw_confine_daemon(s);

	if (s->kind == DW_STARTER_INETD || s->kind == DW_STARTER_XINETD) {
		read_lines(sys, s, a);
		return;
	}
	for (size_t i = 0; i < DW_ARRAY_SIZE(servers); i++)
		if (dw_streq(daemon, servers[i].program))
			servers[i].read(sys, s, a);
}
