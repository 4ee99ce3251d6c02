/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "dw_http.h"
#include "root.h"

/* --- parsing -------------------------------------------------------------------------------------- */

static struct dw_arena *arena;
static unsigned status;
static struct dw_bytes body;

static int parse(const char *text, bool at_end)
{
	/* a copy of exactly that length, so that a sanitizer sees a step too far */
	size_t n = strlen(text);
	char *copy = malloc(n ? n : 1);
	int r;

	memcpy(copy, text, n);
	r = dw_http_parse(copy, n, at_end, arena, &status, &body);
	free(copy);
	return r;
}

DW_TEST(bodies_by_length_by_chunks_and_to_the_end)
{
	arena = dw_arena_new();
	DW_CHECK_INT(parse("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more", false), 0);
	DW_CHECK_INT(status, 200);
	DW_CHECK_STR(body.data, "hello");
	DW_CHECK_INT(parse("HTTP/1.1 404 Not Found\r\nTRANSFER-encoding:\tChunked \r\n\r\n"
			   "5;x=y\r\nhello\r\n00000006 \r\n world\r\n0\r\nX: y\r\n\r\n",
			   false),
		     0);
	DW_CHECK_INT(status, 404);
	DW_CHECK_STR(body.data, "hello world");
	DW_CHECK_INT(body.n, 11);
	DW_CHECK_INT(parse("HTTP/1.0 200\n\nall of it", true), 0);
	DW_CHECK_STR(body.data, "all of it");
	DW_CHECK_INT(parse("HTTP/1.1 204 No Content\r\n\r\n", false), 0);
	DW_CHECK_INT(body.n, 0);
	DW_CHECK_INT(parse("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", false), 0);
	DW_CHECK_INT(parse("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"
			   "Content-Length: 0\r\n\r\n",
			   false),
		     0);
	DW_CHECK_INT(status, 200);
	DW_CHECK_STR(body.data, "");
	dw_arena_free(arena);
}

DW_TEST(what_is_not_whole_yet_is_waited_for_and_bad_at_the_end)
{
	static const char *const whole[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
	};

	arena = dw_arena_new();
	for (size_t i = 0; i < DW_ARRAY_SIZE(whole); i++) {
		for (size_t n = 0; n < strlen(whole[i]); n++) {
			const char *part = dw_arena_strndup(arena, whole[i], n);

			DW_CHECK_INT(parse(part, false), -EAGAIN);
			DW_CHECK_INT(parse(part, true), -EBADMSG);
		}
		DW_CHECK_INT(parse(whole[i], false), 0);
		DW_CHECK_STR(body.data, "hello");
	}
	DW_CHECK_INT(parse("HTTP/1.1 200 OK\r\n\r\nto the end", false), -EAGAIN);
	dw_arena_free(arena);
}

DW_TEST(what_is_not_well_formed_is_refused)
{
	static const char *const bad[] = {
		"HTTP/2.0 200 OK\r\n\r\n",
		"HTTP/1.1 20 OK\r\n\r\n",
		"HTTP/1.1 999 OK\r\n\r\n",
		"HTTP/1.1 099 OK\r\n\r\n",
		"HTTP/1.1 2000 OK\r\n\r\n",
		"ICY 200 OK\r\n\r\n",
		"HTTP/1.1 101 Upgraded\r\n\r\n",
		"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
		"HTTP/1.1 200 OK\r\n: none\r\n\r\n",
		"HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 4\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello!\r\n0\r\n\r\n",
	};

	arena = dw_arena_new();
	for (size_t i = 0; i < DW_ARRAY_SIZE(bad); i++) {
		if (parse(bad[i], false) != -EBADMSG)
			printf("taken: %s\n", bad[i]);
		DW_CHECK_INT(parse(bad[i], false), -EBADMSG);
	}
	dw_arena_free(arena);
}

#define PATIENCE_MS 60000 /* however busy the machine is */

/* --- the exchange --------------------------------------------------------------------------------- */

struct server {
	struct root root;
	struct dw_sys *sys;
	const char *path;
	int listener;
	const char *const *pieces; /* of the answer; NULL at the end */
	bool stays;                /* does not close until the client has */
	char request[4096];
	pthread_t thread;
};

static bool is_whole_request(const char *text)
{
	const char *body_at = strstr(text, "\r\n\r\n");
	const char *length = strstr(text, "Content-Length: ");

	return body_at && (!length || strlen(body_at + 4) >= strtoul(length + 16, NULL, 10));
}

static void *serve(void *data)
{
	struct server *v = data;
	int fd = accept(v->listener, NULL, NULL);
	size_t n = 0;
	char c;

	while (n + 1 < sizeof(v->request) && !is_whole_request(v->request)) {
		ssize_t got = recv(fd, v->request + n, sizeof(v->request) - 1 - n, 0);

		if (got <= 0)
			break;
		n += (size_t)got;
	}
	for (const char *const *p = v->pieces; *p; p++) {
		if (send(fd, *p, strlen(*p), MSG_NOSIGNAL) < 0)
			break;
		usleep(3000);
	}
	if (v->stays)
		(void)!recv(fd, &c, 1, 0);
	close(fd);
	return NULL;
}

static struct server *server_new(const char *const *pieces, bool stays)
{
	struct server *v = calloc(1, sizeof(*v));
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	v->root = root_new();
	v->pieces = pieces;
	v->stays = stays;
	v->path = root_path(&v->root, "/etc/engine.sock");
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", v->path);
	v->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	DW_CHECK_INT(bind(v->listener, (const struct sockaddr *)&at, sizeof(at)), 0);
	DW_CHECK_INT(listen(v->listener, 4), 0);
	DW_CHECK_INT(pthread_create(&v->thread, NULL, serve, v), 0);
	DW_CHECK_INT(dw_sys_open(NULL, &v->sys, NULL), 0);
	return v;
}

