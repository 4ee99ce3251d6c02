/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A service that runs as root and need not: the user is named by the line that starts it. Only "root" is changed, and
 * only where nothing else of the line would have to change with it.
 */
#include "levers-user.h"

#include "inetd_conf.h"
#include "levers-restrict.h"

#define BLOCK_LINES_MAX 256
#define USER_WORD       4 /* inetd.conf(5): service, type, protocol, wait, user, program */

struct demoting {
	struct levering l;
	const struct dw_profile *profile;
	const char *user;
};

/* --- pure ------------------------------------------------------------------------------------------- */

/* Where the word of that number begins, and how long it is; NULL: there is none. */
static const char *word_at(const char *line, unsigned number, size_t *ret_n)
{
	for (unsigned i = 0;; i++) {
		line += strspn(line, " \t");
		*ret_n = strcspn(line, " \t");
		if (*ret_n == 0)
			return NULL;
		if (i == number)
			return line;
		line += *ret_n;
	}
}

static void exchange(struct dw_arena *a, unsigned line, const char *old, const char *at, size_t n,
		     const char *user, struct dw_edits *ret)
{
	*dw_vec_add(a, ret) = (struct dw_edit){
		.line = line,
		.old = old,
		.fresh = dw_arena_printf(a, "%.*s%s%s", (int)(at - old), old, user, at + n),
	};
}

static bool is_root(const char *at, size_t n)
{
	return n == strlen("root") && strncmp(at, "root", n) == 0;
}

bool dw_user_inetd_edit(struct dw_arena *a, const struct dw_bytes *text, unsigned line,
			const char *user, struct dw_edits *ret)
{
	const char *old = dw_levers_line(a, text, line), *at;
	size_t n;

	if (!old || !*old || strchr("# \t", *old))
		return false;
	at = word_at(old, USER_WORD, &n);
	if (!at || !is_root(at, n) || !word_at(old, USER_WORD + 1, &(size_t){ 0 }))
		return false;
	exchange(a, line, old, at, n, user, ret);
	return true;
}

/* "  key  = value" -> where the value begins; NULL: it is another line. "+=" and "-=" are no ways to name a user. */
static const char *value_of(const char *line, const char *key)
{
	line += strspn(line, " \t");
	if (!dw_starts_with(line, key))
		return NULL;
	line += strlen(key);
	line += strspn(line, " \t");
	if (*line != '=')
		return NULL;
	line++;
	return line + strspn(line, " \t");
}

/* Calls for each line between the braces; false: there is no whole block. */
static bool each_line(struct dw_arena *a, const struct dw_bytes *text, unsigned line,
		      bool (*tell)(void *data, unsigned number, const char *s), void *data)
{
	bool inside = false;

	for (unsigned l = line; l < line + BLOCK_LINES_MAX; l++) {
		const char *s = dw_levers_line(a, text, l);
		const char *first = s ? s + strspn(s, " \t") : NULL;

		if (!s)
			return false;
		if (inside && *first == '}')
			return true;
		if (inside && !tell(data, l, s))
			return false;
		if (!inside && *first == '{')
			inside = true;
		else if (!inside && l > line && *first && *first != '#')
			return false;
	}
	return false;
}

struct block {
	struct dw_arena *a;
	const char *key;
	struct dw_str values;
	unsigned line, times;
	bool group;
	const char *old;
};

static bool look(void *data, unsigned number, const char *s)
{
	struct block *b = data;
	const char *value = value_of(s, b->key);

	b->group |= value_of(s, "group") != NULL;
	if (!value)
		return true;
	dw_str_addf(&b->values, "%s%s", b->values.n ? " " : "", value);
	b->line = number;
	b->old = s;
	b->times++;
	return true;
}

bool dw_user_xinetd_edit(struct dw_arena *a, const struct dw_bytes *text, unsigned line,
			 const char *user, struct dw_edits *ret)
{
	struct block b = { .a = a, .key = "user", .values = { .arena = a } };
	const char *at;
	size_t n;

	if (!each_line(a, text, line, look, &b) || b.times != 1 || b.group)
		return false;
	at = value_of(b.old, "user");
	n = strcspn(at, " \t\r");
	if (!is_root(at, n) || at[n + strspn(at + n, " \t\r")])
		return false;
	exchange(a, b.line, b.old, at, n, user, ret);
	return true;
}

