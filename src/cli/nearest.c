/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was meant by a word that the table does not have. */
#include "dw_cli.h"
#include "dw_macros.h"
#include "dw_str.h"

/* What other programs call it. */
static const struct {
	const char *word, *command;
} also[] = {
	{ "list", "audit" },        { "ls", "audit" },        { "show", "why" },
	{ "explain", "why" },       { "info", "why" },        { "ports", "audit" },
	{ "disable", "close" },     { "stop", "close" },      { "block", "close" },
	{ "harden", "close" },      { "rollback", "undo" },   { "revert", "undo" },
	{ "restore", "undo" },      { "check", "verify" },    { "log", "history" },
	{ "firewall", "fence" },    { "monitor", "watch" },   { "nmap", "scan" },
	{ "snapshot", "baseline" }, { "sandbox", "confine" }, { "status", "verify" },
	{ "keep", "confirm" },      { "version", "help" },    { "ui", "review" },
	{ "tui", "review" },        { "html", "report" },     { "policy", "check-policy" },
};

static const char *known_elsewhere(const char *name)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(also); i++)
		if (dw_streq(name, also[i].word))
			return also[i].command;
	return NULL;
}

const char *dw_command_nearest(const char *name)
{
	const char *other = known_elsewhere(name);
	struct dw_nearest near = { 0 };

	for (const struct dw_command *c = dw_commands; c->name; c++)
		dw_nearest_try(&near, name, c->name);
	return (near.name && near.apart == 0) || !other ? near.name : other;
}

const char *dw_option_nearest(const struct dw_command *c, const char *name)
{
	struct dw_nearest near = { 0 };

	for (const struct dw_option *o = dw_options; o->name; o++)
		if (dw_command_takes(c, o->id))
			dw_nearest_try(&near, name, o->name);
	return near.name;
}
