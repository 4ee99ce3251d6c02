/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one file that knows curses. */
#include "screen.h"

#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <unistd.h>
#include <wchar.h>

#include "crash.h"
#include "dw_layout.h"
#include "dw_macros.h"
#include "dw_str.h"
#include "keys.h"

static SCREEN *screen; /* NULL: none is open */
static bool coloured, utf8;

/*
 * Each says something without its colour too. Colours are of the terminal's own sixteen, on its own ground: red,
 * green and magenta are read on a light ground and on a dark one.
 */
static const struct {
	attr_t plain;
	short colour; /* -1: none */
} styles[REVIEW_STYLE_COUNT] = {
	[REVIEW_PLAIN] = { A_NORMAL, -1 },
	[REVIEW_TITLE] = { A_REVERSE, -1 },
	[REVIEW_HEAD] = { A_BOLD, -1 },
	[REVIEW_CURSOR] = { A_REVERSE, -1 },
	[REVIEW_DIM] = { A_DIM, -1 },
	[REVIEW_URGENT] = { A_BOLD, COLOR_RED },
	[REVIEW_WARN] = { A_NORMAL, COLOR_RED },
	[REVIEW_NOTE] = { A_NORMAL, COLOR_MAGENTA },
	[REVIEW_ADDED] = { A_NORMAL, COLOR_GREEN },
	[REVIEW_REMOVED] = { A_NORMAL, COLOR_RED },
	[REVIEW_KEYCAP] = { A_BOLD, -1 },
};

bool review_screen_is_built(void)
{
	return true;
}

/* newterm() does not say what is wrong. */
static int check_terminal(int fd, struct dw_error *e)
{
	const char *name = getenv("TERM");
	int status = 0;
	bool able;

	if (setupterm(NULL, fd, &status) != OK)
		return dw_error_set(e, -EINVAL,
				    "nothing is known of the terminal \"%s\" (TERM): try "
				    "TERM=xterm, or doorward audit",
				    name ? name : "");
	able = cursor_address && clear_screen;
	(void)del_curterm(cur_term); /* newterm() makes its own */
	if (able)
		return 0;
	return dw_error_set(e, -EINVAL,
			    "the terminal \"%s\" (TERM) cannot move its cursor: doorward audit "
			    "needs none that can",
			    name ? name : "");
}

static void set_colours(bool wanted)
{
	coloured = wanted && has_colors() && start_color() == OK && use_default_colors() == OK;
	for (short i = 0; coloured && i < REVIEW_STYLE_COUNT; i++)
		(void)init_pair((short)(i + 1), styles[i].colour, -1);
}

int review_screen_open(FILE *in, FILE *out, bool colour, struct dw_error *e)
{
	int r = check_terminal(fileno(out), e);

	if (r < 0)
		return r;
	review_crash_watch(fileno(in), fileno(out));
	screen = newterm(NULL, out, in);
	if (!screen) {
		review_crash_release();
		return dw_error_set(e, -EINVAL,
				    "this terminal cannot show a full screen: doorward audit and "
				    "doorward plan need none");
	}
	utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	set_colours(colour);
	(void)cbreak();
	(void)noecho();
	(void)nonl();
	(void)keypad(stdscr, TRUE);
	(void)nodelay(stdscr, TRUE);
	(void)set_escdelay(50); /* ms: Esc alone, or the beginning of a key */
	(void)mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
	(void)mouseinterval(0); /* each press is told at once */
	(void)curs_set(0);
	return 0;
}

void review_screen_close(void)
{
	if (!screen)
		return;
	(void)curs_set(1);
	(void)endwin();
	delscreen(screen);
	screen = NULL;
	review_crash_release();
}

void review_screen_size(int *ret_rows, int *ret_columns)
{
	getmaxyx(stdscr, *ret_rows, *ret_columns);
}

void review_screen_begin(void)
{
	(void)erase();
}

/* What no other coding than UTF-8 can be trusted to have is a question mark. */
static const char *as_ascii(const char *text, struct dw_arena *a)
{
	struct dw_str out = { .arena = a };
	size_t n = strlen(text);

	dw_str_add(&out, "");
	for (size_t i = 0; i < n; i += DW_MAX(dw_utf8_length(text + i, n - i), (size_t)1))
		dw_str_addc(&out, (unsigned char)text[i] < 0x80 ? text[i] : '?');
	return out.s;
}

static void add_text(const char *text, struct dw_arena *a)
{
	size_t n = strlen(text);
	wchar_t *wide;

	if (!utf8) {
		(void)addstr(text);
		return;
	}
	wide = dw_arena_array(a, n + 1, sizeof(*wide));
	if (mbstowcs(wide, text, n + 1) != (size_t)-1)
		(void)addwstr(wide);
}

