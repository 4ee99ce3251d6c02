/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* doorward scan: the view from outside. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "doorward/doorward.h"
#include "dw_cli.h"
#include "dw_macros.h"
#include "dw_parse.h"
#include "dw_str.h"

/* clang-format off */
const enum dw_option_id dw_scan_options[] = {
	DW_OPTION_EXPECT, DW_OPTION_ADDRESS, DW_OPTION_STATE, DW_OPTION_PORTS, DW_OPTION_UDP,
	DW_OPTION_SCTP, DW_OPTION_EXCLUDE, DW_OPTION_IPV4, DW_OPTION_IPV6, DW_OPTION_ASSUME_UP,
	DW_OPTION_AUTHORISED_BY, DW_OPTION_MAX_LOAD, DW_OPTION_RATE, DW_OPTION_UDP_TIME,
	DW_OPTION_SOURCE_RANGE, DW_OPTION_WINDOW, DW_OPTION_SENDER, DW_OPTION_NO_IDENTIFY,
	DW_OPTION_NMAP_PROBES, DW_OPTION_SEED, DW_OPTION_SHARD, DW_OPTION_RESUME, DW_OPTION_STATE_FILE,
	DW_OPTION_ALL_STATES, DW_OPTION_WIDE, DW_OPTION_JSON, DW_OPTION_JSONL, DW_OPTION_OUTPUT_XML,
	DW_OPTION_OUTPUT_GREPABLE, DW_OPTION_OUTPUT_LIST, DW_OPTION_LOG, DW_OPTION_COUNT,
};
/* clang-format on */

/* Longest time that may be spent on one host's UDP ports, seconds. */
#define UDP_TIME_MAX ((uint64_t)30 * 86400)

static volatile int stopped;

struct scanning {
	const struct dw_arguments *args;
	struct dw_arena *a;
	struct doorward_scan_options o;
	FILE *log;
	bool progress, shown;
	bool lines;  /* findings are written as they come */
	bool failed; /* one of the files could not be written */
};

/* --- options -------------------------------------------------------------------------------------- */

static bool complain_about(const char *option, const char *value, const char *what)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	(void)fprintf(stderr, "doorward: --%s %s: %s\n", option,
		      dw_escape_terminal(a, value, strlen(value)), what);
	return false;
}

static bool number(const struct dw_arguments *args, enum dw_option_id id, uint64_t max,
		   unsigned long long *ret)
{
	const char *value = args->values[id];
	uint64_t n = 0;

	if (!value)
		return true;
	if (!dw_parse_u64(value, 10, max, &n))
		return complain_about(dw_options[id].name, value, "it must be a number");
	*ret = n;
	return true;
}

/* "100000", "50k", "2m": probes a second */
static bool rate(struct scanning *s)
{
	const char *value = s->args->values[DW_OPTION_RATE];
	size_t n = value ? strlen(value) : 0;
	uint64_t factor = 1, v = 0;

	if (!value)
		return true;
	if (n && (value[n - 1] == 'k' || value[n - 1] == 'K'))
		factor = 1000;
	else if (n && (value[n - 1] == 'm' || value[n - 1] == 'M'))
		factor = 1000000;
	if (!dw_parse_u64n(value, factor > 1 ? n - 1 : n, 10, UINT32_MAX, &v) || v == 0)
		return complain_about("rate", value, "it must be probes a second: 5000, 50k, 2m");
	s->o.rate = v * factor;
	return true;
}

static bool shard(struct scanning *s)
{
	const char *value = s->args->values[DW_OPTION_SHARD];
	const char *slash = value ? strchr(value, '/') : NULL;
	uint64_t part = 0, all = 0;

	if (!value)
		return true;
	if (!slash || !dw_parse_u64n(value, (size_t)(slash - value), 10, 65536, &part) ||
	    !dw_parse_u64(slash + 1, 10, 65536, &all) || part < 1 || part > all)
		return complain_about("shard", value, "it must be PART/ALL: 3/16");
	s->o.shard = (unsigned)part;
	s->o.shards = (unsigned)all;
	return true;
}

static bool udp_time(struct scanning *s)
{
	const char *value = s->args->values[DW_OPTION_UDP_TIME];
	uint64_t seconds = 0;

	if (value && !dw_parse_duration(value, UDP_TIME_MAX, &seconds))
		return complain_about("udp-time", value, "it must be a time: 90s, 10m, 2h");
	s->o.udp_seconds = (unsigned)seconds;
	return true;
}

static void excluded(struct scanning *s)
{
	struct dw_strings words = dw_cli_list(s->a, s->args->values[DW_OPTION_EXCLUDE]);

	s->o.excluded = words.v;
	s->o.n_excluded = words.n;
}

