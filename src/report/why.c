/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Everything that is known of a door, on one screen. */
#include <ctype.h>
#include <string.h>

#include "dw_macros.h"
#include "dw_parse.h"
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
	if (s->put) {
		s->put(s->data, label, text, false);
		return;
	}
	put_label(s, label);
	dw_layout_wrap(s->out, dw_layout_cut(text, TEXT_MAX, false, s->a), DW_STORY_LABEL,
		       DW_STORY_LABEL, s->style->columns);
}

void dw_story_put_raw(const struct story *s, const char *label, const char *text)
{
	if (s->put) {
		s->put(s->data, label, text, true);
		return;
	}
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

static void put_reasons(const struct story *s, const char *label, const char *head,
			const struct story_reasons *all)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct story_reason *r = &all->v[i];

		dw_story_put(s, i ? NULL : label,
			     dw_arena_printf(s->a, "%s%s%s [%s%s%s]", i ? "" : head, r->whose,
					     shown(s, r->reason->text), shown(s, r->reason->id),
					     r->reason->source ? "; " : "",
					     r->reason->source ? shown(s, r->reason->source) : ""));
	}
	if (all->more)
		dw_story_put(s, NULL, dw_arena_printf(s->a, "and %zu more", all->more));
}

static void put_verdict(const struct story *s)
{
	struct story_reasons reasons = dw_story_reasons(s), notes = dw_story_notes(s);

	put_reasons(s, "Verdict", dw_arena_printf(s->a, "%s: ", shown(s, s->doors[0]->verdict)),
		    &reasons);
	for (size_t i = 0; i < notes.n; i++)
		dw_story_put(s, i ? NULL : "Note",
			     dw_arena_printf(s->a, "%s%s", notes.v[i].whose,
					     shown(s, notes.v[i].reason->text)));
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

/* Settings of several lines stand under the sentence as they stand in the file. */
static void put_setting(const struct story *s, const char *setting)
{
	struct dw_lines lines = { .p = setting, .end = setting + strlen(setting) };
	const char *line;
	size_t n;

	while (dw_lines_next(&lines, &line, &n))
		dw_story_put_raw(s, NULL, dw_arena_printf(s->a, "    %.*s", (int)n, line));
}

static void put_restrict(const struct story *s, const char *label,
			 const struct dw_service_restrict *r)
{
	const char *setting = r->setting ? dw_str_one_line(s->a, r->setting) : NULL;
	bool lines = r->setting && !setting;
	struct dw_str text = { .arena = s->a };

	dw_str_add(&text, shown(s, r->how));
	if (r->file)
		dw_str_addf(&text, ": in %s", shown(s, r->file));
	if (lines)
		dw_str_add(&text, ":");
	if (setting && *setting)
		dw_str_addf(&text, " \"%s\"", shown(s, setting));
	if (r->after && !lines)
		dw_str_addf(&text, ", then %s", shown(s, r->after));
	dw_story_put(s, label, text.s);
	if (!lines)
		return;
	put_setting(s, r->setting);
	if (r->after)
		dw_story_put(s, NULL, dw_arena_printf(s->a, "then %s", shown(s, r->after)));
}

static void put_restricts(const struct story *s)
{
	const struct dw_service *v = s->doors[0]->service;

	for (const struct dw_service_restrict *r = v ? v->restricts : NULL; r && r->how; r++)
		put_restrict(s, r == v->restricts ? "Narrow it" : NULL, r);
}

static bool is_remarked(const struct story *s, size_t doors, const char *text)
{
	for (size_t i = 0; i < doors; i++) {
		const struct dw_steps *v = s->doors[i]->steps;

		for (size_t k = 0; v && k < v->n_remarks; k++)
			if (dw_streq(v->remarks[k], text))
				return true;
	}
	return false;
}

static void put_remarks(const struct story *s, const char *label)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct dw_steps *v = s->doors[i]->steps;

		for (size_t k = 0; v && k < v->n_remarks; k++) {
			if (is_remarked(s, i, v->remarks[k]))
				continue;
			dw_story_put(s, label, shown(s, v->remarks[k]));
			label = NULL;
		}
	}
}

