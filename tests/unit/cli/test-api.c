/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The public API, as a program outside the project would use it. */
#include <errno.h>

#include "doorward/doorward.h"
#include "dw_test.h"

static struct doorward_audit *audited(const char *which)
{
	struct doorward *d = doorward_new();
	struct doorward_audit *audit = NULL;

	DW_CHECK_INT(setenv("DOORWARD_MOCK", which, 1), 0);
	DW_CHECK_INT(doorward_audit_run(d, &audit), 0);
	doorward_free(d); /* the audit must not need it any more */
	return audit;
}

DW_TEST(values_and_counts)
{
	struct doorward_audit *audit = audited("blind");

	DW_CHECK_INT(doorward_audit_count(audit, "doors"), 3);
	DW_CHECK_STR(doorward_audit_get(audit, "doors.0.port"), "22");
	DW_CHECK_STR(doorward_audit_get(audit, "doors.0.starter.id"), "ssh.service");
	DW_CHECK_STR(doorward_audit_get(audit, "doors.0.usage"), NULL);
	DW_CHECK_STR(doorward_audit_get(audit, "incomplete.0.what"), "not-root");
	DW_CHECK_STR(doorward_audit_get(audit, "version"), doorward_version());
	DW_CHECK_INT(doorward_audit_outcome(audit), DOORWARD_BLIND | DOORWARD_NOT_ROOT);
	doorward_audit_free(audit);
	audit = audited("host");
	DW_CHECK_INT(doorward_audit_outcome(audit), DOORWARD_TO_DO);
	doorward_audit_free(audit);
	doorward_audit_free(NULL);
	doorward_free(NULL);
}

DW_TEST(wrong_settings_are_refused_with_a_sentence)
{
	struct doorward *d = doorward_new();

	DW_CHECK_STR(doorward_last_error(d), "");
	DW_CHECK_INT(doorward_set_method(d, "magic"), -EINVAL);
	DW_CHECK(strstr(doorward_last_error(d), "magic") != NULL);
	DW_CHECK_INT(doorward_set_method(d, "netlink"), 0);
	DW_CHECK_STR(doorward_last_error(d), "");
	DW_CHECK_INT(doorward_set_root(d, "/nonexistent/place"), -ENOENT);
	DW_CHECK(strstr(doorward_last_error(d), "/nonexistent/place") != NULL);
	DW_CHECK_INT(doorward_set_root(d, "/dev/null"), -ENOTDIR);
	DW_CHECK_INT(doorward_set_root(d, "/"), 0);
	DW_CHECK_INT(doorward_set_root(d, NULL), 0);
	doorward_free(d);
}

DW_TEST(an_audit_that_fails)
{
	struct doorward *d = doorward_new();
	struct doorward_audit *audit = NULL;

	DW_CHECK_INT(setenv("DOORWARD_MOCK", "failure", 1), 0);
	DW_CHECK_INT(doorward_audit_run(d, &audit), -EIO);
	DW_CHECK(audit == NULL);
	DW_CHECK(doorward_last_error(d)[0] != '\0');
	doorward_free(d);
}

static void note_part(void *data, const char *part)
{
	DW_CHECK_STR(part, "sockets");
	(*(int *)data)++;
}

DW_TEST(progress_is_told)
{
	struct doorward *d = doorward_new();
	struct doorward_audit *audit = NULL;
	int parts = 0;

	DW_CHECK_INT(setenv("DOORWARD_MOCK", "calm", 1), 0);
	doorward_set_progress(d, note_part, &parts);
	DW_CHECK_INT(doorward_audit_run(d, &audit), 0);
	DW_CHECK_INT(parts, 1);
	doorward_audit_free(audit);
	doorward_free(d);
}

/* What is written in the format; to be freed. */
static char *written(struct doorward_audit *audit, enum doorward_format format,
		     const struct doorward_style *style)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	DW_CHECK_INT(doorward_audit_write(audit, format, out, style), 0);
	(void)fclose(out);
	return text;
}

