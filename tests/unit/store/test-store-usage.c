/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was used, by the hour: sums, folding, bounds, clocks that jump, damage, a full disk, a process that dies. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dw_store_usage.h"
#include "dw_str.h"
#include "dw_test.h"
#include "journal.h"

#define _cleanup_usage_ _cleanup_(dw_cleanup_usage_store)
#define HOUR            UINT64_C(3600)
#define DAY             UINT64_C(86400)
#define NOW             (UINT64_C(1800000000) / DAY * DAY)

static struct dw_usage_row used(const char *key, uint64_t time, uint64_t accepted)
{
	return (struct dw_usage_row){
		.key = key,
		.time = time,
		.counts = { .accepted = accepted,
			    .bytes = 10 * accepted,
			    .sketch = { accepted, 1 } },
		.first = accepted ? time : 0,
		.last = accepted ? time : 0,
		.peer = accepted ? "192.0.2.1" : NULL,
	};
}

static struct dw_usage_door door(struct dw_usage_store *s, struct dw_arena *a, const char *key)
{
	struct dw_usage_door *v = NULL;
	size_t n = 0;

	DW_CHECK_INT(dw_usage_store_doors(s, a, &v, &n, NULL), 0);
	for (size_t i = 0; i < n; i++)
		if (dw_streq(v[i].key, key))
			return v[i];
	return (struct dw_usage_door){ 0 };
}

static size_t rows(struct dw_usage_store *s, struct dw_arena *a, const char *key,
		   struct dw_usage_row **ret)
{
	size_t n = 0;

	DW_CHECK_INT(dw_usage_store_hours(s, key, 0, a, ret, &n, NULL), 0);
	return n;
}

static off_t size_of_file(void)
{
	static const char *const ends[] = { "", "-wal" };
	off_t n = 0;

	for (size_t i = 0; i < DW_ARRAY_SIZE(ends); i++) {
		char path[128];
		struct stat st = { 0 };

		(void)snprintf(path, sizeof(path), "%s/usage.db%s", where, ends[i]);
		if (stat(path, &st) == 0)
			n += st.st_size;
	}
	return n;
}

DW_TEST(hours_add_up)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_usage_ struct dw_usage_store *s = NULL;
	struct dw_usage_row v[3] = { used("a", NOW + 5, 1), used("a", NOW + 7, 2),
				     used("b", NOW, 0) };
	struct dw_usage_row *hours = NULL;
	struct dw_usage_door d;

	DW_CHECK_INT(dw_usage_store_open(directory(), false, &s, NULL), -ENOENT);
	DW_CHECK_INT(dw_usage_store_open(where, true, &s, NULL), 0);
	DW_CHECK_INT(dw_usage_store_add(s, v, 3, NOW, NOW + 60, NULL), 0);
	v[0] = used("a", NOW + HOUR, 4);
	DW_CHECK_INT(dw_usage_store_add(s, v, 1, NOW + 60, NOW + HOUR, NULL), 0);
	d = door(s, a, "a");
	DW_CHECK_INT(d.total.accepted, 7);
	DW_CHECK_INT(d.total.bytes, 70);
	DW_CHECK_INT(d.total.sketch[0], 7);
	DW_CHECK_INT(d.since, NOW);
	DW_CHECK_INT(d.until, NOW + HOUR);
	DW_CHECK_INT(d.counted, HOUR);
	DW_CHECK_INT(d.first, NOW + 5);
	DW_CHECK_INT(d.last, NOW + HOUR);
	DW_CHECK_STR(d.peer, "192.0.2.1");
	d = door(s, a, "b");
	DW_CHECK_INT(d.counted, 60);
	DW_CHECK_INT(d.last, 0);
	DW_CHECK_INT(rows(s, a, "a", &hours), 2);
	DW_CHECK_INT(hours[0].counts.accepted, 3);
	DW_CHECK_INT(hours[0].time, NOW);
	DW_CHECK_INT(hours[1].counts.accepted, 4);
	DW_CHECK_INT(rows(s, a, "b", &hours), 0);
	clean();
}

/*
 * A week and more of two hundred doors, tick by tick of ten minutes: some busy, some used once, some never. The truth
 * is kept beside it.
 */
