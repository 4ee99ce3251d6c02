/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine on made-up networks: nothing open is missed, nothing else is told as open, no more is sent than
 * needed, and no more (made-up) time passes. Hundreds of seeds.
 */
#include "dw_test.h"
#include "made-scan.h"

#define HOST .rtt_us = 300, .jitter_us = 200, .half_open_rule = true

struct bounds {
	double probes, seconds; /* a port; a scan */
	uint64_t doubtful;
};

static void all_right(const struct made_scan *scan, unsigned seeds, const struct bounds *b)
{
	for (unsigned i = 1; i <= seeds; i++) {
		struct made_scan s = *scan;
		struct made_outcome o = { 0 };
		double slots = (double)s.n_hosts * s.n_ports;

		s.seed = i * 7919;
		made_scan_run(&s, &o);
		DW_CHECK_INT(o.r, 0);
		DW_CHECK_INT(o.missed, 0);
		DW_CHECK_INT(o.wrong, 0);
		DW_CHECK_INT(o.closed_wrong, 0);
		DW_CHECK(o.doubtful <= b->doubtful);
		DW_CHECK((double)o.sent <= b->probes * slots + 400);
		DW_CHECK((double)o.us <= b->seconds * 1e6);
		DW_CHECK(o.result.complete);
		if (o.missed > 0 || (double)o.us > b->seconds * 1e6 ||
		    (double)o.sent > b->probes * slots + 400)
			printf("seed %u: %llu probes, %.3f s\n", i, (unsigned long long)o.sent,
			       (double)o.us / 1e6);
		dw_arena_free(o.arena);
	}
}

static struct dw_engine_options lab(void)
{
	return (struct dw_engine_options){ .load = DW_SCAN_LOAD_LAB };
}

DW_TEST(a_host_that_answers_is_asked_once)
{
	struct made_scan s = {
		.n_hosts = 1, .n_ports = 4096, .host = { .n_open = 60, HOST }, .options = lab()
	};

	all_right(&s, 50, &(struct bounds){ 1.1, 0.3, 0 });
}

DW_TEST(loss_costs_rounds_and_no_port)
{
	struct made_scan s = {
		.n_hosts = 2, .n_ports = 4096, .host = { .n_open = 60, HOST }, .options = lab()
	};

	s.host.lost_to = s.host.lost_back = 0.02;
	all_right(&s, 50, &(struct bounds){ 1.25, 1, 0 });
	s.host.lost_to = s.host.lost_back = 0.1;
	all_right(&s, 100, &(struct bounds){ 1.6, 0.2, 0 });
}

DW_TEST(silent_ports_are_asked_until_it_is_sure)
{
	struct made_scan s = { .n_hosts = 2,
			       .n_ports = 2048,
			       .host = { .n_open = 8, .rest = MADE_DROP, HOST },
			       .options = lab() };

	all_right(&s, 20, &(struct bounds){ 9, 12, 0 });
	s.host.lost_to = s.host.lost_back = 0.1;
	all_right(&s, 50, &(struct bounds){ 20, 20, 0 });
}

DW_TEST(half_dropped)
{
	struct made_scan s = { .n_hosts = 2,
			       .n_ports = 4096,
			       .host = { .n_open = 40, .drop_share = 50, HOST },
			       .options = lab() };

	all_right(&s, 20, &(struct bounds){ 3.5, 4, 0 });
	s.host.lost_to = s.host.lost_back = 0.1;
	all_right(&s, 50, &(struct bounds){ 10, 6, 0 });
}

DW_TEST(a_queue_that_is_full_is_no_silence)
{
	struct made_scan s = { .n_hosts = 1,
			       .n_ports = 16384,
			       .host = { .n_open = 300, .queue_rate = 50000, HOST },
			       .options = lab() };

	all_right(&s, 20, &(struct bounds){ 2.5, 4, 0 });
}

DW_TEST(bursts_of_loss)
{
	struct made_scan s = { .n_hosts = 2,
			       .n_ports = 4096,
			       .host = { .n_open = 40,
					 .drop_share = 10,
					 .burst_every_us = 300000,
					 .burst_us = 50000,
					 HOST },
			       .options = lab() };

	all_right(&s, 50, &(struct bounds){ 4, 6, 0 });
}

