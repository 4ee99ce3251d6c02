/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The switch of what systemd runs: one or more units that belong together, "cups.socket cups.path cups.service", of the
 * host's manager or ("1000/x.socket 1000/x.service") of a user's. Whether they start at boot are links, and files'
 * switch.
 *
 * A unit is active until systemd says that it is inactive or failed: one that is starting or stopping still holds, or
 * will hold, its door. A unit that is not loaded, not there or masked and not running is inactive.
 */
#include <errno.h>
#include <string.h>

#include "dw_str.h"
#include "switch.h"

#define UNIT       "org.freedesktop.systemd1.Unit"
#define UNITS_MAX  256 /* of one object */
#define NAME_LIMIT 255 /* bytes of a unit's name: systemd.unit(5) */

struct unit {
	const char *name;
	bool trigger; /* starts another */
	bool active, want;
};

struct group {
	struct dw_switch *s;
	bool user;
	uint32_t uid;
	struct dw_bus *bus; /* NULL: the user's manager does not run */
	struct unit *v;
	size_t n;
	const char **names; /* beside v, and a NULL */
};

/* --- the object ----------------------------------------------------------------------------------- */

static bool is_trigger(const char *name)
{
	static const char *const kinds[] = { ".socket", ".path", ".timer", ".automount" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(kinds); i++)
		if (dw_ends_with(name, kinds[i]))
			return true;
	return false;
}

