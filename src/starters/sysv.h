/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Init scripts and the evidence that a process came from one; used by sysv.c and openrc.c. Private. */
#ifndef DW_STARTER_SYSV_H
#define DW_STARTER_SYSV_H

#include "daemon.h"

struct dw_evidence {
	enum dw_confidence confidence;
	const char *text;                 /* one sentence */
	const struct dw_program *program; /* for the source line; NULL: none matched */
	const char *by_hand;              /* as dw_daemon_by_hand() */
};

/*
 * How well the script explains the chain's process. `started`: the manager itself has the service in its list
 * of started ones (OpenRC). Confidence unknown: not at all.
 */
struct dw_evidence dw_script_explains(struct dw_starters *s, struct dw_script *script,
				      const struct dw_chain *c, bool started);

/* Does the script name (or bear the name of) the program that the process runs? Cheap, and no evidence yet. */
bool dw_script_knows_program(struct dw_starters *s, struct dw_script *script,
			     const struct dw_procinfo *p);

/* Names in /etc/init.d that are no services but parts of the machinery, or another starter's (rc.local). */
bool dw_script_is_machinery(const char *name);

#endif
