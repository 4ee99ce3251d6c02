/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "doorward/doorward.h"
#include "dw_cli.h"
#include "dw_macros.h"

struct progress {
	struct timespec begun;
	bool shown;
};

/* Silence for a second is fine; after that a person wants to know that something is going on. */
static void tell_progress(void *data, const char *part)
{
	struct progress *p = data;
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0 || now.tv_sec - p->begun.tv_sec < 2)
		return;
	(void)fprintf(stderr, "\r\x1b[Kdoorward: %s ...", part);
	p->shown = true;
}

static void end_progress(const struct progress *p)
{
	if (p->shown)
		(void)fputs("\r\x1b[K", stderr);
}

static bool given(const struct dw_arguments *args, enum dw_option_id id)
{
	return args->values[id] != NULL;
}

/* Options that make no sense together; the first pair that was given is told. */
static bool is_sensible(const struct dw_arguments *args)
{
	static const struct {
		enum dw_option_id a, b;
		const char *why;
	} pairs[] = {
		{ DW_OPTION_JSON, DW_OPTION_JSONL, "choose one" },
		{ DW_OPTION_JSON, DW_OPTION_CSV, "choose one" },
		{ DW_OPTION_JSONL, DW_OPTION_CSV, "choose one" },
		{ DW_OPTION_PIN, DW_OPTION_UNPIN, "choose one" },
		{ DW_OPTION_ROOT, DW_OPTION_HIDDEN,
		  "what does not run has no sockets that could hide" },
		{ DW_OPTION_ROOT, DW_OPTION_METHOD, "what does not run has no sockets to find" },
		{ DW_OPTION_ROOT, DW_OPTION_PIN, "BPF programs are for a running host" },
		{ DW_OPTION_ROOT, DW_OPTION_UNPIN, "BPF programs are for a running host" },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(pairs); i++)
		if (given(args, pairs[i].a) && given(args, pairs[i].b)) {
			(void)fprintf(stderr, "doorward: --%s and --%s do not go together: %s\n",
				      dw_options[pairs[i].a].name, dw_options[pairs[i].b].name,
				      pairs[i].why);
			return false;
		}
	return true;
}

static struct doorward_style style_of(const struct dw_arguments *args)
{
	const char *no_colour = getenv("NO_COLOR"); /* https://no-color.org: set and not empty */
	const char *terminal = getenv("TERM");
	bool tty = isatty(STDOUT_FILENO) == 1;
	struct winsize size = { 0 };
	struct doorward_style s = {
		.size = sizeof(s),
		.wide = given(args, DW_OPTION_WIDE),
		.quiet = given(args, DW_OPTION_QUIET),
		.all = given(args, DW_OPTION_ALL),
		.only = args->values[DW_OPTION_ONLY],
		.sort = args->values[DW_OPTION_SORT],
		.colour = tty && !given(args, DW_OPTION_NO_COLOUR) && !(no_colour && *no_colour) &&
			  !(terminal && strcmp(terminal, "dumb") == 0),
	};

	if (tty)
		s.columns = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col
				    ? size.ws_col
				    : 80;
	return s;
}

static enum doorward_format format_of(const struct dw_arguments *args)
{
	if (given(args, DW_OPTION_JSONL))
		return DOORWARD_JSONL;
	if (given(args, DW_OPTION_CSV))
		return DOORWARD_CSV;
	if (given(args, DW_OPTION_JSON))
		return isatty(STDOUT_FILENO) == 1 ? DOORWARD_JSON_INDENTED : DOORWARD_JSON;
	return DOORWARD_TEXT;
}

static int complain(const struct doorward *d, int r)
{
	if (r < 0)
		(void)fprintf(stderr, "doorward: %s\n", doorward_last_error(d));
	return r;
}

static int set_up(struct doorward *d, const struct dw_arguments *args)
{
	const char *root = args->values[DW_OPTION_ROOT], *method = args->values[DW_OPTION_METHOD];
	int r = 0;

	doorward_set_hidden(d, given(args, DW_OPTION_HIDDEN));
	doorward_set_policy(d, args->values[DW_OPTION_POLICY]);
	if (root)
		r = doorward_set_root(d, root);
	if (r == 0 && method)
		r = doorward_set_method(d, method);
	return complain(d, r);
}