DW_TEST(why_and_choices)
{
	struct doorward_audit *audit = audited("host");
	struct doorward_style style = { .size = sizeof(style), .only = "close", .sort = "port" };
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	DW_CHECK_INT(doorward_audit_why(audit, "23/tcp", DOORWARD_TEXT, out, NULL), DOORWARD_TO_DO);
	DW_CHECK_INT(doorward_audit_why(audit, "ssh", DOORWARD_JSON, out, NULL), 0);
	DW_CHECK_INT(doorward_audit_why(audit, "9999", DOORWARD_TEXT, out, NULL), 0);
	DW_CHECK_STR(doorward_audit_last_error(audit), "");
	DW_CHECK_INT(doorward_audit_why(audit, "22/foo", DOORWARD_TEXT, out, NULL), -EINVAL);
	DW_CHECK(strstr(doorward_audit_last_error(audit), "foo") != NULL);
	DW_CHECK_INT(doorward_audit_why(audit, "ssh", DOORWARD_CSV, out, NULL), -EINVAL);
	(void)fclose(out);
	DW_CHECK(strstr(text, "telnet: CLOSE") != NULL &&
		 strstr(text, "{\"query\":\"ssh\"") != NULL);
	free(text);
	text = written(audit, DOORWARD_CSV, &style);
	DW_CHECK(strstr(text, "in.telnetd") != NULL && strstr(text, "sshd") == NULL);
	free(text);
	style.only = "closed";
	DW_CHECK_INT(doorward_audit_write(audit, DOORWARD_JSON, stdout, &style), -EINVAL);
	style.only = NULL;
	style.sort = "size";
	DW_CHECK_INT(doorward_audit_write(audit, DOORWARD_TEXT, stdout, &style), -EINVAL);
	doorward_audit_free(audit);
}

/* Two doors may have one name; a place has one door. */
DW_TEST(doors_by_their_places)
{
	struct doorward_audit *audit = audited("host");
	size_t n = doorward_audit_count(audit, "doors"), place = 0, beyond = n;
	struct doorward_plan_options o = { .size = sizeof(o), .places = &place, .n_places = 1 };
	struct doorward *d = doorward_new();
	struct doorward_plan *plan = NULL;
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	while (place < n && strcmp(doorward_audit_row(audit, place).door, "0.0.0.0:23/tcp") != 0)
		place++;
	DW_CHECK(place < n);
	DW_CHECK_INT(doorward_audit_why_at(audit, &place, 1, DOORWARD_TEXT, out, NULL),
		     DOORWARD_TO_DO);
	DW_CHECK_INT(doorward_audit_why_at(audit, &beyond, 1, DOORWARD_TEXT, out, NULL), -EINVAL);
	DW_CHECK_INT(doorward_audit_why_at(audit, NULL, 0, DOORWARD_TEXT, out, NULL), -EINVAL);
	DW_CHECK_INT(doorward_plan_make(d, audit, &o, &plan), 0);
	DW_CHECK_INT(doorward_plan_write(d, plan, DOORWARD_TEXT, out, NULL), 0);
	doorward_plan_free(plan);
	o.places = &beyond;
	DW_CHECK_INT(doorward_plan_make(d, audit, &o, &plan), -EINVAL);
	(void)fclose(out);
	DW_CHECK(strncmp(text, "0.0.0.0:23/tcp telnet: CLOSE", 28) == 0);
	DW_CHECK(strstr(text, "Nothing is known that closes it") != NULL);
	DW_CHECK(strstr(text, "31337") == NULL);
	free(text);
	doorward_audit_free(audit);
	doorward_free(d);
}

DW_TEST(formats)
{
	struct doorward_audit *audit = audited("host");
	/* A caller from before `wide` and `quiet` were there: what lies behind its size is not looked at. */
	struct doorward_style older = { .size = offsetof(struct doorward_style, wide),
					.columns = 80,
					.quiet = 1 };
	char *text = written(audit, DOORWARD_JSON, NULL);

	DW_CHECK(text[0] == '{' && strchr(text, '\n') == text + strlen(text) - 1);
	free(text);
	text = written(audit, DOORWARD_JSON_INDENTED, NULL);
	DW_CHECK(strncmp(text, "{\n  \"host\"", 10) == 0);
	free(text);
	text = written(audit, DOORWARD_JSONL, NULL);
	DW_CHECK(strncmp(text, "{\"protocol\"", 11) == 0);
	free(text);
	text = written(audit, DOORWARD_TEXT, &older);
	DW_CHECK(strncmp(text, "db1 has ", 8) == 0);
	free(text);
	DW_CHECK_INT(doorward_audit_write(audit, (enum doorward_format)99, stdout, NULL), -EINVAL);
	doorward_audit_free(audit);
}

DW_TEST_MAIN
