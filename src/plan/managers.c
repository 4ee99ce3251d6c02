/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Init scripts, OpenRC, runit, inittab. */
#include <string.h>

#include "dw_str.h"
#include "plan.h"

/* The two steps of a manager whose switch for the boot and for now are two commands. */
struct pair {
	const char *manager, *off, *on, *stop, *start;
};

static void close_pair(struct planning *p, const struct pair *m)
{
	const struct dw_starter *s = p->starter;
	const char *why = "It is started at every boot.";

	if (s->enabled != DW_NO)
		dw_plan_step(p, (struct dw_told_step){ m->manager, s->id, "enabled", "disabled",
						       why, NULL, m->off, m->on });
	if (s->running != DW_NO)
		dw_plan_step(p, (struct dw_told_step){ m->manager, s->id, "running", "stopped",
						       "It holds the door now.", NULL, m->stop,
						       m->start });
	if (s->enabled == DW_NO && s->running == DW_NO)
		dw_plan_remark(
			p, "%s is neither running nor started at boot: there is nothing to close.",
			s->id);
}

void dw_plan_sysv(struct planning *p)
{
	struct dw_arena *a = p->arena;
	const char *name = dw_plan_operand(a, p->starter->id);
	struct pair m = {
		.manager = "sysv",
		.off = dw_arena_printf(a, "update-rc.d %s disable", name),
		.on = dw_arena_printf(a, "update-rc.d %s enable", name),
		.stop = dw_arena_printf(a, "service %s stop", name),
		.start = dw_arena_printf(a, "service %s start", name),
	};

	close_pair(p, &m);
}

void dw_plan_openrc(struct planning *p)
{
	struct dw_arena *a = p->arena;
	const char *name = dw_plan_operand(a, p->starter->id);
	struct pair m = {
		.manager = "openrc",
		.off = dw_arena_printf(a, "rc-update --all del %s", name),
		.on = dw_arena_printf(a, "rc-update add %s default", name),
		.stop = dw_arena_printf(a, "rc-service %s stop", name),
		.start = dw_arena_printf(a, "rc-service %s start", name),
	};

	close_pair(p, &m);
}

/* Where the run script lies: /etc/sv/NAME/run:3 -> /etc/sv/NAME. */
static const char *directory_of(struct planning *p)
{
	const char *file, *slash;
	unsigned line;

	(void)dw_plan_source(p->arena, p->starter->source, &file, &line);
	slash = file ? strrchr(file, '/') : NULL;
	if (!slash || slash == file)
		return dw_arena_printf(p->arena, "/etc/sv/%s", p->starter->id);
	return dw_arena_strndup(p->arena, file, (size_t)(slash - file));
}

void dw_plan_runit(struct planning *p)
{
	struct dw_arena *a = p->arena;
	const char *name = dw_plan_operand(a, p->starter->id);
	const char *down = dw_plan_quote(a, dw_arena_printf(a, "%s/down", directory_of(p)));
	struct pair m = {
		.manager = "runit",
		.off = dw_arena_printf(a, "touch %s", down),
		.on = dw_arena_printf(a, "rm %s", down),
		.stop = dw_arena_printf(a, "sv down %s", name),
		.start = dw_arena_printf(a, "sv up %s", name),
	};

	close_pair(p, &m);
}

void dw_plan_inittab(struct planning *p)
{
	if (!dw_plan_comment(p, "init starts what this line says."))
		return;
	dw_plan_step(p, (struct dw_told_step){ .manager = "init",
					       .object = p->starter->id,
					       .expect = "running",
					       .want = "stopped",
					       .why = "init ends what has left its table.",
					       .command = "telinit q",
					       .undo_command = "telinit q" });
}
