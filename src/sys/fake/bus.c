/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A recorded manager: bus/units.json of the fixture, bus/units-UID.json for a user's own.
 *
 *	{"units": [{"name": "x.service", "load_state": "loaded", "active_state": "active", "sub_state": "running",
 *	            "refuses": "stop", "comes_back": true,
 *	            "properties": {"FragmentPath": "/etc/systemd/system/x.service", "RequiredBy": ["y.service"]}}],
 *	 "system_state": "running", "features": "+PAM -BPF_FRAMEWORK"}
 *
 * What is started and stopped is remembered in the handle and told from then on, by every bus that is opened with it:
 * as active_state, and as the properties ActiveState and SubState. "refuses": "stop" or "start": that job fails, and
 * the unit stays as it is. "comes_back": a stop succeeds, but the unit is active again at once, as when something else
 * starts it. Units are not tied to each other. "load_state": "not-found" is a unit that others only mention.
 */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>

#include "bus_private.h"
#include "dw_str.h"

int dw_bus_fake_open(struct dw_bus *b, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_fd_ int fd = -1;
	struct dw_bytes text;
	char name[40] = "bus/units.json";
	int r;

	if (b->uid != UINT32_MAX)
		(void)snprintf(name, sizeof(name), "bus/units-%u.json", b->uid);
	fd = dw_fake_open(b->sys, name, e);
	if (fd < 0)
		return fd;
	r = dw_fd_read_all(fd, DW_FILE_MAX, a, &text);
	if (r < 0)
		return dw_error_errno(e, r, "%s", name);
	return dw_json_parse(text.data, text.n, &b->fake, e);
}

static const char *text_or_empty(const struct dw_json_value *v)
{
	const char *s = v ? dw_json_text(v) : NULL;

	return s ? s : "";
}

static bool matches(const char *const *patterns, const char *name)
{
	for (; *patterns; patterns++)
		if (fnmatch(*patterns, name, FNM_NOESCAPE) == 0)
			return true;
	return false;
}

static const struct dw_json_value *find_unit(struct dw_bus *b, const char *name)
{
	const struct dw_json_value *units = dw_json_get(b->fake, "units", NULL);

	for (size_t i = 0; i < dw_json_count(units); i++) {
		const struct dw_json_value *u = dw_json_at(units, i, NULL);

		if (dw_streq(text_or_empty(dw_json_get(u, "name", NULL)), name))
			return u;
	}
	return NULL;
}

/* --- what became of the units -------------------------------------------------------------------- */

static struct dw_fake_unit *changed(struct dw_bus *b, const char *name)
{
	for (size_t i = 0; i < b->sys->fake_units.n; i++) {
		struct dw_fake_unit *u = &b->sys->fake_units.v[i];

		if (u->uid == b->uid && dw_streq(u->name, name))
			return u;
	}
	return NULL;
}

static void remember(struct dw_bus *b, const char *name, bool active, bool made)
{
	struct dw_fake_unit *u = changed(b, name);

	if (!u) {
		u = dw_vec_add(b->sys->arena, &b->sys->fake_units);
		u->name = dw_arena_strdup(b->sys->arena, name);
		u->uid = b->uid;
		u->made = made;
	}
	u->active = active;
	if (b->sys->fake_on_unit)
		b->sys->fake_on_unit(b->sys->fake_on_unit_data, name, active);
}

void dw_sys_fake_on_unit(struct dw_sys *s, void (*fn)(void *data, const char *unit, bool active),
			 void *data)
{
	s->fake_on_unit = fn;
	s->fake_on_unit_data = data;
}

static const char *sub_state(const char *name, bool active)
{
	static const struct {
		const char *suffix, *active;
	} words[] = {
		{ ".service", "running" }, { ".socket", "listening" }, { ".timer", "waiting" },
		{ ".path", "waiting" },    { ".mount", "mounted" },    { ".automount", "waiting" },
	};

	for (size_t i = 0; active && i < DW_ARRAY_SIZE(words); i++)
		if (dw_ends_with(name, words[i].suffix))
			return words[i].active;
	return active ? "active" : "dead";
}

