/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list of switches. */
#include <errno.h>
#include <string.h>

#include "dw_str.h"
#include "switch.h"

static const struct dw_switch_ops *const switches[] = {
	&dw_switch_file,  &dw_switch_systemd, &dw_switch_sysv,    &dw_switch_openrc,
	&dw_switch_runit, &dw_switch_process, &dw_switch_package, &dw_switch_container,
	&dw_switch_fence, &dw_switch_account, &dw_switch_mode,    &dw_switch_sysctl,
};

const struct dw_switch_ops *dw_switch_at(size_t i)
{
	return i < DW_ARRAY_SIZE(switches) ? switches[i] : NULL;
}

const struct dw_switch_ops *dw_switch_find(const char *name)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(switches); i++)
		if (dw_streq(switches[i]->name, name))
			return switches[i];
	return NULL;
}

int dw_switch_unknown(const char *object, const struct dw_state *want, struct dw_error *e)
{
	return dw_error_set(e, -EINVAL, "%s: there is no state \"%.100s\" of it", object,
			    want && want->text ? want->text : "");
}
