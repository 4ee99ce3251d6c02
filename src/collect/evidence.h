/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What says that a part of the kernel listens on a port. Private to src/collect. */
#ifndef DW_EVIDENCE_H
#define DW_EVIDENCE_H

#include "genl.h"

struct dw_evidence {
	size_t netns; /* index; DW_NONE: in any namespace */
	enum dw_protocol protocol;
	uint16_t port;
	const char *name; /* of the subsystem */
};

struct dw_evidences {
	struct dw_evidence *v;
	size_t n, cap;
	struct dw_arena *arena; /* scratch */
	struct dw_genl genl;
};

void dw_evidence_add(struct dw_evidences *all, size_t netns, enum dw_protocol protocol,
		     unsigned port, const char *name);
/* Files of the host: nfsd, ksmbd, iscsi and nvme targets, dlm, rds, tipc. */
void dw_evidence_files(struct dw_collect *c, struct dw_evidences *all);
/* Tunnels of one namespace: vxlan, geneve, bareudp, gtp, wireguard, l2tp, fou. */
void dw_evidence_links(struct dw_collect *c, struct dw_evidences *all, size_t netns);

/* Single messages of generic netlink families; 0: no port in it. */
uint16_t dw_wireguard_port(const struct nlmsghdr *m);
uint16_t dw_l2tp_port(const struct nlmsghdr *m);
uint16_t dw_fou_port(const struct nlmsghdr *m);

#endif
