/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Help, made of the tables. */
#include <string.h>

#include "dw_cli.h"
#include "dw_fields.h"
#include "dw_macros.h"

#define COLUMN 24

static void put_option(FILE *out, const struct dw_option *o)
{
	char head[64];

	(void)snprintf(head, sizeof(head), "--%s%s%s", o->name, o->argument ? " " : "",
		       o->argument ? o->argument : "");
	if (o->letter)
		(void)fprintf(out, "  -%c, %-*s %s\n", o->letter, COLUMN - 6, head, o->help);
	else
		(void)fprintf(out, "      %-*s %s\n", COLUMN - 6, head, o->help);
}

static void put_options(FILE *out, const enum dw_option_id *ids)
{
	for (; *ids != DW_OPTION_COUNT; ids++)
		put_option(out, &dw_options[*ids]);
}

static const char exit_statuses[] =
	"Exit status:\n"
	"  0  nothing to do, or done\n"
	"  1  something should be closed, restricted or investigated; or differs, or was left\n"
	"  2  wrong usage or bad input, not root, or the output could not be written\n"
	"  3  doorward could not look everywhere: not root, or else nothing was found to do\n"
	"  4  a change failed and was put back, or could not begin (stale plan, busy)\n";

static const char *const headings[DW_COMMANDS_GROUPS] = {
	[DW_COMMANDS_SEE] = "See",
	[DW_COMMANDS_DECIDE] = "Say what is needed",
	[DW_COMMANDS_CLOSE] = "Close, and go back",
	[DW_COMMANDS_GUARD] = "Guard what stays",
	[DW_COMMANDS_OUTSIDE] = "Look from outside",
	[DW_COMMANDS_WATCH] = "Keep watch",
	[DW_COMMANDS_HELP] = "Learn more",
};

static void put_group(FILE *out, enum dw_command_group group)
{
	(void)fprintf(out, "\n%s:\n", headings[group]);
	for (const struct dw_command *c = dw_commands; c->name; c++)
		if (c->group == group)
			(void)fprintf(out, "  %-14s %s\n", c->name, c->summary);
}

/* One screen: the options of each command are told with the command. */
void dw_help_all(FILE *out)
{
	(void)fputs("doorward: every network door of this host, who holds it and what starts it\n\n"
		    "Usage: doorward [COMMAND] [OPTIONS]       without a command: audit\n"
		    "       doorward help COMMAND     what a command does, and its options\n",
		    out);
	for (enum dw_command_group g = 0; g < DW_COMMANDS_GROUPS; g++)
		put_group(out, g);
	(void)fputs("\nOptions of every command:\n", out);
	put_options(out, dw_options_everywhere);
	(void)fprintf(out, "\n%s\nThe whole manual: man doorward\n", exit_statuses);
}

void dw_help_command(FILE *out, const struct dw_command *c)
{
	(void)fprintf(out, "doorward %s: %s\n\nUsage: doorward %s%s [OPTIONS]%s%s\n\n%s", c->name,
		      c->summary, c == dw_commands ? "[" : "",
		      c == dw_commands ? "audit]" : c->name, c->operands[0] ? " " : "", c->operands,
		      c->description);
	if (c->options[0] != DW_OPTION_COUNT) {
		(void)fputs("\nOptions:\n", out);
		put_options(out, c->options);
	}
	(void)fputs("\nOptions of every command:\n", out);
	put_options(out, dw_options_everywhere);
	(void)fprintf(out, "\n%s", exit_statuses);
}

/* Some documents have others as their members. */
static bool is_document(const struct dw_field *members)
{
	const struct dw_field *const all[] = { dw_fields_document, dw_fields_plan,
					       dw_fields_history,  dw_fields_compare,
					       dw_fields_diff,     dw_fields_usage,
					       dw_fields_host };

	for (size_t i = 0; i < DW_ARRAY_SIZE(all); i++)
		if (all[i] == members)
			return true;
	return false;
}

static void put_fields(FILE *out, const struct dw_field *fields, int depth)
{
	for (const struct dw_field *f = fields; f->name; f++) {
		(void)fprintf(out, "%*s%-*s %-10s %s", depth * 2, "", 24 - depth * 2, f->name,
			      dw_field_type_name(f->type), f->description);
		if (f->source)
			(void)fprintf(out, " [%s]", f->source);
		(void)fputc('\n', out);
		if (f->members && !is_document(f->members)) /* told for itself */
			put_fields(out, f->members, depth + 1);
	}
}

void dw_help_fields(FILE *out)
{
	(void)fputs("The fields of doorward audit --json. A value that is not known is null.\n\n",
		    out);
	put_fields(out, dw_fields_document, 0);
	(void)fputs("\nThe fields of doorward why --json.\n\n", out);
	put_fields(out, dw_fields_why, 0);
	(void)fputs("\nThe fields of doorward plan --json.\n\n", out);
	put_fields(out, dw_fields_plan, 0);
	(void)fputs("\nThe fields of doorward history --json.\n\n", out);
	put_fields(out, dw_fields_history, 0);
	(void)fputs("\nThe fields of doorward verify --json.\n\n", out);
	put_fields(out, dw_fields_verify, 0);
	(void)fputs("\nThe fields of doorward scan --json.\n\n", out);
	put_fields(out, dw_fields_scan, 0);
	put_fields(out, dw_fields_scan_more, 0);
	(void)fputs("\nThe fields of doorward compare --json.\n\n", out);
	put_fields(out, dw_fields_compare, 0);
	(void)fputs("\nThe fields of doorward fence show --json.\n\n", out);
	put_fields(out, dw_fields_fence_show, 0);
	(void)fputs("\nThe fields of doorward fence rehearse --json.\n\n", out);
	put_fields(out, dw_fields_fence_rehearse, 0);
	(void)fputs("\nThe fields of doorward fence preview --json.\n\n", out);
	put_fields(out, dw_fields_fence_preview, 0);
	(void)fputs("\nThe fields of doorward diff --json.\n\n", out);
	put_fields(out, dw_fields_diff, 0);
	(void)fputs("\nThe fields of doorward baseline list --json.\n\n", out);
	put_fields(out, dw_fields_baselines, 0);
	(void)fputs("\nThe fields of doorward usage --json.\n\n", out);
	put_fields(out, dw_fields_usage, 0);
	(void)fputs("\nThe fields of doorward host --json.\n\n", out);
	put_fields(out, dw_fields_host, 0);
	(void)fputs("\nThe fields of doorward host fix --dry-run --json.\n\n", out);
	put_fields(out, dw_fields_host_fix, 0);
	(void)fputs("\nThe fields of doorward confine --json.\n\n", out);
	put_fields(out, dw_fields_confine, 0);
	(void)fputs("\nThe fields of doorward report --json.\n\n", out);
	put_fields(out, dw_fields_whole, 0);
	(void)fputs("\nThe fields of doorward confine suggest --json.\n\n", out);
	put_fields(out, dw_fields_suggest, 0);
}