static void source_range(struct scanning *s)
{
	struct dw_strings words = dw_cli_list(s->a, s->args->values[DW_OPTION_SOURCE_RANGE]);

	s->o.source_ranges = words.v;
	s->o.n_source_ranges = words.n;
}

/* In the current directory: where the user is, he finds it again. */
static const char *state_file(const struct scanning *s)
{
	time_t now = time(NULL);
	char text[64] = "";
	struct tm tm;

	if (s->args->values[DW_OPTION_STATE_FILE])
		return s->args->values[DW_OPTION_STATE_FILE];
	if (s->args->values[DW_OPTION_RESUME])
		return s->args->values[DW_OPTION_RESUME];
	if (!localtime_r(&now, &tm) ||
	    strftime(text, sizeof(text), "doorward-scan-%Y%m%d-%H%M%S", &tm) == 0)
		return NULL;
	return dw_arena_printf(s->a, "%s-%d.state", text, (int)getpid());
}

static const char *udp_ports(const struct scanning *s)
{
	const char *value = s->args->values[DW_OPTION_UDP];

	return value && !*value ? "payloads" : value;
}

static bool read_options(struct scanning *s)
{
	const struct dw_arguments *args = s->args;

	s->o.size = sizeof(s->o);
	s->o.targets = (const char *const *)args->operands;
	s->o.n_targets = (size_t)args->n_operands;
	s->o.family = dw_cli_given(args, DW_OPTION_IPV4)   ? 4
		      : dw_cli_given(args, DW_OPTION_IPV6) ? 6
							   : 0;
	s->o.tcp_ports = args->values[DW_OPTION_PORTS];
	s->o.udp_ports = udp_ports(s);
	s->o.sctp_ports = args->values[DW_OPTION_SCTP];
	s->o.assume_up = dw_cli_given(args, DW_OPTION_ASSUME_UP);
	s->o.no_identify = dw_cli_given(args, DW_OPTION_NO_IDENTIFY);
	s->o.all_states = dw_cli_given(args, DW_OPTION_ALL_STATES);
	s->o.authorised_by = args->values[DW_OPTION_AUTHORISED_BY];
	s->o.load = args->values[DW_OPTION_MAX_LOAD];
	s->o.window = args->values[DW_OPTION_WINDOW];
	s->o.sender = args->values[DW_OPTION_SENDER];
	s->o.nmap_probes = args->values[DW_OPTION_NMAP_PROBES];
	s->o.command = dw_cli_typed();
	s->o.has_seed = dw_cli_given(args, DW_OPTION_SEED);
	s->o.state_file = state_file(s);
	s->o.stop = &stopped;
	excluded(s);
	source_range(s);
	return number(args, DW_OPTION_SEED, UINT64_MAX, &s->o.seed) && rate(s) && shard(s) &&
	       udp_time(s);
}

static bool is_sensible(const struct dw_arguments *args)
{
	static const struct dw_cli_pair pairs[] = {
		{ DW_OPTION_JSON, DW_OPTION_JSONL, "choose one" },
		{ DW_OPTION_IPV4, DW_OPTION_IPV6, "both are asked when neither is given" },
		{ DW_OPTION_RESUME, DW_OPTION_SHARD, "the shard is the one that was stopped" },
		{ DW_OPTION_RESUME, DW_OPTION_STATE_FILE,
		  "it goes on in the file it is read from" },
	};

	if (args->n_operands == 0 && !dw_cli_given(args, DW_OPTION_RESUME)) {
		(void)fputs("doorward: scan needs a target: doorward scan 192.0.2.0/24\n"
			    "Try: doorward help scan\n",
			    stderr);
		return false;
	}
	return dw_cli_sensible(args, pairs, DW_ARRAY_SIZE(pairs));
}

/* --- while it runs -------------------------------------------------------------------------------- */

static void clear_progress(struct scanning *s)
{
	if (s->shown)
		(void)fputs("\r\x1b[K", stderr);
	s->shown = false;
}

static void tell_notice(void *data, const char *text)
{
	struct scanning *s = data;

	clear_progress(s);
	if (!dw_cli_given(s->args, DW_OPTION_QUIET))
		dw_cli_complain(text);
}

static void tell_progress(void *data, const struct doorward_scan_progress *p)
{
	static struct timespec last;
	struct scanning *s = data;
	struct timespec now = { 0 };
	long long left = p->seconds_left;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	if (s->shown &&
	    (now.tv_sec - last.tv_sec) * 10 + (now.tv_nsec - last.tv_nsec) / 100000000 < 2)
		return;
	last = now;
	(void)fprintf(stderr, "\r\x1b[K%s: %.1f %%, %llu/s, %llu open", p->part,
		      p->slots ? (double)p->done * 100 / (double)p->slots : 0.0, p->rate, p->open);
	if (left >= 3600)
		(void)fprintf(stderr, ", %lld h %lld min left", left / 3600, left / 60 % 60);
	else if (left >= 0)
		(void)fprintf(stderr, ", %lld:%02lld left", left / 60, left % 60);
	s->shown = true;
}

