/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "change.h"
#include "confine.h"
#include "dw_macros.h"
#include "dw_str.h"

/* clang-format off */
const enum dw_option_id dw_confine_options[] = {
	DW_OPTION_FOR, DW_OPTION_CONFIRM_WITHIN, DW_OPTION_YES, DW_OPTION_JSON, DW_OPTION_WIDE,
	DW_OPTION_HIDDEN, DW_OPTION_METHOD, DW_OPTION_POLICY, DW_OPTION_STATE, DW_OPTION_COUNT,
};
/* clang-format on */

const char dw_confine_description[] =
	"Each service that keeps a door, the one first that would give an intruder most: as whom "
	"it\n"
	"runs, which capabilities, which settings of its unit confine it. SERVICE (a unit, a "
	"program,\n"
	"a port): all that counts for it, and what could be done.\n"
	"suggest: observes it as it runs (--for 5m; a minute when not given; neither stopped nor\n"
	"traced), then writes a drop-in that takes from it what it does not need, each line with "
	"its\n"
	"reason; --json: also which capabilities it holds and which it used. try: puts the drop-in "
	"in\n"
	"place on trial, starts the unit again, and looks whether it serves as before, else puts "
	"it\n"
	"back; doorward confirm keeps it. apply: the same for good; doorward undo takes it back.\n"
	"What inetd, xinetd or an init script starts as root, and is known to do all its work as\n"
	"another user, gets that user there instead of a drop-in.\n";

/* A service of that score is worth a look: root, and in no cage. */
static enum dw_exit tell(struct doorward *d, const struct dw_arguments *args,
			 struct doorward_audit *audit, const char *service)
{
	struct doorward_style style = dw_cli_style(args);
	int blind = 0, r;

	errno = 0;
	r = doorward_confine_write(d, audit, service, dw_cli_format(args), stdout, &style, &blind);
	if (r < 0) {
		if (ferror(stdout))
			return DW_EXIT_USAGE; /* main() says why */
		dw_cli_complain(doorward_last_error(d));
		return r == -ENOENT ? DW_EXIT_USAGE : DW_EXIT_BLIND;
	}
	return blind || doorward_audit_outcome(audit) & DOORWARD_BLIND ? DW_EXIT_BLIND
								       : DW_EXIT_NOTHING;
}

static enum dw_exit score(const struct dw_arguments *args)
{
	enum dw_exit status = DW_EXIT_BLIND;
	struct doorward *d = dw_change_context(args);
	struct doorward_audit *audit;

	if (!d)
		return DW_EXIT_USAGE;
	audit = dw_cli_audit(d, args, &status);
	if (audit)
		status = tell(d, args, audit, args->n_operands ? args->operands[0] : NULL);
	doorward_audit_free(audit);
	doorward_free(d);
	return status;
}

enum dw_exit dw_cmd_confine(const struct dw_arguments *args)
{
	static const struct {
		const char *word;
		enum dw_confine_word means;
	} words[] = { { "suggest", DW_CONFINE_SUGGEST },
		      { "try", DW_CONFINE_TRY },
		      { "apply", DW_CONFINE_APPLY } };

	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_nearest near = { 0 };

	for (size_t i = 0; args->n_operands && i < DW_ARRAY_SIZE(words); i++) {
		if (dw_streq(args->operands[0], words[i].word))
			return dw_confine_more(args, words[i].means);
		dw_nearest_try(&near, args->operands[0], words[i].word);
	}
	if (args->n_operands > 1) {
		(void)fprintf(stderr,
			      "doorward: confine takes one service, or one of the words suggest, "
			      "try, apply before it%s\n",
			      dw_nearest_text(&near, a, ""));
		return DW_EXIT_USAGE;
	}
	return score(args);
}
