/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Syntax, names, search path, drop-ins, addresses, control groups, sessions, programs. */
#include <limits.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <utmp.h>

#include "dw_test.h"
#include "session.h"
#include "systemd.h"

static char seen[4096];

static void note(struct dw_sd_sink *sink, const char *section, const char *key, const char *value,
		 unsigned line)
{
	size_t n = strlen(seen);

	snprintf(seen + n, sizeof(seen) - n, "[%s]%s=%s@%u;", section, key, value, line);
}

static void note_bad(struct dw_sd_sink *sink, unsigned line, const char *why)
{
	size_t n = strlen(seen);

	snprintf(seen + n, sizeof(seen) - n, "bad@%u;", line);
}

static const char *parsed(const char *text, size_t n, bool continued)
{
	struct dw_arena *a = dw_arena_new();
	struct dw_bytes b = { .data = dw_arena_strndup(a, text, n), .n = n };
	struct dw_sd_sink sink = { .setting = note, .bad = note_bad };

	memcpy(b.data, text, n);
	seen[0] = '\0';
	dw_sd_parse(&b, continued, &sink);
	dw_arena_free(a);
	return seen;
}
#define PARSED(text) parsed(text, sizeof(text) - 1, true)

DW_TEST(the_syntax_is_systemds)
{
	DW_CHECK_STR(PARSED("[A]\nk=v\n"), "[A]k=v@2;");
	DW_CHECK_STR(PARSED("\xef\xbb\xbf[A]\r\n k = v w \r\n"), "[A]k=v w@2;");
	DW_CHECK_STR(PARSED("# x\n; y\n[A]\n\nk=#v\n"), "[A]k=#v@5;");
	DW_CHECK_STR(PARSED("[A]\nk=a \\\n b \\\n# not this\n c\nl=2"), "[A]k=a  b  c@2;[A]l=2@6;");
	/* an even number of backslashes continues nothing */
	DW_CHECK_STR(PARSED("[A]\nk=a\\\\\nl=b\n"), "[A]k=a\\\\@2;[A]l=b@3;");
	DW_CHECK_STR(PARSED("[A]\nk=a\\"), "[A]k=a@2;");
	DW_CHECK_STR(parsed("[A]\nk=a\\\nl=b\n", 12, false), "[A]k=a\\@2;[A]l=b@3;");
	DW_CHECK_STR(PARSED("k=v\n[A\nx=1\n[B]\nnothing\n=v\nk=\n"),
		     "bad@1;bad@2;bad@3;bad@5;bad@6;[B]k=@7;");
	DW_CHECK_STR(PARSED("[A]\nk=a\0b\nl=c\n"), "[A]k=a?b@2;[A]l=c@3;");
	DW_CHECK_STR(PARSED(""), "");
}

DW_TEST(names_come_apart)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_sd_name n;

	DW_CHECK(dw_sd_name_split(a, "a-b@x.y.service", &n));
	DW_CHECK_STR(n.prefix, "a-b");
	DW_CHECK_STR(n.instance, "x.y");
	DW_CHECK_STR(n.suffix, ".service");
	DW_CHECK(dw_sd_name_split(a, "getty@.service", &n));
	DW_CHECK_STR(n.instance, "");
	DW_CHECK(dw_sd_name_split(a, "x.socket", &n) && n.instance == NULL);
	DW_CHECK(!dw_sd_name_split(a, "none", &n));
	DW_CHECK(!dw_sd_name_split(a, ".service", &n));
	DW_CHECK(!dw_sd_name_split(a, "@x.service", &n));
	DW_CHECK(!dw_sd_name_split(a, "a/b.service", &n));
	DW_CHECK_STR(dw_sd_name_template(a, "getty@tty1.service"), "getty@.service");
	DW_CHECK_STR(dw_sd_name_template(a, "getty@.service"), NULL);
	DW_CHECK_STR(dw_sd_name_template(a, "x.service"), NULL);
	DW_CHECK_STR(dw_sd_name_change(a, "x.socket", ".service"), "x.service");
	DW_CHECK_STR(dw_sd_unescape(a, "tty\\x2d1-a\\xZZ"), "tty-1/a\\xZZ");
}

static struct dw_sd_listen address(struct dw_arena *a, const char *text, bool *ret_ok,
				   bool *ret_bad)
{
	struct dw_sd_listen l = { 0 };

	*ret_ok = dw_sd_listen_parse(a, text, &l, ret_bad);
	return l;
}

