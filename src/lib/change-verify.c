/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Is the host as the runs left it? And the journal, written down. */
#include <errno.h>
#include <string.h>

#include "change-private.h"
#include "dw_bus.h"
#include "dw_change.h"
#include "dw_macros.h"
#include "dw_str.h"
#include "fence-private.h"

static bool is_taken(const struct dw_run_step *s)
{
	return s->state == DW_RUN_STEP_DONE || s->state == DW_RUN_STEP_ALREADY;
}

static struct dw_state read_state(struct dw_switch *sw, const struct dw_run_step *s)
{
	const struct dw_switch_ops *ops = dw_switch_find(s->step.manager);
	struct dw_state now = { 0 };

	/* a state that could not be read has no text: dw_verify says so */
	if (!ops || ops->state(sw, s->step.object, &now, NULL) < 0)
		return (struct dw_state){ 0 };
	return now;
}

#define BUS_UNIT    "org.freedesktop.systemd1.Unit"
#define BUS_SERVICE "org.freedesktop.systemd1.Service"

struct lost_unit {
	struct dw_bus *bus;
	const char *unit;
	struct dw_arena *a;
};

static const char *ask(const struct lost_unit *u, const char *interface, const char *property)
{
	const char *value = NULL;

	return dw_bus_unit_string(u->bus, u->unit, interface, property, u->a, &value, NULL) == 0 &&
			       value
		       ? value
		       : "";
}

static bool names_some(const struct lost_unit *u, const char *property)
{
	struct dw_strings v = { 0 };

	return dw_bus_unit_strings(u->bus, u->unit, BUS_UNIT, property, u->a, &v, NULL) == 0 &&
	       v.n > 0;
}

/*
 * A service that is called, over the message bus or by a trigger, ends well when nobody needs it: that it is not there
 * is no sign. Many are "enabled" only because they have an alias for the bus.
 */
static bool goes_by_itself(const struct lost_unit *u)
{
	if (!dw_ends_with(u->unit, ".service") ||
	    !dw_streq(ask(u, BUS_SERVICE, "Result"), "success"))
		return false;
	if (names_some(u, "TriggeredBy"))
		return true;
	return *ask(u, BUS_SERVICE, "BusName") && !names_some(u, "WantedBy") &&
	       !names_some(u, "RequiredBy");
}

/*
 * What another boot need not have: what ran once and was called active from then on (the first boot has more of
 * these), and what no boot starts.
 */
static bool was_of_that_boot(const struct lost_unit *u)
{
	static const char *const not_at_boot[] = { "disabled", "transient", "" };
	const char *state = ask(u, BUS_UNIT, "UnitFileState");

	for (size_t i = 0; i < DW_ARRAY_SIZE(not_at_boot); i++)
		if (dw_streq(state, not_at_boot[i]))
			return true;
	return dw_streq(ask(u, BUS_SERVICE, "Type"), "oneshot") &&
	       dw_streq(ask(u, BUS_SERVICE, "Result"), "success");
}

/*
 * Only there for another unit (no [Install], and none that is loaded wants it): in a later boot it is not, once that
 * one is closed.
 */
static bool came_along(const struct lost_unit *u)
{
	static const char *const wanting[] = { "RequiredBy", "RequisiteOf", "WantedBy", "BoundBy",
					       "TriggeredBy" };

	if (!dw_streq(ask(u, BUS_UNIT, "UnitFileState"), "static"))
		return false;
	for (size_t i = 0; i < DW_ARRAY_SIZE(wanting); i++) {
		struct dw_strings names = { 0 };

		if (dw_bus_unit_strings(u->bus, u->unit, BUS_UNIT, wanting[i], u->a, &names, NULL) <
			    0 ||
		    names.n > 0)
			return false;
	}
	return true;
}

static void forgive(struct dw_sys *sys, const struct dw_run *run, bool at_once,
		    struct dw_differences *all, size_t first, struct dw_arena *a)
{
	_cleanup_(dw_cleanup_bus) struct dw_bus *bus = NULL;
	const char *boot = dw_change_boot_id(sys, a);
	bool other_boot = boot && run->boot_id && !dw_streq(boot, run->boot_id);
	size_t n = first;

