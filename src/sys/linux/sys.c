/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Handles: opening, fault injection, clock and host name of the running system. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <time.h>

#include "dw_str.h"
#include "sys_private.h"

static struct dw_sys *sys_new(enum dw_sys_kind kind, const struct dw_sys_ops *ops)
{
	struct dw_arena *a = dw_arena_new();
	struct dw_sys *s = dw_new(a, struct dw_sys);

	s->arena = a;
	s->kind = kind;
	s->ops = ops;
	s->root_fd = s->proc_fd = s->bpf_fd = -1;
	return s;
}

void dw_sys_free(struct dw_sys *s)
{
	if (!s)
		return;
	if (s->root_fd >= 0)
		(void)close(s->root_fd);
	if (s->proc_fd >= 0)
		(void)close(s->proc_fd);
	dw_sys_close_all_late(s);
	dw_sys_forget_bpf(s);
	dw_arena_free(s->arena);
}

static int open_dir(const char *path, struct dw_error *e)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? dw_error_errno(e, -errno, "%s", path) : fd;
}

int dw_sys_open(const char *root, struct dw_sys **ret, struct dw_error *e)
{
	bool live = !root || dw_streq(root, "/");
	_cleanup_sys_ struct dw_sys *s =
		sys_new(live ? DW_SYS_LIVE : DW_SYS_OFFLINE, live ? &dw_sys_live_ops : NULL);

	s->root_fd = open_dir(live ? "/" : root, e);
	if (s->root_fd < 0)
		return s->root_fd;
	if (live) {
		s->proc_fd = open_dir("/proc", e);
		if (s->proc_fd < 0)
			return s->proc_fd;
	}
	*ret = dw_steal_ptr(s);
	return 0;
}

int dw_sys_open_fake(const char *fixture, struct dw_sys **ret, struct dw_error *e)
{
	_cleanup_sys_ struct dw_sys *s = sys_new(DW_SYS_FAKE, &dw_sys_fake_ops);

	s->fixture = dw_arena_strdup(s->arena, fixture);
	s->root_fd = open_dir(dw_arena_printf(s->arena, "%s/root", fixture), e);
	if (s->root_fd < 0)
		return s->root_fd;
	/* A fixture without a recorded /proc is a host on which nothing runs. */
	s->proc_fd = open_dir(dw_arena_printf(s->arena, "%s/proc", fixture), NULL);
	if (s->proc_fd < 0)
		s->proc_fd = -1;
	*ret = dw_steal_ptr(s);
	return 0;
}

bool dw_sys_is_running(const struct dw_sys *s)
{
	return s->kind != DW_SYS_OFFLINE && s->proc_fd >= 0;
}

bool dw_sys_is_fake(const struct dw_sys *s)
{
	return s->kind == DW_SYS_FAKE;
}

const char *dw_sys_fixture(const struct dw_sys *s)
{
	return s->fixture;
}

void dw_sys_fail_at(struct dw_sys *s, unsigned n, int code)
{
	s->calls = 0;
	s->fail_at = n;
	s->fail_code = code;
}

unsigned dw_sys_calls(const struct dw_sys *s)
{
	return s->calls;
}

int dw_sys_fault(struct dw_sys *s)
{
	return ++s->calls == s->fail_at ? -s->fail_code : 0;
}

uint64_t dw_sys_now(struct dw_sys *s)
{
	struct timespec ts;

	if (s->ops)
		return s->ops->now(s);
	return clock_gettime(CLOCK_REALTIME, &ts) == 0 ? (uint64_t)ts.tv_sec : 0;
}

uint64_t dw_sys_boot_time(struct dw_sys *s)
{
	return s->ops ? s->ops->boot_time(s) : 0;
}

uint32_t dw_sys_euid(struct dw_sys *s)
{
	return s->kind == DW_SYS_LIVE ? geteuid() : 0;
}

unsigned dw_sys_tasks(struct dw_sys *s)
{
	struct sysinfo info;

	return s->kind == DW_SYS_LIVE && sysinfo(&info) == 0 ? info.procs : 0;
}

const char *dw_sys_hostname(struct dw_sys *s, struct dw_arena *a)
{
	struct dw_bytes text = { 0 };
	struct dw_lines lines;
	const char *name;

	if (s->kind == DW_SYS_LIVE) {
		name = s->ops->hostname(s, a);
		if (name)
			return name;
	}
	if (dw_sys_file_read(s, "/etc/hostname", 4096, a, &text, NULL) < 0)
		return "localhost";
	lines = dw_lines_of(&text);
	name = dw_lines_next_trimmed(&lines, a);
	return name && *name ? name : "localhost";
}

static uint64_t live_now(struct dw_sys *s)
{
	struct timespec ts;

	return clock_gettime(CLOCK_REALTIME, &ts) == 0 ? (uint64_t)ts.tv_sec : 0;
}

/* Not /proc/stat's btime: computing that file costs a millisecond on a host with many interrupts. */
static uint64_t live_boot_time(struct dw_sys *s)
{
	struct timespec real, boot;

	if (clock_gettime(CLOCK_REALTIME, &real) < 0 || clock_gettime(CLOCK_BOOTTIME, &boot) < 0)
		return 0;
	if (real.tv_nsec < boot.tv_nsec)
		real.tv_sec--;
	return (uint64_t)(real.tv_sec - boot.tv_sec);
}

static const char *live_hostname(struct dw_sys *s, struct dw_arena *a)
{
	struct utsname u;

	return uname(&u) == 0 && *u.nodename ? dw_arena_strdup(a, u.nodename) : NULL;
}

const struct dw_sys_ops dw_sys_live_ops = {
	.now = live_now,
	.boot_time = live_boot_time,
	.hostname = live_hostname,
	.netlink = dw_live_netlink,
	.netns_run = dw_live_netns_run,
};
