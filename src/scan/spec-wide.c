/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* IPv6 networks of this host, too wide to be asked address by address: who is known to be there. */
#include <string.h>
#include <sys/socket.h>

#include "dw_route.h"
#include "spec-private.h"

struct wide {
	const struct dw_spec_words *w;
	struct dw_span span;
	struct dw_spans *to;
	size_t known; /* added */
};

static void add(struct wide *x, const uint8_t *bytes)
{
	struct dw_address a = { .family = DW_FAMILY_IPV6, .scope = x->span.scope };
	struct dw_span one = {
		.family = DW_FAMILY_IPV6, .scope = x->span.scope, .alone = true, .found = true
	};

	memcpy(a.bytes, bytes, sizeof(a.bytes));
	one.first = one.last = dw_span_number(&a);
	if (one.first < x->span.first || one.first > x->span.last)
		return;
	for (size_t i = 0; i < x->to->n; i++)
		if (x->to->v[i].family == one.family && x->to->v[i].scope == one.scope &&
		    x->to->v[i].first == one.first && x->to->v[i].last == one.last)
			return;
	dw_vec_push(x->w->arena, x->to, one);
	x->known++;
}

/* Is all of the span in that network of ours, on a link where others are? */
static bool is_within(const struct dw_span *span, const struct dw_sys_network *n)
{
	struct dw_address a = { .family = DW_FAMILY_IPV6, .scope = n->address.scope };
	dw_u128 mask = n->bits == 0 ? 0 : ~(dw_u128)0 << (128 - n->bits);

	if (n->address.family != AF_INET6 || n->bits == 0 || n->bits >= 128 || n->loopback ||
	    !n->up || n->address.scope != span->scope)
		return false;
	memcpy(a.bytes, n->address.bytes, sizeof(a.bytes));
	return (dw_span_number(&a) & mask) == (span->first & mask) &&
	       (span->last & mask) == (span->first & mask);
}

static bool is_excluded(const struct wide *x)
{
	const struct dw_spans *out = x->w->excluded;

	for (size_t i = 0; i < out->n; i++)
		if (out->v[i].family == DW_FAMILY_IPV6 && out->v[i].scope == x->span.scope &&
		    out->v[i].first <= x->span.last && out->v[i].last >= x->span.first)
			return true;
	return false;
}

static void add_table(struct wide *x, uint32_t ifindex)
{
	struct dw_neighbour *list = NULL;
	size_t n = 0;

	if (dw_neighbours_read(x->w->sys, ifindex, AF_INET6, x->w->arena, &list, &n, NULL) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		add(x, list[i].address.bytes);
}

/* What was done, for the note. */
static const char *add_all_nodes(struct wide *x, const struct dw_sys_network *n)
{
	struct dw_ip source = { .family = AF_INET6 }, *list = NULL;
	struct dw_error why = { 0 };
	size_t count = 0;

	/* an echo request to all nodes would ask them too */
	if (is_excluded(x))
		return "all nodes were not asked by ff02::1, for some are excluded";
	memcpy(source.bytes, n->address.bytes, sizeof(source.bytes));
	if (dw_link_present(x->w->sys, n->ifindex, &source, x->w->arena, &list, &count, &why) < 0)
		return dw_arena_printf(x->w->arena, "all nodes could not be asked: %s",
				       why.message);
	for (size_t i = 0; i < count; i++)
		add(x, list[i].bytes);
	return "and what answers an echo request to all nodes (ff02::1)";
}

bool dw_spec_wide_add(const struct dw_spec_words *w, const char *word,
		      const struct dw_address *first, const struct dw_address *last,
		      struct dw_spans *ret)
{
	struct wide x = { .w = w,
			  .to = ret,
			  .span = { .family = DW_FAMILY_IPV6,
				    .scope = first->scope,
				    .first = dw_span_number(first),
				    .last = dw_span_number(last) } };
	bool own = false;

	if (w->family == DW_FAMILY_IPV4)
		return false;
	for (size_t i = 0; w->networks && i < w->networks->n; i++) {
		const struct dw_sys_network *n = &w->networks->v[i];
		const char *how;

		if (!is_within(&x.span, n))
			continue;
		own = true;
		add(&x, n->address.bytes);
		add_table(&x, n->ifindex);
		how = add_all_nodes(&x, n);
		dw_vec_push(w->arena, w->notes,
			    dw_arena_printf(w->arena,
					    "%.200s is too wide to be asked address by address: of "
					    "%s, %zu that the table of neighbours knows, %s; name "
					    "those that you miss",
					    word, n->ifname, x.known, how));
	}
	return own;
}
