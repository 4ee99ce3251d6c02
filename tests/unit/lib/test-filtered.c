/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The step of an audit that rehearses the filter, with each call of the system failed once: right, or unknown
 * and said.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
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

/*
 * A namespace without rules, which may have something else that drops packets. n: of the call that fails; strange: a
 * descriptor that is none of a namespace. Returns the calls made.
 */
static unsigned look_beside(unsigned n, bool strange, struct dw_facts *facts, struct dw_door *ret)
{
	static const struct dw_audit_options options;
	struct dw_snapshot s = { .arena = facts->arena, .doors = ret, .n_doors = 1 };
	struct auditing a = { .options = &options, .facts = facts };
	int none = strange ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -1;
	unsigned calls;

	DW_CHECK_INT(dw_sys_open(NULL, &a.sys, NULL), 0);
	ret->kind = DW_KIND_LISTENER;
	ret->packet_filter = DW_NO;
	ret->at = (struct dw_endpoint){ .netns = dw_netns_self(a.sys) + strange,
					.protocol = DW_PROTOCOL_TCP,
					.family = DW_FAMILY_IPV4,
					.has_port = true,
					.port = 22 };
	*dw_vec_add(facts->arena, &facts->netns) =
		(struct dw_netns_fact){ .inode = ret->at.netns, .name = "host", .filter = DW_NO };
	*dw_vec_add(facts->arena, &a.collect.netns) =
		(struct dw_netns){ .inode = ret->at.netns, .fd = none };
	if (n)
		dw_sys_fail_at(a.sys, n, EIO);
	calls = dw_sys_calls(a.sys);
	dw_lib_filtered(&a, &s);
	calls = dw_sys_calls(a.sys) - calls;
	dw_sys_free(a.sys);
	dw_cleanup_fd(&none);
	return calls;
}

DW_TEST(a_namespace_that_cannot_be_looked_at_is_told_with_the_reason)
{
	struct dw_facts *f = dw_facts_new();
	struct dw_door d = { 0 };

	if (geteuid() != 0 || unshare(CLONE_NEWNET) != 0) {
		printf("skipped: no network namespace here\n");
		return;
	}
	(void)look_beside(0, true, f, &d);
	DW_CHECK_INT(d.packet_filter, DW_UNKNOWN);
	DW_CHECK_INT(d.filtered->kind, DW_FILTERED_UNKNOWN);
	DW_CHECK_INT(f->incomplete.n, 1);
	DW_CHECK_STR(f->incomplete.v[0].what, "no-rehearsal");
	DW_CHECK(f->incomplete.v[0].blind);
	DW_CHECK(strstr(f->incomplete.v[0].text, "cannot enter network namespace"));
	dw_facts_free(f);
}

DW_TEST(a_namespace_in_which_something_fails_once_is_looked_at_again)
{
	struct dw_facts *f = dw_facts_new();
	struct dw_door d = { 0 };
	unsigned calls;

	if (geteuid() != 0 || unshare(CLONE_NEWNET) != 0) {
		printf("skipped: no network namespace here\n");
		return;
	}
	calls = look_beside(0, false, f, &d);
	for (unsigned i = 1; i <= calls; i++) {
		d = (struct dw_door){ 0 };
		dw_facts_free(f);
		f = dw_facts_new();
		(void)look_beside(i, false, f, &d);
		DW_CHECK_INT(d.packet_filter, DW_NO);
		DW_CHECK_INT(f->incomplete.n, 0);
	}
	DW_CHECK(calls > 0);
	printf("%u calls\n", calls);
	dw_facts_free(f);
}

DW_TEST_MAIN
