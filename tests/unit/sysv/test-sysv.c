/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "dw_str.h"
#include "dw_test.h"
#include "hosts.h"
#include "registry.h"

DW_TEST(pidfile_names_it)
{
	struct host *h = host_sysv();
	struct dw_starter k;

	host_file(h, "/run/food.pid", 0644, "100\n");
	host_process(h,
		     &(struct host_process){
			     .pid = 100, .ppid = 1, .exe = "/usr/sbin/food", .argv = { "food" } });
	/* the worker: same program, own session, as postgres' and nginx's are */
	host_process(
		h, &(struct host_process){
			   .pid = 101, .ppid = 100, .exe = "/usr/sbin/food", .argv = { "food" } });
	/* what a person runs through the daemon, as in an ssh session */
	host_process(h, &(struct host_process){ .pid = 102,
						.ppid = 100,
						.exe = "/usr/sbin/food",
						.argv = { "food" },
						.login = "0" });
	host_process(h, &(struct host_process){
				.pid = 103, .ppid = 100, .exe = "/usr/bin/nc", .argv = { "nc" } });
	host_load(h, &dw_starter_sysv, "sysvinit", true);
	DW_CHECK_INT(h->loaded, 0);
	k = host_claim(h, 100);
	DW_CHECK_INT(k.kind, DW_STARTER_SYSV);
	DW_CHECK_STR(k.id, "foo");
	DW_CHECK_STR(k.source, "/etc/init.d/foo:3");
	DW_CHECK_INT(k.enabled, DW_YES);
	DW_CHECK_INT(k.restarts, DW_NO);
	DW_CHECK_INT(k.confidence, DW_CONFIDENCE_CERTAIN);
	DW_CHECK_STR(k.evidence, "/run/food.pid, which the script names, holds its pid 100");
	DW_CHECK_STR(host_claim(h, 101).id, "foo");
	DW_CHECK_INT(host_claim(h, 102).confidence == DW_CONFIDENCE_CERTAIN, 0);
	DW_CHECK_INT(host_claim(h, 103).kind, DW_STARTER_UNKNOWN);
	DW_CHECK(host_sleeper(h, "foo") == NULL); /* it runs */
	host_free(h);
}

/* A watch asks for the processes of one event after another, and a pid may be another's by then. */
DW_TEST(a_pid_that_was_given_out_again)
{
	struct host *h = host_sysv();
	_cleanup_arena_ struct dw_arena *later = dw_arena_new();
	struct dw_procs *before;

	host_process(h,
		     &(struct host_process){
			     .pid = 100, .ppid = 1, .exe = "/usr/sbin/food", .argv = { "food" } });
	host_process(h, &(struct host_process){
				.pid = 103, .ppid = 1, .exe = "/usr/bin/nc", .argv = { "nc" } });
	host_load(h, &dw_starter_sysv, "sysvinit", true);
	DW_CHECK_STR(host_claim(h, 100).id, "foo");
	DW_CHECK_INT(host_claim(h, 103).kind, DW_STARTER_UNKNOWN);
	before = h->s.procs;
	h->ops->forget(&h->s, h->state);
	h->s.procs = dw_procs_new(h->sys, later);
	dw_procs_seed(h->s.procs, &(struct dw_procinfo){ .pid = 103,
							 .ppid = 1,
							 .sid = 103,
							 .comm = "food",
							 .exe = "/usr/sbin/food",
							 .loginuid = UINT32_MAX });
	DW_CHECK_STR(host_claim(h, 103).id, "foo");
	dw_procs_close(h->s.procs);
	h->s.procs = before;
	host_free(h);
}

