/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The networks around a host: those on its links, those that it has a route to, those that somebody asks for. */
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "senders.h"

#define ZONES_MAX 512u
#define LOOPBACK  1u

/* --- addresses ---------------------------------------------------------------------------------- */

void dw_address_range(const uint8_t *address, size_t size, unsigned bits, uint8_t *ret_low,
		      uint8_t *ret_high)
{
	for (size_t i = 0; i < size; i++) {
		unsigned in = bits > i * 8 ? DW_MIN(bits - (unsigned)i * 8, 8u) : 0;
		uint8_t mask = (uint8_t)(0xff00u >> in);

		ret_low[i] = address[i] & mask;
		ret_high[i] = (uint8_t)(address[i] | (uint8_t)~mask);
	}
}

bool dw_address_next(uint8_t *address, size_t size)
{
	for (size_t i = size; i-- > 0;)
		if (++address[i] != 0)
			return true;
	return false;
}

void dw_address_before(uint8_t *address, size_t size)
{
	for (size_t i = size; i-- > 0;)
		if (address[i]-- != 0)
			return;
}

/* The prefix that is this span; -1: none. */
static int prefix_of(const uint8_t *low, const uint8_t *high, size_t size)
{
	unsigned bits = 0;
	uint8_t l[16], h[16];

	while (bits < size * 8 && ((low[bits / 8] ^ high[bits / 8]) & 0x80 >> bits % 8) == 0)
		bits++;
	dw_address_range(low, size, bits, l, h);
	return memcmp(l, low, size) == 0 && memcmp(h, high, size) == 0 ? (int)bits : -1;
}

const char *dw_address_span_text(struct dw_arena *a, enum dw_family family, const uint8_t *low,
				 const uint8_t *high)
{
	int af = family == DW_FAMILY_IPV4 ? AF_INET : AF_INET6;
	size_t size = dw_scene_size(family);
	char first[INET6_ADDRSTRLEN] = "", last[INET6_ADDRSTRLEN] = "";
	int bits = prefix_of(low, high, size);

	(void)inet_ntop(af, low, first, sizeof(first));
	(void)inet_ntop(af, high, last, sizeof(last));
	if (bits == (int)size * 8)
		return dw_arena_strdup(a, first);
	if (bits >= 0)
		return dw_arena_printf(a, "%s/%d", first, bits);
	return dw_arena_printf(a, "%s-%s", first, last);
}

/* --- zones -------------------------------------------------------------------------------------- */

struct finding {
	const struct dw_scene *scene;
	enum dw_family family;
	size_t size;
	struct dw_zones *zones;
};

static struct dw_zone zone_of(const struct finding *f, enum dw_source_kind kind,
			      const uint8_t *address, unsigned bits, uint32_t ifindex)
{
	struct dw_zone z = { .kind = kind, .bits = bits, .ifindex = ifindex };

	dw_address_range(address, f->size, bits, z.low, z.high);
	return z;
}

/* The same network by the same interface once only; one that is asked for by name, once at all. */
static void add_zone(const struct finding *f, struct dw_zone z, bool by_name)
{
	for (size_t i = 0; i < f->zones->n; i++) {
		struct dw_zone *old = &f->zones->v[i];

		if (old->bits != z.bits || old->kind != z.kind ||
		    memcmp(old->low, z.low, f->size) != 0)
			continue;
		if (by_name || old->ifindex == z.ifindex)
			return;
		old->shared = z.shared = true;
	}
	if (f->zones->n < ZONES_MAX)
		dw_vec_push(f->scene->arena, f->zones, z);
}

static bool can_enter(const struct finding *f, uint32_t ifindex)
{
	const struct dw_scene_link *l = dw_scene_link(f->scene, ifindex);

	return l && l->is_up && !l->is_port && ifindex != LOOPBACK;
}

