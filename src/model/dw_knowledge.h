/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is known of services, whatever host they are on: data of knowledge/ (YAML), read by src/knowledge, used by
 * judge, plan and report. Nothing here is a fact about this host. docs/knowledge.md says how to write entries.
 */
#ifndef DW_KNOWLEDGE_H
#define DW_KNOWLEDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dw_endpoint.h"

/* How dangerous it is that a network reaches it; the greater, the less is to be feared. */
enum dw_tier {
	DW_TIER_UNKNOWN = 0,
	DW_TIER_BACKDOOR, /* known only as the port of a back door or worm: a hint, never a proof */
	DW_TIER_NEVER,    /* on no network at all: telnet, rsh, chargen, NIS ... */
	DW_TIER_LOCAL,    /* this host, or at most a LAN that is trusted: databases, SMB, printers, rpcbind ... */
	DW_TIER_REPLACE,  /* serves the world in clear text, and something better does the same: ftp, pop3, imap ... */
	DW_TIER_CAREFUL,  /* may be needed by others, and then narrowed: a name server, a mail server, proxies ... */
	DW_TIER_ORDINARY, /* made to be reached: ssh, https, smtp of a mail server, a VPN ... */
	DW_TIER_COUNT
};

/* For whom it is made. */
enum dw_reach {
	DW_REACH_UNKNOWN = 0,
	DW_REACH_NONE,     /* nobody should */
	DW_REACH_LOOPBACK, /* programs of the same host */
	DW_REACH_LAN,      /* the networks of the house */
	DW_REACH_WORLD,    /* anybody */
	DW_REACH_COUNT
};

enum {
	DW_TRAIT_LOGIN = 1 << 0,      /* gives a person a way to administer the host (ssh, telnet, cockpit ...) */
	DW_TRAIT_CLEARTEXT = 1 << 1,  /* passwords or data cross the network in clear text */
	DW_TRAIT_AMPLIFIER = 1 << 2,  /* UDP: answers more than it was asked, to whoever the sender claims to be */
	DW_TRAIT_WITHDRAWN = 1 << 3,  /* end of life, removed from distributions, or the protocol is obsolete */
	DW_TRAIT_ROOT = 1 << 4,       /* needs root to do its work; not worth a remark */
	DW_TRAIT_EXECUTES = 1 << 5,   /* whoever may talk to it runs commands on the host (rexec, docker API ...) */
	DW_TRAIT_NO_AUTH = 1 << 6,    /* as installed it asks nobody who he is (redis, memcached ...) */
	DW_TRAIT_CLIENT = 1 << 7,     /* the host's own client side: without it the host loses its network or time
					 (dhclient, systemd-networkd, chronyd's and resolved's local sockets) */
	DW_TRAIT_SNIFFS = 1 << 8,     /* packet or raw sockets are part of its work (dhcpd, tcpdump, arpwatch ...) */
	DW_TRAIT_PORTS = 1 << 9,      /* takes ports as they come (RPC programs, torrent clients): an odd port
					 says nothing */
	DW_TRAIT_LAUNCHER = 1 << 10,  /* holds doors for others (inetd, systemd, docker-proxy, socat): the
					 program says nothing about the service */
	DW_TRAIT_HELPER = 1 << 11,    /* of use only to other services that its roles keep (rpcbind, statd for NFS) */
	DW_TRAIT_ASKS = 1 << 12,      /* does its work by talking to other hosts (resolver, mail, proxy, time): cut off
					 from them it would be of no use to anybody */
};

/* A standard port, or a range. protocol: tcp, udp, sctp, dccp, udplite, raw ... */
struct dw_service_port {
	enum dw_protocol protocol;
	uint16_t first, last;
	bool local; /* this port is made for loopback whatever the service's reach (953 of named, 323 of chronyd) */
};

/* One way to narrow it when it is needed. */
struct dw_service_restrict {
	const char *how;     /* one sentence: "listen on loopback alone" */
	const char *file;    /* the file to edit; NULL: none */
	const char *setting; /* the line to have in it; NULL: none */
	const char *after;   /* what makes it count: "systemctl restart redis-server"; NULL: nothing */
};