/* The pid file is the script's word: a second food, by hand, is not the script's. */
DW_TEST(another_one_by_hand)
{
	struct host *h = host_sysv();

	host_file(h, "/run/food.pid", 0644, "100\n");
	host_process(h,
		     &(struct host_process){
			     .pid = 100, .ppid = 1, .exe = "/usr/sbin/food", .argv = { "food" } });
	host_process(h, &(struct host_process){ .pid = 200,
						.ppid = 1,
						.exe = "/usr/sbin/food",
						.argv = { "food", "-p", "2222" } });
	host_load(h, &dw_starter_sysv, "sysvinit", true);
	DW_CHECK_INT(host_claim(h, 200).kind, DW_STARTER_UNKNOWN);
	DW_CHECK_INT(host_claim(h, 100).kind, DW_STARTER_SYSV);
	host_free(h);
}

DW_TEST(by_environment)
{
	struct host *h = host_sysv();
	struct dw_starter k;

	host_process(h, &(struct host_process){ .pid = 100,
						.ppid = 1,
						.exe = "/usr/sbin/food",
						.argv = { "food" },
						.env = { BOOT_ENV } });
	host_process(h,
		     &(struct host_process){
			     .pid = 101, .ppid = 1, .exe = "/usr/sbin/food", .argv = { "food" } });
	host_process(h, &(struct host_process){ .pid = 102,
						.ppid = 1,
						.exe = "/usr/sbin/food",
						.argv = { "food" },
						.env = { SSH_ENV, "_=/etc/init.d/foo" },
						.login = "0" });
	host_process(h, &(struct host_process){ .pid = 103,
						.ppid = 1,
						.exe = "/usr/bin/other",
						.argv = { "other" },
						.env = { BOOT_ENV } });
	host_load(h, &dw_starter_sysv, "sysvinit", true);
	DW_CHECK_INT(host_claim(h, 100).confidence, DW_CONFIDENCE_CERTAIN);
	DW_CHECK_INT(host_claim(h, 101).confidence, DW_CONFIDENCE_LIKELY);
	k = host_claim(h, 102);
	DW_CHECK_INT(k.confidence, DW_CONFIDENCE_CERTAIN);
	DW_CHECK(k.also && strstr(k.also, "by hand") && strstr(k.also, "10.9.0.1"));
	DW_CHECK(k.evidence && strstr(k.evidence, "by hand"));
	DW_CHECK_INT(host_claim(h, 103).kind, DW_STARTER_UNKNOWN);
	host_free(h);
}

/* A number that was used again: the process began hours after the file was written. */
DW_TEST(stale_pidfile)
{
	struct host *h = host_sysv();
	char path[128];
	struct timespec then[2] = { { .tv_sec = 1699990000 }, { .tv_sec = 1699990000 } };

	host_file(h, "/run/food.pid", 0644, "90000\n");
	(void)snprintf(path, sizeof(path), "%s/root/run/food.pid", h->dir);
	DW_CHECK_INT(utimensat(AT_FDCWD, path, then, 0), 0);
	host_process(h,
		     &(struct host_process){
			     .pid = 90000, .ppid = 1, .exe = "/usr/bin/other", .argv = { "o" } });
	host_load(h, &dw_starter_sysv, "sysvinit", true);
	DW_CHECK_INT(host_claim(h, 90000).kind, DW_STARTER_UNKNOWN);
	host_free(h);
}

DW_TEST(interpreted_daemon)
{
	struct host *h = host_sysv();

	host_file(h, "/usr/local/sbin/labd", 0755, "#!/usr/bin/python3\nimport socket\n");
	host_script(
		h, "lab",
		"#!/bin/sh\nstart-stop-daemon --start --background --startas /usr/local/sbin/labd "
		"-- 8201\n");
	host_process(h, &(struct host_process){
				.pid = 100,
				.ppid = 1,
				.exe = "/usr/bin/python3.11",
				.argv = { "/usr/bin/python3", "/usr/local/sbin/labd", "8201" },
				.env = { BOOT_ENV } });
	host_process(
		h, &(struct host_process){ .pid = 101,
					   .ppid = 1,
					   .exe = "/usr/bin/python3.11",
					   .argv = { "/usr/bin/python3", "/usr/local/sbin/otherd" },
					   .env = { BOOT_ENV } });
	host_process(h, &(struct host_process){ .pid = 102,
						.ppid = 1,
						.exe = "/usr/bin/vi",
						.argv = { "vi", "/usr/local/sbin/labd" },
						.env = { BOOT_ENV } });
	host_load(h, &dw_starter_sysv, "sysvinit", true);
	DW_CHECK_STR(host_claim(h, 100).id, "lab");
	DW_CHECK_INT(host_claim(h, 100).enabled, DW_NO); /* no link */
	DW_CHECK_INT(host_claim(h, 101).kind, DW_STARTER_UNKNOWN);
	DW_CHECK_INT(host_claim(h, 102).kind, DW_STARTER_UNKNOWN);
	host_free(h);
}

