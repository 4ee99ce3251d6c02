/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words to addresses and ports. */
#include <arpa/inet.h>
#include <errno.h>

#include "dw_macros.h"
#include "dw_order.h"
#include "dw_spec.h"
#include "dw_str.h"
#include "dw_sys.h"
#include "dw_test.h"
#include "mock-knowledge.h"

struct world {
	struct dw_sys *sys;
	struct dw_arena *a;
	struct dw_spec_targets t;
	struct dw_strings notes;
	struct dw_error e;
};

static struct world begin(void)
{
	struct world w = { .a = dw_arena_new() };

	if (dw_sys_open_fake(DW_TEST_PATH("roots/scan-spec"), &w.sys, &w.e) < 0) {
		printf("%s\n", w.e.message);
		exit(1);
	}
	return w;
}

static void end(struct world *w)
{
	dw_sys_free(w->sys);
	dw_arena_free(w->a);
}

static struct dw_strings split(struct dw_arena *a, const char *text)
{
	char *p = dw_arena_strdup(a, text);
	struct dw_strings out = { 0 };

	for (const char *word; (word = dw_word_next(&p)) != NULL;)
		dw_vec_push(a, &out, word);
	return out;
}

static int read_words(struct world *w, const char *words, const char *excluded,
		      enum dw_family family)
{
	struct dw_strings in = split(w->a, words), out = split(w->a, excluded);

	w->notes = (struct dw_strings){ 0 };
	w->e = (struct dw_error){ 0 };
	return dw_spec_targets_read(w->sys, in.v, in.n, out.v, out.n, family, w->a, &w->t,
				    &w->notes, &w->e);
}

/* "10.0.0.1-10.0.0.3 2001:db8::1=name" */
static const char *told(struct world *w)
{
	struct dw_str s = { .arena = w->a };

	dw_str_add(&s, "");
	for (size_t i = 0; i < w->t.n; i++) {
		const struct dw_spec_range *r = &w->t.ranges[i];

		dw_str_addf(&s, "%s%s", i ? " " : "", dw_address_text(w->a, &r->first));
		if (dw_address_compare(&r->first, &r->last) != 0)
			dw_str_addf(&s, "-%s", dw_address_text(w->a, &r->last));
		if (r->name)
			dw_str_addf(&s, "=%s", r->name);
	}
	return s.s;
}

DW_TEST(words_are_addresses)
{
	static const struct {
		const char *words, *excluded, *told;
		unsigned long long hosts;
	} cases[] = {
		{ "203.0.113.9", "", "203.0.113.9", 1 },
		{ "203.0.113.9/30", "", "203.0.113.8-203.0.113.11", 4 },
		{ "203.0.113.250-255", "", "203.0.113.250-203.0.113.255", 6 },
		{ "203.0.113.250-203.0.114.1", "", "203.0.113.250-203.0.114.1", 8 },
		{ "203.0.113.1 203.0.113.2 203.0.113.2-3 203.0.113.5", "",
		  "203.0.113.1-203.0.113.3 203.0.113.5", 4 },
		{ "2001:db8::1", "", "2001:db8::1", 1 },
		{ "::ffff:192.0.2.8/31", "::ffff:192.0.2.9", "192.0.2.8", 1 },
		{ "2001:db8::/120", "", "2001:db8::-2001:db8::ff", 256 },
		{ "2001:db8::1-2001:db8::3", "", "2001:db8::1-2001:db8::3", 3 },
		{ "fe80::1%3 fe80::1%4 fe80::2%3", "fe80::1%3", "fe80::2%3 fe80::1%4", 2 },
		{ "fe80::1%3 fe80::1%4 fe80::2%3", "fe80::1", "fe80::2%3", 1 },
		{ "printer", "", "198.51.100.7=printer", 1 },
		{ "both", "", "198.51.100.8=both 2001:db8::8=both", 2 },
		{ "198.51.100.0/28 printer", "",
		  "198.51.100.0-198.51.100.6 198.51.100.7=printer 198.51.100.8-198.51.100.15", 16 },
		/* excludes always win, and a name is excluded with all its addresses */
		{ "198.51.100.0/28 printer", "printer",
		  "198.51.100.0-198.51.100.6 198.51.100.8-198.51.100.15", 15 },
		{ "printer", "198.51.100.0/24", "", 0 },
		{ "both", "both", "", 0 },
		{ "2001:db8::1", "2001:db8::/32", "", 0 },
		{ "0.0.0.0/0", "0.0.0.0/1 192.0.0.0/2 128.0.0.0/3 160.0.0.0/4",
		  "176.0.0.0-191.255.255.255", 268435456 },
		/* the edges of an own network, unless named alone */
		{ "192.0.2.0/24", "", "192.0.2.1-192.0.2.254", 254 },
		{ "192.0.2.0/24 192.0.2.255", "", "192.0.2.1-192.0.2.255", 255 },
		{ "192.0.2.0/31", "", "192.0.2.1", 1 },
		{ "10.9.0.0/31", "", "10.9.0.0-10.9.0.1", 2 },
		{ "224.0.0.1 255.255.255.255 0.0.0.0 :: ff02::1", "", "", 0 },
		{ "223.255.255.0-224.0.0.9", "", "223.255.255.0-223.255.255.255", 256 },
		{ "255.255.255.254/31", "", "255.255.255.254", 1 },
	};
	struct world w = begin();

	for (size_t i = 0; i < DW_ARRAY_SIZE(cases); i++) {
		int r = read_words(&w, cases[i].words, cases[i].excluded, 0);

		DW_CHECK_INT(r, 0);
		if (r < 0) {
			printf("%s\n", w.e.message);
			continue;
		}
		DW_CHECK_STR(told(&w), cases[i].told);
		DW_CHECK_INT(w.t.hosts, cases[i].hosts);
	}
	end(&w);
}