/* How a file of settings is written; docs/knowledge.md has an example of each. */
enum dw_bind_style {
	DW_BIND_UNKNOWN = 0,
	DW_BIND_ASSIGN,  /* key=value, no blanks */
	DW_BIND_EQUALS,  /* key = value # comment */
	DW_BIND_INI,     /* the same in [sections]; no section: before the first */
	DW_BIND_WORDS,   /* key value */
	DW_BIND_SHELL,   /* KEY="value" */
	DW_BIND_OPTION,  /* KEY="... OPTION value ..." of a shell */
	DW_BIND_MAIN_CF, /* key = value, lines that begin with a blank go on */
	DW_BIND_YAML,    /* key: value, below the section or at the top */
	DW_BIND_CLAUSE,  /* "section:", then lines key: value */
	DW_BIND_BLOCK,   /* section { key { value }; }; */
	DW_BIND_LISTEN,  /* key [ADDRESS:]PORT words...: the address alone is exchanged */
	DW_BIND_COUNT
};

enum dw_bind_number {
	DW_BIND_ONE = 0, /* the setting holds one address */
	DW_BIND_LIST,    /* several, `join` between them */
	DW_BIND_LINES,   /* a line for each; all lines of the key count */
	DW_BIND_FIXED,   /* no address: the value as it stands, or the key alone */
	DW_BIND_NUMBER_COUNT
};

/* One setting that has to be there. Texts are as the file has them, with $words replaced. */
struct dw_service_setting {
	const char *key;
	enum dw_bind_number number;
	const char *value;    /* $all, $v4, $v6: the addresses; NULL: $all (fixed: the key alone) */
	const char *each;     /* of one address: $address, $host (IPv6 in brackets), $port; NULL: $address */
	const char *join;     /* NULL: a blank */
	const char *empty;    /* what stands where there is no address; NULL: nothing */
	const char *loopback; /* the whole value for loopback alone, where there is a word for it; NULL */
	const char *option;   /* style option: "-h", or "--listen=" when the value is glued to it */
};

/* Settings by which a program narrows its own doors, for doorward to make. */
struct dw_service_bind {
	/* absolute, * stands for a part of one name; in the order in which the program reads them */
	const char *const *files;
	const char *const *programs; /* file names: only when one of them holds the door; empty: any */
	enum dw_bind_style style;
	const char *const *sections;         /* any of them; empty: none */
	const struct dw_service_port *ports; /* only for these doors; empty: for all */
	const char *const *clash;            /* keys which, when active, make the settings wrong */
	const struct dw_service_setting *settings; /* ends with key NULL */
};

/*
 * Lists end with NULL (ports: first 0 and last 0 and protocol unknown; restricts: how NULL; binds: files NULL). No
 * list is NULL.
 */
struct dw_service {
	const char *name;               /* stable, lower case: "ssh", "postgresql" */
	const char *title;              /* for people: "Secure Shell (OpenSSH)" */
	const char *const *synonyms;    /* other names: /etc/services', inetd's, people's */
	const char *const *programs;    /* file names of executables and scripts; * at the end: any ending */
	const char *const *commands;    /* pieces of a command line, for what an interpreter runs (java, python) */
	const char *const *packages;    /* Debian's, and rpm's where they differ */
	const char *const *units;       /* systemd units, SysV scripts without suffix; X@.service for templates */
	const char *const *kernel;      /* names of the kernel's subsystems (door.kernel) */
	const struct dw_service_port *ports;
	/* names of general services ("http") which this program is when it stands on such a service's port */
	const char *const *serves;
	const char *what;               /* one sentence, for somebody who never heard of it */
	const char *loss;               /* one sentence: what one loses by closing it */
	enum dw_tier tier;
	enum dw_reach reach;
	const char *why;                /* one sentence: why that tier */
	const char *instead;            /* what to use instead; NULL: nothing */
	unsigned traits;                /* DW_TRAIT_* */
	const char *withdrawn;          /* with DW_TRAIT_WITHDRAWN: since when, why; NULL */
	const struct dw_service_restrict *restricts;
	const struct dw_service_bind *binds; /* tried in their order */
	const char *const *sources;     /* where this is from: "CIS Debian 12 v1.1.0 2.1.3", "RFC 854", "sshd(8)" */
	const char *file;               /* user's file it comes from; NULL: built in */
};

/* What a host is for: the services that it is expected to offer. */
struct dw_role_keep {
	const char *const *services; /* names; ends with NULL */
	enum dw_reach reach;         /* to whom: any network, the house's, loopback */
	const char *because;
};

struct dw_role {
	const char *name;  /* "web-server" */
	const char *title; /* "Web server" */
	const char *what;  /* one sentence */
	/* any of these, open to a network and answering: the role is evident; ends with NULL */
	const char *const *signs;
	const struct dw_role_keep *keeps; /* ends with services NULL */
};

