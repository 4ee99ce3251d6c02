/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The containers' switch against a small engine of the test's own, on the socket where the real one listens. */
#include <sys/socket.h>
#include <sys/un.h>

#include "namespace.h"

#define TRUTH "/run/truth"

/* --- the engine ----------------------------------------------------------------------------------- */

struct engine {
	bool runs;
	char policy[32];
	int limit;
};

static void tell_truth(const struct engine *g)
{
	char text[128];

	if (g->limit)
		(void)snprintf(text, sizeof(text), "%s %s:%d", g->runs ? "running" : "stopped",
			       g->policy, g->limit);
	else
		(void)snprintf(text, sizeof(text), "%s %s", g->runs ? "running" : "stopped",
			       g->policy);
	rig_put(TRUTH, "", 0644, text);
}

static void answer(int fd, unsigned status, const char *body)
{
	char text[1024];
	int n = snprintf(
		text, sizeof(text),
		"HTTP/1.1 %u X\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
		"Connection: close\r\n\r\n%s",
		status, strlen(body), body);

	/* who asked may be gone by now: that is what failures are */
	(void)send(fd, text, (size_t)n, MSG_NOSIGNAL);
}

static void describe(const struct engine *g, int fd)
{
	char text[512];

	(void)snprintf(text, sizeof(text),
		       "{\"Id\":\"web\",\"State\":{\"Status\":\"x\",\"Running\":%s},\"HostConfig\":"
		       "{\"RestartPolicy\":{\"Name\":\"%s\",\"MaximumRetryCount\":%d}}}",
		       g->runs ? "true" : "false", g->policy, g->limit);
	answer(fd, 200, text);
}

static void update(struct engine *g, int fd, const char *body)
{
	struct engine fresh = *g;

	/* exactly this, and nothing that Docker would not understand */
	if (sscanf(body, "{\"RestartPolicy\":{\"Name\":\"%31[a-z-]\",\"MaximumRetryCount\":%d}}",
		   fresh.policy, &fresh.limit) != 2) {
		answer(fd, 400, "{\"message\":\"invalid\"}");
		return;
	}
	*g = fresh;
	tell_truth(g);
	answer(fd, 200, "{\"Warnings\":null}");
}

static void move(struct engine *g, int fd, bool run)
{
	unsigned status = g->runs == run ? 304 : 204;

	g->runs = run;
	tell_truth(g);
	answer(fd, status, "");
}

static void serve_one(struct engine *g, int fd)
{
	char text[4096] = { 0 };
	size_t n = 0;
	const char *head;

	while (n < sizeof(text) - 1) {
		const char *length = strcasestr(text, "Content-Length:");
		ssize_t got;

		head = strstr(text, "\r\n\r\n");
		if (head && strlen(head + 4) >= (length ? strtoul(length + 15, NULL, 10) : 0))
			break;
		got = read(fd, text + n, sizeof(text) - 1 - n);
		if (got <= 0)
			return;
		n += (size_t)got;
	}
	head = strstr(text, "\r\n\r\n");
	if (dw_starts_with(text, "GET /containers/web/json "))
		describe(g, fd);
	else if (dw_starts_with(text, "POST /containers/web/update ") && head)
		update(g, fd, head + 4);
	else if (dw_starts_with(text, "POST /containers/web/stop?t="))
		move(g, fd, false);
	else if (dw_starts_with(text, "POST /containers/web/start "))
		move(g, fd, true);
	else if (dw_starts_with(text, "GET /containers/stuck/json "))
		answer(fd, 200, "{\"State\":{\"Restarting\":true},\"HostConfig\":{}}");
	else if (dw_starts_with(text, "GET /containers/odd/json "))
		answer(fd, 200,
		       "{\"State\":{\"Running\":true},\"HostConfig\":{\"RestartPolicy\":{"
		       "\"Name\":\"a b\\n\"}}}");
	else if (dw_starts_with(text, "GET /containers/none/json "))
		answer(fd, 404, "{\"message\":\"No such container: none\"}");
	else
		answer(fd, 500, "{\"message\":\"no \\u001b[31mway\"}");
}