DW_TEST(what_is_left_out_is_told)
{
	struct world w = begin();

	DW_CHECK_INT(read_words(&w, "192.0.2.0/24 224.0.0.0/30", "", 0), 0);
	DW_CHECK_INT(w.notes.n, 3);
	if (w.notes.n == 3) {
		DW_CHECK_STR(w.notes.v[0], "192.0.2.0 was left out: the network address of eth0");
		DW_CHECK_STR(w.notes.v[1],
			     "192.0.2.255 was left out: the broadcast address of eth0");
		DW_CHECK_STR(w.notes.v[2], "4 addresses were left out: multicast");
	}
	end(&w);
}

DW_TEST(a_family_can_be_asked_for)
{
	struct world w = begin();

	DW_CHECK_INT(read_words(&w, "both", "", DW_FAMILY_IPV6), 0);
	DW_CHECK_STR(told(&w), "2001:db8::8=both");
	DW_CHECK_INT(read_words(&w, "both", "", DW_FAMILY_IPV4), 0);
	DW_CHECK_STR(told(&w), "198.51.100.8=both");
	DW_CHECK_INT(read_words(&w, "printer", "", DW_FAMILY_IPV6), -ENOENT);
	end(&w);
}

/* A recorded host has no neighbours to ask: what is left is itself. */
DW_TEST(a_wide_network_of_ours_is_what_is_known_there)
{
	struct world w = begin();

	DW_CHECK_INT(read_words(&w, "2001:db8::/64", "", 0), 0);
	DW_CHECK_STR(told(&w), "2001:db8::10");
	DW_CHECK_INT(read_words(&w, "2001:db8::/65", "2001:db8::10", 0), 0);
	DW_CHECK_STR(told(&w), "");
	end(&w);
}

DW_TEST(mistakes_are_told)
{
	static const struct {
		const char *words, *part;
		int code;
	} cases[] = {
		{ "10.0.0", "no address, network", -EINVAL },
		{ "300.1.1.1", "no address, network", -EINVAL },
		{ "0x7f.1", "no address, network", -EINVAL },
		{ "example.org.1.", "no address, network", -EINVAL },
		{ "b;c", "no address, network", -EINVAL },
		{ "10.0.0.0/33", "from 0 to 32", -EINVAL },
		{ "10.0.0.0/", "from 0 to 32", -EINVAL },
		{ "2001:db8::/129", "from 0 to 128", -EINVAL },
		{ "2001:db8:1::/64", "2^64 addresses", -E2BIG },
		{ "2001:db8::/32", "2^96 addresses", -E2BIG },
		{ "printer/24", "no address", -EINVAL },
		{ "10.0.0.9-3", "ends before it begins", -EINVAL },
		{ "10.0.0.9-2001:db8::1", "same kind", -EINVAL },
		{ "10.0.0.9-", "same kind", -EINVAL },
		{ "fe80::1%nosuchif0", "no such interface", -EINVAL },
		{ "nowhere.invalid", "no address", -ENOENT },
		{ "@/nonexistent", "/nonexistent", -ENOENT },
		{ "@", "must follow", -EINVAL },
	};
	struct world w = begin();

	for (size_t i = 0; i < DW_ARRAY_SIZE(cases); i++) {
		DW_CHECK_INT(read_words(&w, cases[i].words, "", 0), cases[i].code);
		if (!strstr(w.e.message, cases[i].part))
			DW_CHECK_STR(w.e.message, cases[i].part);
	}
	end(&w);
}

static const char *make_file(struct world *w, const char *text)
{
	char name[] = "/tmp/doorward-spec-XXXXXX";
	int fd = mkstemp(name);
	size_t n = strlen(text);

	if (fd < 0 || write(fd, text, n) != (ssize_t)n || close(fd) != 0)
		exit(1);
	return dw_arena_strdup(w->a, name);
}

