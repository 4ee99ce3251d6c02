/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The judge against golden text (tests/golden/judge-*.txt; DW_GOLDEN_UPDATE=1 writes it anew), and what must hold for
 * any host whatever.
 */
#include <stdio.h>
#include <time.h>

#include "dw_knowledge_read.h"
#include "dw_test.h"
#include "judge-stage.h"

static char *slurp(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = calloc(1, 1 << 20);

	if (f) {
		(void)!fread(text, 1, (1 << 20) - 1, f);
		fclose(f);
	}
	return text;
}

static const char *played(struct dw_arena *a, void (*scenes)(struct stage *))
{
	struct stage *s = dw_new(a, struct stage);

	s->arena = a;
	s->out.arena = a;
	scenes(s);
	return s->out.s;
}

static void show_difference(const char *got, const char *want)
{
	size_t line = 1, start = 0, i = 0;

	for (; got[i] && got[i] == want[i]; i++)
		if (got[i] == '\n') {
			line++;
			start = i + 1;
		}
	printf("line %zu\n got %.*s\nwant %.*s\n", line, (int)strcspn(got + start, "\n"),
	       got + start, (int)strcspn(want + start, "\n"), want + start);
}

static void golden(const char *path, void (*scenes)(struct stage *))
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_free_ char *want = slurp(path);
	const char *got = played(a, scenes);

	if (getenv("DW_GOLDEN_UPDATE")) {
		FILE *f = fopen(path, "we");

		DW_CHECK(f != NULL);
		if (f) {
			fputs(got, f);
			fclose(f);
		}
		return;
	}
	DW_CHECK(dw_streq(got, want));
	if (!dw_streq(got, want))
		show_difference(got, want);
}

DW_TEST(without_a_policy_as_written_down)
{
	golden(DW_TEST_PATH("golden/judge-advice.txt"), scenes_advice);
}

DW_TEST(with_a_policy_as_written_down)
{
	golden(DW_TEST_PATH("golden/judge-policy.txt"), scenes_policy);
}

DW_TEST(every_reason_and_verdict_is_in_the_golden_text)
{
	_cleanup_free_ char *advice = slurp(DW_TEST_PATH("golden/judge-advice.txt"));
	_cleanup_free_ char *policy = slurp(DW_TEST_PATH("golden/judge-policy.txt"));
	char look_for[80];

	for (size_t i = 0; dw_judge_reason_id(i); i++) {
		snprintf(look_for, sizeof(look_for), "\n  %s: ", dw_judge_reason_id(i));
		if (!strstr(advice, look_for) && !strstr(policy, look_for)) {
			printf("%s is in no golden text\n", dw_judge_reason_id(i));
			DW_CHECK(!"every reason");
		}
	}
	for (enum dw_verdict v = DW_VERDICT_UNKNOWN; v < DW_VERDICT_COUNT; v++) {
		snprintf(look_for, sizeof(look_for), ": %s", dw_verdict_name(v));
		DW_CHECK(strstr(advice, look_for) || strstr(policy, look_for));
	}
}

/* docs/verdicts.md has a row "| `id` |" for each reason, in the order of their weight, and no other. */
DW_TEST(the_documentation_lists_the_same_reasons)
{
	_cleanup_free_ char *text = slurp(DW_TEST_PATH("../docs/verdicts.md"));
	const char *at = strstr(text, "\n## Reasons");
	char row[80];
	size_t n = 0, rows = 0;

	DW_CHECK(at != NULL);
	for (const char *p = at; p && (p = strstr(p, "\n| `")) != NULL; p++)
		rows++;
	for (; at && dw_judge_reason_id(n); n++) {
		const char *next;

		snprintf(row, sizeof(row), "\n| `%s` |", dw_judge_reason_id(n));
		next = strstr(at, row);
		if (!next)
			printf("not there, or not in this order: %s\n", dw_judge_reason_id(n));
		DW_CHECK(next != NULL);
		at = next ? next : at;
	}
	DW_CHECK_INT(rows, n);
}

DW_TEST(the_same_host_gives_the_same_bytes)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	DW_CHECK_STR(played(a, scenes_advice), played(a, scenes_advice));
	DW_CHECK_STR(played(a, scenes_policy), played(a, scenes_policy));
}

/* By the knowledge that is compiled in: what a port is said to be, held by nobody who is known or by a stranger. */
static const struct {
	const char *at, *guessed, *instead_of; /* NULL: nothing is said */
} said_of_ports[] = {
	{ "tcp 0.0.0.0 80", "http",
	  "http" }, /* and not one of the many that bring a web server along */
	{ "tcp 0.0.0.0 443", "https", "https" },
	{ "tcp 0.0.0.0 8080", "http-alt", NULL },
	{ "tcp 0.0.0.0 993", "imaps", "imaps" },
	{ "tcp 0.0.0.0 139", "smb",
	  "smb" }, /* not its first, but it lives among the system's ports */
	{ "tcp 0.0.0.0 82", "proxmox", NULL }, /* its fifth; its first is 8006 */
	{ "tcp 0.0.0.0 502", "industrial-control", "industrial-control" },
	{ "udp 0.0.0.0 2222", "industrial-control", NULL },
	{ "tcp 0.0.0.0 5432", "postgresql", "postgresql" },
};

