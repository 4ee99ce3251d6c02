/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Spare addresses of our own links, for UDP: --source-range. Those that somebody answers for are left alone. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "dw_macros.h"
#include "dw_parse.h"
#include "dw_str.h"
#include "scan-private.h"

/* An IPv6 network as wide as that holds DW_SPARE_MAX addresses. */
#define WIDEST 116u

static struct dw_ip ip_of(const struct dw_address *a)
{
	struct dw_ip ip = { .family = a->family == DW_FAMILY_IPV4 ? AF_INET : AF_INET6 };

	memcpy(ip.bytes, a->bytes, sizeof(ip.bytes));
	return ip;
}

/* --- what was given ------------------------------------------------------------------------------- */

static bool is_within(const struct dw_ip *a, const struct dw_link_network *n)
{
	unsigned bits = n->bits;

	if (a->family != n->peer.family)
		return false;
	for (unsigned i = 0; bits > 0; i++) {
		unsigned here = DW_MIN(bits, 8u);

		if (((a->bytes[i] ^ n->peer.bytes[i]) >> (8 - here)) != 0)
			return false;
		bits -= here;
	}
	return true;
}

/* The network on a link that the address is in; *ret_own: it is this host's already. */
static const struct dw_link_network *network_of(const struct dw_ip *a,
						const struct dw_link_network *list, size_t n,
						bool *ret_own)
{
	const struct dw_link_network *found = NULL;

	*ret_own = false;
	for (size_t i = 0; i < n; i++) {
		*ret_own |= list[i].address.family == a->family &&
			    memcmp(list[i].address.bytes, a->bytes, sizeof(a->bytes)) == 0;
		if (list[i].is_usable && !list[i].is_link_local && list[i].bits > 0 && !found &&
		    is_within(a, &list[i]))
			found = &list[i];
	}
	return found;
}

static struct dw_scan_spares *group_of(struct dw_scanning *s, const struct dw_link_network *n,
				       enum dw_family family)
{
	struct dw_scan_spares *g;

	for (size_t i = 0; i < s->spares.n; i++)
		if (s->spares.v[i].ifindex == n->ifindex && s->spares.v[i].family == family)
			return &s->spares.v[i];
	g = dw_vec_add(s->a, &s->spares);
	*g = (struct dw_scan_spares){ .ifindex = n->ifindex,
				      .family = family,
				      .source = n->address };
	return g;
}

static int check_words(const struct dw_scanning *s, struct dw_error *e)
{
	for (size_t i = 0; i < s->o.n_source_ranges; i++) {
		const char *word = s->o.source_ranges[i], *slash = strchr(word, '/');
		uint64_t bits = 0;

		if (strchr(word, ':') && slash && dw_parse_u64(slash + 1, 10, 128, &bits) &&
		    bits < WIDEST)
			return dw_error_set(e, -E2BIG, "--source-range %.80s: at most %u addresses",
					    word, DW_SPARE_MAX);
	}
	return 0;
}

static int take_all(struct dw_scanning *s, const struct dw_spec_targets *given,
		    const struct dw_link_network *list, size_t n, struct dw_error *e)
{
	for (uint64_t i = 0; i < given->hosts; i++) {
		struct dw_address a = { 0 };
		const struct dw_link_network *network;
		const char *name = NULL;
		struct dw_ip ip;
		bool own = false;

		dw_spec_target_at(given, i, &a, &name);
		ip = ip_of(&a);
		network = network_of(&ip, list, n, &own);
		if (!network)
			return dw_error_set(e, -EINVAL,
					    "--source-range: %s is in no network on a link of this "
					    "host: answers would not come here",
					    dw_address_text(s->a, &a));
		if (own || dw_spec_targets_have(&s->targets, &a))
			continue;
		dw_vec_push(s->a, &group_of(s, network, a.family)->addresses, a);
	}
	return 0;
}

