/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which doors stay as they are, and why. A refused door stays with all its levers; whoever would take it along is
 * refused too, until nothing changes any more. Doors are only ever taken out, so that comes to an end.
 */
#include <string.h>

#include "dw_str.h"
#include "making.h"

static const char *const ids[] = { "own-session", "own-network", "last-way-in", "kept-neighbour",
				   "no-lever",    "needs-fence", "conflict",    "package-needed" };

const char *dw_plan_refusal_id(size_t i)
{
	return i < DW_ARRAY_SIZE(ids) ? ids[i] : NULL;
}

void dw_making_refuse(struct making *m, size_t i, const char *id, const char *fmt, ...)
{
	struct making_door *d = &m->doors[i];
	va_list ap;

	if (!d->active)
		return;
	d->active = false;
	d->id = id;
	va_start(ap, fmt);
	d->sentence = dw_arena_vprintf(m->arena, fmt, ap);
	va_end(ap);
}

static const char *name_of(const struct making_door *d)
{
	return d->d->service ? d->d->service : d->d->door->starter.id;
}

/* "0.0.0.0:631/tcp (cups)" */
static const char *tell(const struct making *m, size_t i)
{
	const struct making_door *d = &m->doors[i];
	const char *name = name_of(d);

	return name ? dw_arena_printf(m->arena, "%s (%s)", d->text, name) : d->text;
}

/* --- no way ------------------------------------------------------------------------------------- */

static bool has_work(const struct making *m, const struct dw_levers *all)
{
	for (size_t i = 0; i < all->n; i++)
		if (dw_making_moves(m, &all->v[i]))
			return true;
	return false;
}

static const struct dw_lever *not_read(const struct making *m, const struct dw_levers *all)
{
	for (size_t i = 0; i < all->n; i++)
		if (!all->v[i].now.text && dw_making_moves(m, &all->v[i]))
			return &all->v[i];
	return NULL;
}

static void refuse_impossible(struct making *m, size_t i)
{
	const struct dw_plan_door *d = m->doors[i].d;
	bool narrow = d->intent == DW_INTENT_RESTRICT;
	const char *id = narrow ? "needs-fence" : "no-lever";
	const struct dw_lever *unread;

	if (!d->levers || d->levers->cannot)
		dw_making_refuse(
			m, i, id, "%s",
			d->levers ? d->levers->cannot
			: narrow  ? "Nothing is known that narrows it: a packet filter has to."
				  : "Nothing is known that closes it.");
	else if ((unread = not_read(m, d->levers)))
		dw_making_refuse(m, i, id, "The state of %s could not be read.",
				 unread->label ? unread->label : unread->object);
	else if (!has_work(m, d->levers))
		dw_making_refuse(m, i, id, "All that would open it is off already%s.",
				 d->door->kind == DW_KIND_SLEEPING
					 ? ""
					 : ", and what holds it now could not be told");
	else
		dw_making_refuse_packages(m, i);
}

/* --- what must not go --------------------------------------------------------------------------- */

static bool is_vpn(const struct dw_plan_door *d)
{
	static const char *const known[] = { "openvpn",   "wireguard", "ipsec",  "l2tp",
					     "pptp",      "ocserv",    "sstp",   "tinc",
					     "tailscale", "zerotier",  "nebula", "softether" };

	if (dw_streq0(d->door->kernel, "wireguard"))
		return true;
	for (size_t i = 0; d->service && i < DW_ARRAY_SIZE(known); i++)
		if (dw_starts_with(d->service, known[i]))
			return true;
	return false;
}

/* RFC 1918, RFC 6598 and RFC 4193: what a tunnel gives its ends. */
static bool is_private(const char *address)
{
	static const char *const nets[] = { "10.",    "192.168.", "100.6",  "100.7",
					    "100.8",  "100.9",    "100.10", "100.11",
					    "100.12", "fc",       "fd",     "fe80:" };
	uint64_t second;
	const char *dot;

	for (size_t i = 0; i < DW_ARRAY_SIZE(nets); i++)
		if (dw_starts_with(address, nets[i]))
			return true;
	if (!dw_starts_with(address, "172.") || !(dot = strchr(address + 4, '.')))
		return false;
	return dw_parse_u64n(address + 4, (size_t)(dot - address - 4), 10, 255, &second) &&
	       second >= 16 && second <= 31;
}

/* The session may have come through a tunnel: who is connected to its door has such an address, or is not known. */
static bool session_in_tunnel(const struct making *m)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct dw_door *d = m->doors[i].d->door;

		if (d->carries_session && d->n_peers == 0)
			return true;
		for (size_t k = 0; d->carries_session && k < d->n_peers; k++)
			if (!d->peers[k].local && is_private(d->peers[k].address))
				return true;
	}
	return false;
}

