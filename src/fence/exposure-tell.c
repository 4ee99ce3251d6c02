/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers become words: for each door who gets through, by which rule, and who does not. */
#include <string.h>

#include "dw_str.h"
#include "exposure.h"
#include "spans.h"

#define NETWORKS_MAX 256 /* told of one door */
#define PERHAPS_MAX  3

/* What becomes of the packets of one source. */
struct outcome {
	const struct dw_source *source;
	const struct dw_rehearse_answer *answer; /* the one that decides */
	size_t question;
	bool known, passes;
	const char *why;
};

/* One family: the rest of the world apart from the networks that are told apart from it. */
struct view {
	bool rest_asked, rest_passes;
	struct dw_ranges in, out;
	DW_VEC(const char *) sets; /* too large to list, that get in */
	DW_VEC(const char *) shut; /* and that do not */
	bool out_cut;
};

struct telling {
	struct dw_arena *a;
	const struct dw_exposure *x;
	const struct dw_door *door;
	DW_VEC(struct outcome) outcomes;
	struct view views[2]; /* IPv4, IPv6 */
	bool host_passes, host_unknown, networks_pass, rest_unknown, any_unknown;
	struct dw_filtered *f;
};

static const char *const family_words[] = { "IPv4", "IPv6" };

/* --- what becomes of each source ------------------------------------------------------------------ */

static unsigned weight(const struct telling *t, const struct dw_source *s,
		       const struct dw_rehearse_answer *r)
{
	if (dw_exposure_reaches(t->x, t->door, s, r))
		return r->sender ? 3 : 4;
	return r->reach == DW_ARRIVAL_UNKNOWN ? 2 : 1;
}

static void decide(const struct telling *t, struct outcome *o)
{
	const struct dw_rehearse_answer *r = o->answer;

	o->passes = dw_exposure_reaches(t->x, t->door, o->source, r);
	o->known = o->passes || r->reach != DW_ARRIVAL_UNKNOWN;
	if (!o->known)
		o->why = r->why ? r->why : "the rules do not let it be told";
	else if (o->source->unclear) {
		o->known = o->passes = false;
		o->why = "the rules tell more senders apart than were played";
	}
}

/* By source: one answer of each counts, that which lets the most in. */
static void gather(struct telling *t, const struct dw_exposed *e,
		   const struct dw_rehearse_answer *answers)
{
	for (size_t i = 0, next; i < e->uses.n; i = next) {
		const struct dw_exposed_use *best = &e->uses.v[i];
		struct outcome o = { .source = &t->x->room.sources[best->source] };

		for (next = i + 1; next < e->uses.n && e->uses.v[next].source == best->source;
		     next++)
			if (weight(t, o.source, &answers[e->uses.v[next].question]) >
			    weight(t, o.source, &answers[best->question]))
				best = &e->uses.v[next];
		o.question = best->question;
		o.answer = &answers[best->question];
		decide(t, &o);
		dw_vec_push(t->a, &t->outcomes, o);
	}
}

static void add_spans(struct telling *t, struct dw_ranges *r, const struct dw_source *s)
{
	for (size_t i = 0; i < s->n_spans; i++)
		dw_ranges_add(t->a, r, &s->spans[i]);
}

static void sort_out(struct telling *t, const struct outcome *o)
{
	const struct dw_source *s = o->source;
	struct view *v = &t->views[s->family == DW_FAMILY_IPV6];

	if (s->kind == DW_SOURCE_HOST) {
		t->host_passes |= o->passes;
		t->host_unknown |= !o->known;
		return;
	}
	t->any_unknown |= !o->known;
	if (t->x->rest[s - t->x->room.sources]) {
		v->rest_asked = true;
		v->rest_passes |= o->passes;
		t->rest_unknown |= !o->known;
		return;
	}
	t->networks_pass |= o->passes;
	if (o->passes && s->more_spans)
		dw_vec_push(t->a, &v->sets, s->words);
	if (o->known)
		add_spans(t, o->passes ? &v->in : &v->out, s);
	if (o->known && !o->passes && s->more_spans) {
		dw_vec_push(t->a, &v->shut, s->set ? s->set : s->words);
		v->out_cut = true;
	}
}

