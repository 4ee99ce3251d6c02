/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rules given to the real kernel, in a namespace of our own, and what we read back of them. */
#include "support.h"

#include <errno.h>

#include "dw_test.h"
#include "nft.h"

struct shape {
	const char *dump; /* below tests/fuzz/corpus/nft: what the kernel answered once */
	const char *name;
	const char *rules;
	const char *want;
};

static const struct shape nft_shapes[] = {
	{ "one-port", "one port to another host",
	  "table ip nat { chain pre { type nat hook prerouting priority dstnat;\n"
	  "iifname \"eth0\" tcp dport 80 dnat to 10.0.0.2:8080 comment \"web\"\n}\n}\n",
	  "tcp ipv4 0.0.0.0 80 eth0 > 10.0.0.2:8080 | nft ip nat pre handle 2: iifname eth0 tcp "
	  "dport 80 dnat to "
	  "10.0.0.2:8080 comment \"web\"\n" },
	{ "port-set", "set of ports",
	  "table ip nat { chain pre { type nat hook prerouting priority -100;\n"
	  "ip daddr 192.0.2.1 tcp dport { 80, 443, 8000-8010 } dnat to 10.0.0.2\n"
	  "}\n}\n",
	  "tcp ipv4 192.0.2.1 443 - > 10.0.0.2:443\n"
	  "tcp ipv4 192.0.2.1 80 - > 10.0.0.2:80\n"
	  "tcp ipv4 192.0.2.1 8000-8010 - > 10.0.0.2:8000-8010\n" },
	{ "map-addr-port", "map of ports to addresses and ports",
	  "table ip nat { chain pre { type nat hook prerouting priority -100;\n"
	  "dnat ip addr . port to tcp dport map { 80 : 10.0.0.1 . 8080, 443 : 10.0.0.2 . 8443 }\n"
	  "}\n}\n",
	  "tcp ipv4 0.0.0.0 443 - > 10.0.0.2:8443\n"
	  "tcp ipv4 0.0.0.0 80 - > 10.0.0.1:8080\n" },
	{ "map-addr", "map of ports to addresses",
	  "table ip nat { chain pre { type nat hook prerouting priority -100;\n"
	  "dnat to tcp dport map { 80 : 10.0.0.1, 443 : 10.0.0.2 }\n"
	  "}\n}\n",
	  "tcp ipv4 0.0.0.0 443 - > 10.0.0.2:443\n"
	  "tcp ipv4 0.0.0.0 80 - > 10.0.0.1:80\n" },
	{ "vmap-concat", "verdict map, jumps, concatenation (as kube-proxy does)",
	  "table ip k {\n"
	  "chain svc1 { meta l4proto tcp dnat to 10.1.0.1:8080; }\n"
	  "chain svc2 { meta l4proto udp dnat to 10.1.0.2:5353; }\n"
	  "chain services { ip daddr . meta l4proto . th dport vmap { 10.96.0.1 . tcp . 443 : goto "
	  "svc1, "
	  "10.96.0.2 . udp . 53 : goto svc2 }; }\n"
	  "chain pre { type nat hook prerouting priority -100; jump services; }\n"
	  "chain out { type nat hook output priority -100; jump services; }\n"
	  "}\n",
	  "tcp ipv4 10.96.0.1 443 - > 10.1.0.1:8080\n"
	  "udp ipv4 10.96.0.2 53 - > 10.1.0.2:5353\n" },
	{ "redirect-inet", "redirect in inet",
	  "table inet n { chain pre { type nat hook prerouting priority -100;\n"
	  "meta l4proto { tcp, udp } th dport 53 redirect to :5353\n"
	  "tcp dport 8000-8001 redirect\n"
	  "}\n}\n",
	  "tcp dual :: 53 - > local:5353\n"
	  "tcp dual :: 8000-8001 - > local:8000-8001\n"
	  "udp dual :: 53 - > local:5353\n" },
	{ "ipv6-inet", "IPv6 in inet, not a port",
	  "table inet n { chain pre { type nat hook prerouting priority -100;\n"
	  "ip6 daddr 2001:db8::1 tcp dport != 22 dnat ip6 to [2001:db8::2]:80\n"
	  "}\n}\n",
	  "tcp ipv6 2001:db8::1 0-21 - > [2001:db8::2]:80\n"
	  "tcp ipv6 2001:db8::1 23-65535 - > [2001:db8::2]:80\n" },
	{ "tproxy", "tproxy in a filter chain",
	  "table ip t { chain pre { type filter hook prerouting priority mangle;\n"
	  "tcp dport 80 tproxy to 127.0.0.1:3128 accept\n"
	  "tcp dport 81 tproxy to :3129\n"
	  "}\n}\n",
	  "tcp ipv4 0.0.0.0 80 - > 127.0.0.1:3128\n"
	  "tcp ipv4 0.0.0.0 81 - > local:3129\n" },
	{ "all-ports", "all ports, all protocols, and a negated interface",
	  "table ip n { chain pre { type nat hook prerouting priority -100;\n"
	  "iifname != \"br0\" ip daddr 192.0.2.0/24 dnat to 10.0.0.9\n"
	  "}\n}\n",
	  "tcp ipv4 0.0.0.0 * - > 10.0.0.9 | nft ip n pre handle 2: daddr 192.0.2.0/24 iifname != "
	  "br0 dnat to 10.0.0.9\n"
	  "udp ipv4 0.0.0.0 * - > 10.0.0.9 | nft ip n pre handle 2: daddr 192.0.2.0/24 iifname != "
	  "br0 dnat to 10.0.0.9\n" },
	{ "output-only", "only from this host itself",
	  "table ip n { chain out { type nat hook output priority -100;\n"
	  "ip daddr 10.9.0.1 tcp dport 80 dnat to 127.0.0.1:8080\n"
	  "}\n}\n",
	  "tcp ipv4 10.9.0.1 80 lo > 127.0.0.1:8080 | nft ip n out handle 2: daddr 10.9.0.1 tcp "
	  "dport 80 dnat to "
	  "127.0.0.1:8080 (only for what this host itself sends)\n" },
	{ "dormant", "dormant table, and rules behind an end",
	  "table ip d { flags dormant; chain pre { type nat hook prerouting priority -100;\n"
	  "tcp dport 1 dnat to 10.0.0.1; }\n}\n"
	  "table ip e { chain pre { type nat hook prerouting priority -100;\n"
	  "tcp dport 2 accept; counter accept; tcp dport 3 dnat to 10.0.0.1; }\n}\n",
	  "" },
	{ "named-set", "a named set filled later, load balancing, ranges",
	  "table ip n { set ports { type inet_service; flags interval; elements = { 1000-1999, "
	  "3000 } }\n"
	  "chain pre { type nat hook prerouting priority -100;\n"
	  "udp dport @ports dnat to 10.0.0.1-10.0.0.4:7000-7010\n"
	  "tcp dport 90 dnat to numgen inc mod 2 map { 0 : 10.0.0.5, 1 : 10.0.0.6 }\n"
	  "}\n}\n",
	  "tcp ipv4 0.0.0.0 90 - > 10.0.0.5:90, 10.0.0.6:90\n"
	  "udp ipv4 0.0.0.0 1000-1999 - > 10.0.0.1-10.0.0.4:7000-7010\n"
	  "udp ipv4 0.0.0.0 3000 - > 10.0.0.1-10.0.0.4:7000-7010\n" },
	{ "interval-map", "interval map, vmap of interfaces, address local",
	  "table ip n { chain web { tcp dport 80 dnat to 10.0.0.3:80; }\n"
	  "chain pre { type nat hook prerouting priority -100;\n"
	  "iifname vmap { eth0 : jump web, eth1 : drop }\n"
	  "fib daddr type local tcp dport 2222 dnat to 10.0.0.7:22\n"
	  "dnat to tcp dport map { 5000-5999 : 10.0.0.8, 6000 : 10.0.0.9 }\n"
	  "}\n}\n",
	  "tcp ipv4 0.0.0.0 2222 - > 10.0.0.7:22\n"
	  "tcp ipv4 0.0.0.0 5000-5999 - > 10.0.0.8:5000-5999\n"
	  "tcp ipv4 0.0.0.0 6000 - > 10.0.0.9:6000\n"
	  "tcp ipv4 0.0.0.0 80 eth0 > 10.0.0.3:80\n" },
	{ "conditions", "conditions that we only tell",
	  "table ip n { chain pre { type nat hook prerouting priority -100;\n"
	  "ip saddr 198.51.100.0/24 ct state new tcp dport 25 limit rate 1/second dnat to "
	  "10.0.0.1:25\n"
	  "}\n}\n",
	  "tcp ipv4 0.0.0.0 25 - > 10.0.0.1:25 | nft ip n pre handle 2: tcp dport 25 saddr "
	  "198.51.100.0/24 if ct fits "
	  "with a condition on limit dnat to 10.0.0.1:25\n" },
};