/* S link and makefile: startpar runs only what insserv(8) wrote down; and what lies in rc2.d is no script. */
DW_TEST(enabled_under_startpar)
{
	struct host *h = host_sysv();

	host_file(h, "/lib/startpar/startpar", 0755, "\177ELF");
	host_file(h, "/etc/init.d/.depend.start", 0644, "TARGETS = foo other\nINTERACTIVE =\n");
	host_file(h, "/usr/sbin/bard", 0755, "#!/bin/sh\n");
	host_file(h, "/usr/sbin/bazd", 0755, "#!/bin/sh\n");
	host_script(h, "bar", "DAEMON=/usr/sbin/bard\n");
	host_script(h, "baz", "DAEMON=/usr/sbin/bazd\n");
	host_link_script(h, "/etc/rc2.d/S02bar", "bar");
	host_link_script(h, "/etc/rc2.d/K01baz", "baz");
	host_link_script(h, "/etc/rc3.d/S01baz", "baz");
	host_load(h, &dw_starter_sysv, "sysvinit", true);
	DW_CHECK(host_sleeper(h, "foo") != NULL);
	DW_CHECK_STR(host_sleeper(h, "foo") ? host_sleeper(h, "foo")->program : NULL, "/sbin/food");
	DW_CHECK(host_sleeper(h, "bar") == NULL);
	DW_CHECK(host_sleeper(h, "baz") == NULL);
	host_free(h);
}

DW_TEST(offline)
{
	struct host *h = host_sysv();

	host_script(h, "nodaemon", "DAEMON=/usr/sbin/not-installed\n");
	host_link_script(h, "/etc/rc2.d/S02nodaemon", "nodaemon");
	host_load(h, &dw_starter_sysv, NULL, false);
	DW_CHECK_INT(h->loaded, 0);
	DW_CHECK(host_sleeper(h, "foo") != NULL);
	DW_CHECK(host_sleeper(h, "nodaemon") == NULL);
	host_free(h);
}

DW_TEST(not_under_systemd)
{
	struct host *h = host_sysv();

	host_load(h, &dw_starter_sysv, "systemd", true);
	DW_CHECK_INT(h->loaded, -ENOENT);
	host_free(h);
}

