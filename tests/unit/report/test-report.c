/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_fields.h"
#include "dw_json.h"
#include "dw_report.h"
#include "dw_str.h"
#include "dw_test.h"
#include "golden.h"
#include "mock.h"

/* Frees the text. */
static char *written(const char *which, bool lines, bool pretty)
{
	struct dw_audit *audit = dw_mock_audit(which);
	struct dw_report r = dw_mock_report(audit);
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	DW_CHECK_INT(lines ? dw_report_jsonl(&r, out, NULL) : dw_report_json(&r, out, pretty, NULL),
		     0);
	(void)fclose(out);
	dw_mock_free(audit);
	return text;
}

static struct dw_json_value *parsed(const char *text)
{
	struct dw_json_value *v = NULL;
	struct dw_error e = { 0 };

	DW_CHECK_INT(dw_json_parse(text, strlen(text), &v, &e), 0);
	DW_CHECK_STR(e.message, "");
	return v;
}

/* Every field of the table, in its order, and nothing else. */
static void check_members(const struct dw_field *fields, const struct dw_json_value *v)
{
	size_t n = 0;

	for (const struct dw_field *f = fields; f->name; f++, n++) {
		const char *key = NULL;
		const struct dw_json_value *member = dw_json_at(v, n, &key);

		DW_CHECK_STR(key, f->name);
		if (f->type == DW_FIELD_OBJECT && dw_json_count(member))
			check_members(f->members, member);
		for (size_t i = 0; f->type == DW_FIELD_OBJECTS && i < dw_json_count(member); i++)
			check_members(f->members, dw_json_at(member, i, NULL));
	}
	DW_CHECK_INT(dw_json_count(v), n);
}

DW_TEST(json_has_the_fields_of_the_table)
{
	static const char *const which[] = { "host", "calm", "blind", "empty", "hostile" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(which); i++) {
		char *text = written(which[i], false, i % 2);
		struct dw_json_value *v = parsed(text);

		check_members(dw_fields_document, v);
		dw_json_free(v);
		free(text);
	}
}

DW_TEST(json_is_as_it_was)
{
	char *text = written("host", false, true);

	dw_golden_check(DW_TEST_PATH("golden/host.json"), text);
	free(text);
	text = written("hostile", false, true);
	dw_golden_check(DW_TEST_PATH("golden/hostile.json"), text);
	free(text);
	text = written("blind", true, false);
	dw_golden_check(DW_TEST_PATH("golden/blind.jsonl"), text);
	free(text);
}

static char *csv(const char *which)
{
	struct dw_audit *audit = dw_mock_audit(which);
	struct dw_report r = dw_mock_report(audit);
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	DW_CHECK_INT(dw_report_csv(&r, out, NULL), 0);
	(void)fclose(out);
	dw_mock_free(audit);
	return text;
}

DW_TEST(csv_is_as_it_was)
{
	char *text = csv("host");

	dw_golden_check(DW_TEST_PATH("golden/host.csv"), text);
	free(text);
}

/* A name that a spreadsheet would run. */
DW_TEST(csv_has_no_formulas)
{
	static const char *const names[] = { "=1+1", "+1",   "-1",  "@x",      "\t=1",   "a,b",
					     "a\"b", "a\nb", "x=1", "\uff1d1", "\uff201" };
	static const char *const cells[] = { ",'=1+1,",   ",'+1,",      ",'-1,",        ",'@x,",
					     ",\\x09=1,", ",\"a,b\",",  ",\"a\"\"b\",", ",a\\x0ab,",
					     ",x=1,",     ",'\uff1d1,", ",'\uff201," };
	struct dw_audit *audit = dw_mock_audit("calm");
	struct dw_report r = dw_mock_report(audit);

	for (size_t i = 0; i < DW_ARRAY_SIZE(names); i++) {
		char *text = NULL;
		size_t n;
		FILE *out = open_memstream(&text, &n);

		audit->snapshot->doors[0].program = names[i];
		DW_CHECK_INT(dw_report_csv(&r, out, NULL), 0);
		(void)fclose(out);
		DW_CHECK(strstr(text, cells[i]) != NULL);
		free(text);
	}
	dw_mock_free(audit);
}

/* In one line capability sets are copied from holder to holder; indented, each is written anew. */
DW_TEST(one_line_says_what_the_indented_document_says)
{
	char *line = written("host", false, false), *indented = written("host", false, true);
	char *to = indented;
	bool quoted = false;

	for (const char *p = indented; *p; p++) {
		quoted ^= *p == '"' && p[-1] != '\\';
		if (quoted || (*p != ' ' && *p != '\n'))
			*to++ = *p;
	}
	*to = '\0';
	line[strlen(line) - 1] = '\0';
	DW_CHECK(strlen(line) > 10000);
	DW_CHECK(strcmp(line, indented) == 0);
	free(line);
	free(indented);
}

DW_TEST(json_ends_with_one_newline)
{
	for (int pretty = 0; pretty < 2; pretty++) {
		char *text = written("calm", false, pretty);
		size_t n = strlen(text);

		DW_CHECK(n > 2 && text[n - 1] == '\n' && text[n - 2] == '}');
		free(text);
	}
}

DW_TEST(lines_are_one_object_each)
{
	char *text = written("blind", true, false), *line = text;
	size_t doors = 0, incomplete = 0;

	for (char *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		struct dw_json_value *v;

		*end = '\0';
		v = parsed(line);
		doors += dw_json_get(v, "protocol", NULL) != NULL;
		incomplete += dw_json_get(v, "incomplete", "what", NULL) != NULL;
		dw_json_free(v);
	}
	DW_CHECK_INT(doors, 3);
	DW_CHECK_INT(incomplete, 1);
	DW_CHECK_STR(line, "");
	free(text);
}

