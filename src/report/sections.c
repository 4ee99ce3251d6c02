/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sections of a document behind the doors: plan, changes, view from outside. */
#include "sections.h"

#include <string.h>

#include "dw_fields.h"
#include "dw_macros.h"
#include "dw_str.h"
#include "steps.h"
#include "table.h"

/* --- plan -------------------------------------------------------------------------------------------- */

static const char *place_of(struct paper *p, const struct dw_door *d)
{
	const char *at = dw_cells_door(d, p->a);

	if (!d->netns || dw_streq(d->netns, "host"))
		return at;
	return dw_arena_printf(p->a, "%s in %s", at, d->netns);
}

static void tell_doors(struct paper *p, const struct dw_plan *plan)
{
	static const char *const columns[] = { "Door", "What happens", "Service", "Program",
					       "Started by" };

	if (plan->n_closes + plan->n_also == 0)
		return;
	p->ops->table(p, "Doors that the plan changes", columns, DW_ARRAY_SIZE(columns));
	for (size_t i = 0; i < plan->n_closes + plan->n_also; i++) {
		bool also = i >= plan->n_closes;
		const struct dw_plan_door *d =
			also ? plan->also[i - plan->n_closes] : plan->closes[i];

		p->ops->row(p, PAPER_PLAIN);
		p->ops->cell(p, place_of(p, d->door));
		p->ops->cell(p, also                              ? "closes with them"
				: d->intent == DW_INTENT_RESTRICT ? "is narrowed"
								  : "closes");
		p->ops->cell(p, d->service);
		p->ops->cell(p, dw_cells_program(d->door, false, p->a));
		p->ops->cell(p, dw_cells_starter(d->door, p->a));
		p->ops->end_row(p);
	}
	p->ops->end_table(p);
}

static void tell_step(struct paper *p, size_t number, const struct dw_step *s)
{
	const struct {
		const char *label, *text;
		bool raw;
	} facts[] = {
		{ "Why", s->why, false },
		{ "Written in", s->source, false },
		{ "For", s->door, false },
		{ "Command", s->command, true },
		{ "To undo", s->no_undo ? NULL : s->undo_command, true },
	};

	p->ops->fold(p,
		     dw_arena_printf(p->a, "%zu. %s%s", number, dw_report_step_words(s, p->a),
				     s->no_undo ? " (nothing brings it back)" : ""),
		     s->no_undo ? PAPER_WARN : PAPER_PLAIN);
	p->ops->facts(p);
	for (size_t i = 0; i < DW_ARRAY_SIZE(facts); i++)
		if (facts[i].text)
			p->ops->fact(p, facts[i].label, facts[i].text, facts[i].raw);
	p->ops->end_facts(p);
	if (s->diff)
		p->ops->code(p, s->diff);
	p->ops->end_fold(p);
}

static void tell_steps(struct paper *p, const struct dw_steps *all)
{
	struct dw_strings remarks = { 0 };
	size_t number = 0, left = 0;

	if (all->n)
		p->ops->head(p, "Steps, in this order");
	for (size_t i = 0; i < all->n; i++) {
		left += all->v[i].if_left;
		if (!all->v[i].if_left)
			tell_step(p, ++number, &all->v[i]);
	}
	if (left)
		p->ops->say(p, PAPER_PLAIN,
			    "At the end, what still holds one of these doors is stopped.");
	for (size_t i = 0; i < all->n_remarks; i++)
		dw_vec_push(p->a, &remarks, all->remarks[i]);
	if (remarks.n)
		p->ops->head(p, "What the steps do not reach");
	p->ops->list(p, &remarks);
}

static void tell_missed(struct paper *p, const struct dw_plan *plan)
{
	struct dw_strings lines = { 0 };

	for (size_t i = 0; i < plan->needed_by.n; i++)
		dw_vec_push(p->a, &lines, plan->needed_by.v[i]);
	for (size_t i = 0; i < plan->n_closes; i++) {
		const struct dw_door *d = plan->closes[i]->door;

		if (d->connections)
			dw_vec_push(p->a, &lines,
				    dw_arena_printf(p->a, "%s has %u connection%s now",
						    place_of(p, d), d->connections,
						    d->connections == 1 ? "" : "s"));
	}
	if (plan->n_closes == 0)
		return;
	p->ops->head(p, "Who may miss it");
	p->ops->list(p, &lines);
	if (lines.n == 0)
		p->ops->say(p, PAPER_PLAIN,
			    "Nobody that is known: nothing here depends on it, nobody is connected "
			    "now.");
}

