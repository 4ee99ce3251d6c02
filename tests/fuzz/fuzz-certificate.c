/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fields of a certificate (DER); what is taken out of it passes the parent's check. */
#include <stdint.h>

#include "identify_tls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t bytes[DW_RECORD_MAX];
	struct identify_record r = { 0 };
	struct dw_arena *a = dw_arena_new();
	struct dw_scan_service *s = NULL;
	enum identify_says says;
	uint32_t job;

	if (dw_tls_load(NULL) == 0)
		(void)dw_tls_certificate(data, size, &r);
	if (dw_record_read(bytes, dw_record_write(1, DW_SAYS_DONE, &r, bytes, sizeof(bytes)), a,
			   &job, &says, &s, NULL) < 0)
		__builtin_trap();
	dw_arena_free(a);
	return 0;
}