static struct dw_findings *judged_ports(struct stage *s, const char *program)
{
	struct dw_judge_input in = { .knowledge = dw_knowledge_builtin() };

	s->snapshot =
		(struct dw_snapshot){ .arena = s->arena, .doors = s->doors, .time = 1700000000 };
	for (size_t i = 0; i < DW_ARRAY_SIZE(said_of_ports); i++)
		stage_service(s, said_of_ports[i].at, program, NULL, "app.service");
	stage_service(s, "tcp 0.0.0.0 22", "/usr/sbin/sshd", "openssh-server", "ssh.service");
	return dw_judge(&s->snapshot, &in);
}

static const char *name_of(const struct dw_service *s)
{
	return s ? s->name : "nothing";
}

DW_TEST(a_port_is_said_to_be_of_what_stands_there_usually)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct stage *s = dw_new(a, struct stage);
	struct dw_findings *unseen, *stranger;

	s->arena = a;
	unseen = judged_ports(s, NULL);
	stranger = judged_ports(s, "/opt/app/server");
	for (size_t i = 0; i < DW_ARRAY_SIZE(said_of_ports); i++) {
		const char *instead_of = said_of_ports[i].instead_of;

		printf("%s\n", said_of_ports[i].at);
		DW_CHECK_STR(name_of(unseen->v[i].identity.service), said_of_ports[i].guessed);
		DW_CHECK_STR(name_of(stranger->v[i].identity.service), "nothing");
		DW_CHECK_STR(name_of(stranger->v[i].identity.instead_of),
			     instead_of ? instead_of : "nothing");
	}
	dw_findings_free(unseen);
	dw_findings_free(stranger);
}

static uint32_t dice(uint32_t *state, uint32_t sides)
{
	*state = *state * 1664525 + 1013904223;
	return (*state >> 8) % sides;
}

static const char *pick(uint32_t *r, const char *const *list, size_t n)
{
	return list[dice(r, (uint32_t)n)];
}

static void random_owner(struct dw_owner *o, uint32_t *r, const struct dw_package *p)
{
	static const char *const programs[] = { "/usr/sbin/sshd",
						"/usr/sbin/nginx",
						"/sbin/rpcbind",
						"/opt/x",
						"/usr/sbin/inetd",
						"/usr/sbin/in.telnetd",
						NULL };

	*o = (struct dw_owner){ .pid = 1 + (int)dice(r, 4000),
				.comm = "x",
				.executable = pick(r, programs, DW_ARRAY_SIZE(programs)),
				.exe_state = (enum dw_exe_state)dice(r, DW_EXE_COUNT),
				.exe_in_tmp = dice(r, 20) == 0,
				.euid = dice(r, 2) * 33,
				.user = dice(r, 2) ? "root" : NULL,
				.caps_effective = dice(r, 2) ? ~UINT64_C(0) : 0,
				.container = dice(r, 9) ? NULL : "podman:x",
				.package = dice(r, 3) ? p : NULL,
				.details_known = dice(r, 9) != 0 };
}

static void random_door(struct dw_arena *a, struct dw_door *d, uint32_t *r)
{
	static const uint32_t ports[] = { 21,  22,  23,   53,   80,    111,
					  323, 445, 2049, 6379, 27665, 40000 };
	static const char *const ids[] = { "ssh.service", "telnet", "x@1.service", NULL, "@",
					   "10.0.0.1:",   "" };
	static const struct dw_package package = { .name = "nginx",
						   .verified = DW_VERIFIED_MATCHES };

	*d = (struct dw_door){ .netns = dice(r, 9) ? "host" : "lab",
			       .kind = (enum dw_door_kind)dice(r, DW_KIND_COUNT),
			       .owners_known = dice(r, 5) != 0,
			       .kernel = dice(r, 20) ? NULL : "nfsd",
			       .carries_session = dice(r, 30) == 0,
			       .hidden = dice(r, 30) == 0,
			       .target = dice(r, 4) ? "local:22" : NULL,
			       .peers_known = dice(r, 2) == 0,
			       .connections = dice(r, 3) };
	d->at.protocol = (enum dw_protocol)dice(r, DW_PROTOCOL_COUNT);
	d->at.family = (enum dw_family)dice(r, DW_FAMILY_COUNT);
	d->at.has_port = dice(r, 9) != 0;
	d->at.port = d->at.has_port ? ports[dice(r, DW_ARRAY_SIZE(ports))] : 0;
	d->at.address[0] = (uint8_t)(dice(r, 2) * 127);
	d->starter.kind = (enum dw_starter_kind)dice(r, DW_STARTER_COUNT);
	d->starter.id = pick(r, ids, DW_ARRAY_SIZE(ids));
	d->starter.enabled = (enum dw_tristate)dice(r, 3);
	d->n_owners = dice(r, 3);
	d->owners = dw_arena_array(a, d->n_owners + 1, sizeof(*d->owners));
	for (size_t i = 0; i < d->n_owners; i++)
		random_owner(&d->owners[i], r, &package);
	d->program = d->n_owners ? d->owners[0].executable : NULL;
	d->package = d->n_owners ? d->owners[0].package : NULL;
}

