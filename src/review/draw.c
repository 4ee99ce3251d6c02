/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list, the story beside or below it, and what stands around them. */
#include "app.h"
#include "dw_layout.h"
#include "dw_macros.h"
#include "screen.h"

static const struct {
	const char *verdict;
	char sign;
	enum review_style style;
	const char *words; /* in front of the number, at the top */
} verdicts[] = {
	{ "investigate", '!', REVIEW_URGENT, "look into" }, { "close", 'x', REVIEW_WARN, "close" },
	{ "restrict", '~', REVIEW_NOTE, "restrict" },       { "ask", ' ', REVIEW_PLAIN, "decide" },
	{ "unknown", '?', REVIEW_PLAIN, "unknown" },        { "keep", ' ', REVIEW_PLAIN, "keep" },
};

static size_t verdict_of(const struct review_door *d)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(verdicts); i++)
		if (dw_streq(verdicts[i].verdict, d->texts[REVIEW_VERDICT]))
			return i;
	return DW_ARRAY_SIZE(verdicts) - 1;
}

/* What is shown of what there is, and in which order. */
static const char *view_of(struct review_app *r, struct dw_arena *a)
{
	size_t n = review_list_count(r->list), shown = review_list_shown(r->list);
	const char *words = review_list_words(r->list);
	struct dw_str s = { .arena = a };

	if (!review_list_filled(r->list))
		return "";
	if (*words)
		dw_str_addf(&s, "%zu of %zu doors with \"%s\"", shown, n, words);
	else
		dw_str_addf(&s, "%zu door%s", n, n == 1 ? "" : "s");
	dw_str_addf(&s, " by %s", review_sort_name(review_list_sorted(r->list)));
	if (review_list_grouped(r->list))
		dw_str_addf(&s, ", %s", review_group_name(review_list_grouped(r->list)));
	return s.s;
}

static void draw_title(struct review_app *r)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *host = r->audit ? doorward_audit_get(r->audit, "host") : NULL;
	const char *state = review_work_busy(r->work) == REVIEW_JOB_LOOK ? "looking"
			    : r->o->offline                              ? "at rest"
									 : "live";
	const char *right = dw_arena_printf(a, " %s  %-7s ", view_of(r, a), state);
	int width = DW_MIN((int)dw_display_width(right), r->columns);

	review_screen_put(0, 0, r->columns - width, REVIEW_TITLE,
			  dw_arena_printf(a, " doorward review  %s",
					  host ? dw_escape_terminal(a, host, strlen(host)) : ""));
	review_screen_put(0, r->columns - width, width, REVIEW_TITLE, right);
}

static const char *state_of(struct review_app *r, struct dw_arena *a)
{
	size_t marks = review_list_marks(r->list);
	struct dw_str s = { .arena = a };

	dw_str_add(&s, "");
	if (r->audit && (doorward_audit_outcome(r->audit) & DOORWARD_BLIND))
		dw_str_addf(&s, " not all seen (i) ");
	if (!r->o->root && !r->o->offline)
		dw_str_add(&s, " not root ");
	if (marks)
		dw_str_addf(&s, " %zu mark%s not written (w) ", marks, marks == 1 ? "" : "s");
	return s.s;
}

/* How many of each verdict, and what is to be known of the whole. */
static void draw_status(struct review_app *r)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *state = state_of(r, a);
	int x = 1, width = DW_MIN((int)dw_display_width(state), r->columns);

	for (size_t i = 0; i < DW_ARRAY_SIZE(verdicts); i++) {
		size_t n = review_list_verdicts(r->list, verdicts[i].verdict);
		const char *text = dw_arena_printf(a, "%s %zu", verdicts[i].words, n);

		if (n == 0 || x + (int)strlen(text) >= r->columns - width)
			continue;
		review_screen_put(1, x, (int)strlen(text), verdicts[i].style, text);
		x += (int)strlen(text) + 2;
	}
	review_screen_put(1, r->columns - width, width, REVIEW_HEAD, state);
}

static int end_of(const struct review_pane *p)
{
	return p->x + p->columns;
}

static void draw_heads(const struct review_app *r, const struct review_columns *c)
{
	const struct review_pane *p = &r->panes.list;
	int x = p->x + REVIEW_LEAD;

	review_screen_put(r->panes.head, p->x, p->columns, REVIEW_HEAD, "");
	review_screen_put(r->panes.head, x, REVIEW_MARK_WIDTH, REVIEW_HEAD, "MARK");
	x += REVIEW_MARK_WIDTH;
	for (size_t t = 0; t < REVIEW_TEXT_COUNT; t++) {
		if (!c->widths[t])
			continue;
		x += t ? REVIEW_GAP : 1;
		review_screen_put(r->panes.head, x, DW_MIN(c->widths[t], end_of(p) - x),
				  REVIEW_HEAD, review_column_title(t));
		x += c->widths[t];
	}
}

