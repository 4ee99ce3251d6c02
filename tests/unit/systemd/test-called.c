/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What no boot starts, but the end of another unit or a call over the message bus may. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "dw_str.h"
#include "dw_test.h"
#include "made-host.h"
#include "registry.h"

#define SYSTEM  "/etc/systemd/system/"
#define WANTS   SYSTEM "multi-user.target.wants/"
#define CALLS   "/usr/share/dbus-1/system-services/"
#define PROGRAM "[Service]\nExecStart=/usr/sbin/spared\n"

static void unit(struct host *h, const char *name, const char *text)
{
	char path[128];

	(void)snprintf(path, sizeof(path), SYSTEM "%s", name);
	host_file(h, path, 0644, text);
}

static void process(struct host *h, int pid, const char *name)
{
	char path[64], text[64];

	host_process(h, &(struct host_process){ .pid = pid,
						.ppid = 1,
						.exe = "/usr/sbin/spared",
						.argv = { "/usr/sbin/spared" } });
	(void)snprintf(path, sizeof(path), "/../proc/%d/cgroup", pid);
	(void)snprintf(text, sizeof(text), "0::/system.slice/%s\n", name);
	host_file(h, path, 0644, text);
}

/* guarded.service is enabled, and four others start when something happens to it or to one of them. */
static struct host *host_with_units(void)
{
	struct host *h = host_new();

	unit(h, "default.target", "[Unit]\nWants=multi-user.target\n");
	unit(h, "multi-user.target", "[Unit]\n");
	unit(h, "guarded.service",
	     "[Unit]\nDescription=x\nOnFailure=spare.service "
	     "note@%n.service\nOnSuccess=next.service\n"
	     "[Service]\nExecStart=/usr/sbin/guardedd\n");
	host_link(h, WANTS "guarded.service", "../guarded.service");
	unit(h, "spare.service", "[Unit]\nOnFailure=last.service\n" PROGRAM);
	unit(h, "next.service", PROGRAM);
	unit(h, "last.service", PROGRAM);
	unit(h, "note@.service", "[Service]\nExecStart=/bin/sh /usr/sbin/note\n");
	unit(h, "lonely.service", "[Unit]\nOnFailure=never.service\n" PROGRAM);
	unit(h, "never.service", PROGRAM);
	unit(h, "bell.service", PROGRAM);
	host_file(h, CALLS "org.example.Bell.service", 0644,
		  "[D-BUS Service]\nName=org.example.Bell\nExec=/bin/false\nUser=root\n"
		  "SystemdService=bell.service\n");
	return h;
}

DW_TEST(the_line_of_the_other_unit_is_named)
{
	struct host *h = host_with_units();
	struct dw_starter s;

	process(h, 100, "spare.service");
	process(h, 101, "next.service");
	process(h, 102, "last.service");
	process(h, 103, "never.service");
	process(h, 104, "guarded.service");
	host_load(h, &dw_starter_systemd, "systemd", true);
	s = host_claim(h, 100);
	DW_CHECK_STR(s.id, "spare.service");
	DW_CHECK_INT(s.enabled, DW_UNKNOWN);
	DW_CHECK_INT(s.restarts, DW_NO);
	DW_CHECK(strstr(s.evidence,
			"when guarded.service fails (/etc/systemd/system/guarded.service:3, "
			"OnFailure=)") != NULL);
	s = host_claim(h, 101);
	DW_CHECK_INT(s.enabled, DW_UNKNOWN);
	DW_CHECK(strstr(s.evidence,
			"when guarded.service ends (/etc/systemd/system/guarded.service:4, "
			"OnSuccess=)") != NULL);
	/* through another that starts so itself */
	s = host_claim(h, 102);
	DW_CHECK_INT(s.enabled, DW_UNKNOWN);
	DW_CHECK(strstr(s.evidence, "/etc/systemd/system/spare.service:2") != NULL);
	/* of a unit that nothing starts */
	s = host_claim(h, 103);
	DW_CHECK_INT(s.enabled, DW_NO);
	DW_CHECK(strstr(s.evidence, "OnFailure") == NULL);
	DW_CHECK_INT(host_claim(h, 104).enabled, DW_YES);
	host_free(h);
}

DW_TEST(the_file_of_the_bus_is_named)
{
	struct host *h = host_with_units();
	struct dw_starter s;

	process(h, 100, "bell.service");
	host_load(h, &dw_starter_systemd, "systemd", true);
	s = host_claim(h, 100);
	DW_CHECK_STR(s.id, "bell.service");
	DW_CHECK_INT(s.enabled, DW_UNKNOWN);
	DW_CHECK_INT(s.restarts, DW_YES);
	DW_CHECK_STR(s.also, "D-Bus name org.example.Bell");
	DW_CHECK(strstr(s.evidence,
			"a call of org.example.Bell over D-Bus starts it "
			"(/usr/share/dbus-1/system-services/org.example.Bell.service:5)") != NULL);
	host_free(h);
}

DW_TEST(a_mask_is_the_last_word)
{
	struct host *h = host_with_units();

	host_link(h, "/run/systemd/system/bell.service", "/dev/null");
	unit(h, "spare.service", "");
	process(h, 100, "bell.service");
	process(h, 101, "spare.service");
	process(h, 102, "last.service");
	/* /etc comes first: bell's own file is there; an empty file is a mask, too */
	host_load(h, &dw_starter_systemd, "systemd", true);
	DW_CHECK_INT(host_claim(h, 100).enabled, DW_UNKNOWN);
	DW_CHECK(host_claim(h, 101).enabled != DW_YES);
	DW_CHECK_INT(host_claim(h, 102).enabled, DW_NO);
	host_free(h);
}

DW_TEST(what_waits_for_an_end_sleeps)
{
	static const char *const waiting[] = { "spare.service", "next.service", "last.service" };
	static const char *const not_these[] = { "never.service", "lonely.service", "bell.service",
						 "note@guarded.service.service" };
	struct host *h = host_with_units();

	host_file(h, "/usr/lib/systemd/systemd", 0755, "");
	host_link(h, "/sbin/init", "/usr/lib/systemd/systemd");
	host_listener(h, "/usr/sbin/spared");
	host_load(h, &dw_starter_systemd, NULL, false);
	for (size_t i = 0; i < DW_ARRAY_SIZE(waiting); i++) {
		const struct dw_sleeper_fact *f = host_sleeper(h, waiting[i]);

		DW_CHECK(f != NULL);
		if (!f)
			continue;
		DW_CHECK_INT(f->starter.enabled, DW_UNKNOWN);
		DW_CHECK(!f->at.has_port);
		DW_CHECK_STR(f->program, "/usr/sbin/spared");
	}
	for (size_t i = 0; i < DW_ARRAY_SIZE(not_these); i++)
		DW_CHECK(host_sleeper(h, not_these[i]) == NULL);
	host_free(h);
}

DW_TEST_MAIN
