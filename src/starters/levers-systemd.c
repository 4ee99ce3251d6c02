/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Units of systemd. What runs is stopped in one group: the sockets, paths and timers first, then what they start, then
 * what systemd stops along with it. What the boot pulls in is levers-boot.c's.
 */
#include "levers-unit.h"

/* --- members -------------------------------------------------------------------------------------- */

bool dw_unit_is_own(const struct unit_closing *c, const struct dw_sd_unit *u)
{
	for (size_t i = 0; i < c->own.n; i++)
		if (c->own.v[i].unit == u)
			return true;
	return false;
}

static struct dw_sd_unit *add_own(struct unit_closing *c, const char *name, unsigned order)
{
	struct dw_sd_unit *u;

	if (strlen(name) > DW_SD_NAME_MAX || strchr(name, '/') || !strchr(name, '.'))
		return NULL;
	u = dw_sd_unit_get(c->m, name);
	if (!dw_unit_is_own(c, u))
		*dw_vec_add(c->l->arena, &c->own) = (struct unit_member){ u, order };
	return u;
}

bool dw_unit_ask_list(const struct unit_closing *c, const char *unit, const char *property,
		      struct dw_strings *ret)
{
	*ret = (struct dw_strings){ 0 };
	if (!c->l->running)
		return false;
	if (!c->m->is_user)
		return dw_sd_ask_list(c->l->s, c->sd, unit, property, ret);
	return c->bus && dw_bus_unit_strings(c->bus, unit, "org.freedesktop.systemd1.Unit",
					     property, c->l->arena, ret, NULL) == 0;
}

static bool is_template(const char *name)
{
	return strstr(name, "@.") != NULL;
}

static void add_triggers(struct unit_closing *c, struct dw_sd_unit *u)
{
	struct dw_strings found;

	for (size_t i = 0; i < u->triggers.n; i++)
		(void)add_own(c, u->triggers.v[i]->name, 0);
	for (size_t i = 0; i < c->m->sockets.n; i++)
		if (dw_streq0(c->m->sockets.v[i]->serves, u->name))
			(void)add_own(c, c->m->sockets.v[i]->name, 0);
	if (!is_template(u->name) && dw_unit_ask_list(c, u->name, "TriggeredBy", &found))
		for (size_t i = 0; i < found.n; i++)
			(void)add_own(c, found.v[i], 0);
}

/* The service is added behind its triggers. */
static void add_service(struct unit_closing *c, const char *name)
{
	struct dw_sd_unit *u = dw_sd_unit_get(c->m, name);

	add_triggers(c, u);
	(void)add_own(c, u->name, 1);
	c->group = dw_arena_printf(c->l->arena, "%s%s", c->prefix, u->name);
}

static bool is_manager(const struct dw_owner *o)
{
	return o->comm && dw_streq(o->comm, "systemd");
}

/* Would a start of the service start the socket unit, too? True where it cannot be told. */
static bool brings_back(const struct unit_closing *c, const char *service, const char *socket)
{
	static const char *const properties[] = { "Requires", "Requisite", "BindsTo", "Wants" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(properties); i++) {
		struct dw_strings found;

		if (!dw_unit_ask_list(c, service, properties[i], &found) ||
		    dw_strings_has(&found, socket))
			return true;
	}
	return false;
}

/*
 * Several socket units may be one service's (Service=). As long as the manager alone holds this one's socket, to stop
 * it is enough: what the others start later is not handed this one.
 */
static bool is_one_of_several(const struct unit_closing *c, const char *name, const char *service)
{
	struct dw_strings found;
	bool several = false;

	if (c->l->door->kind == DW_KIND_SLEEPING || is_template(service) ||
	    !dw_unit_ask_list(c, service, "TriggeredBy", &found))
		return false;
	for (size_t i = 0; i < c->l->door->n_owners; i++)
		if (!is_manager(&c->l->door->owners[i]))
			return false;
	for (size_t i = 0; i < found.n; i++)
		several = several ||
			  (dw_ends_with(found.v[i], ".socket") && !dw_streq(found.v[i], name));
	return several && c->l->door->n_owners && !brings_back(c, service, name);
}

