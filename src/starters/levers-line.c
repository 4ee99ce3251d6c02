/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a line of a crontab or of rc.local starts, and jobs of at. */
#include "crontab.h"
#include "dw_procs.h"
#include "levers.h"
#include "match.h"

#define OWNERS_MAX 4 /* of one door, that are looked for in crontabs */

static void end_job(struct levering *l)
{
	const struct dw_door *d = l->door;

	if (!l->running || d->kind == DW_KIND_SLEEPING)
		return;
	if (!dw_levers_end(l, false, "It holds the door now.", NULL)) {
		dw_levers_cannot(l, "Which process holds it could not be seen.");
		return;
	}
	if (d->owners[0].command)
		dw_levers_remark(l,
				 "No command brings an ended process back; it was started as: %s",
				 d->owners[0].command);
}

/* Scripts of run-parts(8) are shell text all through; a crontab's lines are entries. */
static bool is_tab(const char *file)
{
	static const char *const tabs[] = { "/etc/crontab", "/etc/anacrontab" };
	static const char *const dirs[] = { "/etc/cron.d/", "/var/spool/cron/", "/etc/crontabs/" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(tabs); i++)
		if (dw_streq(file, tabs[i]))
			return true;
	for (size_t i = 0; i < DW_ARRAY_SIZE(dirs); i++)
		if (dw_starts_with(file, dirs[i]))
			return true;
	return false;
}

static void take_script(struct levering *l, const char *file)
{
	const char *word = dw_levers_operand(l->arena, file);
	struct lever_words w = {
		.label = file,
		.why = "run-parts(8) runs what is executable there.",
		.source = file,
		.command = dw_arena_printf(l->arena, "chmod a-x %s", word),
		.undo_command = dw_arena_printf(l->arena, "chmod a+x %s", word),
	};

	(void)dw_levers_take_mode(l, file, 0111, &w);
}

static bool starts(struct levering *l, const struct dw_match_process *m,
		   const struct dw_cron_job *job)
{
	struct dw_match match = dw_match_line_deep(l->s->sys, l->arena, m, job->command);

	return match.score && dw_match_is_sure(&match);
}

/*
 * A watchdog: @reboot in one line, and in another "is it gone? then start it", each minute. All lines that start what
 * holds the door go.
 */
static void other_lines(struct levering *l)
{
	const struct dw_door *d = l->door;
	struct dw_cron_jobs jobs = { 0 };

	if (!l->running || !l->s->procs || dw_crontab_read_all(l->s, &jobs) < 0)
		return;
	for (size_t i = 0; i < d->n_owners && i < OWNERS_MAX; i++) {
		const struct dw_procinfo *p = dw_procs_get(l->s->procs, d->owners[i].pid);
		struct dw_match_process m;

		if (!p || p->started_ticks != d->owners[i].started_ticks)
			continue;
		m = dw_match_process(l->arena, p);
		for (size_t k = 0; k < jobs.n; k++) {
			const struct dw_cron_job *job = &jobs.v[k];
			struct lever_words w = {
				.why = "cron starts what this line says.",
				.notify = "cron",
			};

			if (!job->line || !starts(l, &m, job))
				continue;
			w.source = dw_arena_printf(l->arena, "%s:%u", job->file, job->line);
			w.label = dw_arena_printf(l->arena, "line %u of %s", job->line, job->file);
			(void)dw_levers_comment_line(l, job->file, job->line, "#", &w);
		}
	}
}

void dw_levers_of_cron(struct levering *l)
{
	const char *file;
	unsigned line;
	struct lever_words w = {
		.why = "cron starts what this line says.",
		.source = l->starter->source,
		.notify = "cron",
	};

	if (!dw_levers_source(l->arena, l->starter->source, &file, &line)) {
		if (file && *file == '/' && !is_tab(file)) {
			take_script(l, file);
			end_job(l);
			return;
		}
		dw_levers_cannot(
			l,
			"Which line starts it is not known%s%s: ending it would not keep it "
			"away.",
			file ? ", only the file " : "", file ? file : "");
		return;
	}
	w.label = dw_arena_printf(l->arena, "line %u of %s", line, file);
	if (!dw_levers_comment_line(l, file, line, is_tab(file) ? "#" : NULL, &w))
		return;
	other_lines(l);
	end_job(l);
}

void dw_levers_of_rclocal(struct levering *l)
{
	const char *file;
	unsigned line;
	struct lever_words w = { .why = "The boot runs this line.", .source = l->starter->source };

	if (!dw_levers_source(l->arena, l->starter->source, &file, &line)) {
		dw_levers_cannot(l, "Which line of %s starts it is not known.",
				 file ? file : "rc.local");
		return;
	}
	w.label = dw_arena_printf(l->arena, "line %u of %s", line, file);
	if (!dw_levers_comment_line(l, file, line, NULL, &w))
		return;
	other_lines(l);
	end_job(l);
}

/* The number of the job is in the first five digits of its file: a0001e01c3d5a2 (at.c of Debian's at). */
static bool job_number(const char *path, unsigned *ret)
{
	const char *name = dw_basename(path);
	uint64_t number;

	if (strlen(name) != 14 || !dw_parse_u64n(name + 1, 5, 16, 0xfffff, &number))
		return false;
	*ret = (unsigned)number;
	return true;
}

/* A job that runs has a file that begins with "=": it is not started again, and atd takes it away at the end. */
static const char *waiting_job(struct levering *l)
{
	const char *id = l->starter->id;

	return *id == '/' && *dw_basename(id) != '=' && dw_sys_file_exists(l->s->sys, id) ? id
											  : NULL;
}

void dw_levers_of_at(struct levering *l)
{
	const char *job = waiting_job(l);
	struct lever_words w = {
		.label = job ? dw_arena_printf(l->arena, "the job %s", dw_basename(job)) : NULL,
		.why = "The job would open the door.",
		.source = job,
	};
	unsigned number;

	if (job) {
		if (job_number(job, &number))
			w.command = dw_arena_printf(l->arena, "atrm %u", number);
		(void)dw_levers_entry(l, job, "absent", &w);
	}
	end_job(l);
}
