/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* undo, confirm, verify and history. */
#include <errno.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include "change.h"
#include "dw_macros.h"
#include "dw_parse.h"

static bool is_quiet(const struct dw_arguments *args)
{
	return dw_cli_given(args, DW_OPTION_QUIET);
}

static void tell_undone(struct doorward *d, long long run)
{
	bool left = doorward_run_left(d, run, NULL, NULL) > 0;

	(void)printf(left ? "Run %lld is undone, but for what nothing brings back.\n"
			  : "Run %lld is undone: all is as it was before.\n",
		     run);
	dw_change_tell_left(d, run);
}

static enum dw_exit told_undone(struct doorward *d, const struct dw_arguments *args, int r,
				long long run)
{
	enum dw_exit status;

	if (r == 0 && !is_quiet(args))
		tell_undone(d, run);
	if (r == 0)
		return DW_EXIT_NOTHING;
	if (r == -EALREADY) {
		if (!is_quiet(args))
			(void)fprintf(stderr, "%s\n", doorward_last_error(d));
		return DW_EXIT_NOTHING;
	}
	status = dw_change_failed(d, r);
	if (is_quiet(args) || (r != -EUCLEAN && r != -ENOTRECOVERABLE))
		return status;
	(void)printf("Run %lld is undone in part; the rest is back.\n", run);
	dw_change_tell_left(d, run);
	if (r == -EUCLEAN)
		(void)printf("To put it back over what was changed since:  doorward undo %lld "
			     "--force\n",
			     run);
	(void)printf("All its steps:  doorward history %lld\n", run);
	return status;
}

/* The guard of a trial sleeps here; a signal ends the wait, and with it the program. */
static bool wait_first(const struct dw_arguments *args)
{
	const char *word = args->values[DW_OPTION_WAIT];
	struct timespec left = { 0 };
	uint64_t seconds;

	if (!word)
		return true;
	if (!dw_parse_u64(word, 10, UINT32_MAX, &seconds)) {
		(void)fputs("doorward: --wait needs a number of seconds: --wait 30\n", stderr);
		return false;
	}
	left.tv_sec = (time_t)seconds;
	/* CLOCK_BOOTTIME goes on while the host sleeps */
	return clock_nanosleep(CLOCK_BOOTTIME, 0, &left, NULL) == 0;
}

enum dw_exit dw_cmd_undo(const struct dw_arguments *args)
{
	static const struct dw_cli_pair pairs[] = {
		{ DW_OPTION_FORCE, DW_OPTION_EXPIRED,
		  "what nobody looks at never overwrites what somebody changed" },
	};
	struct doorward_close_options o = { 0 };
	enum dw_exit status;
	struct doorward *d;
	long long run, which = 0;
	int r;

	if (!dw_cli_sensible(args, pairs, DW_ARRAY_SIZE(pairs)) || !dw_change_run(args, &run) ||
	    !dw_change_root(args, "undo") || !wait_first(args))
		return DW_EXIT_USAGE;
	d = dw_change_context(args);
	if (!d)
		return DW_EXIT_USAGE;
	dw_change_begin(&o, args);
	r = dw_cli_given(args, DW_OPTION_EXPIRED)
		    ? doorward_undo_expired(d, run, &o, &which)
		    : doorward_undo(d, run, dw_cli_given(args, DW_OPTION_FORCE), &o, &which);
	dw_change_end();
	status = told_undone(d, args, r, which ? which : run);
	doorward_free(d);
	return status;
}

enum dw_exit dw_cmd_confirm(const struct dw_arguments *args)
{
	enum dw_exit status = DW_EXIT_NOTHING;
	struct doorward *d;
	long long run, which = 0;
	int r;

	if (!dw_change_run(args, &run) || !dw_change_root(args, "confirm"))
		return DW_EXIT_USAGE;
	d = dw_change_context(args);
	if (!d)
		return DW_EXIT_USAGE;
	r = doorward_confirm(d, run, &which);
	if (r == 0 && !is_quiet(args))
		(void)printf("Run %lld stays.\nTo go back:  doorward undo %lld\n", which, which);
	else if (r == -EALREADY && !is_quiet(args))
		(void)fprintf(stderr, "%s\n", doorward_last_error(d));
	else if (r < 0 && r != -EALREADY)
		status = dw_change_failed(d, r);
	doorward_free(d);
	return status;
}

