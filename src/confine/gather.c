/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Doors that one starter opens are one service; its processes are those that hold them. */
#include <string.h>

#include "confine.h"
#include "dw_str.h"

struct gathering {
	struct dw_sys *sys;
	struct dw_arena *arena;
	struct dw_procs *procs;
	uint32_t mntns; /* of pid 1; 0: not known */
	struct dw_bus *bus;
	const struct dw_knowledge *knowledge;
	DW_VEC(struct dw_confine_service) v;
};

/* --- which service ----------------------------------------------------------------------------------------- */

/* The unit whose processes serve: of a socket unit, or a generated one, that is the starter's second name. */
static const char *unit_of(const struct dw_starter *s)
{
	switch (s->kind) {
	case DW_STARTER_SYSTEMD_SERVICE:
		return s->id;
	case DW_STARTER_SYSTEMD_SOCKET:
	case DW_STARTER_SYSV:
		return s->also && dw_ends_with(s->also, ".service") ? s->also : NULL;
	case DW_STARTER_UNKNOWN:
	case DW_STARTER_INETD:
	case DW_STARTER_XINETD:
	case DW_STARTER_OPENRC:
	case DW_STARTER_RUNIT:
	case DW_STARTER_CRON:
	case DW_STARTER_AT:
	case DW_STARTER_CONTAINER:
	case DW_STARTER_RC_LOCAL:
	case DW_STARTER_INITTAB:
	case DW_STARTER_DBUS:
	case DW_STARTER_USER_SESSION:
	case DW_STARTER_MANUAL:
	case DW_STARTER_KERNEL:
	case DW_STARTER_WINDOWS_SERVICE:
	case DW_STARTER_COUNT:
		break;
	}
	return NULL;
}

static bool is_ours(const struct dw_door *d)
{
	bool in_container = d->n_owners && d->owners[0].container;

	return !d->kernel && !in_container && d->starter.kind != DW_STARTER_KERNEL &&
	       d->starter.kind != DW_STARTER_CONTAINER && d->kind != DW_KIND_FORWARDED &&
	       d->kind != DW_KIND_REDIRECTED;
}

static bool is_superserver(enum dw_starter_kind kind)
{
	return kind == DW_STARTER_INETD || kind == DW_STARTER_XINETD;
}

static struct dw_confine_service *service_of(struct gathering *g, const struct dw_door *d)
{
	const char *unit = unit_of(&d->starter);
	const char *name = unit ? unit : d->starter.id ? d->starter.id : d->program;
	struct dw_confine_service *s;

	if (!name)
		return NULL;
	for (size_t i = 0; i < g->v.n; i++)
		if (dw_streq(g->v.v[i].name, name) &&
		    (unit ? g->v.v[i].unit != NULL : g->v.v[i].kind == d->starter.kind))
			return &g->v.v[i];
	s = dw_vec_add(g->arena, &g->v);
	*s = (struct dw_confine_service){
		.name = name,
		.kind = d->starter.kind,
		.unit = unit,
		.program = d->starter.program ? d->starter.program : d->program,
		.package = d->package ? d->package->name : NULL,
		.source = d->starter.source,
		/* what it does by itself (echo, daytime) it does as it is */
		.handed = is_superserver(d->starter.kind) && d->starter.program,
		.details_known = true,
		.reach = DW_CONFINE_REACH_NONE,
	};
	return s;
}

/* --- doors ------------------------------------------------------------------------------------------------- */

static enum dw_confine_reach reach_of(const struct dw_door *d)
{
	if (d->kind == DW_KIND_SLEEPING)
		return DW_CONFINE_REACH_NONE;
	if (dw_filtered_is_shut(d->filtered))
		return DW_CONFINE_REACH_LOOPBACK;
	switch (dw_endpoint_bound(&d->at)) {
	case DW_BOUND_LOOPBACK:
		return DW_CONFINE_REACH_LOOPBACK;
	case DW_BOUND_LINK_LOCAL:
	case DW_BOUND_ADDRESS:
	case DW_BOUND_INTERFACE:
	case DW_BOUND_MULTICAST:
		return DW_CONFINE_REACH_SOME;
	case DW_BOUND_ANY:
		return d->filtered && d->filtered->kind == DW_FILTERED_NETWORKS
			       ? DW_CONFINE_REACH_SOME
			       : DW_CONFINE_REACH_ANY;
	case DW_BOUND_UNKNOWN:
	case DW_BOUND_COUNT:
		break;
	}
	return DW_CONFINE_REACH_ANY; /* raw and packet sockets: what comes by */
}

