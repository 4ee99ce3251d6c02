/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The small pure pieces: clients of UDP, back-off, the queue, latency, news and status as text. */
#include <errno.h>

#include "dw_backoff.h"
#include "dw_client.h"
#include "dw_due.h"
#include "dw_json.h"
#include "dw_latency.h"
#include "dw_news.h"
#include "dw_spared.h"
#include "dw_str.h"
#include "dw_test.h"
#include "dw_watch_state.h"

static enum dw_client_answer ask(struct dw_client_facts f, uint64_t *ret_ms)
{
	f.low = 32768;
	f.high = 60999;
	return dw_client_ask(&f, ret_ms);
}

/* Closed, and taken back: left open until the policy or the door changes, or it is closed once more. */
DW_TEST(what_was_taken_back_is_spared)
{
	struct dw_run_door closed = { .role = DW_RUN_DOOR_CLOSED,
				      .at = { .netns = 1, .protocol = DW_PROTOCOL_TCP, .port = 23 },
				      .netns = "host",
				      .starter = DW_STARTER_SYSTEMD_SOCKET,
				      .starter_id = "telnet.socket" };
	struct dw_run runs[] = {
		{ .id = 2, .state = DW_RUN_UNDONE, .ended = 100 },
		{ .id = 1, .state = DW_RUN_UNDONE, .ended = 50, .doors = &closed, .n_doors = 1 }
	};
	struct dw_door d = { .at = { .netns = 7, .protocol = DW_PROTOCOL_TCP, .port = 23 },
			     .netns = "host",
			     .starter = { .kind = DW_STARTER_SYSTEMD_SOCKET,
					  .id = "telnet.socket" } };

	DW_CHECK(dw_spared_by(runs, 2, &d, 50) == &runs[1]);
	DW_CHECK(!dw_spared_by(runs, 2, &d, 51)); /* the policy is younger */
	d.program = "/usr/bin/nc";
	DW_CHECK(!dw_spared_by(runs, 2, &d, 0));
	d.program = NULL;
	d.at.port = 24;
	DW_CHECK(!dw_spared_by(runs, 2, &d, 0));
	d.at.port = 23;
	runs[1].state = DW_RUN_UNDOING;
	runs[1].ended = 0;
	DW_CHECK(dw_spared_by(runs, 2, &d, 51) == &runs[1]);
	runs[1].state = DW_RUN_DONE;
	DW_CHECK(!dw_spared_by(runs, 2, &d, 0));
	/* closed once more since */
	runs[1].state = DW_RUN_UNDONE;
	runs[1].ended = 50;
	runs[0].state = DW_RUN_DONE;
	runs[0].doors = &closed;
	runs[0].n_doors = 1;
	DW_CHECK(!dw_spared_by(runs, 2, &d, 0));
	/* it was there, and kept */
	closed.role = DW_RUN_DOOR_KEPT;
	runs[0].n_doors = 0;
	DW_CHECK(!dw_spared_by(runs, 2, &d, 0));
}

DW_TEST(clients_are_told_from_servers)
{
	uint64_t ms;
	struct dw_client_facts f = { .protocol = DW_PROTOCOL_UDP, .port = 53, .told = true };

	DW_CHECK_INT(ask(f, &ms), DW_CLIENT_SERVER);
	DW_CHECK_INT(ms, 0);
	/* chosen by the program: a resolver's, or a server that is told within a second */
	f.port = 40000;
	DW_CHECK_INT(ask(f, &ms), DW_CLIENT_WAIT);
	DW_CHECK(ms > 0 && ms < 1000);
	f.autobind = true;
	DW_CHECK_INT(ask(f, &ms), DW_CLIENT_WAIT_ANY);
	DW_CHECK(ms >= 20000);
	f = (struct dw_client_facts){ .protocol = DW_PROTOCOL_UDP, .port = 40000 };
	DW_CHECK_INT(ask(f, &ms), DW_CLIENT_WAIT_ANY);
	f.kernel = true; /* wireguard */
	DW_CHECK_INT(ask(f, &ms), DW_CLIENT_SERVER);
	f = (struct dw_client_facts){ .protocol = DW_PROTOCOL_UDP,
				      .port = 51820,
				      .standard = true };
	DW_CHECK_INT(ask(f, &ms), DW_CLIENT_SERVER);
	f = (struct dw_client_facts){ .protocol = DW_PROTOCOL_TCP, .port = 40000, .told = true };
	DW_CHECK_INT(ask(f, &ms), DW_CLIENT_SERVER);
}

