/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Means to notice, on made-up hosts: each check failing, passing, and with each of its calls failed once. */
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <stdio.h>

#include "dw_netlink.h"
#include "faults.h"
#include "notice.h"

#define NOW 1700000000 /* of made-up hosts */

static void fixture(struct host *h, const char *name, const void *data, size_t n)
{
	char path[256];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/netlink", h->dir);
	(void)mkdir(path, 0755);
	(void)snprintf(path, sizeof(path), "%s/netlink/0", h->dir);
	(void)mkdir(path, 0755);
	(void)snprintf(path, sizeof(path), "%s/%s", h->dir, name);
	f = fopen(path, "w");
	if (!f || fwrite(data, 1, n, f) != n || fclose(f) != 0)
		abort();
}

static void touch(struct host *h, const char *path, long seconds)
{
	struct timespec t[2] = { { .tv_sec = seconds }, { .tv_sec = seconds } };
	char full[512];

	(void)snprintf(full, sizeof(full), "%s/root%s", h->dir, path);
	if (utimensat(AT_FDCWD, full, t, 0) < 0)
		abort();
}

static void unit(struct host *h, const char *name, const char *target)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "/usr/lib/systemd/system/%s", name);
	host_file(h, path, 0644, "[Unit]\n");
	(void)snprintf(path, sizeof(path), "/etc/systemd/system/%s.wants/%s", target, name);
	host_link(h, path, "/dev/null/elsewhere");
}

static void runs(struct host *h, int pid, const char *exe)
{
	host_process(h,
		     &(struct host_process){ .pid = pid, .ppid = 1, .exe = exe, .argv = { exe } });
}

static void both(struct host *h, const char *id, enum dw_host_outcome o, const char *evidence)
{
	LOOK(h, id, o, evidence);
	survive_faults(h, id, o);
}

static void says(struct host *h, const char *id, enum dw_host_outcome o, const char *text)
{
	struct checked c = checked(h, id);

	DW_CHECK(c.r->outcome == o);
	DW_CHECK_STR(c.r->text, text);
	checked_free(&c);
}

/* --- the clock ------------------------------------------------------------------------------------------ */

DW_TEST(the_clock_is_what_the_kernel_was_told)
{
	struct host *h = host_new();

	LOOK(h, "clock-in-sync", DW_HOST_UNKNOWN, ""); /* nothing recorded */
	fixture(h, "adjtimex", "8192 12345 678\n", 15);
	says(h, "clock-in-sync", DW_HOST_OK, "The clock is right but for 12 milliseconds at most.");
	survive_faults(h, "clock-in-sync", DW_HOST_OK);
	fixture(h, "adjtimex", "64 16000000 16000000\n", 21);
	both(h, "clock-in-sync", DW_HOST_FAILS,
	     "-:0 clock: nobody told the kernel that it is right (STA_UNSYNC)");
	runs(h, 50, "/usr/sbin/chronyd");
	host_file(h, "/etc/chrony/chrony.conf", 0644, "pool example.org\n#rtcsync\n");
	LOOK(h, "clock-in-sync", DW_HOST_UNKNOWN, "");
	host_file(h, "/etc/chrony/chrony.conf", 0644, "pool example.org\nrtcsync\n");
	LOOK(h, "clock-in-sync", DW_HOST_FAILS,
	     "-:0 clock: nobody told the kernel that it is right (STA_UNSYNC)");
	host_file(h, "/run/systemd/container", 0644, "lxc\n");
	says(h, "clock-in-sync", DW_HOST_NOT_APPLICABLE,
	     "This is a container: its clock is that of the machine around it, which is not kept.");
	host_free(h);
}

