/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the next boot starts: everything that default.target pulls in, over the settings of unit files and the
 * links in NAME.wants, NAME.requires and NAME.upholds, and what its sockets, timers and paths would trigger.
 * The kernel's command line is not looked at: a boot into another target is somebody's own decision.
 */
#include "systemd.h"

/*
 * A unit becomes enabled, once. Of several reasons the best to tell is told: a link that somebody can remove,
 * then a line of another unit, then something that only triggers it.
 */
static void pull(struct dw_sd_manager *m, const char *name, const struct dw_sd_pull *p)
{
	struct dw_sd_unit *u;

	if (m->n_units >= DW_SD_UNITS_MAX || strlen(name) > DW_SD_NAME_MAX || strchr(name, '/'))
		return;
	u = dw_sd_unit_get(m, name);
	if (u->masked)
		return;
	*dw_vec_add(m->s->arena, &u->pulls) = *p;
	if (p->reason <= u->enabled)
		return;
	u->enabled_by = p->by;
	if (u->enabled != DW_SD_NOT) {
		u->enabled = p->reason;
		return;
	}
	u->enabled = p->reason;
	dw_vec_push(m->s->arena, &m->pulled, u);
}

static void pull_list(struct dw_sd_manager *m, struct dw_sd_unit *u, enum dw_sd_key key)
{
	for (size_t i = dw_sd_list_begin(u, key); i < u->settings.n; i++) {
		const struct dw_sd_setting s = u->settings.v[i];
		char *at, *word;

		if (s.key != key)
			continue;
		at = dw_arena_strdup(m->s->arena, dw_sd_expand(m, u, s.value));
		while ((word = dw_word_next(&at))) {
			const struct dw_sd_pull p = {
				.reason = DW_SD_BY_LINE,
				.by = dw_starters_source(m->s, s.file, s.line),
				.from = u,
				.hard = key == DW_SD_REQUIRES || key == DW_SD_BINDS_TO,
			};

			pull(m, word, &p);
			if (key == DW_SD_UPHOLDS)
				dw_sd_unit_get(m, word)->upheld_by = u;
		}
	}
}

/* Links in DIR/NAME.wants: the entry's name counts; one that leads to /dev/null takes it back. */
static void pull_links(struct dw_sd_manager *m, struct dw_sd_unit *u, const char *dir,
		       enum dw_sd_key key)
{
	struct dw_strings names = { 0 };

	dw_sd_names(m->s, dir, &names);
	for (size_t i = 0; i < names.n; i++) {
		const char *path = dw_arena_printf(m->s->arena, "%s/%s", dir, names.v[i]);
		struct dw_sd_name n;
		char *link;

		if (!dw_sd_name_split(m->s->arena, names.v[i], &n))
			continue;
		if (dw_sys_file_readlink(m->s->sys, path, m->s->arena, &link, NULL) == 0 &&
		    dw_streq(link, "/dev/null"))
			continue;
		pull(m, names.v[i],
		     &(struct dw_sd_pull){ .reason = DW_SD_BY_LINK,
					   .by = path,
					   .from = u,
					   .hard = key == DW_SD_REQUIRES });
		if (key == DW_SD_UPHOLDS)
			dw_sd_unit_get(m, names.v[i])->upheld_by = u;
	}
}

static void pull_dirs(struct dw_sd_manager *m, struct dw_sd_unit *u, const char *name)
{
	static const struct {
		const char *name;
		enum dw_sd_key key;
	} kinds[] = { { "wants", DW_SD_WANTS },
		      { "requires", DW_SD_REQUIRES },
		      { "upholds", DW_SD_UPHOLDS } };

	for (size_t k = 0; k < DW_ARRAY_SIZE(kinds); k++) {
		const char *sub = dw_arena_printf(m->s->arena, "%s.%s", name, kinds[k].name);

		for (size_t i = 0; i < m->dirs.n; i++)
			if (dw_sd_dir_has(&m->dirs.v[i], sub))
				pull_links(m, u,
					   dw_arena_printf(m->s->arena, "%s/%s", m->dirs.v[i].path,
							   sub),
					   kinds[k].key);
	}
}

