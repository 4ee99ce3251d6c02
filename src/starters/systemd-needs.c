/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who needs a unit, and what would wake it: org.freedesktop.systemd1(5) has both from the manager's own graph
 * (RequiredBy, TriggeredBy ...), which knows units that are loaded. Where nothing runs, or the manager does not
 * answer, the settings and links of everything that the boot pulls in tell it.
 */
#include <errno.h>

#include "registry.h"
#include "systemd.h"

static const struct {
	const char *how, *property;
	enum dw_sd_key key;
	const char *dir; /* NAME.dir with links; NULL: there is none for it */
} relations[] = {
	/* the first that holds between two units is told: how much the one needs the other */
	{ "requires", "RequiredBy", DW_SD_REQUIRES, "requires" },
	{ "binds-to", "BoundBy", DW_SD_BINDS_TO, NULL },
	{ "requisite", "RequisiteOf", DW_SD_REQUISITE, NULL },
	{ "part-of", "ConsistsOf", DW_SD_PART_OF, NULL },
	{ "wants", "WantedBy", DW_SD_WANTS, "wants" },
};

struct search {
	struct dw_starters *s;
	struct dw_sd *sd;
	struct dw_strings self; /* the unit asked for, and its socket or service */
	bool live;              /* the running manager answers */
	DW_VEC(struct dw_relation) needed_by, woken_by;
};

static bool is_self(const struct search *k, const char *name)
{
	for (size_t i = 0; i < k->self.n; i++)
		if (dw_streq(k->self.v[i], name))
			return true;
	return false;
}

static void add_self(struct search *k, const char *name)
{
	if (!is_self(k, name))
		dw_vec_push(k->s->arena, &k->self, name);
}

/* systemd.special(7): what groups units for the boot loses nothing when one of them goes. */
static bool only_groups(const char *name)
{
	static const char *const targets[] = {
		"basic.target",         "bluetooth.target",
		"boot-complete.target", "cloud-config.target",
		"cloud-init.target",    "default.target",
		"getty.target",         "graphical.target",
		"local-fs-pre.target",  "local-fs.target",
		"multi-user.target",    "network-online.target",
		"network-pre.target",   "network.target",
		"nss-lookup.target",    "nss-user-lookup.target",
		"paths.target",         "printer.target",
		"remote-fs-pre.target", "remote-fs.target",
		"rescue.target",        "rpcbind.target",
		"runlevel2.target",     "runlevel3.target",
		"runlevel4.target",     "runlevel5.target",
		"slices.target",        "smartcard.target",
		"sockets.target",       "sound.target",
		"swap.target",          "sysinit.target",
		"time-set.target",      "time-sync.target",
		"timers.target",
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(targets); i++)
		if (dw_streq(targets[i], name))
			return true;
	return false;
}

static void add_need(struct search *k, const char *unit, const char *how)
{
	if (is_self(k, unit) || only_groups(unit))
		return;
	for (size_t i = 0; i < k->needed_by.n; i++)
		if (dw_streq(k->needed_by.v[i].unit, unit))
			return;
	*dw_vec_add(k->s->arena, &k->needed_by) = (struct dw_relation){ unit, how };
}

static void add_waker(struct search *k, const char *unit, const char *how)
{
	if (is_self(k, unit) && !dw_streq(how, "dbus"))
		return;
	for (size_t i = 0; i < k->woken_by.n; i++)
		if (dw_streq(k->woken_by.v[i].unit, unit))
			return;
	*dw_vec_add(k->s->arena, &k->woken_by) = (struct dw_relation){ unit, how };
}

/* "rpcbind.socket" -> "socket" */
static const char *kind_of(const char *unit)
{
	const char *dot = strrchr(unit, '.');

	return dot ? dot + 1 : unit;
}

/* --- the running manager --------------------------------------------------------------------------- */

/* Loaded because some other unit names it, but neither running nor to be started. */
static bool is_idle(struct search *k, const char *unit)
{
	static const char *const off[] = { "disabled", "masked", "masked-runtime" };
	const char *active = dw_sd_ask(k->s, k->sd, unit, "ActiveState"), *file;

	if (!active || (!dw_streq(active, "inactive") && !dw_streq(active, "failed")))
		return false;
	file = dw_sd_ask(k->s, k->sd, unit, "UnitFileState");
	for (size_t i = 0; file && i < DW_ARRAY_SIZE(off); i++)
		if (dw_streq(file, off[i]))
			return true;
	return false;
}

