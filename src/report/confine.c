/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stands behind the doors, for people: the worst first, and one service's story. */
#include "dw_confine_report.h"

#include <string.h>

#include "dw_fields.h"
#include "dw_macros.h"
#include "dw_str.h"
#include "steps.h"
#include "table.h"

enum { NAME = 26, SCORE = 5, USER = 12, REACH = 8, CAGE = 10 };

#define BAD_FROM 60 /* in colour */

static const char *escape(const struct page *p, const char *text)
{
	return dw_cells_escape(text, p->a);
}

static void put_padded(const struct page *p, const char *text, size_t width)
{
	const char *shown = dw_layout_cut(text, width, false, p->a);
	size_t used = dw_display_width(shown);

	(void)fprintf(p->out, "%s%*s ", shown, used < width ? (int)(width - used) : 0, "");
}

/* "57", or "57+" where something could not be seen. */
static const char *score_of(const struct page *p, const struct dw_confine_service *s)
{
	return dw_arena_printf(p->a, "%3u%s", s->score, s->partly ? "+" : " ");
}

static const char *user_of(const struct page *p, const struct dw_confine_service *s)
{
	const char *user = s->user ? escape(p, s->user) : "?";

	return s->processes || !s->user ? user : dw_arena_printf(p->a, "(%s)", user);
}

/* What there is of a cage: N no_new_privs, S seccomp, F own view of files, C fewer capabilities than root has. */
static const char *cage_of(const struct page *p, const struct dw_confine_service *s)
{
	struct dw_str text = { .arena = p->a };
	bool fewer =
		s->processes && s->root == DW_YES && __builtin_popcountll(s->capabilities) < 30;

	if (!s->processes)
		return "not running";
	dw_str_addf(&text, "%s%s%s%s", s->no_new_privs == DW_YES ? "N" : "",
		    s->filtered == DW_YES ? "S" : "", s->own_files == DW_YES ? "F" : "",
		    fewer ? "C" : "");
	return text.n ? text.s : "none";
}

static const char *reach_words(enum dw_confine_reach r)
{
	static const char *const words[DW_CONFINE_REACH_COUNT] = { "?", "-", "loopback", "some",
								   "any" };

	return words[r];
}

/* Doors in few words: ports without addresses. */
static const char *doors_of(const struct page *p, const struct dw_confine_service *s)
{
	struct dw_strings ports = { 0 };
	struct dw_str text = { .arena = p->a };

	for (size_t i = 0; i < s->doors.n; i++) {
		const char *colon = strrchr(s->doors.v[i], ':');
		const char *port = colon ? colon + 1 : s->doors.v[i];

		if (dw_strings_has(&ports, port))
			continue;
		dw_vec_push(p->a, &ports, port);
		dw_str_addf(&text, "%s%s", text.n ? " " : "", escape(p, port));
	}
	return text.n ? text.s : "";
}

static void put_row(const struct page *p, const struct dw_confine_service *s)
{
	bool bad = p->style->colour && s->score >= BAD_FROM;
	size_t used = NAME + SCORE + USER + REACH + CAGE + 5;
	size_t columns = p->style->columns;

	(void)fputs(bad ? "\x1b[31m" : "", p->out);
	put_padded(p, score_of(p, s), SCORE);
	(void)fputs(bad ? DW_ANSI_OFF : "", p->out);
	put_padded(p, escape(p, s->name), p->style->wide ? 48 : NAME);
	put_padded(p, user_of(p, s), USER);
	put_padded(p, reach_words(s->reach), REACH);
	put_padded(p, cage_of(p, s), CAGE + 1);
	(void)fprintf(p->out, "%s\n",
		      columns > used + 4 && !p->style->wide
			      ? dw_layout_cut(doors_of(p, s), columns - used - 2, false, p->a)
			      : doors_of(p, s));
}

