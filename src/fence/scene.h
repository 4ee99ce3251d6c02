/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The place where rules are rehearsed: what a network namespace has of interfaces, addresses, routes and settings, and
 * a copy of all that in a namespace of ours. Interfaces of the copy have the name, index, kind of header and MAC
 * of the original; a packet that is written to one comes in by it. Private to src/fence.
 */
#ifndef DW_FENCE_SCENE_H
#define DW_FENCE_SCENE_H

#include <linux/netlink.h>

#include "dw_rehearse.h"
#include "ruleset.h"

struct dw_scene_link {
	uint32_t ifindex, master; /* master 0: none */
	char name[16];
	const char *kind; /* "vlan", "bridge" ...; NULL: hardware */
	uint16_t type;    /* ARPHRD_xxx */
	uint8_t mac[6];
	uint32_t mtu, group;
	bool is_up, is_ethernet;
	bool is_port; /* of a bridge or the like: what comes in goes to its master */
	bool is_vrf;
	bool is_filtered; /* an XDP program is attached */
	/* a netkit pair: what its other end sends, what this one sends, is dropped unless a program lets it pass */
	bool drops_in, drops_out;
	int fd; /* of its copy, -1: none */
};

struct dw_scene_address {
	int family;
	uint32_t ifindex, flags;
	uint8_t bits, scope;
	uint8_t local[16], peer[16], broadcast[16];
	bool has_broadcast;
	bool refused; /* by the kernel of the copy */
};

/* As the kernel told it, to be told again. */
struct dw_scene_message {
	struct nlmsghdr *m;
	bool late; /* needs others first: a route with a gateway */
};

struct dw_scene {
	struct dw_sys *sys;
	struct dw_arena *arena;
	struct dw_netns original; /* fd -1: the one that we are in */
	DW_VEC(struct dw_scene_link) links;
	DW_VEC(struct dw_scene_address) addresses;
	DW_VEC(struct dw_scene_message) routes;
	DW_VEC(struct dw_scene_message) rules; /* of policy routing */
	DW_VEC(struct dw_obstacle) obstacles;
	bool is_made;
	struct dw_netns copy;
	int raw[2];      /* sockets for this host's own packets: IPv4, IPv6 (-1: none) */
	int sentinel_fd; /* device of our own; its index: sentinel */
	uint32_t sentinel;
};

/* What is there; nothing is made. ns as in the options. The object lies in the arena. */
int dw_scene_read(struct dw_sys *s, struct dw_arena *a, const struct dw_netns *ns,
		  struct dw_scene **ret, struct dw_error *e);
/* The links alone, and what sees their packets. */
int dw_scene_read_beside(struct dw_sys *s, struct dw_arena *a, const struct dw_netns *ns,
			 struct dw_scene **ret, struct dw_error *e);
/* To the classes of sources of the rules: whom policy routing, and routes that lead nowhere, tell apart. */
void dw_scene_tell_apart(const struct dw_scene *scene, struct dw_ruleset *rules);
/* Something comes in or not by rules of policy routing, or by routes that lead nowhere. */
bool dw_scene_bars(const struct dw_scene *scene);
/* The copy. Once. */
int dw_scene_make(struct dw_scene *scene, struct dw_error *e);
void dw_scene_close(struct dw_scene *scene); /* NULL allowed */

struct dw_scene_link *dw_scene_link(const struct dw_scene *scene,
				    uint32_t ifindex); /* NULL: none */
/* Says what could not be copied; ifindex as in struct dw_obstacle, the rest of it is the caller's. NULL: too many. */
struct dw_obstacle *dw_scene_obstacle(struct dw_scene *scene, uint32_t ifindex, const char *fmt,
				      ...) dw_printf_like(3, 4);

static inline enum dw_family dw_scene_family(int family)
{
	return family == 2 /* AF_INET */ ? DW_FAMILY_IPV4 : DW_FAMILY_IPV6;
}
static inline size_t dw_scene_size(enum dw_family family)
{
	return family == DW_FAMILY_IPV4 ? 4 : 16;
}

/* --- pieces of it ------------------------------------------------------------------------------- */

int dw_scene_read_links(struct dw_scene *scene, struct dw_error *e);
int dw_scene_read_addresses(struct dw_scene *scene, struct dw_error *e);
int dw_scene_read_routes(struct dw_scene *scene, struct dw_error *e);
int dw_scene_read_rules(struct dw_scene *scene,
			struct dw_error *e); /* of policy routing, without the routes */
int dw_scene_make_links(struct dw_scene *scene, struct dw_error *e);
/* Sets an interface of the copy up. */
int dw_scene_raise(struct dw_scene *scene, const char *name, struct dw_error *e);
int dw_scene_make_addresses(struct dw_scene *scene, struct dw_error *e);
/* Until they are there. */
int dw_scene_await_addresses(struct dw_scene *scene, struct dw_error *e);
int dw_scene_make_routes(struct dw_scene *scene, struct dw_error *e);
/* Of all interfaces, before there are any; then of each. */
int dw_scene_settings(struct dw_scene *scene, bool of_links, struct dw_error *e);

#endif
