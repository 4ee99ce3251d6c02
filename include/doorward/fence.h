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

#ifdef __cplusplus
}
#endif

#endif