DW_TEST(addresses_to_listen_on)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	static const char *const no[] = { "/run/x", "@abstract", "" };
	static const char *const bad[] = { "0",
					   "65536",
					   "localhost:80",
					   "1.2.3.4",
					   "1.2.3.4:",
					   "1.2.3:80",
					   "[::1]",
					   "[::1]:",
					   "[::1:80",
					   "[::g]:80",
					   "[::1]:80%",
					   "vsock:1",
					   "vsock:x:1",
					   "vsock::0",
					   "80x",
					   "-1",
					   "[fe80::1]:80%interface-name-too-long" };
	struct dw_sd_listen l;
	bool ok, is_bad;

	l = address(a, "8080", &ok, &is_bad);
	DW_CHECK(ok && l.any_family && l.at.family == DW_FAMILY_DUAL && l.at.port == 8080);
	l = address(a, "127.0.0.1:53", &ok, &is_bad);
	DW_CHECK(ok && l.at.family == DW_FAMILY_IPV4 && l.at.port == 53);
	DW_CHECK(memcmp(l.at.address, "\x7f\0\0\1", 4) == 0);
	l = address(a, "[::1]:53", &ok, &is_bad);
	DW_CHECK(ok && l.at.family == DW_FAMILY_IPV6 && l.at.address[15] == 1);
	l = address(a, "[::ffff:127.0.0.1]:53", &ok, &is_bad); /* IPv4 alone gets in */
	DW_CHECK(ok && l.at.family == DW_FAMILY_IPV4 && l.at.mapped);
	DW_CHECK_STR(dw_endpoint_text(a, &l.at), "127.0.0.1:53/unknown");
	l = address(a, "[fe80::1]:53%eth0", &ok, &is_bad);
	DW_CHECK(ok);
	DW_CHECK_STR(l.at.ifname, "eth0");
	l = address(a, "[fe80::1%3]:53", &ok, &is_bad);
	DW_CHECK(ok && l.at.ifindex == 3);
	l = address(a, "vsock:2:4294967295", &ok, &is_bad);
	DW_CHECK(ok && l.at.protocol == DW_PROTOCOL_VSOCK && l.at.port == 4294967295U);
	l = address(a, "vsock-dgram::9", &ok, &is_bad);
	DW_CHECK(ok && memcmp(l.at.address, "\xff\xff\xff\xff", 4) == 0);
	for (size_t i = 0; i < DW_ARRAY_SIZE(no); i++) {
		(void)address(a, no[i], &ok, &is_bad);
		DW_CHECK(!ok && !is_bad);
	}
	for (size_t i = 0; i < DW_ARRAY_SIZE(bad); i++) {
		(void)address(a, bad[i], &ok, &is_bad);
		if (ok || !is_bad)
			printf("%s: taken\n", bad[i]);
		DW_CHECK(!ok && is_bad);
	}
}

static const char *unit_at(struct dw_arena *a, const char *root, const char *cgroup)
{
	struct dw_sd_where w;

	dw_sd_where(a, root, cgroup, &w);
	return dw_arena_printf(
		a, "%s|%s|%d%s", w.unit ? w.unit : "-", w.user_unit ? w.user_unit : "-",
		w.uid == UINT32_MAX ? -1 : (int)w.uid, dw_sd_is_container(&w) ? " container" : "");
}

