/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profiles.h"

#include "confine.h"
#include "dw_confine_suggest.h"
#include "dw_str.h"

/* capability.h */
#define CHOWN        DW_CAP(0)
#define DAC_OVERRIDE DW_CAP(1)
#define DAC_READ     DW_CAP(2)
#define FOWNER       DW_CAP(3)
#define FSETID       DW_CAP(4)
#define KILL         DW_CAP(5)
#define SETGID       DW_CAP(6)
#define SETUID       DW_CAP(7)
#define SETPCAP      DW_CAP(8)
#define BIND         DW_CAP(10)
#define NET_RAW      DW_CAP(13)
#define IPC_LOCK     DW_CAP(14)
#define CHROOT       DW_CAP(18)
#define SYS_ADMIN    DW_CAP(21)
#define NICE         DW_CAP(23)
#define RESOURCE     DW_CAP(24)
#define TIME         DW_CAP(25)
#define LEASE        DW_CAP(28)
#define AUDIT        DW_CAP(29)

#define DROPS (SETUID | SETGID) /* to become its own user */
#define FILES (CHOWN | DAC_OVERRIDE | DAC_READ | FOWNER | FSETID)

static const struct dw_confine_profile profiles[] = {
	{ "sshd", DW_PROFILE_SESSIONS, 0, NULL, NULL, "sshd(8)" },
	{ "in.telnetd", DW_PROFILE_SESSIONS, 0, NULL, NULL, "telnetd(8)" },
	{ "dropbear", DW_PROFILE_SESSIONS, 0, NULL, NULL, "dropbear(8)" },
	{ "cron", DW_PROFILE_SESSIONS, 0, NULL, NULL, "cron(8)" },
	{ "systemd-logind", DW_PROFILE_SESSIONS, 0, NULL, NULL, "systemd-logind.service(8)" },
	{ "xinetd", DW_PROFILE_SESSIONS, 0, NULL, NULL, "xinetd(8): what it starts is anything" },
	{ "inetd", DW_PROFILE_SESSIONS, 0, NULL, NULL, "inetd(8): what it starts is anything" },
	{ "nginx", DW_PROFILE_JIT, DROPS | BIND | CHOWN | DAC_OVERRIDE | KILL | RESOURCE,
	  "/var/log/nginx /var/lib/nginx /var/cache/nginx /run", NULL,
	  "nginx.org: user, worker_rlimit_nofile, pcre_jit" },
	{ "apache2", DW_PROFILE_JIT | DW_PROFILE_SET_UID, DROPS | BIND | FILES | KILL | RESOURCE,
	  NULL, NULL, "httpd.apache.org: security tips; suexec is set-UID" },
	{ "httpd", DW_PROFILE_JIT | DW_PROFILE_SET_UID, DROPS | BIND | FILES | KILL | RESOURCE,
	  NULL, NULL, "httpd.apache.org: security tips; suexec is set-UID" },
	{ "postgres", DW_PROFILE_JIT | DW_PROFILE_SET_ID, DROPS | FILES | IPC_LOCK | RESOURCE, NULL,
	  NULL, "postgresql.org: JIT compilation; huge pages" },
	{ "mariadbd", DW_PROFILE_SET_UID, DROPS | FILES | IPC_LOCK | NICE | RESOURCE | AUDIT, NULL,
	  "@pkey", "mariadb.com: auth_pam_tool is set-UID" },
	{ "mysqld", DW_PROFILE_SET_UID, DROPS | FILES | IPC_LOCK | NICE | RESOURCE | AUDIT, NULL,
	  "@pkey", "mysqld(8)" },
	{ "redis-server", DW_PROFILE_JIT, DROPS | FILES | RESOURCE, NULL, NULL, "redis.io: Lua" },
	{ "named", 0, DROPS | SETPCAP | BIND | FILES | CHROOT | RESOURCE, NULL, NULL,
	  "named(8): -u, -t" },
	{ "exim4", DW_PROFILE_SET_UID | DW_PROFILE_HOMES | DW_PROFILE_SET_ID | DW_PROFILE_JIT,
	  DROPS | BIND | FILES | KILL | RESOURCE | CHROOT, NULL, NULL,
	  "exim.org, security considerations: exim is set-UID, delivers as each user" },
	{ "master", DW_PROFILE_SET_UID | DW_PROFILE_HOMES | DW_PROFILE_SET_ID | DW_PROFILE_JIT,
	  DROPS | BIND | FILES | KILL | RESOURCE | CHROOT, NULL, NULL,
	  "postfix.org: local(8), postdrop(1) is set-GID" },
	{ "vsftpd", DW_PROFILE_HOMES | DW_PROFILE_NAMESPACES | DW_PROFILE_SET_ID,
	  DROPS | SETPCAP | BIND | FILES | CHROOT | AUDIT | SYS_ADMIN | KILL | RESOURCE, NULL, NULL,
	  "vsftpd.conf(5): isolate, isolate_network, chroot_local_user" },
	{ "smbd", DW_PROFILE_HOMES | DW_PROFILE_SET_ID | DW_PROFILE_SHARED_TMP,
	  DROPS | SETPCAP | BIND | FILES | KILL | LEASE | RESOURCE | AUDIT | NICE | CHROOT |
		  DW_CAP(27),
	  NULL, "quotactl quotactl_fd open_by_handle_at",
	  "smb.conf(5): shares lie anywhere, quotas, leases" },
	{ "nmbd", 0, DROPS | BIND | FILES | NET_RAW | RESOURCE, NULL, NULL, "nmbd(8)" },
	{ "rpcbind", 0, DROPS | SETPCAP | BIND | FILES | CHROOT, NULL, NULL,
	  "rpcbind(8): -w, warm starts" },
	{ "chronyd", DW_PROFILE_CLOCK | DW_PROFILE_DEVICES | DW_PROFILE_REALTIME,
	  DROPS | SETPCAP | BIND | FILES | IPC_LOCK | NICE | RESOURCE | TIME | NET_RAW, NULL,
	  "@clock", "chronyd(8): -P, -m, refclock, rtcdevice" },
	{ "cupsd", DW_PROFILE_DEVICES | DW_PROFILE_HOMES | DW_PROFILE_SET_ID,
	  DROPS | BIND | FILES | KILL | AUDIT | RESOURCE, NULL, NULL,
	  "cupsd(8), backend(7): printers at USB, cups-pdf" },
	{ "avahi-daemon", 0, DROPS | SETPCAP | CHROOT | FILES | RESOURCE | KILL, NULL, NULL,
	  "avahi-daemon(8): --no-chroot, --no-drop-root, --no-rlimits" },
	{ "dovecot", DW_PROFILE_HOMES | DW_PROFILE_SET_ID,
	  DROPS | BIND | FILES | KILL | CHROOT | RESOURCE | AUDIT, NULL, NULL,
	  "dovecot.org: mail in homes" },
	{ "snmpd", DW_PROFILE_KERNEL | DW_PROFILE_HOMES,
	  DROPS | BIND | FILES | NET_RAW | DW_CAP(12) | DW_CAP(19), NULL, NULL, "snmpd(8)" },
	{ "dnsmasq", 0, DROPS | SETPCAP | BIND | FILES | NET_RAW | DW_CAP(12), NULL, NULL,
	  "dnsmasq(8)" },
	{ "squid", 0, DROPS | BIND | FILES | KILL | DW_CAP(12) | RESOURCE, NULL, NULL, "squid(8)" },
	{ "slapd", 0, DROPS | BIND | FILES | RESOURCE, NULL, NULL, "slapd(8)" },
};

const struct dw_confine_profile *dw_confine_profile_of(const struct dw_confine_service *s)
{
	const char *daemon = dw_confine_daemon(s);

	for (size_t i = 0; i < DW_ARRAY_SIZE(profiles); i++)
		if (dw_streq(profiles[i].program, daemon))
			return &profiles[i];
	return NULL;
}