static void check_shape(const struct shape *s, const char *got)
{
	if (strcmp(got, s->want) != 0) {
		dw_test_failures++;
		printf("%s:\n--- want\n%s--- got\n%s", s->name, s->want, got);
	}
}

DW_TEST(nft_rules_of_every_shape)
{
	const char *nft = tool_path("nft");
	const char *const argv[] = { "nft", "-f", "-", NULL };

	for (size_t i = 0; nft && i < DW_ARRAY_SIZE(nft_shapes); i++) {
		const struct shape *s = &nft_shapes[i];
		struct world w;

		if (!fresh_netns()) {
			printf("skipped: no namespace of our own\n");
			return;
		}
		DW_CHECK_INT(tool_run(nft, argv, s->rules), 0);
		w = world_live();
		DW_CHECK_INT(dw_collect_redirects(&w.c, NULL), 0);
		check_shape(s, redirect_lines(&w, strchr(s->want, '|') != NULL));
		DW_CHECK_STR(incomplete_lines(&w), "");
		world_free(&w);
	}
}

/*
 * The same rules as they were recorded: also where nft is not installed or nothing may be loaded.
 */
static const char *replay(struct world *w, const char *dump, bool rules)
{
	struct dw_nft_ruleset *r = dw_new(w->arena, struct dw_nft_ruleset);
	struct dw_forwards out = { .collect = &w->c, .scratch = w->arena };
	struct dw_nft_walk walk = { .rules = r, .out = &out };
	static _Alignas(8) char bytes[65536];
	const struct nlmsghdr *m = (const struct nlmsghdr *)(const void *)bytes;
	FILE *f = fopen(dw_arena_printf(w->arena, "%s/%s", DW_TEST_PATH("fuzz/corpus/nft"), dump),
			"rb");
	int left;

	if (!f)
		abort();
	left = (int)fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	r->arena = w->arena;
	for (; mnl_nlmsg_ok(m, left); m = mnl_nlmsg_next(m, &left))
		dw_nft_message(r, m);
	for (size_t i = 0; i < r->sets.n; i++)
		dw_nft_set_order(r, r->sets.v[i]);
	dw_nft_walk_all(&walk);
	dw_forwards_free(&out);
	return redirect_lines(w, rules);
}

