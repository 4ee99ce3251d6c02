/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layout.h"

#include "dw_layout.h"
#include "dw_macros.h"

#define BESIDE_FROM 110 /* columns: below, two panes beside each other cut too much of both */
#define CONTINUED   4   /* columns that what is left of a line of a diff stands further in */
#define STORY_MAX   100 /* columns: longer lines are hard to read */

bool review_panes_of(int rows, int columns, struct review_panes *ret)
{
	struct review_panes p = { .head = 2, .message = rows - 2, .hints = rows - 1 };
	int body = rows - 5; /* title, status, heads, message, hints */

	if (rows < REVIEW_ROWS_MIN || columns < REVIEW_COLUMNS_MIN)
		return false;
	p.beside = columns >= BESIDE_FROM;
	if (p.beside) {
		int story = DW_MIN(columns * 2 / 5, STORY_MAX);

		p.list = (struct review_pane){ 3, 0, body, columns - story - 3 };
		p.story = (struct review_pane){ 3, columns - story, body, story };
		p.story_head = 2;
	} else {
		int list = DW_MAX(body / 2, 5);

		p.list = (struct review_pane){ 3, 0, list, columns };
		p.story_head = 3 + list;
		p.story = (struct review_pane){ 4 + list, 0, body - list - 1, columns };
	}
	*ret = p;
	return true;
}

static const struct {
	const char *title;
	int least, most;
} columns_of[REVIEW_TEXT_COUNT] = {
	[REVIEW_DOOR] = { "DOOR", 20, 46 },          [REVIEW_VERDICT] = { "VERDICT", 11, 11 },
	[REVIEW_SERVICE_OF] = { "SERVICE", 10, 24 }, [REVIEW_STARTER] = { "STARTED BY", 15, 40 },
	[REVIEW_REACH] = { "REACH", 8, 24 },         [REVIEW_PROGRAM_OF] = { "PROGRAM", 12, 26 },
	[REVIEW_USER] = { "USER", 8, 16 },           [REVIEW_WHY] = { "WHY", 24, 160 },
};

const char *review_column_title(enum review_text t)
{
	return columns_of[t].title;
}

static int total_of(const struct review_columns *c)
{
	int total = REVIEW_LEAD + REVIEW_MARK_WIDTH;

	for (size_t i = 0; i < REVIEW_WHY; i++)
		total += c->widths[i] ? c->widths[i] + REVIEW_GAP : 0;
	return total;
}

/* All doors, shown or not: columns do not move while somebody types a filter. */
static void measure(const struct review_list *l, struct review_columns *c)
{
	for (size_t t = 0; t < REVIEW_WHY; t++)
		c->widths[t] = (int)strlen(columns_of[t].title);
	for (size_t i = 0; i < review_list_count(l); i++) {
		const struct review_door *d = review_list_door(l, i);

		for (size_t t = 0; t < REVIEW_WHY; t++)
			if (c->widths[t] < columns_of[t].most)
				c->widths[t] =
					DW_MAX(c->widths[t], (int)dw_display_width(d->texts[t]));
	}
	for (size_t t = 0; t < REVIEW_WHY; t++)
		c->widths[t] = DW_MIN(c->widths[t], columns_of[t].most);
}

/* Columns are narrowed to their least before one is left out: the last that says what no other does stays. */
static void shrink(struct review_columns *c, int limit)
{
	struct dw_column shown[REVIEW_WHY];

	for (size_t i = 0; i < REVIEW_WHY; i++)
		shown[i] = (struct dw_column){ (size_t)c->widths[i], (size_t)columns_of[i].least };
	(void)dw_layout_shrink(shown, REVIEW_WHY, (size_t)DW_MAX(total_of(c) - limit, 0));
	for (size_t i = 0; i < REVIEW_WHY; i++)
		c->widths[i] = (int)shown[i].width;
}

