/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* plan and close. */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "change.h"
#include "dw_macros.h"
#include "dw_str.h"

struct closing {
	const struct dw_arguments *args;
	struct doorward *d;
	struct doorward_audit *audit;
	struct doorward_plan *plan;
	unsigned long long trial, pause; /* seconds; UINT64_MAX: until the next boot */
};

static bool is_sensible(const struct dw_arguments *args)
{
	static const struct dw_cli_pair pairs[] = {
		{ DW_OPTION_FOR, DW_OPTION_UNTIL_CONFIRMED, "choose one" },
		{ DW_OPTION_FOR, DW_OPTION_ONE_AT_A_TIME,
		  "a trial is one run, and each door would be a run of its own" },
		{ DW_OPTION_UNTIL_CONFIRMED, DW_OPTION_ONE_AT_A_TIME,
		  "a trial is one run, and each door would be a run of its own" },
		{ DW_OPTION_FOR, DW_OPTION_REMOVE_PACKAGE,
		  "a removed package is not put back by itself" },
		{ DW_OPTION_UNTIL_CONFIRMED, DW_OPTION_REMOVE_PACKAGE,
		  "a removed package is not put back by itself" },
		{ DW_OPTION_RESTRICT, DW_OPTION_REMOVE_PACKAGE,
		  "what is narrowed needs its package" },
		{ DW_OPTION_RESTRICT, DW_OPTION_DISABLE_PROGRAM,
		  "what is narrowed needs its program" },
		{ DW_OPTION_ROOT, DW_OPTION_HIDDEN,
		  "what does not run has no sockets that could hide" },
		{ DW_OPTION_ROOT, DW_OPTION_METHOD, "what does not run has no sockets to find" },
	};

	return dw_cli_sensible(args, pairs, DW_ARRAY_SIZE(pairs));
}

/* What has to be typed again so that close does what this plan says: no words of how it is shown. */
static const char *to_repeat(const struct dw_arguments *args, struct dw_str *text)
{
	static const enum dw_option_id ids[] = { DW_OPTION_FOR,           DW_OPTION_UNTIL_CONFIRMED,
						 DW_OPTION_ONE_AT_A_TIME, DW_OPTION_PAUSE,
						 DW_OPTION_HIDDEN,        DW_OPTION_METHOD,
						 DW_OPTION_POLICY,        DW_OPTION_STATE };

	for (size_t i = 0; i < DW_ARRAY_SIZE(ids); i++) {
		const struct dw_option *o = &dw_options[ids[i]];

		if (!dw_cli_given(args, ids[i]))
			continue;
		dw_str_addf(text, "%s--%s", text->n ? " " : "", o->name);
		if (o->argument)
			dw_cli_quote(text, args->values[ids[i]]);
	}
	return text->n ? text->s : NULL;
}

static bool make_plan(struct closing *c)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_str text = { .arena = a };
	const struct doorward_plan_options o = {
		.size = sizeof(o),
		.doors = (const char *const *)c->args->operands,
		.n_doors = (size_t)c->args->n_operands,
		.even_my_session = dw_cli_given(c->args, DW_OPTION_EVEN_MY_SESSION),
		.remove_package = dw_cli_given(c->args, DW_OPTION_REMOVE_PACKAGE),
		.disable_program = dw_cli_given(c->args, DW_OPTION_DISABLE_PROGRAM),
		.options = to_repeat(c->args, &text),
		.restrict_only = dw_cli_given(c->args, DW_OPTION_RESTRICT),
	};

	if (doorward_plan_make(c->d, c->audit, &o, &c->plan) == 0)
		return true;
	dw_cli_complain(doorward_last_error(c->d));
	return false;
}

/* What the plan has to do is what counts, where the audit says how far anybody could look. */
static enum dw_exit outcome(const struct closing *c, bool to_do)
{
	unsigned seen = doorward_audit_outcome(c->audit) & ~(unsigned)DOORWARD_TO_DO;

