/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Units of systemd: made-up hosts, and by hand what has to be switched there. */
#include "host.h"

static struct host *systemd_host(void)
{
	struct host *h = host_new();

	host_file(h, "/usr/lib/systemd/systemd", 0755, "");
	host_link(h, "/sbin/init", "/usr/lib/systemd/systemd");
	host_file(h, "/usr/lib/systemd/system/multi-user.target", 0644,
		  "[Unit]\nRequires=basic.target\n");
	host_file(h, "/usr/lib/systemd/system/basic.target", 0644,
		  "[Unit]\nRequires=sockets.target timers.target\n");
	host_file(h, "/usr/lib/systemd/system/sockets.target", 0644, "[Unit]\n");
	host_file(h, "/usr/lib/systemd/system/timers.target", 0644, "[Unit]\n");
	host_link(h, "/usr/lib/systemd/system/default.target", "multi-user.target");
	host_file(h, "/usr/lib/systemd/system/a.service", 0644,
		  "[Service]\nExecStart=/usr/sbin/a\n[Install]\nWantedBy=multi-user.target\n");
	return h;
}

#define WANTS "/etc/systemd/system/multi-user.target.wants"

static const struct dw_owner owners[] = { { .pid = 1, .started_ticks = 1, .comm = "systemd" },
					  { .pid = 90, .started_ticks = 900, .comm = "a" } };

static struct dw_door door(enum dw_starter_kind kind, const char *id, const char *also)
{
	return (struct dw_door){
		.kind = DW_KIND_LISTENER,
		.owners = (struct dw_owner *)owners,
		.n_owners = 2,
		.owners_known = true,
		.starter = { .kind = kind, .id = id, .also = also, .enabled = DW_YES },
	};
}

DW_TEST(one_link)
{
	struct dw_door d = door(DW_STARTER_SYSTEMD_SERVICE, "a.service", NULL);
	struct host *h = systemd_host();
	struct asked k;

	host_link(h, WANTS "/a.service", "/usr/lib/systemd/system/a.service");
	host_link(h, WANTS "/b.service", "/usr/lib/systemd/system/b.service");
	host_process(h, &(struct host_process){ .pid = 90, .ppid = 1, .exe = "/usr/sbin/a" });
	host_bus(h,
		 "{\"units\":[{\"name\":\"a.service\",\"load_state\":\"loaded\",\"active_state\":"
		 "\"active\",\"sub_state\":\"running\",\"properties\":{\"ActiveState\":\"active\","
		 "\"TriggeredBy\":[],\"RequiredBy\":[\"c.service\",\"d.service\"],\"BoundBy\":[],"
		 "\"RequisiteOf\":[],\"ConsistsOf\":[],\"PropagatesStopTo\":[]}},"
		 "{\"name\":\"c.service\",\"load_state\":\"loaded\",\"active_state\":\"active\","
		 "\"sub_state\":\"running\",\"properties\":{\"ActiveState\":\"active\","
		 "\"ConsistsOf\":[\"e.service\"]}},"
		 "{\"name\":\"d.service\",\"load_state\":\"loaded\",\"active_state\":\"inactive\","
		 "\"sub_state\":\"dead\",\"properties\":{\"ActiveState\":\"inactive\"}},"
		 "{\"name\":\"e.service\",\"load_state\":\"loaded\",\"active_state\":\"active\","
		 "\"sub_state\":\"running\",\"properties\":{\"ActiveState\":\"active\"}}]}");
	k = host_ask(h, "systemd", true, &d);
	DW_CHECK_STR(k.text, "STOP systemd a.service active -> inactive group=a.service/1\n"
			     "STOP systemd c.service active -> inactive group=a.service/2 along\n"
			     "STOP systemd e.service active -> inactive group=a.service/2 along\n"
			     "BOOT file " WANTS
			     "/a.service link /usr/lib/systemd/system/a.service -> absent "
			     "notify=systemd\n"
			     "LEFT systemd a.service active -> inactive group=a.service/1 if-left\n"
			     "LEFT process 90/900 running -> gone no-undo if-left\n");
	DW_CHECK_STR(k.levers->v[3].command, "systemctl disable a.service");
	DW_CHECK_STR(k.levers->v[3].undo_command, "systemctl enable a.service");
	asked_close(&k, h);
}

