/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "crontab.h"

#include <ctype.h>
#include <errno.h>

#include "dw_str.h"

enum { TAB_MAX = 1024 * 1024, JOBS_MAX = 16384 };

/* --- lines ---------------------------------------------------------------------------------------- */

static void bad(struct dw_facts *f, const char *file, unsigned line, const char *why)
{
	dw_facts_incomplete(f, "bad-line", file, line, true,
			    "%s:%u: %s; what it would start is not known", file, line, why);
}

/* NAME = value, the name quoted or not: cron's load_env() comes before the fields. */
static bool is_assignment(const char *p)
{
	char quote = *p == '"' || *p == '\'' ? *p++ : '\0';
	const char *start = p;

	while (isalnum((unsigned char)*p) || *p == '_')
		p++;
	if (p == start || isdigit((unsigned char)*start))
		return false;
	if (quote && *p == quote)
		p++;
	return p[strspn(p, " \t")] == '=';
}

/* Numbers, ranges, steps, cronie's ~ for a random value, and names of months and days, of three letters. */
static bool is_field(const char *w)
{
	while (*w) {
		size_t letters = 0;

		while (isalpha((unsigned char)w[letters]))
			letters++;
		if (letters ? letters != 3 : !strchr("0123456789*,-/~", *w))
			return false;
		w += letters ? letters : 1;
	}
	return true;
}

/* The five fields, or @name. 0, or -EINVAL with the reason. *p stands behind them. */
static int schedule(char **p, bool *ret_reboot, const char **ret_why)
{
	static const char *const nicknames[] = {
		"@yearly", "@annually", "@monthly", "@weekly",
		"@daily",  "@midnight", "@hourly",  "@every_minute"
	};
	char *word = dw_word_next(p);
	uint64_t seconds;

	*ret_reboot = false;
	if (word[0] == '@') {
		*ret_reboot = dw_streq(word, "@reboot");
		for (size_t i = 0; i < DW_ARRAY_SIZE(nicknames); i++)
			if (*ret_reboot || dw_streq(word, nicknames[i]))
				return 0;
		if (dw_parse_u64(word + 1, 10, UINT32_MAX, &seconds)) /* FreeBSD's @seconds */
			return 0;
		*ret_why = "no such @time";
		return -EINVAL;
	}
	if (word[0] == '-') /* cronie: do not log */
		word++;
	for (int i = 0; i < 5; i++) {
		if (i)
			word = dw_word_next(p);
		if (!word || !*word || !is_field(word)) {
			*ret_why = word ? "a field that is no time" : "fields are missing";
			return -EINVAL;
		}
	}
	return 0;
}

static int anacron_schedule(char **p, const char **ret_why)
{
	char *period = dw_word_next(p), *delay = dw_word_next(p), *id = dw_word_next(p);
	uint64_t days;

	if (!period || !delay || !id) {
		*ret_why = "fields are missing";
		return -EINVAL;
	}
	if (period[0] != '@' && !dw_parse_u64(period, 10, UINT32_MAX, &days)) {
		*ret_why = "a period that is no number";
		return -EINVAL;
	}
	return 0;
}

/* What stands behind the first % that no backslash guards is the job's standard input. */
static void cut_input(char *command)
{
	char *to = command;

	for (char *from = command; *from && *from != '%'; from++) {
		if (from[0] == '\\' && from[1] == '%')
			from++;
		*to++ = *from;
	}
	*to = '\0';
}

static int parse_line(char *p, enum dw_crontab_form form, struct dw_cron_job *job,
		      const char **ret_why)
{
	int r = form == DW_CRONTAB_ANACRON ? anacron_schedule(&p, ret_why)
					   : schedule(&p, &job->reboot, ret_why);

	if (r < 0)
		return r;
	if (form == DW_CRONTAB_SYSTEM) {
		job->user = dw_word_next(&p);
		/* FreeBSD and Debian's docs allow user:group and user/class */
		if (job->user)
			((char *)job->user)[strcspn(job->user, ":/")] = '\0';
	}
	p = dw_trim(p);
	if (!*p) {
		*ret_why = "no command";
		return -EINVAL;
	}
	if (form != DW_CRONTAB_ANACRON)
		cut_input(p);
	job->command = p;
	return 0;
}

void dw_crontab_parse(struct dw_facts *f, const char *file, const char *user,
		      enum dw_crontab_form form, const struct dw_bytes *text,
		      struct dw_cron_jobs *ret)
{
	struct dw_lines it = dw_lines_of(text);
	char *line;

	while ((line = dw_lines_next_trimmed(&it, f->arena))) {
		struct dw_cron_job job = { .file = file, .line = it.number, .user = user };
		const char *why = NULL;

		if (!*line || *line == '#' || is_assignment(line))
			continue;
		if (ret->n >= JOBS_MAX) {
			bad(f, file, it.number, "too many jobs");
			return;
		}
		if (parse_line(line, form, &job, &why) < 0)
			bad(f, file, it.number, why);
		else
			dw_vec_push(f->arena, ret, job);
	}
}

/* --- files ---------------------------------------------------------------------------------------- */

static bool read_tab(struct dw_starters *s, const char *path, const char *user,
		     enum dw_crontab_form form, struct dw_cron_jobs *ret)
{
	struct dw_bytes text;
	struct dw_error e = { 0 };
	int r = dw_sys_file_read(s->sys, path, TAB_MAX, s->arena, &text, &e);

	if (r == 0)
		dw_crontab_parse(s->facts, dw_arena_strdup(s->arena, path), user, form, &text, ret);
	else if (r != -ENOENT && r != -ENOTDIR)
		dw_facts_incomplete(s->facts, "unreadable", path, 0, true, "%s", e.message);
	return r == 0;
}

