/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Recorded events and uses, and every failure that a call can meet. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dw_test.h"
#include "dw_watch.h"

static char directory[] = "/tmp/dw-watch-XXXXXX";

static void record(const char *name, const void *data, size_t n)
{
	char path[128];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/watch/%s", directory, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	DW_CHECK(fd >= 0 && write(fd, data, n) == (ssize_t)n);
	close(fd);
}

static struct dw_sys *host(void)
{
	struct dw_sys *s = NULL;
	struct dw_error e = { 0 };

	DW_CHECK_INT(dw_sys_open_fake(directory, &s, &e), 0);
	return s;
}

static bool has_news(const struct dw_watch *w)
{
	struct pollfd p = { .fd = dw_watch_fd(w), .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

/* Two that open, three that are lost, one that shuts. */
static void record_events(void)
{
	struct dw_bpf_watch ev[4];

	memset(ev, 0, sizeof(ev));
	ev[0].what = ev[1].what = DW_BPF_WATCH_OPENED;
	ev[0].port = 22;
	ev[1].port = 4444;
	memset(ev[1].comm, 'x', sizeof(ev[1].comm)); /* not terminated */
	ev[2].port = 3;
	ev[3].what = DW_BPF_WATCH_CLOSED;
	ev[3].port = 22;
	record("events.bin", ev, sizeof(ev));
}

DW_TEST(recorded_events_are_replayed)
{
	_cleanup_sys_ struct dw_sys *s = host();
	struct dw_watch *w = NULL;
	struct dw_watch_status st;
	struct dw_bpf_watch ev[8];
	struct dw_error e = { 0 };

	record_events();
	DW_CHECK_INT(dw_watch_open(s, NULL, &w, &e), 0);
	DW_CHECK(has_news(w));
	DW_CHECK_INT(dw_watch_read(w, ev, 1, &e), 1);
	DW_CHECK_INT(ev[0].port, 22);
	DW_CHECK_INT(dw_watch_read(w, ev, 8, &e), 1);
	DW_CHECK_INT(ev[0].port, 4444);
	DW_CHECK_INT(strlen(ev[0].comm), sizeof(ev[0].comm) - 1);
	DW_CHECK_INT(dw_watch_read(w, ev, 8, &e), -EOVERFLOW);
	DW_CHECK(has_news(w));
	DW_CHECK_INT(dw_watch_read(w, ev, 8, &e), 1);
	DW_CHECK_INT(ev[0].what, DW_BPF_WATCH_CLOSED);
	DW_CHECK_INT(dw_watch_read(w, ev, 8, &e), 0);
	DW_CHECK(!has_news(w));
	dw_watch_status(w, &st);
	DW_CHECK_INT(st.events, 3);
	DW_CHECK_INT(st.lost, 3);
	DW_CHECK_STR(st.hooks[DW_WATCH_TCP], "recorded");
	DW_CHECK_STR(st.hooks[DW_WATCH_CLOSES], "recorded");
	dw_watch_close(w);
}

static int count(void *data, const struct dw_bpf_usage_key *k, const struct dw_bpf_usage *v)
{
	unsigned *n = data;

	*n += (unsigned)v->accepted;
	return k->port == 666 ? -EINTR : 0;
}

static void record_uses(void)
{
	struct {
		struct dw_bpf_usage_key key;
		struct dw_bpf_usage value;
	} one[2];

	memset(one, 0, sizeof(one));
	one[0].key.port = 80;
	one[0].value.accepted = 7;
	one[1].key.port = 666;
	one[1].value.accepted = 100;
	record("usage.bin", one, sizeof(one));
}

DW_TEST(recorded_uses_are_told)
{
	_cleanup_sys_ struct dw_sys *s = host();
	const struct dw_bpf_usage_key evil = { .port = 666 };
	struct dw_usage *u = NULL;
	struct dw_usage_status st;
	struct dw_error e = { 0 };
	unsigned n = 0;

	record_uses();
	DW_CHECK_INT(dw_usage_open(s, &u, &e), 0);
	DW_CHECK_INT(dw_usage_read(u, count, &n, &e), -EINTR);
	DW_CHECK_INT(n, 107);
	dw_usage_forget(u, &evil);
	n = 0;
	DW_CHECK_INT(dw_usage_read(u, count, &n, &e), 0);
	DW_CHECK_INT(n, 7);
	dw_usage_status(u, &st);
	DW_CHECK_INT(st.doors, 1);
	DW_CHECK_INT(st.doors_max, 2);
	DW_CHECK(st.tcp && st.udp && st.refused && st.bytes && st.missed == 0);
	dw_usage_close(u);
}

DW_TEST(what_is_cut_short_is_not_believed)
{
	_cleanup_sys_ struct dw_sys *s = host();
	struct dw_watch *w = NULL;
	struct dw_usage *u = NULL;
	struct dw_error e = { 0 };

	record("events.bin", "too short", 9);
	record("usage.bin", "too short", 9);
	DW_CHECK_INT(dw_watch_open(s, NULL, &w, &e), -EBADMSG);
	DW_CHECK_INT(dw_usage_open(s, &u, &e), -EBADMSG);
	DW_CHECK(!w && !u);
}

DW_TEST(every_failure_is_told)
{
	_cleanup_sys_ struct dw_sys *s = host();
	struct dw_watch *w = NULL;
	struct dw_usage *u = NULL;
	struct dw_bpf_watch ev;
	struct dw_error e = { 0 };
	unsigned n = 0;

	record_events();
	record_uses();
	dw_sys_fail_at(s, 1, EPERM);
	DW_CHECK_INT(dw_watch_open(s, NULL, &w, &e), -EPERM);
	DW_CHECK(w == NULL);
	dw_sys_fail_at(s, 1, EPERM);
	DW_CHECK_INT(dw_usage_open(s, &u, &e), -EPERM);
	DW_CHECK(u == NULL);
	DW_CHECK_INT(dw_watch_open(s, NULL, &w, &e), 0);
	DW_CHECK_INT(dw_usage_open(s, &u, &e), 0);
	dw_sys_fail_at(s, 1, EIO);
	DW_CHECK_INT(dw_watch_read(w, &ev, 1, &e), -EIO);
	DW_CHECK_INT(dw_watch_read(w, &ev, 1, &e), 1);
	dw_sys_fail_at(s, 1, EIO);
	DW_CHECK_INT(dw_usage_read(u, count, &n, &e), -EIO);
	dw_watch_close(w);
	dw_usage_close(u);
	dw_watch_close(NULL);
	dw_usage_close(NULL);
}

DW_TEST(where_nothing_was_recorded_or_nothing_runs)
{
	_cleanup_sys_ struct dw_sys *off = NULL;
	struct dw_watch *w = NULL;
	struct dw_usage *u = NULL;
	struct dw_error e = { 0 };
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/watch/events.bin", directory);
	DW_CHECK(unlink(path) == 0);
	(void)snprintf(path, sizeof(path), "%s/watch/usage.bin", directory);
	DW_CHECK(unlink(path) == 0);
	{
		_cleanup_sys_ struct dw_sys *s = host();

		DW_CHECK_INT(dw_watch_open(s, NULL, &w, &e), -ENOTSUP);
		DW_CHECK_INT(dw_usage_open(s, &u, &e), -ENOTSUP);
	}
	DW_CHECK_INT(dw_sys_open(directory, &off, &e), 0);
	DW_CHECK_INT(dw_watch_open(off, NULL, &w, &e), -ENOTSUP);
	DW_CHECK_INT(dw_usage_open(off, &u, &e), -ENOTSUP);
	DW_CHECK(!w && !u);
}

static void make(const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s%s", directory, name);
	if (mkdir(path, 0700) < 0)
		printf("%s: %s\n", path, strerror(errno));
}

static void drop(const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s%s", directory, name);
	(void)remove(path);
}

int main(void)
{
	int r;

	if (!mkdtemp(directory))
		return 1;
	make("/watch");
	make("/root");
	make("/proc");
	r = dw_test_run();
	drop("/watch/events.bin");
	drop("/watch/usage.bin");
	drop("/watch");
	drop("/root");
	drop("/proc");
	drop("");
	return r;
}
