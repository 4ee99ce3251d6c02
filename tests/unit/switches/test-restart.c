/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What reads its settings at its start is started again, and only if it runs. */
#include "namespace.h"
#include "rig.h"

static const char units[] =
	"{\"units\": ["
	"{\"name\": \"a.socket\", \"load_state\": \"loaded\", \"active_state\": \"active\", "
	"\"sub_state\": \"x\", \"properties\": {\"Triggers\": [\"a.service\"]}},"
	"{\"name\": \"a.service\", \"load_state\": \"loaded\", \"active_state\": \"active\", "
	"\"sub_state\": \"x\"},"
	"{\"name\": \"b.socket\", \"load_state\": \"loaded\", \"active_state\": \"active\", "
	"\"sub_state\": \"x\"},"
	"{\"name\": \"b.service\", \"load_state\": \"loaded\", \"active_state\": \"inactive\", "
	"\"sub_state\": \"x\"},"
	"{\"name\": \"sick.service\", \"load_state\": \"loaded\", \"active_state\": \"active\", "
	"\"sub_state\": \"x\", \"refuses\": \"start\"},"
	"{\"name\": \"off.service\", \"load_state\": \"loaded\", \"active_state\": \"failed\", "
	"\"sub_state\": \"x\", \"refuses\": \"start\"}]}";

static struct rig open_fake(void)
{
	struct rig r = { 0 };

	rig_put(rig_directory(&r), "/bus/units.json", 0644, units);
	rig_put(r.dir, "/root/etc/hostname", 0644, "made-up\n");
	rig_put(r.dir, "/proc/uptime", 0644, "1 1\n");
	r.ops = dw_switch_find("systemd");
	r.sw.arena = dw_arena_new();
	DW_CHECK_INT(dw_sys_open_fake(r.dir, &r.sw.sys, &r.e), 0);
	if (!r.ops || !r.sw.sys)
		exit(1);
	return r;
}

static const char *state_of(struct rig *r, const char *object)
{
	r->object = object;
	return rig_state(r).text;
}

DW_TEST(units_that_run)
{
	struct rig r = open_fake();

	DW_CHECK_INT(dw_switch_notify(&r.sw, "restart a.service", &r.e), 0);
	DW_CHECK_STR(state_of(&r, "a.service"), "active");
	DW_CHECK_INT(dw_switch_notify(&r.sw, "restart a.socket a.service", &r.e), 0);
	DW_CHECK_STR(state_of(&r, "a.socket a.service"), "active active");
	/* what did not run does not run afterwards */
	DW_CHECK_INT(dw_switch_notify(&r.sw, "restart b.socket b.service", &r.e), 0);
	DW_CHECK_STR(state_of(&r, "b.socket b.service"), "active inactive");
	DW_CHECK_INT(dw_switch_notify(&r.sw, "restart off.service", &r.e), 0);
	DW_CHECK_STR(state_of(&r, "off.service"), "inactive");
	DW_CHECK_INT(dw_switch_notify(&r.sw, "restart absent.service", &r.e), 0);
	DW_CHECK_STR(r.e.message, "");
	rig_close(&r);
}

DW_TEST(what_does_not_come_up_is_told)
{
	struct rig r = open_fake();

	DW_CHECK_INT(dw_switch_notify(&r.sw, "restart sick.service", &r.e), -EIO);
	DW_CHECK(strstr(r.e.message, "sick.service") != NULL);
	DW_CHECK_INT(dw_switch_notify(&r.sw, "restart", &r.e), -EINVAL);
	DW_CHECK_INT(dw_switch_notify(&r.sw, "restart no unit", &r.e), -EINVAL);
	rig_close(&r);
}

static bool told(struct rig *r, const char *want)
{
	struct dw_bytes text = { 0 };

	return dw_sys_file_read(r->sw.sys, "/run/told", 1000, r->sw.arena, &text, NULL) == 0 &&
	       dw_streq(text.data, want);
}

static void script(void)
{
	struct rig r = { 0 };

	rig_open(&r, "sysv", NULL);
	rig_put("/etc/init.d/lab", "", 0755,
		"#!/bin/sh\necho $1 >> /run/told\ncase $1 in\nstart) : > /run/up ;;\n"
		"stop) rm /run/up ;;\nstatus) test -f /run/up || exit 3 ;;\nesac\n");
	DW_CHECK_INT(dw_switch_notify(&r.sw, "restart sysv:lab", &r.e), 0);
	DW_CHECK_STR(r.e.message, "");
	DW_CHECK(told(&r, "status\n"));
	rig_put("/run/up", "", 0644, "");
	DW_CHECK_INT(dw_switch_notify(&r.sw, "restart sysv:lab", &r.e), 0);
	DW_CHECK(access("/run/up", F_OK) == 0);
	rig_close(&r);
}

DW_TEST(scripts_that_run)
{
	namespace_run(script);
}

DW_TEST_MAIN
