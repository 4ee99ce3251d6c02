/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Generic netlink: which families there are, and questions to them. Private to src/collect. */
#ifndef DW_GENL_H
#define DW_GENL_H

#include "dw_attr.h"
#include "dw_collect.h"

struct dw_genl_family {
	const char *name;
	uint16_t id;
};

struct dw_genl {
	bool asked;
	DW_VEC(struct dw_genl_family) families;
};

/*
 * The id of a family; 0: none. All families are dumped once: asking for one by name would make the
 * kernel load its module (genl_ctrl, "net-pf-16-proto-16-family-NAME"), and looking must not change
 * the host.
 */
uint16_t dw_genl_id(struct dw_collect *c, struct dw_genl *g, struct dw_arena *a, const char *name);
/* Begins a dump request; attributes may be put behind it. */
struct nlmsghdr *dw_genl_request(union dw_request *room, uint16_t family, uint8_t command,
				 uint8_t version);
/* For tests: one message of the controller. */
void dw_genl_message(struct dw_genl *g, struct dw_arena *a, const struct nlmsghdr *m);

#endif
