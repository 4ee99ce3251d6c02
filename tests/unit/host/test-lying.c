/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is lying about, on made-up hosts. */
#include <sys/stat.h>
#include <unistd.h>

#include "faults.h"

#define STATUS(name)                                                                               \
	"Package: " name "\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n"

static void packaged(struct host *h)
{
	host_file(h, "/usr/bin/su", 04755, "su\n");
	host_file(h, "/var/lib/dpkg/status", 0644, STATUS("util-linux"));
	host_file(h, "/var/lib/dpkg/info/util-linux.list", 0644,
		  "/.\n/usr\n/usr/bin\n/usr/bin/su\n/usr/bin/wall\n");
	host_file(h, "/var/lib/dpkg/info/util-linux.md5sums", 0644,
		  "00000000000000000000000000000000  usr/bin/wall\n");
}

/* Whatever the umask is. */
static void writable(struct host *h, const char *path)
{
	char full[512];

	host_file(h, path, 04755, "shell\n");
	(void)snprintf(full, sizeof(full), "%s/root%s", h->dir, path);
	DW_CHECK_INT(chmod(full, 04757), 0);
}

static void says(struct host *h, enum dw_host_outcome o, const char *evidence)
{
	LOOK(h, "set-uid-files", o, evidence);
	survive_faults(h, "set-uid-files", o);
}

DW_TEST(set_uid_files)
{
	struct host *h = host_new();
	struct checked c;

	host_file(h, "/usr/bin/su", 04755, "su\n");
	LOOK(h, "set-uid-files", DW_HOST_UNKNOWN, "");
	packaged(h);
	says(h, DW_HOST_OK, "");
	/* nobody can execute it */
	host_file(h, "/srv/locked", 02644, "data\n");
	says(h, DW_HOST_OK, "");
	host_file(h, "/usr/bin/wall", 02755, "changed\n");
	host_file(h, "/opt/old/tool", 06755, "tool\n");
	writable(h, "/var/tmp/.x");
	says(h, DW_HOST_FAILS,
	     "/opt/old/tool:0 /opt/old/tool: set-UID of user 0, set-GID of group 0, and of no "
	     "package | /usr/bin/wall:0 "
	     "/usr/bin/wall: set-GID of group 0, and not the file that util-linux brought | "
	     "/var/tmp/.x:0 /var/tmp/.x: "
	     "set-UID of user 0, and everybody may write it");
	c = checked(h, "set-uid-files");
	DW_CHECK_STR(c.r->text, "3 files give rights of another, and no package answers for them.");
	checked_free(&c);
	host_free(h);
}

/* Whatever the umask is. */
static void rights(struct host *h, const char *path, mode_t mode)
{
	char full[512];

	(void)snprintf(full, sizeof(full), "%s/root%s", h->dir, path);
	DW_CHECK_INT(chmod(full, mode), 0);
}

DW_TEST(world_writable)
{
	struct host *h = host_new();
	struct checked c;

	host_file(h, "/srv/share/x", 0644, "");
	host_file(h, "/tmp/y", 0644, "");
	rights(h, "/tmp", 01777);
	LOOK(h, "world-writable", DW_HOST_OK, "");
	survive_faults(h, "world-writable", DW_HOST_OK);
	rights(h, "/srv/share", 0777);
	rights(h, "/tmp/y", 0666);
	LOOK(h, "world-writable", DW_HOST_FAILS,
	     "/srv/share:0 /srv/share: a directory of 777: everybody may exchange what is in it | "
	     "/tmp/y:0 /tmp/y: a file "
	     "of 666: everybody may write it");
	survive_faults(h, "world-writable", DW_HOST_FAILS);
	c = checked(h, "world-writable");
	DW_CHECK_STR(changes(&c),
		     dw_arena_printf(c.a, "mode:/srv/share=1777 %u:%u | mode:/tmp/y=0664 %u:%u",
				     geteuid(), getegid(), geteuid(), getegid()));
	checked_free(&c);
	host_free(h);
}

static void paths(struct host *h, enum dw_host_outcome o, const char *evidence, const char *want)
{
	struct dw_owner owners[] = { { .executable = "/opt/tool/bin/toold" },
				     { .uid = 33, .executable = "/usr/sbin/web" } };
	const struct dw_door doors[] = {
		{ .owners = &owners[0],
		  .n_owners = 1,
		  .program = "/opt/tool/bin/toold",
		  .starter = { .kind = DW_STARTER_SYSTEMD_SERVICE,
			       .source = "/etc/systemd/system/tool.service:4" } },
		{ .owners = &owners[1], .n_owners = 1, .program = "/usr/sbin/web" },
	};
	const struct dw_host_door v[] = { { .door = &doors[0] }, { .door = &doors[1] } };
	struct checked c = checked_with(h, "service-paths", NULL, v, 2);

	DW_CHECK(c.r->outcome == o);
	DW_CHECK_STR(seen(&c), evidence);
	DW_CHECK_STR(changes(&c), want);
	checked_free(&c);
	survive_faults_with(h, "service-paths", o, v, 2);
}

