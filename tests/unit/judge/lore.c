/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A little knowledge for the tests: each tier, trait and way to be known once. */
#include "judge-stage.h"

#define LIST(...)  ((const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })
#define PORTS(...) ((const struct dw_service_port[]){ __VA_ARGS__ __VA_OPT__(, ){ 0 } })
#define TCP(n)                                                                                     \
	{                                                                                          \
		.protocol = DW_PROTOCOL_TCP, .first = n, .last = n                                 \
	}
#define UDP(n)                                                                                     \
	{                                                                                          \
		.protocol = DW_PROTOCOL_UDP, .first = n, .last = n                                 \
	}
#define HOW(...) ((const struct dw_service_restrict[]){ { __VA_ARGS__ }, { 0 } })
#define NO_HOW   ((const struct dw_service_restrict[]){ { 0 } })
/* What most entries do not have; an entry that has it says so behind. */
#define ENTRY(n, t, ti, re)                                                                        \
	.name = n, .title = t, .tier = DW_TIER_##ti, .reach = DW_REACH_##re, .what = t " serves.", \
	.loss = "Nobody has " n " any more."

#pragma GCC diagnostic ignored "-Woverride-init"
#ifdef __clang__
#pragma clang diagnostic ignored "-Winitializer-overrides"
#endif
#define NONE                                                                                       \
	.synonyms = LIST(), .programs = LIST(), .commands = LIST(), .packages = LIST(),            \
	.units = LIST(), .kernel = LIST(), .ports = PORTS(), .serves = LIST(),                     \
	.why = "It is as it is.", .restricts = NO_HOW, .sources = LIST("the manual")

