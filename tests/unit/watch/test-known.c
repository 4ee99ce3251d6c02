/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is news, by made-up clocks. */
#include "dw_known.h"
#include "dw_str.h"
#include "dw_test.h"

#define HOLD DW_KNOWN_HOLD_MS

static struct dw_arena *arena;

static struct dw_known_door door(unsigned port, const char *holder)
{
	const char *place = dw_arena_printf(arena, "host tcp 0.0.0.0 %u", port);

	return (struct dw_known_door){
		.key = dw_arena_printf(arena, "%s %s", place, holder),
		.place = place,
		.holder = holder,
		.summary = dw_arena_printf(arena, "0.0.0.0:%u/tcp", port),
		.json = "{}",
		.at = { .netns = 1,
			.protocol = DW_PROTOCOL_TCP,
			.family = DW_FAMILY_IPV4,
			.has_port = true,
			.port = port },
		.socket = true,
	};
}

static enum dw_news_kind opened(struct dw_known *k, const struct dw_known_door *d, uint64_t now)
{
	const struct dw_known_door *was;

	return dw_known_opened(k, d, now, arena, &was);
}

static struct dw_known *begin(void)
{
	arena = dw_arena_new();
	return dw_known_new();
}

static void end(struct dw_known *k)
{
	dw_known_free(k);
	dw_arena_free(arena);
}

DW_TEST(a_restart_is_no_news)
{
	struct dw_known *k = begin();
	struct dw_known_door d = door(80, "systemd-service:nginx.service /usr/sbin/nginx");

	DW_CHECK_INT(opened(k, &d, 0), DW_NEWS_OPENED);
	DW_CHECK_INT(opened(k, &d, 5), DW_NEWS_NONE);
	dw_known_closing(k, &d.at, 1000);
	DW_CHECK(!dw_known_due(k, 1000 + HOLD - 1));
	DW_CHECK_INT(opened(k, &d, 1000 + HOLD - 1), DW_NEWS_NONE);
	DW_CHECK(!dw_known_due(k, 1000 + 10 * HOLD));
	DW_CHECK(dw_known_next(k) == UINT64_MAX);
	end(k);
}

/* The process had ended before anybody could look: the event told its name and its cgroup. */
DW_TEST(a_restart_that_nobody_saw)
{
	struct dw_known *k = begin();
	struct dw_known_door d = door(80, "systemd-service:nginx.service /usr/sbin/nginx"),
			     seen = door(80, "systemd-service:nginx.service -");

	d.comm = seen.comm = "nginx";
	d.cgroup = seen.cgroup = "/system.slice/nginx.service";
	DW_CHECK(!dw_known_is_like(k, &seen));
	DW_CHECK(!dw_known_is_there(k, &seen));
	(void)opened(k, &d, 0);
	DW_CHECK(dw_known_is_like(k, &seen));
	DW_CHECK(dw_known_is_there(k, &seen));
	dw_known_closing(k, &d.at, 1000);
	DW_CHECK(dw_known_is_like(k, &seen));
	seen.comm = "nc";
	DW_CHECK(!dw_known_is_like(k, &seen));
	seen.comm = "nginx";
	seen.cgroup = "/user.slice";
	DW_CHECK(!dw_known_is_like(k, &seen));
	/* what is not known is like nothing */
	seen.cgroup = NULL;
	DW_CHECK(!dw_known_is_like(k, &seen));
	seen = door(81, "systemd-service:nginx.service -");
	seen.comm = d.comm;
	seen.cgroup = d.cgroup;
	DW_CHECK(!dw_known_is_like(k, &seen));
	end(k);
}

DW_TEST(what_stays_shut_is_told_once)
{
	struct dw_known *k = begin();
	struct dw_known_door d = door(80, "a b");
	const struct dw_known_door *due;

	(void)opened(k, &d, 0);
	dw_known_closing(k, &d.at, 1000);
	dw_known_closing(k, &d.at, 2000); /* of its other sockets: the first counts */
	DW_CHECK_INT(dw_known_next(k), 1000 + HOLD);
	due = dw_known_due(k, 1000 + HOLD);
	DW_CHECK(due && dw_streq(due->key, d.key));
	DW_CHECK(!dw_known_due(k, 1000 + HOLD));
	DW_CHECK(dw_known_shut(k, d.key, 1000 + HOLD, arena) != NULL);
	DW_CHECK(!dw_known_shut(k, d.key, 1000 + HOLD, arena));
	DW_CHECK_INT(dw_known_count(k), 0);
	DW_CHECK_INT(opened(k, &d, 9000), DW_NEWS_OPENED);
	end(k);
}

