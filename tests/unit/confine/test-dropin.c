/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The drop-in: its bytes, and that doubt leaves a setting out. */
#include <sys/syscall.h>

#include "dw_confine_suggest.h"
#include "dw_knowledge_read.h"
#include "dw_str.h"
#include "dw_test.h"
#include "golden.h"

#define GOLDEN(name) DW_TESTS_DIR "/golden/confine/" name

static struct dw_confine_service service(const char *unit, const char *program)
{
	return (struct dw_confine_service){ .name = unit,
					    .unit = unit,
					    .program = program,
					    .profile = dw_knowledge_profile(dw_knowledge_builtin(),
									    dw_basename(program)),
					    .settings_known = true,
					    .processes = 1 };
}

static struct dw_confine_seen seen(void)
{
	return (struct dw_confine_seen){ .seconds = 60,
					 .capabilities_known = true,
					 .calls[SYS_accept4] = true };
}

static struct dw_confine_dropin make(struct dw_arena *a, const struct dw_confine_service *s,
				     const struct dw_confine_seen *v)
{
	struct dw_confine_dropin d;

	dw_confine_make(s, v, a, &d);
	return d;
}

static bool remarks(const struct dw_confine_dropin *d, const char *setting)
{
	for (size_t i = 0; i < d->remarks.n; i++)
		if (dw_starts_with(d->remarks.v[i], setting))
			return true;
	return false;
}

DW_TEST(a_known_daemon_that_starts_as_root)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_confine_service s = service("nginx.service", "/usr/sbin/nginx");
	struct dw_confine_seen v = seen();

	v.capabilities = UINT64_C(1) << 5;
	v.families[2] = v.families[1] = true;
	dw_vec_push(a, &v.written, "/var/log/nginx/access.log");
	dw_vec_push(a, &v.devices, "/dev/null");
	dw_golden_check(GOLDEN("nginx.conf"), make(a, &s, &v).text);
}

DW_TEST(one_that_nobody_knows_keeps_what_a_start_may_need)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_confine_service s = service("odd.service", "/opt/odd/oddd");
	struct dw_confine_seen v = seen();

	v.calls[SYS_bpf] = true;
	v.capabilities = UINT64_C(1) << 21;
	v.families[16] = true;
	dw_vec_push(a, &v.written, "/var/lib/odd/state");
	dw_golden_check(GOLDEN("odd.conf"), make(a, &s, &v).text);
}

DW_TEST(sessions_are_not_confined)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_confine_service s = service("ssh.service", "/usr/sbin/sshd");
	struct dw_confine_seen v = seen();
	struct dw_confine_dropin d = make(a, &s, &v);

	DW_CHECK(!d.text && d.cannot);
}

DW_TEST(no_unit_no_drop_in)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_confine_service s = service("telnet", "/usr/sbin/in.x");
	struct dw_confine_seen v = seen();

	s.unit = NULL;
	DW_CHECK(!make(a, &s, &v).text);
	s.unit = "x.service";
	s.settings_known = false;
	DW_CHECK(!make(a, &s, &v).text);
}

DW_TEST(what_was_seen_is_left)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_confine_service s = service("odd.service", "/opt/odd/oddd");
	struct dw_confine_seen v = seen();
	struct dw_confine_dropin d;

	v.set_uid = "/usr/bin/sudo";
	v.homes = v.new_code = v.set_id = v.compat = true;
	v.namespaces = 0x10000000;
	v.calls[SYS_syslog] = v.calls[SYS_personality] = v.calls[SYS_sched_setscheduler] =
		v.calls[SYS_settimeofday] = true;
	v.calls[SYS_sethostname] = v.calls[SYS_init_module] = true;
	dw_vec_push(a, &v.written, "/etc/odd.conf");
	dw_vec_push(a, &v.written, "/tmp/odd.sock");
	dw_vec_push(a, &v.written, "/proc/sys/net/ipv4/ip_forward");
	dw_vec_push(a, &v.written, "/sys/fs/cgroup/odd");
	dw_vec_push(a, &v.devices, "/dev/sda");
	d = make(a, &s, &v);
	for (size_t i = 0; i < 15; i++) {
		static const char *const names[] = {
			"NoNewPrivileges",   "ProtectHome",           "PrivateTmp",
			"PrivateDevices",    "ProtectKernelTunables", "ProtectKernelModules",
			"ProtectKernelLogs", "ProtectControlGroups",  "ProtectClock",
			"ProtectHostname",   "RestrictNamespaces",    "RestrictRealtime",
			"RestrictSUIDSGID",  "LockPersonality",       "MemoryDenyWriteExecute",
		};

		DW_CHECK(remarks(&d, names[i]));
		DW_CHECK(!strstr(d.text, dw_arena_printf(a, "\n%s=", names[i])));
	}
	DW_CHECK(strstr(d.text, "\nProtectSystem=yes\n"));
	DW_CHECK(!strstr(d.text, "SystemCallFilter="));
}

DW_TEST(what_was_lost_is_doubt)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_confine_service s = service("nginx.service", "/usr/sbin/nginx");
	struct dw_confine_seen v = seen();

	v.missed = 1;
	DW_CHECK(strstr(make(a, &s, &v).text, "\nProtectSystem=yes\n"));
	v.missed = 0;
	v.capabilities_known = false;
	DW_CHECK(!strstr(make(a, &s, &v).text, "CapabilityBoundingSet"));
	v.capabilities_known = true;
	dw_vec_push(a, &v.written, "/srv/elsewhere"); /* not among what is known of it */
	DW_CHECK(strstr(make(a, &s, &v).text, "\nProtectSystem=full\n"));
}

