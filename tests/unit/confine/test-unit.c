/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a unit starts its commands, and which of its settings count, as its manager and its files have them. */
#include <errno.h>

#include "confine.h"
#include "dw_str.h"
#include "dw_test.h"
#include "made-host.h"
#include "unit-text.h"

static bool starts_mighty(struct dw_arena *a, const char *file, const char *dropin)
{
	const struct dw_bytes one = { .data = dw_arena_strdup(a, file), .n = strlen(file) };
	const struct dw_bytes two = { .data = dw_arena_strdup(a, dropin), .n = strlen(dropin) };
	bool mighty = false;

	dw_confine_starts_mighty(a, &one, &mighty);
	dw_confine_starts_mighty(a, &two, &mighty);
	return mighty;
}

DW_TEST(signs_before_the_program)
{
	static const struct {
		const char *word;
		bool mighty;
	} words[] = {
		{ "/usr/sbin/x", false },
		{ "-/usr/sbin/x", false },
		{ "@/usr/sbin/x", false },
		{ ":/usr/sbin/x", false },
		{ "-@:/usr/sbin/x", false },
		{ "|/usr/sbin/x", false },
		{ "!/usr/sbin/x", true },
		{ "+/usr/sbin/x", true },
		{ "!!/usr/sbin/x", true },
		{ "-+/usr/sbin/x", true },
		{ "@-!/usr/sbin/x", true },
		{ ":!/usr/sbin/x", true },
		{ "+-/usr/sbin/x", true },
		{ "/usr/sbin/x+", false },
		{ "/usr/sbin/!x", false },
		{ "-/opt/c++/x", false },
		{ "", false },
		{ "-", false },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(words); i++)
		if (dw_confine_command_is_mighty(words[i].word) != words[i].mighty) {
			printf("%s\n", words[i].word);
			DW_CHECK(!"as it is meant");
		}
}

DW_TEST(exec_start_of_the_service_alone_counts)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	DW_CHECK(starts_mighty(a, "[Service]\nExecStart=!/usr/sbin/chronyd -u _chrony\n", ""));
	DW_CHECK(starts_mighty(a, "[Service]\n  ExecStart \t= \t-+/usr/sbin/x\n", ""));
	DW_CHECK(starts_mighty(a, "[Service]\nExecStart=\"+/usr/sbin/a b\" c\n", ""));
	DW_CHECK(!starts_mighty(a, "[Service]\nExecStart=/usr/sbin/x +a !b\n", ""));
	DW_CHECK(!starts_mighty(a, "[Service]\nExecStartPre=+/bin/mkdir /run/x\n", ""));
	DW_CHECK(!starts_mighty(a, "[Service]\nExecStartPost=!/bin/x\nExecStop=+/bin/y\n", ""));
	DW_CHECK(!starts_mighty(a, "[Service]\n#ExecStart=+/bin/x\n;ExecStart=+/bin/x\n", ""));
	DW_CHECK(!starts_mighty(a, "[Unit]\nExecStart=+/bin/x\n[Service]\nUser=x\n", ""));
	DW_CHECK(!starts_mighty(a, "ExecStart=+/bin/x\n", ""));
	DW_CHECK(!starts_mighty(a, "", ""));
}

DW_TEST(lines_go_on_and_hold_several_commands)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	DW_CHECK(starts_mighty(a, "[Service]\nExecStart=\\\n# why\n  +/bin/x\\\n -v\n", ""));
	DW_CHECK(starts_mighty(a, "[Service]\nExecStart=/bin/a -x ; +/bin/b\n", ""));
	DW_CHECK(starts_mighty(a, "[Service]\nExecStart=/bin/a\nExecStart=!/bin/b\n", ""));
	/* what the line goes on with is no setting of its own */
	DW_CHECK(!starts_mighty(a, "[Service]\nExecStart=/bin/a \\\nExecStart=+/bin/b\n", ""));
	DW_CHECK(!starts_mighty(a, "[Service]\nExecStart=/bin/a x;+/bin/b\n", ""));
	DW_CHECK(!starts_mighty(a, "[Service]\nExecStart=/bin/a \\\\\nUser=x\n", ""));
}

DW_TEST(a_drop_in_takes_back_what_the_unit_said)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	DW_CHECK(!starts_mighty(a, "[Service]\nExecStart=+/bin/x\n",
				"[Service]\nExecStart=\nExecStart=/bin/x\n"));
	DW_CHECK(starts_mighty(a, "[Service]\nExecStart=/bin/x\n",
			       "[Service]\nExecStart=\nExecStart=!/bin/x\n"));
	DW_CHECK(starts_mighty(a, "[Service]\nExecStart=+/bin/x\n", "[Service]\nUser=y\n"));
}