static const struct dw_lever *network_lever(const struct making *m, const struct making_door *d)
{
	const struct dw_levers *all = d->d->levers;

	for (size_t i = 0; i < all->n; i++)
		if (dw_making_moves(m, &all->v[i]) && dw_lever_is_network(&all->v[i], d->d->door))
			return &all->v[i];
	return NULL;
}

static void refuse_own(struct making *m, size_t i)
{
	struct making_door *d = &m->doors[i];
	const struct dw_lever *l;

	if (d->d->door->carries_session)
		dw_making_refuse(
			m, i, "own-session",
			"Your own session came through it: --even-my-session closes it all "
			"the same.");
	else if (d->d->network)
		dw_making_refuse(
			m, i, "own-network",
			"The host has its network from it: --even-my-session closes it all "
			"the same.");
	else if ((l = network_lever(m, d)))
		dw_making_refuse(m, i, "own-network",
				 "Closing it stops %s, which gives the host its network: "
				 "--even-my-session closes it all the same.",
				 l->label ? l->label : l->object);
	else if (is_vpn(d->d) && session_in_tunnel(m))
		dw_making_refuse(m, i, "own-network",
				 "Your own session may have come through this VPN: "
				 "--even-my-session closes it all the same.");
}

/* --- neighbours --------------------------------------------------------------------------------- */

bool dw_making_is_kept(const struct making_door *n, bool named)
{
	static const char *const kept[] = { "keep", "restrict", "ask" };

	if (n->active)
		return n->d->intent == DW_INTENT_RESTRICT;
	if (n->id && n->d->intent == DW_INTENT_CLOSE)
		return false; /* spreads() looks at it */
	for (size_t i = 0; i < DW_ARRAY_SIZE(kept) - (named ? 1 : 0); i++)
		if (dw_streq0(n->d->verdict, kept[i]))
			return true;
	return n->d->intent == DW_INTENT_RESTRICT;
}

/*
 * A side door of the service that is closed: on loopback (named's 953, a second listener), opened by the same starter,
 * in doubt for no other reason than that, and nobody is connected. Otherwise the service would stay open to all.
 */
static bool is_side_door(const struct making_door *d, const struct making_door *n)
{
	const struct dw_starter *x = &d->d->door->starter, *y = &n->d->door->starter;

	return !n->active && dw_streq0(n->d->verdict, "ask") &&
	       dw_endpoint_bound(&n->d->door->at) == DW_BOUND_LOOPBACK &&
	       dw_endpoint_bound(&d->d->door->at) != DW_BOUND_LOOPBACK && x->kind == y->kind &&
	       x->id && dw_streq0(x->id, y->id) && n->d->door->connections == 0;
}

/* What keeps n from being closed keeps every door that would take it along. */
static bool spreads(const struct making_door *n)
{
	return n->id && n->d->intent == DW_INTENT_CLOSE && !dw_streq(n->id, "no-lever");
}

static bool refuse_for(struct making *m, size_t i, size_t k)
{
	struct making_door *d = &m->doors[i], *n = &m->doors[k];
	bool even = m->r->even_my_session;

	/* narrowing a door stops nothing: its levers are settings */
	if (d->d->intent != DW_INTENT_CLOSE)
		return false;
	if (!even && n->d->door->carries_session)
		dw_making_refuse(m, i, "own-session",
				 "%s goes with it, and your own session came through that: "
				 "--even-my-session closes both.",
				 tell(m, k));
	else if (!even && n->d->network && !n->active)
		dw_making_refuse(m, i, "own-network",
				 "%s goes with it, and the host has its network from that: "
				 "--even-my-session closes both.",
				 tell(m, k));
	else if (spreads(n))
		dw_making_refuse(m, i, n->id, "%s goes with it, and stays: %s", tell(m, k),
				 n->sentence);
	else if (!is_side_door(d, n) && dw_making_is_kept(n, d->d->named))
		dw_making_refuse(
			m, i, "kept-neighbour",
			"%s goes with it, and is to stay (%s): name both to close them, or "
			"shut this one alone with --restrict.",
			tell(m, k), n->d->verdict ? n->d->verdict : "no verdict");
	return !d->active;
}

static bool refuse_neighbours(struct making *m, size_t i)
{
	const struct indexes *takes = &m->doors[i].takes;

	for (size_t k = 0; k < takes->n; k++)
		if (refuse_for(m, i, takes->v[k]))
			return true;
	return false;
}

/* --- daemons of which no line is left ----------------------------------------------------------- */

static bool is_spared(const struct making *m, const char *set)
{
	for (size_t i = 0; i < m->spared.n; i++)
		if (dw_streq(m->spared.v[i], set))
			return true;
	return false;
}