DW_TEST(files_hold_words)
{
	struct world w = begin();
	const char *file = make_file(&w, "# hosts\n203.0.113.1 203.0.113.2 # two\n\n  printer\n");
	const char *bad = make_file(&w, "203.0.113.1\n10.0.0.0/99\n");
	const char *words = dw_arena_printf(w.a, "@%s", file);

	DW_CHECK_INT(read_words(&w, words, "203.0.113.2", 0), 0);
	DW_CHECK_STR(told(&w), "198.51.100.7=printer 203.0.113.1");
	DW_CHECK_INT(read_words(&w, dw_arena_printf(w.a, "@%s", bad), "", 0), -EINVAL);
	DW_CHECK(strstr(w.e.message, dw_arena_printf(w.a, "%s:2: ", bad)) == w.e.message);
	(void)remove(bad);
	bad = make_file(&w, "");
	(void)remove(bad);
	DW_CHECK_INT(read_words(&w, dw_arena_printf(w.a, "@%s", bad), "", 0), -ENOENT);
	(void)remove(file);
	end(&w);
}

DW_TEST(each_address_has_its_number)
{
	struct world w = begin();
	struct dw_address a, before = { 0 };
	const char *name;

	DW_CHECK_INT(
		read_words(&w, "203.0.113.1-9 203.0.113.20 both 2001:db8::/124", "203.0.113.4", 0),
		0);
	DW_CHECK_INT(w.t.hosts, 9 + 17);
	for (uint64_t i = 0; i < w.t.hosts; i++) {
		dw_spec_target_at(&w.t, i, &a, &name);
		DW_CHECK(i == 0 || dw_address_compare(&before, &a) < 0);
		DW_CHECK(dw_spec_targets_have(&w.t, &a));
		before = a;
	}
	DW_CHECK(inet_pton(AF_INET, "203.0.113.4", a.bytes) == 1);
	memset(a.bytes + 4, 0, 12);
	a.family = DW_FAMILY_IPV4;
	DW_CHECK(!dw_spec_targets_have(&w.t, &a));
	dw_spec_target_at(&w.t, 0, &a, &name);
	DW_CHECK_STR(name, "both");
	end(&w);
}

DW_TEST(ports_are_read)
{
	static const struct {
		enum dw_protocol protocol;
		const char *text, *told;
	} cases[] = {
		{ DW_PROTOCOL_TCP, "22,80", "22,80" },
		{ DW_PROTOCOL_TCP, "80, 22 ,80-82", "22,80-82" },
		{ DW_PROTOCOL_TCP, "-", "1-65535" },
		{ DW_PROTOCOL_TCP, "all", "1-65535" },
		{ DW_PROTOCOL_TCP, "-3,65534-", "1-3,65534-65535" },
		{ DW_PROTOCOL_TCP, "0", "0" },
		{ DW_PROTOCOL_TCP, "domain", "53" },
		{ DW_PROTOCOL_UDP, "netbios-ns", "137" },
		{ DW_PROTOCOL_TCP, "", NULL },
		{ DW_PROTOCOL_TCP, "22,,80", NULL },
		{ DW_PROTOCOL_TCP, "65536", NULL },
		{ DW_PROTOCOL_TCP, "9-3", NULL },
		{ DW_PROTOCOL_TCP, "1-2-3", NULL },
		{ DW_PROTOCOL_TCP, "U:53", NULL },
		{ DW_PROTOCOL_TCP, "nosuchservice", NULL },
	};
	struct world w = begin();

	for (size_t i = 0; i < DW_ARRAY_SIZE(cases); i++) {
		struct dw_spec_ports p = { 0 };
		int r = dw_spec_ports_read(w.sys, &mock_knowledge, cases[i].protocol, cases[i].text,
					   w.a, &p, &w.e);

		DW_CHECK_INT(r, cases[i].told ? 0 : -EINVAL);
		if (r == 0)
			DW_CHECK_STR(dw_spec_ports_text(&p, w.a), cases[i].told);
	}
	end(&w);
}

DW_TEST(known_ports_are_those_of_the_knowledge)
{
	struct world w = begin();
	struct dw_spec_ports p = { 0 };

	DW_CHECK_INT(
		dw_spec_ports_read(w.sys, &mock_knowledge, DW_PROTOCOL_TCP, "known", w.a, &p, &w.e),
		0);
	DW_CHECK(p.n >= 1023);
	DW_CHECK_INT(p.list[0], 1);
	end(&w);
}

DW_TEST(every_failure_of_the_system_is_told)
{
	struct world w = begin();
	unsigned calls;

	dw_sys_fail_at(w.sys, 0, 0);
	DW_CHECK_INT(read_words(&w, "printer both 192.0.2.0/24", "localhost", 0), 0);
	calls = dw_sys_calls(w.sys);
	DW_CHECK(calls >= 4);
	for (unsigned i = 1; i <= calls; i++) {
		dw_sys_fail_at(w.sys, i, EIO);
		DW_CHECK_INT(read_words(&w, "printer both 192.0.2.0/24", "localhost", 0), -EIO);
		DW_CHECK(w.e.message[0] != '\0');
	}
	end(&w);
}

DW_TEST_MAIN