DW_TEST(a_week_simulated)
{
	enum { DOORS = 200, DAYS = 16, TICKS = 6 * 24 * DAYS };
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_usage_ struct dw_usage_store *s = NULL;
	static struct dw_usage_row v[DOORS];
	static uint64_t total[DOORS], last[DOORS];
	struct dw_usage_row *hours = NULL;
	off_t size;

	DW_CHECK_INT(dw_usage_store_open(directory(), true, &s, NULL), 0);
	for (uint64_t t = 1; t <= TICKS; t++) {
		uint64_t now = NOW + t * 600;

		for (uint64_t i = 0; i < DOORS; i++) {
			/* the i-th is used at every (i + 1)-th tick; the last fifty never */
			uint64_t n = i < DOORS - 50 && t % (i + 1) == 0 ? i + t % 7 + 1 : 0;

			v[i] = used(
				dw_arena_printf(a, "host tcp 0.0.0.0 %llu", (unsigned long long)i),
				now - 30, n);
			total[i] += n;
			last[i] = n ? now - 30 : last[i];
		}
		DW_CHECK_INT(dw_usage_store_add(s, v, DOORS, now - 600, now, NULL), 0);
		if (t % 144 == 0)
			DW_CHECK_INT(dw_usage_store_tidy(s, now, NULL), 0);
	}
	for (size_t i = 0; i < DOORS; i++) {
		struct dw_usage_door d = door(s, a, v[i].key);
		uint64_t sum = 0;
		size_t n = rows(s, a, v[i].key, &hours);

		for (size_t k = 0; k < n; k++)
			sum += hours[k].counts.accepted;
		DW_CHECK_INT(d.total.accepted, total[i]);
		DW_CHECK_INT(sum, total[i]);
		DW_CHECK_INT(d.last, last[i]);
		DW_CHECK_INT(d.counted, (uint64_t)TICKS * 600);
		DW_CHECK(n <= DW_USAGE_HOURS + 24 + DAYS);
		DW_CHECK(n == 0 || hours[0].span == DAY);
	}
	size = size_of_file();
	(void)printf("%d doors, %d days: %lld KiB\n", DOORS, DAYS, (long long)size / 1024);
	DW_CHECK(size < (off_t)12 * 1024 * 1024);
	clean();
}

DW_TEST(old_hours_become_days_and_old_days_go)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_usage_ struct dw_usage_store *s = NULL;
	struct dw_usage_row v, *hours = NULL;
	uint64_t now = NOW;

	DW_CHECK_INT(dw_usage_store_open(directory(), true, &s, NULL), 0);
	for (int i = 0; i < 48; i++, now += HOUR) {
		v = used("a", now, 1);
		DW_CHECK_INT(dw_usage_store_add(s, &v, 1, now, now + HOUR, NULL), 0);
	}
	DW_CHECK_INT(dw_usage_store_tidy(s, now, NULL), 0);
	DW_CHECK_INT(rows(s, a, "a", &hours), 48);
	now = NOW + HOUR * DW_USAGE_HOURS + DAY;
	DW_CHECK_INT(dw_usage_store_tidy(s, now, NULL), 0);
	DW_CHECK_INT(rows(s, a, "a", &hours), 25);
	DW_CHECK_INT(hours[0].span, DAY);
	DW_CHECK_INT(hours[0].counts.accepted, 24);
	DW_CHECK_INT(hours[0].last, NOW + 23 * HOUR);
	/* the door lives, its days go; then the door */
	v = used("a", 0, 0);
	for (; now < NOW + DAY * (DW_USAGE_DAYS + 3); now += 30 * DAY)
		DW_CHECK_INT(dw_usage_store_tidy(s, now, NULL), 0);
	DW_CHECK_INT(dw_usage_store_add(s, &v, 1, now, now, NULL), 0);
	DW_CHECK_INT(dw_usage_store_tidy(s, now, NULL), 0);
	DW_CHECK_INT(rows(s, a, "a", &hours), 0);
	clean();
}

