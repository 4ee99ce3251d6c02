/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans over doors and levers made by hand; tests/golden/plans.txt has them as text. */
#include "world.h"

#define INETD "echo x\ntelnet a\nftp b\ntalk c\nend\n"
#define CONF  "/etc/inetd.conf"
#define CLOSE DW_INTENT_CLOSE
#define NONE  DW_INTENT_NONE

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

/* --- refusals ----------------------------------------------------------------------------------- */

DW_TEST(the_own_session_stays)
{
	_cleanup_world_ struct world *w = world_new();
	size_t own = add_door(w, 22, "ssh.service", "close", CLOSE),
	       same = add_door(w, 2222, "ssh.service", "close", CLOSE),
	       other = add_door(w, 23, "telnet.service", "close", CLOSE);
	struct dw_plan *p;

	add_unit(w, own, "ssh.service", NULL, 1);
	add_unit(w, same, "ssh.service", NULL, 1);
	add_unit(w, other, "telnet.service", NULL, 1);
	w->d[own].carries_session = true;
	p = plan_of(w);
	DW_CHECK_STR(refused(w, p, own), "own-session");
	DW_CHECK_STR(refused(w, p, same), "own-session");
	DW_CHECK_STR(refused(w, p, other), NULL);
	DW_CHECK_INT(p->steps.n, 1);
	w->even = true;
	p = plan_of(w);
	DW_CHECK_INT(p->n_refused, 0);
	DW_CHECK_INT(p->n_closes, 3);
}

DW_TEST(the_last_way_in_stays)
{
	_cleanup_world_ struct world *w = world_new();
	size_t ssh = add_door(w, 22, "ssh.service", "ask", CLOSE),
	       telnet = add_door(w, 23, "telnet.service", "close", CLOSE);
	struct dw_plan *p;

	add_unit(w, ssh, "ssh.service", NULL, 1);
	add_unit(w, telnet, "telnet.service", NULL, 1);
	w->p[ssh].login = w->p[telnet].login = true;
	p = plan_of(w);
	DW_CHECK_STR(refused(w, p, ssh), "last-way-in");
	DW_CHECK_STR(refused(w, p, telnet), NULL);
	w->even = true;
	DW_CHECK_INT(plan_of(w)->n_refused, 0);
	w->even = false;
	/* one on loopback is no way in, one that nobody closes is */
	add_door(w, 9090, "cockpit.service", "keep", NONE);
	w->p[2].login = true;
	w->d[2].at.address[0] = 127;
	DW_CHECK_STR(refused(w, plan_of(w), ssh), "last-way-in");
	w->d[2].at.address[0] = 10;
	DW_CHECK_STR(refused(w, plan_of(w), ssh), NULL);
	/* another namespace's is no way to this host; one by hand is gone with the next boot */
	w->d[2].netns = "blue";
	DW_CHECK_STR(refused(w, plan_of(w), ssh), "last-way-in");
	w->d[2].netns = "host";
	DW_CHECK_STR(refused(w, plan_of(w), ssh), NULL);
	w->d[2].starter.kind = DW_STARTER_MANUAL;
	DW_CHECK_STR(refused(w, plan_of(w), ssh), "last-way-in");
	DW_CHECK_STR(refused(w, plan_of(w), telnet), NULL);
	w->d[ssh].starter.enabled = w->d[telnet].starter.enabled = DW_NO;
	DW_CHECK_STR(refused(w, plan_of(w), ssh), NULL);
}

DW_TEST(the_network_of_the_host_stays)
{
	static const char *const units[] = { "systemd-networkd.service", "NetworkManager.service",
					     "networking.service",       "ifup@eth0.service",
					     "wpa_supplicant.service",   "dhclient.service" };
	struct dw_plan *p;

	for (size_t i = 0; i < DW_ARRAY_SIZE(units); i++) {
		_cleanup_world_ struct world *w = world_new();
		size_t d = add_door(w, 68, units[i], "close", CLOSE);

		add_unit(w, d, units[i], NULL, 1);
		DW_CHECK_STR(refused(w, plan_of(w), d), "own-network");
		w->even = true;
		p = plan_of(w);
		DW_CHECK_INT(p->n_refused, 0);
		DW_CHECK_INT(p->steps.n, 1);
	}
}

