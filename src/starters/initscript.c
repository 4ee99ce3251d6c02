/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "initscript.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>

#include "dw_str.h"
#include "shwords.h"

#define PROGRAMS_MAX 64
#define PIDFILES_MAX 32
#define NESTING_MAX  3

struct scan {
	struct dw_sys *sys;
	struct dw_arena *arena;
	struct dw_script *script;
	struct dw_sh sh;
	unsigned line;
	unsigned nesting; /* sourced file or sh -c inside it */
	bool values_only; /* a sourced file: it gives values, its commands start nothing */
	bool bare;        /* a command without a path is one, too */
	bool exec;        /* behind `exec`: this is what the script becomes */
	const char *jail; /* root directory of what is started here; NULL: the script's own */
	bool jail_only;   /* first pass over options: --chroot may stand behind --exec */
};

/* --- what was found ------------------------------------------------------------------------------- */

static void add_program(struct scan *x, const char *path, bool named)
{
	struct dw_script *s = x->script;

	if (x->jail_only || path[0] != '/' || path[1] == '\0' || dw_ends_with(path, "/"))
		return;
	/* /proc/PID/exe has the path as our own root directory shows it. */
	if (x->jail)
		path = dw_arena_printf(x->arena, "%s%s", x->jail, path);
	for (size_t i = 0; i < s->programs.n; i++) {
		if (dw_streq(s->programs.v[i].path, path)) {
			if (named && !s->programs.v[i].named) {
				s->programs.v[i].named = true;
				s->programs.v[i].line = x->line;
			}
			return;
		}
	}
	if (s->programs.n < PROGRAMS_MAX)
		*dw_vec_add(x->arena, &s->programs) = (struct dw_program){
			.path = path, .line = x->line, .named = named, .jail = x->jail
		};
}

static void add_pidfile(struct scan *x, const char *path)
{
	struct dw_script *s = x->script;

	if (path[0] != '/')
		return;
	for (size_t i = 0; i < s->pidfiles.n; i++)
		if (dw_streq(s->pidfiles.v[i].path, path))
			return;
	if (s->pidfiles.n < PIDFILES_MAX)
		*dw_vec_add(x->arena, &s->pidfiles) =
			(struct dw_pidfile){ .path = path, .line = x->line, .named = true };
}

/* The value of an option may be a whole command line (`daemon "$prog -D"`): its first word is the program. */
static void add_program_word(struct scan *x, const struct dw_sh_word *w, bool named)
{
	struct dw_strings values = { 0 };

	dw_sh_expand(&x->sh, w, &values);
	for (size_t i = 0; i < values.n; i++) {
		size_t n = strcspn(values.v[i], " \t\n");

		if (n > 0)
			add_program(x, dw_arena_strndup(x->arena, values.v[i], n), named);
	}
}

static void add_pidfile_word(struct scan *x, const struct dw_sh_word *w)
{
	struct dw_strings values = { 0 };

	dw_sh_expand(&x->sh, w, &values);
	for (size_t i = 0; i < values.n; i++)
		add_pidfile(x, values.v[i]);
}

/* The word behind chroot(8) or --chroot; "/" is no jail, and what cannot be known is none. */
static void enter_jail(struct scan *x, const struct dw_sh_word *w)
{
	const char *path = dw_sh_expand_one(&x->sh, w);
	size_t n = path && path[0] == '/' ? strlen(path) : 0;

	while (n > 0 && path[n - 1] == '/')
		n--;
	if (n > 0)
		x->jail = dw_arena_strndup(x->arena, path, n);
}

static bool has_suffix_nocase(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && strcasecmp(s + n - m, suffix) == 0;
}

/* DAEMON=, prog=, SSHD_BIN=, command= ... are how scripts call the program they start. */
static bool names_program(const char *variable)
{
	static const char *const whole[] = { "command", "server", "start_cmd", "procname" };
	static const char *const ends[] = { "daemon", "prog",   "program",   "exec",
					    "bin",    "binary", "executable" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(whole); i++)
		if (strcasecmp(variable, whole[i]) == 0)
			return true;
	for (size_t i = 0; i < DW_ARRAY_SIZE(ends); i++)
		if (has_suffix_nocase(variable, ends[i]))
			return true;
	return false;
}

static void note_values(struct scan *x, const char *variable, const struct dw_strings *values)
{
	for (size_t i = 0; i < values->n; i++) {
		const char *v = values->v[i];

		if (v[0] != '/' || strpbrk(v, " \t\n"))
			continue;
		if (dw_ends_with(v, ".pid") || strcasestr(variable, "pidfile"))
			add_pidfile(x, v);
		else if (names_program(variable))
			add_program(x, v, true);
	}
}

