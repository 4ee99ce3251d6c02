/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs at build time and in tests. make-table: the table of commands as JSON, of which the manual is made.
 * make-table parse WORD...: does the command line fit the table? Nothing is run; the status is 2 when it does not.
 */
#include <string.h>

#include "dw_cli.h"
#include "dw_json.h"

static void put_option(struct dw_json *j, const struct dw_option *o)
{
	const char letter[2] = { o->letter, '\0' };

	dw_json_object(j, o->name);
	dw_json_string(j, "letter", o->letter ? letter : NULL);
	dw_json_string(j, "argument", o->argument);
	dw_json_string(j, "choices", o->choices);
	dw_json_string(j, "help", o->help);
	dw_json_end_object(j);
}

static void put_names(struct dw_json *j, const char *key, const enum dw_option_id *ids)
{
	dw_json_array(j, key);
	for (; *ids != DW_OPTION_COUNT; ids++)
		dw_json_string(j, NULL, dw_options[*ids].name);
	dw_json_end_array(j);
}

static void put_command(struct dw_json *j, const struct dw_command *c)
{
	dw_json_object(j, c->name);
	dw_json_string(j, "operands", c->operands);
	dw_json_uint(j, "operands_max", (uint64_t)c->operands_max);
	dw_json_string(j, "operand_choices", c->operand_choices);
	dw_json_string(j, "summary", c->summary);
	put_names(j, "options", c->options);
	dw_json_end_object(j);
}

static int put_table(void)
{
	struct dw_json *j = dw_json_new(stdout, true);
	struct dw_error e = { 0 };

	dw_json_object(j, NULL);
	put_names(j, "everywhere", dw_options_everywhere);
	dw_json_object(j, "options");
	for (const struct dw_option *o = dw_options; o->name; o++)
		put_option(j, o);
	dw_json_end_object(j);
	dw_json_object(j, "commands");
	for (const struct dw_command *c = dw_commands; c->name; c++)
		put_command(j, c);
	dw_json_end_object(j);
	dw_json_end_object(j);
	return dw_json_close(j, &e) < 0 ? DW_EXIT_USAGE : DW_EXIT_NOTHING;
}

static int parse(int argc, char **argv)
{
	bool named = argc > 0 && argv[0][0] != '-';
	const struct dw_command *c = named ? dw_command_find(argv[0]) : dw_commands;
	struct dw_arguments args;

	if (!c) {
		(void)fprintf(stderr, "there is no command \"%s\"\n", argv[0]);
		return DW_EXIT_USAGE;
	}
	return dw_arguments_parse(c, argc - named, argv + named, &args, stderr) ? DW_EXIT_NOTHING
										: DW_EXIT_USAGE;
}

int main(int argc, char **argv)
{
	if (argc == 1)
		return put_table();
	if (strcmp(argv[1], "parse") == 0)
		return parse(argc - 2, argv + 2);
	return DW_EXIT_USAGE;
}
