/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who changed what a run left: dpkg's log and the files themselves. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "change-private.h"
#include "dw_str.h"
#include "dw_test.h"

static void put(const char *root, const char *path, const char *text)
{
	char name[256];
	FILE *f;

	(void)snprintf(name, sizeof(name), "%s/%s", root, path);
	f = fopen(name, "w");
	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
}

static void directory(const char *root, const char *path)
{
	char name[256];

	(void)snprintf(name, sizeof(name), "%s/%s", root, path);
	if (mkdir(name, 0755) != 0 && errno != EEXIST)
		abort();
}

struct host {
	char root[32];
	struct dw_arena *a;
	struct dw_sys *sys;
	struct dw_run_door door;
	struct dw_run_step step;
	struct dw_run run;
};

/* A run of 2026-11-26 10:00 local time that closed a door of telnetd. */
static void host_make(struct host *h)
{
	struct tm tm = {
		.tm_year = 126, .tm_mon = 10, .tm_mday = 26, .tm_hour = 10, .tm_isdst = -1
	};

	*h = (struct host){ .root = "/tmp/dw-who-XXXXXX", .a = dw_arena_new() };
	if (!mkdtemp(h->root))
		abort();
	directory(h->root, "var");
	directory(h->root, "var/log");
	directory(h->root, "etc");
	DW_CHECK_INT(dw_sys_open(h->root, &h->sys, NULL), 0);
	h->door = (struct dw_run_door){ .role = DW_RUN_DOOR_CLOSED, .package = "telnetd" };
	h->step =
		(struct dw_run_step){ .step = { .manager = "systemd", .object = "telnet.socket" } };
	h->run = (struct dw_run){ .started = (uint64_t)mktime(&tm),
				  .doors = &h->door,
				  .n_doors = 1 };
}

static void host_free(struct host *h)
{
	static const char *const files[] = {
		"var/log/dpkg.log", "var/log/dpkg.log.1", "etc/x", "var/log", "var", "etc", ""
	};
	char name[256];

	for (size_t i = 0; i < DW_ARRAY_SIZE(files); i++) {
		(void)snprintf(name, sizeof(name), "%s/%s", h->root, files[i]);
		(void)remove(name);
	}
	dw_sys_free(h->sys);
	dw_arena_free(h->a);
}

static const char log_text[] = "2026-11-26 09:59:59 upgrade telnetd:amd64 0.16 0.17\n"
			       "2026-11-26 10:30:00 startup archives unpack\n"
			       "2026-11-26 10:30:01 upgrade telnetd-extra:amd64 1 2\n"
			       "2026-11-26 10:30:02 upgrade telnetd:amd64 0.17-41 0.17-44\n"
			       "2026-11-26 10:30:03 status installed telnetd:amd64 0.17-44\n"
			       "not a line of it\n2026-11-26\n\n";

DW_TEST(what_dpkg_did_since_is_told)
{
	struct host h;

	host_make(&h);
	DW_CHECK(dw_change_who(h.sys, &h.run, &h.step, h.a) == NULL);
	put(h.root, "var/log/dpkg.log", log_text);
	DW_CHECK_STR(dw_change_who(h.sys, &h.run, &h.step, h.a),
		     "dpkg at 2026-11-26 10:30:02: upgrade telnetd:amd64 0.17-41 0.17-44 "
		     "(/var/log/dpkg.log)");
	h.door.package = "cups";
	DW_CHECK(dw_change_who(h.sys, &h.run, &h.step, h.a) == NULL);
	h.door.package = NULL;
	DW_CHECK(dw_change_who(h.sys, &h.run, &h.step, h.a) == NULL);
	h.door.package = "telnetd";
	h.run.started += 3600; /* all of that was before */
	DW_CHECK(dw_change_who(h.sys, &h.run, &h.step, h.a) == NULL);
	host_free(&h);
}

DW_TEST(the_log_of_last_month_counts_where_the_new_one_says_nothing)
{
	struct host h;

	host_make(&h);
	put(h.root, "var/log/dpkg.log", "");
	put(h.root, "var/log/dpkg.log.1", log_text);
	DW_CHECK_STR(dw_change_who(h.sys, &h.run, &h.step, h.a),
		     "dpkg at 2026-11-26 10:30:02: upgrade telnetd:amd64 0.17-41 0.17-44 "
		     "(/var/log/dpkg.log.1)");
	host_free(&h);
}

DW_TEST(a_file_tells_when_it_changed)
{
	struct host h;
	const char *who;

	host_make(&h);
	put(h.root, "etc/x", "1\n");
	h.step.step = (struct dw_step){ .manager = "file", .object = "/etc/x" };
	h.run.started = (uint64_t)time(NULL) - 100;
	who = dw_change_who(h.sys, &h.run, &h.step, h.a);
	DW_CHECK(who && dw_starts_with(who, "somebody, at 2") && dw_ends_with(who, "Z"));
	h.run.started = (uint64_t)time(NULL) + 100; /* it was so before */
	DW_CHECK(dw_change_who(h.sys, &h.run, &h.step, h.a) == NULL);
	host_free(&h);
}

DW_TEST(a_watchdog_of_cron_is_named)
{
	static struct dw_owner owner = { .pid = 7, .parent = 1 };
	struct dw_door door = { .at = { .protocol = DW_PROTOCOL_TCP,
					.family = DW_FAMILY_IPV4,
					.has_port = true,
					.port = 23 },
				.program = "/usr/sbin/in.telnetd",
				.owners = &owner,
				.n_owners = 1,
				.starter = { .kind = DW_STARTER_SYSTEMD_SERVICE,
					     .id = "telnet.service" } };
	const struct dw_snapshot after = { .doors = &door, .n_doors = 1 };
	struct host h;
	struct dw_differences all = { 0 };

	host_make(&h);
	*dw_vec_add(h.a, &all) = (struct dw_difference){ .kind = DW_DIFFERENCE_OPEN,
							 .object = dw_endpoint_text(h.a, &door.at),
							 .who = "systemd-service telnet.service" };
	put(h.root, "etc/crontab",
	    "@reboot root systemctl start telnet\n* * * * * root systemctl start telnet2.service\n"
	    "# * * * * * root systemctl start telnet\n"
	    "* * * * * root systemctl start my-telnet telnet.socket\n");
	dw_change_cron(h.sys, &after, &all, 0, h.a);
	DW_CHECK_STR(all.v[0].who, "systemd-service telnet.service");
	directory(h.root, "etc/cron.d");
	put(h.root, "etc/cron.d/watch", "\n* * * * * root systemctl start telnet.service || :\n");
	dw_change_cron(h.sys, &after, &all, 0, h.a);
	DW_CHECK_STR(all.v[0].who, "systemd-service telnet.service; a job of cron's names it: "
				   "/etc/cron.d/watch:2");
	/* what no unit starts is known by its program; what cron starts is named by its line already */
	door.starter.id = NULL;
	all.v[0].who = NULL;
	put(h.root, "etc/cron.d/watch",
	    "* * * * * root pgrep in.telnetd || /usr/sbin/in.telnetd &\n");
	dw_change_cron(h.sys, &after, &all, 0, h.a);
	DW_CHECK_STR(all.v[0].who, "a job of cron's names it: /etc/cron.d/watch:1");
	door.starter.kind = DW_STARTER_CRON;
	all.v[0].who = NULL;
	dw_change_cron(h.sys, &after, &all, 0, h.a);
	DW_CHECK_STR(all.v[0].who, NULL);
	host_free(&h);
}

DW_TEST_MAIN
