/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What everybody may write, wherever it lies, and what others than root may write of what services run. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "lying.h"

#define EVIDENCE_MAX 500

static void add_mode(struct host_look *l, struct dw_host_result *r, const char *path,
		     const struct stat *st, mode_t mode, const char *why)
{
	const char *want =
		dw_arena_printf(l->a, "%04o %u:%u", (unsigned)mode, st->st_uid, st->st_gid);

	*dw_vec_add(l->a, &r->changes) = (struct dw_host_change){
		.phase = DW_PHASE_BOOT,
		.manager = "mode",
		.object = path,
		.want = want,
		.label = path,
		.why = why,
		.source = path,
		.command = dw_arena_printf(l->a, "chmod %04o %s", (unsigned)mode, path),
		.undo_command =
			dw_arena_printf(l->a, "chmod %04o %s", (unsigned)st->st_mode & 07777, path),
		.text = dw_arena_printf(l->a, "the rights of %s become %04o", path, (unsigned)mode),
	};
}

/* --- all that lies about ---------------------------------------------------------------------------------- */

void host_lying_writable(struct host_look *l, struct dw_host_result *r)
{
	const struct host_walk *w = host_walk(l);
	const struct dw_writables *all = &w->list.writable;

	if (w->code < 0) {
		host_unknown(l, r, &w->e);
		return;
	}
	for (size_t i = 0; i < all->n && i < EVIDENCE_MAX; i++)
		host_seen(l, r, all->v[i].path, 0, all->v[i].path,
			  all->v[i].directory
				  ? "a directory of %03o: everybody may exchange what is in it"
				  : "a file of %03o: everybody may write it",
			  all->v[i].mode);
	if (all->n > EVIDENCE_MAX)
		host_say(l, r, DW_HOST_FAILS,
			 "%zu%s files and directories may be changed by everybody, of which %d are "
			 "told.",
			 all->n, all->more ? " or more" : "", EVIDENCE_MAX);
	else if (r->evidence.n || host_walk_was_whole(l, r))
		host_conclude(l, r, "One file or directory may be changed by everybody.",
			      "files and directories may be changed by everybody.",
			      "No file, and no directory without the sticky bit, may be changed by "
			      "everybody.");
}

void host_lying_writable_fix(struct host_look *l, struct dw_host_result *r)
{
	for (size_t i = 0; i < r->evidence.n; i++) {
		const struct dw_host_evidence *e = &r->evidence.v[i];
		struct stat st;

		if (e->accepted || dw_sys_file_stat(l->sys, e->object, false, &st, NULL) < 0)
			continue;
		/* who shares a directory still can; nobody takes away what is another's */
		add_mode(l, r, e->object, &st,
			 S_ISDIR(st.st_mode) ? (st.st_mode & 07777) | S_ISVTX
					     : st.st_mode & 07777 & ~(mode_t)S_IWOTH,
			 "everybody may change it");
	}
}

/* --- what services run ------------------------------------------------------------------------------------ */

struct paths {
	struct host_asking q;
	struct dw_host_result *r;
	struct dw_strings seen;
	size_t services;
};

static const char *who_of(struct host_look *l, uint32_t uid)
{
	const char *name = dw_sys_user_name(l->sys, uid);

	return name ? name : dw_arena_printf(l->a, "user %u", uid);
}

static void judge(struct paths *p, const char *path, const char *service, uint32_t uid,
		  const struct stat *st)
{
	struct host_look *l = p->q.l;
	bool directory = S_ISDIR(st->st_mode), sticky = directory && (st->st_mode & S_ISVTX);
	const char *kind = directory ? "a directory on the way to what" : "what";

	if (S_ISLNK(st->st_mode))
		return;
	if ((st->st_mode & S_IWOTH) && !sticky)
		host_seen(l, p->r, path, 0, path, "everybody may write it, and it is %s %s runs",
			  kind, service);
	else if (st->st_uid != 0 && uid == 0)
		host_seen(l, p->r, path, 0, path, "%s may write it, and it is %s %s runs, as root",
			  who_of(l, st->st_uid), kind, service);
}