const char *dw_user_xinetd_value(struct dw_arena *a, const struct dw_bytes *text, unsigned line,
				 const char *key)
{
	struct block b = { .a = a, .key = key, .values = { .arena = a } };

	(void)each_line(a, text, line, look, &b);
	return b.values.n ? b.values.s : "";
}

static bool is_option(const char *word, const char *option)
{
	if (dw_starts_with(option, "--"))
		return dw_starts_with(word, option);
	return word[0] == '-' && word[1] != '-' && option[0] == '-' && option[1] &&
	       strchr(word + 1, option[1]);
}

bool dw_user_has_option(struct dw_arena *a, const char *words, const char *const *options)
{
	char *rest = dw_arena_strdup(a, words);
	const char *word;

	while ((word = dw_word_next(&rest)) != NULL)
		for (const char *const *o = options; *o; o++)
			if (is_option(word, *o))
				return true;
	return false;
}

/* --- levers ----------------------------------------------------------------------------------------- */

static struct lever_words words_of(const struct demoting *x, const char *what)
{
	struct dw_arena *a = x->l.arena;

	return (struct lever_words){
		.label = dw_arena_printf(a, "the user of %s", what),
		.why = dw_arena_printf(a, "it does all its work as %s: %s", x->user,
				       x->profile->sources[0]),
		.source = x->l.starter->source,
	};
}

/* Words of the line behind the user: program and arguments. */
static const char *command_of(struct dw_arena *a, const struct dw_bytes *text, unsigned line)
{
	const char *s = dw_levers_line(a, text, line), *at;
	size_t n;

	at = s ? word_at(s, USER_WORD + 1, &n) : NULL;
	return at ? at : "";
}

static void demote_line(struct demoting *x, bool xinetd)
{
	struct levering *l = &x->l;
	struct dw_inetd_daemon daemon = { .program =
						  xinetd ? "/usr/sbin/xinetd" : "/usr/sbin/inetd",
					  .set = xinetd ? "xinetd" : "inetd" };
	struct lever_words w = words_of(x, l->starter->id);
	struct dw_edits edits = { 0 };
	struct dw_bytes text;
	const char *file, *command;
	unsigned line;
	bool good;

	if (!dw_levers_source(l->arena, l->starter->source, &file, &line) ||
	    !dw_levers_content(l, file, &text)) {
		dw_levers_cannot(l, "No line asks for it (any more).");
		return;
	}
	command = xinetd ? dw_user_xinetd_value(l->arena, &text, line, "server_args")
			 : command_of(l->arena, &text, line);
	if (dw_user_has_option(l->arena, command, x->profile->root_with)) {
		dw_levers_cannot(l, "With the options that it has (%.200s) it needs root: %s.",
				 command, x->profile->sources[0]);
		return;
	}
	good = xinetd ? dw_user_xinetd_edit(l->arena, &text, line, x->user, &edits)
		      : dw_user_inetd_edit(l->arena, &text, line, x->user, &edits);
	if (!good) {
		dw_levers_cannot(
			l,
			"%s does not say root alone, in a place of its own: it is edited by hand.",
			l->starter->source);
		return;
	}
	(void)dw_levers_inetd_daemon(l, xinetd, &daemon);
	if (dw_streq(dw_basename(daemon.program), "busybox")) {
		dw_levers_cannot(l, "busybox's inetd is told by hand: it is one of many applets.");
		return;
	}
	w.notify = dw_arena_printf(l->arena, "%s %s",
				   dw_starts_with(daemon.set, "xinetd") ? "xinetd" : "inetd",
				   daemon.program);
	dw_levers_edit(l, file, &edits, &w);
}

static bool holds(const struct dw_bytes *text, const char *words)
{
	return text->data && memmem(text->data, text->n, words, strlen(words));
}

