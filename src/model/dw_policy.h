/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the administrator decided: /etc/doorward/policy as statements. Read by src/policy, used by judge and plan.
 * doorward-policy(5) describes the language.
 */
#ifndef DW_POLICY_H
#define DW_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dw_endpoint.h"
#include "dw_knowledge.h"

/* What happens to a door that no statement names. */
enum dw_policy_default {
	DW_DEFAULT_UNKNOWN = 0, /* not said: as ask */
	DW_DEFAULT_CLOSE,
	DW_DEFAULT_ASK,    /* advice where the knowledge is sure, else ask */
	DW_DEFAULT_REPORT, /* list it; nothing is to be done about it */
	DW_DEFAULT_COUNT
};

enum dw_policy_action {
	DW_POLICY_UNKNOWN = 0,
	DW_POLICY_KEEP,
	DW_POLICY_CLOSE,
	DW_POLICY_ACTION_COUNT
};

/* How a WHAT names doors. */
enum dw_what_kind {
	DW_WHAT_UNKNOWN = 0,
	DW_WHAT_SERVICE,   /* of the knowledge: service */
	DW_WHAT_PORT,      /* 7001/tcp, 8000-8010/udp; protocol unknown: tcp and udp */
	DW_WHAT_UNIT,      /* text: "ssh.service", or the id of any starter by starter:ID */
	DW_WHAT_PROGRAM,   /* text: absolute path; fnmatch(3)-like * allowed */
	DW_WHAT_PACKAGE,   /* text: package:NAME */
	DW_WHAT_NETNS,     /* text: netns:NAME */
	DW_WHAT_CONTAINER, /* text: container:NAME or container:RUNTIME:NAME */
	DW_WHAT_COUNT
};

struct dw_what {
	enum dw_what_kind kind;
	const char *text; /* as written */
	const struct dw_service *service;
	enum dw_protocol protocol;
	uint16_t first, last;
};

/* A network: family ipv4 or ipv6, address in network order, prefix length. */
struct dw_network {
	enum dw_family family;
	uint8_t address[16];
	unsigned prefix;
};

struct dw_statement {
	enum dw_policy_action action;
	const struct dw_what *what;
	size_t n_what;
	/* conditions on who may hold it; NULL: anybody. Not met: the door is a finding */
	const char *program, *user;
	/* narrowing: from networks; n 0 and from_any false: not said */
	const struct dw_network *from;
	size_t n_from;
	bool from_any;
	bool on_loopback;
	const char *on;      /* address or interface; NULL: not said */
	const char *because; /* NULL: no reason given */
	uint64_t expires;    /* first second (UTC) at which it no longer counts; 0: never */
	const char *role;    /* it comes from this role; NULL: written by hand */
	const char *file;
	unsigned line;
};

/* redirect PORT/PROTOCOL to PORT: what comes to `from` is given to `to` of this host. */
struct dw_policy_redirect {
	enum dw_protocol protocol;
	uint16_t from, to;
	const char *because; /* NULL: no reason given */
	const char *file;
	unsigned line;
};

/* accept CHECK [of OBJECT...]: what a check of doorward host finds is put up with. */
struct dw_policy_accept {
	const char *check;
	const char *const *objects; /* accounts, files, settings; n 0: whatever it finds */
	size_t n_objects;
	const char *because; /* never NULL */
	uint64_t expires;    /* first second (UTC) at which it no longer counts; 0: never */
	const char *file;
	unsigned line;
};

/* What becomes of connections that this host begins, and no "allow out" names. */
enum dw_policy_egress {
	DW_POLICY_EGRESS_UNKNOWN = 0, /* not said: as open */
	DW_POLICY_EGRESS_OPEN,
	DW_POLICY_EGRESS_LOG,
	DW_POLICY_EGRESS_DENY,
	DW_POLICY_EGRESS_COUNT
};

/* The first statement that names a door decides. Those of roles stand behind those written by hand. */
struct dw_policy {
	enum dw_policy_default otherwise;
	const struct dw_statement *statements;
	size_t n_statements;
	/* For the fence alone; no verdict depends on them. */
	enum dw_policy_egress egress;
	bool log_denied;
	/* allow out: WHATs are services and ports, `from` is where to; action KEEP, no other condition */
	const struct dw_statement *out;
	size_t n_out;
	const struct dw_policy_redirect *redirects; /* each protocol and `from` once */
	size_t n_redirects;
	/* For doorward host alone. */
	const struct dw_policy_accept *accepts;
	size_t n_accepts;
	const char *const *roles; /* names of the roles that it says the host has */
	size_t n_roles;
	const char *file; /* the one it began with */
};

const char *dw_policy_default_name(enum dw_policy_default d);
const char *dw_policy_action_name(enum dw_policy_action a);
/* 192.168.0.0/16; one address without a prefix. In the arena. */
const char *dw_network_text(struct dw_arena *a, const struct dw_network *n);
const char *dw_policy_egress_name(enum dw_policy_egress e);

#endif
