/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Known rule sets with answers written by hand, held against connections between real namespaces. As root; skipped
 * elsewhere.
 */
#include <arpa/inet.h>

#include "dw_str.h"
#include "dw_sys.h"
#include "dw_test.h"
#include "world.h"

#define CHECKS_MAX 24u

#define TCP DW_PROTOCOL_TCP
#define UDP DW_PROTOCOL_UDP

struct check {
	enum world_who who;
	enum dw_protocol protocol;
	const char *to;
	uint16_t port;
	enum dw_reach reach;
	const char *rule;   /* part of what names it; NULL: not looked at */
	const char *at;     /* where it arrives instead; NULL: as sent */
	bool sender;        /* made on purpose: from_port, when it is tried */
	uint16_t from_port; /* 0 */
	bool untried; /* what a real connection does says nothing: it is the host's state that decides */
};

struct scene {
	const char *name, *rules, *settings;
	struct check checks[CHECKS_MAX];
};

#define OUT DW_REACH_NO
#define IN  DW_REACH_YES
#define BUT DW_REACH_UNKNOWN

#define H4 "10.9.0.1"
#define H6 "fd09::1"
#define W4 "192.0.2.1"
#define W6 "2001:db8:1::1"

static const struct scene scenes[] = {
	{
		.name = "no rules",
		.rules = "",
		.checks = {
			{ WORLD_HOST, TCP, H4, 22, IN },
			{ WORLD_HOST, TCP, "127.0.0.1", 22, IN },
			{ WORLD_OFFICE, TCP, H4, 22, IN },
			{ WORLD_OFFICE, UDP, H6, 53, IN },
			{ WORLD_ANYONE, TCP, W4, 80, IN },
			{ WORLD_ANYONE, TCP, W6, 80, IN },
			{ WORLD_ANYONE, TCP, "172.18.0.5", 80, IN },
		},
	},
	{
		.name = "a policy that drops",
		.rules = "table inet filter {\n"
			 " chain input { type filter hook input priority 0; policy drop;\n"
			 "  iif lo accept\n"
			 "  ct state established,related accept\n"
			 "  tcp dport 22 accept comment \"the way in\"\n"
			 "  iifname \"eth*\" udp dport 53 accept\n"
			 "  tcp dport 443 reject with tcp reset\n"
			 " }\n}\n",
		.checks = {
			{ WORLD_HOST, TCP, H4, 80, IN, "inet filter input" },
			{ WORLD_HOST, TCP, "::1", 80, IN },
			{ WORLD_OFFICE, TCP, H4, 22, IN, "the way in" },
			{ WORLD_ANYONE, TCP, W6, 22, IN, "the way in" },
			{ WORLD_OFFICE, UDP, H4, 53, IN },
			{ WORLD_OFFICE, UDP, H6, 53, IN },
			{ WORLD_ANYONE, UDP, W4, 53, OUT, "policy of inet filter input" },
			{ WORLD_OFFICE, TCP, H4, 80, OUT, "policy of inet filter input" },
			{ WORLD_OFFICE, TCP, H4, 443, OUT, "inet filter input handle" },
			/* forwarding is not its business */
			{ WORLD_OFFICE, TCP, "172.18.0.5", 80, IN },
		},
	},
	{
		.name = "sets with intervals",
		.rules = "table inet filter {\n"
			 " set office { type ipv4_addr; flags interval; elements = { 10.9.0.0/30, 10.20.0.0/16 };\n }\n"
			 " set six { type ipv6_addr; flags interval; elements = { fd09::/64 };\n }\n"
			 " chain input { type filter hook input priority 0; policy drop;\n"
			 "  ip saddr @office tcp dport { 22, 80-81 } accept\n"
			 "  ip6 saddr @six tcp dport 22 accept\n"
			 "  ip saddr 10.9.0.7 udp dport 53 accept\n"
			 "  ip saddr 198.51.100.0/24 tcp dport 443 accept\n"
			 " }\n}\n",
		.checks = {
			{ WORLD_OFFICE, TCP, H4, 22, IN },
			{ WORLD_OFFICE, TCP, H4, 81, IN },
			{ WORLD_OFFICE, TCP, H4, 82, OUT },
			{ WORLD_OFFICE7, TCP, H4, 22, OUT },
			{ WORLD_OFFICE7, UDP, H4, 53, IN },
			{ WORLD_OFFICE, UDP, H4, 53, OUT },
			{ WORLD_OFFICE, TCP, H6, 22, IN },
			{ WORLD_ANYONE, TCP, W6, 22, OUT },
			{ WORLD_ANYONE, TCP, W4, 443, IN },
			{ WORLD_NEAR, TCP, W4, 443, OUT },
		},
	},
	{
		.name = "published by a container",
		.rules = "table ip nat {\n"
			 " chain pre { type nat hook prerouting priority -100;\n"
			 "  tcp dport 8080 dnat to 172.18.0.5:80\n }\n"
			 " chain out { type nat hook output priority -100;\n"
			 "  ip daddr 192.0.2.1 tcp dport 8080 dnat to 172.18.0.5:80\n }\n"
			 " chain post { type nat hook postrouting priority 100;\n"
			 "  oifname \"br0\" ip saddr 192.0.2.1 masquerade\n }\n}\n"
			 "table inet filter {\n"
			 " chain input { type filter hook input priority 0; policy drop;\n  iif lo accept\n"
			 "  ct state established accept\n }\n"
			 " chain forward { type filter hook forward priority 0; policy drop;\n"
			 "  ct state established,related accept\n"
			 "  iifname \"eth0\" tcp dport 81 accept\n"
			 "  ct status dnat accept comment \"published\"\n }\n}\n",
		.checks = {
			{ WORLD_ANYONE, TCP, W4, 8080, IN, "published", "172.18.0.5:80" },
			{ WORLD_OFFICE, TCP, W4, 8080, IN, "published", "172.18.0.5:80" },
			{ WORLD_HOST, TCP, W4, 8080, IN, NULL, "172.18.0.5:80" },
			{ WORLD_OFFICE, TCP, "172.18.0.5", 81, IN },
			{ WORLD_ANYONE, TCP, "172.18.0.5", 81, OUT, "policy of inet filter forward" },
			{ WORLD_ANYONE, TCP, W4, 80, OUT },
			{ WORLD_ANYONE, TCP, W6, 8080, OUT },
		},
	},
	{
		.name = "for IPv6 only",
		.rules = "table ip6 filter {\n"
			 " chain input { type filter hook input priority 0; policy drop;\n"
			 "  ip6 saddr fd09::/16 tcp dport 22 accept\n }\n}\n",
		.checks = {
			{ WORLD_OFFICE, TCP, H6, 22, IN },
			{ WORLD_OFFICE, TCP, H6, 80, OUT, "policy of ip6 filter input" },
			{ WORLD_ANYONE, TCP, W6, 22, OUT },
			{ WORLD_HOST, TCP, "::1", 22, OUT },
			{ WORLD_OFFICE, TCP, H4, 80, IN },
			{ WORLD_ANYONE, UDP, W4, 53, IN },
		},
	},
	{
		.name = "maps, jumps and chains",
		.rules = "table inet filter {\n"
			 " chain web { tcp dport 80 accept;\n tcp dport 443 jump inner;\n return;\n }\n"
			 " chain inner { iifname \"wan0\" accept;\n }\n"
			 " chain ssh { ip saddr 10.9.0.0/24 accept;\n drop;\n }\n"
			 " chain input { type filter hook input priority 10; policy accept;\n"
			 "  iif lo accept\n"
			 "  tcp dport vmap { 22 : goto ssh, 80 : jump web, 443 : jump web, 2222 : drop }\n"
			 "  iifname vmap { \"eth0\" : drop, \"br*\" : accept }\n"
			 "  ip protocol udp drop\n"
			 " }\n}\n",
		.checks = {
			{ WORLD_OFFICE, TCP, H4, 22, IN },
			{ WORLD_ANYONE, TCP, W4, 22, OUT, "inet filter ssh" },
			{ WORLD_OFFICE, TCP, H4, 80, IN, "inet filter web" },
			{ WORLD_OFFICE, TCP, H4, 443, OUT },
			{ WORLD_ANYONE, TCP, W4, 443, IN, "inet filter inner" },
			{ WORLD_ANYONE, TCP, W4, 2222, OUT },
			{ WORLD_ANYONE, TCP, W4, 81, IN, "policy of inet filter input" },
			{ WORLD_ANYONE, UDP, W4, 53, OUT },
			{ WORLD_BOX, TCP, "172.18.0.1", 81, IN },
		},
	},
	{
		.name = "before the filter",
		.rules = "table ip raw {\n"
			 " chain pre { type filter hook prerouting priority -300;\n"
			 "  iifname \"wan0\" tcp dport 23 drop\n"
			 "  fib saddr . iif oif missing drop\n"
			 "  fib daddr type != local ip daddr != 172.18.0.0/16 drop\n }\n}\n"
			 "table inet filter {\n"
			 " chain input { type filter hook input priority 0; policy accept;\n"
			 "  fib daddr . iif type != local tcp dport 24 drop\n }\n}\n",
		.checks = {
			{ WORLD_ANYONE, TCP, W4, 23, OUT, "ip raw pre" },
			{ WORLD_OFFICE, TCP, H4, 23, IN },
			{ WORLD_ANYONE, TCP, W4, 80, IN },
			{ WORLD_ANYONE, TCP, H4, 24, OUT },
			{ WORLD_ANYONE, TCP, W4, 24, IN },
			{ WORLD_ANYONE, TCP, W6, 23, IN },
		},
	},
	{
		.name = "what the kernel itself refuses",
		.settings = "for i in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 1 >$i; done\n"
			    "echo 0 >/proc/sys/net/ipv4/ip_forward",
		.rules = "table inet filter {\n"
			 " chain input { type filter hook input priority 0; policy accept;\n"
			 "  tcp dport 23 drop\n }\n}\n",
		.checks = {
			{ WORLD_OFFICE, TCP, "127.0.0.1", 80, OUT, "routing", .untried = true },
			{ WORLD_OFFICE, TCP, "172.18.0.5", 80, OUT, "routing" },
			{ WORLD_OFFICE, TCP, W4, 80, IN },
			{ WORLD_OFFICE, TCP, W4, 23, OUT, "inet filter input" },
		},
	},
	{
		.name = "the host's own state",
		.rules = "table inet filter {\n"
			 " chain slow { limit rate 3/minute accept;\n }\n"
			 " chain input { type filter hook input priority 0; policy drop;\n"
			 "  tcp dport 21 meta cgroup 77 accept\n"
			 "  tcp dport 22 limit rate 10/minute accept comment \"slowly\"\n"
			 "  tcp dport 23 limit rate 10/minute accept\n"
			 "  tcp dport 23 accept\n"
			 "  tcp dport 24 limit rate 10/minute drop\n"
			 "  tcp dport 25 limit rate 10/minute jump slow\n"
			 "  tcp dport 80 limit rate 1/minute log prefix \"seen\"\n"
			 "  tcp dport 80 accept\n"
			 "  udp dport 53 quota over 1 mbytes drop\n"
			 "  udp dport 53 accept\n"
			 " }\n}\n",
		.checks = {
			{ WORLD_OFFICE, TCP, H4, 21, BUT, "inet filter input", .untried = true },
			{ WORLD_OFFICE, TCP, H4, 22, BUT, "slowly", .untried = true },
			{ WORLD_ANYONE, TCP, W4, 22, BUT, "slowly", .untried = true },
			{ WORLD_OFFICE, TCP, H4, 23, IN },
			{ WORLD_OFFICE, TCP, H4, 24, OUT },
			{ WORLD_OFFICE, TCP, H4, 25, BUT, "inet filter", .untried = true },
			{ WORLD_OFFICE, TCP, H4, 80, IN },
			{ WORLD_OFFICE, UDP, H4, 53, BUT, "inet filter input", .untried = true },
			{ WORLD_OFFICE, UDP, H4, 80, OUT },
		},
	},
	{
		.name = "what the sender chooses",
		.rules = "table inet filter {\n"
			 " chain input { type filter hook input priority 0; policy drop;\n"
			 "  tcp sport 20 tcp dport 21 accept comment \"from 20\"\n"
			 "  udp sport 53 accept comment \"answers\"\n"
			 "  tcp sport < 1024 tcp dport 22 drop\n"
			 "  tcp dport 22 accept\n"
			 " }\n}\n",
		.checks = {
			{ WORLD_OFFICE, TCP, H4, 21, IN, "from 20", .sender = true, .from_port = 20 },
			{ WORLD_ANYONE, UDP, W4, 81, IN, "answers", .sender = true, .from_port = 53 },
			{ WORLD_OFFICE, TCP, H4, 22, IN },
			{ WORLD_OFFICE, TCP, H4, 80, OUT },
		},
	},
};

