/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which levers close a door: the table from its starter to the function that knows. */
#include "levers.h"

#include <errno.h>

void dw_levers_remark(struct levering *l, const char *fmt, ...)
{
	const char *text;
	va_list ap;

	va_start(ap, fmt);
	text = dw_arena_vprintf(l->arena, fmt, ap);
	va_end(ap);
	for (size_t i = 0; i < l->ret->remarks.n; i++)
		if (dw_streq(l->ret->remarks.v[i], text))
			return;
	dw_vec_push(l->arena, &l->ret->remarks, text);
}

void dw_levers_cannot(struct levering *l, const char *fmt, ...)
{
	va_list ap;

	if (l->ret->cannot)
		return;
	va_start(ap, fmt);
	l->ret->cannot = dw_arena_vprintf(l->arena, fmt, ap);
	va_end(ap);
}

/* --- adding --------------------------------------------------------------------------------------- */

static bool same_edits(const struct dw_lever *a, const struct dw_lever *b)
{
	if (a->n_edits != b->n_edits)
		return false;
	for (size_t i = 0; i < a->n_edits; i++)
		if (a->edits[i].line != b->edits[i].line)
			return false;
	return true;
}

static bool is_known(const struct levering *l, const struct dw_lever *v)
{
	for (size_t i = 0; i < l->ret->n; i++) {
		const struct dw_lever *k = &l->ret->v[i];

		if (k->phase == v->phase && dw_streq(k->manager, v->manager) &&
		    dw_streq(k->object, v->object) && same_edits(k, v))
			return true;
	}
	return false;
}

static int read_state(struct levering *l, struct dw_lever *v)
{
	const struct dw_switch_ops *ops = dw_switch_find(v->manager);
	struct dw_error e = { 0 };
	int r = ops ? ops->state(l->sw, v->object, &v->now, &e) : -ENOTSUP;

	if (r < 0)
		dw_levers_cannot(l, "%s cannot be looked at (%s), so nothing is changed.", v->label,
				 *e.message ? e.message : "nothing here knows how");
	return r;
}

struct dw_lever *dw_levers_add(struct levering *l, const struct dw_lever *v)
{
	struct dw_lever add = *v;

	if ((!l->running && add.phase != DW_PHASE_BOOT) || is_known(l, &add))
		return NULL;
	if (!add.unless_used) {
		add.unless_used = l->unless_used;
		add.active = l->active;
	}
	if (!add.label)
		add.label = add.object;
	if (!add.now.text && read_state(l, &add) < 0)
		return NULL;
	dw_vec_push(l->arena, l->ret, add);
	return &l->ret->v[l->ret->n - 1];
}

/* --- the table ------------------------------------------------------------------------------------ */

static void (*const finders[DW_STARTER_COUNT])(struct levering *l) = {
	[DW_STARTER_UNKNOWN] = dw_levers_of_unknown,
	[DW_STARTER_SYSTEMD_SERVICE] = dw_levers_of_systemd,
	[DW_STARTER_SYSTEMD_SOCKET] = dw_levers_of_systemd,
	[DW_STARTER_SYSV] = dw_levers_of_sysv,
	[DW_STARTER_INETD] = dw_levers_of_inetd,
	[DW_STARTER_XINETD] = dw_levers_of_xinetd,
	[DW_STARTER_OPENRC] = dw_levers_of_openrc,
	[DW_STARTER_RUNIT] = dw_levers_of_runit,
	[DW_STARTER_CRON] = dw_levers_of_cron,
	[DW_STARTER_AT] = dw_levers_of_at,
	[DW_STARTER_CONTAINER] = dw_levers_of_container,
	[DW_STARTER_RC_LOCAL] = dw_levers_of_rclocal,
	[DW_STARTER_INITTAB] = dw_levers_of_inittab,
	[DW_STARTER_DBUS] = dw_levers_of_dbus,
	[DW_STARTER_USER_SESSION] = dw_levers_of_user,
	[DW_STARTER_MANUAL] = dw_levers_of_manual,
	[DW_STARTER_KERNEL] = dw_levers_of_kernel,
	[DW_STARTER_WINDOWS_SERVICE] = dw_levers_of_unknown,
};

static bool needs_id(enum dw_starter_kind k)
{
	return k != DW_STARTER_UNKNOWN && k != DW_STARTER_MANUAL && k != DW_STARTER_KERNEL;
}

/* Doors that no process of this host holds are closed by whoever made the rule; a container's port by its container. */
static bool is_a_rule(const struct dw_door *d)
{
	return (d->kind == DW_KIND_FORWARDED || d->kind == DW_KIND_REDIRECTED) &&
	       d->starter.kind != DW_STARTER_CONTAINER;
}

static void close_rule(struct levering *l)
{
	const struct dw_starter *st = l->starter;
	const char *what = l->door->kind == DW_KIND_FORWARDED ? "A rule of the packet filter"
							      : "A program in the kernel";

	if (st->id && st->source)
		dw_levers_cannot(l,
				 "%s makes this door, not a process: %s loads it from %s, so edit "
				 "that and load it again.",
				 what, st->id, st->source);
	else if (st->id)
		dw_levers_cannot(l, "%s makes this door, not a process: %s put it there.", what,
				 st->id);
	else
		dw_levers_cannot(l,
				 "%s makes this door, not a process, and who loads it is not "
				 "known: take the rule away and look whether it comes back.",
				 what);
}

struct dw_levers *dw_levers_close(struct dw_starters *s, struct dw_switch *sw,
				  const struct dw_door *d, const struct dw_relations *relations,
				  unsigned more, const struct dw_removal *removal)
{
	struct levering l = {
		.s = s,
		.sw = sw,
		.arena = s->arena,
		.door = d,
		.starter = &d->starter,
		.running = dw_sys_is_running(sw->sys),
		.ret = dw_new(s->arena, struct dw_levers),
	};
	enum dw_starter_kind kind = d->starter.kind;

	(void)relations; /* what would wake it is asked for anew, with what follows from it */
	if (kind >= DW_STARTER_COUNT || (needs_id(kind) && !d->starter.id))
		kind = DW_STARTER_UNKNOWN;
	if (is_a_rule(d))
		close_rule(&l);
	else
		finders[kind](&l);
	if (more & DW_LEVERS_REMOVE_PACKAGE)
		dw_levers_of_package(&l, removal);
	if (more & DW_LEVERS_DISABLE_PROGRAM)
		dw_levers_of_program(&l);
	if (!l.ret->n)
		dw_levers_cannot(&l, "%s",
				 l.ret->remarks.n ? l.ret->remarks.v[0]
						  : "Nothing that could be switched off opens it.");
	return l.ret;
}