static int call(struct server *v, const char *request_body, size_t max, unsigned timeout_ms,
		struct dw_error *e)
{
	const struct dw_http h = { .socket = v->path,
				   .method = request_body ? "POST" : "GET",
				   .path = "/v1/x?all=1",
				   .body = request_body,
				   .timeout_ms = timeout_ms,
				   .max = max };

	return dw_http_call(v->sys, &h, v->root.arena, &status, &body, e);
}

static void server_free(struct server *v)
{
	DW_CHECK_INT(pthread_join(v->thread, NULL), 0);
	close(v->listener);
	dw_sys_free(v->sys);
	root_free(&v->root);
	free(v);
}

DW_TEST(a_question_is_asked_and_answered_in_pieces)
{
	static const char *const pieces[] = { "HTTP/1.1 200 OK\r\nTransfer-",
					      "Encoding: chunked",
					      "\r\n\r\n5\r\nhe",
					      "llo\r\n0\r",
					      "\n\r\n",
					      NULL };
	struct server *v = server_new(pieces, false);
	struct dw_error e = { 0 };

	DW_CHECK_INT(call(v, NULL, 100, PATIENCE_MS, &e), 0);
	DW_CHECK_STR(e.message, "");
	DW_CHECK_INT(status, 200);
	DW_CHECK_STR(body.data, "hello");
	DW_CHECK(dw_starts_with(v->request, "GET /v1/x?all=1 HTTP/1.1\r\nHost: "));
	DW_CHECK(strstr(v->request, "\r\nConnection: close\r\n") != NULL);
	server_free(v);
}

DW_TEST(a_body_is_sent_and_a_refusal_is_an_answer)
{
	static const char *const pieces[] = {
		"HTTP/1.1 409 Conflict\r\nContent-Length: 3\r\n\r\nno.", NULL
	};
	struct server *v = server_new(pieces, true); /* though it was asked to close */
	struct dw_error e = { 0 };

	DW_CHECK_INT(call(v, "{\"a\":1}", 100, PATIENCE_MS, &e), 0);
	DW_CHECK_INT(status, 409);
	DW_CHECK_STR(body.data, "no.");
	DW_CHECK(strstr(v->request, "Content-Length: 7\r\n") != NULL);
	DW_CHECK(strstr(v->request, "\r\n\r\n{\"a\":1}") != NULL);
	server_free(v);
}

DW_TEST(too_much_too_late_and_nonsense_are_failures)
{
	static const char *const large[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world", NULL
	};
	static const char *const part[] = { "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello",
					    NULL };
	static const char *const none[] = { "SSH-2.0-x\r\n", NULL };
	struct server *v = server_new(large, false);
	struct dw_error e = { 0 };

	DW_CHECK_INT(call(v, NULL, 10, PATIENCE_MS, &e), -EFBIG);
	server_free(v);
	v = server_new(part, true);
	DW_CHECK_INT(call(v, NULL, 100, 100, &e), -ETIMEDOUT);
	DW_CHECK(strstr(e.message, "engine.sock") != NULL);
	server_free(v);
	v = server_new(part, false);
	DW_CHECK_INT(call(v, NULL, 100, PATIENCE_MS, &e), -EBADMSG);
	server_free(v);
	v = server_new(none, true);
	DW_CHECK_INT(call(v, NULL, 100, PATIENCE_MS, &e), -EBADMSG);
	server_free(v);
}

DW_TEST(a_path_cannot_become_another_request)
{
	struct dw_http h = { .socket = "/run/none.sock", .method = "GET", .timeout_ms = 100 };
	struct dw_sys *live = NULL, *offline = NULL;

	DW_CHECK_INT(dw_sys_open(NULL, &live, NULL), 0);
	DW_CHECK_INT(dw_sys_open("/tmp", &offline, NULL), 0);
	arena = dw_arena_new();
	h.path = "/a HTTP/1.1\r\nX: y";
	DW_CHECK_INT(dw_http_call(live, &h, arena, &status, &body, NULL), -EINVAL);
	h.path = "x";
	DW_CHECK_INT(dw_http_call(live, &h, arena, &status, &body, NULL), -EINVAL);
	h.path = "/x";
	DW_CHECK_INT(dw_http_call(live, &h, arena, &status, &body, NULL), -ENOENT);
	DW_CHECK_INT(dw_http_call(offline, &h, arena, &status, &body, NULL), -ENOTSUP);
	dw_arena_free(arena);
	dw_sys_free(live);
	dw_sys_free(offline);
}

DW_TEST(each_call_may_fail)
{
	static const char *const pieces[] = { "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes",
					      NULL };
	unsigned n = 0;
	int r;

	do {
		struct server *v = server_new(pieces, false);
		struct dw_error e = { 0 };

		dw_sys_fail_at(v->sys, ++n, EIO);
		r = call(v, NULL, 100, PATIENCE_MS, &e);
		if (r < 0) {
			DW_CHECK_INT(r, -EIO);
			DW_CHECK(strstr(e.message, "engine.sock") != NULL);
			shutdown(v->listener, SHUT_RDWR);
		}
		server_free(v);
	} while (r < 0 && n < 20);
	DW_CHECK(n > 3);
}

DW_TEST_MAIN
