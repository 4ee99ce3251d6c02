/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The service's own setting: which of the knowledge's ways fits this host, and its files. */
#include <errno.h>
#include <fnmatch.h>

#include "levers-restrict.h"
#include "systemd.h"

enum { FILES_MAX = 200, DEPTH_MAX = 16 };

struct finding {
	struct restricting *r;
	const char *instance,
		*path; /* of a template's unit, as written and unescaped; NULL: it is none */
	DW_VEC(struct dw_set_file) files;
	const char *dir; /* of the pattern's first file */
	bool several; /* files of one pattern lie in several directories: which counts nobody knows */
};

/* --- files ----------------------------------------------------------------------------------------- */

static bool is_left_behind(const char *name)
{
	return dw_ends_with(name, "~") || strstr(name, ".dpkg-") || strstr(name, ".ucf-");
}

static bool is_of_instance(const struct finding *f, const char *path)
{
	return !f->instance || strstr(path, f->instance) || strstr(path, f->path);
}

/* What is edited is the file itself: the switch does not go through links (sites-enabled). */
static void take_file(struct finding *f, const char *path)
{
	struct levering *l = &f->r->l;
	struct dw_bytes text = { 0 };
	char *real = NULL;

	if (f->files.n >= FILES_MAX || !is_of_instance(f, path) ||
	    dw_sys_file_real(l->sw->sys, path, l->arena, &real, NULL) < 0)
		return;
	for (size_t i = 0; i < f->files.n; i++)
		if (dw_streq(f->files.v[i].path, real))
			return;
	if (dw_sys_file_read(l->sw->sys, real, DW_FILE_MAX, l->arena, &text, NULL) < 0)
		return;
	*dw_vec_add(l->arena, &f->files) = (struct dw_set_file){ .path = real, .text = text };
}

static void expand(struct finding *f, const char *dir, const char *rest, unsigned depth, bool wild);

/* One name of the pattern: `rest` begins with it. */
static void expand_name(struct finding *f, const char *dir, const char *pattern, const char *behind,
			unsigned depth, bool wild)
{
	struct levering *l = &f->r->l;
	struct dw_strings names = { 0 };

	if (dw_sys_dir_list(l->sw->sys, *dir ? dir : "/", l->arena, &names, NULL) < 0)
		return;
	for (size_t i = 0; i < names.n; i++)
		if (fnmatch(pattern, names.v[i], FNM_PERIOD) == 0 && !is_left_behind(names.v[i]))
			expand(f, dw_arena_printf(l->arena, "%s/%s", dir, names.v[i]), behind,
			       depth + 1, wild || *behind);
}

static void note_dir(struct finding *f, const char *path)
{
	const char *dir =
		dw_arena_strndup(f->r->l.arena, path, strlen(path) - strlen(dw_basename(path)));

	if (!is_of_instance(f, path))
		return;
	if (f->dir && !dw_streq(f->dir, dir))
		f->several = true;
	f->dir = dir;
}

/* wild: a directory on the way was a pattern. */
static void expand(struct finding *f, const char *dir, const char *rest, unsigned depth, bool wild)
{
	struct dw_arena *a = f->r->l.arena;
	const char *name, *slash;

	if (!*rest) {
		if (wild)
			note_dir(f, dir);
		take_file(f, dir);
		return;
	}
	rest += strspn(rest, "/");
	slash = rest + strcspn(rest, "/");
	name = dw_arena_strndup(a, rest, (size_t)(slash - rest));
	if (depth > DEPTH_MAX)
		return;
	if (strchr(name, '*'))
		expand_name(f, dir, name, slash, depth, wild);
	else
		expand(f, dw_arena_printf(a, "%s/%s", dir, name), slash, depth + 1, wild);
}

/* --- which way fits -------------------------------------------------------------------------------- */

