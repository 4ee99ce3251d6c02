/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kept up to date: the list. */
#include "updates.h"

const struct host_check host_checks_updates[] = {
	{ .about = { .id = "release-supported",
		     .category = DW_CATEGORY_UPDATES,
		     .title = "The release is looked after",
		     .severity = DW_SEVERITY_HIGH,
		     .reason = "Holes that are found from now on stay open: nobody makes updates "
			       "for a release that "
			       "is out of support.",
		     .source = "os-release(5); dates of the makers, in knowledge/releases.yaml",
		     .advice = "Upgrade to a release that is supported, one release after another, "
			       "by the release "
			       "notes of its maker." },
	  .look = host_updates_release },
	{ .about = { .id = "security-updates",
		     .category = DW_CATEGORY_UPDATES,
		     .title = "No security update waits",
		     .severity = DW_SEVERITY_HIGH,
		     .reason = "What an update puts right is known to everybody, and so is how to "
			       "use it against a "
			       "host that waits.",
		     .source = "CIS Debian Linux 12, Ensure updates, patches, and additional "
			       "security software are "
			       "installed; deb-version(7)",
		     .advice = "apt-get update && apt-get upgrade." },
	  .look = host_updates_pending },
	{ .about = { .id = "package-lists",
		     .category = DW_CATEGORY_UPDATES,
		     .title = "The host hears of security updates",
		     .severity = DW_SEVERITY_MEDIUM,
		     .reason = "By lists that are old, or have no security updates, a host looks "
			       "up to date that is "
			       "not.",
		     .source = "sources.list(5), apt-get(8)",
		     .advice = "A source of security updates in /etc/apt (Debian: "
			       "security.debian.org, suite "
			       "CODENAME-security; Ubuntu: CODENAME-security), then apt-get "
			       "update." },
	  .look = host_updates_lists },
	{ .about = { .id = "automatic-updates",
		     .category = DW_CATEGORY_UPDATES,
		     .title = "Security updates install themselves",
		     .severity = DW_SEVERITY_MEDIUM,
		     .reason = "Between an update and the first attacks lie hours; between an "
			       "update and an "
			       "administrator who is on leave lie weeks.",
		     .source = "apt.conf(5), apt.systemd.daily(8), unattended-upgrade(8)",
		     .advice = "apt install unattended-upgrades (or dnf-automatic), "
			       "dpkg-reconfigure -plow "
			       "unattended-upgrades; its timers are apt-daily.timer and "
			       "apt-daily-upgrade.timer." },
	  .look = host_updates_automatic,
	  .fix = host_updates_automatic_fix },
	{ .about = { .id = "replaced-libraries",
		     .category = DW_CATEGORY_UPDATES,
		     .title = "Services run what is installed",
		     .severity = DW_SEVERITY_HIGH,
		     .reason = "A service that was started before an update runs the library with "
			       "the hole until it "
			       "is started again.",
		     .source = "proc_pid_maps(5); needrestart(1)",
		     .advice = "systemctl restart UNIT for each of them; a session "
			       "(session-N.scope) ends by logging "
			       "out, and what restarts badly (dbus, systemd-logind) waits for the "
			       "next reboot." },
	  .look = host_updates_replaced },
	{ .about = { .id = "reboot-needed",
		     .category = DW_CATEGORY_UPDATES,
		     .title = "The newest kernel runs",
		     .severity = DW_SEVERITY_MEDIUM,
		     .reason = "The kernel with the hole runs until the next boot, whatever is "
			       "installed.",
		     .source = "CIS Debian Linux 12, Ensure updates, patches, and additional "
			       "security software are "
			       "installed; uname(2)",
		     .advice = "Reboot when the services can spare it." },
	  .look = host_updates_reboot },
	{ .about = { .id = NULL } },
};
