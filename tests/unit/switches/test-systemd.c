/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig.h"

/* The manager's units; more: further members, in JSON. */
static const struct {
	const char *name, *active, *more;
} units[] = {
	{ "cups.socket", "active", "\"properties\": {\"Triggers\": [\"cups.service\"]}" },
	{ "cups.path", "active", NULL },
	{ "cups.service", "active", NULL },
	{ "slow.service", "deactivating", NULL },
	{ "soon.service", "activating", NULL },
	{ "again.service", "reloading", NULL },
	{ "broken.service", "failed", NULL },
	{ "stays.service", "active", "\"refuses\": \"stop\"" },
	{ "never.service", "inactive",
	  "\"refuses\": \"start\", \"properties\": {\"Result\": \"exit-code\"}" },
	{ "back.service", "active", "\"comes_back\": true" },
	{ "late.socket", "inactive", "\"properties\": {\"Triggers\": [\"early.service\"]}" },
	{ "early.service", "active", NULL },
	{ "shut.socket", "inactive", "\"properties\": {\"Triggers\": [\"stays.service\"]}" },
};

static const char users_units[] = "{\"units\": ["
				  "{\"name\": \"web.socket\", \"active_state\": \"active\"},"
				  "{\"name\": \"web.service\", \"active_state\": \"active\"}]}";

static const char *units_text(struct dw_arena *a)
{
	struct dw_str text = { .arena = a };

	dw_str_add(&text, "{\"units\": [");
	for (size_t i = 0; i < DW_ARRAY_SIZE(units); i++)
		dw_str_addf(
			&text,
			"%s{\"name\": \"%s\", \"load_state\": \"loaded\", \"active_state\": \"%s\""
			"%s%s}",
			i ? ", " : "", units[i].name, units[i].active, units[i].more ? ", " : "",
			units[i].more ? units[i].more : "");
	dw_str_add(&text, "]}");
	return text.s;
}

static struct rig open_fake(const char *object)
{
	struct rig r = { .object = object };

	r.sw.arena = dw_arena_new();
	rig_put(rig_directory(&r), "/bus/units.json", 0644, units_text(r.sw.arena));
	rig_put(r.dir, "/bus/units-1000.json", 0644, users_units);
	rig_put(r.dir, "/root/etc/hostname", 0644, "made-up\n");
	rig_put(r.dir, "/proc/uptime", 0644, "1 1\n");
	r.ops = dw_switch_find("systemd");
	DW_CHECK_INT(dw_sys_open_fake(r.dir, &r.sw.sys, &r.e), 0);
	if (!r.ops || !r.sw.sys)
		exit(1);
	return r;
}

static struct dw_state word(const char *text)
{
	return (struct dw_state){ .text = text };
}

DW_TEST(it_is_active_until_it_is_inactive_or_failed)
{
	static const struct {
		const char *unit, *state;
	} truth[] = {
		{ "cups.service", "active" },     { "slow.service", "active" },
		{ "soon.service", "active" },     { "again.service", "active" },
		{ "broken.service", "inactive" }, { "never.service", "inactive" },
		{ "absent.service", "inactive" },
	};
	struct rig r = open_fake(NULL);

	for (size_t i = 0; i < DW_ARRAY_SIZE(truth); i++) {
		r.object = truth[i].unit;
		DW_CHECK_STR(rig_state(&r).text, truth[i].state);
	}
	r.object = "cups.socket broken.service cups.service";
	DW_CHECK_STR(rig_state(&r).text, "active inactive active");
	rig_close(&r);
}

DW_TEST(a_group_goes_there_and_back)
{
	struct rig r = open_fake("cups.socket cups.path cups.service");
	struct dw_state off = word("inactive inactive inactive");
	struct dw_state half = word("inactive active inactive");

	rig_contract(&r, &off);
	rig_contract(&r, &half);
	rig_close(&r);
}

DW_TEST(what_is_not_there_needs_no_stop_and_has_no_start)
{
	struct rig r = open_fake("absent.service");
	struct dw_state off = word("inactive"), on = word("active");

	DW_CHECK(rig_go(&r, &off));
	DW_CHECK_INT(rig_set(&r, &off, &on), -ENOENT);
	DW_CHECK_STR(rig_state(&r).text, "inactive");
	rig_close(&r);
}

DW_TEST(what_fails_is_told_with_its_result)
{
	struct rig r = open_fake("never.service");
	struct dw_state off = word("inactive"), on = word("active");

	DW_CHECK_INT(rig_set(&r, &off, &on), -EIO);
	DW_CHECK(strstr(r.e.message, "never.service: exit-code") != NULL);
	DW_CHECK_STR(rig_state(&r).text, "inactive");
	r.object = "stays.service";
	DW_CHECK_INT(rig_set(&r, &on, &off), -EIO);
	DW_CHECK(strstr(r.e.message, "stays.service") != NULL);
	DW_CHECK_STR(rig_state(&r).text, "active");
	/* something starts it again at once: set() cannot know, state() tells */
	r.object = "back.service";
	DW_CHECK_INT(rig_set(&r, &on, &off), 0);
	DW_CHECK_STR(rig_state(&r).text, "active");
	rig_close(&r);
}

