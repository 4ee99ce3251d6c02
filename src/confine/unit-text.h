/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a unit's own text says of how its commands are started. Pure; private to src/confine. */
#ifndef DW_CONFINE_UNIT_TEXT_H
#define DW_CONFINE_UNIT_TEXT_H

#include "dw_arena.h"
#include "dw_parse.h"

/* "@-/usr/sbin/x" -> "+" or "!" is among the signs before the program. */
bool dw_confine_command_is_mighty(const char *word);
/*
 * Does a command of ExecStart= start with root's rights whatever User= says? One file of a unit; the files are given in
 * the order in which systemd applies them: an empty ExecStart= takes back what was said before it.
 */
void dw_confine_starts_mighty(struct dw_arena *a, const struct dw_bytes *text, bool *mighty);
/* Is the property of that name one that counts for confining? */
bool dw_confine_setting_counts(const char *name);

#endif
