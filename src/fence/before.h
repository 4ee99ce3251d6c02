/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What sees packets beside the rules that can be copied: programs of tc and BPF, IPsec, other hooks of the kernel. Each
 * becomes an obstacle of the scene. Private to src/fence; the readers of messages are tested alone.
 */
#ifndef DW_FENCE_BEFORE_H
#define DW_FENCE_BEFORE_H

#include "scene.h"

/* All of it, of the scene's original; its links are read. What this kernel does not know is not there. */
int dw_before_read(struct dw_scene *scene, struct dw_error *e);

/* BPF programs at its interfaces. */
int dw_before_read_programs(struct dw_scene *scene, struct dw_error *e);
int dw_before_read_ipsec(struct dw_scene *scene, struct dw_error *e);
int dw_before_read_hooks(struct dw_scene *scene, struct dw_error *e);

/* A place where tc's classifiers may hang. */
struct dw_before_qdisc {
	uint32_t ifindex;
	bool clsact; /* both ways; else the old `ingress` */
};
/* RTM_NEWQDISC; false: it is none such. */
bool dw_before_qdisc(const struct nlmsghdr *m, struct dw_before_qdisc *ret);
/* RTM_NEWTFILTER: "bpf NAME", "flower" ..., in the arena; NULL: it is no filter. */
const char *dw_before_filter(struct dw_arena *a, const struct nlmsghdr *m);

/* XFRM_MSG_NEWPOLICY, XFRM_MSG_GETDEFAULT's answer. */
void dw_before_policy(struct dw_scene *scene, const struct nlmsghdr *m);
void dw_before_default(struct dw_scene *scene, const struct nlmsghdr *m);

/* NFNL_MSG_HOOK_GET: one function that the kernel calls at a hook (NF_INET_xxx, of an NFPROTO_xxx). */
void dw_before_hook(struct dw_scene *scene, unsigned hook, const struct nlmsghdr *m);

#endif