static const struct dw_service services[] = {
	{ NONE, ENTRY("apache", "Apache httpd", ORDINARY, WORLD),
	  .programs = LIST("apache2", "httpd"), .packages = LIST("apache2-bin"),
	  .ports = PORTS(TCP(80), TCP(443)), .serves = LIST("http") },
	{ NONE, ENTRY("arpwatch", "arpwatch", CAREFUL, NONE), .programs = LIST("arpwatch"),
	  .units = LIST("arpwatch.service"), .traits = DW_TRAIT_SNIFFS },
	{ NONE, ENTRY("avahi", "mDNS (avahi)", LOCAL, LAN), .programs = LIST("avahi-daemon"),
	  .units = LIST("avahi-daemon.service"), .ports = PORTS(UDP(5353)) },
	{ NONE, ENTRY("chrony", "Clock (chrony)", ORDINARY, LOOPBACK), .programs = LIST("chronyd"),
	  .ports = PORTS({ .protocol = DW_PROTOCOL_UDP, .first = 323, .last = 323, .local = true }),
	  .traits = DW_TRAIT_CLIENT },
	{ NONE, ENTRY("dhclient", "DHCP client", ORDINARY, LAN), .programs = LIST("dhclient"),
	  .ports = PORTS(UDP(68)), .traits = DW_TRAIT_CLIENT | DW_TRAIT_SNIFFS },
	{ NONE, ENTRY("dns", "Name server (BIND)", CAREFUL, WORLD), .programs = LIST("named"),
	  .units = LIST("named.service"), .ports = PORTS(TCP(53), UDP(53)),
	  .traits = DW_TRAIT_AMPLIFIER },
	{ NONE, ENTRY("docker-api", "Docker's interface", LOCAL, LOOPBACK),
	  .programs = LIST("dockerd"), .ports = PORTS(TCP(2375)),
	  .traits = DW_TRAIT_EXECUTES | DW_TRAIT_NO_AUTH | DW_TRAIT_ROOT },
	{ NONE, ENTRY("dropbear", "Secure Shell (Dropbear)", ORDINARY, WORLD),
	  .programs = LIST("dropbear"), .ports = PORTS(TCP(22)), .serves = LIST("ssh") },
	{ NONE, ENTRY("elasticsearch", "Elasticsearch", LOCAL, LOOPBACK),
	  .commands = LIST("org.elasticsearch.bootstrap"), .ports = PORTS(TCP(9200)) },
	{ NONE, ENTRY("ftp", "FTP server", REPLACE, WORLD), .programs = LIST("vsftpd"),
	  .ports = PORTS(TCP(21)), .traits = DW_TRAIT_CLEARTEXT, .instead = "sftp of ssh",
	  .why = "Passwords cross the network in clear text." },
	{ NONE, ENTRY("http", "Web server", ORDINARY, WORLD), .ports = PORTS(TCP(80), TCP(443)) },
	{ NONE, ENTRY("inetd", "inetd", CAREFUL, NONE), .programs = LIST("inetd", "systemd"),
	  .packages = LIST("openbsd-inetd"), .traits = DW_TRAIT_LAUNCHER | DW_TRAIT_ROOT },
	{ NONE, ENTRY("nfs", "NFS server", LOCAL, LAN), .kernel = LIST("nfsd"),
	  .ports = PORTS(TCP(2049)), .traits = DW_TRAIT_ROOT },
	{ NONE, ENTRY("nginx", "nginx", ORDINARY, WORLD), .programs = LIST("nginx"),
	  .ports = PORTS(TCP(80), TCP(443)), .serves = LIST("http") },
	{ NONE, ENTRY("nis", "NIS", NEVER, NONE), .programs = LIST("ypserv"),
	  .traits = DW_TRAIT_WITHDRAWN | DW_TRAIT_CLEARTEXT | DW_TRAIT_PORTS,
	  .withdrawn = "Debian has no maintainer for it." },
	{ NONE, ENTRY("postgresql", "PostgreSQL", LOCAL, LOOPBACK), .programs = LIST("postgres*"),
	  .packages = LIST("postgresql-15"), .units = LIST("postgresql@.service"),
	  .ports = PORTS(TCP(5432)),
	  .restricts = HOW("Listen on loopback alone.", "/etc/postgresql/15/main/postgresql.conf",
			   "listen_addresses = 'localhost'", NULL) },
	{ NONE, ENTRY("redis", "Redis", LOCAL, LOOPBACK), .programs = LIST("redis-server"),
	  .ports = PORTS(TCP(6379)), .traits = DW_TRAIT_NO_AUTH,
	  .restricts = HOW("Listen on loopback alone.", NULL, "bind 127.0.0.1\n", NULL) },
	{ NONE, ENTRY("resolved", "systemd-resolved", ORDINARY, LOOPBACK),
	  .programs = LIST("systemd-resolved"), .ports = PORTS(UDP(53), TCP(53)),
	  .traits = DW_TRAIT_CLIENT },
	{ NONE, ENTRY("rpcbind", "rpcbind", LOCAL, LAN), .programs = LIST("rpcbind"),
	  .units = LIST("rpcbind.socket", "rpcbind.service"), .ports = PORTS(TCP(111), UDP(111)),
	  .traits = DW_TRAIT_AMPLIFIER | DW_TRAIT_ROOT | DW_TRAIT_HELPER },
	{ NONE, ENTRY("smb", "SMB server", LOCAL, LAN), .programs = LIST("smbd"),
	  .ports = PORTS(TCP(445)), .traits = DW_TRAIT_ROOT,
	  .restricts = HOW("Name the interfaces of the house.", "/etc/samba/smb.conf",
			   "[global]\ninterfaces = lo eth1\n", NULL) },
	{ NONE, ENTRY("ssh", "Secure Shell (OpenSSH)", ORDINARY, WORLD), .synonyms = LIST("sshd"),
	  .programs = LIST("sshd"), .units = LIST("ssh.service", "ssh.socket"),
	  .packages = LIST("openssh-server"), .ports = PORTS(TCP(22)),
	  .traits = DW_TRAIT_LOGIN | DW_TRAIT_ROOT, .sources = LIST("sshd(8)", "RFC 4253") },
	{ NONE, ENTRY("syslog", "System log", CAREFUL, LAN), .programs = LIST("rsyslogd"),
	  .packages = LIST("rsyslog"), .ports = PORTS(UDP(514)), .traits = DW_TRAIT_CLEARTEXT },
	{ NONE, ENTRY("tcpdump", "tcpdump", CAREFUL, NONE), .programs = LIST("tcpdump"),
	  .traits = DW_TRAIT_SNIFFS },
	{ NONE, ENTRY("telnet", "Telnet server", NEVER, NONE), .synonyms = LIST("telnetd"),
	  .programs = LIST("in.telnetd"), .ports = PORTS(TCP(23)),
	  .traits = DW_TRAIT_LOGIN | DW_TRAIT_CLEARTEXT | DW_TRAIT_ROOT,
	  .why = "Everything typed can be read on the way.", .sources = LIST("RFC 854") },
	{ NONE, ENTRY("trinoo", "Trinoo", BACKDOOR, NONE), .ports = PORTS(TCP(27665)) },
	{ NONE, ENTRY("vrrp", "Failover (VRRP)", ORDINARY, LAN), .programs = LIST("keepalived"),
	  .ports = PORTS({ .protocol = DW_PROTOCOL_RAW, .first = 112, .last = 112 }) },
	{ NONE, ENTRY("wireguard", "WireGuard", ORDINARY, WORLD), .kernel = LIST("wireguard"),
	  .ports = PORTS(UDP(51820)) },
};

static const struct dw_role roles[] = {
	{ .name = "desktop",
	  .title = "Desktop",
	  .what = "A person sits before it.",
	  .signs = LIST("gdm"),
	  .keeps = (const struct dw_role_keep[]){ { LIST("avahi"), DW_REACH_LAN, "printers" },
						  { 0 } } },
	{ .name = "file-server",
	  .title = "A file server",
	  .what = "It has files.",
	  .signs = LIST("nfs", "smb"),
	  .keeps =
		  (const struct dw_role_keep[]){
			  { LIST("nfs", "smb", "rpcbind"), DW_REACH_LAN, "files" }, { 0 } } },
	{ .name = "web-server",
	  .title = "A web server",
	  .what = "It has pages.",
	  .signs = LIST("http"),
	  .keeps = (const struct dw_role_keep[]){ { LIST("http"), DW_REACH_WORLD, "pages" },
						  { 0 } } },
};

const struct dw_knowledge lore = { .services = services,
				   .n_services = DW_ARRAY_SIZE(services),
				   .roles = roles,
				   .n_roles = DW_ARRAY_SIZE(roles) };
