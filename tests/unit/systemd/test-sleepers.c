/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What would open at the next start, on the recorded host and in an image. */
#include <errno.h>

#include "host.h"

static const char *text_of(struct host *h)
{
	struct dw_str out = { .arena = h->s.arena };

	dw_str_add(&out, "");
	for (size_t i = 0; i < h->s.facts->sleepers.n; i++) {
		const struct dw_sleeper_fact *f = &h->s.facts->sleepers.v[i];

		dw_str_addf(&out, "%s %s %s %s\n", f->starter.id,
			    f->at.has_port ? dw_endpoint_text(h->s.arena, &f->at) : "-",
			    dw_basename(f->starter.source),
			    dw_confidence_name(f->starter.confidence));
		DW_CHECK(f->starter.enabled == DW_YES);
	}
	if (getenv("DW_TEST_VERBOSE"))
		printf("%s", out.s);
	return out.s;
}

static bool has(const char *text, const char *line)
{
	const char *at = strstr(text, line);

	return at && (at == text || at[-1] == '\n');
}
#define HAS(line)                                                                                  \
	do {                                                                                       \
		DW_CHECK(has(text, line "\n"));                                                    \
	} while (0)

DW_TEST(a_running_host)
{
	struct host h = host_open(DW_TEST_PATH("roots/systemd-host"), true, "systemd");
	const char *text;

	DW_CHECK_INT(dw_starter_systemd.load(&h.s, &h.systemd, NULL), 0);
	DW_CHECK_INT(dw_starter_systemd.list(&h.s, h.systemd, NULL), 0);
	text = text_of(&h);
	HAS("awake.socket [::]:8111/tcp awake.socket:3 certain");
	HAS("awake.socket [::1]:8114/tcp awake.socket:4 certain");
	HAS("each.socket 127.0.0.1:8112/tcp each.socket:2 certain");
	HAS("kinds.socket 0.0.0.0:8113/udp kinds.socket:4 certain");
	HAS("kinds.socket [fe80::1]:8115/udp kinds.socket:5 certain");
	HAS("kinds.socket [::]:8117/udp kinds.socket:12 certain");
	DW_CHECK(strstr(text, "kinds.socket:2 ") == NULL);
	DW_CHECK(strstr(text, "/sctp proto.socket:3 certain") != NULL);
	HAS("stopped.service - stopped.service:5 guess");
	HAS("pats.socket 127.0.0.1:8141/tcp pats.socket:2 certain");
	HAS("patd.service - patd.service:2 guess");
	/* runs; off; masked; its condition can't hold; linked to nothing; in a box; done once; by a timer and not known
	 * to listen */
	DW_CHECK(strstr(text, "ssh.service") == NULL);
	DW_CHECK(strstr(text, "disabled.service") == NULL);
	DW_CHECK(strstr(text, "ssh.socket") == NULL);
	DW_CHECK(strstr(text, "masked.service") == NULL);
	DW_CHECK(strstr(text, "never.service") == NULL);
	DW_CHECK(strstr(text, "empty.service") == NULL);
	DW_CHECK(strstr(text, "unlinked.service") == NULL);
	DW_CHECK(strstr(text, "boxed.service") == NULL);
	DW_CHECK(strstr(text, "alone.service") == NULL);
	DW_CHECK(strstr(text, "setup.service") == NULL);
	DW_CHECK(strstr(text, "job.service") == NULL);
	DW_CHECK(strstr(text, "samd.service") == NULL);
	host_close(&h);
}

DW_TEST(a_condition_is_told)
{
	struct host h = host_open(DW_TEST_PATH("roots/systemd-host"), true, "systemd");
	bool told = false;

	DW_CHECK_INT(dw_starter_systemd.load(&h.s, &h.systemd, NULL), 0);
	DW_CHECK_INT(dw_starter_systemd.list(&h.s, h.systemd, NULL), 0);
	for (size_t i = 0; i < h.s.facts->sleepers.n; i++)
		if (dw_streq(h.s.facts->sleepers.v[i].starter.id, "stopped.service"))
			told = strstr(h.s.facts->sleepers.v[i].starter.evidence,
				      "ConditionPathExists=!/usr/sbin/script") != NULL;
	DW_CHECK(told);
	host_close(&h);
}

