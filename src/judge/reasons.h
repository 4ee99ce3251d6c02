/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stable ids of reasons. docs/verdicts.md lists them; a test holds it to this list. */
#ifndef DW_REASONS_H
#define DW_REASONS_H

#include "dw_judge.h"

struct dw_trial;

/* The order is the weight: of the reasons that did not decide, the first stands first. */
enum dw_reason_id {
	/* what cannot be right */
	DW_REASON_HIDDEN,
	DW_REASON_EXECUTABLE_MEMFD,
	DW_REASON_EXECUTABLE_DELETED,
	DW_REASON_EXECUTABLE_IN_TMP,
	DW_REASON_EXECUTABLE_CHANGED,
	DW_REASON_EXECUTABLE_REPLACED,
	DW_REASON_DECEPTIVE_NAME,
	DW_REASON_WRONG_PROGRAM,
	DW_REASON_BACKDOOR_PORT,
	DW_REASON_SNIFFER_WITH_FILTER,
	DW_REASON_SNIFFER,
	DW_REASON_RAW_SOCKET,
	DW_REASON_BESIDE_THE_NETWORK,
	/* the policy */
	DW_REASON_POLICY_CLOSES,
	DW_REASON_WRONG_PROGRAM_FOR_POLICY,
	DW_REASON_WRONG_USER_FOR_POLICY,
	DW_REASON_WIDER_THAN_POLICY,
	DW_REASON_FILTER_NOT_READ,
	DW_REASON_WAIVER_EXPIRED,
	DW_REASON_IN_POLICY,
	DW_REASON_NOT_IN_POLICY,
	/* what would go wrong by closing it */
	DW_REASON_CARRIES_YOUR_SESSION,
	DW_REASON_LAST_WAY_IN,
	DW_REASON_HOST_NEEDS_IT,
	DW_REASON_IN_USE,
	DW_REASON_USED_LATELY,
	DW_REASON_UNUSED,
	/* what is known of the service */
	DW_REASON_NEVER_ON_A_NETWORK,
	DW_REASON_EXECUTES_COMMANDS,
	DW_REASON_NO_AUTHENTICATION,
	DW_REASON_CLEARTEXT_LOGIN,
	DW_REASON_CLEARTEXT,
	DW_REASON_MEANT_FOR_LOOPBACK,
	DW_REASON_MEANT_FOR_LAN,
	DW_REASON_NO_ROLE_NEEDS_IT,
	DW_REASON_REPLACE,
	DW_REASON_WITHDRAWN,
	DW_REASON_AMPLIFIER,
	DW_REASON_SERVES_THE_ROLE,
	DW_REASON_MADE_FOR_NETWORKS,
	DW_REASON_LOOPBACK_ONLY,
	DW_REASON_BEHIND_THE_FILTER,
	DW_REASON_NOT_SURE,
	DW_REASON_UNKNOWN_PROGRAM,
	DW_REASON_HELD_FOR_OTHERS,
	DW_REASON_NO_PACKAGE,
	/* where it leads */
	DW_REASON_PUBLISHED,
	DW_REASON_LEADS_TO,
	DW_REASON_LEADS_ELSEWHERE,
	DW_REASON_REDIRECTED,
	DW_REASON_INSIDE_CONTAINER,
	DW_REASON_HOLDER_UNKNOWN,
	/* what starts it */
	DW_REASON_SLEEPING,
	DW_REASON_STARTED_BY_HAND,
	DW_REASON_STARTED_BY_CRON,
	DW_REASON_STARTED_BY_AT,
	DW_REASON_STARTER_UNKNOWN,
	DW_REASON_DIES_AT_REBOOT,
	/* remarks */
	DW_REASON_ODD_PORT,
	DW_REASON_OWN_QUESTIONS,
	DW_REASON_CAPABILITIES,
	DW_REASON_RUNS_AS_ROOT,
	DW_REASON_NO_POLICY,
	DW_REASON_COUNT
};

/* A reason that decides nothing. Up to three pieces for the {1}, {2}, {3} of its sentence. */
void dw_judge_remark(struct dw_trial *t, enum dw_reason_id id, const char *one, const char *two,
		     const char *three);
/* A reason to look closer: the verdict becomes investigate unless the policy names this very program. */
void dw_judge_suspect(struct dw_trial *t, enum dw_reason_id id, const char *one, const char *two,
		      const char *three);
/* The reason that decides; takes the place of one that decided before, which stays as a remark. */
void dw_judge_decide(struct dw_trial *t, enum dw_verdict v, enum dw_reason_id id, const char *one,
		     const char *two, const char *three);
/* Those that decided first, then by weight, as the finding's. */
void dw_judge_order_reasons(struct dw_trial *t, struct dw_finding *f);

#endif
