/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An nmap-service-probes file, when the user has one: its format is told in "Nmap Network Scanning", chapter 7. Read in
 * the parent; its patterns are compiled when they are first needed, in the child.
 */
#ifndef DW_IDENTIFY_NMAP_H
#define DW_IDENTIFY_NMAP_H

#include "dw_parse.h"
#include "identify_match.h"

struct dw_pattern;

struct dw_nmap_match {
	const char *service, *pattern;
	const char *product, *version, *info, *host, *os; /* templates; NULL: none */
	size_t pattern_n;
	unsigned flags; /* enum dw_pattern_flags */
	bool soft;      /* tells the service, and no more */
	bool broken;    /* the pattern is none */
	struct dw_pattern *compiled;
};

struct dw_nmap_range {
	uint16_t first, last;
};

struct dw_nmap_probe {
	const char *name;
	bool udp;
	struct dw_bytes say;
	unsigned rarity;
	DW_VEC(struct dw_nmap_range) ports;
	const char *fallback; /* names with commas; NULL */
	size_t first, n;      /* its matches */
};

struct dw_nmap {
	struct dw_arena *arena;
	DW_VEC(struct dw_nmap_probe) probes;
	DW_VEC(struct dw_nmap_match) matches;
	DW_VEC(struct dw_nmap_range) exclude_tcp, exclude_udp;
	size_t bad; /* lines that were left out */
	char first_bad[256];
};

/* Never fails: lines that are none are counted, the first one is told ("FILE:LINE: why"). */
struct dw_nmap *dw_nmap_read(const char *name, const struct dw_bytes *bytes);
void dw_nmap_free(struct dw_nmap *n); /* NULL allowed */
/* known: r names the protocol already, and only more about it is wanted. */
bool dw_nmap_try(struct dw_nmap *n, const struct dw_reply *reply, bool known,
		 struct identify_record *r);
/* Probes that are for the port, the common ones first; how many. */
size_t dw_nmap_plan(const struct dw_nmap *n, bool udp, uint16_t port, uint16_t *ret, size_t max);

/* --- words of a line (identify-nmap-words.c); all cut out of *s, copies in the arena ------------------ */

/* What stands between two of the delimiter that *s begins with. NULL: it has no end. */
const char *dw_nmap_delimited(struct dw_arena *a, const char **s);
/* C's escapes undone. */
bool dw_nmap_unescape(struct dw_arena *a, const char *s, struct dw_bytes *ret);
/* "1,5-7" added; false: it is none. */
bool dw_nmap_ranges(struct dw_arena *a, const char *s, void *ret_vec);
bool dw_nmap_in_ranges(const struct dw_nmap_range *r, size_t n, uint16_t port);
/* Our name for what nmap calls so, else that name. */
const char *dw_nmap_our_name(const char *service);

#endif