DW_TEST(copies_and_guesses)
{
	struct made_scan s = { .n_hosts = 2,
			       .n_ports = 4096,
			       .host = { .n_open = 40, .drop_share = 30, .twice = 0.3, HOST },
			       .forged_rate = 1,
			       .options = lab() };

	all_right(&s, 50, &(struct bounds){ 6, 6, 10 });
}

DW_TEST(many_hosts_one_port)
{
	struct made_scan s = {
		.n_hosts = 4096, .n_ports = 1, .host = { .n_open = 1, HOST }, .options = lab()
	};

	all_right(&s, 10, &(struct bounds){ 2.1, 1, 0 });
	s.host.lost_to = s.host.lost_back = 0.1;
	all_right(&s, 10, &(struct bounds){ 2.9, 12, 0 });
}

DW_TEST(normal_load_is_slower_and_as_sure)
{
	struct made_scan s = { .n_hosts = 4, .n_ports = 1024, .host = { .n_open = 10, HOST } };

	s.host.lost_to = s.host.lost_back = 0.02;
	all_right(&s, 20, &(struct bounds){ 1.5, 10, 0 });
}

static void every_fourth_is_far(struct made_host *h, uint32_t host)
{
	if (host % 4 == 0) {
		h->rtt_us = 900000;
		h->jitter_us = 500000;
	}
}

DW_TEST(far_hosts)
{
	struct made_scan s = { .n_hosts = 8,
			       .n_ports = 1024,
			       .host = { .n_open = 10, HOST },
			       .change = every_fourth_is_far,
			       .options = lab() };

	all_right(&s, 20, &(struct bounds){ 4, 20, 0 });
}

DW_TEST(gone_is_told)
{
	for (unsigned seed = 1; seed <= 20; seed++) {
		struct made_scan s = { .n_hosts = 1,
				       .n_ports = 65535,
				       .host = { .n_open = 1000, .vanish_us = 1060000, HOST },
				       .options = lab(),
				       .seed = seed };
		struct made_outcome o = { 0 };

		made_scan_run(&s, &o);
		DW_CHECK_INT(o.gone, 1);
		DW_CHECK_INT(o.wrong, 0);
		DW_CHECK(o.worst_missed > 0.99);
		DW_CHECK(o.us < 10000000);
		dw_arena_free(o.arena);
		/* away for a second only */
		s.host.return_us = 2060000;
		made_scan_run(&s, &o);
		DW_CHECK_INT(o.gone, 0);
		DW_CHECK_INT(o.missed, 0);
		dw_arena_free(o.arena);
	}
}

/* All have answered once; then the host, or the scanner, gets no turn for half a second, at whatever moment. */
DW_TEST(who_stands_still_for_a_moment_is_waited_for)
{
	for (unsigned seed = 1; seed <= 100; seed++) {
		struct made_scan s = { .n_hosts = 1,
				       .n_ports = 24,
				       .host = { .n_open = 12,
						 .vanish_us = 1000000 + seed * 20,
						 .return_us = 1500000,
						 HOST },
				       .options = lab(),
				       .seed = seed };
		struct made_outcome o = { 0 };

		made_scan_run(&s, &o);
		DW_CHECK_INT(o.gone, 0);
		DW_CHECK_INT(o.missed, 0);
		DW_CHECK_INT(o.doubtful, 0);
		dw_arena_free(o.arena);
	}
}

DW_TEST(tarpit_and_proxy_are_told)
{
	struct made_scan s = { .n_hosts = 2,
			       .n_ports = 65535,
			       .host = { .tarpit = true, HOST },
			       .options = lab(),
			       .seed = 3 };
	struct made_outcome o = { 0 };

	made_scan_run(&s, &o);
	DW_CHECK_INT(o.tarpit, 2);
	DW_CHECK_INT(o.proxy, 0);
	DW_CHECK(o.sent < 65535);
	dw_arena_free(o.arena);
	s.host.tarpit = false;
	s.host.proxy = true;
	s.n_ports = 50;
	made_scan_run(&s, &o);
	DW_CHECK_INT(o.proxy, 2);
	dw_arena_free(o.arena);
}

