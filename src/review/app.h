/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All that review knows while it runs; private to src/review. */
#ifndef DW_REVIEW_APP_H
#define DW_REVIEW_APP_H

#include "dw_review.h"
#include "keys.h"
#include "layout.h"
#include "list.h"
#include "screen.h"
#include "work.h"

/* A text on the whole screen. */
struct review_page {
	char *title, *text; /* malloc()ed; text NULL: no page, the list is shown */
	bool diff;          /* lines that begin with + and - come and go */
	size_t top;
	struct dw_arena *arena;
	struct dw_strings lines; /* the text, wrapped for `columns` */
	int columns;             /* 0: not wrapped yet */
	long long run;           /* it tells of; 0: none */
};

struct review_story {
	struct dw_arena *arena;
	char *key; /* of the door that it is of; NULL: there is none */
	struct dw_strings lines;
	int columns;
	size_t top;
};

enum { REVIEW_SPOTS_MAX = 64 };

/* Where on the screen the mouse presses a key, or sorts. */
struct review_spot {
	int y, x, width;
	enum review_action action; /* SORT: by `sort` */
	enum review_sort sort;
};

struct review_app {
	const struct dw_review_options *o;
	struct review_list *list;
	struct review_work *work;
	struct doorward_audit *audit; /* NULL: nobody has looked yet */
	struct review_page page;
	struct review_story story;
	struct review_panes panes;
	int rows, columns;
	unsigned place; /* enum review_place */
	bool typing;    /* the filter */
	char message[512];
	bool serious; /* the message is of something that failed */
	bool of_look; /* it is of a look that failed: the next one that does not takes it away */
	struct doorward_policy_edit *edit; /* shown, and not written yet */
	const char *waiting_for;           /* what is being looked up, in words; NULL: nothing */
	struct review_order later;         /* begun when the look that goes on has ended; NONE: nothing */
	long long next_look;               /* milliseconds of CLOCK_MONOTONIC */
	struct doorward_trial trial;       /* that runs; state NONE: none does */
	long long next_trial;              /* when it is looked at again, though nobody sees the list; as next_look */
	struct review_spot spots[REVIEW_SPOTS_MAX]; /* of what is drawn */
	size_t n_spots;
	struct {
		int y, x;
		long long at;
	} click; /* the last one; as next_look */
	bool look_now;
	bool leaving;
	int signal; /* that ended it; 0 */
	bool gone;  /* the terminal: there is nobody to draw for */
	char *stopped; /* what became of the change that a signal met; malloc()ed; NULL */
};

/* draw.c, draw-page.c */
void review_draw(struct review_app *r);
void review_draw_page(struct review_app *r);
void review_draw_bottom(struct review_app *r);
void review_spot(struct review_app *r, int y, int x, int width, enum review_action action, enum review_sort sort);
/* mouse.c */
void review_point(struct review_app *r, const struct review_mouse *m, long long now);
/* trial.c */
const char *review_trial_text(const struct review_app *r, struct dw_arena *a); /* "": none runs */
void review_trial_take(struct review_app *r, enum review_job job, const struct doorward_trial *now);
bool review_trial_is_due(const struct review_app *r); /* its time is up, as far as is known */
/* story.c */
void review_story_make(struct review_app *r);
void review_story_drop(struct review_app *r);
void review_story_scroll(struct review_app *r, long by);
char *review_story_text(const struct review_app *r, int columns); /* free() it */
/* page.c: takes over the text; the title is copied */
void review_page_open(struct review_app *r, unsigned place, const char *title, char *text);
void review_page_close(struct review_app *r);
void review_page_lay_out(struct review_page *p, int columns);
void review_page_move(struct review_app *r, enum review_action a);
size_t review_page_rows(const struct review_app *r);
/* act.c */
void review_act(struct review_app *r, enum review_action a);
void review_act_result(struct review_app *r, struct review_result *result);
void review_act_progress(struct review_app *r);
void review_act_later(struct review_app *r);   /* begins what waited for the work */
void review_act_stop(struct review_app *r);    /* ends a change: what was begun is put back */
void review_order_drop(struct review_order *o); /* frees its keys */
/* act-policy.c */
void review_policy_show(struct review_app *r);
void review_policy_write(struct review_app *r);
char *review_act_words(const struct review_app *r);   /* what is to be known when all has ended; NULL: nothing */
/* app.c */
void review_say(struct review_app *r, const char *fmt, ...) dw_printf_like(2, 3);
void review_complain(struct review_app *r, const char *fmt, ...) dw_printf_like(2, 3);

#endif
