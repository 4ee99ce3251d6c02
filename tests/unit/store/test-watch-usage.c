/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counters of the kernel into the store: which door they are of, deltas, clocks, what was missed. */
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "dw_str.h"
#include "dw_test.h"
#include "dw_watch_usage.h"
#include "journal.h"

#define SECOND UINT64_C(1000000000)
#define HOUR   UINT64_C(3600)
#define NOW    (UINT64_C(1800000000) / HOUR * HOUR)
#define BOOT   (1000 * SECOND)

static const struct dw_usage_status all_counted = { .tcp = true, .refused = true, .udp = true };

static struct dw_door door(enum dw_family family, const char *address, uint16_t port,
			   const char *program)
{
	struct dw_door d = {
		.at = { .netns = 7,
			.protocol = DW_PROTOCOL_TCP,
			.family = family,
			.has_port = true,
			.port = port },
		.netns = "host",
		.kind = DW_KIND_LISTENER,
		.program = program,
	};

	memcpy(d.at.address, address, family == DW_FAMILY_IPV4 ? 4 : 16);
	return d;
}

static struct dw_bpf_usage_key to(int family, const char *address, uint16_t port)
{
	struct dw_bpf_usage_key k = {
		.netns = 7, .port = port, .protocol = IPPROTO_TCP, .family = (uint8_t)family
	};

	memcpy(k.address, address, family == AF_INET ? 4 : 16);
	return k;
}

static struct dw_bpf_usage uses(uint64_t accepted, uint64_t first, uint64_t last)
{
	return (struct dw_bpf_usage){ .accepted = accepted,
				      .first = first,
				      .last = last,
				      .sketch = { accepted },
				      .peer = { 192, 0, 2, 9 },
				      .peer_family = AF_INET };
}

static struct dw_usage_door stored(struct dw_usage_store *s, struct dw_arena *a,
				   const char *program)
{
	struct dw_usage_door *v = NULL;
	size_t n = 0;

	DW_CHECK_INT(dw_usage_store_doors(s, a, &v, &n, NULL), 0);
	for (size_t i = 0; i < n; i++)
		if (strstr(v[i].key, program))
			return v[i];
	return (struct dw_usage_door){ 0 };
}

#define ANY4 "\0\0\0\0"
#define ANY6 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define LO4  "\177\0\0\1"
#define OWN4 "\300\0\2\1"
#define MAP4 "\0\0\0\0\0\0\0\0\0\0\377\377\300\0\2\1"
#define OWN6 "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1"

DW_TEST(a_counter_goes_to_the_door_that_covers_its_address)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_(dw_cleanup_usage_store) struct dw_usage_store *s = NULL;
	struct dw_watch_usage *w = dw_watch_usage_new();
	struct dw_door doors[] = {
		door(DW_FAMILY_IPV4, LO4, 80, "/exact"),
		door(DW_FAMILY_IPV4, ANY4, 80, "/any4"),
		door(DW_FAMILY_DUAL, ANY6, 80, "/dual"),
		door(DW_FAMILY_DUAL, ANY6, 81, "/only"),
		door(DW_FAMILY_IPV4, ANY4, 82, "/elsewhere"),
	};
	struct dw_snapshot snapshot = { .doors = doors, .n_doors = DW_ARRAY_SIZE(doors) };
	const struct {
		struct dw_bpf_usage_key key;
		uint64_t n;
	} counters[] = {
		{ to(AF_INET, LO4, 80), 1 },    { to(AF_INET, OWN4, 80), 2 },
		{ to(AF_INET6, MAP4, 80), 4 },  { to(AF_INET6, OWN6, 80), 8 },
		{ to(AF_INET, OWN4, 81), 16 },  { to(AF_INET6, MAP4, 81), 32 },
		{ to(AF_INET6, OWN6, 82), 64 },
	};

	doors[4].at.netns = 8;
	DW_CHECK_INT(dw_usage_store_open(directory(), true, &s, NULL), 0);
	for (size_t i = 0; i < DW_ARRAY_SIZE(counters); i++) {
		struct dw_bpf_usage v = uses(counters[i].n, BOOT, BOOT + 5 * SECOND);

		DW_CHECK_INT(dw_watch_usage_take(w, &counters[i].key, &v), 0);
	}
	DW_CHECK_INT(
		dw_watch_usage_flush(w, s, &all_counted, &snapshot, NOW, BOOT + 10 * SECOND, NULL),
		0);
	DW_CHECK_INT(stored(s, a, "/exact").total.accepted, 1);
	DW_CHECK_INT(stored(s, a, "/any4").total.accepted, 6);
	DW_CHECK_INT(stored(s, a, "/dual").total.accepted, 8);
	DW_CHECK_INT(stored(s, a, "/only").total.accepted, 48);
	DW_CHECK_INT(stored(s, a, "/elsewhere").total.accepted, 0);
	DW_CHECK_INT(stored(s, a, "/exact").last, NOW - 5);
	DW_CHECK_INT(stored(s, a, "/exact").first, NOW - 10);
	DW_CHECK_INT(stored(s, a, "/elsewhere").last, 0);
	DW_CHECK_STR(stored(s, a, "/exact").peer, "192.0.2.9");
	/* the first look tells nothing of the time before it */
	DW_CHECK_INT(stored(s, a, "/exact").counted, 0);
	dw_watch_usage_free(w);
	clean();
}

