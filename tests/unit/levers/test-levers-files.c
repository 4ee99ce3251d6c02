/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Scripts, lines, processes and all that is not a unit: made-up hosts, and by hand what has to be switched there. */
#include "host.h"

static const struct dw_owner owner = { .pid = 90,
				       .started_ticks = 900,
				       .comm = "d",
				       .executable = "/opt/d",
				       .command = "/opt/d -p 1" };

static struct dw_door door(enum dw_starter_kind kind, const char *id, const char *source)
{
	return (struct dw_door){
		.kind = DW_KIND_LISTENER,
		.owners = (struct dw_owner *)&owner,
		.n_owners = 1,
		.owners_known = true,
		.starter = { .kind = kind, .id = id, .source = source, .enabled = DW_YES },
	};
}

static struct host *sysv_host(void)
{
	struct host *h = host_new();

	host_file(h, "/sbin/init", 0755, "");
	host_process(h, &(struct host_process){ .pid = 90, .ppid = 1, .exe = "/opt/d" });
	return h;
}

static const char inetd_conf[] = "# services\n"
				 "telnet\tstream\ttcp\tnowait\troot\t/usr/sbin/tcpd in.telnetd\n"
				 "#<off># ftp stream tcp nowait root /usr/sbin/in.ftpd in.ftpd\n"
				 "talk\tdgram\tudp\twait\tnobody\t/usr/sbin/in.talkd in.talkd\n";

DW_TEST(a_line_of_inetd)
{
	struct dw_door d = door(DW_STARTER_INETD, "telnet", "/etc/inetd.conf:2");
	struct host *h = sysv_host();
	struct asked k;

	d.n_owners = 0;
	host_file(h, "/etc/inetd.conf", 0644, inetd_conf);
	host_file(h, "/etc/services", 0644, "telnet 23/tcp\ntalk 517/udp\n");
	host_file(h, "/usr/sbin/inetd", 0755, "");
	host_file(h, "/etc/init.d/openbsd-inetd", 0755, "#!/bin/sh\n");
	host_link(h, "/etc/rc2.d/S01openbsd-inetd", "../init.d/openbsd-inetd");
	k = host_ask(h, "init", false, &d);
	DW_CHECK_STR(
		k.text,
		"BOOT file /etc/inetd.conf [2 telnet\tstream\ttcp\tnowait\troot\t/usr/sbin/tcpd "
		"in.telnetd => #<off># telnet\tstream\ttcp\tnowait\troot\t/usr/sbin/tcpd "
		"in.telnetd] takes=inetd /etc/inetd.conf notify=inetd /usr/sbin/inetd\n"
		"BOOT file /etc/rc2.d/S01openbsd-inetd link ../init.d/openbsd-inetd -> absent "
		"unless=inetd /etc/inetd.conf/2\n"
		"BOOT file /etc/rc2.d/K01openbsd-inetd absent -> link ../init.d/openbsd-inetd "
		"unless=inetd /etc/inetd.conf/2\n");
	DW_CHECK(strstr(k.levers->v[0].off.data.data, "\n#<off># telnet\t") != NULL);
	DW_CHECK_INT(k.levers->v[0].off.data.n, strlen(inetd_conf) + strlen("#<off># "));
	asked_close(&k, h);
}

/* The daemon is never ended: only what it handed the socket to. */
DW_TEST(a_child_of_inetd)
{
	struct dw_owner o[] = { { .pid = 80,
				  .started_ticks = 800,
				  .comm = "inetd",
				  .executable = "/usr/sbin/inetd" },
				{ .pid = 90, .started_ticks = 900, .comm = "in.talkd" } };
	struct dw_door d = door(DW_STARTER_INETD, "talk", "/etc/inetd.conf:4");
	struct host *h = sysv_host();
	struct asked k;

	d.owners = o;
	d.n_owners = 2;
	host_file(h, "/etc/inetd.conf", 0644, inetd_conf);
	host_file(h, "/etc/services", 0644, "telnet 23/tcp\ntalk 517/udp\n");
	host_process(h,
		     &(struct host_process){
			     .pid = 80, .ppid = 1, .exe = "/usr/sbin/inetd", .argv = { "inetd" } });
	k = host_ask(h, "init", true, &d);
	DW_CHECK_INT(k.levers->n, 2);
	DW_CHECK(strstr(k.text, "\nLEFT process 90/900 running -> gone no-undo if-left\n") != NULL);
	DW_CHECK_STR(k.levers->v[0].notify, "inetd /usr/sbin/inetd");
	asked_close(&k, h);
}

