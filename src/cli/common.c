/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What several commands do the same way: options to context and style, an audit with progress, complaints. */
#include "dw_cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "doorward/doorward.h"
#include "dw_macros.h"
#include "dw_str.h"

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

bool dw_cli_given(const struct dw_arguments *args, enum dw_option_id id)
{
	return args->values[id] != NULL;
}

bool dw_cli_sensible(const struct dw_arguments *args, const struct dw_cli_pair *pairs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (dw_cli_given(args, pairs[i].a) && dw_cli_given(args, pairs[i].b)) {
			(void)fprintf(stderr, "doorward: --%s and --%s do not go together: %s\n",
				      dw_options[pairs[i].a].name, dw_options[pairs[i].b].name,
				      pairs[i].why);
			return false;
		}
	return true;
}

struct doorward_style dw_cli_style(const struct dw_arguments *args)
{
	const char *no_colour = getenv("NO_COLOR"); /* https://no-color.org: set and not empty */
	const char *terminal = getenv("TERM");
	bool tty = isatty(STDOUT_FILENO) == 1;
	struct winsize size = { 0 };
	struct doorward_style s = {
		.size = sizeof(s),
		.wide = dw_cli_given(args, DW_OPTION_WIDE),
		.quiet = dw_cli_given(args, DW_OPTION_QUIET),
		.all = dw_cli_given(args, DW_OPTION_ALL),
		.only = args->values[DW_OPTION_ONLY],
		.sort = args->values[DW_OPTION_SORT],
		.colour = tty && !dw_cli_given(args, DW_OPTION_NO_COLOUR) &&
			  !(no_colour && *no_colour) &&
			  !(terminal && strcmp(terminal, "dumb") == 0),
	};

	if (tty)
		s.columns = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col
				    ? size.ws_col
				    : 80;
	return s;
}

enum doorward_format dw_cli_format(const struct dw_arguments *args)
{
	if (dw_cli_given(args, DW_OPTION_JSONL))
		return DOORWARD_JSONL;
	if (dw_cli_given(args, DW_OPTION_CSV))
		return DOORWARD_CSV;
	if (dw_cli_given(args, DW_OPTION_JSON))
		return isatty(STDOUT_FILENO) == 1 ? DOORWARD_JSON_INDENTED : DOORWARD_JSON;
	return DOORWARD_TEXT;
}

void dw_cli_quote(struct dw_str *text, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_@%+=:,./-";

	dw_str_addc(text, ' ');
	if (*word && !word[strspn(word, plain)]) {
		dw_str_add(text, word);
		return;
	}
	dw_str_addc(text, '\'');
	for (; *word; word++)
		dw_str_addf(text, *word == '\'' ? "'\\''" : "%c", *word);
	dw_str_addc(text, '\'');
}

struct dw_strings dw_cli_list(struct dw_arena *a, const char *words)
{
	struct dw_strings list = { 0 };

	for (const char *p = words ? words : ""; *p; p += strspn(p, ", ")) {
		size_t n = strcspn(p, ", ");

		if (n)
			dw_vec_push(a, &list, dw_arena_strndup(a, p, n));
		p += n;
	}
	return list;
}

void dw_cli_complain(const char *text)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	(void)fprintf(stderr, "doorward: %s\n", dw_escape_terminal(a, text, strlen(text)));
}

static int complain(const struct doorward *d, int r)
{
	if (r < 0)
		dw_cli_complain(doorward_last_error(d));
	return r;
}

int dw_cli_set_up(struct doorward *d, const struct dw_arguments *args)
{
	const char *root = args->values[DW_OPTION_ROOT], *method = args->values[DW_OPTION_METHOD];
	int r = 0;

	doorward_set_hidden(d, dw_cli_given(args, DW_OPTION_HIDDEN));
	doorward_set_policy(d, args->values[DW_OPTION_POLICY]);
	if (root)
		r = doorward_set_root(d, root);
	if (r == 0 && method)
		r = doorward_set_method(d, method);
	return complain(d, r);
}

/*
 * Who finds something to do has work, though a corner could not be seen; only "nothing" needs the doubt. Without root
 * the corner is the greater part, and what the rest comes to says nothing of the host.
 */
enum dw_exit dw_cli_exit(unsigned outcome)
{
	if (outcome & DOORWARD_NOT_ROOT)
		return DW_EXIT_BLIND;
	if (outcome & DOORWARD_TO_DO)
		return DW_EXIT_TO_DO;
	return outcome & DOORWARD_BLIND ? DW_EXIT_BLIND : DW_EXIT_NOTHING;
}

struct doorward_audit *dw_cli_audit(struct doorward *d, const struct dw_arguments *args,
				    enum dw_exit *ret_status)
{
	struct progress progress = { 0 };
	struct doorward_audit *audit = NULL;
	int r;

	(void)clock_gettime(CLOCK_MONOTONIC, &progress.begun);
	if (isatty(STDERR_FILENO) == 1 && !dw_cli_given(args, DW_OPTION_QUIET))
		doorward_set_progress(d, tell_progress, &progress);
	r = doorward_audit_run(d, &audit);
	doorward_set_progress(d, NULL, NULL);
	end_progress(&progress);
	if (r == 0)
		return audit;
	if (r == -EBADMSG && dw_cli_tell_policy(d, args->values[DW_OPTION_POLICY])) {
		*ret_status = DW_EXIT_USAGE;
		return NULL;
	}
	(void)complain(d, r);
	*ret_status =
		r == -EBADMSG || r == -ENOENT || r == -ENOTDIR ? DW_EXIT_USAGE : DW_EXIT_BLIND;
	return NULL;
}