static void tell_refused(struct paper *p, const struct dw_plan *plan)
{
	static const char *const columns[] = { "Door", "Why it stays as it is", "Reason" };

	if (plan->n_refused == 0)
		return;
	p->ops->head(p, "Stays open");
	p->ops->table(p, "Doors that the plan leaves open", columns, DW_ARRAY_SIZE(columns));
	for (size_t i = 0; i < plan->n_refused; i++) {
		const struct dw_refusal *r = &plan->refused[i];

		p->ops->row(p, PAPER_PLAIN);
		p->ops->cell(p, place_of(p, r->door));
		p->ops->cell(p, r->text);
		p->ops->cell(p, r->id);
		p->ops->end_row(p);
	}
	p->ops->end_table(p);
}

static void tell_plan(struct paper *p, const struct dw_report_whole *w)
{
	const struct dw_plan *plan = w->plan->plan;

	if (plan->steps.n == 0)
		p->ops->say(p, plan->n_refused ? PAPER_NOTE : PAPER_GOOD,
			    plan->n_closes    ? "Nothing to do: all that would open these doors is "
						"off already."
			    : plan->n_refused ? "Nothing would be done."
					      : "Nothing to do: no door of this host is to be "
						"closed or narrowed.");
	else
		p->ops->say(p, PAPER_PLAIN,
			    "Nothing was changed. doorward close does these steps and looks "
			    "whether the doors are shut; doorward undo takes them back.");
	tell_doors(p, plan);
	tell_steps(p, &plan->steps);
	if (plan->steps.n)
		tell_missed(p, plan);
	tell_refused(p, plan);
}

/* --- changes ----------------------------------------------------------------------------------------- */

static const char *side_words(struct paper *p, const struct dw_report_side *s)
{
	return dw_arena_printf(p->a, "%s%s%s%s%s", s->source, s->host ? ", " : "",
			       s->host ? s->host : "", s->time ? ", " : "",
			       s->time ? dw_report_minute(p->a, s->time) : "");
}

static const char *changes_words(struct paper *p, const struct dw_diff_door *d)
{
	struct dw_str text = { .arena = p->a };

	for (size_t i = 0; i < d->n_changes; i++)
		dw_str_addf(&text, "%s%s: %s → %s", i ? "; " : "", d->changes[i].what,
			    d->changes[i].before ? d->changes[i].before : "none",
			    d->changes[i].after ? d->changes[i].after : "none");
	if (!d->n_changes && d->more->reason)
		dw_str_add(&text, d->more->reason);
	return text.s;
}

static void tell_change(struct paper *p, const struct dw_diff_door *d)
{
	static const char *const words[DW_DIFF_COUNT] = { "?", "new", "changed", "gone" };
	bool to_do = d->kind != DW_DIFF_WENT && dw_mark_of(d->more->verdict)->to_do;
	const char *program = d->door->program ? d->door->program : d->door->kernel;

	p->ops->row(p, to_do && !d->doubtful ? PAPER_BAD : PAPER_PLAIN);
	p->ops->cell(p, d->place);
	p->ops->cell(p,
		     d->doubtful ? dw_arena_printf(p->a, "%s?", words[d->kind]) : words[d->kind]);
	p->ops->cell(p, d->more->service);
	p->ops->cell(p, program);
	p->ops->cell(p, d->more->verdict);
	p->ops->cell(p, changes_words(p, d));
	p->ops->end_row(p);
}

static void tell_changes(struct paper *p, const struct dw_report_whole *w)
{
	static const char *const columns[] = { "Door",    "Change",  "Service",
					       "Program", "Verdict", "What changed" };
	const struct dw_report_diff *r = w->changes;
	const struct dw_diff *d = r->diff;
	struct dw_strings notes = { 0 };

	p->ops->say(p, d->n ? PAPER_PLAIN : PAPER_GOOD,
		    dw_arena_printf(p->a, "%zu new, %zu changed, %zu gone, %zu the same since %s.",
				    d->came, d->changed, d->went, d->same,
				    side_words(p, &r->before)));
	if (d->doubtful)
		p->ops->say(p, PAPER_WARN,
			    dw_arena_printf(p->a,
					    "%zu of these %s in doubt (?): one of the two looks "
					    "could not see everything.",
					    d->doubtful, d->doubtful == 1 ? "is" : "are"));
	if (d->n)
		p->ops->table(p, "Doors that differ from the baseline", columns,
			      DW_ARRAY_SIZE(columns));
	for (size_t i = 0; i < d->n; i++)
		tell_change(p, &d->v[i]);
	if (d->n)
		p->ops->end_table(p);
	for (size_t i = 0; i < r->n_notes; i++)
		dw_vec_push(p->a, &notes, r->notes[i]);
	p->ops->list(p, &notes);
}

