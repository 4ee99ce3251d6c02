/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One table of keys: from it come what a key does, the hints at the bottom and the page of help. Pure. */
#ifndef DW_REVIEW_KEYS_H
#define DW_REVIEW_KEYS_H

#include <stdbool.h>
#include <stddef.h>

/* Keys that are no character; characters are themselves (Unicode). */
enum review_key {
	REVIEW_KEY_NONE = 0x110000, /* beyond Unicode */
	REVIEW_KEY_UP,
	REVIEW_KEY_DOWN,
	REVIEW_KEY_PAGE_UP,
	REVIEW_KEY_PAGE_DOWN,
	REVIEW_KEY_HOME,
	REVIEW_KEY_END,
	REVIEW_KEY_ENTER,
	REVIEW_KEY_ESCAPE,
	REVIEW_KEY_BACKSPACE,
	REVIEW_KEY_RESIZE,
	REVIEW_KEY_MOUSE,
	REVIEW_KEY_F1,
	REVIEW_KEY_F5,
	REVIEW_KEY_F10,
	REVIEW_KEY_CLEAR, /* the line that is typed */
};

/* Where the key is pressed. */
enum review_place {
	REVIEW_IN_LIST = 1 << 0,
	REVIEW_IN_PAGE = 1 << 1,    /* any text on a whole screen */
	REVIEW_IN_PLAN = 1 << 2,    /* a plan that could be carried out */
	REVIEW_IN_POLICY = 1 << 3,  /* a policy that could be written */
	REVIEW_IN_TRIAL = 1 << 4,   /* done, and put back by itself unless it is kept */
	REVIEW_IN_WORK = 1 << 5,    /* the host is being changed */
	REVIEW_IN_HISTORY = 1 << 6, /* the runs */
	REVIEW_IN_LEAVING = 1 << 7, /* "marks are not written: leave?" */
	REVIEW_IN_UNDO = 1 << 8,    /* "put the last run back?" */
};

enum review_action {
	REVIEW_NOTHING = 0,
	REVIEW_UP,
	REVIEW_DOWN,
	REVIEW_PAGE_UP,
	REVIEW_PAGE_DOWN,
	REVIEW_FIRST,
	REVIEW_LAST,
	REVIEW_OPEN,
	REVIEW_MARK_KEEP,
	REVIEW_MARK_RESTRICT,
	REVIEW_MARK_CLOSE,
	REVIEW_MARK_ASK,
	REVIEW_MARK_NOT,
	REVIEW_FILTER,
	REVIEW_GROUP,
	REVIEW_SORT,
	REVIEW_STORY_UP,
	REVIEW_STORY_DOWN,
	REVIEW_WRITE,
	REVIEW_PLAN,
	REVIEW_TRY,
	REVIEW_APPLY,
	REVIEW_CONFIRM,
	REVIEW_TRIAL,
	REVIEW_UNDO,
	REVIEW_HISTORY,
	REVIEW_FENCE,
	REVIEW_LOOK,
	REVIEW_NOT_SEEN,
	REVIEW_HELP,
	REVIEW_BACK,
	REVIEW_STOP,
	REVIEW_YES,
	REVIEW_QUIT,
};

struct review_binding {
	int keys[3]; /* 0: no more */
	unsigned places;
	enum review_action action;
	const char *name; /* as it is shown: "Enter" */
	const char *hint; /* at the bottom of the screen, a word or two; NULL: only in the help */
	const char *help; /* a line of the help; NULL: the line before says it */
};

/* Ends with action REVIEW_NOTHING. */
extern const struct review_binding review_bindings[];
enum review_action review_key_action(int key, unsigned place);
/* The text of the help, lines ended by newlines; free() it. */
char *review_keys_help(void);

#endif