/* False: the manager does not answer. */
static bool ask_partners(struct search *k, const char *unit)
{
	bool service = dw_ends_with(unit, ".service");
	struct dw_strings found;

	if (!dw_sd_ask_list(k->s, k->sd, unit, service ? "TriggeredBy" : "Triggers", &found))
		return false;
	for (size_t i = 0; i < found.n; i++)
		if (dw_ends_with(found.v[i], service ? ".socket" : ".service") &&
		    !is_idle(k, found.v[i]))
			add_self(k, found.v[i]);
	return true;
}

static void ask_needs(struct search *k, const char *unit, size_t relation)
{
	struct dw_strings found;

	if (!dw_sd_ask_list(k->s, k->sd, unit, relations[relation].property, &found))
		return;
	for (size_t i = 0; i < found.n; i++)
		if (!is_idle(k, found.v[i]))
			add_need(k, found.v[i], relations[relation].how);
}

/* The end of another unit starts it; since systemd 249. */
static const struct {
	const char *property, *how;
} ends[] = { { "OnFailureOf", "failure" }, { "OnSuccessOf", "success" } };

static void ask_wakers(struct search *k, const char *unit)
{
	struct dw_strings found;

	if (dw_sd_ask_list(k->s, k->sd, unit, "TriggeredBy", &found))
		for (size_t i = 0; i < found.n; i++)
			if (!is_idle(k, found.v[i]))
				add_waker(k, found.v[i], kind_of(found.v[i]));
	/* since systemd 249 */
	if (dw_sd_ask_list(k->s, k->sd, unit, "UpheldBy", &found))
		for (size_t i = 0; i < found.n; i++)
			if (!is_idle(k, found.v[i]))
				add_waker(k, found.v[i], "upholds");
	for (size_t e = 0; e < DW_ARRAY_SIZE(ends); e++)
		if (dw_sd_ask_list(k->s, k->sd, unit, ends[e].property, &found))
			for (size_t i = 0; i < found.n; i++)
				if (!is_idle(k, found.v[i]))
					add_waker(k, found.v[i], ends[e].how);
}

/* --- unit files ------------------------------------------------------------------------------------ */

static bool names_unit(struct dw_sd_manager *m, const struct dw_sd_unit *u, const char *word)
{
	if (dw_streq(u->name, word))
		return true;
	if (strlen(word) > DW_SD_NAME_MAX || strchr(word, '/') || m->n_units >= DW_SD_UNITS_MAX)
		return false;
	/* another name of it */
	return dw_sd_has_file(m, word) && dw_sd_unit_get(m, word) == u;
}

static bool lists(struct dw_sd_manager *m, const struct dw_sd_unit *by, enum dw_sd_key key,
		  const struct dw_sd_unit *u)
{
	for (size_t i = dw_sd_list_begin(by, key); i < by->settings.n; i++) {
		char *at, *word;

		if (by->settings.v[i].key != key)
			continue;
		at = dw_arena_strdup(m->s->arena, dw_sd_expand(m, by, by->settings.v[i].value));
		while ((word = dw_word_next(&at)))
			if (names_unit(m, u, word))
				return true;
	}
	return false;
}

/* In BY.wants: the entry's name counts; a link to /dev/null takes it back. */
static bool has_entry(struct dw_sd_manager *m, const char *by, const char *dir, const char *name)
{
	const char *sub = dw_arena_printf(m->s->arena, "%s.%s", by, dir);

	for (size_t i = 0; i < m->dirs.n; i++) {
		char *link;
		int r;

		if (!dw_sd_dir_has(&m->dirs.v[i], sub))
			continue;
		r = dw_sys_file_readlink(
			m->s->sys,
			dw_arena_printf(m->s->arena, "%s/%s/%s", m->dirs.v[i].path, sub, name),
			m->s->arena, &link, NULL);
		if (r == 0)
			return !dw_streq(link, "/dev/null");
		if (r == -EINVAL) /* a file */
			return true;
	}
	return false;
}

static const char *name_at(const struct dw_sd_unit *u, size_t i)
{
	return i == 0 ? u->name : u->aliases.v[i - 1];
}

static bool links(struct dw_sd_manager *m, const struct dw_sd_unit *by, const char *dir,
		  const struct dw_sd_unit *u)
{
	for (size_t i = 0; i <= by->aliases.n; i++)
		for (size_t k = 0; k <= u->aliases.n; k++)
			if (has_entry(m, name_at(by, i), dir, name_at(u, k)))
				return true;
	return false;
}

