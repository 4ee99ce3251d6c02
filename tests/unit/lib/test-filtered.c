/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The step of an audit that rehearses the filter, with each call of the system failed once: right, or unknown
 * and said.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <sys/wait.h>

#include "audit-private.h"
#include "dw_str.h"
#include "dw_test.h"

#define RULES                                                                                      \
	"table inet filter { chain input { type filter hook input priority 0; policy drop; "       \
	"iif lo accept; ip saddr 10.9.0.0/24 tcp dport 22 accept; }; }"

static bool run(const char *const *words)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		(void)execvp(words[0], (char *const *)(uintptr_t)words);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* A network namespace of the test's own, with one interface and rules; false: not here. */
static bool make_host(void)
{
	static const char *const all[][12] = {
		{ "ip", "link", "set", "lo", "up", NULL },
		{ "ip", "tuntap", "add", "eth0", "mode", "tap", NULL },
		{ "ip", "addr", "add", "10.9.0.1/24", "dev", "eth0", NULL },
		{ "ip", "link", "set", "eth0", "up", NULL },
		{ "ip", "route", "add", "default", "via", "10.9.0.254", NULL },
		{ "nft", RULES, NULL },
	};

	if (geteuid() != 0 || unshare(CLONE_NEWNET) != 0)
		return false;
	for (size_t i = 0; i < DW_ARRAY_SIZE(all); i++)
		if (!run(all[i]))
			return false;
	return true;
}

/* One door behind the filter, one on loopback. n: of the call that fails; 0: none does. Returns the calls made. */
static unsigned look(unsigned n, int code, bool *ret_known)
{
	static const struct dw_audit_options options;
	struct dw_door doors[2] = { 0 };
	struct dw_snapshot s = { .doors = doors, .n_doors = 2 };
	struct auditing a = { .options = &options, .facts = dw_facts_new() };
	unsigned calls;

	DW_CHECK_INT(dw_sys_open(NULL, &a.sys, NULL), 0);
	s.arena = a.facts->arena;
	for (size_t i = 0; i < 2; i++) {
		doors[i].at = (struct dw_endpoint){ .netns = dw_netns_self(a.sys),
						    .protocol = DW_PROTOCOL_TCP,
						    .family = DW_FAMILY_IPV4,
						    .has_port = true,
						    .port = 22 };
		doors[i].kind = DW_KIND_LISTENER;
		doors[i].packet_filter = DW_YES;
	}
	doors[1].at.address[0] = 127;
	*dw_vec_add(a.facts->arena, &a.facts->netns) =
		(struct dw_netns_fact){ .inode = doors[0].at.netns, .name = "host" };
	*dw_vec_add(a.facts->arena, &a.collect.netns) =
		(struct dw_netns){ .inode = doors[0].at.netns, .fd = -1 };
	if (n)
		dw_sys_fail_at(a.sys, dw_sys_calls(a.sys) + n, code);
	calls = dw_sys_calls(a.sys);
	dw_lib_filtered(&a, &s);
	calls = dw_sys_calls(a.sys) - calls;
	DW_CHECK_STR(doors[1].filtered->words, "this host");
	*ret_known = doors[0].filtered->kind != DW_FILTERED_UNKNOWN;
	if (*ret_known)
		DW_CHECK_STR(doors[0].filtered->words, "10.9.0.0/24");
	else
		DW_CHECK(doors[0].filtered->why != NULL);
	for (size_t i = 0; i < a.facts->incomplete.n; i++)
		DW_CHECK_STR(a.facts->incomplete.v[i].what, "no-rehearsal");
	DW_CHECK(a.facts->incomplete.n == 0 || !*ret_known);
	dw_sys_free(a.sys);
	dw_facts_free(a.facts);
	return calls;
}

DW_TEST(each_failure_is_told)
{
	unsigned calls, unknown = 0;
	bool known = false;

	if (!make_host()) {
		printf("skipped: no network namespace, ip or nft here\n");
		return;
	}
	calls = look(0, 0, &known);
	DW_CHECK(known);
	for (unsigned i = 1; i <= calls; i += 1 + calls / 200) {
		(void)look(i, EIO, &known);
		unknown += !known;
	}
	DW_CHECK(unknown > 0);
	(void)look(0, 0, &known);
	DW_CHECK(known);
	printf("%u calls, %u failures left it unknown\n", calls, unknown);
}

DW_TEST_MAIN
