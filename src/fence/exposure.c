/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which packets to send for a door: from each source to each address that the door is bound to. */
#include "exposure.h"

#include <string.h>

#include "dw_str.h"
#include "spans.h"

#define uthash_fatal(message) dw_oom()
#include <uthash.h>

#define QUESTIONS_MAX 200000
#define TARGETS_MAX   256 /* addresses that one door is asked at */
#define PORTS_MAX     256 /* of a forwarded range */

struct target {
	enum dw_family family; /* ipv4, ipv6 */
	uint8_t address[16];
	uint32_t ifindex; /* that has it; 0: not known */
	const char *ifname;
};

/* A question that is there already, by what tells it from others. */
struct key {
	uint32_t source, protocol;
	uint8_t to[16];
	uint32_t port;
};

struct known {
	struct key key;
	size_t question;
	UT_hash_handle hh;
};

struct planning {
	struct dw_exposure *x;
	struct known *known;
};

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

static bool is_loopback(enum dw_family f, const uint8_t *address)
{
	static const uint8_t one[16] = { [15] = 1 };

	return f == DW_FAMILY_IPV4 ? address[0] == 127 : memcmp(address, one, sizeof(one)) == 0;
}

static bool is_link_local(enum dw_family f, const uint8_t *address)
{
	/* routers pass 169.254.0.0/16 no more than fe80::/10 (RFC 3927 2.7, RFC 4291 2.5.6) */
	return f == DW_FAMILY_IPV4 ? address[0] == 169 && address[1] == 254
				   : address[0] == 0xfe && (address[1] & 0xc0) == 0x80;
}

/* --- what needs no packet ------------------------------------------------------------------------- */

static const struct dw_filtered *made(struct dw_arena *a, enum dw_filtered_kind kind,
				      const char *words, const char *why)
{
	struct dw_filtered *f = dw_new(a, struct dw_filtered);

	*f = (struct dw_filtered){ .kind = kind, .words = words, .complete = true, .why = why };
	return f;
}

const struct dw_filtered *dw_exposure_unknown(struct dw_arena *a, const char *why)
{
	return made(a, DW_FILTERED_UNKNOWN, "unknown", why);
}

/* Not a guess: routers do not pass what is for a link. */
static const struct dw_filtered *of_the_link(struct dw_arena *a, const struct dw_door *d)
{
	bool v4 = d->at.family == DW_FAMILY_IPV4;
	struct dw_network *n = dw_new(a, struct dw_network);
	struct dw_filtered *f = dw_new(a, struct dw_filtered);

	*n = v4 ? (struct dw_network){ DW_FAMILY_IPV4, { 169, 254 }, 16 }
		: (struct dw_network){ DW_FAMILY_IPV6, { 0xfe, 0x80 }, 10 };
	*f = (struct dw_filtered){ .kind = DW_FILTERED_NETWORKS,
				   .words = dw_network_text(a, n),
				   .networks = n,
				   .n_networks = 1,
				   .complete = true };
	return f;
}

static const struct dw_filtered *without_filter(struct dw_arena *a, const struct dw_door *d)
{
	enum dw_bound bound = dw_endpoint_bound(&d->at);

	if (bound == DW_BOUND_LINK_LOCAL)
		return of_the_link(a, d);
	if (bound == DW_BOUND_UNKNOWN || d->at.protocol == DW_PROTOCOL_UNKNOWN)
		return dw_exposure_unknown(a, "where it will listen is not known");
	return made(a, DW_FILTERED_ANYONE, "anyone", NULL);
}

/* Filters see packets of IP, and a packet socket sees them before. */
static const struct dw_filtered *beside_filter(struct dw_arena *a, const struct dw_door *d)
{
	if (d->at.protocol == DW_PROTOCOL_PACKET)
		return made(a, DW_FILTERED_ANYONE, "anyone",
			    "a packet socket sees what comes in before the packet filter does");
	if (d->at.protocol == DW_PROTOCOL_VSOCK || d->at.protocol == DW_PROTOCOL_BLUETOOTH)
		return made(a, DW_FILTERED_ANYONE, "anyone",
			    "it is reached beside the IP network: no packet filter sees it");
	return NULL;
}

/* Why no packet can be sent to it; NULL: one can. */
static const char *not_to_rehearse_words(const struct dw_door *d)
{
	if (d->at.protocol == DW_PROTOCOL_RAW)
		return "packets without ports are not rehearsed";
	if (dw_endpoint_bound(&d->at) == DW_BOUND_MULTICAST)
		return "packets to a group are not rehearsed";
	if (!d->at.has_port || d->at.protocol == DW_PROTOCOL_UNKNOWN ||
	    dw_endpoint_bound(&d->at) == DW_BOUND_UNKNOWN)
		return "where it will listen is not known";
	return NULL;
}

