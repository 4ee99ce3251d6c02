/* SPDX-License-Identifier: LGPL-2.1-or-later */
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

DW_TEST_MAIN
