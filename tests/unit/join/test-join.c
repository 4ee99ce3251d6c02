/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <arpa/inet.h>

#include "dw_join.h"
#include "dw_judge.h"
#include "dw_test.h"

static struct dw_endpoint port(uint32_t netns, uint32_t number)
{
	return (struct dw_endpoint){ .netns = netns,
				     .protocol = DW_PROTOCOL_TCP,
				     .family = DW_FAMILY_IPV4,
				     .has_port = true,
				     .port = number };
}

static size_t add_socket(struct dw_facts *f, struct dw_endpoint at)
{
	*dw_vec_add(f->arena, &f->sockets) =
		(struct dw_socket_fact){ .at = at, .kind = DW_KIND_LISTENER };
	return f->sockets.n - 1;
}

static size_t add_process(struct dw_facts *f, int pid, uint64_t started, const char *exe)
{
	*dw_vec_add(f->arena, &f->processes) = (struct dw_owner){ .pid = pid,
								  .started_ticks = started,
								  .comm = "x",
								  .executable = exe,
								  .exe_state = DW_EXE_INTACT };
	return f->processes.n - 1;
}

static struct dw_starter unit(const char *id)
{
	return (struct dw_starter){ .kind = DW_STARTER_SYSTEMD_SERVICE,
				    .id = id,
				    .confidence = DW_CONFIDENCE_CERTAIN };
}

static void hold(struct dw_facts *f, size_t socket, size_t process, struct dw_starter s)
{
	*dw_vec_add(f->arena, &f->holds) = (struct dw_hold_fact){
		.socket = socket, .process = process, .starter = s, .via = "fd 3"
	};
}

static struct dw_facts *host(void)
{
	struct dw_facts *f = dw_facts_new();

	*dw_vec_add(f->arena, &f->netns) = (struct dw_netns_fact){ .inode = 90, .name = "host" };
	*dw_vec_add(f->arena, &f->netns) = (struct dw_netns_fact){ .inode = 10, .name = "lab" };
	*dw_vec_add(f->arena, &f->netns) = (struct dw_netns_fact){ .inode = 20 };
	return f;
}

DW_TEST(workers_and_reuseport_make_one_door_oldest_first)
{
	struct dw_facts *f = host();
	size_t a = add_socket(f, port(90, 80)), b = add_socket(f, port(90, 80));
	size_t worker = add_process(f, 300, 50, "/usr/sbin/nginx"),
	       master = add_process(f, 900, 10, "/usr/sbin/nginx");
	struct dw_snapshot *s;

	hold(f, a, worker, unit("nginx.service"));
	hold(f, a, master, unit("nginx.service"));
	hold(f, b, worker, unit("nginx.service"));
	s = dw_join(f);
	DW_CHECK_INT(s->n_doors, 1);
	DW_CHECK_INT(s->doors[0].n_owners, 2);
	DW_CHECK_INT(s->doors[0].owners[0].pid, 900);
	DW_CHECK_INT(s->doors[0].sockets, 2);
	DW_CHECK_STR(s->doors[0].netns, "host");
	DW_CHECK_STR(s->doors[0].program, "/usr/sbin/nginx");
	dw_snapshot_free(s);
	dw_facts_free(f);
}

/* Threads look for namespaces: who found which first must not decide the order of the doors. */
DW_TEST(the_order_of_namespaces_is_not_that_of_the_search)
{
	static const struct dw_netns_fact found[] = { { .inode = 30 },
						      { .inode = 10, .name = "lab" },
						      { .inode = 20 },
						      { .inode = 40, .name = "blue" } };
	static const uint32_t want[] = { 90, 40, 10, 20, 30 };

	for (size_t turn = 0; turn < 4; turn++) {
		struct dw_facts *f = dw_facts_new();
		struct dw_snapshot *s;

		*dw_vec_add(f->arena, &f->netns) =
			(struct dw_netns_fact){ .inode = 90, .name = "host" };
		for (size_t i = 0; i < 4; i++) {
			*dw_vec_add(f->arena, &f->netns) = found[(i + turn) % 4];
			(void)add_socket(f, port(found[(i + turn) % 4].inode, 80));
		}
		(void)add_socket(f, port(90, 80));
		s = dw_join(f);
		DW_CHECK_INT(s->n_doors, 5);
		for (size_t i = 0; i < s->n_doors; i++)
			DW_CHECK_INT(s->doors[i].at.netns, want[i]);
		dw_snapshot_free(s);
		dw_facts_free(f);
	}
}

