/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy-standin.h"

#include "dw_macros.h"

#define NAMES(...) ((const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })
#define TCP(port)                                                                                  \
	((const struct dw_service_port[]){                                                         \
		{ .protocol = DW_PROTOCOL_TCP, .first = (port), .last = (port) }, { 0 } })
#define SERVICE(id, others, port, danger, whom)                                                    \
	{                                                                                          \
		.name = (id), .title = (id), .synonyms = others, .programs = NAMES(),              \
		.commands = NAMES(), .packages = NAMES(), .units = NAMES(), .kernel = NAMES(),     \
		.ports = TCP(port), .serves = NAMES(), .sources = NAMES(), .tier = (danger),       \
		.reach = (whom),                                                                   \
	}

static const struct dw_service services[] = {
	SERVICE("cups", NAMES("ipp"), 631, DW_TIER_LOCAL, DW_REACH_LAN),
	SERVICE("dns", NAMES("domain"), 53, DW_TIER_CAREFUL, DW_REACH_LAN),
	SERVICE("http", NAMES("www"), 80, DW_TIER_ORDINARY, DW_REACH_WORLD),
	SERVICE("https", NAMES(), 443, DW_TIER_ORDINARY, DW_REACH_WORLD),
	SERVICE("postgresql", NAMES(), 5432, DW_TIER_LOCAL, DW_REACH_LOOPBACK),
	SERVICE("redis", NAMES(), 6379, DW_TIER_LOCAL, DW_REACH_LOOPBACK),
	SERVICE("smtp", NAMES(), 25, DW_TIER_CAREFUL, DW_REACH_WORLD),
	SERVICE("ssh", NAMES("sshd"), 22, DW_TIER_ORDINARY, DW_REACH_WORLD),
	SERVICE("telnet", NAMES(), 23, DW_TIER_NEVER, DW_REACH_NONE),
};

static const struct dw_role roles[] = {
	{ .name = "web-server",
	  .title = "Web server",
	  .what = "Serves web pages.",
	  .signs = NAMES("http", "https"),
	  .keeps = (const struct dw_role_keep[]){ { NAMES("http", "https"), DW_REACH_WORLD,
						    "a web server is for everybody" },
						  { 0 } } },
};

const struct dw_knowledge dw_policy_standin = {
	.services = services,
	.n_services = DW_ARRAY_SIZE(services),
	.roles = roles,
	.n_roles = DW_ARRAY_SIZE(roles),
};
