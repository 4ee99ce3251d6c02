/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The view from outside: what a scan found. One struct dw_scan is the result of one `doorward scan`; it is what is
 * reported, stored and compared. All memory lies in one arena, which its maker names.
 *
 * Ports that are alike are counted, not listed: `ports` of a host holds what is open, what was answered otherwise than
 * most of the host's ports, and what the user asked to see; `counts` holds all.
 */
#ifndef DW_SCAN_H
#define DW_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dw_arena.h"
#include "dw_endpoint.h"

/* An address of a host; network order, IPv4 in the first 4 bytes, the rest zero. */
struct dw_address {
	enum dw_family family; /* DW_FAMILY_IPV4, DW_FAMILY_IPV6 */
	uint8_t bytes[16];
	uint32_t scope; /* interface index of a link-local address, else 0 */
};

/* "192.0.2.1", "fe80::1%3" (its scope's number). In the arena. */
const char *dw_address_text(struct dw_arena *a, const struct dw_address *address);
/* Total order: family, bytes, scope. */
int dw_address_compare(const struct dw_address *a, const struct dw_address *b);

enum dw_scan_state {
	DW_SCAN_UNKNOWN = 0, /* not looked at (yet) */
	DW_SCAN_OPEN,
	DW_SCAN_CLOSED,   /* proven: the host itself said so */
	DW_SCAN_FILTERED, /* TCP, SCTP: no answer to any of n probes, or somebody said "prohibited" */
	/* UDP: silent, which open and filtered ports are too, and closed ones whose proof was not sent */
	DW_SCAN_UNPROVEN,
	DW_SCAN_STATE_COUNT
};

/* What the state rests on. */
enum dw_scan_why {
	DW_SCAN_WHY_UNKNOWN = 0,
	DW_SCAN_WHY_SYN_ACK,
	DW_SCAN_WHY_CONNECTED,        /* connect(2) succeeded */
	DW_SCAN_WHY_REPLY,            /* a datagram came back */
	DW_SCAN_WHY_INIT_ACK,         /* SCTP */
	DW_SCAN_WHY_ECHO,             /* ICMP echo reply (discovery only) */
	DW_SCAN_WHY_NEIGHBOUR,        /* ARP or neighbour discovery answered (discovery only) */
	DW_SCAN_WHY_RESET,            /* TCP RST, or connect(2) was refused */
	DW_SCAN_WHY_ABORT,            /* SCTP */
	DW_SCAN_WHY_PORT_UNREACHABLE, /* ICMP 3/3, ICMPv6 1/4 from the host itself */
	DW_SCAN_WHY_PROHIBITED, /* ICMP 3/9, 3/10, 3/13, ICMPv6 1/1, 1/5, 1/6, or port unreachable from another */
	DW_SCAN_WHY_UNREACHABLE, /* ICMP 3/0, 3/1 ..., ICMPv6 1/0, 1/3: no way there */
	DW_SCAN_WHY_NO_ANSWER,
	DW_SCAN_WHY_COUNT
};

/* As in the JSON: "open", "syn-ack". "unknown" for what is out of range. */
const char *dw_scan_state_name(enum dw_scan_state s);
const char *dw_scan_why_name(enum dw_scan_why w);
enum dw_scan_state dw_scan_state_parse(const char *name); /* DW_SCAN_UNKNOWN: none */
enum dw_scan_why dw_scan_why_parse(const char *name);
/* The state that this alone proves; udp: of a UDP port. */
enum dw_scan_state dw_scan_state_of(enum dw_scan_why w, bool udp);

/* What is behind an open port. All text comes from the network: hostile bytes, of capped size; escape it. NULL: not
   known. */
struct dw_scan_service {
	const char *protocol; /* "ssh", "http", "dns": an id of our table */
	const char *product;  /* "OpenSSH" */
	const char *version;  /* "9.2p1" */
	const char *extra;    /* what else it says of itself: operating system, host name ... */
	const char *
		banner; /* its first words, at most 256 bytes, other bytes than printable ASCII as \xNN */
	bool tls;
	const char *tls_version; /* "TLS 1.3" */
	const char *certificate; /* subject of the leaf, "CN=..." */
	const char **names;      /* names the certificate is for (subjectAltName) */
	size_t n_names;
	uint64_t expires;    /* of the certificate, seconds since the epoch; 0: not known */
	const char *title;   /* of the page at / (HTTP) */
	const char *server;  /* header Server (HTTP) */
	const char *service; /* id in the knowledge base; filled in by lib */
	const char *by;      /* what recognised it: "doorward", "nmap" */
};

