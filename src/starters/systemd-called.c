/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What no boot starts, but something that the boot leaves ready may: the end of another unit (OnFailure=, OnSuccess= of
 * systemd.unit(5)), and a call over the message bus (SystemdService= of a NAME.service file, D-Bus specification,
 * "Message Bus Starting Services"). Whether that comes nobody knows before.
 */
#include <errno.h>

#include "systemd.h"

#define CALLS_MAX ((size_t)4096)

/* --- the end of another unit ------------------------------------------------------------------------ */

static void add_ends(struct dw_sd_manager *m, struct dw_sd_unit *from, enum dw_sd_key key)
{
	for (size_t i = dw_sd_list_begin(from, key); i < from->settings.n; i++) {
		const struct dw_sd_setting s = from->settings.v[i];
		char *at, *word;

		if (s.key != key)
			continue;
		at = dw_arena_strdup(m->s->arena, dw_sd_expand(m, from, s.value));
		while ((word = dw_word_next(&at))) {
			struct dw_sd_unit *u;

			if (m->n_units >= DW_SD_UNITS_MAX || strlen(word) > DW_SD_NAME_MAX ||
			    strchr(word, '/'))
				continue;
			u = dw_sd_unit_get(m, word);
			if (!u->ends.n)
				dw_vec_push(m->s->arena, &m->at_ends, u);
			*dw_vec_add(m->s->arena, &u->ends) = (struct dw_sd_end){
				.from = from,
				.failed = key == DW_SD_ON_FAILURE,
				.source = dw_starters_source(m->s, s.file, s.line),
			};
		}
	}
}

void dw_sd_ends(struct dw_sd_manager *m)
{
	for (size_t i = 0; i < m->pulled.n; i++) {
		add_ends(m, m->pulled.v[i], DW_SD_ON_FAILURE);
		add_ends(m, m->pulled.v[i], DW_SD_ON_SUCCESS);
	}
	/* the list grows: what starts at an end has an end, too */
	for (size_t i = 0; i < m->at_ends.n; i++)
		if (!m->at_ends.v[i]->enabled && !m->at_ends.v[i]->masked) {
			add_ends(m, m->at_ends.v[i], DW_SD_ON_FAILURE);
			add_ends(m, m->at_ends.v[i], DW_SD_ON_SUCCESS);
		}
}

/* --- the message bus -------------------------------------------------------------------------------- */

struct bus_reader {
	struct dw_sd_sink sink; /* first: the callbacks get its address */
	struct dw_sd_call *call;
};

static void take_setting(struct dw_sd_sink *sink, const char *section, const char *key,
			 const char *value, unsigned line)
{
	struct dw_sd_call *call = ((struct bus_reader *)sink)->call;

	if (!dw_streq(section, "D-BUS Service"))
		return;
	if (dw_streq(key, "Name")) {
		call->name = value;
	} else if (dw_streq(key, "SystemdService")) {
		call->unit = value;
		call->line = line;
	}
}

static void take_bad(struct dw_sd_sink *sink, unsigned line, const char *why)
{
	(void)sink, (void)line, (void)why;
}

static void read_call(struct dw_sd_manager *m, const char *file)
{
	struct dw_sd_call call = { .file = file };
	struct bus_reader reader = { .sink = { .setting = take_setting, .bad = take_bad },
				     .call = &call };
	struct dw_bytes text = { 0 };
	struct dw_error e = { 0 };
	int r = m->calls.n >= CALLS_MAX
			? -ENOENT
			: dw_sys_file_read(m->s->sys, file, DW_SD_UNIT_MAX, m->s->arena, &text, &e);

	if (r < 0 && r != -ENOENT)
		dw_facts_incomplete(m->s->facts, "unreadable", file, 0, true,
				    "what a call over D-Bus starts is not known: %s", e.message);
	if (r < 0)
		return;
	dw_sd_parse(&text, false, &reader.sink);
	dw_vec_push(m->s->arena, &m->calls, call);
}

/* Where dbus-daemon(1) looks for services, <standard_system_servicedirs/> and the session's. */
static const char *const bus_dirs[] = { "/etc/dbus-1", "/run/dbus-1", "/usr/local/share/dbus-1",
					"/usr/share/dbus-1", "/lib/dbus-1" };

void dw_sd_calls(struct dw_sd_manager *m)
{
	struct dw_arena *a = m->s->arena;

	if (m->calls_read)
		return;
	m->calls_read = true;
	for (size_t i = 0; i < DW_ARRAY_SIZE(bus_dirs); i++) {
		const char *dir = dw_arena_printf(a, "%s/%sservices", bus_dirs[i],
						  m->is_user ? "" : "system-");
		struct dw_strings names = { 0 };

		dw_sd_names(m->s, dir, &names);
		for (size_t k = 0; k < names.n; k++)
			if (dw_ends_with(names.v[k], ".service"))
				read_call(m, dw_arena_printf(a, "%s/%s", dir, names.v[k]));
	}
}

bool dw_sd_call_starts(struct dw_sd_manager *m, const struct dw_sd_call *call,
		       const struct dw_sd_unit *u)
{
	/* an alias mostly (dbus-org.freedesktop.X.service), which is there as long as the unit is enabled */
	return call->unit && dw_sd_has_file(m, call->unit) && dw_sd_unit_get(m, call->unit) == u;
}

const struct dw_sd_call *dw_sd_called_by(struct dw_sd_manager *m, const struct dw_sd_unit *u)
{
	dw_sd_calls(m);
	for (size_t i = 0; i < m->calls.n; i++)
		if (dw_sd_call_starts(m, &m->calls.v[i], u))
			return &m->calls.v[i];
	return NULL;
}
