/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Netlink attributes, read with care: a missing or short attribute gives zero, a string ends where
 * its attribute ends.
 */
#ifndef DW_ATTR_H
#define DW_ATTR_H

#include <libmnl/libmnl.h>
#include <stdint.h>

#include "dw_arena.h"

/* Room for one request that is made by hand: headers and a few attributes. */
union dw_request {
	struct nlmsghdr header;
	char room[512];
};

/*
 * The table tb[0..max] of the attributes in the n bytes at payload; types above max are left out.
 */
void dw_attr_table(const void *payload, size_t n, const struct nlattr **tb, unsigned max);
/*
 * The same for a message that begins with a header of `skip` bytes (padded to 4), and for a nested
 * one.
 */
void dw_attr_message(const struct nlmsghdr *m, size_t skip, const struct nlattr **tb, unsigned max);
void dw_attr_nested(const struct nlattr *a, const struct nlattr **tb, unsigned max);

/* a may be NULL in all of these. */
size_t dw_attr_size(const struct nlattr *a);
const void *dw_attr_data(const struct nlattr *a); /* NULL when it is not there */
uint8_t dw_attr_u8(const struct nlattr *a);
uint16_t dw_attr_u16(const struct nlattr *a); /* host order */
uint32_t dw_attr_u32(const struct nlattr *a); /* host order */
uint16_t dw_attr_be16(const struct nlattr *a);
uint32_t dw_attr_be32(const struct nlattr *a);
uint64_t dw_attr_be64(const struct nlattr *a);
/* In the arena; NULL when it is not there. */
const char *dw_attr_string(struct dw_arena *arena, const struct nlattr *a);

/* Nothing has no end: not even 0 may be added to a null pointer (C17, 6.5.6). */
static inline const struct nlattr *dw_attr_end(const void *payload, size_t n)
{
	return payload ? (const struct nlattr *)(const void *)((const char *)payload + n) : NULL;
}

/* Walks the attributes in the n bytes at `payload`. */
#define dw_attr_each(a, payload, n)                                                                \
	for (const struct nlattr *a = (const struct nlattr *)(payload),                            \
				 *a##_end = dw_attr_end(a, n);                                     \
	     a && mnl_attr_ok(a, (int)((const char *)a##_end - (const char *)a));                  \
	     a = mnl_attr_next(a))

#endif