static bool would_miss(const struct making *m, const struct making_door *d)
{
	for (size_t k = 0; k < d->daemon_takes.n; k++) {
		const struct making_door *n = &m->doors[d->daemon_takes.v[k]];

		if (n->d->door->carries_session || n->d->network || spreads(n) ||
		    dw_making_is_kept(n, d->d->named))
			return true;
	}
	return false;
}

/* The daemon goes on when a door that stays is held by it: the lines are enough. */
static bool spare_daemons(struct making *m)
{
	bool more = false;

	for (size_t i = 0; i < m->n; i++) {
		const struct making_door *d = &m->doors[i];
		const struct dw_levers *all = d->d->levers;

		if (!d->active || !would_miss(m, d))
			continue;
		for (size_t k = 0; k < all->n; k++) {
			const char *set = all->v[k].unless_used;

			if (!set || is_spared(m, set))
				continue;
			dw_vec_push(m->arena, &m->spared, set);
			more = true;
		}
	}
	return more;
}

/* --- the last way in ---------------------------------------------------------------------------- */

/* A container's or another namespace's leads into that, not to this host. */
static bool is_way_in(const struct dw_plan_door *d)
{
	return d->login && d->door->kind != DW_KIND_SLEEPING &&
	       (!d->door->netns || dw_streq(d->door->netns, "host")) &&
	       dw_endpoint_bound(&d->door->at) != DW_BOUND_LOOPBACK;
}

/* Still there after a boot: what somebody started by hand is not. */
static bool lasts(const struct dw_plan_door *d)
{
	const struct dw_starter *s = &d->door->starter;

	return s->kind != DW_STARTER_MANUAL && s->enabled != DW_NO;
}

/* Closed, or narrowed so far that nobody reaches it. */
static bool is_shut(const struct making_door *d)
{
	return d->active && (d->d->intent == DW_INTENT_CLOSE ||
			     (d->d->levers && d->d->levers->narrowed == DW_NARROWED_GONE));
}

static bool goes_along(const struct making *m, size_t n)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct making_door *d = &m->doors[i];

		for (size_t k = 0; d->active && d->d->intent == DW_INTENT_CLOSE && k < d->takes.n;
		     k++)
			if (d->takes.v[k] == n)
				return true;
	}
	return false;
}

static bool stays(const struct making *m, size_t i)
{
	return !is_shut(&m->doors[i]) && !goes_along(m, i);
}

/* The better the verdict, the rather it is the one that stays. */
static unsigned worth(const struct dw_plan_door *d)
{
	static const char *const order[] = { "keep", "restrict", "ask", "unknown", "investigate" };
	unsigned i = 0;

	while (i < DW_ARRAY_SIZE(order) && !dw_streq0(d->verdict, order[i]))
		i++;
	return i;
}

/*
 * The way in that must stay, m->n: none. One that lasts has to be left if there was one; what was started by hand is
 * good enough only where nothing better was.
 */
static size_t way_in_to_keep(const struct making *m, bool lasting)
{
	size_t best = m->n;

	for (size_t i = 0; i < m->n; i++) {
		if (!is_way_in(m->doors[i].d) || (lasting && !lasts(m->doors[i].d)))
			continue;
		if (stays(m, i))
			return m->n;
		if (best == m->n || worth(m->doors[i].d) < worth(m->doors[best].d))
			best = i;
	}
	return best;
}

static bool has_lasting(const struct making *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (is_way_in(m->doors[i].d) && lasts(m->doors[i].d))
			return true;
	return false;
}

static bool refuse_last_way_in(struct making *m)
{
	bool lasting = has_lasting(m);
	size_t best = way_in_to_keep(m, lasting);

	for (size_t i = 0; best < m->n && i < m->n; i++) {
		const struct indexes *takes = &m->doors[i].takes;
		bool takes_it = i == best;

		for (size_t k = 0; k < takes->n; k++)
			takes_it |= takes->v[k] == best;
		if (takes_it && is_shut(&m->doors[i]))
			dw_making_refuse(
				m, i, "last-way-in",
				"Nobody could log in over the network any more%s without %s: "
				"--even-my-session closes it all the same.",
				lasting ? " after the next boot" : "", tell(m, best));
	}
	return best < m->n;
}

void dw_making_refuse_all(struct making *m)
{
	bool more = true;

	while (more) {
		more = spare_daemons(m);
		for (size_t i = 0; i < m->n; i++) {
			if (!m->doors[i].active)
				continue;
			refuse_impossible(m, i);
			if (m->doors[i].active && !m->r->even_my_session)
				refuse_own(m, i);
			if (m->doors[i].active)
				(void)refuse_neighbours(m, i);
			more |= !m->doors[i].active;
		}
		if (!more && !m->r->even_my_session)
			more = refuse_last_way_in(m);
	}
}
