/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An audit made by hand instead of a look at this host: these two functions stand in front of those of the
 * library, which the linker then leaves out. DOORWARD_MOCK names the audit.
 */
#include <errno.h>
#include <stdlib.h>

#include "mock.h"

int dw_audit_run(const struct dw_audit_options *o, struct dw_audit **ret, struct dw_error *e)
{
	const char *which = getenv("DOORWARD_MOCK");
	struct dw_audit *a = dw_mock_audit(which ? which : "host");

	if (o->progress)
		o->progress(o->progress_data, "sockets");
	if (!a)
		return dw_error_set(e, -EIO, "the audit failed, as it was told to");
	*ret = a;
	return 0;
}

void dw_audit_free(struct dw_audit *a)
{
	dw_mock_free(a);
}
