/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints the table of docs/scan.md, "How sure": behaviours of hosts x loss. scan-table [SEEDS] [NAME] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "made-scan.h"

struct row {
	const char *name;
	struct made_scan scan;
	bool lossless; /* only without loss of its own */
};

#define HOST .rtt_us = 200, .jitter_us = 100, .half_open_rule = true

static void bad_every_fifth(struct made_host *h, uint32_t host)
{
	if (host % 5 == 0) {
		h->rtt_us = 900000;
		h->jitter_us = 600000;
		h->queue_rate = 2000;
	}
}

static void half_are_dead(struct made_host *h, uint32_t host)
{
	if (host % 2 == 0) {
		h->rest = MADE_DROP;
		h->n_open = 0;
	}
}

static const struct row rows[] = {
	{ "closed", { .n_hosts = 1, .n_ports = 65535, .host = { .n_open = 1000, HOST } }, false },
	{ "64 hosts", { .n_hosts = 64, .n_ports = 16384, .host = { .n_open = 40, HOST } }, false },
	{ "dropped, 5 open",
	  { .n_hosts = 1, .n_ports = 65535, .host = { .n_open = 5, .rest = MADE_DROP, HOST } },
	  false },
	{ "dropped, 1 open, 1000 ports",
	  { .n_hosts = 1, .n_ports = 1000, .host = { .n_open = 1, .rest = MADE_DROP, HOST } },
	  false },
	{ "half dropped",
	  { .n_hosts = 4, .n_ports = 16384, .host = { .n_open = 50, .drop_share = 50, HOST } },
	  false },
	{ "rejected, ICMP 1/s",
	  { .n_hosts = 1,
	    .n_ports = 65535,
	    .host = { .n_open = 20,
		      .rest = MADE_REJECT,
		      .icmp_rate = 1,
		      .icmp_burst = 6,
		      .reject_by_other = true,
		      HOST } },
	  false },
	{ "queue 50k/s",
	  { .n_hosts = 1, .n_ports = 65535, .host = { .n_open = 1000, .queue_rate = 50000, HOST } },
	  false },
	{ "resets 200/s",
	  { .n_hosts = 1, .n_ports = 16384, .host = { .n_open = 100, .reset_rate = 200, HOST } },
	  false },
	{ "link 200k/s, 64 hosts",
	  { .n_hosts = 64, .n_ports = 16384, .host = { .n_open = 40, HOST }, .link_rate = 200000 },
	  false },
	{ "some far and slow",
	  { .n_hosts = 20,
	    .n_ports = 8192,
	    .host = { .n_open = 20, HOST },
	    .change = bad_every_fifth },
	  false },
	{ "bursts of loss",
	  { .n_hosts = 4,
	    .n_ports = 16384,
	    .host = { .n_open = 50,
		      .drop_share = 10,
		      .burst_every_us = 400000,
		      .burst_us = 60000,
		      HOST } },
	  false },
	{ "doubled answers",
	  { .n_hosts = 4, .n_ports = 16384, .host = { .n_open = 50, .twice = 0.3, HOST } },
	  false },
	{ "forged hits, 1/s",
	  { .n_hosts = 4,
	    .n_ports = 16384,
	    .host = { .n_open = 50, .drop_share = 50, HOST },
	    .forged_rate = 1 },
	  false },
	{ "forged hits, 5/s",
	  { .n_hosts = 4,
	    .n_ports = 16384,
	    .host = { .n_open = 50, .drop_share = 50, HOST },
	    .forged_rate = 5 },
	  false },
	{ "answers' ring too small",
	  { .n_hosts = 4, .n_ports = 16384, .host = { .n_open = 2000, HOST }, .ring_rate = 20000 },
	  false },
	{ "65,536 hosts, 1 port",
	  { .n_hosts = 65536,
	    .n_ports = 1,
	    .host = { .n_open = 1, HOST },
	    .change = half_are_dead },
	  false },
	{ "1,000 hosts, 100 ports",
	  { .n_hosts = 1000,
	    .n_ports = 100,
	    .host = { .n_open = 3, HOST },
	    .change = half_are_dead },
	  false },
	{ "gone after 60 ms",
	  { .n_hosts = 1,
	    .n_ports = 65535,
	    .host = { .n_open = 1000, .vanish_us = 1060000, HOST } },
	  false },
	{ "away for a second",
	  { .n_hosts = 1,
	    .n_ports = 65535,
	    .host = { .n_open = 1000, .vanish_us = 1060000, .return_us = 2060000, HOST } },
	  false },
	{ "tarpit", { .n_hosts = 2, .n_ports = 65535, .host = { .tarpit = true, HOST } }, false },
	{ "SYN proxy", { .n_hosts = 2, .n_ports = 1000, .host = { .proxy = true, HOST } }, false },
	{ "UDP, ICMP any",
	  { .protocol = DW_PROTOCOL_UDP,
	    .n_payloads = 60,
	    .n_hosts = 1,
	    .n_ports = 65535,
	    .host = { .n_open = 50, HOST } },
	  false },
	{ "UDP, ICMP 1/s, 60 s",
	  { .protocol = DW_PROTOCOL_UDP,
	    .n_payloads = 60,
	    .n_hosts = 4,
	    .n_ports = 1000,
	    .options = { .udp_seconds = 60 },
	    .host = { .n_open = 20, .icmp_rate = 1, .icmp_burst = 6, HOST } },
	  false },
	{ "UDP, forged, 20/s",
	  { .protocol = DW_PROTOCOL_UDP,
	    .n_payloads = 60,
	    .n_hosts = 1,
	    .n_ports = 2000,
	    .forged_rate = 20,
	    .host = { .n_open = 20, .icmp_rate = 1, .icmp_burst = 6, HOST } },
	  false },
	{ "UDP, forged, 1,000/s",
	  { .protocol = DW_PROTOCOL_UDP,
	    .n_payloads = 60,
	    .n_hosts = 1,
	    .n_ports = 2000,
	    .forged_rate = 1000,
	    .host = { .n_open = 20, .icmp_rate = 1, .icmp_burst = 6, HOST } },
	  false },
	{ "UDP, forged, 20,000/s",
	  { .protocol = DW_PROTOCOL_UDP,
	    .n_payloads = 60,
	    .n_hosts = 1,
	    .n_ports = 2000,
	    .forged_rate = 20000,
	    .host = { .n_open = 20, .icmp_rate = 1, .icmp_burst = 6, HOST } },
	  false },
};