/* What is in a directory of cron's; nothing where there is none, and a word where it cannot be read. */
static int list_dir(struct dw_starters *s, const char *dir, struct dw_strings *ret)
{
	struct dw_error e = { 0 };
	int r = dw_sys_dir_list(s->sys, dir, s->arena, ret, &e);

	if (r < 0 && r != -ENOENT && r != -ENOTDIR)
		dw_facts_incomplete(s->facts, "unreadable", dir, 0, true, "%s", e.message);
	return r;
}

/* Names that run-parts(8) and Debian's cron take: no dots, so neither .dpkg-old nor foo.sh. */
static bool is_run_parts_name(const char *name)
{
	for (const char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '_' && *p != '-')
			return false;
	return *name != '\0';
}

static bool read_cron_d(struct dw_starters *s, struct dw_cron_jobs *ret)
{
	struct dw_strings names = { 0 };
	/* cronie takes dots, but no editors' copies and no files of a package manager */
	bool cronie = dw_sys_file_exists(s->sys, "/usr/sbin/crond");

	if (list_dir(s, "/etc/cron.d", &names) < 0)
		return false;
	for (size_t i = 0; i < names.n; i++) {
		const char *path = dw_arena_printf(s->arena, "/etc/cron.d/%s", names.v[i]);
		bool odd = names.v[i][0] == '.' || dw_ends_with(names.v[i], "~") ||
			   strstr(names.v[i], ".rpm") || strstr(names.v[i], ".dpkg");

		if ((cronie ? !odd : is_run_parts_name(names.v[i])) &&
		    dw_starters_is_plain(s, path, false))
			(void)read_tab(s, path, NULL, DW_CRONTAB_SYSTEM, ret);
	}
	return names.n > 0;
}

/* Users' own tabs; the file's name is the user's. */
static bool read_spool(struct dw_starters *s, const char *dir, struct dw_cron_jobs *ret)
{
	struct dw_strings names = { 0 };
	int r = list_dir(s, dir, &names);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		const char *path = dw_arena_printf(s->arena, "%s/%s", dir, names.v[i]);

		/* crontab(1) makes tmp.XXXXXX while somebody edits */
		if (names.v[i][0] != '.' && !dw_starts_with(names.v[i], "tmp.") &&
		    dw_starters_is_plain(s, path, false))
			(void)read_tab(s, path, names.v[i], DW_CRONTAB_USER, ret);
	}
	return r == 0;
}

/* Scripts that a line with run-parts(8) runs. The person who wants them off edits the script. */
static bool read_parts(struct dw_starters *s, const char *dir, struct dw_cron_jobs *ret)
{
	struct dw_strings names = { 0 };

	if (list_dir(s, dir, &names) < 0)
		return false;
	for (size_t i = 0; i < names.n && ret->n < JOBS_MAX; i++) {
		const char *path = dw_arena_printf(s->arena, "%s/%s", dir, names.v[i]);

		if (is_run_parts_name(names.v[i]) && dw_starters_is_plain(s, path, true))
			*dw_vec_add(s->arena, ret) =
				(struct dw_cron_job){ .file = path, .user = "root", .command = "" };
	}
	return true;
}

/* The directory behind "run-parts [OPTION...]" in a command, NULL: none. */
static const char *parts_of(struct dw_starters *s, const char *command)
{
	const char *p = strstr(command, "run-parts"), *dir = NULL;

	if (!p)
		return NULL;
	p += strlen("run-parts");
	while (*p == ' ' && !dir) {
		size_t n;

		p += strspn(p, " ");
		n = strcspn(p, " \t;&|)");
		if (*p == '/')
			dir = dw_arena_strndup(s->arena, p, n);
		else if (*p != '-')
			break;
		p += n;
	}
	return dir;
}

/* Directories that a line names, beside the usual ones. */
static void read_named_parts(struct dw_starters *s, const char *const *usual, size_t n_usual,
			     struct dw_cron_jobs *ret)
{
	struct dw_strings seen = { 0 };
	size_t n = ret->n;

	for (size_t i = 0; i < n_usual; i++)
		dw_vec_push(s->arena, &seen, usual[i]);
	for (size_t i = 0; i < n; i++) {
		const char *dir = parts_of(s, ret->v[i].command), *user = ret->v[i].user;
		size_t first = ret->n;

		if (!dir || dw_strings_has(&seen, dir))
			continue;
		dw_vec_push(s->arena, &seen, dir);
		(void)read_parts(s, dir, ret);
		for (size_t k = first; k < ret->n; k++)
			ret->v[k].user = user;
	}
}

int dw_crontab_read_all(struct dw_starters *s, struct dw_cron_jobs *ret)
{
	static const char *const spools[] = { "/var/spool/cron/crontabs", "/var/spool/cron/tabs",
					      "/var/spool/cron", "/etc/crontabs" };
	static const char *const parts[] = { "/etc/cron.hourly", "/etc/cron.daily",
					     "/etc/cron.weekly", "/etc/cron.monthly",
					     "/etc/cron.yearly" };
	bool any = read_tab(s, "/etc/crontab", NULL, DW_CRONTAB_SYSTEM, ret);

	any = read_cron_d(s, ret) || any;
	for (size_t i = 0; i < DW_ARRAY_SIZE(spools); i++)
		any = read_spool(s, spools[i], ret) || any;
	any = read_tab(s, "/etc/anacrontab", "root", DW_CRONTAB_ANACRON, ret) || any;
	read_named_parts(s, parts, DW_ARRAY_SIZE(parts), ret);
	for (size_t i = 0; i < DW_ARRAY_SIZE(parts); i++)
		any = read_parts(s, parts[i], ret) || any;
	return any ? 0 : -ENOENT;
}
