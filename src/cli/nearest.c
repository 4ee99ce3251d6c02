/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was meant by a word that the table does not have. */
#include "dw_cli.h"
#include "dw_str.h"

const char *dw_command_nearest(const char *name)
{
	unsigned best = (unsigned)-1;
	const char *nearest = NULL;

	for (const struct dw_command *c = dw_commands; c->name; c++)
		if (dw_str_apart(name, c->name) < best) {
			best = dw_str_apart(name, c->name);
			nearest = c->name;
		}
	return nearest;
}

const char *dw_option_nearest(const struct dw_command *c, const char *name)
{
	unsigned best = (unsigned)-1;
	const char *nearest = NULL;

	for (const struct dw_option *o = dw_options; o->name; o++)
		if (dw_command_takes(c, o->id) && dw_str_apart(name, o->name) < best) {
			best = dw_str_apart(name, o->name);
			nearest = o->name;
		}
	return nearest;
}
