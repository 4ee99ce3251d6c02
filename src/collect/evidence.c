/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Evidence from tunnels: rtnetlink's link data and the generic netlink families. */
#include "evidence.h"

#include <linux/fou.h>
#include <linux/genetlink.h>
#include <linux/l2tp.h>
#include <linux/wireguard.h>

#include "dw_str.h"
#include "links.h"

void dw_evidence_add(struct dw_evidences *all, size_t netns, enum dw_protocol protocol,
		     unsigned port, const char *name)
{
	if (port == 0 || port > UINT16_MAX)
		return;
	*dw_vec_add(all->arena, all) =
		(struct dw_evidence){ netns, protocol, (uint16_t)port, name };
}

uint16_t dw_wireguard_port(const struct nlmsghdr *m)
{
	const struct nlattr *tb[WGDEVICE_A_MAX + 1];

	dw_attr_message(m, sizeof(struct genlmsghdr), tb, WGDEVICE_A_MAX);
	return dw_attr_u16(tb[WGDEVICE_A_LISTEN_PORT]);
}

uint16_t dw_l2tp_port(const struct nlmsghdr *m)
{
	const struct nlattr *tb[L2TP_ATTR_MAX + 1];

	dw_attr_message(m, sizeof(struct genlmsghdr), tb, L2TP_ATTR_MAX);
	if (!tb[L2TP_ATTR_ENCAP_TYPE] ||
	    dw_attr_u16(tb[L2TP_ATTR_ENCAP_TYPE]) != L2TP_ENCAPTYPE_UDP)
		return 0;
	return dw_attr_u16(tb[L2TP_ATTR_UDP_SPORT]);
}

uint16_t dw_fou_port(const struct nlmsghdr *m)
{
	const struct nlattr *tb[FOU_ATTR_MAX + 1];

	dw_attr_message(m, sizeof(struct genlmsghdr), tb, FOU_ATTR_MAX);
	return dw_attr_be16(tb[FOU_ATTR_PORT]);
}

struct dumping {
	struct dw_evidences *all;
	size_t netns;
	const char *name;
	uint16_t (*port)(const struct nlmsghdr *m);
};

static int on_message(const struct nlmsghdr *m, void *arg)
{
	struct dumping *d = arg;

	dw_evidence_add(d->all, d->netns, DW_PROTOCOL_UDP, d->port(m), d->name);
	return 0;
}

/*
 * The socket of a vxlan, geneve or wireguard interface stays in the namespace where the interface
 * was made; the interface may have been moved to another. So its port counts in its own namespace
 * first and then in any (an ownerless socket with this port is asked for, nothing else).
 */
static void everywhere(struct dw_evidences *all, size_t netns, unsigned port, const char *name)
{
	dw_evidence_add(all, netns, DW_PROTOCOL_UDP, port, name);
	dw_evidence_add(all, DW_NONE, DW_PROTOCOL_UDP, port, name);
}

static void wireguard(struct dw_collect *c, struct dw_evidences *all, size_t netns,
		      const struct dw_link_facts *l)
{
	struct dumping d = { all, netns, "wireguard", dw_wireguard_port };
	uint16_t family = dw_genl_id(c, &all->genl, all->arena, WG_GENL_NAME);
	union dw_request room = { 0 };
	struct nlmsghdr *m;
	size_t before = all->n;

	if (!family)
		return;
	m = dw_genl_request(&room, family, WG_CMD_GET_DEVICE, WG_GENL_VERSION);
	if (!mnl_attr_put_strz_check(m, sizeof(room), WGDEVICE_A_IFNAME, l->name))
		return;
	(void)dw_netlink_request(c->sys, &c->netns.v[netns], NETLINK_GENERIC, m, on_message, NULL,
				 &d, NULL);
	for (size_t i = before, n = all->n; i < n; i++)
		dw_evidence_add(all, DW_NONE, DW_PROTOCOL_UDP, all->v[i].port, "wireguard");
}

static void genl_dump(struct dw_collect *c, struct dw_evidences *all, struct dumping *d,
		      uint8_t command)
{
	uint16_t family = dw_genl_id(c, &all->genl, all->arena, d->name);
	union dw_request room = { 0 };

	if (!family)
		return;
	(void)dw_netlink_request(c->sys, &c->netns.v[d->netns], NETLINK_GENERIC,
				 dw_genl_request(&room, family, command, 1), on_message, NULL, d,
				 NULL);
}

void dw_evidence_links(struct dw_collect *c, struct dw_evidences *all, size_t netns)
{
	struct dumping l2tp = { all, netns, L2TP_GENL_NAME, dw_l2tp_port };
	struct dumping fou = { all, netns, FOU_GENL_NAME, dw_fou_port };
	struct dw_links links = { 0 };

	genl_dump(c, all, &l2tp, L2TP_CMD_TUNNEL_GET);
	genl_dump(c, all, &fou, FOU_CMD_GET);
	if (dw_links_collect(c->sys, &c->netns.v[netns], all->arena, &links, NULL) < 0)
		return;
	for (size_t i = 0; i < links.n; i++) {
		const struct dw_link_facts *l = &links.v[i];

		if (l->port)
			everywhere(all, netns, l->port, l->kind);
		else if (l->kind && dw_streq(l->kind, "wireguard"))
			wireguard(c, all, netns, l);
		else if (l->fixed_port) {
			everywhere(all, netns, 2152, l->kind); /* GTP-U, 3GPP TS 29.281 */
			everywhere(all, netns, 3386, l->kind); /* GTP version 0 */
		}
	}
}
