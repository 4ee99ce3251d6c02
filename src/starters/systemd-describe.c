/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A unit in the words of struct dw_starter: kind, id, source, enabled by what, brought back by what. */
#include "systemd.h"

/* Who made the unit: a script of SysV's (systemd-sysv-generator(8) says so in SourcePath=). */
static const char *sysv_script(const struct dw_sd_unit *u)
{
	const char *source = dw_sd_value(u, DW_SD_SOURCE_PATH);

	return u->generated && dw_starts_with(source, "/etc/init.d/") ? source : NULL;
}

/* The link that the generator followed: /etc/rc2.d/S01name. */
static const char *sysv_link(struct dw_starters *s, const char *script)
{
	for (char level = '2'; level <= '5'; level++) {
		const char *dir = dw_arena_printf(s->arena, "/etc/rc%c.d", level);
		struct dw_strings names = { 0 };

		if (dw_sys_dir_list(s->sys, dir, s->arena, &names, NULL) < 0)
			continue;
		for (size_t i = 0; i < names.n; i++)
			if (names.v[i][0] == 'S' && strlen(names.v[i]) > 3 &&
			    dw_streq(names.v[i] + 3, script))
				return dw_arena_printf(s->arena, "%s/%s", dir, names.v[i]);
	}
	return NULL;
}

const char *dw_sd_bus_name(struct dw_sd_manager *m, const struct dw_sd_unit *u)
{
	const char *name = dw_sd_value(u, DW_SD_BUS_NAME), *path;

	if (!*name || strchr(name, '/'))
		return NULL;
	path = dw_arena_printf(m->s->arena, "/usr/share/dbus-1/%sservices/%s.service",
			       m->is_user ? "" : "system-", name);
	return dw_sys_file_exists(m->s->sys, path) ? name : NULL;
}

static bool restarts_itself(const struct dw_sd_unit *u)
{
	static const char *const after_a_kill[] = { "always", "on-failure", "on-abnormal",
						    "on-abort", "on-success" };
	const char *restart = dw_sd_value(u, DW_SD_RESTART);

	for (size_t i = 0; i < DW_ARRAY_SIZE(after_a_kill); i++)
		if (dw_streq(restart, after_a_kill[i]))
			return true;
	return false;
}

static void describe_restart(struct dw_sd_manager *m, struct dw_sd_unit *u, struct dw_starter *ret)
{
	const char *bus = dw_sd_bus_name(m, u);

	ret->restarts = restarts_itself(u) || u->upheld_by || u->triggers.n || bus ? DW_YES : DW_NO;
	if (!dw_sd_unit_exists(u))
		ret->restarts = DW_UNKNOWN;
	if (u->triggers.n)
		ret->also = u->triggers.v[0]->name;
	else if (u->upheld_by)
		ret->also = u->upheld_by->name;
	else if (bus)
		ret->also = dw_arena_printf(m->s->arena, "D-Bus name %s", bus);
}

/*
 * No boot starts it, but what the boot leaves ready may: "no" would be wrong of a door that stands open whenever
 * another service fails, "yes" of one that nobody called since last year.
 */
static void describe_event(struct dw_sd_manager *m, const struct dw_sd_unit *u,
			   struct dw_starter *ret)
{
	const struct dw_sd_call *call = dw_sd_called_by(m, u);
	struct dw_str text = { .arena = m->s->arena };

	dw_str_add(&text, "not enabled: nothing that the boot pulls in asks for it");
	for (size_t i = 0; i < u->ends.n; i++) {
		const struct dw_sd_end *e = &u->ends.v[i];

		dw_str_addf(&text, "%s it starts when %s %s (%s, %s=)", i ? "," : ", but",
			    e->from->name, e->failed ? "fails" : "ends", e->source,
			    e->failed ? "OnFailure" : "OnSuccess");
	}
	if (call) {
		dw_str_addf(&text, "%s a call of %s over D-Bus starts it (%s)",
			    u->ends.n ? ", and" : ", but",
			    call->name ? call->name : dw_basename(call->file),
			    dw_starters_source(m->s, call->file, call->line));
		ret->restarts = DW_YES;
		if (!ret->also && call->name)
			ret->also = dw_arena_printf(m->s->arena, "D-Bus name %s", call->name);
	}
	if ((u->ends.n || call) && (!m->is_user || dw_sd_lingers(m->s, m->user)))
		ret->enabled = DW_UNKNOWN;
	ret->evidence = text.s;
}

static void describe_boot(struct dw_sd_manager *m, const struct dw_sd_unit *u,
			  struct dw_starter *ret)
{
	struct dw_arena *a = m->s->arena;

	ret->enabled = u->enabled ? DW_YES : DW_NO;
	if (u->transient)
		ret->evidence = "a transient unit (systemd-run): the next boot knows nothing of it";
	else if (u->masked)
		ret->evidence = "masked since it was started";
	else if (!u->enabled)
		describe_event(m, u, ret);
	else if (u->enabled == DW_SD_BY_TRIGGER)
		ret->evidence = dw_arena_printf(a, "%s starts it", u->enabled_by);
	else
		ret->evidence = dw_arena_printf(a, "enabled by %s", u->enabled_by);
	if (m->is_user && u->enabled && !dw_sd_lingers(m->s, m->user)) {
		ret->enabled = DW_NO;
		ret->evidence = dw_arena_printf(
			a, "started when %s logs in, not at boot (no lingering), by %s", m->user,
			u->enabled_by);
	}
}

static const char *source_of(struct dw_sd_manager *m, struct dw_sd_unit *u)
{
	const struct dw_sd_setting *exec = NULL;

	if (dw_ends_with(u->name, ".socket")) {
		dw_sd_socket_read(m, u);
		if (u->listens.n)
			return dw_starters_source(m->s, u->listens.v[0].file, u->listens.v[0].line);
	}
	(void)dw_sd_program(m, u, &exec);
	return dw_sd_source(m, u, exec);
}

void dw_sd_describe(struct dw_sd_manager *m, struct dw_sd_unit *u, struct dw_starter *ret)
{
	const char *script = m->is_user ? NULL : sysv_script(u);
	const char *link;

	dw_sd_close(m);
	*ret = (struct dw_starter){
		.kind = m->is_user ? DW_STARTER_USER_SESSION : DW_STARTER_SYSTEMD_SERVICE,
		.id = u->name,
		.confidence = DW_CONFIDENCE_CERTAIN,
	};
	if (dw_ends_with(u->name, ".socket") && !m->is_user)
		ret->kind = DW_STARTER_SYSTEMD_SOCKET;
	describe_restart(m, u, ret);
	describe_boot(m, u, ret);
	if (!script) {
		ret->source = source_of(m, u);
		return;
	}
	link = sysv_link(m->s, dw_basename(script));
	ret->kind = DW_STARTER_SYSV;
	ret->id = dw_basename(script);
	ret->source = script;
	ret->also = u->name;
	ret->evidence =
		dw_arena_printf(m->s->arena, "systemd made %s from the script; %s%s", u->name,
				link ? "enabled by " : "", link ? link : ret->evidence);
}