/* What is only done when something is left is not worth a line; one command may do several steps in a row. */
static bool is_worth_a_line(const struct dw_steps *v, size_t i)
{
	return !v->v[i].if_left &&
	       (i == 0 || !v->v[i].command || !dw_streq0(v->v[i - 1].command, v->v[i].command));
}

/* "inetd /usr/sbin/inetd": who reads its file again only when it is told to. systemctl tells systemd by itself. */
static const char *by_hand(const struct story *s, const char *notify)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	const char *program = notify ? strchr(notify, ' ') : NULL, *name;

	if (dw_streq0(notify, "init") || (notify && dw_starts_with(notify, "init ")))
		return "telinit q";
	if (!program || (!dw_starts_with(notify, "inetd ") && !dw_starts_with(notify, "xinetd ")))
		return NULL;
	/* a shell would take other letters for its own */
	name = dw_basename(program + 1);
	return name[strspn(name, plain)] ? NULL : dw_arena_printf(s->a, "pkill -HUP -x %s", name);
}

static void put_notify(const struct story *s, const struct dw_step *st, const struct dw_step *next)
{
	const char *command = by_hand(s, st->notify);

	if (command && !(next && dw_streq0(next->notify, st->notify)))
		dw_story_put_raw(s, NULL, command);
}

static void put_commands(const struct story *s, const struct dw_steps *v)
{
	const char *label = "To close";

	for (size_t i = 0; i < v->n; i++) {
		const struct dw_step *st = &v->v[i];

		if (is_worth_a_line(v, i)) {
			dw_story_put_raw(
				s, label,
				st->command ? st->command
					    : dw_arena_printf(s->a, "# %s: %s", st->label,
							      st->why ? st->why : st->manager));
			label = NULL;
		}
		put_notify(s, st, i + 1 < v->n ? &v->v[i + 1] : NULL);
	}
}

/* Backwards, as an undo goes: the files first, then what ran. */
static void put_undo(const struct story *s, const struct dw_steps *v)
{
	const char *label = "To undo", *before = NULL;

	for (size_t i = v->n; i-- > 0;) {
		const char *command = v->v[i].undo_command;

		if (!command || v->v[i].if_left)
			continue;
		if (!dw_streq0(before, command))
			dw_story_put_raw(s, label, command);
		put_notify(s, &v->v[i], i > 0 ? &v->v[i - 1] : NULL);
		before = command;
		label = NULL;
	}
}

static void put_steps(const struct story *s)
{
	const struct dw_steps *v = s->doors[0]->steps;

	if (v) {
		put_commands(s, v);
		put_undo(s, v);
	}
	put_remarks(s, v && v->n ? "But" : "To close");
}

/* For what is kept nobody wants to be told so. */
static void put_close(const struct story *s)
{
	const struct dw_report_door *d = s->doors[0];
	const struct dw_endpoint *at = &d->door->at;

	if (!d->steps || !d->steps->n || !at->has_port || at->protocol == DW_PROTOCOL_RAW ||
	    dw_streq0(d->verdict, "keep"))
		return;
	dw_story_put(s, "Or",
		     dw_arena_printf(s->a,
				     "doorward close %u/%s does it; doorward undo takes it back.",
				     at->port, dw_protocol_name(at->protocol)));
}

void dw_story_tell(const struct story *s)
{
	dw_story_what(s);
	dw_story_started(s);
	dw_story_relations(s);
	dw_story_reach(s);
	dw_story_users(s);
	dw_story_rights(s);
	dw_story_package(s);
	put_verdict(s);
	put_closing(s);
	put_restricts(s);
	put_steps(s);
	put_close(s);
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
		all = dw_stories_make(r, f, style, out, a);
	if (all.n > 1)
		put_list(&all);
	for (size_t i = 0; i < all.n && i < STORIES_MAX; i++) {
		if (all.n > 1)
			(void)fputc('\n', out);
		put_title(&all.v[i]);
		dw_story_tell(&all.v[i]);
	}
	return dw_report_end(out, e);
}
