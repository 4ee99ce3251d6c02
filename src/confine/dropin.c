/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The drop-in: what the service was seen to need and is known to need, and no more; in doubt a setting is left
 * out, for a service that fails next month helps nobody. Pure: the same input gives the same bytes.
 */
#include "dropin.h"

#include <sys/syscall.h>

bool dw_dropin_is(const struct making *m, unsigned flag)
{
	return m->profile && m->profile->needs & flag;
}

const char *dw_dropin_joined(const struct making *m, const char *const *list, const char *between)
{
	struct dw_str text = { .arena = m->arena };

	for (; *list; list++)
		dw_str_addf(&text, "%s%s", text.n ? between : "", *list);
	return text.n ? text.s : "";
}

void dw_dropin_add(struct making *m, const char *line, const char *why)
{
	dw_str_addf(&m->out, "# %s.\n%s\n", why, line);
	m->ret->settings++;
}

void dw_dropin_left(struct making *m, const char *name, const char *why)
{
	dw_vec_push(m->arena, &m->ret->remarks,
		    dw_arena_printf(m->arena, "%s= is left as it is: %s.", name, why));
}

/* --- yes or no: each answers why not; NULL: nothing speaks against it ------------------------------------------- */

static bool called(const struct making *m, int number)
{
	return number < DW_CONFINE_CALLS && m->seen->calls[number];
}

static const char *against_no_new_privs(const struct making *m)
{
	if (m->seen->set_uid)
		return dw_arena_printf(m->arena, "it started %s, which is set-UID or set-GID",
				       m->seen->set_uid);
	return dw_dropin_is(m, DW_PROFILE_SET_UID) ? "it may start set-UID programs" : NULL;
}

static const char *against_home(const struct making *m)
{
	if (m->seen->homes)
		return "it opened something there";
	return dw_dropin_is(m, DW_PROFILE_HOMES) ? "it may need what is there" : NULL;
}

static const char *against_tmp(const struct making *m)
{
	if (dw_dropin_wrote_below(m, "/tmp") || dw_dropin_wrote_below(m, "/var/tmp"))
		return "it writes there, and others may wait for it";
	return dw_dropin_is(m, DW_PROFILE_SHARED_TMP) ? "others may wait for what it leaves there"
						      : NULL;
}

/* Those that PrivateDevices= has as well (systemd.exec(5)). */
static bool is_pseudo(const char *path)
{
	static const char *const names[] = { "/dev/null",   "/dev/zero",    "/dev/full",
					     "/dev/random", "/dev/urandom", "/dev/tty",
					     "/dev/ptmx",   "/dev/log",     "/dev/stdin",
					     "/dev/stdout", "/dev/stderr" };
	static const char *const below[] = { "/dev/pts/", "/dev/shm/", "/dev/mqueue/",
					     "/dev/hugepages/", "/dev/fd/" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(names); i++)
		if (dw_streq(path, names[i]))
			return true;
	for (size_t i = 0; i < DW_ARRAY_SIZE(below); i++)
		if (dw_starts_with(path, below[i]))
			return true;
	return false;
}

static const char *against_devices(const struct making *m)
{
	for (size_t i = 0; i < m->seen->devices.n; i++)
		if (!is_pseudo(m->seen->devices.v[i]))
			return dw_arena_printf(m->arena, "it has %s open", m->seen->devices.v[i]);
	return dw_dropin_is(m, DW_PROFILE_DEVICES) ? "it may need devices" : NULL;
}

static const char *against_tunables(const struct making *m)
{
	if (dw_dropin_wrote_below(m, "/proc/sys") || dw_dropin_wrote_below(m, "/sys"))
		return "it writes there";
	return dw_dropin_is(m, DW_PROFILE_KERNEL) ? "it may write there" : NULL;
}

static const char *against_modules(const struct making *m)
{
	return called(m, SYS_init_module) || called(m, SYS_finit_module) ||
			       called(m, SYS_delete_module)
		       ? "it loads or removes modules"
		       : NULL;
}

static const char *against_logs(const struct making *m)
{
	return called(m, SYS_syslog) ? "it reads the kernel's log" : NULL;
}

static const char *against_groups(const struct making *m)
{
	if (dw_streq(dw_confine_setting(m->s, "Delegate"), "yes"))
		return "its unit has control groups of its own";
	return dw_dropin_wrote_below(m, "/sys/fs/cgroup") ? "it writes there" : NULL;
}

/* It takes devices away as well (DeviceAllow=). */
static const char *against_clock(const struct making *m)
{
	if (dw_dropin_is(m, DW_PROFILE_CLOCK) || called(m, SYS_adjtimex) ||
	    called(m, SYS_clock_adjtime) || called(m, SYS_clock_settime) ||
	    called(m, SYS_settimeofday))
		return "it may set the clock";
	return against_devices(m);
}

