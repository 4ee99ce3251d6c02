/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plan of a request: what is closed, what goes with it, what is refused, and the steps. */
#include <string.h>

#include "dw_str.h"
#include "making.h"

static struct making begin(const struct dw_plan_request *r, struct dw_arena *a)
{
	struct making m = { .arena = a,
			    .r = r,
			    .doors = dw_arena_array(a, r->n_doors + 1, sizeof(*m.doors)),
			    .n = r->n_doors };

	for (size_t i = 0; i < m.n; i++)
		m.doors[i] = (struct making_door){
			.d = &r->doors[i],
			.text = dw_endpoint_text(a, &r->doors[i].door->at),
			.active = r->doors[i].intent != DW_INTENT_NONE,
		};
	return m;
}

static void add_once(struct dw_arena *a, struct dw_strings *list, const char *s)
{
	if (!dw_strings_has(list, s))
		dw_vec_push(a, list, s);
}

/* --- remarks ------------------------------------------------------------------------------------ */

static void tell_spared(struct making *m, struct dw_strings *remarks)
{
	for (size_t i = 0; i < m->spared.n; i++) {
		const char *set = m->spared.v[i];

		add_once(m->arena, remarks,
			 dw_arena_printf(m->arena,
					 "%.*s goes on without these lines: a door that stays is "
					 "held by it.",
					 (int)strcspn(set, " "), set));
	}
}

static void tell_remarks(struct making *m, struct dw_steps *steps)
{
	struct dw_strings remarks = { 0 };

	for (size_t i = 0; i < m->n; i++) {
		const struct dw_levers *all = m->doors[i].d->levers;

		for (size_t k = 0; m->doors[i].active && all && k < all->remarks.n; k++)
			add_once(m->arena, &remarks, all->remarks.v[k]);
	}
	if (steps->n)
		tell_spared(m, &remarks);
	steps->remarks = remarks.v;
	steps->n_remarks = remarks.n;
}

/* --- who may miss it ---------------------------------------------------------------------------- */

static bool is_stopped(const struct dw_steps *steps, const char *unit)
{
	size_t n = strlen(unit);

	for (size_t i = 0; i < steps->n; i++) {
		const char *p =
			dw_streq(steps->v[i].manager, "systemd") ? steps->v[i].object : NULL;

		for (; p && (p = strstr(p, unit)); p += n)
			if ((p == steps->v[i].object || p[-1] == ' ') && (p[n] == ' ' || !p[n]))
				return true;
	}
	return false;
}

/* A line of (x)inetd goes, and the daemon with its package stays: who needs that misses nothing. */
static bool is_line_alone(const struct making *m, const struct making_door *d,
			  const struct dw_steps *steps)
{
	enum dw_starter_kind kind = d->d->door->starter.kind;

	if ((kind != DW_STARTER_INETD && kind != DW_STARTER_XINETD) || dw_making_daemon_goes(m, d))
		return false;
	for (size_t i = 0; i < steps->n; i++)
		if (dw_streq(steps->v[i].manager, "package"))
			return false;
	return true;
}

static void tell_needed(struct making *m, const struct making_door *d, struct dw_plan *plan)
{
	const struct dw_steps *steps = &plan->steps;
	struct dw_strings *ret = &plan->needed_by;
	const struct dw_relations *r = d->d->relations;
	const struct dw_package *p = d->d->door->package;

	if (is_line_alone(m, d, steps))
		return;
	for (size_t i = 0; r && i < r->n_needed_by; i++)
		if (!is_stopped(steps, r->needed_by[i].unit))
			add_once(m->arena, ret,
				 dw_arena_printf(m->arena, "%s (%s %s)", r->needed_by[i].unit,
						 r->needed_by[i].how,
						 d->d->door->starter.id ? d->d->door->starter.id
									: d->text));
	for (size_t i = 0; d->d->dependants && p && i < d->d->dependants->n; i++)
		if (!dw_making_is_removed(plan, d->d->dependants->v[i]))
			add_once(m->arena, ret,
				 dw_arena_printf(m->arena, "%s (package, needs %s)",
						 d->d->dependants->v[i], p->name));
}

/* --- the plan ----------------------------------------------------------------------------------- */

static void add_also(struct making *m, struct dw_plan *p)
{
	bool *goes = dw_arena_array(m->arena, m->n + 1, sizeof(*goes));

	for (size_t i = 0; i < m->n; i++) {
		const struct making_door *d = &m->doors[i];

		for (size_t k = 0; d->active && d->d->intent == DW_INTENT_CLOSE && k < d->takes.n;
		     k++)
			goes[d->takes.v[k]] = true;
		for (size_t k = 0; d->active && k < d->daemon_takes.n; k++)
			goes[d->daemon_takes.v[k]] |= dw_making_daemon_goes(m, d);
	}
	p->also = dw_arena_array(m->arena, m->n + 1, sizeof(*p->also));
	for (size_t i = 0; i < m->n; i++)
		if (goes[i] && !m->doors[i].active)
			p->also[p->n_also++] = m->doors[i].d;
}

static void add_doors(struct making *m, struct dw_plan *p)
{
	p->closes = dw_arena_array(m->arena, m->n + 1, sizeof(*p->closes));
	p->refused = dw_arena_array(m->arena, m->n + 1, sizeof(*p->refused));
	for (size_t i = 0; i < m->n; i++) {
		const struct making_door *d = &m->doors[i];

		if (d->active) {
			p->closes[p->n_closes++] = d->d;
			tell_needed(m, d, p);
		} else if (d->id) {
			p->refused[p->n_refused++] =
				(struct dw_refusal){ d->d->door, d->id, d->sentence };
		}
	}
}

struct dw_plan *dw_plan_make(const struct dw_plan_request *r, struct dw_arena *a)
{
	struct dw_plan *p = dw_new(a, struct dw_plan);
	struct making m = begin(r, a);

	dw_making_takes(&m);
	do
		dw_making_refuse_all(&m);
	while (dw_making_steps(&m, &p->steps));
	tell_remarks(&m, &p->steps);
	dw_making_packages(&m, p);
	add_doors(&m, p);
	add_also(&m, p);
	return p;
}

struct dw_steps *dw_plan_one(const struct dw_door *d, const struct dw_levers *levers,
			     const char *service_manager, struct dw_arena *a)
{
	const struct dw_plan_door door = {
		.door = d, .intent = DW_INTENT_CLOSE, .named = true, .levers = levers
	};
	const struct dw_plan_request r = { .doors = dw_arena_memdup(a, &door, sizeof(door)),
					   .n_doors = 1,
					   .service_manager = service_manager,
					   .even_my_session = true };
	struct dw_steps *ret = dw_new(a, struct dw_steps);
	struct making m = begin(dw_arena_memdup(a, &r, sizeof(r)), a);
	struct dw_strings remarks = { 0 };

	m.doors[0].active = levers && !levers->cannot;
	if (dw_making_steps(&m, ret))
		dw_vec_push(a, &remarks, m.doors[0].sentence);
	if (!levers || levers->cannot)
		dw_vec_push(a, &remarks,
			    levers ? levers->cannot : "Nothing is known that closes it.");
	for (size_t i = 0; levers && i < levers->remarks.n; i++)
		add_once(a, &remarks, levers->remarks.v[i]);
	ret->remarks = remarks.v;
	ret->n_remarks = remarks.n;
	return ret;
}