/* A whole name, and no pattern: it is handed to a call that takes patterns. */
static bool is_name(const char *name)
{
	size_t n = strlen(name);
	const char *dot = strrchr(name, '.');

	return n <= NAME_LIMIT && dot && dot > name && dot[1] && !strstr(name, "@.") &&
	       strspn(name,
		      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@") == n;
}

/* "UID/NAME" or "NAME"; all of a group are of one manager. */
static bool take_word(struct group *g, const char *word)
{
	const char *slash = strchr(word, '/'), *name = slash ? slash + 1 : word;
	uint64_t uid = 0;

	if (!is_name(name) || g->n == UNITS_MAX ||
	    (slash && !dw_parse_u64n(word, (size_t)(slash - word), 10, UINT32_MAX - 1, &uid)))
		return false;
	if (g->n > 0 && (g->user != (slash != NULL) || g->uid != (uint32_t)uid))
		return false;
	g->user = slash != NULL;
	g->uid = (uint32_t)uid;
	g->names[g->n] = name;
	g->v[g->n++] = (struct unit){ .name = name, .trigger = is_trigger(name) };
	return true;
}

static int parse(struct dw_switch *s, const char *object, struct group *ret, struct dw_error *e)
{
	char *rest = dw_arena_strdup(s->arena, object), *word;

	*ret = (struct group){ .s = s,
			       .v = dw_arena_array(s->arena, UNITS_MAX, sizeof(*ret->v)),
			       .names = dw_arena_array(s->arena, UNITS_MAX + 1,
						       sizeof(*ret->names)) };
	while ((word = dw_word_next(&rest)) != NULL)
		if (!take_word(ret, word))
			return dw_error_set(e, -EINVAL, "%.200s: these are no units of one manager",
					    object);
	return ret->n > 0 ? 0 : dw_error_set(e, -EINVAL, "no unit is named");
}

/* --- the state ------------------------------------------------------------------------------------ */

/* A user's manager makes its socket when it starts, and takes it away when it ends. */
static bool has_manager(const struct group *g)
{
	if (!dw_sys_is_running(g->s->sys))
		return false;
	return !g->user || dw_sys_is_fake(g->s->sys) ||
	       dw_sys_file_exists(
		       g->s->sys,
		       dw_arena_printf(g->s->arena, "/run/user/%u/systemd/private", g->uid));
}

static int connect_to(struct group *g, struct dw_error *e)
{
	struct dw_error why = { 0 };
	int r;

	g->bus = NULL;
	if (!has_manager(g))
		return 0;
	r = dw_switch_bus(g->s, g->user, g->uid, &g->bus, &why);
	/* It ended meanwhile, or its socket outlived it. */
	if (r == 0 || (r == -ENOENT && g->user))
		return 0;
	return dw_error_set(e, r, "%s", why.message);
}

static bool is_active(const char *active_state)
{
	return *active_state && !dw_streq(active_state, "inactive") &&
	       !dw_streq(active_state, "failed");
}

/* The list has units by their own names only, and loaded ones only: an alias or another has to be asked for. */
static int ask_one(struct group *g, struct unit *u, struct dw_error *e)
{
	struct dw_error why = { 0 };
	const char *text = "";
	int r = dw_bus_unit_string(g->bus, u->name, UNIT, "ActiveState", g->s->arena, &text, &why);

	if (r < 0 && r != -ENOENT)
		return dw_error_set(e, r, "%s", why.message);
	u->active = r == 0 && is_active(text);
	return 0;
}

static int look_once(struct group *g, struct dw_error *e)
{
	struct dw_bus_unit *list = NULL;
	size_t n = 0;
	int r = dw_bus_list_units(g->bus, g->names, g->s->arena, &list, &n, e);

	for (size_t i = 0; r == 0 && i < g->n; i++) {
		const struct dw_bus_unit *found = NULL;

		for (size_t k = 0; k < n && !found; k++)
			if (dw_streq(list[k].name, g->v[i].name))
				found = &list[k];
		if (found)
			g->v[i].active = is_active(found->active_state);
		else
			r = ask_one(g, &g->v[i], e);
	}
	return r;
}

static int look(struct group *g, struct dw_error *e)
{
	int r = connect_to(g, e);

	for (size_t i = 0; i < g->n; i++)
		g->v[i].active = false;
	if (r == 0 && g->bus)
		r = look_once(g, e);
	if (r < 0)
		dw_switch_drop_bus(g->s, g->user, g->uid);
	return r;
}

static int state(struct dw_switch *s, const char *object, struct dw_state *ret, struct dw_error *e)
{
	struct dw_str text = { .arena = s->arena };
	struct group g;
	int r = parse(s, object, &g, e);

	if (r == 0)
		r = look(&g, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < g.n; i++)
		dw_str_addf(&text, "%s%s", i ? " " : "", g.v[i].active ? "active" : "inactive");
	*ret = dw_switch_word(text.s);
	return 0;
}

/* --- changing it ---------------------------------------------------------------------------------- */

static int parse_want(struct group *g, const char *object, const struct dw_state *want,
		      struct dw_error *e)
{
	char *rest = want && want->text ? dw_arena_strdup(g->s->arena, want->text) : NULL;

	for (size_t i = 0; rest && i < g->n; i++) {
		const char *word = dw_word_next(&rest);

		if (!word || !(dw_streq(word, "active") || dw_streq(word, "inactive")))
			return dw_switch_unknown(object, want, e);
		g->v[i].want = dw_streq(word, "active");
	}
	return rest && !dw_word_next(&rest) ? 0 : dw_switch_unknown(object, want, e);
}

/* Those of a kind that go to `active` and are not there yet. */
static int move(struct group *g, bool active, bool triggers, struct dw_error *e)
{
	const char **units = dw_arena_array(g->s->arena, g->n, sizeof(*units));
	size_t n = 0;

	for (size_t i = 0; i < g->n; i++)
		if (g->v[i].trigger == triggers && g->v[i].want == active &&
		    g->v[i].active != active)
			units[n++] = g->v[i].name;
	if (n == 0)
		return 0;
	return dw_bus_units_act(g->bus, active ? DW_BUS_START : DW_BUS_STOP, units, n,
				dw_switch_patience(g->s), e);
}

static struct unit *find(struct group *g, const char *name)
{
	for (size_t i = 0; i < g->n; i++)
		if (dw_streq(g->v[i].name, name))
			return &g->v[i];
	return NULL;
}

/* Adds the running services that the socket starts to `in_way`; they have to go first, and come back behind it. */
static int find_in_way(struct group *g, const struct unit *socket, struct dw_strings *in_way,
		       struct dw_error *e)
{
	struct dw_strings triggers = { 0 };
	struct dw_error why = { 0 };
	int r = dw_bus_unit_strings(g->bus, socket->name, UNIT, "Triggers", g->s->arena, &triggers,
				    &why);

	if (r < 0 && r != -ENOENT)
		return dw_error_set(e, r, "%s", why.message);
	for (size_t i = 0; i < triggers.n && i < UNITS_MAX; i++) {
		struct unit other = { .name = triggers.v[i] };

		r = is_name(other.name) ? ask_one(g, &other, e) : 0;
		if (r < 0)
			return r;
		if (other.active)
			dw_vec_push(g->s->arena, in_way, other.name);
	}
	return 0;
}

/*
 * systemd refuses to start a socket whose service runs already (systemd.socket(5); "already active, refusing" of
 * socket_start() in its socket.c): the service would go on with descriptors of its own. So the service is stopped, the
 * socket started, and the service started again, which hands it the socket; also one that is not of this object.
 */
static int clear_the_way(struct group *g, struct dw_strings *again, struct dw_error *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < g->n; i++)
		if (dw_ends_with(g->v[i].name, ".socket") && g->v[i].want && !g->v[i].active)
			r = find_in_way(g, &g->v[i], again, e);
	if (r == 0 && again->n > 0)
		r = dw_bus_units_act(g->bus, DW_BUS_STOP, again->v, again->n,
				     dw_switch_patience(g->s), e);
	for (size_t i = 0; i < again->n; i++) {
		struct unit *own = find(g, again->v[i]);

		if (own)
			own->active = false;
	}
	return r;
}

