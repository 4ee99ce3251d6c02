/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sections of a document: checks of the host, usage, history, and what could not be looked at. */
#include "sections.h"

#include <string.h>

#include "dw_macros.h"
#include "dw_str.h"

/* --- host -------------------------------------------------------------------------------------------- */

/* Of a list of hundreds of files these say what it is about. */
#define EVIDENCE_SHOWN 8

static void evidence(struct paper *p, const struct dw_host_result *r)
{
	size_t shown = r->evidence.n > EVIDENCE_SHOWN + 1 ? EVIDENCE_SHOWN : r->evidence.n;
	struct dw_strings rest = { 0 };

	for (size_t i = 0; i < r->evidence.n; i++) {
		const struct dw_host_evidence *e = &r->evidence.v[i];
		struct dw_str text = { .arena = p->a };
		bool same = e->file && dw_streq(e->file, e->object);

		if (e->file)
			dw_str_add(&text, e->file);
		if (e->line)
			dw_str_addf(&text, ":%u", e->line);
		if (!same)
			dw_str_addf(&text, "%s%s", e->file ? " " : "", e->object);
		dw_str_addf(&text, ": %s%s", e->text, e->accepted ? " (accepted)" : "");
		if (i < shown)
			p->ops->fact(p, i ? NULL : "Seen in", text.s, false);
		else
			dw_vec_push(p->a, &rest, text.s);
	}
	if (rest.n)
		p->ops->more_facts(p, &rest);
}

static void fixes(struct paper *p, const struct dw_host_result *r)
{
	for (size_t i = 0; i < r->changes.n; i++)
		p->ops->fact(p, i ? NULL : "Fix", r->changes.v[i].text, false);
	if (r->changes.n)
		p->ops->fact(p, "To fix",
			     dw_arena_printf(p->a, "doorward host fix %s", r->about->id), true);
	for (size_t i = 0; i < r->held.n; i++)
		p->ops->fact(p, i ? NULL : "Left alone", r->held.v[i], false);
	if (r->about->advice)
		p->ops->fact(p, "Do", r->about->advice, false);
}

static void check(struct paper *p, const struct dw_host_result *r)
{
	const struct dw_policy_accept *s = r->accepted;
	bool open = dw_host_is_open(r);
	const char *word = s ? "accepted" : dw_host_outcome_name(r->outcome);

	p->ops->fold(p,
		     dw_arena_printf(p->a, "%s (%s%s%s): %s", r->about->id, word, open ? ", " : "",
				     open ? dw_host_severity_name(r->about->severity) : "",
				     r->text ? r->text : r->about->title),
		     !open                                    ? PAPER_NOTE
		     : r->about->severity == DW_SEVERITY_HIGH ? PAPER_BAD
							      : PAPER_WARN);
	p->ops->facts(p);
	p->ops->fact(p, "Asked for", r->about->title, false);
	p->ops->fact(p, "Why it counts", r->about->reason, false);
	evidence(p, r);
	if (s)
		p->ops->fact(p, "Accepted by",
			     dw_arena_printf(p->a, "%s:%u: %s", s->file, s->line, s->because),
			     false);
	fixes(p, r);
	p->ops->fact(p, "Source", r->about->source, false);
	p->ops->end_facts(p);
	p->ops->end_fold(p);
}

/* What fails, the most severe of it first; then what is not known, then what is accepted. SIZE_MAX: not listed. */
static size_t rank(const struct dw_host_result *r)
{
	if (dw_host_is_open(r))
		return (size_t)DW_SEVERITY_COUNT - r->about->severity;
	if (r->outcome == DW_HOST_UNKNOWN)
		return DW_SEVERITY_COUNT + 1;
	return r->outcome == DW_HOST_FAILS ? (size_t)DW_SEVERITY_COUNT + 2 : SIZE_MAX;
}

static void category(struct paper *p, const struct dw_host_result *v, size_t n)
{
	static const struct {
		enum dw_host_outcome outcome;
		const char *label;
	} rest[] = { { DW_HOST_OK, "Well" }, { DW_HOST_NOT_APPLICABLE, "Not here" } };

	p->ops->head(p, dw_host_category_title(v->about->category));
	for (size_t k = 0; k <= DW_SEVERITY_COUNT + 2; k++)
		for (size_t i = 0; i < n; i++)
			if (rank(&v[i]) == k)
				check(p, &v[i]);
	for (size_t k = 0; k < DW_ARRAY_SIZE(rest); k++) {
		struct dw_str text = { .arena = p->a };

		for (size_t i = 0; i < n; i++)
			if (v[i].outcome == rest[k].outcome)
				dw_str_addf(&text, "%s%s", text.n ? ", " : "", v[i].about->id);
		if (text.n)
			p->ops->say(p, k == 0 ? PAPER_GOOD : PAPER_PLAIN,
				    dw_arena_printf(p->a, "%s: %s", rest[k].label, text.s));
	}
}

