/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What each action does. */
#include <errno.h>
#include <stdio.h>

#include "app.h"
#include "dw_macros.h"
#include "screen.h"

#define TRIAL_SECONDS 600

static char *copy_of(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		dw_oom();
	return copy;
}

/* Is a plan asked for of this door? */
typedef bool (*wanted_door)(const struct review_app *r, const struct review_door *d);

static bool is_marked_close(const struct review_app *r, const struct review_door *d)
{
	return review_list_marked(r->list, d) == REVIEW_CLOSE;
}

static bool is_judged_so(dw_unused const struct review_app *r, const struct review_door *d)
{
	return dw_streq(d->texts[REVIEW_VERDICT], "close") ||
	       dw_streq(d->texts[REVIEW_VERDICT], "restrict");
}

/* Keys of the wanted doors, whether they are shown or only of those that are, for the work; NULL: none is. */
static char **keys_of(const struct review_app *r, bool shown, wanted_door wanted)
{
	size_t n = shown ? review_list_lines(r->list) : review_list_count(r->list), found = 0;
	char **keys = calloc(n + 1, sizeof(*keys));

	if (!keys)
		dw_oom();
	for (size_t i = 0; i < n; i++) {
		size_t at = shown ? review_list_line(r->list, i).door : i;
		const struct review_door *d = at == SIZE_MAX ? NULL : review_list_door(r->list, at);

		if (d && wanted(r, d))
			keys[found++] = copy_of(d->key);
	}
	if (found)
		return keys;
	free(keys);
	return NULL;
}

void review_order_drop(struct review_order *o)
{
	for (size_t i = 0; o->keys && o->keys[i]; i++)
		free(o->keys[i]);
	free(o->keys);
	*o = (struct review_order){ 0 };
}

/* Takes the order over. While a look goes on it waits. */
static void begin(struct review_app *r, const struct review_order *order, const char *words)
{
	review_order_drop(&r->later);
	r->later = *order;
	r->waiting_for = words;
	r->message[0] = '\0';
	r->serious = false;
	review_act_later(r);
}

void review_act_later(struct review_app *r)
{
	if (r->later.job != REVIEW_JOB_NONE && review_work_begin(r->work, &r->later))
		r->later = (struct review_order){ 0 };
}

void review_act_stop(struct review_app *r)
{
	if (r->later.job == REVIEW_JOB_NONE) {
		review_work_stop(r->work);
		review_say(r, "Stopping; what was changed is put back.");
		return;
	}
	/* it has not begun */
	review_order_drop(&r->later);
	review_page_close(r);
	r->waiting_for = NULL;
}

static unsigned page_columns(const struct review_app *r)
{
	return (unsigned)DW_MAX(r->columns - 2, 40);
}

/* Of the doors that are marked close, else of those that are shown, as judged: what is hidden is left alone. */
static void ask_for_plan(struct review_app *r)
{
	bool filtered = *review_list_words(r->list) != '\0';
	size_t marks = review_list_marks(r->list);
	struct review_order o = { .job = REVIEW_JOB_PLAN, .columns = page_columns(r) };

	if (r->o->offline) {
		review_say(r, "This file system does not run: what would open there is closed "
			      "where it runs.");
		return;
	}
	o.keys = keys_of(r, false, is_marked_close);
	if (!o.keys && marks) {
		review_complain(r,
				"No door is marked close, and other marks count when they are "
				"written: w writes %s, p then plans by the verdicts that follow.",
				marks == 1 ? "it" : "them");
		return;
	}
	if (!o.keys && filtered) {
		o.as_judged = true;
		o.keys = keys_of(r, true, is_judged_so);
	}
	if (o.as_judged && !o.keys)
		review_say(r, "Of none of the doors that are shown the verdict is close or "
			      "restrict; c marks one all the same.");
	else
		begin(r, &o, "Making the plan");
}

static bool may_change(struct review_app *r, const char *what)
{
	if (r->o->root)
		return true;
	if (r->o->offline)
		review_say(
			r,
			"This file system does not run: nothing on it can be changed from here.");
	else
		review_complain(r, "%s changes this host, which takes root: sudo doorward review",
				what);
	return false;
}

static void begin_change(struct review_app *r, const struct review_order *o, const char *title)
{
	review_page_open(r, REVIEW_IN_WORK, title, copy_of(""));
	begin(r, o, NULL);
}

