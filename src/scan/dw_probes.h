/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What knowledge/probes/ *.yaml becomes: how to ask for a protocol, and how its answers look. Const tables, made by
 * knowledge/compile-probes.c; docs/probes.md tells the keys.
 */
#ifndef DW_PROBES_H
#define DW_PROBES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dw_probe_how {
	DW_PROBE_BYTES = 0, /* bytes as they stand */
	DW_PROBE_HTTP,      /* GET /, with the host's name */
	DW_PROBE_TLS,       /* a TLS handshake; then what is inside it */
};

/* Something to say first. */
struct dw_probe_ask {
	uint16_t protocol; /* index */
	bool udp;          /* else TCP */
	bool common;       /* UDP: also asked on ports that no protocol claims */
	uint8_t how;       /* enum dw_probe_how */
	uint8_t rank; /* TCP: place among those that any port is asked, from 1; 0: only its own ports */
	uint16_t n;
	uint16_t id_at; /* as in struct dw_wire_payload */
	const uint8_t *bytes;
};

/* How an answer looks. Templates may hold $1 ..., $P(1), $SUBST(1,"_","."), $I(1,">"). */
struct dw_probe_match {
	uint16_t protocol;
	bool tcp, udp; /* where it counts */
	bool own;      /* only for answers to this protocol's own questions, or on its own ports */
	const char *pattern;
	const char *product, *version, *extra; /* NULL: not told */
};

/* What asks for TLS. */
struct dw_probe_line {
	uint16_t n;
	const char *bytes;
};

struct dw_probe_protocol {
	const char *id, *title;
	const char *service; /* in the knowledge base, when it is not called as the id; else NULL */
	const char *tls_service;         /* the same, inside TLS from the start */
	const char *silent;              /* why it cannot be asked; else NULL */
	const char *avoid;               /* why its ports are left alone; else NULL */
	bool first;                      /* the server speaks first */
	const uint16_t *tcp, *udp, *tls; /* ports, ascending; tls: inside TLS from the start */
	uint16_t n_tcp, n_udp, n_tls;
	uint16_t asks, n_asks; /* in the table */
	uint16_t matches, n_matches;
	const struct dw_probe_line *starttls; /* to say after the greeting; NULL: none */
	uint16_t n_starttls;
	bool anew; /* on a new connection: the one that it was recognised on is no use any more */
	const char *ready; /* how the answer to the last of them looks */
};

struct dw_probes {
	const struct dw_probe_protocol *protocols; /* by id */
	size_t n_protocols;
	const struct dw_probe_ask *asks;
	size_t n_asks;
	const struct dw_probe_match *matches;
	size_t n_matches;
};

const struct dw_probes *dw_probes_builtin(void);

/* By id; NULL: none. */
const struct dw_probe_protocol *dw_probes_find(const char *id);
bool dw_probes_has_port(const uint16_t *ports, size_t n, uint16_t port);
/* Why nothing is said to that port; NULL: it may be asked. */
const char *dw_probes_avoided(bool udp, uint16_t port);

#endif
