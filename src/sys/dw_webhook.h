/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * POSTs JSON to an address of the web that the user named, and to no other: no redirect, no proxy of the environment.
 */
#ifndef DW_WEBHOOK_H
#define DW_WEBHOOK_H

#include "dw_sys.h"

struct dw_webhook;

/*
 * http:// and https:// alone (-EINVAL). libcurl is opened here; -ENOSYS: it is not installed. Not for several threads.
 */
int dw_webhook_open(struct dw_sys *s, const char *url, unsigned timeout_ms, struct dw_webhook **ret,
		    struct dw_error *e);
/*
 * key: the header Idempotency-Key, which is the same when a POST is tried again. *ret_status: HTTP's. Negative: it is
 * not known whether it came there.
 */
int dw_webhook_post(struct dw_webhook *w, const char *body, size_t n, const char *key,
		    unsigned *ret_status, struct dw_error *e);
void dw_webhook_close(struct dw_webhook *w); /* NULL allowed */

#endif
