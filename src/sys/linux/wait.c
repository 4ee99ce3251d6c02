/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_wait.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>

#include "sys_private.h"

#define PAUSE_FIRST_MS 2U
#define PAUSE_MAX_MS   100U

static int write_all(struct dw_sys *s, int fd, const char *data, size_t n)
{
	struct stat st;
	int r = dw_sys_fault(s);
	ssize_t done;

	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISFIFO(st.st_mode))
		return -EINVAL;
	if (n == 0)
		return 0;
	/* up to PIPE_BUF bytes are taken whole or not at all: pipe(7) */
	do {
		done = write(fd, data, n);
	} while (done < 0 && errno == EINTR);
	if (done < 0)
		return -errno;
	return (size_t)done == n ? 0 : -EIO;
}

int dw_sys_fifo_write(struct dw_sys *s, const char *path, const char *data, size_t n,
		      struct dw_error *e)
{
	/* O_NONBLOCK: without a reader it fails at once, with ENXIO */
	_cleanup_fd_ int fd = dw_sys_file_open(s, path, O_WRONLY | O_NONBLOCK, e);
	int r;

	if (fd < 0)
		return fd;
	r = write_all(s, fd, data, n);
	return r < 0 ? dw_error_errno(e, r, "%s", path) : 0;
}

static void pause_ms(uint64_t ms)
{
	struct timespec ts = { .tv_sec = (time_t)(ms / 1000),
			       .tv_nsec = (long)(ms % 1000) * 1000000 };

	(void)nanosleep(&ts, NULL); /* a signal shortens it, no more */
}

int dw_sys_wait(struct dw_sys *s, int (*there)(void *arg, struct dw_error *e), void *arg,
		unsigned timeout_ms, struct dw_error *e)
{
	uint64_t end = dw_monotonic_ms() + timeout_ms;
	unsigned pause = PAUSE_FIRST_MS;

	for (;;) {
		int r = there(arg, e);
		uint64_t now = dw_monotonic_ms();

		if (r != 0 || now >= end || s->kind != DW_SYS_LIVE)
			return r;
		pause_ms(DW_MIN((uint64_t)pause, end - now));
		pause = DW_MIN(pause * 2, PAUSE_MAX_MS);
	}
}

void dw_sys_pause(struct dw_sys *s, unsigned ms)
{
	if (s->kind == DW_SYS_LIVE)
		pause_ms(ms);
}

uint64_t dw_sys_clock_us(struct dw_sys *s)
{
	struct timespec ts = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}
