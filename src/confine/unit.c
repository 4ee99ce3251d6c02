/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The settings of a unit that confine it, as the manager has them, whatever file they come from. */
#include <errno.h>

#include "confine.h"
#include "dw_str.h"

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

static bool is_wanted(const char *name)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(wanted); i++)
		if (dw_streq(wanted[i], name))
			return true;
	return false;
}

void dw_confine_read_unit(struct dw_confine_service *s, struct dw_bus *bus, struct dw_arena *a)
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
		if (is_wanted(all[i].name))
			*dw_vec_add(a, &v) =
				(struct dw_confine_setting){ all[i].name, all[i].value };
	s->settings = v.v;
	s->n_settings = v.n;
	s->settings_known = true;
}