DW_TEST(a_daemon_keeps_the_clock_now_and_after_the_next_boot)
{
	struct host *h = host_new();

	both(h, "clock-daemon", DW_HOST_FAILS,
	     "-:0 clock: no chrony, systemd-timesyncd or ntpd is enabled");
	runs(h, 60, "/usr/sbin/ntpd");
	LOOK(h, "clock-daemon", DW_HOST_FAILS,
	     "-:0 NTPsec: it runs, but nothing starts it at the next boot");
	host_free(h);
	h = host_new();
	unit(h, "systemd-timesyncd.service", "sysinit.target");
	both(h, "clock-daemon", DW_HOST_FAILS,
	     "-:0 systemd-timesyncd.service: it is enabled, but does not run");
	runs(h, 61, "/usr/lib/systemd/systemd-timesyncd");
	both(h, "clock-daemon", DW_HOST_OK, "");
	host_link(h, "/etc/systemd/system/systemd-timesyncd.service", "/dev/null");
	LOOK(h, "clock-daemon", DW_HOST_FAILS,
	     "-:0 systemd-timesyncd: it runs, but nothing starts it at the next boot");
	host_free(h);
}

DW_TEST(a_script_of_sysvinit_keeps_the_clock_as_well)
{
	struct host *h = host_new();

	host_link(h, "/etc/rc2.d/S01ntpsec", "../init.d/ntpsec");
	runs(h, 60, "/usr/sbin/ntpd");
	both(h, "clock-daemon", DW_HOST_OK, "");
	host_free(h);
}

/* --- records -------------------------------------------------------------------------------------------- */

DW_TEST(statistics_are_kept_where_files_of_them_are_fresh)
{
	struct host *h = host_new();

	both(h, "statistics-kept", DW_HOST_FAILS,
	     "-:0 sysstat: neither it nor another collector is there");
	host_file(h, "/usr/lib/sysstat/sadc", 0755, "");
	both(h, "statistics-kept", DW_HOST_FAILS,
	     "-:0 sysstat: neither its timer nor a job of cron is enabled");
	host_file(h, "/etc/cron.d/sysstat", 0644,
		  "5-55/10 * * * * root command -v debian-sa1 > /dev/null && debian-sa1 1 1\n");
	host_file(h, "/etc/default/sysstat", 0644, "# default\nENABLED=\"false\"\n");
	both(h, "statistics-kept", DW_HOST_FAILS,
	     "/etc/default/sysstat:2 sysstat: ENABLED is \"false\"");
	host_file(h, "/etc/default/sysstat", 0644, "ENABLED=\"true\"\n");
	host_file(h, "/var/log/sysstat/sa14", 0644, "x");
	touch(h, "/var/log/sysstat/sa14", NOW - 100);
	both(h, "statistics-kept", DW_HOST_OK, "");
	touch(h, "/var/log/sysstat/sa14", NOW - 86400);
	fixture(h, "clock", "1700000000 1699999000\n",
		22); /* booted a moment ago: there was no time to write */
	LOOK(h, "statistics-kept", DW_HOST_OK, "");
	fixture(h, "clock", "1700000000 1600000000\n", 22);
	both(h, "statistics-kept", DW_HOST_FAILS,
	     "/var/log/sysstat/sa14:0 sysstat: nothing was written for 24 hours");
	unit(h, "atop.service", "multi-user.target");
	both(h, "statistics-kept", DW_HOST_OK, "");
	host_free(h);
}

static void audit(struct host *h, unsigned enabled, unsigned pid, unsigned rules)
{
	struct {
		struct nlmsghdr m;
		struct audit_status s;
	} get = { .m = { .nlmsg_len = sizeof(get), .nlmsg_type = AUDIT_GET },
		  .s = { .enabled = enabled, .pid = pid } };
	struct nlmsghdr list[3] = { 0 },
			request = { .nlmsg_len = NLMSG_HDRLEN, .nlmsg_type = AUDIT_GET };
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct dw_netns here = { .inode = 0, .fd = -1 };

	fixture(h, dw_netlink_key(a, &here, NETLINK_AUDIT, &request), &get, sizeof(get));
	for (unsigned i = 0; i < rules; i++)
		list[i] = (struct nlmsghdr){ .nlmsg_len = NLMSG_HDRLEN,
					     .nlmsg_type = AUDIT_LIST_RULES };
	list[rules] = (struct nlmsghdr){ .nlmsg_len = NLMSG_HDRLEN, .nlmsg_type = NLMSG_DONE };
	request.nlmsg_type = AUDIT_LIST_RULES;
	fixture(h, dw_netlink_key(a, &here, NETLINK_AUDIT, &request), list,
		sizeof(list[0]) * (rules + 1));
}

