/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans over doors and levers made by hand; tests/golden/plans.txt has them as text. */
#include "world.h"

/* --- as text ------------------------------------------------------------------------------------ */

static void units_of_one_service(struct world *w)
{
	size_t i = add_door(w, 631, "cups.service", "close", CLOSE),
	       k = add_door(w, 632, "cups.service", "close", CLOSE);

	add_unit(w, i, "cups.service", "cups.service", 1);
	add_unit(w, i, "cups.socket", "cups.service", 0);
	add_link(w, i, "/etc/systemd/system/multi-user.target.wants/cups.service", "/lib/c",
		 "systemd");
	add_process(w, i, 12, true);
	add_unit(w, k, "cups.socket", "cups.service", 0);
	add_unit(w, k, "cups.path", "cups.service", 0);
	add_unit(w, k, "cups.service", "cups.service", 1);
	add_link(w, k, "/etc/systemd/system/multi-user.target.wants/cups.service", "/lib/c",
		 "systemd");
	dw_vec_push(w->a, &w->l[k].remarks, "Jobs that wait are kept.");
	dw_vec_push(w->a, &w->l[i].remarks, "Jobs that wait are kept.");
}

static void lines_of_one_file(struct world *w)
{
	size_t i = add_door(w, 23, "telnet", "close", CLOSE),
	       k = add_door(w, 21, "ftp", "close", CLOSE);

	add_edit(w, i, CONF, INETD, 3, "ftp b", "#ftp b");
	add_edit(w, k, CONF, INETD, 2, "telnet a", "#telnet a");
	add_edit(w, k, CONF, INETD, 3, "ftp b", "#ftp b");
}

/* Groups that have a unit in common are one; what tells the same one comes in a row. */
static void groups_that_meet(struct world *w)
{
	size_t i = add_door(w, 1, "a.service", "close", CLOSE),
	       k = add_door(w, 2, "b.service", "close", CLOSE),
	       m = add_door(w, 3, "z.service", "close", CLOSE);

	add_unit(w, i, "a.service", "a", 1);
	add_link(w, i, "/etc/a", "/x", "systemd");
	add_edit(w, i, CONF, INETD, 1, "echo x", NULL);
	add_unit(w, m, "z.service", NULL, 1);
	add_link(w, m, "/etc/z", "/x", "systemd");
	add_unit(w, k, "both.socket", "b", 0);
	add_unit(w, k, "b.service", "b", 1);
	add_unit(w, i, "both.socket", "a", 0);
}

static void what_is_off_is_left_out(struct world *w)
{
	size_t i = add_door(w, 1, "a.service", "close", CLOSE);

	add_unit(w, i, "a.service", NULL, 0)->now.text = "inactive";
	add_link(w, i, "/etc/a", "/x", NULL)->now.text = "absent";
	add_process(w, i, 5, false);
}

static void neighbours_are_told(struct world *w)
{
	static const struct dw_relation need[] = { { "browsed.service", "requires" } };
	static const struct dw_relations needs = { .needed_by = need, .n_needed_by = 1 };
	static const char *packages[] = { "printer-all" };
	static const struct dw_strings dependants = { packages, 1, 1 };
	static const struct dw_package package = { .name = "cups-daemon" };
	size_t i = add_door(w, 1, "a.service", "close", CLOSE);

	add_unit(w, i, "a.service", NULL, 0);
	add_door(w, 2, "a.service", "investigate", NONE);
	add_door(w, 3, "b.service", "keep", NONE);
	w->p[i].relations = &needs;
	w->p[i].dependants = &dependants;
	w->d[i].package = &package;
}

static void the_last_line_takes_the_daemon(struct world *w)
{
	for (unsigned n = 0; n < 2; n++) {
		size_t i = add_door(w, 20 + n, n ? "telnet" : "ftp", "close", CLOSE);
		struct dw_lever *l;

		add_edit(w, i, CONF, INETD, 2 + n, n ? "ftp b" : "telnet a", "#");
		l = add_unit(w, i, "inetd.service", "inetd.service", 1);
		l->unless_used = "inetd " CONF;
		l->active = 2;
	}
}

static const struct {
	const char *what;
	void (*make)(struct world *w);
} plans[] = {
	{ "units of one service", units_of_one_service },
	{ "lines of one file", lines_of_one_file },
	{ "groups that meet", groups_that_meet },
	{ "what is off is left out", what_is_off_is_left_out },
	{ "neighbours are told", neighbours_are_told },
	{ "the last line takes the daemon", the_last_line_takes_the_daemon },
};