DW_TEST(recorded_rules_of_every_shape)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(nft_shapes); i++) {
		const struct shape *s = &nft_shapes[i];
		struct world w = world_live();

		check_shape(s, replay(&w, s->dump, strchr(s->want, '|') != NULL));
		world_free(&w);
	}
}

/* What docker writes, and what else people write by hand. */
static const char docker[] =
	"*nat\n:PREROUTING ACCEPT\n:INPUT ACCEPT\n:OUTPUT ACCEPT\n:POSTROUTING ACCEPT\n:DOCKER -\n"
	"-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\n"
	"-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER\n"
	"-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE\n"
	"-A DOCKER -i docker0 -j RETURN\n"
	"-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80\n"
	"-A DOCKER -d 127.0.0.1/32 ! -i docker0 -p udp -m udp --dport 5000:5010 -j DNAT "
	"--to-destination 172.17.0.3\n"
	"-A PREROUTING -i eth0 -p tcp -m multiport --dports 1000,2000:2010 -m comment --comment "
	"\"many ports\" "
	"-j DNAT --to-destination 10.0.0.4\n"
	"-A PREROUTING -p udp -m udp --dport 53 -j REDIRECT --to-ports 5353\n"
	"-A PREROUTING -p tcp -m tcp ! --dport 0:65000 -j REDIRECT --to-ports 1-10\n"
	"COMMIT\n*mangle\n:PREROUTING ACCEPT\n"
	"-A PREROUTING -p tcp -m tcp --dport 3128 -j TPROXY --on-port 3129 --on-ip 127.0.0.1 "
	"--tproxy-mark 0x1/0x1\n"
	"COMMIT\n";
static const char docker_want[] = "tcp ipv4 0.0.0.0 1000 eth0 > 10.0.0.4:1000\n"
				  "tcp ipv4 0.0.0.0 2000-2010 eth0 > 10.0.0.4:2000-2010\n"
				  "tcp ipv4 0.0.0.0 3128 - > 127.0.0.1:3129\n"
				  "tcp ipv4 0.0.0.0 65001-65535 - > local:1-10\n"
				  "tcp ipv4 0.0.0.0 8080 - > 172.17.0.2:80\n"
				  "udp ipv4 0.0.0.0 53 - > local:5353\n"
				  "udp ipv4 127.0.0.1 5000-5010 - > 172.17.0.3:5000-5010\n";