/* As recorded, or as it became. */
static struct dw_bus_unit now(struct dw_bus *b, const struct dw_json_value *u, struct dw_arena *a)
{
	const char *name = text_or_empty(dw_json_get(u, "name", NULL));
	const struct dw_fake_unit *c = changed(b, name);
	struct dw_bus_unit unit = {
		.name = dw_arena_strdup(a, name),
		.load_state = dw_arena_strdup(a, text_or_empty(dw_json_get(u, "load_state", NULL))),
	};

	if (c) {
		unit.active_state = c->active ? "active" : "inactive";
		unit.sub_state = sub_state(name, c->active);
		return unit;
	}
	unit.active_state = dw_arena_strdup(a, text_or_empty(dw_json_get(u, "active_state", NULL)));
	unit.sub_state = dw_arena_strdup(a, text_or_empty(dw_json_get(u, "sub_state", NULL)));
	return unit;
}

/* --- questions ----------------------------------------------------------------------------------- */

int dw_bus_fake_list(struct dw_bus *b, const char *const *patterns, struct dw_arena *a,
		     struct dw_bus_unit **ret, size_t *ret_n)
{
	const struct dw_json_value *units = dw_json_get(b->fake, "units", NULL);
	DW_VEC(struct dw_bus_unit) v = { 0 };

	for (size_t i = 0; i < dw_json_count(units); i++) {
		const struct dw_json_value *u = dw_json_at(units, i, NULL);

		if (matches(patterns, text_or_empty(dw_json_get(u, "name", NULL))))
			dw_vec_push(a, &v, now(b, u, a));
	}
	for (size_t i = 0; i < b->sys->fake_units.n; i++) {
		const struct dw_fake_unit *u = &b->sys->fake_units.v[i];

		if (u->made && u->active && u->uid == b->uid && matches(patterns, u->name))
			*dw_vec_add(a, &v) =
				(struct dw_bus_unit){ .name = u->name,
						      .load_state = "loaded",
						      .active_state = "active",
						      .sub_state = sub_state(u->name, true) };
	}
	*ret = v.v;
	*ret_n = v.n;
	return 0;
}

int dw_bus_fake_string(struct dw_bus *b, const char *unit, const char *property, struct dw_arena *a,
		       const char **ret, struct dw_error *e)
{
	const struct dw_json_value *u = find_unit(b, unit), *value;
	struct dw_bus_unit state;

	if (!u)
		return dw_error_set(e, -ENOENT, "systemd has no unit %s", unit);
	state = now(b, u, a);
	value = dw_json_get(u, "properties", property, NULL);
	if (dw_streq(property, "ActiveState") && (!value || changed(b, unit)))
		*ret = state.active_state;
	else if (dw_streq(property, "SubState") && (!value || changed(b, unit)))
		*ret = state.sub_state;
	else if (dw_streq(property, "LoadState") && !value)
		*ret = state.load_state;
	else
		*ret = dw_arena_strdup(a, text_or_empty(value));
	return 0;
}

int dw_bus_fake_features(struct dw_bus *b, struct dw_arena *a, const char **ret)
{
	*ret = dw_arena_strdup(a, text_or_empty(dw_json_get(b->fake, "features", NULL)));
	return 0;
}

int dw_bus_fake_strings(struct dw_bus *b, const char *unit, const char *property,
			struct dw_arena *a, struct dw_strings *ret, struct dw_error *e)
{
	const struct dw_json_value *u = find_unit(b, unit), *list;

	if (!u)
		return dw_error_set(e, -ENOENT, "systemd has no unit %s", unit);
	list = dw_json_get(u, "properties", property, NULL);
	for (size_t i = 0; i < dw_json_count(list) && i < DW_BUS_STRINGS_MAX; i++)
		dw_vec_push(a, ret, dw_arena_strdup(a, text_or_empty(dw_json_at(list, i, NULL))));
	return 0;
}

