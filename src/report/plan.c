/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A plan for people: what closes, how, who may miss it, what stays open, how it is taken back. */
#include <string.h>

#include "dw_macros.h"
#include "dw_str.h"
#include "steps.h"
#include "table.h"

/* What is closed has to be read by whoever says yes to it; on a host with more, --wide has them all. */
#define DOORS_SHOWN 60

struct telling {
	struct page page;
	const struct dw_report_plan *p;
};

static const char *endpoint(const struct telling *t, const struct dw_door *d)
{
	return dw_cells_door(d, t->page.a);
}

/* "telnet: in.telnetd, started by inetd telnet" */
static const char *what(const struct telling *t, const struct dw_plan_door *d)
{
	struct dw_arena *a = t->page.a;
	struct dw_str text = { .arena = a };
	const char *program = dw_cells_program(d->door, t->page.style->wide, a);

	if (d->service)
		dw_str_addf(&text, "%s: ", dw_cells_escape(d->service, a));
	dw_str_add(&text, dw_layout_cut(program, 60, false, a));
	if (d->door->starter.kind != DW_STARTER_UNKNOWN)
		dw_str_addf(&text, ", started %s%s",
			    d->door->starter.kind == DW_STARTER_MANUAL ? "" : "by ",
			    dw_layout_cut(dw_cells_starter(d->door, a), 100, false, a));
	if (!dw_streq0(d->door->netns, "host") && d->door->netns)
		dw_str_addf(&text, ", in network namespace %s", dw_cells_escape(d->door->netns, a));
	return text.s;
}

/* Doors of which the same is said share a line. */
static void put_doors(const struct telling *t, const struct dw_plan_door *const *v, size_t n,
		      enum dw_intent intent)
{
	struct dw_arena *a = t->page.a;
	size_t told = 0, left = 0;

	for (size_t i = 0; i < n;) {
		const char *text = what(t, v[i]);
		struct dw_str doors = { .arena = a };
		size_t k = i;

		for (; k < n && v[k]->intent == v[i]->intent && dw_streq(what(t, v[k]), text); k++)
			if (v[k]->intent == intent || intent == DW_INTENT_NONE)
				dw_str_addf(&doors, "%s%s", doors.n ? ", " : "",
					    endpoint(t, v[k]->door));
		if (doors.n && (told++ < DOORS_SHOWN || t->page.style->wide))
			dw_page_put(&t->page, 2, 4,
				    dw_arena_printf(a, "%s  %s",
						    dw_layout_cut(doors.s, 300, false, a), text));
		else if (doors.n)
			left += k - i;
		i = k;
	}
	if (left)
		dw_page_put(&t->page, 2, 4, dw_arena_printf(a, "... and %zu more: --wide", left));
}

static size_t count(const struct dw_plan *plan, enum dw_intent intent)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->n_closes; i++)
		n += plan->closes[i]->intent == intent;
	return n;
}

static void put_all_doors(const struct telling *t)
{
	const struct dw_plan *plan = t->p->plan;
	size_t close = count(plan, DW_INTENT_CLOSE), narrow = count(plan, DW_INTENT_RESTRICT);
	const struct dw_plan_door *const *v = (const struct dw_plan_door *const *)plan->closes;

	if (close) {
		dw_page_put(&t->page, 0, 0,
			    dw_arena_printf(t->page.a,
					    "%zu door%s will close, and stay%s closed "
					    "at the next start:",
					    close, close == 1 ? "" : "s", close == 1 ? "s" : ""));
		put_doors(t, v, plan->n_closes, DW_INTENT_CLOSE);
	}
	if (narrow) {
		dw_page_put(&t->page, 0, 0,
			    dw_arena_printf(t->page.a, "%s%zu door%s will be narrowed:",
					    close ? "\n" : "", narrow, narrow == 1 ? "" : "s"));
		put_doors(t, v, plan->n_closes, DW_INTENT_RESTRICT);
	}
	if (!plan->n_also)
		return;
	dw_page_head(&t->page, "These close with them (the same unit or program holds them):");
	put_doors(t, (const struct dw_plan_door *const *)plan->also, plan->n_also, DW_INTENT_NONE);
}

/* Words as somebody would type them again. */
static void add_typed(struct dw_str *text, const char *w)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_@%+=:,./-";

	if (*w && !w[strspn(w, plain)]) {
		dw_str_addf(text, " %s", w);
		return;
	}
	dw_str_add(text, " '");
	for (; *w; w++)
		dw_str_addf(text, *w == '\'' ? "'\\''" : "%c", *w);
	dw_str_addc(text, '\'');
}