/* Networks of other interfaces than the one that the door is bound to: not asked, and out. */
static void add_elsewhere(struct telling *t)
{
	const struct dw_exposure_room *room = &t->x->room;

	for (size_t i = 0; i < room->n_sources; i++) {
		const struct dw_source *s = &room->sources[i];

		if (s->kind == DW_SOURCE_NETWORK && dw_exposure_takes(&t->door->at, s->family) &&
		    !dw_exposure_comes_by(s, &t->door->at)) {
			add_spans(t, &t->views[s->family == DW_FAMILY_IPV6].out, s);
			t->views[s->family == DW_FAMILY_IPV6].out_cut |= s->more_spans > 0;
		}
	}
}

/* --- in words ------------------------------------------------------------------------------------- */

static void list_networks(struct telling *t, const struct dw_ranges *r)
{
	struct dw_networks n = { .v = (struct dw_network *)(uintptr_t)t->f->networks,
				 .n = t->f->n_networks,
				 .cap = t->f->n_networks };

	dw_ranges_networks(t->a, r, NETWORKS_MAX, &n);
	t->f->networks = n.v;
	t->f->n_networks = n.n;
	t->f->complete &= !n.cut;
}

static void add_piece(struct dw_str *text, const char *between, const char *piece)
{
	if (piece)
		dw_str_addf(text, "%s%s", text->n ? between : "", piece);
}

/* What stands in a set that is named is not listed again. */
static void take_named(struct telling *t, struct dw_ranges *r, bool passes)
{
	struct dw_ranges named = { .family = r->family };

	for (size_t i = 0; i < t->outcomes.n; i++) {
		const struct outcome *o = &t->outcomes.v[i];

		if (o->known && o->passes == passes && o->source->more_spans &&
		    o->source->family == named.family)
			add_spans(t, &named, o->source);
	}
	dw_ranges_merge(&named);
	dw_ranges_subtract(t->a, r, &named);
}

/* Who of a family gets in, the sets among them by their names. */
static void add_in(struct telling *t, struct dw_str *text, struct view *v, bool but)
{
	list_networks(t, &v->in);
	for (size_t i = 0; i < v->sets.n; i++)
		add_piece(text, ", ", v->sets.v[i]);
	t->f->complete &= v->sets.n == 0;
	take_named(t, &v->in, true);
	add_piece(text, ", ", dw_ranges_words(t->a, &v->in, but));
}

static void tell_networks(struct telling *t)
{
	struct dw_str text = { .arena = t->a };

	t->f->kind = DW_FILTERED_NETWORKS;
	for (size_t i = 0; i < DW_ARRAY_SIZE(t->views); i++)
		add_in(t, &text, &t->views[i], t->views[1 - i].in.n == 0);
	t->f->words = text.s;
}

/* Sources that cannot be told, beside others that get in. */
static void add_perhaps(struct telling *t, struct dw_str *text)
{
	size_t n = 0;

	for (size_t i = 0; i < t->outcomes.n; i++) {
		const struct outcome *o = &t->outcomes.v[i];

		if (o->known || o->source->kind == DW_SOURCE_HOST)
			continue;
		if (n++ < PERHAPS_MAX)
			dw_str_addf(text, "%s%s", n == 1 ? ", perhaps not " : ", ",
				    o->source->words);
	}
	if (n > PERHAPS_MAX)
		dw_str_addf(text, " and %zu more", n - PERHAPS_MAX);
	t->f->complete &= n == 0;
}

static bool is_shut(const struct view *v)
{
	return v->rest_asked && !v->rest_passes;
}

