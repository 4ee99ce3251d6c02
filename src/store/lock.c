/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One process at a time changes the host: flock(2), which the kernel gives back however the process ends. What stands
 * in the file is only for the message to the one who comes second.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "dw_str.h"
#include "sqlite.h"

#define LOCK_NAME "lock"
#define LOCK_MAX  4096

/* Clock ticks after boot: field 22 of proc_pid_stat(5), behind the name, which may hold blanks and brackets. */
static uint64_t own_start(void)
{
	char text[1024];
	_cleanup_fd_ int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	char *p;
	uint64_t ticks = 0;

	if (n <= 0)
		return 0;
	text[n] = '\0';
	p = strrchr(text, ')');
	for (int field = 2; p && field < 22; field++) {
		p = strchr(p, ' ');
		p = p ? p + 1 : NULL;
	}
	if (p && dw_parse_u64n(p, strcspn(p, " "), 10, UINT64_MAX, &ticks))
		return ticks;
	return 0;
}

/* pid, its start in ticks, since when, the command: a line each. */
static int write_holder(int fd, const char *command)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *text = dw_arena_printf(a, "%ld\n%llu\n%lld\n%.1000s\n", (long)getpid(),
					   (unsigned long long)own_start(), (long long)time(NULL),
					   command ? command : "doorward");
	size_t n = strlen(text);
	ssize_t done;

	if (ftruncate(fd, 0) < 0)
		return -errno;
	done = pwrite(fd, text, n, 0);
	return done < 0 ? -errno : 0;
}

static int busy(struct dw_store *s, int fd, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes b = { .data = dw_arena_alloc(a, LOCK_MAX + 1) };
	ssize_t n = pread(fd, b.data, LOCK_MAX, 0);
	const char *word[4] = { 0 };
	struct dw_lines it;
	uint64_t since = 0;
	struct tm tm;
	time_t at;
	char when[64];

	b.n = n > 0 ? (size_t)n : 0;
	it = dw_lines_of(&b);
	for (size_t i = 0; i < DW_ARRAY_SIZE(word); i++)
		word[i] = dw_lines_next_trimmed(&it, a);
	if (!word[3] || !dw_parse_u64(word[2], 10, INT64_MAX, &since))
		return dw_error_set(e, -EBUSY,
				    "another process changes this host (%s/" LOCK_NAME
				    "): wait for its end",
				    s->directory);
	at = (time_t)since;
	if (!gmtime_r(&at, &tm) || !strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm))
		when[0] = '\0';
	return dw_error_set(e, -EBUSY,
			    "process %s (%s) changes this host since %s: wait for its end", word[0],
			    word[3], when);
}

int dw_store_lock(struct dw_store *s, const char *command, struct dw_error *e)
{
	_cleanup_fd_ int fd = -1;
	int r = dw_store_fault(s);

	if (s->lock_fd >= 0)
		return 0;
	if (r == 0) {
		fd = openat(s->dir_fd, LOCK_NAME, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		r = fd < 0 ? -errno : 0;
	}
	if (r < 0)
		return dw_error_errno(e, r, "%s/" LOCK_NAME, s->directory);
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK)
			return busy(s, fd, e);
		if (errno != EINTR)
			return dw_error_errno(e, -errno, "%s/" LOCK_NAME, s->directory);
	}
	/* A full disk takes nothing but the name from the message: the lock holds. */
	(void)write_holder(fd, command);
	s->lock_fd = dw_steal_fd(&fd);
	return 0;
}