DW_TEST(udp)
{
	struct made_scan s = { .protocol = DW_PROTOCOL_UDP,
			       .n_hosts = 2,
			       .n_ports = 500,
			       .n_payloads = 40,
			       .host = { .n_open = 20, .icmp_rate = 10, .icmp_burst = 6, HOST },
			       .options = { .load = DW_SCAN_LOAD_LAB, .udp_seconds = 20 },
			       .seed = 5 };
	struct made_outcome o = { 0 };

	made_scan_run(&s, &o);
	DW_CHECK_INT(o.missed, 0);
	DW_CHECK_INT(o.wrong, 0);
	DW_CHECK_INT(o.closed_wrong, 0);
	/* 10 a second and host for 20 s; the burst comes on top */
	DW_CHECK(o.closed_found >= 2 * 190 && o.closed_found <= 2 * 320);
	for (unsigned i = 0; i < 2; i++) {
		DW_CHECK(o.result.hosts[i].icmp_rate >= 8 && o.result.hosts[i].icmp_rate <= 11);
		DW_CHECK_INT(o.result.hosts[i].unproven + o.result.hosts[i].closed +
				     o.result.hosts[i].open,
			     500);
	}
	dw_arena_free(o.arena);
}

/* Who knows the source ports and cannot see what is asked opens no port, and hides none that is open. */
DW_TEST(udp_replies_are_forged)
{
	struct made_scan s = { .protocol = DW_PROTOCOL_UDP,
			       .n_hosts = 1,
			       .n_ports = 2000,
			       .n_payloads = 60,
			       .host = { .n_open = 20, .icmp_rate = 1, .icmp_burst = 6, HOST },
			       .options = { .load = DW_SCAN_LOAD_LAB, .udp_seconds = 2 } };
	unsigned missed = 0, seeds = 0;
	uint64_t longest = 0;

	for (unsigned rate = 20; rate <= 20000; rate = rate == 20 ? 1000 : rate * 20) {
		for (unsigned i = 0; i < 40; i++, seeds++) {
			struct made_outcome o = { 0 };

			s.seed = i * 104729 + 1;
			s.forged_rate = rate;
			made_scan_run(&s, &o);
			DW_CHECK_INT(o.r, 0);
			DW_CHECK_INT(o.wrong, 0);
			missed += (unsigned)o.missed;
			longest = DW_MAX(longest, o.us);
			dw_arena_free(o.arena);
		}
	}
	DW_CHECK(missed * 100 <= seeds * 20);
	DW_CHECK(longest <=
		 12000000); /* of the network that is made up: what is forged does not hold it up */
}

/* Nor does it help to know in which order they would be used, and when. */
DW_TEST(udp_replies_are_forged_in_order)
{
	struct made_scan s = { .protocol = DW_PROTOCOL_UDP,
			       .n_hosts = 1,
			       .n_ports = 20,
			       .forged_rate = 20000,
			       .forged_in_order = true,
			       .host = { .n_open = 2, .rest = MADE_DROP, HOST },
			       .options = { .load = DW_SCAN_LOAD_LAB, .udp_seconds = 1 } };
	unsigned wrong = 0;

	for (unsigned i = 0; i < 100; i++) {
		struct made_outcome o = { 0 };

		s.seed = i * 104729 + 1;
		made_scan_run(&s, &o);
		wrong += (unsigned)o.wrong;
		dw_arena_free(o.arena);
	}
	DW_CHECK_INT(wrong, 0);
}

/* By the host itself or by one before it: a bit each, beside the first ones; and what it is that they all say. */
DW_TEST(a_host_that_refuses_all_costs_a_bit_a_port)
{
	struct made_scan s = { .n_hosts = 3,
			       .n_ports = 20000,
			       .host = { .n_open = 30, .rest = MADE_REJECT, HOST },
			       .options = lab(),
			       .seed = 8 };

	for (unsigned other = 0; other < 2; other++) {
		struct made_outcome o = { 0 };

		s.host.reject_by_other = other > 0;
		made_scan_run(&s, &o);
		DW_CHECK_INT(o.missed + o.wrong + o.closed_wrong + o.doubtful, 0);
		DW_CHECK(o.result.n_answers <= 3 * (30 + 64));
		DW_CHECK(o.result.refused != NULL);
		for (unsigned i = 0; i < 3; i++) {
			const struct dw_engine_host *h = &o.result.hosts[i];

			DW_CHECK_INT(h->open, 30);
			DW_CHECK_INT(h->closed, 0);
			DW_CHECK_INT(h->filtered, 20000 - 30);
			DW_CHECK_INT(dw_scan_state_of(h->refusal.why, false), DW_SCAN_FILTERED);
			DW_CHECK_INT(h->refusal.from.family != DW_FAMILY_UNKNOWN, other > 0);
		}
		dw_arena_free(o.arena);
	}
}

