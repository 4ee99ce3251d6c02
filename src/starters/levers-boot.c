/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What starts a unit of systemd at boot, or when somebody calls it, as entries of the file system. `systemctl disable`
 * takes away the links below /etc and no more: what a generator, the vendor's links, another unit's line or the message
 * bus would start all the same is masked as well.
 */
#include <errno.h>

#include "levers-unit.h"

/* ConditionPathExists=!/ holds nowhere: systemd skips the start, and calls that no failure. */
static const char drop_in[] = "# Written by doorward; doorward undo takes it away.\n"
			      "[Unit]\n"
			      "ConditionPathExists=!/\n";

/* --- links ---------------------------------------------------------------------------------------- */

/* Links directly in the directory that give the unit another name (Alias=); their names are added. */
static void find_aliases(struct unit_closing *c, const struct dw_sd_unit *u, struct dw_strings *ret)
{
	struct dw_arena *a = c->l->arena;
	struct dw_strings entries = { 0 };

	dw_sd_names(c->l->s, c->dir, &entries);
	for (size_t i = 0; i < entries.n; i++) {
		const char *path = dw_arena_printf(a, "%s/%s", c->dir, entries.v[i]);
		char *target;

		if (!dw_streq(entries.v[i], u->name) &&
		    dw_sys_file_readlink(c->l->s->sys, path, a, &target, NULL) == 0 &&
		    dw_streq(dw_basename(target), u->name))
			dw_vec_push(a, ret, entries.v[i]);
	}
}

static bool is_links_dir(const char *name)
{
	return dw_ends_with(name, ".wants") || dw_ends_with(name, ".requires") ||
	       dw_ends_with(name, ".upholds");
}

/* Does the entry of a NAME.wants stand for the unit? Its own name counts, an instance for its template. */
static bool stands_for(struct dw_arena *a, const struct dw_sd_unit *u,
		       const struct dw_strings *aliases, const char *entry)
{
	const char *template;

	if (dw_streq(entry, u->name) || dw_strings_has(&u->aliases, entry) ||
	    dw_strings_has(aliases, entry))
		return true;
	if (!strstr(u->name, "@."))
		return false;
	template = dw_sd_name_template(a, entry);
	return template && dw_streq(template, u->name);
}

/* /dev/null takes a link of a lower directory back, and is none. */
static bool is_real_link(struct unit_closing *c, const char *path)
{
	char *target;

	return dw_sys_file_readlink(c->l->s->sys, path, c->l->arena, &target, NULL) == 0 &&
	       !dw_streq(target, "/dev/null");
}

static void take_link(struct unit_closing *c, const struct dw_sd_unit *u, const char *path,
		      struct dw_strings *taken)
{
	struct dw_arena *a = c->l->arena;
	const char *word = dw_levers_operand(a, u->name);
	struct lever_words w = {
		.label = u->name,
		.why = "This link starts it at boot.",
		.source = path,
		.command = dw_arena_printf(a, "%s disable %s", c->systemctl, word),
		.undo_command = dw_arena_printf(a, "%s enable %s", c->systemctl, word),
		.notify = c->notify,
	};

	dw_vec_push(a, taken, path);
	(void)dw_levers_entry(c->l, path, "absent", &w);
}

static void take_links(struct unit_closing *c, const struct dw_sd_unit *u, struct dw_strings *taken)
{
	struct dw_arena *a = c->l->arena;
	struct dw_strings dirs = { 0 }, aliases = { 0 };

	find_aliases(c, u, &aliases);
	for (size_t i = 0; i < aliases.n; i++)
		take_link(c, u, dw_arena_printf(a, "%s/%s", c->dir, aliases.v[i]), taken);
	dw_sd_names(c->l->s, c->dir, &dirs);
	for (size_t i = 0; i < dirs.n; i++) {
		const char *dir = dw_arena_printf(a, "%s/%s", c->dir, dirs.v[i]);
		struct dw_strings entries = { 0 };

		if (!is_links_dir(dirs.v[i]))
			continue;
		dw_sd_names(c->l->s, dir, &entries);
		for (size_t k = 0; k < entries.n; k++) {
			const char *path = dw_arena_printf(a, "%s/%s", dir, entries.v[k]);

			if (stands_for(a, u, &aliases, entries.v[k]) && is_real_link(c, path))
				take_link(c, u, path, taken);
		}
	}
}