	for (size_t i = first; i < all->n; i++) {
		struct dw_difference *d = &all->v[i];
		bool forgotten = false;

		if (d->kind == DW_DIFFERENCE_UNIT_LOST && d->grave && d->object &&
		    (bus || dw_bus_open(sys, &bus, NULL) == 0)) {
			const struct lost_unit u = { bus, d->object, a };

			d->grave = !goes_by_itself(&u) && (at_once || !came_along(&u));
			forgotten = other_boot && (!d->grave || was_of_that_boot(&u));
		}
		if (!forgotten)
			all->v[n++] = *d;
	}
	all->n = n;
}

void dw_change_compare(struct dw_switch *sw, const struct dw_run *run,
		       const struct doorward_audit *after, bool at_once, struct dw_arena *a,
		       struct dw_differences *ret)
{
	struct dw_verify_step *steps = dw_arena_array(a, run->n_steps, sizeof(*steps));
	struct dw_strings units;
	struct dw_verify_input in = {
		.run = run, .after = after->report.snapshot, .steps = steps, .at_once = at_once
	};
	size_t first = ret->n;

	for (size_t i = 0; i < run->n_steps; i++) {
		const struct dw_run_step *s = &run->steps[i];

		if (!is_taken(s))
			continue;
		steps[in.n_steps] = (struct dw_verify_step){ .step = s, .now = read_state(sw, s) };
		if (!at_once && !dw_streq0(steps[in.n_steps].now.text, s->step.want.text)) {
			steps[in.n_steps].changed_by = dw_change_who(sw->sys, run, s, a);
			dw_fence_differs(sw, &steps[in.n_steps], a);
		}
		in.n_steps++;
	}
	if (dw_change_units(sw->sys, a, &units))
		in.units = &units;
	dw_verify(&in, a, ret);
	forgive(sw->sys, run, at_once, ret, first, a);
	dw_change_parents(sw->sys, after->report.snapshot, ret, first, a);
	dw_change_cron(sw->sys, after->report.snapshot, ret, first, a);
}

/* --- doorward_verify ------------------------------------------------------------------------------ */

struct verifying {
	struct doorward *d;
	struct doorward_audit *audit;
	struct dw_arena *a;
	struct dw_store *store;
	struct dw_switch sw;
	struct dw_differences found;
	int64_t *runs;         /* that are told */
	struct dw_run *loaded; /* these, and what took a fence away: the newest first */
	size_t n_runs, n_loaded, n_closed, n_kept;
	enum dw_report_table fence;
	bool off; /* a later run took the fence away */
	const char *fence_file;
};

static bool was_closed(const struct dw_run_door *d)
{
	return d->role == DW_RUN_DOOR_CLOSED || d->role == DW_RUN_DOOR_ALSO;
}

static bool closes(const struct dw_run *run, const struct dw_difference *found, struct dw_arena *a)
{
	for (size_t i = 0; found->object && i < run->n_doors; i++)
		if (was_closed(&run->doors[i]) &&
		    dw_streq(dw_endpoint_text(a, &run->doors[i].at), found->object))
			return true;
	return false;
}

static bool has_word(const char *words, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = words; n && (p = strstr(p, word)); p += n)
		if ((p == words || p[-1] == ' ') && (p[n] == ' ' || !p[n]))
			return true;
	return false;
}

/* The file, or the unit, is a later run's own. */
static bool switches(const struct dw_run *run, const struct dw_difference *found)
{
	for (size_t i = 0; found->object && i < run->n_steps; i++)
		if (is_taken(&run->steps[i]) && has_word(run->steps[i].step.object, found->object))
			return true;
	return false;
}

/* What a later run closed, or switched, is not as an earlier one left it, and rightly so. */
static bool is_later_runs(const struct verifying *v, const struct dw_difference *found)
{
	for (size_t i = 0; i < v->n_loaded && v->loaded[i].id != found->run; i++) {
		const struct dw_run *later = &v->loaded[i];

		if (found->kind == DW_DIFFERENCE_LOST && closes(later, found, v->a))
			return true;
		if ((found->kind == DW_DIFFERENCE_UNIT_LOST ||
		     found->kind == DW_DIFFERENCE_STATE) &&
		    switches(later, found))
			return true;
	}
	return false;
}

static void leave_out(struct verifying *v, size_t first)
{
	size_t n = first;

	for (size_t i = first; i < v->found.n; i++)
		if (!is_later_runs(v, &v->found.v[i]))
			v->found.v[n++] = v->found.v[i];
	v->found.n = n;
}

