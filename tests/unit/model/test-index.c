/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <time.h>

#include "dw_knowledge_index.h"
#include "dw_str.h"
#include "dw_test.h"

#define LIST(...)  ((const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })
#define PORTS(...) ((const struct dw_service_port[]){ __VA_ARGS__, { 0 } })
#define TCP        DW_PROTOCOL_TCP
#define UDP        DW_PROTOCOL_UDP

/* sorted by name, as a knowledge is; lists that are not here are empty */
static const struct dw_service some[] = {
	{ .name = "amanda",
	  .programs = LIST("amandad", "java*"),
	  .ports = PORTS({ TCP, 10080, 10080, false }, { UDP, 10000, 10100, false }) },
	{ .name = "bacula",
	  .programs = LIST("bacula-*", "amandad"),
	  .packages = LIST("bacula-fd"),
	  .units = LIST("bacula@.service", "bacula-sd.service"),
	  .ports = PORTS({ TCP, 9101, 9103, false }, { UDP, 10050, 10050, true }) },
	{ .name = "ceph",
	  .programs = LIST("bacula-sd*", "ceph"),
	  .commands = LIST("org.ceph", "ceph.jar"),
	  .units = LIST("ceph"),
	  .ports = PORTS({ TCP, 9102, 9102, false }) },
	{ .name = "nfs",
	  .kernel = LIST("nfsd"),
	  .commands = LIST("org.ceph.nfs"),
	  .ports = PORTS({ TCP, 9000, 9500, false }) },
};

static const char *const *or_nothing(const char *const *list)
{
	static const char *const nothing[] = { NULL };

	return list ? list : nothing;
}

static const struct dw_knowledge_index *index_of_some(struct dw_arena *a)
{
	struct dw_service *s = dw_arena_memdup(a, some, sizeof(some));
	struct dw_knowledge *k = dw_new(a, struct dw_knowledge);

	*k = (struct dw_knowledge){ .services = s, .n_services = DW_ARRAY_SIZE(some) };
	for (size_t i = 0; i < k->n_services; i++) {
		s[i].programs = or_nothing(s[i].programs);
		s[i].commands = or_nothing(s[i].commands);
		s[i].packages = or_nothing(s[i].packages);
		s[i].units = or_nothing(s[i].units);
		s[i].kernel = or_nothing(s[i].kernel);
	}
	return dw_knowledge_index_new(a, k);
}

/* The names of a list, with blanks between. */
static const char *names(struct dw_arena *a, struct dw_services s)
{
	struct dw_str text = { .arena = a };

	dw_str_add(&text, "");
	for (size_t i = 0; i < s.n; i++)
		dw_str_addf(&text, "%s%s", i ? " " : "", s.v[i]->name);
	return text.s ? text.s : "";
}

DW_TEST(each_way_finds_its_services)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct dw_knowledge_index *x = index_of_some(a);

	DW_CHECK_STR(names(a, dw_index_program(x, "ceph")), "ceph");
	DW_CHECK_STR(names(a, dw_index_program(x, "amandad")), "amanda bacula");
	DW_CHECK_STR(names(a, dw_index_program(x, "bacula-fd")), "bacula");
	/* the longer beginning says more */
	DW_CHECK_STR(names(a, dw_index_program(x, "bacula-sd")), "ceph");
	DW_CHECK_STR(names(a, dw_index_program(x, "bacula-")), "bacula");
	DW_CHECK_STR(names(a, dw_index_program(x, "bacula")), "");
	DW_CHECK_STR(names(a, dw_index_program(x, "Ceph")), "");
	DW_CHECK_STR(names(a, dw_index_program(x, "")), "");
	DW_CHECK_STR(names(a, dw_index_program(x, NULL)), "");
	DW_CHECK_STR(names(a, dw_index_package(x, "bacula-fd")), "bacula");
	DW_CHECK_STR(names(a, dw_index_package(x, "bacula")), "");
	DW_CHECK_STR(names(a, dw_index_kernel(x, "nfsd")), "nfs");
	DW_CHECK_STR(names(a, dw_index_kernel(x, "lockd")), "");
}

DW_TEST(units_know_templates_and_scripts)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct dw_knowledge_index *x = index_of_some(a);
	char longest[400];

	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	DW_CHECK_STR(names(a, dw_index_unit(x, "bacula@one.service")), "bacula");
	DW_CHECK_STR(names(a, dw_index_unit(x, "bacula@a@b.service")), "bacula");
	DW_CHECK_STR(names(a, dw_index_unit(x, "bacula@.service")), "bacula");
	DW_CHECK_STR(names(a, dw_index_unit(x, "bacula@one.socket")), "");
	DW_CHECK_STR(names(a, dw_index_unit(x, "bacula-sd.service")), "bacula");
	DW_CHECK_STR(names(a, dw_index_unit(x, "bacula-sd")), "bacula");
	DW_CHECK_STR(names(a, dw_index_unit(x, "ceph")), "ceph");
	DW_CHECK_STR(names(a, dw_index_unit(x, longest)), "");
	DW_CHECK_STR(names(a, dw_index_unit(x, NULL)), "");
}

