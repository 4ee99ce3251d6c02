/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings that are lists: capabilities, families of sockets, system calls. */
#include <ctype.h>
#include <string.h>
#include <sys/syscall.h>

#include "dropin.h"

/* --- capabilities ----------------------------------------------------------------------------------------------- */

#define DW_CAP(n) (UINT64_C(1) << (n)) /* capability.h */

/*
 * What starts of daemons need, as far as nobody knows this one: files, users, ports, limits; nothing over the
 * kernel.
 */
#define START                                                                                      \
	(DW_CAP(0) | DW_CAP(1) | DW_CAP(2) | DW_CAP(3) | DW_CAP(4) | DW_CAP(5) | DW_CAP(6) |       \
	 DW_CAP(7) | DW_CAP(8) | DW_CAP(10) | DW_CAP(14) | DW_CAP(18) | DW_CAP(23) | DW_CAP(24) |  \
	 DW_CAP(29))

static const char *names_of(uint64_t caps, struct dw_arena *a)
{
	struct dw_str text = { .arena = a };

	for (unsigned i = 0; i < DW_CAPABILITIES_NAMED; i++)
		if (caps >> i & 1)
			dw_str_addf(&text, "%s%s", text.n ? " " : "", dw_capability_name(i));
	for (char *c = text.s; text.n && *c; c++)
		*c = (char)toupper((unsigned char)*c);
	return text.n ? text.s : "";
}

static uint64_t bounding_now(const struct making *m)
{
	uint64_t mask = UINT64_MAX;

	(void)dw_parse_u64(dw_confine_setting(m->s, "CapabilityBoundingSet"), 10, UINT64_MAX,
			   &mask);
	return mask;
}

static uint64_t ambient(const struct making *m)
{
	uint64_t mask = 0;

	(void)dw_parse_u64(dw_confine_setting(m->s, "AmbientCapabilities"), 10, UINT64_MAX, &mask);
	return mask;
}

void dw_dropin_capabilities(struct making *m)
{
	bool known = m->profile && m->profile->capabilities != DW_PROFILE_CAPS_UNKNOWN;
	uint64_t start = m->as_user ? 0 : known ? m->profile->capabilities : START;
	uint64_t all = (UINT64_C(1) << DW_CAPABILITIES_NAMED) - 1;
	uint64_t now = bounding_now(m) & all;
	uint64_t want = (start | m->seen->capabilities | ambient(m)) & now;

	if (!m->seen->capabilities_known) {
		dw_dropin_left(m, "CapabilityBoundingSet",
			       "this kernel does not show which capabilities are checked");
		return;
	}
	if (m->as_user && !m->no_new_privs) {
		dw_dropin_left(m, "CapabilityBoundingSet",
			       "set-UID programs that it may start need what it does not");
		return;
	}
	if (want == now)
		return;
	/* lines add to each other; an empty one begins anew */
	dw_dropin_add(m, "CapabilityBoundingSet=",
		      *names_of(m->seen->capabilities, m->arena)
			      ? dw_arena_printf(m->arena, "It used %s while it was observed",
						names_of(m->seen->capabilities, m->arena))
			      : "It used no capability while it was observed");
	if (want)
		dw_dropin_add(
			m,
			dw_arena_printf(m->arena, "CapabilityBoundingSet=%s",
					names_of(want, m->arena)),
			known ? dw_arena_printf(m->arena, "That, and what its start needs: %s",
						dw_dropin_joined(m, m->profile->sources, "; "))
			      : "That, and what the start of a daemon may need that "
				"nobody knows");
}

/* --- families of sockets ----------------------------------------------------------------------------------------- */

static const struct {
	unsigned number;
	const char *name;
	bool always; /* libraries ask for them: names, users, addresses of the host */
} families[] = {
	{ 1, "AF_UNIX", true },        { 2, "AF_INET", true },     { 10, "AF_INET6", true },
	{ 16, "AF_NETLINK", true },    { 17, "AF_PACKET", false }, { 15, "AF_KEY", false },
	{ 21, "AF_RDS", false },       { 29, "AF_CAN", false },    { 30, "AF_TIPC", false },
	{ 31, "AF_BLUETOOTH", false }, { 38, "AF_ALG", false },    { 40, "AF_VSOCK", false },
	{ 44, "AF_XDP", false },
};

static bool keeps_packets(const struct making *m)
{
	for (size_t i = 0; i < m->s->doors.n; i++)
		if (dw_ends_with(m->s->doors.v[i], "/packet"))
			return true;
	return false;
}

