/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From an audit and words to a plan. */
#include "change-private.h"

#include <errno.h>
#include <string.h>

#include "audit-private.h"
#include "dw_change.h"
#include "dw_knowledge.h"
#include "dw_levers.h"
#include "dw_str.h"

static const struct dw_report *report_of(const struct doorward_plan *p)
{
	return &p->audit->report;
}

static bool has_trait(const struct dw_report_door *d, unsigned trait)
{
	return d->service && d->service->traits & trait;
}

static enum dw_intent intent_of(const struct dw_report_door *d)
{
	if (dw_streq0(d->verdict, "close"))
		return DW_INTENT_CLOSE;
	if (dw_streq0(d->verdict, "restrict"))
		return DW_INTENT_RESTRICT;
	return DW_INTENT_NONE;
}

struct doorward_plan *dw_change_plan_new(dw_unused struct doorward *d, struct doorward_audit *audit)
{
	struct dw_arena *a = dw_arena_new();
	struct doorward_plan *p = dw_new(a, struct doorward_plan);
	const struct dw_report *r = &audit->report;

	p->arena = a;
	p->audit = audit;
	p->doors = dw_arena_array(a, r->n_doors, sizeof(*p->doors));
	for (size_t i = 0; i < r->n_doors; i++)
		p->doors[i] = (struct dw_plan_door){
			.door = r->doors[i].door,
			.verdict = r->doors[i].verdict,
			.login = has_trait(&r->doors[i], DW_TRAIT_LOGIN),
			.network = has_trait(&r->doors[i], DW_TRAIT_CLIENT),
			.service = r->doors[i].service ? r->doors[i].service->name : NULL,
		};
	p->request = (struct dw_plan_request){ .doors = p->doors,
					       .n_doors = r->n_doors,
					       .service_manager = r->snapshot->service_manager };
	return p;
}

/* Every door that the word names is to close, or to be narrowed. */
static int name(struct doorward *d, struct doorward_plan *p, const char *word,
		enum dw_intent intent, struct dw_error *e)
{
	const struct dw_report *r = report_of(p);
	struct dw_found f = { 0 };
	int status = dw_report_find(r, word, p->arena, &f, e);

	if (status < 0)
		return status;
	if (f.n == 0) {
		const char *closed =
			d->fake ? NULL : dw_change_closed_by(d->root, d->state, word, p->arena);
		struct dw_str near = { .arena = p->arena };

		if (closed) {
			dw_vec_push(p->arena, &p->already, closed);
			return 0;
		}
		for (size_t i = 0; i < f.nearby.n; i++)
			dw_str_addf(&near, "%s%s", i ? ", " : " Near it: ", f.nearby.v[i]);
		return dw_error_set(e, -ENOENT,
				    "%s%s%s Was it closed before? doorward history tells.",
				    f.nothing, near.s ? near.s : "", near.s ? "." : "");
	}
	for (size_t i = 0; i < f.n; i++)
		for (size_t k = 0; k < p->request.n_doors; k++)
			if (p->doors[k].door == f.doors[i].door) {
				p->doors[k].intent = intent;
				p->doors[k].named = true;
			}
	return 0;
}

/* What the journal and the pages that are made of the plan call it. */
static const char *word_of(const struct doorward_plan *p, const struct dw_door *d)
{
	if (d->at.protocol == DW_PROTOCOL_UNKNOWN && d->starter.id)
		return d->starter.id;
	return dw_endpoint_text(p->arena, &d->at);
}

static int choose_places(struct doorward_plan *p, const struct doorward_plan_options *o,
			 enum dw_intent intent, struct dw_error *e)
{
	p->words = dw_arena_array(p->arena, o->n_places, sizeof(*p->words));
	for (size_t i = 0; i < o->n_places; i++) {
		struct dw_plan_door *door;

		if (o->places[i] >= p->request.n_doors)
			return dw_error_set(e, -EINVAL, "the audit has no door %zu", o->places[i]);
		door = &p->doors[o->places[i]];
		door->intent =
			o->as_judged ? intent_of(&report_of(p)->doors[o->places[i]]) : intent;
		door->named = !o->as_judged;
		p->words[p->n_words++] = word_of(p, door->door);
	}
	return 0;
}

