/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The runs, and one of them, for people. */
#include <string.h>

#include "dw_diff_report.h"
#include "dw_macros.h"
#include "dw_str.h"
#include "steps.h"
#include "table.h"

#define LABEL       11
#define NAMES_SHOWN 12

/* "9 minutes left"; the last of them are told in seconds. */
static const char *left_text(uint64_t until, uint64_t now, struct dw_arena *a)
{
	static const struct {
		uint64_t seconds;
		const char *name;
	} units[] = { { 86400, "day" }, { 3600, "hour" }, { 60, "minute" }, { 1, "second" } };

	if (!now)
		return "";
	if (until <= now)
		return ", which is over: it is about to be put back";
	for (size_t i = 0; i < DW_ARRAY_SIZE(units); i++) {
		uint64_t n = (until - now) / units[i].seconds;

		if (n >= 2 || i + 1 == DW_ARRAY_SIZE(units))
			return dw_arena_printf(a, ", %llu %s%s from now", (unsigned long long)n,
					       units[i].name, n == 1 ? "" : "s");
	}
	return "";
}

const char *dw_report_run_words(const struct dw_run *r, uint64_t now, struct dw_arena *a)
{
	switch (r->state) {
	case DW_RUN_STARTED:
		return "not finished: it runs now, or was interrupted and is put back by the next "
		       "change or undo";
	case DW_RUN_DONE:
		break;
	case DW_RUN_ROLLED_BACK:
		return "failed, all was put back";
	case DW_RUN_FAILED:
		return "FAILED, not all could be put back";
	case DW_RUN_UNDOING:
		return "its undo is not finished";
	case DW_RUN_UNDONE:
		return "undone";
	case DW_RUN_PARTLY_UNDONE:
		return "undone but for what somebody changed since";
	case DW_RUN_UNKNOWN:
	case DW_RUN_COUNT:
		return "not known";
	}
	if (r->confirm_by == 0 || r->confirmed)
		return "done, in force";
	if (r->confirm_by == 1)
		return "on trial: the next boot puts it back unless it is confirmed";
	return dw_arena_printf(a, "on trial: put back at %s%s, unless it is confirmed",
			       dw_report_minute(a, r->confirm_by),
			       left_text(r->confirm_by, now, a));
}

static bool in_force(const struct dw_run *r)
{
	return r->state == DW_RUN_DONE || r->state == DW_RUN_FAILED ||
	       r->state == DW_RUN_PARTLY_UNDONE;
}

static const char *command_of(const struct dw_run *r, struct dw_arena *a)
{
	return dw_cells_escape(r->command ? r->command : r->kind ? r->kind : "?", a);
}

static void put_runs(const struct page *p, const struct dw_report_history *h)
{
	for (size_t i = 0; i < h->n_runs; i++) {
		const struct dw_run *r = &h->runs[i];
		const char *user = r->user ? dw_cells_escape(r->user, p->a) : "?";

		(void)fprintf(p->out, "%4lld  ", (long long)r->id);
		dw_layout_wrap(
			p->out,
			dw_arena_printf(p->a, "%s, %s: %s", dw_report_minute(p->a, r->started),
					dw_layout_cut(user, 32, false, p->a),
					dw_layout_cut(command_of(r, p->a), 200, false, p->a)),
			6, 8, p->style->columns);
		dw_page_put(p, 8, 0, dw_report_run_words(r, h->now, p->a));
	}
}

static void put_list(const struct page *p, const struct dw_report_history *h)
{
	const struct dw_run *newest = NULL;

	if (h->n_runs == 0) {
		dw_page_put(p, 0, 0, "doorward has changed nothing on this host so far.");
		return;
	}
	put_runs(p, h);
	if (p->style->quiet)
		return;
	for (size_t i = 0; i < h->n_runs && !newest; i++)
		if (in_force(&h->runs[i]))
			newest = &h->runs[i];
	dw_page_put(p, 0, 0,
		    dw_arena_printf(p->a, "\nOne run with all its steps: doorward history %lld",
				    (long long)h->runs[0].id));
	if (newest)
		dw_page_put(p, 0, 0,
			    dw_arena_printf(p->a, "To take one back: doorward undo %lld",
					    (long long)newest->id));
}

static void put_fact(const struct page *p, const char *label, const char *text)
{
	if (!text)
		return;
	(void)fprintf(p->out, "%-*s", LABEL, label);
	dw_layout_wrap(p->out, text, LABEL, LABEL, p->style->columns);
}

static void put_doors(const struct page *p, const struct dw_run *r, int role, const char *label)
{
	struct dw_strings names = { 0 };

	for (size_t i = 0; i < r->n_doors; i++) {
		const struct dw_run_door *d = &r->doors[i];
		const char *service = d->service ? dw_arena_printf(p->a, " (%s)", d->service) : "";

		if ((int)d->role == role)
			dw_vec_push(p->a, &names,
				    dw_arena_printf(p->a, "%s%s", dw_endpoint_text(p->a, &d->at),
						    service));
	}
	if (names.n)
		put_fact(p, label, dw_page_list(p, &names, NAMES_SHOWN));
}

