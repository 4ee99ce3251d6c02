/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which door of a host answers at an address of it. */
#include <string.h>

#include "comparing.h"
#include "dw_str.h"

static const uint8_t mapped[12] = {
	[10] = 0xff, [11] = 0xff
}; /* ::ffff:0:0/96, RFC 4291 2.5.5.2 */

static bool is_loopback(const struct dw_address *x)
{
	static const uint8_t one[16] = { [15] = 1 };

	if (x->family == DW_FAMILY_IPV4)
		return x->bytes[0] == 127;
	return memcmp(x->bytes, one, sizeof(one)) == 0;
}

/* Scopes are numbers of interfaces, and another host has its own: they are not compared. */
static bool is_same(const struct dw_address *x, const struct dw_address *y)
{
	return x->family == y->family && memcmp(x->bytes, y->bytes, sizeof(x->bytes)) == 0;
}

static const struct dw_own_address *own_of(const struct dw_snapshot *s, const struct dw_address *x)
{
	for (size_t i = 0; i < s->n_addresses; i++)
		if (is_same(&s->addresses[i].address, x))
			return &s->addresses[i];
	return NULL;
}

static bool takes_family(const struct dw_endpoint *at, const struct dw_address *x)
{
	if (at->family == DW_FAMILY_DUAL)
		return true;
	if (at->family == DW_FAMILY_IPV6 && x->family == DW_FAMILY_IPV4)
		return memcmp(at->address, mapped, sizeof(mapped)) == 0;
	return at->family == x->family;
}

static bool is_bound_to(const struct dw_endpoint *at, const struct dw_address *x)
{
	if (x->family == DW_FAMILY_IPV4 && at->family != DW_FAMILY_IPV4)
		return memcmp(at->address, mapped, sizeof(mapped)) == 0 &&
		       memcmp(at->address + sizeof(mapped), x->bytes, 4) == 0;
	return at->family == x->family && memcmp(at->address, x->bytes, 16) == 0;
}

/* SO_BINDTODEVICE: what comes in by another interface does not reach it, whatever the address. */
static enum dw_reaches by_interface(const struct dw_snapshot *s, const struct dw_endpoint *at,
				    const struct dw_address *x)
{
	const struct dw_own_address *own = own_of(s, x);

	if (!own)
		return DW_REACHES_PERHAPS;
	if (at->ifname && own->ifname)
		return dw_streq(at->ifname, own->ifname) ? DW_REACHES_YES : DW_REACHES_NOT;
	return own->ifindex == at->ifindex ? DW_REACHES_YES : DW_REACHES_NOT;
}

static bool is_answering(const struct dw_door *d)
{
	return d->kind == DW_KIND_LISTENER || d->kind == DW_KIND_DATAGRAM ||
	       d->kind == DW_KIND_FORWARDED || d->kind == DW_KIND_REDIRECTED;
}

static enum dw_reaches by_address(const struct dw_snapshot *s, const struct dw_door *d,
				  const struct dw_address *x, bool itself)
{
	const struct dw_endpoint *at = &d->at;

	if (!takes_family(at, x))
		return DW_REACHES_NOT;
	switch (dw_endpoint_bound(at)) {
	case DW_BOUND_ANY:
		return DW_REACHES_YES;
	case DW_BOUND_INTERFACE:
		return by_interface(s, at, x);
	case DW_BOUND_LOOPBACK:
		return itself && is_bound_to(at, x) ? DW_REACHES_YES : DW_REACHES_NOT;
	case DW_BOUND_LINK_LOCAL:
	case DW_BOUND_ADDRESS:
		return is_bound_to(at, x) ? DW_REACHES_YES : DW_REACHES_NOT;
	case DW_BOUND_MULTICAST:
	case DW_BOUND_UNKNOWN:
	case DW_BOUND_COUNT:
		break;
	}
	return DW_REACHES_NOT;
}

enum dw_reaches dw_door_reached(const struct dw_snapshot *s, const struct dw_door *d,
				const struct dw_address *x, bool itself)
{
	enum dw_reaches r;

	if (!is_answering(d) || (is_loopback(x) && !itself))
		return DW_REACHES_NOT;
	if (!dw_streq0(d->netns, "host"))
		return is_bound_to(&d->at, x) && !is_loopback(x) && !own_of(s, x) ? DW_REACHES_YES
										  : DW_REACHES_NOT;
	r = by_address(s, d, x, itself);
	/* a program of BPF or IPVS could answer; a name server of a rule need not be there */
	if (r == DW_REACHES_YES && d->kind == DW_KIND_REDIRECTED)
		return DW_REACHES_PERHAPS;
	return r;
}

/* --- which inside ------------------------------------------------------------------------------------- */

/* Why an address is a host's, the surest first. */
enum claim { CLAIM_GIVEN = 0, CLAIM_OWN, CLAIM_BOUND, CLAIM_NAME, CLAIM_COUNT };

static bool is_given(const struct dw_inside *i, const struct dw_address *x)
{
	for (size_t k = 0; k < i->n_reached_by; k++)
		if (is_same(&i->reached_by[k], x))
			return true;
	return false;
}