DW_TEST(the_kernel_says_whether_it_records)
{
	struct host *h = host_new();

	both(h, "activity-recorded", DW_HOST_FAILS,
	     "-:0 audit: this kernel has none, and no process accounting is on");
	audit(h, 0, 0, 0);
	both(h, "activity-recorded", DW_HOST_FAILS,
	     "-:0 audit: it is switched off in the kernel, and no process accounting is on");
	audit(h, 1, 0, 0);
	LOOK(h, "activity-recorded", DW_HOST_FAILS,
	     "-:0 audit: no daemon takes the kernel's records, and no process accounting is on");
	audit(h, 1, 400, 0);
	LOOK(h, "activity-recorded", DW_HOST_FAILS,
	     "-:0 audit: the kernel has no rule what to record");
	audit(h, 1, 400, 2);
	says(h, "activity-recorded", DW_HOST_OK, "The kernel records who did what, by 2 rules.");
	survive_faults(h, "activity-recorded", DW_HOST_OK);
	host_file(h, "/.dockerenv", 0644, "");
	both(h, "activity-recorded", DW_HOST_NOT_APPLICABLE, "");
	host_free(h);
}

DW_TEST(process_accounting_counts_while_it_writes)
{
	struct host *h = host_new();

	unit(h, "acct.service", "multi-user.target");
	host_file(h, "/var/log/account/pacct", 0640, "x");
	touch(h, "/var/log/account/pacct", NOW - 60);
	both(h, "activity-recorded", DW_HOST_OK, "");
	touch(h, "/var/log/account/pacct", NOW - 86400);
	LOOK(h, "activity-recorded", DW_HOST_FAILS,
	     "-:0 audit: this kernel has none, and no process accounting is on");
	host_free(h);
}

/* --- logs ----------------------------------------------------------------------------------------------- */

DW_TEST(logs_are_kept_by_a_daemon_or_by_a_journal_on_the_disk)
{
	struct host *h = host_new();

	both(h, "logs-kept", DW_HOST_FAILS,
	     "-:0 syslog: no daemon of syslog is enabled and runs, and there is no journald");
	host_file(h, "/usr/lib/systemd/systemd-journald", 0755, "");
	both(h, "logs-kept", DW_HOST_FAILS, "-:0 journald: neither it nor a daemon of syslog runs");
	runs(h, 71, "/usr/lib/systemd/systemd-journald");
	both(h, "logs-kept", DW_HOST_FAILS,
	     "-:0 Storage: it is \"auto\", and there is no /var/log/journal: journald writes to "
	     "/run");
	host_file(h, "/var/log/journal/x", 0644, "");
	both(h, "logs-kept", DW_HOST_OK, "");
	host_file(h, "/etc/systemd/journald.conf", 0644, "[Journal]\nStorage=persistent\n");
	host_file(h, "/usr/lib/systemd/journald.conf.d/50-a.conf", 0644,
		  "[Journal]\n# x\nStorage=volatile\n");
	LOOK(h, "logs-kept", DW_HOST_FAILS,
	     "/usr/lib/systemd/journald.conf.d/50-a.conf:3 Storage: it is \"volatile\"");
	host_file(h, "/etc/systemd/journald.conf.d/50-a.conf", 0644,
		  "[Journal]\nSystemMaxUse=8M\n");
	both(h, "logs-kept", DW_HOST_FAILS,
	     "/etc/systemd/journald.conf.d/50-a.conf:2 SystemMaxUse: 8M is soon filled with other "
	     "things");
	unit(h, "rsyslog.service", "multi-user.target");
	runs(h, 70, "/usr/sbin/rsyslogd");
	says(h, "logs-kept", DW_HOST_OK, "rsyslog keeps logs on the disk.");
	host_free(h);
}

static void grow(struct host *h, const char *path)
{
	char full[512];
	int fd;

	host_file(h, path, 0644, "");
	(void)snprintf(full, sizeof(full), "%s/root%s", h->dir, path);
	fd = open(full, O_WRONLY);
	if (fd < 0 || posix_fallocate(fd, 0, 65 << 20) != 0)
		abort();
	(void)close(fd);
}