static const char *against_hostname(const struct making *m)
{
	return called(m, SYS_sethostname) || called(m, SYS_setdomainname)
		       ? "it sets the name of the host"
		       : NULL;
}

static const char *against_namespaces(const struct making *m)
{
	if (m->seen->namespaces)
		return "it makes namespaces";
	return dw_dropin_is(m, DW_PROFILE_NAMESPACES) ? "it may make namespaces" : NULL;
}

static const char *against_realtime(const struct making *m)
{
	if (called(m, SYS_sched_setscheduler) || called(m, SYS_sched_setattr))
		return "it changes how it is scheduled";
	return dw_dropin_is(m, DW_PROFILE_REALTIME) ? "it may ask for it" : NULL;
}

static const char *against_set_id(const struct making *m)
{
	if (m->seen->set_id)
		return "it gave a file or directory set-UID or set-GID";
	return dw_dropin_is(m, DW_PROFILE_SET_ID) ? "it may give directories set-GID" : NULL;
}

static const char *against_personality(const struct making *m)
{
	return called(m, SYS_personality) ? "it asks for one" : NULL;
}

static const char *against_wx(const struct making *m)
{
	if (m->seen->new_code)
		return "it made code while it ran";
	if (m->seen->jit)
		return dw_arena_printf(m->arena, "%s is in it, which makes code", m->seen->jit);
	return dw_dropin_is(m, DW_PROFILE_JIT) ? "it makes code while it runs" : NULL;
}

/* What it mounts for others would be seen by nobody, once it has a view of the file system of its own. */
static bool mounts(const struct making *m)
{
	return called(m, SYS_mount) || called(m, SYS_umount2) || called(m, SYS_move_mount) ||
	       called(m, SYS_pivot_root);
}

static const struct rule {
	const char *name, *why;
	bool own_view; /* it makes a mount namespace */
	/* of a service with User= systemd sets no_new_privs with it (systemd.exec(5)) */
	bool implies_no_new_privs;
	/* no answer to a client can need it: taken away even where none was seen */
	bool mild;
	const char *(*against)(const struct making *m);
} rules[] = {
	{ "NoNewPrivileges", "It started no set-UID program, and none is known that it would",
	  false, true, false, against_no_new_privs },
	{ "ProtectHome", "It opened nothing in homes", true, false, false, against_home },
	{ "PrivateTmp", "It left nothing in /tmp that others could wait for", true, false, false,
	  against_tmp },
	{ "PrivateDevices", "It has no device open but null, random and the like", true, true,
	  false, against_devices },
	{ "ProtectKernelTunables", "It wrote nothing below /proc/sys and /sys", true, true, true,
	  against_tunables },
	{ "ProtectKernelModules", "It loads no modules", true, true, true, against_modules },
	{ "ProtectKernelLogs", "It does not read the kernel's log", true, true, true,
	  against_logs },
	{ "ProtectControlGroups", "It does not change control groups", true, false, true,
	  against_groups },
	{ "ProtectClock", "It does not set the clock", true, true, false, against_clock },
	{ "ProtectHostname", "It does not set the name of the host", false, true, true,
	  against_hostname },
	{ "RestrictNamespaces", "It made no namespaces", false, true, false, against_namespaces },
	{ "RestrictRealtime", "It did not ask to be scheduled before others", false, true, true,
	  against_realtime },
	{ "RestrictSUIDSGID", "It gave no file set-UID or set-GID", false, true, false,
	  against_set_id },
	{ "LockPersonality", "It did not ask for another personality", false, true, true,
	  against_personality },
	{ "MemoryDenyWriteExecute", "It made no code while it ran, and nothing in it is known to",
	  false, true, false, against_wx },
};

static bool is_set(const struct making *m, const char *name)
{
	const char *now = dw_confine_setting(m->s, name);

	/* RestrictNamespaces= is a mask of what is allowed: weights.c */
	if (dw_streq(name, "RestrictNamespaces"))
		return *now && !dw_streq(now, "2114060288") &&
		       !dw_streq(now, "18446744073709551615");
	return dw_streq(now, "yes") ||
	       (dw_streq(name, "ProtectHome") && *now && !dw_streq(now, "no"));
}

static void apply_rule(struct making *m, const struct rule *r)
{
	const char *against;

	if (is_set(m, r->name) || (m->unused && !r->mild))
		return;
	against = r->against(m);
	if (!against && r->implies_no_new_privs && m->as_user && !m->no_new_privs)
		against = "with User= it would take set-UID away as well";
	if (!against && r->own_view && mounts(m))
		against = "it mounts, and what it mounts could be for others";
	if (against)
		dw_dropin_left(m, r->name, against);
	else
		dw_dropin_add(m, dw_arena_printf(m->arena, "%s=yes", r->name), r->why);
}