DW_TEST(control_groups_name_units)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	DW_CHECK_STR(unit_at(a, "", "/system.slice/ssh.service"), "ssh.service|-|-1");
	DW_CHECK_STR(unit_at(a, "", "/system.slice/system-x.slice/x@1.service/sub/y.scope"),
		     "x@1.service|-|-1");
	DW_CHECK_STR(unit_at(a, "", "/init.scope"), "init.scope|-|-1");
	DW_CHECK_STR(unit_at(a, "", "/user.slice/user-1000.slice/session-3.scope"),
		     "session-3.scope|-|-1");
	DW_CHECK_STR(unit_at(a, "", "/user.slice/user-5.slice/user@5.service/app.slice/a.service"),
		     "user@5.service|a.service|5");
	DW_CHECK_STR(
		unit_at(a, "", "/user.slice/user-5.slice/user@5.service/user.slice/libpod-1.scope"),
		"user@5.service|libpod-1.scope|5 container");
	DW_CHECK_STR(unit_at(a, "", "/system.slice/docker-12.scope"),
		     "docker-12.scope|-|-1 container");
	DW_CHECK_STR(
		unit_at(a, "",
			"/machine.slice/systemd-nspawn@w.service/payload/system.slice/x.service"),
		"systemd-nspawn@w.service|-|-1 container");
	DW_CHECK_STR(unit_at(a, "", "/system.slice/q.service/libpod-payload-12"),
		     "q.service|-|-1 container");
	DW_CHECK_STR(unit_at(a, "", "/lxc/web/system.slice/x.service"), "-|-|-1");
	DW_CHECK_STR(unit_at(a, "/lxc/web", "/lxc/web/system.slice/x.service"), "x.service|-|-1");
	DW_CHECK_STR(unit_at(a, "", "/system.slice/_cgroup.service"), "cgroup.service|-|-1");
	DW_CHECK_STR(unit_at(a, "", "/system.slice/.service"), "-|-|-1");
	DW_CHECK_STR(unit_at(a, "", "/system.slice/user@x.service/a.service"),
		     "user@x.service|-|-1");
	DW_CHECK_STR(unit_at(a, "", "/"), "-|-|-1");
	DW_CHECK_STR(unit_at(a, "", NULL), "-|-|-1");
	DW_CHECK_STR(dw_sd_session_id(a, "session-c12.scope"), "c12");
	DW_CHECK_STR(dw_sd_session_id(a, "session-.scope"), NULL);
	DW_CHECK_STR(dw_sd_session_id(a, "sessions.scope"), NULL);
}

/* --- the fixture of an image ----------------------------------------------------------------------- */

struct image {
	struct dw_sys *sys;
	struct dw_starters s;
	struct dw_sd_manager *m;
};

static struct image open_image(const char *path)
{
	struct image i = { 0 };
	struct dw_error e = { 0 };

	if (dw_sys_open(path, &i.sys, &e) < 0) {
		printf("%s\n", e.message);
		exit(1);
	}
	i.s.sys = i.sys;
	i.s.facts = dw_facts_new();
	i.s.arena = i.s.facts->arena;
	return i;
}

static void close_image(struct image *i)
{
	dw_sd_manager_free(i->m);
	dw_facts_free(i->s.facts);
	dw_sys_free(i->sys);
}

DW_TEST(drop_ins_are_merged)
{
	struct image i = open_image(DW_TEST_PATH("roots/systemd-dropins"));
	const struct dw_sd_setting *exec = NULL;
	struct dw_sd_unit *u;

	i.m = dw_sd_manager_new(&i.s, NULL, 0, NULL);
	u = dw_sd_unit_get(i.m, "a-b-c.service");
	/* of two files of one name, the more specific directory's; the reset takes back what the fragment said */
	DW_CHECK_STR(dw_sd_program(i.m, u, &exec), "/bin/ab");
	DW_CHECK_STR(dw_sd_source(i.m, u, exec),
		     "/usr/lib/systemd/system/a-b-.service.d/20-x.conf:3");
	/* /etc before /usr/lib; the one linked to /dev/null counts as empty; README is no drop-in */
	DW_CHECK_STR(dw_sd_value(u, DW_SD_RESTART), "on-failure");
	DW_CHECK_STR(dw_sd_value(u, DW_SD_BUS_NAME), "org.example.Type");
	u = dw_sd_unit_get(i.m, "list.service");
	DW_CHECK_STR(u->settings.v[dw_sd_list_begin(u, DW_SD_WANTS)].value,
		     "two.service three.service");
	DW_CHECK_STR(dw_sd_program(i.m, u, NULL), NULL);
	close_image(&i);
}

