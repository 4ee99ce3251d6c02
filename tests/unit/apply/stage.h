/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A journal in a directory of its own, and an executor over the world. */
#ifndef DW_TEST_STAGE_H
#define DW_TEST_STAGE_H

#include "dw_apply.h"
#include "world.h"

struct stage {
	struct dw_arena *arena;
	struct dw_sys *sys;
	struct dw_switch sw;
	struct dw_store *store;
	struct dw_apply apply;
	struct dw_error e;
};

extern char stage_directory[64];

void stage_directory_new(void);
void stage_directory_remove(const char *directory);
/* Copies the journal, all its files. */
void stage_copy(const char *from, const char *to);
/* Opens the journal of the directory (made when it is not there), locked. */
void stage_open(struct stage *s, const char *directory);
void stage_close(struct stage *s);
enum dw_run_state stage_state(struct stage *s, int64_t run);

#endif
