/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All that is known of this host as one document. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "change.h"
#include "dw_macros.h"

const enum dw_option_id dw_report_options[] = {
	DW_OPTION_FORMAT, DW_OPTION_OUTPUT, DW_OPTION_WITHOUT, DW_OPTION_JSON,  DW_OPTION_HIDDEN,
	DW_OPTION_ROOT,   DW_OPTION_METHOD, DW_OPTION_POLICY,  DW_OPTION_STATE, DW_OPTION_COUNT
};

/* Names and endings of files; the first of a format is its name. */
static const struct {
	const char *name, *ending;
	enum doorward_report_format format;
} formats[] = {
	{ "html", ".html", DOORWARD_REPORT_HTML },
	{ "html", ".htm", DOORWARD_REPORT_HTML },
	{ "md", ".md", DOORWARD_REPORT_MARKDOWN },
	{ "md", ".markdown", DOORWARD_REPORT_MARKDOWN },
	{ "csv", ".csv", DOORWARD_REPORT_CSV },
	/* before .json: what it ends in too */
	{ "sarif", ".sarif", DOORWARD_REPORT_SARIF },
	{ "sarif", ".sarif.json", DOORWARD_REPORT_SARIF },
	{ "json", ".json", DOORWARD_REPORT_JSON },
	{ "nmap-xml", ".xml", DOORWARD_REPORT_NMAP_XML },
};

static bool is_printed(const struct dw_arguments *args)
{
	const char *file = args->values[DW_OPTION_OUTPUT];

	return !file || dw_streq(file, "-");
}

/* As it was asked for; else as the file's name says; else a page. */
static enum doorward_report_format format_of(const struct dw_arguments *args)
{
	const char *name = args->values[DW_OPTION_FORMAT], *file = args->values[DW_OPTION_OUTPUT];
	bool tty = is_printed(args) && isatty(STDOUT_FILENO) == 1;
	enum doorward_report_format found = DOORWARD_REPORT_HTML;

	for (size_t i = 0; i < DW_ARRAY_SIZE(formats); i++)
		if (name ? dw_streq(name, formats[i].name)
			 : file && dw_ends_with(file, formats[i].ending)) {
			found = formats[i].format;
			break;
		}
	if (dw_cli_given(args, DW_OPTION_JSON))
		found = DOORWARD_REPORT_JSON;
	return found == DOORWARD_REPORT_JSON && tty ? DOORWARD_REPORT_JSON_INDENTED : found;
}

static bool is_sensible(const struct dw_arguments *args)
{
	static const struct dw_cli_pair pairs[] = {
		{ DW_OPTION_JSON, DW_OPTION_FORMAT, "choose one" },
		{ DW_OPTION_ROOT, DW_OPTION_HIDDEN,
		  "what does not run has no sockets that could hide" },
		{ DW_OPTION_ROOT, DW_OPTION_METHOD, "what does not run has no sockets to find" },
	};

	if (!dw_cli_sensible(args, pairs, DW_ARRAY_SIZE(pairs)))
		return false;
	if (dw_cli_given(args, DW_OPTION_OUTPUT) && !*args->values[DW_OPTION_OUTPUT]) {
		(void)fputs("doorward: --output: an empty name is no file\n", stderr);
		return false;
	}
	if (format_of(args) == DOORWARD_REPORT_NMAP_XML && dw_cli_given(args, DW_OPTION_ROOT)) {
		(void)fputs(
			"doorward: what does not run has no addresses: --format nmap-xml is of a "
			"host that runs\n",
			stderr);
		return false;
	}
	if (!is_printed(args) || isatty(STDOUT_FILENO) != 1 ||
	    format_of(args) != DOORWARD_REPORT_HTML)
		return true;
	(void)fputs("doorward: a page of HTML is not for a terminal. Write it to a file:\n"
		    "  doorward report --output report.html\n"
		    "To read it here:\n"
		    "  doorward report --format md | less\n",
		    stderr);
	return false;
}

static enum dw_exit put(struct doorward *d, const struct doorward_report *r,
			const struct dw_arguments *args)
{
	const char *file = args->values[DW_OPTION_OUTPUT];

	errno = 0;
	if (is_printed(args)) /* main() says why standard output failed */
		return doorward_report_write(d, r, stdout) < 0
			       ? DW_EXIT_USAGE
			       : dw_cli_exit(doorward_report_outcome(r));
	if (doorward_report_save(d, r, file) < 0) {
		dw_cli_complain(doorward_last_error(d));
		return DW_EXIT_USAGE;
	}
	if (!dw_cli_given(args, DW_OPTION_QUIET)) {
		_cleanup_arena_ struct dw_arena *a = dw_arena_new();

		(void)fprintf(stderr, "%s is written.\n",
			      dw_escape_terminal(a, file, strlen(file)));
	}
	return dw_cli_exit(doorward_report_outcome(r));
}

static enum dw_exit report(struct doorward *d, struct doorward_audit *audit,
			   const struct dw_arguments *args)
{
	const struct doorward_report_options o = { .size = sizeof(o),
						   .format = format_of(args),
						   .without = args->values[DW_OPTION_WITHOUT],
						   .command = dw_cli_typed() };
	struct doorward_report *r = NULL;
	enum dw_exit status;

	if (doorward_report_make(d, audit, &o, &r) < 0) {
		dw_cli_complain(doorward_last_error(d));
		return DW_EXIT_USAGE;
	}
	status = put(d, r, args);
	doorward_report_free(r);
	return status;
}

enum dw_exit dw_cmd_report(const struct dw_arguments *args)
{
	struct doorward *d = is_sensible(args) ? dw_change_context(args) : NULL;
	enum dw_exit status = DW_EXIT_USAGE;
	struct doorward_audit *audit;

	if (!d)
		return status;
	doorward_set_addresses(d, 1);
	audit = dw_cli_audit(d, args, &status);
	if (audit)
		status = report(d, audit, args);
	doorward_audit_free(audit);
	doorward_free(d);
	return status;
}
