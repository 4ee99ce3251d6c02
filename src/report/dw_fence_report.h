/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Today's packet filter, written down: door by door, and what is odd about it. */
#ifndef DW_FENCE_REPORT_H
#define DW_FENCE_REPORT_H

#include "dw_report.h"

/* Ports that the filter lets somebody reach, and that nothing listens on. */
struct dw_report_unused {
	enum dw_protocol protocol;
	uint16_t first, last;
	const char *who;  /* "10.9.0.0/24" */
	const char *rule; /* NULL: several, or none */
};

/* What this host itself may send, by ports that are alike. */
struct dw_report_leave {
	enum dw_family family; /* ipv4, ipv6 */
	const char *to;        /* whom: as sources are named */
	enum dw_protocol protocol;
	uint16_t first, last;
	bool known, passes;
	const char *rule; /* that decides, or is in doubt; NULL: none */
	bool counted;
	uint64_t packets; /* which its counter says */
	const char *why;  /* not known: one sentence */
};

struct dw_report_rule {
	const char *words; /* "inet filter input handle 7 (comment)" */
	bool counted;
	uint64_t packets;
};

struct dw_report_fence {
	const char *version, *host;
	uint64_t time;
	bool stands; /* there are rules; else nothing below is filled in but the doors */
	bool blind;
	const struct dw_report_door *doors; /* of the namespace that is told about */
	size_t n_doors;
	const struct dw_report_unused *unused;
	size_t n_unused;
	const struct dw_report_rule *idle; /* that none of the packets met */
	size_t n_idle;
	/* rules that say nothing of that: for protocols without ports, in doubt, or not to be counted in a copy */
	size_t n_unasked;
	size_t n_rules;
	const struct dw_door *const *around; /* published ports that go round the input rules */
	size_t n_around;
	const struct dw_report_leave *leaves;
	size_t n_leaves;
	/* Doors of other network namespaces, as the audit saw them; nothing more is looked for there. */
	const struct dw_report_door *elsewhere;
	size_t n_elsewhere;
	struct dw_strings doubts; /* sentences: what could not be copied, what could not be told */
	uint64_t asked;           /* packets */
};

/* --- what the policy's rules would change ------------------------------------------------------------ */

/* A door whose answer differs for a source. */
struct dw_report_change {
	const struct dw_door *door;
	const char *who; /* as the rehearsal names sources; NULL */
	bool before, after, unknown;
	const char *rule; /* NULL */
};

/* A connection that is there now, and would not be let in anew. */
struct dw_report_cut {
	const char *address, *peer; /* numeric */
	uint32_t port, peer_port;
	const char *program; /* NULL */
	bool mine;
	const char *then; /* "goes-on", "picked-up", "cut" */
};

struct dw_report_way {
	const char *state;      /* "local", "open", "cut", "unknown" */
	const char *connection; /* NULL: there is none */
	const char *rule;       /* or why it is not known; NULL */
};

struct dw_report_rehearsed {
	bool rehearsed;
	const char *why_not; /* NULL */
	struct dw_report_way way;
	const struct dw_report_change *changes;
	size_t n_changes;
	const struct dw_report_cut *cuts;
	size_t n_cuts;
	uint64_t unknown;
	struct dw_strings obstacles;
};

/* --- the policy's rules ------------------------------------------------------------------------------- */

struct dw_report_allow {
	enum dw_protocol protocol;
	uint16_t first, last;
	struct dw_strings networks;                         /* from or, of what goes out, to */
	const char *address, *interface, *target, *comment; /* NULL: none */
	bool forwarded;
};

struct dw_report_redirect {
	enum dw_protocol protocol;
	uint16_t from, to;
	const char *comment;
};

struct dw_report_rules {
	const char *version, *host, *style, *because, *policy, *egress, *text;
	const struct dw_report_allow *allow, *out;
	size_t n_allow, n_out;
	const struct dw_report_redirect *redirects;
	size_t n_redirects;
	bool log_denied, dhcp, dhcp6, guard_forwarded;
	struct dw_strings cut, conflicts, cannot, remarks;
};

/* schema/fence-rehearse.schema.json */
int dw_report_rehearsed_json(const struct dw_report_rehearsed *r, FILE *out, bool pretty,
			     struct dw_error *e);
/* schema/fence.schema.json */
int dw_report_rules_json(const struct dw_report_rules *r, FILE *out, bool pretty,
			 struct dw_error *e);

int dw_report_fence_text(const struct dw_report_fence *r, FILE *out,
			 const struct dw_report_style *style, struct dw_error *e);
/* schema/fence-show.schema.json */
int dw_report_fence_json(const struct dw_report_fence *r, FILE *out, bool pretty,
			 struct dw_error *e);

#endif
