/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files that are made beside the name they will have; shared by create.c and write.c. One that a killed process left
 * (".doorward.HEX.tmp") is removed by whoever writes into that directory next.
 */
#ifndef DW_LINUX_TEMP_H
#define DW_LINUX_TEMP_H

#include "sys_private.h"

struct dw_temp {
	struct dw_sys *sys;
	int dir; /* borrowed */
	char name[40];
};

/* Opens the directory that the path lies in; *ret_name is the name in it. */
int dw_temp_open_dir(struct dw_sys *s, const char *path, const char **ret_name, struct dw_error *e);
/* Cleans the directory (a descriptor that can be read) and chooses a name; nothing is made yet. */
int dw_temp_begin(struct dw_sys *s, int dir, struct dw_temp *ret);
/* A new file under that name with that content, mode 0600. Returns the descriptor. */
int dw_temp_file(const struct dw_temp *t, const char *data, size_t n);
/* Never over something else: -EEXIST. */
int dw_temp_name(const struct dw_temp *t, const char *name);
/* Instead of what has the name. */
int dw_temp_replace(const struct dw_temp *t, const char *name);
/* Removes what is still there under the temporary name. */
void dw_temp_drop(const struct dw_temp *t);
/* fsync(2) of a directory, or 0 where its file system cannot do that. */
int dw_temp_sync_dir(struct dw_sys *s, int dir);

#endif
