/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Doors behind command lines (crontabs, rc.local) of an image: nothing runs there, so the text is all there is. */
#ifndef DW_STARTER_COMMANDS_H
#define DW_STARTER_COMMANDS_H

#include "dw_starters.h"
#include "initscript.h"

/*
 * Adds a sleeper for each program of the script (dw_script_scan_shell) that may open a door; of scripts that it starts
 * what they name. as: the starter, without source where each program's own line is it. At boot a program of which
 * nobody can tell is listed as a guess, and what cannot be followed is noted; a job that comes again and again is
 * mostly no daemon: there only what surely can open a door is.
 */
void dw_commands_list(struct dw_starters *s, struct dw_script *script, const struct dw_starter *as,
		      bool at_boot);

#endif