DW_TEST(a_client_of_the_network_and_the_vpn_of_the_session_stay)
{
	_cleanup_world_ struct world *w = world_new();
	static const struct dw_peer inside = { .address = "10.8.0.6", .connections = 1 },
				    outside = { .address = "198.51.100.7", .connections = 1 };
	size_t dhcp = add_door(w, 68, "x.service", "close", CLOSE),
	       vpn = add_door(w, 1194, "vpn.service", "close", CLOSE),
	       ssh = add_door(w, 22, "ssh.service", "keep", NONE);

	add_unit(w, dhcp, "x.service", NULL, 1);
	add_unit(w, vpn, "vpn.service", NULL, 1);
	w->p[dhcp].network = true;
	w->p[vpn].service = "openvpn";
	DW_CHECK_STR(refused(w, plan_of(w), dhcp), "own-network");
	DW_CHECK_STR(refused(w, plan_of(w), vpn), NULL);
	w->d[ssh].carries_session = true;
	w->d[ssh].peers = &inside;
	w->d[ssh].n_peers = 1;
	DW_CHECK_STR(refused(w, plan_of(w), vpn), "own-network");
	w->d[ssh].peers = &outside;
	DW_CHECK_STR(refused(w, plan_of(w), vpn), NULL);
}

/* What goes with a door: for each verdict of the neighbour, judged and named. */
DW_TEST(neighbours_that_are_kept_keep_it)
{
	static const struct {
		const char *verdict;
		bool judged, named; /* refused */
	} all[] = {
		{ "keep", true, true },      { "restrict", true, true },
		{ "ask", true, false },      { "investigate", false, false },
		{ "unknown", false, false }, { "close", false, false },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(all); i++)
		for (int named = 0; named < 2; named++) {
			_cleanup_world_ struct world *w = world_new();
			size_t d = add_door(w, 1, "a.service", "close", CLOSE);
			struct dw_plan *p;
			bool no = named ? all[i].named : all[i].judged;

			add_door(w, 2, "a.service", all[i].verdict, NONE);
			add_unit(w, d, "a.service", NULL, 1);
			w->p[d].named = named != 0;
			p = plan_of(w);
			DW_CHECK_STR(refused(w, p, d), no ? "kept-neighbour" : NULL);
			DW_CHECK_INT(p->steps.n, no ? 0 : 1);
			DW_CHECK_INT(p->n_also, no ? 0 : 1);
		}
}

/* One way in which the door n goes with d; the last is none. */
static void meet(struct world *w, size_t i, size_t d, size_t n)
{
	switch (i) {
	case 0:
		add_unit(w, d, "n.service", NULL, 1);
		break;
	case 1:
		w->d[n].starter.also = "a.service";
		add_unit(w, d, "a.service", NULL, 1);
		break;
	case 2:
		add_owner(w, n, 9, "/system.slice/a.service/worker");
		add_unit(w, d, "a.service", NULL, 1);
		break;
	case 3:
		add_unit(w, d, "a.service", "a", 1);
		add_unit(w, d, "n.service", "a", 2)->taken_along = true;
		break;
	case 4:
		add_owner(w, n, 9, NULL);
		add_process(w, d, 9, true);
		break;
	case 5:
		add_owner(w, n, 9, NULL);
		add_owner(w, d, 9, NULL);
		add_unit(w, d, "a", NULL, 1)->manager = "sysv";
		break;
	case 6:
		w->d[n].starter.source = CONF ":2";
		add_edit(w, d, CONF, INETD, 2, "telnet a", NULL)->source = NULL;
		break;
	case 7:
		w->d[n].starter.kind = w->d[d].starter.kind = DW_STARTER_CONTAINER;
		w->d[n].starter.id = w->d[d].starter.id = "docker:web";
		add_unit(w, d, "docker:0123", NULL, 1)->manager = "container";
		break;
	case 8:
		w->d[n].starter.kind = DW_STARTER_SYSV;
		w->d[n].starter.id = "a";
		add_unit(w, d, "a.service", NULL, 1);
		break;
	case 9: /* process 1 holds sockets for all; names that only begin alike */
		add_owner(w, n, 1, "/init.scope");
		add_owner(w, d, 1, "/init.scope");
		add_owner(w, n, 8, "/system.slice/aa.service");
		w->d[n].starter.source = CONF ":3";
		add_edit(w, d, CONF, INETD, 2, "telnet a", NULL);
		add_unit(w, d, "a.service", NULL, 1);
		break;
	}
}

