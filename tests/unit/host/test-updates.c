/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kept up to date, on made-up hosts: each check failing, passing, and with each of its calls failed once. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>

#include "faults.h"

#define NOW      1700000000 /* of made-up hosts: 14 November 2023 */
#define DAY      86400
#define LISTS    "/var/lib/apt/lists"
#define SECURITY LISTS "/security.debian.org_dists_bookworm-security"

static void touch(struct host *h, const char *path, long seconds)
{
	struct timespec t[2] = { { .tv_sec = seconds }, { .tv_sec = seconds } };
	char full[512];

	(void)snprintf(full, sizeof(full), "%s/root%s", h->dir, path);
	if (utimensat(AT_FDCWD, full, t, 0) < 0)
		abort();
}

static void in_proc(struct host *h, const char *name, const char *text)
{
	char path[512];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/proc/%s", h->dir, name);
	f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
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

/* --- release -------------------------------------------------------------------------------------------- */

DW_TEST(a_release_is_looked_after_until_its_day)
{
	struct host *h = host_new();

	LOOK(h, "release-supported", DW_HOST_UNKNOWN, "");
	host_file(h, "/usr/lib/os-release", 0644, "NAME=Debian\nID=debian\nVERSION_ID=\"12\"\n");
	says(h, "release-supported", DW_HOST_OK,
	     "Debian 12 (bookworm) gets security updates until 2028-06-30.");
	survive_faults(h, "release-supported", DW_HOST_OK);
	host_file(h, "/etc/os-release", 0644, "ID=debian\nVERSION_ID=\"9\"\n");
	both(h, "release-supported", DW_HOST_FAILS,
	     "/etc/os-release:2 debian-9: security updates ended on 2022-06-30; they are sold "
	     "until 2027-06-30");
	host_file(h, "/etc/os-release", 0644, "ID=ubuntu\nVERSION_ID=\"18.04\"\n");
	LOOK(h, "release-supported", DW_HOST_FAILS,
	     "/etc/os-release:2 ubuntu-18.04: security updates ended on 2023-05-31; they are sold "
	     "until 2030-04-30");
	host_file(h, "/var/lib/ubuntu-advantage/private/machine-token.json", 0600, "{}");
	both(h, "release-supported", DW_HOST_OK, "");
	host_file(h, "/etc/os-release", 0644, "ID=almalinux\nVERSION_ID=\"9.4\"\n");
	LOOK(h, "release-supported", DW_HOST_OK, "");
	host_file(h, "/etc/os-release", 0644, "ID=arch\n");
	LOOK(h, "release-supported", DW_HOST_NOT_APPLICABLE, "");
	host_file(h, "/etc/os-release", 0644, "ID=plan9\nVERSION_ID=4\n");
	LOOK(h, "release-supported", DW_HOST_UNKNOWN, "");
	host_free(h);
}

/* --- lists ---------------------------------------------------------------------------------------------- */

static struct host *with_lists(const char *date)
{
	struct host *h = host_new();
	char text[512];

	host_file(h, "/usr/bin/apt-get", 0755, "");
	(void)snprintf(text, sizeof(text),
		       "Origin: Debian\nLabel: Debian-Security\nSuite: stable-security\nDate: %s\n",
		       date);
	host_file(h, SECURITY "_InRelease", 0644, text);
	host_file(h, LISTS "/deb.debian.org_debian_dists_bookworm_Release", 0644,
		  "Origin: Debian\nLabel: Debian\nSuite: stable\nDate: Tue, 14 Nov 2023 01:00:00 "
		  "UTC\n");
	host_file(h, LISTS "/deb.debian.org_debian_dists_bookworm_main_binary-amd64_Packages", 0644,
		  "Package: curl\nArchitecture: amd64\nVersion: 99\n");
	host_file(h, SECURITY "_main_binary-amd64_Packages", 0644,
		  "Package: openssl\nArchitecture: amd64\nVersion: 3.0.11-1~deb12u2\n\n"
		  "Package: openssl\nArchitecture: i386\nVersion: 99\n\n"
		  "Package: openssl\nArchitecture: amd64\nVersion: 3.0.11-1~deb12u1\n\n"
		  "Package: tzdata\nArchitecture: all\nVersion: 2023c-5\n\n"
		  "Package: gone\nArchitecture: amd64\nVersion: 2\n");
	host_file(h, LISTS "/partial/x", 0644, "");
	return h;
}

/* dpkg's, with one package that is not as the lists have it. */
static void installed(struct host *h, const char *openssl)
{
	char text[1024];

	(void)snprintf(
		text, sizeof(text),
		"Package: tzdata\nStatus: install ok installed\nArchitecture: all\nVersion: "
		"2023c-5\n\n"
		"Package: openssl\nStatus: install ok installed\nArchitecture: amd64\nVersion: "
		"%s\n\n"
		"Package: curl\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n"
		"Package: gone\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: "
		"1\n",
		openssl);
	host_file(h, "/var/lib/dpkg/status", 0644, text);
}

static void asked(struct host *h, long when)
{
	touch(h, LISTS "/partial", when);
	touch(h, LISTS, when);
}

DW_TEST(what_waits_is_what_the_lists_of_security_have)
{
	struct host *h = with_lists("Mon, 13 Nov 2023 10:00:00 UTC");

	installed(h, "3.0.11-1~deb12u2");
	asked(h, NOW - 1000);
	says(h, "security-updates", DW_HOST_OK,
	     "No security update waits, by lists that are of today.");
	survive_faults(h, "security-updates", DW_HOST_OK);
	installed(h, "3.0.9-1");
	both(h, "security-updates", DW_HOST_FAILS,
	     SECURITY "_main_binary-amd64_Packages:1 openssl: 3.0.9-1 is installed, "
		      "3.0.11-1~deb12u2 is the one to have");
	both(h, "package-lists", DW_HOST_OK, "");
	host_free(h);
}

DW_TEST(old_lists_say_nothing_good)
{
	struct host *h = with_lists("Mon, 09 Oct 2023 10:00:00 UTC");

	installed(h, "3.0.11-1~deb12u2");
	asked(h, NOW - 30 * DAY);
	LOOK(h, "security-updates", DW_HOST_UNKNOWN, "");
	both(h, "package-lists", DW_HOST_FAILS, LISTS ":0 lists: they are 30 days old");
	installed(h, "3.0.9-1");
	says(h, "security-updates", DW_HOST_FAILS,
	     "One security update waits, by lists that are 30 days old.");
	host_file(h, "/var/lib/apt/periodic/update-success-stamp", 0644, "");
	touch(h, "/var/lib/apt/periodic/update-success-stamp", NOW - 3 * DAY);
	says(h, "security-updates", DW_HOST_FAILS,
	     "One security update waits, by lists that are 3 days old.");
	host_free(h);
}

DW_TEST(lists_that_are_not_there_or_packed_are_unknown)
{
	struct host *h = host_new();

	LOOK(h, "security-updates", DW_HOST_UNKNOWN, "");
	host_file(h, "/usr/bin/apt-get", 0755, "");
	LOOK(h, "security-updates", DW_HOST_UNKNOWN, "");
	LOOK(h, "package-lists", DW_HOST_UNKNOWN, "");
	host_free(h);
	h = host_new();
	host_file(h, "/usr/bin/apt-get", 0755, "");
	installed(h, "1");
	host_file(h, SECURITY "_InRelease", 0644,
		  "Label: Debian-Security\nDate: Mon, 13 Nov 2023 10:00:00 UTC\n");
	host_file(h, SECURITY "_main_binary-amd64_Packages.xz", 0644, "x");
	says(h, "security-updates", DW_HOST_UNKNOWN,
	     SECURITY "_main_binary-amd64_Packages.xz is compressed, and cannot be read");
	host_free(h);
}

/* Of two packages, openssl 3.0.16-1 the first: lz4 -9. */
static const unsigned char frame[] = {
	0x04, 0x22, 0x4d, 0x18, 0x64, 0x40, 0xa7, 0x53, 0x00, 0x00, 0x00, 0xf5, 0x29, 0x50, 0x61,
	0x63, 0x6b, 0x61, 0x67, 0x65, 0x3a, 0x20, 0x6f, 0x70, 0x65, 0x6e, 0x73, 0x73, 0x6c, 0x0a,
	0x56, 0x65, 0x72, 0x73, 0x69, 0x6f, 0x6e, 0x3a, 0x20, 0x33, 0x2e, 0x30, 0x2e, 0x31, 0x36,
	0x2d, 0x31, 0x0a, 0x41, 0x72, 0x63, 0x68, 0x69, 0x74, 0x65, 0x63, 0x74, 0x75, 0x72, 0x65,
	0x3a, 0x20, 0x61, 0x6d, 0x64, 0x36, 0x34, 0x0a, 0x0a, 0x38, 0x00, 0x66, 0x7a, 0x6c, 0x69,
	0x62, 0x31, 0x67, 0x37, 0x00, 0x5d, 0x31, 0x3a, 0x31, 0x2e, 0x30, 0x34, 0x00, 0x50, 0x64,
	0x36, 0x34, 0x0a, 0x0a, 0x00, 0x00, 0x00, 0x00, 0x6c, 0x96, 0xd6, 0x65
};

static void packed_list(struct host *h, size_t n)
{
	static const char path[] = SECURITY "_main_binary-amd64_Packages.lz4";
	char full[512];
	FILE *f;

	host_file(h, path, 0644, "");
	(void)snprintf(full, sizeof(full), "%s/root%s", h->dir, path);
	f = fopen(full, "w");
	DW_CHECK(f && fwrite(frame, 1, n, f) == n && fclose(f) == 0);
}

DW_TEST(lists_in_lz4)
{
	struct host *h = host_new();
	void *library = dlopen("liblz4.so.1", RTLD_NOW);

	host_file(h, "/usr/bin/apt-get", 0755, "");
	host_file(h, SECURITY "_InRelease", 0644,
		  "Label: Debian-Security\nDate: Mon, 13 Nov 2023 10:00:00 UTC\n");
	host_file(h, LISTS "/partial/x", 0644, "");
	asked(h, NOW - 1000);
	installed(h, "3.0.15-1");
	packed_list(h, sizeof(frame));
	if (!library) {
		LOOK(h, "security-updates", DW_HOST_UNKNOWN, "");
		host_free(h);
		return;
	}
	both(h, "security-updates", DW_HOST_FAILS,
	     SECURITY "_main_binary-amd64_Packages.lz4:1 openssl: 3.0.15-1 is installed, 3.0.16-1 "
		      "is the one to have");
	installed(h, "3.0.16-1");
	asked(h, NOW - 1000);
	both(h, "security-updates", DW_HOST_OK, "");
	/* half of it says nothing */
	packed_list(h, sizeof(frame) - 20);
	says(h, "security-updates", DW_HOST_UNKNOWN,
	     SECURITY "_main_binary-amd64_Packages.lz4: it is no whole frame of LZ4");
	(void)dlclose(library);
	host_free(h);
}

DW_TEST(a_host_without_a_source_of_security_updates)
{
	struct host *h = host_new();

	host_file(h, "/usr/bin/apt-get", 0755, "");
	host_file(h, LISTS "/deb_dists_bookworm_InRelease", 0644,
		  "Suite: stable\nDate: Tue, 14 Nov 2023 01:00:00 UTC\n");
	both(h, "package-lists", DW_HOST_FAILS,
	     "/etc/apt:0 sources: none of the sources is one of security updates");
	LOOK(h, "security-updates", DW_HOST_UNKNOWN, "");
	host_free(h);
}

/* --- automatic ------------------------------------------------------------------------------------------ */

static void timer(struct host *h, const char *name)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "/usr/lib/systemd/system/%s", name);
	host_file(h, path, 0644, "[Timer]\n");
	(void)snprintf(path, sizeof(path), "/etc/systemd/system/timers.target.wants/%s", name);
	host_link(h, path, "/dev/null/elsewhere");
}