static enum dw_exit verify_at_boot(struct doorward *d, const struct dw_arguments *args)
{
	struct doorward_close_options o = { 0 };
	long long run = 0;
	int r;

	dw_change_begin(&o, args);
	r = doorward_verify_at_boot(d, &o, &run);
	dw_change_end();
	if (r == -EALREADY) {
		(void)fprintf(stderr, "%s\n", doorward_last_error(d));
		return DW_EXIT_NOTHING;
	}
	if (r < 0)
		return dw_change_failed(d, r);
	if (!is_quiet(args))
		(void)printf("From now on doorward verify looks after every boot.\n"
			     "To go back:  doorward undo %lld\n",
			     run);
	return DW_EXIT_NOTHING;
}

/* The journal has mode 0700. */
static enum dw_exit not_read(const struct doorward *d, const char *command, int r)
{
	enum dw_exit status = dw_change_failed(d, r);

	if (r == -EACCES && geteuid() != 0)
		(void)fprintf(stderr, "Only root reads the journal: sudo doorward %s\n", command);
	return status;
}

static enum dw_exit verify_now(struct doorward *d, const struct dw_arguments *args, long long run)
{
	struct doorward_style style = dw_cli_style(args);
	enum dw_exit status = DW_EXIT_BLIND;
	struct doorward_audit *audit = dw_cli_audit(d, args, &status);
	int blind = 0, r;

	/* nothing was looked at: not the same as "not everywhere", which the unit for each boot takes for done */
	if (!audit)
		return status == DW_EXIT_BLIND ? DW_EXIT_FAILED : status;
	errno = 0;
	r = doorward_verify(d, audit, run, dw_cli_format(args), stdout, &style, &blind);
	if (r < 0)
		status = not_read(d, "verify", r);
	else
		status = r > 0 ? DW_EXIT_TO_DO : blind ? DW_EXIT_BLIND : DW_EXIT_NOTHING;
	doorward_audit_free(audit);
	return status;
}

enum dw_exit dw_cmd_verify(const struct dw_arguments *args)
{
	static const struct dw_cli_pair pairs[] = {
		{ DW_OPTION_AT_BOOT, DW_OPTION_JSON, "it looks later, not now" },
	};
	bool at_boot = dw_cli_given(args, DW_OPTION_AT_BOOT);
	enum dw_exit status;
	struct doorward *d;
	long long run;

	if (!dw_cli_sensible(args, pairs, DW_ARRAY_SIZE(pairs)) || !dw_change_run(args, &run) ||
	    (at_boot && !dw_change_root(args, "verify --at-boot")))
		return DW_EXIT_USAGE;
	if (at_boot && run) {
		(void)fputs("doorward: --at-boot is for all runs: it takes no number\n", stderr);
		return DW_EXIT_USAGE;
	}
	d = dw_change_context(args);
	if (!d)
		return DW_EXIT_USAGE;
	status = at_boot ? verify_at_boot(d, args) : verify_now(d, args, run);
	doorward_free(d);
	return status;
}

enum dw_exit dw_cmd_history(const struct dw_arguments *args)
{
	struct doorward_style style = dw_cli_style(args);
	enum dw_exit status = DW_EXIT_NOTHING;
	struct doorward *d;
	long long run;
	int r;

	if (!dw_change_run(args, &run))
		return DW_EXIT_USAGE;
	d = dw_change_context(args);
	if (!d)
		return DW_EXIT_USAGE;
	errno = 0;
	r = doorward_history_write(d, run, dw_cli_format(args), stdout, &style);
	if (r < 0)
		status = not_read(d, "history", r) == DW_EXIT_USAGE ? DW_EXIT_USAGE : DW_EXIT_BLIND;
	doorward_free(d);
	return status;
}
