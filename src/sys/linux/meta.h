/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a file has besides its content: owner, mode, extended attributes, time, flags. Shared by entry.c and write.c. */
#ifndef DW_LINUX_META_H
#define DW_LINUX_META_H

#include "dw_write.h"

/* Fills in everything but type, target and content. fd: open for reading. */
int dw_meta_read(struct dw_sys *s, int fd, struct dw_arena *a, struct dw_entry *ret);
/* FS_IMMUTABLE_FL, FS_APPEND_FL; 0 too on a file system that has no flags (it answers ENOTTY and the like). */
uint32_t dw_meta_flags(int fd);
/* Nothing would have to be changed but content. */
bool dw_meta_same(const struct dw_entry *have, const struct dw_entry *want);
/* Makes the file have what want says, and waits until the disk has it (content too). */
int dw_meta_write(struct dw_sys *s, int fd, const struct dw_entry *want);

/*
 * entry.c: what stands under the name in the directory, without the content of a file. *ret_fd: a descriptor to read
 * the file or directory with, -1 for others.
 */
int dw_entry_look(struct dw_sys *s, int dir, const char *name, struct dw_arena *a,
		  struct dw_entry *ret, int *ret_fd);

#endif
