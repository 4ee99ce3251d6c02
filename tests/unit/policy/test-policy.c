/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The policy language: tests/golden/policy/NAME.policy is read, and what comes of it (problems, then the statements in
 * their canonical words) must be NAME.out.
 */
#include <errno.h>

#include "dw_policy_read.h"
#include "dw_policy_write.h"
#include "dw_str.h"
#include "golden.h"
#include "mock-knowledge.h"

/* Files that a policy of the tests may include. */
static const struct {
	const char *name, *text;
} others[] = {
	{ "/p/site.policy", "keep ssh from lan\nkeep htpp\n" },
	{ "/p/loop.policy", "include loop.policy\n" },
	{ "/p/a.policy", "include b.policy\n" },
	{ "/p/b.policy", "include a.policy\n" },
	{ "/p/d/10-web.policy", "keep http from any\n" },
	{ "/p/d/20-db.policy", "keep postgresql from lan\nkeep 80/tcp\nclose http\n" },
	{ "/p/d2/up.policy", "include ../d/10-web.policy\n" },
	{ "/p/d2/../d/10-web.policy", "keep cups\n" },
};

static void add_text(struct dw_arena *a, struct dw_policy_text *t, const char *name,
		     const char *text)
{
	*t = (struct dw_policy_text){ .name = name,
				      .bytes = { dw_arena_strdup(a, text), strlen(text) } };
}

static int open_other(void *data, struct dw_arena *a, const char *name, struct dw_policy_text **ret,
		      size_t *ret_n, struct dw_error *e)
{
	(*(unsigned *)data)++;
	*ret = dw_arena_array(a, DW_ARRAY_SIZE(others), sizeof(**ret));
	*ret_n = 0;
	for (size_t i = 0; i < DW_ARRAY_SIZE(others); i++) {
		bool in_directory = dw_ends_with(name, "/") && dw_starts_with(others[i].name, name);

		if (in_directory || dw_streq(others[i].name, name))
			add_text(a, &(*ret)[(*ret_n)++], others[i].name, others[i].text);
	}
	if (*ret_n == 0)
		return dw_error_set(e, -ENOENT, "%s: No such file or directory", name);
	return 0;
}

static const struct dw_policy *parse(struct dw_arena *a, const char *text, size_t n,
				     struct dw_policy_problems *problems)
{
	unsigned opened = 0;
	const struct dw_policy_source source = { open_other, &opened };
	const struct dw_policy_text t = { .name = "/p/main.policy",
					  .bytes = { dw_arena_strndup(a, text, n), n } };

	return dw_policy_read(a, &t, &source, &mock_knowledge, problems);
}

/* Problems and statements, as the golden files have them. */
static const char *outcome(struct dw_arena *a, const char *text)
{
	struct dw_policy_problems problems = { 0 };
	const struct dw_policy *p = parse(a, text, strlen(text), &problems);
	struct dw_str out = { .arena = a };

	dw_str_add(&out, "");
	for (size_t i = 0; i < problems.n; i++)
		dw_str_addf(&out, "%s:%u:%u: %s: %s\n", problems.v[i].file, problems.v[i].line,
			    problems.v[i].column, problems.v[i].warning ? "warning" : "error",
			    problems.v[i].text);
	dw_str_add(&out, p ? dw_policy_text(a, p) : "no policy\n");
	return out.s;
}

static void golden(const char *name)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *base = dw_arena_printf(a, DW_TEST_PATH("golden/policy/%s"), name);
	char *text = dw_golden_read(dw_arena_printf(a, "%s.policy", base));

	DW_CHECK(text[0] != '\0');
	dw_golden_check(dw_arena_printf(a, "%s.out", base), outcome(a, text));
	free(text);
}

DW_TEST(statements)
{
	golden("statements");
	golden("fence");
}

DW_TEST(roles_and_lan)
{
	golden("roles");
	golden("lan");
	golden("accept");
}

DW_TEST(errors)
{
	golden("words");
	golden("whats");
	golden("clauses");
	golden("networks");
	golden("other");
	golden("fence-bad");
	golden("accept-bad");
}

DW_TEST(warnings)
{
	golden("pointless");
}

DW_TEST(includes)
{
	golden("include");
	golden("include-bad");
}