static void owned(struct host *h, const char *path, uid_t uid, gid_t gid, mode_t mode)
{
	char real[256];

	(void)snprintf(real, sizeof(real), "%s/root%s", h->dir, path);
	DW_CHECK_INT(lchown(real, uid, gid), 0);
	DW_CHECK_INT(chmod(real, mode), 0);
}

/* A service of root's with a worker of user 33's, and one that is user 70's. */
static void settings(struct host *h, enum dw_host_outcome o, const char *evidence)
{
	struct dw_owner owners[] = { { .executable = "/usr/sbin/web" },
				     { .uid = 33, .executable = "/usr/sbin/web" },
				     { .uid = 70,
				       .executable = "/usr/lib/db/bin/postd",
				       .command = "postd -D /var/lib/db --file=/opt/db.conf" } };
	const struct dw_door doors[] = {
		{ .owners = &owners[0],
		  .n_owners = 2,
		  .starter = { .kind = DW_STARTER_SYSTEMD_SERVICE, .id = "web.service" } },
		{ .owners = &owners[2], .n_owners = 1 },
	};
	const struct dw_host_door v[] = { { .door = &doors[0] }, { .door = &doors[1] } };
	struct checked c = checked_with(h, "service-paths", NULL, v, 2);

	DW_CHECK(c.r->outcome == o);
	DW_CHECK_STR(seen(&c), evidence);
	checked_free(&c);
	survive_faults_with(h, "service-paths", o, v, 2);
}

/* What its unit, its drop-ins, its files in /etc and its command line name. */
DW_TEST(service_settings)
{
	struct host *h = host_new();

	if (geteuid() != 0)
		return; /* the owner of the files would be somebody else than root */
	host_file(h, "/usr/sbin/web", 0755, "");
	host_file(h, "/usr/lib/db/bin/postd", 0755, "");
	host_file(h, "/etc/passwd", 0644,
		  "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n"
		  "web:x:33:33::/:/bin/sh\n");
	host_file(h, "/etc/group", 0644, "root:x:0:\nstaff:x:50:\nteam:x:60:ann\nweb:x:33:\n");
	host_file(h, "/usr/lib/systemd/system/web.service", 0644,
		  "[Service]\nExecStartPre=-/opt/check --all\nExecStart=/usr/sbin/web\n");
	host_file(h, "/etc/systemd/system/web.service.d/more.conf", 0644,
		  "[Service]\nEnvironmentFile=-/srv/web.env\n");
	host_file(h, "/etc/web/web.conf", 0644,
		  "# /opt/comment\ninclude /srv/sites/*.conf;\nerror_log \"/srv/log\";\n"
		  "cgi /srv/cgi /nowhere\n");
	host_file(h, "/opt/check", 0755, "");
	host_file(h, "/opt/comment", 0777, "");
	host_file(h, "/opt/db.conf", 0644, "");
	host_file(h, "/srv/web.env", 0644, "");
	host_file(h, "/srv/log", 0644, "");
	host_file(h, "/srv/cgi", 0755, "");
	host_file(h, "/srv/sites/a.conf", 0644, "");
	host_file(h, "/srv/sites/other", 0644, "");
	rights(h, "", 0755);
	settings(h, DW_HOST_OK, "");
	/* its workers' own, data, a comment, what no pattern takes in, a group that nobody is in */
	owned(h, "/srv/cgi", 33, 0, 0755);
	owned(h, "/srv/log", 33, 33, 0664);
	owned(h, "/srv/sites/other", 1000, 0, 0644);
	owned(h, "/opt/db.conf", 70, 0, 0644);
	owned(h, "/etc/web/web.conf", 0, 50, 0664);
	settings(h, DW_HOST_OK, "");
	owned(h, "/opt/check", 1000, 0, 0755);
	owned(h, "/srv/web.env", 0, 60, 0660);
	owned(h, "/srv/sites/a.conf", 33, 0, 0644);
	owned(h, "/opt/db.conf", 1000, 0, 0644);
	owned(h, "/etc/web", 1000, 0, 0755);
	owned(h, "/srv/cgi", 0, 0, 0757);
	settings(
		h, DW_HOST_FAILS,
		"/etc/web:0 /etc/web: ann may write it, and it is where web.service has its "
		"settings, as root | "
		"/srv/sites/a.conf:0 /srv/sites/a.conf: web may write it, and it is where "
		"web.service has its settings, as root | "
		"/srv/cgi:0 /srv/cgi: everybody may write it, and it is a program that settings of "
		"web.service name | "
		"/srv/web.env:0 /srv/web.env: the group team (ann) may write it, and it is where "
		"web.service has its settings, as root | "
		"/opt/check:0 /opt/check: ann may write it, and it is a program that settings of "
		"web.service name, as root | "
		"/opt/db.conf:0 /opt/db.conf: ann may write it, and it is where a service has its "
		"settings");
	host_free(h);
}

