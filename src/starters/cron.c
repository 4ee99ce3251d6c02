/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cron(8) and anacron(8). starter.id is the path of the crontab (or of the script in /etc/cron.daily and the
 * like), starter.source its line. On systemd all jobs sit in cron.service, daemons that left their parents
 * among them: stopping cron would be the wrong fix, the line is the right one.
 */
#include <errno.h>

#include "commands.h"
#include "crontab.h"
#include "dw_str.h"
#include "lineage.h"
#include "match.h"
#include "registry.h"

enum { SCRIPT_MAX = 256 * 1024 };

static const char *const programs[] = { "cron", "crond", "anacron", "fcron", "cronie", NULL };
static const char *const names[] = { "cron", "crond", "cronie", "fcron", NULL };
static const char *const units[] = { "cron.service",    "crond.service", "cronie.service",
				     "anacron.service", "fcron.service", NULL };

/* What was found out about a process: it may hold many sockets. */
struct answer {
	const struct dw_procinfo *process;
	const struct dw_cron_job *job;   /* NULL: no job names its program */
	const struct dw_cron_job *rival; /* fits as well; NULL: none does */
	struct dw_match match;
	unsigned line; /* of the script, where the job is a script */
};

struct cron {
	struct dw_cron_jobs jobs;
	DW_VEC(struct answer) answers;
	enum dw_tristate at_boot;
};

static int load(struct dw_starters *s, void **ret_state, struct dw_error *e)
{
	struct cron *st = dw_new(s->arena, struct cron);
	int r = dw_crontab_read_all(s, &st->jobs);

	if (r < 0)
		return r;
	st->at_boot = dw_lineage_at_boot(s, names);
	*ret_state = st;
	return 0;
}

/* --- which job ------------------------------------------------------------------------------------ */

static struct dw_match match_job(struct dw_starters *s, struct dw_arena *a,
				 const struct dw_match_process *m, const struct dw_cron_job *job,
				 unsigned *ret_line)
{
	struct dw_bytes text;
	struct dw_match whole;

	*ret_line = 0;
	if (job->line)
		return dw_match_line_deep(s->sys, a, m, job->command);
	whole = dw_match_line(s->sys, a, m, job->file); /* the script itself holds the door */
	if (whole.score || dw_sys_file_read(s->sys, job->file, SCRIPT_MAX, a, &text, NULL) < 0 ||
	    memchr(text.data, '\0', text.n))
		return whole;
	return dw_match_text(s->sys, a, m, &text, ret_line);
}

/* Whose job: cron sets LOGNAME and lets no crontab change it. A program may have changed its user since. */
static bool of_user(const struct dw_cron_job *job, const char *logname)
{
	return logname && job->user && dw_streq(job->user, logname);
}

static struct answer find_job(struct dw_starters *s, const struct cron *st,
			      const struct dw_procinfo *p)
{
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	struct dw_match_process m = dw_match_process(scratch, p);
	const char *logname = dw_procs_env(s->procs, p, "LOGNAME");
	struct answer best = { .process = p };

	for (size_t i = 0; i < st->jobs.n; i++) {
		const struct dw_cron_job *job = &st->jobs.v[i];
		unsigned line;
		struct dw_match match = match_job(s, scratch, &m, job, &line);

		if (match.score && of_user(job, logname))
			match.score += 50;
		if (!match.score || match.score < best.match.score)
			continue;
		if (match.score == best.match.score) {
			best.rival = job;
			continue;
		}
		best = (struct answer){ .process = p, .job = job, .match = match, .line = line };
	}
	if (best.match.script)
		best.match.script = dw_arena_strdup(s->arena, best.match.script);
	return best;
}

static const struct answer *answer_for(struct dw_starters *s, struct cron *st,
				       const struct dw_procinfo *p)
{
	for (size_t i = 0; i < st->answers.n; i++)
		if (st->answers.v[i].process == p)
			return &st->answers.v[i];
	dw_vec_push(s->arena, &st->answers, find_job(s, st, p));
	return &st->answers.v[st->answers.n - 1];
}

/* --- claim ---------------------------------------------------------------------------------------- */

/* The environment is the bare one that cron makes, not one of an init, a login or a unit. */
static bool environment_of_cron(struct dw_starters *s, const struct dw_procinfo *p)
{
	static const char *const has[] = { "SHELL", "LOGNAME", "HOME", "PATH" };
	static const char *const lacks[] = { "TERM",       "RUNLEVEL",     "PREVLEVEL",
					     "RC_SVCNAME", "INIT_VERSION", "INVOCATION_ID",
					     "SSH_CLIENT" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(has); i++)
		if (!dw_procs_env(s->procs, p, has[i]))
			return false;
	for (size_t i = 0; i < DW_ARRAY_SIZE(lacks); i++)
		if (dw_procs_env(s->procs, p, lacks[i]))
			return false;
	return true;
}

