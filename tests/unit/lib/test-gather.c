/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a report has of a host: what is there is told, what is not there yet and what could not be had says why. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "dw_json.h"
#include "dw_macros.h"
#include "dw_test.h"
#include "world.h"

struct looked {
	struct doorward_audit *audit;
	struct doorward_report *report;
	struct dw_json_value *json;
};

static struct looked look(struct world *w, const char *without)
{
	const struct doorward_report_options o = { .size = sizeof(o),
						   .format = DOORWARD_REPORT_JSON,
						   .without = without,
						   .command = "doorward report" };
	struct looked l = { 0 };
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	doorward_set_addresses(w->d, 1);
	DW_CHECK_INT(doorward_audit_run(w->d, &l.audit), 0);
	DW_CHECK_INT(doorward_report_make(w->d, l.audit, &o, &l.report), 0);
	DW_CHECK_INT(doorward_report_write(w->d, l.report, out), 0);
	(void)fclose(out);
	DW_CHECK_INT(dw_json_parse(text, n, &l.json, NULL), 0);
	free(text);
	return l;
}

static void looked_free(struct looked *l)
{
	dw_json_free(l->json);
	doorward_report_free(l->report);
	doorward_audit_free(l->audit);
}

static const struct dw_json_value *section(const struct looked *l, const char *name)
{
	const struct dw_json_value *all = dw_json_get(l->json, "sections", NULL);

	for (size_t i = 0; i < dw_json_count(all); i++)
		if (strcmp(dw_json_text(dw_json_get(dw_json_at(all, i, NULL), "name", NULL)),
			   name) == 0)
			return dw_json_at(all, i, NULL);
	return NULL;
}

static const char *state(const struct looked *l, const char *name)
{
	return dw_json_text(dw_json_get(section(l, name), "state", NULL));
}

static const char *why(const struct looked *l, const char *name)
{
	const char *text = dw_json_text(dw_json_get(section(l, name), "why", NULL));

	return text ? text : "";
}

DW_TEST(what_is_not_there_yet_says_so)
{
	struct world *w = world_new();
	struct looked l = look(w, "host");

	DW_CHECK_STR(state(&l, "plan"), "told");
	DW_CHECK_STR(state(&l, "history"), "told");
	DW_CHECK_STR(state(&l, "host"), "left-out");
	DW_CHECK_STR(state(&l, "changes"), "nothing");
	DW_CHECK(strstr(why(&l, "changes"), "doorward baseline save"));
	DW_CHECK_STR(state(&l, "outside"), "nothing");
	DW_CHECK_STR(state(&l, "usage"), "nothing");
	DW_CHECK(strstr(why(&l, "usage"), "doorward watch"));
	DW_CHECK(dw_json_is_null(dw_json_get(l.json, "changes", NULL)));
	DW_CHECK_INT(dw_json_count(dw_json_get(l.json, "audit", "doors", NULL)),
		     doorward_audit_count(l.audit, "doors"));
	DW_CHECK_STR(doorward_last_error(w->d), "");
	looked_free(&l);
	world_free(w);
}

DW_TEST(a_baseline_and_a_run_are_told)
{
	static const char *const toy[] = { "toy.service", NULL };
	struct world *w = world_new();
	struct looked l = look(w, "host");
	struct world_plan p = world_plan(w, toy);
	long long number = 0, run = 0;
	int64_t went = 0;

	DW_CHECK_INT(doorward_baseline_save(w->d, l.audit, "before", &number), 0);
	looked_free(&l);
	DW_CHECK_INT(doorward_close(w->d, p.plan,
				    &(struct doorward_close_options){
					    .size = sizeof(struct doorward_close_options) },
				    &run),
		     0);
	world_plan_free(&p);
	l = look(w, "host,plan");
	DW_CHECK_STR(state(&l, "changes"), "told");
	DW_CHECK_STR(state(&l, "plan"), "left-out");
	DW_CHECK(dw_json_number(dw_json_get(l.json, "changes", "went", NULL), &went));
	DW_CHECK_INT(went, 1);
	DW_CHECK_INT(dw_json_count(dw_json_get(l.json, "history", "runs", NULL)), 1);
	looked_free(&l);
	world_free(w);
}

/* Others may write to the journal's directory: it is not believed. */
DW_TEST(what_cannot_be_had_is_told_and_counts)
{
	struct world *w = world_new();
	struct looked l = look(w, "host");
	long long number = 0;
	unsigned before = doorward_report_outcome(l.report);

	DW_CHECK_INT(doorward_baseline_save(w->d, l.audit, NULL, &number), 0);
	looked_free(&l);
	if (chmod(w->state, 0777) != 0)
		abort();
	l = look(w, "host");
	DW_CHECK_STR(state(&l, "history"), "failed");
	DW_CHECK_STR(state(&l, "changes"), "failed");
	DW_CHECK(*why(&l, "history") != '\0');
	DW_CHECK_INT(doorward_report_outcome(l.report), before | DOORWARD_BLIND);
	looked_free(&l);
	world_free(w);
}

DW_TEST(formats_and_names_are_checked)
{
	struct world *w = world_new();
	struct doorward_audit *audit = NULL;
	struct doorward_report *r = NULL;
	struct doorward_report_options o = { .size = sizeof(o) };

	DW_CHECK_INT(doorward_audit_run(w->d, &audit), 0);
	DW_CHECK_INT(doorward_report_make(w->d, audit, &o, &r), -EINVAL);
	o.format = DOORWARD_REPORT_HTML;
	o.without = "plan,hosts";
	DW_CHECK_INT(doorward_report_make(w->d, audit, &o, &r), -EINVAL);
	DW_CHECK(strstr(doorward_last_error(w->d), "\"hosts\" is no section"));
	DW_CHECK(r == NULL);
	doorward_audit_free(audit);
	world_free(w);
}

static char *slurp(const char *file)
{
	char *text = calloc(1, 100000);
	FILE *f = fopen(file, "r");

	if (!text || !f)
		abort();
	(void)!fread(text, 1, 99999, f);
	(void)fclose(f);
	return text;
}

DW_TEST(a_file_is_written_whole)
{
	struct world *w = world_new();
	struct looked l = look(w, "host,plan,history");
	char file[128], *text;
	struct stat st;

	(void)snprintf(file, sizeof(file), "%s/report", w->dir);
	DW_CHECK_INT(doorward_report_save(w->d, l.report, file), 0);
	DW_CHECK_INT(stat(file, &st), 0);
	DW_CHECK_INT(st.st_mode & 07777, 0600);
	text = slurp(file);
	DW_CHECK_INT(strlen(text), st.st_size);
	DW_CHECK(strncmp(text, "{\"host\":", 8) == 0);
	free(text);
	(void)snprintf(file, sizeof(file), "%s/none/report", w->dir);
	DW_CHECK_INT(doorward_report_save(w->d, l.report, file), -ENOENT);
	DW_CHECK_INT(doorward_report_save(w->d, l.report, "/dev/full"), -EINVAL);
	looked_free(&l);
	world_free(w);
}

DW_TEST_MAIN