/* A word that names it: what sleeps and whose port is not known has no other than its starter's. */
static const char *typed_door(const struct dw_door *d, struct dw_arena *a)
{
	if (d->at.protocol == DW_PROTOCOL_UNKNOWN && d->starter.id)
		return d->starter.id;
	return dw_cells_door(d, a);
}

/* Who names a door means it; what was judged of it is said all the same. */
static void put_judged(const struct telling *t)
{
	const struct dw_plan *p = t->p->plan;
	struct dw_arena *a = t->page.a;
	struct dw_str narrow = { .arena = a }, keep = { .arena = a };

	for (size_t i = 0; i < p->n_closes; i++) {
		const struct dw_plan_door *d = p->closes[i];

		if (!d->named || d->intent != DW_INTENT_CLOSE)
			continue;
		if (dw_streq0(d->verdict, "restrict"))
			add_typed(&narrow, typed_door(d->door, a));
		else if (dw_streq0(d->verdict, "keep"))
			dw_str_addf(&keep, " %s", endpoint(t, d->door));
	}
	if (keep.n || narrow.n)
		dw_page_head(&t->page, "You named them, so they close. As judged:");
	if (keep.n)
		dw_page_put(&t->page, 2, 4, dw_arena_printf(a, "to be kept open:%s", keep.s));
	if (narrow.n)
		dw_page_put(&t->page, 2, 4,
			    dw_arena_printf(a,
					    "to be narrowed, not closed: doorward close "
					    "--restrict%s",
					    dw_cells_escape(narrow.s, a)));
}

static const char *peers(const struct telling *t, const struct dw_door *d)
{
	struct dw_arena *a = t->page.a;
	struct dw_strings names = { 0 };

	for (size_t i = 0; i < d->n_peers; i++) {
		const struct dw_peer *p = &d->peers[i];

		dw_vec_push(a, &names,
			    p->local ? dw_arena_printf(a, "%s on this host",
						       p->program ? dw_basename(p->program)
								  : "a program")
				     : p->address);
	}
	return names.n ? dw_arena_printf(a, ": %s", dw_page_list(&t->page, &names, 4)) : "";
}

static void add_connected(const struct telling *t, struct dw_plan_door *const *v, size_t n,
			  struct dw_strings *lines)
{
	for (size_t i = 0; i < n; i++) {
		const struct dw_door *d = v[i]->door;

		if (d->connections)
			dw_vec_push(t->page.a, lines,
				    dw_arena_printf(t->page.a, "%s has %u connection%s now%s",
						    endpoint(t, d), d->connections,
						    d->connections == 1 ? "" : "s", peers(t, d)));
	}
}

/* What goes too is read before anybody says yes: all of it. */
static void put_packages(const struct telling *t)
{
	const struct dw_plan *p = t->p->plan;
	struct dw_arena *a = t->page.a;

	if (p->n_packages == 0)
		return;
	dw_page_head(&t->page, dw_arena_printf(a, "%zu package%s will be removed:", p->n_packages,
					       p->n_packages == 1 ? "" : "s"));
	for (size_t i = 0; i < p->n_packages; i++) {
		const struct dw_removed_package *v = p->packages[i];
		const char *version = v->version ? v->version : "";
		const char *needs = v->needs ? dw_arena_printf(a, ", which needs %s",
							       dw_cells_escape(v->needs, a))
					     : "";

		dw_page_put(&t->page, 2, 4,
			    dw_arena_printf(a, "%s %s%s", dw_cells_escape(v->name, a),
					    dw_cells_escape(version, a), needs));
	}
}

static void put_missed(const struct telling *t)
{
	const struct dw_plan *p = t->p->plan;
	struct dw_strings lines = { 0 };

	for (size_t i = 0; i < p->needed_by.n; i++)
		dw_vec_push(t->page.a, &lines, dw_cells_escape(p->needed_by.v[i], t->page.a));
	add_connected(t, (struct dw_plan_door *const *)p->closes, p->n_closes, &lines);
	add_connected(t, (struct dw_plan_door *const *)p->also, p->n_also, &lines);
	if (p->n_closes == 0)
		return;
	dw_page_head(&t->page, "Who may miss it:");
	for (size_t i = 0; i < lines.n; i++)
		dw_page_put(&t->page, 2, 2, lines.v[i]);
	if (lines.n == 0)
		dw_page_put(&t->page, 2, 0,
			    "Nobody that is known: nothing here depends on it, nobody is connected "
			    "now.");
}