struct dw_scan_port {
	enum dw_protocol protocol; /* TCP, UDP, SCTP */
	uint16_t port;
	enum dw_scan_state state;
	enum dw_scan_why why;
	bool has_from;
	struct dw_address from; /* who sent the ICMP message, when it was not the host */
	uint8_t ttl;            /* of the answer; 0: not known */
	uint8_t probes;         /* sent to it, at least */
	uint8_t answers; /* open: how often it was seen to be, in separate rounds or by connecting */
	float missed; /* filtered, unproven: chance that an answer was lost each time, 0..1; else 0 */
	uint64_t time;                   /* when it was known, milliseconds since the epoch */
	struct dw_scan_service *service; /* NULL: not asked, or it said nothing */
};

struct dw_scan_counts {
	uint32_t asked, open, closed, filtered, unproven; /* ports */
};

enum dw_scan_up {
	DW_SCAN_UP_UNKNOWN = 0, /* not asked (yet) */
	DW_SCAN_UP_YES,
	DW_SCAN_UP_ASSUMED,     /* --assume-up */
	DW_SCAN_UP_NO,          /* nothing answered */
	DW_SCAN_UP_GONE,        /* answered, and then no more: its silent ports prove nothing */
	DW_SCAN_UP_UNREACHABLE, /* no route, or somebody said so */
	DW_SCAN_UP_COUNT
};
const char *dw_scan_up_name(enum dw_scan_up u);
enum dw_scan_up dw_scan_up_parse(const char *name);

struct dw_scan_host {
	struct dw_address address;
	const char *name; /* as the user gave it, when that was a name; else NULL */
	enum dw_scan_up up;
	enum dw_scan_why up_why;
	bool has_mac;
	uint8_t mac[6];
	uint32_t rtt_us; /* 0: not known */
	float loss; /* share of answers that a repeat brought though the first probe was silent, 0..1; <0: not known */
	bool tarpit; /* answers "open" on (nearly) every port: what is listed proves nothing */
	bool proxy;  /* SYN-ACKs come from something before it (window 0, no options) */
	uint32_t icmp_rate; /* port-unreachable messages a second that it sends us; 0: not known */
	struct dw_scan_counts tcp, udp, sctp;
	struct dw_scan_port *ports; /* by protocol, port */
	size_t n_ports;
	bool complete; /* every port that was asked for has its state */
};

struct dw_scan {
	int64_t id;                                     /* in the store; 0: not stored */
	const char *command;                            /* as typed; NULL */
	const char *scanner;                            /* name of the host that scanned */
	const char *authorised_by;                      /* NULL: only this host's own networks */
	const char *targets;                            /* as given, with blanks between */
	const char *excluded;                           /* "" */
	const char *tcp_ports, *udp_ports, *sctp_ports; /* "1-65535", "22,80"; NULL: not asked */
	uint64_t seed;
	uint32_t shard, shards; /* 1 of 1: all */
	uint64_t begun, ended;  /* seconds since the epoch; ended 0: stopped before its end */
	uint64_t stopped;       /* when that was; 0: it was not, or nobody knows. In no document */
	const char *sender, *receiver; /* "live-frames", "packet", "connect" ... */
	const char *version;           /* of doorward */
	uint64_t sent, answered, lost; /* probes; lost: silent ones whose repeat was answered */
	uint64_t hosts_asked; /* addresses; those that did not answer are no rows of hosts */
	/*
	 * of hosts_asked, those that did not answer; of these, those that may be there all the same: beyond this
	 * host's links, or
	   where too much was lost; and the chance that one of the others is. Not kept in the store. */
	uint64_t hosts_silent, hosts_unproven;
	float hosts_missed;
	struct dw_scan_host *hosts; /* by address */
	size_t n_hosts;
	const char **notes; /* what could not be looked at, and why: one sentence each */
	size_t n_notes;
};

/* By address; NULL: none. */
const struct dw_scan_host *dw_scan_host_of(const struct dw_scan *s, const struct dw_address *a);
/* NULL: not listed. */
const struct dw_scan_port *dw_scan_port_of(const struct dw_scan_host *h, enum dw_protocol p,
					   uint16_t port);

#endif
