/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file of a stopped scan, behind its first line (the digest would keep the fuzzer out). What is taken is sound:
 * nobody is in it who is not among the targets, each index is within its list; and written again it is the same.
 */
#include <stdint.h>
#include <string.h>

#include "dw_str.h"
#include "scan-archive.h"
#include "scan-private.h"

static bool read_all(struct dw_arena *a, const char *data, size_t n, struct dw_scanning *ret)
{
	struct dw_archive r = { .reading = true, .arena = a, .in = { .n = n } };

	r.in.data = dw_arena_strndup(a, data, n);
	*ret = (struct dw_scanning){ .a = a, .scan = dw_new(a, struct dw_scan) };
	dw_scanning_archive(ret, &r);
	return !r.bad;
}

static struct dw_str written(struct dw_arena *a, struct dw_scanning *s)
{
	struct dw_archive w = { .arena = a, .out = { .arena = a } };

	dw_scanning_archive(s, &w);
	return w.out;
}

static void check(const struct dw_scanning *s)
{
	struct dw_address address;
	const char *name;

	for (size_t i = 0; i < s->founds.n; i++)
		if (s->founds.v[i].host >= s->hosts.n ||
		    s->founds.v[i].answer.why >= DW_SCAN_WHY_COUNT)
			__builtin_trap();
	for (size_t i = 0; i < s->n_chunk; i++)
		if (s->chunk[i].host >= s->hosts.n ||
		    !dw_spec_targets_have(&s->targets, &s->chunk[i].at.address))
			__builtin_trap();
	for (uint64_t i = 0; i < s->targets.hosts && i < 100; i++) {
		dw_spec_target_at(&s->targets, i, &address, &name);
		if (!dw_spec_targets_have(&s->targets, &address))
			__builtin_trap();
	}
	if (s->block_first > s->founds.n || (s->place.n_before > 0 && !s->place.before))
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_scanning first = { 0 }, second = { 0 };
	struct dw_str text, again;

	if (!read_all(a, size ? (const char *)data : "", size, &first))
		return 0;
	check(&first);
	text = written(a, &first);
	if (!read_all(a, text.s, text.n, &second))
		__builtin_trap();
	again = written(a, &second);
	if (text.n != again.n || memcmp(text.s, again.s, text.n) != 0)
		__builtin_trap();
	return 0;
}
