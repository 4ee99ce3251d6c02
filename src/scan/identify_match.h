/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which protocol an answer is of: our own table, and what an nmap-service-probes file adds. */
#ifndef DW_IDENTIFY_MATCH_H
#define DW_IDENTIFY_MATCH_H

#include "dw_probes.h"
#include "identify_record.h"

struct dw_matcher;
struct dw_nmap;

#define DW_ASKED_NOTHING (-1)

struct dw_reply {
	const uint8_t *bytes;
	size_t n;
	bool udp;
	uint16_t port;
	int asked;          /* index of what was said before it; DW_ASKED_NOTHING: it spoke first */
	int nmap_asked;     /* the same in the nmap file, else DW_ASKED_NOTHING */
	bool tls;           /* inside TLS */
};

/* dw_pattern_load() came before. Compiles all patterns. */
int dw_matcher_new(struct dw_matcher **ret, struct dw_error *e);
void dw_matcher_free(struct dw_matcher *m); /* NULL allowed */
/* nmap: NULL allowed; must live as long. */
void dw_matcher_set_nmap(struct dw_matcher *m, struct dw_nmap *nmap);
/* Fills protocol, product, version, extra, by; the rest of *r stays. */
bool dw_matcher_try(const struct dw_matcher *m, const struct dw_reply *reply,
		    struct identify_record *r);
/* Does the pattern of protocol's `ready` (see dw_probe_protocol) match? */
bool dw_matcher_is_ready(const struct dw_matcher *m, size_t protocol, const uint8_t *bytes,
			 size_t n);
/* For the tests: does that match of the table fit by itself? */
bool dw_matcher_fits(const struct dw_matcher *m, size_t match, const uint8_t *bytes, size_t n);

/* --- HTTP (identify-http.c): status, title, redirect, Server into the record -------------------------- */

/* The answer to GET: true when all is there that will be looked at. */
bool dw_http_is_whole(const uint8_t *bytes, size_t n);
/* Product and version too, from Server, when the table had none. */
void dw_http_look(const uint8_t *bytes, size_t n, struct identify_record *r);
/* It says that it wants TLS. */
bool dw_http_wants_tls(const uint8_t *bytes, size_t n);
/* The request; length, at most max - 1. host may be NULL. */
size_t dw_http_request(const char *host, const char *address, uint16_t port, bool tls, char *ret,
		       size_t max);

#endif