/* Nothing runs: only what the next boot would follow. */
DW_TEST(offline)
{
	struct dw_door d = door(DW_STARTER_SYSTEMD_SERVICE, "a.service", NULL);
	struct host *h = systemd_host();
	struct asked k;

	d.kind = DW_KIND_SLEEPING;
	d.n_owners = 0;
	host_link(h, WANTS "/a.service", "/usr/lib/systemd/system/a.service");
	host_link(h, "/etc/systemd/system/other.service", "/usr/lib/systemd/system/a.service");
	host_link(h, "/etc/systemd/system/sockets.target.requires/other.service",
		  "../other.service");
	k = host_ask(h, NULL, false, &d);
	DW_CHECK_STR(k.text,
		     "BOOT file /etc/systemd/system/other.service link "
		     "/usr/lib/systemd/system/a.service "
		     "-> absent notify=systemd\n"
		     "BOOT file " WANTS
		     "/a.service link /usr/lib/systemd/system/a.service -> absent "
		     "notify=systemd\n"
		     "BOOT file /etc/systemd/system/sockets.target.requires/other.service link "
		     "../other.service -> absent notify=systemd\n");
	asked_close(&k, h);
}

/* The vendor's link and another unit's line: disabling is not enough. */
DW_TEST(masks)
{
	struct dw_door d = door(DW_STARTER_SYSTEMD_SERVICE, "a.service", NULL);
	struct host *h = systemd_host();
	struct asked k;

	d.n_owners = 0;
	host_link(h, "/usr/lib/systemd/system/multi-user.target.wants/a.service", "../a.service");
	k = host_ask(h, NULL, false, &d);
	DW_CHECK_STR(k.text,
		     "BOOT file /etc/systemd absent -> directory 0755 0 notify=systemd\n"
		     "BOOT file /etc/systemd/system absent -> directory 0755 0 notify=systemd\n"
		     "BOOT file /etc/systemd/system/a.service absent -> link /dev/null "
		     "notify=systemd\n");
	asked_close(&k, h);

	h = systemd_host();
	host_link(h, WANTS "/b.service", "/usr/lib/systemd/system/b.service");
	host_file(h, "/usr/lib/systemd/system/b.service", 0644, "[Unit]\nWants=a.service\n");
	k = host_ask(h, NULL, false, &d);
	DW_CHECK_STR(k.text, "BOOT file /etc/systemd/system/a.service absent -> link /dev/null "
			     "notify=systemd\n");
	DW_CHECK_STR(k.levers->v[0].command, "systemctl mask a.service");
	DW_CHECK_STR(k.levers->v[0].source, "/usr/lib/systemd/system/b.service:2");
	asked_close(&k, h);

	/* its own file stands where the mask would be */
	h = systemd_host();
	host_link(h, WANTS "/b.service", "/usr/lib/systemd/system/b.service");
	host_file(h, "/usr/lib/systemd/system/b.service", 0644, "[Unit]\nWants=a.service\n");
	host_file(h, "/etc/systemd/system/a.service", 0644, "[Service]\nExecStart=/usr/sbin/a\n");
	k = host_ask(h, NULL, false, &d);
	DW_CHECK_STR(
		k.text,
		"BOOT file /etc/systemd/system/a.service.d absent -> directory 0755 0 "
		"notify=systemd\n"
		"BOOT file /etc/systemd/system/a.service.d/doorward.conf absent -> file 0644 '# "
		"Written by doorward; doorward undo takes it away.|[Unit]|ConditionPathExists=!/|' "
		"notify=systemd\n");
	asked_close(&k, h);
}