/* Each way in which one door goes with another. */
DW_TEST(neighbours_are_found)
{
	static const char *const ways[] = { "unit",        "behind a socket", "cgroup",
					    "taken along", "process",         "script's daemon",
					    "line",        "container",       "generated",
					    "other" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(ways); i++) {
		_cleanup_world_ struct world *w = world_new();
		size_t d = add_door(w, 1, "a.service", "close", CLOSE),
		       n = add_door(w, 2, "n.service", "keep", NONE);
		bool met = i + 1 < DW_ARRAY_SIZE(ways);

		meet(w, i, d, n);
		if ((refused(w, plan_of(w), d) != NULL) != met) {
			printf("%s\n", ways[i]);
			DW_CHECK(false);
		}
	}
}

DW_TEST(a_refusal_spreads_to_whoever_takes_it_along)
{
	_cleanup_world_ struct world *w = world_new();
	size_t a = add_door(w, 1, "a.service", "close", CLOSE),
	       b = add_door(w, 2, "b.service", "close", CLOSE),
	       c = add_door(w, 3, "c.service", "close", CLOSE),
	       free_one = add_door(w, 4, "d.service", "close", CLOSE);
	struct dw_plan *p;

	/* c takes b along, b takes a along, a takes one that is kept along */
	add_door(w, 5, "kept.service", "keep", NONE);
	add_unit(w, c, "c.service", NULL, 1);
	add_unit(w, c, "b.service", NULL, 1);
	add_unit(w, b, "b.service", NULL, 1);
	add_unit(w, b, "a.service", NULL, 1);
	add_unit(w, a, "a.service", NULL, 1);
	add_unit(w, a, "kept.service", NULL, 1);
	add_unit(w, free_one, "d.service", NULL, 1);
	p = plan_of(w);
	DW_CHECK_INT(p->n_refused, 3);
	DW_CHECK_STR(refused(w, p, c), "kept-neighbour");
	DW_CHECK_INT(p->steps.n, 1);
	DW_CHECK_STR(p->steps.v[0].object, "d.service");
}

DW_TEST(what_cannot_be_closed_is_refused)
{
	_cleanup_world_ struct world *w = world_new();
	size_t none = add_door(w, 1, "a", "close", CLOSE), no = add_door(w, 2, "b", "close", CLOSE),
	       narrow = add_door(w, 3, "c", "restrict", DW_INTENT_RESTRICT),
	       off = add_door(w, 4, "d", "close", CLOSE),
	       unread = add_door(w, 5, "e", "close", CLOSE);
	struct dw_plan *p;

	w->p[none].levers = NULL;
	w->l[no].cannot = "The kernel holds it.";
	w->l[narrow].cannot = "Nothing narrows it.";
	add_unit(w, no, "b", NULL, 1);
	add_unit(w, off, "d", NULL, 1)->now.text = "inactive";
	add_unit(w, unread, "e", NULL, 1)->now.text = NULL;
	p = plan_of(w);
	DW_CHECK_STR(refused(w, p, none), "no-lever");
	DW_CHECK_STR(refused(w, p, no), "no-lever");
	DW_CHECK_STR(p->refused[1].text, "The kernel holds it.");
	DW_CHECK_STR(refused(w, p, narrow), "needs-fence");
	DW_CHECK_STR(refused(w, p, off), "no-lever");
	DW_CHECK_STR(refused(w, p, unread), "no-lever");
	DW_CHECK_INT(p->steps.n, 0);
}

DW_TEST(two_edits_of_one_line_are_refused)
{
	_cleanup_world_ struct world *w = world_new();
	size_t a = add_door(w, 1, "a", "close", CLOSE), b = add_door(w, 2, "b", "close", CLOSE);
	struct dw_plan *p;

	add_edit(w, a, CONF, INETD, 2, "telnet a", "#telnet a");
	add_edit(w, b, CONF, INETD, 2, "telnet a", NULL)->source = NULL;
	add_unit(w, b, "b.service", NULL, 1);
	w->d[a].starter.source = w->d[b].starter.source = NULL;
	p = plan_of(w);
	DW_CHECK_STR(refused(w, p, a), NULL);
	DW_CHECK_STR(refused(w, p, b), "conflict");
	/* nothing of the second is done */
	DW_CHECK_INT(p->steps.n, 1);
	DW_CHECK_STR(p->steps.v[0].want.data.data, "echo x\n#telnet a\nftp b\ntalk c\nend\n");
}

/* --- the daemon that has no line left ----------------------------------------------------------- */

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
