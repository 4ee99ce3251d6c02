/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The loop: keys, looks and signals in, the screen out. */
#include "app.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "dw_macros.h"
#include "rows.h"
#include "screen.h"

/* --- words at the bottom ------------------------------------------------------------------------------ */

static void dw_printf_like(3, 0)
	say(struct review_app *r, bool serious, const char *fmt, va_list ap)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *text = dw_arena_vprintf(a, fmt, ap);

	(void)snprintf(r->message, sizeof(r->message), "%s",
		       dw_escape_terminal(a, text, strlen(text)));
	r->serious = serious;
}

void review_say(struct review_app *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(r, false, fmt, ap);
	va_end(ap);
}

void review_complain(struct review_app *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(r, true, fmt, ap);
	va_end(ap);
}

/* --- signals ------------------------------------------------------------------------------------------ */

static int signal_pipe[2] = { -1, -1 };

static void on_signal(int number)
{
	const unsigned char byte = (unsigned char)number;
	int before = errno;

	(void)!write(signal_pipe[1], &byte, 1);
	errno = before;
}

static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
static struct sigaction ending_before[DW_ARRAY_SIZE(ending)], pausing_before;

static int catch_signals(struct dw_error *e)
{
	struct sigaction ask = { .sa_handler = on_signal };

	if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		return dw_error_errno(e, -errno, "a pipe");
	for (size_t i = 0; i < DW_ARRAY_SIZE(ending); i++)
		(void)sigaction(ending[i], &ask, &ending_before[i]);
	return 0;
}

static void release_signals(void)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(ending); i++)
		(void)sigaction(ending[i], &ending_before[i], NULL);
	(void)close(signal_pipe[0]);
	(void)close(signal_pipe[1]);
}

/* In the middle of a change nothing stops us: a host half changed would wait for somebody to type fg. */
static void hold_pause(bool hold)
{
	static const struct sigaction ignore = { .sa_handler = SIG_IGN };
	static bool held;

	if (hold == held)
		return;
	if (hold)
		(void)sigaction(SIGTSTP, &ignore, &pausing_before);
	else
		(void)sigaction(SIGTSTP, &pausing_before, NULL);
	held = hold;
}

/* A change that runs is stopped and put back first (a lost terminal alone is no reason to stop it); then all ends. */
static void hear_signals(struct review_app *r)
{
	unsigned char number;

	while (read(signal_pipe[0], &number, 1) == 1) {
		r->signal = number;
		if (number != SIGHUP && r->place == REVIEW_IN_WORK)
			review_act_stop(r);
	}
	r->leaving |= r->signal && r->place != REVIEW_IN_WORK;
}

/* --- looks -------------------------------------------------------------------------------------------- */

static long long now_ms(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void take_audit(struct review_app *r, struct doorward_audit *audit)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct review_doors doors = review_rows_of(audit, a);
	bool first = !review_list_filled(r->list);

	review_list_fill(r->list, &doors);
	doorward_audit_free(r->audit);
	r->audit = audit;
	free(r->story.key); /* to be told anew, from where it is read now */
	r->story.key = NULL;
	if (first && !r->message[0] && !r->o->root && !r->o->offline)
		review_say(r, "Not root: less is seen, and nothing can be closed. sudo doorward "
			      "review does both.");
	else if (r->serious && r->place == REVIEW_IN_LIST)
		r->message[0] = '\0';
	r->serious &= r->message[0] != '\0';
}

static void hear_work(struct review_app *r)
{
	struct review_result result;

	review_work_heard(r->work);
	review_act_progress(r);
	if (!review_work_take(r->work, &result))
		return;
	/* a look that takes long is not taken all the time */
	r->next_look =
		now_ms() +
		(r->o->recollect ? r->o->recollect
				 : DW_MAX(3000L, (long)DW_MIN(result.milliseconds, 60000UL) * 5));
	review_act_later(r);
	if (result.job != REVIEW_JOB_LOOK) {
		review_act_result(r, &result);
		return;
	}
	if (result.code == 0)
		take_audit(r, result.audit);
	else
		review_complain(r, "%s", result.text);
	free(result.text);
}

static void look_again(struct review_app *r)
{
	const struct review_order look = { .job = REVIEW_JOB_LOOK };
	bool due = r->look_now || (!r->o->offline && now_ms() >= r->next_look) ||
		   !review_list_filled(r->list);

	/* while somebody reads a page nothing is looked at: what they decide by does not move */
	if (!due || (r->place != REVIEW_IN_LIST && !r->look_now) ||
	    (r->serious && !r->look_now && now_ms() < r->next_look))
		return;
	if (review_work_begin(r->work, &look))
		r->look_now = false;
}

/* --- keys --------------------------------------------------------------------------------------------- */