DW_TEST(one_port_of_two_starters_is_two_doors)
{
	struct dw_facts *f = host();
	size_t a = add_socket(f, port(90, 69)), b = add_socket(f, port(90, 69));
	struct dw_snapshot *s;

	hold(f, a, add_process(f, 1, 1, "/a"), unit("a.service"));
	hold(f, b, add_process(f, 2, 2, "/b"), unit("b.service"));
	s = dw_join(f);
	DW_CHECK_INT(s->n_doors, 2);
	DW_CHECK_STR(s->doors[0].starter.id, "a.service");
	DW_CHECK_STR(s->doors[1].starter.id, "b.service");
	dw_snapshot_free(s);
	dw_facts_free(f);
}

DW_TEST(one_socket_of_two_programs_is_one_door_and_says_so)
{
	struct dw_facts *f = host();
	size_t a = add_socket(f, port(90, 7));
	struct dw_snapshot *s;

	hold(f, a, add_process(f, 5, 1, "/lender"), unit("lender.service"));
	hold(f, a, add_process(f, 6, 2, "/borrower"),
	     (struct dw_starter){
		     .kind = DW_STARTER_MANUAL, .id = "pat", .confidence = DW_CONFIDENCE_LIKELY });
	s = dw_join(f);
	DW_CHECK_INT(s->n_doors, 1);
	DW_CHECK_INT(s->doors[0].n_owners, 2);
	DW_CHECK_STR(s->doors[0].starter.id, "lender.service");
	DW_CHECK_INT(s->doors[0].n_notes, 2);
	DW_CHECK_STR(s->doors[0].notes[0].id, "shared-by-programs");
	DW_CHECK_STR(s->doors[0].notes[1].id, "holder-of-another-starter");
	dw_snapshot_free(s);
	dw_facts_free(f);
}

DW_TEST(namespaces_are_named_and_the_hosts_own_stands_first)
{
	struct dw_facts *f = host();
	struct dw_snapshot *s;

	add_socket(f, port(20, 1));
	add_socket(f, port(10, 1));
	add_socket(f, port(90, 2));
	s = dw_join(f);
	DW_CHECK_INT(s->n_doors, 3);
	DW_CHECK_STR(s->doors[0].netns, "host");
	DW_CHECK_STR(s->doors[1].netns, "lab");
	DW_CHECK_STR(s->doors[2].netns, "net:[20]");
	DW_CHECK(!s->doors[0].owners_known);
	dw_snapshot_free(s);
	dw_facts_free(f);
}

DW_TEST(a_kernel_socket_belongs_to_its_subsystem)
{
	struct dw_facts *f = host();
	size_t socket = add_socket(f, port(90, 2049));
	struct dw_snapshot *s;

	f->sockets.v[socket].kernel = "nfsd";
	s = dw_join(f);
	DW_CHECK_INT(s->doors[0].starter.kind, DW_STARTER_KERNEL);
	DW_CHECK_STR(s->doors[0].starter.id, "nfsd");
	DW_CHECK(s->doors[0].owners_known);
	dw_snapshot_free(s);
	dw_facts_free(f);
}

static void sleeper(struct dw_facts *f, struct dw_starter s, struct dw_endpoint at)
{
	*dw_vec_add(f->arena, &f->sleepers) =
		(struct dw_sleeper_fact){ .at = at, .starter = s, .program = "/p" };
}