DW_TEST(echo_and_sctp)
{
	struct made_scan s = { .protocol = DW_WIRE_ICMP,
			       .n_hosts = 300,
			       .n_ports = 1,
			       .host = { .n_open = 1, HOST },
			       .options = lab(),
			       .seed = 4 };
	struct made_outcome o = { 0 };

	made_scan_run(&s, &o);
	DW_CHECK_INT(o.found, 300);
	DW_CHECK_INT(o.up, 300);
	DW_CHECK_INT(o.sent, 300);
	dw_arena_free(o.arena);
	s = (struct made_scan){ .protocol = DW_PROTOCOL_SCTP,
				.n_hosts = 2,
				.n_ports = 300,
				.host = { .n_open = 9, HOST },
				.options = lab() };
	all_right(&s, 5, &(struct bounds){ 1.2, 1, 0 });
}

DW_TEST(shards_are_disjoint_and_complete)
{
	struct made_scan s = { .n_hosts = 3,
			       .n_ports = 1000,
			       .host = { .n_open = 10, HOST },
			       .options = lab(),
			       .seed = 11 };
	uint64_t all[47] = { 0 }, both = 0, sent = 0, found = 0;

	s.options.shards = 7;
	for (uint32_t shard = 1; shard <= 7; shard++) {
		struct made_outcome o = { 0 };

		s.options.shard = shard;
		made_scan_run(&s, &o);
		for (unsigned i = 0; i < 47; i++) {
			both |= all[i] & o.result.answered[i];
			all[i] |= o.result.answered[i];
		}
		sent += o.sent;
		found += o.found;
		dw_arena_free(o.arena);
	}
	DW_CHECK_INT(both, 0);
	DW_CHECK_INT(found, 30);
	DW_CHECK(sent >= 3000 && sent < 3300);
	for (unsigned i = 0; i < 46; i++)
		DW_CHECK(all[i] == UINT64_MAX);
}

DW_TEST(stopped_and_resumed_is_the_whole)
{
	struct made_scan s = { .n_hosts = 4,
			       .n_ports = 16384,
			       .host = { .n_open = 100, HOST },
			       .options = { .load = DW_SCAN_LOAD_LAB, .rate = 100000 },
			       .seed = 12,
			       .stop_after_turns = 5 };
	struct made_outcome first = { 0 }, second = { 0 };

	made_scan_run(&s, &first);
	DW_CHECK(!first.result.complete);
	DW_CHECK_INT(first.wrong, 0);
	DW_CHECK_INT(first.closed_wrong, 0);
	DW_CHECK(first.closed_found > 1000 && first.closed_found < 60000);
	s.before = first.result.answered;
	s.stop_after_turns = 0;
	made_scan_run(&s, &second);
	DW_CHECK(second.result.complete);
	/* a port that was open the first time is not asked again */
	DW_CHECK(first.found + first.doubtful + second.found >= 400);
	DW_CHECK(second.sent < 65536 - first.closed_found + 3000);
	DW_CHECK_INT(second.closed_found + first.found + first.doubtful,
		     second.closed + first.found + first.doubtful);
	dw_arena_free(first.arena);
	dw_arena_free(second.arena);
}

DW_TEST(nonsense_is_refused)
{
	struct made_scan s = {
		.n_hosts = 1, .n_ports = 1, .host = { HOST }, .options = { .shard = 3, .shards = 2 }
	};
	struct made_outcome o = { 0 };

	made_scan_run(&s, &o);
	DW_CHECK(o.r < 0);
	dw_arena_free(o.arena);
}

DW_TEST_MAIN
