/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which other doors go when a door's levers are moved: those of the same units, scripts, containers and processes, and
 * those that the same line of a file opens.
 */
#include <stdio.h>
#include <string.h>

#include "dw_str.h"
#include "making.h"

/* Stopped, not merely kept from starting again. */
static bool stops(const struct dw_lever *l)
{
	return l->phase == DW_PHASE_STOP || l->phase == DW_PHASE_LEFT;
}

static bool of_manager(const struct dw_lever *l, const char *manager)
{
	return dw_streq(l->manager, manager);
}

/* --- processes ---------------------------------------------------------------------------------- */

static bool same_process(const struct dw_owner *x, const struct dw_owner *y)
{
	return x->pid == y->pid && x->started_ticks == y->started_ticks;
}

/* What holds sockets for others: process 1, and each user's own systemd. */
static bool holds_for_others(const struct dw_owner *o)
{
	return o->pid <= 1 || (o->executable && dw_streq(dw_basename(o->executable), "systemd"));
}

static bool share_process(const struct dw_door *x, const struct dw_door *y)
{
	for (size_t i = 0; i < x->n_owners; i++)
		for (size_t k = 0; k < y->n_owners && !holds_for_others(&x->owners[i]); k++)
			if (same_process(&x->owners[i], &y->owners[k]))
				return true;
	return false;
}

static bool is_process(const struct dw_owner *o, const char *object)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "%d/%llu", o->pid, (unsigned long long)o->started_ticks);
	return dw_streq(name, object);
}

static bool held_by(const struct dw_door *n, const char *object)
{
	for (size_t i = 0; i < n->n_owners; i++)
		if (is_process(&n->owners[i], object))
			return true;
	return false;
}

/* --- units -------------------------------------------------------------------------------------- */

/* A whole component of the path: /system.slice/cups.service/x is in cups.service. */
static bool in_cgroup(const char *cgroup, const char *unit)
{
	size_t n = strlen(unit);

	for (const char *p = cgroup; p && (p = strstr(p, unit)); p += n)
		if (p > cgroup && p[-1] == '/' && (p[n] == '/' || p[n] == '\0'))
			return true;
	return false;
}

/* "1000/foo.service": whose unit, and which. False: it is a unit of the system. */
static bool user_unit(const char *object, unsigned *ret_uid, const char **ret_unit)
{
	const char *slash = strchr(object, '/');
	uint64_t uid;

	if (!slash || !dw_parse_u64n(object, (size_t)(slash - object), 10, UINT32_MAX, &uid))
		return false;
	*ret_uid = (unsigned)uid;
	*ret_unit = slash + 1;
	return true;
}

static bool named_by_starter(const struct dw_starter *s, const char *unit)
{
	size_t n = strlen(unit);

	if (dw_streq0(s->id, unit) || dw_streq0(s->also, unit))
		return true;
	/* a unit that was generated from a script has the script's name */
	return s->kind == DW_STARTER_SYSV && s->id && n > strlen(".service") &&
	       dw_ends_with(unit, ".service") && strlen(s->id) == n - strlen(".service") &&
	       strncmp(s->id, unit, n - strlen(".service")) == 0;
}

static bool has_user(const struct dw_door *n, unsigned uid)
{
	for (size_t i = 0; i < n->n_owners; i++)
		if (n->owners[i].uid == uid)
			return true;
	return n->n_owners == 0;
}

static bool in_unit(const struct dw_door *n, const char *object)
{
	const char *unit = object;
	unsigned uid;
	bool user = user_unit(object, &uid, &unit);

	if (user && !has_user(n, uid))
		return false;
	if (user == (n->starter.kind == DW_STARTER_USER_SESSION) &&
	    named_by_starter(&n->starter, unit))
		return true;
	for (size_t i = 0; i < n->n_owners; i++)
		if (!holds_for_others(&n->owners[i]) && in_cgroup(n->owners[i].cgroup, unit))
			return true;
	return false;
}

/* --- everything else ---------------------------------------------------------------------------- */

static bool by_script(const struct dw_door *n, const struct dw_lever *l)
{
	enum dw_starter_kind k = n->starter.kind;
	const char *name = of_manager(l, "runit") ? dw_basename(l->object) : l->object;

	return (k == DW_STARTER_SYSV || k == DW_STARTER_OPENRC || k == DW_STARTER_RUNIT) &&
	       dw_streq0(n->starter.id, name);
}