static bool has_port(const struct dw_service_bind *b, const struct dw_endpoint *at)
{
	const struct dw_service_port *p = b->ports;

	if (p->protocol == DW_PROTOCOL_UNKNOWN)
		return true;
	for (; p->protocol != DW_PROTOCOL_UNKNOWN; p++)
		if (p->protocol == at->protocol && at->port >= p->first && at->port <= p->last)
			return true;
	return false;
}

static bool has_program(const struct dw_service_bind *b, const struct dw_door *d)
{
	if (!*b->programs)
		return true;
	for (const char *const *p = b->programs; *p && d->program; p++)
		if (dw_streq(*p, dw_basename(d->program)))
			return true;
	return false;
}

static void find_files(struct restricting *r, const struct dw_service_bind *b, struct finding *ret)
{
	struct dw_arena *a = r->l.arena;
	const char *unit = dw_restrict_unit(r);
	struct dw_sd_name name = { 0 };

	*ret = (struct finding){ .r = r };
	if (unit && dw_sd_name_split(a, unit, &name) && name.instance && *name.instance) {
		ret->instance = name.instance;
		ret->path = dw_sd_unescape(a, name.instance);
	}
	for (const char *const *p = b->files; *p; p++) {
		ret->dir = NULL;
		expand(ret, "", *p, 0, false);
	}
}

/* --- levers ---------------------------------------------------------------------------------------- */

static const char *keys_of(struct dw_arena *a, const struct dw_service_bind *b)
{
	struct dw_str s = { .arena = a };

	for (const struct dw_service_setting *k = b->settings; k->key; k++)
		dw_str_addf(&s, "%s%s", k == b->settings ? "" : ", ", k->key);
	return s.s;
}

static void add_levers(struct restricting *r, const struct dw_service_bind *b,
		       const struct finding *f)
{
	struct dw_arena *a = r->l.arena;
	const char *notify = dw_restrict_notify(r);

	for (size_t i = 0; i < f->files.n; i++) {
		const struct dw_set_file *file = &f->files.v[i];
		struct lever_words w = {
			.label = dw_arena_printf(a, "the setting of %s (%s)", r->service->name,
						 keys_of(a, b)),
			.why = "It says where the service listens: on loopback alone no network "
			       "reaches it.",
			.notify = notify,
		};

		if (!file->edits.n)
			continue;
		w.source = dw_arena_printf(a, "%s:%u", file->path, file->edits.v[0].line);
		dw_levers_edit(&r->l, file->path, &file->edits, &w);
	}
	if (b->style != DW_BIND_LISTEN && b->ports->protocol == DW_PROTOCOL_UNKNOWN)
		dw_levers_remark(&r->l, "The setting holds for every door of %s.",
				 r->service->title);
	dw_levers_remark(&r->l,
			 "%s starts again, so that the setting counts: who is connected is "
			 "cut off once.",
			 r->l.starter->id);
}

static bool by_bind(struct restricting *r, const struct dw_service_bind *b, const char **ret_why)
{
	struct dw_narrow to = { .v4 = "127.0.0.1",
				.v6 = r->v6 ? "::1" : NULL,
				.loopback = true,
				.port = r->l.door->at.port };
	struct finding f;

	if (!has_port(b, &r->l.door->at) || !has_program(b, r->l.door))
		return false;
	find_files(r, b, &f);
	if (!f.files.n)
		return false;
	if (f.several)
		*ret_why = "there are several instances of it, each with files of its own";
	else
		*ret_why = dw_set_files(r->l.arena, b, &to, f.files.v, f.files.n);
	if (!*ret_why) {
		add_levers(r, b, &f);
		r->l.ret->narrowed = DW_NARROWED_BOUND;
	}
	return true;
}

bool dw_restrict_setting(struct restricting *r, const char **ret_why)
{
	const struct dw_service_bind *b = r->service ? r->service->binds : NULL;

	if (!b || !dw_restrict_notify(r))
		return false;
	for (; b->files; b++)
		if (by_bind(r, b, ret_why))
			return !*ret_why;
	return false;
}
