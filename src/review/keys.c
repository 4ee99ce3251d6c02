/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keys.h"

#include <stdio.h>

#include "dw_arena.h"

#define PAGES                                                                                      \
	(REVIEW_IN_PAGE | REVIEW_IN_PLAN | REVIEW_IN_POLICY | REVIEW_IN_TRIAL |                    \
	 REVIEW_IN_HISTORY | REVIEW_IN_LEAVING | REVIEW_IN_UNDO)
#define SHOWN (REVIEW_IN_LIST | PAGES)

const struct review_binding review_bindings[] = {
	/* marks first: what the program is for stands first in the hints */
	{ { 'k' },
	  REVIEW_IN_LIST,
	  REVIEW_MARK_KEEP,
	  "k",
	  "keep",
	  "keep it, for whom it is open now" },
	{ { 'r' },
	  REVIEW_IN_LIST,
	  REVIEW_MARK_RESTRICT,
	  "r",
	  "restrict",
	  "restrict it: once to this house's networks (lan), twice to this host (local)" },
	{ { 'c' }, REVIEW_IN_LIST, REVIEW_MARK_CLOSE, "c", "close", "close it" },
	{ { 'a' },
	  REVIEW_IN_LIST,
	  REVIEW_MARK_ASK,
	  "a",
	  "ask",
	  "ask: no line of the policy shall decide about it" },
	{ { '-', REVIEW_KEY_BACKSPACE },
	  REVIEW_IN_LIST,
	  REVIEW_MARK_NOT,
	  "-",
	  NULL,
	  "take the mark away (the same key once more does it too)" },
	{ { 'w' },
	  REVIEW_IN_LIST,
	  REVIEW_WRITE,
	  "w",
	  "write",
	  "write the marks into the policy; what would change is shown first" },
	{ { 'p' },
	  REVIEW_IN_LIST,
	  REVIEW_PLAN,
	  "p",
	  "plan",
	  "the plan: doors marked to be closed, or (no mark) those shown whose verdict says so" },
	{ { '/' },
	  REVIEW_IN_LIST,
	  REVIEW_FILTER,
	  "/",
	  "filter",
	  "filter as you type: words of the door, service, program, user, verdict" },
	{ { 'w', 'y' }, REVIEW_IN_POLICY, REVIEW_YES, "w", "write it", NULL },
	{ { 't' },
	  REVIEW_IN_PLAN,
	  REVIEW_TRY,
	  "t",
	  "try for 10 minutes",
	  "in the plan: carry it out, and put all back after 10 minutes unless it is kept" },
	{ { 'y' },
	  REVIEW_IN_PLAN,
	  REVIEW_APPLY,
	  "y",
	  "do it for good",
	  "in the plan: carry it out for good" },
	{ { 't' },
	  REVIEW_IN_LIST,
	  REVIEW_TRIAL,
	  "t",
	  NULL,
	  "the trial that runs: what it changed, how long it has; keep it (k) or undo it (u)" },
	{ { 'k' },
	  REVIEW_IN_TRIAL,
	  REVIEW_CONFIRM,
	  "k",
	  "keep it",
	  "after a trial: keep what it changed" },
	{ { 'u' },
	  REVIEW_IN_LIST | REVIEW_IN_HISTORY | REVIEW_IN_TRIAL,
	  REVIEW_UNDO,
	  "u",
	  "undo",
	  "undo the newest run (asks first)" },
	{ { 'y' }, REVIEW_IN_UNDO, REVIEW_YES, "y", "put it back", NULL },
	{ { 'y' }, REVIEW_IN_LEAVING, REVIEW_YES, "y", "leave", NULL },
	{ { 'g' },
	  REVIEW_IN_LIST,
	  REVIEW_GROUP,
	  "g",
	  "group",
	  "group by service, by unit (what starts it), by program, not at all" },
	{ { 's' },
	  REVIEW_IN_LIST,
	  REVIEW_SORT,
	  "s",
	  "sort",
	  "sort by urgency, port, service, what starts it, program, user" },
	{ { REVIEW_KEY_ENTER },
	  REVIEW_IN_LIST,
	  REVIEW_OPEN,
	  "Enter",
	  NULL,
	  "the whole story on a page of its own" },
	{ { '[', '<' },
	  REVIEW_IN_LIST,
	  REVIEW_STORY_UP,
	  "[ ]",
	  NULL,
	  "scroll the story beside or below the list" },
	{ { ']', '>' }, REVIEW_IN_LIST, REVIEW_STORY_DOWN, "]", NULL, NULL },
	{ { 'f' },
	  REVIEW_IN_LIST,
	  REVIEW_FENCE,
	  "f",
	  "fence",
	  "the packet filter today: whom it lets in, door by door" },
	{ { 'h' },
	  REVIEW_IN_LIST,
	  REVIEW_HISTORY,
	  "h",
	  "history",
	  "what doorward changed on this host" },
	{ { 'i' }, REVIEW_IN_LIST, REVIEW_NOT_SEEN, "i", NULL, "what could not be seen, and why" },
	{ { REVIEW_KEY_F5, 'l' },
	  REVIEW_IN_LIST,
	  REVIEW_LOOK,
	  "l",
	  NULL,
	  "look again now (F5 too; it looks by itself)" },
	{ { REVIEW_KEY_UP },
	  SHOWN,
	  REVIEW_UP,
	  "arrows",
	  NULL,
	  "move; PgUp, PgDn, Home, End too; the mouse selects, opens (twice), scrolls, sorts by "
	  "a column's head and presses the keys at the bottom" },
	{ { REVIEW_KEY_DOWN }, SHOWN, REVIEW_DOWN, "", NULL, NULL },
	{ { REVIEW_KEY_PAGE_UP, 2 }, SHOWN, REVIEW_PAGE_UP, "", NULL, NULL },
	{ { REVIEW_KEY_PAGE_DOWN, 6 }, SHOWN, REVIEW_PAGE_DOWN, "", NULL, NULL },
	{ { REVIEW_KEY_HOME }, SHOWN, REVIEW_FIRST, "", NULL, NULL },
	{ { REVIEW_KEY_END }, SHOWN, REVIEW_LAST, "", NULL, NULL },
	{ { REVIEW_KEY_ESCAPE },
	  REVIEW_IN_LIST,
	  REVIEW_BACK,
	  "Esc",
	  NULL,
	  "take the filter away; on a page: back" },
	{ { REVIEW_KEY_ESCAPE, 'q', REVIEW_KEY_ENTER },
	  PAGES & ~(REVIEW_IN_LEAVING | REVIEW_IN_UNDO),
	  REVIEW_BACK,
	  "Esc",
	  "back",
	  NULL },
	{ { REVIEW_KEY_ESCAPE, 'n', 'q' },
	  REVIEW_IN_LEAVING | REVIEW_IN_UNDO,
	  REVIEW_BACK,
	  "n",
	  "no, back",
	  NULL },
	{ { ' ' }, PAGES, REVIEW_PAGE_DOWN, "Space", "more", NULL },
	{ { REVIEW_KEY_ESCAPE, 'x' },
	  REVIEW_IN_WORK,
	  REVIEW_STOP,
	  "x",
	  "stop and put back",
	  "while something is done: stop, and put all back" },
	{ { '?', REVIEW_KEY_F1 }, REVIEW_IN_LIST, REVIEW_HELP, "?", "help", "this page" },
	{ { 'q', REVIEW_KEY_F10 },
	  REVIEW_IN_LIST,
	  REVIEW_QUIT,
	  "q",
	  "quit",
	  "leave; marks that are not written are asked for" },
	{ { 0 }, 0, REVIEW_NOTHING, NULL, NULL, NULL },
};

