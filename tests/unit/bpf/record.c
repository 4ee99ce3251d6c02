/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Test tool: runs the BPF walk on this host and writes its records to a file, as the fixture of a fake handle
 * wants them (bpf/walk.bin). With --time it says how long each part took instead.
 *
 *	record-bpf [--time] [--pin] FILE
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "dw_bpf.h"
#include "dw_bpf_records.h"

static double now_ms(clockid_t clock)
{
	struct timespec ts;

	(void)clock_gettime(clock, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static void count(const struct dw_bytes *b, size_t counts[16])
{
	struct dw_bpf_head head;

	for (size_t at = 0; at + sizeof(head) <= b->n; at += head.size) {
		memcpy(&head, b->data + at, sizeof(head));
		counts[head.type & 15]++;
		if (head.size < sizeof(head))
			break;
	}
}

static int measure(struct dw_sys *s, unsigned want)
{
	static const char *const rungs[] = { "none", "loaded", "pinned" };
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bpf_walk w = { 0 };
	struct dw_error e = { 0 };
	size_t counts[16] = { 0 };
	double start = now_ms(CLOCK_MONOTONIC), busy = now_ms(CLOCK_PROCESS_CPUTIME_ID), took;
	int r = dw_bpf_run(s, want, a, &w, &e);

	took = now_ms(CLOCK_MONOTONIC) - start;
	busy = now_ms(CLOCK_PROCESS_CPUTIME_ID) - busy;
	if (r < 0) {
		printf("want %u: %s\n", want, e.message);
		return 1;
	}
	count(&w.holders, counts);
	count(&w.others, counts);
	count(&w.tables, counts);
	printf("want %u: %.1f ms (%.1f of processor), %s, ran %u, lost %zu, %zu + %zu bytes; "
	       "records by type:",
	       want, took, busy, rungs[w.rung], w.ran, w.lost, w.holders.n + w.others.n,
	       w.tables.n);
	for (unsigned i = 1; i < 10; i++)
		printf(" %zu", counts[i]);
	printf("\n");
	return 0;
}

static int record(struct dw_sys *s, const char *path)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bpf_walk w = { 0 };
	struct dw_error e = { 0 };
	FILE *f;

	if (dw_bpf_run(s, DW_BPF_HOLDERS | DW_BPF_TABLES, a, &w, &e) < 0) {
		fprintf(stderr, "%s\n", e.message);
		return 1;
	}
	f = fopen(path, "wb");
	if (!f || fwrite(w.holders.data, 1, w.holders.n, f) != w.holders.n ||
	    fwrite(w.others.data, 1, w.others.n, f) != w.others.n ||
	    fwrite(w.tables.data, 1, w.tables.n, f) != w.tables.n || fclose(f)) {
		perror(path);
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct dw_error e = { 0 };
	int r = 0;

	if (dw_sys_open(NULL, &s, &e) < 0) {
		fprintf(stderr, "%s\n", e.message);
		return 1;
	}
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--pin") == 0)
			r = dw_bpf_pin(s, &e);
		else if (strcmp(argv[i], "--unpin") == 0)
			r = dw_bpf_unpin(s, &e);
		else if (strcmp(argv[i], "--time") == 0)
			r = measure(s, DW_BPF_HOLDERS) || measure(s, DW_BPF_TABLES) ||
			    measure(s, DW_BPF_HOLDERS | DW_BPF_TABLES);
		else
			r = record(s, argv[i]);
		if (r < 0)
			fprintf(stderr, "%s\n", e.message);
	}
	return r != 0;
}