/* What needs no filter to be told; NULL: it depends on one. */
static const struct dw_filtered *of_itself(struct dw_arena *a, const struct dw_door *d)
{
	const struct dw_filtered *f = beside_filter(a, d);

	if (!f && dw_endpoint_bound(&d->at) == DW_BOUND_LOOPBACK)
		f = made(a, DW_FILTERED_HOST, "this host", NULL);
	return f;
}

/* Who comes by that interface is told by addresses and routes. */
static bool is_of_interface(const struct dw_door *d)
{
	return (d->at.ifindex || d->at.ifname) && !not_to_rehearse_words(d) &&
	       dw_endpoint_bound(&d->at) != DW_BOUND_LINK_LOCAL;
}

const struct dw_filtered *dw_exposure_without_filter(struct dw_arena *a, const struct dw_door *d)
{
	const struct dw_filtered *f = of_itself(a, d);

	return f ? f : without_filter(a, d);
}

const struct dw_filtered *dw_exposure_by_address(struct dw_arena *a, const struct dw_door *d)
{
	const struct dw_filtered *f = of_itself(a, d);
	const char *why = not_to_rehearse_words(d);

	if (f)
		return f;
	if (d->packet_filter == DW_NO)
		return is_of_interface(d) ? NULL : without_filter(a, d);
	if (d->packet_filter == DW_UNKNOWN)
		why = "whether a packet filter stands before it could not be seen";
	return why ? dw_exposure_unknown(a, why) : NULL;
}

/* --- which packets -------------------------------------------------------------------------------- */

bool dw_exposure_takes(const struct dw_endpoint *at, enum dw_family f)
{
	if (at->family == DW_FAMILY_DUAL)
		return true;
	if (at->family == DW_FAMILY_IPV6 && memcmp(at->address, mapped, sizeof(mapped)) == 0)
		return f == DW_FAMILY_IPV4;
	return at->family == f;
}

/* The addresses that the door is bound to; *ret_cut: there are more. */
static size_t targets_of(const struct dw_exposure_room *room, const struct dw_endpoint *at,
			 struct target *ret, bool *ret_cut)
{
	size_t n = 0;

	if (!dw_endpoint_is_any(at)) {
		bool v4 = dw_exposure_takes(at, DW_FAMILY_IPV4);

		ret[0] = (struct target){ .family = v4 ? DW_FAMILY_IPV4 : DW_FAMILY_IPV6 };
		memcpy(ret[0].address,
		       at->address + (v4 && at->family != DW_FAMILY_IPV4 ? sizeof(mapped) : 0),
		       v4 ? 4 : 16);
		for (size_t i = 0; i < room->n_own; i++)
			if (room->own[i].family == ret[0].family &&
			    memcmp(room->own[i].address, ret[0].address, v4 ? 4 : 16) == 0 &&
			    (!at->ifindex || room->own[i].ifindex == at->ifindex)) {
				ret[0].ifindex = room->own[i].ifindex;
				ret[0].ifname = room->own[i].ifname;
			}
		return 1;
	}
	for (size_t i = 0; i < room->n_own; i++) {
		const struct dw_rehearse_own *own = &room->own[i];

		if (!dw_exposure_takes(at, own->family))
			continue;
		*ret_cut = n == TARGETS_MAX;
		if (*ret_cut)
			break;
		ret[n] = (struct target){ .family = own->family,
					  .ifindex = own->ifindex,
					  .ifname = own->ifname };
		memcpy(ret[n++].address, own->address, sizeof(own->address));
	}
	return n;
}

bool dw_exposure_comes_by(const struct dw_source *s, const struct dw_endpoint *at)
{
	if (!at->ifindex && !at->ifname)
		return true;
	if (at->ifindex)
		return s->ifindex == at->ifindex;
	return dw_streq0(s->ifname, at->ifname);
}

/*
 * SO_BINDTODEVICE: only what comes in by that interface reaches the socket. What this host sends to itself counts as
 * coming in by the interface that has the address (rt_iif of ip_route_output_key_hash_rcu(), ip6_dst_idev()).
 */
static bool gets_to(const struct dw_source *s, const struct dw_endpoint *at, const struct target *t)
{
	const struct dw_source here = { .ifindex = t->ifindex, .ifname = t->ifname };

	if (s->kind != DW_SOURCE_HOST)
		return dw_exposure_comes_by(s, at);
	return dw_endpoint_bound(at) == DW_BOUND_LINK_LOCAL || dw_exposure_comes_by(&here, at);
}