static void type_filter(struct review_app *r, int key)
{
	char words[128];
	size_t n = strlen(review_list_words(r->list));

	(void)snprintf(words, sizeof(words), "%s", review_list_words(r->list));
	if (key == REVIEW_KEY_ENTER || key == REVIEW_KEY_ESCAPE)
		r->typing = false;
	if (key == REVIEW_KEY_ESCAPE)
		words[0] = '\0';
	if (key == REVIEW_KEY_BACKSPACE && n > 0)
		words[n - 1] = '\0';
	if (key >= ' ' && key < 127 && n + 1 < sizeof(words)) {
		words[n] = (char)key;
		words[n + 1] = '\0';
	}
	if (key == REVIEW_KEY_UP || key == REVIEW_KEY_DOWN)
		review_list_move(r->list, key == REVIEW_KEY_UP ? -1 : 1);
	else
		review_list_filter(r->list, words);
}

static bool is_in(const struct review_pane *p, const struct review_mouse *m)
{
	return m->y >= p->y && m->y < p->y + p->rows && m->x >= p->x && m->x < p->x + p->columns;
}

static void point(struct review_app *r, const struct review_mouse *m)
{
	size_t top = review_list_top(r->list, (size_t)r->panes.list.rows);

	if (r->page.text && m->wheel) {
		review_page_move(r, m->wheel < 0 ? REVIEW_UP : REVIEW_DOWN);
	} else if (r->page.text) {
		return;
	} else if (is_in(&r->panes.story, m) && m->wheel) {
		review_story_scroll(r, m->wheel * 3);
	} else if (m->wheel) {
		review_list_move(r->list, m->wheel * 3);
	} else if (is_in(&r->panes.list, m) &&
		   top + (size_t)(m->y - r->panes.list.y) < review_list_lines(r->list)) {
		review_list_go(r->list, top + (size_t)(m->y - r->panes.list.y));
		if (m->twice)
			review_act(r, REVIEW_OPEN);
	}
}

static void press(struct review_app *r, int key)
{
	/* what was said of the last key is old; what failed is to be read first */
	r->message[0] = '\0';
	r->serious = false;
	review_act(r, review_key_action(key, r->place));
}

static void hear_keys(struct review_app *r)
{
	struct review_mouse mouse = { 0 };
	struct review_panes panes;

	for (int key = review_screen_key(&mouse); key != REVIEW_KEY_NONE;
	     key = review_screen_key(&mouse)) {
		bool small = !review_panes_of(r->rows, r->columns, &panes);

		if (key == REVIEW_KEY_RESIZE)
			review_screen_size(&r->rows, &r->columns);
		else if (small && key != 'q')
			continue;
		else if (key == REVIEW_KEY_MOUSE)
			point(r, &mouse);
		else if (r->typing)
			type_filter(r, key);
		else
			press(r, key);
	}
}

/* --- all of it ---------------------------------------------------------------------------------------- */

static int wait_for_news(struct review_app *r)
{
	struct pollfd p[] = { { .fd = STDIN_FILENO, .events = POLLIN },
			      { .fd = signal_pipe[0], .events = POLLIN },
			      { .fd = review_work_fd(r->work), .events = POLLIN } };
	long long left = r->next_look - now_ms();
	int timeout = r->o->offline || r->place != REVIEW_IN_LIST
			      ? -1
			      : (int)DW_MAX(0LL, DW_MIN(left, 60000LL));

	/* a look that goes on wakes us itself */
	if (review_work_busy(r->work) != REVIEW_JOB_NONE)
		timeout = -1;
	if (poll(p, DW_ARRAY_SIZE(p), timeout) < 0 && errno != EINTR)
		return -errno;
	if (p[0].revents & (POLLHUP | POLLERR | POLLNVAL)) { /* the terminal is gone */
		r->signal = SIGHUP;
		r->leaving |= r->place != REVIEW_IN_WORK;
	}
	return 0;
}

static int run(struct review_app *r)
{
	int code = 0;

	r->look_now = true;
	while (!r->leaving && code == 0) {
		hold_pause(r->place == REVIEW_IN_WORK);
		look_again(r);
		review_draw(r);
		code = wait_for_news(r);
		hear_signals(r);
		hear_work(r);
		hear_keys(r);
		r->leaving |= r->signal && r->place != REVIEW_IN_WORK;
	}
	hold_pause(false);
	return code;
}

bool dw_review_is_built(void)
{
	return review_screen_is_built();
}

static int with_screen(struct review_app *r, struct dw_error *e)
{
	int code = review_screen_open(r->o->in, r->o->out, r->o->colour, e);

	if (code < 0)
		return code;
	code = catch_signals(e);
	if (code == 0) {
		code = run(r);
		/* the terminal is given back before we wait for a look that still runs */
		review_screen_close();
		release_signals();
	}
	review_screen_close();
	return code;
}

int dw_review_run(const struct dw_review_options *o, struct dw_error *e)
{
	struct review_app r = { .o = o, .list = review_list_new(), .place = REVIEW_IN_LIST };
	int code = -ENOMEM;

	r.work = review_work_new(o->work, o->root && !o->offline);
	if (r.work)
		code = with_screen(&r, e);
	else
		(void)dw_error_errno(e, -errno, "a thread that looks");
	review_work_free(r.work);
	review_page_close(&r);
	review_order_drop(&r.later);
	review_story_drop(&r);
	review_list_free(r.list);
	doorward_audit_free(r.audit);
	return code < 0 ? code : r.signal;
}
