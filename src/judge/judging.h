/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the judge share. One trial for each door; all trials see one host. */
#ifndef DW_JUDGING_H
#define DW_JUDGING_H

#include "dw_judge.h"
#include "dw_knowledge_index.h"
#include "dw_str.h"
#include "dw_vec.h"
#include "reasons.h"

struct dw_said {
	enum dw_reason_id id;
	bool decides, suspicious;
	struct dw_reason reason;
};

struct dw_court;

struct dw_trial {
	struct dw_court *court;
	const struct dw_door *door;
	struct dw_identity identity;
	/* what the door counts as: the identified service, or the generic one that it is on this port */
	const struct dw_service *service;
	const struct dw_statement *statement;
	bool far;   /* somebody beyond this host may reach it, as far as the bound address says */
	bool boxed; /* in a network namespace of a container's own */
	bool launched; /* held by a program that holds doors for others */
	bool proper;   /* its starter is one that stands in a file and comes with each boot */
	bool packaged; /* of a package, or that cannot be told (containers, no package manager) */
	bool unfound; /* an interpreter runs a script whose directory is not known */
	bool last_way_in; /* the only service by which one logs in from outside */
	bool suspicious;
	bool pardoned; /* the policy names this very program or unit: what is suspicious about it is known */
	bool done;
	enum dw_verdict verdict;
	DW_VEC(struct dw_said) said;
};

struct dw_court {
	struct dw_arena *arena;
	const struct dw_snapshot *snapshot;
	const struct dw_policy *policy;
	const struct dw_knowledge *knowledge; /* never NULL; may be empty */
	const struct dw_knowledge_index *index;
	struct dw_findings *findings;
	struct dw_trial *trials; /* one for each door, same order */
	bool packages_known;     /* that a program is in no package means something on this host */
};

/* identity.c */
void dw_judge_identify(const struct dw_court *c, const struct dw_door *d, struct dw_identity *ret);
/* The generic service that s is on the door's port; s itself when it is none. NULL stays NULL. */
const struct dw_service *dw_judge_counts_as(const struct dw_court *c, const struct dw_service *s,
					    const struct dw_door *d);
/* The entry of s for the door's port; NULL: it is none of its ports. */
const struct dw_service_port *dw_judge_port_of(const struct dw_service *s, const struct dw_door *d);
/* Does a program that holds doors for others hold it? */
bool dw_judge_is_launched(const struct dw_court *c, const struct dw_door *d);

/* door.c: plain facts of a door, and words for them */
void dw_judge_survey(struct dw_trial *t);
bool dw_judge_is_proper(const struct dw_starter *s);
/* Started by somebody or by something that nobody would call a service: by hand, cron, at, nothing known. */
bool dw_judge_is_loose(const struct dw_starter *s);
bool dw_judge_is_private(const struct dw_endpoint *e);
const char *dw_judge_holder(
	const struct dw_trial *t); /* its program, or what else is known of it */
const char *dw_judge_subject(const struct dw_trial *t); /* who answers: "Secure Shell (OpenSSH)" */
const char *dw_judge_place(const struct dw_trial *t);   /* "it listens on every address" */
const char *dw_judge_port_text(const struct dw_trial *t); /* "23/tcp" */
const char *dw_judge_raw_text(const struct dw_trial *t);  /* "IP protocol 58 (icmpv6)" */
const char *dw_judge_use(const struct dw_trial *t); /* who is connected now */
/*
 * "nobody", "this host alone", "10.9.0.0/24 alone", "anyone": whom a rehearsed filter lets in; NULL: that is
 * not known.
 */
const char *dw_judge_let_in(const struct dw_trial *t);
/* " (inet filter input handle 7)"; NULL: no rule, or several */
const char *dw_judge_filter_rule(const struct dw_trial *t);
/* Does the packet filter keep all but the networks of the house (or, `host`, all but this host) out? */
bool dw_judge_is_fenced(const struct dw_trial *t, bool host);
/* A sentence of the knowledge as a clause: no capital, no full stop. */
const char *dw_judge_clause(struct dw_arena *a, const char *sentence);
static inline bool dw_judge_has(const struct dw_service *s, unsigned trait)
{
	return s && (s->traits & trait) != 0;
}

/* facts.c, process.c, known.c: reasons that no verdict needs; the suspicious ones make one */
void dw_judge_process(struct dw_trial *t);
void dw_judge_facts(struct dw_trial *t);
void dw_judge_known(struct dw_trial *t);

/* roles.c */
void dw_judge_find_roles(struct dw_court *c);
/* A role of this host that has this service among what it keeps; NULL: none. *ret_reach: for whom. */
const struct dw_role *dw_judge_role_for(const struct dw_court *c, const struct dw_service *s,
					enum dw_reach *ret_reach);
/* Does any role of the knowledge, evident here or not, have this service among what it keeps? */
bool dw_judge_any_role_for(const struct dw_court *c, const struct dw_service *s);

/* advice.c, tiers.c, policy.c: the verdict */
void dw_judge_advise(struct dw_trial *t);
void dw_judge_by_tier(struct dw_trial *t);
void dw_judge_by_policy(struct dw_trial *t);
/* Never close what carries the session of whoever runs doorward, or the last way in. */
void dw_judge_spare(struct dw_trial *t);
/* That, and nothing is closed or restricted inside a container: its own network reaches it, and the host's fence. */
void dw_judge_temper(struct dw_trial *t);

/* Seconds of the use of a door: used in that time is "lately"; watched for less is not worth a word; unused for as
   long decides an `ask`. */
#define DW_JUDGE_LATELY        ((uint64_t)30 * 86400)
#define DW_JUDGE_WORTH_TELLING ((uint64_t)86400)
#define DW_JUDGE_UNUSED        ((uint64_t)30 * 86400)

/* "41 days" */
const char *dw_judge_span(struct dw_arena *a, uint64_t seconds);
/* Nobody used it, and it was watched for long enough to say so. */
bool dw_judge_is_unused(const struct dw_trial *t);

#endif
