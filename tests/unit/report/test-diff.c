/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What differs between two documents, and how that is told; usage as a table. */
#include <locale.h>

#include "dw_diff_report.h"
#include "dw_fields.h"
#include "dw_json.h"
#include "dw_str.h"
#include "dw_test.h"
#include "golden.h"
#include "harmless.h"

#define HEAD(host, blind) GAP(host, "\"what\":\"x\"", blind)
#define GAP(host, what, blind)                                                                     \
	"{\"host\":\"" host "\",\"time\":\"2026-01-31T12:00:00Z\",\"version\":\"0.1.0\","          \
	"\"incomplete\":[{" what ",\"text\":\"x\",\"blind\":" blind "}],\"doors\":["
#define OWNER(user, uid, caps, nnp)                                                                \
	"{\"pid\":7,\"user\":\"" user "\",\"uid\":" uid ",\"euid\":" uid                           \
	",\"executable_state\":\"intact\",\"capabilities\":[" caps "],\"no_new_privs\":" nnp       \
	",\"seccomp\":\"off\"}"
#define DOOR(protocol, kind, family, address, port, netns, program, starter, owners, more)         \
	"{\"protocol\":\"" protocol "\",\"kind\":\"" kind "\",\"family\":\"" family                \
	"\",\"address\":\"" address "\",\"port\":" port ",\"netns\":\"" netns                      \
	"\",\"program\":\"" program                                                                \
	"\",\"starter\":{\"kind\":\"systemd-service\",\"id\":\"" starter                           \
	"\",\"enabled\":true},\"owners\":[" owners "]" more "}"
#define TCP4(port, program, starter, owners, more)                                                 \
	DOOR("tcp", "listener", "ipv4", "0.0.0.0", port, "host", program, starter, owners, more)
#define KEEP ",\"verdict\":\"keep\",\"reasons\":[]"
#define CLOSE                                                                                      \
	",\"verdict\":\"close\",\"reasons\":[{\"id\":\"x\",\"text\":\"It \\u001b[31m belongs on "  \
	"no network.\"}]"
#define LOOK                                                                                       \
	",\"verdict\":\"investigate\",\"reasons\":[{\"id\":\"x\",\"text\":\"Nobody answers for "   \
	"it.\"}]"
#define PACKAGE(version)                                                                           \
	",\"package\":\"p\",\"package_info\":{\"name\":\"p\",\"version\":\"" version               \
	"\",\"verified\":\"matches\"}"
#define WWW OWNER("www-data", "33", "", "true")

#define SSH                                                                                        \
	TCP4("22", "/usr/sbin/sshd", "ssh.service", OWNER("root", "0", "\"cap_chown\"", "false"),  \
	     KEEP)
#define WEB_BEFORE                                                                                 \
	TCP4("80", "/usr/sbin/nginx", "nginx.service", WWW "," WWW,                                \
	     PACKAGE("1.22.1") ",\"exposure\":{\"filtered\":\"this host\"}" KEEP)
#define WEB_AFTER                                                                                  \
	TCP4("80", "/usr/sbin/nginx", "nginx.service",                                             \
	     OWNER("root", "0", "\"cap_net_raw\",\"cap_chown\"", "false"),                         \
	     PACKAGE("1.22.2") ",\"exposure\":{\"filtered\":\"anyone\"}" KEEP)
#define CLIENT(port)                                                                               \
	DOOR("udp", "datagram", "ipv4", "0.0.0.0", port, "host", "/usr/sbin/chronyd",              \
	     "chrony.service", WWW, KEEP)
#define BOX(inode)                                                                                 \
	DOOR("tcp", "listener", "ipv4", "10.0.0.2", "80", "net:[" inode "]", "/app",               \
	     "app.service", WWW, KEEP)

static const char before[] =
	HEAD("web1", "false") SSH "," WEB_BEFORE "," CLIENT("40001") "," CLIENT("50001") "," BOX(
		"4026532001") "," TCP4("8000", "/old", "old.service", WWW, KEEP) "]}";
static const char after[] =
	HEAD("web1", "false") SSH "," WEB_AFTER "," CLIENT("40077") "," BOX("4026532999") "," TCP4(
		"512", "/usr/sbin/rexecd", "rexec.service", WWW,
		CLOSE) "," TCP4("4444", "/tmp/\\u001b]0;x", "run-u7.service", WWW,
				LOOK) "," DOOR("packet", "sniffer", "packet", "eth0", "null",
					       "host", "/usr/bin/sniff", "s.service", WWW,
					       ",\"interface\":\"eth0\"" KEEP) "]}";

