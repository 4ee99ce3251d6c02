/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each call to the operating system that a rehearsal makes fails once. As root; skipped elsewhere. */
#include <arpa/inet.h>
#include <errno.h>

#include "dw_sys.h"
#include "dw_test.h"
#include "world.h"

static struct dw_sys *host;
static bool has_world;

static size_t count_descriptors(void)
{
	char text[32] = "";

	(void)world_read("ls /proc/$PPID/fd | wc -l", text, sizeof(text));
	return (size_t)strtoul(text, NULL, 10);
}

/*
 * One call fails: an error, or answers that are right or not known. In a place with little in it: it is made
 * anew each time.
 */
static bool fails_well(unsigned at, bool *ret_done)
{
	const struct dw_rehearse_options o = { .netns = world_netns(WORLD_BOX) };
	struct dw_rehearse_question q[3] = {
		{ .source = 1, .protocol = DW_PROTOCOL_TCP, .port = 22 },
		{ .source = 0, .protocol = DW_PROTOCOL_TCP, .port = 80 },
		{ .source = 1, .protocol = DW_PROTOCOL_TCP, .port = 23 }
	};
	struct dw_rehearse_answer a[3] = { 0 };
	struct dw_rehearsal *r = NULL;
	struct dw_error e = { 0 };
	unsigned calls = dw_sys_calls(host);
	bool well;
	int code;

	for (size_t i = 0; i < 3; i++)
		(void)inet_pton(AF_INET, "172.18.0.5", q[i].to);
	q[0].explain = true;
	dw_sys_fail_at(host, at, EIO);
	code = dw_rehearsal_open(host, &o, &r, &e);
	if (code == 0)
		code = dw_rehearsal_ask(r, q, 3, a, &e);
	*ret_done = dw_sys_calls(host) - calls < at;
	dw_sys_fail_at(host, 0, 0);
	well = code < 0 ? e.message[0] != '\0'
			: a[0].reach != DW_ARRIVAL_NO && a[1].reach != DW_ARRIVAL_YES &&
				  a[2].reach == DW_ARRIVAL_UNKNOWN;
	if (!well)
		printf("call %u: %d (%s) %d %d %d\n", at, code, e.message, (int)a[0].reach,
		       (int)a[1].reach, (int)a[2].reach);
	dw_rehearsal_free(r);
	return well;
}

DW_TEST(each_call_fails_once)
{
	size_t before, after;
	bool done = false;

	if (!has_world)
		return;
	DW_CHECK(world_run_at(WORLD_BOX, "nft flush ruleset; nft -f -",
			      "table inet filter {\n chain input { type filter hook input priority "
			      "0; policy drop;\n"
			      "  ip saddr 172.18.0.0/16 tcp dport 22 accept\n"
			      "  tcp dport 23 limit rate 10/minute accept\n }\n}\n"));
	before = count_descriptors();
	for (unsigned at = 1; !done && at < 20000; at++)
		DW_CHECK(fails_well(at, &done));
	DW_CHECK(done);
	after = count_descriptors();
	DW_CHECK_INT(after, before);
	DW_CHECK(world_run_at(WORLD_BOX, "nft flush ruleset", NULL));
}

int main(void)
{
	int r;

	if (dw_sys_open(NULL, &host, NULL) < 0)
		return 1;
	has_world = world_open(host);
	if (!has_world) {
		printf("not root, or no namespaces to play in: skipped\n");
		dw_sys_free(host);
		return 77;
	}
	r = dw_test_run();
	world_close();
	dw_sys_free(host);
	return r;
}
