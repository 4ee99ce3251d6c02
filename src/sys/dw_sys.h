/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The operating system, seen through one handle. A handle is one of three:
 *
 *   live     dw_sys_open(NULL): this host. Files, processes, sockets, bus.
 *   offline  dw_sys_open("/mnt/image"): a file system that is not running. Files only; everything else
 *            answers -ENOTSUP, and callers treat that as "nothing runs".
 *   fake     dw_sys_open_fake("dir"): a recorded host for tests. dir/root is its file system, dir/proc its
 *            /proc, dir/netlink, dir/bpf and dir/bus the recorded answers, dir/clock its time.
 *
 * Paths are absolute within the root; they are resolved with openat2(2) RESOLVE_IN_ROOT, so no link leads
 * out of it. Functions return 0 (or what they say) or a negative errno value with a message in *e.
 *
 * Every fallible call counts; dw_sys_fail_at() makes the n-th one fail, which is how the tests see that each
 * failure is survived.
 */
#ifndef DW_SYS_H
#define DW_SYS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "dw_arena.h"
#include "dw_error.h"
#include "dw_parse.h"
#include "dw_vec.h"

struct dw_sys;

int dw_sys_open(const char *root, struct dw_sys **ret, struct dw_error *e);
int dw_sys_open_fake(const char *fixture, struct dw_sys **ret, struct dw_error *e);
void dw_sys_free(struct dw_sys *s); /* NULL allowed */
/* What was to be closed with the handle, because that takes long (packet sockets, XDP links), is closed now. */
void dw_sys_close_all_late(struct dw_sys *s);
static inline void dw_cleanup_sys(struct dw_sys **s)
{
	dw_sys_free(*s);
}
#define _cleanup_sys_ _cleanup_(dw_cleanup_sys)

/* Processes and sockets can be asked for (live and fake). */
bool dw_sys_is_running(const struct dw_sys *s);
bool dw_sys_is_fake(const struct dw_sys *s);
/* Directory of the fixture of a fake handle, else NULL. */
const char *dw_sys_fixture(const struct dw_sys *s);

/* Fault injection: the n-th fallible call from now on (from 1) fails with -code. n = 0: off. */
void dw_sys_fail_at(struct dw_sys *s, unsigned n, int code);
/* Fallible calls made so far. */
unsigned dw_sys_calls(const struct dw_sys *s);
/* For the files of this room: counts one call, and says 0 or the code it must fail with. */
int dw_sys_fault(struct dw_sys *s);

/* --- files ------------------------------------------------------------------------------------- */

#define DW_FILE_MAX ((size_t)16 * 1024 * 1024) /* default cap of a configuration file */

/* Opens with flags | O_CLOEXEC | O_NOCTTY. Returns the descriptor. */
int dw_sys_file_open(struct dw_sys *s, const char *path, int flags, struct dw_error *e);
/* The whole regular file, at most max bytes (-EFBIG beyond). Also for files that say they are empty (/proc). */
int dw_sys_file_read(struct dw_sys *s, const char *path, size_t max, struct dw_arena *a,
		     struct dw_bytes *ret, struct dw_error *e);
/* A descriptor to its end, at most max bytes (-EFBIG beyond), terminated. Counts no call. */
int dw_fd_read_all(int fd, size_t max, struct dw_arena *a, struct dw_bytes *ret);
int dw_sys_file_stat(struct dw_sys *s, const char *path, bool follow, struct stat *ret,
		     struct dw_error *e);
/* Where the symbolic link points, unresolved. */
int dw_sys_file_readlink(struct dw_sys *s, const char *path, struct dw_arena *a, char **ret,
			 struct dw_error *e);
/* The path with every link resolved within the root (usrmerge: /bin/sh -> /usr/bin/dash). */
int dw_sys_file_real(struct dw_sys *s, const char *path, struct dw_arena *a, char **ret,
		     struct dw_error *e);
/* Names in the directory, sorted as by strcmp, without . and .. */
int dw_sys_dir_list(struct dw_sys *s, const char *path, struct dw_arena *a, struct dw_strings *ret,
		    struct dw_error *e);
/*
 * A new file with that mode and content: whole or not at all. -EEXIST: there is one by that name (or a link), and
 * it was left alone.
 */
int dw_sys_file_create(struct dw_sys *s, const char *path, mode_t mode, const char *data, size_t n,
		       struct dw_error *e);
/* Makes the directory, of which the parent is there. 0 too when it is there already, whatever its mode. */
int dw_sys_dir_make(struct dw_sys *s, const char *path, mode_t mode, struct dw_error *e);
static inline bool dw_sys_file_exists(struct dw_sys *s, const char *path)
{
	struct stat st;

	return dw_sys_file_stat(s, path, true, &st, NULL) == 0;
}

/* --- clock, host, users ------------------------------------------------------------------------- */

uint64_t dw_sys_now(struct dw_sys *s);       /* seconds since the epoch */
uint64_t dw_sys_boot_time(struct dw_sys *s); /* seconds since the epoch, 0 unknown */
/* Tasks (processes and threads, the kernel's too) on this machine, cheaply: sysinfo(2). 0 for fake and offline. */
unsigned dw_sys_tasks(struct dw_sys *s);
/* uname -n, or the root's /etc/hostname. */
const char *dw_sys_hostname(struct dw_sys *s, struct dw_arena *a);
uint32_t dw_sys_euid(struct dw_sys *s); /* 0 for fake and offline */
/* Name of the user in the root's /etc/passwd (live: getpwuid(3) when it is not there); NULL when none. */
const char *dw_sys_user_name(struct dw_sys *s, uint32_t uid);
/* Number of the user in the root's /etc/passwd; false when none. */
bool dw_sys_user_id(struct dw_sys *s, const char *name, uint32_t *ret);
/* The lines of the root's /etc/passwd that are no accounts: who asks for a user gets none of them. 100 at most. */
void dw_sys_users_bad(struct dw_sys *s, void (*bad)(void *arg, unsigned line, const char *why),
		      void *arg);
/* Port of a service in the root's /etc/services; false when none. */
bool dw_sys_service_port(struct dw_sys *s, const char *name, const char *protocol, uint16_t *ret);

#endif
