/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_model.h"

#include "dw_facts.h"

static const char *const kind_names[DW_KIND_COUNT] = {
	[DW_KIND_UNKNOWN] = "unknown",       [DW_KIND_LISTENER] = "listener",
	[DW_KIND_DATAGRAM] = "datagram",     [DW_KIND_RAW] = "raw",
	[DW_KIND_SNIFFER] = "sniffer",       [DW_KIND_FORWARDED] = "forwarded",
	[DW_KIND_REDIRECTED] = "redirected", [DW_KIND_SLEEPING] = "sleeping",
};

static const char *const starter_names[DW_STARTER_COUNT] = {
	[DW_STARTER_UNKNOWN] = "unknown",
	[DW_STARTER_SYSTEMD_SERVICE] = "systemd-service",
	[DW_STARTER_SYSTEMD_SOCKET] = "systemd-socket",
	[DW_STARTER_SYSV] = "sysv",
	[DW_STARTER_INETD] = "inetd",
	[DW_STARTER_XINETD] = "xinetd",
	[DW_STARTER_OPENRC] = "openrc",
	[DW_STARTER_RUNIT] = "runit",
	[DW_STARTER_CRON] = "cron",
	[DW_STARTER_AT] = "at",
	[DW_STARTER_CONTAINER] = "container",
	[DW_STARTER_RC_LOCAL] = "rc-local",
	[DW_STARTER_INITTAB] = "inittab",
	[DW_STARTER_DBUS] = "dbus",
	[DW_STARTER_USER_SESSION] = "user-session",
	[DW_STARTER_MANUAL] = "manual",
	[DW_STARTER_KERNEL] = "kernel",
	[DW_STARTER_WINDOWS_SERVICE] = "windows-service",
};

static const char *const confidence_names[DW_CONFIDENCE_COUNT] = {
	[DW_CONFIDENCE_UNKNOWN] = "unknown",
	[DW_CONFIDENCE_GUESS] = "guess",
	[DW_CONFIDENCE_LIKELY] = "likely",
	[DW_CONFIDENCE_CERTAIN] = "certain",
};

static const char *const verified_names[DW_VERIFIED_COUNT] = {
	[DW_VERIFIED_UNKNOWN] = "unknown",
	[DW_VERIFIED_MATCHES] = "matches",
	[DW_VERIFIED_DIFFERS] = "differs",
};

static const char *const exe_names[DW_EXE_COUNT] = {
	[DW_EXE_UNKNOWN] = "unknown",   [DW_EXE_INTACT] = "intact", [DW_EXE_DELETED] = "deleted",
	[DW_EXE_REPLACED] = "replaced", [DW_EXE_MEMFD] = "memfd",
};

const char *dw_door_kind_name(enum dw_door_kind k)
{
	return k < DW_KIND_COUNT ? kind_names[k] : "unknown";
}

const char *dw_starter_kind_name(enum dw_starter_kind k)
{
	return k < DW_STARTER_COUNT ? starter_names[k] : "unknown";
}

const char *dw_confidence_name(enum dw_confidence c)
{
	return c < DW_CONFIDENCE_COUNT ? confidence_names[c] : "unknown";
}

const char *dw_verified_name(enum dw_verified v)
{
	return v < DW_VERIFIED_COUNT ? verified_names[v] : "unknown";
}

const char *dw_exe_state_name(enum dw_exe_state s)
{
	return s < DW_EXE_COUNT ? exe_names[s] : "unknown";
}

struct dw_facts *dw_facts_new(void)
{
	struct dw_arena *a = dw_arena_new();
	struct dw_facts *f = dw_new(a, struct dw_facts);

	f->arena = a;
	return f;
}

void dw_facts_free(struct dw_facts *f)
{
	if (f)
		dw_arena_free(f->arena);
}

void dw_facts_incomplete(struct dw_facts *f, const char *what, const char *file, unsigned line,
			 bool blind, const char *fmt, ...)
{
	struct dw_incomplete *i = dw_vec_add(f->arena, &f->incomplete);
	va_list ap;

	va_start(ap, fmt);
	*i = (struct dw_incomplete){
		.what = what,
		.text = dw_arena_vprintf(f->arena, fmt, ap),
		.file = file ? dw_arena_strdup(f->arena, file) : NULL,
		.line = line,
		.blind = blind,
	};
	va_end(ap);
}