static void print(const struct row *r, double loss, unsigned seeds, enum dw_scan_load load)
{
	struct made_outcome all = { 0 };
	uint64_t us = 0, worst_us = 0, slots = (uint64_t)r->scan.n_hosts * r->scan.n_ports;

	for (unsigned i = 1; i <= seeds; i++) {
		struct made_scan s = r->scan;
		struct made_outcome o = { 0 };

		s.seed = i;
		s.options.load = load;
		s.host.lost_to = s.host.lost_back = loss;
		made_scan_run(&s, &o);
		all.open += o.open;
		all.found += o.found;
		all.missed += o.missed;
		all.wrong += o.wrong;
		all.doubtful += o.doubtful;
		all.closed += o.closed;
		all.closed_found += o.closed_found;
		all.closed_wrong += o.closed_wrong;
		all.sent += o.sent;
		all.cpu_ns += o.cpu_ns;
		all.gone += o.gone;
		all.tarpit += o.tarpit;
		all.proxy += o.proxy;
		us += o.us;
		worst_us = DW_MAX(worst_us, o.us);
		dw_arena_free(o.arena);
	}
	printf("| %s | %g | %llu of %llu | %llu | %llu | %.2f%% (%llu wrong) | %.2f | %.2f (%.2f) "
	       "| %u gone, %u tarpit, %u proxy | %llu |\n",
	       r->name, loss * 100, (unsigned long long)all.found, (unsigned long long)all.open,
	       (unsigned long long)all.wrong, (unsigned long long)all.doubtful,
	       all.closed > 0 ? 100.0 * (double)all.closed_found / (double)all.closed : 100.0,
	       (unsigned long long)all.closed_wrong, (double)all.sent / (double)slots / seeds,
	       (double)us / 1e6 / seeds, (double)worst_us / 1e6, all.gone, all.tarpit, all.proxy,
	       (unsigned long long)(all.cpu_ns / DW_MAX(all.sent, 1)));
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static const double losses[] = { 0, 0.01, 0.02, 0.1 };
	unsigned seeds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 3;
	const char *only = argc > 2 ? argv[2] : NULL;
	enum dw_scan_load load =
		argc > 3 && strcmp(argv[3], "normal") == 0 ? DW_SCAN_LOAD_NORMAL : DW_SCAN_LOAD_LAB;

	printf("| hosts | loss each way, %% | open ports found | told open and not | doubtful | "
	       "closed proven | probes a port | seconds, mean (worst) | labels | CPU ns a probe "
	       "|\n");
	printf("|---|---|---|---|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < DW_ARRAY_SIZE(rows); i++) {
		if (only != NULL && strstr(rows[i].name, only) == NULL)
			continue;
		for (size_t k = 0; k < DW_ARRAY_SIZE(losses); k++)
			print(&rows[i], losses[k], seeds, load);
	}
	return 0;
}
