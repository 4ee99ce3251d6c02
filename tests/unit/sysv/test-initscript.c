/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_str.h"
#include "dw_test.h"
#include "initscript.h"
#include "initsys.h"
#include "openrc.h"

static struct dw_script scan(struct dw_arena *a, const char *path, const char *text)
{
	struct dw_bytes b = { .data = dw_arena_strdup(a, text), .n = strlen(text) };
	struct dw_script s;

	dw_script_scan(NULL, a, path, &b, &s);
	return s;
}

static const struct dw_program *program(const struct dw_script *s, const char *path)
{
	for (size_t i = 0; i < s->programs.n; i++)
		if (dw_streq(s->programs.v[i].path, path))
			return &s->programs.v[i];
	return NULL;
}

static bool has_pidfile(const struct dw_script *s, const char *path)
{
	for (size_t i = 0; i < s->pidfiles.n; i++)
		if (dw_streq(s->pidfiles.v[i].path, path))
			return true;
	return false;
}

#define CHECK_PROGRAM(script, path_, line_, named_)                                                \
	do {                                                                                       \
		const struct dw_program *dw_p = program((script), (path_));                        \
		DW_CHECK(dw_p != NULL);                                                            \
		DW_CHECK_INT(dw_p ? dw_p->line : 0, line_);                                        \
		DW_CHECK_INT(dw_p ? dw_p->named : 0, named_);                                      \
	} while (0)

DW_TEST(variables)
{
	struct dw_arena *a = dw_arena_new();
	struct dw_script s = scan(a, "/etc/init.d/food",
				  "#!/bin/sh\n"
				  "NAME=foo\n"
				  "DAEMON=\"/usr/sbin/${NAME}d\" # the daemon\n"
				  "PIDFILE='/run/'$NAME.pid\n"
				  "OTHER_BIN=${PREFIX:-/opt/foo}/bin/x\n"
				  "PROG=$(basename $0); LOCK=/run/$PROG.pid\n"
				  "UNKNOWN=$(uname -r)\n"
				  "BAD_DAEMON=/usr/sbin/$UNKNOWN\n"
				  "exec=/bin/`date`\n");

	CHECK_PROGRAM(&s, "/usr/sbin/food", 3, true);
	CHECK_PROGRAM(&s, "/opt/foo/bin/x", 5, true);
	DW_CHECK(has_pidfile(&s, "/run/foo.pid"));
	DW_CHECK(has_pidfile(&s, "/run/food.pid"));
	DW_CHECK_INT(s.programs.n, 2);
	DW_CHECK_INT(s.pidfiles.n, 2);
	dw_arena_free(a);
}

DW_TEST(launchers)
{
	static const struct {
		const char *line, *program, *pidfile;
	} x[] = {
		{ "start-stop-daemon --start --quiet --pidfile /run/a.pid --exec /usr/sbin/a -- -D",
		  "/usr/sbin/a", "/run/a.pid" },
		{ "start-stop-daemon -Sqbmp/run/a.pid -c nobody -a /usr/sbin/a", "/usr/sbin/a",
		  "/run/a.pid" },
		{ "start-stop-daemon -S -p /run/a.pid --chuid 0:0 --exec=/usr/sbin/a",
		  "/usr/sbin/a", "/run/a.pid" },
		{ "start_daemon -n 5 -p /run/a.pid /usr/sbin/a -d", "/usr/sbin/a", "/run/a.pid" },
		{ "daemon --user=a --pidfile=/run/a.pid \"/usr/sbin/a -d\"", "/usr/sbin/a",
		  "/run/a.pid" },
		{ "daemon +5 --check a /usr/sbin/a", NULL,
		  NULL }, /* "a" comes first: what follows is its argument */
		{ "startproc -f -p /run/a.pid /usr/sbin/a", "/usr/sbin/a", "/run/a.pid" },
		{ "supervise-daemon a --start --pidfile /run/a.pid /usr/sbin/z", NULL,
		  "/run/a.pid" },
		{ "supervise-daemon a --start /usr/sbin/a --pidfile /run/a.pid", "/usr/sbin/a",
		  "/run/a.pid" },
		{ "if ! start-stop-daemon --start --exec /usr/sbin/a; then", "/usr/sbin/a", NULL },
		{ "nice -n 5 start-stop-daemon --start --exec /usr/sbin/a", "/usr/sbin/a", NULL },
		{ "start) start-stop-daemon --start --exec /usr/sbin/a ;;", "/usr/sbin/a", NULL },
		{ "[ -x x ] && start-stop-daemon \\\n --start \\\n --exec /usr/sbin/a",
		  "/usr/sbin/a", NULL },
		{ "exec chpst -u a:b -e /etc/env /usr/sbin/a -d 2>&1", "/usr/sbin/a", NULL },
		{ "exec setuidgid a env X=1 /usr/sbin/a", "/usr/sbin/a", NULL },
		{ "echo 'start-stop-daemon --exec /usr/sbin/a'", NULL, NULL },
		{ "# start-stop-daemon --exec /usr/sbin/a", NULL, NULL },
		{ "start-stop-daemon --exec", NULL, NULL },
		{ "start-stop-daemon --pidfile", NULL, NULL },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(x); i++) {
		struct dw_arena *a = dw_arena_new();
		struct dw_script s = scan(a, "/etc/init.d/a", x[i].line);

		DW_CHECK_STR(s.programs.n ? s.programs.v[0].path : NULL, x[i].program);
		DW_CHECK_INT(s.programs.n ? s.programs.v[0].named : 1, 1);
		DW_CHECK_STR(s.pidfiles.n ? s.pidfiles.v[0].path : NULL, x[i].pidfile);
		if (x[i].program && s.programs.n == 0)
			printf("  in: %s\n", x[i].line);
		dw_arena_free(a);
	}
}

