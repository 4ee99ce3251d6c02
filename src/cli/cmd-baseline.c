/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "change.h"
#include "dw_macros.h"
#include "dw_str.h"

const enum dw_option_id dw_baseline_options[] = { DW_OPTION_JSON,   DW_OPTION_WIDE,
						  DW_OPTION_HIDDEN, DW_OPTION_ROOT,
						  DW_OPTION_METHOD, DW_OPTION_POLICY,
						  DW_OPTION_STATE,  DW_OPTION_COUNT };

typedef enum dw_exit action(struct doorward *d, const struct dw_arguments *args, const char *name);

/* Not there, or no name: what the user gave is wrong. Else we could not look, or keep it. */
static enum dw_exit failed(const struct doorward *d, int r)
{
	dw_cli_complain(doorward_last_error(d));
	if (r == -EACCES && geteuid() != 0)
		(void)fputs("Only root reads and writes the journal: sudo doorward baseline ...\n",
			    stderr);
	return r == -ENOENT || r == -EINVAL || r == -EEXIST || r == -EBADMSG ? DW_EXIT_USAGE
									     : DW_EXIT_BLIND;
}

static enum dw_exit save(struct doorward *d, const struct dw_arguments *args, const char *name)
{
	enum dw_exit status = DW_EXIT_BLIND;
	struct doorward_audit *audit = dw_cli_audit(d, args, &status);
	long long number = 0;
	int r;

	if (!audit)
		return status;
	r = doorward_baseline_save(d, audit, name, &number);
	status = doorward_audit_outcome(audit) & DOORWARD_BLIND ? DW_EXIT_BLIND : DW_EXIT_NOTHING;
	if (r < 0) {
		status = failed(d, r);
	} else if (!dw_cli_given(args, DW_OPTION_QUIET)) {
		(void)printf("Baseline %lld%s%s: %zu doors. What changed since: doorward diff %s\n",
			     number, name ? " " : "", name ? name : "",
			     doorward_audit_count(audit, "doors"), name ? name : "");
		if (status == DW_EXIT_BLIND)
			(void)fputs("doorward: not everything could be looked at: doorward audit "
				    "says why\n",
				    stderr);
	}
	doorward_audit_free(audit);
	return status;
}

static enum dw_exit list(struct doorward *d, const struct dw_arguments *args, const char *name)
{
	struct doorward_style style = dw_cli_style(args);
	int r;

	if (name) {
		(void)fputs("doorward: baseline list takes no name: doorward baseline show NAME "
			    "tells of one\n",
			    stderr);
		return DW_EXIT_USAGE;
	}
	errno = 0;
	r = doorward_baseline_list(d, dw_cli_format(args), stdout, &style);
	return r < 0 ? failed(d, r) : DW_EXIT_NOTHING;
}

static enum dw_exit show(struct doorward *d, dw_unused const struct dw_arguments *args,
			 const char *name)
{
	int r;

	errno = 0;
	r = doorward_baseline_show(d, name, stdout);
	return r < 0 ? failed(d, r) : DW_EXIT_NOTHING;
}

static enum dw_exit forget(struct doorward *d, dw_unused const struct dw_arguments *args,
			   const char *name)
{
	int r;

	if (!name) {
		(void)fputs("doorward: which one? doorward baseline list has their names\n",
			    stderr);
		return DW_EXIT_USAGE;
	}
	r = doorward_baseline_remove(d, name);
	return r < 0 ? failed(d, r) : DW_EXIT_NOTHING;
}

static const struct {
	const char *word;
	action *act;
} actions[] = { { "save", save }, { "list", list }, { "show", show }, { "remove", forget } };

static const char *all_words(struct dw_arena *a)
{
	struct dw_str all = { .arena = a };

	for (size_t i = 0; i < DW_ARRAY_SIZE(actions); i++)
		dw_str_addf(&all, "%s%s", i ? ", " : "", actions[i].word);
	return all.s;
}

static action *action_of(const char *word)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_nearest near = { 0 };

	for (size_t i = 0; word && i < DW_ARRAY_SIZE(actions); i++) {
		if (dw_streq(word, actions[i].word))
			return actions[i].act;
		dw_nearest_try(&near, word, actions[i].word);
	}
	if (near.name)
		(void)fprintf(stderr, "doorward: baseline \"%s\": did you mean \"%s\"?\n",
			      dw_escape_terminal(a, word, strlen(word)), near.name);
	else if (word)
		(void)fprintf(stderr, "doorward: baseline %s: expected one of: %s\n",
			      dw_escape_terminal(a, word, strlen(word)), all_words(a));
	else
		(void)fprintf(stderr, "doorward: baseline needs a word behind it: %s\n",
			      all_words(a));
	(void)fputs("Try: doorward help baseline\n", stderr);
	return NULL;
}

enum dw_exit dw_cmd_baseline(const struct dw_arguments *args)
{
	action *act = action_of(args->n_operands ? args->operands[0] : NULL);
	struct doorward *d = act ? dw_change_context(args) : NULL;
	enum dw_exit status;

	if (!act || !d)
		return DW_EXIT_USAGE;
	status = act(d, args, args->n_operands > 1 ? args->operands[1] : NULL);
	doorward_free(d);
	return status;
}
