/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /etc/doorward/knowledge.d of a root, as an audit reads it. */
#include "audit-private.h"
#include "dw_knowledge_read.h"
#include "dw_sys.h"
#include "dw_test.h"

static const struct dw_knowledge *knowledge_of(const char *root, struct dw_facts *f,
					       unsigned fail_at)
{
	_cleanup_sys_ struct dw_sys *sys = NULL;
	struct dw_error e = { 0 };

	if (dw_sys_open(root, &sys, &e) < 0) {
		printf("%s\n", e.message);
		return NULL;
	}
	dw_sys_fail_at(sys, fail_at, 5);
	return dw_lib_knowledge(sys, f);
}

DW_TEST(what_is_compiled_in_is_sorted)
{
	const struct dw_knowledge *k = dw_knowledge_builtin();

	DW_CHECK(k->n_services > 0);
	for (size_t i = 1; i < k->n_services; i++)
		DW_CHECK(strcmp(k->services[i - 1].name, k->services[i].name) < 0);
	for (size_t i = 0; i < k->n_services; i++)
		DW_CHECK(k->services[i].tier != DW_TIER_UNKNOWN && !k->services[i].file);
	DW_CHECK(dw_knowledge_service(k, "ssh") != NULL);
}

/* What they start is in their unit, and is not they. */
DW_TEST(supervisors_are_known_by_their_program_alone)
{
	static const char *const names[] = { "monit", "nomad", "supervisor" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(names); i++) {
		const struct dw_service *s = dw_knowledge_service(dw_knowledge_builtin(), names[i]);

		DW_CHECK(s && *s->programs && !*s->units);
	}
}

DW_TEST(a_root_without_own_files_has_what_is_compiled_in)
{
	struct dw_facts *f = dw_facts_new();

	DW_CHECK(knowledge_of(DW_TEST_PATH("roots/packages-none"), f, 0) == dw_knowledge_builtin());
	DW_CHECK_INT(f->incomplete.n, 0);
	dw_facts_free(f);
}

DW_TEST(own_files_add_and_replace)
{
	struct dw_facts *f = dw_facts_new();
	const struct dw_knowledge *k = knowledge_of(DW_TEST_PATH("roots/knowledge-own"), f, 0);
	const struct dw_service *s = dw_knowledge_service(k, "house-clock");

	DW_CHECK(s && s->tier == DW_TIER_LOCAL && s->ports[0].first == 7001);
	DW_CHECK_STR(s ? s->file : NULL, "/etc/doorward/knowledge.d/10-own.yaml");
	s = dw_knowledge_service(k, "telnet");
	DW_CHECK_STR(s ? s->title : NULL, "Telnet of the laboratory");
	DW_CHECK(dw_knowledge_service(k, "ssh") && !dw_knowledge_service(k, "ssh")->file);
	DW_CHECK_INT(k->n_services, dw_knowledge_builtin()->n_services + 1);
	DW_CHECK(!dw_knowledge_service(k, "house-lamp"));
	dw_facts_free(f);
}

DW_TEST(what_is_wrong_is_noted_and_blinds_nobody)
{
	struct dw_facts *f = dw_facts_new();

	(void)knowledge_of(DW_TEST_PATH("roots/knowledge-own"), f, 0);
	DW_CHECK_INT(f->incomplete.n, 4);
	for (size_t i = 0; i < f->incomplete.n; i++) {
		DW_CHECK_STR(f->incomplete.v[i].what, "bad-knowledge");
		DW_CHECK(!f->incomplete.v[i].blind);
	}
	DW_CHECK_STR(f->incomplete.v[1].text,
		     "house-lamp: no key is called \"titel\"; did you mean title?");
	DW_CHECK_STR(f->incomplete.v[1].file, "/etc/doorward/knowledge.d/20-bad.yaml");
	DW_CHECK_INT(f->incomplete.v[1].line, 2);
	DW_CHECK_STR(f->incomplete.v[3].file, "/etc/doorward/knowledge.d/30-no.yaml");
	dw_facts_free(f);
}

DW_TEST(a_directory_that_cannot_be_read_is_noted)
{
	struct dw_facts *f = dw_facts_new();

	DW_CHECK(knowledge_of(DW_TEST_PATH("roots/knowledge-own"), f, 1) == dw_knowledge_builtin());
	DW_CHECK_INT(f->incomplete.n, 1);
	dw_facts_free(f);
}

/* Whatever call fails, what is compiled in is there, and it is told; one file takes no other with it. */
DW_TEST(each_failing_call_is_noted)
{
	unsigned files = 0;

	for (unsigned n = 1; n <= 12; n++) {
		struct dw_facts *f = dw_facts_new();
		const struct dw_knowledge *k =
			knowledge_of(DW_TEST_PATH("roots/knowledge-own"), f, n);

		DW_CHECK(dw_knowledge_service(k, "ssh") != NULL);
		DW_CHECK(f->incomplete.n > 0);
		files += f->incomplete.n == 5 && !dw_knowledge_service(k, "house-clock") &&
			 strcmp(f->incomplete.v[0].file, "/etc/doorward/knowledge.d/10-own.yaml") ==
				 0;
		dw_facts_free(f);
	}
	DW_CHECK(files > 0);
}

DW_TEST_MAIN