void dw_dropin_families(struct making *m)
{
	struct dw_str line = { .arena = m->arena };
	unsigned seen = 0, known = 0;

	if (*dw_confine_setting(m->s, "RestrictAddressFamilies"))
		return;
	for (size_t i = 0; i < 64; i++)
		seen += m->seen->families[i];
	dw_str_add(&line, "RestrictAddressFamilies=");
	for (size_t i = 0; i < DW_ARRAY_SIZE(families); i++) {
		bool asked = m->seen->families[families[i].number];

		known += asked;
		if (asked || families[i].always || (families[i].number == 17 && keeps_packets(m)))
			dw_str_addf(&line, "%s%s", i ? " " : "", families[i].name);
	}
	if (known < seen)
		dw_dropin_left(m, "RestrictAddressFamilies",
			       "it opened sockets of a family that has no name here");
	else
		dw_dropin_add(m, line.s,
			      "Its doors and what was asked for; names and addresses need unix and "
			      "netlink sockets");
}

/*
 * --- system calls
 * --------------------------------------------------------------------------------------------------
 */

/* Not in @system-service (systemd.exec(5), systemd-analyze syscall-filter); names that some machines lack left out. */
#define OUTSIDE(x)                                                                                 \
	{                                                                                          \
		SYS_##x, #x                                                                        \
	}
static const struct {
	unsigned number;
	const char *name;
} outside[] = {
	OUTSIDE(acct),
	OUTSIDE(adjtimex),
	OUTSIDE(bpf),
	OUTSIDE(chroot),
	OUTSIDE(clock_adjtime),
	OUTSIDE(clock_settime),
	OUTSIDE(delete_module),
	OUTSIDE(fanotify_init),
	OUTSIDE(fanotify_mark),
	OUTSIDE(finit_module),
	OUTSIDE(fsconfig),
	OUTSIDE(fsmount),
	OUTSIDE(fsopen),
	OUTSIDE(fspick),
	OUTSIDE(init_module),
	OUTSIDE(kexec_load),
	OUTSIDE(mincore),
	OUTSIDE(mount),
	OUTSIDE(mount_setattr),
	OUTSIDE(move_mount),
	OUTSIDE(open_by_handle_at),
	OUTSIDE(open_tree),
	OUTSIDE(perf_event_open),
	OUTSIDE(pidfd_getfd),
	OUTSIDE(pivot_root),
	OUTSIDE(pkey_alloc),
	OUTSIDE(pkey_free),
	OUTSIDE(pkey_mprotect),
	OUTSIDE(ptrace),
	OUTSIDE(quotactl),
	OUTSIDE(reboot),
	OUTSIDE(setdomainname),
	OUTSIDE(sethostname),
	OUTSIDE(settimeofday),
	OUTSIDE(swapoff),
	OUTSIDE(swapon),
	OUTSIDE(syslog),
	OUTSIDE(umount2),
	OUTSIDE(vhangup),
#ifdef SYS_modify_ldt
	OUTSIDE(modify_ldt),
	OUTSIDE(iopl),
	OUTSIDE(ioperm),
	OUTSIDE(sysfs),
	OUTSIDE(ustat),
#endif
#ifdef SYS_process_mrelease
	OUTSIDE(process_mrelease),
#endif
#ifdef SYS_memfd_secret
	OUTSIDE(memfd_secret),
#endif
#ifdef SYS_quotactl_fd
	OUTSIDE(quotactl_fd),
#endif
};

static const char *calls_seen(const struct making *m)
{
	struct dw_str text = { .arena = m->arena };

	for (size_t i = 0; i < DW_ARRAY_SIZE(outside); i++)
		if (outside[i].number < DW_CONFINE_CALLS && m->seen->calls[outside[i].number])
			dw_str_addf(&text, " %s", outside[i].name);
	return text.n ? text.s : "";
}

void dw_dropin_calls(struct making *m)
{
	/* a program may put itself into a cage when it starts, and a new root directory is part of that */
	static const char start[] =
		" seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self";
	const char *seen = calls_seen(m);
	const char *more = m->profile ? dw_dropin_joined(m, m->profile->calls, " ") : "";

	if (*dw_confine_setting(m->s, "SystemCallFilter"))
		return;
	if (m->seen->compat) {
		dw_dropin_left(m, "SystemCallFilter",
			       "it makes calls of another table of numbers (32 bits)");
		return;
	}
	dw_dropin_add(m, "SystemCallArchitectures=native",
		      "It made no calls of another machine (32 bits)");
	dw_dropin_add(m,
		      dw_arena_printf(m->arena, "SystemCallFilter=@system-service%s%s%s%s%s", start,
				      m->as_user || strstr(seen, " chroot") ? "" : " chroot", seen,
				      *more ? " " : "", more),
		      "The calls of services, what puts itself into a cage at its start, and what "
		      "else it was seen to call");
	dw_dropin_add(m, "SystemCallErrorNumber=EPERM",
		      "Another call fails, as for a user without rights, and kills nobody");
}
