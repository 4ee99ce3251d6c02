/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `doorward watch`: lines on standard output or in a file, until a signal ends it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "dw_cli.h"
#include "dw_macros.h"
#include "dw_parse.h"
#include "dw_str.h"

/* clang-format off */
const enum dw_option_id dw_watch_options[] = {
	DW_OPTION_JSON, DW_OPTION_OUTPUT, DW_OPTION_JOURNAL, DW_OPTION_SYSLOG, DW_OPTION_EXEC,
	DW_OPTION_WEBHOOK, DW_OPTION_INTERVAL, DW_OPTION_ENFORCE, DW_OPTION_STATUS, DW_OPTION_METHOD,
	DW_OPTION_POLICY, DW_OPTION_STATE, DW_OPTION_COUNT,
};
/* clang-format on */

#define POLL_MAX (24 * 3600)
#define TAIL_MAX ((size_t)8 * 1024 * 1024)

struct watching {
	const struct dw_arguments *args;
	FILE *out; /* NULL: no lines are wanted, or the file could not be opened again */
	const char *file;
	int signals;
	bool json;
	bool broken; /* the last line of the file has no end */
	char *tail;  /* of the file as it was at the start, behind a newline; NULL: not read */
};

/* The end of the file, at most size bytes; how many. What is no file has none. */
static size_t read_end(const struct watching *w, char *to, size_t size)
{
	_cleanup_fd_ int fd = w->file ? open(w->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
		return 0;
	n = pread(fd, to, size, st.st_size > (off_t)size ? st.st_size - (off_t)size : 0);
	return n > 0 ? (size_t)n : 0;
}

/* Who was killed, or whose disk was full, may have left half a line: what follows begins a new one. */
static bool is_broken(const struct watching *w)
{
	char last;

	return read_end(w, &last, 1) == 1 && last != '\n';
}

static int open_output(struct watching *w)
{
	FILE *f = fopen(w->file, "ae");

	if (!f)
		return -errno;
	if (w->out)
		(void)fclose(w->out);
	w->out = f;
	w->broken = is_broken(w);
	return 0;
}

static void read_tail(struct watching *w)
{
	w->tail = malloc(TAIL_MAX + 2);
	if (!w->tail)
		return;
	w->tail[0] = '\n';
	w->tail[1 + read_end(w, w->tail + 1, TAIL_MAX)] = '\0';
}

/* One that was killed had told so many at most before it wrote down that they were told. */
static int has(void *data, long long id, const char *line, const char *json)
{
	struct watching *w = data;
	size_t n = strlen(json);
	char *found;

	(void)id;
	(void)line;
	/* a line without a number may be of another door that is alike */
	if (!w->file || !w->json)
		return 0;
	if (!w->tail)
		read_tail(w);
	for (found = w->tail; found && (found = strstr(found, json)); found += n)
		if (found > w->tail && found[-1] == '\n' && found[n] == '\n')
			return 1;
	return 0;
}

static void put_time(FILE *out)
{
	char text[64];
	struct tm tm;
	time_t now = time(NULL);

	if (localtime_r(&now, &tm) && strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S%z", &tm) > 0)
		(void)fprintf(out, "%s ", text);
}

/* What could not be written whole comes once more. */
static int tell(void *data, long long id, const char *line, const char *json)
{
	struct watching *w = data;
	int error;

	if (!w->out && open_output(w) < 0)
		return -EIO;
	clearerr(w->out);
	if (w->broken)
		(void)fputc('\n', w->out);
	if (!w->json)
		put_time(w->out);
	(void)fprintf(w->out, "%s\n", w->json ? json : line);
	if (fflush(w->out) == 0 && !ferror(w->out)) {
		w->broken = false;
		return 0;
	}
	error = errno;
	/* it would be written with the next one */
	__fpurge(w->out);
	w->broken = is_broken(w);
	return error == EPIPE && !w->file ? -EPIPE : -EIO;
}

/* With --quiet too: what it could not see, could not tell, or closed, an administrator must find in the journal. */
static void notice(void *data, const char *text)
{
	(void)data;
	(void)fprintf(stderr, "doorward: %s\n", text);
}

/* The file was moved away (logrotate(8)): what follows goes into a new one of its name. */
static void reopen(struct watching *w)
{
	int r = w->file ? open_output(w) : 0;

	if (r < 0)
		(void)fprintf(stderr, "doorward: %s: %s\n", w->file, strerror(-r));
}

static int woken(void *data)
{
	struct watching *w = data;
	struct signalfd_siginfo i;

	while (read(w->signals, &i, sizeof(i)) == sizeof(i)) {
		if (i.ssi_signo != SIGHUP)
			return 1;
		reopen(w);
	}
	return 0;
}

/* Blocked before any thread begins, so that all of them leave the signals to the descriptor. */
static int take_signals(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* "200ms", or as all times. */
static bool parse_interval(const char *text, unsigned *ret_ms)
{
	size_t n = strlen(text);
	uint64_t value;

	if (n > 2 && strcmp(text + n - 2, "ms") == 0 &&
	    dw_parse_u64n(text, n - 2, 10, POLL_MAX, &value) && value >= 20) {
		*ret_ms = (unsigned)value;
		return true;
	}
	if (!dw_parse_duration(text, POLL_MAX, &value) || value == 0)
		return false;
	*ret_ms = (unsigned)value * 1000;
	return true;
}

static bool read_interval(const struct dw_arguments *args, unsigned *ret_ms)
{
	const char *text = args->values[DW_OPTION_INTERVAL];

	if (!text || parse_interval(text, ret_ms))
		return true;
	(void)fprintf(stderr, "doorward: --interval wants a time: 200ms, 1s, 1m\n");
	return false;
}

static enum dw_exit show_status(struct doorward *d, const struct dw_arguments *args)
{
	int r = doorward_watch_status(d, dw_cli_format(args), stdout);

	if (r < 0) {
		dw_cli_complain(doorward_last_error(d));
		return DW_EXIT_USAGE;
	}
	return r > 0 ? DW_EXIT_NOTHING : DW_EXIT_TO_DO;
}

static bool is_sensible(const struct dw_arguments *args)
{
	static const struct dw_cli_pair pairs[] = {
		{ DW_OPTION_STATUS, DW_OPTION_ENFORCE, "the status changes nothing" },
		{ DW_OPTION_STATUS, DW_OPTION_OUTPUT, "the status goes to standard output" },
	};
	const char *method = args->values[DW_OPTION_METHOD];

	if (method && strcmp(method, "proc") == 0) {
		(void)fprintf(stderr, "doorward: watch goes by bpf or netlink, not by proc: leave "
				      "--method out\n");
		return false;
	}
	return dw_cli_sensible(args, pairs, DW_ARRAY_SIZE(pairs));
}

static enum dw_exit watch(struct watching *w, struct doorward *d)
{
	const struct dw_arguments *args = w->args;
	struct doorward_watch_options o = {
		.size = sizeof(o),
		.journal = dw_cli_given(args, DW_OPTION_JOURNAL),
		.syslog = dw_cli_given(args, DW_OPTION_SYSLOG),
		.exec = args->values[DW_OPTION_EXEC],
		.webhook = args->values[DW_OPTION_WEBHOOK],
		.enforce = dw_cli_given(args, DW_OPTION_ENFORCE),
		.notice = notice,
		.wake_fd = w->signals,
		.woken = woken,
		.data = w,
	};
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	int r;

	if (!read_interval(args, &o.poll_ms))
		return DW_EXIT_USAGE;
	if (w->out) {
		o.tell = tell;
		o.has = has;
		o.tell_name =
			w->file ? dw_arena_printf(a, "output %s", w->file) : "standard output";
	}
	r = doorward_watch_run(d, &o);
	if (r < 0)
		dw_cli_complain(doorward_last_error(d));
	if (r == -EPERM)
		return DW_EXIT_BLIND;
	return r < 0 ? DW_EXIT_USAGE : DW_EXIT_NOTHING;
}

/* Without lines at all something else must be told. */
static bool wants_lines(const struct dw_arguments *args)
{
	return !dw_cli_given(args, DW_OPTION_QUIET) ||
	       !(dw_cli_given(args, DW_OPTION_JOURNAL) || dw_cli_given(args, DW_OPTION_SYSLOG) ||
		 dw_cli_given(args, DW_OPTION_EXEC) || dw_cli_given(args, DW_OPTION_WEBHOOK));
}

enum dw_exit dw_cmd_watch(const struct dw_arguments *args)
{
	struct watching w = { .args = args,
			      .file = args->values[DW_OPTION_OUTPUT],
			      .json = dw_cli_given(args, DW_OPTION_JSON) };
	enum dw_exit status = DW_EXIT_USAGE;
	struct doorward *d;
	int r = 0;

	if (!is_sensible(args))
		return DW_EXIT_USAGE;
	d = doorward_new();
	doorward_set_state_directory(d, args->values[DW_OPTION_STATE]);
	doorward_set_program(d, dw_cli_program());
	if (dw_cli_set_up(d, args) < 0) {
		doorward_free(d);
		return DW_EXIT_USAGE;
	}
	if (dw_cli_given(args, DW_OPTION_STATUS)) {
		status = show_status(d, args);
		doorward_free(d);
		return status;
	}
	w.signals = take_signals();
	if (w.file)
		r = open_output(&w);
	else if (wants_lines(args))
		w.out = stdout;
	if (r < 0)
		(void)fprintf(stderr, "doorward: %s: %s\n", w.file, strerror(-r));
	else
		status = watch(&w, d);
	if (w.file && w.out && fclose(w.out) != 0)
		status = DW_EXIT_USAGE;
	free(w.tail);
	(void)close(w.signals);
	doorward_free(d);
	return status;
}
