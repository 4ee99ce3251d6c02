/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * D-Bus activation without a unit: dbus-daemon starts Exec= of a NAME.service file itself when somebody calls
 * the name (D-Bus specification, "Message Bus Starting Services"). Where systemd runs and the file names a
 * SystemdService=, systemd starts that instead and its own starter knows. id: the bus name.
 */
#include <errno.h>

#include "lineage.h"
#include "registry.h"
#include "systemd.h"

#define SERVICE_FILE_MAX ((size_t)64 * 1024)
#define SERVICES_MAX     4096

struct activation {
	const char *name, *exec, *unit, *file;
	unsigned line; /* of Exec= */
	bool session;  /* of users' buses, not the system's */
};

struct state {
	bool read;
	DW_VEC(struct activation) services;
};

static const struct {
	const char *path;
	bool session;
} dirs[] = {
	{ "/etc/dbus-1/system-services", false },
	{ "/run/dbus-1/system-services", false },
	{ "/usr/local/share/dbus-1/system-services", false },
	{ "/usr/share/dbus-1/system-services", false },
	{ "/lib/dbus-1/system-services", false },
	{ "/usr/local/share/dbus-1/services", true },
	{ "/usr/share/dbus-1/services", true },
};

struct reader {
	struct dw_sd_sink sink; /* first: the callbacks get its address */
	struct dw_starters *s;
	struct activation *a;
};

static void take_setting(struct dw_sd_sink *sink, const char *section, const char *key,
			 const char *value, unsigned line)
{
	struct activation *a = ((struct reader *)sink)->a;

	if (!dw_streq(section, "D-BUS Service"))
		return;
	if (dw_streq(key, "Name")) {
		a->name = value;
	} else if (dw_streq(key, "Exec")) {
		a->exec = value;
		a->line = line;
	} else if (dw_streq(key, "SystemdService")) {
		a->unit = value;
	}
}

static void take_bad(struct dw_sd_sink *sink, unsigned line, const char *why)
{
	struct reader *r = (struct reader *)sink;

	dw_facts_incomplete(r->s->facts, "bad-line", r->a->file, line, false, "%s:%u: %s",
			    r->a->file, line, why);
}

static void read_service(struct dw_starters *s, struct state *st, const char *file, bool session)
{
	struct activation a = { .file = file, .session = session };
	struct reader r = { .sink = { .setting = take_setting, .bad = take_bad }, .s = s, .a = &a };
	struct dw_bytes text = { 0 };

	if (st->services.n >= SERVICES_MAX ||
	    dw_sys_file_read(s->sys, file, SERVICE_FILE_MAX, s->arena, &text, NULL) < 0)
		return;
	dw_sd_parse(&text, false, &r.sink);
	if (a.name && a.exec)
		dw_vec_push(s->arena, &st->services, a);
}

static void read_services(struct dw_starters *s, struct state *st)
{
	st->read = true;
	for (size_t i = 0; i < DW_ARRAY_SIZE(dirs); i++) {
		struct dw_strings names = { 0 };

		(void)dw_sys_dir_list(s->sys, dirs[i].path, s->arena, &names, NULL);
		for (size_t k = 0; k < names.n; k++)
			if (dw_ends_with(names.v[k], ".service"))
				read_service(s, st,
					     dw_arena_printf(s->arena, "%s/%s", dirs[i].path,
							     names.v[k]),
					     dirs[i].session);
	}
}

static int load(struct dw_starters *s, void **ret_state, struct dw_error *e)
{
	if (!dw_sys_is_running(s->sys) || !s->procs ||
	    !dw_sys_file_exists(s->sys, "/usr/share/dbus-1"))
		return -ENOENT;
	*ret_state = dw_new(s->arena, struct state);
	return 0;
}

static bool is_bus(const struct dw_procinfo *p)
{
	static const char *const names[] = { "dbus-daemon", "dbus-daemon-launch-helper",
					     "dbus-broker-launch" };

	for (size_t i = 0; p && p->exe && i < DW_ARRAY_SIZE(names); i++)
		if (dw_streq(dw_basename(p->exe), names[i]))
			return true;
	return false;
}

/* A service that has not taken its name in time stays, and its parent, the bus's babysitter, goes. */
static bool in_bus_unit(const struct dw_procinfo *p)
{
	static const char *const units[] = { "dbus.service", "dbus-broker.service", NULL };

	return dw_lineage_in_unit(p, units);
}

/* Exec= with its words is what runs (the program's path apart: a script shows its interpreter first). */
static bool runs_exec(struct dw_starters *s, const struct activation *a,
		      const struct dw_procinfo *p)
{
	struct dw_strings words = { 0 };
	size_t shift;

	(void)dw_split_quoted(s->arena, a->exec, &words);
	if (!words.n || p->argc < words.n)
		return false;
	shift = p->argc - words.n;
	if (shift > 1)
		return false;
	for (size_t i = 0; i < words.n; i++)
		if (!dw_streq(words.v[i], p->argv[i + shift]))
			return false;
	return true;
}

/* A service with a unit is systemd's where systemd starts units. */
static bool left_to_systemd(struct dw_starters *s, const struct activation *a)
{
	return a->unit && !a->session && s->init && dw_streq(s->init, "systemd");
}

static int claim(struct dw_starters *s, void *state, const struct dw_claim *c,
		 struct dw_starter *ret)
{
	struct state *st = state;
	const struct dw_procinfo *p = c->process;
	bool child;

	if (!p || c->container || p->kthread || p->ppid == 0)
		return 0;
	child = is_bus(dw_procs_get(s->procs, p->ppid)) || in_bus_unit(p);
	/* under systemd all that dbus-daemon starts stays in its unit; elsewhere the helper may have gone */
	if (!child && (p->ppid != 1 || (s->init && dw_streq(s->init, "systemd"))))
		return 0;
	if (!st->read)
		read_services(s, st);
	for (size_t i = 0; i < st->services.n; i++) {
		const struct activation *a = &st->services.v[i];

		if (left_to_systemd(s, a) || !runs_exec(s, a, p))
			continue;
		*ret = (struct dw_starter){
			.kind = DW_STARTER_DBUS,
			.id = a->name,
			.source = dw_starters_source(s, a->file, a->line),
			.enabled = DW_UNKNOWN, /* when somebody calls the name, not before */
			.running = DW_YES,
			.restarts = DW_YES,
			.confidence = child ? DW_CONFIDENCE_CERTAIN : DW_CONFIDENCE_LIKELY,
			.evidence =
				child ? "a child of the message bus, or in its unit, with the "
					"command of this file"
				      : "runs the very command that the message bus would start",
			.also = a->unit,
		};
		return 1;
	}
	return 0;
}

const struct dw_starter_ops dw_starter_dbus = {
	.name = "dbus", .early = true, .load = load, .claim = claim
};