DW_TEST(plans_are_as_they_were)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	for (size_t i = 0; i < DW_ARRAY_SIZE(plans); i++) {
		_cleanup_world_ struct world *w = world_new();

		plans[i].make(w);
		(void)fprintf(out, "== %s\n", plans[i].what);
		write_plan(w, plan_of(w), out);
	}
	(void)fclose(out);
	dw_golden_check(DW_TEST_PATH("golden/plans.txt"), text);
	free(text);
}

DW_TEST(the_same_request_gives_the_same_bytes)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(plans); i++) {
		_cleanup_world_ struct world *w = world_new();
		const char *first;

		plans[i].make(w);
		first = text_of(w, plan_of(w));
		DW_CHECK_STR(text_of(w, plan_of(w)), first);
	}
}

DW_TEST(the_daemon_goes_with_its_last_line)
{
	for (unsigned active = 1; active < 5; active++) {
		_cleanup_world_ struct world *w = world_new();
		struct dw_plan *p;

		add_line(w, 2, "telnet a", active);
		add_line(w, 3, "ftp b", active);
		add_line(w, 3, "ftp b", active); /* both families: one line */
		p = plan_of(w);
		DW_CHECK_INT(p->steps.n, active <= 2 ? 2 : 1);
		DW_CHECK_INT(p->n_refused, 0);
	}
}

DW_TEST(the_daemon_goes_on_when_it_holds_a_door_that_stays)
{
	_cleanup_world_ struct world *w = world_new();
	size_t kept;
	struct dw_plan *p;

	add_line(w, 2, "telnet a", 1);
	kept = add_door(w, 517, "talk", "keep", NONE);
	add_owner(w, kept, 7, "/system.slice/inetd.service");
	p = plan_of(w);
	DW_CHECK_INT(p->n_refused, 0);
	DW_CHECK_INT(p->steps.n, 1);
	DW_CHECK_STR(p->steps.v[0].manager, "file");
	DW_CHECK_INT(p->steps.n_remarks, 1);
	w->p[kept].verdict = "close";
	p = plan_of(w);
	DW_CHECK_INT(p->steps.n, 2);
	DW_CHECK(among(w, p->also, p->n_also, kept));
}

/* --- one door, and the run ---------------------------------------------------------------------- */

DW_TEST(one_door_is_told_whatever_else_goes)
{
	_cleanup_world_ struct world *w = world_new();
	size_t i = add_door(w, 22, "ssh.service", "keep", CLOSE);
	struct dw_steps *s;

	w->d[i].carries_session = true;
	w->p[i].login = true;
	add_unit(w, i, "ssh.service", NULL, 1);
	s = dw_plan_one(&w->d[i], &w->l[i], "systemd", w->a);
	DW_CHECK_INT(s->n, 1);
	w->l[i].cannot = "No.";
	s = dw_plan_one(&w->d[i], &w->l[i], "systemd", w->a);
	DW_CHECK_INT(s->n, 0);
	DW_CHECK_STR(s->remarks[0], "No.");
	DW_CHECK_INT(dw_plan_one(&w->d[i], NULL, NULL, w->a)->n_remarks, 1);
}

DW_TEST(a_run_has_every_door_and_its_role)
{
	_cleanup_world_ struct world *w = world_new();
	size_t closed = add_door(w, 1, "a.service", "close", CLOSE);
	struct dw_plan *p;
	struct dw_run run;

	add_door(w, 2, "a.service", "investigate", NONE);
	add_door(w, 3, "k.service", "keep", NONE);
	add_door(w, 4, "r.service", "restrict", NONE);
	add_door(w, 5, "o.service", "ask", NONE);
	w->d[4].starter.enabled = DW_NO;
	add_unit(w, closed, "a.service", NULL, 1);
	p = plan_of(w);
	dw_plan_run(p, request_of(w), w->a, &run);
	DW_CHECK_STR(run.kind, "close");
	DW_CHECK_INT(run.n_steps, 1);
	DW_CHECK_INT(run.steps[0].state, DW_RUN_STEP_PLANNED);
	DW_CHECK_INT(run.n_doors, 5);
	DW_CHECK_INT(run.doors[0].role, DW_RUN_DOOR_CLOSED);
	DW_CHECK_INT(run.doors[1].role, DW_RUN_DOOR_ALSO);
	DW_CHECK_INT(run.doors[2].role, DW_RUN_DOOR_KEPT);
	DW_CHECK_INT(run.doors[3].role, DW_RUN_DOOR_KEPT);
	DW_CHECK_INT(run.doors[4].role, DW_RUN_DOOR_OTHER);
	DW_CHECK(run.doors[2].lasting && !run.doors[4].lasting);
	DW_CHECK_STR(run.doors[2].starter_id, "k.service");
}

DW_TEST_MAIN