/* A signal to every busybox would end shells and more. */
DW_TEST(inetd_of_busybox)
{
	struct dw_owner o = { .pid = 80,
			      .started_ticks = 800,
			      .comm = "busybox",
			      .executable = "/bin/busybox",
			      .command = "busybox inetd" };
	struct dw_door d = door(DW_STARTER_INETD, "telnet", "/etc/inetd.conf:2");
	struct host *h = sysv_host();
	struct asked k;

	d.owners = &o;
	host_file(h, "/etc/inetd.conf", 0644, inetd_conf);
	host_process(h, &(struct host_process){ .pid = 80,
						.ppid = 1,
						.exe = "/bin/busybox",
						.argv = { "busybox", "inetd" } });
	host_file(h, "/usr/sbin/inetd", 0755, "");
	k = host_ask(h, "init", true, &d);
	DW_CHECK_STR(k.text, "cannot: busybox's inetd is told by hand: comment line 2 of "
			     "/etc/inetd.conf, then `kill -HUP` 80.\n");
	asked_close(&k, h);
}

DW_TEST(a_block_of_xinetd)
{
	struct dw_door d = door(DW_STARTER_XINETD, "telnet", "/etc/xinetd.d/telnet:1");
	struct host *h = sysv_host();
	struct asked k;

	d.n_owners = 0;
	host_file(h, "/etc/xinetd.conf", 0644, "includedir /etc/xinetd.d\n");
	host_file(
		h, "/etc/xinetd.d/telnet", 0644,
		"service telnet\n{\n\tdisable = no\n\tsocket_type = stream\n\twait = no\n\tuser = "
		"root\n\tserver = /usr/sbin/xinetd\n}\n");
	host_file(h, "/etc/services", 0644, "telnet 23/tcp\n");
	host_file(h, "/usr/sbin/xinetd", 0755, "");
	host_file(h, "/etc/init.d/xinetd", 0755, "#!/bin/sh\n");
	host_link(h, "/etc/rc2.d/S01xinetd", "../init.d/xinetd");
	k = host_ask(h, "init", false, &d);
	DW_CHECK_STR(k.text,
		     "BOOT file /etc/xinetd.d/telnet [3 \tdisable = no => \tdisable = yes] "
		     "takes=xinetd /etc/xinetd.conf notify=xinetd /usr/sbin/xinetd\n"
		     "BOOT file /etc/rc2.d/S01xinetd link ../init.d/xinetd -> absent unless=xinetd "
		     "/etc/xinetd.conf/1\n"
		     "BOOT file /etc/rc2.d/K01xinetd absent -> link ../init.d/xinetd unless=xinetd "
		     "/etc/xinetd.conf/1\n");
	asked_close(&k, h);
}

DW_TEST(a_script)
{
	struct dw_door d = door(DW_STARTER_SYSV, "d", "/etc/init.d/d:3");
	struct host *h = sysv_host();
	struct asked k;

	d.n_owners = 0;
	host_file(h, "/etc/init.d/d", 0755, "#!/bin/sh\n");
	host_link(h, "/etc/rc2.d/S03d", "../init.d/d");
	host_link(h, "/etc/rcS.d/S03d", "../init.d/d");
	host_link(h, "/etc/rc2.d/S03dd", "../init.d/dd");
	k = host_ask(h, "init", false, &d);
	DW_CHECK_STR(k.text, "BOOT file /etc/rcS.d/S03d link ../init.d/d -> absent\n"
			     "BOOT file /etc/rcS.d/K01d absent -> link ../init.d/d\n"
			     "BOOT file /etc/rc2.d/S03d link ../init.d/d -> absent\n"
			     "BOOT file /etc/rc2.d/K01d absent -> link ../init.d/d\n");
	asked_close(&k, h);
}

DW_TEST(slackware)
{
	struct dw_door d = door(DW_STARTER_SYSV, "rc.d", "/etc/rc.d/rc.d");
	struct host *h = sysv_host();
	struct asked k;

	d.n_owners = 0;
	host_file(h, "/etc/rc.d/rc.d", 0755, "x");
	k = host_ask(h, "init", false, &d);
	DW_CHECK_STR(k.text, "BOOT file /etc/rc.d/rc.d file 0755 'x' -> file 0644 'x'\n");
	asked_close(&k, h);
}

DW_TEST(openrc)
{
	struct dw_door d = door(DW_STARTER_OPENRC, "d", "/etc/init.d/d");
	struct host *h = sysv_host();
	struct asked k;

	d.n_owners = 0;
	host_link(h, "/etc/runlevels/default/d", "/etc/init.d/d");
	host_link(h, "/etc/runlevels/boot/other", "/etc/init.d/other");
	k = host_ask(h, NULL, false, &d);
	DW_CHECK_STR(k.text, "BOOT file /etc/runlevels/default/d link /etc/init.d/d -> absent\n");
	DW_CHECK_STR(k.levers->v[0].command, "rc-update del d default");
	asked_close(&k, h);
}

