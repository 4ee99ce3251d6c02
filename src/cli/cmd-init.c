/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A first policy for this host. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "doorward/doorward.h"
#include "dw_cli.h"
#include "dw_str.h"

#define DEFAULT_FILE "/etc/doorward/policy"

static enum dw_exit complain(const struct doorward *d, enum dw_exit status)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *text = doorward_last_error(d);

	(void)fprintf(stderr, "doorward: %s\n", dw_escape_terminal(a, text, strlen(text)));
	return status;
}

/* The text of the policy, to be freed; NULL: the roles are not known, and that was told. */
static char *draft(struct doorward *d, struct doorward_audit *audit, const char *roles)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	int r;

	if (!out)
		dw_oom();
	r = doorward_policy_draft(d, audit, roles, out);
	if (fclose(out) != 0)
		dw_oom();
	if (r == 0)
		return text;
	free(text);
	return NULL;
}

static enum dw_exit put_file(struct doorward *d, const char *file, const char *text, bool quiet)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *shown = file ? dw_escape_terminal(a, file, strlen(file)) : DEFAULT_FILE;
	int r = doorward_policy_create(d, file, text);

	if (r == -EEXIST) {
		(void)fprintf(stderr,
			      "doorward: %s is there already, and was left as it is. To see what a "
			      "new one would say: doorward init --output -\n",
			      shown);
		return DW_EXIT_USAGE;
	}
	if (r < 0) {
		(void)complain(d, DW_EXIT_USAGE);
		(void)fputs(r == -EACCES ? "Write it as root (sudo doorward init), or elsewhere: "
					   "doorward init --output FILE\n"
					 : "Another place: doorward init --output FILE\n",
			    stderr);
		return DW_EXIT_USAGE;
	}
	if (!quiet)
		(void)fprintf(
			stderr,
			"%s is written. Read it, take the \"#\" away in front of what is needed, "
			"then: doorward check-policy%s%s\n",
			shown, file ? " " : "", file ? shown : "");
	return DW_EXIT_NOTHING;
}

static enum dw_exit put(struct doorward *d, const char *file, const char *text, bool quiet)
{
	if (!file || !dw_streq(file, "-"))
		return put_file(d, file, text, quiet);
	/* main() sees to it that all was written */
	(void)fputs(text, stdout);
	return DW_EXIT_NOTHING;
}

static enum dw_exit write_policy(struct doorward *d, struct doorward_audit *audit,
				 const struct dw_arguments *args)
{
	_cleanup_free_ char *text = draft(d, audit, args->values[DW_OPTION_ROLE]);
	bool quiet = args->values[DW_OPTION_QUIET] != NULL;
	enum dw_exit status;

	if (!text)
		return complain(d, DW_EXIT_USAGE);
	status = put(d, args->values[DW_OPTION_OUTPUT], text, quiet);
	if (status != DW_EXIT_NOTHING || !(doorward_audit_outcome(audit) & DOORWARD_BLIND))
		return status;
	if (!quiet)
		(void)fputs(
			"doorward: not everything could be seen: doors may be missing from this "
			"policy (\"doorward audit\" says why)\n",
			stderr);
	return DW_EXIT_BLIND;
}

enum dw_exit dw_cmd_init(const struct dw_arguments *args)
{
	struct doorward *d = doorward_new();
	struct doorward_audit *audit;
	enum dw_exit status;

	doorward_set_policy(d,
			    ""); /* what is open is the question, not what was said of it before */
	if (doorward_audit_run(d, &audit) < 0) {
		status = complain(d, DW_EXIT_BLIND);
	} else {
		status = write_policy(d, audit, args);
		doorward_audit_free(audit);
	}
	doorward_free(d);
	return status;
}