static int tick(struct dw_watch_usage *w, struct dw_usage_store *s, uint64_t n, uint64_t last,
		const struct dw_usage_status *status, uint64_t realtime, uint64_t seconds)
{
	struct dw_door doors[] = { door(DW_FAMILY_IPV4, ANY4, 80, "/x"),
				   door(DW_FAMILY_IPV4, ANY4, 81, "/unused") };
	struct dw_snapshot snapshot = { .doors = doors, .n_doors = 2 };
	struct dw_bpf_usage_key k = to(AF_INET, OWN4, 80);
	struct dw_bpf_usage v = uses(n, BOOT, BOOT + last * SECOND);

	DW_CHECK_INT(dw_watch_usage_take(w, &k, &v), 0);
	return dw_watch_usage_flush(w, s, status, &snapshot, realtime, BOOT + seconds * SECOND,
				    NULL);
}

DW_TEST(what_is_new_is_stored_once)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_(dw_cleanup_usage_store) struct dw_usage_store *s = NULL;
	struct dw_watch_usage *w = dw_watch_usage_new();
	struct dw_usage_status missed = all_counted, blind = { .udp = true };

	DW_CHECK_INT(dw_usage_store_open(directory(), true, &s, NULL), 0);
	DW_CHECK_INT(tick(w, s, 3, 5, &all_counted, NOW, 10), 0);
	DW_CHECK_INT(tick(w, s, 3, 5, &all_counted, NOW + 60, 70), 0);
	DW_CHECK_INT(tick(w, s, 7, 100, &all_counted, NOW + 120, 130), 0);
	DW_CHECK_INT(stored(s, a, "/x").total.accepted, 7);
	DW_CHECK_INT(stored(s, a, "/x").total.sketch[0], 7);
	DW_CHECK_INT(stored(s, a, "/x").first, NOW - 10);
	DW_CHECK_INT(stored(s, a, "/x").last, NOW + 90);
	DW_CHECK_INT(stored(s, a, "/x").counted, 120);
	DW_CHECK_INT(stored(s, a, "/unused").counted, 120);
	/* the disk is full: the next tick has it all */
	dw_usage_store_fail_at(s, 3, ENOSPC);
	DW_CHECK_INT(tick(w, s, 9, 150, &all_counted, NOW + 180, 190), -ENOSPC);
	dw_usage_store_fail_at(s, 0, 0);
	DW_CHECK_INT(tick(w, s, 10, 200, &all_counted, NOW + 240, 250), 0);
	DW_CHECK_INT(stored(s, a, "/x").total.accepted, 10);
	DW_CHECK_INT(stored(s, a, "/x").counted, 240);
	/* the clock was set back an hour: a minute is a minute all the same */
	DW_CHECK_INT(tick(w, s, 11, 300, &all_counted, NOW + 300 - HOUR, 310), 0);
	DW_CHECK_INT(stored(s, a, "/x").last, NOW + 290 - HOUR);
	DW_CHECK_INT(stored(s, a, "/x").counted, 300);
	/* the counter began anew */
	DW_CHECK_INT(tick(w, s, 2, 360, &all_counted, NOW + 360 - HOUR, 370), 0);
	DW_CHECK_INT(stored(s, a, "/x").total.accepted, 13);
	/* a use found no counter: who was not seen used was not watched */
	missed.missed = 5;
	DW_CHECK_INT(tick(w, s, 3, 420, &missed, NOW + 420 - HOUR, 430), 0);
	DW_CHECK_INT(stored(s, a, "/x").counted, 420);
	DW_CHECK_INT(stored(s, a, "/unused").counted, 360);
	/* a kernel that cannot count TCP: nobody is told that nobody came */
	DW_CHECK_INT(tick(w, s, 3, 420, &blind, NOW + 480 - HOUR, 490), 0);
	DW_CHECK_INT(stored(s, a, "/unused").counted, 360);
	dw_watch_usage_free(w);
	clean();
}

