/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is connected to which door. Private to src/join. */
#ifndef DW_PEERS_H
#define DW_PEERS_H

#include "dw_facts.h"

/*
 * Gives each connection to the doors that can have taken it: of those on its port the one bound most closely to
 * its address; of several such the one whose holder has it, where that is known, else all.
 */
void dw_join_peers(const struct dw_facts *f, struct dw_door *doors, size_t n, struct dw_arena *a);

#endif