static int start_again(struct group *g, const struct dw_strings *again, struct dw_error *e)
{
	const char **units = dw_arena_array(g->s->arena, again->n + 1, sizeof(*units));
	size_t n = 0;

	for (size_t i = 0; i < again->n; i++)
		if (!find(g, again->v[i])) /* move() has those of this object */
			units[n++] = again->v[i];
	return n ? dw_bus_units_act(g->bus, DW_BUS_START, units, n, dw_switch_patience(g->s), e)
		 : 0;
}

static int start_all(struct group *g, struct dw_error *e)
{
	struct dw_strings again = { 0 };
	struct dw_error later = { 0 };
	int r = clear_the_way(g, &again, e), r2;

	if (r == 0)
		r = move(g, true, true, e);
	/* What was only in the way comes back whatever became of the socket. */
	r2 = start_again(g, &again, &later);
	if (r == 0)
		r = move(g, true, false, e);
	if (r == 0 && r2 < 0)
		return dw_error_set(e, r2, "%s", later.message);
	return r;
}

/* --- targets --------------------------------------------------------------------------------------- */

static void active_targets(struct group *g, struct dw_strings *ret)
{
	static const char *const patterns[] = { "*.target", NULL };
	struct dw_bus_unit *list = NULL;
	size_t n = 0;

	*ret = (struct dw_strings){ 0 };
	if (dw_bus_list_units(g->bus, patterns, g->s->arena, &list, &n, NULL) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		if (dw_streq(list[i].active_state, "active"))
			dw_vec_push(g->s->arena, ret, list[i].name);
}

static bool has(const struct dw_strings *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (dw_streq(list->v[i], name))
			return true;
	return false;
}

/*
 * systemd stops a target that requires what is stopped (multi-user.target, say). It stands for "the boot came that far",
 * and runs nothing: it is set up again, alone. To start it as usual, here or in an undo, would start all that it pulls in,
 * also what somebody stopped. One that systemd will not have (RefuseManualStart=) says nothing of the host.
 */
static void hold_up_targets(struct group *g, const struct dw_strings *before)
{
	struct dw_strings after;

	active_targets(g, &after);
	for (size_t i = 0; after.n && i < before->n; i++)
		if (!has(&after, before->v[i]))
			(void)dw_bus_units_act(g->bus, DW_BUS_START_ALONE, &before->v[i], 1,
					       dw_switch_patience(g->s), NULL);
}

/* --- all of it ------------------------------------------------------------------------------------- */

/* What systemd says of a unit that is not as it should be: "x.service is failed (exit-code)". */
static void add_results(struct group *g, int code, struct dw_error *e)
{
	static const char *const interfaces[][2] = {
		{ ".service", "org.freedesktop.systemd1.Service" },
		{ ".socket", "org.freedesktop.systemd1.Socket" },
		{ ".path", "org.freedesktop.systemd1.Path" },
		{ ".timer", "org.freedesktop.systemd1.Timer" },
		{ ".automount", "org.freedesktop.systemd1.Automount" },
	};
	struct dw_str text = { .arena = g->s->arena };

	for (size_t i = 0; i < g->n; i++) {
		const char *result = "";

		for (size_t k = 0; g->v[i].want && k < DW_ARRAY_SIZE(interfaces); k++)
			if (dw_ends_with(g->v[i].name, interfaces[k][0]))
				(void)dw_bus_unit_string(g->bus, g->v[i].name, interfaces[k][1],
							 "Result", g->s->arena, &result, NULL);
		if (*result && !dw_streq(result, "success"))
			dw_str_addf(&text, "; %s: %s", g->v[i].name, result);
	}
	if (e && text.n > 0)
		(void)dw_error_set(e, code, "%s%s", dw_arena_strdup(g->s->arena, e->message),
				   text.s);
}

static bool wants_more(const struct group *g)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->v[i].want != g->v[i].active)
			return true;
	return false;
}

/*
 * Triggers go before what they start, both ways: a service is not woken while it is being stopped, and is handed its
 * sockets when it starts.
 */
static int set(struct dw_switch *s, const char *object, const struct dw_state *from,
	       const struct dw_state *want, struct dw_error *e)
{
	struct dw_strings targets;
	struct group g;
	int r = parse(s, object, &g, e);

	if (r == 0)
		r = parse_want(&g, object, want, e);
	if (r == 0)
		r = look(&g, e);
	if (r < 0 || !wants_more(&g))
		return r;
	if (!g.bus && g.user)
		return dw_error_set(e, -ENOTSUP, "%.200s: no manager of user %u runs", object,
				    g.uid);
	if (!g.bus)
		return dw_error_set(e, -ENOTSUP, "%.200s: nothing runs in this root", object);
	active_targets(&g, &targets);
	r = move(&g, false, true, e);
	if (r == 0)
		r = move(&g, false, false, e);
	hold_up_targets(&g, &targets);
	if (r == 0)
		r = start_all(&g, e);
	if (r == -EIO)
		add_results(&g, r, e);
	if (r < 0)
		dw_switch_drop_bus(s, g.user, g.uid);
	return r;
}

const struct dw_switch_ops dw_switch_systemd = { .name = "systemd", .state = state, .set = set };
