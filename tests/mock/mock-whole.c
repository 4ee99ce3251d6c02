/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mock-whole.h"

#include <string.h>

#include "dw_macros.h"
#include "dw_str.h"
#include "mock.h"

#define NOW 1769860800ULL /* 2026-01-31 12:00 UTC: as the audits have it */

struct mock_whole {
	struct dw_audit *audit;
	struct dw_arena *a;
	const char *text;
	struct dw_report report;
	struct dw_report_whole whole;
	struct dw_plan plan;
	struct dw_plan_door door;
	struct dw_report_plan told_plan;
	struct dw_diff diff;
	struct dw_report_diff told_diff;
	struct dw_report_compare compare;
	struct dw_report_host host;
	struct dw_report_usage usage;
	struct dw_report_history history;
};

/* What a stranger says, where there is one. */
static const char *say(const struct mock_whole *m, const char *ordinary)
{
	return m->text ? m->text : ordinary;
}

static void make_plan(struct mock_whole *m)
{
	const struct dw_plan_door **closes = dw_arena_array(m->a, 1, sizeof(*closes));
	struct dw_refusal *refused = dw_new(m->a, struct dw_refusal);
	struct dw_step *v = dw_arena_array(m->a, 3, sizeof(*v));
	static const char *remarks[1];

	m->door = (struct dw_plan_door){ .door = m->report.doors[0].door,
					 .verdict = "close",
					 .intent = DW_INTENT_CLOSE,
					 .service = say(m, "telnet") };
	closes[0] = &m->door;
	v[0] = (struct dw_step){
		.manager = "file",
		.object = say(m, "/etc/inetd.conf"),
		.expect = { .text = "a" },
		.want = { .text = "b" },
		.label = say(m, "/etc/inetd.conf"),
		.why = say(m, "inetd opens the port because of this line"),
		.source = say(m, "/etc/inetd.conf:7"),
		.door = "0.0.0.0:23/tcp",
		.diff = m->text ? m->text
				: "@@ -7 +7 @@\n-telnet stream tcp nowait root in.telnetd\n"
				  "+#telnet stream tcp nowait root in.telnetd\n"
	};
	v[1] = (struct dw_step){ .manager = "systemd",
				 .object = say(m, "inetd.service"),
				 .expect = { .text = "active" },
				 .want = { .text = "inactive" },
				 .label = say(m, "inetd.service"),
				 .why = say(m, "nothing is left in its file"),
				 .command = say(m, "systemctl stop inetd.service"),
				 .undo_command = say(m, "systemctl start inetd.service"),
				 .no_undo = false };
	v[2] = (struct dw_step){ .manager = "process", .object = "700", .if_left = true };
	*refused = (struct dw_refusal){ m->report.doors[0].door, "own-session",
					say(m, "Your own session came through it.") };
	remarks[0] = say(m, "A container may open it again.");
	m->plan = (struct dw_plan){ .steps = { .v = v, .n = 3, .remarks = remarks, .n_remarks = 1 },
				    .closes = closes,
				    .n_closes = 1,
				    .refused = refused,
				    .n_refused = 1 };
	dw_vec_push(m->a, &m->plan.needed_by,
		    say(m, "cups-browsed.service (requires cups.service)"));
	m->told_plan = (struct dw_report_plan){ .snapshot = m->report.snapshot,
						.version = "0.1.0",
						.plan = &m->plan };
	m->whole.plan = &m->told_plan;
}