static void tell_anyone(struct telling *t)
{
	struct dw_str text = { .arena = t->a }, but = { .arena = t->a }, and = { .arena = t->a };

	t->f->kind = DW_FILTERED_ANYONE;
	dw_str_add(&text, "anyone");
	for (size_t i = 0; i < DW_ARRAY_SIZE(t->views); i++) {
		struct view *v = &t->views[i];
		struct dw_ranges out = { .family = v->in.family };

		if (is_shut(v))
			dw_ranges_add_all(t->a, &out);
		else
			out = v->out;
		dw_ranges_subtract(t->a, &out, &v->in);
		t->f->complete &= !v->out_cut;
		list_networks(t, &out);
		if (!is_shut(v)) {
			take_named(t, &out, false);
			add_piece(&but, ", ", dw_ranges_words(t->a, &out, false));
			for (size_t k = 0; k < v->shut.n; k++)
				add_piece(&but, ", ", v->shut.v[k]);
			continue;
		}
		dw_str_addf(&text, " over %s", family_words[1 - i]);
		add_piece(&and, ", ", dw_ranges_words(t->a, &v->in, false));
		for (size_t k = 0; k < v->sets.n; k++)
			add_piece(&and, ", ", v->sets.v[k]);
	}
	if (but.n)
		dw_str_addf(&text, " but %s", but.s);
	if (and.n)
		dw_str_addf(&text, " and %s", and.s);
	add_perhaps(t, &text);
	t->f->words = text.s;
}

/* --- the rule, and each source by itself ---------------------------------------------------------- */

static bool is_telling(const struct telling *t, const struct outcome *o)
{
	bool open = t->f->kind == DW_FILTERED_NETWORKS || t->f->kind == DW_FILTERED_ANYONE;

	if (t->f->kind == DW_FILTERED_UNKNOWN)
		return !o->known;
	return o->source->kind != DW_SOURCE_HOST && o->known && o->passes == open;
}

/* The rehearsal's texts go with it. */
static const char *kept(const struct telling *t, const char *s)
{
	return s ? dw_arena_strdup(t->a, s) : NULL;
}

static void find_rule(struct telling *t)
{
	bool first = true;

	for (size_t i = 0; i < t->outcomes.n; i++) {
		const struct outcome *o = &t->outcomes.v[i];

		if (!is_telling(t, o))
			continue;
		t->f->sender |= o->passes && o->answer->sender;
		if (t->f->kind == DW_FILTERED_UNKNOWN && !t->f->why)
			t->f->why = o->why;
		if (first)
			t->f->rule = o->answer->rule;
		else if (!dw_streq0(t->f->rule, o->answer->rule))
			t->f->rule = t->f->kind == DW_FILTERED_UNKNOWN ? t->f->rule : NULL;
		first = false;
	}
	t->f->rule = kept(t, t->f->rule);
	t->f->why = kept(t, t->f->why);
}

static const char *led_to(struct telling *t, const struct outcome *o)
{
	return o->passes && o->answer->translated
		       ? dw_exposure_end(t->a, t->door, o->source->family, o->answer)
		       : NULL;
}

static bool is_alike(const struct dw_filtered_source *a, const struct dw_filtered_source *b)
{
	return dw_streq0(a->words, b->words) && a->known == b->known && a->passes == b->passes &&
	       a->sender == b->sender && dw_streq0(a->rule, b->rule) && dw_streq0(a->to, b->to) &&
	       dw_streq0(a->led_by, b->led_by) && dw_streq0(a->why, b->why);
}

/* "anyone" of one family by one interface need not be that of another. */
static const char *told_apart(struct telling *t, size_t i)
{
	const struct dw_source *s = t->outcomes.v[i].source;
	bool family = false, interface = false;

	for (size_t k = 0; k < t->outcomes.n; k++) {
		const struct dw_source *o = t->outcomes.v[k].source;

		if (k == i || !dw_streq(o->words, s->words))
			continue;
		family |= o->family != s->family;
		interface |= o->family == s->family;
	}
	if (!family && !interface)
		return kept(t, s->words);
	return dw_arena_printf(t->a, "%s%s%s%s%s", s->words, family ? " over " : "",
			       family ? family_words[s->family == DW_FAMILY_IPV6] : "",
			       interface && s->ifname ? " by " : "",
			       interface && s->ifname ? s->ifname : "");
}

