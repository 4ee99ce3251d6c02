/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_assist.h"

#include <errno.h>
#include <string.h>

#include "change-private.h"
#include "dw_doc.h"

int doorward_scan_assist(struct doorward *d, const struct doorward_assist_options *given)
{
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct dw_error *e = dw_facade_begin(d);
	struct doorward_assist_options o = { 0 };
	struct dw_assist_options inner = { 0 };
	struct dw_address scanner = { 0 };
	int r;

	memcpy(&o, given, DW_MIN(given->size, sizeof(o)));
	if (o.scanner && !dw_doc_parse_address(o.scanner, &scanner))
		return dw_error_set(e, -EINVAL,
				    "--scanner %s: that is no address: --scanner 192.0.2.9",
				    o.scanner);
	inner.family = scanner.family;
	inner.seconds = o.seconds;
	inner.stop = o.stop;
	inner.tell = o.tell;
	inner.data = o.data;
	r = dw_facade_open_sys(d, &s, e);
	return r < 0 ? r : dw_assist_run(s, &inner, e);
}

static void tell_notice(void *data, const char *text)
{
	const struct doorward *d = data;

	if (d->notice)
		d->notice(d->notice_data, text);
}

void dw_change_settle_assist(struct doorward *d, struct dw_sys *s)
{
	struct dw_assist_options o = { .tell = tell_notice, .data = d };
	struct dw_error e = { 0 };

	/* no reason not to do what was asked for: the record stays, and it is tried again */
	if (dw_assist_settle(s, &o, &e) < 0)
		tell_notice(d, e.message);
}