DW_TEST(service_paths)
{
	struct host *h = host_new();
	char root[128];

	if (geteuid() != 0)
		return; /* the owner of the files would be somebody else than root */
	(void)snprintf(root, sizeof(root), "%s/root", h->dir);
	LOOK(h, "service-paths", DW_HOST_UNKNOWN, "");
	host_file(h, "/opt/tool-1/bin/toold", 0755, "");
	host_link(h, "/opt/tool", "tool-1");
	host_file(h, "/etc/systemd/system/tool.service", 0644, "");
	host_file(h, "/usr/sbin/web", 0755, "");
	rights(h, "", 0755);
	paths(h, DW_HOST_OK, "", "");
	rights(h, "/opt/tool-1", 0777);
	rights(h, "/etc/systemd/system/tool.service", 0666);
	paths(h, DW_HOST_FAILS,
	      "/opt/tool-1:0 /opt/tool-1: everybody may write it, and it is a directory on the way "
	      "to what toold runs | "
	      "/etc/systemd/system/tool.service:0 /etc/systemd/system/tool.service: everybody may "
	      "write it, and it is what "
	      "toold runs",
	      "mode:/opt/tool-1=0775 0:0 | mode:/etc/systemd/system/tool.service=0664 0:0");
	rights(h, "/opt/tool-1", 01777);
	rights(h, "/etc/systemd/system/tool.service", 0644);
	paths(h, DW_HOST_OK, "", "");
	(void)snprintf(root, sizeof(root), "%s/root/opt/tool-1/bin/toold", h->dir);
	DW_CHECK_INT(chown(root, 33, 33), 0);
	paths(h, DW_HOST_FAILS,
	      "/opt/tool-1/bin/toold:0 /opt/tool-1/bin/toold: user 33 may write it, and it is what "
	      "toold runs, as root",
	      "");
	host_free(h);
}

#define PACKAGE(name, more)                                                                        \
	"Package: " name "\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2\n" more  \
	"\n"
#define AUTO(name) "Package: " name "\nArchitecture: amd64\nAuto-Installed: 1\n\n"

static const char packages[] = PACKAGE(
	"app", "Depends: liba (>= 1), other | libb\nRecommends: rec\nSuggests: sug\n")
	PACKAGE("liba", "") PACKAGE("libb", "Pre-Depends: virtual (>= 3)\n") PACKAGE(
		"prov", "Provides: virtual (= 4)\n") PACKAGE("old", "Provides: virtual (= 2)\n")
		PACKAGE("rec", "") PACKAGE("sug", "") PACKAGE("ring1", "Depends: ring2\n")
			PACKAGE("ring2", "Depends: ring1\n") PACKAGE("core", "Essential: yes\n")
				PACKAGE("linux-image-1", "") PACKAGE("firmware-x", "")
					PACKAGE("must", "Priority: required\n");

