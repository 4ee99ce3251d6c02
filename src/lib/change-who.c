/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who changed something since a run: what dpkg's log and the files themselves tell. */
#include <string.h>
#include <time.h>

#include "change-private.h"
#include "dw_str.h"

/* Written by dpkg since 1.13; the lines are described in dpkg(1), "--log": time in local time, then what it did. */
#define DPKG_LOG     "/var/log/dpkg.log"
#define DPKG_LOG_OLD "/var/log/dpkg.log.1"
#define LOG_MAX      ((size_t)8 * 1024 * 1024)

/* "2026-11-26 10:00:00" as a local time; 0: it is none. */
static uint64_t log_time(const char *line, size_t n)
{
	char text[20];
	struct tm tm = { .tm_isdst = -1 };
	time_t t;

	if (n < sizeof(text))
		return 0;
	memcpy(text, line, sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	if (!strptime(text, "%Y-%m-%d %H:%M:%S", &tm))
		return 0;
	t = mktime(&tm);
	return t > 0 ? (uint64_t)t : 0;
}

/*
 * "2026-11-26 10:00:00 upgrade telnetd:amd64 0.17-41 0.17-44": the package of a line that changes one; NULL: it is
 * about something else ("status ...", "startup ...").
 */
static const char *package_of(const char *line, size_t n, struct dw_arena *a, const char **ret_what)
{
	static const char *const verbs[] = { "install ", "upgrade ", "configure ", "remove ",
					     "purge " };
	const char *rest = line + 20;
	size_t left = n > 20 ? n - 20 : 0;

	for (size_t i = 0; i < DW_ARRAY_SIZE(verbs); i++) {
		size_t v = strlen(verbs[i]), name;

		if (left <= v || memcmp(rest, verbs[i], v) != 0)
			continue;
		for (name = 0; v + name < left && !strchr(": ", rest[v + name]); name++)
			;
		*ret_what = dw_arena_strndup(a, rest, left);
		return dw_arena_strndup(a, rest + v, name);
	}
	return NULL;
}

static bool is_of_run(const struct dw_run *run, const char *package)
{
	for (size_t i = 0; i < run->n_doors; i++)
		if (run->doors[i].role != DW_RUN_DOOR_OTHER &&
		    run->doors[i].role != DW_RUN_DOOR_KEPT &&
		    dw_streq0(run->doors[i].package, package))
			return true;
	return false;
}

const char *dw_change_who_log(const struct dw_bytes *log, const char *path,
			      const struct dw_run *run, struct dw_arena *a)
{
	struct dw_lines lines = dw_lines_of(log);
	const char *line, *what = NULL, *found = NULL;
	size_t n;

	while (dw_lines_next(&lines, &line, &n)) {
		uint64_t when = log_time(line, n);
		const char *package = when > run->started ? package_of(line, n, a, &what) : NULL;

		/* the last one counts: dpkg configures after it unpacked */
		if (package && is_of_run(run, package))
			found = dw_arena_printf(a, "dpkg at %.19s: %s (%s)", line, what, path);
	}
	return found;
}

static const char *search_log(struct dw_sys *sys, const char *path, const struct dw_run *run,
			      struct dw_arena *a)
{
	struct dw_bytes log;

	if (dw_sys_file_read(sys, path, LOG_MAX, a, &log, NULL) < 0)
		return NULL;
	return dw_change_who_log(&log, path, run, a);
}

/* When the file or link was made, where that is later than the run. */
static const char *file_age(struct dw_sys *sys, const struct dw_run *run,
			    const struct dw_run_step *s, struct dw_arena *a)
{
	struct stat st;
	struct tm tm;
	char text[32];

	if (!dw_streq0(s->step.manager, "file") ||
	    dw_sys_file_stat(sys, s->step.object, false, &st, NULL) < 0 ||
	    (uint64_t)st.st_ctim.tv_sec <= run->started || !gmtime_r(&st.st_ctim.tv_sec, &tm) ||
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return NULL;
	return dw_arena_printf(a, "somebody, at %s", text);
}

const char *dw_change_who(struct dw_sys *sys, const struct dw_run *run, const struct dw_run_step *s,
			  struct dw_arena *a)
{
	const char *age = file_age(sys, run, s, a), *log = search_log(sys, DPKG_LOG, run, a);

	if (!log)
		log = search_log(sys, DPKG_LOG_OLD, run, a);
	if (age && log)
		return dw_arena_printf(a, "%s; %s", age, log);
	return age ? age : log;
}
