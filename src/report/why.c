/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Everything that is known of a door, on one screen. */
#include <ctype.h>
#include <string.h>

#include "dw_macros.h"
#include "why.h"

/* More stories than these nobody reads: the rest is listed. */
#define STORIES_MAX 5
/* Longer texts and names come from somebody who wants the rest of the story off the screen. */
#define TEXT_MAX       600
#define NAME_MAX_SHOWN 60

static void put_label(const struct story *s, const char *label)
{
	const char *on = s->style->colour && label ? DW_ANSI_BOLD : "";

	(void)fprintf(s->out, "%s%-*s%s", on, DW_STORY_LABEL, label ? label : "",
		      *on ? DW_ANSI_OFF : "");
}

void dw_story_put(const struct story *s, const char *label, const char *text)
{
	if (!text)
		return;
	put_label(s, label);
	dw_layout_wrap(s->out, dw_layout_cut(text, TEXT_MAX, false, s->a), DW_STORY_LABEL,
		       DW_STORY_LABEL, s->style->columns);
}

void dw_story_put_raw(const struct story *s, const char *label, const char *text)
{
	put_label(s, label);
	(void)fprintf(s->out, "%s\n", dw_cells_escape(text, s->a));
}

static const char *shown(const struct story *s, const char *text)
{
	return dw_cells_escape(text, s->a);
}

static void put_title(const struct story *s)
{
	const struct dw_report_door *d = s->doors[0];
	const struct dw_mark *m = dw_mark_of(d->verdict);
	const char *service = dw_cells_service(d, s->a);
	char verdict[16] = "";

	for (size_t i = 0; d->verdict && d->verdict[i] && i < sizeof(verdict) - 1; i++)
		verdict[i] = (char)toupper((unsigned char)d->verdict[i]);
	if (dw_streq(service, "-"))
		service = dw_cells_program(d->door, false, s->a);
	if (s->style->colour)
		(void)fprintf(s->out, DW_ANSI_BOLD "%s", m->colour);
	dw_layout_wrap(s->out,
		       dw_arena_printf(s->a, "%s %s: %s", s->addresses,
				       dw_layout_cut(service, NAME_MAX_SHOWN, false, s->a),
				       verdict),
		       0, 2, s->style->columns);
	if (s->style->colour)
		(void)fputs(DW_ANSI_OFF, s->out);
}

static void put_verdict(const struct story *s)
{
	const struct dw_report_door *d = s->doors[0];

	for (size_t i = 0; i < d->n_reasons; i++) {
		const struct dw_reason *v = &d->reasons[i];

		dw_story_put(s, i ? NULL : "Verdict",
			     dw_arena_printf(s->a, "%s%s%s [%s%s%s]", i ? "" : shown(s, d->verdict),
					     i ? "" : ": ", shown(s, v->text), shown(s, v->id),
					     v->source ? "; " : "",
					     v->source ? shown(s, v->source) : ""));
	}
	for (size_t i = 0; i < d->door->n_notes; i++)
		dw_story_put(s, i ? NULL : "Note", shown(s, d->door->notes[i].text));
}

static void put_closing(const struct story *s)
{
	const struct dw_service *v = s->doors[0]->service;
	unsigned connections = 0;
	struct dw_str text = { .arena = s->a };

	for (size_t i = 0; i < s->n; i++)
		connections += s->doors[i]->door->connections;
	if (v && v->loss)
		dw_str_add(&text, shown(s, v->loss));
	if (connections)
		dw_str_addf(&text, "%s%u connection%s may be cut.", text.n ? " " : "", connections,
			    connections == 1 ? "" : "s");
	dw_story_put(s, "Closing it", text.s);
	if (v && v->instead)
		dw_story_put(s, "Instead", shown(s, v->instead));
}

static void put_restricts(const struct story *s)
{
	const struct dw_service *v = s->doors[0]->service;

	for (const struct dw_service_restrict *r = v ? v->restricts : NULL; r && r->how; r++) {
		struct dw_str text = { .arena = s->a };

		dw_str_add(&text, shown(s, r->how));
		if (r->file)
			dw_str_addf(&text, ": in %s", shown(s, r->file));
		if (r->setting)
			dw_str_addf(&text, " \"%s\"", shown(s, r->setting));
		if (r->after)
			dw_str_addf(&text, ", then %s", shown(s, r->after));
		dw_story_put(s, r == v->restricts ? "Narrow it" : NULL, text.s);
	}
}

static void put_steps(const struct story *s)
{
	const struct dw_steps *v = s->doors[0]->steps;
	bool undo = false;

	for (size_t i = 0; v && i < v->n; i++)
		dw_story_put_raw(s, i ? NULL : "To close", v->v[i].command);
	for (size_t i = 0; v && i < v->n; i++)
		if (v->v[i].undo_command) {
			dw_story_put_raw(s, undo ? NULL : "To undo", v->v[i].undo_command);
			undo = true;
		}
	for (size_t i = 0; v && i < v->n_remarks; i++)
		dw_story_put(s, i ? NULL : v->n ? "But" : "To close", shown(s, v->remarks[i]));
}

static void put_story(const struct story *s)
{
	put_title(s);
	dw_story_what(s);
	dw_story_started(s);
	dw_story_reach(s);
	dw_story_users(s);
	dw_story_rights(s);
	dw_story_package(s);
	put_verdict(s);
	put_closing(s);
	put_restricts(s);
	put_steps(s);
}