static struct host *unattended(const char *auto_upgrades)
{
	struct host *h = host_new();

	host_file(h, "/usr/bin/apt-get", 0755, "");
	host_file(h, "/usr/bin/unattended-upgrade", 0755, "");
	host_file(h, "/usr/lib/systemd/systemd", 0755, "");
	host_file(h, "/etc/apt/apt.conf.d/20auto-upgrades", 0644, auto_upgrades);
	host_file(h, "/etc/apt/apt.conf.d/50unattended-upgrades", 0644,
		  "Unattended-Upgrade::Origins-Pattern "
		  "{\n\t\"origin=Debian,label=Debian-Security\";\n};\n");
	timer(h, "apt-daily.timer");
	timer(h, "apt-daily-upgrade.timer");
	return h;
}

DW_TEST(updates_install_themselves)
{
	struct host *h = unattended("APT::Periodic::Update-Package-Lists "
				    "\"1\";\nAPT::Periodic::Unattended-Upgrade \"7d\";\n");

	both(h, "automatic-updates", DW_HOST_OK, "");
	host_file(h, "/etc/apt/apt.conf.d/99off.bak", 0644,
		  "APT::Periodic::Enable \"0\";\n"); /* no name that apt reads */
	LOOK(h, "automatic-updates", DW_HOST_OK, "");
	host_file(h, "/etc/apt/apt.conf.d/99off", 0644, "APT { Periodic { Enable \"0\"; }; };\n");
	both(h, "automatic-updates", DW_HOST_FAILS,
	     "/etc/apt/apt.conf.d/99off:1 APT::Periodic::Enable: it is \"0\"");
	host_file(h, "/etc/apt/apt.conf", 0644, "APT::Periodic::Enable \"1\";\n"); /* read last */
	LOOK(h, "automatic-updates", DW_HOST_OK, "");
	host_file(h, "/etc/apt/apt.conf", 0644, "APT {\n");
	LOOK(h, "automatic-updates", DW_HOST_UNKNOWN, "");
	host_free(h);
}

