/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Means to notice: logs that fill no disk. */
#include <ctype.h>
#include <fnmatch.h>

#include "notice.h"

#define BIG          ((uint64_t)64 * 1024 * 1024)
#define DEPTH_MAX    4
#define FILES_MAX    20000
#define INCLUDES_MAX 500

/* --- the rules ------------------------------------------------------------------------------------------ */

static bool is_word(const char *line, const char *word)
{
	size_t n = strlen(word);

	return strncmp(line, word, n) == 0 && (line[n] == '\0' || isspace((unsigned char)line[n]));
}

/* Up to `endscript` all lines are a shell's. */
static bool begins_script(const char *line)
{
	static const char *const words[] = { "prerotate", "postrotate", "firstaction", "lastaction",
					     "preremove" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(words); i++)
		if (is_word(line, words[i]))
			return true;
	return false;
}

static void add_patterns(struct dw_arena *a, const char *text, struct dw_strings *ret)
{
	struct dw_strings words = { 0 };

	(void)dw_split_quoted(a, text, &words);
	for (size_t i = 0; i < words.n; i++)
		if (words.v[i][0] == '/' && ret->n < FILES_MAX)
			dw_vec_push(a, ret, words.v[i]);
}

void host_logrotate_parse(struct dw_arena *a, const struct dw_bytes *text,
			  struct dw_strings *patterns, struct dw_strings *includes)
{
	struct dw_lines it = dw_lines_of(text);
	bool script = false, inside = false;
	char *line;

	while ((line = dw_lines_next_trimmed(&it, a)) != NULL) {
		char *brace;

		if (script) {
			script = !is_word(line, "endscript");
			continue;
		}
		if (!*line || line[0] == '#')
			continue;
		if (inside) {
			script = begins_script(line);
			inside = script || !strchr(line, '}');
			continue;
		}
		if (is_word(line, "include")) {
			if (includes->n < INCLUDES_MAX)
				dw_vec_push(a, includes, dw_trim(line + 7));
			continue;
		}
		/* names may stand on lines of their own before the brace */
		brace = strchr(line, '{');
		if (brace)
			*brace = '\0';
		if (line[0] == '/' || line[0] == '"' || line[0] == '\'')
			add_patterns(a, line, patterns);
		inside = brace && !strchr(brace + 1, '}');
	}
}

/* logrotate.conf(5), tabooext: what packages and editors leave behind. */
static bool is_taboo(const char *name)
{
	static const char *const endings[] = { ",v",        ".bak",      ".cfsaved",   ".disabled",
					       ".dpkg-bak", ".dpkg-del", ".dpkg-dist", ".dpkg-new",
					       ".dpkg-old", ".dpkg-tmp", ".rpmnew",    ".rpmorig",
					       ".rpmsave",  ".swp",      ".ucf-dist",  ".ucf-new",
					       ".ucf-old",  "~" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(endings); i++)
		if (dw_ends_with(name, endings[i]))
			return true;
	return false;
}

static void read_rules(struct host_asking *q, struct dw_strings *patterns)
{
	struct dw_strings todo = { 0 };

	dw_vec_push(q->l->a, &todo, "/etc/logrotate.conf");
	for (size_t i = 0; i < todo.n && i < INCLUDES_MAX; i++) {
		struct dw_bytes text = { 0 };
		struct dw_strings names;
		struct stat st;

		if (!host_ask_stat(q, todo.v[i], true, &st))
			continue;
		if (!S_ISDIR(st.st_mode)) {
			if (host_ask_text(q, todo.v[i], &text))
				host_logrotate_parse(q->l->a, &text, patterns, &todo);
			continue;
		}
		host_ask_list(q, todo.v[i], &names);
		for (size_t k = 0; k < names.n; k++)
			if (names.v[k][0] != '.' && !is_taboo(names.v[k]))
				dw_vec_push(
					q->l->a, &todo,
					dw_arena_printf(q->l->a, "%s/%s", todo.v[i], names.v[k]));
	}
}

/* --- the files ------------------------------------------------------------------------------------------ */

