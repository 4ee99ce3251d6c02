/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All that is known of a host, gathered for one document. */
#include <errno.h>
#include <string.h>

#include "audit-private.h"
#include "change-private.h"
#include "diff-private.h"
#include "dw_compare_lib.h"
#include "dw_policy_file.h"
#include "dw_str.h"
#include "dw_whole_report.h"
#include "dw_write.h"
#include "host-private.h"
#include "usage-private.h"

/* What the lines of use cover. */
#define USAGE_SINCE ((unsigned long long)7 * 86400)
/* Doors whose closing is told command by command: the levers of each are asked for. */
#define STEPS_MAX 500

struct doorward_report {
	struct dw_arena *arena; /* the object itself lies in it */
	struct doorward *d;
	struct doorward_audit *audit;
	enum doorward_report_format format;
	struct dw_report doors; /* the audit's, with steps and what needs them */
	struct dw_report_whole whole;
	struct doorward_plan *plan;
	struct doorward_diff *diff;
	struct doorward_compare *compare;
	struct doorward_host *host;
	struct dw_report_plan told_plan;
	struct dw_report_compare told_compare;
	struct dw_report_usage usage;
	struct dw_report_history history;
};

static const unsigned everything = (1U << DW_WHOLE_PARTS) - 1;

/* Which sections a format has room for. */
static unsigned sections_of(enum doorward_report_format f)
{
	static const unsigned of[] = {
		[DOORWARD_REPORT_HTML] = everything,
		[DOORWARD_REPORT_MARKDOWN] = everything,
		[DOORWARD_REPORT_JSON] = everything,
		[DOORWARD_REPORT_JSON_INDENTED] = everything,
		[DOORWARD_REPORT_SARIF] = 1U << DW_WHOLE_HOST,
		[DOORWARD_REPORT_CSV] = 0,
		[DOORWARD_REPORT_NMAP_XML] = 0,
	};

	return of[f];
}

static int read_without(const char *words, unsigned *ret, struct dw_error *e)
{
	*ret = 0;
	for (const char *p = words ? words : ""; *p; p += strspn(p, ", ")) {
		size_t n = strcspn(p, ", ");
		enum dw_whole_part part = dw_whole_part_parse(p, n);

		if (part == DW_WHOLE_PARTS)
			return dw_error_set(e, -EINVAL,
					    "\"%.*s\" is no section: plan, changes, outside, host, "
					    "usage or history",
					    (int)DW_MIN(n, (size_t)64), p);
		*ret |= 1U << part;
		p += n;
	}
	return 0;
}

/* --- one section each: 0, or why it is not there ------------------------------------------------------ */

static int gather_plan(struct doorward_report *r, struct dw_error *e)
{
	int status = doorward_plan_make(r->d, r->audit, NULL, &r->plan);

	if (status < 0)
		return dw_error_set(e, status, "%s", r->d->error.message);
	r->told_plan = dw_change_plan_report(r->plan);
	r->whole.plan = &r->told_plan;
	return 0;
}

static int gather_changes(struct doorward_report *r, struct dw_error *e)
{
	int status = dw_diff_since_baseline(r->d, r->audit, &r->diff, e);

	if (status == 0)
		r->whole.changes = &r->diff->report;
	return status;
}

static int gather_outside(struct doorward_report *r, struct dw_error *e)
{
	int status = dw_compare_with_audit(r->d, r->audit, &r->compare, e);

	if (status == -ENOENT)
		return dw_error_set(e, status,
				    "no scan is kept: doorward scan TARGET, from another host or "
				    "from here, makes one");
	if (status < 0)
		return status;
	r->told_compare = dw_compare_report(r->compare, r->arena);
	r->whole.outside = &r->told_compare;
	return 0;
}

static int gather_host(struct doorward_report *r, struct dw_error *e)
{
	int status = doorward_host_look(r->d, r->audit, NULL, &r->host);

	if (status < 0)
		return dw_error_set(e, status, "%s", r->d->error.message);
	r->whole.host = &r->host->report;
	return 0;
}

