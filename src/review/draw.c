/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list, the story beside or below it, and what stands around them. */
#include "app.h"
#include "dw_layout.h"
#include "dw_macros.h"
#include "screen.h"

#define MESSAGE_MAX 4 /* lines */

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

/* What is to be known of the whole, at the right end; a key in brackets tells more of it. Columns that it takes. */
static int draw_state(struct review_app *r)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	bool blind = r->audit && (doorward_audit_outcome(r->audit) & DOORWARD_BLIND);
	const char *trial = review_trial_text(r, a);
	size_t marks = review_list_marks(r->list);
	const struct {
		const char *text;
		enum review_action action;
	} parts[] = {
		{ marks ? dw_arena_printf(a, " %zu mark%s not written (w) ", marks,
					  marks == 1 ? "" : "s")
			: "",
		  REVIEW_WRITE },
		{ *trial ? dw_arena_printf(a, " %s (t) ", trial) : "", REVIEW_TRIAL },
		{ !r->o->root && !r->o->offline ? " not root " : "", REVIEW_NOT_SEEN },
		{ blind ? " not all seen (i) " : "", REVIEW_NOT_SEEN },
	};
	int end = r->columns;

	for (size_t i = 0; i < DW_ARRAY_SIZE(parts); i++) {
		int width = (int)dw_display_width(parts[i].text);

		if (width == 0 || width > end)
			continue;
		end -= width;
		review_screen_put(1, end, width, REVIEW_HEAD, parts[i].text);
		review_spot(r, 1, end, width, parts[i].action, REVIEW_SORT_COUNT);
	}
	return r->columns - end;
}

/* How many of each verdict. */
static void draw_status(struct review_app *r)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	int x = 1, width = draw_state(r);

	for (size_t i = 0; i < DW_ARRAY_SIZE(verdicts); i++) {
		size_t n = review_list_verdicts(r->list, verdicts[i].verdict);
		const char *text = dw_arena_printf(a, "%s %zu", verdicts[i].words, n);

		if (n == 0 || x + (int)strlen(text) >= r->columns - width)
			continue;
		review_screen_put(1, x, (int)strlen(text), verdicts[i].style, text);
		x += (int)strlen(text) + 2;
	}
}

static int end_of(const struct review_pane *p)
{
	return p->x + p->columns;
}

/* A column sorts by what is in it; SORT_COUNT: nothing. */
static const enum review_sort sorts[REVIEW_TEXT_COUNT] = {
	[REVIEW_DOOR] = REVIEW_PORT,          [REVIEW_VERDICT] = REVIEW_URGENCY,
	[REVIEW_SERVICE_OF] = REVIEW_SERVICE, [REVIEW_STARTER] = REVIEW_STARTED_BY,
	[REVIEW_REACH] = REVIEW_SORT_COUNT,   [REVIEW_PROGRAM_OF] = REVIEW_PROGRAM,
	[REVIEW_USER] = REVIEW_OF_USER,       [REVIEW_WHY] = REVIEW_SORT_COUNT,
};

