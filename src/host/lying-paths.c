/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What others than root may write of what services run, and of the settings that tell them what to do. */
#include "lying-paths.h"

#include <string.h>
#include <sys/stat.h>

#include "accounts.h"
#include "dw_procs.h"

#define NAMES_TOLD 3

static const char *who_of(struct host_look *l, uint32_t uid)
{
	const char *name = dw_sys_user_name(l->sys, uid);

	return name ? name : dw_arena_printf(l->a, "user %u", uid);
}

static bool is_its_own(const struct path_service *s, uint32_t uid)
{
	for (size_t i = 0; i < s->n_uids; i++)
		if (s->uids[i] == uid)
			return true;
	return false;
}

/*
 * What a service that is not root's may write of its own is its own affair. Of one whose workers are somebody else, so
 * are the programs that its settings name (what a web server runs for its pages), for they run as the workers.
 */
static bool may_write(const struct path_service *s, uint32_t uid, enum path_use use)
{
	return uid == 0 || ((!s->root || use == PATH_NAMED) && is_its_own(s, uid));
}

static bool is_of_group(struct dw_arena *a, const struct host_group *g, const struct host_user *u)
{
	char *rest, *name;

	if (g->gid == u->gid)
		return true;
	rest = dw_arena_strdup(a, g->members ? g->members : "");
	while ((name = strsep(&rest, ",")) != NULL)
		if (dw_streq(name, u->name))
			return true;
	return false;
}

/* "ann, ben" of the group who are to have no say; NULL: nobody is in it (as in Debian's staff, of /usr/local). */
static const char *others_of(struct host_paths *p, uint32_t gid, enum path_use use,
			     const char **ret_group)
{
	const struct host_accounts *all = host_accounts(p->q.l);
	const struct dw_error *e = all->passwd_error.code ? &all->passwd_error : &all->group_error;
	struct dw_str text = { .arena = p->q.l->a };
	size_t n = 0;

	if (e->code && !p->q.e.code)
		p->q.e = *e;
	for (size_t i = 0; i < all->groups.n && !e->code; i++) {
		const struct host_group *g = &all->groups.v[i];

		if (g->gid != gid)
			continue;
		*ret_group = g->name;
		for (size_t k = 0; k < all->users.n; k++) {
			const struct host_user *u = &all->users.v[k];

			if (may_write(&p->s, u->uid, use) || !is_of_group(p->q.l->a, g, u))
				continue;
			if (++n <= NAMES_TOLD)
				dw_str_addf(&text, "%s%s", n > 1 ? ", " : "", u->name);
		}
		if (n > NAMES_TOLD)
			dw_str_addf(&text, " and %zu more", n - NAMES_TOLD);
		break;
	}
	return text.s;
}

static bool is_told(const struct dw_host_result *r, const char *object)
{
	for (size_t i = 0; i < r->evidence.n; i++)
		if (dw_streq(r->evidence.v[i].object, object))
			return true;
	return false;
}

void host_paths_judge(struct host_paths *p, const char *path, const struct stat *st,
		      enum path_use use, bool on_the_way)
{
	/* around the name of the service; the second pair: of a directory above */
	static const struct {
		const char *before, *behind, *above, *behind_above;
	} what[] = {
		[PATH_RUNS] = { "what", " runs", "a directory on the way to what", " runs" },
		[PATH_SETTINGS] = { "where", " has its settings",
				    "a directory on the way to the settings of", "" },
		[PATH_NAMED] = { "a program that settings of", " name",
				 "a directory on the way to a program that settings of", " name" },
	};
	bool sticky = S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX);
	const char *group = NULL, *others = NULL;
	struct dw_str text = { .arena = p->q.l->a };

	/* not a link, whose place is told by its own path, nor a device: anybody may write to /dev/null */
	if ((!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode)) || is_told(p->r, path))
		return;
	if ((st->st_mode & S_IWGRP) && !sticky && st->st_gid != 0)
		others = others_of(p, st->st_gid, use, &group);
	if ((st->st_mode & S_IWOTH) && !sticky)
		dw_str_add(&text, "everybody may write it");
	else if (!may_write(&p->s, st->st_uid, use))
		dw_str_addf(&text, "%s may write it", who_of(p->q.l, st->st_uid));
	else if (others)
		dw_str_addf(&text, "the group %s (%s) may write it", group, others);
	else
		return;
	dw_str_addf(&text, ", and it is %s %s%s", on_the_way ? what[use].above : what[use].before,
		    p->s.name, on_the_way ? what[use].behind_above : what[use].behind);
	if (p->s.root && !(st->st_mode & S_IWOTH))
		dw_str_add(&text, ", as root");
	host_seen(p->q.l, p->r, path, 0, path, "%s", text.s);
}

/* --- the way to a file ------------------------------------------------------------------------------------ */

/* Looked at for root is not looked at for a service that is somebody else's, whose own files are not told. */
bool host_paths_is_new(struct host_paths *p, const char *path, char what)
{
	const char *key = dw_arena_printf(p->q.l->a, "%c%d:%u:%s", what, p->s.root,
					  p->s.n_uids ? p->s.uids[0] : 0, path);

	if (dw_strings_has(&p->seen, key))
		return false;
	dw_vec_push(p->q.l->a, &p->seen, key);
	return true;
}

/* By no link on the way: what lies behind one is told by its own path. */
static bool is_real(struct host_paths *p, const char *path)
{
	return dw_streq0(host_ask_real(&p->q, path), path);
}