static bool by_line(const struct dw_door *n, const struct dw_lever *l)
{
	const char *colon = n->starter.source ? strrchr(n->starter.source, ':') : NULL;
	uint64_t line;
	size_t file;

	if (l->source && colon && dw_streq(l->source, n->starter.source))
		return true;
	file = strlen(l->object);
	if (!colon || (size_t)(colon - n->starter.source) != file ||
	    strncmp(n->starter.source, l->object, file) != 0 ||
	    !dw_parse_u64(colon + 1, 10, UINT32_MAX, &line))
		return false;
	for (size_t i = 0; i < l->n_edits; i++)
		if (l->edits[i].old && l->edits[i].line == line)
			return true;
	return false;
}

/* The whole file: the program itself, a job of at, a drop-in. */
static bool by_file(const struct dw_door *n, const struct dw_lever *l)
{
	return dw_streq0(n->program, l->object) ||
	       (n->starter.kind == DW_STARTER_AT && dw_streq0(n->starter.id, l->object));
}

static bool same_container(const struct dw_door *n, const struct dw_door *d)
{
	return n->starter.kind == DW_STARTER_CONTAINER && d->starter.kind == DW_STARTER_CONTAINER &&
	       dw_streq0(n->starter.id, d->starter.id);
}

static bool in_container(const struct dw_door *n, const char *object)
{
	for (size_t i = 0; i < n->n_owners; i++)
		if (dw_streq0(n->owners[i].container, object))
			return true;
	return n->starter.kind == DW_STARTER_CONTAINER && dw_streq0(n->starter.id, object);
}

static bool same_kernel(const struct dw_door *n, const struct dw_door *d)
{
	return n->kernel && dw_streq0(n->kernel, d->kernel);
}

/* Does the lever of d take n along? */
static bool reaches(const struct dw_lever *l, const struct dw_door *d, const struct dw_door *n)
{
	if (of_manager(l, "file"))
		return l->n_edits ? by_line(n, l) : by_file(n, l);
	if (of_manager(l, "package"))
		return n->package && dw_streq0(n->package->name, l->object);
	if (!stops(l))
		return false;
	if (of_manager(l, "process"))
		return held_by(n, l->object);
	if (of_manager(l, "container"))
		return same_container(n, d) || in_container(n, l->object);
	if (of_manager(l, "systemd") ? in_unit(n, l->object) : by_script(n, l))
		return true;
	/* unless_used: the daemon holds its other doors too, but it is only stopped when none is left */
	return !l->unless_used && (share_process(d, n) || same_kernel(n, d));
}

static bool goes(const struct dw_levers *all, const struct dw_door *d, const struct dw_door *n,
		 bool daemon)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct dw_lever *l = &all->v[i];
		bool off = l->now.text && dw_streq0(l->now.text, l->off.text);

		if (!off && (l->unless_used != NULL) == daemon && reaches(l, d, n))
			return true;
	}
	return false;
}

void dw_making_takes(struct making *m)
{
	for (size_t i = 0; i < m->n; i++) {
		struct making_door *d = &m->doors[i];
		const struct dw_levers *all = d->d->levers;

		for (size_t k = 0; all && d->d->intent != DW_INTENT_NONE && k < m->n; k++) {
			const struct dw_door *n = m->doors[k].d->door;

			if (k == i)
				continue;
			if (goes(all, d->d->door, n, false))
				dw_vec_push(m->arena, &d->takes, k);
			else if (goes(all, d->d->door, n, true))
				dw_vec_push(m->arena, &d->daemon_takes, k);
		}
	}
}

/* --- the host's own network --------------------------------------------------------------------- */

bool dw_lever_is_network(const struct dw_lever *l, const struct dw_door *d)
{
	/* beginnings of units, scripts and programs by which a host has its addresses */
	static const char *const known[] = {
		"systemd-networkd",
		"NetworkManager",
		"network-manager",
		"networking",
		"network.",
		"dhclient",
		"dhcpcd",
		"udhcpc",
		"wpa_supplicant",
		"ifup",
		"ifplugd",
		"netctl",
		"connman",
		"wicd",
		"iwd",
		"net.",
	};
	const char *name = l->object, *slash = strrchr(l->object, '/');

	if (!stops(l))
		return false;
	if (of_manager(l, "process"))
		name = d->n_owners && d->owners[0].comm ? d->owners[0].comm : "";
	else if (slash)
		name = slash + 1;
	for (size_t i = 0; i < DW_ARRAY_SIZE(known); i++)
		if (dw_starts_with(name, known[i]))
			return true;
	return dw_streq(name, "network");
}
