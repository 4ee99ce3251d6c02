/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One HTTP/1.1 exchange over a Unix socket, as the container engines' APIs want it. Recorded hosts: GET alone. */
#ifndef DW_HTTP_H
#define DW_HTTP_H

#include "dw_sys.h"

struct dw_http {
	const char *socket; /* path below the root */
	const char *method; /* "GET", "POST" */
	const char *path;   /* with its query, escaped by the caller */
	const char *body;   /* JSON; NULL: none */
	unsigned timeout_ms;
	size_t max; /* of the answer's body: -EFBIG beyond */
};

/* The answer's status and body (Content-Length, chunked or to the end). A status of 400 and more is no failure here. */
int dw_http_call(struct dw_sys *s, const struct dw_http *h, struct dw_arena *a,
		 unsigned *ret_status, struct dw_bytes *ret_body, struct dw_error *e);

/* Parses a whole answer; for the tests and the fuzzer. -EBADMSG, -EAGAIN: not whole yet. */
int dw_http_parse(const char *text, size_t n, bool at_end, struct dw_arena *a, unsigned *ret_status,
		  struct dw_bytes *ret_body);

#endif
