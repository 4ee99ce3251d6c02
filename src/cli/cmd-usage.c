/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <langinfo.h>
#include <string.h>
#include <unistd.h>

#include "change.h"
#include "dw_macros.h"
#include "dw_parse.h"
#include "dw_str.h"

const enum dw_option_id dw_usage_options[] = {
	DW_OPTION_IDLE,   DW_OPTION_SINCE,  DW_OPTION_JSON,  DW_OPTION_WIDE, DW_OPTION_HIDDEN,
	DW_OPTION_METHOD, DW_OPTION_POLICY, DW_OPTION_STATE, DW_OPTION_COUNT
};

#define TIME_MAX ((uint64_t)400 * 86400) /* days are kept for as long */

static bool time_of(const struct dw_arguments *args, enum dw_option_id id, unsigned long long *ret)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *word = args->values[id];
	uint64_t seconds = 0;

	*ret = 0;
	if (!word)
		return true;
	if (!dw_parse_duration(word, TIME_MAX, &seconds) || seconds == 0) {
		(void)fprintf(stderr,
			      "doorward: --%s %s: it needs a time of up to 400d: 30d, 12h\n",
			      dw_options[id].name, dw_escape_terminal(a, word, strlen(word)));
		return false;
	}
	*ret = seconds;
	return true;
}

static enum dw_exit tell(struct doorward *d, const struct dw_arguments *args,
			 struct doorward_audit *audit, const struct doorward_usage_options *o)
{
	struct doorward_style style = dw_cli_style(args);
	bool blind = doorward_audit_outcome(audit) & DOORWARD_BLIND;
	int r;

	errno = 0;
	r = doorward_usage_write(d, audit, o, dw_cli_format(args), stdout, &style);
	if (r < 0) {
		if (ferror(stdout))
			return DW_EXIT_USAGE; /* main() says why */
		dw_cli_complain(doorward_last_error(d));
		if (r == -EACCES && geteuid() != 0)
			(void)fputs("Only root reads what was counted: sudo doorward usage\n",
				    stderr);
		return r == -EINVAL ? DW_EXIT_USAGE : DW_EXIT_BLIND;
	}
	if (r > 0)
		return DW_EXIT_TO_DO;
	return o->idle && blind ? DW_EXIT_BLIND : DW_EXIT_NOTHING;
}

enum dw_exit dw_cmd_usage(const struct dw_arguments *args)
{
	struct doorward_usage_options o = {
		.size = sizeof(o),
		.door = args->n_operands ? args->operands[0] : NULL,
		.utf8 = dw_streq(nl_langinfo(CODESET), "UTF-8"),
	};
	enum dw_exit status = DW_EXIT_BLIND;
	struct doorward_audit *audit;
	struct doorward *d;

	if (!time_of(args, DW_OPTION_IDLE, &o.idle) || !time_of(args, DW_OPTION_SINCE, &o.since))
		return DW_EXIT_USAGE;
	d = dw_change_context(args);
	if (!d)
		return DW_EXIT_USAGE;
	audit = dw_cli_audit(d, args, &status);
	if (audit)
		status = tell(d, args, audit, &o);
	doorward_audit_free(audit);
	doorward_free(d);
	return status;
}