DW_TEST(inittab)
{
	struct host *h = host_sysv();
	struct dw_starter k;

	host_process(h, &(struct host_process){ .pid = 100,
						.ppid = 1,
						.exe = "/usr/bin/python3.11",
						.argv = { "/usr/bin/python3",
							  "/usr/local/sbin/itabd", "tcp", "8210" },
						.env = { "RUNLEVEL=2" } });
	host_process(h, &(struct host_process){
				.pid = 101,
				.ppid = 1,
				.exe = "/usr/bin/python3.11",
				.argv = { "/usr/bin/python3", "/usr/local/sbin/itabd", "udp", "1" },
				.env = { SSH_ENV } });
	host_process(h,
		     &(struct host_process){ .pid = 102,
					     .ppid = 7,
					     .exe = "/usr/bin/python3.11",
					     .argv = { "/usr/bin/python3", "/usr/local/sbin/itabd",
						       "tcp", "8210" } });
	host_load(h, &dw_starter_inittab, "sysvinit", true);
	k = host_claim(h, 100);
	DW_CHECK_INT(k.kind, DW_STARTER_INITTAB);
	DW_CHECK_STR(k.id, "dw");
	DW_CHECK_STR(k.source, "/etc/inittab:3");
	DW_CHECK_INT(k.restarts, DW_YES);
	DW_CHECK_INT(k.enabled, DW_YES);
	DW_CHECK_INT(k.confidence, DW_CONFIDENCE_CERTAIN);
	DW_CHECK_INT(host_claim(h, 101).kind, DW_STARTER_UNKNOWN);
	DW_CHECK_INT(host_claim(h, 102).kind, DW_STARTER_UNKNOWN);
	DW_CHECK(host_sleeper(h, "dw") == NULL);
	DW_CHECK(host_sleeper(h, "off") == NULL);
	host_free(h);
	h = host_sysv();
	host_load(h, &dw_starter_inittab, NULL, false);
	DW_CHECK(host_sleeper(h, "dw") != NULL);
	DW_CHECK(host_sleeper(h, "off") == NULL); /* runlevels 4 and 5 */
	DW_CHECK(host_sleeper(h, "l2") == NULL);
	host_free(h);
}

DW_TEST(jailed_daemon)
{
	struct host *h = host_sysv();

	host_file(h, "/usr/bin/busybox", 0755, "\177ELF");
	host_file(h, "/srv/jail/bin/busybox", 0755, "\177ELF");
	host_link(h, "/srv/jail/bin/httpd", "/bin/busybox");
	host_script(h, "jail",
		    "#!/bin/sh\nstart-stop-daemon --start --chroot /srv/jail --exec /bin/httpd -- "
		    "8453\n");
	host_link_script(h, "/etc/rc2.d/S01jail", "jail");
	host_process(h, &(struct host_process){ .pid = 100,
						.ppid = 1,
						.exe = "/srv/jail/bin/busybox",
						.argv = { "/bin/httpd", "8453" },
						.env = { BOOT_ENV } });
	host_process(h, &(struct host_process){ .pid = 101,
						.ppid = 1,
						.exe = "/usr/bin/busybox",
						.argv = { "/bin/httpd", "8453" },
						.env = { BOOT_ENV } });
	host_load(h, &dw_starter_sysv, "sysvinit", true);
	DW_CHECK_STR(host_claim(h, 100).id, "jail");
	DW_CHECK_STR(host_claim(h, 100).source, "/etc/init.d/jail:2");
	DW_CHECK_INT(host_claim(h, 100).confidence, DW_CONFIDENCE_CERTAIN);
	DW_CHECK_INT(host_claim(h, 101).kind, DW_STARTER_UNKNOWN); /* ours, not the jail's */
	DW_CHECK(host_sleeper(h, "jail") == NULL);
	host_free(h);
}

/* A waited-for script leaves its daemon to init: only init's own environment tells whose it is. */
DW_TEST(inittab_script_leaves_a_daemon)
{
	static const char *const env[][3] = { { "RUNLEVEL=2" },
					      { "RUNLEVEL=2", "runlevel=2" },
					      { "HOME=/root" } };
	struct host *h = host_sysv();
	struct dw_starter k;

	host_file(
		h, "/etc/inittab", 0644,
		"id:2:initdefault:\nlw:2345:wait:/opt/boot-wait\nly:2:once:sh /opt/boot-once x\n");
	host_file(h, "/opt/boot-wait", 0755, "#!/bin/sh\n/usr/local/sbin/itabd tcp 8403 daemon\n");
	host_file(h, "/opt/boot-once", 0644, "/usr/local/sbin/offitabd &\n");
	for (int i = 0; i < 3; i++)
		host_process(h, &(struct host_process){ .pid = 100 + i,
							.ppid = 1,
							.sid = 99,
							.exe = "/usr/bin/python3.11",
							.argv = { "/usr/bin/python3",
								  "/usr/local/sbin/itabd", "tcp",
								  "8403", "daemon" },
							.env = { env[i][0], env[i][1] } });
	host_process(h, &(struct host_process){
				.pid = 110,
				.ppid = 1,
				.exe = "/usr/bin/python3.11",
				.argv = { "/usr/bin/python3", "/usr/local/sbin/offitabd" },
				.env = { "RUNLEVEL=2" } });
	host_load(h, &dw_starter_inittab, "sysvinit", true);
	k = host_claim(h, 100);
	DW_CHECK_STR(k.id, "lw");
	DW_CHECK_STR(k.source, "/etc/inittab:2");
	DW_CHECK_INT(k.enabled, DW_YES);
	DW_CHECK_INT(k.confidence, DW_CONFIDENCE_LIKELY);
	DW_CHECK(k.evidence && strstr(k.evidence, "/opt/boot-wait"));
	DW_CHECK_INT(host_claim(h, 101).kind, DW_STARTER_UNKNOWN); /* an init script's */
	DW_CHECK_INT(host_claim(h, 102).kind, DW_STARTER_UNKNOWN);
	DW_CHECK_STR(host_claim(h, 110).source, "/etc/inittab:3");
	host_free(h);
}