static void reads_back(const char *file)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	char *text = dw_golden_read(file);
	struct dw_policy_problems problems = { 0 };
	const struct dw_policy *p = parse(a, text, strlen(text), &problems), *again;
	const char *once, *twice;

	free(text);
	DW_CHECK(p != NULL);
	if (!p)
		return;
	once = dw_policy_text(a, p);
	again = parse(a, once, strlen(once), &problems);
	twice = again ? dw_policy_text(a, again) : NULL;
	DW_CHECK_STR(twice, once);
}

DW_TEST(what_is_written_reads_back_the_same)
{
	reads_back(DW_TEST_PATH("golden/policy/statements.policy"));
	reads_back(DW_TEST_PATH("golden/policy/fence.policy"));
	reads_back(DW_TEST_PATH("golden/policy/accept.policy"));
}

DW_TEST(dates)
{
	static const struct {
		const char *text;
		uint64_t seconds; /* 0: no date */
	} dates[] = {
		{ "2027-01-01", 1798761600 },
		{ "2028-02-29", 1835395200 },
		{ "2000-02-29", 951782400 },
		{ "2100-03-01", 4107542400 },
		{ "9999-12-31", 253402214400 },
		{ "1971-01-01", 31536000 },
		{ "2027-02-29", 0 },
		{ "2100-02-29", 0 },
		{ "2027-13-01", 0 },
		{ "2027-00-10", 0 },
		{ "2027-04-31", 0 },
		{ "2027-04-00", 0 },
		{ "1970-01-01", 0 },
		{ "27-01-01", 0 },
		{ "2027/01/01", 0 },
		{ "2027-1-001", 0 },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(dates); i++) {
		_cleanup_arena_ struct dw_arena *a = dw_arena_new();
		struct dw_policy_problems problems = { 0 };
		const char *text = dw_arena_printf(a, "keep ssh expires %s\n", dates[i].text);
		const struct dw_policy *p = parse(a, text, strlen(text), &problems);

		DW_CHECK_INT(p ? p->statements[0].expires : 0, dates[i].seconds);
		if (p)
			DW_CHECK_STR(dw_policy_text(a, p), text);
	}
}

DW_TEST(limits)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_policy_problems problems = { 0 };
	struct dw_str text = { .arena = a };
	const struct dw_policy *p;

	dw_str_addf(&text, "keep ssh because \"%0*d\"", 4096 - 19, 1);
	DW_CHECK_INT(text.n, 4096);
	DW_CHECK(parse(a, text.s, text.n, &problems) != NULL);
	dw_str_addc(&text, ' ');
	DW_CHECK(parse(a, text.s, text.n, &problems) == NULL);
	DW_CHECK_INT(problems.n, 1);
	text.n = problems.n = 0;
	for (int i = 0; i < 10000; i++)
		dw_str_addf(&text, "keep %d/tcp\n", i + 1);
	p = parse(a, text.s, text.n, &problems);
	DW_CHECK_INT(p ? p->n_statements : 0, 10000);
	dw_str_add(&text, "keep ssh\nkeep http\n");
	DW_CHECK(parse(a, text.s, text.n, &problems) == NULL);
	DW_CHECK_INT(problems.n, 1);
	while (text.n <= (1U << 20))
		dw_str_add(&text, "x 1 2 3 4 5 6 7 8 9 10 11 12 13\n");
	problems.n = 0;
	DW_CHECK(parse(a, text.s, text.n, &problems) == NULL);
	DW_CHECK_INT(problems.n, 1);
	text.n = problems.n = 0;
	for (int i = 0; i < 2000; i++)
		dw_str_add(&text, "kep ssh\n");
	DW_CHECK(parse(a, text.s, text.n, &problems) == NULL);
	DW_CHECK_INT(problems.n, 1001);
}

/* Half a million ports that all stand before each other: told of quickly, or this test takes minutes. */
DW_TEST(many_ports_cost_no_more_than_their_number)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_policy_problems problems = { 0 };
	struct dw_str text = { .arena = a };
	const struct dw_policy *p;

	while (text.n < (1U << 20) - 4100) {
		size_t begin = text.n;

		dw_str_add(&text, "keep");
		while (text.n - begin < 4080)
			dw_str_add(&text, " 1-65535");
		dw_str_addc(&text, '\n');
	}
	p = parse(a, text.s, text.n, &problems);
	DW_CHECK(p == NULL); /* more warnings than are worth telling */
	DW_CHECK_INT(problems.n, 1001);
}

DW_TEST_MAIN
