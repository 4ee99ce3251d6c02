/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What goes where on a screen of a given size. Pure. */
#ifndef DW_REVIEW_LAYOUT_H
#define DW_REVIEW_LAYOUT_H

#include "list.h"

enum { REVIEW_ROWS_MIN = 16, REVIEW_COLUMNS_MIN = 60 };

struct review_pane {
	int y, x, rows, columns;
};

struct review_panes {
	struct review_pane list, story; /* story: without its head */
	bool beside;                    /* the story is beside the list, else below it */
	int head;                       /* line of the column heads */
	int story_head;                 /* line of the story's head */
	int message, hints;             /* lines */
};

/* False: the screen is too small. */
bool review_panes_of(int rows, int columns, struct review_panes *ret);

enum { REVIEW_MARK_WIDTH = 5, REVIEW_GAP = 2, REVIEW_LEAD = 3 }; /* lead: cursor, sign, new or session */

struct review_columns {
	int widths[REVIEW_TEXT_COUNT]; /* 0: not shown */
};
/* Columns for the doors shown: what a screen has no room for is cut, or left out. */
struct review_columns review_columns_of(const struct review_list *l, int columns);
const char *review_column_title(enum review_text t);

/* Text in lines of at most that many columns: longer ones go on in the next, indented as they were. In the arena. */
struct dw_strings review_wrap(const char *text, int columns, struct dw_arena *a);
/* The same for a diff: what goes on in the next line has the sign (+, -, ! or a blank) too, and stands further in. */
struct dw_strings review_wrap_diff(const char *text, int columns, struct dw_arena *a);

#endif