/* --- the message bus ------------------------------------------------------------------------------ */

static void remark_program(struct unit_closing *c, const char *bus, const char *file)
{
	dw_levers_remark(c->l,
			 "The message bus starts its program by itself when somebody calls %s "
			 "(%s): no switch turns that off.",
			 bus, file);
}

/* The file by which a call over the message bus would start it once these links are gone; NULL: none. */
static const char *called_by(struct unit_closing *c, const struct dw_sd_unit *u,
			     const struct dw_strings *taken)
{
	const char *bus = dw_sd_bus_name(c->m, u);

	dw_sd_calls(c->m);
	for (size_t i = 0; i < c->m->calls.n; i++) {
		const struct dw_sd_call *call = &c->m->calls.v[i];
		const char *name = dw_basename(call->file);

		if (!call->unit && bus && dw_starts_with(name, bus) &&
		    dw_streq(name + strlen(bus), ".service"))
			remark_program(c, bus, call->file);
		if (call->unit &&
		    !dw_strings_has(taken,
				    dw_arena_printf(c->l->arena, "%s/%s", c->dir, call->unit)) &&
		    dw_sd_call_starts(c->m, call, u))
			return call->file;
	}
	return NULL;
}

/* --- masks ---------------------------------------------------------------------------------------- */

/* What would still start it once these links are gone; NULL: nothing. */
static const char *still_pulled(struct unit_closing *c, const struct dw_sd_unit *u,
				const struct dw_strings *taken)
{
	static const char *const of_others[] = { "OnFailureOf", "OnSuccessOf" };
	struct dw_strings found;

	for (size_t i = 0; i < u->pulls.n; i++) {
		const struct dw_sd_pull *p = &u->pulls.v[i];

		if (p->reason == DW_SD_BY_LINK && dw_strings_has(taken, p->by))
			continue;
		if (p->from && dw_unit_is_own(c, p->from))
			continue;
		return p->by;
	}
	/* since systemd 249; the end of another unit starts it */
	for (size_t i = 0; i < DW_ARRAY_SIZE(of_others); i++)
		if (!strstr(u->name, "@.") && dw_unit_ask_list(c, u->name, of_others[i], &found))
			for (size_t k = 0; k < found.n; k++)
				if (!dw_unit_is_own(c, dw_sd_unit_get(c->m, found.v[k])))
					return found.v[k];
	return NULL;
}

/*
 * A start of another unit fails when this one cannot be started: the whole boot, where that is a target ("Failed to
 * isolate default target"). A unit whose condition does not hold counts as started, a masked one does not.
 */
static bool is_required(const struct unit_closing *c, const struct dw_sd_unit *u,
			const struct dw_strings *taken)
{
	static const char *const by[] = { "RequiredBy", "BoundBy", "RequisiteOf" };
	struct dw_strings found;

	for (size_t i = 0; i < u->pulls.n; i++) {
		const struct dw_sd_pull *p = &u->pulls.v[i];

		if (p->hard && !(p->reason == DW_SD_BY_LINK && dw_strings_has(taken, p->by)) &&
		    !(p->from && dw_unit_is_own(c, p->from)))
			return true;
	}
	for (size_t i = 0; i < DW_ARRAY_SIZE(by); i++)
		if (!strstr(u->name, "@.") && dw_unit_ask_list(c, u->name, by[i], &found))
			for (size_t k = 0; k < found.n; k++)
				if (!dw_unit_is_own(c, dw_sd_unit_get(c->m, found.v[k])))
					return true;
	return false;
}