struct review_columns review_columns_of(const struct review_list *l, int columns)
{
	static const enum review_text given_up[] = { REVIEW_USER, REVIEW_PROGRAM_OF, REVIEW_REACH,
						     REVIEW_SERVICE_OF };
	struct review_columns natural = { 0 }, c;
	int left;

	measure(l, &natural);
	c = natural;
	for (size_t i = 0; i <= DW_ARRAY_SIZE(given_up); i++) {
		struct review_columns tried = c;

		shrink(&tried, columns);
		if (total_of(&tried) <= columns || i == DW_ARRAY_SIZE(given_up)) {
			c = tried;
			break;
		}
		c.widths[given_up[i]] = 0;
	}
	left = columns - total_of(&c) - REVIEW_GAP;
	if (left >= columns_of[REVIEW_WHY].least)
		c.widths[REVIEW_WHY] = DW_MIN(left, columns_of[REVIEW_WHY].most);
	return c;
}

/* Bytes of s that fit, up to the last blank where there is one. */
static size_t fitting(const char *s, size_t n, int room)
{
	size_t i = 0, blank = 0;
	bool begun = false; /* the blanks in front are no place to break at */
	int used = 0;

	while (i < n) {
		size_t len = DW_MAX(dw_utf8_length(s + i, n - i), (size_t)1);
		char one[8] = "";

		memcpy(one, s + i, DW_MIN(len, sizeof(one) - 1));
		used += (int)dw_display_width(one);
		if (used > room)
			return blank ? blank : DW_MAX(i, len);
		i += len;
		begun |= one[0] != ' ';
		if (begun && i < n && s[i] == ' ')
			blank = i;
	}
	return n;
}

/* Where a line goes on: below its text, behind a word of its own (a key, say) that two blanks or more set apart. */
static int second_column(const char *s, size_t n, int indent, int columns)
{
	size_t word = (size_t)indent + strcspn(s + indent, " \n"), text = word;

	while (text < n && s[text] == ' ')
		text++;
	if (indent > 0 && text >= word + 2 && text < n && (int)text <= columns / 4)
		return (int)text;
	return DW_MIN(indent, columns / 2);
}

/* lead: bytes in front that stand in front of each piece too (the sign of a line that comes or goes), 0 or 1. */
static void wrap_line(const char *s, size_t n, int columns, int lead, struct dw_strings *list,
		      struct dw_arena *a)
{
	const char *sign = s;
	int indent = 0;
	bool first = true;

	while (indent + lead < (int)n && s[lead + indent] == ' ')
		indent++;
	indent = second_column(s, n, indent + lead, columns);
	do {
		int room = first ? columns : columns - indent - CONTINUED * lead;
		size_t len = fitting(s, n, DW_MAX(room, 1));

		if (first || !lead)
			dw_vec_push(
				a, list,
				dw_arena_printf(a, "%*s%.*s", first ? 0 : indent, "", (int)len, s));
		else
			dw_vec_push(a, list,
				    dw_arena_printf(a, "%c%*s%.*s", *sign, indent - 1 + CONTINUED,
						    "", (int)len, s));
		s += len;
		n -= len;
		while (n > 0 && *s == ' ') {
			s++;
			n--;
		}
		first = false;
	} while (n > 0);
}

static struct dw_strings wrap(const char *text, int columns, bool signs, struct dw_arena *a)
{
	struct dw_strings list = { 0 };

	while (text && *text) {
		size_t n = strcspn(text, "\n");

		wrap_line(text, n, columns, signs && n && strchr("+-! ", *text) ? 1 : 0, &list, a);
		text += n + (text[n] == '\n');
	}
	return list;
}

struct dw_strings review_wrap(const char *text, int columns, struct dw_arena *a)
{
	return wrap(text, columns, false, a);
}

struct dw_strings review_wrap_diff(const char *text, int columns, struct dw_arena *a)
{
	return wrap(text, columns, true, a);
}
