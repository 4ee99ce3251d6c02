/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An audit as a JSON document from somebody: what is taken is of protocols that are scanned, and in range. */
#include <stdint.h>

#include "dw_audit_read.h"
#include "dw_diff.h"
#include "dw_json.h"

static void check(const struct dw_audit_read *r)
{
	for (size_t i = 0; i < r->snapshot.n_doors; i++) {
		const struct dw_door *d = &r->snapshot.doors[i];

		if ((d->at.protocol != DW_PROTOCOL_TCP && d->at.protocol != DW_PROTOCOL_UDP &&
		     d->at.protocol != DW_PROTOCOL_SCTP) ||
		    d->at.port > UINT16_MAX || d->port_last > UINT16_MAX ||
		    d->kind >= DW_KIND_COUNT || (d->at.ifname && !d->at.ifindex))
			__builtin_trap();
	}
	for (size_t i = 0; i < r->snapshot.n_addresses; i++)
		if (!r->snapshot.addresses[i].address.family)
			__builtin_trap();
}

/* Whatever it says, nothing in it differs from itself. */
static void check_whole(const struct dw_audit_read *r, struct dw_arena *a)
{
	struct dw_diff d = { 0 };

	dw_diff_audits(r, r, a, &d);
	if (d.n || d.same > r->snapshot.n_doors)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_audit_read r = { 0 }, whole = { 0 };
	struct dw_json_value *v = NULL;
	struct dw_error e = { 0 };

	if (dw_json_parse(size ? (const char *)data : "", size, &v, NULL) < 0)
		return 0;
	if (dw_audit_read_value(v, "fuzz", a, &r, &e) == 0)
		check(&r);
	else if (!e.message[0] || r.snapshot.doors)
		__builtin_trap();
	if (dw_audit_read_whole(v, "fuzz", a, &whole, NULL) == 0)
		check_whole(&whole, a);
	dw_json_free(v);
	return 0;
}
