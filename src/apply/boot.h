/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between the files that make steps for the next boot. Private to src/apply. */
#ifndef DW_APPLY_BOOT_H
#define DW_APPLY_BOOT_H

#include "dw_guard.h"

struct dw_booting {
	struct dw_apply *a;
	struct dw_arena *arena;
	const struct dw_boot_job *job;
	const char *notify;
	struct {
		struct dw_step *v;
		size_t n, cap;
	} steps;
	struct dw_error *e;
};

/* The command as a unit's file, or a shell, takes it. */
const char *dw_boot_unit_command(struct dw_arena *a, const char *const *argv);
const char *dw_boot_shell_command(struct dw_arena *a, const char *const *argv);

int dw_boot_read(struct dw_booting *g, const char *object, struct dw_state *ret);
void dw_boot_add(struct dw_booting *g, const char *object, struct dw_state now,
		 struct dw_state want);
/* What a file of root's, or a link, is to be. */
struct dw_state dw_boot_file_state(struct dw_booting *g, unsigned mode, char *text);
struct dw_state dw_boot_link_state(struct dw_booting *g, const char *target);
/* -EEXIST: something stands there. */
int dw_boot_new(struct dw_booting *g, const char *object, struct dw_state want);
int dw_boot_file(struct dw_booting *g, const char *object, unsigned mode, char *text);
int dw_boot_link(struct dw_booting *g, const char *directory, const char *name, const char *target);
int dw_boot_directory(struct dw_booting *g, const char *object);

/* early.c: the file as it shall be, whatever stands there; nothing where it is so already */
int dw_boot_place_file(struct dw_booting *g, const char *object, unsigned mode, char *text);
/* argv as for dw_boot_steps() */
int dw_early_systemd(struct dw_booting *g, const char *const *argv);
int dw_early_rc(struct dw_booting *g, const char *const *argv);
int dw_early_openrc(struct dw_booting *g, const char *const *argv);

#endif
