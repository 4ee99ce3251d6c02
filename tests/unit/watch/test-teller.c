/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A command and a webhook that are away at first: each gets all, in order, once. */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "dw_str.h"
#include "dw_teller.h"
#include "dw_test.h"

static char directory[] = "/tmp/dw-teller-XXXXXX";

static struct dw_watch_store *fresh(struct dw_arena *a, const char *sink, const char **ret)
{
	static unsigned n;
	const char *const sinks[] = { sink };
	struct dw_watch_store *s = NULL;

	if (n == 0 && !mkdtemp(directory))
		abort();
	*ret = dw_arena_printf(a, "%s/%u", directory, n++);
	DW_CHECK_INT(dw_watch_store_open(*ret, true, &s, NULL), 0);
	DW_CHECK_INT(dw_watch_store_sinks(s, sinks, 1, NULL), 0);
	return s;
}

static void add(struct dw_watch_store *s, struct dw_arena *a, int64_t id)
{
	struct dw_watch_news n = {
		.id = id,
		.event = "opened",
		.summary = "a door",
		.json = dw_arena_printf(a, "{\"id\":%lld,\"door\":{\"port\":4444}}", (long long)id)
	};

	DW_CHECK_INT(dw_watch_store_add(s, &n, NULL), 0);
}

static bool wait_told(struct dw_teller *t, uint64_t n)
{
	struct dw_teller_state s = { 0 };

	for (unsigned i = 0; i < 6000; i++) {
		dw_teller_look(t, &s);
		if (s.told >= n)
			return s.told == n;
		dw_test_nap(20);
	}
	printf("told %llu, failures %llu: %s\n", (unsigned long long)s.told,
	       (unsigned long long)s.failures, s.words);
	return false;
}

static const char *content(struct dw_arena *a, const char *path)
{
	char *text = dw_arena_alloc(a, 4096);
	FILE *f = fopen(path, "re");

	if (!f)
		return "";
	text[fread(text, 1, 4095, f)] = '\0';
	(void)fclose(f);
	return text;
}

DW_TEST(a_command_gets_all_though_it_failed_at_first)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *dir, *script;
	struct dw_watch_store *s = fresh(a, "exec", &dir);
	struct dw_teller_options o = { .kind = DW_TELLER_EXEC,
				       .name = "exec",
				       .state = dir,
				       .host = "h",
				       .timeout_ms = 60000,
				       .first_ms = 20,
				       .max_ms = 50 };
	struct dw_teller *t = NULL;
	struct dw_error e = { 0 };
	FILE *f;

	script = dw_arena_printf(a, "%s/hook", dir);
	f = fopen(script, "we");
	/* it fails until there is a file */
	DW_CHECK(f && fprintf(f,
			      "#!/bin/sh\ncd %s || exit 1\n[ -e ok ] || exit 3\nread -r l\n"
			      "echo \"$1 $DOORWARD_ID $DOORWARD_PORT $l\" >> out\n",
			      dir) > 0);
	DW_CHECK(f && fclose(f) == 0 && chmod(script, 0700) == 0);
	o.what = script;
	for (int64_t i = 1; i <= 3; i++)
		add(s, a, i);
	DW_CHECK_INT(dw_teller_start(&o, &t, &e), 0);
	dw_test_nap(300);
	DW_CHECK_STR(content(a, dw_arena_printf(a, "%s/out", dir)), "");
	f = fopen(dw_arena_printf(a, "%s/ok", dir), "we");
	DW_CHECK(f && fclose(f) == 0);
	DW_CHECK(wait_told(t, 3));
	add(s, a, 4);
	dw_teller_wake(t);
	DW_CHECK(wait_told(t, 4));
	dw_teller_stop(t);
	DW_CHECK_STR(content(a, dw_arena_printf(a, "%s/out", dir)),
		     "opened 1 4444 {\"id\":1,\"door\":{\"port\":4444}}\n"
		     "opened 2 4444 {\"id\":2,\"door\":{\"port\":4444}}\n"
		     "opened 3 4444 {\"id\":3,\"door\":{\"port\":4444}}\n"
		     "opened 4 4444 {\"id\":4,\"door\":{\"port\":4444}}\n");
	dw_watch_store_free(s);
}

