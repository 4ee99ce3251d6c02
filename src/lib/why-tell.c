/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The story of doors, by the word that names them or by their places. */
#include <errno.h>

#include "audit-private.h"
#include "change-private.h"
#include "facade-private.h"
#include "dw_report.h"

static int tell(struct doorward_audit *a, const struct dw_found *f, enum doorward_format format,
		FILE *out, const struct dw_report_style *s)
{
	switch (format) {
	case DOORWARD_TEXT:
		return dw_report_why_text(&a->report, f, out, s, &a->error);
	case DOORWARD_JSON:
		return dw_report_why_json(f, out, false, &a->error);
	case DOORWARD_JSON_INDENTED:
		return dw_report_why_json(f, out, true, &a->error);
	case DOORWARD_JSONL:
	case DOORWARD_CSV:
		break;
	}
	return dw_error_set(&a->error, -EINVAL, "the story of a door is written as text or JSON");
}

/* A door that is not there, because doorward closed it. */
static void tell_closed(const struct doorward_audit *a, const char *door, struct dw_arena *arena,
			struct dw_found *f)
{
	const char *closed = a->audit->fake || !a->audit->looked
				     ? NULL
				     : dw_change_closed_by(a->audit->root, a->state, door, arena);

	if (closed)
		f->nothing = dw_arena_printf(arena, "%s %s", f->nothing, closed);
}

/* Bits of these doors; or what went wrong. */
static int tell_found(struct doorward_audit *a, struct dw_found *f, enum doorward_format format,
		      FILE *out, const struct dw_report_style *s, struct dw_arena *arena)
{
	struct dw_report part;
	int r;

	dw_lib_look_closer(a->audit, f->doors, f->n, arena);
	dw_lib_tell_steps(a->audit, f->doors, f->n, arena);
	r = tell(a, f, format, out, s);
	part = (struct dw_report){ .snapshot = a->report.snapshot,
				   .doors = f->doors,
				   .n_doors = f->n };
	return r < 0 ? r : (int)dw_report_status(&part);
}

int doorward_audit_why(struct doorward_audit *a, const char *door, enum doorward_format format,
		       FILE *out, const struct doorward_style *style)
{
	_cleanup_arena_ struct dw_arena *arena = dw_arena_new();
	struct dw_report_style s;
	struct dw_found f = { 0 };
	int r = dw_facade_audit_style(a, style, &s);

	if (r == 0)
		r = dw_report_find(&a->report, door, arena, &f, &a->error);
	if (r < 0)
		return r;
	if (f.n == 0)
		tell_closed(a, door, arena, &f);
	return tell_found(a, &f, format, out, &s, arena);
}

int doorward_audit_why_at(struct doorward_audit *a, const size_t *places, size_t n,
			  enum doorward_format format, FILE *out,
			  const struct doorward_style *style)
{
	_cleanup_arena_ struct dw_arena *arena = dw_arena_new();
	struct dw_found f = { .query = "" };
	struct dw_report_style s;
	int r = dw_facade_audit_style(a, style, &s);

	if (r < 0)
		return r;
	f.doors = dw_arena_array(arena, n + 1, sizeof(*f.doors));
	for (size_t i = 0; i < n; i++) {
		if (places[i] >= a->report.n_doors)
			return dw_error_set(&a->error, -EINVAL, "the audit has no door %zu",
					    places[i]);
		f.doors[f.n++] = a->report.doors[places[i]];
	}
	if (f.n == 0)
		return dw_error_set(&a->error, -EINVAL, "of which door?");
	f.query = dw_endpoint_text(arena, &f.doors[0].door->at);
	return tell_found(a, &f, format, out, &s, arena);
}
