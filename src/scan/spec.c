/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which addresses are asked: what was named, without what was excluded, and without those that are no hosts. */
#include "dw_spec.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "dw_macros.h"
#include "dw_str.h"
#include "spec-private.h"

#define HOSTS_MAX ((uint64_t)1 << 40)

/* Addresses that are never one host; what is asked of them would go to many, or come back to us. */
static const struct {
	enum dw_family family;
	uint8_t first[16];
	unsigned bits;
	const char *what;
} nowhere[] = {
	{ DW_FAMILY_IPV4, { 0 }, 8, "\"this network\" (RFC 791)" },
	{ DW_FAMILY_IPV4, { 224 }, 4, "multicast" },
	{ DW_FAMILY_IPV4, { 255, 255, 255, 255 }, 32, "broadcast" },
	{ DW_FAMILY_IPV6, { 0 }, 128, "the unspecified address" },
	{ DW_FAMILY_IPV6, { 0xff }, 8, "multicast" },
};

static struct dw_span span_of(enum dw_family family, const uint8_t *bytes, unsigned bits)
{
	struct dw_address a = { .family = family };
	struct dw_span s = { .family = family };
	unsigned rest = (family == DW_FAMILY_IPV4 ? 32 : 128) - bits;

	memcpy(a.bytes, bytes, family == DW_FAMILY_IPV4 ? 4 : 16);
	s.last = rest == 128 ? ~(dw_u128)0 : ((dw_u128)1 << rest) - 1;
	s.first = dw_span_number(&a) & ~s.last;
	s.last |= s.first;
	return s;
}

/* What of the set is in the span, as a number; ranges with a scope too. */
static uint64_t count_in(const struct dw_spans *set, const struct dw_span *span)
{
	uint64_t n = 0;

	for (size_t i = 0; i < set->n; i++) {
		const struct dw_span *s = &set->v[i];

		if (s->family == span->family && s->first <= span->last && s->last >= span->first)
			n += (uint64_t)(DW_MIN(s->last, span->last) -
					DW_MAX(s->first, span->first)) +
			     1;
	}
	return n;
}

struct job {
	struct dw_arena *arena;
	struct dw_strings *notes;
};

static bool has_scope(const struct dw_spans *set, size_t n, uint32_t scope)
{
	for (size_t i = 0; i < n; i++)
		if (set->v[i].scope == scope)
			return true;
	return false;
}

/* What has no interface is meant on each. */
static void take_away(const struct job *j, struct dw_spans *set, const struct dw_spans *gone)
{
	struct dw_spans scoped = { 0 };

	for (size_t i = 0; i < set->n; i++) {
		/* sorted by scope within a family: those that are done lie just before */
		if (i > 0 && set->v[i].scope == set->v[i - 1].scope)
			continue;
		if (i > 0 && set->v[i].scope == 0 && has_scope(set, i, 0))
			continue;
		for (size_t k = 0; k < gone->n; k++) {
			struct dw_span span = gone->v[k];

			if (span.scope != 0 && span.scope != set->v[i].scope)
				continue;
			span.scope = set->v[i].scope;
			span.name = NULL;
			dw_vec_push(j->arena, &scoped, span);
		}
	}
	dw_spans_merge(&scoped);
	*set = dw_spans_without(set, &scoped, j->arena);
}

static void take_one(const struct job *j, struct dw_spans *set, struct dw_span *span)
{
	const struct dw_spans one = { .v = span, .n = 1 };

	take_away(j, set, &one);
}

static void leave_nowhere(const struct job *j, struct dw_spans *set)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(nowhere); i++) {
		struct dw_span span = span_of(nowhere[i].family, nowhere[i].first, nowhere[i].bits);
		uint64_t n = count_in(set, &span);

		if (n == 0)
			continue;
		dw_vec_push(j->arena, j->notes,
			    dw_arena_printf(j->arena, "%ju address%s left out: %s", (uintmax_t)n,
					    n == 1 ? " was" : "es were", nowhere[i].what));
		take_one(j, set, &span);
	}
}

