/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The checks of a host for people: by category, what fails first. */
#include "dw_host_report.h"
#include "dw_macros.h"
#include "dw_str.h"
#include "steps.h"
#include "table.h"

#define SEEN_SHOWN    4
#define CHANGES_SHOWN 4
#define INDENT        4
#define MORE          2

struct dw_host_counts dw_report_host_counts(const struct dw_report_host *r)
{
	static const unsigned weights[DW_SEVERITY_COUNT] = {
		[DW_SEVERITY_LOW] = 1, [DW_SEVERITY_MEDIUM] = 3, [DW_SEVERITY_HIGH] = 9
	};
	struct dw_host_counts c = { .checks = r->n, .score = -1 };
	unsigned all = 0, well = 0;

	for (size_t i = 0; i < r->n; i++) {
		const struct dw_host_result *x = &r->v[i];
		unsigned weight = weights[x->about->severity];
		bool open = dw_host_is_open(x), ok = x->outcome == DW_HOST_OK;

		c.ok += ok;
		c.fails += open;
		c.accepted += x->outcome == DW_HOST_FAILS && !open;
		c.unknown += x->outcome == DW_HOST_UNKNOWN;
		c.not_applicable += x->outcome == DW_HOST_NOT_APPLICABLE;
		all += ok || open ? weight : 0;
		well += ok ? weight : 0;
	}
	c.looked = c.checks - c.unknown;
	if (all)
		c.score = (int)(well * 100 / all);
	return c;
}

unsigned dw_report_host_outcome(const struct dw_report_host *r)
{
	struct dw_host_counts c = dw_report_host_counts(r);

	return (c.fails ? (unsigned)DW_REPORT_TO_DO : 0) |
	       (c.unknown ? (unsigned)DW_REPORT_BLIND : 0);
}

/* --- one check ------------------------------------------------------------------------------------------ */

static const char *escape(const struct page *p, const char *text)
{
	return dw_cells_escape(text ? text : "", p->a);
}

static void put_evidence(const struct page *p, const struct dw_host_result *r, bool whole)
{
	size_t most = whole || p->style->wide ? r->evidence.n : SEEN_SHOWN;

	for (size_t i = 0; i < r->evidence.n && i < most; i++) {
		const struct dw_host_evidence *e = &r->evidence.v[i];
		struct dw_str text = { .arena = p->a };
		bool same = e->file && dw_streq(e->file, e->object);

		if (e->file)
			dw_str_add(&text, escape(p, e->file));
		if (e->line)
			dw_str_addf(&text, ":%u", e->line);
		if (!same)
			dw_str_addf(&text, "%s%s", e->file ? "  " : "", escape(p, e->object));
		dw_str_addf(&text, ": %s%s", escape(p, e->text), e->accepted ? " (accepted)" : "");
		dw_page_put(p, INDENT + 2, MORE, text.s);
	}
	if (r->evidence.n > most)
		dw_page_put(p, INDENT + 2, 0,
			    dw_arena_printf(p->a, "... and %zu more: doorward host %s",
					    r->evidence.n - most, r->about->id));
}

static void put_changes(const struct page *p, const struct dw_host_result *r, bool whole)
{
	size_t most = whole || p->style->wide ? r->changes.n : CHANGES_SHOWN;
	struct dw_str text = { .arena = p->a };

	for (size_t i = 0; i < r->changes.n && i < most; i++)
		dw_str_addf(&text, "%s%s", i ? "; " : "", escape(p, r->changes.v[i].text));
	if (r->changes.n > most)
		dw_str_addf(&text, "; and %zu more", r->changes.n - most);
	if (text.n)
		dw_page_put(p, INDENT, MORE,
			    dw_arena_printf(p->a, "Fix: %s (doorward host fix %s).", text.s,
					    r->about->id));
	for (size_t i = 0; i < r->held.n && (whole || i < most); i++)
		dw_page_put(p, INDENT, MORE,
			    dw_arena_printf(p->a, "Left alone: %s.", escape(p, r->held.v[i])));
	if (r->about->advice && (whole || !r->changes.n))
		dw_page_put(p, INDENT, MORE, dw_arena_printf(p->a, "Do: %s", r->about->advice));
}

