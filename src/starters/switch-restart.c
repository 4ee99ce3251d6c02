/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A service whose settings changed reads them when it starts: it is started again, if it runs. */
#include <errno.h>

#include "dw_str.h"
#include "switch.h"

/* "sysv:NAME" and the like; units have no such beginning, theirs end in .service or .socket. */
static const char *manager_of(struct dw_arena *a, const char *object, const char **ret_name)
{
	static const char *const managers[] = { "sysv", "openrc", "runit" };
	const char *colon = strchr(object, ':');

	for (size_t i = 0; colon && i < DW_ARRAY_SIZE(managers); i++)
		if (dw_streq(dw_arena_strndup(a, object, (size_t)(colon - object)), managers[i]) &&
		    !dw_ends_with(object, ".service") && !dw_ends_with(object, ".socket")) {
			*ret_name = colon + 1;
			return managers[i];
		}
	return NULL;
}

/*
 * Off and on again: what ran before runs then. A socket unit does not start while its service runs ("Socket service
 * already active, refusing"), so a group is stopped whole.
 */
static int off_and_on(struct dw_switch *s, const struct dw_switch_ops *ops, const char *object,
		      const char *off, struct dw_error *e)
{
	struct dw_state before = { 0 }, stopped = { 0 };
	const struct dw_state want = { .text = off };
	int r = ops->state(s, object, &before, e);

	if (r < 0 || dw_streq(before.text, off))
		return r;
	r = ops->set(s, object, &before, &want, e);
	if (r == 0)
		r = ops->state(s, object, &stopped, e);
	/* also when it did not stop cleanly: what ran before shall run */
	if (r < 0) {
		(void)ops->set(s, object, &want, &before, NULL);
		return r;
	}
	return ops->set(s, object, &stopped, &before, e);
}

/* One unit: a job of its own kind, which starts again what requires the unit and would only be stopped else. */
static int restart_unit(struct dw_switch *s, const struct dw_switch_ops *ops, const char *unit,
			struct dw_error *e)
{
	struct dw_state now = { 0 };
	struct dw_bus *bus = NULL;
	int r = ops->state(s, unit, &now, e);

	if (r < 0 || !dw_streq(now.text, "active"))
		return r;
	r = dw_switch_bus(s, false, 0, &bus, e);
	if (r == 0)
		r = dw_bus_units_act(bus, DW_BUS_RESTART, &unit, 1, DW_RESTART_MS, e);
	if (r < 0)
		dw_switch_drop_bus(s, false, 0);
	return r;
}

static const char *all_inactive(struct dw_arena *a, const char *object)
{
	struct dw_str text = { .arena = a };
	char *rest = dw_arena_strdup(a, object);

	while (dw_word_next(&rest))
		dw_str_addf(&text, "%sinactive", text.n ? " " : "");
	return text.s ? text.s : "";
}

int dw_switch_restart(struct dw_switch *s, const char *object, struct dw_error *e)
{
	const char *name, *manager;
	const struct dw_switch_ops *ops;
	int r;

	if (!object || !*object)
		return dw_error_set(e, -EINVAL, "a restart without the name of a service");
	manager = manager_of(s->arena, object, &name);
	ops = dw_switch_find(manager ? manager : "systemd");
	if (!ops)
		return dw_error_set(e, -ENOTSUP, "%.200s: nothing here restarts it", object);
	if (manager)
		return off_and_on(s, ops, name, "stopped", e);
	/* its unit files may be what changed */
	r = dw_switch_notify(s, "systemd", e);
	if (r < 0)
		return r;
	if (strchr(object, ' '))
		return off_and_on(s, ops, object, all_inactive(s->arena, object), e);
	return restart_unit(s, ops, object, e);
}