/* The directory and those above it that are missing, of the user's own. False: one of them is no plain directory. */
static bool make_dirs(struct unit_closing *c, const char *dir, const struct lever_words *w)
{
	struct dw_arena *a = c->l->arena;
	uint32_t uid = c->m->is_user ? c->m->uid : 0, gid = uid;
	struct stat st;
	char *real;
	int r = dw_sys_file_real(c->l->s->sys, dir, a, &real, NULL);

	if (r == 0) {
		/* what is written as root must not be led elsewhere by a user's link */
		if (!c->m->is_user || dw_streq(real, dir))
			return true;
		dw_levers_cannot(c->l, "%s is a link to %s: what stands there is edited by hand.",
				 dir, real);
		return false;
	}
	if (dw_streq(dir, c->m->home) || !strchr(dir + 1, '/') || r != -ENOENT)
		return false;
	if (!make_dirs(c, dw_arena_strndup(a, dir, (size_t)(strrchr(dir, '/') - dir)), w))
		return false;
	if (c->m->is_user && dw_sys_file_stat(c->l->s->sys, c->m->home, true, &st, NULL) == 0)
		gid = st.st_gid;
	(void)dw_levers_entry(c->l, dir, dw_arena_printf(a, "directory 0755 %u:%u", uid, gid), w);
	return true;
}

/* A mask would be in the place of the unit's own file, or break what requires the unit; a drop-in is and does not. */
static void condition(struct unit_closing *c, const struct dw_sd_unit *u, struct lever_words w)
{
	struct dw_arena *a = c->l->arena;
	const char *dir = dw_arena_printf(a, "%s/%s.d", c->dir, u->name);

	w.command = w.undo_command = NULL;
	if (make_dirs(c, dir, &w))
		dw_levers_make_file(c->l, dw_arena_printf(a, "%s/doorward.conf", dir), drop_in, &w);
}

static void mask(struct unit_closing *c, const struct dw_sd_unit *u, const char *because,
		 const char *source, bool required)
{
	struct dw_arena *a = c->l->arena;
	const char *path = dw_arena_printf(a, "%s/%s", c->dir, u->name),
		   *word = dw_levers_operand(a, u->name);
	struct lever_words w = {
		.label = u->name,
		.why = dw_arena_printf(a, "%s would still start it.", because),
		.source = source,
		.command = dw_arena_printf(a, "%s mask %s", c->systemctl, word),
		.undo_command = dw_arena_printf(a, "%s unmask %s", c->systemctl, word),
		.notify = c->notify,
	};
	struct stat st;
	int r = dw_sys_file_stat(c->l->s->sys, path, false, &st, NULL);

	if (u->transient)
		return;
	if (required || (r == 0 && !S_ISLNK(st.st_mode))) {
		condition(c, u, w);
		return;
	}
	if (r < 0 && r != -ENOENT)
		dw_levers_cannot(c->l, "%s cannot be looked at.", path);
	else if (make_dirs(c, c->dir, &w))
		(void)dw_levers_entry(c->l, path, "link /dev/null", &w);
}

static void boot_one(struct unit_closing *c, const struct dw_sd_unit *u)
{
	struct dw_strings taken = { 0 };
	const char *because, *file;

	take_links(c, u, &taken);
	because = still_pulled(c, u, &taken);
	file = because ? NULL : called_by(c, u, &taken);
	if (file)
		because = dw_arena_printf(c->l->arena, "A call over D-Bus (%s)", file);
	if (because && !strstr(u->name, "@."))
		mask(c, u, because, file ? file : because, is_required(c, u, &taken));
}

/* Nothing else has it started: neither will the next boot. */
static bool is_only_ours(const struct unit_closing *c, const struct dw_sd_unit *u)
{
	for (size_t i = 0; i < u->pulls.n; i++)
		if (!u->pulls.v[i].from || !dw_unit_is_own(c, u->pulls.v[i].from))
			return false;
	return u->pulls.n > 0 && !dw_unit_is_own(c, u);
}

static void tell_left_out(struct unit_closing *c)
{
	for (size_t i = 0; i < c->m->pulled.n; i++) {
		const struct dw_sd_unit *u = c->m->pulled.v[i];

		if (dw_ends_with(u->name, ".service") && is_only_ours(c, u) &&
		    dw_sd_is_active(c->m, u->name) == DW_YES)
			dw_levers_remark(c->l,
					 "%s goes on, but no later boot starts it: only %s asks "
					 "for it.",
					 u->name, u->pulls.v[0].from->name);
	}
}

void dw_unit_boot(struct unit_closing *c)
{
	tell_left_out(c);
	for (size_t i = 0; i < c->own.n; i++)
		boot_one(c, c->own.v[i].unit);
}