/* A start of multi-user.target would fail with a masked unit that it requires: nothing would boot. */
DW_TEST(required_by_the_boot)
{
	static const char conditional[] =
		"BOOT file /etc/systemd absent -> directory 0755 0 notify=systemd\n"
		"BOOT file /etc/systemd/system absent -> directory 0755 0 notify=systemd\n"
		"BOOT file /etc/systemd/system/a.service.d absent -> directory 0755 0 "
		"notify=systemd\n"
		"BOOT file /etc/systemd/system/a.service.d/doorward.conf absent -> file 0644 '# "
		"Written by doorward; doorward undo takes it away.|[Unit]|ConditionPathExists=!/|' "
		"notify=systemd\n";
	struct dw_door d = door(DW_STARTER_SYSTEMD_SERVICE, "a.service", NULL);
	struct host *h = systemd_host();
	struct asked k;

	d.n_owners = 0;
	host_file(h, "/usr/lib/systemd/system/multi-user.target.d/x.conf", 0644,
		  "[Unit]\nRequires=a.service\n");
	k = host_ask(h, NULL, false, &d);
	DW_CHECK_STR(k.text, conditional);
	asked_close(&k, h);

	h = systemd_host();
	host_link(h, "/usr/lib/systemd/system/multi-user.target.requires/a.service",
		  "../a.service");
	k = host_ask(h, NULL, false, &d);
	DW_CHECK_STR(k.text, conditional);
	asked_close(&k, h);
}

/* Nothing at boot asks for it, but a call over the message bus would start it, and the unit does not say so. */
DW_TEST(called_though_it_does_not_say_so)
{
	struct dw_door d = door(DW_STARTER_SYSTEMD_SERVICE, "a.service", NULL);
	struct host *h = systemd_host();
	struct asked k;

	d.n_owners = 0;
	host_file(h, "/etc/systemd/system/x.service", 0644, "");
	host_file(h, "/usr/local/share/dbus-1/system-services/org.example.A.service", 0644,
		  "[D-BUS Service]\nName=org.example.A\nExec=/bin/false\nUser=root\n"
		  "SystemdService=a.service\n");
	k = host_ask(h, NULL, false, &d);
	DW_CHECK_STR(k.text, "BOOT file /etc/systemd/system/a.service absent -> link /dev/null "
			     "notify=systemd\n");
	asked_close(&k, h);
}

DW_TEST(socket_and_timer)
{
	struct dw_door d = door(DW_STARTER_SYSTEMD_SOCKET, "a.socket", "a.service");
	struct host *h = systemd_host();
	struct asked k;

	d.n_owners = 1;
	host_file(h, "/usr/lib/systemd/system/a.socket", 0644, "[Socket]\nListenStream=7\n");
	host_file(h, "/usr/lib/systemd/system/late.timer", 0644, "[Timer]\nUnit=a.service\n");
	host_link(h, "/etc/systemd/system/sockets.target.wants/a.socket",
		  "/usr/lib/systemd/system/a.socket");
	host_link(h, "/etc/systemd/system/timers.target.wants/late.timer",
		  "/usr/lib/systemd/system/late.timer");
	host_bus(h,
		 "{\"units\":[{\"name\":\"a.service\",\"load_state\":\"loaded\",\"active_state\":"
		 "\"inactive\",\"sub_state\":\"dead\",\"properties\":{\"ActiveState\":\"inactive\","
		 "\"TriggeredBy\":[\"a.socket\",\"odd.path\"]}},"
		 "{\"name\":\"a.socket\",\"load_state\":\"loaded\",\"active_state\":\"active\","
		 "\"sub_state\":\"listening\",\"properties\":{\"ActiveState\":\"active\"}}]}");
	k = host_ask(h, "systemd", true, &d);
	DW_CHECK_STR(
		k.text,
		"STOP systemd a.socket active -> inactive group=a.service/0\n"
		"STOP systemd late.timer inactive -> inactive group=a.service/0\n"
		"STOP systemd odd.path inactive -> inactive group=a.service/0 no-undo\n"
		"STOP systemd a.service inactive -> inactive group=a.service/1\n"
		"BOOT file /etc/systemd/system/sockets.target.wants/a.socket link "
		"/usr/lib/systemd/system/a.socket -> absent notify=systemd\n"
		"BOOT file /etc/systemd/system/timers.target.wants/late.timer link "
		"/usr/lib/systemd/system/late.timer -> absent notify=systemd\n"
		"LEFT systemd a.socket active -> inactive group=a.service/0 if-left\n"
		"LEFT systemd late.timer inactive -> inactive group=a.service/0 if-left\n"
		"LEFT systemd odd.path inactive -> inactive group=a.service/0 no-undo if-left\n"
		"LEFT systemd a.service inactive -> inactive group=a.service/1 if-left\n");
	asked_close(&k, h);
}