static void put_accepted(const struct page *p, const struct dw_policy_accept *s)
{
	if (s)
		dw_page_put(p, INDENT, MORE,
			    dw_arena_printf(p->a, "Accepted by %s:%u: %s", escape(p, s->file),
					    s->line, escape(p, s->because)));
}

static const char *word_of(const struct dw_host_result *r)
{
	if (r->accepted)
		return "accepted";
	return r->outcome == DW_HOST_NOT_APPLICABLE ? "not here" : dw_host_outcome_name(r->outcome);
}

static void put_check(const struct page *p, const struct dw_host_result *r, bool whole)
{
	bool bold = p->style->colour && dw_host_is_open(r);

	(void)fprintf(p->out, "  %s%s%s  %s (%s)\n", bold ? DW_ANSI_BOLD : "", r->about->id,
		      bold ? DW_ANSI_OFF : "", word_of(r),
		      dw_host_severity_name(r->about->severity));
	if (r->text)
		dw_page_put(p, INDENT, 0, escape(p, r->text));
	if (whole || dw_host_is_open(r))
		dw_page_put(p, INDENT, 0, r->about->reason);
	if (whole || dw_host_is_open(r))
		put_evidence(p, r, whole);
	put_accepted(p, r->accepted);
	if (dw_host_is_open(r))
		put_changes(p, r, whole);
	if (whole)
		dw_page_put(p, INDENT, MORE, dw_arena_printf(p->a, "Source: %s", r->about->source));
}

/* --- all of them ---------------------------------------------------------------------------------------- */

/* What is well, or not there, is a list of names. */
static void put_names(const struct page *p, const struct dw_host_result *v, size_t n,
		      enum dw_host_outcome o, const char *head)
{
	struct dw_str text = { .arena = p->a };

	for (size_t i = 0; i < n; i++)
		if (v[i].outcome == o)
			dw_str_addf(&text, "%s%s", text.n ? ", " : "", v[i].about->id);
	if (text.n)
		dw_page_put(p, 2, 2, dw_arena_printf(p->a, "%s: %s", head, text.s));
}

static int rank(const struct dw_host_result *r)
{
	if (dw_host_is_open(r))
		return DW_SEVERITY_COUNT - (int)r->about->severity;
	if (r->outcome == DW_HOST_UNKNOWN)
		return DW_SEVERITY_COUNT + 1;
	return r->outcome == DW_HOST_FAILS ? DW_SEVERITY_COUNT + 2 : DW_SEVERITY_COUNT + 3;
}

static void put_category(const struct page *p, const struct dw_host_result *v, size_t n, bool quiet)
{
	dw_page_head(p, dw_host_category_title(v->about->category));
	for (int k = 0; k <= DW_SEVERITY_COUNT + 2; k++)
		for (size_t i = 0; i < n; i++)
			if (rank(&v[i]) == k)
				put_check(p, &v[i], false);
	if (quiet)
		return;
	put_names(p, v, n, DW_HOST_OK, "ok");
	put_names(p, v, n, DW_HOST_NOT_APPLICABLE, "not here");
}

static void put_sum(const struct page *p, const struct dw_report_host *r)
{
	struct dw_host_counts c = dw_report_host_counts(r);
	struct dw_str text = { .arena = p->a };

	dw_str_addf(&text, "%zu of %zu check%s could look: %zu fail%s, %zu ok", c.looked, c.checks,
		    c.checks == 1 ? "" : "s", c.fails, c.fails == 1 ? "s" : "", c.ok);
	if (c.accepted)
		dw_str_addf(&text, ", %zu accepted", c.accepted);
	if (c.not_applicable)
		dw_str_addf(&text, ", %zu ask about what is not here", c.not_applicable);
	dw_str_add(&text, ".");
	if (c.score >= 0)
		dw_str_addf(&text, " Score of these: %d of 100.", c.score);
	(void)fputc('\n', p->out);
	dw_page_put(p, 0, 0, text.s);
	if (c.unknown && r->not_root)
		dw_page_put(p, 0, 0, "Root sees more: sudo doorward host");
}

