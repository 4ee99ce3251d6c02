/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "dw_arena.h"
#include "dw_cli.h"
#include "dw_str.h"

enum dw_exit dw_cmd_help(const struct dw_arguments *args)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *word = args->n_operands ? args->operands[0] : NULL, *near;
	const struct dw_command *c = word ? dw_command_find(word) : NULL;

	if (!word) {
		dw_help_all(stdout);
		return DW_EXIT_NOTHING;
	}
	if (c) {
		dw_help_command(stdout, c);
		return DW_EXIT_NOTHING;
	}
	if (dw_streq(word, "fields")) {
		dw_help_fields(stdout);
		return DW_EXIT_NOTHING;
	}
	near = dw_command_nearest(word);
	(void)fprintf(stderr, "doorward: there is no help for \"%s\"",
		      dw_escape_terminal(a, word, strlen(word)));
	if (near)
		(void)fprintf(stderr, "; did you mean %s?", near);
	(void)fputs("\nTry: doorward help\n", stderr);
	return DW_EXIT_USAGE;
}
