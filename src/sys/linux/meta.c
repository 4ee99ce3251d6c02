/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "meta.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>

#include "dw_str.h"

/* --- reading ------------------------------------------------------------------------------------ */

/*
 * What the kernel computes of a file itself, and would not let us put back: the hashes of IMA and EVM. Signatures
 * under the same names come from outside and are kept (enum evm_ima_xattr_type of security/integrity/integrity.h:
 * 3 is a signature, 5 a portable one).
 */
static bool is_computed(const char *name, const char *value, size_t n)
{
	if (dw_streq(name, "security.ima"))
		return n == 0 || value[0] != 3;
	return dw_streq(name, "security.evm") && (n == 0 || value[0] != 5);
}

/* The value lies in buffer (XATTR_SIZE_MAX). 0 is a length; -ENODATA: there is none of that name. */
static ssize_t get_value(struct dw_sys *s, int fd, const char *name, char *buffer)
{
	int r = dw_sys_fault(s);
	ssize_t n;

	if (r < 0)
		return r;
	n = fgetxattr(fd, name, buffer, XATTR_SIZE_MAX);
	return n < 0 ? -errno : n;
}

static ssize_t get_names(struct dw_sys *s, int fd, char *buffer)
{
	int r = dw_sys_fault(s);
	ssize_t n;

	if (r < 0)
		return r;
	n = flistxattr(fd, buffer, XATTR_LIST_MAX);
	if (n < 0)
		return errno == ENOTSUP ? 0 : -errno;
	return n;
}

static int by_name(const void *x, const void *y)
{
	return strcmp(((const struct dw_xattr *)x)->name, ((const struct dw_xattr *)y)->name);
}

static char *buffer_new(size_t n)
{
	char *buffer = malloc(n);

	if (!buffer)
		dw_oom();
	return buffer;
}

static int read_xattrs(struct dw_sys *s, int fd, struct dw_arena *a, struct dw_entry *ret)
{
	_cleanup_free_ char *names = buffer_new(XATTR_LIST_MAX);
	_cleanup_free_ char *value = buffer_new(XATTR_SIZE_MAX);
	DW_VEC(struct dw_xattr) v = { 0 };
	ssize_t n = get_names(s, fd, names);

	if (n < 0)
		return (int)n;
	for (const char *name = names; name < names + n; name += strlen(name) + 1) {
		ssize_t m = get_value(s, fd, name, value);
		char *copy;

		if (m == -ENODATA)
			continue;
		if (m < 0)
			return (int)m;
		if (is_computed(name, value, (size_t)m))
			continue;
		copy = dw_arena_alloc(a, (size_t)m + 1);
		memcpy(copy, value, (size_t)m);
		*dw_vec_add(a, &v) = (struct dw_xattr){
			.name = dw_arena_strdup(a, name),
			.value = { .data = copy, .n = (size_t)m },
		};
	}
	if (v.n > 1)
		qsort(v.v, v.n, sizeof(*v.v), by_name);
	ret->xattrs = v.v;
	ret->n_xattrs = v.n;
	return 0;
}

uint32_t dw_meta_flags(int fd)
{
	int flags = 0;

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
		return 0;
	return (uint32_t)flags & (FS_IMMUTABLE_FL | FS_APPEND_FL);
}

int dw_meta_read(struct dw_sys *s, int fd, struct dw_arena *a, struct dw_entry *ret)
{
	struct stat st = { 0 };
	int r = dw_sys_fault(s);

	if (r == 0 && fstat(fd, &st) < 0)
		r = -errno;
	if (r < 0)
		return r;
	ret->mode = st.st_mode & 07777;
	ret->uid = st.st_uid;
	ret->gid = st.st_gid;
	ret->mtime_s = st.st_mtim.tv_sec;
	ret->mtime_ns = (uint32_t)st.st_mtim.tv_nsec;
	ret->flags = dw_meta_flags(fd);
	return read_xattrs(s, fd, a, ret);
}

/* --- comparing ---------------------------------------------------------------------------------- */

static const struct dw_xattr *find(const struct dw_entry *x, const char *name)
{
	for (size_t i = 0; i < x->n_xattrs; i++)
		if (dw_streq(x->xattrs[i].name, name))
			return &x->xattrs[i];
	return NULL;
}

/* Labels of security modules: a file has the one that the policy gave it, and nobody takes it away. */
static bool stays(const char *name)
{
	return dw_starts_with(name, "security.") && !dw_streq(name, "security.capability");
}

static bool xattrs_same(const struct dw_entry *have, const struct dw_entry *want)
{
	for (size_t i = 0; i < have->n_xattrs; i++)
		if (!find(want, have->xattrs[i].name) && !stays(have->xattrs[i].name))
			return false;
	for (size_t i = 0; i < want->n_xattrs; i++) {
		const struct dw_xattr *x = find(have, want->xattrs[i].name);

		if (!x || !dw_bytes_equal(&x->value, &want->xattrs[i].value))
			return false;
	}
	return true;
}