DW_TEST(values_by_path)
{
	struct dw_audit *audit = dw_mock_audit("host");
	struct dw_report r = dw_mock_report(audit);
	struct dw_arena *a = audit->snapshot->arena;

	DW_CHECK_STR(dw_report_get(&r, "host", a), "db1");
	DW_CHECK_STR(dw_report_get(&r, "time", a), "2026-01-31T12:00:00Z");
	DW_CHECK_STR(dw_report_get(&r, "doors.1.port", a), "22");
	DW_CHECK_STR(dw_report_get(&r, "doors.1.owners.0.pid", a), "612");
	DW_CHECK_STR(dw_report_get(&r, "doors.1.owners.0.capabilities.10", a),
		     "cap_net_bind_service");
	DW_CHECK_STR(dw_report_get(&r, "doors.1.starter.enabled", a), "true");
	DW_CHECK_STR(dw_report_get(&r, "doors.1.exposure.bound", a), "any");
	DW_CHECK_STR(dw_report_get(&r, "incomplete.0.line", a), "12");
	DW_CHECK_INT(dw_report_count(&r, "doors"), r.n_doors);
	DW_CHECK_INT(dw_report_count(&r, "doors.1.owners"), 1);
	DW_CHECK_INT(dw_report_count(&r, "doors.1.owners.0.capabilities"), 41);
	dw_mock_free(audit);
}

DW_TEST(paths_that_lead_nowhere)
{
	static const char *const paths[] = {
		"",
		".",
		"nothing",
		"doors",
		"doors.",
		"doors.x",
		"doors.-1",
		"doors.99999",
		"doors.1",
		"doors.1.",
		"doors.1.starter",
		"doors.1.usage",
		"doors.1.usage.x",
		"host.x",
		"doors.1.owners.1.pid",
		"doors.18446744073709551616.port",
		"doors.1.owners.0.capabilities",
		"doors.1.owners.0.capabilities.41",
		"doors.1.owners.0.capabilities.1.x",
		"incomplete.1.file",
		"doors..port",
	};
	struct dw_audit *audit = dw_mock_audit("host");
	struct dw_report r = dw_mock_report(audit);

	for (size_t i = 0; i < DW_ARRAY_SIZE(paths); i++)
		DW_CHECK_STR(dw_report_get(&r, paths[i], audit->snapshot->arena), NULL);
	DW_CHECK_INT(dw_report_count(&r, "host"), 0);
	DW_CHECK_INT(dw_report_count(&r, "doors.99999.owners"), 0);
	DW_CHECK_INT(dw_report_count(&r, "doors.1.package_info"), 0);
	dw_mock_free(audit);
}

DW_TEST(unknown_is_null_and_not_no)
{
	struct dw_owner o = { .pid = 5, .seccomp = -1 };
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	for (const struct dw_field *f = dw_fields_owner; f->name; f++) {
		struct dw_value v;

		dw_field_read(f, a, &o, &v);

		DW_CHECK(v.known ==
			 (dw_streq(f->name, "pid") || dw_streq(f->name, "executable_state")));
		DW_CHECK(v.known || f->nullable);
	}
}

DW_TEST(capabilities_have_names)
{
	DW_CHECK_STR(dw_capability_name(0), "cap_chown");
	DW_CHECK_STR(dw_capability_name(13), "cap_net_raw");
	DW_CHECK_STR(dw_capability_name(21), "cap_sys_admin");
	DW_CHECK_STR(dw_capability_name(40), "cap_checkpoint_restore");
	DW_CHECK_STR(dw_capability_name(63), "cap_63");
}

DW_TEST(times_are_rfc3339)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	DW_CHECK_STR(dw_field_time(a, 0), "1970-01-01T00:00:00Z");
	DW_CHECK_STR(dw_field_time(a, 951782400), "2000-02-29T00:00:00Z");
	DW_CHECK_STR(dw_field_time(a, UINT64_MAX), "9999-12-31T23:59:59Z");
}

DW_TEST(outcome)
{
	static const struct {
		const char *which;
		unsigned outcome;
	} cases[] = { { "host", DW_REPORT_TO_DO },
		      { "calm", 0 },
		      { "blind", DW_REPORT_BLIND | DW_REPORT_NOT_ROOT },
		      { "empty", 0 } };

	for (size_t i = 0; i < DW_ARRAY_SIZE(cases); i++) {
		struct dw_audit *audit = dw_mock_audit(cases[i].which);
		struct dw_report r = dw_mock_report(audit);

		DW_CHECK_INT(dw_report_outcome(&r), cases[i].outcome);
		dw_mock_free(audit);
	}
}

DW_TEST(a_full_disk_is_told)
{
	struct dw_audit *audit = dw_mock_audit("many");
	struct dw_report r = dw_mock_report(audit);
	const struct dw_report_style style = { 0 };
	struct dw_error e = { 0 };
	FILE *full = fopen("/dev/full", "w");

	DW_CHECK(full != NULL);
	DW_CHECK(dw_report_json(&r, full, false, &e) < 0);
	DW_CHECK(e.message[0] != '\0');
	clearerr(full);
	DW_CHECK(dw_report_jsonl(&r, full, &e) < 0);
	clearerr(full);
	e.message[0] = '\0';
	DW_CHECK(dw_report_text(&r, full, &style, &e) < 0);
	DW_CHECK(e.message[0] != '\0');
	(void)fclose(full);
	dw_mock_free(audit);
}

DW_TEST_MAIN
