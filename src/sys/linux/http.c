/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One request, one answer (RFC 9112), the connection closed after it. The socket is a program's with root's rights, but
 * what it says may come from a container: everything is capped, and nothing in it is believed that is not well-formed.
 */
#include "dw_http.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "dw_str.h"
#include "sys_private.h"

#define HEAD_MAX ((size_t)64 * 1024)
#define FRAME_MAX                                                                                  \
	((size_t)64 *                                                                              \
	 1024) /* what chunks may add to a body, besides as much again as the body has */

/* --- the answer ---------------------------------------------------------------------------------- */

struct head {
	unsigned status;
	bool chunked, has_length;
	uint64_t length;
};

/* The next line of [*at, n), without CR LF (or LF alone, section 2.2). -EAGAIN: its end is not there. */
static int next_line(const char *text, size_t n, size_t *at, const char **ret, size_t *ret_n)
{
	const char *start = text + *at, *end = memchr(start, '\n', n - *at);

	if (!end)
		return -EAGAIN;
	*at = (size_t)(end + 1 - text);
	*ret = start;
	*ret_n = (size_t)(end - start);
	if (*ret_n > 0 && start[*ret_n - 1] == '\r')
		(*ret_n)--;
	return 0;
}

/* "HTTP/1.1 200 OK" */
static int take_status(const char *line, size_t n, struct head *h)
{
	uint64_t status;

	if (n < 12 || (memcmp(line, "HTTP/1.1 ", 9) != 0 && memcmp(line, "HTTP/1.0 ", 9) != 0) ||
	    (n > 12 && line[12] != ' ') || !dw_parse_u64n(line + 9, 3, 10, 599, &status) ||
	    status < 100)
		return -EBADMSG;
	h->status = (unsigned)status;
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_name(const char *line, size_t n, const char *name)
{
	return n == strlen(name) && strncasecmp(line, name, n) == 0;
}

/* Two lengths that differ, or a length beside chunks, are how answers are smuggled (section 6.3): refused. */
static int take_field(const char *line, size_t n, struct head *h)
{
	const char *colon = memchr(line, ':', n), *value, *end = line + n;
	uint64_t length;

	if (!colon || colon == line || is_blank(line[0]) || is_blank(colon[-1]))
		return -EBADMSG;
	for (value = colon + 1; value < end && is_blank(*value); value++)
		;
	while (end > value && is_blank(end[-1]))
		end--;
	if (is_name(line, (size_t)(colon - line), "Content-Length")) {
		if (!dw_parse_u64n(value, (size_t)(end - value), 10, INT64_MAX, &length) ||
		    (h->has_length && length != h->length))
			return -EBADMSG;
		h->has_length = true;
		h->length = length;
	} else if (is_name(line, (size_t)(colon - line), "Transfer-Encoding")) {
		if (h->chunked || !is_name(value, (size_t)(end - value), "chunked"))
			return -EBADMSG;
		h->chunked = true;
	}
	return h->chunked && h->has_length ? -EBADMSG : 0;
}

static int take_head(const char *text, size_t n, size_t *at, struct head *ret)
{
	const char *line = NULL;
	size_t length = 0;
	int r = next_line(text, n, at, &line, &length);

	*ret = (struct head){ 0 };
	if (r == 0)
		r = take_status(line, length, ret);
	while (r == 0) {
		r = next_line(text, n, at, &line, &length);
		if (r == 0 && length == 0)
			return 0;
		if (r == 0)
			r = take_field(line, length, ret);
	}
	return r == -EAGAIN && n > HEAD_MAX ? -EBADMSG : r;
}

/* The size in front of a chunk; what follows a semicolon counts for nothing (section 7.1.1). */
static int chunk_size(const char *line, size_t n, uint64_t *ret)
{
	const char *semicolon = memchr(line, ';', n);
	size_t digits = semicolon ? (size_t)(semicolon - line) : n;

	while (digits > 0 && is_blank(line[digits - 1]))
		digits--;
	return dw_parse_u64n(line, digits, 16, INT32_MAX, ret) ? 0 : -EBADMSG;
}

/* Behind the last chunk: fields until an empty line. */
static int skip_trailer(const char *text, size_t n, size_t *at)
{
	const char *line = NULL;
	size_t length = 1;
	int r = 0;

	while (r == 0 && length > 0)
		r = next_line(text, n, at, &line, &length);
	return r;
}

static int take_chunks(const char *text, size_t n, size_t at, struct dw_arena *a,
		       struct dw_bytes *ret)
{
	struct dw_str body = { .arena = a };

	dw_str_add(&body, "");
	for (;;) {
		const char *line = NULL;
		uint64_t size = 0;
		size_t length;
		int r = next_line(text, n, &at, &line, &length);

		if (r == 0)
			r = chunk_size(line, length, &size);
		if (r == 0 && size == 0)
			r = skip_trailer(text, n, &at);
		else if (r == 0 && n - at < size)
			r = -EAGAIN;
		if (r < 0)
			return r;
		if (size == 0)
			break;
		dw_str_addn(&body, text + at, (size_t)size);
		at += (size_t)size;
		r = next_line(text, n, &at, &line, &length);
		if (r < 0 || length > 0)
			return r < 0 ? r : -EBADMSG;
	}
	*ret = (struct dw_bytes){ .data = body.s, .n = body.n };
	return 0;
}

static bool has_no_body(unsigned status)
{
	return status < 200 || status == 204 || status == 304;
}

static int take_body(const char *text, size_t n, size_t at, bool at_end, const struct head *h,
		     struct dw_arena *a, struct dw_bytes *ret)
{
	size_t length = n - at;

	if (has_no_body(h->status))
		length = 0;
	else if (h->chunked)
		return take_chunks(text, n, at, a, ret);
	else if (h->has_length && h->length > length)
		return -EAGAIN;
	else if (h->has_length)
		length = (size_t)h->length;
	else if (!at_end)
		return -EAGAIN;
	*ret = (struct dw_bytes){ .data = dw_arena_alloc(a, length + 1), .n = length };
	if (length > 0)
		memcpy(ret->data, text + at, length);
	return 0;
}

/* Answers of 1xx are only announcements; 101 is the end of HTTP, which nobody here asked for. */
int dw_http_parse(const char *text, size_t n, bool at_end, struct dw_arena *a, unsigned *ret_status,
		  struct dw_bytes *ret_body)
{
	struct dw_bytes body = { 0 };
	struct head h = { 0 };
	size_t at = 0;
	int r;

	do {
		r = n > 0 ? take_head(text, n, &at, &h) : -EAGAIN;
	} while (r == 0 && h.status < 200 && h.status != 101);
	if (r == 0)
		r = h.status == 101 ? -EBADMSG : take_body(text, n, at, at_end, &h, a, &body);
	if (r == -EAGAIN && at_end) /* there will not be more */
		r = -EBADMSG;
	if (r < 0)
		return r;
	*ret_status = h.status;
	*ret_body = body;
	return 0;
}

/* --- the exchange -------------------------------------------------------------------------------- */

static int wait_for(int fd, short events, uint64_t end)
{
	for (;;) {
		struct pollfd p = { .fd = fd, .events = events };
		uint64_t now = dw_monotonic_ms();
		int r;

		if (now >= end)
			return -ETIMEDOUT;
		r = poll(&p, 1, (int)DW_MIN(end - now, (uint64_t)60000));
		if (r < 0 && errno != EINTR)
			return -errno;
		if (r > 0)
			return 0;
	}
}

/*
 * Connects by /proc/self/fd to the file that was found below the root: no link is followed out of it, and a path may
 * be longer than sun_path. A queue that is full answers EAGAIN at once, without blocking (unix(7)).
 */
static int connect_to(struct dw_sys *s, const char *path, struct dw_error *e)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	_cleanup_fd_ int file = dw_sys_file_open(s, path, O_PATH, e);
	_cleanup_fd_ int fd = -1;
	int r;

	if (file < 0)
		return file;
	r = dw_sys_fault(s);
	if (r < 0)
		return dw_error_errno(e, r, "%s", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	(void)snprintf(to.sun_path, sizeof(to.sun_path), "/proc/self/fd/%d", file);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0)
		return dw_error_errno(e, -errno, "%s", path);
	return dw_steal_fd(&fd);
}