/* What a socket, a timer or a path would start. */
static void pull_triggered(struct dw_sd_manager *m, struct dw_sd_unit *u)
{
	const struct dw_sd_setting *s = NULL;
	const char *target;

	if (dw_ends_with(u->name, ".socket")) {
		target = dw_sd_socket_service(m, u);
		/* a service for each connection has no name yet */
		if (dw_sd_is_true(dw_sd_value(u, DW_SD_ACCEPT)))
			return;
	} else if (dw_ends_with(u->name, ".timer") || dw_ends_with(u->name, ".path")) {
		s = dw_sd_last(u, dw_ends_with(u->name, ".timer") ? DW_SD_TIMER_UNIT
								  : DW_SD_PATH_UNIT);
		target = s ? dw_sd_expand(m, u, s->value)
			   : dw_sd_name_change(m->s->arena, u->name, ".service");
	} else {
		return;
	}
	pull(m, target,
	     &(struct dw_sd_pull){ .reason = DW_SD_BY_TRIGGER, .by = u->name, .from = u });
	if (strlen(target) <= DW_SD_NAME_MAX)
		dw_vec_push(m->s->arena, &dw_sd_unit_get(m, target)->triggers, u);
}

/* Of an image: what would be there once its generators had run. */
static void pull_generated(struct dw_sd_manager *m, struct dw_sd_unit *u)
{
	struct dw_strings names = { 0 };
	const struct dw_sd_pull p = {
		.reason = DW_SD_BY_LINE,
		.by = dw_sd_generated(m, u->name, &names),
		.from = u,
	};

	for (size_t i = 0; i < names.n; i++)
		pull(m, names.v[i], &p);
}

/* Devices, slices and scopes pull in nothing that could open a door. */
static bool worth_following(const char *name)
{
	static const char *const not_these[] = { ".device", ".slice", ".scope", ".swap" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(not_these); i++)
		if (dw_ends_with(name, not_these[i]))
			return false;
	return true;
}

static void follow(struct dw_sd_manager *m, struct dw_sd_unit *u)
{
	static const enum dw_sd_key lists[] = { DW_SD_WANTS, DW_SD_REQUIRES, DW_SD_BINDS_TO,
						DW_SD_UPHOLDS, DW_SD_SOCKETS };
	const char *template;

	if (!worth_following(u->name))
		return;
	for (size_t i = 0; i < DW_ARRAY_SIZE(lists); i++)
		pull_list(m, u, lists[i]);
	pull_dirs(m, u, u->name);
	for (size_t i = 0; i < u->aliases.n; i++)
		pull_dirs(m, u, u->aliases.v[i]);
	template = dw_sd_name_template(m->s->arena, u->name);
	if (template)
		pull_dirs(m, u, template);
	pull_triggered(m, u);
	pull_generated(m, u);
}

/*
 * Targets that a device brings in when it is there (99-systemd.rules, SYSTEMD_WANTS): what hangs on them is
 * enabled, for a host with such a device.
 */
static void pull_device_targets(struct dw_sd_manager *m)
{
	static const char *const targets[] = { "bluetooth.target", "printer.target",
					       "smartcard.target", "sound.target" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(targets); i++)
		if (dw_sd_is_active(m, targets[i]) == DW_YES)
			pull(m, targets[i],
			     &(struct dw_sd_pull){ .reason = DW_SD_BY_LINE, .by = "a device" });
}

void dw_sd_close(struct dw_sd_manager *m)
{
	if (m->closed)
		return;
	m->closed = true;
	pull(m, "default.target",
	     &(struct dw_sd_pull){ .reason = DW_SD_BY_LINK, .by = "default.target" });
	if (!m->is_user)
		pull_device_targets(m);
	for (size_t i = 0; i < m->pulled.n; i++)
		follow(m, m->pulled.v[i]);
	dw_sd_ends(m);
}