/* The path and each directory above it. */
static void look_at_chain(struct host_paths *p, const char *path, enum path_use use)
{
	size_t n = strlen(path), whole = n;

	while (n > 0) {
		const char *at = dw_arena_strndup(p->q.l->a, path, n), *slash = memrchr(at, '/', n);
		struct stat st;

		if (!host_paths_is_new(p, at, 'p'))
			return;
		if (host_ask_stat(&p->q, at, false, &st) && is_real(p, at))
			host_paths_judge(p, at, &st, use, n < whole);
		/* above /etc is /, and nothing is above that */
		n = n == 1 || !slash ? 0 : slash == at ? 1 : (size_t)(slash - at);
	}
}

void host_paths_look(struct host_paths *p, const char *path, enum path_use use)
{
	const char *real;

	if (!path || *path != '/')
		return;
	look_at_chain(p, path, use);
	real = host_ask_real(&p->q, path);
	if (real)
		look_at_chain(p, real, use);
}

/* --- doors ------------------------------------------------------------------------------------------------ */

/* FILE:LINE of the starter, without the line. */
static const char *file_of(struct dw_arena *a, const char *source)
{
	const char *colon = source ? strrchr(source, ':') : NULL;

	if (colon && colon[1] && strspn(colon + 1, "0123456789") == strlen(colon + 1))
		return dw_arena_strndup(a, source, (size_t)(colon - source));
	return source;
}

static struct path_service service_of(struct dw_arena *a, const struct dw_door *d, const char *name)
{
	uint32_t *uids = dw_arena_array(a, d->n_owners + 1, sizeof(*uids));
	/* whoever starts it is root, but for a user's own session */
	bool root = d->n_owners == 0;
	size_t n = 0;

	for (size_t i = 0; i < d->n_owners; i++) {
		/* systemd holds sockets of services that are somebody else's */
		if (d->owners[i].pid == 1 && d->n_owners > 1)
			continue;
		uids[n] = d->owners[i].uid;
		root = root || uids[n] == 0;
		n++;
	}
	return (struct path_service){ .name = name, .uids = uids, .n_uids = n, .root = root };
}

/* In a container, or whatever else has a root of its own. */
static bool has_own_files(struct dw_sys *sys, const struct dw_door *d)
{
	for (size_t i = 0; i < d->n_owners; i++)
		if (d->owners[i].container || dw_sys_has_other_files(sys, d->owners[i].pid))
			return true;
	return d->starter.kind == DW_STARTER_CONTAINER;
}

static void look_at_door(struct host_paths *p, const struct dw_host_door *x)
{
	const struct dw_door *d = x->door;
	const char *name = x->service      ? x->service->name
			   : d->program    ? dw_basename(d->program)
			   : d->starter.id ? d->starter.id
					   : "a service";

	if (has_own_files(p->q.l->sys, d))
		return;
	p->services++;
	p->s = service_of(p->q.l->a, d, name);
	for (size_t i = 0; i < d->n_owners; i++) {
		host_paths_look(p, d->owners[i].executable, PATH_RUNS);
		host_paths_look(p, d->owners[i].script, PATH_RUNS);
	}
	host_paths_look(p, d->program, PATH_RUNS);
	host_paths_settings(p, d, x->service ? x->service->name : NULL);
	if (d->starter.kind != DW_STARTER_USER_SESSION) {
		p->s.root = true; /* who starts it */
		host_paths_look(p, file_of(p->q.l->a, d->starter.source), PATH_RUNS);
	}
}

void host_lying_paths(struct host_look *l, struct dw_host_result *r)
{
	struct host_paths p = { .q = { .l = l }, .r = r };

	for (size_t i = 0; i < l->n_doors; i++)
		look_at_door(&p, &l->doors[i]);
	if (!r->evidence.n && host_asked_in_vain(&p.q, r))
		return;
	if (!p.services)
		host_say(l, r, DW_HOST_NOT_APPLICABLE, "No service keeps a door.");
	else if (!r->evidence.n && p.cut)
		host_say(l, r, DW_HOST_UNKNOWN, "There are too many settings to look at all.");
	else
		host_conclude(
			l, r,
			"Others than root may change one thing that decides what a service runs.",
			"things that decide what services run may be changed by others than root.",
			"Only root changes what services run, and their settings.");
}

/* One clause for all that have an owner or a group that only a person can judge. */
static void hold(struct host_look *l, struct dw_host_result *r, const struct dw_strings *left)
{
	struct dw_str text = { .arena = l->a };

	if (!left->n)
		return;
	for (size_t i = 0; i < left->n && i < NAMES_TOLD; i++)
		dw_str_addf(&text, "%s%s", i ? ", " : "", left->v[i]);
	if (left->n > NAMES_TOLD)
		dw_str_addf(&text, " and %zu more", left->n - NAMES_TOLD);
	dw_vec_push(l->a, &r->held,
		    dw_arena_printf(l->a, "%s: whose %s to be is yours to say", text.s,
				    left->n == 1 ? "it is" : "they are"));
}

void host_lying_paths_fix(struct host_look *l, struct dw_host_result *r)
{
	struct dw_strings left = { 0 };

	for (size_t i = 0; i < r->evidence.n; i++) {
		const struct dw_host_evidence *e = &r->evidence.v[i];
		struct stat st;

		if (e->accepted || dw_sys_file_stat(l->sys, e->object, false, &st, NULL) < 0)
			continue;
		if (st.st_mode & S_IWOTH)
			host_lying_add_mode(l, r, e->object, &st,
					    st.st_mode & 07777 & ~(unsigned)S_IWOTH,
					    "others than root may change what a service runs");
		else
			dw_vec_push(l->a, &left, e->object);
	}
	hold(l, r, &left);
}