static const char docker6[] =
	"*nat\n:PREROUTING ACCEPT\n:OUTPUT ACCEPT\n:DOCKER -\n"
	"-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\n"
	"-A DOCKER -d 2001:db8::1/128 ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT "
	"--to-destination [fd00::2]:80\n"
	"-A DOCKER -p udp -m udp --dport 53 -j REDIRECT --to-ports 5353\nCOMMIT\n";
static const char docker6_want[] = "tcp ipv6 2001:db8::1 8080 - > [fd00::2]:80\n"
				   "udp ipv6 :: 53 - > local:5353\n";

DW_TEST(recorded_docker)
{
	struct world w = world_live();

	check_shape(&(struct shape){ "docker", "docker", docker, docker_want },
		    replay(&w, "docker", false));
	world_free(&w);
	w = world_live();
	check_shape(&(struct shape){ "docker6", "docker6", docker6, docker6_want },
		    replay(&w, "docker6", false));
	world_free(&w);
}

static void check_iptables(const char *name, const char *rules, const char *want, const char *rule)
{
	const char *path = tool_path(name);
	const char *const argv[] = { name, NULL };
	const char *got;
	struct world w;

	if (!path || !fresh_netns())
		return;
	if (tool_run(path, argv, rules) != 0) {
		printf("skipped: %s does not work on this kernel\n", name);
		return;
	}
	w = world_live();
	DW_CHECK_INT(dw_collect_redirects(&w.c, NULL), 0);
	got = redirect_lines(&w, false);
	check_shape(&(struct shape){ NULL, name, rules, want }, got);
	got = redirect_lines(&w, true);
	if (!strstr(got, rule)) {
		dw_test_failures++;
		printf("%s: no rule \"%s\" in\n%s", name, rule, got);
	}
	DW_CHECK_STR(incomplete_lines(&w), "");
	world_free(&w);
}

DW_TEST(docker_by_iptables_nft)
{
	check_iptables("iptables-nft-restore", docker, docker_want,
		       "tcp dport 8080 daddr type local iifname != docker0 dnat to 172.17.0.2:80");
	check_iptables("iptables-nft-restore", docker, docker_want, "comment \"many ports\"");
	check_iptables("ip6tables-nft-restore", docker6, docker6_want, "nft ip6 nat DOCKER handle");
}

DW_TEST(docker_by_iptables_legacy)
{
	check_iptables("iptables-legacy-restore", docker, docker_want,
		       "iptables-legacy nat DOCKER rule 2: tcp dport 8080 daddr type local iifname "
		       "!= docker0 dnat to "
		       "172.17.0.2:80");
	check_iptables("iptables-legacy-restore", docker, docker_want, "comment \"many ports\"");
	check_iptables("ip6tables-legacy-restore", docker6, docker6_want,
		       "ip6tables-legacy nat DOCKER rule 1:");
}

/* Looking must not make a table: afterwards there are as many as before. */
DW_TEST(looking_makes_no_legacy_table)
{
	struct world w;
	FILE *f;

	if (!fresh_netns())
		return;
	w = world_live();
	DW_CHECK_INT(dw_collect_redirects(&w.c, NULL), 0);
	DW_CHECK_STR(redirect_lines(&w, true), "");
	DW_CHECK_STR(incomplete_lines(&w), "");
	f = fopen("/proc/thread-self/net/ip_tables_names", "r");
	if (f) {
		DW_CHECK_INT(fgetc(f), EOF);
		fclose(f);
	}
	world_free(&w);
}

/* Each fallible call fails in its turn: nothing crashes, and what is lost is said. */
DW_TEST(every_failure_is_survived)
{
	const char *nft = tool_path("nft");
	const char *const argv[] = { "nft", "-f", "-", NULL };
	const char *all;
	unsigned calls = 0;

	if (!nft || !fresh_netns() || tool_run(nft, argv, nft_shapes[4].rules) != 0)
		return;
	for (unsigned n = 0; n == 0 || n <= calls; n++) {
		struct world w = world_live();

		dw_sys_fail_at(w.sys, n, EIO);
		DW_CHECK_INT(dw_collect_redirects(&w.c, NULL), 0);
		all = redirect_lines(&w, false);
		if (n == 0)
			calls = dw_sys_calls(w.sys);
		if (strcmp(all, nft_shapes[4].want) != 0 && w.c.facts->incomplete.n == 0) {
			dw_test_failures++;
			printf("call %u of %u failed and nobody said so:\n%s", n, calls, all);
		}
		world_free(&w);
	}
	DW_CHECK(calls > 10);
}

DW_TEST_MAIN