DW_TEST(settings_that_are_there_are_not_said_again_and_never_loosened)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	static const struct dw_confine_setting settings[] = {
		{ "User", "redis" },
		{ "NoNewPrivileges", "yes" },
		{ "ProtectSystem", "strict" },
		{ "ProtectHome", "yes" },
		{ "CapabilityBoundingSet", "0" },
		{ "RestrictAddressFamilies", "AF_INET" },
		{ "PrivateTmp", "yes" },
		{ "SystemCallFilter", "~@mount" },
		{ "RestrictNamespaces", "0" },
	};
	struct dw_confine_service s = service("redis-server.service", "/usr/bin/redis-server");
	struct dw_confine_seen v = seen();
	const char *text;

	s.settings = settings;
	s.n_settings = DW_ARRAY_SIZE(settings);
	text = make(a, &s, &v).text;
	for (size_t i = 0; i < DW_ARRAY_SIZE(settings); i++)
		DW_CHECK(!strstr(text, dw_arena_printf(a, "\n%s=", settings[i].name)));
	DW_CHECK(strstr(text, "\nProtectKernelModules=yes\n"));
}

DW_TEST(a_user_whose_set_uid_children_count_keeps_them)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	static const struct dw_confine_setting settings[] = { { "User", "mysql" } };
	struct dw_confine_service s = service("mariadb.service", "/usr/sbin/mariadbd");
	struct dw_confine_seen v = seen();
	const char *text;

	s.settings = settings;
	s.n_settings = 1;
	text = make(a, &s, &v).text;
	/* each of these would set no_new_privs as well, for systemd starts it as another user */
	DW_CHECK(!strstr(text, "SystemCallFilter") && !strstr(text, "RestrictAddressFamilies") &&
		 !strstr(text, "PrivateDevices") && !strstr(text, "CapabilityBoundingSet"));
	DW_CHECK(strstr(text, "\nProtectHome=yes\n"));
}

DW_TEST(who_mounts_sees_the_file_system_as_all_do)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_confine_service s = service("odd.service", "/opt/odd/oddd");
	struct dw_confine_seen v = seen();
	const char *text;

	v.calls[SYS_mount] = true;
	text = make(a, &s, &v).text;
	DW_CHECK(!strstr(text, "ProtectSystem=") && !strstr(text, "PrivateTmp=") &&
		 !strstr(text, "ProtectHome="));
	DW_CHECK(strstr(text, "\nNoNewPrivileges=yes\n") && strstr(text, " mount"));
}

DW_TEST(who_is_started_with_all_rights_keeps_what_a_start_needs)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	static const struct dw_confine_setting settings[] = { { "User", "_chrony" } };
	struct dw_confine_service s = service("chrony.service", "/usr/sbin/chronyd");
	struct dw_confine_seen v = seen();

	s.settings = settings;
	s.n_settings = 1;
	DW_CHECK(!strstr(make(a, &s, &v).text, "CAP_DAC_OVERRIDE"));
	s.starts_mighty = true;
	DW_CHECK(strstr(make(a, &s, &v).text, "CAP_DAC_OVERRIDE"));
}

/* Of what a client asks for nothing was seen: only what no answer can need is taken away. */
DW_TEST(nobody_used_it_so_only_the_mild_is_taken)
{
	static const char *const kept[] = {
		"ProtectSystem",      "ProtectHome",           "PrivateTmp",
		"PrivateDevices",     "NoNewPrivileges",       "MemoryDenyWriteExecute",
		"RestrictNamespaces", "CapabilityBoundingSet", "RestrictAddressFamilies",
		"SystemCallFilter",   "RestrictSUIDSGID",      "ProtectClock"
	};
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_confine_service s = service("odd.service", "/opt/odd/oddd");
	struct dw_confine_seen v = seen();
	struct dw_confine_dropin used = make(a, &s, &v), d;

	v.calls[SYS_accept4] = false;
	d = make(a, &s, &v);
	DW_CHECK(remarks(&d, "No client was seen to use it in 60 seconds"));
	DW_CHECK(!remarks(&used, "No client"));
	DW_CHECK(d.settings > 0 && d.settings < used.settings);
	DW_CHECK(strstr(d.text, "\nProtectKernelModules=yes\n"));
	DW_CHECK(strstr(used.text, "\nSystemCallFilter="));
	for (size_t i = 0; i < DW_ARRAY_SIZE(kept); i++)
		DW_CHECK(!strstr(d.text, dw_arena_printf(a, "\n%s=", kept[i])));
}

DW_TEST(a_client_is_seen_by_its_connection_or_its_datagram)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_confine_service s = service("odd.service", "/opt/odd/oddd");
	struct dw_confine_seen v = seen();
	struct dw_confine_dropin d;

	v.calls[SYS_accept4] = false;
	v.calls[SYS_recvmsg] = true; /* it asked somebody: no client of its TCP door */
	dw_vec_push(a, &s.doors, "0.0.0.0:7777/tcp");
	d = make(a, &s, &v);
	DW_CHECK(remarks(&d, "No client"));
	dw_vec_push(a, &s.doors, "0.0.0.0:7777/udp");
	d = make(a, &s, &v);
	DW_CHECK(!remarks(&d, "No client"));
	/* that a connection was taken says nothing where only datagrams come */
	s.doors = (struct dw_strings){ 0 };
	dw_vec_push(a, &s.doors, "0.0.0.0:7777/udp");
	v.calls[SYS_recvmsg] = false;
	v.calls[SYS_accept4] = true;
	d = make(a, &s, &v);
	DW_CHECK(remarks(&d, "No client"));
	/* not yet observed: what could be taken is asked */
	v.seconds = 0;
	d = make(a, &s, &v);
	DW_CHECK(!remarks(&d, "No client") && strstr(d.text, "SystemCallFilter="));
}

DW_TEST_MAIN