DW_TEST(updates_that_are_off_are_switched_on)
{
	struct host *h = unattended("// debconf\nAPT::Periodic::Update-Package-Lists \"0\";\n");
	struct checked c = checked(h, "automatic-updates");

	DW_CHECK(c.r->outcome == DW_HOST_FAILS);
	DW_CHECK_STR(seen(&c), "/etc/apt/apt.conf.d/20auto-upgrades:2 "
			       "APT::Periodic::Update-Package-Lists: it is \"0\" | "
			       "/etc/apt/apt.conf.d:0 APT::Periodic::Unattended-Upgrade: it is not "
			       "set, and so off");
	DW_CHECK(c.r->changes.n == 2 && c.r->held.n == 0);
	DW_CHECK_STR(c.r->changes.v[0].edits->old, "APT::Periodic::Update-Package-Lists \"0\";");
	DW_CHECK_STR(c.r->changes.v[0].edits->fresh, "APT::Periodic::Update-Package-Lists \"1\";");
	DW_CHECK(c.r->changes.v[0].edits->line == 2);
	DW_CHECK(!c.r->changes.v[1].edits->old && c.r->changes.v[1].edits->line == 3);
	checked_free(&c);
	survive_faults(h, "automatic-updates", DW_HOST_FAILS);
	host_free(h);
}