/*
 * Does the init script read the file? init-d-script(5) reads /etc/default/ and the script's name. In doubt it does
 * not.
 */
static bool script_reads(struct levering *l, const char *file)
{
	const char *script;
	struct dw_bytes text = { 0 };
	unsigned line;

	(void)dw_levers_source(l->arena, l->starter->source, &script, &line);
	if (!script || dw_sys_file_read(l->sw->sys, script, 1024 * 1024, l->arena, &text, NULL) < 0)
		return false;
	return holds(&text, file) ||
	       (holds(&text, "/lib/init/init-d-script") && dw_starts_with(file, "/etc/default/") &&
		dw_streq(dw_basename(file), l->starter->id));
}

static bool demote_option(struct demoting *x, const struct dw_profile_user *u)
{
	struct levering *l = &x->l;
	struct restricting r = { .l = *l };
	const char *const files[] = { u->file, NULL }, *const none[] = { NULL };
	const struct dw_service_setting settings[] = {
		{ .key = u->key, .number = DW_BIND_FIXED, .value = x->user, .option = u->option },
		{ 0 },
	};
	const struct dw_service_bind b = { .files = files,
					   .style = DW_BIND_OPTION,
					   .sections = none,
					   .programs = none,
					   .clash = none,
					   .settings = settings };
	struct dw_set_file f = { .path = u->file };
	struct lever_words w = words_of(x, l->starter->id);
	const char *why;

	if (!dw_sys_file_exists(l->sw->sys, u->file) || !script_reads(l, u->file) ||
	    !dw_levers_content(l, u->file, &f.text))
		return false;
	why = dw_set_files(l->arena, &b, &(struct dw_narrow){ 0 }, &f, 1);
	if (why) {
		dw_levers_cannot(l, "%s: %s.", u->file, why);
		return true;
	}
	w.notify = dw_restrict_notify(&r);
	w.source = u->file;
	dw_levers_edit(l, u->file, &f.edits, &w);
	return true;
}

static void demote_script(struct demoting *x)
{
	for (const struct dw_profile_user *u = x->profile->user; u->file; u++)
		if (demote_option(x, u))
			return;
	dw_levers_cannot(&x->l,
			 "No file that %s reads has an option for its user that is known: it is "
			 "edited by hand.",
			 x->l.starter->source ? x->l.starter->source : x->l.starter->id);
}

static void demote_inetd(struct demoting *x)
{
	demote_line(x, false);
}

static void demote_xinetd(struct demoting *x)
{
	demote_line(x, true);
}

static void demote(struct demoting *x)
{
	static void (*const by_kind[DW_STARTER_COUNT])(struct demoting * x) = {
		[DW_STARTER_INETD] = demote_inetd,
		[DW_STARTER_XINETD] = demote_xinetd,
		[DW_STARTER_SYSV] = demote_script,
	};

	if (by_kind[x->l.starter->kind])
		by_kind[x->l.starter->kind](x);
	else
		dw_levers_cannot(&x->l,
				 "What starts it (%s) has no place for a user that doorward knows.",
				 dw_starter_kind_name(x->l.starter->kind));
}

struct dw_levers *dw_levers_user(struct dw_starters *s, struct dw_switch *sw,
				 const struct dw_door *const *doors, size_t n,
				 const struct dw_profile *profile, const char *user)
{
	struct demoting x = { .l = { .s = s,
				     .sw = sw,
				     .arena = s->arena,
				     .running = dw_sys_is_running(sw->sys),
				     .ret = dw_new(s->arena, struct dw_levers) },
			      .profile = profile,
			      .user = user };
	struct dw_strings seen = { 0 };

	for (size_t i = 0; i < n; i++) {
		const char *source = doors[i]->starter.source;

		/* one line may open two doors, and one service have two lines */
		if (source && dw_strings_has(&seen, source))
			continue;
		dw_vec_push(s->arena, &seen, source ? source : "");
		x.l.door = doors[i];
		x.l.starter = &doors[i]->starter;
		demote(&x);
	}
	return x.l.ret;
}
