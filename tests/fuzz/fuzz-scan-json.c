/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A scan as a JSON document from somebody: what is taken is sorted, in range, and has each host and port once. */
#include <stdint.h>

#include "dw_scan_read.h"

static void check_host(const struct dw_scan_host *h)
{
	for (size_t i = 0; i < h->n_ports; i++) {
		const struct dw_scan_port *p = &h->ports[i];

		if (p->state == DW_SCAN_UNKNOWN || p->state >= DW_SCAN_STATE_COUNT ||
		    p->why >= DW_SCAN_WHY_COUNT || p->missed < 0 || p->missed > 1)
			__builtin_trap();
		if (i && p[-1].protocol == p->protocol && p[-1].port >= p->port)
			__builtin_trap();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_scan s = { 0 };
	struct dw_error e = { 0 };

	if (dw_scan_read_json(size ? (const char *)data : "", size, "fuzz", a, &s, &e) < 0) {
		if (!e.message[0] || s.hosts)
			__builtin_trap();
		return 0;
	}
	for (size_t i = 0; i < s.n_hosts; i++) {
		if (i && dw_address_compare(&s.hosts[i - 1].address, &s.hosts[i].address) >= 0)
			__builtin_trap();
		check_host(&s.hosts[i]);
	}
	return 0;
}