static int choose(struct doorward *d, struct doorward_plan *p,
		  const struct doorward_plan_options *o, struct dw_error *e)
{
	enum dw_intent intent = o->restrict_only ? DW_INTENT_RESTRICT : DW_INTENT_CLOSE;
	const struct dw_report *r = report_of(p);
	int status = 0;

	if (o->n_places)
		return choose_places(p, o, intent, e);
	p->words = dw_arena_array(p->arena, o->n_doors, sizeof(*p->words));
	for (size_t i = 0; i < o->n_doors && status == 0; i++) {
		p->words[p->n_words++] = dw_arena_strdup(p->arena, o->doors[i]);
		status = name(d, p, p->words[i], intent, e);
	}
	for (size_t i = 0; i < r->n_doors && o->n_doors == 0; i++)
		if (!o->restrict_only || intent_of(&r->doors[i]) == intent)
			p->doors[i].intent = intent_of(&r->doors[i]);
	return status;
}

/* What only the doors that change are asked: relations and dependants. */
static void look_closer(struct doorward_plan *p)
{
	const struct dw_report *r = report_of(p);
	struct dw_report_door *v = dw_arena_array(p->arena, r->n_doors, sizeof(*v));
	size_t n = 0;

	for (size_t i = 0; i < r->n_doors; i++)
		if (p->doors[i].intent != DW_INTENT_NONE)
			v[n++] = r->doors[i];
	dw_lib_look_closer(p->audit->audit, v, n, p->arena);
	n = 0;
	for (size_t i = 0; i < r->n_doors; i++)
		if (p->doors[i].intent != DW_INTENT_NONE) {
			p->doors[i].relations = v[n].relations;
			p->doors[i].dependants = v[n++].dependants;
		}
}

static bool is_of_a_unit(const struct dw_starter *s)
{
	return s->id &&
	       (s->kind == DW_STARTER_SYSTEMD_SERVICE || s->kind == DW_STARTER_SYSTEMD_SOCKET);
}

static bool closes_unit(const struct dw_plan *p, const char *unit)
{
	for (size_t i = 0; i < p->n_closes; i++) {
		const struct dw_starter *s = &p->closes[i]->door->starter;

		if (dw_streq0(s->id, unit) || dw_streq0(s->also, unit))
			return true;
	}
	return false;
}

/*
 * A door that goes along because systemd stops its unit with another's (PartOf=, Requires=) would be back with the next
 * boot, which starts that unit by itself: it has to be closed as the other is. False: there is none.
 */
static bool take_along(struct doorward_plan *p)
{
	bool more = false;

	for (size_t i = 0; i < p->plan->n_also; i++) {
		const struct dw_plan_door *also = p->plan->also[i];
		const struct dw_starter *s = &also->door->starter;
		struct dw_plan_door *d = &p->doors[also - p->doors];

		if (d->intent != DW_INTENT_NONE || !is_of_a_unit(s) || s->enabled != DW_YES ||
		    closes_unit(p->plan, s->id))
			continue;
		d->intent = DW_INTENT_CLOSE;
		d->named = p->named;
		more = true;
	}
	return more;
}

static int finish(struct doorward_plan *p, struct dw_error *e)
{
	int r;

	for (size_t i = 0; i < p->request.n_doors; i++)
		p->named |= p->doors[i].named;
	do {
		look_closer(p);
		r = dw_lib_levers(p->audit->audit, p->doors, p->request.n_doors, p->more, p->arena,
				  e);
		if (r < 0)
			return r;
		p->plan = dw_plan_make(&p->request, p->arena);
	} while (take_along(p));
	return 0;
}

