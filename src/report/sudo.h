/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DW_REPORT_SUDO_H
#define DW_REPORT_SUDO_H

#include "dw_arena.h"
#include "dw_model.h"

/* One sentence: what the same audit would tell more when root asks; NULL: root did. In the arena. */
const char *dw_report_sudo(const struct dw_snapshot *s, struct dw_arena *a);

#endif