/* Each line is whole in the file before the next: what was found is not lost by whatever ends us. */
static void put_line(struct scanning *s, FILE *out, const char *line)
{
	if (fprintf(out, "%s\n", line) < 0 || fflush(out) != 0)
		s->failed = true;
}

static void tell_found(void *data, const char *json, const char *log)
{
	struct scanning *s = data;

	clear_progress(s);
	if (s->lines)
		put_line(s, stdout, json);
	if (s->log)
		put_line(s, s->log, log);
}

static void on_signal(int signal_number)
{
	/* the second time it ends at once: whoever presses twice means it */
	if (stopped)
		(void)signal(signal_number, SIG_DFL);
	stopped = 1;
}

static void watch_signals(void)
{
	struct sigaction act = { .sa_handler = on_signal };

	(void)sigemptyset(&act.sa_mask);
	(void)sigaction(SIGINT, &act, NULL);
	(void)sigaction(SIGTERM, &act, NULL);
	(void)sigaction(SIGHUP, &act, NULL);
}

/* --- what was found ------------------------------------------------------------------------------- */

static bool put_file(struct doorward *d, struct doorward_scan *scan, const char *name,
		     enum doorward_scan_format format)
{
	FILE *out;
	int r;

	if (!name)
		return true;
	if (dw_streq(name, "-"))
		return doorward_scan_write(d, scan, format, stdout, NULL) == 0;
	out = fopen(name, "we");
	r = out ? doorward_scan_write(d, scan, format, out, NULL) : -errno;
	if (out && fclose(out) != 0 && r == 0)
		r = -errno;
	if (r < 0)
		(void)fprintf(stderr, "doorward: %s could not be written: %s\n", name,
			      strerror(-r));
	return r == 0;
}

/* A file that is standard output takes the place of the table. */
static bool is_standard(const struct dw_arguments *args)
{
	static const enum dw_option_id ids[] = { DW_OPTION_OUTPUT_XML, DW_OPTION_OUTPUT_GREPABLE,
						 DW_OPTION_OUTPUT_LIST, DW_OPTION_LOG };

	for (size_t i = 0; i < DW_ARRAY_SIZE(ids); i++)
		if (dw_cli_given(args, ids[i]) && dw_streq(args->values[ids[i]], "-"))
			return true;
	return false;
}

static enum doorward_scan_format format_of(const struct scanning *s)
{
	enum doorward_format wanted = dw_cli_format(s->args);

	if (s->lines)
		return DOORWARD_SCAN_JSONL;
	return wanted == DOORWARD_JSON            ? DOORWARD_SCAN_JSON
	       : wanted == DOORWARD_JSON_INDENTED ? DOORWARD_SCAN_JSON_INDENTED
						  : DOORWARD_SCAN_TEXT;
}

/* One document: with a comparison it holds that too. The lines of findings stand there already. */
static int put_scan(const struct scanning *s, struct doorward *d, struct doorward_scan *scan,
		    struct doorward_compare *c)
{
	struct doorward_style style = dw_cli_style(s->args);
	enum doorward_scan_format format = format_of(s);
	/* what is read by a program stays whole: then the words go where words go */
	FILE *words = is_standard(s->args) ? stderr : stdout;
	int r = 0;

	if (format != DOORWARD_SCAN_TEXT && c)
		return doorward_scan_write_compared(d, scan, c, format, stdout);
	if (!s->lines && !(format == DOORWARD_SCAN_TEXT && is_standard(s->args)))
		r = doorward_scan_write(d, scan, format, stdout, &style);
	if (r == 0 && c) {
		if (words == stdout && !style.quiet)
			(void)fputc('\n', words);
		r = doorward_compare_write(d, c, DOORWARD_TEXT, words, &style);
	}
	return r;
}

static enum dw_exit put_all(struct scanning *s, struct doorward *d, struct doorward_scan *scan,
			    struct doorward_compare *c)
{
	const char *const *v = s->args->values;
	bool good = put_file(d, scan, v[DW_OPTION_OUTPUT_XML], DOORWARD_SCAN_NMAP_XML);

	good &= put_file(d, scan, v[DW_OPTION_OUTPUT_GREPABLE], DOORWARD_SCAN_GREPABLE);
	good &= put_file(d, scan, v[DW_OPTION_OUTPUT_LIST], DOORWARD_SCAN_LIST);
	errno = 0;
	if (put_scan(s, d, scan, c) < 0)
		return DW_EXIT_USAGE;
	if (!doorward_scan_get(scan, "ended") && s->o.state_file &&
	    access(s->o.state_file, F_OK) == 0)
		(void)fprintf(stderr, "doorward: %s; to go on: doorward scan --resume %s\n",
			      stopped ? "stopped" : "not all could be asked", s->o.state_file);
	if (!good || s->failed)
		return DW_EXIT_USAGE;
	return dw_cli_exit(c ? doorward_compare_outcome(c) : doorward_scan_outcome(scan));
}