static void put_table(const struct page *p, const struct dw_report_confine *r)
{
	size_t roots = 0;

	if (!p->style->quiet && r->n) {
		put_padded(p, "SCORE", SCORE);
		put_padded(p, "SERVICE", p->style->wide ? 48 : NAME);
		put_padded(p, "USER", USER);
		put_padded(p, "REACH", REACH);
		put_padded(p, "CAGE", CAGE + 1);
		(void)fputs("DOORS\n", p->out);
	}
	for (size_t i = 0; i < r->n; i++) {
		put_row(p, &r->v[i]);
		roots += r->v[i].root == DW_YES;
	}
	if (p->style->quiet)
		return;
	if (!r->n) {
		dw_page_put(p, 0, 0, "No service of this host keeps a door.");
		return;
	}
	dw_page_put(p, 0, 0,
		    dw_arena_printf(p->a,
				    "\n%zu service%s with doors, %zu of them root. The score, of "
				    "100, is what an intruder would "
				    "hold; \"+\": at least so much. Cage: N no_new_privs, S "
				    "seccomp, F own view of the files, C "
				    "fewer capabilities than root.",
				    r->n, r->n == 1 ? "" : "s", roots));
	dw_page_put(p, 0, 0, "The reasons of one: doorward confine SERVICE");
}

/* --- one story -------------------------------------------------------------------------------------------------- */

static void put_capabilities(const struct page *p, const struct dw_confine_service *s)
{
	struct dw_str names = { .arena = p->a };
	int n = __builtin_popcountll(s->capabilities);

	for (unsigned i = 0; i < 64; i++)
		if (s->capabilities >> i & 1)
			dw_str_addf(&names, "%s%s", names.n ? ", " : "", dw_capability_name(i));
	if (n >= 30)
		dw_page_put(p, 2, 2,
			    dw_arena_printf(p->a, "It holds %d capabilities: nearly all there are.",
					    n));
	else if (n)
		dw_page_put(p, 2, 2, dw_arena_printf(p->a, "It holds %s.", names.s));
	else if (s->processes && s->details_known)
		dw_page_put(p, 2, 2, "It holds no capability.");
}

static const char *as_whom(const struct page *p, const struct dw_confine_service *s)
{
	const char *user = s->user ? escape(p, s->user) : "somebody who could not be seen";

	if (!s->processes)
		return dw_arena_printf(p->a, "It does not run now. It would run as %s.", user);
	return dw_arena_printf(p->a, "It runs as %s%s%s (%zu process%s with a door).", user,
			       s->worker ? " and " : "", s->worker ? escape(p, s->worker) : "",
			       s->processes, s->processes == 1 ? "" : "es");
}

static void put_list(const struct page *p, const char *title, const struct dw_strings *v)
{
	if (v->n)
		dw_page_head(p, title);
	for (size_t i = 0; i < v->n; i++)
		dw_page_put(p, 2, 2, escape(p, v->v[i]));
}

static void put_story(const struct page *p, const struct dw_confine_service *s)
{
	struct dw_str doors = { .arena = p->a };

	for (size_t i = 0; i < s->doors.n; i++)
		dw_str_addf(&doors, "%s%s", i ? ", " : "", escape(p, s->doors.v[i]));
	dw_page_put(p, 0, 2,
		    dw_arena_printf(p->a, "%s: %u%s of 100", escape(p, s->name), s->score,
				    s->partly ? " or more" : ""));
	if (s->program)
		dw_page_put(p, 2, 2, escape(p, s->program));
	dw_page_put(p, 2, 2, dw_arena_printf(p->a, "Doors: %s", doors.n ? doors.s : "none"));
	dw_page_put(p, 2, 2, as_whom(p, s));
	put_capabilities(p, s);
	if (s->n_items)
		dw_page_head(p, "What counts");
	for (size_t i = 0; i < s->n_items; i++)
		dw_page_put(p, 2, 5,
			    dw_arena_printf(p->a, "%3u  %s", s->items[i].points, s->items[i].text));
	put_list(p, "Not known", &s->unknown);
	put_list(p, "What could be done", &s->advice);
}

int dw_report_confine_text(const struct dw_report_confine *r, FILE *out,
			   const struct dw_report_style *style, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct page p = { .out = out, .style = style, .a = a };

	if (!r->asked)
		put_table(&p, r);
	for (size_t i = 0; r->asked && i < r->n; i++) {
		(void)fputs(i ? "\n" : "", out);
		put_story(&p, &r->v[i]);
	}
	return dw_report_end(out, e);
}
