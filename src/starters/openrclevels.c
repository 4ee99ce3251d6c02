/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which runlevels OpenRC enters: inittab runs openrc(8) itself (Gentoo, Alpine) or wrappers that do (Debian:
 * /etc/init.d/rcS enters sysinit, /etc/init.d/rc N enters default); openrc-init enters sysinit, boot, default.
 */
#include <string.h>

#include "dw_str.h"
#include "initsys.h"
#include "initscript.h"
#include "openrc.h"
#include "shwords.h"

#define LEVELS_MAX 32

static void add_level(struct dw_arena *a, struct dw_strings *to, const char *name)
{
	if (!name[0] || strchr(name, '/') || name[0] == '$' || name[0] == '-' ||
	    to->n >= LEVELS_MAX)
		return;
	for (size_t i = 0; i < to->n; i++)
		if (dw_streq(to->v[i], name))
			return;
	dw_vec_push(a, to, name);
}

/* "exec /sbin/openrc default": words of one command. */
static void take_words(struct dw_arena *a, const struct dw_sh_command *c, struct dw_strings *ret)
{
	for (size_t i = 0; i + 1 < c->n; i++) {
		const char *word = dw_arena_strndup(a, c->words[i].s, c->words[i].n);

		if (dw_streq(dw_basename(word), "openrc") || dw_streq(word, "/sbin/rc")) {
			add_level(a, ret,
				  dw_arena_strndup(a, c->words[i + 1].s, c->words[i + 1].n));
			return;
		}
	}
}

/* One label of a case, "2|3 )": does it fit the argument? */
static bool label_fits(struct dw_arena *a, const char *label, size_t n, const char *argument)
{
	char *p = dw_arena_strndup(a, label, n), *word;

	for (char *c = p; *c; c++)
		if (*c == '|' || *c == '(' || *c == '"' || *c == '\'')
			*c = ' ';
	while ((word = dw_word_next(&p)) != NULL)
		if (dw_streq(word, "*") || (argument && dw_streq(word, argument)))
			return true;
	return false;
}

struct casing {
	bool inside, done,
		active; /* within case..esac; a label has fitted; this branch is the one */
};

/* Does the line begin with a label? Returns what stands behind it, or the line. */
static const char *take_label(struct dw_arena *a, const char *line, const char *argument,
			      struct casing *c)
{
	size_t n = strspn(
		line,
		" \t(\"'*?|[]-_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");

	if (!c->inside || c->active || line[n] != ')')
		return line;
	if (!c->done && label_fits(a, line, n, argument))
		c->active = c->done = true;
	return line + n + 1;
}

void dw_openrc_wrapper_levels(struct dw_arena *a, const struct dw_bytes *text, const char *argument,
			      struct dw_strings *ret)
{
	struct dw_lines it = dw_lines_of(text);
	struct casing c = { 0 };
	unsigned number;
	char *line;

	while ((line = dw_sh_next_line(&it, a, &number)) != NULL) {
		const char *p = dw_trim(line);
		struct dw_sh_command command;

		if (dw_starts_with(p, "case ")) {
			c = (struct casing){ .inside = true };
			continue;
		}
		if (dw_starts_with(p, "esac"))
			c = (struct casing){ 0 };
		p = take_label(a, p, argument, &c);
		if (!c.inside || c.active) {
			const char *rest = p;

			while (dw_sh_next_command(&rest, &command))
				take_words(a, &command, ret);
		}
		if (strstr(p, ";;"))
			c.active = false;
	}
}

static void from_inittab_line(struct dw_starters *s, const char *process, struct dw_strings *ret)
{
	struct dw_sh_command c;
	const char *p = process, *script, *argument;
	struct dw_bytes text;

	while (dw_sh_next_command(&p, &c)) {
		size_t before = ret->n;

		take_words(s->arena, &c, ret);
		if (ret->n > before)
			continue;
		script = dw_arena_strndup(s->arena, c.words[0].s, c.words[0].n);
		argument = c.n > 1 ? dw_arena_strndup(s->arena, c.words[1].s, c.words[1].n) : NULL;
		if (dw_starts_with(script, "/etc/") &&
		    dw_sys_file_read(s->sys, script, DW_SCRIPT_MAX, s->arena, &text, NULL) == 0)
			dw_openrc_wrapper_levels(s->arena, &text, argument, ret);
	}
}

/* A runlevel may hold another one: a directory, or a link to one. */
static void add_stacked(struct dw_starters *s, struct dw_strings *levels)
{
	for (size_t i = 0; i < levels->n; i++) {
		const char *dir = dw_arena_printf(s->arena, "/etc/runlevels/%s", levels->v[i]);
		struct dw_strings names = { 0 };

		if (dw_sys_dir_list(s->sys, dir, s->arena, &names, NULL) < 0)
			continue;
		for (size_t k = 0; k < names.n; k++) {
			const char *path = dw_arena_printf(s->arena, "%s/%s", dir, names.v[k]);
			struct stat st;

			if (dw_sys_file_stat(s->sys, path, true, &st, NULL) == 0 &&
			    S_ISDIR(st.st_mode))
				add_level(s->arena, levels, names.v[k]);
		}
	}
}

void dw_openrc_levels(struct dw_starters *s, struct dw_strings *ret)
{
	static const char *const usual[] = { "sysinit", "boot", "default" };
	struct dw_inittab tab = { 0 };

	if (dw_init_of(s) != DW_INIT_OPENRC && dw_inittab_read(s, false, &tab, NULL) == 0)
		for (size_t i = 0; i < tab.lines.n; i++)
			if (dw_inittab_at_boot(&tab, &tab.lines.v[i]))
				from_inittab_line(s, tab.lines.v[i].process, ret);
	if (ret->n == 0)
		for (size_t i = 0; i < DW_ARRAY_SIZE(usual); i++)
			dw_vec_push(s->arena, ret, usual[i]);
	add_stacked(s, ret);
}
