/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* host fix: the plan, the question, the run. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "dw_macros.h"
#include "dw_str.h"
#include "host.h"

struct fixing {
	struct doorward *d;
	const struct dw_arguments *args;
	struct doorward_host *h;
	struct doorward_host_plan *plan;
};

/* What has to be typed again so that the same is done. */
static const char *to_repeat(const struct dw_host_asked *asked, struct dw_str *text)
{
	static const enum dw_option_id ids[] = { DW_OPTION_EVEN_MY_SESSION,
						 DW_OPTION_REMOVE_PACKAGE, DW_OPTION_METHOD,
						 DW_OPTION_POLICY, DW_OPTION_STATE };

	for (size_t i = 0; i < DW_ARRAY_SIZE(ids); i++) {
		const struct dw_option *o = &dw_options[ids[i]];

		if (!dw_cli_given(asked->args, ids[i]))
			continue;
		dw_str_addf(text, " --%s", o->name);
		if (o->argument)
			dw_cli_quote(text, asked->args->values[ids[i]]);
	}
	for (size_t i = 0; i < asked->n; i++)
		dw_cli_quote(text, asked->checks[i]);
	return text->n ? text->s + 1 : NULL;
}

static enum dw_exit left_over(const struct fixing *f)
{
	return dw_cli_exit(doorward_host_outcome(f->h));
}

static int write_plan(const struct fixing *f, bool advice)
{
	struct doorward_style style = dw_cli_style(f->args);

	style.quiet |= !advice;
	errno = 0;
	return doorward_host_plan_write(f->d, f->plan, dw_cli_format(f->args), stdout, &style);
}

/* False: *ret says with which status to end. */
static bool agreed(const struct fixing *f, enum dw_exit *ret)
{
	char answer[16] = "";

	if (dw_cli_given(f->args, DW_OPTION_YES))
		return true;
	(void)fflush(stdout);
	if (isatty(STDIN_FILENO) != 1) {
		(void)fputs("\ndoorward: nothing was changed: standard input is no terminal, so "
			    "nobody could be "
			    "asked.\nWith --yes it is done without asking.\n",
			    stderr);
		*ret = DW_EXIT_USAGE;
		return false;
	}
	(void)fputs("\nPut this right? [y/N] ", stderr);
	(void)fflush(stderr);
	if (!fgets(answer, sizeof(answer), stdin))
		(void)fputc('\n', stderr);
	if (strcmp(answer, "y\n") == 0 || strcmp(answer, "yes\n") == 0)
		return true;
	(void)fputs("Nothing was changed.\n", stderr);
	*ret = DW_EXIT_TO_DO;
	return false;
}

static enum dw_exit carry_out(const struct fixing *f)
{
	struct doorward_close_options o = { 0 };
	struct doorward_style style = dw_cli_style(f->args);
	bool quiet = dw_cli_given(f->args, DW_OPTION_QUIET),
	     json = dw_cli_given(f->args, DW_OPTION_JSON);
	enum dw_exit status;
	long long run = 0;
	int r;

	dw_change_begin(&o, f->args);
	r = doorward_host_fix(f->d, f->plan, &o, &run);
	dw_change_end();
	status = dw_cli_exit(doorward_host_plan_left(f->plan));
	if (r < 0) {
		status = dw_change_failed(f->d, r);
		if (run && !quiet)
			(void)fprintf(stderr,
				      "What was done, step by step: doorward history %lld\n", run);
	}
	if (json && run)
		(void)doorward_history_write(f->d, run, dw_cli_format(f->args), stdout, &style);
	else if (r == 0 && !quiet)
		(void)printf("\nDone, and looked at again.\nTo go back:  doorward undo %lld\n",
			     run);
	return status;
}

static enum dw_exit fix(const struct fixing *f)
{
	bool json = dw_cli_given(f->args, DW_OPTION_JSON);
	bool dry =
		dw_cli_given(f->args, DW_OPTION_DRY_RUN) || dw_cli_given(f->args, DW_OPTION_ROOT);
	/* who said "do it, and say nothing" does not read it */
	bool shown = !json && !(dw_cli_given(f->args, DW_OPTION_YES) &&
				dw_cli_given(f->args, DW_OPTION_QUIET));
	enum dw_exit status;

	if (dry || !doorward_host_plan_steps(f->plan))
		return (shown || json) && write_plan(f, dry) < 0 ? DW_EXIT_USAGE : left_over(f);
	if (shown && write_plan(f, false) < 0)
		return DW_EXIT_USAGE;
	return agreed(f, &status) ? carry_out(f) : status;
}

static enum dw_exit plan_and_fix(struct doorward *d, const struct dw_host_asked *asked,
				 struct doorward_host *h)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_str text = { .arena = a };
	struct fixing f = { .d = d, .args = asked->args, .h = h };
	enum dw_exit status;

	if (doorward_host_plan_make(d, h, to_repeat(asked, &text), &f.plan) < 0) {
		dw_cli_complain(doorward_last_error(d));
		return DW_EXIT_FAILED;
	}
	status = fix(&f);
	doorward_host_plan_free(f.plan);
	return status;
}

enum dw_exit dw_host_fix(struct dw_host_asked *asked)
{
	bool dry = dw_cli_given(asked->args, DW_OPTION_DRY_RUN) ||
		   dw_cli_given(asked->args, DW_OPTION_ROOT);

	if (dw_cli_given(asked->args, DW_OPTION_JSONL)) {
		(void)fputs("doorward: host fix writes one document: --json instead of --jsonl\n",
			    stderr);
		return DW_EXIT_USAGE;
	}
	if (!dry && !dw_change_root(asked->args, "host fix"))
		return DW_EXIT_USAGE;
	asked->changes = !dry;
	return dw_host_with(asked, plan_and_fix);
}