static void make_changes(struct mock_whole *m)
{
	struct dw_diff_door *v = dw_arena_array(m->a, 3, sizeof(*v));
	struct dw_diff_change *change = dw_new(m->a, struct dw_diff_change);
	struct dw_audit_more *more = dw_new(m->a, struct dw_audit_more);

	*more = (struct dw_audit_more){ .verdict = "investigate",
					.reason = say(m, "Nobody knows this program."),
					.service = say(m, "ssh") };
	*change =
		(struct dw_diff_change){ "program", say(m, "/usr/sbin/sshd"), say(m, "/tmp/sshd") };
	v[0] = (struct dw_diff_door){ .kind = DW_DIFF_CAME,
				      .place = say(m, "0.0.0.0:31337/tcp"),
				      .door = m->report.doors[0].door,
				      .more = more };
	v[1] = v[0];
	v[1].kind = DW_DIFF_CHANGED;
	v[1].place = "0.0.0.0:22/tcp";
	v[1].changes = change;
	v[1].n_changes = 1;
	v[2] = v[0];
	v[2].kind = DW_DIFF_WENT;
	v[2].place = "0.0.0.0:69/udp";
	v[2].doubtful = true;
	m->diff = (struct dw_diff){
		.v = v, .n = 3, .came = 1, .changed = 1, .doubtful = 1, .same = 30
	};
	m->told_diff = (struct dw_report_diff){
		.version = "0.1.0",
		.before = { say(m, "baseline 3 (before)"), say(m, "db1"), "0.1.0", NOW - 86400 },
		.after = { "now", "db1", "0.1.0", NOW },
		.diff = &m->diff,
	};
	m->whole.changes = &m->told_diff;
}

static void make_outside(struct mock_whole *m)
{
	struct dw_report_compared *v = dw_arena_array(m->a, 2, sizeof(*v));
	struct dw_report_inside *inside = dw_new(m->a, struct dw_report_inside);
	struct dw_reason *reason = dw_new(m->a, struct dw_reason);

	*reason = (struct dw_reason){ "unknown-inside", say(m, "No door inside answers there."),
				      NULL };
	*inside = (struct dw_report_inside){ say(m, "db1"), "this host", NOW };
	v[0] = (struct dw_report_compared){ .kind = "open-unknown",
					    .urgent = true,
					    .address = "192.0.2.10",
					    .protocol = DW_PROTOCOL_TCP,
					    .port = 6666,
					    .state = DW_SCAN_OPEN,
					    .answers = say(m, "irc"),
					    .reasons = reason,
					    .n_reasons = 1 };
	v[1] = (struct dw_report_compared){ .kind = "as-expected",
					    .expected = true,
					    .address = "192.0.2.10",
					    .protocol = DW_PROTOCOL_TCP,
					    .port = 22,
					    .state = DW_SCAN_OPEN,
					    .answers = say(m, "ssh"),
					    .inside = "0.0.0.0:22/tcp" };
	m->compare = (struct dw_report_compare){ .version = "0.1.0",
						 .targets = say(m, "192.0.2.10"),
						 .scanner = say(m, "watcher"),
						 .expect = "audit",
						 .scan = 7,
						 .time = NOW - 3600,
						 .insides = inside,
						 .n_insides = 1,
						 .hosts = 1,
						 .as_expected = 1,
						 .urgent = true,
						 .v = v,
						 .n = 2 };
	m->whole.outside = &m->compare;
}