static void read_needs(struct search *k, const struct dw_sd_unit *u, size_t relation)
{
	struct dw_sd_manager *m = k->sd->system;
	const char *dir = relations[relation].dir;

	for (size_t i = 0; i < m->pulled.n; i++) {
		const struct dw_sd_unit *by = m->pulled.v[i];

		if (lists(m, by, relations[relation].key, u) || (dir && links(m, by, dir, u)))
			add_need(k, by->name, relations[relation].how);
	}
}

static void read_partners(struct search *k, struct dw_sd_unit *u)
{
	if (dw_ends_with(u->name, ".socket"))
		add_self(k, dw_sd_socket_service(k->sd->system, u));
	for (size_t i = 0; i < u->triggers.n; i++)
		if (dw_ends_with(u->triggers.v[i]->name, ".socket"))
			add_self(k, u->triggers.v[i]->name);
}

static void read_wakers(struct search *k, const struct dw_sd_unit *u)
{
	for (size_t i = 0; i < u->triggers.n; i++)
		add_waker(k, u->triggers.v[i]->name, kind_of(u->triggers.v[i]->name));
	if (u->upheld_by)
		add_waker(k, u->upheld_by->name, "upholds");
	for (size_t i = 0; i < u->ends.n; i++)
		add_waker(k, u->ends.v[i].from->name, u->ends.v[i].failed ? "failure" : "success");
}

/* --- both ------------------------------------------------------------------------------------------ */

/* The unit of the system's manager that it is; NULL: none. */
static const char *unit_of(const struct dw_starter *st)
{
	const char *name = st->kind == DW_STARTER_SYSV ? st->also : st->id;

	if (st->kind != DW_STARTER_SYSTEMD_SERVICE && st->kind != DW_STARTER_SYSTEMD_SOCKET &&
	    st->kind != DW_STARTER_SYSV)
		return NULL;
	return name && (dw_ends_with(name, ".service") || dw_ends_with(name, ".socket")) ? name
											 : NULL;
}

/* The socket of a service is a part of it, yet what wakes it: it is told although it is one of the two. */
static void tell_own_sockets(struct search *k, const char *unit)
{
	for (size_t i = 0; i < k->self.n; i++)
		if (dw_ends_with(k->self.v[i], ".socket") && !dw_streq(k->self.v[i], unit))
			*dw_vec_add(k->s->arena, &k->woken_by) =
				(struct dw_relation){ k->self.v[i], "socket" };
}

static void find_needs(struct search *k)
{
	struct dw_sd_manager *m = k->sd->system;

	for (size_t r = 0; r < DW_ARRAY_SIZE(relations); r++)
		for (size_t i = 0; i < k->self.n; i++)
			if (k->live)
				ask_needs(k, k->self.v[i], r);
			else
				read_needs(k, dw_sd_unit_get(m, k->self.v[i]), r);
}

static void find_wakers(struct search *k)
{
	struct dw_sd_manager *m = k->sd->system;

	for (size_t i = 0; i < k->self.n; i++) {
		const struct dw_sd_unit *u = dw_sd_unit_get(m, k->self.v[i]);
		const struct dw_sd_call *call = dw_sd_called_by(m, u);
		const char *bus = call && call->name ? call->name : dw_sd_bus_name(m, u);

		if (k->live)
			ask_wakers(k, k->self.v[i]);
		else
			read_wakers(k, u);
		if (bus)
			add_waker(k, bus, "dbus");
	}
}

static const struct dw_relations *search(struct dw_starters *s, struct dw_sd *sd, const char *unit)
{
	struct search k = { .s = s, .sd = sd };
	struct dw_relations *ret = dw_new(s->arena, struct dw_relations);

	add_self(&k, unit);
	add_self(&k, dw_sd_unit_get(sd->system, unit)->name); /* that was an alias */
	k.live = ask_partners(&k, unit);
	if (!k.live) {
		dw_sd_close(sd->system);
		read_partners(&k, dw_sd_unit_get(sd->system, unit));
	}
	find_needs(&k);
	tell_own_sockets(&k, unit);
	find_wakers(&k);
	*ret = (struct dw_relations){ k.needed_by.v, k.needed_by.n, k.woken_by.v, k.woken_by.n };
	return ret;
}

void dw_starters_needed_by(struct dw_starters *s, const struct dw_starter *const *starters,
			   size_t n, const struct dw_relations **ret)
{
	struct dw_error e = { 0 };
	void *state = NULL;

	for (size_t i = 0; i < n; i++)
		ret[i] = NULL;
	if (dw_starter_systemd.load(s, &state, &e) < 0)
		return;
	for (size_t i = 0; i < n; i++) {
		const char *unit = unit_of(starters[i]);

		if (unit)
			ret[i] = search(s, state, unit);
	}
	dw_starter_systemd.unload(s, state);
}
