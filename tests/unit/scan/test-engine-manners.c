/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* No load asks faster than docs/scan.md, "How fast", has it: on made-up networks, by their clock. */
#include "dw_test.h"
#include "made-scan.h"

#define HOST .rtt_us = 300, .jitter_us = 200, .half_open_rule = true

struct manners {
	double host_rate;  /* of one host that answers, a second */
	double unanswered; /* probes to one host at once; and as many again in each two minutes */
};

static const struct manners manners[] = {
	[DW_SCAN_LOAD_POLITE] = { 500, 16384 },
	[DW_SCAN_LOAD_NORMAL] = { 5000, 49152 },
};

/* Hosts that answer all: nothing but the load holds it back. */
DW_TEST(no_host_is_asked_faster_than_its_load_allows)
{
	for (unsigned i = DW_SCAN_LOAD_POLITE; i <= DW_SCAN_LOAD_NORMAL; i++) {
		struct made_scan s = { .n_hosts = 3,
				       .n_ports = 4096,
				       .host = { .n_open = 10, HOST },
				       .options = { .load = (enum dw_scan_load)i } };

		for (s.seed = 1; s.seed <= 5; s.seed++) {
			struct made_outcome o = { 0 };

			made_scan_run(&s, &o);
			DW_CHECK_INT(o.missed + o.wrong, 0);
			DW_CHECK((double)o.us >= s.n_ports * 1e6 / manners[i].host_rate);
			dw_arena_free(o.arena);
		}
	}
}

/* What is unknown is normal, not all that a lab stands. */
DW_TEST(no_load_named_is_normal)
{
	struct made_scan s = { .n_hosts = 1, .n_ports = 4096, .host = { .n_open = 10, HOST } };
	struct made_outcome o = { 0 };

	made_scan_run(&s, &o);
	DW_CHECK((double)o.us >= s.n_ports * 1e6 / manners[DW_SCAN_LOAD_NORMAL].host_rate);
	dw_arena_free(o.arena);
}

DW_TEST(a_rate_that_is_named_is_kept)
{
	static const enum dw_scan_load all[] = { DW_SCAN_LOAD_POLITE, DW_SCAN_LOAD_NORMAL,
						 DW_SCAN_LOAD_LAB };

	for (unsigned i = 0; i < DW_ARRAY_SIZE(all); i++) {
		struct made_scan s = { .n_hosts = 64,
				       .n_ports = 64,
				       .host = { .n_open = 4, HOST },
				       .options = { .load = all[i], .rate = 300 },
				       .seed = 9 };
		struct made_outcome o = { 0 };

		made_scan_run(&s, &o);
		DW_CHECK_INT(o.missed + o.wrong, 0);
		DW_CHECK((double)o.us >= 0.9e6 * (double)o.sent / s.options.rate);
		dw_arena_free(o.arena);
	}
}

/* A table on the way keeps each for two minutes: in none there are more than all at once and what came free. */
DW_TEST(unanswered_probes_are_few)
{
	for (unsigned i = DW_SCAN_LOAD_POLITE; i <= DW_SCAN_LOAD_NORMAL; i++) {
		double most = manners[i].unanswered;
		struct made_scan s = { .n_hosts = 1,
				       .n_ports = (uint32_t)most * 4 / 5,
				       .host = { .n_open = 8, .rest = MADE_DROP, HOST },
				       .options = { .load = (enum dw_scan_load)i },
				       .seed = 10,
				       .n_seconds = 10000 };
		struct made_outcome o = { 0 };

		made_scan_run(&s, &o);
		DW_CHECK_INT(o.missed + o.wrong, 0);
		DW_CHECK((double)o.two_minutes >= most);
		DW_CHECK((double)o.two_minutes <= most + most * 121 / 120);
		dw_arena_free(o.arena);
	}
}

DW_TEST_MAIN