static void make_host(struct mock_whole *m)
{
	static const struct dw_host_about about[] = {
		{ "empty-passwords", DW_CATEGORY_ACCOUNTS, "No account has an empty password",
		  DW_SEVERITY_HIGH, "Anybody can log in.", "shadow(5)", NULL },
		{ "service-shells", DW_CATEGORY_ACCOUNTS, "Accounts of services have no shell",
		  DW_SEVERITY_MEDIUM, "Who takes such an account over has a shell.", "passwd(5)",
		  NULL },
		{ "sshd-root", DW_CATEGORY_LOGIN, "root does not log in by a password",
		  DW_SEVERITY_HIGH, "It is the one name that everybody knows.", "sshd_config(5)",
		  "Take \"PermitRootLogin yes\" away." },
		{ "logs-kept", DW_CATEGORY_NOTICE, "Logs are kept", DW_SEVERITY_LOW,
		  "What happened cannot be told.", "journald.conf(5)", NULL },
	};
	struct dw_host_result *v = dw_arena_array(m->a, DW_ARRAY_SIZE(about), sizeof(*v));
	struct dw_policy_accept *accept = dw_new(m->a, struct dw_policy_accept);

	accept->file = say(m, "/etc/doorward/policy");
	accept->line = 9;
	accept->because = say(m, "the backup needs it");
	for (size_t i = 0; i < DW_ARRAY_SIZE(about); i++)
		v[i].about = &about[i];
	v[0].outcome = DW_HOST_FAILS;
	v[0].text = say(m, "One account has an empty password.");
	dw_vec_push(m->a, &v[0].evidence,
		    ((struct dw_host_evidence){ say(m, "/etc/shadow"), 3, say(m, "ftp"),
						say(m, "its password is empty"), NULL }));
	dw_vec_push(m->a, &v[0].changes,
		    ((struct dw_host_change){ .text = say(m, "the password of ftp is locked") }));
	dw_vec_push(m->a, &v[0].held, say(m, "root is you"));
	v[1].outcome = DW_HOST_FAILS;
	v[1].accepted = accept;
	v[1].text = say(m, "One account of a service has a shell.");
	v[2].outcome = DW_HOST_UNKNOWN;
	v[2].text = say(m, "sshd_config could not be read");
	v[3].outcome = DW_HOST_OK;
	m->host = (struct dw_report_host){ .version = "0.1.0",
					   .host = say(m, "db1"),
					   .time = NOW,
					   .v = v,
					   .n = DW_ARRAY_SIZE(about) };
	m->whole.host = &m->host;
}

/* As many as there are on a host that nobody looked after, with lists that nobody reads to the end. */
static void make_checks(struct mock_whole *m)
{
	enum { CHECKS = 60, FAILING = 18, SEEN = 120 };
	struct dw_host_about *about = dw_arena_array(m->a, CHECKS, sizeof(*about));
	struct dw_host_result *v = dw_arena_array(m->a, CHECKS, sizeof(*v));

	for (size_t i = 0; i < CHECKS; i++) {
		about[i] = (struct dw_host_about){
			dw_arena_printf(m->a, "check-%zu", i),
			(enum dw_host_category)(1 + i * (DW_CATEGORY_COUNT - 1) / CHECKS),
			"Files are as their package brought them",
			(enum dw_host_severity)(DW_SEVERITY_LOW + i / 3 % 3),
			"Somebody may have put another program in the place of one.",
			"CIS Debian Linux 12",
			NULL
		};
		v[i].about = &about[i];
		v[i].outcome = i % 3 == 0 && i / 3 < FAILING ? DW_HOST_FAILS : DW_HOST_OK;
		if (v[i].outcome != DW_HOST_FAILS)
			continue;
		v[i].text = dw_arena_printf(m->a, "%d files are not as they were.", SEEN);
		for (unsigned k = 0; k < SEEN; k++)
			dw_vec_push(
				m->a, &v[i].evidence,
				((struct dw_host_evidence){
					dw_arena_printf(m->a, "/usr/lib/package-%u/program", k), 0,
					dw_arena_printf(m->a, "/usr/lib/package-%u/program", k),
					"set-uid root, and of no package", NULL }));
	}
	m->host.v = v;
	m->host.n = CHECKS;
}