/* A release of a distribution, and until when it is looked after. */
struct dw_release {
	const char *name;  /* "debian-12" */
	const char *title; /* "Debian 12 (bookworm)" */
	const char *system, *version; /* ID and VERSION_ID of os-release(5) */
	const char *ends; /* "2028-06-30": the last day with security updates for everybody */
	const char *paid; /* the last day on which the maker sells them; NULL: it does not */
	const char *const *sources; /* not compiled in */
};

/* What a daemon needs, in a word each; by bit. */
enum {
	DW_PROFILE_SESSIONS = 1 << 0,   /* people's sessions come out of it: nothing may be taken from it */
	DW_PROFILE_SET_UID = 1 << 1,    /* starts set-UID programs */
	DW_PROFILE_HOMES = 1 << 2,      /* reads or writes what is in homes */
	DW_PROFILE_DEVICES = 1 << 3,    /* opens devices */
	DW_PROFILE_CLOCK = 1 << 4,      /* sets the clock */
	DW_PROFILE_SHARED_TMP = 1 << 5, /* meets others in /tmp */
	DW_PROFILE_JIT = 1 << 6,        /* makes code while it runs */
	DW_PROFILE_NAMESPACES = 1 << 7, /* makes namespaces for its own children */
	DW_PROFILE_REALTIME = 1 << 8,   /* asks for realtime scheduling */
	DW_PROFILE_SET_ID = 1 << 9,     /* gives files and directories set-UID or set-GID */
	DW_PROFILE_KERNEL = 1 << 10,    /* changes settings of the kernel */
};
#define DW_PROFILE_CAPS_UNKNOWN UINT64_MAX

/* Where options of the daemon stand in a file that its init script reads: "VARIABLE='-a -b'". */
struct dw_profile_user {
	const char *file, *key;
	const char *option; /* that names the user: "-u" */
};

/* What a daemon needs when it starts and in rare moments, which a look at it running does not show. */
struct dw_profile {
	const char *name;
	const char *const *programs; /* file names of its executable */
	unsigned needs;              /* DW_PROFILE_* */
	uint64_t capabilities;       /* when it starts as root, by number; DW_PROFILE_CAPS_UNKNOWN */
	const char *const *writes;   /* all it writes to; none: not known, or anywhere */
	const char *const *calls;    /* groups and names of system calls beside @system-service */
	const char *const *accounts; /* that its packages make for it */
	/* as one of which it does all its work once somebody else (inetd) has opened its port; none: not known */
	const char *const *unprivileged;
	const char *const *root_with;         /* with one of these options it needs root all the same */
	const struct dw_profile_user *user;   /* ends with file NULL */
	const char *const *sources;
	const char *file;            /* user's file it comes from; NULL: built in */
};

/* Software that only hosts of some roles need. */
struct dw_tools {
	const char *name; /* "compilers" */
	const char *does; /* "it compiles programs" */
	const char *const *packages; /* Debian's names; "gcc-" is also "gcc-12" */
	const char *const *roles;    /* that need it; none: no host does */
	const char *const *sources;  /* not compiled in */
};

struct dw_knowledge {
	const struct dw_service *services; /* sorted by name */
	size_t n_services;
	const struct dw_role *roles; /* sorted by name */
	size_t n_roles;
	const struct dw_release *releases; /* sorted by name */
	size_t n_releases;
	const struct dw_profile *profiles; /* sorted by name */
	size_t n_profiles;
	const struct dw_tools *tools; /* sorted by name */
	size_t n_tools;
};

const char *dw_tier_name(enum dw_tier t);
const char *dw_reach_name(enum dw_reach r);
const char *dw_bind_style_name(enum dw_bind_style s);
const char *dw_bind_number_name(enum dw_bind_number n);
/* By name or synonym, case ignored; NULL: there is none. A name goes before all synonyms. */
const struct dw_service *dw_knowledge_service(const struct dw_knowledge *k, const char *name);
/* Of a daemon, by the file name of its program; the administrator's before what is built in. NULL: there is none. */
const struct dw_profile *dw_knowledge_profile(const struct dw_knowledge *k, const char *program);
/* The tools that a package is of; NULL: of none. */
const struct dw_tools *dw_knowledge_tools(const struct dw_knowledge *k, const char *package);
const struct dw_role *dw_knowledge_role(const struct dw_knowledge *k, const char *name);

#endif
