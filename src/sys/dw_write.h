/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changing files below the root: whole or not at all, on the disk when the call returns, no link followed on the way
 * to the last name's directory out of the root, and never through the last name itself. Every fallible call counts
 * (dw_sys_fail_at).
 */
#ifndef DW_WRITE_H
#define DW_WRITE_H

#include "dw_sys.h"

enum dw_entry_type {
	DW_ENTRY_ABSENT = 0,
	DW_ENTRY_FILE,
	DW_ENTRY_LINK,
	DW_ENTRY_DIRECTORY,
	DW_ENTRY_OTHER
};

struct dw_xattr {
	const char *name;
	struct dw_bytes value;
};

/* What stands under one name. */
struct dw_entry {
	enum dw_entry_type type;
	const char *target;      /* of a link */
	struct dw_bytes content; /* of a file */
	mode_t mode;             /* permission bits, set-UID and the like too */
	uint32_t uid, gid;
	int64_t mtime_s;
	uint32_t mtime_ns;
	struct dw_xattr
		*xattrs; /* sorted by name; POSIX ACLs, labels and capabilities are among them */
	size_t n_xattrs;
	uint32_t
		flags; /* FS_IMMUTABLE_FL, FS_APPEND_FL of ioctl_iflags(2); 0 where the file system has none */
};

/* Not there is no failure: ABSENT. -EFBIG: more content than max. */
int dw_sys_entry_read(struct dw_sys *s, const char *path, size_t max, struct dw_arena *a,
		      struct dw_entry *ret, struct dw_error *e);
/*
 * Makes the name what `want` says: a file is written beside it, fsynced, given owner, mode, xattrs, mtime, and
 * renamed over it; the directory is fsynced. When only mode, owner or times of a file differ, the file itself is
 * changed (its inode and hard links stay). ABSENT removes a file or link (or an empty directory). A missing parent
 * directory is an error (-ENOENT), but for ABSENT. The immutable flag is never lifted: -EPERM, and the message says
 * `chattr -i`. What is so already is left alone. -EINVAL, -EISDIR, -ENOTDIR: something is there that could not be put
 * back (a device, pipe, socket), or a directory and a file stand for each other.
 *
 * want->mtime_s and mtime_ns both 0: the time is not set. want->flags does not count. Of a link only the target and,
 * where we may set it, the owner count. Labels of security modules (security.*, but for capabilities) that want does
 * not name stay as the policy gave them; what the kernel computes itself (hashes of IMA and EVM) is neither read nor
 * written. A file that is replaced is a new inode: its other hard links, and who has it open, keep the old content.
 * A failure leaves what was there, whole, and no temporary file; only when the directory could not be fsynced at the
 * very end is the name changed already (the message says so).
 */
int dw_sys_entry_write(struct dw_sys *s, const char *path, const struct dw_entry *want,
		       struct dw_error *e);
/*
 * Removes what a write of that name, or of another one beside it, left in the directory when it was killed: a temporary
 * file (".doorward.HEX.tmp"). Where that cannot be done, whoever writes there next does it.
 */
void dw_sys_entry_tidy(struct dw_sys *s, const char *path);

#endif
