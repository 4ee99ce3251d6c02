/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One comparison while it is made; private to src/judge. */
#ifndef DW_COMPARING_H
#define DW_COMPARING_H

#include "dw_compare.h"
#include "dw_knowledge_index.h"
#include "dw_vec.h"

struct dw_seen_inside {
	const struct dw_door *door;
	const char *service;
	enum dw_reaches reaches;
};

/* One address of the scan, with what is known of it from inside. */
struct dw_comparing_host {
	const struct dw_scan_host *host;
	const struct dw_scan_host *before; /* NULL: the earlier scan does not list it */
	const struct dw_inside *inside;    /* NULL: not seen from inside */
	bool itself;                       /* it scanned itself */
	uint8_t usual_ttl;                 /* of most open ports; 0: none */
};

struct dw_comparing {
	const struct dw_compare_input *in;
	struct dw_arena *a;
	const struct dw_knowledge_index *index;
	struct dw_scan_asked asked, asked_before;
	DW_VEC(struct dw_compare_finding) found;
	size_t hosts;
};

/* One port of a host. */
struct dw_comparing_port {
	struct dw_comparing *c;
	const struct dw_comparing_host *h;
	enum dw_protocol protocol;
	uint16_t port;
	enum dw_scan_state state, before;
	const struct dw_scan_port *outside, *outside_before; /* NULL: only counted */
	struct dw_seen_inside seen;                          /* door NULL: none reaches there */
	/* the finding, as far as it is made */
	struct dw_compare_finding f;
	DW_VEC(struct dw_reason) reasons;
};

void dw_compare_say(struct dw_comparing_port *p, const char *id, const char *fmt, ...)
	dw_printf_like(3, 4);

/* A port of a host that is to be looked at. */
struct dw_compare_port {
	enum dw_protocol protocol;
	uint16_t port;
};

struct dw_compare_ports {
	DW_VEC(struct dw_compare_port);
};

/* Each port that either side, the scan before or the policy tells of, once, in order. */
struct dw_compare_ports dw_compare_ports_of(const struct dw_comparing *c,
					    const struct dw_comparing_host *h);
/* A statement of the policy keeps this very port. */
bool dw_compare_is_named_port(const struct dw_comparing_port *p);

/* The inside of that address; NULL: none. *ret_other: another host says that it is its address too; else NULL. */
const struct dw_inside *dw_compare_inside_of(const struct dw_comparing *c,
					     const struct dw_scan_host *h,
					     const struct dw_inside **ret_other);
/* Fills in p->seen: the door that answers there. */
void dw_compare_look_inside(struct dw_comparing_port *p);
/* Why nothing inside has it open: what is on that port but cannot be reached there. Says it; a sleeper: returns it. */
const struct dw_door *dw_compare_tell_near(struct dw_comparing_port *p);

enum dw_allowed { DW_ALLOWED_UNKNOWN = 0, DW_ALLOWED_YES, DW_ALLOWED_NO, DW_ALLOWED_NOT_SAID };
/* What the policy says of reaching the port from the scanner; says why. */
enum dw_allowed dw_compare_allowed(struct dw_comparing_port *p);

/* What answers is not what belongs there: says so. *ret_urgent: neither does inside know of it. */
bool dw_compare_is_wrong_service(struct dw_comparing_port *p, bool *ret_urgent);
/* What answers now is another thing than before: says so. *ret_urgent: another protocol. */
bool dw_compare_is_changed(struct dw_comparing_port *p, bool *ret_urgent);
/* "ssh (OpenSSH 9.2p1)": what answers, for a sentence; NULL: not known. */
const char *dw_compare_answer(struct dw_arena *a, const struct dw_scan_service *s);

#endif
