/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The settings of a unit that confine it, as the manager has them, whatever file they come from. */
#include <errno.h>

#include "confine.h"
#include "dw_str.h"
#include "unit-text.h"

#define DW_CONFINE_UNIT "org.freedesktop.systemd1.Unit"
#define UNIT_MAX        ((size_t)1024 * 1024)

/* systemd.exec(5); and how it starts, for what a start needs (systemd.service(5)). */
static const char *const wanted[] = {
	"User",
	"DynamicUser",
	"Group",
	"SupplementaryGroups",
	"NoNewPrivileges",
	"CapabilityBoundingSet",
	"AmbientCapabilities",
	"SystemCallFilter",
	"SystemCallArchitectures",
	"RestrictAddressFamilies",
	"RestrictNamespaces",
	"RestrictRealtime",
	"RestrictSUIDSGID",
	"LockPersonality",
	"MemoryDenyWriteExecute",
	"PrivateTmp",
	"PrivateDevices",
	"PrivateMounts",
	"PrivateNetwork",
	"PrivateUsers",
	"ProtectSystem",
	"ProtectHome",
	"ProtectKernelTunables",
	"ProtectKernelModules",
	"ProtectKernelLogs",
	"ProtectControlGroups",
	"ProtectClock",
	"ProtectHostname",
	"ProtectProc",
	"RootDirectory",
	"RootImage",
	"ReadWritePaths",
	"ReadOnlyPaths",
	"InaccessiblePaths",
	"StateDirectory",
	"RuntimeDirectory",
	"LogsDirectory",
	"CacheDirectory",
	"UMask",
	"Delegate",
	"Type",
	"PIDFile",
	"ControlGroup",
	"MainPID",
	"NRestarts",
	"KillMode",
	"WorkingDirectory",
};

bool dw_confine_setting_counts(const char *name)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(wanted); i++)
		if (dw_streq(wanted[i], name))
			return true;
	return false;
}

/* Drop-ins come behind the unit's own file, and may take its commands back. */
static void read_start(struct dw_sys *sys, struct dw_confine_service *s, struct dw_bus *bus,
		       struct dw_arena *a)
{
	struct dw_strings dropins = { 0 }, files = { 0 };
	const char *fragment = "";

	/* what cannot be read may say so: then it is taken to start as root, and keeps more */
	if (dw_bus_unit_string(bus, s->unit, DW_CONFINE_UNIT, "FragmentPath", a, &fragment, NULL) <
		    0 ||
	    dw_bus_unit_strings(bus, s->unit, DW_CONFINE_UNIT, "DropInPaths", a, &dropins, NULL) <
		    0)
		s->starts_mighty = true;
	if (*fragment)
		dw_vec_push(a, &files, fragment);
	for (size_t i = 0; i < dropins.n; i++)
		dw_vec_push(a, &files, dropins.v[i]);
	for (size_t i = 0; i < files.n; i++) {
		struct dw_bytes text = { 0 };

		if (dw_sys_file_read(sys, files.v[i], UNIT_MAX, a, &text, NULL) < 0)
			s->starts_mighty = true;
		else
			dw_confine_starts_mighty(a, &text, &s->starts_mighty);
	}
}

void dw_confine_read_unit(struct dw_sys *sys, struct dw_confine_service *s, struct dw_bus *bus,
			  struct dw_arena *a)
{
	DW_VEC(struct dw_confine_setting) v = { 0 };
	struct dw_bus_property *all = NULL;
	struct dw_error e = { 0 };
	size_t n = 0;
	int r = bus ? dw_bus_unit_properties(bus, s->unit, DW_CONFINE_SERVICE, a, &all, &n, &e)
		    : -ENOENT;

	if (r < 0) {
		dw_vec_push(a, &s->unknown,
			    dw_arena_printf(a, "How systemd confines %s could not be asked%s%s.",
					    s->unit, bus ? ": " : "", bus ? e.message : ""));
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (dw_confine_setting_counts(all[i].name))
			*dw_vec_add(a, &v) =
				(struct dw_confine_setting){ all[i].name, all[i].value };
	s->settings = v.v;
	s->n_settings = v.n;
	s->settings_known = true;
	read_start(sys, s, bus, a);
}