static void carry_out(struct review_app *r, unsigned long long trial)
{
	const struct review_order o = { .job = REVIEW_JOB_CLOSE,
					.trial = trial,
					.columns = page_columns(r) };

	if (may_change(r, "Closing"))
		begin_change(r, &o,
			     trial ? "On trial: closing, and looking whether it is so"
				   : "Closing, and looking whether it is so");
}

/* What the run did stands below the question. */
static void ask_undo(struct review_app *r)
{
	const struct review_order o = { .job = REVIEW_JOB_HISTORY,
					.run = r->page.run,
					.columns = page_columns(r),
					.to_undo = true };

	if (may_change(r, "Undoing"))
		begin(r, &o, "Reading the journal");
}

static void undo(struct review_app *r)
{
	const struct review_order o = { .job = REVIEW_JOB_UNDO,
					.run = r->page.run,
					.columns = page_columns(r) };

	begin_change(r, &o, "Putting it back");
}

static void confirm(struct review_app *r)
{
	const struct review_order o = { .job = REVIEW_JOB_CONFIRM,
					.run = r->page.run,
					.columns = page_columns(r) };

	if (may_change(r, "Keeping a trial"))
		begin_change(r, &o, "Keeping it");
}

static void look_up(struct review_app *r, enum review_job job, long long run, const char *words)
{
	const struct review_order o = { .job = job, .run = run, .columns = page_columns(r) };

	if (r->o->offline)
		review_say(r, "That is of a host that runs; this is a file system.");
	else
		begin(r, &o, words);
}

static void show_not_seen(struct review_app *r)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	size_t n = r->audit ? doorward_audit_count(r->audit, "incomplete") : 0;
	struct dw_str text = { .arena = a };

	for (size_t i = 0; i < n; i++) {
		const char *line =
			doorward_audit_get(r->audit, dw_arena_printf(a, "incomplete.%zu.text", i));
		const char *file =
			doorward_audit_get(r->audit, dw_arena_printf(a, "incomplete.%zu.file", i));
		bool says = !file || (line && dw_starts_with(line, file)); /* which file it is of */
		const char *all = dw_arena_printf(a, "%s%s%s", says ? "" : file, says ? "" : ": ",
						  line ? line : "");

		dw_str_addf(&text, "- %s\n", dw_escape_terminal(a, all, strlen(all)));
	}
	if (!r->o->root && !r->o->offline)
		dw_str_add(&text, "\nWith sudo doorward review: who holds the doors of other "
				  "users, what the packet filter "
				  "lets in, the runs of the journal; and doors can be closed.\n");
	review_page_open(r, REVIEW_IN_PAGE, "What could not be seen",
			 copy_of(n || text.n ? text.s : "All was seen.\n"));
}

static void leave(struct review_app *r)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	size_t n = review_list_marks(r->list);

	if (n == 0) {
		r->leaving = true;
		return;
	}
	review_page_open(
		r, REVIEW_IN_LEAVING, "Leave?",
		copy_of(dw_arena_printf(a,
					"%zu mark%s not written into the policy.\n\n"
					"Leave without writing?  y yes, n no (then w writes)\n",
					n, n == 1 ? " is" : "s are")));
}

static void show_story(struct review_app *r)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct review_door *d = review_list_selected(r->list);

	if (d)
		review_page_open(r, REVIEW_IN_PAGE,
				 dw_arena_printf(a, "why %s", d->texts[REVIEW_DOOR]),
				 review_story_text(r, (int)page_columns(r)));
}

static void move_list(struct review_app *r, enum review_action a)
{
	long page = DW_MAX(r->panes.list.rows - 1, 1);

	if (a == REVIEW_FIRST)
		review_list_go(r->list, 0);
	else if (a == REVIEW_LAST)
		review_list_go(r->list, review_list_lines(r->list));
	else
		review_list_move(r->list, a == REVIEW_UP        ? -1
					  : a == REVIEW_DOWN    ? 1
					  : a == REVIEW_PAGE_UP ? -page
								: page);
}