static void draw_heads(struct review_app *r, const struct review_columns *c)
{
	const struct review_pane *p = &r->panes.list;
	int y = r->panes.head, x = p->x + REVIEW_LEAD;

	review_screen_put(y, p->x, p->columns, REVIEW_HEAD, "");
	review_screen_put(y, x, REVIEW_MARK_WIDTH, REVIEW_HEAD, "MARK");
	x += REVIEW_MARK_WIDTH;
	for (size_t t = 0; t < REVIEW_TEXT_COUNT; t++) {
		const char *title = review_column_title(t);
		int width = DW_MIN(c->widths[t], end_of(p) - (x + (t ? REVIEW_GAP : 1)));
		bool by = sorts[t] == review_list_sorted(r->list);

		if (!c->widths[t])
			continue;
		x += t ? REVIEW_GAP : 1;
		review_screen_put(y, x, DW_MIN((int)strlen(title), width),
				  by ? REVIEW_CURSOR : REVIEW_HEAD, title);
		if (sorts[t] != REVIEW_SORT_COUNT)
			review_spot(r, y, x, width, REVIEW_SORT, sorts[t]);
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

static int draw_hint(struct review_app *r, int x, const char *name, const char *hint,
		     enum review_action action)
{
	int key = (int)strlen(name), words = (int)strlen(hint), y = r->rows - 1;

	review_screen_put(y, x, key, REVIEW_KEYCAP, name);
	review_screen_put(y, x + key + 1, words, REVIEW_PLAIN, hint);
	review_spot(r, y, x, key + 1 + words, action, REVIEW_SORT_COUNT);
	return x + key + words + 3;
}

/* What lies below the lower edge of the page is no use to who does not know of it. */
static bool has_more(const struct review_app *r)
{
	return r->page.top + review_page_rows(r) < r->page.lines.n;
}

/* As many hints as have room; help is always among them, for it has the rest. */
static void draw_hints(struct review_app *r)
{
	bool list = r->place == REVIEW_IN_LIST;
	int x = 1, end = r->columns - (list ? (int)strlen("? help  q quit") : 0) - 2;

	for (const struct review_binding *b = review_bindings; b->action != REVIEW_NOTHING; b++) {
		int width = b->hint ? (int)(strlen(b->name) + strlen(b->hint)) + 1 : 0;
		bool at_end = b->action == REVIEW_HELP || b->action == REVIEW_QUIT;

		if (b->action == REVIEW_PAGE_DOWN && !has_more(r))
			continue;
		if (width && (b->places & r->place) && !(at_end && list) && x + width <= end)
			x = draw_hint(r, x, b->name, b->hint, b->action);
	}
	if (list) {
		x = draw_hint(r, x, "?", "help", REVIEW_HELP);
		(void)draw_hint(r, x, "q", "quit", REVIEW_QUIT);
	}
}

/* What has no room in its line goes on in lines that grow upwards, over what is read less now. */
static void draw_message(const struct review_app *r)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *text = r->waiting_for
				   ? dw_arena_printf(a, "%s ...", r->waiting_for)
				   : dw_arena_printf(a, "%s%s", r->serious ? "! " : "", r->message);
	enum review_style style = r->waiting_for ? REVIEW_HEAD
				  : r->serious   ? REVIEW_URGENT
						 : REVIEW_PLAIN;
	struct dw_strings lines = review_wrap(text, r->columns - 2, a);
	int n = (int)DW_MIN(lines.n, (size_t)MESSAGE_MAX);

	review_screen_put(r->rows - 2, 0, r->columns, style, "");
	for (int i = 0; i < n; i++)
		review_screen_put(r->rows - 1 - n + i, 0, r->columns, style,
				  dw_arena_printf(a, " %s", lines.v[i]));
}

void review_draw_bottom(struct review_app *r)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();

	if (r->typing) {
		review_screen_put(r->rows - 2, 0, r->columns, REVIEW_HEAD,
				  dw_arena_printf(a, " / %s", review_list_words(r->list)));
		review_screen_put(r->rows - 1, 0, r->columns, REVIEW_PLAIN,
				  " Type words; Enter keeps the filter, Esc takes it away.");
		return;
	}
	draw_message(r);
	draw_hints(r);
}

/* The keys that are named are those of press_blindly(). */
static const char *small_keys(const struct review_app *r, struct dw_arena *a)
{
	size_t marks = review_list_marks(r->list);

	if (r->place == REVIEW_IN_WORK)
		return "This host is being changed. x stops and puts back.";
	if (r->place == REVIEW_IN_LEAVING)
		return dw_arena_printf(a, "%zu mark%s not written: y leaves, n stays.", marks,
				       marks == 1 ? " is" : "s are");
	return "q quits.";
}

static void draw_too_small(const struct review_app *r)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_strings lines = review_wrap(
		dw_arena_printf(a, "This terminal has %dx%d; doorward review needs %dx%d.\n%s",
				r->columns, r->rows, REVIEW_COLUMNS_MIN, REVIEW_ROWS_MIN,
				small_keys(r, a)),
		r->columns, a);

	for (size_t i = 0; i < lines.n && i < (size_t)r->rows; i++)
		review_screen_put((int)i, 0, r->columns, REVIEW_PLAIN, lines.v[i]);
}

void review_draw(struct review_app *r)
{
	int cursor = -1;

	review_screen_size(&r->rows, &r->columns);
	review_screen_begin();
	r->n_spots = 0;
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