DW_TEST(runit)
{
	struct dw_door d = door(DW_STARTER_RUNIT, "d", "/etc/sv/d/run:2");
	struct host *h = sysv_host();
	struct asked k;

	d.n_owners = 0;
	host_file(h, "/etc/sv/d/run", 0755, "#!/bin/sh\nexec /opt/d\n");
	host_link(h, "/etc/service/d", "/etc/sv/d");
	k = host_ask(h, "runit", false, &d);
	DW_CHECK_STR(k.text, "BOOT file /etc/sv/d/down absent -> file 0644 ''\n");
	DW_CHECK_STR(k.levers->v[0].off.text,
		     "file 0644 0:0 0 "
		     "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	asked_close(&k, h);
}

DW_TEST(lines)
{
	static const struct {
		enum dw_starter_kind kind;
		const char *id, *file, *text;
		unsigned line;
		const char *want;
	} lines[] = {
		{ DW_STARTER_INITTAB, "d1", "/etc/inittab", "d1:23:respawn:/opt/d -p 1\n", 1,
		  "BOOT file /etc/inittab [1 d1:23:respawn:/opt/d -p 1 => #d1:23:respawn:/opt/d -p "
		  "1] "
		  "notify=init\n"
		  "LEFT process 90/900 running -> gone no-undo if-left\n" },
		{ DW_STARTER_CRON, "/etc/cron.d/d", "/etc/cron.d/d", "@reboot root /opt/d\n", 1,
		  "BOOT file /etc/cron.d/d [1 @reboot root /opt/d => #@reboot root /opt/d] "
		  "notify=cron\n"
		  "LEFT process 90/900 running -> gone no-undo\n" },
		{ DW_STARTER_CRON, "/etc/cron.daily/d", "/etc/cron.daily/d",
		  "#!/bin/sh\nif true; then\n/opt/d\nfi\n", 3,
		  "BOOT file /etc/cron.daily/d [3 /opt/d => : #/opt/d] notify=cron\n"
		  "LEFT process 90/900 running -> gone no-undo\n" },
		{ DW_STARTER_RC_LOCAL, "rc.local", "/etc/rc.local", "#!/bin/sh\n/opt/d &\nexit 0\n",
		  2,
		  "BOOT file /etc/rc.local [2 /opt/d & => #/opt/d &]\n"
		  "LEFT process 90/900 running -> gone no-undo\n" },
		{ DW_STARTER_RC_LOCAL, "rc.local", "/etc/rc.local", "if /opt/d; then\nexit 0\nfi\n",
		  1,
		  "cannot: Line 1 of /etc/rc.local is no command that a comment would take away: "
		  "it is "
		  "edited by hand.\n" },
		{ DW_STARTER_CRON, "/etc/cron.d/d", "/etc/cron.d/d", "# @reboot root /opt/d\n", 1,
		  "cannot: Line 1 of /etc/cron.d/d is no active line (any more).\n" },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(lines); i++) {
		char source[64];
		struct dw_door d = door(lines[i].kind, lines[i].id, source);
		struct host *h = sysv_host();
		struct asked k;

		(void)snprintf(source, sizeof(source), "%s:%u", lines[i].file, lines[i].line);
		host_file(h, lines[i].file, 0755, lines[i].text);
		k = host_ask(h, "init", true, &d);
		DW_CHECK_STR(k.text, lines[i].want);
		asked_close(&k, h);
	}
}

DW_TEST(a_waiting_job)
{
	struct dw_door d = door(DW_STARTER_AT, "/var/spool/cron/atjobs/a0001e01c3d5a2", NULL);
	struct host *h = sysv_host();
	struct asked k;

	d.kind = DW_KIND_SLEEPING;
	host_file(h, "/var/spool/cron/atjobs/a0001e01c3d5a2", 0700, "/opt/d\n");
	k = host_ask(h, "init", true, &d);
	DW_CHECK_STR(k.text,
		     "BOOT file /var/spool/cron/atjobs/a0001e01c3d5a2 file 0700 '/opt/d|' -> "
		     "absent\n");
	DW_CHECK_STR(k.levers->v[0].command, "atrm 30");
	asked_close(&k, h);
}

DW_TEST(processes)
{
	struct dw_door d = door(DW_STARTER_MANUAL, NULL, NULL);
	struct host *h = sysv_host();
	struct asked k = host_ask(h, "init", true, &d);

	DW_CHECK_STR(k.text, "LEFT process 90/900 running -> gone no-undo\n");
	DW_CHECK_STR(k.levers->remarks.v[0],
		     "No command brings an ended process back; it was started as: /opt/d -p 1");
	DW_CHECK_STR(k.levers->v[0].command, "kill 90");
	asked_close(&k, h);

	h = sysv_host();
	d.n_owners = 0;
	k = host_ask(h, "init", true, &d);
	DW_CHECK_STR(k.text, "cannot: Which process holds it could not be seen.\n");
	asked_close(&k, h);
}

DW_TEST(nothing_here_closes_it)
{
	struct dw_door d = door(DW_STARTER_KERNEL, "wireguard", NULL);
	struct host *h = sysv_host();
	struct asked k;

	d.kernel = "wireguard";
	k = host_ask(h, "init", true, &d);
	DW_CHECK_INT(k.levers->n, 0);
	DW_CHECK(k.levers->cannot && strstr(k.levers->cannot, "wg-quick down NAME"));
	asked_close(&k, h);

	h = sysv_host();
	d = door(DW_STARTER_SYSTEMD_SERVICE, "nftables.service", "/etc/nftables.conf:3");
	d.kind = DW_KIND_FORWARDED;
	k = host_ask(h, "init", true, &d);
	DW_CHECK_STR(k.text,
		     "cannot: A rule of the packet filter makes this door, not a process: "
		     "nftables.service loads it from /etc/nftables.conf:3, so edit that and load "
		     "it again.\n");
	asked_close(&k, h);
}

/* A file that is a link is somebody's arrangement: what is behind it is not replaced. */
DW_TEST(a_link_is_not_edited)
{
	struct dw_door d = door(DW_STARTER_CRON, "/etc/cron.d/d", "/etc/cron.d/d:1");
	struct host *h = sysv_host();
	struct asked k;

	host_file(h, "/opt/tab", 0644, "@reboot root /opt/d\n");
	host_link(h, "/etc/cron.d/d", "/opt/tab");
	k = host_ask(h, "init", true, &d);
	DW_CHECK_INT(k.levers->n, 0);
	DW_CHECK(k.levers->cannot != NULL);
	asked_close(&k, h);
}

DW_TEST(on_request)
{
	static const struct dw_package package = { .name = "d", .version = "1", .manager = "dpkg" };
	struct dw_door d = door(DW_STARTER_MANUAL, NULL, NULL);
	struct host *h = sysv_host();
	struct asked k;

	d.package = &package;
	d.program = "/opt/d";
	host_file(h, "/opt/d", 0755, "x");
	host_file(h, "/var/lib/dpkg/statoverride", 0644, "root root 755 /opt/e\n");
	k = host_ask_more(h, "init", true, &d, DW_LEVERS_DISABLE_PROGRAM);
	DW_CHECK_INT(k.levers->n, 3);
	DW_CHECK(strstr(k.text, "BOOT file /opt/d file 0755 'x' -> file 0000 'x'\n") != NULL);
	DW_CHECK(strstr(k.text, "BOOT file /var/lib/dpkg/statoverride [2 - => ") != NULL);
	DW_CHECK(strstr(k.text, " 0 /opt/d]\n") != NULL);
	asked_close(&k, h);

	/* with rights of another: none of them stays, and an undo by hand would give all of them back */
	h = sysv_host();
	host_file(h, "/opt/d", 04755, "x");
	host_file(h, "/var/lib/dpkg/statoverride", 0644, "");
	k = host_ask_more(h, "init", true, &d, DW_LEVERS_DISABLE_PROGRAM);
	DW_CHECK(strstr(k.text, "BOOT file /opt/d file 4755 'x' -> file 0000 'x'\n") != NULL);
	DW_CHECK(strstr(k.text, " 0 /opt/d]\n") != NULL);
	for (size_t i = 0; i < k.levers->n; i++)
		if (dw_streq0(k.levers->v[i].object, "/opt/d"))
			DW_CHECK_STR(k.levers->v[i].undo_command, "chmod 4755 /opt/d");
	asked_close(&k, h);

	/* whoever named it must not write lines of their own into a file of dpkg's */
	h = sysv_host();
	d.program = "/opt/d\nroot root 4755 /opt/e";
	host_file(h, d.program, 0755, "x");
	host_file(h, "/var/lib/dpkg/statoverride", 0644, "");
	k = host_ask_more(h, "init", true, &d, DW_LEVERS_DISABLE_PROGRAM);
	DW_CHECK(k.levers->n > 0);
	DW_CHECK(strstr(k.text, "statoverride") == NULL);
	asked_close(&k, h);

	h = sysv_host();
	host_file(h, "/usr/bin/python3", 0755, "x");
	d.program = "/usr/bin/python3";
	k = host_ask_more(h, "init", true, &d, DW_LEVERS_DISABLE_PROGRAM);
	DW_CHECK(k.levers->cannot && strstr(k.levers->cannot, "serves more than this door"));
	asked_close(&k, h);
}

DW_TEST_MAIN