DW_TEST(what_a_person_has_to_do_is_said)
{
	struct host *h = unattended("APT { Periodic { Update-Package-Lists \"0\"; }; "
				    "};\nAPT::Periodic::Unattended-Upgrade \"1\";\n");
	struct checked c;

	host_link(h, "/etc/systemd/system/apt-daily.timer", "/dev/null");
	c = checked(h, "automatic-updates");
	DW_CHECK_STR(seen(&c), "/etc/apt/apt.conf.d/20auto-upgrades:1 "
			       "APT::Periodic::Update-Package-Lists: it is \"0\" | "
			       "-:0 apt-daily.timer: the timer is masked");
	DW_CHECK(c.r->changes.n == 0 && c.r->held.n == 2);
	checked_free(&c);
	host_free(h);
}

DW_TEST(dnf_installs_when_it_is_told_to)
{
	struct host *h = host_new();

	LOOK(h, "automatic-updates", DW_HOST_UNKNOWN, "");
	host_file(h, "/usr/bin/dnf", 0755, "");
	both(h, "automatic-updates", DW_HOST_FAILS, "-:0 dnf-automatic: its timer is not enabled");
	timer(h, "dnf-automatic.timer");
	host_file(h, "/etc/dnf/automatic.conf", 0644, "[commands]\napply_updates = no\n");
	both(h, "automatic-updates", DW_HOST_FAILS,
	     "/etc/dnf/automatic.conf:2 apply_updates: it is \"no\": updates are fetched, and not "
	     "installed");
	host_file(h, "/etc/dnf/automatic.conf", 0644, "[commands]\napply_updates = yes\n");
	both(h, "automatic-updates", DW_HOST_OK, "");
	host_free(h);
}