/* Two socket units serve one service. While pid 1 alone holds the one's socket, the other and the service stay. */
static void ask_one_of_two(const char *wants, const char *holder, const char *expected)
{
	struct dw_door d = door(DW_STARTER_SYSTEMD_SOCKET, "a.socket", "s.service");
	struct dw_owner by = { .pid = 1, .comm = holder };
	struct host *h = systemd_host();
	struct asked k;
	char bus[1024];

	d.owners = &by;
	d.n_owners = 1;
	host_file(h, "/usr/lib/systemd/system/s.service", 0644,
		  "[Service]\nExecStart=/usr/sbin/s\n");
	host_file(h, "/usr/lib/systemd/system/a.socket", 0644,
		  "[Socket]\nListenStream=7\nService=s.service\n");
	host_file(h, "/usr/lib/systemd/system/b.socket", 0644,
		  "[Socket]\nListenStream=8\nService=s.service\n");
	(void)snprintf(bus, sizeof(bus),
		       "{\"units\":[{\"name\":\"s.service\",\"load_state\":\"loaded\","
		       "\"active_state\":\"inactive\",\"sub_state\":\"dead\",\"properties\":{"
		       "\"ActiveState\":\"inactive\",\"TriggeredBy\":[\"b.socket\",\"a.socket\"],"
		       "\"Requires\":[],\"Requisite\":[],\"BindsTo\":[],\"Wants\":[%s]}},"
		       "{\"name\":\"a.socket\",\"load_state\":\"loaded\",\"active_state\":"
		       "\"active\",\"sub_state\":\"listening\",\"properties\":{"
		       "\"ActiveState\":\"active\"}}]}",
		       wants);
	host_bus(h, bus);
	k = host_ask(h, "systemd", true, &d);
	DW_CHECK_STR(k.text, expected);
	asked_close(&k, h);
}

DW_TEST(one_of_several_sockets)
{
	static const char all[] =
		"STOP systemd a.socket active -> inactive group=s.service/0\n"
		"STOP systemd b.socket inactive -> inactive group=s.service/0\n"
		"STOP systemd s.service inactive -> inactive group=s.service/1\n"
		"LEFT systemd a.socket active -> inactive group=s.service/0 if-left\n"
		"LEFT systemd b.socket inactive -> inactive group=s.service/0 if-left\n"
		"LEFT systemd s.service inactive -> inactive group=s.service/1 if-left\n";

	ask_one_of_two("", "systemd",
		       "STOP systemd a.socket active -> inactive group=a.socket/0\n"
		       "LEFT systemd a.socket active -> inactive group=a.socket/0 if-left\n");
	ask_one_of_two("\"a.socket\"", "systemd", all);
	ask_one_of_two("", "s", all);
}

/* A call of its bus name starts it through an alias that `enable` made, or through the unit itself. */
DW_TEST(called_over_the_bus)
{
	static const char service[] =
		"[Service]\nType=dbus\nBusName=org.x.A\nExecStart=/usr/sbin/a\n";
	struct dw_door d = door(DW_STARTER_SYSTEMD_SERVICE, "a.service", NULL);
	struct host *h = systemd_host();
	struct asked k;

	d.n_owners = 0;
	host_file(h, "/usr/lib/systemd/system/a.service", 0644, service);
	host_file(h, "/usr/share/dbus-1/system-services/org.x.A.service", 0644,
		  "[D-BUS "
		  "Service]\nName=org.x.A\nExec=/bin/false\nSystemdService=dbus-org.x.A.service\n");
	host_link(h, "/etc/systemd/system/dbus-org.x.A.service",
		  "/usr/lib/systemd/system/a.service");
	k = host_ask(h, NULL, false, &d);
	DW_CHECK_STR(k.text, "BOOT file /etc/systemd/system/dbus-org.x.A.service link "
			     "/usr/lib/systemd/system/a.service -> absent notify=systemd\n");
	asked_close(&k, h);

	h = systemd_host();
	host_file(h, "/usr/lib/systemd/system/a.service", 0644, service);
	host_file(h, "/etc/systemd/system/x", 0644, "");
	host_file(h, "/usr/share/dbus-1/system-services/org.x.A.service", 0644,
		  "[D-BUS Service]\nName=org.x.A\nExec=/bin/false\nSystemdService=a.service\n");
	k = host_ask(h, NULL, false, &d);
	DW_CHECK_STR(k.text, "BOOT file /etc/systemd/system/a.service absent -> link /dev/null "
			     "notify=systemd\n");
	asked_close(&k, h);
}