/* --- with its manager -------------------------------------------------------------------------------------- */

static const char units[] =
	"{\"units\": [{\"name\": \"x.service\", \"load_state\": \"loaded\", \"active_state\": "
	"\"active\", \"properties\": {\"FragmentPath\": \"/lib/x.service\", \"DropInPaths\": "
	"[\"/etc/x.conf\"], \"User\": \"daemon\", \"NoNewPrivileges\": true, \"PrivateTmp\": "
	"false, \"CapabilityBoundingSet\": 1024, \"RestrictAddressFamilies\": [\"AF_INET\", "
	"\"AF_UNIX\"], \"SystemCallFilter\": [], \"Description\": \"x\", \"NRestarts\": 2}}]}";

struct asked {
	struct host *h;
	struct dw_bus *bus;
	struct dw_arena *arena;
	struct dw_confine_service s;
};

static struct asked ask(const char *unit, const char *dropin)
{
	struct asked x = { .h = host_new(), .arena = dw_arena_new() };

	x.s = (struct dw_confine_service){ .name = "x.service", .unit = unit };
	host_file(x.h, "/../bus/units.json", 0644, units);
	host_file(x.h, "/lib/x.service", 0644, "[Service]\nExecStart=/bin/x\n");
	if (dropin)
		host_file(x.h, "/etc/x.conf", 0644, dropin);
	if (dw_sys_open_fake(x.h->dir, &x.h->sys, NULL) < 0 ||
	    dw_bus_open(x.h->sys, &x.bus, NULL) < 0)
		abort();
	dw_confine_read_unit(x.h->sys, &x.s, x.bus, x.arena);
	return x;
}

static void done(struct asked *x)
{
	dw_bus_free(x->bus);
	x->h->loaded = -1; /* no starter was */
	host_free(x->h);
	dw_arena_free(x->arena);
}

DW_TEST(settings_that_count_are_kept_as_the_manager_has_them)
{
	struct asked x = ask("x.service", "[Service]\nUser=daemon\n");

	DW_CHECK(x.s.settings_known && !x.s.starts_mighty);
	DW_CHECK_STR(dw_confine_setting(&x.s, "User"), "daemon");
	DW_CHECK_STR(dw_confine_setting(&x.s, "NoNewPrivileges"), "yes");
	DW_CHECK_STR(dw_confine_setting(&x.s, "PrivateTmp"), "no");
	DW_CHECK_STR(dw_confine_setting(&x.s, "CapabilityBoundingSet"), "1024");
	DW_CHECK_STR(dw_confine_setting(&x.s, "RestrictAddressFamilies"), "AF_INET AF_UNIX");
	DW_CHECK_STR(dw_confine_setting(&x.s, "SystemCallFilter"), "");
	DW_CHECK_STR(dw_confine_setting(&x.s, "NRestarts"), "2");
	DW_CHECK_STR(dw_confine_setting(&x.s, "Description"), ""); /* does not count */
	DW_CHECK_INT(x.s.n_settings, 7);
	DW_CHECK_INT(x.s.unknown.n, 0);
	done(&x);
}

DW_TEST(how_it_starts_is_read_from_all_its_files)
{
	struct asked x = ask("x.service", "[Service]\nExecStart=\nExecStart=!/bin/x\n");

	DW_CHECK(x.s.starts_mighty);
	done(&x);
}

DW_TEST(a_file_that_cannot_be_read_is_doubt)
{
	struct asked x = ask("x.service", NULL);

	DW_CHECK(x.s.starts_mighty);
	done(&x);
}

DW_TEST(a_unit_that_the_manager_does_not_know_is_said)
{
	struct asked x = ask("other.service", "");

	DW_CHECK(!x.s.settings_known);
	DW_CHECK_INT(x.s.unknown.n, 1);
	done(&x);
}

DW_TEST(each_question_that_fails_is_said_or_doubt)
{
	struct asked x = ask("x.service", "[Service]\n");
	unsigned calls;

	dw_sys_fail_at(x.h->sys, 0, 0);
	dw_confine_read_unit(x.h->sys, &x.s, x.bus, x.arena);
	calls = dw_sys_calls(x.h->sys);
	DW_CHECK(calls >= 5);
	for (unsigned n = 1; n <= calls; n++) {
		struct dw_confine_service s = { .name = "x.service", .unit = "x.service" };

		dw_sys_fail_at(x.h->sys, n, EIO);
		dw_confine_read_unit(x.h->sys, &s, x.bus, x.arena);
		DW_CHECK(s.settings_known ? s.starts_mighty : s.unknown.n == 1);
	}
	done(&x);
}

DW_TEST_MAIN
