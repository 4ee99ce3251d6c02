/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Values to bytes and back, by one list of what there is: whoever reads goes the way of whoever wrote. Numbers are
 * little-endian, texts and lists begin with their length. What is read is not trusted: sizes are capped, and the first
 * mistake stays.
 */
#include "scan-archive.h"

#include <string.h>

#define TEXT_MAX ((uint64_t)64 * 1024 * 1024)

void dw_archive_bytes(struct dw_archive *r, void *p, size_t n)
{
	if (!r->reading) {
		dw_str_addn(&r->out, p, n);
		return;
	}
	if (r->bad || n > r->in.n - r->at) {
		r->bad = true;
		memset(p, 0, n);
		return;
	}
	memcpy(p, r->in.data + r->at, n);
	r->at += n;
}

void dw_archive_u64(struct dw_archive *r, uint64_t *v)
{
	uint8_t b[8];

	for (unsigned i = 0; i < 8; i++)
		b[i] = (uint8_t)(*v >> 8 * i);
	dw_archive_bytes(r, b, sizeof(b));
	if (!r->reading)
		return;
	*v = 0;
	for (unsigned i = 0; i < 8; i++)
		*v |= (uint64_t)b[i] << 8 * i;
}

void dw_archive_u32(struct dw_archive *r, uint32_t *v)
{
	uint64_t wide = *v;

	dw_archive_u64(r, &wide);
	r->bad |= r->reading && wide > UINT32_MAX;
	*v = (uint32_t)wide;
}

void dw_archive_u16(struct dw_archive *r, uint16_t *v)
{
	dw_archive_bytes(r, v, sizeof(*v));
}

void dw_archive_u8(struct dw_archive *r, uint8_t *v)
{
	dw_archive_bytes(r, v, 1);
}

void dw_archive_bool(struct dw_archive *r, bool *v)
{
	uint8_t b = *v;

	dw_archive_u8(r, &b);
	*v = b != 0;
}

void dw_archive_float(struct dw_archive *r, float *v)
{
	dw_archive_bytes(r, v, sizeof(*v));
	if (r->reading && !(*v - *v == 0))
		*v = 0;
}

void dw_archive_text(struct dw_archive *r, const char **v)
{
	uint64_t n = !r->reading && *v ? strlen(*v) + 1 : 0;
	char *copy;

	dw_archive_u64(r, &n);
	if (!r->reading) {
		if (n)
			dw_str_addn(&r->out, *v, (size_t)n - 1);
		return;
	}
	*v = NULL;
	if (n == 0)
		return;
	if (r->bad || n > TEXT_MAX || n - 1 > r->in.n - r->at) {
		r->bad = true;
		return;
	}
	copy = dw_arena_alloc(r->arena, (size_t)n);
	memcpy(copy, r->in.data + r->at, (size_t)n - 1);
	r->at += (size_t)n - 1;
	*v = copy;
}

size_t dw_archive_count(struct dw_archive *r, size_t n, size_t most)
{
	uint64_t v = n;

	dw_archive_u64(r, &v);
	/* each member takes a byte at least */
	if (r->reading && (r->bad || v > most || v > r->in.n - r->at)) {
		r->bad = true;
		return 0;
	}
	return (size_t)v;
}