static void nobody_at(const struct finding *f, const uint8_t *address)
{
	add_zone(f, zone_of(f, DW_SOURCE_UNKNOWN, address, (unsigned)f->size * 8, 0), false);
}

static void add_links(const struct finding *f)
{
	for (size_t i = 0; i < f->scene->addresses.n; i++) {
		const struct dw_scene_address *a = &f->scene->addresses.v[i];
		struct dw_zone z;

		if (dw_scene_family(a->family) != f->family)
			continue;
		nobody_at(f, a->local);
		z = zone_of(f, DW_SOURCE_NETWORK, a->peer, a->bits, a->ifindex);
		if (!can_enter(f, a->ifindex) || memcmp(z.low, z.high, f->size) == 0) {
			/* the other end of a link between two */
			if (can_enter(f, a->ifindex) && memcmp(a->peer, a->local, f->size) != 0)
				add_zone(f, z, false);
			continue;
		}
		add_zone(f, z, false);
		if (f->size * 8 - a->bits < 2) /* RFC 3021, RFC 6164: both ends are hosts */
			continue;
		nobody_at(f, z.low); /* IPv6: the routers' anycast address, RFC 4291 2.6.1 */
		if (f->family == DW_FAMILY_IPV4)
			nobody_at(f, z.high);
	}
}

/* --- routes ------------------------------------------------------------------------------------- */

struct way {
	uint8_t to[16];
	unsigned bits;
	uint32_t ifindex, metric;
	bool is_main;
};

static bool read_way(const struct dw_scene_message *one, enum dw_family family, struct way *ret)
{
	const struct rtmsg *head = mnl_nlmsg_get_payload(one->m);
	size_t size = dw_scene_size(family);
	uint32_t table = head->rtm_table;
	const struct nlattr *t;

	if (dw_scene_family(head->rtm_family) != family || head->rtm_type != RTN_UNICAST ||
	    head->rtm_dst_len > size * 8)
		return false;
	*ret = (struct way){ .bits = head->rtm_dst_len };
	mnl_attr_for_each(t, one->m, sizeof(*head))
	{
		const void *p = mnl_attr_get_payload(t);
		size_t n = mnl_attr_get_payload_len(t);

		if (mnl_attr_get_type(t) == RTA_DST && n == size)
			memcpy(ret->to, p, size);
		if (mnl_attr_get_type(t) == RTA_OIF && n == sizeof(uint32_t))
			memcpy(&ret->ifindex, p, n);
		if (mnl_attr_get_type(t) == RTA_PRIORITY && n == sizeof(uint32_t))
			memcpy(&ret->metric, p, n);
		if (mnl_attr_get_type(t) == RTA_TABLE && n == sizeof(uint32_t))
			memcpy(&table, p, n);
		/* several at once: the first stands for all */
		if (mnl_attr_get_type(t) == RTA_MULTIPATH && n >= sizeof(struct rtnexthop))
			ret->ifindex = (uint32_t)((const struct rtnexthop *)p)->rtnh_ifindex;
	}
	ret->is_main = table == RT_TABLE_MAIN;
	return ret->ifindex != 0;
}

/* Where packets to that address go out, by the main table; 0: nowhere. */
static uint32_t way_to(const struct finding *f, const uint8_t *address)
{
	struct way best = { 0 };

	for (size_t i = 0; i < f->scene->routes.n; i++) {
		uint8_t low[16], high[16];
		struct way w;

		if (!read_way(&f->scene->routes.v[i], f->family, &w) || !w.is_main)
			continue;
		dw_address_range(w.to, f->size, w.bits, low, high);
		if (memcmp(address, low, f->size) < 0 || memcmp(address, high, f->size) > 0)
			continue;
		if (best.ifindex == 0 || w.bits > best.bits ||
		    (w.bits == best.bits && w.metric < best.metric))
			best = w;
	}
	return best.ifindex;
}