/* Answers the first with 500, the others with 200; writes what it got to the pipe, a line each. */
static _Noreturn void serve(int listener, int out)
{
	char buffer[8192];

	for (unsigned n = 0;; n++) {
		int c = accept(listener, NULL, NULL);
		size_t got = 0;
		ssize_t k;
		const char *body = NULL, *answer, *key;

		while (got < sizeof(buffer) - 1 &&
		       (k = read(c, buffer + got, sizeof(buffer) - 1 - got)) > 0) {
			got += (size_t)k;
			buffer[got] = '\0';
			body = strstr(buffer, "\r\n\r\n");
			if (body && strchr(body, '}') && strstr(strchr(body, '}'), "}}"))
				break;
		}
		answer = n == 0 ? "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
				: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
		key = strstr(buffer, "Idempotency-Key: ");
		(void)dprintf(out, "%.*s %s\n", key ? (int)strcspn(key, "\r") : 1, key ? key : "?",
			      body ? body + 4 : "");
		(void)!write(c, answer, strlen(answer));
		(void)close(c);
	}
}

static int listen_here(unsigned *ret_port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	DW_CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 &&
		 listen(fd, 9) == 0 && getsockname(fd, (struct sockaddr *)&at, &size) == 0);
	*ret_port = ntohs(at.sin_port);
	return fd;
}

DW_TEST(a_webhook_gets_all_with_a_key_that_stays)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *dir;
	struct dw_watch_store *s = fresh(a, "webhook", &dir);
	struct dw_teller_options o = { .kind = DW_TELLER_WEBHOOK,
				       .name = "webhook",
				       .state = dir,
				       .host = "h",
				       .timeout_ms = 60000,
				       .first_ms = 20,
				       .max_ms = 50 };
	struct dw_teller *t = NULL;
	struct dw_error e = { 0 };
	unsigned port = 0;
	int listener = listen_here(&port), out[2];
	char got[8192] = "";
	pid_t child;
	int r;

	DW_CHECK(pipe(out) == 0);
	child = fork();
	if (child == 0)
		serve(listener, out[1]);
	(void)close(listener);
	o.what = dw_arena_printf(a, "http://127.0.0.1:%u/hook", port);
	add(s, a, 1);
	add(s, a, 2);
	r = dw_teller_start(&o, &t, &e);
	if (r == -ENOSYS) {
		printf("not tried: %s\n", e.message);
	} else {
		DW_CHECK_INT(r, 0);
		DW_CHECK(r == 0 && wait_told(t, 2));
		dw_teller_stop(r == 0 ? t : NULL);
		DW_CHECK(read(out[0], got, sizeof(got) - 1) > 0);
		DW_CHECK_STR(got, "Idempotency-Key: h-1 {\"id\":1,\"door\":{\"port\":4444}}\n"
				  "Idempotency-Key: h-1 {\"id\":1,\"door\":{\"port\":4444}}\n"
				  "Idempotency-Key: h-2 {\"id\":2,\"door\":{\"port\":4444}}\n");
	}
	(void)kill(child, SIGKILL);
	(void)waitpid(child, NULL, 0);
	(void)close(out[0]);
	(void)close(out[1]);
	dw_watch_store_free(s);
}

DW_TEST(what_cannot_be_used_is_refused_at_the_start)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *dir;
	struct dw_watch_store *s = fresh(a, "x", &dir);
	struct dw_teller_options o = { .name = "x", .state = dir, .host = "h" };
	struct dw_teller *t = NULL;

	o.what = "hook";
	DW_CHECK_INT(dw_teller_start(&o, &t, NULL), -EINVAL);
	o.what = "/nonexistent";
	DW_CHECK_INT(dw_teller_start(&o, &t, NULL), -EINVAL);
	o.kind = DW_TELLER_WEBHOOK;
	o.what = "ftp://127.0.0.1/";
	DW_CHECK_INT(dw_teller_start(&o, &t, NULL), -EINVAL);
	dw_watch_store_free(s);
}

DW_TEST_MAIN
