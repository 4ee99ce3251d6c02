/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* First policies: golden ones of hosts made by hand, and what must hold of each. */
#include "doorward/doorward.h"
#include "dw_policy_draft.h"
#include "dw_policy_match.h"
#include "dw_policy_read.h"
#include "dw_str.h"
#include "golden.h"
#include "mock-knowledge.h"
#include "mock.h"

static const char *drafted(struct dw_arena *a, const struct dw_audit *audit,
			   const struct dw_role *role)
{
	const struct dw_findings *f = audit->findings;
	struct dw_draft_door *doors = dw_arena_array(a, f->n, sizeof(*doors));
	const struct dw_role *evident = &mock_roles[0];
	const struct dw_draft d = {
		.host = "db1",
		.time = 1769860800,
		.doors = doors,
		.n_doors = f->n,
		.knowledge = &mock_knowledge,
		.roles = &role,
		.n_roles = role ? 1 : 0,
		.evident = &evident,
		.n_evident = 1,
	};

	for (size_t i = 0; i < f->n; i++)
		doors[i] = (struct dw_draft_door){ .door = f->v[i].door,
						   .service = f->v[i].identity.service,
						   .suspect = f->v[i].verdict ==
							      DW_VERDICT_INVESTIGATE };
	return dw_policy_draft(a, &d);
}

static const struct dw_policy *parse(struct dw_arena *a, const char *text)
{
	struct dw_policy_problems problems = { 0 };
	const struct dw_policy_text t = { "draft", { dw_arena_strdup(a, text), strlen(text) } };
	const struct dw_policy *p = dw_policy_read(a, &t, NULL, &mock_knowledge, &problems);

	for (size_t i = 0; i < problems.n; i++)
		printf("%u:%u: %s\n", problems.v[i].line, problems.v[i].column, problems.v[i].text);
	DW_CHECK_INT(problems.n, 0);
	return p;
}

DW_TEST(golden_drafts)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_audit *audit = dw_mock_audit("host");

	dw_golden_check(DW_TEST_PATH("golden/draft-host.txt"), drafted(a, audit, NULL));
	dw_golden_check(DW_TEST_PATH("golden/draft-web-server.txt"),
			drafted(a, audit, &mock_roles[1]));
	dw_mock_free(audit);
	audit = dw_mock_audit("hostile");
	dw_golden_check(DW_TEST_PATH("golden/draft-hostile.txt"), drafted(a, audit, NULL));
	dw_mock_free(audit);
	audit = dw_mock_audit("empty");
	dw_golden_check(DW_TEST_PATH("golden/draft-empty.txt"), drafted(a, audit, NULL));
	dw_mock_free(audit);
}

/* With each suggestion taken out of its comment, every door is named: kept, or closed where that was said. */
DW_TEST(every_door_has_its_statement)
{
	static const char *const hosts[] = { "host", "calm", "hostile", "many" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(hosts); i++) {
		_cleanup_arena_ struct dw_arena *a = dw_arena_new();
		struct dw_audit *audit = dw_mock_audit(hosts[i]);
		char *text = dw_arena_strdup(a, drafted(a, audit, &mock_roles[1]));
		const struct dw_policy *p;

		for (char *c = text; (c = strstr(c, "\n# keep ")) != NULL;)
			memcpy(c, "\n  keep ", 8);
		p = parse(a, text);
		for (size_t k = 0; p && k < audit->findings->n; k++) {
			const struct dw_finding *f = &audit->findings->v[k];
			const struct dw_statement *s = dw_policy_match(
				p, NULL, f->door, f->identity.service, &mock_knowledge, 0, NULL);
			bool telnet = f->door->at.port == 23;

			DW_CHECK(s != NULL);
			DW_CHECK_INT(s ? s->action : 0, telnet ? DW_POLICY_CLOSE : DW_POLICY_KEEP);
			if (s && !telnet) {
				DW_CHECK(dw_policy_program_fits(s, f->door) != DW_FIT_WIDER);
				DW_CHECK(dw_policy_bound_fits(s, f->door) != DW_FIT_WIDER);
			}
		}
		dw_mock_free(audit);
	}
}

/* A guess by the port alone closes nothing. */
DW_TEST(a_guess_is_only_suggested)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_door door = { .at = { .protocol = DW_PROTOCOL_TCP,
					.family = DW_FAMILY_IPV4,
					.has_port = true,
					.port = 31337 },
				.netns = "host",
				.kind = DW_KIND_LISTENER };
	struct dw_draft_door dd = { &door, dw_knowledge_service(&mock_knowledge, "elite"), true,
				    false };
	const struct dw_draft d = { .doors = &dd, .n_doors = 1, .knowledge = &mock_knowledge };
	const char *text = dw_policy_draft(a, &d);

	DW_CHECK(strstr(text, "\n# keep 31337/tcp from lan") != NULL);
	DW_CHECK(strstr(text, "the port of elite") != NULL);
	DW_CHECK(strstr(text, "\nclose") == NULL);
	dd.guess = false;
	text = dw_policy_draft(a, &d);
	DW_CHECK(
		strstr(text, "\nclose elite because \"Only back doors are known on this port.\"") !=
		NULL);
	(void)parse(a, text);
}

DW_TEST_MAIN