DW_TEST(a_clock_that_leaps_drops_nothing_for_a_day)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_usage_ struct dw_usage_store *s = NULL;
	struct dw_usage_row v = used("a", NOW, 5), *hours = NULL;
	uint64_t wrong = NOW + 3000 * DAY;

	DW_CHECK_INT(dw_usage_store_open(directory(), true, &s, NULL), 0);
	DW_CHECK_INT(dw_usage_store_add(s, &v, 1, NOW, NOW + 60, NULL), 0);
	DW_CHECK_INT(dw_usage_store_tidy(s, NOW + 60, NULL), 0);
	/* years ahead by mistake */
	v = used("a", wrong, 1);
	DW_CHECK_INT(dw_usage_store_add(s, &v, 1, wrong - 60, wrong, NULL), 0);
	DW_CHECK_INT(dw_usage_store_tidy(s, wrong, NULL), 0);
	DW_CHECK_INT(dw_usage_store_tidy(s, wrong + HOUR, NULL), 0);
	DW_CHECK_INT(rows(s, a, "a", &hours), 2);
	/* and back: not used in the future, nor forgotten */
	v = used("a", NOW + 600, 0);
	DW_CHECK_INT(dw_usage_store_add(s, &v, 1, NOW + 540, NOW + 600, NULL), 0);
	DW_CHECK_INT(door(s, a, "a").last, NOW + 600);
	DW_CHECK_INT(door(s, a, "a").until, NOW + 600);
	DW_CHECK_INT(door(s, a, "a").counted, 180);
	DW_CHECK_INT(dw_usage_store_tidy(s, NOW + 600, NULL), 0);
	DW_CHECK_INT(rows(s, a, "a", &hours), 1);
	DW_CHECK_INT(hours[0].counts.accepted, 6);
	DW_CHECK(hours[0].last <= NOW + 600);
	clean();
}

DW_TEST(a_clock_set_back_an_hour)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_usage_ struct dw_usage_store *s = NULL;
	struct dw_usage_row v = used("a", NOW + HOUR, 1);

	DW_CHECK_INT(dw_usage_store_open(directory(), true, &s, NULL), 0);
	DW_CHECK_INT(dw_usage_store_add(s, &v, 1, NOW, NOW + HOUR, NULL), 0);
	v = used("a", NOW + 60, 1);
	DW_CHECK_INT(dw_usage_store_add(s, &v, 1, NOW, NOW + 120, NULL), 0);
	DW_CHECK_INT(door(s, a, "a").last, NOW + 60);
	v = used("a", NOW + 70, 0);
	DW_CHECK_INT(dw_usage_store_add(s, &v, 1, NOW, NOW + 180, NULL), 0);
	DW_CHECK_INT(door(s, a, "a").last, NOW + 60);
	DW_CHECK_INT(door(s, a, "a").total.accepted, 2);
	/* a time of use later than now is none */
	v = used("a", NOW + 10 * DAY, 1);
	DW_CHECK_INT(dw_usage_store_add(s, &v, 1, NOW + 180, NOW + 240, NULL), 0);
	DW_CHECK_INT(door(s, a, "a").last, NOW + 240);
	clean();
}

DW_TEST(doors_are_bounded)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_usage_ struct dw_usage_store *s = NULL;
	size_t most = DW_USAGE_DOORS_MAX + 100, n = 0;
	struct dw_usage_row *v = dw_arena_array(a, most, sizeof(*v));
	struct dw_usage_door *doors = NULL;

	for (size_t i = 0; i < most; i++)
		v[i] = used(dw_arena_printf(a, "%zu", i), NOW, 1);
	DW_CHECK_INT(dw_usage_store_open(directory(), true, &s, NULL), 0);
	DW_CHECK_INT(dw_usage_store_add(s, v, 200, NOW, NOW + 60, NULL), 0);
	DW_CHECK_INT(dw_usage_store_add(s, v + 200, most - 200, NOW + 60, NOW + 120, NULL), 0);
	DW_CHECK_INT(dw_usage_store_doors(s, a, &doors, &n, NULL), 0);
	DW_CHECK_INT(n, DW_USAGE_DOORS_MAX);
	DW_CHECK_STR(door(s, a, "0").key, NULL);
	DW_CHECK_STR(door(s, a, "20099").key, "20099");
	clean();
}