static struct dw_snapshot *random_host(struct dw_arena *a, size_t n, uint32_t seed)
{
	struct dw_snapshot *s = dw_new(a, struct dw_snapshot);

	s->doors = dw_arena_array(a, n, sizeof(*s->doors));
	s->n_doors = n;
	s->time = 1700000000;
	for (size_t i = 0; i < n; i++)
		random_door(a, &s->doors[i], &seed);
	return s;
}

static struct dw_policy random_policy(struct dw_statement *st, struct dw_what *what, uint32_t seed)
{
	for (size_t i = 0; i < 4; i++) {
		what[i] = (struct dw_what){
			.kind = DW_WHAT_SERVICE,
			.text = "x",
			.service = &lore.services[dice(&seed, (uint32_t)lore.n_services)]
		};
		st[i] = (struct dw_statement){ .action = dice(&seed, 2) ? DW_POLICY_KEEP
									: DW_POLICY_CLOSE,
					       .what = &what[i],
					       .n_what = 1,
					       .user = dice(&seed, 4) ? NULL : "root",
					       .expires = dice(&seed, 3) ? 0 : 1600000000,
					       .on_loopback = dice(&seed, 5) == 0,
					       .file = "policy",
					       .line = 1 };
	}
	return (struct dw_policy){ .otherwise =
					   (enum dw_policy_default)dice(&seed, DW_DEFAULT_COUNT),
				   .statements = st,
				   .n_statements = 4,
				   .file = "policy" };
}

static void check_promises(const struct dw_findings *f)
{
	for (size_t i = 0; i < f->n; i++) {
		DW_CHECK(f->v[i].n_reasons > 0);
		DW_CHECK(!(f->v[i].verdict == DW_VERDICT_CLOSE && f->v[i].door->carries_session));
		for (size_t r = 0; r < f->v[i].n_reasons; r++)
			DW_CHECK(f->v[i].reasons[r].id && f->v[i].reasons[r].text &&
				 *f->v[i].reasons[r].text);
	}
}

DW_TEST(any_door_has_a_reason_and_the_session_is_never_cut)
{
	for (uint32_t seed = 1; seed <= 40; seed++) {
		_cleanup_arena_ struct dw_arena *a = dw_arena_new();
		struct dw_statement st[4];
		struct dw_what what[4];
		struct dw_policy p = random_policy(st, what, seed);
		struct dw_snapshot *s = random_host(a, 50, seed);
		struct dw_judge_input in = { .knowledge = seed % 5 ? &lore : NULL,
					     .policy = seed % 2 ? &p : NULL };
		struct dw_findings *f = dw_judge(s, &in);

		check_promises(f);
		dw_findings_free(f);
	}
}

DW_TEST(the_order_of_the_doors_does_not_matter)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_snapshot *s = random_host(a, 200, 7), *t = random_host(a, 200, 7);
	struct dw_judge_input in = { .knowledge = &lore };
	struct dw_findings *f, *g;
	int same = 0;

	for (size_t i = 0; i < s->n_doors; i++)
		t->doors[i] = s->doors[s->n_doors - 1 - i];
	f = dw_judge(s, &in);
	g = dw_judge(t, &in);
	for (size_t i = 0; i < f->n; i++) {
		struct dw_findings one = { .v = &f->v[i], .n = 1 },
				   other = { .v = &g->v[f->n - 1 - i], .n = 1 };

		same += dw_streq(stage_text(a, &one), stage_text(a, &other));
	}
	DW_CHECK_INT(same, 200);
	dw_findings_free(f);
	dw_findings_free(g);
}

/* No assertion: a number for who changes the judge. 400 services, 1,000 doors. */
DW_TEST(what_a_thousand_doors_take)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_service *many = dw_arena_array(a, 400, sizeof(*many));
	struct dw_knowledge big = {
		.services = many, .n_services = 400, .roles = lore.roles, .n_roles = lore.n_roles
	};
	struct dw_snapshot *s = random_host(a, 1000, 3);
	struct timespec from, to;
	double best = 0;
	struct dw_findings *f;

	for (size_t i = 0; i < 400; i++) {
		many[i] = lore.services[i * lore.n_services / 400];
		many[i].name = dw_arena_printf(a, "%s%03zu", many[i].name, i);
	}
	for (int round = 0; round < 5; round++) {
		double ms;

		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
		f = dw_judge(s, &(struct dw_judge_input){ .knowledge = &big });
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
		DW_CHECK_INT(f->n, 1000);
		dw_findings_free(f);
		ms = (double)(to.tv_sec - from.tv_sec) * 1e3 +
		     (double)(to.tv_nsec - from.tv_nsec) / 1e6;
		best = round == 0 || ms < best ? ms : best;
	}
	printf("1,000 doors, 400 services: %.2f ms of processor time, best of 5\n", best);
}

DW_TEST_MAIN
