/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Doors that are narrowed instead of closed, from the public API down, over a made-up host. */
#include <errno.h>

#include "dw_str.h"
#include "dw_test.h"
#include "world.h"

static const char *const toy[] = { "2323/tcp", NULL };
static const char *const bell[] = { "7070/tcp", NULL };

static char *plan_text(struct world *w, struct world_plan *p)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	DW_CHECK_INT(doorward_plan_write(w->d, p->plan, DOORWARD_JSON, out, NULL), 0);
	(void)fclose(out);
	return text;
}

/* A port that its unit may not bind any more has to be shut: here the unit keeps it, and all is put back. */
DW_TEST(one_port_of_a_unit_alone)
{
	struct world *w = world_new();
	struct doorward_close_options o = { .size = sizeof(o) };
	struct world_plan p;
	char *before, *after, *text;
	long long run = 0;

	world_file(w, "/etc/doorward/policy", "default ask\nclose 2323/tcp\nkeep 7070/tcp\n");
	world_file(w, "/sys/fs/cgroup/cgroup.controllers", "cpu\n");
	p = world_plan_narrow(w, toy);
	text = plan_text(w, &p);
	DW_CHECK(strstr(text, "SocketBindDeny=tcp:2323") != NULL);
	DW_CHECK(strstr(text, "\"intent\":\"restrict\"") != NULL);
	free(text);
	DW_CHECK_INT(doorward_plan_doors(p.plan), 1);
	DW_CHECK_INT(doorward_plan_narrowed(p.plan), 1);
	before = world_text(w);
	DW_CHECK_INT(doorward_close(w->d, p.plan, &o, &run), -ECANCELED);
	DW_CHECK(strstr(doorward_last_error(w->d), "2323") != NULL);
	DW_CHECK_STR(world_run(w, run), "rolled-back");
	after = world_text(w);
	DW_CHECK_STR(after, before);
	free(after);
	free(before);
	world_plan_free(&p);
	/* nobody says who may reach it: it stays as it is */
	p = world_plan_narrow(w, bell);
	DW_CHECK_INT(doorward_plan_steps(p.plan), 0);
	DW_CHECK_INT(doorward_plan_refused(p.plan), 1);
	world_plan_free(&p);
	world_free(w);
}

static size_t place_of(struct doorward_audit *a, const char *port)
{
	char path[64];

	for (size_t i = 0; i < doorward_audit_count(a, "doors"); i++) {
		(void)snprintf(path, sizeof(path), "doors.%zu.port", i);
		if (dw_streq0(doorward_audit_get(a, path), port))
			return i;
	}
	DW_CHECK_STR("no such door", port);
	return 0;
}

/* How many doors the plan of these changes, and of them narrows. */
static void check_places(struct world *w, int as_judged, const char *const *ports, size_t n,
			 size_t doors, size_t narrowed)
{
	struct world_plan p = { 0 };
	size_t places[2];
	struct doorward_plan_options o = {
		.size = sizeof(o), .places = places, .n_places = n, .as_judged = as_judged
	};

	w->looks = 1000;
	DW_CHECK_INT(doorward_audit_run(w->d, &p.audit), 0);
	for (size_t i = 0; i < n; i++)
		places[i] = place_of(p.audit, ports[i]);
	DW_CHECK_INT(doorward_plan_make(w->d, p.audit, &o, &p.plan), 0);
	DW_CHECK_INT(doorward_plan_doors(p.plan), doors);
	DW_CHECK_INT(doorward_plan_narrowed(p.plan), narrowed);
	world_plan_free(&p);
}

/* Doors that were picked from an audit: each closed, or each what its verdict says. */
DW_TEST(places_as_they_are_judged)
{
	static const char *const ports[] = { "2323", "7070" };
	struct world *w = world_new();

	world_file(w, "/sys/fs/cgroup/cgroup.controllers", "cpu\n");
	world_file(w, "/etc/doorward/policy",
		   "default ask\nclose 2323/tcp\nkeep 7070/tcp on loopback\n");
	check_places(w, 0, ports, 2, 2, 0);
	check_places(w, 1, ports, 2, 2, 1);
	check_places(w, 1, ports, 1, 1, 0);
	check_places(w, 1, ports + 1, 1, 1, 1);
	world_file(w, "/etc/doorward/policy", "default ask\nclose 2323/tcp\nkeep 7070/tcp\n");
	check_places(w, 1, ports, 2, 1, 0);
	check_places(w, 1, ports + 1, 1, 0, 0);
	world_free(w);
}

DW_TEST_MAIN
