/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A handful of services and two roles, made by hand for tests: what they say is not to be relied on. */
#ifndef DW_MOCK_KNOWLEDGE_H
#define DW_MOCK_KNOWLEDGE_H

#include "dw_knowledge.h"
#include "dw_macros.h"

#define MOCK_NAMES(...) ((const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })
#define MOCK_PORTS(...) ((const struct dw_service_port[]){ __VA_ARGS__, { 0 } })
#define MOCK_TCP(port)  { .protocol = DW_PROTOCOL_TCP, .first = (port), .last = (port) }
#define MOCK_UDP(port)  { .protocol = DW_PROTOCOL_UDP, .first = (port), .last = (port) }

#define MOCK_SERVICE(id, others, generic, ...)                                                     \
	{ .name = (id), .synonyms = others, .serves = generic, .programs = MOCK_NAMES(),           \
	  .commands = MOCK_NAMES(), .packages = MOCK_NAMES(), .units = MOCK_NAMES(),               \
	  .kernel = MOCK_NAMES(), .sources = MOCK_NAMES("RFC 1"), __VA_ARGS__ }

static const struct dw_service mock_services[] = {
	MOCK_SERVICE("cups", MOCK_NAMES("ipp"), MOCK_NAMES(), .ports = MOCK_PORTS(MOCK_TCP(631)),
		     .tier = DW_TIER_LOCAL, .reach = DW_REACH_LAN),
	MOCK_SERVICE("dns", MOCK_NAMES("domain"), MOCK_NAMES(),
		     .ports = MOCK_PORTS(MOCK_TCP(53), MOCK_UDP(53)), .tier = DW_TIER_CAREFUL,
		     .reach = DW_REACH_LAN),
	MOCK_SERVICE("elite", MOCK_NAMES(), MOCK_NAMES(), .ports = MOCK_PORTS(MOCK_TCP(31337)),
		     .tier = DW_TIER_BACKDOOR, .reach = DW_REACH_NONE,
		     .why = "Only back doors are known on this port."),
	MOCK_SERVICE("http", MOCK_NAMES("www"), MOCK_NAMES(), .ports = MOCK_PORTS(MOCK_TCP(80)),
		     .tier = DW_TIER_ORDINARY, .reach = DW_REACH_WORLD),
	MOCK_SERVICE("https", MOCK_NAMES(), MOCK_NAMES(), .ports = MOCK_PORTS(MOCK_TCP(443)),
		     .tier = DW_TIER_ORDINARY, .reach = DW_REACH_WORLD),
	MOCK_SERVICE("inetd", MOCK_NAMES(), MOCK_NAMES(), .ports = MOCK_PORTS({ 0 }),
		     .traits = DW_TRAIT_LAUNCHER),
	MOCK_SERVICE("nginx", MOCK_NAMES(), MOCK_NAMES("http", "https"),
		     .ports = MOCK_PORTS(MOCK_TCP(80), MOCK_TCP(443)), .tier = DW_TIER_ORDINARY,
		     .reach = DW_REACH_WORLD),
	MOCK_SERVICE("postgresql", MOCK_NAMES("postgres"), MOCK_NAMES(),
		     .ports = MOCK_PORTS(MOCK_TCP(5432)), .tier = DW_TIER_LOCAL,
		     .reach = DW_REACH_LOOPBACK),
	MOCK_SERVICE("ssh", MOCK_NAMES("sshd", "secure-shell"), MOCK_NAMES(),
		     .ports = MOCK_PORTS(MOCK_TCP(22)), .tier = DW_TIER_ORDINARY,
		     .reach = DW_REACH_WORLD, .traits = DW_TRAIT_LOGIN),
	MOCK_SERVICE("telnet", MOCK_NAMES(), MOCK_NAMES(), .ports = MOCK_PORTS(MOCK_TCP(23)),
		     .tier = DW_TIER_NEVER, .reach = DW_REACH_NONE,
		     .why = "Passwords and all that is typed cross the network in clear text."),
	MOCK_SERVICE("tftp", MOCK_NAMES("tftpd"), MOCK_NAMES(), .ports = MOCK_PORTS(MOCK_UDP(69)),
		     .tier = DW_TIER_LOCAL, .reach = DW_REACH_LAN),
};

static const struct dw_role mock_roles[] = {
	{ "database", "Database server", "Keeps data for programs of the house.", MOCK_NAMES("postgresql"),
	  (const struct dw_role_keep[]){
		  { MOCK_NAMES("postgresql"), DW_REACH_LAN, "the house's programs ask it" }, { 0 } } },
	{ "web-server", "Web server", "Serves pages to anybody.", MOCK_NAMES("http", "https"),
	  (const struct dw_role_keep[]){
		  { MOCK_NAMES("http", "https"), DW_REACH_WORLD, "it serves pages" },
		  { MOCK_NAMES("ssh"), DW_REACH_LAN, "it is administered from the house" },
		  { MOCK_NAMES("dns"), DW_REACH_LOOPBACK, NULL },
		  { 0 } } },
};

static const struct dw_knowledge mock_knowledge = {
	.services = mock_services,
	.n_services = DW_ARRAY_SIZE(mock_services),
	.roles = mock_roles,
	.n_roles = DW_ARRAY_SIZE(mock_roles),
};

#endif