DW_TEST(mentions)
{
	struct dw_arena *a = dw_arena_new();
	struct dw_script s =
		scan(a, "/etc/init.d/a",
		     "case $1 in\nstart)\n\tsu -s /bin/sh app -c '/opt/app/server --port 80 &'\n"
		     "\t/usr/sbin/helper >/dev/null 2>&1 &\n\t;;\nesac\n");

	CHECK_PROGRAM(&s, "/opt/app/server", 3, false);
	CHECK_PROGRAM(&s, "/usr/sbin/helper", 4, false);
	DW_CHECK(program(&s, "/dev/null") == NULL);
	dw_arena_free(a);
}

/* Commands that only carry another one into other surroundings. */
DW_TEST(carriers)
{
	static const struct {
		const char *line, *program;
	} x[] = {
		{ "ip netns exec red /usr/sbin/a tcp 80", "/usr/sbin/a" },
		{ "/sbin/ip -4 netns exec $NS nohup /usr/sbin/a", "/usr/sbin/a" },
		{ "ip vrf exec blue /usr/sbin/a", "/usr/sbin/a" },
		{ "nsenter -t 1 --net=/run/netns/red /usr/sbin/a", "/usr/sbin/a" },
		{ "timeout -k 5 10 /usr/sbin/a", "/usr/sbin/a" },
		{ "ip netns add /usr/sbin/a", NULL },
		{ "ip netns exec red", NULL },
		{ "ip link set dev /usr/sbin/a up", NULL },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(x); i++) {
		struct dw_arena *a = dw_arena_new();
		struct dw_script s = scan(a, "/etc/init.d/a", x[i].line);

		DW_CHECK_STR(s.programs.n == 1 ? s.programs.v[0].path : NULL, x[i].program);
		dw_arena_free(a);
	}
}

/* A jailed program is known by the path that our own root directory shows. */
DW_TEST(jails)
{
	static const struct {
		const char *line, *program;
	} x[] = {
		{ "start-stop-daemon -S --chroot /srv/jail/ --exec /bin/a -- -D",
		  "/srv/jail/bin/a" },
		{ "start-stop-daemon -S -x /bin/a --chroot=/srv/jail", "/srv/jail/bin/a" },
		{ "J=/srv/jail; start-stop-daemon -Sr $J -a /bin/a", "/srv/jail/bin/a" },
		{ "start-stop-daemon --chroot / --exec /bin/a", "/bin/a" },
		{ "start-stop-daemon --chroot $(pwd) --exec /bin/a", "/bin/a" },
		{ "start-stop-daemon --exec /bin/a -- --chroot /srv/jail", "/bin/a" },
		{ "nohup chroot --userspec=a:b /srv/jail /bin/a -D", "/srv/jail/bin/a" },
		{ "chroot /srv/jail true; /bin/a", "/bin/a" },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(x); i++) {
		struct dw_arena *a = dw_arena_new();
		struct dw_script s = scan(a, "/etc/init.d/a", x[i].line);

		DW_CHECK_INT(s.programs.n, 1);
		DW_CHECK_STR(s.programs.n ? s.programs.v[0].path : NULL, x[i].program);
		dw_arena_free(a);
	}
}

/* A script that doubles a variable on every line must cost neither time nor memory. */
DW_TEST(bomb)
{
	struct dw_arena *a = dw_arena_new();
	struct dw_str text = { .arena = a };
	struct dw_script s;

	dw_str_add(&text, "A=/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\nA=/b\nA=/c\n");
	for (int i = 0; i < 20000; i++)
		dw_str_add(&text, "DAEMON=$A$A$A$A; A=$A$A\n");
	s = scan(a, "/etc/init.d/a", text.s);
	DW_CHECK(s.programs.n <= 64);
	DW_CHECK(dw_arena_size(a) < 128 * 1024 * 1024);
	dw_arena_free(a);
}