DW_TEST(what_was_only_one_of_its_sockets_stays)
{
	struct dw_known *k = begin();
	struct dw_known_door d = door(80, "a b");

	(void)opened(k, &d, 0);
	dw_known_closing(k, &d.at, 0);
	DW_CHECK(dw_known_due(k, HOLD) != NULL);
	dw_known_stays(k, d.key);
	DW_CHECK(dw_known_next(k) == UINT64_MAX);
	DW_CHECK(dw_known_find(k, d.key) != NULL);
	dw_known_closing(k, &d.at, HOLD);
	DW_CHECK_INT(dw_known_next(k), 2 * HOLD);
	end(k);
}

DW_TEST(a_known_program_at_a_new_port_is_news)
{
	struct dw_known *k = begin();
	struct dw_known_door d = door(80, "systemd-service:nginx.service /usr/sbin/nginx"),
			     e = door(4444, "systemd-service:nginx.service /usr/sbin/nginx");

	(void)opened(k, &d, 0);
	DW_CHECK_INT(opened(k, &e, 10), DW_NEWS_OPENED);
	DW_CHECK_INT(dw_known_count(k), 2);
	end(k);
}

DW_TEST(who_moves_is_told_so_and_not_as_shut)
{
	struct dw_known *k = begin();
	struct dw_known_door d = door(80, "a b"), e = door(81, "a b");
	const struct dw_known_door *was;

	(void)opened(k, &d, 0);
	dw_known_closing(k, &d.at, 100);
	DW_CHECK_INT(dw_known_opened(k, &e, 200, arena, &was), DW_NEWS_MOVED);
	DW_CHECK(was && dw_streq(was->key, d.key));
	DW_CHECK(dw_known_due(k, 100 + HOLD) != NULL);
	DW_CHECK(!dw_known_shut(k, d.key, 100 + HOLD, arena));
	DW_CHECK_INT(dw_known_count(k), 1);
	end(k);
}

DW_TEST(another_program_at_a_known_place_is_a_change)
{
	struct dw_known *k = begin();
	struct dw_known_door d = door(80, "systemd-service:a.service /a"),
			     e = door(80, "manual:root /tmp/b");
	const struct dw_known_door *was;

	(void)opened(k, &d, 0);
	dw_known_closing(k, &d.at, 100);
	DW_CHECK_INT(dw_known_opened(k, &e, 200, arena, &was), DW_NEWS_CHANGED);
	DW_CHECK(was && dw_streq(was->key, d.key));
	DW_CHECK(!dw_known_find(k, d.key));
	/* beside one that stays open it is one more (SO_REUSEPORT) */
	DW_CHECK_INT(dw_known_opened(k, &d, 300, arena, &was), DW_NEWS_OPENED);
	DW_CHECK(!was);
	end(k);
}

/* As after exec(2): no event tells, the same socket has another program. */
DW_TEST(a_whole_look_sees_who_took_over)
{
	struct dw_known *k = begin();
	struct dw_known_door d = door(80, "- /a"), e = door(80, "- /b"), f = door(22, "- /c");
	const struct dw_known_door *was;

	(void)opened(k, &d, 0);
	(void)opened(k, &f, 0);
	dw_known_begin(k);
	dw_known_mark(k, e.key);
	dw_known_mark(k, f.key);
	DW_CHECK_INT(dw_known_opened(k, &e, 100, arena, &was), DW_NEWS_CHANGED);
	DW_CHECK_INT(opened(k, &f, 100), DW_NEWS_NONE);
	dw_known_end(k, 100);
	DW_CHECK(dw_known_next(k) == UINT64_MAX);
	end(k);
}