/* Who says that it comes from cron; NULL: nobody. *ret_proof: the kernel does. */
static const char *descent(struct dw_starters *s, const struct dw_procinfo *p, bool *ret_proof)
{
	const struct dw_procinfo *cron;

	*ret_proof = true;
	if (dw_lineage_in_unit(p, units))
		return dw_arena_printf(s->arena, "it sits in the cgroup of %s",
				       dw_lineage_unit(s->arena, p));
	if (dw_lineage_in_other_service(p, units))
		return NULL;
	cron = dw_lineage_ancestor(s, p, programs);
	/* the environment last: thousands of workers would have theirs read for nothing */
	if ((!cron && !dw_lineage_orphan(p)) || dw_lineage_from_login(s, p))
		return NULL;
	if (cron)
		return dw_arena_printf(s->arena, "it descends from %s (pid %d)", cron->comm,
				       cron->pid);
	*ret_proof = false;
	if (environment_of_cron(s, p))
		return "its parent is gone and its environment is the one that cron makes";
	return NULL;
}

static void claim_job(struct dw_starters *s, const struct answer *a, const char *whence,
		      struct dw_starter *ret)
{
	const struct dw_cron_job *job = a->job;
	const char *where = "the line names its program";

	ret->id = job->file;
	ret->source = dw_starters_source(s, job->file, job->line ? job->line : a->line);
	ret->restarts = job->reboot ? DW_NO : DW_YES;
	if (a->match.script)
		where = dw_arena_printf(s->arena,
					"the line runs %s, whose line %u names its program",
					a->match.script, a->match.script_line);
	else if (!job->line && a->line)
		where = "the script's line names its program";
	ret->evidence = dw_arena_printf(s->arena, "%s, and %s", whence, where);
	if (a->rival)
		ret->evidence =
			dw_arena_printf(s->arena, "%s; %s fits as well", ret->evidence,
					dw_starters_source(s, a->rival->file, a->rival->line));
}

/* The tab of the user whose job it must be, where there is but one. */
static const char *only_tab(struct dw_starters *s, const struct cron *st,
			    const struct dw_procinfo *p)
{
	const char *logname = dw_procs_env(s->procs, p, "LOGNAME"), *tab = NULL;

	for (size_t i = 0; i < st->jobs.n; i++) {
		if (!of_user(&st->jobs.v[i], logname))
			continue;
		if (tab && !dw_streq(tab, st->jobs.v[i].file))
			return NULL;
		tab = st->jobs.v[i].file;
	}
	return tab;
}

static int claim(struct dw_starters *s, void *state, const struct dw_claim *q,
		 struct dw_starter *ret)
{
	struct cron *st = state;
	const struct answer *a;
	const char *whence;
	bool proof;

	if (!q->process || q->container || dw_lineage_is(q->process, programs))
		return 0;
	whence = descent(s, q->process, &proof);
	if (!whence)
		return 0;
	a = answer_for(s, st, q->process);
	/* Without a proof of descent the line must say more than a name. */
	if (!proof && (!a->job || !dw_match_is_sure(&a->match)))
		return 0;
	*ret = (struct dw_starter){ .kind = DW_STARTER_CRON,
				    .enabled = st->at_boot == DW_NO ? DW_NO : DW_YES,
				    .running = DW_YES };
	ret->confidence =
		proof && a->job && !a->rival ? DW_CONFIDENCE_CERTAIN : DW_CONFIDENCE_LIKELY;
	ret->also = dw_lineage_unit(s->arena, q->process);
	if (a->job) {
		claim_job(s, a, whence, ret);
		return 1;
	}
	ret->id = ret->source = only_tab(s, st, q->process);
	if (!ret->id)
		ret->id = "cron";
	ret->enabled = DW_UNKNOWN;
	ret->evidence =
		dw_arena_printf(s->arena, "%s, but no crontab's line names its program", whence);
	return 1;
}

static void forget(struct dw_starters *s, void *state)
{
	struct cron *st = state;

	st->answers.n = 0;
}

/* --- an image --------------------------------------------------------------------------------------- */

/*
 * What a line would start on a host that runs is there, or was ended by somebody: only of an image is it news. Scripts
 * in /etc/cron.daily and the like are no daemons.
 */
static int list(struct dw_starters *s, void *state, struct dw_error *e)
{
	struct cron *st = state;

	if (dw_sys_is_running(s->sys) || st->at_boot == DW_NO)
		return 0;
	for (size_t i = 0; i < st->jobs.n; i++) {
		const struct dw_cron_job *job = &st->jobs.v[i];
		const struct dw_starter as = {
			.kind = DW_STARTER_CRON,
			.id = job->file,
			.source = dw_starters_source(s, job->file, job->line),
			.enabled = st->at_boot,
			.restarts = job->reboot ? DW_NO : DW_YES,
			.evidence = job->reboot ? "cron runs the line at boot, and it starts this "
						  "program"
						: "cron runs the line again and again, and it "
						  "starts this program",
		};
		struct dw_script script;

		if (!job->line)
			continue;
		dw_script_scan_command(s->sys, s->arena, job->file, job->line, job->command, true,
				       &script);
		dw_commands_list(s, &script, &as, job->reboot);
	}
	return 0;
}

const struct dw_starter_ops dw_starter_cron = {
	.name = "cron", .early = true, .load = load, .list = list, .claim = claim, .forget = forget
};
