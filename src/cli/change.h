/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the commands that change the host share; private to src/cli. */
#ifndef DW_CLI_CHANGE_H
#define DW_CLI_CHANGE_H

#include "dw_cli.h"

/* A context with the options of the command; NULL: one of them is wrong, which was told. */
struct doorward *dw_change_context(const struct dw_arguments *args);
/* The number in the first operand, 0 when there is none. False: it is no number, which was told. */
bool dw_change_run(const struct dw_arguments *args, long long *ret);
/* "10m" as seconds; `otherwise` when the option was not given. False: it is none, which was told. */
bool dw_change_duration(const struct dw_arguments *args, enum dw_option_id id,
			unsigned long long otherwise, unsigned long long *ret);
/* False: it needs root, which was told. */
bool dw_change_root(const struct dw_arguments *args, const char *command);

/* SIGINT and SIGTERM ask it to stop, a lost terminal is ignored. */
void dw_change_begin(struct doorward_close_options *o, const struct dw_arguments *args);
void dw_change_end(void);

/* To standard output: each step that an undo of the run left, and what to type. Nothing when there is none. */
void dw_change_tell_left(struct doorward *d, long long run);

/* The exit status for a negative code of the library; tells the message. */
enum dw_exit dw_change_failed(const struct doorward *d, int r);

#endif
