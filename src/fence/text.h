/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the styles of dw_fence_text() share. Private to src/fence. */
#ifndef DW_FENCE_TEXT_H
#define DW_FENCE_TEXT_H

#include "dw_fence.h"
#include "dw_str.h"

/* Text as it is made, and what could not be said. */
struct fence_text {
	struct dw_arena *a;
	struct dw_str out;
	struct dw_strings *cannot;
	const struct dw_fence_want *want;
};
void fence_cannot(struct fence_text *t, const char *fmt, ...) dw_printf_like(2, 3);

struct fence_ports {
	uint16_t first, last;
};

/* Allows that differ in nothing but their ports: one rule. */
struct fence_rule {
	const struct dw_fence_allow *like;
	struct fence_ports *ports; /* in order, not touching */
	size_t n_ports, cap_ports;
};
struct fence_rules {
	struct fence_rule *v;
	size_t n, cap;
};
struct fence_rules fence_rules_of(struct dw_arena *a, const struct dw_fence_allow *v, size_t n);

/* The sources of a rule for one family. */
struct fence_reach {
	enum dw_family family;         /* UNKNOWN: both, from anywhere, to any address */
	const struct dw_network *from; /* none within another, in order; n_from 0: anywhere */
	size_t n_from;
};
/* At most 2; 0: nothing can reach it, as its address and its networks have no family in common. */
size_t fence_reaches(struct dw_arena *a, const struct dw_fence_allow *allow,
		     struct fence_reach ret[2]);
/* Family of a numeric address; UNKNOWN: it is none. */
enum dw_family fence_family(const char *address);

/* 22, 8000-8010; `dash` stands between the two. */
const char *fence_ports_text(struct dw_arena *a, const struct fence_ports *p, char dash);
/* 10.0.0.0/8; one address without its prefix. */
const char *fence_network_text(struct dw_arena *a, const struct dw_network *n);
/* One line without control characters, at most max bytes; bytes of `bad` are written as `good`. */
const char *fence_comment(struct dw_arena *a, const char *text, size_t max, char bad, char good);
/* For a POSIX shell: 'it'\''s'. */
const char *fence_shell(struct dw_arena *a, const char *word);
/* The interface's name has nothing in it that a rule would take for something else. */
bool fence_is_plain_name(const char *name);
/* Protocols with ports that packet filters match by port. */
bool fence_has_ports(enum dw_protocol p);
/* A redirect leads from that port: packets to it are judged by the port that they were sent to. */
bool fence_is_redirected(const struct dw_fence_want *w, const struct dw_fence_allow *a);
/* What is wrong with a want, so that a rule of it would be too wide; told by fence_cannot(). */
bool fence_is_sound(struct fence_text *t, const struct dw_fence_allow *a);

void fence_text_nft(struct fence_text *t);
void fence_text_iptables(struct fence_text *t);
void fence_text_ufw(struct fence_text *t);
void fence_text_firewalld(struct fence_text *t);

#endif