DW_TEST(logs_that_grow_are_in_a_rule_of_logrotate)
{
	struct host *h = host_new();

	host_file(h, "/usr/sbin/logrotate", 0755, "");
	both(h, "logs-rotated", DW_HOST_FAILS,
	     "/usr/sbin/logrotate:0 logrotate: neither its timer nor a job of cron is enabled");
	host_file(h, "/etc/cron.daily/logrotate", 0755, "#!/bin/sh\n");
	host_file(h, "/etc/logrotate.conf", 0644, "weekly\ninclude /etc/logrotate.d\n");
	host_file(h, "/etc/logrotate.d/app", 0644,
		  "/var/log/app/*.log\n\"/var/log/other log\" {\n postrotate\n  { /var/log/no }\n "
		  "endscript\n}\n");
	grow(h, "/var/log/app/a.log");
	both(h, "logs-rotated", DW_HOST_OK, "");
	grow(h, "/var/log/app/b.txt");
	both(h, "logs-rotated", DW_HOST_FAILS,
	     "/var/log/app/b.txt:0 /var/log/app/b.txt: it has 65 MiB, and no rule of logrotate is "
	     "for it");
	host_free(h);
}

DW_TEST(logs_leave_the_host_by_rsyslog_or_a_shipper)
{
	struct host *h = host_new();

	both(h, "logs-forwarded", DW_HOST_FAILS, "-:0 journal: it sends nothing to another host");
	unit(h, "rsyslog.service", "multi-user.target");
	runs(h, 70, "/usr/sbin/rsyslogd");
	host_file(h, "/etc/rsyslog.conf", 0644, "# *.* @@old\n*.* /var/log/syslog\n");
	both(h, "logs-forwarded", DW_HOST_FAILS, "-:0 rsyslog: it sends nothing to another host");
	host_file(h, "/etc/rsyslog.d/90.conf", 0644,
		  "auth.* /var/log/auth\n*.* @@(o)[2001:db8::1]:514;RSYSLOG_X\n");
	says(h, "logs-forwarded", DW_HOST_OK,
	     "rsyslog sends them to [2001:db8::1]:514 (/etc/rsyslog.d/90.conf:2).");
	survive_faults(h, "logs-forwarded", DW_HOST_OK);
	host_free(h);
}

DW_TEST(ways_of_rsyslog_to_send)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	static const struct {
		const char *text, *to;
		unsigned line;
	} cases[] = {
		{ "*.* @192.0.2.1\n", "192.0.2.1", 1 },
		{ "\n*.*\t@@logs.example.org:6514\n", "logs.example.org:6514", 2 },
		{ "*.* action(type=\"omfwd\"\n  target=\"logs\" port=\"514\")\n", "logs", 1 },
		{ "action(type=\"omfwd\" Target=\"logs\")\n", "logs", 1 },
		{ "*.* :omrelp:relp.example.org:2514\n", "relp.example.org:2514", 1 },
		{ "mail.* -/var/log/mail@home\nmodule(load=\"imuxsock\")\n", NULL, 0 },
		{ "action(type=\"omfwd\")\n*.* /var/log/x\n", NULL, 0 },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(cases); i++) {
		const char *to = NULL;
		struct dw_bytes text = { dw_arena_strdup(a, cases[i].text), strlen(cases[i].text) };

		DW_CHECK(host_rsyslog_forwards(a, &text, &to) == cases[i].line);
		DW_CHECK(dw_streq0(to, cases[i].to));
	}
}

DW_TEST(somebody_reads_the_logs)
{
	struct host *h = host_new();

	both(h, "logs-read", DW_HOST_FAILS,
	     "-:0 logs: neither logwatch, logcheck nor another reader is there");
	host_file(h, "/usr/sbin/logwatch", 0755, "");
	both(h, "logs-read", DW_HOST_FAILS,
	     "/usr/sbin/logwatch:0 logwatch: it is installed, and nothing starts it");
	host_file(h, "/etc/cron.daily/00logwatch", 0755, "#!/bin/sh\n");
	both(h, "logs-read", DW_HOST_OK, "");
	host_free(h);
}