DW_TEST(links_lead_to_units_and_nowhere_else)
{
	struct image i = open_image(DW_TEST_PATH("roots/systemd-dropins"));
	struct dw_sd_unit *u;

	i.m = dw_sd_manager_new(&i.s, NULL, 0, NULL);
	DW_CHECK(!dw_sd_unit_exists(dw_sd_unit_get(i.m, "loop1.service")));
	u = dw_sd_unit_get(i.m, "out.service");
	DW_CHECK_STR(u->fragment, "/etc/passwd"); /* the image's own */
	DW_CHECK_STR(dw_sd_program(i.m, u, NULL), NULL);
	u = dw_sd_unit_get(i.m, "autovt@tty\\x2d1.service");
	DW_CHECK_STR(u->name, "getty@tty\\x2d1.service");
	DW_CHECK_STR(u->fragment, "/usr/lib/systemd/system/getty@.service");
	DW_CHECK_STR(dw_sd_expand(i.m, u, dw_sd_value(u, DW_SD_EXEC_START)),
		     "/sbin/agetty tty-1 $TERM");
	DW_CHECK_STR(dw_sd_expand(i.m, u, "%p %i %N %% %q %h %t %"),
		     "getty tty\\x2d1 getty@tty\\x2d1 % %q /root /run %");
	DW_CHECK(!dw_sd_unit_exists(dw_sd_unit_get(i.m, "no-such.service")));
	DW_CHECK(dw_sd_unit_get(i.m, "getty@tty\\x2d1.service") == u);
	dw_sd_close(i.m);
	DW_CHECK(u->enabled == DW_SD_BY_LINK);
	DW_CHECK(dw_sd_unit_get(i.m, "held.service")->upheld_by != NULL);
	close_image(&i);
}

DW_TEST(utmp_is_read_with_care)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct utmp u[2] = { { .ut_type = LOGIN_PROCESS }, { .ut_type = USER_PROCESS } };
	struct dw_bytes b = { .data = (char *)u, .n = sizeof(u) };
	struct dw_session v;

	memcpy(u[0].ut_line, "pts/0", 6);
	memcpy(u[1].ut_line, "pts/0", 6);
	memset(u[1].ut_user, 'x', sizeof(u[1].ut_user));
	memcpy(u[1].ut_host, "10.9.0.1", 9);
	DW_CHECK(dw_session_utmp(a, &b, "pts/0", &v));
	DW_CHECK_INT(strlen(v.user), sizeof(u[1].ut_user));
	DW_CHECK_STR(dw_session_text(a, &v), "tty pts/0 from 10.9.0.1");
	DW_CHECK(!dw_session_utmp(a, &b, "pts/1", &v));
	b.n -= 1;
	DW_CHECK(!dw_session_utmp(a, &b, "pts/0", &v));
	DW_CHECK_STR(dw_session_tty(a, 136 << 8 | 5), "pts/5");
	DW_CHECK_STR(dw_session_tty(a, 4 << 8 | 1), "tty1");
	DW_CHECK_STR(dw_session_tty(a, 0), NULL);
	DW_CHECK_STR(dw_session_tty(a, 5 << 8 | 1), NULL);
}

/* Our own program calls listen(2) below, without ever meaning it. */
static volatile int never;

/* A Go program that is linked with the C library: its imports say nothing. */
static void check_go(struct dw_sys *s)
{
	char path[] = "/tmp/dw-go-XXXXXX";
	int fd = mkstemp(path), status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		execlp("objcopy", "objcopy", "--add-section", ".go.buildinfo=/etc/passwd",
		       "/bin/true", path, (char *)NULL);
		_exit(127);
	}
	(void)waitpid(pid, &status, 0);
	DW_CHECK_INT(status, 0);
	DW_CHECK(dw_elf_may_listen(s, path) < 0);
	(void)close(fd);
	(void)unlink(path);
}

DW_TEST(programs_that_may_listen)
{
	struct image i = open_image(NULL);
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[n > 0 ? n : 0] = '\0';
	if (never)
		(void)listen(-1, 1);
	DW_CHECK_INT(dw_elf_may_listen(i.sys, self), 1);
	DW_CHECK_INT(dw_elf_may_listen(i.sys, "/bin/true"), 0);
	DW_CHECK(dw_elf_may_listen(i.sys, "/sbin/ldconfig") < 0); /* static */
	check_go(i.sys);
	DW_CHECK(dw_elf_may_listen(i.sys, "/usr/bin/ldd") < 0); /* a script */
	DW_CHECK(dw_elf_may_listen(i.sys, "/no/such/file") < 0);
	DW_CHECK(dw_elf_may_listen(i.sys, "/usr") < 0);
	DW_CHECK(dw_elf_may_listen(i.sys, "/dev/null") < 0);
	close_image(&i);
}

DW_TEST_MAIN