DW_TEST(a_sleeper_that_is_open_is_no_sleeper)
{
	struct dw_facts *f = host();
	struct dw_endpoint nowhere = { 0 };
	struct dw_snapshot *s;

	hold(f, add_socket(f, port(90, 80)), add_process(f, 5, 1, "/p"), unit("web.service"));
	sleeper(f, unit("web.service"), nowhere);
	sleeper(f, unit("web.service"), port(90, 81));
	sleeper(f, unit("snmpd.service"), nowhere);
	sleeper(f, unit("other.service"), port(90, 80));
	s = dw_join(f);
	DW_CHECK_INT(s->n_doors, 4);
	DW_CHECK_INT(s->doors[1].kind, DW_KIND_SLEEPING);
	DW_CHECK_INT(s->doors[1].at.port, 81);
	DW_CHECK_STR(s->doors[2].starter.id, "snmpd.service");
	DW_CHECK_STR(s->doors[3].starter.id, "other.service");
	dw_snapshot_free(s);
	dw_facts_free(f);
}

/* As one who is not root sees it: sockets without holders, and what the managers say. */
DW_TEST(a_door_whose_holder_is_not_seen_is_that_of_the_unit_that_is_up)
{
	struct dw_facts *f = host();
	struct dw_starter up = unit("up.socket"), down = unit("down.socket");
	struct dw_endpoint dual = port(90, 82);
	struct dw_snapshot *s;

	up.running = DW_YES;
	down.running = DW_NO;
	dual.family = DW_FAMILY_DUAL;
	add_socket(f, port(90, 80));
	add_socket(f, port(90, 81));
	add_socket(f, port(90, 82));
	hold(f, add_socket(f, port(90, 83)), add_process(f, 5, 1, "/p"), unit("web.service"));
	sleeper(f, up, port(90, 80));
	sleeper(f, down, port(90, 81));
	sleeper(f, up, dual);
	sleeper(f, up, port(90, 83));
	s = dw_join(f);
	DW_CHECK_INT(s->n_doors, 6);
	DW_CHECK_STR(s->doors[0].starter.id, "up.socket");
	DW_CHECK_INT(s->doors[0].starter.confidence, DW_CONFIDENCE_LIKELY);
	DW_CHECK(!s->doors[0].owners_known);
	DW_CHECK_INT(s->doors[1].starter.kind, DW_STARTER_UNKNOWN);
	DW_CHECK_STR(s->doors[2].starter.id, "up.socket");
	DW_CHECK_STR(s->doors[3].starter.id, "web.service");
	DW_CHECK_STR(s->doors[4].starter.id, "down.socket");
	DW_CHECK_INT(s->doors[4].kind, DW_KIND_SLEEPING);
	DW_CHECK_INT(s->doors[5].at.port, 83);
	dw_snapshot_free(s);
	dw_facts_free(f);
}

DW_TEST(what_cannot_be_right_is_investigated_and_the_unseen_is_unknown)
{
	struct dw_facts *f = host();
	size_t gone = add_process(f, 7, 1, "/usr/bin/x"), fine = add_process(f, 8, 2, "/usr/bin/y");
	struct dw_findings *found;
	struct dw_snapshot *s;

	f->processes.v[gone].exe_state = DW_EXE_DELETED;
	hold(f, add_socket(f, port(90, 1)), gone, unit("x.service"));
	hold(f, add_socket(f, port(90, 2)), fine, unit("y.service"));
	add_socket(f, port(90, 3));
	f->sockets.v[0].seen = f->sockets.v[0].could_see = DW_SEEN_DIAG;
	f->sockets.v[1].seen = DW_SEEN_BPF_HASH;
	f->sockets.v[1].could_see = DW_SEEN_BPF_HASH | DW_SEEN_PROC;
	s = dw_join(f);
	found = dw_judge(s, &(struct dw_judge_input){ 0 });
	DW_CHECK_INT(found->n, 3);
	DW_CHECK_STR(dw_verdict_name(found->v[0].verdict), "investigate");
	DW_CHECK_STR(found->v[0].reasons[0].id, "executable-deleted");
	DW_CHECK_STR(found->v[1].reasons[0].id, "hidden");
	DW_CHECK_STR(found->v[1].reasons[0].text,
		     "not every view of the kernel shows it (only bpf-table)");
	DW_CHECK_STR(dw_verdict_name(found->v[2].verdict), "unknown");
	dw_findings_free(found);
	dw_snapshot_free(s);
	dw_facts_free(f);
}