/* Where the program has no column of its own, it stands for a service that is not known. */
static const char *text_of(const struct review_columns *c, const struct review_door *d, size_t t)
{
	if (t == REVIEW_SERVICE_OF && !c->widths[REVIEW_PROGRAM_OF] && dw_streq(d->texts[t], "-"))
		return d->texts[REVIEW_PROGRAM_OF];
	return d->texts[t];
}

static void draw_door(const struct review_app *r, const struct review_columns *c, int y,
		      const struct review_door *d, bool selected)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct review_pane *p = &r->panes.list;
	size_t v = verdict_of(d);
	enum review_style style = selected ? REVIEW_CURSOR : verdicts[v].style;
	enum review_style rest = selected ? REVIEW_CURSOR : REVIEW_PLAIN;
	enum review_mark mark = review_list_marked(r->list, d);
	const char lead[] = { selected ? '>' : ' ', verdicts[v].sign,
			      review_list_is_new(r->list, d) ? '*'
			      : d->session                   ? '@'
							     : ' ',
			      '\0' };
	int x = p->x + REVIEW_LEAD;

	review_screen_put(y, p->x, p->columns, rest, "");
	review_screen_put(y, p->x, REVIEW_LEAD, style, lead);
	review_screen_put(y, x, REVIEW_MARK_WIDTH, selected ? REVIEW_CURSOR : REVIEW_HEAD,
			  review_mark_name(mark));
	x += REVIEW_MARK_WIDTH;
	for (size_t t = 0; t < REVIEW_TEXT_COUNT; t++) {
		if (!c->widths[t])
			continue;
		x += t ? REVIEW_GAP : 1;
		review_screen_put(
			y, x, DW_MIN(c->widths[t], end_of(p) - x),
			t == REVIEW_VERDICT ? style : rest,
			dw_layout_cut(text_of(c, d, t), (size_t)c->widths[t], t == REVIEW_DOOR, a));
		x += c->widths[t];
	}
}

static void draw_line(const struct review_app *r, const struct review_columns *c, int y, size_t at)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct review_line line = review_list_line(r->list, at);
	const struct review_pane *p = &r->panes.list;

	if (line.head)
		review_screen_put(
			y, p->x, p->columns, REVIEW_HEAD,
			dw_arena_printf(a, "%s (%zu)",
					dw_streq(line.head, "-") ? "none known" : line.head,
					line.n));
	else
		draw_door(r, c, y, review_list_door(r->list, line.door),
			  at == review_list_cursor(r->list));
}

static const char *empty_text(const struct review_app *r)
{
	if (!review_list_filled(r->list))
		return r->serious ? "Nothing could be looked at." : "Looking at this host ...";
	if (review_list_count(r->list) == 0)
		return r->o->offline ? "Nothing here would open a door." : "No door is open.";
	return "No door has these words. Esc takes the filter away.";
}

static void draw_list(struct review_app *r)
{
	const struct review_pane *p = &r->panes.list;
	struct review_columns c = review_columns_of(r->list, p->columns - 1);
	size_t top = review_list_top(r->list, (size_t)p->rows);

	draw_heads(r, &c);
	for (int i = 0; i < p->rows && top + (size_t)i < review_list_lines(r->list); i++)
		draw_line(r, &c, p->y + i, top + (size_t)i);
	if (review_list_lines(r->list) == 0)
		review_screen_put(p->y + 1, p->x + REVIEW_LEAD, p->columns - REVIEW_LEAD,
				  REVIEW_PLAIN, empty_text(r));
}

static void draw_frame(const struct review_app *r, const char *title)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct review_pane *p = &r->panes.story;
	int width = DW_MIN((int)dw_display_width(title), r->columns - 8);

	if (r->panes.beside) {
		review_screen_column(r->panes.head, p->x - 2, p->rows + 1);
		review_screen_put(r->panes.story_head, p->x, p->columns, REVIEW_HEAD, title);
		return;
	}
	review_screen_row(r->panes.story_head, 0, r->columns);
	if (width)
		review_screen_put(r->panes.story_head, 2, width + 2, REVIEW_HEAD,
				  dw_arena_printf(a, " %s ", title));
}

