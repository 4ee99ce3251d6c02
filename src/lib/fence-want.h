/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* While a want is made. Private to src/lib. */
#ifndef DW_FENCE_WANT_PRIVATE_H
#define DW_FENCE_WANT_PRIVATE_H

#include "dw_fence_want.h"

#define WANT_PORTS 65536
/* Whose a port is, besides the number of a statement + 1. */
#define WANT_NOBODY 0
#define WANT_SHARED UINT32_MAX

struct wanting {
	struct dw_arena *a;
	const struct dw_fence_input *in;
	struct dw_fence_want *want;
	struct dw_fence_said *said;
	DW_VEC(struct dw_fence_allow) allow, out;
	/* By protocol; NULL: nothing of it. Which statement decides about the doors on a port, and whether one of those
	   that were gone through named the port. */
	uint32_t *owner[DW_PROTOCOL_COUNT];
	bool *named[DW_PROTOCOL_COUNT];
	/* The doors that each statement decides about: indexes + 1, 0 ends */
	size_t *first, *next;
	bool *let_in; /* by door */
};

/* The door is in the host's own namespace and goes through its packet filter. */
bool want_is_filtered(const struct dw_door *d);
bool want_is_loopback(const struct dw_door *d);
/* policy:3, policy.d/10-web.policy:7 */
const char *want_place(struct dw_arena *a, const char *file, unsigned line);
/* Adds it, unless it is there already: a door of both families is two. */
void want_let_in(struct wanting *w, const struct dw_fence_allow *allow);
/* What holds the door, for people; a service that only its port speaks for does not count. NULL: not known. */
const char *want_name(const struct dw_finding *f);
/* A DHCP client's own port: what it waits for is let in by rules of their own. */
bool want_is_dhcp(const struct dw_finding *f);
/* 22/tcp (ssh) */
const char *want_door_text(struct dw_arena *a, const struct dw_finding *f);
/* "ssh: administration (policy:3)" */
const char *want_comment(struct wanting *w, const char *subject, const struct dw_statement *s);
void want_remark(struct wanting *w, const char *fmt, ...) dw_printf_like(2, 3);

/* What the door needs; s NULL: no statement says more. False: nothing that a filter could let in. */
bool want_of_door(struct wanting *w, const struct dw_finding *f, const struct dw_statement *s,
		  const char *comment, struct dw_fence_allow *ret);
/* Each keep, in the order of the policy. */
void want_add_statements(struct wanting *w);
/* allow out, redirects, egress, log */
void want_add_rest(struct wanting *w);
/* Doors that the rules shut, and what else there is to say of those that they let in. */
void want_tell_doors(struct wanting *w);

#endif
