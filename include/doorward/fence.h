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

struct doorward_fence_look_options {
	size_t size; /* sizeof(struct doorward_fence_look_options) */
	/* 1: trace each of the packets for the rules that none meets, which may take minutes; 0: those of low ports and
	   where something changes from one port to the next */
	int every_port;
};

/*
 * Whom the packet filter of the network namespace that we are in lets in, door by door (of the audit, which is borrowed),
 * and what is odd about it. Found by sending packets into a copy of the rules: nothing is changed, and nothing sent to
 * anybody. -EPERM: not root. -ENOTSUP: it cannot be rehearsed here, the message says why. No filter is no failure.
 */
DOORWARD_API int doorward_fence_look(struct doorward *d, struct doorward_audit *a,
				     const struct doorward_fence_look_options *o,
				     struct doorward_fence_view **ret);
DOORWARD_API void doorward_fence_view_free(struct doorward_fence_view *v); /* NULL allowed */
/* DOORWARD_TO_DO: published ports go round the filter. DOORWARD_BLIND: of some door it cannot be told. */
DOORWARD_API unsigned doorward_fence_view_outcome(const struct doorward_fence_view *v);
/* DOORWARD_TEXT, DOORWARD_JSON(_INDENTED) (schema/fence-show.schema.json). */
DOORWARD_API int doorward_fence_view_write(struct doorward *d, const struct doorward_fence_view *v,
					   enum doorward_format format, FILE *out,
					   const struct doorward_style *style);

#ifdef __cplusplus
}
#endif

#endif