DW_TEST(header)
{
	struct dw_arena *a = dw_arena_new();
	struct dw_script s = scan(a, "/etc/init.d/a",
				  "#!/bin/sh\n### BEGIN INIT INFO\n# Provides: a\n"
				  "# Required-Start: $network dbus  $syslog\n### END INIT INFO\n");

	DW_CHECK(s.starts_here && !s.openrc);
	DW_CHECK_INT(s.needs.n, 1);
	DW_CHECK_STR(s.needs.v[0], "dbus");
	s = scan(a, "/etc/init.d/b",
		 "#!/sbin/openrc-run\ncommand=/usr/sbin/b\npidfile=/run/${RC_SVCNAME}.pid\n"
		 "depend() {\n\tneed net dbus\n}\n");
	DW_CHECK(s.openrc);
	CHECK_PROGRAM(&s, "/usr/sbin/b", 2, true);
	DW_CHECK(has_pidfile(&s, "/run/b.pid"));
	DW_CHECK_INT(s.needs.n, 2);
	dw_arena_free(a);
}

static void count(void *arg, unsigned line)
{
	*(unsigned *)arg = *(unsigned *)arg * 100 + line;
}

DW_TEST(inittab_lines)
{
	static const char text[] = "# comment\nid:3:initdefault:\nsi::sysinit:/etc/init.d/rcS\n"
				   "garbage\nx:3:respawn:/bin/a "
				   "--url=http://b:80\ny:45:once:/bin/c\n::\nz:3:OFF:/bin/d\n";
	struct dw_arena *a = dw_arena_new();
	struct dw_bytes b = { .data = dw_arena_strdup(a, text), .n = sizeof(text) - 1 };
	struct dw_inittab t;
	unsigned bad = 0;

	dw_inittab_parse(a, &b, &t, count, &bad);
	DW_CHECK_INT(bad, 40708);
	DW_CHECK_INT(t.runlevel, '3');
	DW_CHECK_INT(t.lines.n, 4);
	DW_CHECK_STR(t.lines.v[2].process, "/bin/a --url=http://b:80");
	DW_CHECK_INT(t.lines.v[2].line, 5);
	DW_CHECK(dw_inittab_at_boot(&t, &t.lines.v[1]));
	DW_CHECK(dw_inittab_at_boot(&t, &t.lines.v[2]));
	DW_CHECK(!dw_inittab_at_boot(&t, &t.lines.v[3]));
	DW_CHECK(!dw_inittab_at_boot(&t, &t.lines.v[0]));
	dw_arena_free(a);
}

DW_TEST(openrc_wrapper)
{
	static const char text[] = "#!/bin/sh\nset -e\ncase $1 in\n\t0 )\n\t\t/sbin/openrc off && "
				   "/sbin/openrc shutdown\n"
				   "\t\t;;\n\t1 )\n\t\texec /sbin/openrc recovery\n\t\t;;\n\t* )\n"
				   "\t\texec /sbin/openrc default\n\t\t;;\nesac\n";
	struct dw_arena *a = dw_arena_new();
	struct dw_bytes b = { .data = dw_arena_strdup(a, text), .n = sizeof(text) - 1 };
	struct dw_strings levels = { 0 };

	dw_openrc_wrapper_levels(a, &b, "2", &levels);
	DW_CHECK_INT(levels.n, 1);
	DW_CHECK_STR(levels.v[0], "default");
	levels.n = 0;
	dw_openrc_wrapper_levels(a, &b, "0", &levels);
	DW_CHECK_INT(levels.n, 2);
	dw_arena_free(a);
}

DW_TEST(paths)
{
	DW_CHECK(dw_program_same_path("/usr/sbin/x", "/sbin/x"));
	DW_CHECK(dw_program_same_path("/lib/a/x", "/usr/lib/a/x"));
	DW_CHECK(!dw_program_same_path("/usr/local/sbin/x", "/sbin/x"));
	DW_CHECK(!dw_program_same_path("/usr/sbin/x", "/usr/bin/x"));
	DW_CHECK(dw_program_is_interpreter("/usr/bin/python3.11"));
	DW_CHECK(dw_program_is_interpreter("/bin/sh"));
	DW_CHECK(!dw_program_is_interpreter("/usr/sbin/sshd"));
	DW_CHECK(!dw_program_is_interpreter("/usr/bin/pythond"));
}

DW_TEST_MAIN