/* systemd refuses to start a socket whose service runs: that is stopped first, and started again behind it. */
DW_TEST(a_socket_comes_back_though_its_service_runs)
{
	struct rig r = open_fake("late.socket early.service");
	struct dw_state both = word("active active"), off = word("inactive active");

	DW_CHECK_STR(rig_state(&r).text, "inactive active");
	DW_CHECK(rig_go(&r, &both));
	DW_CHECK(rig_go(&r, &off));
	r.object = "late.socket"; /* the service is not of the object, and runs as before */
	both = word("active");
	DW_CHECK(rig_go(&r, &both));
	r.object = "early.service";
	DW_CHECK_STR(rig_state(&r).text, "active");
	r.object = "shut.socket";
	off = word("inactive");
	DW_CHECK_INT(rig_set(&r, &off, &both), -EIO);
	DW_CHECK(strstr(r.e.message, "stays.service") != NULL);
	DW_CHECK_STR(rig_state(&r).text, "inactive");
	rig_close(&r);
}

DW_TEST(a_users_manager_is_another)
{
	struct rig r = open_fake("1000/web.socket 1000/web.service");
	struct dw_state off = word("inactive inactive"), now = { 0 };

	rig_contract(&r, &off);
	r.object = "web.socket";
	DW_CHECK_STR(rig_state(&r).text, "inactive");
	r.object = "1001/web.socket";
	now = rig_state(&r);
	DW_CHECK_STR(now.text, "inactive");
	off = word("active");
	DW_CHECK_INT(rig_set(&r, &now, &off), -ENOTSUP);
	rig_close(&r);
}

DW_TEST(what_is_no_unit_or_no_state_is_refused)
{
	static const char *const objects[] = { "",
					       "cups",
					       "cups*.service",
					       "a@.service",
					       "../x.service",
					       "x/cups.service",
					       "-1/x.service",
					       "1000/a.service b.service",
					       "a.service;b.service",
					       "[a].service",
					       ".service",
					       "a." };
	static const char *const states[] = { "",
					      "active",
					      "active inactive",
					      "active active active active",
					      "failed inactive inactive",
					      "active  active inactivex" };
	struct rig r = open_fake("cups.socket cups.path cups.service");
	struct dw_state now = { 0 }, first = rig_state(&r);

	for (size_t i = 0; i < DW_ARRAY_SIZE(objects); i++)
		DW_CHECK_INT(r.ops->state(&r.sw, objects[i], &now, &r.e), -EINVAL);
	DW_CHECK(now.text == NULL);
	for (size_t i = 0; i < DW_ARRAY_SIZE(states); i++) {
		struct dw_state odd = word(states[i]);

		DW_CHECK_INT(rig_set(&r, &first, &odd), -EINVAL);
	}
	DW_CHECK_STR(rig_state(&r).text, first.text);
	rig_close(&r);
}

DW_TEST(each_failure_is_survived)
{
	struct rig r = open_fake("cups.socket cups.path cups.service");
	struct dw_state first = rig_state(&r), off = word("inactive inactive inactive");

	DW_CHECK(rig_faults(&r, &first, &off, EIO, NULL) >= 3);
	DW_CHECK(rig_faults(&r, &off, &first, ECONNRESET, NULL) >= 3);
	rig_close(&r);
}

DW_TEST(where_nothing_runs_all_is_inactive)
{
	struct rig r = { .object = "cups.service" };
	struct dw_state off = word("inactive"), on = word("active");

	rig_put(rig_directory(&r), "/etc/hostname", 0644, "x\n");
	rig_open(&r, "systemd", r.dir);
	DW_CHECK(rig_go(&r, &off));
	DW_CHECK_INT(rig_set(&r, &off, &on), -ENOTSUP);
	rig_close(&r);
}

DW_TEST(whoever_reads_files_is_told)
{
	struct rig r = open_fake("cups.service");

	DW_CHECK_INT(dw_switch_notify(&r.sw, "systemd", &r.e), 0);
	DW_CHECK_INT(dw_switch_notify(&r.sw, "systemd 1000", &r.e), 0);
	DW_CHECK_INT(dw_switch_notify(&r.sw, "systemd 1001", &r.e), 0); /* nobody there */
	DW_CHECK_INT(dw_switch_notify(&r.sw, "cron", &r.e), 0);
	DW_CHECK_STR(r.e.message, "");
	DW_CHECK_INT(dw_switch_notify(&r.sw, "systemd pat", &r.e), -EINVAL);
	DW_CHECK_INT(dw_switch_notify(&r.sw, "nobody", &r.e), -EINVAL);
	DW_CHECK_INT(dw_switch_notify(&r.sw, "inetd", &r.e), -EINVAL);
	DW_CHECK_INT(dw_switch_notify(&r.sw, "inetd x", &r.e), -EINVAL);
	dw_sys_fail_at(r.sw.sys, 1, EIO);
	DW_CHECK_INT(dw_switch_notify(&r.sw, "systemd", &r.e), -EIO);
	DW_CHECK_INT(dw_switch_notify(&r.sw, "systemd", &r.e), 0);
	rig_close(&r);
}

DW_TEST_MAIN