int dw_bus_fake_time(struct dw_bus *b, const char *unit, const char *property, uint64_t *ret,
		     struct dw_error *e)
{
	const struct dw_json_value *u = find_unit(b, unit);

	if (!u)
		return dw_error_set(e, -ENOENT, "systemd has no unit %s", unit);
	*ret = 0;
	(void)dw_json_unsigned(dw_json_get(u, "properties", property, NULL), ret);
	return 0;
}

static const char *property_text(const struct dw_json_value *v, struct dw_arena *a)
{
	struct dw_str list = { .arena = a };
	uint64_t number;

	if (dw_json_text(v))
		return dw_arena_strdup(a, dw_json_text(v));
	if (dw_json_unsigned(v, &number))
		return dw_arena_printf(a, "%llu", (unsigned long long)number);
	if (!dw_json_is_array(v))
		return dw_json_true(v) ? "yes" : dw_json_is_false(v) ? "no" : NULL;
	for (size_t i = 0; i < dw_json_count(v) && i < DW_BUS_STRINGS_MAX; i++)
		dw_str_addf(&list, "%s%s", i ? " " : "", text_or_empty(dw_json_at(v, i, NULL)));
	return list.n ? list.s : "";
}

int dw_bus_fake_properties(struct dw_bus *b, const char *unit, struct dw_arena *a,
			   struct dw_bus_property **ret, size_t *ret_n, struct dw_error *e)
{
	const struct dw_json_value *u = find_unit(b, unit), *all;
	DW_VEC(struct dw_bus_property) v = { 0 };

	if (!u)
		return dw_error_set(e, -ENOENT, "systemd has no unit %s", unit);
	all = dw_json_get(u, "properties", NULL);
	for (size_t i = 0; i < dw_json_count(all); i++) {
		const char *name = NULL;
		const char *value = property_text(dw_json_at(all, i, &name), a);

		if (name && value)
			*dw_vec_add(a, &v) =
				(struct dw_bus_property){ dw_arena_strdup(a, name), value };
	}
	*ret = v.v;
	*ret_n = v.n;
	return 0;
}

/* --- acts ---------------------------------------------------------------------------------------- */

int dw_bus_fake_act(struct dw_bus *b, enum dw_bus_act act, const char *unit, struct dw_error *e)
{
	static const char *const words[] = {
		[DW_BUS_STOP] = "stop",
		[DW_BUS_START] = "start",
		[DW_BUS_RESTART] = "start",
		[DW_BUS_START_ALONE] = "start",
	};
	const struct dw_json_value *u = find_unit(b, unit);
	struct dw_fake_unit *c = changed(b, unit);

	if (!u && c && c->made && act == DW_BUS_STOP) {
		c->active = false;
		return 0;
	}
	if (!u || dw_streq(text_or_empty(dw_json_get(u, "load_state", NULL)), "not-found"))
		return act == DW_BUS_STOP
			       ? 0
			       : dw_error_set(e, -ENOENT, "systemd has no unit %s", unit);
	if (dw_streq(text_or_empty(dw_json_get(u, "refuses", NULL)), words[act]))
		return dw_bus_say_result(act, unit, "failed", e);
	remember(b, unit, act != DW_BUS_STOP || dw_json_true(dw_json_get(u, "comes_back", NULL)),
		 false);
	return 0;
}

int dw_bus_fake_run_later(struct dw_bus *b, const char *name, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *timer = dw_arena_printf(a, "%s.timer", name);
	const struct dw_fake_unit *c = changed(b, timer);

	if (find_unit(b, timer) || (c && c->active))
		return dw_error_set(e, -EEXIST, "%s: there is a unit of that name", timer);
	remember(b, timer, true, true);
	return 0;
}