DW_TEST(each_call_may_fail)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_usage_ struct dw_usage_store *s = NULL;
	struct dw_usage_row v[2] = { used("a", NOW, 1), used("b", NOW, 1) };
	int r = -1;

	DW_CHECK_INT(dw_usage_store_open(directory(), true, &s, NULL), 0);
	for (unsigned i = 1; r < 0 && i < 50; i++) {
		dw_usage_store_fail_at(s, i, ENOSPC);
		r = dw_usage_store_add(s, v, 2, NOW, NOW + 60, NULL);
		DW_CHECK(r == 0 || r == -ENOSPC);
		dw_usage_store_fail_at(s, 0, 0);
		DW_CHECK_INT(door(s, a, "a").total.accepted, r == 0);
	}
	DW_CHECK_INT(r, 0);
	r = -1;
	for (unsigned i = 1; r < 0 && i < 50; i++) {
		dw_usage_store_fail_at(s, i, EIO);
		r = dw_usage_store_tidy(s, NOW + 60 * DAY, NULL);
		dw_usage_store_fail_at(s, 0, 0);
		DW_CHECK_INT(door(s, a, "a").total.accepted, 1);
	}
	DW_CHECK_INT(r, 0);
	clean();
}

DW_TEST(a_damaged_file_is_moved_aside)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_usage_ struct dw_usage_store *s = NULL;
	struct dw_usage_row v = used("a", NOW, 1);
	bool moved = true;
	int fd;

	DW_CHECK_INT(dw_usage_store_open_anew(directory(), &s, &moved, NULL), 0);
	DW_CHECK(!moved);
	dw_usage_store_free(dw_steal_ptr(s));
	fd = open(dw_arena_printf(a, "%s/usage.db", where), O_WRONLY | O_TRUNC);
	DW_CHECK_INT(write(fd, "this is no database, and was one before ...", 43), 43);
	(void)close(fd);
	DW_CHECK_INT(dw_usage_store_open(where, true, &s, NULL), -EBADMSG);
	DW_CHECK_INT(dw_usage_store_open_anew(where, &s, &moved, NULL), 0);
	DW_CHECK(moved);
	DW_CHECK_INT(access(dw_arena_printf(a, "%s/usage.db.damaged", where), F_OK), 0);
	DW_CHECK_INT(dw_usage_store_add(s, &v, 1, NOW, NOW, NULL), 0);
	DW_CHECK_INT(door(s, a, "a").total.accepted, 1);
	clean();
}

/* Killed between any two writes: what is there is whole, and goes on. */
DW_TEST(a_process_that_dies)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_usage_ struct dw_usage_store *s = NULL;
	struct dw_usage_door one, two;

	(void)directory();
	for (useconds_t wait = 3000; wait < 60000; wait += 9000) {
		pid_t child = fork();

		if (child == 0) {
			struct dw_usage_row v[2] = { used("a", NOW, 1), used("b", NOW, 1) };

			if (dw_usage_store_open(where, true, &s, NULL) < 0)
				_exit(1);
			for (;;)
				(void)dw_usage_store_add(s, v, 2, NOW, NOW + 1, NULL);
		}
		(void)usleep(wait);
		(void)kill(child, SIGKILL);
		(void)waitpid(child, NULL, 0);
		DW_CHECK_INT(dw_usage_store_open(where, true, &s, NULL), 0);
		one = door(s, a, "a");
		two = door(s, a, "b");
		DW_CHECK_INT(one.total.accepted, two.total.accepted);
		DW_CHECK_INT(one.total.accepted, one.counted);
		dw_usage_store_free(dw_steal_ptr(s));
	}
	clean();
}

DW_TEST(peers_are_estimated)
{
	struct dw_usage_counts c = { 0 };

	DW_CHECK_INT(dw_usage_peers(&c), 0);
	c.sketch[0] = 1;
	DW_CHECK_INT(dw_usage_peers(&c), 1);
	c.sketch[0] = UINT64_MAX;
	DW_CHECK_INT(dw_usage_peers(&c), 88); /* 128 ln 2 */
	c.sketch[1] = UINT64_MAX;
	DW_CHECK(dw_usage_peers(&c) > 600);
}

DW_TEST_MAIN