static struct dw_audit_read audit_of(struct dw_arena *a, const char *text)
{
	struct dw_json_value *v = NULL;
	struct dw_audit_read r = { 0 };
	struct dw_error e = { 0 };

	DW_CHECK_INT(dw_json_parse(text, strlen(text), &v, &e), 0);
	DW_CHECK_INT(dw_audit_read_whole(v, "test", a, &r, &e), 0);
	DW_CHECK_STR(e.message, "");
	dw_json_free(v);
	return r;
}

static struct dw_diff diff_of(struct dw_arena *a, const char *x, const char *y)
{
	struct dw_audit_read one = audit_of(a, x), two = audit_of(a, y);
	struct dw_diff d = { 0 };

	dw_diff_audits(&one, &two, a, &d);
	return d;
}

static const struct dw_diff_change *change(const struct dw_diff_door *d, const char *what)
{
	for (size_t i = 0; i < d->n_changes; i++)
		if (dw_streq(d->changes[i].what, what))
			return &d->changes[i];
	return NULL;
}

DW_TEST(nothing_differs_from_itself)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_diff d = diff_of(a, before, before);

	DW_CHECK_INT(d.n, 0);
	DW_CHECK_INT(d.same, 5); /* a client is there once */
}

DW_TEST(what_came_changed_and_went)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_diff d = diff_of(a, before, after);
	const struct dw_diff_door *web = &d.v[3];

	DW_CHECK_INT(d.came, 3);
	DW_CHECK_INT(d.changed, 1);
	DW_CHECK_INT(d.went, 1);
	DW_CHECK_INT(d.doubtful, 0);
	DW_CHECK_INT(d.same, 3); /* ssh, the client, the box in its namespace of another number */
	DW_CHECK_INT(d.n, 5);
	DW_CHECK_INT(d.v[0].door->at.port, 4444);
	DW_CHECK_INT(d.v[1].door->at.port, 512);
	DW_CHECK_INT(d.v[2].kind, DW_DIFF_CAME);
	DW_CHECK_STR(d.v[2].place, "eth0/packet");
	DW_CHECK_INT(web->kind, DW_DIFF_CHANGED);
	DW_CHECK_STR(change(web, "user")->before, "www-data");
	DW_CHECK_STR(change(web, "user")->after, "root");
	DW_CHECK_STR(change(web, "ids")->after, "uid 0");
	DW_CHECK_STR(change(web, "capabilities")->before, "none");
	DW_CHECK_STR(change(web, "capabilities")->after, "cap_chown cap_net_raw");
	DW_CHECK_STR(change(web, "no_new_privs")->after, "no");
	DW_CHECK_STR(change(web, "version")->after, "1.22.2");
	DW_CHECK_STR(change(web, "filtered")->after, "anyone");
	DW_CHECK_INT(web->n_changes, 6);
	DW_CHECK_INT(d.v[4].kind, DW_DIFF_WENT);
	DW_CHECK_INT(d.v[4].door->at.port, 8000);
}

DW_TEST(another_program_at_the_same_place)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_diff d = diff_of(
		a, HEAD("a", "false") TCP4("22", "/usr/sbin/sshd", "ssh.service", WWW, KEEP) "]}",
		HEAD("b", "false") TCP4("22", "/tmp/sshd", "run-u3.service", WWW, LOOK) "]}");

	DW_CHECK_INT(d.n, 1);
	DW_CHECK_INT(d.changed, 1);
	DW_CHECK_STR(change(&d.v[0], "program")->after, "/tmp/sshd");
	DW_CHECK_STR(change(&d.v[0], "starter")->before, "systemd-service ssh.service");
	DW_CHECK_STR(change(&d.v[0], "verdict")->after, "investigate");
}

/* Two programs of one place: each is held against itself, and a third one is new. */
DW_TEST(several_doors_of_one_place)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_diff d =
		diff_of(a,
			HEAD("a", "false") TCP4("53", "/b", "b.service", WWW, KEEP) "," TCP4(
				"53", "/a", "a.service", WWW, KEEP) "]}",
			HEAD("a", "false") TCP4("53", "/a", "a.service", WWW, KEEP) "," TCP4(
				"53", "/c", "c.service", WWW,
				KEEP) "," TCP4("53", "/b", "b.service", WWW, KEEP) "]}");

	DW_CHECK_INT(d.same, 2);
	DW_CHECK_INT(d.came, 1);
	DW_CHECK_STR(d.v[0].door->program, "/c");
}

