/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SHA-256 (FIPS 180-4) of bytes in memory, by nettle: the name of a content in states and in the journal. */
#ifndef DW_SHA256_H
#define DW_SHA256_H

#include <stddef.h>

#define DW_SHA256_HEX 64

/* 64 hexadecimal digits, small letters, terminated. p may be NULL when n is 0. */
void dw_sha256_hex(const void *p, size_t n, char ret[DW_SHA256_HEX + 1]);

#endif
