/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libsystemd is opened when it is asked for, as in bus.c: most runs never do. */
#include "dw_daemon.h"
#include "dw_parse.h"
#include "dw_str.h"

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <syslog.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>
#include <time.h>

#include "sys_private.h"

#define FDS_MAX    8
#define FIELDS_MAX 64

static struct {
	void *handle;
	__typeof__(sd_journal_sendv) *sendv;
	__typeof__(sd_notify) *notify;
	__typeof__(sd_watchdog_enabled) *watchdog;
} lib;

static int load(struct dw_error *e)
{
	const struct {
		const char *name;
		void *slot;
	} symbols[] = {
		{ "sd_journal_sendv", &lib.sendv },
		{ "sd_notify", &lib.notify },
		{ "sd_watchdog_enabled", &lib.watchdog },
	};

	if (lib.watchdog)
		return 0;
	if (!lib.handle)
		lib.handle = dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	for (size_t i = 0; i < DW_ARRAY_SIZE(symbols); i++) {
		void *address = lib.handle ? dlsym(lib.handle, symbols[i].name) : NULL;

		if (!address) {
			(void)dw_error_set(e, -ENOENT,
					   "libsystemd.so.0 cannot be used: telling the journal "
					   "needs it (Debian: libsystemd0)");
			return -ENOENT;
		}
		memcpy(symbols[i].slot, &address, sizeof(address));
	}
	return 0;
}

int dw_daemon_wait(struct dw_sys *s, const int *fds, size_t n, uint64_t timeout_us,
		   unsigned *ret_ready, struct dw_error *e)
{
	struct timespec t = { .tv_sec = (time_t)(timeout_us / 1000000),
			      .tv_nsec = (long)(timeout_us % 1000000) * 1000 };
	struct pollfd p[FDS_MAX];
	unsigned ready = 0;
	int r = dw_sys_fault(s);

	if (r < 0 || n > FDS_MAX)
		return dw_error_errno(e, r < 0 ? r : -EINVAL, "waiting for events");
	for (size_t i = 0; i < n; i++)
		p[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
	r = ppoll(p, n, &t, NULL);
	if (r < 0 && errno != EINTR)
		return dw_error_errno(e, -errno, "waiting for events");
	for (size_t i = 0; r > 0 && i < n; i++)
		if (p[i].revents)
			ready |= 1U << i;
	*ret_ready = ready;
	return 0;
}

int dw_daemon_bell(struct dw_sys *s, struct dw_error *e)
{
	int fd, r = dw_sys_fault(s);

	if (r < 0)
		return dw_error_errno(e, r, "what wakes the watch");
	fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return fd < 0 ? dw_error_errno(e, -errno, "what wakes the watch") : fd;
}

void dw_daemon_ring(int bell)
{
	(void)eventfd_write(bell, 1);
}

void dw_daemon_silence(int bell)
{
	eventfd_t n;

	(void)eventfd_read(bell, &n);
}

/* journald that is not there would be silence: sd_journal_sendv() calls that success. */
int dw_daemon_journal(struct dw_sys *s, const struct dw_journal_field *f, size_t n,
		      struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct iovec v[FIELDS_MAX];
	int r = dw_sys_fault(s);

	if (r == 0 && access("/run/systemd/journal/socket", W_OK) < 0)
		r = -errno;
	if (r < 0)
		return dw_error_errno(e, r, "the journal");
	r = load(e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n && i < FIELDS_MAX; i++) {
		v[i].iov_base = dw_arena_printf(a, "%s=%s", f[i].name, f[i].value);
		v[i].iov_len = strlen(v[i].iov_base);
	}
	r = lib.sendv(v, (int)DW_MIN(n, (size_t)FIELDS_MAX));
	return r < 0 ? dw_error_errno(e, r, "the journal") : 0;
}

int dw_daemon_syslog(struct dw_sys *s, int priority, const char *line, struct dw_error *e)
{
	static bool is_open;
	int r = dw_sys_fault(s);

	if (r == 0 && access("/dev/log", W_OK) < 0)
		r = -errno;
	if (r < 0)
		return dw_error_errno(e, r, "syslog: /dev/log");
	if (!is_open)
		openlog("doorward", LOG_PID | LOG_NDELAY, LOG_DAEMON);
	is_open = true;
	syslog(priority, "%s", line);
	return 0;
}

void dw_daemon_step_back(void)
{
	enum { BACK = 10 };
	static const struct sched_param none;

	/* also where the program was started with real-time priority, which threads inherit; 0: this thread */
	(void)sched_setscheduler(0, SCHED_BATCH, &none);

	/* of the thread: nice is one of each on Linux (setpriority(2), BUGS) */
	(void)setpriority(PRIO_PROCESS, (id_t)gettid(), BACK);
}

int dw_daemon_notify(struct dw_sys *s, const char *state, struct dw_error *e)
{
	int r = dw_sys_fault(s);

	if (r < 0)
		return dw_error_errno(e, r, "telling the service manager");
	if (!getenv("NOTIFY_SOCKET"))
		return 0;
	r = load(e);
	if (r < 0)
		return r;
	r = lib.notify(0, state);
	return r < 0 ? dw_error_errno(e, r, "telling the service manager") : 0;
}

uint64_t dw_daemon_watchdog_us(struct dw_sys *s)
{
	uint64_t us = 0;

	if (!getenv("WATCHDOG_USEC") || dw_sys_fault(s) < 0 || load(NULL) < 0)
		return 0;
	return lib.watchdog(0, &us) > 0 ? us : 0;
}

static uint64_t us_of(const struct timeval *t)
{
	return (uint64_t)t->tv_sec * 1000000 + (uint64_t)t->tv_usec;
}

/* "VmRSS:\t   17684 kB", VmHWM: the most that it ever was: proc_pid_status(5) */
static void take_size(char *line, struct dw_daemon_use *ret)
{
	const char *name = dw_word_next(&line), *size = dw_word_next(&line);
	uint64_t kib;

	if (!name || !size || !dw_parse_u64(size, 10, UINT64_MAX / 1024, &kib))
		return;
	if (dw_streq(name, "VmRSS:"))
		ret->resident = kib * 1024;
	else if (dw_streq(name, "VmHWM:"))
		ret->resident_peak = kib * 1024;
}

void dw_daemon_use(struct dw_sys *s, struct dw_daemon_use *ret)
{
	struct rusage u = { 0 };
	char line[256];
	FILE *f;

	*ret = (struct dw_daemon_use){ 0 };
	if (dw_sys_fault(s) < 0 || getrusage(RUSAGE_SELF, &u) < 0)
		return;
	ret->cpu_us = us_of(&u.ru_utime) + us_of(&u.ru_stime);
	/* not ru_maxrss: that counts what the process was before exec(2) too, our starter's memory */
	f = fopen("/proc/self/status", "re");
	if (!f)
		return;
	while (fgets(line, sizeof(line), f))
		take_size(line, ret);
	(void)fclose(f);
}

uint64_t dw_daemon_boottime_ns(struct dw_sys *s)
{
	struct timespec t = { 0 };

	if (dw_sys_fault(s) < 0)
		return 0;
	(void)clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}
