/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Means to notice: the list. */
#include "notice.h"

const struct host_check host_checks_notice[] = {
	{ .about = { .id = "clock-in-sync",
		     .category = DW_CATEGORY_NOTICE,
		     .title = "The clock is synchronised",
		     .severity = DW_SEVERITY_MEDIUM,
		     .reason = "With a clock that runs as it likes, logs of several hosts cannot "
			       "be laid side by side, "
			       "certificates and one-time passwords are refused, or taken when "
			       "they should not be.",
		     .source = "CIS Debian Linux 12, Configure Time Synchronization; adjtimex(2)",
		     .advice = "Install chrony (or enable systemd-timesyncd), and look with "
			       "chronyc tracking or "
			       "timedatectl whether its servers answer." },
	  .look = host_clock_in_sync },
	{ .about = { .id = "clock-daemon",
		     .category = DW_CATEGORY_NOTICE,
		     .title = "Somebody keeps the clock after a reboot",
		     .severity = DW_SEVERITY_LOW,
		     .reason = "A clock that was set once drifts by seconds a week; who looks at "
			       "logs later finds events "
			       "in the wrong order.",
		     .source = "CIS Debian Linux 12, Ensure a single time synchronization daemon "
			       "is in use",
		     .advice = "apt install chrony, or systemctl enable --now systemd-timesyncd." },
	  .look = host_clock_kept },
	{ .about = { .id = "statistics-kept",
		     .category = DW_CATEGORY_NOTICE,
		     .title = "Statistics of the system are kept",
		     .severity = DW_SEVERITY_LOW,
		     .reason = "Without figures of yesterday nobody can say when a process began "
			       "to take the processor, "
			       "or when data began to leave the host.",
		     .source = "sar(1), sysstat(5)",
		     .advice = "apt install sysstat; then ENABLED=\"true\" in /etc/default/sysstat "
			       "and systemctl enable "
			       "--now sysstat.service, which brings its timers." },
	  .look = host_statistics_kept },
	{ .about = { .id = "activity-recorded",
		     .category = DW_CATEGORY_NOTICE,
		     .title = "Something records who did what",
		     .severity = DW_SEVERITY_LOW,
		     .reason = "After a break-in the question is which commands ran and which "
			       "files were touched; logs "
			       "of services do not tell.",
		     .source = "CIS Debian Linux 12, Configure auditd Service; auditctl(8), "
			       "accton(8)",
		     .advice = "apt install auditd and put rules into /etc/audit/rules.d (it comes "
			       "with sets of them), "
			       "or at least apt install acct." },
	  .look = host_activity_recorded },
	{ .about = { .id = "logs-kept",
		     .category = DW_CATEGORY_NOTICE,
		     .title = "Logs outlive a reboot",
		     .severity = DW_SEVERITY_MEDIUM,
		     .reason = "Logs in memory are gone with the next boot, and an intruder has "
			       "only to reboot to be "
			       "forgotten.",
		     .source = "CIS Debian Linux 12, Ensure journald is configured to write "
			       "logfiles to persistent disk; "
			       "journald.conf(5)",
		     .advice = "mkdir /var/log/journal && systemd-tmpfiles --create --prefix "
			       "/var/log/journal && "
			       "journalctl --flush, or install rsyslog." },
	  .look = host_logs_kept },
	{ .about = { .id = "logs-rotated",
		     .category = DW_CATEGORY_NOTICE,
		     .title = "Logs are rotated",
		     .severity = DW_SEVERITY_LOW,
		     .reason = "A log that grows until the disk is full stops every service that "
			       "writes, and with them "
			       "all other logs.",
		     .source = "CIS Debian Linux 12, Ensure logrotate is configured; logrotate(8)",
		     .advice = "apt install logrotate, systemctl enable --now logrotate.timer; a "
			       "rule for a file of "
			       "one's own goes into /etc/logrotate.d." },
	  .look = host_logs_rotated },
	{ .about = { .id = "logs-forwarded",
		     .category = DW_CATEGORY_NOTICE,
		     .title = "Logs are sent to another host too",
		     .severity = DW_SEVERITY_LOW,
		     .reason = "Who is root can change every log of the host, but not the copy "
			       "that another host has.",
		     .source = "CIS Debian Linux 12, Ensure rsyslog is configured to send logs to "
			       "a remote log host; "
			       "systemd-journal-upload(8)",
		     .advice = "A line \"*.* action(type=\"omfwd\" target=\"HOST\" "
			       "protocol=\"tcp\")\" in "
			       "/etc/rsyslog.d, or systemd-journal-upload with URL= of the host "
			       "that collects." },
	  .look = host_logs_forwarded },
	{ .about = { .id = "logs-read",
		     .category = DW_CATEGORY_NOTICE,
		     .title = "Somebody reads the logs",
		     .severity = DW_SEVERITY_LOW,
		     .reason = "What nobody reads warns nobody: most break-ins stand in the logs "
			       "for weeks before they "
			       "are found by other means.",
		     .source = "logcheck(8), logwatch(8), fail2ban(1)",
		     .advice = "apt install logcheck or logwatch: each mails what is unusual; "
			       "fail2ban shuts out who "
			       "tries passwords." },
	  .look = host_logs_read },
	{ .about = { .id = "integrity-checked",
		     .category = DW_CATEGORY_NOTICE,
		     .title = "A checker of integrity runs",
		     .severity = DW_SEVERITY_LOW,
		     .reason = "A program that was exchanged does what it did before, and one "
			       "thing more: only a "
			       "comparison with what it was shows it.",
		     .source = "CIS Debian Linux 12, Configure Integrity Checking; aide(1), "
			       "debsums(1)",
		     .advice = "apt install aide, aideinit, and dailyaidecheck.timer; or debsums "
			       "with CRON_CHECK=daily "
			       "in /etc/default/debsums." },
	  .look = host_integrity_checked },
	{ .about = { .id = "integrity-database",
		     .category = DW_CATEGORY_NOTICE,
		     .title = "What is compared with lies apart",
		     .severity = DW_SEVERITY_LOW,
		     .reason = "Who can exchange a program can exchange its sum in a database on "
			       "the same disk as well.",
		     .source = "aide.conf(5), database_in; tw.cfg(4)",
		     .advice = "Keep a copy of the database on another host or on a disk that is "
			       "mounted read-only, and "
			       "name that one in the settings of the checker." },
	  .look = host_integrity_database },
	{ .about = { .id = "root-mail",
		     .category = DW_CATEGORY_NOTICE,
		     .title = "Somebody reads the mail of root",
		     .severity = DW_SEVERITY_LOW,
		     .reason = "cron, logcheck, smartd, mdadm and unattended-upgrades write to "
			       "root when something is "
			       "wrong. Where nobody gets it, nobody learns of it.",
		     .source = "aliases(5), crontab(5)",
		     .advice = "A line \"root: somebody@example.org\" in /etc/aliases, then "
			       "newaliases; a mailer that "
			       "only sends (dma, msmtp-mta) is enough." },
	  .look = host_root_mail },
	{ .about = { .id = NULL } },
};
