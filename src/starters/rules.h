/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules that forward ports, as the files say from which a host's firewall services load them: nft(8),
 * iptables-save(8) and firewalld's zones. Not an interpreter of those languages: a statement is taken apart into
 * what it says of protocol, port, address and target, and what it says in a way that is not understood here
 * (named sets, maps, negations) is vague, which is neither for nor against it. Private to src/starters.
 */
#ifndef DW_STARTER_RULES_H
#define DW_STARTER_RULES_H

#include "dw_starters.h"

struct dw_rule_span {
	uint32_t first, last;
};

struct dw_rule_address {
	enum dw_family family; /* ipv4 or ipv6 */
	uint8_t bytes[16];
};

/* Where packets are sent: "10.0.0.1:80", ":80", "[fd00::1]:80-90", "local:80", "80". */
struct dw_rule_target {
	bool has_address, has_port;
	struct dw_rule_address address;
	struct dw_rule_span port;
};

struct dw_rule {
	const char *file;
	unsigned line;
	size_t place;          /* index of the file's entry in the table of rules.c */
	unsigned protocols;    /* 1 << enum dw_protocol; 0: any */
	enum dw_family family; /* unknown: both */
	bool has_ports, vague_ports;
	DW_VEC(struct dw_rule_span) ports;
	bool vague_address;
	DW_VEC(struct dw_rule_address) addresses; /* none: any */
	bool has_target, vague_target;            /* no target: this host, or the packet's own */
	struct dw_rule_target target;
};

struct dw_rule_define {
	const char *name;
	struct dw_strings words;
};

/* Made on demand; struct dw_starters keeps it. */
struct dw_rules {
	DW_VEC(struct dw_rule) v; /* only those that forward */
	DW_VEC(struct dw_rule_define) defines;
	unsigned files;  /* read so far */
	size_t bytes;    /* of them */
	size_t expanded; /* bytes that definitions became */
	bool truncated;
};

/* Reads one file's text; `include` (may be NULL) is called for each file that it wants read at that point. */
struct dw_rules_text {
	struct dw_starters *s;
	struct dw_rules *rules;
	const char *file;
	size_t place;
	enum dw_family family; /* of the whole file; unknown: both */
	void (*include)(const struct dw_rules_text *from, const char *pattern);
	unsigned depth; /* of inclusion */
};
/* nft(8) and iptables-save(8): any bytes. */
void dw_rules_parse(const struct dw_rules_text *t, const struct dw_bytes *text);
/* firewalld.zone(5), firewalld.policy(5): any bytes. */
void dw_rules_parse_zone(const struct dw_rules_text *t, const struct dw_bytes *text);
/* One port or "first-last" as rules write it: n bytes of s. */
bool dw_rule_span_parse(const char *s, size_t n, struct dw_rule_span *ret);
/* An address, with or without a prefix: n bytes of s. */
bool dw_rule_address_parse(const char *s, size_t n, struct dw_rule_address *ret);
/* "ADDRESS:PORT" as above; false: none of it was understood. */
bool dw_rule_target_parse(const char *text, struct dw_rule_target *ret);
/* 0: not this rule; the higher the more of it agrees. */
unsigned dw_rule_score(const struct dw_rule *r, const struct dw_redirect_fact *f);

#endif