static void start_engine(const char *path)
{
	struct engine g = { .runs = true, .policy = "unless-stopped" };
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	rig_put(path, "", 0600, ""); /* its directory */
	DW_CHECK_INT(unlink(path), 0);
	(void)snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	DW_CHECK_INT(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	DW_CHECK_INT(listen(fd, 8), 0);
	tell_truth(&g);
	if (fork() == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;) {
			int one = accept(fd, NULL, NULL);

			if (one < 0)
				_exit(1);
			serve_one(&g, one);
			(void)close(one);
		}
	}
	(void)close(fd);
}

/* --- the tests ------------------------------------------------------------------------------------ */

static const char *truth(void *arg)
{
	const struct rig *r = arg;
	struct dw_bytes text = { 0 };
	int fd = open(TRUTH, O_RDONLY | O_CLOEXEC);

	DW_CHECK_INT(dw_fd_read_all(fd, 4096, r->sw.arena, &text), 0);
	(void)close(fd);
	return text.data;
}

static struct dw_state word(const char *text)
{
	return (struct dw_state){ .text = text };
}

static void both_engines(void)
{
	static const struct {
		const char *socket, *object;
	} engines[] = { { "/run/docker.sock", "docker:web" },
			{ "/run/podman/podman.sock", "podman:web" } };
	struct dw_state off = word("stopped no"), limited = word("running on-failure:3");

	for (size_t i = 0; i < DW_ARRAY_SIZE(engines); i++) {
		struct rig r = { .object = engines[i].object, .truth = truth };

		r.arg = &r;
		start_engine(engines[i].socket);
		rig_open(&r, "container", NULL);
		DW_CHECK_STR(rig_state(&r).text, "running unless-stopped");
		rig_contract(&r, &off);
		rig_contract(&r, &limited);
		DW_CHECK(rig_go(&r, &limited));
		rig_contract(&r, &off);
		rig_close(&r);
	}
}

DW_TEST(policy_and_run_go_there_and_back)
{
	namespace_run(both_engines);
}

static void refusals(void)
{
	static const char *const bad[] = { "",           "docker",      "docker:",
					   "lxc:web",    "docker:../x", "docker:a/b",
					   "docker:a?b", "docker:a b" };
	static const char *const odd[] = { "running",
					   "stopped ",
					   "paused no",
					   "stopped no\"}",
					   "stopped no:",
					   "stopped on-failure:x",
					   "stopped on-failure:99999999999999" };
	struct dw_state now = { 0 }, off = word("stopped no"), on = word("running no");
	struct rig r = { .object = "docker:none" };

	start_engine("/run/docker.sock");
	rig_open(&r, "container", NULL);
	DW_CHECK_STR(rig_state(&r).text, "absent");
	DW_CHECK_INT(rig_set(&r, NULL, &on), -ENOTSUP);
	r.object = "docker:stuck";
	DW_CHECK_STR(rig_state(&r).text, "running no");
	DW_CHECK_INT(rig_set(&r, &on, &off), -EIO);
	DW_CHECK(strstr(r.e.message, "no \\x1b[31mway") != NULL);
	DW_CHECK_INT(r.ops->state(&r.sw, "docker:odd", &now, &r.e), -EBADMSG);
	for (size_t i = 0; i < DW_ARRAY_SIZE(bad); i++)
		DW_CHECK_INT(r.ops->state(&r.sw, bad[i], &now, &r.e), -EINVAL);
	r.object = "docker:web";
	for (size_t i = 0; i < DW_ARRAY_SIZE(odd); i++) {
		struct dw_state want = word(odd[i]);

		DW_CHECK_INT(rig_set(&r, NULL, &want), -EINVAL);
	}
	/* no engine there: whether it runs is not known */
	DW_CHECK(r.ops->state(&r.sw, "podman:web", &now, &r.e) < 0 && now.text == NULL);
	rig_close(&r);
}

DW_TEST(what_the_engine_refuses_is_told)
{
	namespace_run(refusals);
}

static void failures(void)
{
	struct dw_state on = word("running always"), off = word("stopped no");
	struct rig r = { .object = "docker:web", .truth = truth };

	r.arg = &r;
	start_engine("/run/docker.sock");
	rig_open(&r, "container", NULL);
	DW_CHECK(rig_faults(&r, &on, &off, EIO, NULL) >= 3);
	DW_CHECK(rig_faults(&r, &off, &on, ECONNRESET, NULL) >= 3);
	rig_close(&r);
}

DW_TEST(each_failure_leaves_the_truth)
{
	namespace_run(failures);
}

DW_TEST_MAIN
