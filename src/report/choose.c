/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Verdicts as people see them, and which doors are told in which order. */
#include <errno.h>
#include <string.h>

#include "dw_macros.h"
#include "dw_str.h"
#include "table.h"

const struct dw_mark dw_marks[DW_MARKS] = {
	{ "investigate", '!', "\x1b[1;31m", true, "Look into", "look into", "" },
	{ "close", 'x', "\x1b[33m", true, "Close", "close", "" },
	{ "restrict", '~', "\x1b[33m", true, "Restrict", "restrict", "" },
	{ "ask", ' ', "", false, "You decide", "decide about", "" },
	{ "unknown", '?', "", false, "Could not look", "could not look at", "" },
	{ "keep", ' ', "", false, "Keep", "", " fine" },
	{ NULL, ' ', "", false, "Other", "", " other" },
};

const struct dw_mark *dw_mark_of(const char *verdict)
{
	const struct dw_mark *m = dw_marks;

	while (m->verdict && !dw_streq0(m->verdict, verdict))
		m++;
	return m;
}

size_t dw_mark_rank(const char *verdict)
{
	return (size_t)(dw_mark_of(verdict) - dw_marks);
}

static unsigned outcome(const struct dw_report *r, bool unknown_is_blind)
{
	unsigned found = 0;

	for (size_t i = 0; i < r->n_doors; i++) {
		if (dw_mark_of(r->doors[i].verdict)->to_do)
			found |= DW_REPORT_TO_DO;
		if (unknown_is_blind && dw_streq(r->doors[i].verdict, "unknown"))
			found |= DW_REPORT_BLIND;
	}
	for (size_t i = 0; i < r->snapshot->n_incomplete; i++) {
		if (r->snapshot->incomplete[i].blind)
			found |= DW_REPORT_BLIND;
		if (dw_streq(r->snapshot->incomplete[i].what, "not-root"))
			found |= DW_REPORT_NOT_ROOT;
	}
	return found;
}

unsigned dw_report_outcome(const struct dw_report *r)
{
	return outcome(r, false);
}

unsigned dw_report_status(const struct dw_report *r)
{
	return outcome(r, true);
}

int dw_report_only(const char *list, unsigned *ret, struct dw_error *e)
{
	unsigned verdicts = 0;

	for (const char *p = list;; p++) {
		size_t n = strcspn(p, ","), i = 0;

		while (dw_marks[i].verdict &&
		       (strlen(dw_marks[i].verdict) != n || memcmp(dw_marks[i].verdict, p, n) != 0))
			i++;
		if (!dw_marks[i].verdict)
			return dw_error_set(e, -EINVAL,
					    "\"%.*s\" is no verdict: investigate, close, restrict, "
					    "ask, unknown or keep",
					    (int)DW_MIN(n, (size_t)64), p);
		verdicts |= 1U << i;
		p += n;
		if (*p == '\0')
			break;
	}
	*ret = verdicts;
	return 0;
}

int dw_report_sort(const char *name, enum dw_report_sort *ret, struct dw_error *e)
{
	static const char *const names[DW_SORT_COUNT] = {
		[DW_SORT_NONE] = "",           [DW_SORT_URGENCY] = "urgency",
		[DW_SORT_PORT] = "port",       [DW_SORT_SERVICE] = "service",
		[DW_SORT_PROGRAM] = "program", [DW_SORT_USER] = "user",
		[DW_SORT_STARTER] = "starter",
	};

	for (size_t i = DW_SORT_URGENCY; i < DW_SORT_COUNT; i++)
		if (dw_streq(names[i], name)) {
			*ret = (enum dw_report_sort)i;
			return 0;
		}
	return dw_error_set(e, -EINVAL,
			    "no order is called %.64s: urgency, port, service, program, user or "
			    "starter",
			    name);
}

bool dw_is_chosen(const struct dw_report_choice *c, const char *verdict)
{
	return c->verdicts == 0 || (c->verdicts & 1U << dw_mark_rank(verdict)) != 0;
}

static void sort(struct dw_report *r, enum dw_report_sort by, struct dw_arena *a)
{
	struct dw_table_how how = { .program = true, .sort = by };
	struct dw_rows rows = dw_rows_make(r, &how, a);
	struct dw_report_door *doors = dw_arena_array(a, rows.n, sizeof(*doors));

	for (size_t i = 0; i < rows.n; i++)
		doors[i] = *rows.v[i].first;
	r->doors = doors;
}

struct dw_report dw_report_choose(const struct dw_report *r, const struct dw_report_choice *c,
				  struct dw_arena *a)
{
	struct dw_report chosen = *r;

	if (c->verdicts) {
		struct dw_report_door *doors = dw_arena_array(a, r->n_doors, sizeof(*doors));

		chosen.doors = doors;
		chosen.n_doors = 0;
		for (size_t i = 0; i < r->n_doors; i++)
			if (dw_is_chosen(c, r->doors[i].verdict))
				doors[chosen.n_doors++] = r->doors[i];
	}
	if (c->sort != DW_SORT_NONE)
		sort(&chosen, c->sort, a);
	return chosen;
}
