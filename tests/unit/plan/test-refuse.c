/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which doors a plan leaves as they are, and what it says of them. */
#include "world.h"

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
	/* narrowed it still is a way in, unless nobody may come */
	w->p[telnet].intent = w->p[ssh].intent = DW_INTENT_RESTRICT;
	DW_CHECK_STR(refused(w, plan_of(w), ssh), NULL);
	w->l[telnet].narrowed = w->l[ssh].narrowed = DW_NARROWED_GONE;
	DW_CHECK_STR(refused(w, plan_of(w), ssh), "last-way-in");
	w->p[telnet].intent = w->p[ssh].intent = CLOSE;
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

/* named's 953: in doubt, but on loopback, of the same unit, and nobody is there. */
DW_TEST(a_side_door_on_loopback_goes_along)
{
	static const struct {
		const char *starter, *verdict;
		unsigned connections;
		bool loopback, refused;
	} all[] = {
		{ "a.service", "ask", 0, true, false }, { "a.service", "ask", 1, true, true },
		{ "b.service", "ask", 0, true, true },  { "a.service", "keep", 0, true, true },
		{ "a.service", "ask", 0, false, true },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(all); i++) {
		_cleanup_world_ struct world *w = world_new();
		size_t d = add_door(w, 1, "a.service", "close", CLOSE),
		       n = add_door(w, 2, all[i].starter, all[i].verdict, NONE);
		struct dw_plan *p;

		add_unit(w, d, "a.service", NULL, 1);
		add_unit(w, d, "b.service", NULL, 1);
		if (all[i].loopback)
			w->d[n].at.address[0] = 127;
		w->d[n].connections = all[i].connections;
		p = plan_of(w);
		DW_CHECK_STR(refused(w, p, d), all[i].refused ? "kept-neighbour" : NULL);
		DW_CHECK_INT(p->n_also, all[i].refused ? 0 : 1);
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

static void add_package(struct world *w, size_t i, const char *name, const char *group)
{
	struct dw_lever *v = add_unit(w, i, name, group, 9);

	v->manager = "package";
	v->phase = DW_PHASE_LEFT;
	v->now.text = dw_arena_printf(w->a, "installed %s-1", name);
	v->off.text = "removed";
	v->command = dw_arena_printf(w->a, "apt-get remove %s", name);
	v->undo_command = dw_arena_printf(w->a, "apt-get install %s=1", name);
}

/* Door a's package takes `common` and `tool` along. */
static struct dw_removed_package goes[] = {
	{ .name = "tool", .version = "1", .needs = "common" },
	{ .name = "common", .version = "1", .needs = "daemon" },
	{ .name = "daemon", .version = "1" },
};
static const struct dw_removal removal = { goes, 3 };

static size_t add_removal(struct world *w)
{
	size_t a = add_door(w, 1, "a.service", "close", CLOSE);

	add_unit(w, a, "a.service", NULL, 1);
	for (size_t i = 0; i < removal.n; i++)
		add_package(w, a, goes[i].name, "daemon");
	w->p[a].removal = &removal;
	return a;
}

DW_TEST(packages_go_with_what_they_need)
{
	_cleanup_world_ struct world *w = world_new();
	size_t a = add_removal(w);
	struct dw_plan *p = plan_of(w);

	DW_CHECK_STR(refused(w, p, a), NULL);
	DW_CHECK_INT(p->steps.n, 2);
	DW_CHECK_STR(p->steps.v[1].object, "tool common daemon");
	DW_CHECK_STR(p->steps.v[1].want.text, "removed removed removed");
	DW_CHECK_STR(p->steps.v[1].command, "apt-get remove tool common daemon");
	DW_CHECK_STR(p->steps.v[1].undo_command, "apt-get install daemon=1 common=1 tool=1");
	DW_CHECK_INT(p->n_packages, 3);
	DW_CHECK_STR(p->packages[0]->name, "tool");
}

DW_TEST(a_package_that_must_stay_keeps_the_door)
{
	_cleanup_world_ struct world *w = world_new();
	size_t a = add_removal(w);
	struct dw_plan *p;

	goes[0].kept = "is essential";
	p = plan_of(w);
	goes[0].kept = NULL;
	DW_CHECK_STR(refused(w, p, a), "package-needed");
	DW_CHECK(strstr(p->refused[0].text, "tool would go with it (tool needs common, which needs "
					    "daemon), and is essential"));
	DW_CHECK_INT(p->steps.n, 0);
	DW_CHECK_INT(p->n_packages, 0);
}

DW_TEST(a_kept_door_keeps_its_package)
{
	_cleanup_world_ struct world *w = world_new();
	static const struct dw_package tool = { .manager = "dpkg", .name = "tool" };
	size_t a = add_removal(w), b = add_door(w, 2, "b.service", "keep", DW_INTENT_NONE);
	struct dw_plan *p;

	w->d[b].package = &tool;
	p = plan_of(w);
	DW_CHECK_STR(refused(w, p, a), "package-needed");
	DW_CHECK(strstr(p->refused[0].text, "served by the package tool"));
	DW_CHECK(strstr(p->refused[0].text, "tool needs common, which needs daemon"));
	DW_CHECK_INT(p->steps.n, 0);
	/* one that may go goes along */
	w->p[b].verdict = "unknown";
	p = plan_of(w);
	DW_CHECK_STR(refused(w, p, a), NULL);
	DW_CHECK_INT(p->n_also, 1);
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

DW_TEST_MAIN