static bool take_assignment(struct scan *x, const struct dw_sh_word *w)
{
	const struct dw_sh_var *var;
	struct dw_strings values;

	if (!dw_sh_try_assignment(&x->sh, w, &var, &values))
		return false;
	if (var)
		note_values(x, var->name, &values);
	return true;
}

/* --- commands that start daemons ------------------------------------------------------------------ */

struct launcher {
	const char *name;
	const char *with_value;   /* one-letter options that take a value */
	const char *program;      /* one-letter options whose value is the program */
	const char *program_long; /* a long one beside --exec and --startas; NULL: none */
	bool first_word;          /* the first word that is no option is the program */
	bool jails;               /* -r is the root directory of the program */
};

/* start-stop-daemon(8) of dpkg and of OpenRC, LSB's functions, Red Hat's and SUSE's, supervise-daemon(8). */
static const struct launcher launchers[] = {
	{ "start-stop-daemon", "xapnugrdNPIksRcOCDe123", "xa", NULL, true, true },
	{ "start_daemon", "np", "", NULL, true, false },
	{ "daemon", "", "", NULL, true, false },
	{ "startproc", "npstulT", "", NULL, true, false },
	{ "killproc", "pt", "", NULL, true, false },
	{ "pidofproc", "p", "", NULL, true, false },
	{ "checkproc", "p", "", NULL, true, false },
	{ "status_of_proc", "p", "", NULL, true, false },
	{ "supervise-daemon", "dIkNpRrsuaDmPe123gSt", "", "start", false, true },
};

static const struct launcher *find_launcher(const char *command)
{
	const char *base = dw_basename(command);

	for (size_t i = 0; i < DW_ARRAY_SIZE(launchers); i++)
		if (dw_streq(launchers[i].name, base))
			return &launchers[i];
	return NULL;
}

static bool in_list(const char *s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (dw_streq(s, list[i]))
			return true;
	return false;
}

/* --exec PATH, --exec=PATH; returns how many further words it took. */
static size_t long_option(struct scan *x, const struct launcher *l, const struct dw_sh_word *w,
			  size_t left)
{
	static const char *const plain[] = {
		"start",      "stop",         "test",           "quiet",       "verbose", "oknodo",
		"background", "make-pidfile", "remove-pidfile", "no-close",    "status",  "force",
		"foreground", "interpreted",  "progress",       "notify-await"
	};
	const char *eq = memchr(w->s, '=', w->n);
	size_t n = (eq ? (size_t)(eq - w->s) : w->n) - 2;
	const char *name = dw_arena_strndup(x->arena, w->s + 2, n);
	struct dw_sh_word value;
	bool is_program = dw_streq(name, "exec") || dw_streq(name, "startas") ||
			  dw_streq0(name, l->program_long);

	if (!eq && !is_program && in_list(name, plain, DW_ARRAY_SIZE(plain)))
		return 0;
	if (!eq && dw_streq(l->name, "daemon"))
		return 0; /* Red Hat's takes --user=x only */
	/* `supervise-daemon NAME --start --pidfile ...`: the program stands elsewhere */
	if (!eq && (left == 0 || (is_program && w[1].n > 0 && w[1].s[0] == '-')))
		return 0;
	value = eq ? (struct dw_sh_word){ .s = eq + 1, .n = w->n - (size_t)(eq - w->s) - 1 } : w[1];
	if (is_program)
		add_program_word(x, &value, true);
	else if (dw_streq(name, "pidfile"))
		add_pidfile_word(x, &value);
	else if (dw_streq(name, "chroot"))
		enter_jail(x, &value);
	return eq ? 0 : 1;
}

/* -p FILE, -pFILE, -Sqbmp FILE; returns how many further words it took. */
static size_t short_options(struct scan *x, const struct launcher *l, const struct dw_sh_word *w,
			    size_t left)
{
	for (size_t i = 1; i < w->n; i++) {
		struct dw_sh_word value = { .s = w->s + i + 1, .n = w->n - i - 1 };
		bool next = value.n == 0;

		if (w->s[i] == '\0' || !strchr(l->with_value, w->s[i]))
			continue;
		if (next && left == 0)
			return 0;
		if (next)
			value = w[1];
		if (w->s[i] == 'p')
			add_pidfile_word(x, &value);
		else if (w->s[i] == 'r' && l->jails)
			enter_jail(x, &value);
		else if (strchr(l->program, w->s[i]))
			add_program_word(x, &value, true);
		return next ? 1 : 0;
	}
	return 0;
}

