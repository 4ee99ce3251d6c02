/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The loop: keys, looks and signals in, the screen out. */
#include "app.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "dw_macros.h"
#include "rows.h"
#include "screen.h"

/* --- words at the bottom ------------------------------------------------------------------------------ */

static void dw_printf_like(3, 0)
	say(struct review_app *r, bool serious, const char *fmt, va_list ap)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *text = dw_arena_vprintf(a, fmt, ap);
	size_t n = strlen(text);

	while (n > 0 && text[n - 1] == '\n') /* it is one line */
		n--;
	(void)snprintf(r->message, sizeof(r->message), "%s", dw_escape_terminal(a, text, n));
	r->serious = serious;
	r->of_look = false;
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

/* All that would end us and somebody may send. */
static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM };
static struct sigaction ending_before[DW_ARRAY_SIZE(ending)], pausing_before;

static int catch_signals(struct dw_error *e)
{
	struct sigaction ask = { .sa_handler = on_signal };

	if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		return dw_error_errno(e, -errno, "the full screen: a pipe");
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
		review_say(
			r,
			"Not root: less is seen, nothing can be closed. Try: sudo doorward review");
	else if (r->of_look && r->place == REVIEW_IN_LIST)
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
	if (result.job != REVIEW_JOB_LOOK && result.job != REVIEW_JOB_TRIAL)
		review_act_result(r, &result);
	else if (result.code == 0 && result.audit)
		take_audit(r, result.audit);
	else if (result.code < 0) {
		review_complain(r, "%s", result.text);
		r->of_look = true;
	}
	if (result.job == REVIEW_JOB_LOOK || result.job == REVIEW_JOB_TRIAL)
		free(result.text);
	review_trial_take(r, result.job, &result.running);
}

/* Nobody has to leave a page to hear that the trial has ended. */
static void look_at_trial(struct review_app *r)
{
	const struct review_order look = { .job = REVIEW_JOB_TRIAL };

	if (r->place != REVIEW_IN_LIST && review_trial_is_due(r) && now_ms() >= r->next_trial &&
	    review_work_begin(r->work, &look))
		r->next_trial = now_ms() + 1000;
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

/* A character more, whole or not at all. */
static void add_letter(char *words, size_t size, int key)
{
	char bytes[MB_LEN_MAX + 1];
	mbstate_t state = { 0 };
	size_t n = strlen(words), len;

	if (key < ' ' || key == 127 || key >= REVIEW_KEY_NONE)
		return;
	len = wcrtomb(bytes, (wchar_t)key, &state);
	if (len == (size_t)-1 || n + len >= size)
		return;
	memcpy(words + n, bytes, len);
	words[n + len] = '\0';
}

static void take_letter(char *words)
{
	size_t n = strlen(words);

	/* UTF-8: what follows the first byte of a character is 10xxxxxx */
	while (n > 0 && ((unsigned char)words[n - 1] & 0xc0) == 0x80)
		n--;
	words[n ? n - 1 : 0] = '\0';
}

static void type_filter(struct review_app *r, int key)
{
	static const struct {
		int key;
		enum review_action action;
	} moves[] = { { REVIEW_KEY_UP, REVIEW_UP },
		      { REVIEW_KEY_DOWN, REVIEW_DOWN },
		      { REVIEW_KEY_PAGE_UP, REVIEW_PAGE_UP },
		      { REVIEW_KEY_PAGE_DOWN, REVIEW_PAGE_DOWN } };
	char words[128];

	for (size_t i = 0; i < DW_ARRAY_SIZE(moves); i++)
		if (moves[i].key == key) {
			review_act(r, moves[i].action);
			return;
		}
	(void)snprintf(words, sizeof(words), "%s", review_list_words(r->list));
	if (key == REVIEW_KEY_ENTER || key == REVIEW_KEY_ESCAPE)
		r->typing = false;
	if (key == REVIEW_KEY_ESCAPE || key == REVIEW_KEY_CLEAR)
		words[0] = '\0';
	else if (key == REVIEW_KEY_BACKSPACE)
		take_letter(words);
	else
		add_letter(words, sizeof(words), key);
	review_list_filter(r->list, words);
}

static void press(struct review_app *r, int key)
{
	/* what was said of the last key is old; what failed is to be read first */
	r->message[0] = '\0';
	r->serious = false;
	review_act(r, review_key_action(key, r->place));
}

/* What a screen that is too small cannot show is not done, but for leaving, and for stopping a change. */
static void press_blindly(struct review_app *r, int key)
{
	if (r->place == REVIEW_IN_WORK || r->place == REVIEW_IN_LEAVING) {
		press(r, key);
		return;
	}
	if (key != 'q')
		return;
	review_page_close(r);
	press(r, key);
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
		else if (small)
			press_blindly(r, key);
		else if (key == REVIEW_KEY_MOUSE)
			review_point(r, &mouse, now_ms());
		else if (r->typing)
			type_filter(r, key);
		else
			press(r, key);
	}
}

/* --- all of it ---------------------------------------------------------------------------------------- */

/* Until something is due, in milliseconds; -1: only news can be. */
static int time_to_wait(struct review_app *r)
{
	long long left = r->next_look - now_ms();
	bool busy = review_work_busy(r->work) != REVIEW_JOB_NONE; /* it wakes us itself */
	int timeout = busy || r->o->offline || r->place != REVIEW_IN_LIST
			      ? -1
			      : (int)DW_MAX(0LL, DW_MIN(left, 60000LL));

	/* the seconds that a trial has are counted */
	if (r->trial.state == DOORWARD_TRIAL_RUNNING && r->trial.ends && !r->gone)
		timeout = timeout < 0 ? 1000 : DW_MIN(timeout, 1000);
	return timeout;
}

static int wait_for_news(struct review_app *r)
{
	struct pollfd p[] = { { .fd = r->gone ? -1 : STDIN_FILENO, .events = POLLIN },
			      { .fd = signal_pipe[0], .events = POLLIN },
			      { .fd = review_work_fd(r->work), .events = POLLIN } };

	if (poll(p, DW_ARRAY_SIZE(p), time_to_wait(r)) < 0 && errno != EINTR)
		return -errno;
	if (p[0].revents & (POLLHUP | POLLERR | POLLNVAL)) {
		r->gone = true;
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
		look_at_trial(r);
		if (!r->gone)
			review_draw(r);
		code = wait_for_news(r);
		hear_signals(r);
		hear_work(r);
		if (!r->gone)
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

int dw_review_run(const struct dw_review_options *o, char **ret_words, struct dw_error *e)
{
	struct review_app r = { .o = o, .list = review_list_new(), .place = REVIEW_IN_LIST };
	int code = -ENOMEM;

	r.work = review_work_new(o->work, o->root && !o->offline);
	if (r.work)
		code = with_screen(&r, e);
	else
		(void)dw_error_errno(e, -errno, "the full screen: a thread that looks");
	review_work_free(r.work);
	*ret_words = code < 0 ? NULL : review_act_words(&r);
	free(r.stopped);
	review_page_close(&r);
	review_order_drop(&r.later);
	review_story_drop(&r);
	review_list_free(r.list);
	doorward_audit_free(r.audit);
	return code < 0 ? code : r.signal;
}
