/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fence-ask PORTS PROTOCOLS: rehearses the rules of the namespace that it is in: the first PORTS ports of an
 * address for each source of IPv4, by tcp (PROTOCOLS 1) or tcp and udp (2). Prints a line for tests/bench/fence:
 *   SECONDS-TO-OPEN SECONDS-TO-ASK SOURCES QUESTIONS UNKNOWN
 * and for each source a line: WORDS TAB its open tcp ports, with commas.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "dw_rehearse.h"

static double now(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static const struct dw_rehearse_own *address_of(const struct dw_rehearsal *r)
{
	size_t n;
	const struct dw_rehearse_own *own = dw_rehearsal_addresses(r, &n);

	for (size_t i = 0; i < n; i++)
		if (own[i].family == DW_FAMILY_IPV4 && own[i].address[0] != 127)
			return &own[i];
	return NULL;
}

static size_t questions_of(const struct dw_rehearsal *r, unsigned ports, unsigned protocols,
			   struct dw_rehearse_question *q)
{
	static const enum dw_protocol names[] = { DW_PROTOCOL_TCP, DW_PROTOCOL_UDP };
	const struct dw_rehearse_own *to = address_of(r);
	size_t n, count = 0;
	const struct dw_source *s = dw_rehearsal_sources(r, &n);

	for (size_t i = 0; to && i < n; i++)
		for (unsigned p = 0; p < protocols && s[i].family == DW_FAMILY_IPV4; p++)
			for (unsigned port = 1; port <= ports; port++) {
				q[count] = (struct dw_rehearse_question){ .source = (uint32_t)i,
									  .protocol = names[p],
									  .port = (uint16_t)port };
				memcpy(q[count++].to, to->address, sizeof(to->address));
			}
	return count;
}

static void print_open(const struct dw_rehearsal *r, const struct dw_rehearse_question *q,
		       const struct dw_rehearse_answer *a, size_t count)
{
	size_t n, unknown = 0;
	const struct dw_source *s = dw_rehearsal_sources(r, &n);

	for (size_t i = 0; i < count; i++)
		unknown += a[i].reach == DW_ARRIVAL_UNKNOWN;
	printf("%zu\n", unknown);
	for (size_t k = 0; k < n; k++) {
		if (s[k].family != DW_FAMILY_IPV4)
			continue;
		printf("%s\t", s[k].words);
		for (size_t i = 0; i < count; i++)
			if (q[i].source == k && q[i].protocol == DW_PROTOCOL_TCP &&
			    a[i].reach == DW_ARRIVAL_YES)
				printf("%u,", q[i].port);
		printf("\n");
	}
}

int main(int argc, char **argv)
{
	const struct dw_rehearse_options o = { 0 };
	_cleanup_(dw_cleanup_rehearsal) struct dw_rehearsal *r = NULL;
	_cleanup_sys_ struct dw_sys *s = NULL;
	_cleanup_arena_ struct dw_arena *arena = dw_arena_new();
	struct dw_rehearse_question *q;
	struct dw_rehearse_answer *a;
	struct dw_error e = { 0 };
	uint64_t ports = 0, protocols = 0;
	double begin = now(), opened;
	size_t n, count;

	if (argc != 3 || !dw_parse_u64(argv[1], 10, 65535, &ports) ||
	    !dw_parse_u64(argv[2], 10, 2, &protocols))
		return 2;
	if (dw_sys_open(NULL, &s, &e) < 0 || dw_rehearsal_open(s, &o, &r, &e) < 0) {
		(void)fprintf(stderr, "%s\n", e.message);
		return 1;
	}
	opened = now();
	(void)dw_rehearsal_sources(r, &n);
	q = dw_arena_array(arena, n * ports * protocols, sizeof(*q));
	count = questions_of(r, (unsigned)ports, (unsigned)protocols, q);
	a = dw_arena_array(arena, count, sizeof(*a));
	if (dw_rehearsal_ask(r, q, count, a, &e) < 0) {
		(void)fprintf(stderr, "%s\n", e.message);
		return 1;
	}
	printf("%.4f %.4f %zu %zu ", opened - begin, now() - opened, n, count);
	print_open(r, q, a, count);
	return 0;
}
