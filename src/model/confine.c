/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names and look-ups of what stands behind the doors. */
#include "dw_confine.h"

#include "dw_str.h"

const char *dw_confine_setting(const struct dw_confine_service *s, const char *name)
{
	for (size_t i = 0; i < s->n_settings; i++)
		if (dw_streq(s->settings[i].name, name))
			return s->settings[i].value;
	return "";
}

const char *dw_confine_reach_name(enum dw_confine_reach r)
{
	static const char *const names[DW_CONFINE_REACH_COUNT] = { "unknown", "none", "loopback",
								   "some", "any" };

	return names[r];
}