/* --- what runs ------------------------------------------------------------------------------------------ */

DW_TEST(a_service_runs_what_was_replaced)
{
	struct host *h = host_new();

	in_proc(h, "1/maps", "");
	host_process(h,
		     &(struct host_process){
			     .pid = 80, .ppid = 1, .exe = "/usr/sbin/nginx", .argv = { "nginx" } });
	LOOK(h, "replaced-libraries", DW_HOST_OK,
	     ""); /* a process without maps is one that ended */
	in_proc(h, "80/maps", "7f00-7f01 r-xp 0 08:01 14   /usr/lib/libssl.so.3\n");
	both(h, "replaced-libraries", DW_HOST_OK, "");
	in_proc(h, "80/cgroup", "0::/system.slice/nginx.service\n");
	in_proc(h, "80/maps",
		"7f00-7f01 r-xp 00000000 08:01 14   /usr/lib/libssl.so.3 (deleted)\n");
	both(h, "replaced-libraries", DW_HOST_FAILS,
	     "/usr/lib/libssl.so.3:0 nginx.service: process 80 (nginx) runs what was there before "
	     "it was replaced");
	host_free(h);
}

DW_TEST(a_kernel_waits_for_a_reboot)
{
	struct host *h = host_new();

	LOOK(h, "reboot-needed", DW_HOST_UNKNOWN, "");
	host_file(h, "/proc/sys/kernel/osrelease", 0444, "6.1.0-18-amd64\n");
	host_file(h, "/proc/sys/kernel/version", 0444,
		  "#1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1 (2024-02-01)\n");
	host_file(h, "/boot/vmlinuz-6.1.0-18-amd64", 0644, "");
	host_file(h, "/boot/vmlinuz-6.1.0-9-amd64", 0644, "");
	host_file(h, "/boot/vmlinuz-6.1.0-30-cloud-amd64", 0644, "");
	both(h, "reboot-needed", DW_HOST_OK, "");
	host_file(h, "/var/lib/dpkg/status", 0644,
		  "Package: linux-image-6.1.0-18-amd64\nStatus: install ok installed\nVersion: "
		  "6.1.76-2\n");
	both(h, "reboot-needed", DW_HOST_FAILS,
	     "-:0 linux-image-6.1.0-18-amd64: 6.1.76-1 runs, and 6.1.76-2 is installed");
	host_file(h, "/var/lib/dpkg/status", 0644,
		  "Package: linux-image-6.1.0-18-amd64\nStatus: install ok installed\nVersion: "
		  "6.1.76-1\n");
	host_file(h, "/boot/vmlinuz-6.1.0-21-amd64", 0644, "");
	both(h, "reboot-needed", DW_HOST_FAILS,
	     "/boot/vmlinuz-6.1.0-21-amd64:0 kernel: 6.1.0-18-amd64 runs, and 6.1.0-21-amd64 is "
	     "installed");
	host_file(h, "/run/systemd/container", 0644, "lxc\n");
	LOOK(h, "reboot-needed", DW_HOST_NOT_APPLICABLE, "");
	host_file(h, "/run/reboot-required", 0644, "*** System restart required ***\n");
	both(h, "reboot-needed", DW_HOST_FAILS,
	     "/run/reboot-required:0 reboot-required: a package asks for it");
	host_free(h);
}

/* --- an image ------------------------------------------------------------------------------------------- */

DW_TEST(an_image_runs_nothing)
{
	static const char *const ids[] = { "replaced-libraries", "reboot-needed", "clock-in-sync" };
	struct host *h = host_new();
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_sys_ struct dw_sys *sys = NULL;
	struct dw_host_request q = { .checks = ids, .n_checks = 3 };
	struct dw_host_results all = { 0 };
	char root[128];

	host_file(h, "/run/reboot-required", 0644, "");
	(void)snprintf(root, sizeof(root), "%s/root", h->dir);
	DW_CHECK(dw_sys_open(root, &sys, NULL) == 0);
	q.sys = sys;
	DW_CHECK(dw_host_look(&q, a, &all, NULL) == 0 && all.n == 3);
	for (size_t i = 0; i < all.n; i++)
		DW_CHECK(all.v[i].outcome == DW_HOST_NOT_APPLICABLE && all.v[i].evidence.n == 0);
	host_free(h);
}

DW_TEST_MAIN
