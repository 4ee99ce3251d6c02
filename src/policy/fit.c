/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The conditions of a statement against a door. */
#include <arpa/inet.h>
#include <string.h>

#include "dw_policy_match.h"
#include "dw_parse.h"
#include "dw_str.h"

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

static bool is_inet(enum dw_family f)
{
	return f == DW_FAMILY_IPV4 || f == DW_FAMILY_IPV6 || f == DW_FAMILY_DUAL;
}

bool dw_network_has(const struct dw_network *n, enum dw_family family, const uint8_t *address)
{
	unsigned whole = n->prefix / 8, rest = n->prefix % 8;

	if (family != DW_FAMILY_IPV4 && memcmp(address, mapped, sizeof(mapped)) == 0) {
		family = DW_FAMILY_IPV4;
		address += sizeof(mapped);
	}
	if (!is_inet(family) || (family == DW_FAMILY_IPV4) != (n->family == DW_FAMILY_IPV4) ||
	    memcmp(n->address, address, whole) != 0)
		return false;
	return rest == 0 || ((n->address[whole] ^ address[whole]) >> (8 - rest)) == 0;
}

enum dw_fit dw_policy_program_fits(const struct dw_statement *s, const struct dw_door *d)
{
	enum dw_fit fit = DW_FIT_FITS;

	if (!s->program)
		return DW_FIT_FITS;
	/* what a launcher holds is served by another program; so is what sleeps */
	if (d->n_owners == 0 || d->starter.program)
		return !d->program                              ? DW_FIT_UNKNOWN
		       : dw_policy_glob(s->program, d->program) ? DW_FIT_FITS
								: DW_FIT_WIDER;
	for (size_t i = 0; i < d->n_owners; i++) {
		const struct dw_owner *o = &d->owners[i];

		if (!o->executable)
			fit = DW_FIT_UNKNOWN;
		else if (!dw_policy_glob(s->program, o->executable) &&
			 !(o->script && dw_policy_glob(s->program, o->script)))
			return DW_FIT_WIDER;
	}
	return d->owners_known ? fit : DW_FIT_UNKNOWN;
}

enum dw_fit dw_policy_user_fits(const struct dw_statement *s, const struct dw_door *d)
{
	uint64_t uid;
	bool number = s->user && dw_parse_u64(s->user, 10, UINT32_MAX, &uid);

	if (!s->user)
		return DW_FIT_FITS;
	for (size_t i = 0; i < d->n_owners; i++) {
		const struct dw_owner *o = &d->owners[i];

		if (!o->user)
			return DW_FIT_UNKNOWN;
		if (!dw_streq(o->user, s->user) && !(number && o->euid == uid))
			return DW_FIT_WIDER;
	}
	return d->owners_known && d->n_owners > 0 ? DW_FIT_FITS : DW_FIT_UNKNOWN;
}

/* on ADDRESS or INTERFACE */
static enum dw_fit on_fits(const char *on, const struct dw_endpoint *at, enum dw_bound bound)
{
	uint8_t address[16] = { 0 };
	bool v4 = inet_pton(AF_INET, on, address) == 1;

	if (v4 || inet_pton(AF_INET6, on, address) == 1) {
		struct dw_network one = { .family = v4 ? DW_FAMILY_IPV4 : DW_FAMILY_IPV6,
					  .prefix = v4 ? 32 : 128 };

		if (!v4 && dw_address_unmap(address)) {
			one.family = DW_FAMILY_IPV4;
			one.prefix = 32;
		}
		memcpy(one.address, address, sizeof(address));
		return dw_network_has(&one, at->family, at->address) ? DW_FIT_FITS : DW_FIT_WIDER;
	}
	if (at->ifname)
		return dw_streq(at->ifname, on) ? DW_FIT_FITS : DW_FIT_WIDER;
	/* which interface has the address, or what the interface is called, is no fact of the door */
	return bound == DW_BOUND_ANY ? DW_FIT_WIDER : DW_FIT_UNKNOWN;
}