/* --- which doors are one story -------------------------------------------------------------------- */

/* A program that nothing manages is told for itself. */
static bool stands_alone(const struct dw_door *d)
{
	return d->starter.kind == DW_STARTER_MANUAL || d->starter.kind == DW_STARTER_UNKNOWN;
}

static bool is_one(const struct dw_report_door *x, const struct dw_report_door *y)
{
	const struct dw_door *a = x->door, *b = y->door;

	if (a->kind != b->kind || a->at.netns != b->at.netns || x->service != y->service ||
	    !dw_streq0(x->verdict, y->verdict) || x->n_reasons != y->n_reasons ||
	    !dw_streq0(a->program, b->program) || a->starter.kind != b->starter.kind ||
	    !dw_streq0(a->starter.id, b->starter.id) ||
	    !dw_streq0(a->starter.source, b->starter.source) || !dw_streq0(a->target, b->target))
		return false;
	for (size_t i = 0; i < x->n_reasons; i++)
		if (!dw_streq0(x->reasons[i].text, y->reasons[i].text))
			return false;
	if (!stands_alone(a))
		return true;
	return a->n_owners == b->n_owners && (!a->n_owners || a->owners[0].pid == b->owners[0].pid);
}

#define ADDRESSES_SHOWN 12

/* As in the table: both families of a port, and ports in a row, are one word. */
static const char *addresses_of(const struct story *s)
{
	struct dw_report_door *doors = dw_arena_array(s->a, s->n, sizeof(*doors));
	struct dw_report part = { .doors = doors, .n_doors = s->n };
	struct dw_table_how how = { .merge = true, .sort = DW_SORT_PORT };
	struct dw_str text = { .arena = s->a };
	struct dw_rows rows;

	for (size_t i = 0; i < s->n; i++)
		doors[i] = *s->doors[i];
	rows = dw_rows_make(&part, &how, s->a);
	for (size_t i = 0; i < rows.n && i < ADDRESSES_SHOWN; i++)
		dw_str_addf(&text, "%s%s", i ? ", " : "", rows.v[i].cells[DW_CELL_DOOR]);
	if (rows.n > ADDRESSES_SHOWN)
		dw_str_addf(&text, " and %zu more", rows.n - ADDRESSES_SHOWN);
	return text.s;
}

struct stories {
	struct story *v;
	size_t n;
};

static struct stories stories_of(const struct dw_report *r, const struct dw_found *f,
				 const struct dw_report_style *style, FILE *out, struct dw_arena *a)
{
	struct stories all = { .v = dw_arena_array(a, f->n, sizeof(*all.v)) };
	bool *told = dw_arena_array(a, f->n, sizeof(*told));

	for (size_t i = 0; i < f->n; i++) {
		const struct dw_report_door **doors;
		struct story *s = &all.v[all.n];

		if (told[i])
			continue;
		doors = dw_arena_array(a, f->n - i, sizeof(const struct dw_report_door *));
		*s = (struct story){ .r = r, .doors = doors, .style = style, .out = out, .a = a };
		for (size_t k = i; k < f->n; k++)
			if (!told[k] && is_one(&f->doors[i], &f->doors[k])) {
				told[k] = true;
				doors[s->n++] = &f->doors[k];
			}
		s->addresses = addresses_of(s);
		all.n++;
	}
	return all;
}

static void put_list(const struct stories *all)
{
	const struct story *s = &all->v[0];

	dw_layout_wrap(s->out, dw_arena_printf(s->a, "%zu doors have that name:", all->n), 0, 0,
		       s->style->columns);
	for (size_t i = 0; i < all->n; i++) {
		(void)fputs("  ", s->out);
		dw_layout_wrap(
			s->out,
			dw_arena_printf(s->a, "%s %s: %s", all->v[i].addresses,
					dw_cells_program(all->v[i].doors[0]->door, false, s->a),
					shown(s, all->v[i].doors[0]->verdict)),
			2, 4, s->style->columns);
	}
	if (all->n > STORIES_MAX)
		(void)fprintf(s->out, "The first %d of them:\n", STORIES_MAX);
}

static void put_nothing(const struct dw_report *r, const struct dw_found *f, FILE *out,
			const struct dw_report_style *style, struct dw_arena *a)
{
	struct dw_str text = { .arena = a };

	dw_layout_wrap(out, dw_cells_escape(f->nothing, a), 0, 0, style->columns);
	for (size_t i = 0; i < f->nearby.n; i++)
		dw_str_addf(&text, "%s%s",
			    i ? ", " : "Near it: ", dw_cells_escape(f->nearby.v[i], a));
	if (text.n)
		dw_layout_wrap(out, text.s, 0, 0, style->columns);
	if (dw_report_outcome(r) & DW_REPORT_BLIND)
		dw_layout_wrap(out, "But not everything could be seen: doorward audit says what.",
			       0, 0, style->columns);
}

int dw_report_why_text(const struct dw_report *r, const struct dw_found *f, FILE *out,
		       const struct dw_report_style *style, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct stories all = { 0 };

	if (f->n == 0)
		put_nothing(r, f, out, style, a);
	else
		all = stories_of(r, f, style, out, a);
	if (all.n > 1)
		put_list(&all);
	for (size_t i = 0; i < all.n && i < STORIES_MAX; i++) {
		if (all.n > 1)
			(void)fputc('\n', out);
		put_story(&all.v[i]);
	}
	return dw_report_end(out, e);
}