void paper_tell_host(struct paper *p, const struct dw_report_whole *w)
{
	const struct dw_report_host *r = w->host;
	struct dw_host_counts c = dw_report_host_counts(r);
	struct dw_str text = { .arena = p->a };

	dw_str_addf(&text,
		    "%zu of %zu checks could look: %zu fail%s, %zu ok, %zu accepted, %zu about "
		    "what is not here.",
		    c.looked, c.checks, c.fails, c.fails == 1 ? "s" : "", c.ok, c.accepted,
		    c.not_applicable);
	if (c.score >= 0)
		dw_str_addf(&text, " Score of these: %d of 100.", c.score);
	p->ops->say(p, c.fails ? PAPER_WARN : PAPER_GOOD, text.s);
	if (c.unknown)
		p->ops->say(p, PAPER_WARN,
			    dw_arena_printf(p->a,
					    "%zu check%s could not look%s: what %s ask%s about "
					    "is unknown, not well.",
					    c.unknown, c.unknown == 1 ? "" : "s",
					    r->not_root ? " (root sees more)" : "",
					    c.unknown == 1 ? "it" : "they",
					    c.unknown == 1 ? "s" : ""));
	for (size_t i = 0, n; i < r->n; i += n) {
		for (n = 1; i + n < r->n && r->v[i + n].about->category == r->v[i].about->category;)
			n++;
		category(p, &r->v[i], n);
	}
}

/* --- usage ------------------------------------------------------------------------------------------- */

static const char *last_used(struct paper *p, const struct dw_report_used *u, uint64_t now)
{
	if (!u->used->last)
		return "never while watched";
	return dw_arena_printf(p->a, "%s ago",
			       dw_report_span(p->a, now > u->used->last ? now - u->used->last : 0));
}

static void used(struct paper *p, const struct dw_report_usage *r, const struct dw_report_used *u)
{
	const struct dw_used *x = u->used;
	uint64_t uses = x->accepted + x->datagrams + x->refused;

	p->ops->row(p, x->last ? PAPER_PLAIN : PAPER_NOTE);
	p->ops->cell(p, u->door ? u->place : dw_arena_printf(p->a, "%s (not open now)", u->place));
	p->ops->cell(p, u->door && u->door->service ? u->door->service->name : NULL);
	p->ops->bars(p, u->buckets, DW_USAGE_BUCKETS,
		     dw_arena_printf(p->a, "Uses of %s over time", u->place));
	p->ops->cell(p, last_used(p, u, r->now));
	p->ops->cell(p, dw_arena_printf(p->a, "%llu", (unsigned long long)uses));
	p->ops->cell(p, dw_arena_printf(p->a, "%u", x->peers));
	p->ops->cell(p, dw_report_span(p->a, x->counted));
	p->ops->end_row(p);
}

void paper_tell_usage(struct paper *p, const struct dw_report_whole *w)
{
	const struct dw_report_usage *r = w->usage;
	const char *span = dw_report_span(p->a, r->now > r->since ? r->now - r->since : 0);
	/* read while the table is open */
	const char *const columns[] = {
		"Door",       "Service", dw_arena_printf(p->a, "The last %s", span),
		"Last used",  "Uses",    "Peers",
		"Watched for"
	};
	size_t watched = 0;

	for (size_t i = 0; i < r->n; i++)
		watched += r->v[i].used != NULL;
	p->ops->say(p, watched < r->n ? PAPER_WARN : PAPER_PLAIN,
		    dw_arena_printf(p->a,
				    "%zu of %zu doors were watched. Of the time in which nobody "
				    "watched nothing is claimed.",
				    watched, r->n));
	if (!watched)
		return;
	p->ops->table(p, "Use of the doors, as doorward watch counted it", columns,
		      DW_ARRAY_SIZE(columns));
	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].used)
			used(p, r, &r->v[i]);
	p->ops->end_table(p);
}

/* --- history ----------------------------------------------------------------------------------------- */