DW_TEST(a_socket_for_each_connection)
{
	struct dw_door d = door(DW_STARTER_SYSTEMD_SOCKET, "t.socket", "t@.service");
	struct host *h = systemd_host();
	struct asked k;

	d.n_owners = 1;
	host_file(h, "/usr/lib/systemd/system/t.socket", 0644,
		  "[Socket]\nListenStream=23\nAccept=yes\n");
	host_file(h, "/usr/lib/systemd/system/t@.service", 0644,
		  "[Service]\nExecStart=-/usr/sbin/t\n");
	host_link(h, "/etc/systemd/system/sockets.target.wants/t.socket",
		  "/usr/lib/systemd/system/t.socket");
	host_link(h, "/run/systemd/units/invocation:t@1-x.service", "0123456789abcdef");
	host_link(h, "/run/systemd/units/invocation:t.socket", "0123456789abcdef");
	host_bus(
		h,
		"{\"units\":[{\"name\":\"t.socket\",\"load_state\":\"loaded\",\"active_state\":"
		"\"active\",\"sub_state\":\"listening\",\"properties\":{\"ActiveState\":\"active\"}"
		"},"
		"{\"name\":\"t@1-x.service\",\"load_state\":\"loaded\",\"active_state\":\"active\","
		"\"sub_state\":\"running\",\"properties\":{\"ActiveState\":\"active\"}}]}");
	k = host_ask(h, "systemd", true, &d);
	DW_CHECK_STR(k.text,
		     "STOP systemd t.socket active -> inactive group=t@.service/0\n"
		     "STOP systemd t@1-x.service active -> inactive no-undo\n"
		     "BOOT file /etc/systemd/system/sockets.target.wants/t.socket link "
		     "/usr/lib/systemd/system/t.socket -> absent notify=systemd\n"
		     "LEFT systemd t.socket active -> inactive group=t@.service/0 if-left\n");
	DW_CHECK_INT(k.levers->remarks.n, 1);
	asked_close(&k, h);
}

/* The script's links become stop links; the generated unit is stopped, and needs no mask. */
DW_TEST(generated_from_a_script)
{
	struct dw_door d = door(DW_STARTER_SYSV, "old", "old.service");
	struct host *h = systemd_host();
	struct asked k;

	d.n_owners = 0;
	host_file(h, "/etc/init.d/old", 0755, "#!/bin/sh\n# chkconfig: 2345 20 73\n");
	host_link(h, "/etc/rc2.d/S20old", "../init.d/old");
	host_link(h, "/etc/rc3.d/S20old", "../init.d/old");
	host_link(h, "/etc/rc0.d/K73old", "../init.d/old");
	host_file(
		h, "/run/systemd/generator.late/old.service", 0644,
		"[Unit]\nSourcePath=/etc/init.d/old\n[Service]\nExecStart=/etc/init.d/old start\n");
	host_link(h, "/run/systemd/generator.late/multi-user.target.wants/old.service",
		  "../old.service");
	host_bus(h,
		 "{\"units\":[{\"name\":\"old.service\",\"load_state\":\"loaded\",\"active_state\":"
		 "\"active\",\"sub_state\":\"running\",\"properties\":{\"ActiveState\":\"active\"}}"
		 "]}");
	k = host_ask(h, "systemd", true, &d);
	DW_CHECK_STR(k.text,
		     "BOOT file /etc/rc2.d/S20old link ../init.d/old -> absent notify=systemd\n"
		     "BOOT file /etc/rc2.d/K73old absent -> link ../init.d/old notify=systemd\n"
		     "BOOT file /etc/rc3.d/S20old link ../init.d/old -> absent notify=systemd\n"
		     "BOOT file /etc/rc3.d/K73old absent -> link ../init.d/old notify=systemd\n"
		     "STOP systemd old.service active -> inactive group=old.service/1\n"
		     "LEFT systemd old.service active -> inactive group=old.service/1 if-left\n");
	asked_close(&k, h);
}