/* What takes root and is refused says so at the mark already: a mark alone changes nothing, so it is only told once. */
static void mark(struct review_app *r, enum review_mark m)
{
	static const char *const told[REVIEW_MARK_COUNT] = {
		[REVIEW_UNMARKED] = "The mark is taken away.",
		[REVIEW_KEEP] =
			"keep: it stays open for whom it is open now. w writes it into the policy.",
		[REVIEW_LAN] = "restrict: for the networks of this house alone. r again: for this "
			       "host alone.",
		[REVIEW_LOOPBACK] = "restrict: for this host alone. r again: no mark.",
		[REVIEW_CLOSE] =
			"close: w writes it into the policy, p shows what closing it takes.",
		[REVIEW_ASK] = "ask: no line of the policy shall decide about it. w takes such a "
			       "line away.",
	};
	const struct review_door *d;

	review_list_mark(r->list, m);
	d = review_list_selected(r->list);
	if (d)
		review_say(r, "%s  %s", d->texts[REVIEW_DOOR],
			   told[review_list_marked(r->list, d)]);
}

static void act_in_list(struct review_app *r, enum review_action a)
{
	static const enum review_mark marks[] = { [REVIEW_MARK_KEEP] = REVIEW_KEEP,
						  [REVIEW_MARK_RESTRICT] = REVIEW_LAN,
						  [REVIEW_MARK_CLOSE] = REVIEW_CLOSE,
						  [REVIEW_MARK_ASK] = REVIEW_ASK };

	if ((size_t)a < DW_ARRAY_SIZE(marks) && marks[a])
		mark(r, marks[a]);
	else if (a >= REVIEW_UP && a <= REVIEW_LAST)
		move_list(r, a);
	else if (a == REVIEW_MARK_NOT)
		review_list_unmark(r->list);
	else if (a == REVIEW_FILTER)
		r->typing = true;
	else if (a == REVIEW_GROUP)
		review_list_group(r->list, (review_list_grouped(r->list) + 1) % REVIEW_GROUP_COUNT);
	else if (a == REVIEW_SORT)
		review_list_sort(r->list, (review_list_sorted(r->list) + 1) % REVIEW_SORT_COUNT);
	else if (a == REVIEW_STORY_UP || a == REVIEW_STORY_DOWN)
		review_story_scroll(r, a == REVIEW_STORY_UP ? -3 : 3);
	else if (a == REVIEW_BACK)
		review_list_filter(r->list, "");
	else if (a == REVIEW_OPEN)
		show_story(r);
	else if (a == REVIEW_LOOK)
		r->look_now = true;
}

static void act_in_page(struct review_app *r, enum review_action a)
{
	if (a >= REVIEW_UP && a <= REVIEW_LAST)
		review_page_move(r, a);
	else if (a == REVIEW_BACK)
		review_page_close(r);
	else if (a == REVIEW_YES && r->place == REVIEW_IN_POLICY)
		review_policy_write(r);
	else if (a == REVIEW_YES && r->place == REVIEW_IN_UNDO)
		undo(r);
	else if (a == REVIEW_YES)
		r->leaving = true;
	else if (a == REVIEW_TRY || a == REVIEW_APPLY)
		carry_out(r, a == REVIEW_TRY ? TRIAL_SECONDS : 0);
	else if (a == REVIEW_CONFIRM)
		confirm(r);
	else if (a == REVIEW_STOP)
		review_act_stop(r);
}

void review_act(struct review_app *r, enum review_action a)
{
	if (a == REVIEW_UNDO)
		ask_undo(r);
	else if (r->place != REVIEW_IN_LIST)
		act_in_page(r, a);
	else if (a == REVIEW_WRITE)
		review_policy_show(r);
	else if (a == REVIEW_PLAN)
		ask_for_plan(r);
	else if (a == REVIEW_HISTORY)
		look_up(r, REVIEW_JOB_HISTORY, 0, "Reading the journal");
	else if (a == REVIEW_TRIAL && r->trial.state == DOORWARD_TRIAL_RUNNING)
		look_up(r, REVIEW_JOB_HISTORY, r->trial.run, "Reading the journal");
	else if (a == REVIEW_TRIAL)
		review_say(r, "Nothing is on trial: p, then t, tries a plan for 10 minutes.");
	else if (a == REVIEW_FENCE)
		look_up(r, REVIEW_JOB_FENCE, 0, "Asking the packet filter");
	else if (a == REVIEW_HELP)
		review_page_open(r, REVIEW_IN_PAGE, "Help", review_keys_help());
	else if (a == REVIEW_NOT_SEEN)
		show_not_seen(r);
	else if (a == REVIEW_QUIT)
		leave(r);
	else
		act_in_list(r, a);
}

