/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "dw_str.h"
#include "dw_test.h"
#include "hosts.h"
#include "registry.h"

DW_TEST(openrc_claims)
{
	struct host *h = host_openrc();
	struct dw_starter k;

	host_file(h, "/run/openrc/started/foo", 0644, "");
	host_process(h, &(struct host_process){ .pid = 100,
						.ppid = 1,
						.exe = "/usr/sbin/busd",
						.argv = { "busd" },
						.env = { "RC_SVCNAME=bus" } });
	host_process(h,
		     &(struct host_process){
			     .pid = 101, .ppid = 1, .exe = "/usr/sbin/food", .argv = { "food" } });
	host_process(h, &(struct host_process){ .pid = 110,
						.ppid = 1,
						.exe = "/usr/sbin/supervise-daemon",
						.argv = { "supervise-daemon", "sup", "--start",
							  "/usr/sbin/supd" } });
	host_process(
		h, &(struct host_process){
			   .pid = 111, .ppid = 110, .exe = "/usr/sbin/supd", .argv = { "supd" } });
	host_process(h, &(struct host_process){ .pid = 120,
						.ppid = 1,
						.exe = "/usr/sbin/locald",
						.argv = { "locald" },
						.env = { "RC_SVCNAME=rc.local" } });
	host_load(h, &dw_starter_openrc, "sysvinit", true);
	DW_CHECK_INT(h->loaded, 0);
	k = host_claim(h, 100);
	DW_CHECK_INT(k.kind, DW_STARTER_OPENRC);
	DW_CHECK_STR(k.id, "bus");
	DW_CHECK_STR(k.source, "/etc/init.d/bus:2");
	DW_CHECK_INT(k.enabled, DW_YES); /* late needs it */
	DW_CHECK_INT(k.restarts, DW_NO);
	k = host_claim(h, 101); /* its environment is gone, as sshd's and nginx's are */
	DW_CHECK_STR(k.id, "foo");
	DW_CHECK_INT(k.confidence, DW_CONFIDENCE_CERTAIN);
	k = host_claim(h, 111);
	DW_CHECK_STR(k.id, "sup");
	DW_CHECK_INT(k.restarts, DW_YES);
	DW_CHECK_INT(k.enabled, DW_NO); /* in a runlevel that is not entered */
	DW_CHECK_INT(host_claim(h, 120).kind, DW_STARTER_UNKNOWN);
	host_free(h);
}

DW_TEST(openrc_sleepers)
{
	struct host *h = host_openrc();

	host_load(h, &dw_starter_openrc, NULL, false);
	DW_CHECK_INT(h->loaded, 0);
	DW_CHECK(host_sleeper(h, "late") != NULL);
	DW_CHECK(host_sleeper(h, "bus") != NULL);
	DW_CHECK(host_sleeper(h, "foo") != NULL);
	DW_CHECK(host_sleeper(h, "early") == NULL);
	DW_CHECK(host_sleeper(h, "sup") == NULL);
	host_free(h);
	h = host_openrc(); /* and the SysV starter keeps quiet there */
	host_load(h, &dw_starter_sysv, NULL, false);
	DW_CHECK_INT(h->loaded, -ENOENT);
	host_free(h);
}

/* --- runit ---------------------------------------------------------------------------------------- */

static struct host *runit_host(void)
{
	struct host *h = host_new();

	host_file(h, "/usr/bin/runsvdir", 0755, "\177ELF");
	host_file(h, "/usr/sbin/runit-init", 0755, "\177ELF");
	host_link(h, "/sbin", "usr/sbin");
	host_link(h, "/usr/sbin/init", "runit-init");
	for (const char *const *d = (const char *const[]){ "a", "down", "unlinked", NULL }; *d;
	     d++) {
		char path[64], text[128];

		(void)snprintf(path, sizeof(path), "/etc/sv/%s/run", *d);
		(void)snprintf(text, sizeof(text),
			       "#!/bin/sh\nexec 2>&1\nexec chpst -u nobody %sd -f\n", *d);
		host_file(h, path, 0755, text);
		(void)snprintf(path, sizeof(path), "/usr/sbin/%sd", *d);
		host_file(h, path, 0755, "#!/bin/sh\n");
	}
	host_file(h, "/etc/sv/down/down", 0644, "");
	host_link(h, "/etc/service/a", "/etc/sv/a");
	host_link(h, "/etc/service/down", "/etc/sv/down");
	return h;
}