static void add_routed(const struct finding *f)
{
	for (size_t i = 0; i < f->scene->routes.n; i++) {
		struct way w;

		if (f->zones->n < ZONES_MAX / 2 &&
		    read_way(&f->scene->routes.v[i], f->family, &w) && w.bits > 0 && w.is_main &&
		    can_enter(f, w.ifindex))
			add_zone(f, zone_of(f, DW_SOURCE_NETWORK, w.to, w.bits, w.ifindex), true);
	}
}

/* All others: by the interfaces of default routes; without one, by each interface. */
static void add_anyone(const struct finding *f)
{
	static const uint8_t zero[16];
	bool found = false;

	for (size_t i = 0; i < f->scene->routes.n; i++) {
		struct way w;

		if (!read_way(&f->scene->routes.v[i], f->family, &w) || w.bits > 0 ||
		    !can_enter(f, w.ifindex))
			continue;
		add_zone(f, zone_of(f, DW_SOURCE_ANYONE, zero, 0, w.ifindex), false);
		found = true;
	}
	for (size_t i = 0; !found && i < f->scene->links.n; i++)
		if (can_enter(f, f->scene->links.v[i].ifindex))
			add_zone(
				f,
				zone_of(f, DW_SOURCE_ANYONE, zero, 0, f->scene->links.v[i].ifindex),
				false);
}

/* Addresses that nobody sends from: RFC 6890 (this network, loopback), multicast, and what is beyond. */
static void add_nobody(const struct finding *f)
{
	static const struct {
		enum dw_family family;
		uint8_t address[16];
		unsigned bits;
	} nobody[] = {
		{ DW_FAMILY_IPV4, { 0 }, 8 },           { DW_FAMILY_IPV4, { 127 }, 8 },
		{ DW_FAMILY_IPV4, { 224 }, 3 },         { DW_FAMILY_IPV6, { 0 }, 8 },
		{ DW_FAMILY_IPV6, { 0xfe, 0x80 }, 10 }, { DW_FAMILY_IPV6, { 0xff }, 8 },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(nobody); i++)
		if (nobody[i].family == f->family)
			add_zone(
				f,
				zone_of(f, DW_SOURCE_UNKNOWN, nobody[i].address, nobody[i].bits, 0),
				false);
}

static bool is_nobodys(const struct finding *f, const struct dw_zone *z)
{
	for (size_t i = 0; i < f->zones->n; i++) {
		const struct dw_zone *n = &f->zones->v[i];

		if (n->kind == DW_SOURCE_UNKNOWN && memcmp(z->low, n->low, f->size) >= 0 &&
		    memcmp(z->high, n->high, f->size) <= 0)
			return true;
	}
	return false;
}

static void add_named(const struct finding *f, const struct dw_rehearse_network *networks, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct dw_zone z;

		if (networks[i].family != f->family || networks[i].prefix == 0 ||
		    networks[i].prefix > f->size * 8)
			continue;
		z = zone_of(f, DW_SOURCE_NETWORK, networks[i].address, networks[i].prefix, 0);
		if (is_nobodys(f, &z))
			continue;
		z.ifindex = way_to(f, z.low);
		/* no way there: they come by where all others do */
		for (size_t k = 0; !can_enter(f, z.ifindex) && k < f->zones->n; k++)
			if (f->zones->v[k].kind == DW_SOURCE_ANYONE)
				z.ifindex = f->zones->v[k].ifindex;
		if (can_enter(f, z.ifindex))
			add_zone(f, z, true);
	}
}

void dw_zones_find(const struct dw_scene *scene, enum dw_family family,
		   const struct dw_rehearse_network *networks, size_t n_networks,
		   struct dw_zones *ret)
{
	const struct finding f = {
		.scene = scene, .family = family, .size = dw_scene_size(family), .zones = ret
	};

	add_nobody(&f);
	add_anyone(&f);
	add_links(&f);
	add_named(&f, networks, n_networks);
	add_routed(&f);
}
