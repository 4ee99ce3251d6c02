/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who changed something since a run: what dpkg's log and the files themselves tell. */
#include <string.h>
#include <time.h>

#include "change-private.h"
#include "dw_procs.h"
#include "dw_starters.h"
#include "dw_str.h"

/* Written by dpkg since 1.13; the lines are described in dpkg(1), "--log": time in local time, then what it did. */
#define DPKG_LOG     "/var/log/dpkg.log"
#define DPKG_LOG_OLD "/var/log/dpkg.log.1"
/* The files of a package: dpkg-query(1), "--listfiles". */
#define DPKG_LIST "/var/lib/dpkg/info/%s.list"
#define LOG_MAX   ((size_t)8 * 1024 * 1024)

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

/* What a step's file is called where its package has it: a link bears the name of what it leads to, or another. */
static const char *name_of(const struct dw_run_step *s)
{
	const char *link = s->step.expect.text;

	if (link && dw_starts_with(link, "link "))
		return dw_basename(link + 5);
	return dw_basename(s->step.object);
}

static bool has_line(const struct dw_bytes *list, const char *name)
{
	struct dw_lines lines = dw_lines_of(list);
	size_t length = strlen(name), n;
	const char *line;

	while (dw_lines_next(&lines, &line, &n))
		if (n > length && line[n - length - 1] == '/' &&
		    memcmp(line + n - length, name, length) == 0)
			return true;
	return false;
}

/*
 * Does the package bring what the step switched? Its unit, or its script: the door's program is often another
 * package's. `what` begins with the verb and the package, with its architecture: "upgrade telnetd:amd64 ...".
 */
static bool is_of_step(struct dw_sys *sys, const char *package, const char *what,
		       const struct dw_run_step *s, struct dw_arena *a)
{
	const char *full = strchr(what, ' ') + 1;
	const char *const names[] = { package, dw_arena_strndup(a, full, strcspn(full, " ")) };

	for (size_t i = 0; i < DW_ARRAY_SIZE(names); i++) {
		struct dw_bytes list;

		/* a name with a slash is no package's */
		if (!strchr(names[i], '/') &&
		    dw_sys_file_read(sys, dw_arena_printf(a, DPKG_LIST, names[i]), LOG_MAX, a,
				     &list, NULL) == 0 &&
		    has_line(&list, name_of(s)))
			return true;
	}
	return false;
}

const char *dw_change_who_log(struct dw_sys *sys, const struct dw_bytes *log, const char *path,
			      const struct dw_run *run, const struct dw_run_step *s,
			      struct dw_arena *a)
{
	struct dw_lines lines = dw_lines_of(log);
	const char *line, *what = NULL, *found = NULL;
	size_t n;

	while (dw_lines_next(&lines, &line, &n)) {
		uint64_t when = log_time(line, n);
		const char *package = when > run->started ? package_of(line, n, a, &what) : NULL;

		/* the last one counts: dpkg configures after it unpacked */
		if (package &&
		    (is_of_run(run, package) || (s && is_of_step(sys, package, what, s, a))))
			found = dw_arena_printf(a, "dpkg at %.19s: %s (%s)", line, what, path);
	}
	return found;
}

static const char *search_log(struct dw_sys *sys, const char *path, const struct dw_run *run,
			      const struct dw_run_step *s, struct dw_arena *a)
{
	struct dw_bytes log;

	if (dw_sys_file_read(sys, path, LOG_MAX, a, &log, NULL) < 0)
		return NULL;
	return dw_change_who_log(sys, &log, path, run, s, a);
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
	const char *age = file_age(sys, run, s, a), *log = search_log(sys, DPKG_LOG, run, s, a);

	if (!log)
		log = search_log(sys, DPKG_LOG_OLD, run, s, a);
	if (age && log)
		return dw_arena_printf(a, "%s; %s", age, log);
	return age ? age : log;
}

/* The door that a difference is about, as it is now, with somebody behind it. */
static const struct dw_door *door_of(const struct dw_snapshot *after, const char *object,
				     struct dw_arena *a)
{
	for (size_t i = 0; i < after->n_doors; i++)
		if (after->doors[i].n_owners &&
		    dw_streq(dw_endpoint_text(a, &after->doors[i].at), object))
			return &after->doors[i];
	return NULL;
}

/* A loop that starts a daemon again is its parent; pid 1 and the service managers are no news. */
void dw_change_parents(struct dw_sys *sys, const struct dw_snapshot *after,
		       struct dw_differences *all, size_t first, struct dw_arena *a)
{
	struct dw_procs *procs = NULL;

	for (size_t i = first; i < all->n; i++) {
		struct dw_difference *d = &all->v[i];
		const struct dw_procinfo *parent;
		const struct dw_door *door;

		if (d->kind != DW_DIFFERENCE_OPEN || !d->object)
			continue;
		door = door_of(after, d->object, a);
		if (!door || door->owners[0].parent <= 1 ||
		    door->starter.kind == DW_STARTER_SYSTEMD_SERVICE)
			continue;
		procs = procs ? procs : dw_procs_new(sys, a);
		parent = dw_procs_get(procs, door->owners[0].parent);
		if (parent)
			d->who = dw_arena_printf(a, "%s%sstarted by process %d: %s",
						 d->who ? d->who : "", d->who ? "; " : "",
						 parent->pid, parent->command);
	}
	dw_procs_close(procs);
}

/* Of a unit its own name, else the program. */
static const char *cron_word(const struct dw_door *door, struct dw_arena *a)
{
	const char *id = door->starter.id;

	if (door->starter.kind == DW_STARTER_CRON)
		return NULL; /* named already */
	if (id && dw_ends_with(id, ".service"))
		return dw_arena_strndup(a, id, strlen(id) - strlen(".service"));
	return door->program ? dw_basename(door->program) : NULL;
}

/* A job of cron's that names what opened the door: no proof that it did, but the first place to look. */
void dw_change_cron(struct dw_sys *sys, const struct dw_snapshot *after, struct dw_differences *all,
		    size_t first, struct dw_arena *a)
{
	for (size_t i = first; i < all->n; i++) {
		struct dw_difference *d = &all->v[i];
		const struct dw_door *door = d->kind == DW_DIFFERENCE_OPEN && d->object
						     ? door_of(after, d->object, a)
						     : NULL;
		const char *word = door ? cron_word(door, a) : NULL;
		const char *job = word ? dw_starters_cron_names(sys, word, a) : NULL;

		if (job)
			d->who = dw_arena_printf(a, "%s%sa job of cron's names it: %s",
						 d->who ? d->who : "", d->who ? "; " : "", job);
	}
}