/* For compare and audit. Only root has a journal of its own accord; that it cannot be kept does not spoil the scan. */
static void keep(const struct scanning *s, struct doorward *d, struct doorward_scan *found)
{
	const char *state = s->args->values[DW_OPTION_STATE];
	long long id = 0;

	if (!state && geteuid() != 0)
		return;
	doorward_set_state_directory(d, state);
	if (doorward_scan_keep(d, found, &id) < 0)
		dw_cli_complain(doorward_last_error(d));
	else if (!dw_cli_given(s->args, DW_OPTION_QUIET))
		(void)fprintf(stderr, "Kept as scan %lld: doorward compare\n", id);
}

static struct doorward_compare_options expected(const struct scanning *s)
{
	struct dw_strings addresses = dw_cli_list(s->a, s->args->values[DW_OPTION_ADDRESS]);

	return (struct doorward_compare_options){ .size = sizeof(struct doorward_compare_options),
						  .expect = s->args->values[DW_OPTION_EXPECT],
						  .addresses = addresses.v,
						  .n_addresses = addresses.n };
}

/*
 * NULL: not asked for, or it could not be made, which is said, and is no reason not to write the scan. A comparison
 * that was asked for and is missing has its own exit status.
 */
static struct doorward_compare *hold_against(const struct scanning *s, struct doorward *d,
					     const struct doorward_scan *found,
					     enum dw_exit *ret_status)
{
	struct doorward_compare_options o = expected(s);
	struct doorward_compare *c = NULL;
	int r = o.expect ? doorward_scan_compare(d, found, &o, &c) : 0;

	if (r < 0) {
		dw_cli_complain(doorward_last_error(d));
		*ret_status = dw_cli_compare_failed(r);
	}
	return c;
}

/* Before anything is sent: who waited an hour for a scan must not hear then that a file is not there. */
static bool can_compare(const struct scanning *s, struct doorward *d)
{
	struct doorward_compare_options o = expected(s);

	if (!o.expect || doorward_compare_check(d, &o) == 0)
		return true;
	dw_cli_complain(doorward_last_error(d));
	return false;
}

static bool open_log(struct scanning *s)
{
	const char *name = s->args->values[DW_OPTION_LOG];

	if (!name)
		return true;
	s->log = dw_streq(name, "-") ? stdout : fopen(name, "ae");
	if (!s->log)
		(void)fprintf(stderr, "doorward: %s: %s\n", name, strerror(errno));
	return s->log != NULL;
}

static enum dw_exit scan(struct scanning *s, struct doorward *d)
{
	const char *resume = s->args->values[DW_OPTION_RESUME];
	struct doorward_scan *found = NULL;
	enum dw_exit status, failed = DW_EXIT_NOTHING;
	struct doorward_compare *c;
	int r;

	if (!can_compare(s, d))
		return DW_EXIT_USAGE;
	watch_signals();
	r = resume ? doorward_scan_resume(d, resume, &s->o, &found)
		   : doorward_scan_run(d, &s->o, &found);
	clear_progress(s);
	if (r < 0) {
		dw_cli_complain(doorward_last_error(d));
		return r == -EPERM ? DW_EXIT_BLIND : DW_EXIT_USAGE;
	}
	keep(s, d, found);
	c = hold_against(s, d, found, &failed);
	status = put_all(s, d, found, c);
	doorward_compare_free(c);
	doorward_scan_free(found);
	return failed != DW_EXIT_NOTHING && status != DW_EXIT_USAGE ? failed : status;
}

enum dw_exit dw_cmd_scan(const struct dw_arguments *args)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct scanning s = { .args = args, .a = a };
	enum dw_exit status = DW_EXIT_USAGE;
	struct doorward *d;

	if (!is_sensible(args) || !read_options(&s) || !open_log(&s))
		return DW_EXIT_USAGE;
	s.lines = dw_cli_format(args) == DOORWARD_JSONL;
	s.progress = isatty(STDERR_FILENO) == 1 && !dw_cli_given(args, DW_OPTION_QUIET);
	s.o.data = &s;
	s.o.notice = tell_notice;
	s.o.progress = s.progress ? tell_progress : NULL;
	s.o.found = s.lines || s.log ? tell_found : NULL;
	d = doorward_new();
	status = scan(&s, d);
	doorward_free(d);
	if (s.log && s.log != stdout && fclose(s.log) != 0)
		status = DW_EXIT_USAGE;
	return status;
}