DW_TEST(unneeded_packages)
{
	struct host *h = host_new();

	LOOK(h, "unneeded-packages", DW_HOST_NOT_APPLICABLE, "");
	host_file(h, "/var/lib/dpkg/status", 0644, packages);
	LOOK(h, "unneeded-packages", DW_HOST_OK, "");
	host_file(h, "/etc/apt/apt.conf.d/01autoremove", 0644,
		  "APT { NeverAutoRemove { \"^firmware-.*\"; }; };\n");
	host_file(h, "/var/lib/apt/extended_states", 0644,
		  AUTO("liba") AUTO("libb") AUTO("prov") AUTO("rec") AUTO("sug") AUTO("core")
			  AUTO("linux-image-1") AUTO("firmware-x") AUTO("must"));
	LOOK(h, "unneeded-packages", DW_HOST_OK, "");
	survive_faults(h, "unneeded-packages", DW_HOST_OK);
	host_file(h, "/var/lib/apt/extended_states", 0644,
		  AUTO("liba") AUTO("libb") AUTO("prov") AUTO("old") AUTO("rec") AUTO("sug")
			  AUTO("ring1") AUTO("ring2"));
	LOOK(h, "unneeded-packages", DW_HOST_FAILS,
	     "/var/lib/dpkg/status:26 old: 2 was installed for another package, and nothing needs "
	     "it any more | "
	     "/var/lib/dpkg/status:42 ring1: 2 was installed for another package, and nothing "
	     "needs it any more | "
	     "/var/lib/dpkg/status:48 ring2: 2 was installed for another package, and nothing "
	     "needs it any more");
	survive_faults(h, "unneeded-packages", DW_HOST_FAILS);
	host_file(h, "/etc/apt/apt.conf.d/02", 0644,
		  "APT::AutoRemove::SuggestsImportant "
		  "\"false\";\nAPT::AutoRemove::RecommendsImportant \"0\";\n");
	LOOK(h, "unneeded-packages", DW_HOST_FAILS,
	     "/var/lib/dpkg/status:26 old: 2 was installed for another package, and nothing needs "
	     "it any more | "
	     "/var/lib/dpkg/status:32 rec: 2 was installed for another package, and nothing needs "
	     "it any more | "
	     "/var/lib/dpkg/status:37 sug: 2 was installed for another package, and nothing needs "
	     "it any more | "
	     "/var/lib/dpkg/status:42 ring1: 2 was installed for another package, and nothing "
	     "needs it any more | "
	     "/var/lib/dpkg/status:48 ring2: 2 was installed for another package, and nothing "
	     "needs it any more");
	host_free(h);
}

/* The check with a policy, and what a fix that may remove packages would do and leave. */
static void role(struct host *h, const char *id, const char *name, bool remove,
		 enum dw_host_outcome o, const char *evidence, const char *want)
{
	const char *roles[] = { name }, *ids[] = { id };
	const struct dw_policy p = { .roles = roles, .n_roles = 1 };
	struct checked c = { .a = dw_arena_new() };
	struct dw_host_request q = { .policy = &p,
				     .knowledge = dw_knowledge_builtin(),
				     .checks = ids,
				     .n_checks = 1,
				     .remove = remove };

	DW_CHECK(dw_sys_open_fake(h->dir, &c.sys, NULL) == 0);
	q.sys = c.sys;
	DW_CHECK(dw_host_look(&q, c.a, &c.all, NULL) == 0);
	c.r = c.all.v;
	DW_CHECK(c.r->outcome == o);
	DW_CHECK_STR(seen(&c), evidence);
	DW_CHECK_STR(changes(&c), want);
	if (o == DW_HOST_FAILS && !*want)
		DW_CHECK(c.r->held.n > 0);
	checked_free(&c);
}

#define GCC                                                                                        \
	"/var/lib/dpkg/status:1 gcc-12: it compiles programs, which is not what a web-server is "  \
	"for"
#define NMAP                                                                                       \
	"/var/lib/dpkg/status:6 nmap: it scans, or guesses passwords, which is not what a "        \
	"web-server is for"

DW_TEST(packages_go_on_request)
{
	struct host *h = host_new();

	LOOK(h, "server-software", DW_HOST_NOT_APPLICABLE, "");
	host_file(h, "/var/lib/dpkg/status", 0644,
		  PACKAGE("gcc-12", "") PACKAGE("nmap", "") PACKAGE("gcc-12-base", ""));
	role(h, "server-software", "development", true, DW_HOST_FAILS,
	     "/var/lib/dpkg/status:6 nmap: it scans, or guesses passwords, which is not what a "
	     "development is for",
	     "package:nmap=removed");
	role(h, "server-software", "web-server", false, DW_HOST_FAILS, GCC " | " NMAP, "");
	role(h, "server-software", "web-server", true, DW_HOST_FAILS, GCC " | " NMAP,
	     "package:gcc-12 nmap=removed removed");
	/* what somebody asked for needs it */
	host_file(h, "/var/lib/dpkg/status", 0644,
		  PACKAGE("gcc-12", "") PACKAGE("dkms", "Depends: gcc-12\n"));
	role(h, "server-software", "web-server", true, DW_HOST_FAILS, GCC, "");
	host_file(h, "/var/lib/dpkg/status", 0644, packages);
	role(h, "server-software", "web-server", true, DW_HOST_OK, "", "");
	host_file(h, "/var/lib/apt/extended_states", 0644, AUTO("ring1") AUTO("ring2"));
	role(h, "unneeded-packages", "minimal", true, DW_HOST_FAILS,
	     "/var/lib/dpkg/status:42 ring1: 2 was installed for another package, and nothing "
	     "needs it any more | "
	     "/var/lib/dpkg/status:48 ring2: 2 was installed for another package, and nothing "
	     "needs it any more",
	     "package:ring1 ring2=removed removed");
	host_free(h);
}

DW_TEST_MAIN
