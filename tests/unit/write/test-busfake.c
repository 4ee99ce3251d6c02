/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The recorded manager: what is started and stopped is what it says afterwards. */
#include "dw_bus.h"
#include "root.h"

static const char system_units[] =
	"{\"units\": ["
	"{\"name\": \"a.service\", \"load_state\": \"loaded\", \"active_state\": \"active\","
	" \"sub_state\": \"running\", \"properties\": {\"FragmentPath\": \"/lib/a.service\"}},"
	"{\"name\": \"a.socket\", \"load_state\": \"loaded\", \"active_state\": \"inactive\","
	" \"sub_state\": \"dead\", \"properties\": {\"ActiveState\": \"inactive\"}},"
	"{\"name\": \"stays.service\", \"load_state\": \"loaded\", \"active_state\": \"active\","
	" \"sub_state\": \"running\", \"refuses\": \"stop\"},"
	"{\"name\": \"broken.service\", \"load_state\": \"loaded\", \"active_state\": \"active\","
	" \"sub_state\": \"running\", \"refuses\": \"start\"},"
	"{\"name\": \"again.service\", \"load_state\": \"loaded\", \"active_state\": \"active\","
	" \"sub_state\": \"running\", \"comes_back\": true},"
	"{\"name\": \"ghost.service\", \"load_state\": \"not-found\", \"active_state\": "
	"\"inactive\","
	" \"sub_state\": \"dead\"}], \"system_state\": \"degraded\"}";
static const char user_units[] =
	"{\"units\": [{\"name\": \"a.service\", \"load_state\": \"loaded\","
	" \"active_state\": \"active\", \"sub_state\": \"running\"}]}";

struct host {
	struct root root;
	struct dw_sys *sys;
	struct dw_bus *bus;
};

static struct host host_new(void)
{
	struct host h = { .root = root_new() };

	DW_CHECK_INT(mkdir(root_path(&h.root, "/bus"), 0755), 0);
	DW_CHECK_INT(mkdir(root_path(&h.root, "/root"), 0755), 0);
	DW_CHECK_INT(mkdir(root_path(&h.root, "/proc"), 0755), 0);
	root_put(&h.root, "/bus/units.json", system_units, 0644);
	root_put(&h.root, "/bus/units-1000.json", user_units, 0644);
	DW_CHECK_INT(dw_sys_open_fake(h.root.dir, &h.sys, NULL), 0);
	DW_CHECK_INT(dw_bus_open(h.sys, &h.bus, NULL), 0);
	return h;
}

static void host_free(struct host *h)
{
	dw_bus_free(h->bus);
	dw_sys_free(h->sys);
	root_free(&h->root);
}

static const char *property(struct host *h, struct dw_bus *b, const char *unit, const char *name)
{
	const char *value = "?";

	DW_CHECK_INT(dw_bus_unit_string(b, unit, "org.freedesktop.systemd1.Unit", name,
					h->root.arena, &value, NULL),
		     0);
	return value;
}

static const char *active(struct host *h, const char *unit)
{
	return property(h, h->bus, unit, "ActiveState");
}

static struct dw_bus_unit listed(struct host *h, struct dw_bus *b, const char *unit)
{
	const char *const patterns[] = { unit, NULL };
	struct dw_bus_unit *v = NULL;
	size_t n = 0;

	DW_CHECK_INT(dw_bus_list_units(b, patterns, h->root.arena, &v, &n, NULL), 0);
	return n == 1 ? v[0] : (struct dw_bus_unit){ .name = "none" };
}

static int act(struct host *h, enum dw_bus_act what, const char *unit, struct dw_error *e)
{
	return dw_bus_units_act(h->bus, what, &unit, 1, 1000, e);
}

DW_TEST(what_was_recorded_is_told_until_it_is_changed)
{
	struct host h = host_new();
	const char *const both[] = { "a.service", "a.socket" };

	DW_CHECK_STR(active(&h, "a.service"), "active");
	DW_CHECK_STR(property(&h, h.bus, "a.service", "FragmentPath"), "/lib/a.service");
	DW_CHECK_STR(property(&h, h.bus, "a.service", "LoadState"), "loaded");
	DW_CHECK_STR(active(&h, "a.socket"), "inactive");
	DW_CHECK_INT(dw_bus_units_act(h.bus, DW_BUS_STOP, both, 2, 1000, NULL), 0);
	DW_CHECK_STR(active(&h, "a.service"), "inactive");
	DW_CHECK_STR(listed(&h, h.bus, "a.service").active_state, "inactive");
	DW_CHECK_STR(listed(&h, h.bus, "a.service").sub_state, "dead");
	DW_CHECK_INT(dw_bus_units_act(h.bus, DW_BUS_START, both, 2, 1000, NULL), 0);
	DW_CHECK_STR(active(&h, "a.socket"), "active");
	DW_CHECK_STR(property(&h, h.bus, "a.socket", "SubState"), "listening");
	DW_CHECK_STR(listed(&h, h.bus, "a.service").sub_state, "running");
	host_free(&h);
}