static void collect(struct unit_closing *c, const char *name)
{
	struct dw_sd_unit *u;
	const char *also = c->l->starter->also;

	dw_sd_close(c->m);
	dw_sd_sockets(c->m);
	c->group = dw_arena_printf(c->l->arena, "%s%s", c->prefix, name);
	if (!dw_ends_with(name, ".socket")) {
		add_service(c, name);
		return;
	}
	u = add_own(c, name, 0);
	if (!u || is_one_of_several(c, name, dw_sd_socket_service(c->m, u)))
		return;
	add_service(c, dw_sd_socket_service(c->m, u));
	/* a service that is handed several sockets (Sockets=) has another name than this one's */
	if (also && dw_streq(name, c->l->starter->id) && dw_ends_with(also, ".service") &&
	    !strchr(also, '@') && !strchr(also, ' ') && !strchr(also, '/'))
		add_service(c, also);
}

/* --- what runs ------------------------------------------------------------------------------------ */

static struct dw_lever lever_of(const struct unit_closing *c, const char *name)
{
	struct dw_arena *a = c->l->arena;
	const char *word = dw_levers_operand(a, name);

	return (struct dw_lever){
		.phase = DW_PHASE_STOP,
		.manager = "systemd",
		.object = dw_arena_printf(a, "%s%s", c->prefix, name),
		.off.text = "inactive",
		.group = c->group,
		/* whose it is: a user's own unit may have the name of one of the system */
		.label = *c->prefix ? dw_arena_printf(a, "%s of %s", name, c->m->user) : name,
		.command = dw_arena_printf(a, "%s stop %s", c->systemctl, word),
		.undo_command = dw_arena_printf(a, "%s start %s", c->systemctl, word),
	};
}

static const char *why_stopped(const struct unit_closing *c, const struct unit_member *m)
{
	if (m->order > 0)
		return c->l->starter->enabled == DW_NO && c->own.n == 1
			       ? "The boot does not start it: to stop it is enough."
			       : "The unit opens the door at every start.";
	if (dw_ends_with(m->unit->name, ".socket"))
		return "The socket unit holds the door, or would start the service again.";
	return "It would start the service again.";
}

/* Another unit has it started at once, whenever it stops (Upholds=): only when its files are changed it stays down. */
static bool is_upheld(const struct unit_closing *c, const struct dw_sd_unit *u)
{
	return u->upheld_by && !dw_unit_is_own(c, u->upheld_by);
}

static void stop_own(struct unit_closing *c, const struct unit_member *m, enum dw_phase phase)
{
	struct dw_lever v = lever_of(c, m->unit->name);

	/* a template is no unit that runs; a sleeping door's service is not what is open */
	if (is_template(m->unit->name) || (m->order && c->l->door->kind == DW_KIND_SLEEPING))
		return;
	v.phase = phase;
	v.order = m->order;
	v.why = why_stopped(c, m);
	v.source = m->unit->fragment;
	v.if_left = phase == DW_PHASE_LEFT;
	if (is_upheld(c, m->unit)) {
		if (phase == DW_PHASE_STOP)
			return;
		v.if_left = false;
		v.no_undo = true;
		v.undo_command = NULL;
		v.why = "Another unit upholds it: an undo lets that start it again.";
	}
	if (m->unit->transient || !dw_sd_unit_exists(m->unit)) {
		v.no_undo = true;
		v.undo_command = NULL;
		dw_levers_remark(c->l,
				 "%s has no file: once it is stopped nothing knows how to start it "
				 "again.",
				 m->unit->name);
	}
	(void)dw_levers_add(c->l, &v);
}

/* Instances for one connection each (Accept=yes): they are asked for by the socket, never by name. */
static void stop_instances(struct unit_closing *c, const char *template)
{
	size_t n = (size_t)(strchr(template, '@') - template) + 1;
	bool any = false;

	if (c->l->door->kind == DW_KIND_SLEEPING || dw_sd_is_active(c->m, "") == DW_UNKNOWN)
		return;
	for (size_t i = 0; i < c->m->active.n; i++) {
		const char *name = c->m->active.v[i];
		struct dw_lever v;

		if (strncmp(name, template, n) != 0 || !dw_ends_with(name, ".service"))
			continue;
		v = lever_of(c, name);
		v.order = 1;
		v.group = NULL;
		v.no_undo = true;
		v.undo_command = NULL;
		v.why = "It serves a connection that is open, and goes on until it is stopped.";
		any = dw_levers_add(c->l, &v) || any;
	}
	if (any)
		dw_levers_remark(c->l,
				 "Sessions that were cut do not come back with an undo (%.*s*).",
				 (int)n, template);
}