static void add_door(struct gathering *g, struct dw_confine_service *s, const struct dw_door *d)
{
	const char *text = dw_endpoint_text(g->arena, &d->at);
	enum dw_confine_reach reach = reach_of(d);

	if (!dw_strings_has(&s->doors, text))
		dw_vec_push(g->arena, &s->doors, text);
	if (d->starter.source && !dw_strings_has(&s->sources, d->starter.source))
		dw_vec_push(g->arena, &s->sources, d->starter.source);
	if (reach > s->reach)
		s->reach = reach;
	if (d->at.has_port && d->at.port && d->at.port < 1024 &&
	    d->at.protocol != DW_PROTOCOL_RAW && (!s->low_port || d->at.port < s->low_port))
		s->low_port = d->at.port;
}

/* --- processes --------------------------------------------------------------------------------------------- */

static enum dw_tristate all_have(enum dw_tristate before, bool first, enum dw_tristate one)
{
	if (first || before == one)
		return one;
	return before == DW_NO || one == DW_NO ? DW_NO : DW_UNKNOWN;
}

/* The mightiest is root, else the one that holds most. */
static bool is_mightier(const struct dw_owner *o, const struct dw_confine_service *s)
{
	if (!s->user)
		return true;
	if (o->euid == 0)
		return s->root != DW_YES;
	return s->root != DW_YES &&
	       __builtin_popcountll(o->caps_effective) > __builtin_popcountll(s->capabilities);
}

static enum dw_tristate own_files(struct gathering *g, int pid)
{
	const struct dw_procinfo *p = g->mntns ? dw_procs_get(g->procs, pid) : NULL;

	return p && p->mntns ? p->mntns != g->mntns ? DW_YES : DW_NO : DW_UNKNOWN;
}

static void add_owner(struct gathering *g, struct dw_confine_service *s, const struct dw_owner *o)
{
	bool first = s->processes++ == 0;

	if (!o->details_known || o->euid == UINT32_MAX) {
		s->details_known = false;
		return;
	}
	if (is_mightier(o, s)) {
		if (s->root == DW_YES || (o->euid == 0 && s->user))
			s->worker = s->user;
		s->user = o->user;
		s->pid = o->pid;
	} else if (o->euid != 0 && s->root == DW_YES) {
		s->worker = o->user;
	}
	if (o->euid == 0)
		s->root = DW_YES;
	s->capabilities |= o->caps_effective;
	s->no_new_privs = all_have(s->no_new_privs, first, o->no_new_privs);
	s->filtered = all_have(s->filtered, first,
			       o->seccomp < 0    ? DW_UNKNOWN
			       : o->seccomp == 2 ? DW_YES
						 : DW_NO);
	s->own_files = all_have(s->own_files, first, own_files(g, o->pid));
}

static bool is_new(int *pids, size_t n, int pid)
{
	for (size_t i = 0; i < n; i++)
		if (pids[i] == pid)
			return false;
	return true;
}

/* Each process once, whatever number of doors it holds. */
static void add_owners(struct gathering *g, const struct dw_snapshot *snapshot,
		       struct dw_confine_service *s, const struct dw_confine_service *const *of)
{
	DW_VEC(int) pids = { 0 };

	if (!s)
		return;
	for (size_t i = 0; i < snapshot->n_doors; i++) {
		const struct dw_door *d = &snapshot->doors[i];

		if (of[i] != s)
			continue;
		if (d->kind != DW_KIND_SLEEPING && !d->owners_known)
			s->details_known = false;
		for (size_t k = 0; k < d->n_owners; k++)
			/* the manager holds what its socket units hand over, and serves nobody by it */
			if ((d->owners[k].pid != 1 || d->n_owners == 1) &&
			    is_new(pids.v, pids.n, d->owners[k].pid)) {
				dw_vec_push(g->arena, &pids, d->owners[k].pid);
				add_owner(g, s, &d->owners[k]);
			}
	}
	if (s->processes && s->details_known && s->root == DW_UNKNOWN)
		s->root = DW_NO;
	if (!s->details_known)
		dw_vec_push(g->arena, &s->unknown,
			    "Not all processes that hold its doors could be looked at: root sees "
			    "them.");
}