static const struct {
	const char *title, *failed;
	unsigned place;
} pages[REVIEW_JOB_COUNT] = {
	[REVIEW_JOB_PLAN] = { "The plan: nothing is changed yet", "There is no plan",
			      REVIEW_IN_PLAN },
	[REVIEW_JOB_CLOSE] = { "Done", "Not done", REVIEW_IN_PAGE },
	[REVIEW_JOB_UNDO] = { "Undone", "Not undone", REVIEW_IN_PAGE },
	[REVIEW_JOB_CONFIRM] = { "Kept", "Not kept", REVIEW_IN_PAGE },
	[REVIEW_JOB_HISTORY] = { "What doorward changed on this host",
				 "The journal could not be read", REVIEW_IN_HISTORY },
	[REVIEW_JOB_FENCE] = { "The packet filter today", "The packet filter could not be asked",
			       REVIEW_IN_PAGE },
};

/* What was done, step by step, above what came of it. */
static char *with_progress(struct review_app *r, char *text)
{
	char *steps = review_work_progress(r->work), *all = NULL;

	if (asprintf(&all, "%s%s%s", steps, *steps ? "\n" : "", text) < 0)
		dw_oom();
	free(steps);
	free(text);
	return all;
}

static unsigned place_of(const struct review_result *result)
{
	bool runs = result->running.state == DOORWARD_TRIAL_RUNNING;

	if (result->code < 0 || (result->job == REVIEW_JOB_PLAN && result->steps == 0))
		return REVIEW_IN_PAGE;
	if (result->job == REVIEW_JOB_CLOSE)
		return result->trial ? REVIEW_IN_TRIAL : REVIEW_IN_HISTORY;
	if (result->to_undo)
		return result->run ? REVIEW_IN_UNDO : REVIEW_IN_PAGE;
	/* where the runs are told, the one on trial can be kept */
	return result->job == REVIEW_JOB_HISTORY && runs ? REVIEW_IN_TRIAL
							 : pages[result->job].place;
}

/* The screen goes before anybody has read it: it is told again behind it. */
static void remember_stopped(struct review_app *r)
{
	free(r->stopped);
	if (asprintf(&r->stopped, "%s:\n%s", r->page.title, r->page.text) < 0)
		dw_oom();
}

void review_act_result(struct review_app *r, struct review_result *result)
{
	enum review_job job = result->job;
	bool change =
		job == REVIEW_JOB_CLOSE || job == REVIEW_JOB_UNDO || job == REVIEW_JOB_CONFIRM;
	const char *title = result->code < 0 ? pages[job].failed
			    : result->as_judged
				    ? "The plan of the doors shown: nothing is changed yet"
			    : result->trial   ? "Done, on trial"
			    : result->to_undo ? "Undo"
					      : pages[job].title;

	r->waiting_for = NULL;
	review_page_open(r, place_of(result), title,
			 change ? with_progress(r, result->text) : result->text);
	if (change || result->to_undo)
		r->page.run = result->run;
	else if (r->place == REVIEW_IN_TRIAL)
		r->page.run = result->running.run;
	r->page.top = change ? SIZE_MAX / 2
			     : 0; /* the end is what counts; drawing brings it back into the text */
	r->look_now |= change;
	r->message[0] = '\0';
	r->serious = false;
	if (change && r->signal)
		remember_stopped(r);
}

char *review_act_words(const struct review_app *r)
{
	char *trial = NULL, *all = NULL;

	if (r->trial.state == DOORWARD_TRIAL_RUNNING &&
	    asprintf(&trial,
		     "Run %lld is on trial, and is put back by itself. To keep it:  doorward "
		     "confirm "
		     "%lld\n",
		     r->trial.run, r->trial.run) < 0)
		dw_oom();
	if ((r->stopped || trial) &&
	    asprintf(&all, "%s%s", r->stopped ? r->stopped : "", trial ? trial : "") < 0)
		dw_oom();
	free(trial);
	return all;
}

void review_act_progress(struct review_app *r)
{
	char *text;

	if (r->place != REVIEW_IN_WORK)
		return;
	text = review_work_progress(r->work);
	free(r->page.text);
	r->page.text = text;
	r->page.columns = 0;
}
