/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Is there a packet filter before the sockets? Real rules, in a namespace of our own for each. */
#include <errno.h>
#include <stdio.h>

#include "dw_macros.h"
#include "dw_test.h"
#include "support.h"

struct rules {
	const char *tool, *text;
	enum dw_tristate want;
};

static const struct rules cases[] = {
	{ NULL, "", DW_NO },
	{ "nft", "table inet f { chain in { type filter hook input priority 0; policy drop\n}\n}\n",
	  DW_YES },
	{ "nft", "table inet f { chain in { type filter hook input priority 0\n}\n}\n", DW_NO },
	{ "nft",
	  "table ip f { chain in { type filter hook input priority 0; tcp dport 1 drop\n}\n}\n",
	  DW_YES },
	{ "nft",
	  "table ip f { chain pre { type filter hook prerouting priority raw; counter\n}\n}\n",
	  DW_YES },
	{ "nft", "table ip f { chain out { type filter hook output priority 0; policy drop\n}\n}\n",
	  DW_NO },
	{ "nft",
	  "table ip n { chain pre { type nat hook prerouting priority -100; tcp dport 1 "
	  "redirect to :2\n}\n}\n",
	  DW_YES },
	{ "nft",
	  "table ip n { chain post { type nat hook postrouting priority 100; masquerade\n}\n}\n",
	  DW_NO },
	{ "iptables-nft-restore", "*filter\n:INPUT DROP\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\nCOMMIT\n",
	  DW_YES },
	{ "iptables-legacy-restore",
	  "*filter\n:INPUT DROP\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\nCOMMIT\n", DW_YES },
	{ "iptables-legacy-restore",
	  "*filter\n:INPUT ACCEPT\n:FORWARD DROP\n:OUTPUT DROP\nCOMMIT\n", DW_NO },
	{ "ip6tables-legacy-restore",
	  "*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n-A INPUT -p tcp --dport 5 -j "
	  "DROP\nCOMMIT\n",
	  DW_YES },
	{ "iptables-legacy-restore",
	  "*nat\n:PREROUTING ACCEPT\n:INPUT ACCEPT\n:OUTPUT ACCEPT\n:POSTROUTING ACCEPT\n"
	  "-A PREROUTING -p tcp --dport 5 -j REDIRECT --to-ports 6\nCOMMIT\n",
	  DW_YES },
	{ "iptables-legacy-restore",
	  "*nat\n:PREROUTING ACCEPT\n:INPUT ACCEPT\n:OUTPUT ACCEPT\n:POSTROUTING ACCEPT\n"
	  "-A POSTROUTING -j MASQUERADE\nCOMMIT\n",
	  DW_NO },
	{ "iptables-legacy-restore",
	  "*mangle\n:PREROUTING ACCEPT\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n"
	  ":POSTROUTING ACCEPT\n-A PREROUTING -p tcp --dport 5 -j DROP\nCOMMIT\n",
	  DW_YES },
};

static bool load(const struct rules *r)
{
	const char *const nft[] = { "nft", "-f", "-", NULL };
	const char *const restore[] = { r->tool, NULL };
	const char *path = r->tool ? tool_path(r->tool) : NULL;

	if (!r->tool)
		return true;
	if (!path)
		return false;
	/* a kernel need not have the legacy tables, but who has nft must take these rules */
	if (strcmp(r->tool, "nft") != 0)
		return tool_run(path, restore, r->text) == 0;
	DW_CHECK_INT(tool_run(path, nft, r->text), 0);
	return true;
}

DW_TEST(rules_before_the_sockets)
{
	size_t tried = 0;

	for (size_t i = 0; i < DW_ARRAY_SIZE(cases); i++) {
		struct world w;

		if (!fresh_netns()) {
			printf("skipped: no namespace of our own\n");
			return;
		}
		if (!load(&cases[i])) {
			printf("skipped: %s is not here\n", cases[i].tool);
			continue;
		}
		w = world_live();
		DW_CHECK_INT(dw_collect_redirects(&w.c, NULL), 0);
		if (w.c.facts->netns.v[0].filter != cases[i].want) {
			dw_test_failures++;
			printf("%s: %d is not %d\n", cases[i].text,
			       (int)w.c.facts->netns.v[0].filter, (int)cases[i].want);
		}
		world_free(&w);
		tried++;
	}
	DW_CHECK(tried > 0);
}

/* What could not be read is neither a filter nor none. */
DW_TEST(a_failure_is_not_known)
{
	struct world w;

	if (!fresh_netns())
		return;
	w = world_live();
	dw_sys_fail_at(w.sys, dw_sys_calls(w.sys) + 1, EIO);
	for (unsigned n = 1; n < 40 && w.c.facts->incomplete.n == 0; n++) {
		world_free(&w);
		w = world_live();
		dw_sys_fail_at(w.sys, n, EIO);
		DW_CHECK_INT(dw_collect_redirects(&w.c, NULL), 0);
		if (strstr(incomplete_lines(&w), "nftables") ||
		    strstr(incomplete_lines(&w), "iptables-legacy"))
			DW_CHECK_INT((int)w.c.facts->netns.v[0].filter, (int)DW_UNKNOWN);
	}
	DW_CHECK(w.c.facts->incomplete.n > 0);
	world_free(&w);
}

DW_TEST_MAIN