static bool has_table(const struct dw_run *run)
{
	for (size_t i = 0; i < run->n_steps; i++)
		if (is_taken(&run->steps[i]) && dw_streq(run->steps[i].step.manager, "fence"))
			return true;
	return false;
}

/* Of the newest run that touched our table; first: the first difference of that run. */
static void look_at_fence(struct verifying *v, const struct dw_run *run, size_t first)
{
	if (v->off || v->fence != DW_REPORT_TABLE_NONE || !has_table(run))
		return;
	v->fence = DW_REPORT_TABLE_STANDS;
	for (size_t i = first; i < v->found.n; i++)
		if (dw_streq0(v->found.v[i].object, DW_FENCE_OBJECT))
			v->fence = v->found.v[i].kind == DW_DIFFERENCE_STATE
					   ? DW_REPORT_TABLE_DIFFERS
					   : DW_REPORT_TABLE_UNKNOWN;
}

static int look_at(struct verifying *v, int64_t id, struct dw_error *e)
{
	struct dw_run *run = &v->loaded[v->n_loaded];
	size_t first = v->found.n;
	int r = dw_store_load(v->store, id, v->a, run, e);

	if (r < 0)
		return r;
	v->n_loaded++;
	dw_change_compare(&v->sw, run, v->audit, false, v->a, &v->found);
	for (size_t i = 0; i < run->n_doors; i++) {
		v->n_closed += was_closed(&run->doors[i]);
		v->n_kept += run->doors[i].role == DW_RUN_DOOR_KEPT && v->n_runs == 0;
	}
	v->runs[v->n_runs++] = id;
	leave_out(v, first);
	look_at_fence(v, run, first);
	return 0;
}

/*
 * `fence off` asks for nothing that could come undone but by another run of the fence. What was loaded before it is
 * rightly not there.
 */
static int look_past(struct verifying *v, int64_t id, struct dw_error *e)
{
	int r = dw_store_load(v->store, id, v->a, &v->loaded[v->n_loaded], e);

	v->n_loaded += r == 0;
	v->off = true;
	return r;
}

static bool is_kind(const struct dw_run *r, const char *kind)
{
	return dw_streq0(r->kind, kind) && (r->state == DW_RUN_DONE || r->state == DW_RUN_FAILED ||
					    r->state == DW_RUN_PARTLY_UNDONE);
}

static int look_at_all(struct verifying *v, long long id, struct dw_error *e)
{
	struct dw_run *runs = NULL;
	size_t n = 0;
	int r = dw_store_runs(v->store, v->a, &runs, &n, e);

	v->runs = dw_arena_array(v->a, n + 1, sizeof(*v->runs));
	v->loaded = dw_arena_array(v->a, n + 1, sizeof(*v->loaded));
	if (r == 0 && id)
		return look_at(v, id, e);
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (dw_change_in_force(&runs[i]) || (!v->off && is_kind(&runs[i], "fence")))
			r = look_at(v, runs[i].id, e);
		else if (is_kind(&runs[i], "fence-off"))
			r = look_past(v, runs[i].id, e);
	}
	return r;
}

/* Two runs that kept the same door, or the same unit, would tell of it twice. */
static bool told_before(const struct dw_differences *all, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (all->v[k].kind == all->v[i].kind &&
		    dw_streq0(all->v[k].object, all->v[i].object))
			return true;
	return false;
}

static int write_found(struct verifying *v, enum doorward_format format, FILE *out,
		       const struct dw_report_style *style, bool blind, struct dw_error *e)
{
	const struct dw_snapshot *s = v->audit->report.snapshot;
	struct dw_report_difference *told = dw_arena_array(v->a, v->found.n, sizeof(*told));
	struct dw_report_verify r = { .host = s->host,
				      .version = DW_VERSION,
				      .time = s->time,
				      .runs = v->runs,
				      .n_runs = v->n_runs,
				      .n_closed = v->n_closed,
				      .n_kept = v->n_kept,
				      .blind = blind,
				      .fence = v->fence,
				      .fence_file = v->fence_file,
				      .v = told };

	for (size_t i = 0; i < v->found.n; i++) {
		const struct dw_difference *d = &v->found.v[i];

		if (!told_before(&v->found, i))
			told[r.n++] = (struct dw_report_difference){
				.kind = dw_difference_kind_name(d->kind),
				.grave = d->grave,
				.run = d->run,
				.object = d->object,
				.text = d->text,
				.who = d->who,
			};
	}
	if (format == DOORWARD_TEXT)
		return dw_report_verify_text(&r, out, style, e);
	return dw_report_verify_json(&r, out, format == DOORWARD_JSON_INDENTED, e);
}