DW_TEST(every_bus_of_the_handle_knows_of_it_and_no_other_managers)
{
	struct host h = host_new();
	struct dw_bus *second = NULL, *user = NULL, *nobody = NULL;

	DW_CHECK_INT(act(&h, DW_BUS_STOP, "a.service", NULL), 0);
	DW_CHECK_INT(dw_bus_open(h.sys, &second, NULL), 0);
	DW_CHECK_INT(dw_bus_open_user(h.sys, 1000, &user, NULL), 0);
	DW_CHECK_INT(dw_bus_open_user(h.sys, 1001, &nobody, NULL), -ENOENT);
	DW_CHECK_STR(property(&h, second, "a.service", "ActiveState"), "inactive");
	DW_CHECK_STR(listed(&h, user, "a.service").active_state, "active");
	dw_bus_free(second);
	dw_bus_free(user);
	host_free(&h);
}

DW_TEST(units_refuse_and_come_back)
{
	struct host h = host_new();
	struct dw_error e = { 0 };
	const char *const units[] = { "stays.service", "a.service" };

	DW_CHECK_INT(dw_bus_units_act(h.bus, DW_BUS_STOP, units, 2, 1000, &e), -EIO);
	DW_CHECK_STR(e.message, "stays.service: no stop: it failed (failed)");
	DW_CHECK_STR(active(&h, "stays.service"), "active");
	DW_CHECK_STR(active(&h, "a.service"), "inactive"); /* as with the real one */
	DW_CHECK_INT(act(&h, DW_BUS_STOP, "broken.service", &e), 0);
	DW_CHECK_INT(act(&h, DW_BUS_START, "broken.service", &e), -EIO);
	DW_CHECK_STR(active(&h, "broken.service"), "inactive");
	DW_CHECK_INT(act(&h, DW_BUS_STOP, "again.service", &e), 0);
	DW_CHECK_STR(active(&h, "again.service"), "active");
	host_free(&h);
}

DW_TEST(a_unit_that_is_not_loaded_can_be_stopped_but_not_started)
{
	struct host h = host_new();
	struct dw_error e = { 0 };

	DW_CHECK_INT(act(&h, DW_BUS_STOP, "none.service", &e), 0);
	DW_CHECK_INT(act(&h, DW_BUS_START, "none.service", &e), -ENOENT);
	DW_CHECK(strstr(e.message, "none.service") != NULL);
	DW_CHECK_INT(act(&h, DW_BUS_STOP, "ghost.service", &e), 0);
	DW_CHECK_INT(act(&h, DW_BUS_START, "ghost.service", &e), -ENOENT);
	host_free(&h);
}

DW_TEST(what_runs_later_is_a_timer_until_it_is_stopped)
{
	struct host h = host_new();
	const char *const argv[] = { "/usr/bin/true", NULL };
	const char *const relative[] = { "true", NULL };
	const char *state = NULL;

	DW_CHECK_INT(dw_bus_run_later(h.bus, "later", "Later", relative, 60, NULL), -EINVAL);
	DW_CHECK_INT(dw_bus_run_later(h.bus, "later", "Later", argv, 60, NULL), 0);
	DW_CHECK_INT(dw_bus_run_later(h.bus, "later", "Later", argv, 60, NULL), -EEXIST);
	DW_CHECK_STR(listed(&h, h.bus, "later.timer").sub_state, "waiting");
	DW_CHECK_INT(act(&h, DW_BUS_STOP, "later.timer", NULL), 0);
	DW_CHECK_STR(listed(&h, h.bus, "later.timer").name, "none");
	DW_CHECK_INT(dw_bus_run_later(h.bus, "later", "Later", argv, 60, NULL), 0);
	DW_CHECK_INT(dw_bus_reload(h.bus, NULL), 0);
	DW_CHECK_INT(dw_bus_system_state(h.bus, h.root.arena, &state, NULL), 0);
	DW_CHECK_STR(state, "degraded");
	host_free(&h);
}

DW_TEST(each_call_may_fail)
{
	struct host h = host_new();
	const char *const both[] = { "a.service", "a.socket" };
	struct dw_error e = { 0 };

	dw_sys_fail_at(h.sys, 2, EIO);
	DW_CHECK_INT(dw_bus_units_act(h.bus, DW_BUS_STOP, both, 2, 1000, &e), -EIO);
	DW_CHECK(strstr(e.message, "a.socket") != NULL);
	DW_CHECK_STR(active(&h, "a.service"), "inactive");
	dw_sys_fail_at(h.sys, 1, EIO);
	DW_CHECK_INT(dw_bus_reload(h.bus, &e), -EIO);
	host_free(&h);
}

DW_TEST_MAIN