void paper_tell_history(struct paper *p, const struct dw_report_whole *w)
{
	static const char *const columns[] = { "Run", "When", "By", "Command", "State", "Message" };
	const struct dw_report_history *h = w->history;

	if (h->n_runs == 0) {
		p->ops->say(p, PAPER_PLAIN, "doorward has changed nothing on this host so far.");
		return;
	}
	p->ops->table(p, "Runs, the newest first", columns, DW_ARRAY_SIZE(columns));
	for (size_t i = 0; i < h->n_runs; i++) {
		const struct dw_run *r = &h->runs[i];
		bool failed = r->state == DW_RUN_FAILED || r->state == DW_RUN_STARTED;

		p->ops->row(p, failed ? PAPER_BAD : PAPER_PLAIN);
		p->ops->cell(p, dw_arena_printf(p->a, "%lld", (long long)r->id));
		p->ops->cell(p, dw_report_minute(p->a, r->started));
		p->ops->cell(p, r->user ? r->user : "?");
		p->ops->cell(p, r->command ? r->command : r->kind);
		p->ops->cell(p, dw_report_run_words(r, h->now, p->a));
		p->ops->cell(p, r->message);
		p->ops->end_row(p);
	}
	p->ops->end_table(p);
	p->ops->say(
		p, PAPER_PLAIN,
		"doorward history RUN tells one run with all its steps; doorward undo RUN takes "
		"it back.");
}

/* --- coverage ---------------------------------------------------------------------------------------- */

static void missing(struct paper *p, const char *what, const char *text, const char *where,
		    bool blind)
{
	p->ops->row(p, blind ? PAPER_BAD : PAPER_PLAIN);
	p->ops->cell(p, what);
	p->ops->cell(p, text);
	p->ops->cell(p, where);
	p->ops->cell(p, blind ? "yes" : "no");
	p->ops->end_row(p);
}

static size_t count_missing(const struct dw_report_whole *w)
{
	size_t n = w->audit->snapshot->n_incomplete;

	for (size_t i = 0; i < DW_WHOLE_PARTS; i++)
		n += w->sections[i].state == DW_WHOLE_FAILED;
	for (size_t i = 0; w->host && i < w->host->n; i++)
		n += w->host->v[i].outcome == DW_HOST_UNKNOWN;
	return n;
}

static void tell_missing(struct paper *p, const struct dw_report_whole *w)
{
	static const char *const columns[] = { "What", "Why", "Where", "Doors may be missing" };
	const struct dw_snapshot *s = w->audit->snapshot;

	p->ops->table(p, "What could not be looked at", columns, DW_ARRAY_SIZE(columns));
	for (size_t i = 0; i < s->n_incomplete; i++) {
		const struct dw_incomplete *x = &s->incomplete[i];

		missing(p, x->what, x->text,
			x->file && x->line ? dw_arena_printf(p->a, "%s:%u", x->file, x->line)
					   : x->file,
			x->blind);
	}
	for (size_t i = 0; i < DW_WHOLE_PARTS; i++)
		if (w->sections[i].state == DW_WHOLE_FAILED)
			missing(p, dw_whole_part_title((enum dw_whole_part)i), w->sections[i].why,
				NULL, false);
	for (size_t i = 0; w->host && i < w->host->n; i++)
		if (w->host->v[i].outcome == DW_HOST_UNKNOWN)
			missing(p, w->host->v[i].about->id, w->host->v[i].text, NULL, false);
	p->ops->end_table(p);
}

static void tell_known(struct paper *p, const struct dw_report *r)
{
	size_t holders = 0, starters = 0, filters = 0, probed = 0, watched = 0;

	for (size_t i = 0; i < r->n_doors; i++) {
		const struct dw_door *d = r->doors[i].door;

		holders += d->owners_known || d->n_owners || d->kernel;
		starters += d->starter.kind != DW_STARTER_UNKNOWN;
		filters += d->filtered && d->filtered->kind != DW_FILTERED_UNKNOWN;
		probed += d->probed != NULL;
		watched += d->used != NULL;
	}
	p->ops->say(
		p, PAPER_PLAIN,
		dw_arena_printf(p->a,
				"Of %zu door%s the holder of %zu is known, what starts %zu, what "
				"the packet filter does to %zu; a scan from outside covers %zu, "
				"and the use of %zu was counted.",
				r->n_doors, r->n_doors == 1 ? "" : "s", holders, starters, filters,
				probed, watched));
}

void paper_coverage(struct paper *p, const struct dw_report_whole *w)
{
	bool blind = dw_report_outcome(w->audit) & DW_REPORT_BLIND;
	size_t n = count_missing(w);

	p->ops->section(p, "coverage", "Coverage");
	p->ops->say(p,
		    blind ? PAPER_BAD
		    : n   ? PAPER_NOTE
			  : PAPER_GOOD,
		    blind ? "Doors, holders or starters may be missing from this report."
		    : n   ? "All doors could be seen; not all else could be looked at."
			  : "Everything that was asked for could be looked at.");
	if (w->audit->n_doors)
		tell_known(p, w->audit);
	if (n)
		tell_missing(p, w);
	p->ops->end_section(p);
}