static int gather_usage(struct doorward_report *r, struct dw_error *e)
{
	const struct doorward_usage_options o = { .size = sizeof(o),
						  .since = USAGE_SINCE,
						  .utf8 = 1 };
	int status = dw_lib_usage(r->d, &r->audit->report, &o, r->arena, &r->usage, e);

	if (status < 0)
		return status;
	if (!r->usage.recorded)
		return dw_error_set(
			e, -ENOENT,
			"nobody has watched this host's doors yet: doorward watch counts "
			"their use (systemctl enable --now doorward-watch)");
	r->whole.usage = &r->usage;
	return 0;
}

static int gather_history(struct doorward_report *r, struct dw_error *e)
{
	int status = dw_change_history(r->d, 0, r->arena, &r->history, e);

	if (status < 0)
		return status;
	r->history.now = r->audit->report.snapshot->time;
	r->whole.history = &r->history;
	return 0;
}

static const struct {
	int (*gather)(struct doorward_report *r, struct dw_error *e);
	bool of_the_journal; /* of the host that runs, not of a file system that is looked at */
} sections[DW_WHOLE_PARTS] = {
	[DW_WHOLE_PLAN] = { gather_plan, false },
	[DW_WHOLE_CHANGES] = { gather_changes, true },
	[DW_WHOLE_OUTSIDE] = { gather_outside, true },
	[DW_WHOLE_HOST] = { gather_host, false },
	[DW_WHOLE_USAGE] = { gather_usage, true },
	[DW_WHOLE_HISTORY] = { gather_history, true },
};

static struct dw_whole_section gather_one(struct doorward_report *r, enum dw_whole_part part)
{
	struct dw_error e = { 0 };
	int status;

	if (sections[part].of_the_journal && r->d->root && !dw_streq(r->d->root, "/"))
		return (struct dw_whole_section){ DW_WHOLE_NOTHING,
						  "this is a file system that does not run: the "
						  "journal here is of another host" };
	if (r->d->progress)
		r->d->progress(r->d->progress_data, dw_whole_part_name(part));
	status = sections[part].gather(r, &e);
	if (status == 0)
		return (struct dw_whole_section){ DW_WHOLE_TOLD, NULL };
	return (struct dw_whole_section){ status == -ENOENT ? DW_WHOLE_NOTHING : DW_WHOLE_FAILED,
					  *e.message ? dw_arena_strdup(r->arena, e.message)
						     : NULL };
}

/* --- what `why` tells of a door ----------------------------------------------------------------------- */

static bool is_worth_steps(const struct dw_report_door *d)
{
	return d->verdict && !dw_streq(d->verdict, "keep");
}

/* Of what is kept nobody wants to be told how to close it. */
static void look_closer(struct doorward_report *r)
{
	const struct dw_report *given = &r->audit->report;
	struct dw_report_door *v =
		dw_arena_memdup(r->arena, given->doors, given->n_doors * sizeof(*given->doors));
	struct dw_report_door *some = dw_arena_array(r->arena, given->n_doors, sizeof(*some));
	size_t *which = dw_arena_array(r->arena, given->n_doors, sizeof(*which)), n = 0;

	for (size_t i = 0; i < given->n_doors && n < STEPS_MAX; i++)
		if (is_worth_steps(&v[i])) {
			which[n] = i;
			some[n++] = v[i];
		}
	dw_lib_look_closer(r->audit->audit, some, n, r->arena);
	dw_lib_tell_steps(r->audit->audit, some, n, r->arena);
	for (size_t i = 0; i < n; i++)
		v[which[i]] = some[i];
	r->doors.doors = v;
}

static bool tells_stories(enum doorward_report_format f)
{
	return f == DOORWARD_REPORT_HTML || f == DOORWARD_REPORT_MARKDOWN;
}

/* --- the calls ---------------------------------------------------------------------------------------- */

