/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stands behind "doorward fence": each word in a file of its own, cmd-fence-WORD.c. Private to src/cli. */
#ifndef DW_CLI_FENCE_H
#define DW_CLI_FENCE_H

#include "dw_cli.h"

/* args->operands[0] is the word itself. */
enum dw_exit dw_fence_preview(const struct dw_arguments *args);
enum dw_exit dw_fence_show(const struct dw_arguments *args);
enum dw_exit dw_fence_rehearse_command(const struct dw_arguments *args);
enum dw_exit dw_fence_apply(const struct dw_arguments *args);
enum dw_exit dw_fence_confirm(const struct dw_arguments *args);
enum dw_exit dw_fence_revert(const struct dw_arguments *args);
enum dw_exit dw_fence_off(const struct dw_arguments *args);

struct dw_fence_acting {
	const struct dw_arguments *args;
	struct doorward *d;
	struct doorward_audit *audit;
	struct doorward_rehearsal *rehearsal; /* of the policy's rules */
};
/* Looks, makes the rules, rehearses them, and calls act(). changes: an interrupted run is put back first. */
enum dw_exit dw_fence_with_rehearsal(const struct dw_arguments *args, bool changes,
				     enum dw_exit (*act)(const struct dw_fence_acting *f));

#endif