DW_TEST(bad_lines_are_told_and_the_rest_is_used)
{
	struct host h = host_open(DW_TEST_PATH("roots/systemd-host"), true, "systemd");
	unsigned bad = 0, address = 0;

	DW_CHECK_INT(dw_starter_systemd.load(&h.s, &h.systemd, NULL), 0);
	DW_CHECK_INT(dw_starter_systemd.list(&h.s, h.systemd, NULL), 0);
	for (size_t i = 0; i < h.s.facts->incomplete.n; i++) {
		const struct dw_incomplete *n = &h.s.facts->incomplete.v[i];

		DW_CHECK_STR(n->what, "bad-line");
		DW_CHECK(!n->blind);
		if (dw_streq0(n->file, "/usr/lib/systemd/system/bad.service"))
			bad |= 1U << n->line;
		if (dw_streq0(n->file, "/etc/systemd/system/kinds.socket"))
			address = n->line;
	}
	DW_CHECK_INT(bad, 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4);
	DW_CHECK_INT(address, 10);
	DW_CHECK(has(text_of(&h), "bad.service - bad.service:6 guess\n"));
	host_close(&h);
}

DW_TEST(an_image)
{
	struct host h = host_open(DW_TEST_PATH("roots/systemd-host/root"), false, NULL);
	const char *text;

	DW_CHECK_INT(dw_starter_systemd.load(&h.s, &h.systemd, NULL), 0);
	DW_CHECK_INT(dw_starter_systemd.list(&h.s, h.systemd, NULL), 0);
	text = text_of(&h);
	/* nothing runs in it, so all that is enabled sleeps */
	DW_CHECK(has(text, "ssh.service - ssh.service:6 "));
	HAS("awake.socket [::]:8111/tcp awake.socket:3 certain");
	DW_CHECK_INT(dw_starter_dbus.load(&h.s, &h.dbus, NULL), -ENOENT);
	DW_CHECK_INT(dw_starter_manual.load(&h.s, &h.manual, NULL), -ENOENT);
	host_close(&h);
}

/* Their links are below /run on a host that runs; one cluster is started by hand, of one the program is gone. */
DW_TEST(generators_of_an_image)
{
	struct host h = host_open(DW_TEST_PATH("roots/systemd-generators"), false, NULL);
	const char *text;

	DW_CHECK_INT(dw_starter_systemd.load(&h.s, &h.systemd, NULL), 0);
	DW_CHECK_INT(dw_starter_systemd.list(&h.s, h.systemd, NULL), 0);
	text = text_of(&h);
	HAS("postgresql@15-main.service - postgresql@.service:3 guess");
	HAS("tor@default.service - tor@default.service:2 guess");
	HAS("postfix@-.service - postfix@.service:2 guess");
	DW_CHECK(strstr(text, "14-old") == NULL && strstr(text, "13-gone") == NULL);
	host_close(&h);
}

DW_TEST(scripts_of_an_image)
{
	struct host h = host_open(DW_TEST_PATH("roots/systemd-dropins"), false, NULL);
	const char *text;

	DW_CHECK_INT(dw_starter_systemd.load(&h.s, &h.systemd, NULL), 0);
	DW_CHECK_INT(dw_starter_systemd.list(&h.s, h.systemd, NULL), 0);
	text = text_of(&h);
	HAS("old - old guess");
	DW_CHECK(strstr(text, "both") == NULL);
	host_close(&h);
}

static size_t blind_notes(const struct dw_facts *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->incomplete.n; i++)
		n += f->incomplete.v[i].blind;
	return n;
}

/* Every call that can fail fails once: a door that is left out is never left out without a word. */
DW_TEST(every_failure_is_survived)
{
	struct host h = host_open(DW_TEST_PATH("roots/systemd-host"), true, "systemd");
	size_t sleepers, silent = 0;
	unsigned calls;

	DW_CHECK_INT(dw_starter_systemd.load(&h.s, &h.systemd, NULL), 0);
	DW_CHECK_INT(dw_starter_systemd.list(&h.s, h.systemd, NULL), 0);
	calls = dw_sys_calls(h.sys);
	sleepers = h.s.facts->sleepers.n;
	DW_CHECK_INT(blind_notes(h.s.facts), 0);
	host_close(&h);
	DW_CHECK(calls > 100);
	for (unsigned n = 1; n <= calls; n++) {
		h = host_open(DW_TEST_PATH("roots/systemd-host"), true, "systemd");
		dw_sys_fail_at(h.sys, n, EIO);
		if (dw_starter_systemd.load(&h.s, &h.systemd, NULL) == 0)
			DW_CHECK_INT(dw_starter_systemd.list(&h.s, h.systemd, NULL), 0);
		if (h.s.facts->sleepers.n < sleepers && blind_notes(h.s.facts) == 0) {
			printf("call %u: %zu of %zu sleepers, and not a word\n", n,
			       h.s.facts->sleepers.n, sleepers);
			silent++;
		}
		host_close(&h);
	}
	DW_CHECK_INT(silent, 0);
}

DW_TEST_MAIN