static struct dw_sys *host;
static bool has_world;

static struct dw_rehearsal *open_rehearsal(void)
{
	const struct dw_rehearse_options o = { 0 };
	struct dw_rehearsal *r = NULL;
	struct dw_error e = { 0 };
	int code = dw_rehearsal_open(host, &o, &r, &e);

	if (code < 0)
		printf("%s\n", e.message);
	DW_CHECK_INT(code, 0);
	return r;
}

static size_t count_checks(const struct scene *s)
{
	size_t n = 0;

	while (n < CHECKS_MAX && s->checks[n].to)
		n++;
	return n;
}

static bool make_question(const struct dw_rehearsal *r, const struct check *c,
			  struct dw_rehearse_question *q)
{
	size_t source = world_source(r, c->who, c->to);

	*q = (struct dw_rehearse_question){ .source = (uint32_t)source,
					    .protocol = c->protocol,
					    .port = c->port,
					    .explain = c->rule != NULL };
	(void)inet_pton(strchr(c->to, ':') ? AF_INET6 : AF_INET, c->to, q->to);
	return source != SIZE_MAX;
}

static void compare(const struct scene *s, const struct check *c,
		    const struct dw_rehearse_answer *a)
{
	bool right = a->reach == c->reach && a->sender == c->sender;
	char at[80] = "";

	if (c->rule && (!a->rule || !strstr(a->rule, c->rule)))
		right = false;
	if (a->translated) {
		(void)inet_ntop(AF_INET, a->at, at, sizeof(at));
		(void)snprintf(at + strlen(at), 8, ":%u", a->at_port);
	}
	if (!dw_streq(at, c->at ? c->at : ""))
		right = false;
	if (!right)
		printf("%s: %d to %s %u: %d%s at \"%s\" by \"%s\" (%s)\n", s->name, (int)c->who,
		       c->to, c->port, (int)a->reach, a->sender ? " sender" : "", at,
		       a->rule ? a->rule : "", a->why ? a->why : "");
	DW_CHECK(right);
}