/* --- what is taken along -------------------------------------------------------------------------- */

static bool is_active(const struct unit_closing *c, const char *unit)
{
	const char *state = NULL;

	if (!c->m->is_user)
		state = dw_sd_ask(c->l->s, c->sd, unit, "ActiveState");
	else if (c->bus)
		(void)dw_bus_unit_string(c->bus, unit, "org.freedesktop.systemd1.Unit",
					 "ActiveState", c->l->arena, &state, NULL);
	return state && !dw_streq(state, "inactive") && !dw_streq(state, "failed");
}

/* The dependencies that carry a stop on: UNIT_ATOM_PROPAGATE_STOP of systemd's unit-dependency-atom.c. */
static void add_carried(struct unit_closing *c, const char *unit, struct dw_strings *all)
{
	static const char *const properties[] = { "RequiredBy", "BoundBy", "RequisiteOf",
						  "ConsistsOf", "PropagatesStopTo" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(properties); i++) {
		struct dw_strings found;

		if (!dw_unit_ask_list(c, unit, properties[i], &found))
			continue;
		for (size_t k = 0; k < found.n; k++)
			if (!dw_strings_has(all, found.v[k]) && all->n < DW_SD_UNITS_MAX &&
			    is_active(c, found.v[k]))
				dw_vec_push(c->l->arena, all, found.v[k]);
	}
}

static void stop_carried(struct unit_closing *c)
{
	struct dw_strings all = { 0 };

	for (size_t i = 0; i < c->own.n; i++)
		dw_vec_push(c->l->arena, &all, c->own.v[i].unit->name);
	for (size_t i = 0; i < all.n; i++) {
		/* a socket that goes takes along what requires it; a template has no jobs */
		if (!is_template(all.v[i]))
			add_carried(c, all.v[i], &all);
		/* a target that needs it does not fall: switch-systemd.c holds those up */
		if (i >= c->own.n && !dw_ends_with(all.v[i], ".target")) {
			struct dw_lever v = lever_of(c, all.v[i]);

			v.order = 2;
			v.taken_along = true;
			v.why = "It needs what is stopped, so systemd stops it too.";
			(void)dw_levers_add(c->l, &v);
		}
	}
}

/* --- all of it ------------------------------------------------------------------------------------ */

static void stop_left(struct unit_closing *c)
{
	struct levering *l = c->l;

	if (l->door->kind == DW_KIND_SLEEPING)
		return;
	for (size_t i = 0; i < c->own.n; i++)
		stop_own(c, &c->own.v[i], DW_PHASE_LEFT);
	/* the daemon of inetd's lines is closed for doors that it may not hold any more */
	if (!l->unless_used)
		(void)dw_levers_end(l, true, "It was left by its unit and still holds the door.",
				    is_manager);
}

static void close_unit(struct unit_closing *c, const char *name, bool boot)
{
	collect(c, name);
	for (size_t i = 0; i < c->own.n; i++)
		stop_own(c, &c->own.v[i], DW_PHASE_STOP);
	for (size_t i = 0; i < c->own.n; i++)
		if (is_template(c->own.v[i].unit->name))
			stop_instances(c, c->own.v[i].unit->name);
	if (c->l->running && c->l->door->kind != DW_KIND_SLEEPING)
		stop_carried(c);
	if (boot)
		dw_unit_boot(c);
	stop_left(c);
}

static struct unit_closing of_system(struct levering *l)
{
	return (struct unit_closing){
		.l = l,
		.sd = l->s->systemd,
		.m = l->s->systemd->system,
		.systemctl = "systemctl",
		.prefix = "",
		.notify = "systemd",
		.dir = "/etc/systemd/system",
	};
}

bool dw_levers_under_systemd(const struct levering *l)
{
	return l->s->systemd != NULL;
}

bool dw_levers_has_unit(const struct levering *l, const char *unit)
{
	return l->s->systemd && strlen(unit) <= DW_SD_NAME_MAX && !strchr(unit, '/') &&
	       dw_sd_has_file(l->s->systemd->system, unit);
}