static bool wants_time(const struct dw_entry *want)
{
	return want->mtime_s != 0 || want->mtime_ns != 0;
}

bool dw_meta_same(const struct dw_entry *have, const struct dw_entry *want)
{
	return have->mode == want->mode && have->uid == want->uid && have->gid == want->gid &&
	       (!wants_time(want) ||
		(have->mtime_s == want->mtime_s && have->mtime_ns == want->mtime_ns)) &&
	       xattrs_same(have, want);
}

/* --- writing ------------------------------------------------------------------------------------ */

static int set_mode(struct dw_sys *s, int fd, mode_t mode)
{
	int r = dw_sys_fault(s);

	return r == 0 && fchmod(fd, mode) < 0 ? -errno : r;
}

static int set_owner(struct dw_sys *s, int fd, const struct dw_entry *want, const struct stat *st)
{
	uid_t uid = st->st_uid == want->uid ? (uid_t)-1 : want->uid;
	gid_t gid = st->st_gid == want->gid ? (gid_t)-1 : want->gid;
	int r;

	if (uid == (uid_t)-1 && gid == (gid_t)-1)
		return 0;
	r = dw_sys_fault(s);
	return r == 0 && fchown(fd, uid, gid) < 0 ? -errno : r;
}

/* Also what was inherited from the directory's default ACL. */
static int drop_xattrs(struct dw_sys *s, int fd, const struct dw_entry *want)
{
	_cleanup_free_ char *names = buffer_new(XATTR_LIST_MAX);
	ssize_t n = get_names(s, fd, names);

	if (n < 0)
		return (int)n;
	for (const char *name = names; name < names + n; name += strlen(name) + 1) {
		int r;

		if (stays(name) || find(want, name))
			continue;
		r = dw_sys_fault(s);
		if (r == 0 && fremovexattr(fd, name) < 0 && errno != ENODATA)
			r = -errno;
		if (r < 0)
			return r;
	}
	return 0;
}

/* What is right already is not touched: who may not set a label may still keep it. */
static int set_xattrs(struct dw_sys *s, int fd, const struct dw_entry *want)
{
	_cleanup_free_ char *value = buffer_new(XATTR_SIZE_MAX);

	for (size_t i = 0; i < want->n_xattrs; i++) {
		const struct dw_xattr *x = &want->xattrs[i];
		ssize_t n = get_value(s, fd, x->name, value);
		int r;

		if (n >= 0 && (size_t)n == x->value.n &&
		    (n == 0 || memcmp(value, x->value.data, x->value.n) == 0))
			continue;
		if (n < 0 && n != -ENODATA)
			return (int)n;
		r = dw_sys_fault(s);
		if (r == 0 && fsetxattr(fd, x->name, x->value.data, x->value.n, 0) < 0)
			r = -errno;
		if (r < 0)
			return r;
	}
	return 0;
}

static int set_time(struct dw_sys *s, int fd, const struct dw_entry *want)
{
	const struct timespec times[2] = {
		{ .tv_nsec = UTIME_OMIT },
		{ .tv_sec = want->mtime_s, .tv_nsec = (long)want->mtime_ns },
	};
	int r;

	if (!wants_time(want))
		return 0;
	r = dw_sys_fault(s);
	return r == 0 && futimens(fd, times) < 0 ? -errno : r;
}

/*
 * The order matters: at no moment may somebody do more than before or after. chown(2) takes set-UID bits and
 * capabilities away; with an ACL, chmod(2) sets the ACL's mask, and taking the ACL away makes the mask the group's
 * permissions; setting an ACL sets the mode.
 */
int dw_meta_write(struct dw_sys *s, int fd, const struct dw_entry *want)
{
	struct stat st;
	int r = fstat(fd, &st) < 0 ? -errno : 0;

	if (r == 0 && (st.st_mode & 07777 & ~want->mode) != 0)
		r = set_mode(s, fd, st.st_mode & 07777 & want->mode);
	if (r == 0)
		r = set_owner(s, fd, want, &st);
	if (r == 0)
		r = drop_xattrs(s, fd, want);
	if (r == 0 && fstat(fd, &st) < 0)
		r = -errno;
	if (r == 0 && (st.st_mode & 07777) != want->mode)
		r = set_mode(s, fd, want->mode);
	if (r == 0)
		r = set_xattrs(s, fd, want);
	if (r == 0)
		r = set_time(s, fd, want);
	if (r == 0)
		r = dw_sys_fault(s);
	return r == 0 && fsync(fd) < 0 ? -errno : r;
}
