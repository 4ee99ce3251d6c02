/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A small host in shared memory, with switches of its own: it survives the death of the process that changes it, as a
 * host does. Objects: files with contents, groups of units, a process. "reload" copies what the files say into what
 * the manager believes, so that a notify that is missing or comes too early shows.
 */
#ifndef DW_TEST_WORLD_H
#define DW_TEST_WORLD_H

#include "dw_apply.h"

#define WORLD_FILES 3
#define WORLD_UNITS 4
#define WORLD_TEXT  512

struct world_file {
	char content[WORLD_TEXT];
	size_t n;
	bool there;
	unsigned mode;
};

struct world_state {
	struct world_file files[WORLD_FILES], believed[WORLD_FILES];
	bool units[WORLD_UNITS];
	bool process;
};

struct world {
	struct world_state now;
	unsigned calls;   /* set and notify so far */
	unsigned fail_at; /* that one fails; 0: none */
	unsigned fail_to; /* all from fail_at to this one fail */
	unsigned
		kill_at; /* SIGKILL before (odd) or behind (even) the (kill_at + 1) / 2-th set or notify; 0: not */
	bool missed;   /* unit 2 is called again at once, until it is masked (file 2) */
	bool stubborn; /* set says it is done and does nothing */
	unsigned reloads;
	char log[2048]; /* what was done, a word each */
};

extern struct world *world;

void world_new(void); /* shared; the first state */
const struct dw_switch_ops *world_find(const char *name);
int world_notify(struct dw_switch *s, const char *who, struct dw_error *e);
/* Canonical text and content of the file. */
struct dw_state world_file(struct dw_arena *a, const struct world_file *f);
struct dw_state world_content(struct dw_arena *a, const char *text);
/* The run that closes everything of the world as it is at first. */
struct dw_run world_run(struct dw_arena *a);
/* All as the run wants it. */
void world_closed(struct world_state *ret);
bool world_same(const struct world_state *x, const struct world_state *y);

#endif