static void make_usage(struct mock_whole *m)
{
	struct dw_report_used *v = dw_arena_array(m->a, 3, sizeof(*v));
	struct dw_used *used = dw_arena_array(m->a, 2, sizeof(*used));

	used[0] = (struct dw_used){ .since = NOW - 700000,
				    .until = NOW,
				    .counted = 690000,
				    .first = NOW - 600000,
				    .last = NOW - 60,
				    .accepted = 4711,
				    .peers = 12,
				    .peer = say(m, "192.0.2.99") };
	used[1] = (struct dw_used){ .since = NOW - 700000, .until = NOW, .counted = 690000 };
	v[0] = (struct dw_report_used){ .door = &m->report.doors[0],
					.place = say(m, "0.0.0.0:22/tcp"),
					.key = say(m, "tcp 22"),
					.used = &used[0] };
	for (size_t i = 0; i < DW_USAGE_BUCKETS; i++)
		v[0].buckets[i] = i % 5 ? 1ULL << (i % 12) : 0;
	v[1] = (struct dw_report_used){ .place = say(m, "0.0.0.0:69/udp"),
					.key = "udp 69",
					.used = &used[1] };
	v[2] = (struct dw_report_used){ .door = &m->report.doors[0],
					.place = "0.0.0.0:80/tcp",
					.key = "x" };
	m->usage = (struct dw_report_usage){ .version = "0.1.0",
					     .host = say(m, "db1"),
					     .now = NOW,
					     .since = NOW - 604800,
					     .recorded = true,
					     .v = v,
					     .n = 3 };
	m->whole.usage = &m->usage;
	m->audit->snapshot->doors[0].used = &used[0];
}

static void make_history(struct mock_whole *m)
{
	struct dw_run *v = dw_arena_array(m->a, 2, sizeof(*v));

	v[0] = (struct dw_run){ .id = 2,
				.kind = "close",
				.command = say(m, "doorward close --for 10m 631/tcp"),
				.user = say(m, "anna"),
				.host = "db1",
				.started = NOW - 300,
				.state = DW_RUN_DONE,
				.confirm_by = NOW + 300 };
	v[1] = (struct dw_run){ .id = 1,
				.kind = "close",
				.command = say(m, "doorward close 111/tcp"),
				.started = NOW - 90000,
				.ended = NOW - 89000,
				.state = DW_RUN_FAILED,
				.message = say(m, "systemd did not answer") };
	m->history = (struct dw_report_history){ .runs = v, .n_runs = 2, .now = NOW };
	m->whole.history = &m->history;
}

static void (*const makers[DW_WHOLE_PARTS])(struct mock_whole *m) = {
	[DW_WHOLE_PLAN] = make_plan,       [DW_WHOLE_CHANGES] = make_changes,
	[DW_WHOLE_OUTSIDE] = make_outside, [DW_WHOLE_HOST] = make_host,
	[DW_WHOLE_USAGE] = make_usage,     [DW_WHOLE_HISTORY] = make_history,
};

struct mock_whole *mock_whole_new(const char *which, const char *text, bool missing)
{
	static const enum dw_whole_state states[] = { DW_WHOLE_LEFT_OUT, DW_WHOLE_NOTHING,
						      DW_WHOLE_FAILED };
	struct dw_audit *audit = dw_mock_audit(which);
	struct mock_whole *m = dw_new(audit->snapshot->arena, struct mock_whole);

	m->audit = audit;
	m->a = audit->snapshot->arena;
	m->text = text;
	m->report = dw_mock_report(audit);
	m->whole.audit = &m->report;
	m->whole.command = say(m, "doorward report --output db1.html");
	for (size_t i = 0; i < DW_WHOLE_PARTS; i++) {
		m->whole.sections[i].state = DW_WHOLE_TOLD;
		if (missing) {
			m->whole.sections[i].state = states[i % DW_ARRAY_SIZE(states)];
			m->whole.sections[i].why =
				i % DW_ARRAY_SIZE(states) ? say(m, "the journal is damaged") : NULL;
		} else {
			makers[i](m);
		}
	}
	if (dw_streq(which, "crowd"))
		make_checks(m);
	return m;
}

const struct dw_report_whole *mock_whole_of(const struct mock_whole *m)
{
	return &m->whole;
}

void mock_whole_free(struct mock_whole *m)
{
	if (m)
		dw_mock_free(m->audit);
}
