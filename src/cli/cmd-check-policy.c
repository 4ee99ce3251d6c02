/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Is the policy understood? Problems are the data of this command: they go to standard output. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "doorward/doorward.h"
#include "dw_cli.h"
#include "dw_json.h"
#include "dw_str.h"

#define DEFAULT_FILE "/etc/doorward/policy"

struct checking {
	struct dw_json *json; /* NULL: text */
	FILE *out;
	bool plain; /* an error needs no word that it is one */
	unsigned told;
};

static void tell_text(struct checking *c, const char *file, unsigned line, unsigned column,
		      const char *severity, const char *text)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	(void)fprintf(c->out, "%s:%u:%u: %s%s\n", dw_escape_terminal(a, file, strlen(file)), line,
		      column, severity, dw_escape_terminal(a, text, strlen(text)));
}

static void tell(void *data, const char *file, unsigned line, unsigned column, int warning,
		 const char *text)
{
	struct checking *c = data;

	c->told++;
	if (!c->json) {
		tell_text(c, file, line, column,
			  warning    ? "warning: "
			  : c->plain ? ""
				     : "error: ",
			  text);
		return;
	}
	dw_json_object(c->json, NULL);
	dw_json_string(c->json, "file", file);
	dw_json_uint(c->json, "line", line);
	dw_json_uint(c->json, "column", column);
	dw_json_string(c->json, "severity", warning ? "warning" : "error");
	dw_json_string(c->json, "text", text);
	dw_json_end_object(c->json);
}

bool dw_cli_tell_policy(struct doorward *d, const char *file)
{
	struct checking c = { .out = stderr, .plain = true };

	(void)doorward_policy_check(d, file, tell, &c);
	return c.told > 0;
}

/* The document is whole whatever is wrong; that the file could not be read is a word, for a person. */
static int check_json(struct doorward *d, const char *file)
{
	struct checking c = { .json = dw_json_new(stdout, isatty(STDOUT_FILENO) == 1) };
	int r;

	dw_json_object(c.json, NULL);
	dw_json_string(c.json, "file", file ? file : DEFAULT_FILE);
	dw_json_array(c.json, "problems");
	r = doorward_policy_check(d, file, tell, &c);
	dw_json_end_array(c.json);
	if (r < 0)
		dw_json_null(c.json, "statements");
	else
		dw_json_uint(c.json, "statements", (uint64_t)r);
	dw_json_end_object(c.json);
	dw_json_line(c.json);
	(void)dw_json_close(c.json, NULL);
	return r;
}

static int check_text(struct doorward *d, const char *file, bool quiet)
{
	struct checking c = { .out = stdout };
	int r = doorward_policy_check(d, file, tell, &c);

	if (r >= 0 && !quiet && isatty(STDOUT_FILENO) == 1)
		(void)printf("%s: %d statement%s, fine\n", file ? file : DEFAULT_FILE, r,
			     r == 1 ? "" : "s");
	return r;
}

enum dw_exit dw_cmd_check_policy(const struct dw_arguments *args)
{
	const char *file = args->n_operands ? args->operands[0] : NULL;
	struct doorward *d = doorward_new();
	int r = -ENOENT;

	if (file && !*file)
		(void)fputs("doorward: an empty name is no file: doorward check-policy FILE\n",
			    stderr);
	else
		r = args->values[DW_OPTION_JSON]
			    ? check_json(d, file)
			    : check_text(d, file, args->values[DW_OPTION_QUIET] != NULL);
	if (r < 0 && r != -EBADMSG && !(file && !*file))
		(void)fprintf(stderr, "doorward: %s\n", doorward_last_error(d));
	if (r == -ENOENT && !file)
		(void)fputs("There is no policy yet. Write one: doorward init\n", stderr);
	doorward_free(d);
	return r < 0 ? DW_EXIT_USAGE : DW_EXIT_NOTHING;
}
