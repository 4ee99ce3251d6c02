/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of confine share; private to src/lib. */
#ifndef DW_CONFINE_LIB_PRIVATE_H
#define DW_CONFINE_LIB_PRIVATE_H

#include "change-private.h"
#include "dw_confine.h"
#include "dw_confine_suggest.h"

struct doorward_confining {
	struct dw_arena *arena; /* the object itself lies in it */
	struct doorward_audit *audit;
	struct dw_confine_service *service;
	struct dw_confine_seen seen;
	bool observed; /* seen says something */
	struct dw_confine_dropin dropin; /* its text may be a difference of files, too */
	const struct dw_steps *steps;    /* what changes where no unit is; NULL: a drop-in */
};

/* Does another user for it stand in a line or a file that starts it (inetd, xinetd, init scripts without a unit)? */
bool dw_confine_has_lines(const struct dw_confine_service *s);
/* What suggest, try and apply do for it: steps, and the difference as text; or why nothing is changed. */
int dw_confine_demote(struct doorward *d, struct doorward_confining *x, struct dw_error *e);

/* Is it meant by the word: its name (without ".service"), its program, one of its doors? */
bool dw_confine_is_named(const struct dw_confine_service *s, const char *word);
/* All services of the audit, judged. */
int dw_confine_services(struct doorward *d, struct doorward_audit *audit, struct dw_arena *a,
			struct dw_confine_service **ret, size_t *ret_n, struct dw_error *e);

/*
 * --- confine-answer.c: does it still serve?
 * --------------------------------------------------------------------------
 */

struct dw_confine_answer {
	const char *door;
	bool answered;        /* it let us connect */
	const char *protocol; /* that it was known to speak; NULL: not known */
	const char *banner;   /* its first words (dw_scan.h); NULL: it said none */
};

struct dw_confine_answers;
/* Asks each TCP door of the service what it is, as a client of this host. */
int dw_confine_ask(struct dw_sys *s, const struct dw_snapshot *snapshot,
		   const struct dw_confine_service *service, struct dw_arena *a,
		   struct dw_confine_answers **ret, struct dw_error *e);
/* What answered before and does not answer so now, a sentence; "": all is as before. */
const char *dw_confine_answers_differ(const struct dw_confine_answers *before,
				      const struct dw_confine_answers *after, struct dw_arena *a);

/* confine-reply.c, pure: the same of one door */
const char *dw_confine_reply_differs(const struct dw_confine_answer *was,
				     const struct dw_confine_answer *now, struct dw_arena *a);
/* "2xx", "HTTP 5xx", "-", "* OK", "SSH-#.#-OpenSSH_#.#p#": the kind of reply; "": it is no text. */
const char *dw_confine_reply_class(const char *banner, struct dw_arena *a);
/* Does a text (of a journal, of an answer) tell that something was forbidden? */
bool dw_confine_is_denial(const char *text);

#endif
