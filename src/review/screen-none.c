/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A build without curses: it says so. */
#include <errno.h>

#include "keys.h"
#include "screen.h"

bool review_screen_is_built(void)
{
	return false;
}

int review_screen_open(FILE *in, FILE *out, bool colour, struct dw_error *e)
{
	return dw_error_set(e, -ENOTSUP,
			    "this doorward was built without ncurses: no full screen; doorward "
			    "audit and doorward plan tell the same");
}

void review_screen_close(void)
{
}

void review_screen_size(int *ret_rows, int *ret_columns)
{
	*ret_rows = *ret_columns = 0;
}

void review_screen_begin(void)
{
}

void review_screen_put(int y, int x, int width, enum review_style style, const char *text)
{
}

void review_screen_row(int y, int x, int width)
{
}

void review_screen_column(int y, int x, int height)
{
}

void review_screen_end(int y, int x)
{
}

int review_screen_key(struct review_mouse *ret)
{
	return REVIEW_KEY_NONE;
}

bool review_screen_is_waiting(void)
{
	return false;
}
