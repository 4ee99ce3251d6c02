/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The starter "systemd": is it here, its managers, and the few questions put to the running one. */
#include <errno.h>

#include "registry.h"
#include "systemd.h"

/* Offline: /sbin/init of the root, or just systemd's program (systemd-nspawn(1) looks in the same places). */
static bool boots_with_systemd(struct dw_starters *s)
{
	static const char *const programs[] = { "/usr/lib/systemd/systemd",
						"/lib/systemd/systemd" };
	char *real;

	if (dw_sys_file_real(s->sys, "/sbin/init", s->arena, &real, NULL) == 0)
		return dw_streq(dw_basename(real), "systemd");
	for (size_t i = 0; i < DW_ARRAY_SIZE(programs); i++)
		if (dw_sys_file_exists(s->sys, programs[i]))
			return true;
	return false;
}

static bool is_here(struct dw_starters *s)
{
	if (!dw_sys_is_running(s->sys))
		return boots_with_systemd(s);
	if (s->init)
		return dw_streq(s->init, "systemd");
	/* sd_booted(3) */
	return dw_sys_file_exists(s->sys, "/run/systemd/system");
}

static int load(struct dw_starters *s, void **ret_state, struct dw_error *e)
{
	struct dw_sd *sd;

	if (!is_here(s))
		return -ENOENT;
	sd = dw_new(s->arena, struct dw_sd);
	sd->system = dw_sd_manager_new(s, NULL, 0, NULL);
	sd->cgroup_root = dw_sd_cgroup_root(s);
	*ret_state = sd;
	s->systemd = sd;
	return 0;
}

static int list(struct dw_starters *s, void *state, struct dw_error *e)
{
	return dw_sd_list(s, state, e);
}

static int claim(struct dw_starters *s, void *state, const struct dw_claim *c,
		 struct dw_starter *ret)
{
	return dw_sd_claim(s, state, c, ret);
}

static void unload(struct dw_starters *s, void *state)
{
	struct dw_sd *sd = state;

	dw_sd_manager_free(sd->system);
	for (size_t i = 0; i < sd->users.n; i++)
		dw_sd_manager_free(sd->users.v[i]);
	dw_bus_free(sd->bus);
	s->systemd = NULL;
}

const struct dw_starter_ops dw_starter_systemd = { .name = "systemd",
						   .knows_foreign = true,
						   .early = true,
						   .load = load,
						   .list = list,
						   .claim = claim,
						   .unload = unload };

const char *dw_sd_home(struct dw_starters *s, const char *user)
{
	struct dw_bytes text = { 0 };
	struct dw_lines lines;
	char *line;

	if (dw_sys_file_read(s->sys, "/etc/passwd", DW_FILE_MAX, s->arena, &text, NULL) < 0)
		return NULL;
	lines = dw_lines_of(&text);
	while ((line = dw_lines_next_trimmed(&lines, s->arena))) {
		const char *name = strsep(&line, ":"), *field = NULL;

		if (!dw_streq(name, user))
			continue;
		for (unsigned i = 0; i < 5 && line; i++)
			field = strsep(&line, ":");
		return field && *field == '/' ? field : NULL;
	}
	return NULL;
}

struct dw_sd_manager *dw_sd_user(struct dw_starters *s, struct dw_sd *sd, uint32_t uid,
				 const char *home)
{
	const char *user, *known;
	struct dw_sd_manager *m;

	for (size_t i = 0; i < sd->users.n; i++)
		if (sd->users.v[i]->uid == uid)
			return sd->users.v[i];
	user = dw_sys_user_name(s->sys, uid);
	if (!user)
		return NULL;
	known = dw_sd_home(s, user);
	if (!known && !(home && *home == '/'))
		return NULL;
	m = dw_sd_manager_new(s, dw_arena_strdup(s->arena, user), uid, known ? known : home);
	dw_vec_push(s->arena, &sd->users, m);
	return m;
}

bool dw_sd_lingers(struct dw_starters *s, const char *user)
{
	return !strchr(user, '/') &&
	       dw_sys_file_exists(s->sys,
				  dw_arena_printf(s->arena, "/var/lib/systemd/linger/%s", user));
}

#define UNIT_INTERFACE "org.freedesktop.systemd1.Unit"

static struct dw_bus *bus_of(struct dw_starters *s, struct dw_sd *sd)
{
	if (!sd->bus_tried) {
		sd->bus_tried = true;
		(void)dw_bus_open(s->sys, &sd->bus, NULL);
	}
	return sd->bus;
}

bool dw_sd_has_feature(struct dw_starters *s, struct dw_sd *sd, const char *name)
{
	struct dw_bus *bus = bus_of(s, sd);
	const char *all = "", *word = dw_arena_printf(s->arena, " +%s ", name);

	if (!bus || dw_bus_features(bus, s->arena, &all, NULL) < 0)
		return false;
	return strstr(dw_arena_printf(s->arena, " %s ", all), word) != NULL;
}

bool dw_sd_ask_list(struct dw_starters *s, struct dw_sd *sd, const char *unit, const char *property,
		    struct dw_strings *ret)
{
	struct dw_bus *bus = bus_of(s, sd);

	return bus &&
	       dw_bus_unit_strings(bus, unit, UNIT_INTERFACE, property, s->arena, ret, NULL) == 0;
}

const char *dw_sd_ask(struct dw_starters *s, struct dw_sd *sd, const char *unit,
		      const char *property)
{
	struct dw_bus *bus = bus_of(s, sd);
	const char *answer = NULL;

	if (!bus ||
	    dw_bus_unit_string(bus, unit, UNIT_INTERFACE, property, s->arena, &answer, NULL) < 0)
		return NULL;
	return answer;
}