/* --- all of it ---------------------------------------------------------------------------------------------- */

/* Where nothing runs the configuration says as whom it will; systemd's default is root, which a script may give up. */
static void user_of_configuration(struct dw_confine_service *s)
{
	const char *user = s->settings_known ? dw_confine_setting(s, "User") : NULL;
	/* a web server's user is that of its workers: who starts them is root */
	const char *said = s->serves_as ? NULL : s->said_user;

	if (s->processes)
		return;
	if (user && dw_streq(dw_confine_setting(s, "DynamicUser"), "yes") && !*user)
		user = "a dynamic user";
	s->user = said && (!user || !*user) ? said : user ? *user ? user : "root" : NULL;
	if (s->user)
		s->root = dw_streq(s->user, "root") ? DW_YES : DW_NO;
}

/*
 * inetd holds the door, and what answers at it is the program that it starts: as the user of its line, root with all
 * that inetd has, another user with nothing.
 */
static void user_of_line(struct dw_confine_service *s)
{
	bool is_root;

	if (!s->handed)
		return;
	if (!s->said_user) {
		s->user = NULL;
		s->root = DW_UNKNOWN;
		return;
	}
	is_root = dw_streq(s->said_user, "root") || dw_streq(s->said_user, "0");
	s->user = s->said_user;
	s->root = is_root ? DW_YES : DW_NO;
	s->worker = NULL;
	if (!is_root)
		s->capabilities = 0;
}

static void complete(struct gathering *g, struct dw_confine_service *s)
{
	s->profile = dw_knowledge_profile(g->knowledge, dw_confine_daemon(s));
	if (s->unit)
		dw_confine_read_unit(g->sys, s, g->bus, g->arena);
	dw_confine_read_said(g->sys, s, g->arena);
	user_of_configuration(s);
	user_of_line(s);
	if (s->root == DW_YES)
		s->could_be = s->handed ? dw_confine_unprivileged(g->sys, s)
					: dw_confine_account(g->sys, s, g->arena);
	dw_confine_judge(s, g->arena);
}

static int by_score(const void *x, const void *y)
{
	const struct dw_confine_service *a = x, *b = y;

	if (a->score != b->score)
		return a->score > b->score ? -1 : 1;
	return strcmp(a->name, b->name);
}

static void group(struct gathering *g, const struct dw_snapshot *snapshot)
{
	/* indexes: the list moves while it grows */
	size_t *index = dw_arena_array(g->arena, snapshot->n_doors + 1, sizeof(*index));
	const struct dw_confine_service **of =
		dw_arena_array(g->arena, snapshot->n_doors + 1, sizeof(*of));

	for (size_t i = 0; i < snapshot->n_doors; i++) {
		const struct dw_door *d = &snapshot->doors[i];
		struct dw_confine_service *s = is_ours(d) ? service_of(g, d) : NULL;

		index[i] = s ? (size_t)(s - g->v.v) : SIZE_MAX;
		if (s)
			add_door(g, s, d);
	}
	for (size_t i = 0; i < snapshot->n_doors; i++)
		of[i] = index[i] == SIZE_MAX ? NULL : &g->v.v[index[i]];
	for (size_t i = 0; i < g->v.n; i++)
		add_owners(g, snapshot, &g->v.v[i], of);
}

void dw_confine_gather(struct dw_sys *sys, const struct dw_snapshot *snapshot,
		       const struct dw_knowledge *knowledge, struct dw_arena *a,
		       struct dw_confine_service **ret, size_t *ret_n)
{
	struct gathering g = { .sys = sys, .arena = a, .knowledge = knowledge };
	const struct dw_procinfo *init;

	g.procs = dw_procs_new(sys, a);
	init = dw_procs_get(g.procs, 1);
	g.mntns = init ? init->mntns : 0;
	(void)dw_bus_open(sys, &g.bus, NULL);
	group(&g, snapshot);
	for (size_t i = 0; i < g.v.n; i++)
		complete(&g, &g.v.v[i]);
	dw_confine_judge_users(sys, g.v.v, g.v.n, a);
	if (g.v.n)
		qsort(g.v.v, g.v.n, sizeof(*g.v.v), by_score);
	dw_bus_free(g.bus);
	dw_procs_close(g.procs);
	*ret = g.v.v;
	*ret_n = g.v.n;
}