int dw_scanning_read_spares(struct dw_scanning *s, struct dw_error *e)
{
	struct dw_spec_targets given = { 0 };
	struct dw_strings notes = { 0 };
	struct dw_link_network *list = NULL;
	size_t n = 0;
	int r = 0;

	if (s->o.n_source_ranges == 0)
		return 0;
	r = check_words(s, e);
	if (r == 0)
		r = dw_spec_targets_read(s->sys, s->o.source_ranges, s->o.n_source_ranges, NULL, 0,
					 DW_FAMILY_UNKNOWN, s->a, &given, &notes, e);
	if (r == 0 && given.hosts > DW_SPARE_MAX)
		r = dw_error_set(e, -E2BIG, "--source-range: at most %u addresses", DW_SPARE_MAX);
	if (r == 0)
		r = dw_networks_read(s->sys, NULL, s->a, &list, &n, e);
	if (r == 0)
		r = take_all(s, &given, list, n, e);
	if (r == 0 && s->spares.n == 0)
		r = dw_error_set(
			e, -EINVAL,
			"--source-range: no address is left: none that is this host's own, "
			"or a target, can be a spare one");
	return r;
}

/* --- at first use --------------------------------------------------------------------------------- */

/* Leaves those that nobody answers for. */
static int leave_used(struct dw_scanning *s, struct dw_scan_spares *g, const struct dw_link *link,
		      struct dw_ip *ips, struct dw_error *e)
{
	size_t n = g->addresses.n, kept = 0;
	struct dw_neighbours_answer *answers = dw_arena_array(s->a, n, sizeof(*answers));
	const struct dw_neighbours_question q = {
		.link = link, .source = g->source, .targets = ips, .n = n, .stop = &s->stop
	};
	int r = dw_neighbours_ask(s->sys, &q, answers, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		if (answers[i].is_there)
			continue;
		ips[kept] = ips[i];
		g->addresses.v[kept++] = g->addresses.v[i];
	}
	if (kept < n)
		dw_scanning_notice(s, "%zu of the spare addresses are in use, and left alone",
				   n - kept);
	g->addresses.n = kept;
	return 0;
}

static int open_spares(struct dw_scanning *s, struct dw_scan_spares *g, struct dw_error *e)
{
	struct dw_ip *ips = dw_arena_array(s->a, g->addresses.n, sizeof(*ips));
	struct dw_link link = { 0 };
	int r = dw_link_get(s->sys, g->ifindex, &link, e);

	for (size_t i = 0; i < g->addresses.n; i++)
		ips[i] = ip_of(&g->addresses.v[i]);
	if (r == 0)
		r = leave_used(s, g, &link, ips, e);
	if (r < 0 || g->addresses.n == 0)
		return r;
	r = dw_spare_open(s->sys, &link, ips, g->addresses.n, &g->spare, e);
	if (r == 0)
		g->wire = (struct dw_wire_spares){ .list = g->addresses.v,
						   .n = (uint32_t)g->addresses.n,
						   .mac = dw_spare_mac(g->spare),
						   .taken = dw_spare_taken(g->spare) };
	return r;
}

const struct dw_wire_spares *dw_scanning_spares(struct dw_scanning *s, uint32_t ifindex,
						enum dw_family family)
{
	struct dw_error why = { 0 };

	for (size_t i = 0; i < s->spares.n; i++) {
		struct dw_scan_spares *g = &s->spares.v[i];

		if (g->ifindex != ifindex || g->family != family)
			continue;
		if (!g->tried && open_spares(s, g, &why) < 0)
			dw_scanning_note(s, "the spare addresses were not used: %s", why.message);
		g->tried = true;
		return g->spare ? &g->wire : NULL;
	}
	return NULL;
}

void dw_scanning_close_spares(struct dw_scanning *s)
{
	for (size_t i = 0; i < s->spares.n; i++) {
		struct dw_scan_spares *g = &s->spares.v[i];
		struct dw_error why = { 0 };
		uint32_t taken = 0;

		for (uint32_t k = 0; g->spare && k < g->wire.n; k++)
			taken += g->wire.taken[k] != 0;
		if (taken)
			dw_scanning_notice(s,
					   "%u of the spare addresses were claimed by others "
					   "meanwhile, and given up",
					   taken);
		if (g->spare && dw_spare_check(g->spare, &why) < 0)
			dw_scanning_notice(s,
					   "spare addresses were not answered for to the end: %s",
					   why.message);
		if (!g->tried)
			dw_scanning_notice(s,
					   "the spare addresses were not used: nothing was asked "
					   "from there by UDP packets of our own (root is needed)");
		dw_spare_free(g->spare);
	}
	s->spares.n = 0;
}
