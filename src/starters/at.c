/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * at(1) jobs. atd runs a job with the job's file as standard input and the file in atspool as its output, in
 * the environment of whoever submitted it: only descent and those descriptors tell. starter.id is the path of
 * the job's file, which is gone (or begins with "=") once the job runs.
 */
#include <errno.h>
#include <fcntl.h>

#include "dw_str.h"
#include "lineage.h"
#include "match.h"
#include "registry.h"

enum { SCRIPT_MAX = 1024 * 1024 };

static const char *const programs[] = { "atd", NULL };
static const char *const units[] = { "atd.service", NULL };
static const char *const dirs[] = { "/var/spool/cron/atjobs", "/var/spool/at", "/var/spool/atjobs",
				    "/var/spool/cron/atspool", "/var/spool/at/spool" };

struct at {
	const char *jobs; /* directory */
};

static int load(struct dw_starters *s, void **ret_state, struct dw_error *e)
{
	struct at *st = dw_new(s->arena, struct at);
	struct stat sb;

	for (size_t i = 0; i < 3 && !st->jobs; i++)
		if (dw_sys_file_stat(s->sys, dirs[i], true, &sb, NULL) == 0 && S_ISDIR(sb.st_mode))
			st->jobs = dirs[i];
	if (!st->jobs || !s->procs)
		return -ENOENT;
	*ret_state = st;
	return 0;
}

/* Where /proc/PID/fd/N leads; false: nowhere that can be seen. */
static bool link_of_fd(struct dw_starters *s, int pid, const char *n, char *buf, size_t size)
{
	_cleanup_fd_ int dir = dw_procs_openat(s->procs, pid, "fd", O_RDONLY | O_DIRECTORY, NULL);
	ssize_t len = dir < 0 ? -1 : readlinkat(dir, n, buf, size - 1);

	if (len < 0)
		return false;
	buf[len] = '\0';
	return true;
}

/* Name of the job's file ("a0000101c89335") by one of the first three descriptors; NULL: they say nothing. */
static const char *job_by_descriptors(struct dw_starters *s, const struct dw_procinfo *p)
{
	static const char *const fds[] = { "0", "1", "2" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(fds); i++) {
		char target[512];

		if (!link_of_fd(s, p->pid, fds[i], target, sizeof(target)))
			continue;
		for (size_t k = 0; k < DW_ARRAY_SIZE(dirs); k++) {
			size_t n = strlen(dirs[k]);
			const char *name = target + n + 1;

			if (strncmp(target, dirs[k], n) == 0 && target[n] == '/' && *name &&
			    !strchr(name, '/'))
				return dw_arena_strndup(s->arena, name, strcspn(name, " "));
		}
	}
	return NULL;
}

/* Running jobs' files begin with "="; the rest of the name stays. The one that names the program. */
static const char *job_by_content(struct dw_starters *s, const struct at *st,
				  const struct dw_procinfo *p, const char *name, unsigned *ret_line)
{
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	struct dw_match_process m = dw_match_process(scratch, p);
	struct dw_strings names = { 0 };
	unsigned best = 0;
	const char *found = NULL;

	if (dw_sys_dir_list(s->sys, st->jobs, scratch, &names, NULL) < 0)
		return NULL;
	for (size_t i = 0; i < names.n; i++) {
		const char *path = dw_arena_printf(scratch, "%s/%s", st->jobs, names.v[i]);
		struct dw_bytes text;
		struct dw_match match;
		unsigned line = 0;

		if (names.v[i][0] != '=' || (name && !dw_streq(names.v[i] + 1, name + 1)) ||
		    dw_sys_file_read(s->sys, path, SCRIPT_MAX, scratch, &text, NULL) < 0)
			continue;
		match = dw_match_text(s->sys, scratch, &m, &text, &line);
		if (match.score > best || (name && !found)) {
			best = match.score;
			*ret_line = line;
			found = dw_arena_strdup(s->arena, path);
		}
	}
	return found;
}

static int claim(struct dw_starters *s, void *state, const struct dw_claim *q,
		 struct dw_starter *ret)
{
	const struct at *st = state;
	const struct dw_procinfo *p = q->process;
	bool in_unit, descends;
	const char *name, *file;
	unsigned line = 0;

	if (!p || q->container || dw_lineage_is(p, programs))
		return 0;
	in_unit = dw_lineage_in_unit(p, units);
	if (!in_unit && dw_lineage_in_other_service(p, units))
		return 0;
	descends = dw_lineage_ancestor(s, p, programs) != NULL;
	if (!in_unit && !descends && !dw_lineage_orphan(p))
		return 0;
	name = job_by_descriptors(s, p);
	if (!in_unit && !descends && !name)
		return 0;
	file = job_by_content(s, st, p, name, &line);
	*ret = (struct dw_starter){ .kind = DW_STARTER_AT,
				    .enabled = DW_NO,
				    .running = DW_YES,
				    .restarts = DW_NO,
				    .confidence = DW_CONFIDENCE_CERTAIN,
				    .also = dw_lineage_unit(s->arena, p) };
	ret->id = name ? dw_arena_printf(s->arena, "%s/%s", st->jobs, name) : file ? file : "at";
	ret->source = file ? dw_starters_source(s, file, line) : NULL;
	if (!in_unit && !descends)
		ret->confidence = DW_CONFIDENCE_LIKELY;
	ret->evidence = in_unit    ? "it sits in the cgroup of atd.service"
			: descends ? "it descends from atd"
				   : "its standard descriptors are those of a job of at";
	return 1;
}

const struct dw_starter_ops dw_starter_at = {
	.name = "at", .early = true, .load = load, .claim = claim
};