DW_TEST(runit_claims)
{
	struct host *h = runit_host();
	struct dw_starter k;

	host_process(h, &(struct host_process){ .pid = 10,
						.ppid = 1,
						.exe = "/usr/bin/runsvdir",
						.argv = { "runsvdir" } });
	host_process(h, &(struct host_process){ .pid = 20,
						.ppid = 10,
						.exe = "/usr/bin/runsv",
						.argv = { "runsv", "a" } });
	host_process(h, &(struct host_process){ .pid = 21,
						.ppid = 20,
						.sid = 20,
						.exe = "/usr/sbin/ad",
						.argv = { "ad" } });
	host_process(h, &(struct host_process){ .pid = 30,
						.ppid = 10,
						.exe = "/usr/bin/runsv",
						.argv = { "runsv", "down" } });
	host_process(h, &(struct host_process){
				.pid = 31, .ppid = 30, .exe = "/usr/sbin/downd", .argv = { "d" } });
	/* a login through the service is not the service */
	host_process(h, &(struct host_process){ .pid = 40,
						.ppid = 21,
						.exe = "/usr/bin/bash",
						.argv = { "bash" },
						.login = "0" });
	host_load(h, &dw_starter_runit, "runit", true);
	k = host_claim(h, 21);
	DW_CHECK_INT(k.kind, DW_STARTER_RUNIT);
	DW_CHECK_STR(k.id, "a");
	DW_CHECK_STR(k.source, "/etc/sv/a/run:3");
	DW_CHECK_INT(k.enabled, DW_YES);
	DW_CHECK_INT(k.restarts, DW_YES);
	DW_CHECK_INT(k.confidence, DW_CONFIDENCE_CERTAIN);
	k = host_claim(h, 31);
	DW_CHECK_STR(k.id, "down");
	DW_CHECK_INT(k.enabled, DW_NO);
	DW_CHECK_INT(host_claim(h, 40).kind, DW_STARTER_UNKNOWN);
	host_free(h);
}

DW_TEST(runit_sleepers)
{
	struct host *h = runit_host();

	host_load(h, &dw_starter_runit, NULL, false);
	DW_CHECK(host_sleeper(h, "a") != NULL);
	DW_CHECK_STR(host_sleeper(h, "a") ? host_sleeper(h, "a")->program : NULL, "/usr/sbin/ad");
	DW_CHECK(host_sleeper(h, "down") == NULL);
	DW_CHECK(host_sleeper(h, "unlinked") == NULL);
	host_free(h);
}

/* daemontools-run under systemd: supervise has no file pid, its status is of 18 bytes. */
DW_TEST(daemontools_sleepers)
{
	struct host *h = host_new();
	int pid = 0x01010101; /* so that its bytes are no NUL */

	host_file(h, "/usr/bin/svscan", 0755, "\177ELF");
	host_file(h, "/usr/sbin/ad", 0755, "#!/bin/sh\n");
	host_file(h, "/etc/service/a/run", 0755, "#!/bin/sh\nexec /usr/sbin/ad -f\n");
	host_file(h, "/etc/service/a/supervise/status", 0600, "TAI64N-LABEL\1\1\1\1Xu");
	host_file(h, "/etc/service/b/run", 0755, "#!/bin/sh\nexec /usr/sbin/ad -g\n");
	/* openssh-server's, for a runit that is not here */
	host_file(h, "/etc/sv/ssh/run", 0755, "#!/bin/sh\nexec /usr/sbin/ad -h\n");
	host_link(h, "/etc/runit/runsvdir/default/ssh", "/etc/sv/ssh");
	host_process(
		h, &(struct host_process){
			   .pid = 10, .ppid = 1, .exe = "/usr/bin/svscan", .argv = { "svscan" } });
	host_process(h, &(struct host_process){ .pid = 20,
						.ppid = 10,
						.exe = "/usr/bin/supervise",
						.argv = { "supervise", "a" } });
	host_process(h, &(struct host_process){ .pid = pid,
						.ppid = 20,
						.exe = "/usr/sbin/ad",
						.argv = { "/usr/sbin/ad", "-f" } });
	host_load(h, &dw_starter_runit, "systemd", true);
	DW_CHECK_STR(host_claim(h, pid).id, "a");
	DW_CHECK(host_sleeper(h, "a") == NULL);
	DW_CHECK(host_sleeper(h, "b") != NULL);
	DW_CHECK(host_sleeper(h, "ssh") == NULL);
	host_free(h);
}

/* runit's stage 2 runs rc2.d, but not what /etc/sv has a directory for. */
DW_TEST(runit_runs_rc2)
{
	struct host *h = runit_host();

	host_script(h, "a", "DAEMON=/usr/sbin/ad\n");
	host_script(h, "b", "DAEMON=/usr/sbin/downd\n");
	host_link_script(h, "/etc/rc2.d/S01a", "a");
	host_link_script(h, "/etc/rc2.d/S01b", "b");
	host_load(h, &dw_starter_sysv, NULL, false);
	DW_CHECK(host_sleeper(h, "a") == NULL);
	DW_CHECK(host_sleeper(h, "b") != NULL);
	host_free(h);
}

DW_TEST_MAIN
