/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * On request only: the package of the program is removed, and with it every one that cannot do without it. Their units
 * are stopped before: so the run knows what it stopped, and the packages' own scripts find nothing left to do.
 */
#include <string.h>

#include "levers.h"
#include "systemd.h"

#define LIST_MAX ((size_t)4 * 1024 * 1024)

/* --- their units ---------------------------------------------------------------------------------- */

/* "/lib/systemd/system/cups.path" -> "cups.path"; NULL: no unit that runs by itself. */
static const char *unit_of(struct dw_arena *a, const char *line, size_t n)
{
	static const char *const places[] = { "/lib/systemd/system/", "/usr/lib/systemd/system/" };
	static const char *const kinds[] = { ".service", ".socket", ".path", ".timer" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(places); i++) {
		size_t k = strlen(places[i]);
		const char *name;

		if (n <= k || n - k > DW_SD_NAME_MAX || memcmp(line, places[i], k) != 0)
			continue;
		name = dw_arena_strndup(a, line + k, n - k);
		/* a template is started by nobody but its instances */
		if (strchr(name, '/') || strchr(name, ' ') || strstr(name, "@."))
			return NULL;
		for (size_t j = 0; j < DW_ARRAY_SIZE(kinds); j++)
			if (dw_ends_with(name, kinds[j]))
				return name;
	}
	return NULL;
}

static void stop_units(struct levering *l, const char *package)
{
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	const char *path = dw_arena_printf(scratch, "/var/lib/dpkg/info/%s.list", package), *line;
	struct dw_bytes text = { 0 };
	struct dw_lines it;
	size_t n;

	if (dw_sys_file_read(l->s->sys, path, LIST_MAX, scratch, &text, NULL) < 0)
		return;
	it = dw_lines_of(&text);
	while (dw_lines_next(&it, &line, &n)) {
		const char *unit = unit_of(l->arena, line, n);

		if (unit && dw_levers_has_unit(l, unit))
			dw_levers_unit_now(l, unit);
	}
}

/* --- the packages --------------------------------------------------------------------------------- */

static void remove_one(struct levering *l, const struct dw_removed_package *p, unsigned order)
{
	const struct dw_package *own = l->door->package;
	const char *word = dw_levers_operand(l->arena, p->name);
	bool rpm = dw_streq0(own->manager, "rpm");
	struct dw_lever v = {
		.phase = DW_PHASE_LEFT,
		.manager = "package",
		.object = p->name,
		.off.text = "removed",
		.group = own->name,
		.order = order,
		.label = dw_arena_printf(l->arena, "the package %s", p->name),
		.why = p->needs ? dw_arena_printf(l->arena, "It cannot do without %s.", p->needs)
				: "The program of a door is in this package.",
		.command = dw_arena_printf(l->arena, rpm ? "rpm -e %s" : "apt-get remove %s", word),
		.no_undo = true,
	};

	if (p->version && !rpm)
		v.undo_command = dw_arena_printf(
			l->arena, "apt-get install %s",
			dw_levers_operand(l->arena,
					  dw_arena_printf(l->arena, "%s=%s", p->name, p->version)));
	if (dw_levers_add(l, &v))
		dw_levers_remark(l,
				 "A removed package does not come back with an undo: install %s "
				 "again (its configuration stays).",
				 p->name);
}

void dw_levers_of_package(struct levering *l, const struct dw_removal *removal)
{
	const struct dw_package *p = l->door->package;
	struct dw_removed_package own = { 0 };
	const struct dw_removal alone = { &own, 1 };

	if (!p || !p->name) {
		dw_levers_cannot(l, "Its program is in no package that could be removed.");
		return;
	}
	own.name = p->name;
	own.version = p->version;
	if (!removal)
		removal = &alone;
	if (dw_levers_under_systemd(l))
		for (size_t i = 0; i < removal->n; i++)
			stop_units(l, removal->v[i].name);
	/* behind whatever else still holds a door */
	for (size_t i = 0; i < removal->n; i++)
		remove_one(l, &removal->v[i], 9 + (unsigned)i);
}