static void put_refused(const struct telling *t)
{
	const struct dw_plan *p = t->p->plan;
	struct dw_arena *a = t->page.a;

	if (p->n_refused == 0)
		return;
	dw_page_head(&t->page, dw_arena_printf(a, "%s open (%zu):",
					       p->n_refused == 1 ? "Stays" : "Stay", p->n_refused));
	for (size_t i = 0; i < p->n_refused;) {
		const struct dw_refusal *r = &p->refused[i];
		struct dw_str doors = { .arena = a };

		for (; i < p->n_refused && dw_streq(p->refused[i].text, r->text) &&
		       dw_streq(p->refused[i].id, r->id);
		     i++)
			dw_str_addf(&doors, "%s%s", doors.n ? ", " : "",
				    endpoint(t, p->refused[i].door));
		dw_page_put(&t->page, 2, 4,
			    dw_arena_printf(a, "%s  %s [%s]", dw_layout_cut(doors.s, 300, false, a),
					    dw_cells_escape(r->text, a),
					    dw_cells_escape(r->id, a)));
	}
}

static void put_remarks(const struct telling *t)
{
	const struct dw_steps *s = &t->p->plan->steps;

	if (s->n_remarks)
		dw_page_head(&t->page, "What the steps do not reach:");
	for (size_t i = 0; i < s->n_remarks; i++)
		dw_page_put(&t->page, 2, 2, dw_cells_escape(s->remarks[i], t->page.a));
}

static void put_undo(const struct telling *t)
{
	const struct dw_steps *s = &t->p->plan->steps;
	size_t lost = 0;

	if (s->n == 0)
		return;
	for (size_t i = 0; i < s->n; i++)
		lost += s->v[i].no_undo && !s->v[i].if_left;
	dw_page_head(&t->page, "To go back:");
	if (lost < s->n)
		dw_page_put(&t->page, 2, 0,
			    "doorward undo takes the steps back in reverse, byte for byte.");
	if (lost)
		dw_page_put(&t->page, 2, 0,
			    dw_arena_printf(t->page.a,
					    "But %zu step%s cannot be taken back: see above.", lost,
					    lost == 1 ? "" : "s"));
}

static const char *typed(const struct telling *t)
{
	struct dw_str text = { .arena = t->page.a };

	for (size_t i = 0; i < t->p->n_words; i++)
		add_typed(&text, t->p->words[i]);
	return text.s ? dw_cells_escape(text.s, t->page.a) : "";
}

static void put_next(const struct telling *t)
{
	if (t->p->plan->steps.n == 0 || t->page.style->quiet)
		return;
	if (dw_streq0(t->p->snapshot->method, "offline")) {
		(void)fputs("\nNothing was changed: doorward changes a host that runs.\n",
			    t->page.out);
		return;
	}
	(void)fprintf(t->page.out, "\nNothing was changed. To do it: doorward close%s%s%s\n",
		      t->p->options && *t->p->options ? " " : "",
		      t->p->options ? dw_cells_escape(t->p->options, t->page.a) : "", typed(t));
}

static void put_nothing(const struct telling *t)
{
	const struct dw_plan *p = t->p->plan;

	for (size_t i = 0; t->p->already && i < t->p->already->n; i++)
		dw_page_put(&t->page, 0, 2, dw_cells_escape(t->p->already->v[i], t->page.a));
	if (p->steps.n && t->p->already && t->p->already->n)
		(void)fputc('\n', t->page.out);
	if (p->steps.n)
		return;
	if (t->p->already && t->p->already->n && !p->n_closes && !p->n_refused)
		dw_page_put(&t->page, 0, 0, "Nothing to do.");
	else if (p->n_closes)
		dw_page_put(&t->page, 0, 0,
			    "Nothing to do: all that would open it is off already.");
	else if (p->n_refused)
		dw_page_put(&t->page, 0, 0, "Nothing will be done.");
	else
		dw_page_put(&t->page, 0, 0,
			    "Nothing to do: no door of this host is to be closed or narrowed.");
}

static void put_blind(const struct telling *t)
{
	if (t->p->blind && t->p->plan->steps.n)
		(void)fputc('\n', t->page.out);
	if (t->p->blind)
		dw_page_put(&t->page, 0, 0,
			    "Not everything could be seen: there may be more to do. doorward audit "
			    "says "
			    "what is missing.");
}

int dw_report_plan_text(const struct dw_report_plan *p, FILE *out,
			const struct dw_report_style *style, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct telling t = { .page = { .out = out, .style = style, .a = a }, .p = p };

	put_nothing(&t);
	if (p->plan->steps.n) {
		put_all_doors(&t);
		put_judged(&t);
		put_packages(&t);
		dw_page_steps(&t.page, &p->plan->steps);
		put_missed(&t);
	}
	put_refused(&t);
	put_remarks(&t);
	put_undo(&t);
	put_blind(&t);
	put_next(&t);
	return dw_report_end(out, e);
}