DW_TEST(what_was_not_seen_is_no_change)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_diff d = diff_of(
		a, before,
		HEAD("web1", "true") TCP4("22", "/usr/sbin/sshd", "ssh.service", "", KEEP) "]}");

	DW_CHECK(d.blind);
	DW_CHECK_INT(d.came + d.changed + d.went, 0);
	DW_CHECK_INT(d.doubtful, 4);
	DW_CHECK_INT(d.same, 1);
}

#define SLEEPER                                                                                    \
	DOOR("tcp", "sleeping", "ipv4", "0.0.0.0", "631", "host", "/usr/sbin/cupsd",               \
	     "cups.service", "", KEEP)
#define FORWARD                                                                                    \
	DOOR("tcp", "forwarded", "ipv4", "0.0.0.0", "8080", "host", "", "docker:web", "", KEEP)
#define NOTHING(what) GAP("a", what, "true") "]}"
#define EVERYTHING                                                                                 \
	HEAD("a", "false")                                                                         \
	TCP4("80", "/w", "w.service", WWW, KEEP)                                                   \
	"," SLEEPER "," FORWARD "," BOX("4026532001") "]"                                          \
						      "}"

/* How many of the four doors are in doubt when the other side has that gap. */
static size_t doubtful_with(const char *nothing)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_diff d = diff_of(a, EVERYTHING, nothing);

	DW_CHECK_INT(d.n, 4);
	DW_CHECK_INT(d.doubtful + d.went, 4);
	return d.doubtful;
}

DW_TEST(only_what_a_gap_may_hide_is_in_doubt)
{
	DW_CHECK_INT(doubtful_with(NOTHING("\"what\":\"sock-diag\"")), 4);
	DW_CHECK_INT(doubtful_with(NOTHING("\"what\":\"something-new\"")), 4);
	/* a sleeper alone */
	DW_CHECK_INT(doubtful_with(NOTHING("\"what\":\"starter-unreadable\"")), 1);
	DW_CHECK_INT(doubtful_with(NOTHING(
			     "\"what\":\"bad-line\",\"file\":\"/etc/inetd.conf\",\"line\":3")),
		     1);
	DW_CHECK_INT(doubtful_with(NOTHING(
			     "\"what\":\"bad-line\",\"file\":\"/proc/net/tcp\",\"line\":3")),
		     4);
	/* a rule's alone */
	DW_CHECK_INT(doubtful_with(NOTHING("\"what\":\"nft-set\"")), 1);
	/* all but the listener of the host itself */
	DW_CHECK_INT(doubtful_with(NOTHING("\"what\":\"not-root\"")), 3);
}

DW_TEST(unknown_is_no_change)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_diff d = diff_of(
		a,
		HEAD("a", "false") TCP4("80", "/w", "w.service", WWW,
					",\"exposure\":{\"filtered\":\"anyone\"}" KEEP) "]}",
		GAP("a", "\"what\":\"not-root\"", "true")
			TCP4("80", "/w", "w.service", "",
			     ",\"exposure\":{\"filtered\":\"unknown\"},"
			     "\"verdict\":\"unknown\",\"reasons\":[]") "]}");

	DW_CHECK_INT(d.same, 1);
	DW_CHECK_INT(d.n, 0);
}

/* --- how it is told ------------------------------------------------------------------------------------ */

static const struct dw_diff_thing things[] = {
	{ DW_DIFF_CAME, "account", "cups\x1b[2J", NULL, "100:102::/:/usr/sbin/nologin" },
	{ DW_DIFF_CHANGED, "file", "/usr/bin/su", "set-UID of user 0, mode 4755, 72000 bytes of 1",
	  "set-UID of user 0, mode 4755, 72001 bytes of 2" },
	{ DW_DIFF_CAME, "unit", "/etc/systemd/system/multi-user.target.wants/cups.service", NULL,
	  "leads to /lib/systemd/system/cups.service" },
};

static void check_diff(const struct dw_report_diff *r, const struct dw_report_style *style,
		       const char *golden)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	DW_CHECK_INT(style ? dw_report_diff_text(r, out, style, NULL)
			   : dw_report_diff_json(r, out, true, NULL),
		     0);
	(void)fclose(out);
	dw_golden_check(golden, text);
	if (style)
		check_harmless(text);
	free(text);
}