/*
 * --- all of it
 * -----------------------------------------------------------------------------------------------------
 */

static const char *cannot(const struct making *m)
{
	if (!m->s->unit)
		return "No unit of systemd starts it: a drop-in confines nothing.";
	if (!m->s->settings_known)
		return "How systemd confines it could not be asked.";
	if (dw_dropin_is(m, DW_PROFILE_SESSIONS))
		return "What comes out of it are people's sessions, or anything: what is taken "
		       "from it is taken from them.";
	return NULL;
}

static bool has_door(const struct making *m, const char *protocol)
{
	for (size_t i = 0; i < m->s->doors.n; i++)
		if (dw_ends_with(m->s->doors.v[i], protocol))
			return true;
	return false;
}

/*
 * Did a client come? Who serves one takes its connection, or its datagram. Of what is taken through io_uring nothing is
 * seen, nor of a connection that was there before: then it is doubt, too.
 */
static bool was_used(const struct making *m)
{
	bool udp = has_door(m, "/udp"), other = !udp || has_door(m, "/tcp");
	bool sent = called(m, SYS_recvfrom) || called(m, SYS_recvmsg) || called(m, SYS_recvmmsg);
	bool connected = called(m, SYS_accept4);

#ifdef SYS_accept
	connected |= called(m, SYS_accept);
#endif
	return (connected && other) || (sent && udp);
}

static void say_unused(struct making *m)
{
	dw_vec_push(m->arena, &m->ret->remarks,
		    dw_arena_printf(m->arena,
				    "No client was seen to use it in %u seconds: what it needs to "
				    "serve one is not "
				    "known, so only what serving cannot need is taken away. "
				    "Observe it for longer "
				    "(--for 10m), and use it meanwhile.",
				    m->seen->seconds));
}

static void head(struct making *m)
{
	dw_str_addf(&m->out,
		    "# Written by doorward: %s was observed for %u seconds, and %s.\n"
		    "# `doorward undo` takes it back. Where something fails later: remove the "
		    "line, systemctl daemon-reload,\n"
		    "# systemctl restart.\n[Service]\n",
		    m->s->unit, m->seen->seconds,
		    m->unused ? "no client used it, and this is what none can make it need"
			      : "this is what it does not need");
}

const char *dw_confine_dropin_path(const struct dw_confine_service *s, struct dw_arena *a)
{
	return dw_arena_printf(a, "/etc/systemd/system/%s.d/zzz-doorward-confine.conf", s->unit);
}

static void file_system(struct making *m)
{
	if (mounts(m))
		dw_dropin_left(m, "ProtectSystem",
			       "it mounts, and what it mounts could be for others");
	else
		dw_dropin_system(m);
}

void dw_confine_make(const struct dw_confine_service *s, const struct dw_confine_seen *seen,
		     struct dw_arena *a, struct dw_confine_dropin *ret)
{
	const char *user = dw_confine_setting(s, "User");
	struct making m = { .arena = a,
			    .s = s,
			    .seen = seen,
			    .profile = s->profile,
			    .out = { .arena = a },
			    .ret = ret };

	*ret = (struct dw_confine_dropin){ .cannot = cannot(&m) };
	if (ret->cannot)
		return;
	m.as_user =
		!s->starts_mighty && ((*user && !dw_streq(user, "root") && !dw_streq(user, "0")) ||
				      dw_streq(dw_confine_setting(s, "DynamicUser"), "yes"));
	m.no_new_privs = is_set(&m, "NoNewPrivileges") || !against_no_new_privs(&m);
	/* before it is observed the question is whether anything could be taken at all */
	m.unused = seen->seconds && !was_used(&m);
	if (m.unused)
		say_unused(&m);
	head(&m);
	if (!m.unused)
		file_system(&m);
	for (size_t i = 0; i < DW_ARRAY_SIZE(rules); i++)
		apply_rule(&m, &rules[i]);
	if (!m.unused)
		dw_dropin_capabilities(&m);
	if (!m.unused && (!m.as_user || m.no_new_privs)) {
		dw_dropin_families(&m);
		dw_dropin_calls(&m);
	}
	if (seen->missed)
		dw_vec_push(a, &ret->remarks,
			    dw_arena_printf(a,
					    "%llu paths could not be read while it was observed.",
					    (unsigned long long)seen->missed));
	ret->text = ret->settings ? m.out.s : NULL;
	if (!ret->settings)
		ret->cannot = "There is nothing more to take away that it surely does not need.";
}