enum review_action review_key_action(int key, unsigned place)
{
	for (const struct review_binding *b = review_bindings; b->action != REVIEW_NOTHING; b++)
		for (size_t i = 0; i < DW_ARRAY_SIZE(b->keys) && (b->places & place); i++)
			if (b->keys[i] && b->keys[i] == key)
				return b->action;
	return REVIEW_NOTHING;
}

static const char before[] =
	"Every door of this host stands on a line, the most urgent first. The sign in front is the "
	"verdict's: ! look into it, x close, ~ restrict, ? could not look. The column MARK is "
	"yours: "
	"nothing is changed by a mark, and nothing without a page that shows what would be done. A "
	"* in "
	"front of a door: it opened since review was started. An @: your own connection comes "
	"through "
	"it.\n"
	"\n"
	"KEYS\n";

static const char after[] = "\n"
			    "A mark becomes a line of the policy (w), by which audit, plan, watch "
			    "and fence judge from then "
			    "on: man doorward-policy. Closing (p) stops what opens the door, now "
			    "and at every later start, "
			    "looks whether it is shut and all others are as before, and keeps what "
			    "is needed to undo it. All "
			    "of it takes root; to look does not, but without root less is seen.\n";

char *review_keys_help(void)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	if (!out)
		dw_oom();
	(void)fputs(before, out);
	for (const struct review_binding *b = review_bindings; b->action != REVIEW_NOTHING; b++)
		if (b->help)
			(void)fprintf(out, "  %-8s%s\n", b->name, b->help);
	(void)fputs(after, out);
	if (fclose(out) != 0)
		dw_oom();
	return text;
}
