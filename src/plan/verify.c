/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Is the host as a run left it? Doors are known again by where they are; what cannot be known is told as not known,
 * never as closed and never as lost.
 */
#include <string.h>

#include "dw_str.h"
#include "verifying.h"

static const char *const kind_names[DW_DIFFERENCE_COUNT] = {
	[DW_DIFFERENCE_UNKNOWN] = "unknown",     [DW_DIFFERENCE_OPEN] = "open",
	[DW_DIFFERENCE_SLEEPING] = "sleeping",   [DW_DIFFERENCE_LOST] = "lost",
	[DW_DIFFERENCE_UNIT_LOST] = "unit-lost", [DW_DIFFERENCE_STATE] = "state",
	[DW_DIFFERENCE_BLIND] = "blind",
};

const char *dw_difference_kind_name(enum dw_difference_kind k)
{
	return k < DW_DIFFERENCE_COUNT ? kind_names[k] : "unknown";
}

struct dw_difference *dw_verifying_add(struct verifying *v, enum dw_difference_kind kind,
				       bool grave, const char *object, const char *fmt, ...)
{
	struct dw_difference *d = dw_vec_add(v->arena, v->ret);
	va_list ap;

	va_start(ap, fmt);
	*d = (struct dw_difference){ .kind = kind,
				     .grave = grave,
				     .run = v->in->run->id,
				     .object = object,
				     .text = dw_arena_vprintf(v->arena, fmt, ap) };
	va_end(ap);
	return d;
}

/* --- who ---------------------------------------------------------------------------------------- */

static bool is_off(const struct dw_verify_step *s)
{
	return s->now.text && dw_streq0(s->now.text, s->step->step.want.text);
}

static bool was_taken(const struct dw_run_step *s)
{
	return s->state == DW_RUN_STEP_DONE || s->state == DW_RUN_STEP_ALREADY;
}

/* FILE of FILE:LINE is what the step wrote. */
static bool is_source(const char *source, const char *object)
{
	size_t n = strlen(object);

	return source && strncmp(source, object, n) == 0 && (source[n] == ':' || !source[n]);
}

static bool names_unit(const char *object, const char *unit)
{
	size_t n = unit ? strlen(unit) : 0;

	for (const char *p = object; n && (p = strstr(p, unit)); p += n)
		if ((p == object || p[-1] == ' ' || p[-1] == '/') && (p[n] == ' ' || !p[n]))
			return true;
	return false;
}

/* Is it a step of that door? The step names only the first of its doors. */
static bool is_step_of(struct verifying *v, const struct dw_step *s, const struct dw_run_door *d,
		       const struct dw_door *found)
{
	return dw_streq0(s->door, dw_endpoint_text(v->arena, &d->at)) ||
	       is_source(found->starter.source, s->object) ||
	       names_unit(s->object, found->starter.id) || names_unit(s->object, d->starter_id);
}

static const char *evidence(struct verifying *v, const struct dw_run_door *d,
			    const struct dw_door *found)
{
	for (size_t i = 0; i < v->in->n_steps; i++) {
		const struct dw_verify_step *s = &v->in->steps[i];

		if (s->changed_by && !is_off(s) && is_step_of(v, &s->step->step, d, found))
			return s->changed_by;
	}
	return NULL;
}

static const char *who(struct verifying *v, const struct dw_run_door *d,
		       const struct dw_door *found)
{
	const struct dw_starter *s = &found->starter;
	struct dw_str text = { .arena = v->arena };
	const char *more = evidence(v, d, found);

	if (s->kind != DW_STARTER_UNKNOWN)
		dw_str_add(&text, dw_starter_kind_name(s->kind));
	if (s->id)
		dw_str_addf(&text, "%s%s", text.n ? " " : "", s->id);
	if (s->source && !dw_streq0(s->source, s->id))
		dw_str_addf(&text, text.n ? " (%s)" : "%s", s->source);
	if (!text.n && found->program)
		dw_str_addf(&text, "%s", found->program);
	if (more)
		dw_str_addf(&text, "%s%s", text.n ? "; " : "", more);
	return text.s;
}

/* --- doors that were closed --------------------------------------------------------------------- */

static void check_closed(struct verifying *v, const struct dw_run_door *d)
{
	const struct dw_snapshot *after = v->in->after;
	const char *text = dw_endpoint_text(v->arena, &d->at);

	for (size_t i = 0; i < after->n_doors; i++) {
		const struct dw_door *found = &after->doors[i];
		bool sleeps = found->kind == DW_KIND_SLEEPING;
		/* where a service that sleeps will open it nobody knows yet */
		bool same = !found->at.has_port || dw_verifying_same_at(&d->at, &found->at);
		struct dw_difference *x;

		if (!dw_verifying_is_back(v, d, found))
			continue;
		x = dw_verifying_add(v, sleeps ? DW_DIFFERENCE_SLEEPING : DW_DIFFERENCE_OPEN, true,
				     text,
				     sleeps ? "%s is shut now, but something would open it again: "
					      "at the next boot, or when it is called%s%s."
					    : "%s was closed and is open%s%s.",
				     text, same ? "" : " as ",
				     same ? "" : dw_endpoint_text(v->arena, &found->at));
		x->who = who(v, d, found);
		x->door = d;
		return;
	}
}