static void draw_story(struct review_app *r)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct review_door *d = review_list_selected(r->list);
	const struct review_pane *p = &r->panes.story;
	const struct review_story *s = &r->story;
	size_t end, n;

	/* who runs through the list does not wait for stories */
	if (!review_screen_is_waiting())
		review_story_make(r);
	end = DW_MIN(s->top + (size_t)p->rows, s->lines.n);
	n = s->lines.n;
	if (d && n > (size_t)p->rows)
		draw_frame(r,
			   dw_arena_printf(a, "WHY  lines %zu-%zu of %zu ([ ] scroll, Enter: all)",
					   s->top + 1, end, n));
	else
		draw_frame(r, d ? "WHY" : "");
	for (int i = 0; i < p->rows && s->top + (size_t)i < n; i++)
		review_screen_put(p->y + i, p->x, p->columns, REVIEW_PLAIN,
				  s->lines.v[s->top + (size_t)i]);
}

/* As many hints as have room; help is always among them, for it has the rest. */
static void draw_hints(const struct review_app *r)
{
	const char *last = r->place == REVIEW_IN_LIST ? "? help  q quit" : "";
	int x = 1, end = r->columns - (int)strlen(last) - 2;

	for (const struct review_binding *b = review_bindings; b->action != REVIEW_NOTHING; b++) {
		int width = b->hint ? (int)(strlen(b->name) + strlen(b->hint)) + 1 : 0;
		bool at_end = b->action == REVIEW_HELP || b->action == REVIEW_QUIT;

		if (!width || !(b->places & r->place) || (at_end && *last) || x + width > end)
			continue;
		review_screen_put(r->rows - 1, x, (int)strlen(b->name), REVIEW_KEYCAP, b->name);
		review_screen_put(r->rows - 1, x + (int)strlen(b->name) + 1, (int)strlen(b->hint),
				  REVIEW_PLAIN, b->hint);
		x += width + 2;
	}
	if (*last) {
		review_screen_put(r->rows - 1, x, 1, REVIEW_KEYCAP, "?");
		review_screen_put(r->rows - 1, x + 2, 6, REVIEW_PLAIN, "help");
		review_screen_put(r->rows - 1, x + 8, 1, REVIEW_KEYCAP, "q");
		review_screen_put(r->rows - 1, x + 10, 4, REVIEW_PLAIN, "quit");
	}
}

void review_draw_bottom(const struct review_app *r)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	if (r->typing) {
		review_screen_put(r->rows - 2, 0, r->columns, REVIEW_HEAD,
				  dw_arena_printf(a, " / %s", review_list_words(r->list)));
		review_screen_put(r->rows - 1, 0, r->columns, REVIEW_PLAIN,
				  " Type words; Enter keeps the filter, Esc takes it away.");
		return;
	}
	if (r->waiting_for)
		review_screen_put(r->rows - 2, 0, r->columns, REVIEW_HEAD,
				  dw_arena_printf(a, " %s ...", r->waiting_for));
	else
		review_screen_put(r->rows - 2, 0, r->columns,
				  r->serious ? REVIEW_URGENT : REVIEW_PLAIN,
				  dw_arena_printf(a, " %s%s", r->serious ? "! " : "", r->message));
	draw_hints(r);
}

static void draw_too_small(const struct review_app *r)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_strings lines = review_wrap(
		dw_arena_printf(a,
				"This terminal has %dx%d; doorward review needs %dx%d.\nq quits.",
				r->columns, r->rows, REVIEW_COLUMNS_MIN, REVIEW_ROWS_MIN),
		r->columns, a);

	for (size_t i = 0; i < lines.n && i < (size_t)r->rows; i++)
		review_screen_put((int)i, 0, r->columns, REVIEW_PLAIN, lines.v[i]);
}

void review_draw(struct review_app *r)
{
	int cursor = -1;

	review_screen_size(&r->rows, &r->columns);
	review_screen_begin();
	if (!review_panes_of(r->rows, r->columns, &r->panes)) {
		draw_too_small(r);
	} else if (r->page.text) {
		review_draw_page(r);
		review_draw_bottom(r);
	} else {
		draw_title(r);
		draw_status(r);
		draw_list(r);
		draw_story(r);
		review_draw_bottom(r);
		cursor = r->typing ? r->rows - 2 : -1;
	}
	review_screen_end(cursor, DW_MIN(3 + (int)dw_display_width(review_list_words(r->list)),
					 r->columns - 1));
}
