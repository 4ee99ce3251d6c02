/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Comma-separated values (RFC 4180), from the field table: one door a line. */
#include <string.h>

#include "dw_fields.h"
#include "dw_macros.h"
#include "dw_str.h"
#include "table.h"

/* path NULL: the ids of all reasons. */
static const struct {
	const char *title, *path;
} columns[] = {
	{ "protocol", "protocol" },
	{ "address", "address" },
	{ "port", "port" },
	{ "netns", "netns" },
	{ "kind", "kind" },
	{ "service", "service" },
	{ "program", "program" },
	{ "user", "owners.0.user" },
	{ "starter_kind", "starter.kind" },
	{ "starter_id", "starter.id" },
	{ "starter_source", "starter.source" },
	{ "package", "package" },
	{ "reach", "exposure.bound" },
	{ "verdict", "verdict" },
	{ "reasons", NULL },
	{ "chief_reason", "reasons.0.text" },
	{ "filtered", "exposure.filtered" },
};

/*
 * A spreadsheet runs what begins with = + - @ (some also with these letters as wide as Chinese ones), and a name may
 * come from somebody else: an apostrophe in front makes it text. Control characters are escaped as on a terminal, so
 * that a door stays on its line.
 */
static bool begins_formula(const char *s)
{
	static const char *const wide[] = { "\uff1d", "\uff0b", "\uff0d", "\uff20" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(wide); i++)
		if (dw_starts_with(s, wide[i]))
			return true;
	return *s && strchr("=+-@", *s);
}

static void put_cell(FILE *out, const char *text, struct dw_arena *a)
{
	const char *safe = dw_escape_terminal(a, text, strlen(text));
	const char *guard = begins_formula(safe) ? "'" : "";

	if (!safe[strcspn(safe, ",\"")]) {
		(void)fprintf(out, "%s%s", guard, safe);
		return;
	}
	(void)fprintf(out, "\"%s", guard);
	for (; *safe; safe++) {
		if (*safe == '"')
			(void)fputc('"', out);
		(void)fputc(*safe, out);
	}
	(void)fputc('"', out);
}

static const char *reason_ids(const struct dw_report_door *d, struct dw_arena *a)
{
	struct dw_str text = { .arena = a };

	for (size_t i = 0; i < d->n_reasons; i++)
		dw_str_addf(&text, "%s%s", i ? " " : "", d->reasons[i].id);
	return text.s;
}

int dw_report_csv(const struct dw_report *r, FILE *out, struct dw_error *e)
{
	for (size_t c = 0; c < DW_ARRAY_SIZE(columns); c++)
		(void)fprintf(out, "%s%s", c ? "," : "", columns[c].title);
	(void)fputs("\r\n", out);
	for (size_t i = 0; i < r->n_doors; i++) {
		_cleanup_arena_ struct dw_arena *a = dw_arena_new();

		for (size_t c = 0; c < DW_ARRAY_SIZE(columns); c++) {
			const char *path = columns[c].path;
			const char *text =
				path ? dw_field_get(dw_fields_door, &r->doors[i], path, a)
				     : reason_ids(&r->doors[i], a);

			if (c)
				(void)fputc(',', out);
			put_cell(out, text ? text : "", a);
		}
		(void)fputs("\r\n", out);
	}
	return dw_report_end(out, e);
}
