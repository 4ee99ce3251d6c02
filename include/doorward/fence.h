/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of doorward.h, which includes it: the host's own packet filter, from the policy. */
#ifndef DOORWARD_FENCE_H
#define DOORWARD_FENCE_H

#include "doorward.h"

#ifdef __cplusplus
extern "C" {
#endif

struct doorward_fence; /* the rules of a packet filter that follow from a policy */

struct doorward_fence_options {
	size_t size; /* sizeof(struct doorward_fence_options) */
	/* "nft", "iptables", "ufw", "firewalld"; NULL: the one by which this host is run */
	const char *style;
};
/*
 * The rules that let in what the policy keeps, of the doors of the audit and of those that it names beforehand. Nothing
 * is changed. Borrows the audit. -ENOENT: there is no policy. -EINVAL: no such style.
 */
DOORWARD_API int doorward_fence_make(struct doorward *d, struct doorward_audit *a,
				     const struct doorward_fence_options *o,
				     struct doorward_fence **ret);
DOORWARD_API void doorward_fence_free(struct doorward_fence *f); /* NULL allowed */
/*
 * DOORWARD_TEXT: the rules, as the style's own tool reads them; DOORWARD_JSON(_INDENTED)
 * (schema/fence.schema.json).
 */
DOORWARD_API int doorward_fence_write(struct doorward *d, const struct doorward_fence *f,
				      enum doorward_format format, FILE *out);
/*
 * What is to be said of the rules, a sentence each, not escaped. Kinds: "style" (why this one), "conflict" (who else
 * is at the packet filter), "cut" (an open door that they would shut), "remark", "cannot" (what the style has no words
 * for).
 */
DOORWARD_API void doorward_fence_tell(const struct doorward_fence *f,
				      void (*tell)(void *data, const char *kind, const char *text),
				      void *data);

struct doorward_fence_view; /* today's packet filter */

/*
 * Whom the packet filter of the network namespace that we are in lets in, door by door (of the audit, which is
 * borrowed), and what is odd about it. Found by sending packets into a copy of the rules: nothing is changed, and
 * nothing sent to anybody. -EPERM: not root. -ENOTSUP: it cannot be rehearsed here, the message says why. No
 * filter is no failure.
 */
DOORWARD_API int doorward_fence_look(struct doorward *d, struct doorward_audit *a,
				     struct doorward_fence_view **ret);
DOORWARD_API void doorward_fence_view_free(struct doorward_fence_view *v); /* NULL allowed */
/* DOORWARD_TO_DO: published ports go round the filter. DOORWARD_BLIND: of some door it cannot be told. */
DOORWARD_API unsigned doorward_fence_view_outcome(const struct doorward_fence_view *v);
/* DOORWARD_TEXT, DOORWARD_JSON(_INDENTED) (schema/fence-show.schema.json). */
DOORWARD_API int doorward_fence_view_write(struct doorward *d, const struct doorward_fence_view *v,
					   enum doorward_format format, FILE *out,
					   const struct doorward_style *style);

/*
 * The fence on this host. Rules are tried on a copy of the host's own filter first (doorward_fence_rehearse),
 * then loaded on trial: what puts them back is started before they are loaded, and does so unless
 * doorward_fence_confirm() is called in time, also when the terminal, the network or doorward dies, or the host
 * boots. All of it needs root.
 */
struct doorward_rehearsal; /* what new rules would change; borrows its audit */

/*
 * rules: of our table, as doorward_fence_write() gives them in the style nft; copied. Nothing on the host is changed.
 * -EINVAL: nf_tables refuses them. -ENOTSUP: nftables is not installed, or the kernel has none. That they cannot
 * be rehearsed is no failure: the rehearsal says so.
 */
DOORWARD_API int doorward_fence_rehearse(struct doorward *d, struct doorward_audit *a,
					 const char *rules, struct doorward_rehearsal **ret);
DOORWARD_API void doorward_rehearsal_free(struct doorward_rehearsal *r); /* NULL allowed */
/* DOORWARD_TEXT, DOORWARD_JSON(_INDENTED) (schema/fence-rehearse.schema.json). */
DOORWARD_API int doorward_rehearsal_write(struct doorward *d, const struct doorward_rehearsal *r,
					  enum doorward_format format, FILE *out);
/* 1: something could not be told. */
DOORWARD_API int doorward_rehearsal_is_blind(const struct doorward_rehearsal *r);
/* 1: our table would be another one than it is now. */
DOORWARD_API int doorward_rehearsal_changes(const struct doorward_rehearsal *r);

#define DOORWARD_FENCE_CONFIRM_WITHIN 600ULL /* seconds */
/*
 * Loads the rehearsed rules as a run of the journal, on trial for o->trial seconds (0: ten minutes), and looks
 * whether the way in still is one. -ECONNABORTED: they would cut the way by which whoever runs this came, or it cannot
 * be told (even_my_session 1: loaded all the same). -ECANCELED: what was seen afterwards was not good, and the
 * former rules are back. Else as doorward_close().
 */
DOORWARD_API int doorward_fence_apply(struct doorward *d, struct doorward_rehearsal *r,
				      int even_my_session, const struct doorward_close_options *o,
				      long long *ret_run);
/*
 * Keeps the fence that is on trial, now and for every boot. -EISCONN: whoever runs this came by a connection that
 * was there before the rules were loaded. -EALREADY, -ETIME: as doorward_confirm(), which does the same for a run
 * of this kind.
 */
DOORWARD_API int doorward_fence_confirm(struct doorward *d, long long *ret_run);
/* Takes the newest run of the fence back, confirmed or not; as doorward_undo(). -EALREADY: there is none. */
DOORWARD_API int doorward_fence_revert(struct doorward *d, const struct doorward_close_options *o,
				       long long *ret_run);
/*
 * Takes the fence away, now and for every boot, as a run of its own. -EALREADY: there is none. -EBUSY: one is
 * on trial.
 */
DOORWARD_API int doorward_fence_off(struct doorward *d, const struct doorward_close_options *o,
				    long long *ret_run);

#ifdef __cplusplus
}
#endif

#endif
