/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of doorward.h, which includes it: what a person decided about doors, written into the policy. */
#ifndef DOORWARD_REVIEW_H
#define DOORWARD_REVIEW_H

#include "doorward.h"

#ifdef __cplusplus
extern "C" {
#endif

enum doorward_marked {
	DOORWARD_MARK_KEEP = 1, /* for whom it is open now */
	DOORWARD_MARK_LAN,      /* keep, for the networks of this house alone ("from lan") */
	DOORWARD_MARK_LOOPBACK, /* keep, for this host alone */
	DOORWARD_MARK_CLOSE,
	DOORWARD_MARK_ASK, /* no statement shall decide about it */
};

struct doorward_mark {
	size_t door; /* its place in "doors" of the audit */
	enum doorward_marked as;
};

struct doorward_policy_edit; /* a policy as it is, and as it would be */

/*
 * The policy (file as for doorward_set_policy(); not "") with statements for the doors that were marked. Nothing is
 * written. Comments and all other statements stay as they are; a policy that is not there is begun. -EBADMSG: the
 * policy has mistakes. -EFBIG: it would be longer than a policy may be. Other codes: it could not be read.
 */
DOORWARD_API int doorward_policy_mark(struct doorward *d, struct doorward_audit *a, const char *file,
				      const struct doorward_mark *marks, size_t n,
				      struct doorward_policy_edit **ret);
DOORWARD_API void doorward_policy_edit_free(struct doorward_policy_edit *e); /* NULL allowed */
/* The file, absolute (below the root that was set). Not escaped, and neither are the others. */
DOORWARD_API const char *doorward_policy_edit_file(const struct doorward_policy_edit *e);
DOORWARD_API const char *doorward_policy_edit_before(const struct doorward_policy_edit *e); /* NULL: no such file */
DOORWARD_API const char *doorward_policy_edit_after(const struct doorward_policy_edit *e);
/* The i-th sentence about what no statement could say, from 0; NULL behind the last. */
DOORWARD_API const char *doorward_policy_edit_note(const struct doorward_policy_edit *e, size_t i);
/*
 * Writes it: whole or not at all, with the owner, mode and labels that the file had (a new one: 0644). -ESTALE: the
 * file is not what it was; nothing was written.
 */
DOORWARD_API int doorward_policy_edit_write(struct doorward *d, const struct doorward_policy_edit *e);

/* A door as the table of an audit shows it, nothing cut short. Fit for a terminal, never NULL; "-": there is none. */
struct doorward_row {
	const char *door;   /* "[::]:22/tcp": doorward_audit_why() and doorward_plan_make() take it as a word */
	const char *where;  /* "[::]" */
	const char *behind; /* what follows `where` in `door`: ":22/tcp" */
	const char *verdict, *service, *program, *user, *starter, *reach, *why;
	const char *netns;    /* "host" for the host's own */
	unsigned place;       /* the order under one verdict: the farthest reach first */
	unsigned port;        /* 0: it has none */
	int carries_session;  /* 1: the connection of whoever looks comes through it */
};
/* The i-th of "doors", all zero behind the last. The texts belong to the audit. */
DOORWARD_API struct doorward_row doorward_audit_row(struct doorward_audit *a, size_t i);

#ifdef __cplusplus
}
#endif

#endif