/* Two units listen on one port (SO_REUSEPORT): closing one would leave the door open. */
DW_TEST(partners)
{
	struct dw_owner o[] = {
		{ .pid = 90,
		  .started_ticks = 900,
		  .executable = "/usr/sbin/a",
		  .cgroup = "/system.slice/a.service" },
		{ .pid = 91,
		  .started_ticks = 910,
		  .executable = "/usr/sbin/b",
		  .cgroup = "/system.slice/b.service" },
		{ .pid = 92,
		  .started_ticks = 920,
		  .executable = "/usr/sbin/job",
		  .cgroup = "/system.slice/cron.service" },
	};
	struct dw_door d = door(DW_STARTER_SYSTEMD_SERVICE, "a.service", NULL);
	struct host *h = systemd_host();
	struct asked k;

	d.owners = o;
	d.n_owners = 3;
	d.sockets = 2;
	host_file(h, "/usr/lib/systemd/system/b.service", 0644,
		  "[Service]\nExecStart=/usr/sbin/b\n");
	host_file(h, "/usr/lib/systemd/system/cron.service", 0644,
		  "[Service]\nExecStart=/usr/sbin/cron\n");
	host_link(h, WANTS "/a.service", "/usr/lib/systemd/system/a.service");
	host_link(h, WANTS "/b.service", "/usr/lib/systemd/system/b.service");
	host_link(h, WANTS "/cron.service", "/usr/lib/systemd/system/cron.service");
	k = host_ask(h, NULL, false, &d);
	DW_CHECK_STR(k.text, "BOOT file " WANTS
			     "/a.service link /usr/lib/systemd/system/a.service -> absent "
			     "notify=systemd\n"
			     "BOOT file " WANTS
			     "/b.service link /usr/lib/systemd/system/b.service -> absent "
			     "notify=systemd\n");
	asked_close(&k, h);

	/* one socket that two hold was lent: only its maker's unit goes */
	h = systemd_host();
	d.sockets = 1;
	host_link(h, WANTS "/a.service", "/usr/lib/systemd/system/a.service");
	host_link(h, WANTS "/b.service", "/usr/lib/systemd/system/b.service");
	k = host_ask(h, NULL, false, &d);
	DW_CHECK_STR(k.text, "BOOT file " WANTS
			     "/a.service link /usr/lib/systemd/system/a.service -> absent "
			     "notify=systemd\n");
	asked_close(&k, h);
}

DW_TEST(a_users_unit)
{
	struct dw_owner o = { .pid = 90, .started_ticks = 900, .comm = "a", .uid = 1000 };
	struct dw_door d = door(DW_STARTER_USER_SESSION, "u.service", NULL);
	struct host *h = systemd_host();
	struct asked k;

	d.owners = &o;
	d.n_owners = 1;
	host_file(h, "/etc/passwd", 0644, "pat:x:1000:1000::/home/pat:/bin/sh\n");
	host_file(h, "/home/pat/.config/systemd/user/u.service", 0644,
		  "[Service]\nExecStart=/bin/u\n");
	host_link(h, "/home/pat/.config/systemd/user/default.target.wants/u.service",
		  "../u.service");
	host_file(h, "/usr/lib/systemd/user/default.target", 0644, "[Unit]\n");
	k = host_ask(h, NULL, false, &d);
	DW_CHECK_STR(k.text,
		     "BOOT file /home/pat/.config/systemd/user/default.target.wants/u.service "
		     "link ../u.service -> absent notify=systemd 1000\n");
	DW_CHECK_STR(k.levers->v[0].command, "systemctl --user -M pat@ disable u.service");
	asked_close(&k, h);
}

DW_TEST_MAIN