/* Of all hours and days of the door. */
static uint64_t in_hours(struct dw_usage_store *s, struct dw_arena *a, const char *key)
{
	struct dw_usage_row *v = NULL;
	uint64_t sum = 0;
	size_t n = 0;

	DW_CHECK_INT(dw_usage_store_hours(s, key, 0, a, &v, &n, NULL), 0);
	for (size_t i = 0; i < n; i++)
		sum += v[i].counts.accepted;
	return sum;
}

/*
 * By up to 20 days at each of 300 ticks, back and forth, with hours being folded meanwhile: every use is counted, once,
 * a minute is a minute, and nothing was used later than now.
 */
DW_TEST(a_clock_that_leaps_back_and_forth)
{
	enum { TICKS = 300, DAY = 86400, DAYS = 20 };
	_cleanup_(dw_cleanup_usage_store) struct dw_usage_store *s = NULL;
	struct dw_watch_usage *w = dw_watch_usage_new();
	uint64_t seed = 20260101, total = 0, wall = NOW;

	DW_CHECK_INT(dw_usage_store_open(directory(), true, &s, NULL), 0);
	for (uint64_t i = 0; i < TICKS; i++) {
		_cleanup_arena_ struct dw_arena *a = dw_arena_new();
		uint64_t seconds = 60 * (i + 1), fresh;
		struct dw_usage_door x;

		seed = seed * 6364136223846793005U + 1442695040888963407U;
		wall = NOW + seconds + (seed >> 33) % (2 * DAYS * DAY) - (uint64_t)DAYS * DAY;
		fresh = (seed >> 20) % 4;
		total += fresh;
		/* the last use may be some seconds ago, on the other side of the leap */
		DW_CHECK_INT(
			tick(w, s, total, seconds - (seed >> 24) % 50, &all_counted, wall, seconds),
			0);
		if (i % 7 == 6)
			DW_CHECK_INT(dw_usage_store_tidy(s, wall, NULL), 0);
		x = stored(s, a, "/x");
		DW_CHECK_INT(x.total.accepted, total);
		DW_CHECK_INT(x.counted, 60 * i);
		DW_CHECK_INT(stored(s, a, "/unused").counted, 60 * i);
		DW_CHECK(x.since <= x.until && x.until == wall);
		DW_CHECK(x.first <= x.last && x.last <= wall);
		DW_CHECK_INT(in_hours(s, a, x.key), total);
	}
	DW_CHECK(total > TICKS);
	dw_watch_usage_free(w);
	clean();
}

/* Two programs at one place: neither is called unused because of the other. Clients share one line. */
DW_TEST(who_shares_a_place)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_(dw_cleanup_usage_store) struct dw_usage_store *s = NULL;
	struct dw_watch_usage *w = dw_watch_usage_new();
	struct dw_door doors[] = { door(DW_FAMILY_IPV4, ANY4, 80, "/one"),
				   door(DW_FAMILY_IPV4, ANY4, 80, "/two"),
				   door(DW_FAMILY_IPV4, ANY4, 80, "/two"),
				   door(DW_FAMILY_IPV4, ANY4, 40000, "/client"),
				   door(DW_FAMILY_IPV4, ANY4, 40001, "/client") };
	struct dw_snapshot snapshot = { .doors = doors, .n_doors = DW_ARRAY_SIZE(doors) };
	struct dw_bpf_usage_key k = to(AF_INET, OWN4, 80);
	struct dw_bpf_usage v = uses(5, BOOT, BOOT);
	struct dw_usage_door *all = NULL;
	size_t n = 0;

	doors[3].at.protocol = doors[4].at.protocol = DW_PROTOCOL_UDP;
	doors[3].kind = doors[4].kind = DW_KIND_DATAGRAM;
	DW_CHECK_INT(dw_usage_store_open(directory(), true, &s, NULL), 0);
	DW_CHECK_INT(dw_watch_usage_take(w, &k, &v), 0);
	DW_CHECK_INT(dw_watch_usage_flush(w, s, &all_counted, &snapshot, NOW, BOOT, NULL), 0);
	DW_CHECK_INT(stored(s, a, "/one").total.accepted, 5);
	DW_CHECK_INT(stored(s, a, "/two").total.accepted, 5);
	DW_CHECK_INT(dw_usage_store_doors(s, a, &all, &n, NULL), 0);
	DW_CHECK_INT(n, 3);
	dw_watch_usage_free(w);
	clean();
}

DW_TEST_MAIN
