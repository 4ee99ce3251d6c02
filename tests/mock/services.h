/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the audits made by hand know of services; private to mock.c. */
#ifndef DW_MOCK_SERVICES_H
#define DW_MOCK_SERVICES_H

#include "dw_knowledge.h"

#define WORDS(...)                                                                                 \
	(const char *const[])                                                                      \
	{                                                                                          \
		__VA_ARGS__, NULL                                                                  \
	}
#define RESTRICTS(...)                                                                             \
	(const struct dw_service_restrict[])                                                       \
	{                                                                                          \
		__VA_ARGS__, { NULL, NULL, NULL, NULL }                                            \
	}
#define NO_RESTRICT ((const struct dw_service_restrict[]){ { NULL, NULL, NULL, NULL } })

static const struct dw_service ssh = {
	.name = "ssh",
	.title = "Secure Shell (OpenSSH)",
	.synonyms = WORDS("sshd", "openssh"),
	.what = "Logs people in over the network, encrypted.",
	.loss = "Nobody can log in over the network any more.",
	.tier = DW_TIER_ORDINARY,
	.reach = DW_REACH_WORLD,
	.why = "It is made to be reached.",
	.traits = DW_TRAIT_LOGIN,
	.restricts = RESTRICTS({ "Listen on one address", "/etc/ssh/sshd_config",
				 "ListenAddress 192.168.1.10", "systemctl restart ssh" }),
	.sources = WORDS("sshd(8)", "RFC 4251"),
};

static const struct dw_service telnet = {
	.name = "telnet",
	.title = "Telnet server",
	.synonyms = WORDS("telnetd", "in.telnetd"),
	.what = "Logs people in over the network, in clear text.",
	.loss = "Nobody can log in by telnet any more; ssh is not touched.",
	.tier = DW_TIER_NEVER,
	.reach = DW_REACH_NONE,
	.why = "Passwords and everything typed can be read and changed by anybody on the way.",
	.instead = "ssh (package openssh-server)",
	.traits = DW_TRAIT_LOGIN | DW_TRAIT_CLEARTEXT,
	.restricts = NO_RESTRICT,
	.sources = WORDS("RFC 854", "telnetd(8)"),
};

static const struct dw_service cups = {
	.name = "cups",
	.title = "Printing (CUPS)",
	.synonyms = WORDS("ipp"),
	.what = "Takes print jobs and hands them to printers.",
	.loss = "Nobody on this host can print.",
	.tier = DW_TIER_LOCAL,
	.reach = DW_REACH_LOOPBACK,
	.why = "Few hosts print for others.",
	.restricts = RESTRICTS({ "Listen on loopback alone", "/etc/cups/cupsd.conf",
				 "Listen localhost:631", "systemctl restart cups" },
			       { "Say nothing of the printers to others", "/etc/cups/cupsd.conf",
				 "Browsing No", NULL }),
	.sources = WORDS("cupsd.conf(5)"),
};

static const struct dw_service postgresql = {
	.name = "postgresql",
	.title = "PostgreSQL",
	.synonyms = WORDS("postgres"),
	.what = "A database that programs ask in SQL.",
	.loss = "Programs that keep their data in it stop working.",
	.tier = DW_TIER_LOCAL,
	.reach = DW_REACH_LAN,
	.why = "It holds data, and is made for programs and not for people.",
	.restricts = NO_RESTRICT,
	.sources = WORDS("PostgreSQL documentation, 20.3"),
};

static const struct dw_service tftp = {
	.name = "tftp",
	.title = "Trivial file transfer",
	.synonyms = WORDS("tftpd"),
	.what = "Gives files to whoever asks for them by name.",
	.loss = "Hosts that boot from this one no longer do.",
	.tier = DW_TIER_LOCAL,
	.reach = DW_REACH_LAN,
	.why = "It asks nobody who he is.",
	.restricts = RESTRICTS({ "Bind it to one address", "/etc/xinetd.d/tftp",
				 "bind = 192.168.1.10", "systemctl reload xinetd" }),
	.sources = WORDS("RFC 1350"),
};

static const char *const no_words[] = { NULL };

static const struct dw_service odd = {
	.name = "a\"b\\c\x01",
	.title = "=cmd\x1b[2J",
	.synonyms = no_words,
	.what = "\x1b]0;owned\x07",
	.loss = "\xff",
	.why = "\xe2\x80\xae",
	.restricts = RESTRICTS({ "\x1b[1m", "/etc/\x1b", "\n", "\x7f" }),
	.sources = WORDS("\x08"),
};

#endif
