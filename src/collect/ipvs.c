/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* linux/ip_vs.h: IPVS_CMD_GET_SERVICE, then IPVS_CMD_GET_DEST for each. */
#include "ipvs.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <netinet/in.h>
#include <string.h>

#include "dw_str.h"
#include "forward.h"

#define SERVICES_MAX 4096u
#define TARGETS_MAX  400 /* bytes of the list of one service's real servers */

bool dw_ipvs_service_parse(struct dw_arena *a, const struct nlmsghdr *m,
			   struct dw_ipvs_service *ret)
{
	const struct nlattr *tb[IPVS_CMD_ATTR_MAX + 1], *svc[IPVS_SVC_ATTR_MAX + 1];
	const struct nlattr *address;

	dw_attr_message(m, sizeof(struct genlmsghdr), tb, IPVS_CMD_ATTR_MAX);
	if (!tb[IPVS_CMD_ATTR_SERVICE])
		return false;
	dw_attr_nested(tb[IPVS_CMD_ATTR_SERVICE], svc, IPVS_SVC_ATTR_MAX);
	address = svc[IPVS_SVC_ATTR_ADDR];
	*ret = (struct dw_ipvs_service){
		.family = dw_attr_u16(svc[IPVS_SVC_ATTR_AF]),
		.protocol = dw_attr_u16(svc[IPVS_SVC_ATTR_PROTOCOL]),
		.port = dw_attr_be16(svc[IPVS_SVC_ATTR_PORT]),
		.fwmark = dw_attr_u32(svc[IPVS_SVC_ATTR_FWMARK]),
		.scheduler = dw_attr_string(a, svc[IPVS_SVC_ATTR_SCHED_NAME]),
	};
	if (address)
		memcpy(ret->address, dw_attr_data(address),
		       DW_MIN(dw_attr_size(address), sizeof(ret->address)));
	return ret->family == AF_INET || ret->family == AF_INET6;
}

const char *dw_ipvs_target_parse(struct dw_arena *a, const struct nlmsghdr *m, uint16_t family)
{
	const struct nlattr *tb[IPVS_CMD_ATTR_MAX + 1], *dest[IPVS_DEST_ATTR_MAX + 1];
	char text[INET6_ADDRSTRLEN];

	dw_attr_message(m, sizeof(struct genlmsghdr), tb, IPVS_CMD_ATTR_MAX);
	if (!tb[IPVS_CMD_ATTR_DEST])
		return NULL;
	dw_attr_nested(tb[IPVS_CMD_ATTR_DEST], dest, IPVS_DEST_ATTR_MAX);
	if (dest[IPVS_DEST_ATTR_ADDR_FAMILY])
		family = dw_attr_u16(dest[IPVS_DEST_ATTR_ADDR_FAMILY]);
	if ((family != AF_INET && family != AF_INET6) ||
	    dw_attr_size(dest[IPVS_DEST_ATTR_ADDR]) < (family == AF_INET ? 4u : 16u))
		return NULL;
	inet_ntop(family, dw_attr_data(dest[IPVS_DEST_ATTR_ADDR]), text, sizeof(text));
	return dw_arena_printf(a, family == AF_INET6 ? "[%s]:%u" : "%s:%u", text,
			       dw_attr_be16(dest[IPVS_DEST_ATTR_PORT]));
}

struct dumping {
	struct dw_arena *a;
	DW_VEC(struct dw_ipvs_service) services;
	struct dw_ipvs_service *service; /* whose destinations are being read */
};

static int on_service(const struct nlmsghdr *m, void *arg)
{
	struct dumping *d = arg;
	struct dw_ipvs_service s;

	if (d->services.n < SERVICES_MAX && dw_ipvs_service_parse(d->a, m, &s))
		dw_vec_push(d->a, &d->services, s);
	return 0;
}

static int on_target(const struct nlmsghdr *m, void *arg)
{
	struct dumping *d = arg;
	const char *target = dw_ipvs_target_parse(d->a, m, d->service->family),
		   *all = d->service->targets;

	if (target && (!all || strlen(all) + strlen(target) < TARGETS_MAX))
		d->service->targets = all ? dw_arena_printf(d->a, "%s, %s", all, target) : target;
	return 0;
}