static void gather(struct doorward_report *r, unsigned without)
{
	unsigned wanted = sections_of(r->format);

	for (size_t i = 0; i < DW_WHOLE_PARTS; i++)
		if (without & 1U << i)
			r->whole.sections[i].state = DW_WHOLE_LEFT_OUT;
		else if (wanted & 1U << i)
			r->whole.sections[i] = gather_one(r, (enum dw_whole_part)i);
	r->doors = r->audit->report;
	if (tells_stories(r->format))
		look_closer(r);
	r->whole.audit = &r->doors;
}

int doorward_report_make(struct doorward *d, struct doorward_audit *audit,
			 const struct doorward_report_options *given, struct doorward_report **ret)
{
	struct doorward_report_options o = { 0 };
	struct dw_error *e = dw_facade_begin(d);
	struct doorward_report *r;
	struct dw_arena *a;
	unsigned without;
	int status;

	memcpy(&o, given, DW_MIN(given->size, sizeof(o)));
	if (o.format < DOORWARD_REPORT_HTML || o.format > DOORWARD_REPORT_NMAP_XML)
		return dw_error_set(
			e, -EINVAL,
			"a report is written as HTML, Markdown, CSV, JSON, SARIF or XML of nmap's");
	status = read_without(o.without, &without, e);
	if (status < 0)
		return status;
	a = dw_arena_new();
	r = dw_new(a, struct doorward_report);
	r->arena = a;
	r->d = d;
	r->audit = audit;
	r->format = o.format;
	r->whole.command = o.command ? dw_arena_strdup(a, o.command) : NULL;
	gather(r, without);
	(void)dw_facade_begin(d); /* what a section could not do is told in the document */
	*ret = r;
	return 0;
}

void doorward_report_free(struct doorward_report *r)
{
	if (!r)
		return;
	doorward_plan_free(r->plan);
	doorward_diff_free(r->diff);
	doorward_compare_free(r->compare);
	doorward_host_free(r->host);
	dw_arena_free(r->arena);
}

unsigned doorward_report_outcome(const struct doorward_report *r)
{
	return dw_report_whole_outcome(&r->whole);
}

int doorward_report_write(struct doorward *d, const struct doorward_report *r, FILE *out)
{
	struct dw_error *e = dw_facade_begin(d);

	switch (r->format) {
	case DOORWARD_REPORT_HTML:
		return dw_report_whole_html(&r->whole, out, e);
	case DOORWARD_REPORT_MARKDOWN:
		return dw_report_whole_markdown(&r->whole, out, e);
	case DOORWARD_REPORT_CSV:
		return dw_report_csv(&r->audit->report, out, e);
	case DOORWARD_REPORT_JSON:
		return dw_report_whole_json(&r->whole, out, false, e);
	case DOORWARD_REPORT_JSON_INDENTED:
		return dw_report_whole_json(&r->whole, out, true, e);
	case DOORWARD_REPORT_SARIF:
		return dw_report_whole_sarif(&r->whole, out, e);
	case DOORWARD_REPORT_NMAP_XML:
		return dw_report_inside_xml(&r->audit->report, r->whole.command, out, e);
	}
	return dw_error_set(
		e, -EINVAL,
		"a report is written as HTML, Markdown, CSV, JSON, SARIF or XML of nmap's");
}

static int save(const char *file, char *text, size_t n, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_sys_ struct dw_sys *s = NULL;
	const struct dw_entry want = { .type = DW_ENTRY_FILE,
				       .content = { .data = text, .n = n },
				       .mode = 0600,
				       .uid = geteuid(),
				       .gid = getegid() };
	int r = dw_sys_open(NULL, &s, e);

	if (r == 0)
		r = dw_policy_absolute(a, file, &file, e);
	return r < 0 ? r : dw_sys_entry_write(s, file, &want, e);
}

int doorward_report_save(struct doorward *d, const struct doorward_report *r, const char *file)
{
	struct dw_error *e = dw_facade_begin(d);
	_cleanup_free_ char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	int status;

	if (!out)
		return dw_error_errno(e, -errno, "%s", file);
	status = doorward_report_write(d, r, out);
	if (fclose(out) != 0 && status == 0)
		status = dw_error_errno(e, -errno, "%s", file);
	return status < 0 ? status : save(file, text, n, e);
}
