/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The program, pinned below /sys/fs/bpf/doorward. A pin's name carries the digest of the object it was loaded
 * from and which modules the kernel had then (members of their structs are fitted at load), so that a stale
 * pin is never found. The directory must be root's own, or a pin could be anybody's program.
 */
#include "bpf_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#define BPFFS        "/sys/fs/bpf"
#define PINS         BPFFS "/doorward"
#define NAME_MAX_PIN 96

static void pin_name(char *ret)
{
	/* bpffs keeps names with dots to itself: no version number */
	(void)snprintf(ret, NAME_MAX_PIN, "doors-%s-%02x", dw_bpf_digest(), dw_bpf_modules());
}

static int bpf_object(int command, int dir, const char *name, int fd)
{
	union bpf_attr attr;
	char path[NAME_MAX_PIN + 32];
	long r;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dir, name);
	memset(&attr, 0, sizeof(attr));
	attr.pathname = (uint64_t)(uintptr_t)path;
	attr.bpf_fd = command == BPF_OBJ_PIN ? (uint32_t)fd : 0;
	r = syscall(SYS_bpf, command, &attr, sizeof(attr));
	return r < 0 ? -errno : (int)r;
}

static bool is_bpffs(int dir)
{
	struct statfs fs;

	return fstatfs(dir, &fs) == 0 && (unsigned long)fs.f_type == BPF_FS_MAGIC;
}

static int open_pins(struct dw_error *e)
{
	_cleanup_fd_ int dir = open(PINS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (dir < 0)
		return dw_error_errno(e, -errno, PINS);
	if (fstat(dir, &st) < 0)
		return dw_error_errno(e, -errno, PINS);
	if (!is_bpffs(dir) || st.st_uid != 0 || (st.st_mode & 077) != 0)
		return dw_error_set(e, -EPERM, PINS " is not root's alone, so it is not trusted");
	return dw_steal_fd(&dir);
}

int dw_bpf_pinned(struct dw_error *e)
{
	_cleanup_fd_ int dir = open_pins(e);
	char name[NAME_MAX_PIN];
	struct stat st;
	int r;

	if (dir < 0)
		return dir;
	pin_name(name);
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return dw_error_errno(e, -errno, PINS "/%s", name);
	if (!S_ISREG(st.st_mode) || st.st_uid != 0 || (st.st_mode & 022) != 0)
		return dw_error_set(e, -EPERM, PINS "/%s is not root's, so it is not trusted",
				    name);
	r = bpf_object(BPF_OBJ_GET, dir, name, 0);
	return r < 0 ? dw_error_errno(e, r, PINS "/%s", name) : r;
}

bool dw_bpf_live_is_pinned(void)
{
	_cleanup_fd_ int fd = dw_bpf_pinned(NULL);

	return fd >= 0;
}

static int remove_pins(int dir, struct dw_error *e)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *list = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;

	if (!list) {
		r = -errno;
		if (copy >= 0)
			(void)close(copy);
		return dw_error_errno(e, r, PINS);
	}
	while ((entry = readdir(list)))
		if (entry->d_name[0] != '.' && unlinkat(dir, entry->d_name, 0) < 0 &&
		    errno != ENOENT)
			r = dw_error_errno(e, -errno, PINS "/%s", entry->d_name);
	(void)closedir(list);
	return r;
}

static int mount_bpffs(struct dw_error *e)
{
	_cleanup_fd_ int dir = open(BPFFS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return dw_error_errno(e, -errno, BPFFS);
	if (is_bpffs(dir))
		return 0;
	if (mount("bpf", BPFFS, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RELATIME,
		  "mode=0700") < 0)
		return dw_error_errno(e, -errno, "cannot mount " BPFFS);
	return 0;
}

static int pin_program(struct dw_sys *s, int dir, struct dw_error *e)
{
	_cleanup_fd_ int program = -1;
	char name[NAME_MAX_PIN];
	int r = dw_sys_fault(s);

	if (r < 0)
		return dw_error_errno(e, r, PINS);
	program = dw_bpf_load(DW_BPF_READS_ANY, true, e);
	if (program < 0)
		return program;
	pin_name(name);
	r = bpf_object(BPF_OBJ_PIN, dir, name, program);
	return r < 0 ? dw_error_errno(e, r, PINS "/%s", name) : 0;
}

int dw_bpf_live_pin(struct dw_sys *s, struct dw_error *e)
{
	_cleanup_fd_ int dir = -1;
	int r = mount_bpffs(e);

	if (r < 0)
		return r;
	if (mkdir(PINS, 0700) < 0 && errno != EEXIST)
		return dw_error_errno(e, -errno, PINS);
	dir = open_pins(e);
	if (dir < 0)
		return dir;
	r = remove_pins(dir, e);
	if (r == 0)
		r = pin_program(s, dir, e);
	if (r < 0)
		(void)remove_pins(dir, NULL);
	return r;
}

int dw_bpf_live_unpin(struct dw_sys *s, struct dw_error *e)
{
	_cleanup_fd_ int dir = open_pins(e);
	int r;

	if (dir == -ENOENT)
		return 0;
	if (dir < 0)
		return dir;
	r = remove_pins(dir, e);
	if (r == 0 && rmdir(PINS) < 0)
		r = dw_error_errno(e, -errno, PINS);
	return r;
}
