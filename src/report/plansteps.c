/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The steps of a plan. Many alike share a paragraph: who reads forty of them one by one reads none. */
#include <string.h>

#include "dw_macros.h"
#include "dw_str.h"
#include "steps.h"
#include "table.h"

#define LEFT_SHOWN 5
/* From so many on they share a paragraph. */
#define ALIKE_LEAST 3
/* Longer commands nobody reads where the diff says the same. */
#define COMMAND_MAX 160

struct telling {
	const struct page *page;
	const struct dw_step **v; /* those that are certain to be taken */
	size_t n, number;
	const char *why; /* told last: what only repeats it is left out */
	bool shared;     /* some steps were told together */
};

static const char *told_to_read(const struct dw_step *s)
{
	static const struct {
		const char *who, *text;
	} words[] = {
		{ "systemd", "systemd reads its files again" },
		{ "inetd", "inetd reads its file again" },
		{ "xinetd", "xinetd reads its files again" },
		{ "init", "init reads its table again" },
	};

	for (size_t i = 0; s->notify && i < DW_ARRAY_SIZE(words); i++) {
		size_t n = strlen(words[i].who);

		if (strncmp(s->notify, words[i].who, n) == 0 &&
		    (!s->notify[n] || s->notify[n] == ' '))
			return words[i].text;
	}
	return NULL;
}

/* "/lib/systemd/system/cups.socket:6" of cups.socket: who looks for it knows where. */
static bool is_plain(const struct dw_step *s)
{
	size_t n = strcspn(s->source, ":"), file = n;

	if (strlen(s->object) == n && strncmp(s->source, s->object, n) == 0)
		return true;
	while (file > 0 && s->source[file - 1] != '/')
		file--;
	n -= file;
	for (const char *p = s->object; n && (p = strstr(p, s->source + file)); p += n)
		if ((p == s->object || p[-1] == ' ' || p[-1] == '/') && (p[n] == ' ' || !p[n]))
			return true;
	return false;
}

static void put_source(const struct telling *t, const struct dw_step *s)
{
	struct dw_arena *a = t->page->a;
	bool process = dw_streq0(s->manager, "process");

	if (!s->source || (!t->page->style->wide && is_plain(s)))
		return;
	dw_page_put(t->page, 5, 2,
		    dw_arena_printf(a, process ? "Its program is %s" : "Written in %s",
				    dw_cells_escape(s->source, a)));
}

static void put_why(struct telling *t, const struct dw_step *s)
{
	if (s->why && (t->page->style->wide || !dw_streq0(s->why, t->why)))
		dw_page_put(t->page, 5, 0, dw_cells_escape(s->why, t->page->a));
	t->why = s->why;
}

/* Who is told to read again is told once, behind the last step of a row. */
static void put_read(const struct telling *t, size_t next)
{
	const struct dw_step *s = t->v[next - 1];
	const char *read = told_to_read(s);

	if (read && (next >= t->n || !dw_streq0(t->v[next]->notify, s->notify)))
		dw_page_put(t->page, 5, 0, dw_arena_printf(t->page->a, "Then %s.", read));
}

static void put_command(const struct telling *t, const struct dw_step *s)
{
	bool dim = t->page->style->colour;

	if (!s->command || (s->diff && strlen(s->command) > COMMAND_MAX && !t->page->style->wide))
		return;
	if (dim)
		(void)fputs(DW_ANSI_DIM, t->page->out);
	dw_page_raw(t->page, 5, dw_arena_printf(t->page->a, "$ %s", s->command), true);
	if (dim)
		(void)fputs(DW_ANSI_OFF, t->page->out);
}

/* n steps that one command takes. */
static void put_step(struct telling *t, size_t at, size_t n)
{
	const struct dw_step *const *v = (const struct dw_step *const *)t->v + at;
	struct dw_arena *a = t->page->a;

	dw_page_put(t->page, 0, 5,
		    dw_arena_printf(a, "%3zu. %s%s", ++t->number, dw_report_steps_words(v, n, a),
				    v[0]->no_undo ? " (nothing brings that back)" : ""));
	put_why(t, v[0]);
	put_source(t, v[0]);
	put_command(t, v[0]);
	for (size_t i = 0; i < n; i++) {
		if (v[i]->diff)
			dw_page_diff(t->page, 7, v[i]->diff);
		if (n > 1 && t->page->style->wide)
			dw_page_raw(t->page, 7, v[i]->object, true);
	}
	put_read(t, at + n);
}

/* How many from there on are alike. */
static size_t alike(const struct telling *t, size_t at)
{
	size_t n = 1;

	while (!t->page->style->wide && at + n < t->n && dw_steps_are_alike(t->v[at], t->v[at + n]))
		n++;
	/* what goes on with other steps of the same command is told with them */
	while (n > 1 && at + n < t->n && dw_steps_are_one(t->v[at + n - 1], t->v[at + n]))
		n--;
	return n;
}

static size_t as_one(const struct telling *t, size_t at)
{
	size_t n = 1;

	while (at + n < t->n && !t->v[at]->diff && !t->v[at + n]->diff &&
	       dw_steps_are_one(t->v[at], t->v[at + n]))
		n++;
	return n;
}

static void put_shared(struct telling *t, size_t at, size_t n)
{
	const struct dw_step *const *v = (const struct dw_step *const *)t->v + at;
	struct dw_arena *a = t->page->a;

	dw_page_long(t->page, 0, 5,
		     dw_arena_printf(a, "%3zu. %s%s", ++t->number, dw_report_alike_words(v, n, a),
				     v[0]->no_undo ? " (nothing brings them back)" : ""));
	if (!dw_step_is_link(v[0]))
		put_why(t, v[0]);
	t->why = v[0]->why;
	t->shared = true;
	put_read(t, at + n);
}

static void put_left(const struct page *p, const struct dw_steps *all)
{
	struct dw_strings names = { 0 };

	for (size_t i = 0; i < all->n; i++) {
		const struct dw_step *s = &all->v[i];
		const char *name = s->label ? s->label : s->object;
		size_t k = 0;

		while (k < names.n && !dw_streq(names.v[k], name))
			k++;
		if (s->if_left && k == names.n)
			dw_vec_push(p->a, &names, name);
	}
	if (names.n)
		dw_page_put(p, 5, 0,
			    dw_arena_printf(p->a,
					    "At the end, what still holds one of these doors is "
					    "stopped: %s.",
					    dw_page_list(p, &names, LEFT_SHOWN)));
}

void dw_page_steps(const struct page *p, const struct dw_steps *all)
{
	struct telling t = { .page = p };

	if (all->n == 0)
		return;
	t.v = dw_arena_array(p->a, all->n, sizeof(*t.v));
	for (size_t i = 0; i < all->n; i++)
		if (!all->v[i].if_left)
			t.v[t.n++] = &all->v[i];
	dw_page_head(p, "Steps, in this order:");
	for (size_t i = 0; i < t.n;) {
		size_t n = alike(&t, i), one = as_one(&t, i);

		if (n >= ALIKE_LEAST && n > one) {
			put_shared(&t, i, n);
			i += n;
		} else {
			put_step(&t, i, one);
			i += one;
		}
	}
	put_left(p, all);
	if (t.shared)
		dw_page_put(p, 5, 0, "Each of them with its command: --wide");
}