static int send_all(struct dw_sys *s, int fd, const char *data, size_t n, uint64_t end)
{
	while (n > 0) {
		ssize_t done;
		int r = dw_sys_fault(s);

		if (r == 0)
			r = wait_for(fd, POLLOUT, end);
		if (r < 0)
			return r;
		done = send(fd, data, n, MSG_NOSIGNAL);
		if (done < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (done < 0)
			return -errno;
		data += done;
		n -= (size_t)done;
	}
	return 0;
}

/* Host is needed by the standard and means nothing here. */
static int send_request(struct dw_sys *s, int fd, const struct dw_http *h, struct dw_arena *a,
			uint64_t end)
{
	struct dw_str text = { .arena = a };

	dw_str_addf(&text, "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n", h->method,
		    h->path);
	dw_str_add(&text, "Accept: application/json\r\nUser-Agent: doorward\r\n");
	if (h->body)
		dw_str_addf(&text,
			    "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
			    strlen(h->body), h->body);
	else
		dw_str_add(&text,
			   dw_streq(h->method, "GET") ? "\r\n" : "Content-Length: 0\r\n\r\n");
	return send_all(s, fd, text.s, text.n, end);
}

/* What parsing leaves behind when the answer is not whole yet must not pile up. */
static int try_to_parse(const struct dw_str *text, bool at_end, size_t max, struct dw_arena *a,
			unsigned *ret_status, struct dw_bytes *ret_body)
{
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	struct dw_bytes body = { 0 };
	int r = dw_http_parse(text->s, text->n, at_end, scratch, ret_status, &body);

	if (r == 0 && body.n > max)
		return -EFBIG;
	if (r == 0)
		*ret_body = (struct dw_bytes){ .data = dw_arena_strndup(a, "", 0), .n = body.n };
	if (r == 0 && body.n > 0) {
		ret_body->data = dw_arena_alloc(a, body.n + 1);
		memcpy(ret_body->data, body.data, body.n);
	}
	return r;
}

/* 1: the other side is done, 0: there may be more */
static int receive_some(struct dw_sys *s, int fd, struct dw_str *text, uint64_t end)
{
	char buffer[16384];
	ssize_t n;
	int r = dw_sys_fault(s);

	if (r == 0)
		r = wait_for(fd, POLLIN, end);
	if (r < 0)
		return r;
	n = recv(fd, buffer, sizeof(buffer), 0);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	dw_str_addn(text, buffer, (size_t)n);
	return n == 0;
}

/*
 * The other side closes when it is done, as it was asked to. One that does not is seen to be done by its answer; that
 * is looked at only when half as much again is there, so that the work stays in proportion to what came.
 */
static int receive(struct dw_sys *s, int fd, const struct dw_http *h, struct dw_arena *a,
		   unsigned *ret_status, struct dw_bytes *ret_body, uint64_t end)
{
	struct dw_str text = { .arena = a };
	size_t most = HEAD_MAX + FRAME_MAX + 2 * h->max, next = 1;

	dw_str_add(&text, "");
	for (;;) {
		int r = receive_some(s, fd, &text, end), parsed;

		if (text.n > most)
			return -EFBIG;
		if (r < 0 && r != -ETIMEDOUT)
			return r;
		if (r == 0 && text.n < next)
			continue;
		next = text.n + text.n / 2 + 1;
		parsed = try_to_parse(&text, r == 1, h->max, a, ret_status, ret_body);
		if (parsed != -EAGAIN)
			return parsed;
		if (r < 0)
			return r;
	}
}

/* What would end a line of the request must not come from a container's name. */
static bool is_plain(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text <= ' ' || (unsigned char)*text >= 0x7f)
			return false;
	return true;
}

int dw_http_call(struct dw_sys *s, const struct dw_http *h, struct dw_arena *a,
		 unsigned *ret_status, struct dw_bytes *ret_body, struct dw_error *e)
{
	_cleanup_fd_ int fd = -1;
	uint64_t end = dw_monotonic_ms() + h->timeout_ms;
	struct dw_bytes body = { 0 };
	unsigned status = 0;
	int r;

	if (s->kind == DW_SYS_FAKE)
		return dw_http_fake(s, h, a, ret_status, ret_body, e);
	if (s->kind != DW_SYS_LIVE)
		return dw_error_set(e, -ENOTSUP, "%s: nothing runs here", h->socket);
	if (h->path[0] != '/' || !is_plain(h->path) || !is_plain(h->method))
		return dw_error_set(e, -EINVAL, "%s: that is no path to ask for", h->socket);
	fd = connect_to(s, h->socket, e);
	if (fd < 0)
		return fd;
	r = send_request(s, fd, h, a, end);
	if (r == 0)
		r = receive(s, fd, h, a, &status, &body, end);
	if (r < 0)
		return dw_error_errno(e, r, "%s: %s %s", h->socket, h->method, h->path);
	*ret_status = status;
	*ret_body = body;
	return 0;
}
