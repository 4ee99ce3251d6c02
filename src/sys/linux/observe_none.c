/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A build without BPF, or for a machine whose system calls it does not know: nothing can be observed. */
#include <errno.h>

#include "dw_observe.h"

int dw_observe_open(struct dw_sys *s, const char *group, struct dw_observe **ret,
		    struct dw_error *e)
{
	return dw_error_set(e, -ENOTSUP, "built without the BPF programs that observe a service");
}

int dw_observe_settle(struct dw_observe *o, struct dw_error *e)
{
	return dw_error_set(e, -ENOTSUP, "built without BPF");
}

int dw_observe_read(struct dw_observe *o, struct dw_arena *a, struct dw_observed *ret,
		    struct dw_error *e)
{
	return dw_error_set(e, -ENOTSUP, "built without BPF");
}

void dw_observe_close(struct dw_observe *o)
{
}