/* A door is bound to it: that of a container, say, whose addresses nobody lists. */
static bool has_door_at(const struct dw_snapshot *s, const struct dw_address *x)
{
	for (size_t k = 0; k < s->n_doors; k++)
		if (is_answering(&s->doors[k]) && is_bound_to(&s->doors[k].at, x))
			return true;
	return false;
}

static bool claims(const struct dw_inside *i, const struct dw_scan_host *h, enum claim why)
{
	switch (why) {
	case CLAIM_GIVEN:
		return is_given(i, &h->address);
	case CLAIM_OWN:
		return own_of(i->snapshot, &h->address) != NULL;
	case CLAIM_BOUND:
		return has_door_at(i->snapshot, &h->address);
	case CLAIM_NAME:
		return h->name && dw_streq0(i->snapshot->host, h->name) &&
		       i->snapshot->n_addresses == 0;
	case CLAIM_COUNT:
		break;
	}
	return false;
}

static bool scanned(const struct dw_comparing *c, const struct dw_inside *i)
{
	return dw_streq0(i->snapshot->host, c->in->scan->scanner);
}

/* Bridges of containers have the same address on many hosts; a host that asks such an address asks itself. */
static const struct dw_inside *one_of(const struct dw_comparing *c, const struct dw_scan_host *h,
				      enum claim why, const struct dw_inside **ret_other)
{
	const struct dw_inside *found = NULL;

	*ret_other = NULL;
	for (size_t i = 0; i < c->in->n_insides; i++) {
		const struct dw_inside *one = &c->in->insides[i];

		if (!claims(one, h, why))
			continue;
		if (why == CLAIM_OWN && scanned(c, one)) {
			*ret_other = NULL;
			return one;
		}
		if (found && !*ret_other)
			*ret_other = one;
		found = found ? found : one;
	}
	return found;
}

const struct dw_inside *dw_compare_inside_of(const struct dw_comparing *c,
					     const struct dw_scan_host *h,
					     const struct dw_inside **ret_other)
{
	const struct dw_inside *found = NULL;

	*ret_other = NULL;
	/* every host has loopback: it is of the one that scanned */
	for (size_t i = 0; is_loopback(&h->address) && i < c->in->n_insides; i++)
		if (scanned(c, &c->in->insides[i]))
			return &c->in->insides[i];
	for (unsigned why = 0; !is_loopback(&h->address) && !found && why < CLAIM_COUNT; why++)
		found = one_of(c, h, (enum claim)why, ret_other);
	return found;
}

/* --- which door --------------------------------------------------------------------------------------- */

static bool is_on_port(const struct dw_door *d, enum dw_protocol protocol, uint16_t port)
{
	uint32_t last = d->port_last > d->at.port ? d->port_last : d->at.port;

	return d->at.protocol == protocol && d->at.has_port && d->at.port <= port && port <= last;
}

static const struct dw_address *address_of(const struct dw_comparing_port *p)
{
	return &p->h->host->address;
}

/*
 * The surest; of these the one with a program to name. Behind an address translation the bound address of the host is
 * not the one that was scanned, and any of its doors may be meant.
 */
void dw_compare_look_inside(struct dw_comparing_port *p)
{
	const struct dw_inside *i = p->h->inside;

	for (size_t k = 0; i && k < i->snapshot->n_doors; k++) {
		const struct dw_door *d = &i->snapshot->doors[k];
		enum dw_reaches r;

		if (!is_on_port(d, p->protocol, p->port))
			continue;
		r = dw_door_reached(i->snapshot, d, address_of(p), p->h->itself);
		if (r == DW_REACHES_NOT && !own_of(i->snapshot, address_of(p)) && i->n_reached_by &&
		    is_answering(d) && dw_endpoint_bound(&d->at) == DW_BOUND_ADDRESS)
			r = DW_REACHES_PERHAPS;
		if (r > p->seen.reaches || (r && r == p->seen.reaches && !p->seen.door->program))
			p->seen = (struct dw_seen_inside){ d, i->services[k], r };
	}
}

const struct dw_door *dw_compare_tell_near(struct dw_comparing_port *p)
{
	const struct dw_inside *i = p->h->inside;
	struct dw_arena *a = p->c->a;

	for (size_t k = 0; k < i->snapshot->n_doors; k++) {
		const struct dw_door *d = &i->snapshot->doors[k];

		if (!is_on_port(d, p->protocol, p->port))
			continue;
		if (d->kind == DW_KIND_SLEEPING)
			return d;
		if (!dw_streq0(d->netns, "host"))
			dw_compare_say(p, "inside-other-namespace",
				       "Inside, %s is open in the network namespace %s: something "
				       "may forward to it.",
				       dw_endpoint_text(a, &d->at), d->netns ? d->netns : "?");
		else if (dw_endpoint_bound(&d->at) == DW_BOUND_LOOPBACK)
			dw_compare_say(p, "inside-loopback",
				       "Inside, %s is bound to loopback alone: something forwards "
				       "to it, or another program answers.",
				       dw_endpoint_text(a, &d->at));
		else
			dw_compare_say(p, "inside-other-address",
				       "Inside, %s is open, which is not the address that answers.",
				       dw_endpoint_text(a, &d->at));
		break;
	}
	return NULL;
}