static void take_launcher_words(struct scan *x, const struct launcher *l,
				const struct dw_sh_word *w, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (dw_sh_word_is(&w[i], "--")) {
			return;
		} else if (w[i].n > 2 && memcmp(w[i].s, "--", 2) == 0) {
			i += long_option(x, l, &w[i], n - i - 1);
		} else if (w[i].n > 1 && w[i].s[0] == '-') {
			i += short_options(x, l, &w[i], n - i - 1);
		} else if (w[i].n > 0 && w[i].s[0] != '+' && l->first_word) {
			add_program_word(x, &w[i], true);
			return;
		}
	}
}

static void take_launcher(struct scan *x, const struct launcher *l, const struct dw_sh_word *w,
			  size_t n)
{
	const char *before = x->jail;

	if (l->jails) {
		x->jail_only = true;
		take_launcher_words(x, l, w, n);
		x->jail_only = false;
	}
	take_launcher_words(x, l, w, n);
	x->jail = before;
}

static void scan_text(struct scan *x, const struct dw_bytes *text);

/* su -s /bin/sh user -c "command": what is in the quotes counts as a line here. */
static void take_dash_c(struct scan *x, const struct dw_sh_word *w, size_t n)
{
	for (size_t i = 0; i + 1 < n; i++) {
		struct dw_strings values = { 0 };
		unsigned line = x->line;

		if (!dw_sh_word_is(&w[i], "-c") || x->nesting >= NESTING_MAX)
			continue;
		dw_sh_expand(&x->sh, &w[i + 1], &values);
		x->nesting++;
		for (size_t k = 0; k < values.n; k++) {
			struct dw_bytes b = { .data = dw_arena_strdup(x->arena, values.v[k]),
					      .n = strlen(values.v[k]) };
			scan_text(x, &b);
			x->line = line;
		}
		x->nesting--;
		return;
	}
}

/* ". /etc/default/NAME": only for the values in it; libraries of functions are not followed. */
static void take_source(struct scan *x, const struct dw_sh_word *w)
{
	static const char *const places[] = { "/etc/default/", "/etc/sysconfig/", "/etc/conf.d/",
					      "/etc/rc.conf.d/" };
	const char *path = dw_sh_expand_one(&x->sh, w);
	bool ok = false;
	struct dw_bytes text;

	if (!path || !x->sys || x->nesting >= NESTING_MAX)
		return;
	for (size_t i = 0; i < DW_ARRAY_SIZE(places); i++)
		ok = ok || dw_starts_with(path, places[i]);
	/* /etc/NAME.conf too: rpcbind and others read theirs so. */
	ok = ok || (dw_starts_with(path, "/etc/") && dw_ends_with(path, ".conf") &&
		    !strchr(path + 5, '/'));
	if (ok && dw_sys_file_read(x->sys, path, DW_SCRIPT_MAX, x->arena, &text, NULL) == 0) {
		unsigned line = x->line;
		bool values_only = x->values_only;

		x->nesting++;
		x->values_only = true;
		scan_text(x, &text);
		x->values_only = values_only;
		x->line = line;
		x->nesting--;
	}
}

/* --- simple commands ------------------------------------------------------------------------------ */

static const char *const reserved[] = { "if",    "then", "elif", "else", "while",
					"until", "do",   "!",    "{",    "time" };
static const char *const declares[] = { "export", "local", "readonly", "declare", "typeset" };
static void take_needs(struct scan *x, const struct dw_sh_word *w, size_t n)
{
	for (size_t i = 0; i < n && x->script->needs.n < DW_SCRIPT_NEEDS_MAX; i++) {
		const char *name = dw_sh_expand_one(&x->sh, &w[i]);

		if (name && name[0] && name[0] != '$')
			dw_vec_push(x->arena, &x->script->needs, name);
	}
}

static void note_unclear(struct scan *x)
{
	if (!x->script->unclear)
		x->script->unclear = x->line;
}

static void take_program(struct scan *x, const struct dw_sh_word *w, const char *command)
{
	const char *path;

	if (command[0] == '/')
		add_program_word(x, w, x->exec);
	else if (strchr(command, '/'))
		note_unclear(x); /* where the script stands then nobody knows */
	else if ((x->exec || x->bare) && x->sys &&
		 (path = dw_program_in_path(x->sys, x->arena, command)) != NULL)
		add_program(x, path, x->exec);
}