/* --- integrity ------------------------------------------------------------------------------------------ */

DW_TEST(integrity_needs_a_job_and_a_database)
{
	struct host *h = host_new();

	both(h, "integrity-checked", DW_HOST_FAILS,
	     "-:0 integrity: neither AIDE, Tripwire nor debsums is there");
	LOOK(h, "integrity-database", DW_HOST_NOT_APPLICABLE, "");
	host_file(h, "/usr/bin/aide", 0755, "");
	both(h, "integrity-checked", DW_HOST_FAILS,
	     "/usr/bin/aide:0 AIDE: it is installed, and nothing starts it");
	unit(h, "dailyaidecheck.timer", "timers.target");
	both(h, "integrity-checked", DW_HOST_FAILS,
	     "/usr/bin/aide:0 AIDE: it has no database (/var/lib/aide/aide.db) to compare with");
	host_file(h, "/var/lib/aide/aide.db", 0600, "x");
	both(h, "integrity-checked", DW_HOST_OK, "");
	both(h, "integrity-database", DW_HOST_FAILS,
	     "/var/lib/aide/aide.db:0 AIDE: its database lies on the disk that it is about");
	host_free(h);
}

DW_TEST(debsums_is_told_how_often)
{
	struct host *h = host_new();

	host_file(h, "/usr/bin/debsums", 0755, "");
	host_file(h, "/etc/cron.daily/debsums", 0755, "#!/bin/sh\n");
	host_file(h, "/var/lib/dpkg/info/x.md5sums", 0644, "");
	host_file(h, "/etc/default/debsums", 0644, "CRON_CHECK=never\n");
	LOOK(h, "integrity-checked", DW_HOST_FAILS,
	     "/usr/bin/debsums:0 debsums: it is installed, and nothing starts it");
	host_file(h, "/etc/default/debsums", 0644, "CRON_CHECK=weekly\n");
	both(h, "integrity-checked", DW_HOST_OK, "");
	host_free(h);
}

/* --- mail ----------------------------------------------------------------------------------------------- */

DW_TEST(the_mail_of_root_goes_to_somebody)
{
	struct host *h = host_new();

	both(h, "root-mail", DW_HOST_FAILS,
	     "-:0 sendmail: no mailer is installed: what cron has to say is thrown away");
	host_file(h, "/usr/sbin/sendmail", 0755, "");
	both(h, "root-mail", DW_HOST_FAILS,
	     "/etc/aliases:0 root: its mail goes to nobody else, and nobody logs in as root to "
	     "read");
	host_file(h, "/var/mail/root", 0600,
		  "From root@x Tue Oct 10 06:25:01 2023\nStatus: RO\n\nread\n\n"
		  "From root@x Wed Oct 11 06:25:01 2023\nSubject: disk\n\nFrom here on\nStatus: "
		  "RO\n\n"
		  "From root@x Thu Oct 12 06:25:01 2023\nSubject: disk\n\nfull\n");
	both(h, "root-mail", DW_HOST_FAILS,
	     "/var/mail/root:0 root: 2 mails that nobody read, the first of 34 days ago");
	host_file(h, "/var/mail/root", 0600,
		  "From root@x Tue Oct 10 06:25:01 2023\nStatus: RO\n\nread\n");
	both(h, "root-mail", DW_HOST_OK, "");
	host_file(h, "/etc/aliases", 0644, "# x\npostmaster: root\n\"Root\" : /dev/null\n");
	both(h, "root-mail", DW_HOST_FAILS, "/etc/aliases:3 root: its mail is thrown away");
	host_file(h, "/etc/aliases", 0644, "root: ann@example.org\n");
	says(h, "root-mail", DW_HOST_OK, "The mail of root goes to ann@example.org.");
	survive_faults(h, "root-mail", DW_HOST_OK);
	host_file(h, "/etc/crontab", 0644, "SHELL=/bin/sh\nMAILTO=\"\"\n");
	LOOK(h, "root-mail", DW_HOST_FAILS,
	     "/etc/crontab:2 MAILTO: it is empty: what jobs say is thrown away");
	host_free(h);
}

DW_TEST_MAIN