DW_TEST(the_same_facts_give_the_same_doors_in_any_order)
{
	struct dw_facts *f = host(), *g = host();
	struct dw_snapshot *s, *t;
	int same = 0;

	for (uint32_t i = 0; i < 100; i++) {
		add_socket(f, port(i % 2 ? 90 : 10, i * 7 % 100));
		add_socket(g, port((99 - i) % 2 ? 90 : 10, (99 - i) * 7 % 100));
	}
	s = dw_join(f);
	t = dw_join(g);
	DW_CHECK_INT(s->n_doors, t->n_doors);
	for (size_t i = 0; i < s->n_doors; i++)
		same += dw_endpoint_compare(&s->doors[i].at, &t->doors[i].at) == 0;
	DW_CHECK_INT(same, 100);
	dw_snapshot_free(s);
	dw_snapshot_free(t);
	dw_facts_free(f);
	dw_facts_free(g);
}

/* --- who is connected ------------------------------------------------------------------------- */

static struct dw_endpoint on(struct dw_endpoint e, enum dw_family family, const char *address)
{
	e.family = family;
	DW_CHECK_INT(inet_pton(family == DW_FAMILY_IPV4 ? AF_INET : AF_INET6, address, e.address),
		     1);
	return e;
}

static struct dw_connection_fact *connect_to(struct dw_facts *f, struct dw_endpoint at,
					     const char *peer)
{
	struct dw_connection_fact *c = dw_vec_add(f->arena, &f->connections);

	*c = (struct dw_connection_fact){ .at = at, .peer_port = 40000 };
	DW_CHECK_INT(inet_pton(at.family == DW_FAMILY_IPV4 ? AF_INET : AF_INET6, peer, c->peer), 1);
	return c;
}

/* The kernel's choice: the bound address, then 0.0.0.0, then :: that takes IPv4 too. */
DW_TEST(a_connection_belongs_to_the_door_bound_closest_to_it)
{
	struct dw_facts *f = host();
	struct dw_endpoint p = port(90, 80), other = port(10, 80);
	struct dw_snapshot *s;

	add_socket(f, on(p, DW_FAMILY_IPV4, "10.0.0.1"));
	add_socket(f, on(p, DW_FAMILY_IPV4, "0.0.0.0"));
	add_socket(f, on(p, DW_FAMILY_DUAL, "::"));
	for (size_t i = 0; i < f->sockets.n; i++)
		f->sockets.v[i].asked = true;
	connect_to(f, on(p, DW_FAMILY_IPV4, "10.0.0.1"), "192.0.2.1");
	connect_to(f, on(p, DW_FAMILY_IPV4, "10.0.0.1"), "192.0.2.1");
	connect_to(f, on(p, DW_FAMILY_IPV4, "10.0.0.2"), "192.0.2.2");
	connect_to(f, on(p, DW_FAMILY_IPV6, "fd00::1"), "fd00::7")->session = true;
	connect_to(f, on(other, DW_FAMILY_IPV4, "10.0.0.1"),
		   "192.0.2.9"); /* of another namespace */
	s = dw_join(f);
	DW_CHECK_INT(s->n_doors, 3);
	for (size_t i = 0; i < s->n_doors; i++) {
		const struct dw_door *d = &s->doors[i];
		bool dual = d->at.family == DW_FAMILY_DUAL, any = dw_endpoint_is_any(&d->at);

		DW_CHECK(d->peers_known);
		DW_CHECK_INT(d->connections, any ? 1 : 2);
		DW_CHECK_INT(d->n_peers, 1);
		DW_CHECK_INT(d->carries_session, dual);
		DW_CHECK_STR(d->n_peers ? d->peers[0].address : NULL, dual  ? "fd00::7"
								      : any ? "192.0.2.2"
									    : "192.0.2.1");
	}
	dw_snapshot_free(s);
	dw_facts_free(f);
}

