/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "world.h"

#define PY .exe = "/usr/bin/python3.11"

static const struct world_process lab_processes[] = {
	{ .pid = 1, .argv = { "init" }, .exe = "/usr/sbin/init" },
	{ .pid = 94,
	  .ppid = 1,
	  .exe = "/usr/sbin/atd",
	  .argv = { "/usr/sbin/atd", "-f" },
	  .cgroup = "/system.slice/atd.service" },
	{ .pid = 420, .ppid = 94, .exe = "/usr/sbin/atd", .argv = { "/usr/sbin/atd", "-f" } },
	{ .pid = 421,
	  .ppid = 420,
	  PY,
	  .argv = { "/usr/bin/python3", "/usr/local/sbin/atd1", "tcp" },
	  .cgroup = "/system.slice/atd.service",
	  .env = { "SSH_CLIENT=10.9.0.1 51099 22" },
	  .fd0 = "/var/spool/cron/atjobs/a0000101c89335 (deleted)" },
	{ .pid = 422,
	  .ppid = 1,
	  PY,
	  .argv = { "/usr/bin/python3", "/usr/local/sbin/atd2" },
	  .fd0 = "/var/spool/cron/atspool/a0000201c89335" },
	{ .pid = 423, .ppid = 1, PY, .argv = { "/usr/bin/python3", "/usr/local/sbin/atd2" } },
	{ .pid = 70,
	  .ppid = 1,
	  PY,
	  .argv = { "/usr/bin/python3", "/usr/local/sbin/rclocald", "tcp", "8102" },
	  .cgroup = "/system.slice/rc-local.service" },
	{ .pid = 918,
	  .ppid = 1,
	  PY,
	  .argv = { "/usr/bin/python3", "/usr/local/sbin/rclocald", "tcp", "8102" },
	  .env = { "RUNLEVEL=2", "PREVLEVEL=N" } },
	{ .pid = 919,
	  .ppid = 1,
	  PY,
	  .argv = { "/usr/bin/python3", "/usr/local/sbin/other", "tcp", "8102" },
	  .env = { "RUNLEVEL=2", "PREVLEVEL=N" } },
	{ .pid = 920,
	  .ppid = 1,
	  PY,
	  .argv = { "/usr/bin/python3", "/usr/local/sbin/rclocald", "tcp", "8102" },
	  .env = { "SSH_CONNECTION=1 2 3 4" } },
	{ .pid = 921,
	  .ppid = 1,
	  PY,
	  .argv = { "/usr/bin/python3", "/usr/local/sbin/rclocald", "tcp", "8102" },
	  .env = { "RC_SVCNAME=rc.local" } },
	{ .pid = 922,
	  .ppid = 1,
	  PY,
	  .argv = { "/usr/bin/python3", "/usr/local/sbin/rclocald", "tcp", "8102" },
	  .env = { "RC_SVCNAME=labd" } },
	{ .pid = 923,
	  .ppid = 1,
	  .exe = "/usr/bin/dash",
	  .argv = { "/bin/sh", "/etc/rc.local", "start" } },
	{ .pid = 924, .ppid = 923, .exe = "/opt/unnamed", .argv = { "unnamed" } },
	{ .pid = 925,
	  .ppid = 1,
	  PY,
	  .argv = { "/usr/bin/python3", "/usr/local/sbin/rclocald", "tcp", "9" } },
};

static struct world lab(void)
{
	struct world w = world_new();

	for (size_t i = 0; i < DW_ARRAY_SIZE(lab_processes); i++)
		world_process(&w, &lab_processes[i]);
	world_file(&w, "/var/spool/cron/atjobs/=0000101c89335",
		   "#!/bin/sh\numask 22\n"
		   "exec /usr/local/sbin/atd1 tcp\n");
	world_file(&w, "/etc/rc.local",
		   "#!/bin/sh\n# what the vendor told us to do\n"
		   "/usr/local/sbin/rclocald tcp 8102 &\nexit 0\n");
	return w;
}

static struct dw_starter ask(struct world *w, const struct dw_starter_ops *ops, int pid)
{
	return world_claim(w, ops, pid, world_at(DW_PROTOCOL_TCP, DW_FAMILY_IPV4, "0.0.0.0", 1));
}

DW_TEST(jobs_of_at)
{
	struct world w = lab();
	struct dw_starter got;

	DW_CHECK_INT(world_load(&w, &dw_starter_at, "systemd", NULL), 0);
	got = ask(&w, &dw_starter_at, 421);
	DW_CHECK_INT(got.kind, DW_STARTER_AT);
	DW_CHECK_STR(got.id, "/var/spool/cron/atjobs/a0000101c89335");
	DW_CHECK_STR(got.source, "/var/spool/cron/atjobs/=0000101c89335:3");
	DW_CHECK_INT(got.confidence, DW_CONFIDENCE_CERTAIN);
	DW_CHECK_INT(got.enabled, DW_NO);
	got = ask(&w, &dw_starter_at, 422);
	DW_CHECK_STR(got.id, "/var/spool/cron/atjobs/a0000201c89335");
	DW_CHECK_INT(got.confidence, DW_CONFIDENCE_LIKELY);
	DW_CHECK_INT(ask(&w, &dw_starter_at, 423).kind, DW_STARTER_UNKNOWN);
	DW_CHECK_INT(ask(&w, &dw_starter_at, 94).kind, DW_STARTER_UNKNOWN);
	DW_CHECK_INT(ask(&w, &dw_starter_at, 70).kind, DW_STARTER_UNKNOWN);
	world_free(&w);
}

static void rclocal(struct world *w, int pid, const char *source, enum dw_confidence confidence)
{
	struct dw_starter got = ask(w, &dw_starter_rclocal, pid);

	DW_CHECK_INT(got.kind, source ? DW_STARTER_RC_LOCAL : DW_STARTER_UNKNOWN);
	DW_CHECK_STR(got.id, source ? "rc.local" : NULL);
	DW_CHECK_STR(got.source, source);
	DW_CHECK_INT(got.confidence, confidence);
}

DW_TEST(rc_local)
{
	struct world w = lab();

	DW_CHECK_INT(world_load(&w, &dw_starter_rclocal, "systemd", NULL), 0);
	rclocal(&w, 70, "/etc/rc.local:3", DW_CONFIDENCE_CERTAIN);
	rclocal(&w, 918, "/etc/rc.local:3", DW_CONFIDENCE_LIKELY);
	rclocal(&w, 919, NULL, 0);
	rclocal(&w, 920, NULL, 0);
	rclocal(&w, 921, "/etc/rc.local:3", DW_CONFIDENCE_CERTAIN);
	rclocal(&w, 922, NULL, 0);
	rclocal(&w, 924, "/etc/rc.local", DW_CONFIDENCE_CERTAIN);
	rclocal(&w, 925, NULL, 0);
	DW_CHECK_INT(ask(&w, &dw_starter_rclocal, 70).enabled, DW_YES);
	world_free(&w);
}

DW_TEST(a_file_that_is_not_executable_does_not_run_again)
{
	struct world w = lab();

	world_write(&w, "root/etc/rc.local", "/usr/local/sbin/rclocald tcp 8102 &\n", 36, 0644);
	DW_CHECK_INT(world_load(&w, &dw_starter_rclocal, "systemd", NULL), 0);
	DW_CHECK_INT(ask(&w, &dw_starter_rclocal, 70).enabled, DW_NO);
	world_free(&w);
}

DW_TEST_MAIN