DW_TEST(a_diff_is_told_as_it_was)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_diff d = diff_of(a, before, after);
	struct dw_report_around around = { .command = "apt-get install cups",
					   .things = things,
					   .n = DW_ARRAY_SIZE(things) };
	struct dw_report_diff r = {
		.version = "0.1.0",
		.before = { "baseline 3 (before)", "web1", "0.1.0", 1769860800 },
		.after = { "now", "web1", "0.1.0", 1769864400 },
		.diff = &d,
	};

	check_diff(&r, &(struct dw_report_style){ .columns = 80 }, DW_TEST_PATH("golden/diff.txt"));
	check_diff(&r, NULL, DW_TEST_PATH("golden/diff.json"));
	r.around = &around;
	check_diff(&r, &(struct dw_report_style){ .columns = 80 },
		   DW_TEST_PATH("golden/diff-around.txt"));
}

/* --- usage --------------------------------------------------------------------------------------------- */

#define DAY UINT64_C(86400)
#define NOW (UINT64_C(20500) * DAY)

DW_TEST(spans_and_lines)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const uint64_t v[] = { 0, 1, 2, 4, 1000, 1000000 }, ones[] = { 1, 0, 1 };

	DW_CHECK_STR(dw_report_span(a, 1), "1 second");
	DW_CHECK_STR(dw_report_span(a, 119), "119 seconds");
	DW_CHECK_STR(dw_report_span(a, 7199), "119 minutes");
	DW_CHECK_STR(dw_report_span(a, 41 * DAY), "41 days");
	DW_CHECK_STR(dw_report_spark(a, v, 6, false), ".___~#");
	DW_CHECK_STR(dw_report_spark(a, v, 6, true), ".▁▁▁▄█");
	DW_CHECK_STR(dw_report_spark(a, ones, 3, false), "#.#");
}

DW_TEST(usage_is_told_as_it_was)
{
	const struct dw_used busy = { .since = NOW - 40 * DAY,
				      .until = NOW,
				      .counted = 40 * DAY,
				      .first = NOW - 39 * DAY,
				      .last = NOW - 7200,
				      .accepted = 123456789,
				      .datagrams = 3,
				      .peers = 12,
				      .peer = "192.0.2.1\x1b[2J" };
	const struct dw_used never = { .since = NOW - 12 * DAY, .until = NOW, .counted = 12 * DAY };
	struct dw_owner owner = { .started = NOW - 41 * DAY };
	struct dw_door door = { .owners = &owner, .n_owners = 1 };
	struct dw_report_door told = { .door = &door, .verdict = "ask" };
	struct dw_report_used v[] = {
		{ .door = &told,
		  .place = "0.0.0.0:22/tcp",
		  .key = "a",
		  .used = &busy,
		  .buckets = { 1, 0, 40, [23] = 900 } },
		{ .door = &told, .place = "0.0.0.0:631/tcp", .key = "b", .used = &never },
		{ .door = &told, .place = "[2001:db8::1234:5678:9abc]:8080/tcp", .key = "c" },
	};
	struct dw_report_usage r = { .version = "0.1.0",
				     .host = "here",
				     .now = NOW,
				     .since = NOW - DAY,
				     .recorded = true,
				     .v = v,
				     .n = 3 };
	struct dw_report_style style = { .columns = 80 };
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	DW_CHECK_INT(dw_report_usage_text(&r, out, &style, NULL), 0);
	(void)fputs("--\n", out);
	r.asked = "22";
	r.n = 1;
	DW_CHECK_INT(dw_report_usage_text(&r, out, &style, NULL), 0);
	(void)fputs("--\n", out);
	r.asked = NULL;
	r.n = 3;
	r.idle = 30 * DAY;
	DW_CHECK_INT(dw_report_usage_text(&r, out, &style, NULL), 0);
	(void)fputs("--\n", out);
	v[1].watched_enough = true;
	DW_CHECK_INT(dw_report_usage_text(&r, out, &style, NULL), 0);
	(void)fputs("--\n", out);
	r.recorded = false;
	DW_CHECK_INT(dw_report_usage_text(&r, out, &style, NULL), 0);
	(void)fclose(out);
	dw_golden_check(DW_TEST_PATH("golden/usage.txt"), text);
	check_harmless(text);
	free(text);
}

DW_TEST_MAIN
