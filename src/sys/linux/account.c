/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lock of an account file is two: a POSIX lock of /etc/.pwd.lock, which dies with its holder, and a file FILE.lock
 * with the holder's pid, made by link(2). Shadow's tools hold the second for as long as vipw(8) edits, without the
 * first, so both are needed. A FILE.lock whose holder is gone is taken away, as they do.
 */
#include "dw_account.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "dw_wait.h"
#include "sys_private.h"

#define PATIENCE_MS 15000
#define EVERY_MS    100

static int take_global(struct dw_sys *s, int etc)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = openat(etc, ".pwd.lock", O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -errno;
	for (unsigned ms = 0; fcntl(fd, F_SETLK, &whole) < 0; ms += EVERY_MS) {
		int r = errno == EACCES || errno == EAGAIN ? -EBUSY : -errno;

		if (r != -EBUSY || ms >= PATIENCE_MS) {
			(void)close(fd);
			return r;
		}
		dw_sys_pause(s, EVERY_MS);
	}
	return fd;
}

/* Who wrote the lock is gone: the number is none's. A lock that cannot be read is somebody's. */
static bool is_stale(int etc, const char *name)
{
	_cleanup_fd_ int fd = openat(etc, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char text[16] = "";
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	uint64_t pid;

	if (n <= 0 || !dw_parse_u64n(text, strspn(text, "0123456789"), 10, INT32_MAX, &pid) ||
	    pid == 0)
		return false;
	return kill((pid_t)pid, 0) < 0 && errno == ESRCH;
}

static int make_own(int etc, const char *own)
{
	char text[16];
	int fd = openat(etc, own, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	int n = snprintf(text, sizeof(text), "%d", (int)getpid()), r = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, (size_t)n + 1) != n + 1) /* with its NUL, as shadow's tools write it */
		r = -EIO;
	(void)close(fd);
	return r;
}

static int take_file(struct dw_sys *s, int etc, const char *file, const char *name)
{
	char own[32];
	int r;

	(void)snprintf(own, sizeof(own), "%s.%d", file, (int)getpid());
	r = make_own(etc, own);
	for (unsigned ms = 0; r == 0 && linkat(etc, own, etc, name, 0) < 0; ms += EVERY_MS) {
		if (errno != EEXIST)
			r = -errno;
		else if (is_stale(etc, name))
			(void)unlinkat(etc, name, 0);
		else if (ms >= PATIENCE_MS)
			r = -EBUSY;
		else
			dw_sys_pause(s, EVERY_MS);
	}
	(void)unlinkat(etc, own, 0);
	return r;
}

int dw_sys_account_lock(struct dw_sys *s, const char *file, struct dw_account_lock *ret,
			struct dw_error *e)
{
	struct dw_account_lock l = { .fd = -1, .etc = -1 };
	int r = dw_sys_file_open(s, "/etc", O_RDONLY | O_DIRECTORY, e);

	*ret = l;
	if (r < 0)
		return r;
	l.etc = r;
	r = dw_sys_fault(s);
	if (r == 0)
		r = l.fd = take_global(s, l.etc);
	if (r >= 0) {
		(void)snprintf(l.name, sizeof(l.name), "%.20s.lock", file);
		r = take_file(s, l.etc, file, l.name);
	}
	if (r < 0) {
		l.name[0] = '\0';
		dw_sys_account_unlock(&l);
		return r == -EBUSY
			       ? dw_error_set(e, r, "/etc/%s: somebody else is changing accounts",
					      file)
			       : dw_error_errno(e, r, "the lock of /etc/%s", file);
	}
	*ret = l;
	return 0;
}

void dw_sys_account_unlock(struct dw_account_lock *l)
{
	if (l->name[0])
		(void)unlinkat(l->etc, l->name, 0);
	if (l->fd >= 0)
		(void)close(l->fd);
	if (l->etc >= 0)
		(void)close(l->etc);
	*l = (struct dw_account_lock){ .fd = -1, .etc = -1 };
}

/* Rights that are too many go first, and set-UID bits come last: chown(2) takes them away. */
static int set_rights(int fd, mode_t mode, uint32_t uid, uint32_t gid)
{
	struct stat st;

	if (fstat(fd, &st) < 0 ||
	    ((st.st_mode & 07777) & ~mode && fchmod(fd, st.st_mode & 07777 & mode) < 0))
		return -errno;
	if ((st.st_uid != uid || st.st_gid != gid) && fchown(fd, uid, gid) < 0)
		return -errno;
	if (fchmod(fd, mode) < 0 || fsync(fd) < 0)
		return -errno;
	return 0;
}

int dw_sys_rights_set(struct dw_sys *s, const char *path, mode_t mode, uint32_t uid, uint32_t gid,
		      struct dw_error *e)
{
	struct stat st;
	_cleanup_fd_ int fd = -1;
	int r = dw_sys_file_stat(s, path, false, &st, e);

	if (r < 0)
		return r;
	/* what is no file or directory may wait for somebody at its other end */
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return dw_error_set(e, -EINVAL, "%s is no file or directory", path);
	fd = dw_sys_file_open(s, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, e);
	if (fd < 0)
		return fd;
	r = dw_sys_fault(s);
	if (r == 0)
		r = set_rights(fd, mode, uid, gid);
	return r < 0 ? dw_error_errno(e, r, "%s", path) : 0;
}
