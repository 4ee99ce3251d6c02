/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "genl.h"

#include <linux/genetlink.h>

#include "dw_str.h"

struct nlmsghdr *dw_genl_request(union dw_request *room, uint16_t family, uint8_t command,
				 uint8_t version)
{
	struct nlmsghdr *m = mnl_nlmsg_put_header(room);
	struct genlmsghdr *g;

	m->nlmsg_type = family;
	m->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	g = mnl_nlmsg_put_extra_header(m, sizeof(*g));
	g->cmd = command;
	g->version = version;
	return m;
}

void dw_genl_message(struct dw_genl *g, struct dw_arena *a, const struct nlmsghdr *m)
{
	const struct nlattr *tb[CTRL_ATTR_MAX + 1];

	dw_attr_message(m, sizeof(struct genlmsghdr), tb, CTRL_ATTR_MAX);
	if (!tb[CTRL_ATTR_FAMILY_NAME] || !tb[CTRL_ATTR_FAMILY_ID])
		return;
	*dw_vec_add(a, &g->families) = (struct dw_genl_family){
		.name = dw_attr_string(a, tb[CTRL_ATTR_FAMILY_NAME]),
		.id = dw_attr_u16(tb[CTRL_ATTR_FAMILY_ID]),
	};
}

struct dumping {
	struct dw_genl *g;
	struct dw_arena *a;
};

static int on_message(const struct nlmsghdr *m, void *arg)
{
	struct dumping *d = arg;

	dw_genl_message(d->g, d->a, m);
	return 0;
}

static void on_restart(void *arg)
{
	struct dumping *d = arg;

	d->g->families.n = 0;
}

uint16_t dw_genl_id(struct dw_collect *c, struct dw_genl *g, struct dw_arena *a, const char *name)
{
	struct dumping d = { g, a };
	union dw_request room = { 0 };
	/* The ids are the same in every namespace; our own shows the families of all. */
	const struct dw_netns *host = c->netns.n > 0 ? &c->netns.v[0] : NULL;

	if (!g->asked) {
		g->asked = true;
		(void)dw_netlink_request(
			c->sys, host, NETLINK_GENERIC,
			dw_genl_request(&room, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1), on_message,
			on_restart, &d, NULL);
	}
	for (size_t i = 0; i < g->families.n; i++)
		if (dw_streq(g->families.v[i].name, name))
			return g->families.v[i].id;
	return 0;
}