/* Network and broadcast address of a network of ours: whoever asks them asks all of its hosts. */
static void leave_edges(const struct job *j, struct dw_spans *set,
			const struct dw_sys_networks *networks)
{
	for (size_t i = 0; i < networks->n; i++) {
		const struct dw_sys_network *n = &networks->v[i];
		struct dw_span span, edge;

		/* RFC 3021: a /31 has neither */
		if (n->address.family != AF_INET || n->bits >= 31 || n->bits == 0 || n->loopback)
			continue;
		span = span_of(DW_FAMILY_IPV4, n->address.bytes, n->bits);
		for (unsigned last = 0; last < 2; last++) {
			struct dw_address address =
				dw_span_address(&span, last ? span.last : span.first);

			edge = span_of(DW_FAMILY_IPV4, address.bytes, 32);
			if (count_in(set, &edge) == 0)
				continue;
			dw_vec_push(j->arena, j->notes,
				    dw_arena_printf(j->arena,
						    "%s was left out: the %s address of %s",
						    dw_address_text(j->arena, &address),
						    last ? "broadcast" : "network", n->ifname));
			take_one(j, set, &edge);
		}
	}
}

static int read_words(struct dw_spec_words w, const char *const *words, size_t n,
		      struct dw_spans *ret, struct dw_error *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = dw_spec_words_add(&w, words[i], ret, e);
	return r;
}

/* Ones that were named by themselves, with or without a name; or all others. */
static struct dw_spans choose(const struct dw_spans *all, bool alone, bool named,
			      struct dw_arena *a)
{
	struct dw_spans out = { 0 };

	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].alone == alone && (all->v[i].name != NULL) == named)
			dw_vec_push(a, &out, all->v[i]);
	dw_spans_merge(&out);
	return out;
}

/* Networks lose their edges, single addresses do not; names stay with their addresses. */
static struct dw_spans combine(const struct job *j, const struct dw_spans *given,
			       const struct dw_sys_networks *networks)
{
	struct dw_spans all = choose(given, false, false, j->arena);
	struct dw_spans alone = choose(given, true, false, j->arena);
	struct dw_spans named = choose(given, true, true, j->arena);

	leave_edges(j, &all, networks);
	dw_spans_add(&all, &alone, j->arena);
	dw_spans_merge(&all);
	all = dw_spans_without(&all, &named, j->arena);
	dw_spans_add(&all, &named, j->arena);
	dw_spans_merge(&all);
	leave_nowhere(j, &all);
	return all;
}

static void hand_over(const struct dw_spans *all, struct dw_arena *a, struct dw_spec_targets *ret)
{
	uint64_t before = 0;

	*ret = (struct dw_spec_targets){
		.ranges = dw_arena_array(a, all->n, sizeof(*ret->ranges)),
		.n = all->n,
		.hosts = dw_spans_count(all),
	};
	for (size_t i = 0; i < all->n; i++) {
		ret->ranges[i] = (struct dw_spec_range){
			.first = dw_span_address(&all->v[i], all->v[i].first),
			.last = dw_span_address(&all->v[i], all->v[i].last),
			.name = all->v[i].name,
			.before = before,
		};
		before += (uint64_t)(all->v[i].last - all->v[i].first) + 1;
	}
}

/* Of all that is asked, what the user named one by one. */
static const struct dw_spec_targets *named_alone(const struct dw_spans *given,
						 const struct dw_spans *all, struct dw_arena *a)
{
	struct dw_spec_targets *t = dw_new(a, struct dw_spec_targets);
	struct dw_spans alone = { 0 }, rest, kept;

	for (size_t i = 0; i < given->n; i++)
		if (given->v[i].alone && !given->v[i].found)
			dw_vec_push(a, &alone, given->v[i]);
	dw_spans_merge(&alone);
	rest = dw_spans_without(&alone, all, a);
	kept = dw_spans_without(&alone, &rest, a);
	hand_over(&kept, a, t);
	return t;
}