const char *dw_report_step_state(enum dw_run_step_state s)
{
	static const char *const words[DW_RUN_STEP_COUNT] = {
		[DW_RUN_STEP_UNKNOWN] = "not known",
		[DW_RUN_STEP_PLANNED] = "not begun",
		[DW_RUN_STEP_INTENDED] = "begun, its end is not known",
		[DW_RUN_STEP_DONE] = "done",
		[DW_RUN_STEP_ALREADY] = "was so already",
		[DW_RUN_STEP_FAILED] = "FAILED",
		[DW_RUN_STEP_UNDOING] = "being put back",
		[DW_RUN_STEP_UNDONE] = "put back",
		[DW_RUN_STEP_LEFT] = "NOT put back",
	};

	return words[s < DW_RUN_STEP_COUNT ? s : DW_RUN_STEP_UNKNOWN];
}

static void put_step(const struct page *p, size_t i, const struct dw_run_step *s)
{
	dw_page_put(p, 0, 5,
		    dw_arena_printf(p->a, "%3zu. %s: %s", i + 1,
				    dw_report_step_words(&s->step, p->a),
				    dw_report_step_state(s->state)));
	if (s->message)
		dw_page_put(p, 5, 0, dw_cells_escape(s->message, p->a));
	if (s->step.diff)
		dw_page_diff(p, 7, s->step.diff);
}

static void put_next(const struct page *p, const struct dw_run *r)
{
	if (p->style->quiet)
		return;
	if (r->state == DW_RUN_DONE && r->confirm_by && !r->confirmed)
		dw_page_put(p, 0, 0,
			    dw_arena_printf(p->a, "\nTo keep it: doorward confirm %lld",
					    (long long)r->id));
	if (in_force(r))
		dw_page_put(p, 0, 0,
			    dw_arena_printf(p->a, "%sTo take it back: doorward undo %lld%s",
					    r->confirm_by && !r->confirmed ? "" : "\n",
					    (long long)r->id,
					    r->state == DW_RUN_DONE ? "" : " --force"));
}

/* What nothing brings back is no fault of the undo, but it is not as before either. */
static const char *whole_state(const struct dw_report_history *h, struct dw_arena *a)
{
	const struct dw_run *r = &h->runs[0];
	const char *text = dw_report_run_words(r, h->now, a);
	size_t left = 0;

	for (size_t i = 0; i < r->n_steps; i++)
		left += r->steps[i].state == DW_RUN_STEP_LEFT;
	if (r->state != DW_RUN_UNDONE || !left)
		return text;
	return dw_arena_printf(a, "%s, but %zu step%s not put back", text, left,
			       left == 1 ? " was" : "s were");
}

static void put_whole(const struct page *p, const struct dw_report_history *h)
{
	const struct dw_run *r = &h->runs[0];
	struct dw_arena *a = p->a;
	const char *end = r->ended && r->ended != r->started
				  ? dw_arena_printf(a, ", ended %s", dw_report_minute(a, r->ended))
				  : "";

	dw_page_put(p, 0, 0,
		    dw_arena_printf(a, "Run %lld: %s", (long long)r->id, whole_state(h, a)));
	put_fact(p, "Typed", command_of(r, a));
	put_fact(p, "By",
		 dw_arena_printf(a, "%s, on %s", r->user ? dw_cells_escape(r->user, a) : "?",
				 r->host ? dw_cells_escape(r->host, a) : "?"));
	put_fact(p, "When", dw_arena_printf(a, "%s%s", dw_report_minute(a, r->started), end));
	if (r->confirmed)
		put_fact(p, "Confirmed", dw_report_minute(a, r->confirmed));
	put_fact(p, "Message", r->message ? dw_cells_escape(r->message, a) : NULL);
	put_doors(p, r, DW_RUN_DOOR_CLOSED, "Closed");
	put_doors(p, r, DW_RUN_DOOR_ALSO, "With them");
	put_doors(p, r, DW_RUN_DOOR_NARROWED, "Narrowed");
	if (r->n_steps)
		dw_page_head(p, "Steps:");
	for (size_t i = 0; i < r->n_steps; i++)
		put_step(p, i, &r->steps[i]);
	put_next(p, r);
}

int dw_report_history_text(const struct dw_report_history *h, FILE *out,
			   const struct dw_report_style *style, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct page p = { .out = out, .style = style, .a = a };

	if (h->whole && h->n_runs)
		put_whole(&p, h);
	else
		put_list(&p, h);
	return dw_report_end(out, e);
}