/* --- doors that stay ---------------------------------------------------------------------------- */

static bool has_unit(const struct dw_strings *list, const char *unit)
{
	return list && unit && dw_strings_has(list, unit);
}

static bool unit_stopped(const struct verifying *v, const char *unit)
{
	return v->in->units && has_unit(&v->in->run->units, unit) && !has_unit(v->in->units, unit);
}

static void tell_lost(struct verifying *v, const struct dw_run_door *d, const struct dw_door *found)
{
	const char *text = dw_endpoint_text(v->arena, &d->at);
	bool stopped = unit_stopped(v, d->starter_id);
	bool kept = d->role == DW_RUN_DOOR_KEPT;
	bool grave = v->in->at_once ? kept || d->lasting || stopped : d->lasting;
	struct dw_difference *x;

	if (!v->in->at_once && !kept && !d->lasting)
		return; /* nothing starts it at boot: whoever held it ended */
	/* right behind a run both looks had the same eyes: what was seen before would be seen now */
	if (v->blind && !v->in->at_once) {
		x = dw_verifying_add(v, DW_DIFFERENCE_BLIND, false, text,
				     "%s was to stay, and could not be seen: not everything could "
				     "be looked at.",
				     text);
	} else if (found) {
		x = dw_verifying_add(v, DW_DIFFERENCE_LOST, grave, text,
				     "%s was to stay open and is shut, though something would open "
				     "it again.",
				     text);
	} else {
		x = dw_verifying_add(
			v, DW_DIFFERENCE_LOST, grave, text, "%s was %s and is gone%s%s%s.", text,
			kept ? "to stay" : "open", stopped ? ": " : "",
			stopped ? d->starter_id : "", stopped ? " is not active any more" : "");
	}
	x->door = d;
}

static void check_starter(struct verifying *v, const struct dw_run_door *d,
			  const struct dw_door *found)
{
	const char *text = dw_endpoint_text(v->arena, &d->at);
	const struct dw_starter *s = &found->starter;
	struct dw_difference *x;

	if (d->lasting && s->enabled == DW_NO)
		x = dw_verifying_add(
			v, DW_DIFFERENCE_LOST, true, text,
			"%s is there, but nothing starts it at the next boot any more.", text);
	else if (s->kind != DW_STARTER_UNKNOWN && d->starter != DW_STARTER_UNKNOWN &&
		 (s->kind != d->starter || !dw_streq0(s->id, d->starter_id)))
		x = dw_verifying_add(v, DW_DIFFERENCE_STATE, false, text,
				     "%s is there, but %s starts it now, not %s.", text,
				     s->id ? s->id : dw_starter_kind_name(s->kind),
				     d->starter_id ? d->starter_id
						   : dw_starter_kind_name(d->starter));
	else
		return;
	x->door = d;
}

/* Where it was to be heard no more it is still, or again. What sleeps has no address yet that could be told wrong. */
static bool check_narrowed(struct verifying *v, const struct dw_run_door *d,
			   const struct dw_door *found)
{
	const char *text = dw_endpoint_text(v->arena, &d->at);
	struct dw_difference *x;

	if (d->role != DW_RUN_DOOR_NARROWED || !found || !dw_verifying_same_program(d, found) ||
	    found->kind == DW_KIND_SLEEPING || d->kind == DW_KIND_SLEEPING)
		return false;
	x = dw_verifying_add(v, DW_DIFFERENCE_OPEN, true, text,
			     "%s was narrowed and is open as wide as before.", text);
	x->who = who(v, d, found);
	x->door = d;
	return true;
}

static void check_kept(struct verifying *v, const struct dw_run_door *d)
{
	const struct dw_door *found = dw_verifying_find(v, d);
	bool shut = found && found->kind == DW_KIND_SLEEPING && d->kind != DW_KIND_SLEEPING;

	if (check_narrowed(v, d, found))
		return;
	if (found && !shut) {
		if (d->role == DW_RUN_DOOR_KEPT)
			check_starter(v, d, found);
		return;
	}
	if (!dw_verifying_may_go(v, d))
		tell_lost(v, d, found);
}

/* --- units -------------------------------------------------------------------------------------- */

/* What comes and goes by itself: sessions, calls of an Accept= socket, units that a program made for a while. */
static bool is_fleeting(const char *unit)
{
	static const char *const kinds[] = { ".service", ".socket", ".path", ".timer" };
	static const char *const names[] = { "user@", "user-runtime-dir@", "run-", "session-",
					     "systemd-fsck@" };
	const char *at = strchr(unit, '@');
	bool lasts = false;

	for (size_t i = 0; i < DW_ARRAY_SIZE(kinds); i++)
		lasts |= dw_ends_with(unit, kinds[i]);
	for (size_t i = 0; i < DW_ARRAY_SIZE(names); i++)
		lasts &= !dw_starts_with(unit, names[i]);
	/* NUMBER-ADDRESS:PORT-ADDRESS:PORT (systemd.socket(5)) */
	return !lasts || (at && strchr(at, ':') && strchr(at, '-'));
}