DW_TEST(a_dual_door_takes_ipv4_where_no_other_does)
{
	struct dw_facts *f = host();
	struct dw_endpoint p = port(90, 80);
	struct dw_snapshot *s;

	add_socket(f, on(p, DW_FAMILY_DUAL, "::"));
	add_socket(f, on(p, DW_FAMILY_IPV6, "::1"));
	connect_to(f, on(p, DW_FAMILY_IPV4, "127.0.0.1"), "127.0.0.1")->local = true;
	s = dw_join(f);
	for (size_t i = 0; i < s->n_doors; i++) {
		DW_CHECK_INT(s->doors[i].connections, s->doors[i].at.family == DW_FAMILY_DUAL);
		DW_CHECK(!s->doors[i].peers_known); /* nobody said that it was looked at */
	}
	dw_snapshot_free(s);
	dw_facts_free(f);
}

/* SO_REUSEPORT of two programs: its holder tells whose the connection is; else it counts for both. */
DW_TEST(a_shared_port_is_told_apart_by_the_holder)
{
	struct dw_facts *f = host();
	struct dw_endpoint p = port(90, 80);
	struct dw_connection_fact *c;
	struct dw_snapshot *s;

	hold(f, add_socket(f, p), add_process(f, 5, 1, "/a"), unit("a.service"));
	hold(f, add_socket(f, p), add_process(f, 6, 1, "/b"), unit("b.service"));
	connect_to(f, p, "192.0.2.1")->pid = 5;
	c = connect_to(f, p, "192.0.2.2");
	c->pid = 77; /* a child of b's */
	c->holder = "/b";
	connect_to(f, p, "192.0.2.3");
	s = dw_join(f);
	DW_CHECK_INT(s->n_doors, 2);
	DW_CHECK_INT(s->doors[0].connections, 2);
	DW_CHECK_STR(s->doors[0].peers[0].address, "192.0.2.1");
	DW_CHECK_STR(s->doors[0].peers[1].address, "192.0.2.3");
	DW_CHECK_INT(s->doors[1].connections, 2);
	DW_CHECK_STR(s->doors[1].peers[0].address, "192.0.2.2");
	dw_snapshot_free(s);
	dw_facts_free(f);
}

DW_TEST(peers_are_capped_and_all_are_counted)
{
	struct dw_facts *f = host();
	struct dw_endpoint p = port(90, 80);
	struct dw_snapshot *s;
	char peer[32];

	add_socket(f, p);
	for (unsigned i = 0; i < 100; i++) {
		(void)snprintf(peer, sizeof(peer), "192.0.2.%u", i);
		connect_to(f, p, peer);
	}
	connect_to(f, p, "192.0.2.99");
	connect_to(f, p, "192.0.2.99")->program = "/usr/bin/nc";
	s = dw_join(f);
	DW_CHECK_INT(s->doors[0].connections, 102);
	DW_CHECK_INT(s->doors[0].n_peers, DW_PEERS_MAX);
	DW_CHECK_STR(s->doors[0].peers[0].address, "192.0.2.99");
	DW_CHECK_INT(s->doors[0].peers[0].connections, 2);
	DW_CHECK_INT(s->doors[0].peers[1].connections, 1);
	dw_snapshot_free(s);
	dw_facts_free(f);
}

DW_TEST_MAIN
