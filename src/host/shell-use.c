/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Jobs and scripts that become an account by its shell: without one they fail, at night and unseen. */
#include "shell-use.h"

#include <string.h>

#include "asking.h"
#include "dw_parse.h"

#define FILES_MAX 2000
#define TEXT_MAX  ((off_t)256 * 1024)

enum becoming { BECOMES_NOT, BECOMES_SU, BECOMES_RUNUSER, BECOMES_SUDO };

static enum becoming becoming_of(const char *word)
{
	const char *base = dw_basename(word);

	return dw_streq(base, "su")        ? BECOMES_SU
	       : dw_streq(base, "runuser") ? BECOMES_RUNUSER
	       : dw_streq(base, "sudo")    ? BECOMES_SUDO
					   : BECOMES_NOT;
}

/* su(1), runuser(1): -s names another shell, and runuser -u starts none; sudo(8): -i alone starts the account's own. */
static bool line_uses(char *line, const char *name)
{
	enum becoming how = BECOMES_NOT;
	bool own = false, login = false, named = false;
	char *word;

	while ((word = strsep(&line, " \t\"'`;&|(){}=")) != NULL) {
		enum becoming begins = becoming_of(word);

		if (begins != BECOMES_NOT) {
			how = begins;
			own = login = named = false;
		}
		if (how == BECOMES_NOT || !*word)
			continue;
		own = own || dw_starts_with(word, "--shell") ||
		      (dw_starts_with(word, "-s") && how != BECOMES_SUDO) ||
		      (dw_starts_with(word, "-u") && how == BECOMES_RUNUSER);
		login = login || dw_streq(word, "--login") ||
			(word[0] == '-' && word[1] != '-' && strchr(word, 'i'));
		named = named || dw_streq(word, name);
		if (named && !own && (how != BECOMES_SUDO || login))
			return true;
	}
	return false;
}

unsigned host_shell_line(struct dw_arena *a, const struct dw_bytes *text, const char *name)
{
	struct dw_lines it = dw_lines_of(text);
	char *line;

	if (!text->n || memchr(text->data, '\0', text->n) ||
	    !memmem(text->data, text->n, name, strlen(name)))
		return 0;
	while ((line = dw_lines_next_trimmed(&it, a)) != NULL)
		if (*line != '#' && line_uses(line, name))
			return it.number;
	return 0;
}

static const char *use_in(struct host_asking *q, const char *path, const char *name)
{
	struct dw_bytes text = { 0 };
	struct stat st;
	unsigned line;

	if (!host_ask_stat(q, path, true, &st) || !S_ISREG(st.st_mode) || st.st_size > TEXT_MAX ||
	    !host_ask_text(q, path, &text))
		return NULL;
	line = host_shell_line(q->l->a, &text, name);
	return line ? dw_arena_printf(q->l->a, "%s:%u", path, line) : NULL;
}

const char *host_shell_used(struct host_look *l, const char *name, struct dw_error *ret_e)
{
	static const char *const files[] = { "/etc/crontab", "/etc/rc.local", "/etc/anacrontab",
					     NULL };
	static const char *const dirs[] = { "/etc/cron.d",         "/etc/cron.hourly",
					    "/etc/cron.daily",     "/etc/cron.weekly",
					    "/etc/cron.monthly",   "/var/spool/cron/crontabs",
					    "/var/spool/cron",     "/etc/init.d",
					    "/etc/systemd/system", "/usr/local/bin",
					    "/usr/local/sbin",     NULL };
	struct host_asking q = { .l = l };
	const char *found = NULL;
	size_t n = 0;

	for (size_t i = 0; files[i] && !found; i++)
		found = use_in(&q, files[i], name);
	for (size_t i = 0; dirs[i] && !found; i++) {
		struct dw_strings names;

		host_ask_list(&q, dirs[i], &names);
		for (size_t k = 0; k < names.n && !found && n < FILES_MAX; k++, n++)
			found = use_in(&q, dw_arena_printf(l->a, "%s/%s", dirs[i], names.v[k]),
				       name);
	}
	*ret_e = q.e;
	return found;
}