static void take_command(struct scan *x, const struct dw_sh_word *w, size_t n)
{
	const char *command, *base;
	const struct launcher *l;
	size_t i = 0, skip;

	while (i < n && (take_assignment(x, &w[i]) || (w[i].n == 1 && strchr("!{", w[i].s[0]))))
		i++;
	if (i >= n || x->values_only)
		return;
	command = dw_sh_expand_one(&x->sh, &w[i]);
	if (!command)
		note_unclear(x);
	if (!command || !*command)
		return;
	base = dw_basename(command);
	l = find_launcher(command);
	if (in_list(command, reserved, DW_ARRAY_SIZE(reserved))) {
		take_command(x, w + i + 1, n - i - 1);
	} else if (in_list(command, declares, DW_ARRAY_SIZE(declares))) {
		while (++i < n)
			(void)take_assignment(x, &w[i]);
	} else if (dw_streq(command, ".") || dw_streq(command, "source")) {
		if (i + 1 < n)
			take_source(x, &w[i + 1]);
	} else if (dw_streq(command, ":")) {
		while (++i < n)
			(void)dw_sh_expand_one(&x->sh, &w[i]); /* ${NAME:=value} assigns */
	} else if (dw_streq(command, "need")) {
		take_needs(x, w + i + 1, n - i - 1);
	} else if (l) {
		take_launcher(x, l, w + i + 1, n - i - 1);
	} else if ((skip = dw_sh_skip_prefix(base, w + i, n - i)) > 0 && skip < n - i) {
		bool before = x->exec;
		const char *outside = x->jail;

		x->exec = before || dw_streq(base, "exec");
		if (dw_streq(base, "chroot"))
			enter_jail(x, &w[i + skip - 1]);
		take_command(x, w + i + skip, n - i - skip);
		x->jail = outside;
		x->exec = before;
	} else {
		take_program(x, &w[i], command);
		take_dash_c(x, w + i + 1, n - i - 1);
	}
}

static void scan_text(struct scan *x, const struct dw_bytes *text)
{
	struct dw_lines it = dw_lines_of(text);
	unsigned first = x->line, number;
	bool fixed = x->nesting > 0; /* lines of sourced text are not lines of the script */
	char *line;

	while ((line = dw_sh_next_line(&it, x->arena, &number)) != NULL) {
		struct dw_sh_command command;
		const char *p = line;

		x->line = fixed ? first : number;
		while (dw_sh_next_command(&p, &command))
			take_command(x, command.words, command.n);
	}
}

/* --- whole scripts -------------------------------------------------------------------------------- */

static void preset(struct scan *x, const char *name, const char *value)
{
	struct dw_strings values = { 0 };

	dw_vec_push(x->arena, &values, value);
	dw_sh_assign(&x->sh, name, &values);
}

static void scan_script(struct dw_sys *sys, struct dw_arena *a, const char *path,
			const struct dw_bytes *text, bool bare, struct dw_script *ret)
{
	struct scan x = { .sys = sys,
			  .arena = a,
			  .script = ret,
			  .bare = bare,
			  .sh = { .arena = a, .self = path } };

	*ret = (struct dw_script){ .name = dw_basename(path),
				   .path = path,
				   .text = text->data ? text->data : "" };
	dw_script_scan_header(a, text, ret);
	if (ret->openrc) {
		/* openrc-run(8) sets these, and reads /etc/conf.d/NAME before the script. */
		const char *conf = dw_arena_printf(a, "/etc/conf.d/%s", ret->name);
		struct dw_sh_word w = { .s = conf, .n = strlen(conf) };

		preset(&x, "RC_SVCNAME", ret->name);
		preset(&x, "SVCNAME", ret->name);
		take_source(&x, &w);
	}
	scan_text(&x, text);
}

void dw_script_scan(struct dw_sys *sys, struct dw_arena *a, const char *path,
		    const struct dw_bytes *text, struct dw_script *ret)
{
	scan_script(sys, a, path, text, false, ret);
}

void dw_script_scan_shell(struct dw_sys *sys, struct dw_arena *a, const char *path,
			  const struct dw_bytes *text, struct dw_script *ret)
{
	scan_script(sys, a, path, text, true, ret);
}

void dw_script_scan_command(struct dw_sys *sys, struct dw_arena *a, const char *path, unsigned line,
			    const char *command, bool bare, struct dw_script *ret)
{
	struct scan x = { .sys = sys,
			  .arena = a,
			  .script = ret,
			  .bare = bare,
			  .line = line,
			  .nesting = 1,
			  .sh = { .arena = a, .self = path } };
	struct dw_bytes text = { .data = dw_arena_strdup(a, command), .n = strlen(command) };

	*ret = (struct dw_script){
		.name = dw_basename(path), .path = path, .line = line, .text = text.data
	};
	scan_text(&x, &text);
}
