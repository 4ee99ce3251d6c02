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

/* Files that a script reads by their names: "/etc/default/snmpd", "/etc/sysconfig/$NAME". */
static size_t read_beside(struct dw_sys *sys, struct dw_arena *a,
			  const struct dw_confine_service *s, const char *script,
			  struct dw_bytes *texts)
{
	static const char *const places[] = { "/etc/default/", "/etc/sysconfig/", "/etc/conf.d/" };
	const char *name = dw_basename(script);
	size_t n = 1;

	for (size_t i = 0; i < DW_ARRAY_SIZE(places); i++) {
		const char *at = memmem(texts[0].data, texts[0].n, places[i], strlen(places[i]));
		const char *word, *last;

		/* OpenRC reads it unasked */
		if (!at && (s->kind != DW_STARTER_OPENRC || i != 2))
			continue;
		word = at ? dw_arena_strndup(a, at, strcspn(at, " \t\n;)\"'")) : "/etc/conf.d/$";
		last = strrchr(word, '/') + 1;
		if (strchr(last, '$'))
			last = dw_confine_script_value(a, texts, 1, last);
		word = dw_arena_printf(a, "%s%s", places[i], last && *last ? last : name);
		n += read_text(sys, word, a, &texts[n]);
	}
	return n;
}

static void read_script(struct dw_sys *sys, struct dw_confine_service *s, struct dw_arena *a)
{
	struct dw_bytes texts[4] = { { 0 } };
	const char *file = s->source, *user;
	unsigned line = 0;
	size_t n;

	if (!file)
		return;
	(void)place_of(s->source, a, &file, &line);
	if (!read_text(sys, file, a, &texts[0]))
		return;
	n = read_beside(sys, a, s, file, texts);
	user = dw_confine_script_user(a, texts, n, s->kind == DW_STARTER_OPENRC, &line);
	if (!user && s->kind == DW_STARTER_OPENRC)
		user = dw_confine_script_value(
			a, texts, n, dw_confine_envvar(a, &texts[0], "command_user", &line));
	if (user)
		user = dw_arena_strndup(a, user, strcspn(user, ":"));
	say(s, user, file, line, a);
}

void dw_confine_read_said(struct dw_sys *sys, struct dw_confine_service *s, struct dw_arena *a)
{
	if (s->kind == DW_STARTER_INETD || s->kind == DW_STARTER_XINETD)
		read_lines(sys, s, a);
	else
		dw_confine_read_server(sys, s, a);
	if (!s->said_user && (s->kind == DW_STARTER_SYSV || s->kind == DW_STARTER_OPENRC))
		read_script(sys, s, a);
}
