/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a scan saw of a door. */
#include "get.h"
#include "dw_macros.h"
#include "dw_report.h"

static const struct dw_probed *probed(const void *object)
{
	return object;
}

DW_GETTER(get_probed_state)
{
	dw_give_string(v, dw_scan_state_name(probed(object)->state));
}

DW_GETTER(get_probed_why)
{
	if (probed(object)->why)
		dw_give_string(v, dw_scan_why_name(probed(object)->why));
}

DW_GETTER(get_probed_address)
{
	dw_give_string(v, dw_address_text(a, &probed(object)->address));
}

DW_GETTER(get_probed_time)
{
	dw_give_time(v, probed(object)->time);
}

DW_GETTER(get_probed_scan)
{
	dw_give_number(v, (uint64_t)probed(object)->scan);
}

const struct dw_field dw_fields_probed[] = {
	{ "state", DW_FIELD_STRING, .get = get_probed_state,
	  .description = "open, closed, filtered, unproven (UDP: silent)" },
	{ "why", DW_FIELD_STRING, true, .get = get_probed_why,
	  .description = "what that rests on, as in a scan; null: it was only counted" },
	{ "address", DW_FIELD_STRING, .get = get_probed_address,
	  .description = "the host's address that was asked" },
	{ "time", DW_FIELD_TIME, true, .get = get_probed_time, .description = "when" },
	{ "scanner", DW_FIELD_STRING, true, .offset = offsetof(struct dw_probed, scanner),
	  .description = "host that scanned" },
	{ "scan", DW_FIELD_UINT, .get = get_probed_scan,
	  .description = "its number in the journal" },
	{ 0 },
};
