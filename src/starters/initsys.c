/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "initsys.h"

#include <errno.h>
#include <string.h>

#include "dw_str.h"

#define INITTAB_LINES_MAX 512
#define BAD_LINES_MAX     8 /* noted one by one; a file of garbage is one problem, not thousands */

static enum dw_init init_by_name(const char *name)
{
	static const struct {
		const char *name;
		enum dw_init init;
	} known[] = {
		{ "systemd", DW_INIT_SYSTEMD },    { "sysvinit", DW_INIT_SYSVINIT },
		{ "init", DW_INIT_SYSVINIT },      { "busybox", DW_INIT_SYSVINIT },
		{ "runit", DW_INIT_RUNIT },        { "runit-init", DW_INIT_RUNIT },
		{ "openrc-init", DW_INIT_OPENRC },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(known); i++)
		if (dw_streq(known[i].name, name))
			return known[i].init;
	return DW_INIT_UNKNOWN;
}

/* A root that is not running: what its /sbin/init is. No init at all: a container image, nothing boots it. */
static enum dw_init init_of_root(struct dw_starters *s)
{
	static const char *const places[] = { "/sbin/init", "/usr/sbin/init", "/bin/init",
					      "/init" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(places); i++) {
		char *real;

		if (dw_sys_file_real(s->sys, places[i], s->arena, &real, NULL) == 0)
			return init_by_name(dw_basename(real));
	}
	return DW_INIT_UNKNOWN;
}

enum dw_init dw_init_of(struct dw_starters *s)
{
	if (s->init)
		return init_by_name(s->init);
	return s->procs ? DW_INIT_UNKNOWN : init_of_root(s);
}

bool dw_init_has_openrc(struct dw_starters *s)
{
	static const char *const programs[] = { "/sbin/openrc", "/usr/sbin/openrc", "/bin/openrc",
						"/usr/bin/openrc" };
	static const char *const states[] = { "/run/openrc/softlevel", "/lib/rc/init.d/softlevel",
					      "/libexec/rc/init.d/softlevel" };
	enum dw_init init = dw_init_of(s);

	if (init == DW_INIT_SYSTEMD || init == DW_INIT_RUNIT)
		return false;
	if (s->procs) {
		for (size_t i = 0; i < DW_ARRAY_SIZE(states); i++)
			if (dw_sys_file_exists(s->sys, states[i]))
				return true;
		return false;
	}
	if (!dw_sys_file_exists(s->sys, "/etc/runlevels"))
		return false;
	for (size_t i = 0; i < DW_ARRAY_SIZE(programs); i++)
		if (dw_sys_file_exists(s->sys, programs[i]))
			return true;
	return false;
}

/* --- inittab -------------------------------------------------------------------------------------- */

/* "id:runlevels:action:process"; the process may hold colons. */
static bool parse_line(char *s, struct dw_inittab_line *ret)
{
	const char **fields[] = { &ret->id, &ret->runlevels, &ret->action };

	for (size_t i = 0; i < DW_ARRAY_SIZE(fields); i++) {
		char *colon = strchr(s, ':');

		if (!colon)
			return false;
		*colon = '\0';
		*fields[i] = dw_trim(s);
		s = colon + 1;
	}
	ret->process = dw_trim(s);
	return ret->action[0] != '\0' && strlen(ret->id) <= 64 &&
	       strspn(ret->action, "abcdefghijklmnopqrstuvwxyz") == strlen(ret->action);
}

void dw_inittab_parse(struct dw_arena *a, const struct dw_bytes *text, struct dw_inittab *ret,
		      void (*bad)(void *arg, unsigned line), void *arg)
{
	struct dw_lines it = dw_lines_of(text);
	char *s;

	*ret = (struct dw_inittab){ 0 };
	while ((s = dw_lines_next_trimmed(&it, a)) != NULL && ret->lines.n < INITTAB_LINES_MAX) {
		struct dw_inittab_line l = { .line = it.number };

		if (*s == '#' || *s == '\0')
			continue;
		if (!parse_line(s, &l)) {
			if (bad)
				bad(arg, it.number);
			continue;
		}
		if (dw_streq(l.action, "initdefault"))
			ret->runlevel = l.runlevels[0];
		*dw_vec_add(a, &ret->lines) = l;
	}
}

struct bad_lines {
	struct dw_facts *facts;
	unsigned n;
};

static void note_bad(void *arg, unsigned line)
{
	struct bad_lines *b = arg;

	if (b->n++ < BAD_LINES_MAX)
		dw_facts_incomplete(b->facts, "bad-line", "/etc/inittab", line, true,
				    "no entry of the form id:runlevels:action:process");
}

int dw_inittab_read(struct dw_starters *s, bool note_bad_lines, struct dw_inittab *ret,
		    struct dw_error *e)
{
	struct bad_lines bad = { .facts = s->facts };
	struct dw_bytes text;
	int r = dw_sys_file_read(s->sys, "/etc/inittab", DW_FILE_MAX, s->arena, &text, e);

	if (r < 0)
		return r;
	dw_inittab_parse(s->arena, &text, ret, note_bad_lines ? note_bad : NULL, &bad);
	return 0;
}

bool dw_inittab_at_boot(const struct dw_inittab *t, const struct dw_inittab_line *l)
{
	/* init(8) does these whatever the runlevels field says. */
	static const char *const always[] = { "sysinit", "boot", "bootwait" };
	static const char *const on_level[] = { "respawn", "wait", "once", "askfirst" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(always); i++)
		if (dw_streq(l->action, always[i]))
			return true;
	for (size_t i = 0; i < DW_ARRAY_SIZE(on_level); i++)
		if (dw_streq(l->action, on_level[i]))
			/* no runlevels: all of them; busybox's field is never looked at */
			return l->runlevels[0] == '\0' || !t->runlevel ||
			       strchr(l->runlevels, t->runlevel) != NULL;
	return false;
}
