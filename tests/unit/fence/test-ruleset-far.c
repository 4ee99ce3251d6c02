/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copies of rules: large ones, with each call failing, and where none may ever go. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dw_str.h"
#include "dw_test.h"
#include "copylab.h"
#include "ruleset_private.h"

DW_TEST(a_hundred_thousand_elements_and_two_thousand_rules)
{
	struct lab l;
	struct dw_ruleset *r;
	struct dw_str rules = { 0 };

	if (!lab_open(&l))
		return;
	rules.arena = l.arena;
	dw_str_add(&rules,
		   "table inet big {\nset s { type ipv4_addr; flags interval; elements = { ");
	for (unsigned i = 0; i < 50000; i++)
		dw_str_addf(&rules, "%u.%u.%u.0/25,", 20 + i / 65536, i / 256 % 256, i % 256);
	dw_str_add(&rules, " } }\nchain c { type filter hook input priority 0; policy drop;\n"
			   "ip saddr @s drop\n");
	for (unsigned i = 1; i < 2000; i++)
		dw_str_addf(&rules, "tcp dport { 22, %u } counter accept\n", i + 100);
	dw_str_add(&rules, "}\n}\n");
	DW_CHECK(lab_rules(&l, rules.s));
	r = lab_read(&l);
	DW_CHECK_INT(r->n_rules, 2000);
	DW_CHECK_INT(r->n_sources, 1);
	if (r->n_sources == 1)
		DW_CHECK_INT(r->sources[0].n_spans, 50000);
	lab_load(&l, r, DW_SUPPOSED_FALSE_TOLD);
	DW_CHECK_INT(r->n_obstacles, 0);
	DW_CHECK_STR(lab_list(&l, &l.copy), lab_list(&l, &l.host));
	dw_ruleset_free(r);
	lab_close(&l);
}

/* Each call failed once: an error with a message, or (what can be done without) all the same. */
DW_TEST(every_call_that_fails_is_told)
{
	struct lab l;
	struct dw_ruleset *r;
	unsigned n;

	if (!lab_open(&l))
		return;
	DW_CHECK(lab_rules_of(&l, "decided.nft"));
	DW_CHECK(lab_iptables(&l, &l.host, "iptables-legacy-restore", lab_doubts) != NULL);
	n = dw_sys_calls(l.sys);
	r = lab_read(&l);
	lab_load(&l, r, DW_SUPPOSED_FALSE);
	n = dw_sys_calls(l.sys) - n;
	dw_ruleset_free(r);
	DW_CHECK(n > 20);
	for (unsigned i = 1; i <= n; i++) {
		struct dw_error e = { 0 };
		int code;

		r = NULL;
		dw_sys_fail_at(l.sys, i, -EIO);
		code = dw_ruleset_read(l.sys, &l.host, &r, &e);
		if (code == 0)
			code = dw_ruleset_load(l.sys, &l.copy, r, NULL, &e);
		dw_sys_fail_at(l.sys, 0, 0);
		DW_CHECK(code < 0 ? e.message[0] != '\0' : r->n_rules > 20);
		dw_ruleset_free(r);
	}
	lab_close(&l);
}

/* The namespace that we are in is the host's own: no copy may be put there, whatever went wrong before. */
DW_TEST(no_copy_goes_into_our_own_namespace)
{
	struct lab l;
	struct dw_ruleset *r;
	struct dw_netns none = { .fd = -1 }, own = { 0 },
			gone = { .inode = DW_NETNS_GONE, .fd = -1 };
	const struct dw_netns *const places[] = { &none, &own, &gone, NULL };
	const char *list;

	if (!lab_open(&l))
		return;
	DW_CHECK(lab_rules(&l, "table inet doorward_test_guard { }\n"));
	DW_CHECK(lab_iptables(&l, &l.host, "iptables-legacy-restore", lab_doubts) != NULL);
	r = lab_read(&l);
	own.fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	own.inode = 1;
	for (size_t i = 0; i < DW_ARRAY_SIZE(places); i++) {
		struct dw_error e = { 0 };

		DW_CHECK(dw_ruleset_load(l.sys, places[i], r, NULL, &e) < 0);
		DW_CHECK(e.message[0] != '\0');
	}
	list = lab_list(&l, &own);
	DW_CHECK(list && strstr(list, "doorward_test_guard") == NULL);
	(void)close(own.fd);
	dw_ruleset_free(r);
	lab_close(&l);
}

DW_TEST_MAIN