/* --- damage --------------------------------------------------------------------------------------- */

DW_TEST(damaged_files)
{
	struct host *h = host_sysv();
	bool noted = false;

	host_file(h, "/etc/inittab", 0644, "id:2:initdefault:\nnonsense\n");
	host_script(h, "binary", "\177ELF\001\002\003 $( ${ ` \" ' \\");
	host_link(h, "/etc/init.d/loop", "loop");
	host_file(h, "/run/food.pid", 0644, "99999999999999999999\n");
	host_load(h, &dw_starter_inittab, "sysvinit", true);
	for (size_t i = 0; i < h->facts->incomplete.n; i++)
		noted = noted || (dw_streq(h->facts->incomplete.v[i].what, "bad-line") &&
				  h->facts->incomplete.v[i].line == 2);
	DW_CHECK(noted);
	h->ops = &dw_starter_sysv;
	h->loaded = h->ops->load(&h->s, &h->state, NULL);
	DW_CHECK_INT(h->loaded, 0);
	DW_CHECK_INT(h->ops->list(&h->s, h->state, NULL), 0);
	host_free(h);
}

/* Every fallible call fails once, while loading, claiming and listing. */
DW_TEST(faults)
{
	static const struct dw_starter_ops *const ops[] = { &dw_starter_sysv, &dw_starter_openrc,
							    &dw_starter_inittab };
	struct host *h = host_openrc();
	unsigned done = 0;

	host_process(h,
		     &(struct host_process){
			     .pid = 100, .ppid = 1, .exe = "/usr/sbin/food", .argv = { "food" } });
	host_load(h, &dw_starter_sysv, "sysvinit", true);
	for (size_t i = 0; i < DW_ARRAY_SIZE(ops); i++) {
		for (unsigned at = 1; at < 200; at++, done++) {
			struct dw_facts *f = dw_facts_new();
			struct dw_starters s = {
				.sys = h->sys, .facts = f, .arena = f->arena, .init = "sysvinit"
			};
			struct dw_starter k = { 0 };
			struct dw_error e = { 0 };
			void *state = NULL;

			s.procs = dw_procs_new(h->sys, f->arena);
			dw_sys_fail_at(h->sys, at, EACCES);
			if (ops[i]->load(&s, &state, &e) == 0) {
				struct dw_claim c = { .process = dw_procs_get(s.procs, 100) };

				(void)ops[i]->claim(&s, state, &c, &k);
				(void)ops[i]->list(&s, state, &e);
				if (ops[i]->unload)
					ops[i]->unload(&s, state);
			}
			dw_sys_fail_at(h->sys, 0, 0);
			dw_procs_close(s.procs);
			dw_facts_free(f);
		}
	}
	DW_CHECK_INT(done, 3 * 199);
	host_free(h);
}

DW_TEST_MAIN