	return dw_cli_exit(seen | (to_do ? (unsigned)DOORWARD_TO_DO : 0));
}

/* A host that was seen as a whole, and has nothing left to do, is done. */
static enum dw_exit left_over(const struct closing *c)
{
	return outcome(c, doorward_plan_refused(c->plan) > 0);
}

static int write_plan(const struct closing *c, bool advice)
{
	struct doorward_style style = dw_cli_style(c->args);

	style.quiet |= !advice;
	errno = 0;
	return doorward_plan_write(c->d, c->plan, dw_cli_format(c->args), stdout, &style);
}

static enum dw_exit show_plan(const struct closing *c)
{
	/* main() says why standard output failed */
	if (write_plan(c, true) < 0)
		return DW_EXIT_USAGE;
	return outcome(c, doorward_plan_steps(c->plan) > 0 || doorward_plan_refused(c->plan) > 0);
}

static bool ask(const struct closing *c)
{
	size_t n = doorward_plan_doors(c->plan), narrow = doorward_plan_narrowed(c->plan);
	const char *act = !narrow ? "Close" : narrow == n ? "Narrow" : "Close or narrow";
	char answer[16] = "";

	(void)fflush(stdout);
	if (n == 1)
		(void)fprintf(stderr, "\n%s this door", act);
	else
		(void)fprintf(stderr, "\n%s these %zu doors", act, n);
	if (c->trial == UINT64_MAX)
		(void)fputs(" until the next boot", stderr);
	else if (c->trial)
		(void)fprintf(stderr, " for %s", c->args->values[DW_OPTION_FOR]);
	(void)fputs("? [y/N] ", stderr);
	(void)fflush(stderr);
	if (!fgets(answer, sizeof(answer), stdin))
		(void)fputc('\n', stderr);
	return strcmp(answer, "y\n") == 0 || strcmp(answer, "Y\n") == 0 ||
	       strcmp(answer, "yes\n") == 0 || strcmp(answer, "Yes\n") == 0;
}