void review_screen_put(int y, int x, int width, enum review_style style, const char *text)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	attr_t attributes = styles[style].plain;
	int used;

	if (width <= 0)
		return;
	if (!utf8)
		text = as_ascii(text, a);
	text = dw_layout_cut(text, (size_t)width, false, a);
	used = (int)dw_display_width(text);
	/* without colours: what is urgent is bold at least */
	if (!coloured && (style == REVIEW_WARN || style == REVIEW_NOTE || style == REVIEW_ADDED))
		attributes |= A_BOLD;
	(void)attr_set(attributes, (short)(coloured && styles[style].colour >= 0 ? style + 1 : 0),
		       NULL);
	(void)move(y, x);
	add_text(text, a);
	for (int i = used; i < width; i++)
		(void)mvaddch(y, x + i, ' ');
	(void)attr_set(A_NORMAL, 0, NULL);
}

void review_screen_row(int y, int x, int width)
{
	(void)mvhline(y, x, ACS_HLINE, width);
}

void review_screen_column(int y, int x, int height)
{
	(void)mvvline(y, x, ACS_VLINE, height);
}

void review_screen_end(int y, int x)
{
	(void)curs_set(y >= 0);
	if (y >= 0)
		(void)move(y, x);
	(void)refresh();
}

/* What came in one piece is told by one key, the newest first: it is kept, and handed out as it came. */
enum { MOUSE_MAX = 16 };
static MEVENT mice[MOUSE_MAX];
static size_t n_mice;

static int next_mouse(struct review_mouse *ret)
{
	const MEVENT *m = &mice[--n_mice];

	*ret = (struct review_mouse){ .y = m->y,
				      .x = m->x,
				      .wheel = m->bstate & BUTTON4_PRESSED   ? -1
					       : m->bstate & BUTTON5_PRESSED ? 1
									     : 0 };
	return REVIEW_KEY_MOUSE;
}

static int mouse_key(struct review_mouse *ret)
{
	MEVENT m;

	while (getmouse(&m) == OK)
		if (n_mice < MOUSE_MAX)
			mice[n_mice++] = m;
	return n_mice ? next_mouse(ret) : 0;
}

static int plain_key(wint_t c)
{
	if (c == '\r' || c == '\n')
		return REVIEW_KEY_ENTER;
	if (c == 27)
		return REVIEW_KEY_ESCAPE;
	if (c == 127 || c == 8)
		return REVIEW_KEY_BACKSPACE;
	if (c == 21) /* ^U */
		return REVIEW_KEY_CLEAR;
	if (c == 12) { /* ^L: what somebody else wrote on the screen goes */
		(void)clearok(curscr, TRUE);
		return REVIEW_KEY_RESIZE;
	}
	return (int)c;
}

int review_screen_key(struct review_mouse *ret)
{
	static const struct {
		wint_t curses;
		int key;
	} keys[] = {
		{ KEY_UP, REVIEW_KEY_UP },         { KEY_DOWN, REVIEW_KEY_DOWN },
		{ KEY_PPAGE, REVIEW_KEY_PAGE_UP }, { KEY_NPAGE, REVIEW_KEY_PAGE_DOWN },
		{ KEY_HOME, REVIEW_KEY_HOME },     { KEY_END, REVIEW_KEY_END },
		{ KEY_FIND, REVIEW_KEY_HOME },     { KEY_SELECT, REVIEW_KEY_END },
		{ KEY_ENTER, REVIEW_KEY_ENTER },   { KEY_BACKSPACE, REVIEW_KEY_BACKSPACE },
		{ KEY_DC, REVIEW_KEY_BACKSPACE },  { KEY_RESIZE, REVIEW_KEY_RESIZE },
		{ KEY_F(1), REVIEW_KEY_F1 },       { KEY_F(5), REVIEW_KEY_F5 },
		{ KEY_F(10), REVIEW_KEY_F10 },
	};
	wint_t c;
	int r;

	if (n_mice)
		return next_mouse(ret);
	r = get_wch(&c);
	if (r == OK)
		return plain_key(c);
	if (r != KEY_CODE_YES)
		return REVIEW_KEY_NONE;
	if (c == KEY_MOUSE)
		return mouse_key(ret);
	for (size_t i = 0; i < DW_ARRAY_SIZE(keys); i++)
		if (keys[i].curses == c)
			return keys[i].key;
	return 0; /* a key that means nothing here; others may wait behind it */
}

bool review_screen_is_waiting(void)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}
