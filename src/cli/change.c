/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the commands that change the host share: numbers, times, signals, progress. */
#include "change.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "dw_macros.h"
#include "dw_parse.h"
#include "dw_str.h"

/* Longer trials and pauses are a mistake, not a wish. */
#define DURATION_MAX ((uint64_t)365 * 86400)

struct doorward *dw_change_context(const struct dw_arguments *args)
{
	struct doorward *d = doorward_new();
	const char *state = args->values[DW_OPTION_STATE];

	if (state && *state != '/') {
		(void)fputs("doorward: --state needs an absolute path: --state /var/lib/doorward\n",
			    stderr);
		doorward_free(d);
		return NULL;
	}
	doorward_set_state_directory(d, state);
	doorward_set_program(d, dw_cli_program());
	if (dw_cli_set_up(d, args) == 0)
		return d;
	doorward_free(d);
	return NULL;
}

bool dw_change_run(const struct dw_arguments *args, long long *ret)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *word = args->n_operands ? args->operands[0] : NULL;
	uint64_t number = 0;

	*ret = 0;
	if (!word)
		return true;
	if (!dw_parse_u64(word, 10, INT64_MAX, &number) || number == 0) {
		(void)fprintf(stderr,
			      "doorward: \"%s\" is no number of a run; doorward history has them\n",
			      dw_escape_terminal(a, word, strlen(word)));
		return false;
	}
	*ret = (long long)number;
	return true;
}

bool dw_change_duration(const struct dw_arguments *args, enum dw_option_id id,
			unsigned long long otherwise, unsigned long long *ret)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *word = args->values[id];
	uint64_t seconds;

	*ret = otherwise;
	if (!word)
		return true;
	if (!dw_parse_duration(word, DURATION_MAX, &seconds) || seconds == 0) {
		(void)fprintf(stderr,
			      "doorward: --%s %s: a number and its unit is needed: 90s, 10m, 2h or "
			      "1d\n",
			      dw_options[id].name, dw_escape_terminal(a, word, strlen(word)));
		return false;
	}
	*ret = seconds;
	return true;
}

bool dw_change_root(const struct dw_arguments *args, const char *command)
{
	if (geteuid() == 0)
		return true;
	(void)fprintf(stderr,
		      "doorward: %s changes this host, which takes root: sudo doorward %s%s\n",
		      command, command, args->n_operands ? " ..." : "");
	return false;
}

/* --- signals and progress ------------------------------------------------------------------------- */

static volatile int asked_to_stop;

static void on_signal(dw_unused int number)
{
	asked_to_stop = 1;
}

static const int asking[] = { SIGINT, SIGTERM };
/* the terminal is gone, or wants us to wait: in the middle of a change neither is a reason to stop */
static const int ignored[] = { SIGHUP, SIGTSTP, SIGTTOU, SIGTTIN };
/* as it was before: nohup(1) starts us with SIGHUP ignored, and means all that we do */
static struct sigaction asking_before[DW_ARRAY_SIZE(asking)],
	ignored_before[DW_ARRAY_SIZE(ignored)];

/* What is overwritten must not reach the next line. Names in it are escaped, so bytes are columns, nearly always. */
static int room(void)
{
	struct winsize size = { 0 };
	bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col;

	return known ? DW_MAX((int)size.ws_col - 20, 20) : 60;
}

static void tell_step(void *data, const char *what, const char *state, size_t i, size_t n, int undo)
{
	const char *head = undo ? "back " : "";

	/* the line of a step that begins is overwritten when it ends */
	if (state)
		(void)fprintf(stderr, "\r\x1b[K%s%zu/%zu %s: %s\n", head, i + 1, n, what, state);
	else
		(void)fprintf(stderr, "\r\x1b[K%s%zu/%zu %.*s ...", head, i + 1, n, room(), what);
	(void)fflush(stderr);
}

void dw_change_begin(struct doorward_close_options *o, const struct dw_arguments *args)
{
	struct sigaction stop = { .sa_handler = on_signal }, ignore = { .sa_handler = SIG_IGN };

	asked_to_stop = 0;
	for (size_t i = 0; i < DW_ARRAY_SIZE(asking); i++)
		(void)sigaction(asking[i], &stop, &asking_before[i]);
	for (size_t i = 0; i < DW_ARRAY_SIZE(ignored); i++)
		(void)sigaction(ignored[i], &ignore, &ignored_before[i]);
	o->size = sizeof(*o);
	o->command = dw_cli_typed();
	o->stop = &asked_to_stop;
	if (isatty(STDERR_FILENO) == 1 && !dw_cli_given(args, DW_OPTION_QUIET))
		o->tell = tell_step;
}

void dw_change_end(void)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(asking); i++)
		(void)sigaction(asking[i], &asking_before[i], NULL);
	for (size_t i = 0; i < DW_ARRAY_SIZE(ignored); i++)
		(void)sigaction(ignored[i], &ignored_before[i], NULL);
}

enum dw_exit dw_change_failed(const struct doorward *d, int r)
{
	dw_cli_complain(doorward_last_error(d));
	switch (r) {
	case -EINVAL:
	case -ENOENT:
	case -EPERM:
	case -EACCES:
	case -ENOTDIR:
		return DW_EXIT_USAGE;
	case -EUCLEAN:
		return DW_EXIT_TO_DO;
	default:
		return DW_EXIT_FAILED;
	}
}