bool dw_levers_is_generated(const struct levering *l, const char *unit)
{
	return dw_sd_unit_get(l->s->systemd->system, unit)->generated;
}

void dw_levers_unit(struct levering *l, const char *unit)
{
	struct unit_closing c = of_system(l);

	close_unit(&c, unit, true);
}

void dw_levers_unit_now(struct levering *l, const char *unit)
{
	struct unit_closing c = of_system(l);

	close_unit(&c, unit, false);
}

static bool is_unit(const char *s)
{
	return s && strchr(s, '.') && !strchr(s, ' ') && !strchr(s, '/') &&
	       strlen(s) <= DW_SD_NAME_MAX;
}

/* The owner is what the unit itself starts, not a job or a session that it shelters. */
static bool starts_owner(struct dw_sd_manager *m, const char *unit, const struct dw_owner *o)
{
	const char *program = dw_sd_program(m, dw_sd_unit_get(m, unit), NULL);

	if (!program)
		return false;
	program = dw_basename(program);
	return (o->executable && dw_streq(program, dw_basename(o->executable))) ||
	       (o->script && dw_streq(program, dw_basename(o->script)));
}

/*
 * Several sockets make one door (SO_REUSEPORT), and units other than the starter's opened some of them: all have to go.
 * One socket that another unit merely holds too was lent to it, and its process ends as what is left.
 */
static void close_partners(struct levering *l)
{
	const struct dw_door *d = l->door;
	struct dw_sd *sd = l->s->systemd;

	for (size_t i = 0; d->sockets > 1 && i < d->n_owners; i++) {
		const struct dw_owner *o = &d->owners[i];
		struct dw_sd_where w;

		if (!o->cgroup || o->container)
			continue;
		dw_sd_where(l->arena, sd->cgroup_root, o->cgroup, &w);
		if (w.unit && w.uid == UINT32_MAX && dw_ends_with(w.unit, ".service") &&
		    !dw_streq(w.unit, l->starter->id) && !dw_streq0(w.unit, l->starter->also) &&
		    starts_owner(sd->system, w.unit, o))
			dw_levers_unit(l, w.unit);
	}
}

void dw_levers_of_systemd(struct levering *l)
{
	if (!l->s->systemd || !is_unit(l->starter->id)) {
		dw_levers_cannot(l, "%s is no unit that systemd here could be asked about.",
				 l->starter->id);
		return;
	}
	dw_levers_unit(l, l->starter->id);
	close_partners(l);
}

/* --- a user's own manager ------------------------------------------------------------------------- */

static struct dw_sd_manager *manager_of_user(struct levering *l)
{
	struct dw_sd *sd = l->s->systemd;
	const struct dw_door *d = l->door;

	if (sd && d->n_owners)
		return dw_sd_user(l->s, sd, d->owners[0].uid, NULL);
	/* nobody holds it: the manager whose files say so */
	for (size_t i = 0; sd && i < sd->users.n; i++)
		if (dw_sd_has_file(sd->users.v[i], l->starter->id))
			return sd->users.v[i];
	return NULL;
}

void dw_levers_of_user(struct levering *l)
{
	struct dw_sd_manager *m = is_unit(l->starter->id) ? manager_of_user(l) : NULL;
	struct dw_arena *a = l->arena;
	struct unit_closing c;

	if (!m) {
		dw_levers_cannot(
			l,
			"Whose unit it is could not be seen: as that user, `systemctl --user "
			"disable --now %s` closes it.",
			dw_levers_operand(a, l->starter->id));
		return;
	}
	c = (struct unit_closing){
		.l = l,
		.sd = l->s->systemd,
		.m = m,
		.systemctl =
			dw_arena_printf(a, "systemctl --user -M %s@", dw_levers_quote(a, m->user)),
		.prefix = dw_arena_printf(a, "%u/", m->uid),
		.notify = dw_arena_printf(a, "systemd %u", m->uid),
		.dir = dw_arena_printf(a, "%s/.config/systemd/user", m->home),
	};
	if (l->running)
		(void)dw_bus_open_user(l->sw->sys, m->uid, &c.bus, NULL);
	close_unit(&c, l->starter->id, true);
	dw_bus_free(c.bus);
}