int doorward_plan_make(struct doorward *d, struct doorward_audit *audit,
		       const struct doorward_plan_options *given, struct doorward_plan **ret)
{
	struct doorward_plan_options o = { 0 };
	struct dw_error *e = dw_facade_begin(d);
	struct doorward_plan *p;
	struct dw_str text;
	int r;

	if (given)
		memcpy(&o, given, DW_MIN(given->size, sizeof(o)));
	p = dw_change_plan_new(d, audit);
	text = (struct dw_str){ .arena = p->arena };
	p->request.even_my_session = o.even_my_session != 0;
	p->more = (o.remove_package ? (unsigned)DW_LEVERS_REMOVE_PACKAGE : 0) |
		  (o.disable_program ? (unsigned)DW_LEVERS_DISABLE_PROGRAM : 0);
	dw_str_addf(&text, "%s%s%s%s%s%s", o.restrict_only ? " --restrict" : "",
		    o.even_my_session ? " --even-my-session" : "",
		    o.remove_package ? " --remove-package" : "",
		    o.disable_program ? " --disable-program" : "", o.options ? " " : "",
		    o.options ? o.options : "");
	p->options = text.n ? text.s + 1 : NULL;
	r = choose(d, p, &o, e);
	if (r == 0)
		r = finish(p, e);
	if (r < 0) {
		doorward_plan_free(p);
		return r;
	}
	*ret = p;
	return 0;
}

void doorward_plan_free(struct doorward_plan *p)
{
	if (!p)
		return;
	for (size_t i = 0; p->parts && i < p->n_parts; i++)
		doorward_plan_free(p->parts[i]);
	doorward_audit_free(p->fresh);
	dw_arena_free(p->arena);
}

size_t doorward_plan_steps(const struct doorward_plan *p)
{
	return p->plan->steps.n;
}

size_t doorward_plan_doors(const struct doorward_plan *p)
{
	return p->plan->n_closes + p->plan->n_also;
}

size_t doorward_plan_narrowed(const struct doorward_plan *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->plan->n_closes; i++)
		n += p->plan->closes[i]->intent == DW_INTENT_RESTRICT;
	return n;
}

size_t doorward_plan_refused(const struct doorward_plan *p)
{
	return p->plan->n_refused;
}

struct dw_report_plan dw_change_plan_report(const struct doorward_plan *p)
{
	return (struct dw_report_plan){ .snapshot = p->audit->report.snapshot,
					.version = DW_VERSION,
					.plan = p->plan,
					.words = p->words,
					.n_words = p->n_words,
					.options = p->options,
					.already = &p->already,
					.blind = dw_report_outcome(&p->audit->report) &
						 DW_REPORT_BLIND };
}

int doorward_plan_write(struct doorward *d, struct doorward_plan *p, enum doorward_format format,
			FILE *out, const struct doorward_style *given)
{
	const struct dw_report_plan told = dw_change_plan_report(p);
	struct dw_error *e = dw_facade_begin(d);
	struct dw_report_style style;
	int r = dw_facade_style(given, &style, e);

	if (r < 0)
		return r;
	switch (format) {
	case DOORWARD_TEXT:
		return dw_report_plan_text(&told, out, &style, e);
	case DOORWARD_JSON:
		return dw_report_plan_json(&told, out, false, e);
	case DOORWARD_JSON_INDENTED:
		return dw_report_plan_json(&told, out, true, e);
	case DOORWARD_JSONL:
	case DOORWARD_CSV:
		break;
	}
	return dw_error_set(e, -EINVAL, "a plan is written as text or JSON");
}

/* --- parts ---------------------------------------------------------------------------------------- */

static bool same_lever(const struct dw_lever *a, const struct dw_lever *b)
{
	if (!dw_streq0(a->manager, b->manager) || !dw_streq0(a->object, b->object) ||
	    a->unless_used || b->unless_used)
		return a->group && dw_streq0(a->group, b->group) &&
		       dw_streq0(a->manager, b->manager);
	/* two lines of one file have nothing to do with each other */
	return !a->n_edits || !b->n_edits || a->edits[0].line == b->edits[0].line;
}

