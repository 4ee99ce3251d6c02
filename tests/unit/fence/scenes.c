/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenes.h"

#include "dw_macros.h"

/* what is not said of a check is not looked at */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

const struct scene scenes[] = {
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

const unsigned n_scenes = DW_ARRAY_SIZE(scenes);