/* False: *ret says with which status to end. */
static bool agreed(const struct closing *c, enum dw_exit *ret)
{
	if (dw_cli_given(c->args, DW_OPTION_YES))
		return true;
	if (isatty(STDIN_FILENO) != 1) {
		(void)fflush(stdout);
		(void)fputs(
			"\ndoorward: nothing was changed: standard input is no terminal, so nobody "
			"could be asked.\nWith --yes it is done without asking.\n",
			stderr);
		*ret = DW_EXIT_USAGE;
		return false;
	}
	if (ask(c))
		return true;
	(void)fputs("Nothing was changed.\n", stderr);
	*ret = DW_EXIT_TO_DO;
	return false;
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static void tell_trial(const struct closing *c, long long run)
{
	if (c->trial == 0)
		return;
	if (c->trial == UINT64_MAX)
		(void)fputs("This is a trial: the next boot puts it back.\n", stdout);
	else
		(void)printf("This is a trial: it is put back by itself after %s.\n",
			     c->args->values[DW_OPTION_FOR]);
	(void)printf("To keep it:  doorward confirm %lld\n", run);
}

/* "2 doors are closed, 1 is narrowed" */
static void print_done(size_t doors, size_t narrowed)
{
	size_t closed = doors - narrowed;

	if (closed)
		(void)printf("%zu door%s closed", closed, closed == 1 ? " is" : "s are");
	if (narrowed)
		(void)printf("%s%zu%s %s narrowed", closed ? ", " : "", narrowed,
			     closed          ? ""
			     : narrowed == 1 ? " door"
					     : " doors",
			     narrowed == 1 ? "is" : "are");
}

static void tell_done(const struct closing *c, long long run)
{
	if (dw_cli_given(c->args, DW_OPTION_QUIET))
		return;
	(void)fputs("\nDone and looked at: ", stdout);
	print_done(doorward_plan_doors(c->plan), doorward_plan_narrowed(c->plan));
	(void)fputs(", all else is as it was.\n", stdout);
	tell_trial(c, run);
	(void)printf("To go back:  doorward undo %lld\n", run);
}

static void tell_failed(const struct closing *c, int r, long long run)
{
	int left = run ? doorward_run_left(c->d, run, NULL, NULL) : 0;
	const struct {
		int code;
		const char *text;
	} texts[] = {
		{ -ESTALE, "Nothing was changed. Look again: doorward plan" },
		{ -EBUSY, "Nothing was changed." },
		{ -ECANCELED, left > 0 ? "All else was put back." : "Everything was put back." },
		{ -ENOTRECOVERABLE, "NOT everything could be put back." },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(texts); i++)
		if (texts[i].code == r)
			(void)fprintf(stderr, "%s\n", texts[i].text);
	if (run && r == -ECANCELED && left > 0)
		dw_change_tell_left(c->d, run);
	if (run && !dw_cli_given(c->args, DW_OPTION_QUIET))
		(void)fprintf(stderr, "What was done, step by step: doorward history %lld\n", run);
}

/* Does one plan; *ret_run is 0 when nothing was begun. */
static int carry_out(const struct closing *c, struct doorward_plan *plan, long long *ret_run)
{
	struct doorward_close_options o = { .trial = c->trial, .pause = (unsigned)c->pause };
	int r;

	*ret_run = 0;
	dw_change_begin(&o, c->args);
	r = doorward_close(c->d, plan, &o, ret_run);
	dw_change_end();
	return r;
}

static enum dw_exit close_all(const struct closing *c)
{
	struct doorward_style style = dw_cli_style(c->args);
	bool json = dw_cli_given(c->args, DW_OPTION_JSON);
	long long run;
	int r = carry_out(c, c->plan, &run);

	if (json && run)
		(void)doorward_history_write(c->d, run, dw_cli_format(c->args), stdout, &style);
	if (r < 0) {
		enum dw_exit status = dw_change_failed(c->d, r);

		tell_failed(c, r, run);
		return status;
	}
	if (!json)
		tell_done(c, run);
	return left_over(c);
}

struct parts {
	size_t done, failed, doors, narrowed;
	long long first, last;
};

static void tell_parts(const struct closing *c, const struct parts *p)
{
	if (dw_cli_given(c->args, DW_OPTION_QUIET))
		return;
	(void)fputc('\n', stdout);
	if (p->doors)
		print_done(p->doors, p->narrowed);
	else
		(void)fputs("No door is closed", stdout);
	(void)printf(" in %zu run%s", p->done, plural(p->done));
	if (p->failed)
		(void)printf("; %zu part%s put back because something failed without %s", p->failed,
			     p->failed == 1 ? " was" : "s were", p->failed == 1 ? "it" : "them");
	(void)fputs(".\n", stdout);
	if (p->done == 1)
		(void)printf("To go back:  doorward undo %lld\n", p->last);
	else if (p->done)
		(void)printf("To go back:  doorward undo, once for each run, %lld to %lld\n",
			     p->last, p->first);
}

/* A part that failed was put back, and the others may go on; anything else ends it. */
static bool close_part(const struct closing *c, struct doorward_plan *part, struct parts *p,
		       enum dw_exit *status)
{
	long long run;
	size_t doors = doorward_plan_doors(part), narrowed = doorward_plan_narrowed(part);
	int r = carry_out(c, part, &run);

	if (r < 0) {
		p->failed++;
		*status = dw_change_failed(c->d, r);
		tell_failed(c, r, run);
		return r == -ECANCELED;
	}
	p->done++;
	p->doors += doors;
	p->narrowed += narrowed;
	p->last = run;
	p->first = p->first ? p->first : run;
	if (!dw_cli_given(c->args, DW_OPTION_QUIET)) {
		(void)printf("Run %lld: ", run);
		print_done(doors, narrowed);
		(void)printf(", nothing failed in the %llu seconds after.\n", c->pause);
	}
	(void)fflush(stdout);
	return true;
}

static enum dw_exit close_one_by_one(const struct closing *c)
{
	enum dw_exit status = DW_EXIT_NOTHING;
	struct parts p = { 0 };

	for (size_t i = 0;; i++) {
		struct doorward_plan *part = doorward_plan_part(c->d, c->plan, i);

		if (!part && *doorward_last_error(c->d)) {
			dw_cli_complain(doorward_last_error(c->d));
			status = DW_EXIT_FAILED;
		}
		if (!part)
			break;
		if (doorward_plan_steps(part) == 0)
			continue;
		if (!close_part(c, part, &p, &status))
			break;
	}
	tell_parts(c, &p);
	return status == DW_EXIT_NOTHING ? left_over(c) : status;
}

static enum dw_exit close_doors(const struct closing *c)
{
	bool json = dw_cli_given(c->args, DW_OPTION_JSON);
	/* who said "do it, and say nothing" does not read it */
	bool shown = !json && !(dw_cli_given(c->args, DW_OPTION_YES) &&
				dw_cli_given(c->args, DW_OPTION_QUIET));
	enum dw_exit status;

	if (dw_cli_given(c->args, DW_OPTION_DRY_RUN))
		return show_plan(c);
	if (shown && write_plan(c, false) < 0)
		return DW_EXIT_USAGE;
	if (doorward_plan_steps(c->plan) == 0)
		return json ? show_plan(c) : left_over(c);
	if (!agreed(c, &status))
		return status;
	return dw_cli_given(c->args, DW_OPTION_ONE_AT_A_TIME) ? close_one_by_one(c) : close_all(c);
}

/* The plan must be of the host without what an interrupted run left. */
static bool settled(const struct closing *c, enum dw_exit *ret)
{
	int r = doorward_settle(c->d);

	if (r < 0)
		*ret = dw_change_failed(c->d, r);
	return r == 0;
}

static enum dw_exit with_plan(struct closing *c, bool changes,
			      enum dw_exit (*act)(const struct closing *c))
{
	enum dw_exit status = DW_EXIT_USAGE;

	c->d = dw_change_context(c->args);
	if (!c->d)
		return status;
	if (!changes || settled(c, &status))
		c->audit = dw_cli_audit(c->d, c->args, &status);
	if (c->audit && make_plan(c))
		status = act(c);
	doorward_plan_free(c->plan);
	doorward_audit_free(c->audit);
	doorward_free(c->d);
	return status;
}

enum dw_exit dw_cmd_plan(const struct dw_arguments *args)
{
	struct closing c = { .args = args };

	return is_sensible(args) ? with_plan(&c, false, show_plan) : DW_EXIT_USAGE;
}

enum dw_exit dw_cmd_close(const struct dw_arguments *args)
{
	struct closing c = { .args = args };
	bool one = dw_cli_given(args, DW_OPTION_ONE_AT_A_TIME);

	if (!is_sensible(args) || !dw_change_duration(args, DW_OPTION_FOR, 0, &c.trial) ||
	    !dw_change_duration(args, DW_OPTION_PAUSE, one ? 60 : 0, &c.pause))
		return DW_EXIT_USAGE;
	if (dw_cli_given(args, DW_OPTION_PAUSE) && !one) {
		(void)fputs("doorward: --pause goes with --one-at-a-time\n", stderr);
		return DW_EXIT_USAGE;
	}
	if (dw_cli_given(args, DW_OPTION_UNTIL_CONFIRMED))
		c.trial = UINT64_MAX;
	if (!dw_cli_given(args, DW_OPTION_DRY_RUN) && !dw_change_root(args, "close"))
		return DW_EXIT_USAGE;
	return with_plan(&c, !dw_cli_given(args, DW_OPTION_DRY_RUN), close_doors);
}