/* By no link on the way: what lies behind one is told by its own path. */
static bool is_real(struct paths *p, const char *path)
{
	char *real = NULL;

	return dw_sys_file_real(p->q.l->sys, path, p->q.l->a, &real, NULL) >= 0 &&
	       dw_streq(real, path);
}

/* The path and each directory above it. */
static void look_at_chain(struct paths *p, const char *path, const char *service, uint32_t uid)
{
	size_t n = strlen(path);

	while (n > 0) {
		const char *at = dw_arena_strndup(p->q.l->a, path, n), *slash = memrchr(at, '/', n);
		struct stat st;

		if (dw_strings_has(&p->seen, at))
			return;
		dw_vec_push(p->q.l->a, &p->seen, at);
		if (host_ask_stat(&p->q, at, false, &st) && is_real(p, at))
			judge(p, at, service, uid, &st);
		/* above /etc is /, and nothing is above that */
		n = n == 1 || !slash ? 0 : slash == at ? 1 : (size_t)(slash - at);
	}
}

static void look_at_path(struct paths *p, const char *path, const char *service, uint32_t uid)
{
	struct dw_error e = { 0 };
	char *real = NULL;

	if (!path || *path != '/')
		return;
	look_at_chain(p, path, service, uid);
	if (dw_sys_file_real(p->q.l->sys, path, p->q.l->a, &real, &e) >= 0)
		look_at_chain(p, real, service, uid);
}

/* FILE:LINE of the starter, without the line. */
static const char *file_of(struct dw_arena *a, const char *source)
{
	const char *colon = source ? strrchr(source, ':') : NULL;

	if (colon && colon[1] && strspn(colon + 1, "0123456789") == strlen(colon + 1))
		return dw_arena_strndup(a, source, (size_t)(colon - source));
	return source;
}

static void look_at_door(struct paths *p, const struct dw_host_door *x)
{
	const struct dw_door *d = x->door;
	const char *name = x->service      ? x->service->name
			   : d->program    ? dw_basename(d->program)
			   : d->starter.id ? d->starter.id
					   : "a service";
	uint32_t uid = 0;

	/* what runs in a container has files of its own */
	for (size_t i = 0; i < d->n_owners; i++)
		if (d->owners[i].container)
			return;
	if (d->starter.kind == DW_STARTER_CONTAINER)
		return;
	p->services++;
	/* whoever starts it is root, but for a user's own session */
	for (size_t i = 0; i < d->n_owners; i++) {
		uid = d->owners[i].uid;
		look_at_path(p, d->owners[i].executable, name, uid);
		look_at_path(p, d->owners[i].script, name, uid);
	}
	look_at_path(p, d->program, name, uid);
	if (d->starter.kind != DW_STARTER_USER_SESSION)
		look_at_path(p, file_of(p->q.l->a, d->starter.source), name, 0);
}

void host_lying_paths(struct host_look *l, struct dw_host_result *r)
{
	struct paths p = { .q = { .l = l }, .r = r };

	for (size_t i = 0; i < l->n_doors; i++)
		look_at_door(&p, &l->doors[i]);
	if (!r->evidence.n && host_asked_in_vain(&p.q, r))
		return;
	if (!p.services)
		host_say(l, r, DW_HOST_NOT_APPLICABLE, "No service keeps a door.");
	else
		host_conclude(l, r, "Others than root may change one thing that a service runs.",
			      "things that services run may be changed by others than root.",
			      "Only root changes what services run.");
}

void host_lying_paths_fix(struct host_look *l, struct dw_host_result *r)
{
	for (size_t i = 0; i < r->evidence.n; i++) {
		const struct dw_host_evidence *e = &r->evidence.v[i];
		struct stat st;

		if (e->accepted || dw_sys_file_stat(l->sys, e->object, false, &st, NULL) < 0)
			continue;
		if (st.st_mode & S_IWOTH)
			add_mode(l, r, e->object, &st, st.st_mode & 07777 & ~(mode_t)S_IWOTH,
				 "others than root may change what a service runs");
		else
			dw_vec_push(l->a, &r->held,
				    dw_arena_printf(
					    l->a,
					    "%s belongs to %s: whose it is to be is yours to say",
					    e->object, who_of(l, st.st_uid)));
	}
}