static bool is_blind(const struct verifying *v)
{
	for (size_t i = 0; i < v->found.n; i++)
		if (v->found.v[i].kind == DW_DIFFERENCE_BLIND)
			return true;
	return v->n_runs && dw_report_outcome(&v->audit->report) & DW_REPORT_BLIND;
}

static int grave(const struct dw_differences *all)
{
	int n = 0;

	for (size_t i = 0; i < all->n; i++)
		n += all->v[i].grave && !told_before(all, i);
	return n;
}

static int verify(struct verifying *v, struct dw_sys *sys, long long run,
		  enum doorward_format format, FILE *out, const struct dw_report_style *style,
		  int *ret_blind, struct dw_error *e)
{
	int r = dw_store_open(dw_change_state(v->d), false, &v->store, e);

	v->sw = (struct dw_switch){ .sys = sys, .arena = v->a };
	if (r == 0)
		r = look_at_all(v, run, e);
	else if (r == -ENOENT && run == 0)
		r = 0; /* nothing was ever changed */
	if (dw_sys_file_exists(sys, DW_FENCE_FILE))
		v->fence_file = DW_FENCE_FILE;
	if (r == 0)
		r = write_found(v, format, out, style, is_blind(v), e);
	dw_switch_close(&v->sw);
	dw_store_free(v->store);
	if (r < 0)
		return r;
	*ret_blind = is_blind(v);
	return grave(&v->found);
}

int doorward_verify(struct doorward *d, struct doorward_audit *audit, long long run,
		    enum doorward_format format, FILE *out, const struct doorward_style *given,
		    int *ret_blind)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_sys_ struct dw_sys *sys = NULL;
	struct verifying v = { .d = d, .audit = audit, .a = a };
	struct dw_error *e = dw_facade_begin(d);
	struct dw_report_style style;
	int r = dw_facade_style(given, &style, e);

	if (r == 0)
		r = dw_facade_open_sys(d, &sys, e);
	if (r == 0)
		dw_change_settle_assist(d, sys);
	return r < 0 ? r : verify(&v, sys, run, format, out, &style, ret_blind, e);
}

/* --- doorward_history_write ----------------------------------------------------------------------- */

static int load(struct dw_store *s, long long id, struct dw_arena *a, struct dw_report_history *h,
		struct dw_error *e)
{
	struct dw_run *runs = NULL;
	int r;

	if (id == 0) {
		r = dw_store_runs(s, a, &runs, &h->n_runs, e);
	} else {
		runs = dw_new(a, struct dw_run);
		r = dw_store_load(s, id, a, runs, e);
		h->n_runs = 1;
		h->whole = true;
	}
	h->runs = runs;
	return r;
}

/* 0: not known. */
static uint64_t now(const struct doorward *d)
{
	_cleanup_sys_ struct dw_sys *sys = NULL;

	return dw_facade_open_sys(d, &sys, NULL) < 0 ? 0 : dw_sys_now(sys);
}

int dw_change_history(struct doorward *d, long long id, struct dw_arena *a,
		      struct dw_report_history *h, struct dw_error *e)
{
	_cleanup_(dw_cleanup_store) struct dw_store *store = NULL;
	int r = dw_store_open(dw_change_state(d), false, &store, e);

	if (r == 0)
		return load(store, id, a, h, e);
	if (r == -ENOENT && id)
		return dw_error_set(e, r, "there is no run %lld: nothing was ever changed here",
				    id);
	return r == -ENOENT ? 0 : r;
}

int doorward_history_write(struct doorward *d, long long run, enum doorward_format format,
			   FILE *out, const struct doorward_style *given)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_error *e = dw_facade_begin(d);
	struct dw_report_history h = { .now = now(d) };
	struct dw_report_style style;
	int r = dw_facade_style(given, &style, e);

	if (r == 0)
		r = dw_change_history(d, run, a, &h, e);
	if (r < 0)
		return r;
	if (format == DOORWARD_TEXT)
		return dw_report_history_text(&h, out, &style, e);
	return dw_report_history_json(&h, out, format == DOORWARD_JSON_INDENTED, e);
}
