/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Doors behind the lines of crontabs and of rc.local, in an image: what is listed, as what, and what is only noted. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "dw_str.h"
#include "dw_test.h"
#include "made-host.h"
#include "registry.h"

static struct host *image(void)
{
	struct host *h = host_new();

	host_file(h, "/usr/lib/systemd/systemd", 0755, "");
	host_link(h, "/sbin/init", "/usr/lib/systemd/systemd");
	host_file(h, "/lib/systemd/system/cron.service", 0644,
		  "[Service]\nExecStart=/usr/sbin/cron\n");
	host_link(h, "/etc/systemd/system/multi-user.target.wants/cron.service",
		  "/lib/systemd/system/cron.service");
	host_file(h, "/bin/sh", 0755, "");
	host_file(h, "/opt/agent.py", 0755, "#!/usr/bin/python3\n");
	return h;
}

/* "ID SOURCE PROGRAM confidence" of each, sorted as found. */
static const char *sleepers(const struct host *h)
{
	struct dw_str out = { .arena = h->facts->arena };

	dw_str_add(&out, "");
	for (size_t i = 0; i < h->facts->sleepers.n; i++) {
		const struct dw_sleeper_fact *f = &h->facts->sleepers.v[i];

		dw_str_addf(&out, "%s %s %s %s\n", f->starter.id, f->starter.source, f->program,
			    dw_confidence_name(f->starter.confidence));
		DW_CHECK_INT(f->starter.enabled, DW_YES);
		DW_CHECK_INT(f->starter.running, DW_NO);
		DW_CHECK(!f->at.has_port);
	}
	return out.s;
}

/* "FILE:LINE" of what could not be told. */
static const char *notes(const struct host *h)
{
	struct dw_str out = { .arena = h->facts->arena };

	dw_str_add(&out, "");
	for (size_t i = 0; i < h->facts->incomplete.n; i++) {
		const struct dw_incomplete *n = &h->facts->incomplete.v[i];

		DW_CHECK_STR(n->what, "unread-command");
		DW_CHECK(n->blind);
		dw_str_addf(&out, "%s:%u\n", n->file, n->line);
	}
	return out.s;
}

DW_TEST(lines_of_crontabs)
{
	struct host *h = image();

	host_listener(h, "/usr/sbin/food");
	host_listener(h, "/usr/bin/nc");
	host_listener(h, "/usr/bin/ssh");
	host_file(h, "/opt/start", 0755, "#!/bin/sh\nnohup food -p 7 &\n");
	host_file(h, "/etc/crontab", 0644,
		  "@reboot root /usr/sbin/food --daemon\n"        /* 1: likely */
		  "@reboot root cd / && nohup food &\n"           /* 2: by the PATH */
		  "@reboot root /opt/start\n"                     /* 3: in a script */
		  "@reboot root /opt/agent.py\n"                  /* 4: nobody can tell */
		  "* * * * * root pgrep food || /usr/sbin/food\n" /* 5: again and again */
		  "* * * * * root /opt/agent.py\n"                /* 6: a job, mostly */
		  "@reboot root nc 10.0.0.1 25\n"                 /* 7: a client */
		  "@reboot root nc -klp 31337\n"                  /* 8: no client */
		  "0 3 * * * root ssh backup true\n"              /* 9: a client */
		  "@reboot root echo up; /usr/sbin/gone\n");      /* 10: is not there */
	host_load(h, &dw_starter_cron, NULL, false);
	DW_CHECK_STR(sleepers(h), "/etc/crontab /etc/crontab:1 /usr/sbin/food likely\n"
				  "/etc/crontab /etc/crontab:2 /usr/sbin/food likely\n"
				  "/etc/crontab /etc/crontab:3 /usr/sbin/food likely\n"
				  "/etc/crontab /etc/crontab:4 /opt/agent.py guess\n"
				  "/etc/crontab /etc/crontab:5 /usr/sbin/food guess\n"
				  "/etc/crontab /etc/crontab:8 /usr/bin/nc likely\n");
	DW_CHECK_STR(notes(h), "");
	host_free(h);
}

DW_TEST(what_cannot_be_followed_is_said)
{
	struct host *h = image();

	host_file(h, "/opt/late", 0755, "#!/bin/sh\n\n\"$1\" --daemon\n");
	host_file(h, "/etc/crontab", 0644,
		  "@reboot root cd /opt/agent && ./agentd\n"
		  "@reboot root /opt/late /opt/agent.py\n"
		  "* * * * * root cd /opt/agent && ./agentd\n"
		  "@reboot root sh /opt/other\n");
	host_load(h, &dw_starter_cron, NULL, false);
	DW_CHECK_STR(sleepers(h), "");
	/* nothing of the third: it comes again and again */
	DW_CHECK_STR(notes(h), "/etc/crontab:1\n/etc/crontab:2\n/etc/crontab:4\n");
	host_free(h);
}

DW_TEST(a_cron_that_is_off_starts_nothing)
{
	struct host *h = host_new();

	host_file(h, "/usr/lib/systemd/systemd", 0755, "");
	host_link(h, "/sbin/init", "/usr/lib/systemd/systemd");
	host_file(h, "/lib/systemd/system/cron.service", 0644,
		  "[Service]\nExecStart=/usr/sbin/cron\n");
	host_file(h, "/opt/agent.py", 0755, "#!/usr/bin/python3\n");
	host_file(h, "/etc/crontab", 0644, "@reboot root /opt/agent.py\n");
	host_load(h, &dw_starter_cron, NULL, false);
	DW_CHECK_STR(sleepers(h), "");
	host_free(h);
}

/* Of a host that runs the doors themselves tell. */
DW_TEST(a_host_that_runs)
{
	struct host *h = image();

	host_file(h, "/etc/crontab", 0644, "@reboot root /opt/agent.py\n");
	host_load(h, &dw_starter_cron, "systemd", true);
	DW_CHECK_STR(sleepers(h), "");
	host_free(h);
}

DW_TEST(lines_of_rc_local)
{
	struct host *h = image();

	host_listener(h, "/usr/sbin/food");
	host_file(h, "/etc/rc.local", 0755,
		  "#!/bin/sh -e\n"
		  "# /usr/sbin/food\n"
		  "P=/usr/sbin/food\n"
		  "$P -p 7 &\n"
		  "su nobody -c '/opt/agent.py --port 8' &\n"
		  "echo 1 >/proc/sys/net/ipv4/ip_forward\n"
		  "exit 0\n");
	host_load(h, &dw_starter_rclocal, NULL, false);
	DW_CHECK_STR(sleepers(h), "rc.local /etc/rc.local:4 /usr/sbin/food likely\n"
				  "rc.local /etc/rc.local:5 /opt/agent.py guess\n");
	DW_CHECK_STR(notes(h), "");
	host_free(h);
	/* not executable: nobody runs it */
	h = image();
	host_file(h, "/etc/rc.local", 0644, "#!/bin/sh\n/opt/agent.py &\n");
	host_load(h, &dw_starter_rclocal, NULL, false);
	DW_CHECK_STR(sleepers(h), "");
	host_free(h);
}

DW_TEST_MAIN
