/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session.h"

#include <sys/sysmacros.h>
#include <utmp.h>

#include "dw_str.h"

#define SESSION_MAX ((size_t)64 * 1024)
#define UTMP_MAX    ((size_t)4 * 1024 * 1024)

/* Values are escaped as env_file does: only what matters here, the quotes, is undone. */
static const char *value_of(char *value)
{
	size_t n = strlen(value);

	if (n >= 2 && *value == '"' && value[n - 1] == '"') {
		value[n - 1] = '\0';
		value++;
	}
	return *value ? value : NULL;
}

bool dw_session_read(struct dw_starters *s, const char *id, struct dw_session *ret)
{
	struct dw_bytes text = { 0 };
	struct dw_lines lines;
	char *line;

	*ret = (struct dw_session){ 0 };
	if (strchr(id, '/') ||
	    dw_sys_file_read(s->sys, dw_arena_printf(s->arena, "/run/systemd/sessions/%s", id),
			     SESSION_MAX, s->arena, &text, NULL) < 0)
		return false;
	lines = dw_lines_of(&text);
	while ((line = dw_lines_next_trimmed(&lines, s->arena))) {
		char *equals = strchr(line, '=');

		if (!equals)
			continue;
		*equals++ = '\0';
		if (dw_streq(line, "USER"))
			ret->user = value_of(equals);
		else if (dw_streq(line, "TTY"))
			ret->tty = value_of(equals);
		else if (dw_streq(line, "REMOTE_HOST"))
			ret->host = value_of(equals);
		else if (dw_streq(line, "SERVICE"))
			ret->service = value_of(equals);
	}
	return true;
}

bool dw_session_utmp(struct dw_arena *a, const struct dw_bytes *text, const char *tty,
		     struct dw_session *ret)
{
	struct utmp u;

	for (size_t at = 0; text->n - at >= sizeof(u); at += sizeof(u)) {
		memcpy(&u, text->data + at, sizeof(u));
		/* the fields are not terminated when they are full */
		if (u.ut_type != USER_PROCESS || strncmp(u.ut_line, tty, sizeof(u.ut_line)) != 0)
			continue;
		*ret = (struct dw_session){
			.tty = tty,
			.user = *u.ut_user ? dw_arena_strndup(a, u.ut_user, sizeof(u.ut_user))
					   : NULL,
			.host = *u.ut_host ? dw_arena_strndup(a, u.ut_host, sizeof(u.ut_host))
					   : NULL,
		};
		return true;
	}
	return false;
}

bool dw_session_at(struct dw_starters *s, const char *tty, struct dw_session *ret)
{
	static const char *const files[] = { "/run/utmp", "/var/run/utmp" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(files); i++) {
		struct dw_bytes text = { 0 };

		if (dw_sys_file_read(s->sys, files[i], UTMP_MAX, s->arena, &text, NULL) == 0)
			return dw_session_utmp(s->arena, &text, tty, ret);
	}
	return false;
}

const char *dw_session_tty(struct dw_arena *a, int tty_nr)
{
	unsigned number = (unsigned)tty_nr;
	unsigned major_nr = (number >> 8) & 0xfff,
		 minor_nr = (number & 0xff) | ((number >> 12) & 0xfff00);

	/* Documentation/admin-guide/devices.txt: 136-143 pseudo terminals, 4 consoles and serial lines */
	if (major_nr >= 136 && major_nr <= 143)
		return dw_arena_printf(a, "pts/%u", (major_nr - 136) * 256 + minor_nr);
	if (major_nr == 4 && minor_nr > 0)
		return minor_nr < 64 ? dw_arena_printf(a, "tty%u", minor_nr)
				     : dw_arena_printf(a, "ttyS%u", minor_nr - 64);
	return NULL;
}

const char *dw_session_text(struct dw_arena *a, const struct dw_session *v)
{
	if (v->tty && v->host)
		return dw_arena_printf(a, "tty %s from %s", v->tty, v->host);
	if (v->tty)
		return dw_arena_printf(a, "tty %s", v->tty);
	return v->host ? dw_arena_printf(a, "no terminal, from %s", v->host) : NULL;
}
