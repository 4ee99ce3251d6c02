/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The terminal. screen.c alone talks to curses; screen-none.c is there instead where a build has none. */
#ifndef DW_REVIEW_SCREEN_H
#define DW_REVIEW_SCREEN_H

#include <stdbool.h>
#include <stdio.h>

#include "dw_error.h"

enum review_style {
	REVIEW_PLAIN = 0,
	REVIEW_TITLE,  /* the line at the top */
	REVIEW_HEAD,   /* of columns, groups, paragraphs */
	REVIEW_CURSOR, /* what is selected */
	REVIEW_DIM,
	REVIEW_URGENT,
	REVIEW_WARN,
	REVIEW_NOTE,
	REVIEW_ADDED,
	REVIEW_REMOVED,
	REVIEW_KEYCAP,
	REVIEW_STYLE_COUNT
};

struct review_mouse {
	int y, x;
	int wheel; /* -1: up, 1: down, 0: a button */
};

/* -ENOTSUP: this build has no curses; -EINVAL: the terminal cannot do what is needed (the message says so). */
int review_screen_open(FILE *in, FILE *out, bool colour, struct dw_error *e);
/* The terminal as it was. Harmless when none is open. */
void review_screen_close(void);
bool review_screen_is_built(void);

void review_screen_size(int *ret_rows, int *ret_columns);
void review_screen_begin(void);
/* Exactly `width` columns: cut, or filled with blanks. The text must be escaped. */
void review_screen_put(int y, int x, int width, enum review_style style, const char *text);
void review_screen_row(int y, int x, int width); /* a line, across */
void review_screen_column(int y, int x, int height);
/* Shows all that was put since begin. y < 0: no cursor is shown. */
void review_screen_end(int y, int x);

/* A key (enum review_key, or a character); REVIEW_KEY_NONE: there is none now. */
int review_screen_key(struct review_mouse *ret);
bool review_screen_is_waiting(void); /* something was typed */

#endif