DW_TEST(what_a_whole_look_does_not_see_is_closing)
{
	struct dw_known *k = begin();
	struct dw_known_door d = door(80, "- /a"), f = door(22, "- /c");

	(void)opened(k, &d, 0);
	(void)opened(k, &f, 0);
	dw_known_begin(k);
	dw_known_mark(k, f.key);
	DW_CHECK_INT(opened(k, &f, 100), DW_NEWS_NONE);
	dw_known_end(k, 100);
	DW_CHECK_INT(dw_known_next(k), 100 + HOLD);
	DW_CHECK(dw_streq(dw_known_due(k, 100 + HOLD)->key, d.key));
	end(k);
}

DW_TEST(what_opens_and_shuts_all_the_time_is_told_now_and_then)
{
	struct dw_known *k = begin();
	struct dw_known_door d = door(80, "- /a");
	unsigned times = 0;

	DW_CHECK_INT(dw_known_fleeting(k, d.key, 0, &times), DW_NEWS_FLEETING);
	DW_CHECK_INT(times, 1);
	for (unsigned i = 1; i <= 10; i++)
		DW_CHECK_INT(dw_known_fleeting(k, d.key, i * 1000, &times), DW_NEWS_NONE);
	DW_CHECK_INT(dw_known_fleeting(k, d.key, DW_KNOWN_AGAIN_MS, &times), DW_NEWS_FLEETING);
	DW_CHECK_INT(times, 11);
	(void)opened(k, &d, 0);
	DW_CHECK_INT(dw_known_fleeting(k, d.key, 3 * DW_KNOWN_AGAIN_MS, &times), DW_NEWS_NONE);
	end(k);
}

DW_TEST(a_port_of_its_own_choice_is_known_for_a_day)
{
	struct dw_known *k = begin();
	struct dw_known_door d = door(40000, "- /resolver");

	d.ephemeral = true;
	d.at.protocol = DW_PROTOCOL_UDP;
	DW_CHECK_INT(opened(k, &d, 0), DW_NEWS_OPENED);
	dw_known_closing(k, &d.at, 10);
	DW_CHECK(dw_known_next(k) == UINT64_MAX);
	dw_known_begin(k);
	dw_known_end(k, 1000);
	DW_CHECK_INT(dw_known_count(k), 1);
	DW_CHECK_INT(opened(k, &d, 2000), DW_NEWS_NONE);
	dw_known_begin(k);
	dw_known_end(k, 3000);
	dw_known_begin(k);
	dw_known_end(k, 3000 + DW_KNOWN_EPHEMERAL_MS);
	DW_CHECK_INT(dw_known_count(k), 0);
	end(k);
}

DW_TEST(ports_of_a_holder_are_counted)
{
	struct dw_known *k = begin();
	struct dw_known_door d;

	for (unsigned i = 0; i < 12; i++) {
		d = door(2000 + i, "- /x");
		d.at.protocol = DW_PROTOCOL_UDP;
		(void)opened(k, &d, 0);
	}
	DW_CHECK_INT(dw_known_ports(k, 1, "- /x"), 12);
	DW_CHECK_INT(dw_known_ports(k, 1, "- /y"), 0);
	DW_CHECK_INT(dw_known_ports(k, 2, "- /x"), 0);
	(void)dw_known_shut(k, d.key, 0, arena);
	DW_CHECK_INT(dw_known_ports(k, 1, "- /x"), 11);
	end(k);
}

/* A forwarded port has no socket, so no event of one at its place says anything of it. */
DW_TEST(what_has_no_socket_is_shut_by_no_event)
{
	struct dw_known *k = begin();
	struct dw_known_door d = door(80, "- /a");

	d.socket = false;
	(void)opened(k, &d, 0);
	dw_known_closing(k, &d.at, 10);
	DW_CHECK(dw_known_next(k) == UINT64_MAX);
	end(k);
}

DW_TEST(a_hundred_thousand_are_closed_in_order)
{
	struct dw_known *k = begin();
	unsigned n = 0;

	for (unsigned i = 0; i < 60000; i++) {
		struct dw_known_door d = door(1 + i, "- /a");

		(void)opened(k, &d, 0);
		dw_known_closing(k, &d.at, i);
	}
	for (const struct dw_known_door *d = dw_known_due(k, HOLD + 29999); d;
	     d = dw_known_due(k, HOLD + 29999), n++)
		DW_CHECK_INT(d->at.port, n + 1);
	DW_CHECK_INT(n, 30000);
	end(k);
}

DW_TEST_MAIN