static void on_restart(void *arg)
{
	struct dumping *d = arg;

	if (d->service)
		d->service->targets = NULL;
	else
		d->services.n = 0;
}

static void ask_targets(struct dw_collect *c, const struct dw_netns *ns, uint16_t family,
			struct dumping *d, struct dw_ipvs_service *s)
{
	union dw_request room = { 0 };
	struct nlmsghdr *m = dw_genl_request(&room, family, IPVS_CMD_GET_DEST, IPVS_GENL_VERSION);
	struct nlattr *nest = mnl_attr_nest_start(m, IPVS_CMD_ATTR_SERVICE);

	mnl_attr_put_u16(m, IPVS_SVC_ATTR_AF, s->family);
	if (s->fwmark) {
		mnl_attr_put_u32(m, IPVS_SVC_ATTR_FWMARK, s->fwmark);
	} else {
		mnl_attr_put_u16(m, IPVS_SVC_ATTR_PROTOCOL, s->protocol);
		mnl_attr_put(m, IPVS_SVC_ATTR_ADDR, sizeof(s->address), s->address);
		mnl_attr_put_u16(m, IPVS_SVC_ATTR_PORT, htons(s->port));
	}
	mnl_attr_nest_end(m, nest);
	d->service = s;
	/* A service that went away meanwhile has no destinations to tell. */
	(void)dw_netlink_request(c->sys, ns, NETLINK_GENERIC, m, on_target, on_restart, d, NULL);
}

static enum dw_protocol protocol_of(uint16_t number)
{
	unsigned bit = dw_protocol_bit((uint8_t)number);

	for (unsigned p = DW_PROTOCOL_TCP; p < DW_PROTOCOL_RAW; p++)
		if (bit == 1u << p)
			return (enum dw_protocol)p;
	return DW_PROTOCOL_TCP; /* fwmark services, which name none, are for TCP first of all */
}

static void add(struct dw_collect *c, size_t netns, const struct dw_ipvs_service *s)
{
	struct dw_facts *f = c->facts;
	const char *targets = s->targets ? s->targets : "no server";
	struct dw_redirect_fact fact = { .kind = DW_KIND_REDIRECTED, .port_last = s->port };

	fact.at.netns = f->netns.v[netns].inode;
	fact.at.protocol = protocol_of(s->protocol);
	fact.at.family = s->family == AF_INET ? DW_FAMILY_IPV4 : DW_FAMILY_IPV6;
	memcpy(fact.at.address, s->address, s->family == AF_INET ? 4 : 16);
	fact.at.has_port = s->port != 0;
	fact.at.port = s->port;
	fact.target = s->targets ? dw_arena_strdup(f->arena, s->targets) : NULL;
	if (s->fwmark)
		fact.rule = dw_arena_printf(
			f->arena, "ipvs virtual service for packets marked %u, scheduler %s, to %s",
			s->fwmark, s->scheduler ? s->scheduler : "?", targets);
	else
		fact.rule = dw_arena_printf(f->arena, "ipvs virtual service, scheduler %s, to %s",
					    s->scheduler ? s->scheduler : "?", targets);
	dw_vec_push(f->arena, &f->redirects, fact);
}

int dw_ipvs_collect(struct dw_collect *c, struct dw_genl *g, size_t netns, struct dw_arena *scratch,
		    struct dw_error *e)
{
	uint16_t family = dw_genl_id(c, g, scratch, IPVS_GENL_NAME);
	struct dumping d = { .a = scratch };
	const struct dw_netns *ns = &c->netns.v[netns];
	union dw_request room = { 0 };
	int r;

	if (!family)
		return 0;
	r = dw_netlink_request(
		c->sys, ns, NETLINK_GENERIC,
		dw_genl_request(&room, family, IPVS_CMD_GET_SERVICE, IPVS_GENL_VERSION), on_service,
		on_restart, &d, e);
	if (r < 0)
		return r == -ESRCH || r == -ENOENT ? 0 : r;
	for (size_t i = 0; i < d.services.n; i++) {
		ask_targets(c, ns, family, &d, &d.services.v[i]);
		add(c, netns, &d.services.v[i]);
	}
	return 0;
}
