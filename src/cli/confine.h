/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stands behind "doorward confine"; private to src/cli. */
#ifndef DW_CLI_CONFINE_H
#define DW_CLI_CONFINE_H

#include "dw_cli.h"

enum dw_confine_word { DW_CONFINE_SUGGEST = 1, DW_CONFINE_TRY, DW_CONFINE_APPLY };

/* args->operands[0] is the word itself, [1] the service. */
enum dw_exit dw_confine_more(const struct dw_arguments *args, enum dw_confine_word word);

#endif