static enum dw_fit from_fits(const struct dw_statement *s, const struct dw_endpoint *at,
			     enum dw_bound bound)
{
	if (s->from_any || s->n_from == 0)
		return DW_FIT_FITS;
	if (bound == DW_BOUND_ANY || bound == DW_BOUND_INTERFACE)
		return DW_FIT_UNKNOWN;
	for (size_t i = 0; i < s->n_from; i++)
		if (dw_network_has(&s->from[i], at->family, at->address))
			return DW_FIT_FITS;
	return DW_FIT_UNKNOWN;
}

enum dw_fit dw_policy_bound_fits(const struct dw_statement *s, const struct dw_door *d)
{
	enum dw_bound bound = dw_endpoint_bound(&d->at);
	enum dw_fit on = DW_FIT_FITS, from;

	if (bound == DW_BOUND_LOOPBACK ||
	    (!s->on_loopback && !s->on && (s->from_any || !s->n_from)))
		return DW_FIT_FITS;
	if (bound == DW_BOUND_UNKNOWN)
		return DW_FIT_UNKNOWN;
	if (s->on_loopback)
		return DW_FIT_WIDER;
	if (s->on)
		on = on_fits(s->on, &d->at, bound);
	from = from_fits(s, &d->at, bound);
	if (on == DW_FIT_WIDER || from == DW_FIT_WIDER)
		return DW_FIT_WIDER;
	return on == DW_FIT_UNKNOWN ? on : from;
}

/* --- the packet filter ----------------------------------------------------------------------------- */

static bool is_within(const struct dw_network *n, const struct dw_network *other)
{
	return n->family == other->family && n->prefix >= other->prefix &&
	       dw_network_has(other, n->family, n->address);
}

/* Every address of n is in one of these; two halves of it may be in two of them. */
static bool is_covered(const struct dw_network *n, const struct dw_network *const *v,
		       const size_t *count)
{
	unsigned most = n->family == DW_FAMILY_IPV4 ? 32 : 128;
	struct dw_network half = *n;
	bool touched = false;

	for (unsigned list = 0; list < 2; list++)
		for (size_t i = 0; i < count[list]; i++) {
			if (is_within(n, &v[list][i]))
				return true;
			touched |= is_within(&v[list][i], n);
		}
	if (!touched || n->prefix >= most)
		return false;
	half.prefix++;
	if (!is_covered(&half, v, count))
		return false;
	half.address[n->prefix / 8] |= (uint8_t)(0x80U >> n->prefix % 8);
	return is_covered(&half, v, count);
}

/* Anyone but some: all that are not in `from` must be among those. */
static bool rest_is_covered(const struct dw_statement *s, const struct dw_door *d)
{
	static const struct dw_network all[] = { { .family = DW_FAMILY_IPV4 },
						 { .family = DW_FAMILY_IPV6 } };
	const struct dw_network *const v[] = { s->from, d->filtered->networks };
	const size_t n[] = { s->n_from, d->filtered->n_networks };
	bool v4 = d->at.family != DW_FAMILY_IPV6 ||
		  memcmp(d->at.address, mapped, sizeof(mapped)) == 0;
	bool v6 = d->at.family != DW_FAMILY_IPV4 &&
		  memcmp(d->at.address, mapped, sizeof(mapped)) != 0;

	return (!v4 || is_covered(&all[0], v, n)) && (!v6 || is_covered(&all[1], v, n));
}

enum dw_fit dw_policy_filter_fits(const struct dw_statement *s, const struct dw_door *d)
{
	const struct dw_filtered *f = d->filtered;
	const struct dw_network *const v[] = { s->from, NULL };
	const size_t n[] = { s->n_from, 0 };

	if (s->from_any || s->n_from == 0)
		return DW_FIT_FITS;
	if (!f || f->kind == DW_FILTERED_UNKNOWN)
		return DW_FIT_UNKNOWN;
	if (dw_filtered_is_shut(f))
		return DW_FIT_FITS;
	if (f->kind == DW_FILTERED_ANYONE)
		return rest_is_covered(s, d) ? DW_FIT_FITS : DW_FIT_WIDER;
	for (size_t i = 0; i < f->n_networks; i++)
		if (!is_covered(&f->networks[i], v, n))
			return DW_FIT_WIDER;
	return f->complete ? DW_FIT_FITS : DW_FIT_UNKNOWN;
}