static bool was_stopped(const struct verifying *v, const char *unit)
{
	const struct dw_run *run = v->in->run;

	for (size_t i = 0; i < run->n_steps; i++)
		if (dw_streq(run->steps[i].step.manager, "systemd") &&
		    names_unit(run->steps[i].step.object, unit))
			return true;
	return false;
}

static void check_units(struct verifying *v)
{
	const struct dw_strings *before = &v->in->run->units;

	if (before->n && !v->in->units) {
		(void)dw_verifying_add(v, DW_DIFFERENCE_BLIND, false, "units",
				       "Which units are active could not be looked at.");
		return;
	}
	for (size_t i = 0; i < before->n; i++) {
		const char *unit = before->v[i];

		if (!has_unit(v->in->units, unit) && !is_fleeting(unit) && !was_stopped(v, unit))
			(void)dw_verifying_add(v, DW_DIFFERENCE_UNIT_LOST, true, unit,
					       "%s was active and is not any more.", unit);
	}
}

/* --- what the steps switched -------------------------------------------------------------------- */

static bool door_is_back(struct verifying *v, const struct dw_step *s)
{
	for (size_t i = 0; i < v->ret->n; i++) {
		const struct dw_difference *d = &v->ret->v[i];

		if ((d->kind == DW_DIFFERENCE_OPEN || d->kind == DW_DIFFERENCE_SLEEPING) &&
		    d->run == v->in->run->id && d->door &&
		    (dw_streq0(s->door, d->object) || names_unit(s->object, d->door->starter_id)))
			return true;
	}
	return false;
}

/*
 * What the run took away stands there again, or in the place of what it put there: whether a door is seen or not,
 * the next start opens it. A service that is enabled and does not run has no address to be known by.
 */
static bool lets_it_start(const struct dw_verify_step *s)
{
	const struct dw_step *step = &s->step->step;
	const char *want = step->want.text;

	if (step->phase != DW_PHASE_BOOT || !dw_streq(step->manager, "file") || !want)
		return false;
	return dw_streq0(s->now.text, step->expect.text) || dw_streq(want, "absent") ||
	       dw_streq(want, "link /dev/null");
}

/*
 * The packet filter: rules that are not in force keep nobody out, now or, where it is what loads them at boot, then.
 * insserv(8) writes its list anew whenever a script comes or goes.
 */
static bool opens_the_fence(const struct dw_verify_step *s)
{
	const struct dw_step *step = &s->step->step;

	return dw_streq(step->manager, "fence") ||
	       (step->phase == DW_PHASE_KEEP && !dw_ends_with(step->object, "/.depend.boot"));
}

static void check_step(struct verifying *v, const struct dw_verify_step *s)
{
	const struct dw_step *step = &s->step->step;
	const char *label = step->label ? step->label : step->object;
	struct dw_difference *x;

	if (!was_taken(s->step) || is_off(s))
		return;
	if (!s->now.text) {
		(void)dw_verifying_add(v, DW_DIFFERENCE_BLIND, false, step->object,
				       "The state of %s could not be read.", label);
		return;
	}
	x = dw_verifying_add(
		v, DW_DIFFERENCE_STATE,
		door_is_back(v, step) || lets_it_start(s) || opens_the_fence(s), step->object,
		dw_streq(step->manager, "file") ? "%s is not as the run left it."
						: "%s is not as the run left it: it is %s, not %s.",
		label, s->now.text, step->want.text ? step->want.text : "?");
	if (s->differs)
		x->text = s->differs;
	x->who = s->changed_by;
}

/* --- all ---------------------------------------------------------------------------------------- */

static void check_blind(struct verifying *v)
{
	const struct dw_snapshot *after = v->in->after;

	for (size_t i = 0; i < after->n_incomplete; i++) {
		const struct dw_incomplete *n = &after->incomplete[i];

		if (n->blind)
			(void)dw_verifying_add(
				v, DW_DIFFERENCE_BLIND, false, n->file ? n->file : n->what,
				"A closed door may be open without being seen: %s", n->text);
	}
}

void dw_verify(const struct dw_verify_input *in, struct dw_arena *a, struct dw_differences *ret)
{
	struct verifying v = { .arena = a, .in = in, .ret = ret };

	for (size_t i = 0; i < in->after->n_incomplete; i++)
		v.blind |= in->after->incomplete[i].blind;
	for (size_t i = 0; i < in->run->n_doors; i++) {
		const struct dw_run_door *d = &in->run->doors[i];

		if (d->role == DW_RUN_DOOR_CLOSED || d->role == DW_RUN_DOOR_ALSO)
			check_closed(&v, d);
		else
			check_kept(&v, d);
	}
	check_units(&v);
	for (size_t i = 0; i < in->n_steps; i++)
		check_step(&v, &in->steps[i]);
	check_blind(&v);
}