/* --- from outside ------------------------------------------------------------------------------------ */

static const char *compared_place(struct paper *p, const struct dw_report_compared *f)
{
	if (!f->address)
		return f->host ? f->host : "?";
	return f->protocol ? dw_arena_printf(p->a, "%s %u/%s", f->address, (unsigned)f->port,
					     dw_protocol_name(f->protocol))
			   : f->address;
}

static void tell_compared(struct paper *p, const struct dw_report_compared *f)
{
	struct dw_str why = { .arena = p->a };

	for (size_t i = 0; i < f->n_reasons; i++)
		dw_str_addf(&why, "%s%s", i ? " " : "", f->reasons[i].text);
	p->ops->row(p, f->urgent ? PAPER_BAD : f->expected ? PAPER_PLAIN : PAPER_NOTE);
	p->ops->cell(p, compared_place(p, f));
	p->ops->cell(p, f->kind);
	p->ops->cell(p, f->state ? dw_scan_state_name(f->state) : NULL);
	p->ops->cell(p, f->answers);
	p->ops->cell(p, f->inside);
	p->ops->cell(p, why.s);
	p->ops->end_row(p);
}

static void tell_outside(struct paper *p, const struct dw_report_whole *w)
{
	static const char *const columns[] = { "Where",   "Finding",     "State outside",
					       "Answers", "Door inside", "Why" };
	const struct dw_report_compare *r = w->outside;
	size_t urgent = 0;

	for (size_t i = 0; i < r->n; i++)
		urgent += r->v[i].urgent;
	p->ops->say(p, urgent ? PAPER_BAD : PAPER_GOOD,
		    dw_arena_printf(p->a,
				    "Scan %lld of %s from %s, %s: %zu urgent, %zu as expected; %zu "
				    "host%s answered.",
				    (long long)r->scan, r->targets ? r->targets : "?",
				    r->scanner ? r->scanner : "?",
				    r->time ? dw_report_minute(p->a, r->time) : "?", urgent,
				    r->as_expected, r->hosts, r->hosts == 1 ? "" : "s"));
	if (!r->n_insides)
		p->ops->say(p, PAPER_WARN,
			    "No address of this host was scanned, so there is nothing to hold "
			    "against its doors.");
	if (r->blind)
		p->ops->say(p, PAPER_WARN,
			    "Not everything could be looked at: what is missing is unknown, not "
			    "closed.");
	if (r->n)
		p->ops->table(p, "What the newest scan saw, beside what is open inside", columns,
			      DW_ARRAY_SIZE(columns));
	for (size_t i = 0; i < r->n; i++)
		tell_compared(p, &r->v[i]);
	if (r->n)
		p->ops->end_table(p);
}

/* --- all of them ------------------------------------------------------------------------------------- */

static void (*const tellers[DW_WHOLE_PARTS])(struct paper *p, const struct dw_report_whole *w) = {
	[DW_WHOLE_PLAN] = tell_plan,         [DW_WHOLE_CHANGES] = tell_changes,
	[DW_WHOLE_OUTSIDE] = tell_outside,   [DW_WHOLE_HOST] = paper_tell_host,
	[DW_WHOLE_USAGE] = paper_tell_usage, [DW_WHOLE_HISTORY] = paper_tell_history,
};

static void tell_missing(struct paper *p, enum dw_whole_part part, const struct dw_whole_section *s)
{
	static const char *const words[DW_WHOLE_STATES] = {
		[DW_WHOLE_UNKNOWN] = "This was not looked at",
		[DW_WHOLE_LEFT_OUT] = "This was left out",
		[DW_WHOLE_NOTHING] = "Not told",
		[DW_WHOLE_FAILED] = "This could not be had",
	};
	const char *by = s->state == DW_WHOLE_LEFT_OUT && !s->why
				 ? dw_arena_printf(p->a, "--without %s", dw_whole_part_name(part))
				 : s->why;

	p->ops->say(p, s->state == DW_WHOLE_FAILED ? PAPER_BAD : PAPER_NOTE,
		    dw_arena_printf(p->a, "%s%s%s", words[s->state] ? words[s->state] : "?",
				    by ? ": " : ".", by ? by : ""));
}

void paper_sections(struct paper *p, const struct dw_report_whole *w)
{
	for (size_t i = 0; i < DW_WHOLE_PARTS; i++) {
		enum dw_whole_part part = (enum dw_whole_part)i;

		p->ops->section(p, dw_whole_part_name(part), dw_whole_part_title(part));
		if (w->sections[i].state == DW_WHOLE_TOLD)
			tellers[i](p, w);
		else
			tell_missing(p, part, &w->sections[i]);
		p->ops->end_section(p);
	}
}
