/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * There are hundreds of pieces and thousands of command lines, and hardly one has a piece in it: looking for each in
 * each was a quarter of all that the judge of a heavy host did. Here a line is walked through once, and only where
 * the first bytes of some piece stand that piece is compared.
 */
#include "knowledge_pieces.h"

#include <string.h>

#define HEAD sizeof(uint32_t)

struct piece {
	const char *text;
	size_t n;
	uint32_t next; /* of the same bucket, as dw_pieces.first */
};

struct dw_pieces {
	struct piece *v;
	size_t n;
	uint32_t *first; /* of each bucket: index plus one; 0: none */
	uint32_t mask;
	bool short_one; /* some piece has no whole head */
};

static uint32_t bucket_of(const struct dw_pieces *p, const char *text)
{
	uint32_t head;

	memcpy(&head, text, HEAD);
	/* Fibonacci hashing: the high bits of the product are those that are mixed */
	return ((head * 2654435769U) >> 16) & p->mask;
}

static void add(struct dw_pieces *p, const char *text)
{
	struct piece *one = &p->v[p->n++];
	uint32_t *first;

	*one = (struct piece){ .text = text, .n = strlen(text) };
	if (one->n < HEAD) {
		p->short_one = true;
		return;
	}
	first = &p->first[bucket_of(p, text)];
	one->next = *first;
	*first = (uint32_t)p->n;
}

const struct dw_pieces *dw_pieces_new(struct dw_arena *a, const struct dw_knowledge *k)
{
	struct dw_pieces *p = dw_new(a, struct dw_pieces);
	size_t n = 0, buckets = 64;

	for (size_t i = 0; k && i < k->n_services; i++)
		for (const char *const *text = k->services[i].commands; *text; text++)
			n++;
	while (buckets < n * 4 && buckets < 65536)
		buckets *= 2;
	p->mask = (uint32_t)buckets - 1;
	p->first = dw_arena_array(a, buckets, sizeof(*p->first));
	p->v = dw_arena_array(a, n, sizeof(*p->v));
	for (size_t i = 0; k && i < k->n_services; i++)
		for (const char *const *text = k->services[i].commands; *text; text++)
			add(p, *text);
	return p;
}

bool dw_pieces_may_match(const struct dw_pieces *p, const char *command)
{
	size_t n = strlen(command);

	if (p->short_one)
		return true;
	for (size_t at = 0; at + HEAD <= n; at++)
		for (uint32_t i = p->first[bucket_of(p, command + at)]; i; i = p->v[i - 1].next) {
			const struct piece *one = &p->v[i - 1];

			if (one->n <= n - at && memcmp(one->text, command + at, one->n) == 0)
				return true;
		}
	return false;
}
