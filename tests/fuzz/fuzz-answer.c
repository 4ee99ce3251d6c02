/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a stranger says: matched, looked at as HTTP, and what came of it passes the parent's check. First two bytes:
   how. */
#include <stdint.h>

#include "identify_match.h"
#include "identify_pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dw_matcher *m;
	static uint8_t bytes[DW_RECORD_MAX];
	struct identify_record r = { 0 };
	struct dw_arena *a;
	struct dw_scan_service *s = NULL;
	enum identify_says says;
	uint32_t job;

	if (size < 2)
		return 0;
	if (!m && (dw_pattern_load(NULL) < 0 || dw_matcher_new(&m, NULL) < 0))
		__builtin_trap();
	const struct dw_reply reply = {
		.bytes = data + 2,
		.n = size - 2,
		.udp = data[0] & 1,
		.port = data[1],
		.asked = data[0] & 2 ? (int)(data[1] % dw_probes_builtin()->n_asks)
				     : DW_ASKED_NOTHING,
		.nmap_asked = DW_ASKED_NOTHING,
	};

	(void)dw_matcher_try(m, &reply, &r);
	(void)dw_http_is_whole(reply.bytes, reply.n);
	(void)dw_http_wants_tls(reply.bytes, reply.n);
	dw_http_look(reply.bytes, reply.n, &r);
	dw_record_set_banner(&r, reply.bytes, reply.n);
	a = dw_arena_new();
	if (dw_record_read(bytes, dw_record_write(1, DW_SAYS_DONE, &r, bytes, sizeof(bytes)), a,
			   &job, &says, &s, NULL) < 0)
		__builtin_trap();
	dw_arena_free(a);
	return 0;
}