int dw_report_host_text(const struct dw_report_host *r, FILE *out,
			const struct dw_report_style *style, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct page p = { .out = out, .style = style, .a = a };

	for (size_t i = 0; i < r->n && r->whole; i++) {
		(void)fprintf(out, "%s%s\n", i ? "\n" : "", r->v[i].about->title);
		put_check(&p, &r->v[i], true);
	}
	for (size_t i = 0, n; i < r->n && !r->whole; i += n) {
		for (n = 1; i + n < r->n && r->v[i + n].about->category == r->v[i].about->category;)
			n++;
		put_category(&p, &r->v[i], n, style->quiet);
	}
	if (!style->quiet && !r->whole)
		put_sum(&p, r);
	return dw_report_end(out, e);
}

int dw_report_host_list(const struct dw_host_about *const *v, size_t n, FILE *out,
			const struct dw_report_style *style, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct page p = { .out = out, .style = style, .a = a };

	for (size_t i = 0; i < n; i++) {
		if (!style->quiet && (i == 0 || v[i]->category != v[i - 1]->category))
			(void)fprintf(out, "%s%s\n", i ? "\n" : "",
				      dw_host_category_title(v[i]->category));
		if (style->quiet) {
			(void)fprintf(out, "%s\n", v[i]->id);
			continue;
		}
		(void)fprintf(out, "  %-24s", v[i]->id);
		dw_layout_wrap(out,
			       dw_arena_printf(a, "%s (%s)", v[i]->title,
					       dw_host_severity_name(v[i]->severity)),
			       26, 28, p.style->columns);
		dw_page_put(&p, 28, 0, v[i]->source);
	}
	return dw_report_end(out, e);
}

/* --- a fix ---------------------------------------------------------------------------------------------- */

static void put_left(const struct page *p, const struct dw_report_host_fix *r)
{
	bool head = false;

	for (size_t i = 0; i < r->n; i++) {
		const struct dw_host_result *x = &r->v[i];

		if (x->changes.n && !x->held.n)
			continue;
		if (!head)
			dw_page_head(p, "Left to you:");
		head = true;
		for (size_t k = 0; k < x->held.n; k++)
			dw_page_put(p, 2, 4,
				    dw_arena_printf(p->a, "%s  %s.", x->about->id,
						    escape(p, x->held.v[k])));
		if (!x->changes.n && x->about->advice)
			dw_page_put(
				p, 2, 4,
				dw_arena_printf(p->a, "%s  %s", x->about->id, x->about->advice));
	}
}

int dw_report_host_fix_text(const struct dw_report_host_fix *r, FILE *out,
			    const struct dw_report_style *style, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct page p = { .out = out, .style = style, .a = a };
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += r->v[i].changes.n > 0;
	if (r->steps->n == 0)
		dw_page_put(&p, 0, 0, "Nothing to do: no check fails that doorward would fix.");
	else
		dw_page_put(
			&p, 0, 0,
			dw_arena_printf(a, "%zu check%s will be put right.", n, n == 1 ? "" : "s"));
	dw_page_steps(&p, r->steps);
	put_left(&p, r);
	if (r->steps->n) {
		dw_page_head(&p, "To go back:");
		dw_page_put(&p, 2, 0,
			    "doorward undo takes the steps back in reverse, byte for byte.");
	}
	if (r->steps->n && !style->quiet)
		(void)fprintf(out, "\nNothing was changed. To do it: doorward host fix%s%s\n",
			      r->options && *r->options ? " " : "",
			      r->options ? escape(&p, r->options) : "");
	return dw_report_end(out, e);
}