/* Who finds something to do has work, whether or not all could be seen; only "nothing" needs the doubt. */
static enum dw_exit exit_of(unsigned outcome)
{
	if (outcome & DOORWARD_TO_DO)
		return DW_EXIT_TO_DO;
	return outcome & DOORWARD_BLIND ? DW_EXIT_BLIND : DW_EXIT_NOTHING;
}

static enum dw_exit write_audit(struct doorward_audit *audit, const struct dw_arguments *args)
{
	struct doorward_style style = style_of(args);
	unsigned outcome = doorward_audit_outcome(audit);

	errno = 0;
	/* main() says why standard output failed */
	if (doorward_audit_write(audit, format_of(args), stdout, &style) < 0)
		return DW_EXIT_USAGE;
	return exit_of(outcome);
}

static enum dw_exit write_why(struct doorward_audit *audit, const struct dw_arguments *args)
{
	struct doorward_style style = style_of(args);
	int r;

	errno = 0;
	r = doorward_audit_why(audit, args->operands[0], format_of(args), stdout, &style);
	if (r == -EINVAL)
		(void)fprintf(stderr, "doorward: %s\nTry: doorward help why\n",
			      doorward_audit_last_error(audit));
	return r < 0 ? DW_EXIT_USAGE : exit_of((unsigned)r);
}

typedef enum dw_exit (*writer)(struct doorward_audit *audit, const struct dw_arguments *args);

static enum dw_exit look(struct doorward *d, const struct dw_arguments *args, writer write)
{
	struct progress progress = { 0 };
	struct doorward_audit *audit;
	enum dw_exit status;
	int r;

	(void)clock_gettime(CLOCK_MONOTONIC, &progress.begun);
	if (isatty(STDERR_FILENO) == 1 && !given(args, DW_OPTION_QUIET))
		doorward_set_progress(d, tell_progress, &progress);
	r = doorward_audit_run(d, &audit);
	end_progress(&progress);
	if (r == -EBADMSG && dw_cli_tell_policy(d, args->values[DW_OPTION_POLICY]))
		return DW_EXIT_USAGE;
	if (complain(d, r) < 0 && r == -EBADMSG)
		return DW_EXIT_USAGE;
	if (r < 0)
		return r == -ENOENT || r == -ENOTDIR ? DW_EXIT_USAGE : DW_EXIT_BLIND;
	status = write(audit, args);
	doorward_audit_free(audit);
	return status;
}

enum dw_exit dw_cmd_why(const struct dw_arguments *args)
{
	enum dw_exit status = DW_EXIT_USAGE;
	struct doorward *d;

	if (args->n_operands == 0) {
		(void)fputs("doorward: why needs a door: doorward why 631/tcp\n"
			    "Try: doorward help why\n",
			    stderr);
		return DW_EXIT_USAGE;
	}
	if (!is_sensible(args))
		return DW_EXIT_USAGE;
	d = doorward_new();
	if (set_up(d, args) == 0)
		status = look(d, args, write_why);
	doorward_free(d);
	return status;
}

enum dw_exit dw_cmd_audit(const struct dw_arguments *args)
{
	struct doorward *d;
	enum dw_exit status = DW_EXIT_USAGE;

	if (!is_sensible(args))
		return DW_EXIT_USAGE;
	if (given(args, DW_OPTION_POLICY) && !*args->values[DW_OPTION_POLICY]) {
		(void)fputs("doorward: --policy: an empty name is no file\n", stderr);
		return DW_EXIT_USAGE;
	}
	d = doorward_new();
	if (set_up(d, args) < 0)
		goto out;
	status = DW_EXIT_BLIND;
	if (given(args, DW_OPTION_PIN) && complain(d, doorward_pin(d)) < 0)
		goto out;
	if (given(args, DW_OPTION_UNPIN) && complain(d, doorward_unpin(d)) < 0)
		goto out;
	status = look(d, args, write_audit);
out:
	doorward_free(d);
	return status;
}