static void rehearse(const struct scene *s)
{
	struct dw_rehearse_question q[CHECKS_MAX];
	struct dw_rehearse_answer a[CHECKS_MAX] = { 0 };
	struct dw_rehearsal *r = open_rehearsal();
	struct dw_error e = { 0 };
	size_t n = count_checks(s);
	bool asked = true;

	if (!r)
		return;
	for (size_t i = 0; i < n; i++)
		asked &= make_question(r, &s->checks[i], &q[i]);
	DW_CHECK(asked);
	if (asked && dw_rehearsal_ask(r, q, n, a, &e) < 0)
		printf("%s: %s\n", s->name, e.message);
	for (size_t i = 0; asked && i < n; i++)
		compare(s, &s->checks[i], &a[i]);
	dw_rehearsal_free(r);
}

static void really(const struct scene *s)
{
	struct world_try tries[CHECKS_MAX] = { 0 };
	size_t n = count_checks(s);

	for (size_t i = 0; i < n; i++) {
		const struct check *c = &s->checks[i];

		tries[i] = (struct world_try){ .who = c->who,
					       .protocol = c->protocol,
					       .to = c->to,
					       .port = c->port,
					       .from_port = c->from_port };
	}
	world_try(tries, n);
	for (size_t i = 0; i < n; i++) {
		const struct check *c = &s->checks[i];

		if (c->untried)
			continue;
		if (tries[i].arrived != (c->reach == IN))
			printf("%s: %d to %s %u: really %s\n", s->name, (int)c->who, c->to, c->port,
			       tries[i].arrived ? "arrives" : "stays out");
		DW_CHECK(tries[i].arrived == (c->reach == IN));
	}
}

DW_TEST(known_rule_sets)
{
	for (size_t i = 0; has_world && i < DW_ARRAY_SIZE(scenes); i++) {
		const struct scene *s = &scenes[i];

		DW_CHECK(world_rules(s->rules));
		if (s->settings)
			DW_CHECK(world_run(s->settings, NULL));
		rehearse(s);
		really(s);
		DW_CHECK(world_run(
			"for i in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$i; done\n"
			"echo 1 >/proc/sys/net/ipv4/ip_forward",
			NULL));
	}
}

int main(void)
{
	int failed = 0, passed = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (dw_sys_open(NULL, &host, NULL) < 0)
		return 1;
	has_world = world_open(host);
	if (!has_world) {
		printf("not root, or no namespaces to play in: skipped\n");
		dw_sys_free(host);
		return 77;
	}
	for (struct dw_test *t = dw_test_first; t; t = t->next) {
		dw_test_failures = 0;
		t->run();
		if (dw_test_failures)
			printf("FAILED %s\n", t->name), failed++;
		else
			passed++;
	}
	world_close();
	dw_sys_free(host);
	printf("%d passed, %d failed\n", passed, failed);
	return failed ? 1 : 0;
}
