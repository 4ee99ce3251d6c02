/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Units of systemd: of the host, of a user, and those made from init scripts. */
#include <string.h>

#include "dw_str.h"
#include "plan.h"

struct units {
	const char *socket; /* NULL: none */
	const char *service;
	const char *instances; /* what Accept=yes has running; NULL: none */
};

static bool is_unit(const char *s, const char *suffix)
{
	return s && dw_ends_with(s, suffix) && !strchr(s, ' ');
}

/* A socket unit wakes its service again, so both go, the socket first. */
static struct units units_of(struct planning *p)
{
	const struct dw_starter *s = p->starter;
	struct units u = { .socket = is_unit(s->id, ".socket") ? s->id : NULL,
			   .service = is_unit(s->id, ".socket") ? NULL : s->id };

	if (u.socket && is_unit(s->also, ".service"))
		u.service = s->also;
	if (!u.socket && is_unit(s->also, ".socket"))
		u.socket = s->also;
	if (u.service && dw_ends_with(u.service, "@.service")) {
		u.instances =
			dw_arena_printf(p->arena, "%.*s*.service",
					(int)(strlen(u.service) - strlen(".service")), u.service);
		u.service = NULL;
	}
	return u;
}

static const char *names_of(struct planning *p, const struct units *u)
{
	if (!u->socket)
		return dw_plan_operand(p->arena, u->service);
	if (!u->service)
		return dw_plan_operand(p->arena, u->socket);
	return dw_arena_printf(
		p->arena, "%s%s %s", *u->service == '-' && *u->socket != '-' ? "-- " : "",
		dw_plan_operand(p->arena, u->socket), dw_plan_quote(p->arena, u->service));
}

/* systemctl disable takes away links below /etc only; what a generator or the vendor links has to be masked. */
static bool has_to_be_masked(const struct dw_starter *s)
{
	static const char *const wired[] = { "by /run/", "by /usr/lib/", "by /lib/",
					     "by /usr/local/lib/" };

	if (s->source && dw_starts_with(s->source, "/run/systemd/generator"))
		return true;
	for (size_t i = 0; i < DW_ARRAY_SIZE(wired); i++)
		if (s->enabled == DW_YES && s->evidence && strstr(s->evidence, wired[i]))
			return true;
	return false;
}

static void stop(struct planning *p, const char *systemctl, const char *names)
{
	dw_plan_step(
		p,
		(struct dw_told_step){
			.manager = "systemd",
			.object = names,
			.expect = "running",
			.want = "stopped",
			.why = "The boot does not start it: to stop it is enough.",
			.command = dw_arena_printf(p->arena, "%s stop %s", systemctl, names),
			.undo_command = dw_arena_printf(p->arena, "%s start %s", systemctl, names),
		});
}

static void mask(struct planning *p, const char *systemctl, const char *names)
{
	dw_plan_step(
		p,
		(struct dw_told_step){
			.manager = "systemd",
			.object = names,
			.expect = "enabled, running",
			.want = "masked, stopped",
			.why = "It is not linked below /etc, so disabling it would change nothing.",
			.command = dw_arena_printf(p->arena, "%s mask --now %s", systemctl, names),
			.undo_command = dw_arena_printf(p->arena, "%s unmask %s && %s start %s",
							systemctl, names, systemctl, names),
		});
}

static void disable(struct planning *p, const char *systemctl, const char *names, const char *why)
{
	bool runs = p->starter->running != DW_NO;

	dw_plan_step(p,
		     (struct dw_told_step){
			     .manager = "systemd",
			     .object = names,
			     .expect = runs ? "enabled, running" : "enabled, not running",
			     .want = "disabled, stopped",
			     .why = why,
			     .command = dw_arena_printf(p->arena, "%s disable --now %s", systemctl,
							names),
			     .undo_command = dw_arena_printf(p->arena, "%s enable %s%s", systemctl,
							     runs ? "--now " : "", names),
		     });
}

static void close_units(struct planning *p, const char *systemctl)
{
	struct units u = units_of(p);
	const char *names = names_of(p, &u);

	if (p->starter->enabled == DW_NO && !u.socket)
		stop(p, systemctl, names);
	else if (has_to_be_masked(p->starter))
		mask(p, systemctl, names);
	else
		disable(p, systemctl, names,
			u.socket && u.service
				? "The socket unit would start the service again, so both go."
			: u.socket ? "The socket unit holds the door."
				   : "The unit opens the door at every start.");
	if (!u.instances)
		return;
	dw_plan_step(p, (struct dw_told_step){
				.manager = "systemd",
				.object = u.instances,
				.expect = "running",
				.want = "stopped",
				.why = "Sessions that are open go on until they are stopped.",
				.command = dw_arena_printf(p->arena, "%s stop %s", systemctl,
							   dw_plan_quote(p->arena, u.instances)),
			});
	dw_plan_remark(p, "Sessions that were cut do not come back with an undo.");
}

void dw_plan_systemd(struct planning *p)
{
	close_units(p, "systemctl");
}

void dw_plan_user_session(struct planning *p)
{
	const struct dw_door *d = p->door;
	const char *user = d->n_owners ? d->owners[0].user : NULL;

	if (!user) {
		dw_plan_remark(p,
			       "Whose unit it is could not be seen: as that user, `systemctl "
			       "--user disable --now %s` closes it.",
			       dw_plan_operand(p->arena, p->starter->id));
		return;
	}
	close_units(p, dw_arena_printf(p->arena, "systemctl --user -M %s@",
				       dw_plan_quote(p->arena, user)));
}