static void list_sources(struct telling *t)
{
	struct dw_filtered_source *v = dw_arena_array(t->a, t->outcomes.n + 1, sizeof(*v));
	const struct outcome **of = dw_arena_array(t->a, t->outcomes.n + 1, sizeof(*of));
	size_t n = 0;

	for (size_t i = 0; i < t->outcomes.n; i++) {
		const struct outcome *o = &t->outcomes.v[i];
		size_t same = 0;

		v[n] = (struct dw_filtered_source){
			.words = kept(t, o->source->words),
			.known = o->known,
			.passes = o->passes,
			.sender = o->passes && o->answer->sender,
			.rule = kept(t, o->answer->rule),
			.counted = o->answer->rule_counted,
			.packets = o->answer->rule_packets,
			.to = led_to(t, o),
			.why = kept(t, o->why),
		};
		if (v[n].to) {
			v[n].led_by = kept(t, o->answer->led_by);
			v[n].led_counted = o->answer->led_counted;
			v[n].led_packets = o->answer->led_packets;
		}
		while (same < n && !is_alike(&v[same], &v[n]))
			same++;
		if (same == n)
			of[n++] = o;
	}
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++)
			if (k != i && dw_streq(of[k]->source->words, of[i]->source->words))
				v[i].words = told_apart(t, (size_t)(of[i] - t->outcomes.v));
	t->f->sources = v;
	t->f->n_sources = n;
}

/* --- the door ------------------------------------------------------------------------------------- */

static void set_kind(struct telling *t, bool cut)
{
	bool anyone = t->views[0].rest_passes || t->views[1].rest_passes;

	t->f->words = "unknown";
	if (anyone && !t->rest_unknown) {
		tell_anyone(t);
	} else if (cut || t->any_unknown || t->outcomes.n == 0) {
		if (!t->any_unknown)
			t->f->why = cut ? "there is more to ask than is asked of one door"
					: "no address of it could be asked";
	} else if (t->networks_pass) {
		tell_networks(t);
	} else if (t->host_passes || t->host_unknown) {
		t->f->kind = DW_FILTERED_HOST;
		t->f->words = t->host_passes ? "this host" : "nobody but perhaps this host";
	} else {
		t->f->kind = DW_FILTERED_NOBODY;
		t->f->words = "nobody";
	}
}

static const struct dw_filtered *tell(const struct dw_exposure *x, size_t door,
				      const struct dw_rehearse_answer *answers)
{
	struct telling t = {
		.a = x->arena,
		.x = x,
		.door = x->room.doors[door],
		.views = { { .in.family = DW_FAMILY_IPV4, .out.family = DW_FAMILY_IPV4 },
			   { .in.family = DW_FAMILY_IPV6, .out.family = DW_FAMILY_IPV6 } },
		.f = dw_new(x->arena, struct dw_filtered)
	};

	*t.f = (struct dw_filtered){ .complete = true, .rehearsed = !x->room.open };
	gather(&t, &x->exposed[door], answers);
	for (size_t i = 0; i < t.outcomes.n; i++)
		sort_out(&t, &t.outcomes.v[i]);
	add_elsewhere(&t);
	for (size_t i = 0; i < DW_ARRAY_SIZE(t.views); i++) {
		dw_ranges_merge(&t.views[i].in);
		dw_ranges_merge(&t.views[i].out);
	}
	set_kind(&t, x->exposed[door].cut);
	find_rule(&t);
	list_sources(&t);
	return t.f;
}

void dw_exposure_tell(struct dw_exposure *x, const struct dw_rehearse_answer *answers)
{
	for (size_t i = 0; i < x->room.n_doors; i++)
		if (!x->room.doors[i]->filtered)
			x->room.doors[i]->filtered = tell(x, i, answers);
}

size_t dw_exposure_explain(struct dw_exposure *x, const struct dw_rehearse_answer *answers,
			   size_t *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < x->room.n_doors; i++) {
		struct telling t = { .a = x->arena, .x = x, .door = x->room.doors[i] };

		gather(&t, &x->exposed[i], answers);
		for (size_t k = 0; k < t.outcomes.n; k++)
			if (t.outcomes.v[k].answer->reach != DW_ARRIVAL_UNKNOWN)
				x->v[t.outcomes.v[k].question].explain = true;
	}
	for (size_t i = 0; i < x->n; i++)
		if (x->v[i].explain)
			ret[n++] = i;
	return n;
}
