/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Recorded answers of a Unix socket's HTTP server: http/SOCKET/METHOD/PATH of the fixture, SOCKET being the last
 * part of its path ("http/podman.sock/GET/containers/web/json"), each a whole answer with its status line. Nothing
 * recorded: nobody listens. What would change something is not recorded.
 */
#include <errno.h>

#include "dw_http.h"
#include "dw_str.h"
#include "sys_private.h"

int dw_http_fake(struct dw_sys *s, const struct dw_http *h, struct dw_arena *a,
		 unsigned *ret_status, struct dw_bytes *ret_body, struct dw_error *e)
{
	const char *name =
		dw_arena_printf(a, "http/%s/%s%s", dw_basename(h->socket), h->method, h->path);
	_cleanup_fd_ int fd = -1;
	struct dw_bytes text;
	int r;

	if (!dw_streq(h->method, "GET"))
		return dw_error_set(e, -ENOTSUP, "%s: a recording is not changed", h->socket);
	fd = dw_fake_open(s, name, e);
	if (fd < 0)
		return fd;
	r = dw_fd_read_all(fd, h->max, a, &text);
	if (r == 0)
		r = dw_http_parse(text.data, text.n, true, a, ret_status, ret_body);
	return r < 0 ? dw_error_errno(e, r, "%s", name) : 0;
}
