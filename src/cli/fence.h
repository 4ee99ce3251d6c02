/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stands behind "doorward fence": each word in a file of its own, cmd-fence-WORD.c. Private to src/cli. */
#ifndef DW_CLI_FENCE_H
#define DW_CLI_FENCE_H

#include "dw_cli.h"

/* args->operands[0] is the word itself. */
enum dw_exit dw_fence_preview(const struct dw_arguments *args);

#endif