int dw_spec_targets_read(struct dw_sys *s, const char *const *words, size_t n,
			 const char *const *excluded, size_t n_excluded, enum dw_family family,
			 struct dw_arena *a, struct dw_spec_targets *ret,
			 struct dw_strings *ret_notes, struct dw_error *e)
{
	struct dw_strings notes = { 0 };
	const struct job j = { .arena = a, .notes = &notes };
	struct dw_sys_networks networks = { 0 };
	struct dw_spans given = { 0 }, out = { 0 }, all;
	struct dw_spec_words w = { .sys = s, .arena = a, .family = family, .place = "" };
	int r = dw_sys_networks(s, a, &networks, e);

	/* a name is excluded with all its addresses, and networks of any size are */
	if (r == 0)
		r = read_words(
			(struct dw_spec_words){ .sys = s, .arena = a, .place = "", .wide = true },
			excluded, n_excluded, &out, e);
	dw_spans_merge(&out);
	w.networks = &networks;
	w.excluded = &out;
	w.notes = &notes;
	if (r == 0)
		r = read_words(w, words, n, &given, e);
	if (r < 0)
		return r;
	all = combine(&j, &given, &networks);
	take_away(&j, &all, &out);
	if (dw_spans_count(&all) > HOSTS_MAX)
		return dw_error_set(e, -E2BIG,
				    "more than 2^40 addresses are too many to ask: name fewer");
	hand_over(&all, a, ret);
	ret->alone = named_alone(&given, &all, a);
	*ret_notes = notes;
	return 0;
}

void dw_spec_target_at(const struct dw_spec_targets *t, uint64_t i, struct dw_address *ret,
		       const char **ret_name)
{
	size_t low = 0, high = t->n;
	const struct dw_spec_range *r;
	struct dw_span span;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (t->ranges[middle].before <= i)
			low = middle;
		else
			high = middle;
	}
	r = &t->ranges[low];
	span = (struct dw_span){ .family = r->first.family, .scope = r->first.scope };
	*ret = dw_span_address(&span, dw_span_number(&r->first) + (i - r->before));
	*ret_name = r->name;
}

/* Does b begin behind a's end? */
static bool is_behind(const struct dw_spec_range *a, const struct dw_spec_range *b)
{
	if (a->last.family != b->first.family)
		return a->last.family < b->first.family;
	if (a->last.scope != b->first.scope)
		return a->last.scope < b->first.scope;
	return dw_span_number(&a->last) < dw_span_number(&b->first);
}

bool dw_spec_targets_are_sound(const struct dw_spec_targets *t)
{
	uint64_t hosts = 0;

	for (size_t i = 0; i < t->n; i++) {
		const struct dw_spec_range *r = &t->ranges[i];
		dw_u128 first = dw_span_number(&r->first), last = dw_span_number(&r->last);

		if (r->first.family == DW_FAMILY_UNKNOWN || r->first.family != r->last.family ||
		    r->first.scope != r->last.scope || first > last || last - first >= HOSTS_MAX ||
		    r->before != hosts || (i > 0 && !is_behind(&r[-1], r)))
			return false;
		hosts += (uint64_t)(last - first) + 1;
		if (hosts > HOSTS_MAX)
			return false;
	}
	return hosts == t->hosts;
}

bool dw_spec_targets_have(const struct dw_spec_targets *t, const struct dw_address *address)
{
	size_t low = 0, high = t->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct dw_spec_range *r = &t->ranges[middle];
		bool same = r->first.family == address->family && r->first.scope == address->scope;
		dw_u128 number = dw_span_number(address);

		if (same && number >= dw_span_number(&r->first) &&
		    number <= dw_span_number(&r->last))
			return true;
		if (r->first.family < address->family ||
		    (r->first.family == address->family &&
		     (r->first.scope < address->scope ||
		      (same && dw_span_number(&r->last) < number))))
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}
