/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entries of the file system as states of the switch "file". Private to src/starters. */
#ifndef DW_STARTER_SWITCH_FILE_H
#define DW_STARTER_SWITCH_FILE_H

#include "dw_write.h"
#include "switch.h"

/* False: it is of a kind that has no text. */
bool dw_switch_file_state(struct dw_arena *a, const struct dw_entry *entry, struct dw_state *ret);
/* False: that is no text of a state, or `data` is not the content that it names. */
bool dw_switch_file_entry(struct dw_arena *a, const struct dw_state *want, struct dw_entry *ret);

#endif