struct walk {
	struct host_asking *q;
	struct dw_host_result *r;
	const struct dw_strings *patterns;
	unsigned files;
};

/* Written by what rotates by itself: journald, sysstat (sa01 of each day), auditd. */
static bool has_own_limit(const char *path)
{
	static const char *const dirs[] = {
		"/var/log/journal", "/var/log/sysstat", "/var/log/sa",
		"/var/log/audit",   "/var/log/atop",    "/var/log/pcp"
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(dirs); i++)
		if (dw_streq(path, dirs[i]))
			return true;
	return false;
}

/* The logs of an earlier week: NAME.1, NAME.2.gz, NAME-20261101, NAME.xz. */
static bool is_rotated(const char *name)
{
	static const char *const endings[] = { ".gz", ".xz", ".bz2", ".zst", ".old", ".0" };
	size_t n = strlen(name), digits = 0;

	for (size_t i = 0; i < DW_ARRAY_SIZE(endings); i++)
		if (dw_ends_with(name, endings[i]))
			return true;
	while (digits < n && isdigit((unsigned char)name[n - 1 - digits]))
		digits++;
	return digits > 0 && digits < n && strchr(".-", name[n - 1 - digits]) != NULL;
}

static void look_at_file(struct walk *w, const char *path, const char *name, const struct stat *st)
{
	uint64_t size = DW_MIN((uint64_t)st->st_blocks * 512,
			       (uint64_t)st->st_size); /* lastlog is full of holes */

	if (size < BIG || is_rotated(name))
		return;
	for (size_t i = 0; i < w->patterns->n; i++)
		if (fnmatch(w->patterns->v[i], path, FNM_PATHNAME | FNM_PERIOD) == 0)
			return;
	host_seen(w->q->l, w->r, path, 0, path,
		  "it has %llu MiB, and no rule of logrotate is for it",
		  (unsigned long long)(size >> 20));
}

static void look_at_dir(struct walk *w, const char *dir, unsigned depth)
{
	struct dw_strings names;

	host_ask_list(w->q, dir, &names);
	for (size_t i = 0; i < names.n && w->files < FILES_MAX; i++, w->files++) {
		const char *path = dw_arena_printf(w->q->l->a, "%s/%s", dir, names.v[i]);
		struct stat st;

		if (!host_ask_stat(w->q, path, false, &st))
			continue;
		if (S_ISREG(st.st_mode))
			look_at_file(w, path, names.v[i], &st);
		else if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX && !has_own_limit(path))
			look_at_dir(w, path, depth + 1);
	}
}

void host_logs_rotated(struct host_look *l, struct dw_host_result *r)
{
	static const char *const timers[] = { "logrotate.timer", NULL };
	struct host_asking q = { .l = l };
	struct dw_strings patterns = { 0 };
	struct walk w = { .q = &q, .r = r, .patterns = &patterns };
	bool there = host_ask_file(&q, "/usr/sbin/logrotate"), started;

	started = there && (host_ask_enabled_of(&q, timers) || host_ask_cron(&q, "logrotate"));
	if (!there && host_syslog_daemon(&q) && !q.e.code)
		host_seen(l, r, NULL, 0, "logrotate",
			  "it is not installed, and a daemon of syslog writes logs");
	else if (there && !started && !q.e.code)
		host_seen(l, r, "/usr/sbin/logrotate", 0, "logrotate",
			  "neither its timer nor a job of cron is enabled");
	if (started)
		read_rules(&q, &patterns);
	/* a rule that could not be read might be for any of the files */
	if (host_asked_in_vain(&q, r)) {
		r->evidence.n = 0;
		return;
	}
	look_at_dir(&w, "/var/log", 0);
	if (!r->evidence.n && host_asked_in_vain(&q, r))
		return;
	if (!r->evidence.n && w.files >= FILES_MAX) {
		host_say(l, r, DW_HOST_UNKNOWN, "there are more than %d files in /var/log",
			 FILES_MAX);
		return;
	}
	host_conclude(l, r, "One log grows without end.",
		      "logs grow without end, or nothing rotates them.",
		      there ? "Logs are rotated."
			    : "No log in /var/log has grown big, and journald limits its own.");
}
