/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <nettle/sha2.h>

#include "dw_sha256.h"

void dw_sha256_hex(const void *p, size_t n, char ret[DW_SHA256_HEX + 1])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	if (n)
		sha256_update(&ctx, n, p);
	sha256_digest(&ctx, sizeof(digest), digest);
	for (size_t i = 0; i < sizeof(digest); i++) {
		ret[2 * i] = digits[digest[i] >> 4];
		ret[2 * i + 1] = digits[digest[i] & 15];
	}
	ret[DW_SHA256_HEX] = '\0';
}