static bool can_send(const struct dw_source *s, const struct target *t)
{
	if (s->family != t->family)
		return false;
	if (s->kind == DW_SOURCE_HOST)
		return true;
	/* the kernel drops what comes from outside for 127.0.0.0/8, unless route_localnet is set */
	if (is_loopback(t->family, t->address))
		return false;
	if (is_link_local(t->family, t->address))
		return s->kind == DW_SOURCE_NETWORK && s->ifindex == t->ifindex;
	return true;
}

/* The question's number; SIZE_MAX: there are too many. */
static size_t question(struct planning *p, const struct dw_rehearse_question *q)
{
	struct dw_exposure *x = p->x;
	struct known *k = NULL;
	struct key key;

	memset(&key, 0, sizeof(key)); /* its padding is hashed, too */
	key.source = q->source;
	key.protocol = q->protocol;
	key.port = q->port;
	memcpy(key.to, q->to, sizeof(key.to));
	HASH_FIND(hh, p->known, &key, sizeof(key), k);
	if (k)
		return k->question;
	if (x->n >= x->room.most)
		return SIZE_MAX;
	k = dw_new(x->arena, struct known);
	k->key = key;
	k->question = x->n;
	HASH_ADD(hh, p->known, key, sizeof(k->key), k);
	dw_vec_push(x->arena, x, *q);
	return k->question;
}

static void ask(struct planning *p, size_t door, uint32_t source, const struct target *t)
{
	const struct dw_door *d = p->x->room.doors[door];
	struct dw_exposed *e = &p->x->exposed[door];
	uint32_t last = DW_MAX(d->port_last, d->at.port);
	struct dw_rehearse_question q = { .source = source, .protocol = d->at.protocol };

	memcpy(q.to, t->address, sizeof(q.to));
	if (last - d->at.port >= PORTS_MAX) {
		last = d->at.port + PORTS_MAX - 1;
		e->cut = true;
	}
	for (uint32_t port = d->at.port; port <= last; port++) {
		size_t n;

		q.port = (uint16_t)port;
		n = question(p, &q);
		if (n == SIZE_MAX)
			e->cut = true;
		else
			dw_vec_push(p->x->arena, &e->uses, ((struct dw_exposed_use){ source, n }));
	}
}

static void plan_door(struct planning *p, size_t door)
{
	const struct dw_exposure_room *room = &p->x->room;
	const struct dw_endpoint *at = &room->doors[door]->at;
	struct target targets[TARGETS_MAX];
	size_t n = targets_of(room, at, targets, &p->x->exposed[door].cut);

	for (uint32_t s = 0; s < room->n_sources; s++)
		for (size_t t = 0; t < n; t++)
			if (gets_to(&room->sources[s], at, &targets[t]) &&
			    can_send(&room->sources[s], &targets[t]))
				ask(p, door, s, &targets[t]);
}

/* Not exact: only the largest is looked for. */
static double size_of(const struct dw_source *s)
{
	struct dw_ranges r = { .family = s->family };
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	double n = 0;

	for (size_t i = 0; i < s->n_spans; i++)
		dw_ranges_add(a, &r, &s->spans[i]);
	for (size_t i = 0; i < r.n; i++)
		n += (double)(r.v[i].high - r.v[i].low) + 1;
	return n;
}

void dw_exposure_find_rest(struct dw_exposure *x)
{
	size_t n = x->room.n_sources;
	double *sizes = dw_arena_array(x->arena, n + 1, sizeof(*sizes));

	x->rest = dw_arena_array(x->arena, n + 1, sizeof(*x->rest));
	for (size_t i = 0; i < n; i++) {
		const struct dw_source *s = &x->room.sources[i];

		if (s->kind != DW_SOURCE_ANYONE)
			continue;
		sizes[i] = size_of(s);
		x->rest[i] = true;
		for (size_t k = 0; k < i; k++) {
			const struct dw_source *o = &x->room.sources[k];

			if (!x->rest[k] || o->family != s->family || o->ifindex != s->ifindex)
				continue;
			x->rest[k] = sizes[k] >= sizes[i];
			x->rest[i] = !x->rest[k];
			break;
		}
	}
}

struct dw_exposure *dw_exposure_new(struct dw_arena *a, const struct dw_exposure_room *room)
{
	struct dw_exposure *x = dw_new(a, struct dw_exposure);
	struct planning p = { .x = x };

	x->arena = a;
	x->room = *room;
	if (x->room.most == 0)
		x->room.most = QUESTIONS_MAX;
	x->exposed = dw_arena_array(a, room->n_doors + 1, sizeof(*x->exposed));
	dw_exposure_find_rest(x);
	for (size_t i = 0; i < room->n_doors; i++) {
		struct dw_door *d = room->doors[i];

		d->filtered = dw_exposure_by_address(a, d);
		if (!d->filtered)
			plan_door(&p, i);
	}
	HASH_CLEAR(hh, p.known);
	return x;
}
