/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hosts.h"

#include <stdio.h>

void host_script(struct host *h, const char *name, const char *text)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "/etc/init.d/%s", name);
	host_file(h, path, 0755, text);
}

void host_link_script(struct host *h, const char *link, const char *name)
{
	char target[128];

	(void)snprintf(target, sizeof(target), "../init.d/%s", name);
	host_link(h, link, target);
}

/* A small sysvinit host: usrmerged, runlevel 2. */
struct host *host_sysv(void)
{
	struct host *h = host_new();

	host_link(h, "/sbin", "usr/sbin");
	host_link(h, "/bin", "usr/bin");
	host_file(h, "/usr/sbin/init", 0755, "\177ELF");
	host_file(h, "/etc/inittab", 0644,
		  "id:2:initdefault:\nl2:2:wait:/etc/init.d/rc 2\n"
		  "dw:2345:respawn:/usr/local/sbin/itabd tcp 8210\n"
		  "off:45:respawn:/usr/local/sbin/offitabd\n");
	host_file(h, "/usr/local/sbin/itabd", 0755, "#!/usr/bin/python3\n");
	host_file(h, "/usr/local/sbin/offitabd", 0755, "#!/usr/bin/python3\n");
	host_file(h, "/usr/bin/python3.11", 0755, "\177ELF");
	host_link(h, "/usr/bin/python3", "python3.11");
	host_file(h, "/usr/sbin/food", 0755, "#!/bin/sh\n");
	host_script(h, "foo",
		    "#!/bin/sh\nNAME=food\nDAEMON=/sbin/$NAME\nPIDFILE=/run/$NAME.pid\n"
		    "start-stop-daemon --start --pidfile $PIDFILE --exec $DAEMON\n");
	host_link_script(h, "/etc/rc2.d/S01foo", "foo");
	return h;
}

/* As Debian does it: inittab runs wrappers, which enter sysinit and default; boot is never entered. */
struct host *host_openrc(void)
{
	struct host *h = host_sysv();

	host_file(h, "/etc/inittab", 0644,
		  "id:2:initdefault:\nsi::sysinit:/etc/init.d/rcS\n"
		  "l2:2:wait:/etc/init.d/rc 2\nl6:6:wait:/etc/init.d/rc 6\n");
	host_script(h, "rcS", "#!/bin/sh\nexec /sbin/openrc sysinit\n");
	host_script(h, "rc",
		    "#!/bin/sh\ncase $1 in\n\t6 )\n\t\t/sbin/openrc off && /sbin/openrc "
		    "reboot\n\t\t;;\n"
		    "\t* )\n\t\texec /sbin/openrc default\n\t\t;;\nesac\n");
	host_file(h, "/usr/sbin/openrc", 0755, "\177ELF");
	host_file(h, "/run/openrc/softlevel", 0644, "default\n");
	host_script(h, "early", "#!/sbin/openrc-run\ncommand=/usr/sbin/earlyd\n");
	host_script(h, "late",
		    "#!/sbin/openrc-run\ncommand=/usr/sbin/lated\ndepend() {\n\tneed bus\n}\n");
	host_script(h, "bus", "#!/sbin/openrc-run\ncommand=/usr/sbin/busd\npidfile=/run/bus.pid\n");
	host_script(h, "sup",
		    "#!/sbin/openrc-run\nsupervisor=supervise-daemon\ncommand=/usr/sbin/supd\n");
	for (const char *const *d =
		     (const char *const[]){ "earlyd", "lated", "busd", "supd", NULL };
	     *d; d++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "/usr/sbin/%s", *d);
		host_file(h, path, 0755, "#!/bin/sh\n");
	}
	host_link(h, "/etc/runlevels/boot/early", "/etc/init.d/early");
	host_link(h, "/etc/runlevels/default/late", "/etc/init.d/late");
	host_link(h, "/etc/runlevels/sysinit/foo", "/etc/init.d/foo");
	host_link(h, "/etc/runlevels/off/sup", "/etc/init.d/sup");
	return h;
}