DW_TEST(what_only_sends_is_no_door)
{
	struct dw_endpoint at = { .protocol = DW_PROTOCOL_RAW, .has_port = true, .port = 255 };

	DW_CHECK(dw_client_only_sends(&at));
	at.port = 1; /* ICMP: it hears */
	DW_CHECK(!dw_client_only_sends(&at));
	at.port = 255;
	at.protocol = DW_PROTOCOL_TCP;
	DW_CHECK(!dw_client_only_sends(&at));
}

DW_TEST(who_has_many_ports_chooses_them)
{
	struct dw_client_facts f = { .protocol = DW_PROTOCOL_UDP,
				     .port = 2000,
				     .low = 32768,
				     .high = 60999,
				     .told = true,
				     .ports = 7 };

	DW_CHECK(!dw_client_is_ephemeral(&f));
	f.ports = 8;
	DW_CHECK(dw_client_is_ephemeral(&f));
	f.port = 53;
	DW_CHECK(!dw_client_is_ephemeral(&f));
}

DW_TEST(waits_grow_and_end)
{
	struct dw_backoff b = { .first_ms = 1000, .max_ms = 300000, .seed = 7 };
	uint64_t full = 1000;

	for (unsigned i = 0; i < 20; i++) {
		uint64_t wait = dw_backoff_failed(&b);

		DW_CHECK(wait >= full / 2 && wait <= full);
		full = DW_MIN(full * 2, (uint64_t)300000);
	}
	dw_backoff_ok(&b);
	DW_CHECK(dw_backoff_failed(&b) <= 1000);
	b = (struct dw_backoff){ .first_ms = 1, .max_ms = 1 };
	DW_CHECK_INT(dw_backoff_failed(&b), 1);
}

static struct dw_due_head *item(uint64_t due, uint64_t cookie)
{
	struct dw_due_head *i = calloc(1, sizeof(*i));

	if (!i)
		dw_oom();
	i->due = due;
	i->cookie = cookie;
	return i;
}

DW_TEST(the_queue_hands_out_in_order)
{
	struct dw_due *q = dw_due_new(NULL, NULL);
	uint64_t last = 0, n = 0;
	struct dw_due_head *i;

	for (uint64_t k = 1; k <= 5000; k++)
		DW_CHECK_INT(dw_due_put(q, item(k * 7919 % 5003, k)), 0);
	/* every third is taken out by its cookie */
	for (uint64_t k = 3; k <= 5000; k += 3) {
		i = dw_due_take_cookie(q, k);
		DW_CHECK(i && i->cookie == k);
		free(i);
	}
	DW_CHECK(!dw_due_take_cookie(q, 3));
	DW_CHECK(!dw_due_take(q, dw_due_next(q) - 1));
	while ((i = dw_due_take(q, UINT64_MAX))) {
		DW_CHECK(i->due >= last && i->cookie % 3 != 0);
		last = i->due;
		n++;
		free(i);
	}
	DW_CHECK_INT(n, 5000 - 5000 / 3);
	DW_CHECK(dw_due_next(q) == UINT64_MAX);
	dw_due_free(q);
}

static struct dw_due_head *item_of(uint64_t group, uint64_t process, uint64_t due)
{
	struct dw_due_head *i = item(due, 0);

	i->whose[DW_DUE_GROUP] = group;
	i->whose[DW_DUE_PROCESS] = process;
	return i;
}

/* Takes n, and returns how many of them were of that process. */
static unsigned taken_of(struct dw_due *q, unsigned n, uint64_t process)
{
	unsigned found = 0;
	struct dw_due_head *i;

	while (n-- > 0 && (i = dw_due_take(q, 10))) {
		found += i->whose[DW_DUE_PROCESS] == process;
		free(i);
	}
	return found;
}