DW_TEST(command_lines_and_ports)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct dw_knowledge_index *x = index_of_some(a);

	/* the longest piece first, and nobody twice */
	DW_CHECK_STR(names(a, dw_index_command(x, "java -jar ceph.jar org.ceph.nfs.Main")),
		     "nfs ceph");
	DW_CHECK_STR(names(a, dw_index_command(x, "java -jar other.jar")), "");
	DW_CHECK_STR(names(a, dw_index_command(x, NULL)), "");
	/* at both ends, and all but there */
	DW_CHECK_STR(names(a, dw_index_command(x, "ceph.jar")), "ceph");
	DW_CHECK_STR(names(a, dw_index_command(x, "org.cep")), "");
	DW_CHECK_STR(names(a, dw_index_command(x, "java org.org.ceph")), "ceph");
	DW_CHECK_STR(names(a, dw_index_command(x, "org")), "");
	DW_CHECK_STR(names(a, dw_index_command(x, "")), "");
	DW_CHECK_STR(names(a, dw_index_port(x, TCP, 10080)), "amanda");
	DW_CHECK_STR(names(a, dw_index_port(x, TCP, 9102)), "ceph bacula nfs");
	DW_CHECK_STR(names(a, dw_index_port(x, TCP, 9103)), "bacula nfs");
	DW_CHECK_STR(names(a, dw_index_port(x, TCP, 9500)), "nfs");
	DW_CHECK_STR(names(a, dw_index_port(x, TCP, 9501)), "");
	DW_CHECK_STR(names(a, dw_index_port(x, UDP, 10050)), "bacula amanda");
	DW_CHECK_STR(names(a, dw_index_port(x, UDP, 9102)), "");
	/* 65536 + 9102: not the port that its low bits say */
	DW_CHECK_STR(names(a, dw_index_port(x, TCP, 65536 + 9102)), "");
	DW_CHECK_STR(names(a, dw_index_port(x, TCP, 0)), "");
	DW_CHECK(dw_service_standard_port(&some[1], UDP, 10050)->local);
	DW_CHECK(!dw_service_standard_port(&some[1], TCP, 9102)->local);
	DW_CHECK(!dw_service_standard_port(&some[1], TCP, 9104));
	DW_CHECK(!dw_service_standard_port(&some[3], TCP, 9501));
}

/* A piece may be shorter than what pieces are told apart by. */
DW_TEST(short_pieces_are_found)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_service s[] = { some[2] };
	const struct dw_knowledge k = { .services = s, .n_services = 1 };
	const struct dw_knowledge_index *x;

	s[0].kernel = or_nothing(NULL);
	s[0].packages = or_nothing(NULL);
	s[0].commands = LIST("org.ceph", "-z");
	x = dw_knowledge_index_new(a, &k);
	DW_CHECK_STR(names(a, dw_index_command(x, "run -z")), "ceph");
	DW_CHECK_STR(names(a, dw_index_command(x, "run -y org.ceph")), "ceph");
	DW_CHECK_STR(names(a, dw_index_command(x, "run -y")), "");
}

DW_TEST(nothing_is_known)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct dw_knowledge_index *x = dw_knowledge_index_new(a, NULL);

	DW_CHECK_INT(dw_index_program(x, "sshd").n, 0);
	DW_CHECK_INT(dw_index_unit(x, "ssh@x.service").n, 0);
	DW_CHECK_INT(dw_index_command(x, "java").n, 0);
	DW_CHECK_INT(dw_index_port(x, TCP, 22).n, 0);
}

static double seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

#define MANY 500

/* 500 services with 3 programs, 3 packages, 3 units, 2 ports and a piece of a command line each. */
DW_TEST(many_services_are_all_found)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_arena_ struct dw_arena *own = NULL;
	struct dw_service *services = dw_arena_array(a, MANY, sizeof(*services));
	const struct dw_knowledge k = { .services = services, .n_services = MANY };
	const struct dw_knowledge_index *x = NULL;
	unsigned found = 0;
	double begun;

	for (unsigned i = 0; i < MANY; i++) {
		const char **lists = dw_arena_array(a, 4, sizeof(*lists));
		struct dw_service_port *ports = dw_arena_array(a, 3, sizeof(*ports));

		for (unsigned n = 0; n < 3; n++)
			lists[n] = dw_arena_printf(a, "service-%u-%u", i * 7919 % MANY, n);
		ports[0] = (struct dw_service_port){ TCP, (uint16_t)(i + 1), (uint16_t)(i + 1),
						     false };
		ports[1] = (struct dw_service_port){ UDP, (uint16_t)(i + 1), (uint16_t)(i + 1),
						     false };
		services[i] = (struct dw_service){ .name = lists[0],
						   .synonyms = lists,
						   .programs = lists,
						   .commands = lists + 2,
						   .packages = lists,
						   .units = lists,
						   .kernel = lists + 3,
						   .serves = lists + 3,
						   .ports = ports };
	}
	for (unsigned i = 0; i < 3; i++) {
		begun = seconds();
		dw_arena_free(own);
		own = dw_arena_new();
		x = dw_knowledge_index_new(own, &k);
		printf("index of %d services: %.0f microseconds\n", MANY,
		       (seconds() - begun) * 1e6);
	}
	begun = seconds();
	for (unsigned i = 0; i < MANY; i++) {
		found += dw_index_program(x, services[i].programs[1]).n == 1;
		found += dw_index_package(x, services[i].packages[2]).n == 1;
		found += dw_index_unit(x, services[i].units[0]).n == 1;
		found += dw_index_port(x, UDP, i + 1).n == 1;
	}
	printf("memory: %zu KiB\n", dw_arena_size(own) / 1024);
	printf("a lookup: %.2f microseconds\n", (seconds() - begun) * 1e6 / (MANY * 4));
	DW_CHECK_INT(found, MANY * 4);
	DW_CHECK_INT(dw_index_port(x, TCP, MANY + 1).n, 0);
}

DW_TEST_MAIN