static bool share_lever(const struct dw_levers *a, const struct dw_levers *b)
{
	for (size_t i = 0; i < a->n; i++)
		for (size_t k = 0; k < b->n; k++)
			if (same_lever(&a->v[i], &b->v[k]))
				return true;
	return false;
}

static bool is_closed(const struct doorward_plan *p, size_t i)
{
	for (size_t k = 0; k < p->plan->n_closes; k++)
		if (p->plan->closes[k] == &p->doors[i])
			return true;
	return false;
}

static void join_part(struct doorward_plan *p, size_t from, size_t to)
{
	for (size_t i = 0; i < p->request.n_doors; i++)
		if (p->part_of[i] == from)
			p->part_of[i] = to;
}

/* Doors that share a lever are one part, and so on through all that do; parts in the order of their first door. */
static void take_apart(struct doorward_plan *p)
{
	size_t n = p->request.n_doors;

	p->part_of = dw_arena_array(p->arena, n + 1, sizeof(*p->part_of));
	for (size_t i = 0; i < n; i++)
		p->part_of[i] = is_closed(p, i) ? i : SIZE_MAX;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			if (p->part_of[i] != SIZE_MAX && p->part_of[k] != SIZE_MAX &&
			    p->part_of[i] != p->part_of[k] && p->doors[i].levers &&
			    p->doors[k].levers &&
			    share_lever(p->doors[i].levers, p->doors[k].levers))
				join_part(p, p->part_of[i], p->part_of[k]);
	for (size_t i = 0; i < n; i++) {
		size_t first = p->part_of[i];

		/* a part is numbered when its first door is met; numbers behind n cannot be doors */
		if (first == SIZE_MAX || first > n)
			continue;
		join_part(p, first, n + 1 + p->n_parts++);
	}
	for (size_t i = 0; i < n; i++)
		if (p->part_of[i] != SIZE_MAX)
			p->part_of[i] -= n + 1;
	p->parts = dw_arena_array(p->arena, p->n_parts + 1, sizeof(*p->parts));
}

static const struct dw_plan_door *again(const struct doorward_plan *p, const struct dw_door *d,
					size_t part)
{
	for (size_t i = 0; i < p->request.n_doors; i++)
		if (p->part_of[i] == part && p->doors[i].door->kind == d->kind &&
		    dw_endpoint_compare(&p->doors[i].door->at, &d->at) == 0)
			return &p->doors[i];
	return NULL;
}

static int make_part(struct doorward *d, const struct doorward_plan *p, size_t part,
		     struct doorward_plan **ret, struct dw_error *e)
{
	struct doorward_audit *fresh = NULL;
	struct doorward_plan *made;
	int r = part ? doorward_audit_run(d, &fresh) : 0;

	if (r < 0)
		return r;
	made = dw_change_plan_new(d, fresh ? fresh : p->audit);
	made->fresh = fresh;
	made->more = p->more;
	made->request.even_my_session = p->request.even_my_session;
	made->options = p->options;
	for (size_t i = 0; i < made->request.n_doors; i++) {
		const struct dw_plan_door *was = again(p, made->doors[i].door, part);

		if (!was)
			continue;
		made->doors[i].intent = was->intent;
		made->doors[i].named = was->named;
	}
	r = finish(made, e);
	if (r < 0)
		doorward_plan_free(made);
	else
		*ret = made;
	return r;
}

struct doorward_plan *doorward_plan_part(struct doorward *d, struct doorward_plan *p, size_t i)
{
	struct dw_error *e = dw_facade_begin(d);

	if (!p->part_of)
		take_apart(p);
	if (i >= p->n_parts)
		return NULL;
	if (!p->parts[i] && make_part(d, p, i, &p->parts[i], e) < 0)
		return NULL;
	return p->parts[i];
}