DW_TEST(who_has_many_holds_up_his_own)
{
	struct dw_due *q = dw_due_new(NULL, NULL);

	for (unsigned k = 0; k < 1000; k++)
		DW_CHECK_INT(dw_due_put(q, item_of(1, 1, 1)), 0);
	for (unsigned k = 0; k < 3; k++)
		DW_CHECK_INT(dw_due_put(q, item_of(1, 2, 2)), 0);
	DW_CHECK_INT(taken_of(q, 6, 2), 3);
	/* beside one that begets a thousand processes: of a group each its turn */
	for (uint64_t k = 10; k < 1010; k++)
		DW_CHECK_INT(dw_due_put(q, item_of(1, k, 1)), 0);
	for (unsigned k = 0; k < 3; k++)
		DW_CHECK_INT(dw_due_put(q, item_of(2, 5, 2)), 0);
	DW_CHECK_INT(taken_of(q, 6, 5), 3);
	/* whose time has not come waits, whosever turn it is */
	DW_CHECK_INT(dw_due_put(q, item_of(3, 6, 11)), 0);
	DW_CHECK_INT(taken_of(q, 5000, 6), 0);
	DW_CHECK_INT(dw_due_count(q), 1);
	DW_CHECK_INT(dw_due_next(q), 11);
	dw_due_free(q);
}

DW_TEST(who_has_a_thousand_names_holds_up_his_own)
{
	struct dw_due *q = dw_due_new(NULL, NULL);
	struct dw_due_head *i;

	/* a host without groups, or a container: another user's are beside them */
	for (uint64_t k = 0; k < 1000; k++) {
		i = item_of(1, 10 + k, 1);
		i->whose[DW_DUE_USER] = 1000;
		i->whose[DW_DUE_NAME] = k;
		DW_CHECK_INT(dw_due_put(q, i), 0);
	}
	for (unsigned k = 0; k < 3; k++)
		DW_CHECK_INT(dw_due_put(q, item_of(1, 2, 2)), 0);
	DW_CHECK_INT(taken_of(q, 6, 2), 3);
	dw_due_free(q);
}

DW_TEST(what_one_opens_at_once_stays_in_order)
{
	struct dw_due *q = dw_due_new(NULL, NULL);
	struct dw_due_head *i;

	for (uint64_t k = 1; k <= 1000; k++) {
		i = item_of(k % 3, 1, 5);
		i->cookie = k;
		DW_CHECK_INT(dw_due_put(q, i), 0);
	}
	for (uint64_t last[3] = { 0 }; (i = dw_due_take(q, 5)); free(i)) {
		DW_CHECK(i->cookie > last[i->cookie % 3]);
		last[i->cookie % 3] = i->cookie;
	}
	dw_due_free(q);
}

DW_TEST(what_is_ripe_is_found_by_its_cookie)
{
	struct dw_due *q = dw_due_new(NULL, NULL);
	struct dw_due_head *i;
	size_t n = 0;

	for (uint64_t k = 1; k <= 4000; k++) {
		i = item(1, k);
		i->whose[DW_DUE_GROUP] = k % 7;
		i->whose[DW_DUE_NAME] = k % 5;
		i->whose[DW_DUE_PROCESS] = k % 64;
		DW_CHECK_INT(dw_due_put(q, i), 0);
	}
	free(dw_due_take(q, 1)); /* all are ripe now */
	for (uint64_t k = 1; k <= 4000; k += 2) {
		i = dw_due_take_cookie(q, k);
		n += i == NULL; /* the one that was taken */
		free(i);
	}
	for (; (i = dw_due_take(q, 1)); n++) {
		DW_CHECK(i->cookie % 2 == 0);
		free(i);
	}
	DW_CHECK_INT(n, 1 + 2000);
	DW_CHECK_INT(dw_due_count(q), 0);
	dw_due_free(q);
}

struct dropped {
	size_t n, of_others;
};

static void note_dropped(void *data, const void *item)
{
	struct dropped *d = data;
	const struct dw_due_head *i = item;

	d->n++;
	d->of_others += i->whose[DW_DUE_GROUP] != 1;
}

/* Full: who has most loses, be it one process or many. Ripe or not. */
static void fill(uint64_t processes, uint64_t now)
{
	struct dropped d = { 0 };
	struct dw_due *q = dw_due_new(note_dropped, &d);
	size_t lost = 0;

	for (uint64_t k = 0; k < 100; k++)
		lost += dw_due_put(q, item_of(2, 1, 5));
	for (uint64_t k = 0; k < DW_DUE_MAX; k++) {
		lost += dw_due_put(q, item_of(1, 10 + k % processes, 5));
		if (k == DW_DUE_MAX / 2)
			free(dw_due_take(q, now));
	}
	for (uint64_t k = 0; k < 100; k++)
		lost += dw_due_put(q, item_of(3, 2, 5));
	DW_CHECK(dw_due_count(q) <= DW_DUE_MAX && dw_due_count(q) >= DW_DUE_MAX - DW_DUE_SHED);
	DW_CHECK(lost > 0 && lost == d.n);
	DW_CHECK_INT(d.of_others, 0);
	DW_CHECK_INT(dw_due_count(q) + lost, DW_DUE_MAX + 200 - (now >= 5));
	d.n = 0;
	dw_due_free(q);
	DW_CHECK_INT(d.n, 0); /* at the end nothing is lost */
}

