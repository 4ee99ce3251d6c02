/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An IPv6 address is ours only when its local route is there, and that is made by a work queue some time after the
 * kernel has said yes to the address (addrconf_dad_work(), for addresses without duplicate detection as well). On a
 * busy host packets came sooner, and were no longer for this host.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "dw_hold.h"
#include "dw_listener.h"
#include "scene.h"

#define PATIENCE_MS 5000u
#define NAP_MS      20

struct awaiting {
	struct dw_scene *scene;
	bool *is_there; /* of each address */
};

static bool is_awaited(const struct dw_scene *scene, const struct dw_scene_address *a)
{
	const struct dw_scene_link *l = dw_scene_link(scene, a->ifindex);

	return a->family == AF_INET6 && !a->refused && l && l->is_up;
}

static int see_route(const struct nlmsghdr *m, void *arg)
{
	struct awaiting *x = arg;
	const struct rtmsg *head = mnl_nlmsg_get_payload(m);
	const struct nlattr *t;

	if (m->nlmsg_type != RTM_NEWROUTE || m->nlmsg_len < mnl_nlmsg_size(sizeof(*head)))
		return -EBADMSG;
	if (head->rtm_family != AF_INET6 || head->rtm_type != RTN_LOCAL || head->rtm_dst_len != 128)
		return 0;
	mnl_attr_for_each(t, m, sizeof(*head))
	{
		if (mnl_attr_get_type(t) != RTA_DST || mnl_attr_get_payload_len(t) != 16)
			continue;
		for (size_t i = 0; i < x->scene->addresses.n; i++)
			if (memcmp(x->scene->addresses.v[i].local, mnl_attr_get_payload(t), 16) ==
			    0)
				x->is_there[i] = true;
	}
	return 0;
}

/* The first that is not there yet; NULL: all are. */
static const struct dw_scene_address *missing(const struct awaiting *x)
{
	for (size_t i = 0; i < x->scene->addresses.n; i++)
		if (!x->is_there[i] && is_awaited(x->scene, &x->scene->addresses.v[i]))
			return &x->scene->addresses.v[i];
	return NULL;
}

static int look(struct awaiting *x, struct dw_error *e)
{
	union {
		struct nlmsghdr m;
		char room[256];
	} q = { 0 };
	struct nlmsghdr *m = mnl_nlmsg_put_header(&q);
	struct rtmsg *head;

	m->nlmsg_type = RTM_GETROUTE;
	m->nlmsg_flags = NLM_F_DUMP;
	head = mnl_nlmsg_put_extra_header(m, sizeof(*head));
	head->rtm_family = AF_INET6;
	return dw_netlink_request(x->scene->sys, &x->scene->copy, NETLINK_ROUTE, m, see_route, NULL,
				  x, e);
}

static int nothing(const struct nlmsghdr *m, void *arg)
{
	(void)m;
	(void)arg;
	return 0;
}

static int await(struct awaiting *x, struct dw_error *e)
{
	_cleanup_listener_ struct dw_listener *l = NULL;
	struct dw_sys *s = x->scene->sys;
	uint64_t end = dw_sys_now_ms(s) + PATIENCE_MS;
	bool lost = false;
	int r = dw_listener_open(s, &x->scene->copy, NETLINK_ROUTE, 65536, &l, e);

	if (r == 0)
		r = dw_listener_join(l, RTNLGRP_IPV6_ROUTE, e);
	while (r >= 0) {
		r = look(x, e);
		if (r < 0 || !missing(x) || dw_sys_now_ms(s) > end)
			break;
		/* the nap is for what was told before we joined, or was lost */
		r = dw_listener_read(l, NAP_MS, nothing, NULL, &lost, e);
	}
	return r < 0 ? r : 0;
}

int dw_scene_await_addresses(struct dw_scene *scene, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct awaiting x = { .scene = scene };
	int r = 0;

	x.is_there = dw_arena_array(a, scene->addresses.n + 1, sizeof(*x.is_there));
	if (missing(&x))
		r = look(&x, e);
	if (r == 0 && missing(&x))
		r = await(&x, e);
	for (size_t i = 0; r == 0 && i < scene->addresses.n; i++)
		if (!x.is_there[i] && is_awaited(scene, &scene->addresses.v[i]))
			dw_scene_obstacle(scene, scene->addresses.v[i].ifindex,
					  "an IPv6 address does not come up in a copy");
	return r;
}