DW_TEST(the_queue_is_bounded)
{
	fill(1, 0);
	fill(1, 5);
	fill(20000, 0);
	fill(DW_DUE_MAX, 5);
}

DW_TEST(shares_of_latency)
{
	struct dw_latency l = { 0 };

	DW_CHECK_INT(dw_latency_share(&l, 0.5), 0);
	for (uint64_t us = 1; us <= 1000; us++)
		dw_latency_add(&l, us);
	DW_CHECK(dw_latency_share(&l, 0.5) >= 500 && dw_latency_share(&l, 0.5) <= 560);
	DW_CHECK(dw_latency_share(&l, 0.99) >= 990 && dw_latency_share(&l, 0.99) <= 1000);
	DW_CHECK_INT(l.max, 1000);
	dw_latency_add(&l, UINT64_MAX);
	DW_CHECK(dw_latency_share(&l, 1) == UINT64_MAX);
}

DW_TEST(news_as_text)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_known_door d = { .key = "host tcp 0.0.0.0 4444 - /tmp/\\x1b",
				   .summary = "0.0.0.0:4444/tcp /tmp/\x1b[2J",
				   .json = "{\"port\":4444}" };
	struct dw_news n = { .id = 7,
			     .time = 99,
			     .kind = DW_NEWS_OPENED,
			     .host = "web1",
			     .door = &d,
			     .verdict = "investigate",
			     .reason = "it is odd",
			     .away = true };
	struct dw_json_value *v = NULL;
	const char *line = dw_news_line(a, &n), *json = dw_news_json(a, &n);
	int64_t port = 0;

	DW_CHECK(!strchr(line, '\x1b') && strstr(line, "opened: 0.0.0.0:4444/tcp"));
	DW_CHECK(strstr(line, "(while nobody watched); investigate: it is odd"));
	DW_CHECK(!strchr(json, '\n'));
	DW_CHECK_INT(dw_json_parse(json, strlen(json), &v, NULL), 0);
	DW_CHECK_STR(dw_json_text(dw_json_get(v, "event", NULL)), "opened");
	DW_CHECK(dw_json_number(dw_json_get(v, "door", "port", NULL), &port) && port == 4444);
	DW_CHECK(dw_json_is_null(dw_json_get(v, "was", NULL)));
	dw_json_free(v);
	DW_CHECK(strstr(dw_news_lost_json(a, 3, 1, "h", 12), "\"lost\":12"));
}

DW_TEST(the_status_comes_back_as_it_was)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_watch_state s = { .running = true,
				    .pid = 12,
				    .host = "web1",
				    .source = "polling",
				    .why = "no \x1b BTF",
				    .poll_ms = 1000,
				    .events = 5,
				    .latency_p99 = 77,
				    .n_kinds = 1,
				    .n_sinks = 1 },
			      back = { 0 };
	const char *text;

	s.kinds[0].kind = "tcp";
	s.sinks[0] = (struct dw_watch_state_sink){
		.name = "webhook x", .waiting = 3, .failing = true, .words = "away"
	};
	text = dw_watch_state_json(a, &s, false);
	DW_CHECK_INT(dw_watch_state_read(a, text, strlen(text), &back, NULL), 0);
	DW_CHECK_INT(back.pid, 12);
	DW_CHECK_STR(back.why, s.why);
	DW_CHECK_INT(back.latency_p99, 77);
	DW_CHECK_INT(back.sinks[0].waiting, 3);
	DW_CHECK(back.sinks[0].failing && !back.kinds[0].hook);
	back.running = true;
	text = dw_watch_state_text(a, &back, 10);
	DW_CHECK(strstr(text, "tcp polled") && strstr(text, "failing: away"));
	DW_CHECK(!strchr(text, '\x1b'));
	DW_CHECK_INT(dw_watch_state_read(a, "[]", 2, &back, NULL), -EBADMSG);
	DW_CHECK_INT(dw_watch_state_read(a, "{", 1, &back, NULL), -EBADMSG);
}

DW_TEST_MAIN
