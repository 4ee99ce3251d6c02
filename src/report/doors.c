/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doors.h"

#include <string.h>

#include "dw_macros.h"
#include "dw_str.h"

/* Holders that are told by name: of more, nobody reads them all. */
#define HOLDERS_SHOWN 16

struct doors doors_make(const struct dw_report *r, struct dw_arena *a)
{
	static const struct dw_table_how how = { .merge = true, .program = true, .why = true };
	static const struct dw_report_style style = { .wide = true };
	struct doors d = {
		.r = r,
		.v = dw_arena_memdup(a, r->doors, r->n_doors * sizeof(*r->doors)),
		.story_of = dw_arena_array(a, r->n_doors, sizeof(*d.story_of)),
		.targets = dw_arena_array(a, r->n_doors, sizeof(*d.targets)),
	};
	struct dw_report copy = *r;
	struct dw_found all = { .doors = d.v, .n = r->n_doors };

	copy.doors = d.v;
	d.rows = dw_rows_make(&copy, &how, a);
	d.stories = dw_stories_make(r, &all, &style, NULL, a);
	d.told = dw_arena_array(a, d.stories.n, sizeof(*d.told));
	for (size_t i = 0; i < d.stories.n; i++)
		for (size_t k = 0; k < d.stories.v[i].n; k++) {
			size_t door = (size_t)(d.stories.v[i].doors[k] - d.v);

			d.story_of[door] = i;
			d.targets[door] = dw_arena_printf(a, "s%zu", i + 1);
		}
	return d;
}

struct story *doors_story(const struct doors *d, const struct dw_row *row)
{
	return &d->stories.v[d->story_of[row->first - d->v]];
}

size_t doors_group(const struct doors *d, size_t from)
{
	size_t n = 0, rank = dw_mark_rank(d->rows.v[from].first->verdict);

	while (from + n < d->rows.n && dw_mark_rank(d->rows.v[from + n].first->verdict) == rank)
		n++;
	return n;
}

const char *doors_last_used(const struct dw_report *r, const struct dw_row *row, struct dw_arena *a)
{
	const struct dw_used *u = row->first->door->used;
	uint64_t now = r->snapshot->time;

	if (!u)
		return "not watched";
	if (!u->last)
		return "never while watched";
	return dw_arena_printf(a, "%s ago", dw_report_span(a, now > u->last ? now - u->last : 0));
}

static void put_fact(void *data, const char *label, const char *text, bool raw)
{
	struct paper *p = data;

	p->ops->fact(p, label, text, raw);
}

/* The story has the first holder; here are all. */
static void tell_holders(struct paper *p, const struct story *s)
{
	const struct dw_owner *seen[HOLDERS_SHOWN];
	size_t n = 0, more = 0;

	for (size_t i = 0; i < s->n; i++)
		for (size_t k = 0; k < s->doors[i]->door->n_owners; k++) {
			const struct dw_owner *o = &s->doors[i]->door->owners[k];
			size_t j = 0;

			while (j < n && seen[j]->pid != o->pid)
				j++;
			if (j == n && n < HOLDERS_SHOWN)
				seen[n++] = o;
			else
				more += j == n;
		}
	for (size_t i = 0; i < n; i++)
		p->ops->fact(p, i ? NULL : "Held by",
			     dw_arena_printf(p->a, "process %d, %s%s%s%s%s", seen[i]->pid,
					     seen[i]->executable ? seen[i]->executable
					     : seen[i]->comm     ? seen[i]->comm
								 : "program not known",
					     seen[i]->user ? ", as " : "",
					     seen[i]->user ? seen[i]->user : "",
					     seen[i]->via ? ", by " : "",
					     seen[i]->via ? seen[i]->via : ""),
			     false);
	if (more)
		p->ops->fact(p, NULL, "and others", false);
}

static void tell_use(struct paper *p, const struct dw_report *r, const struct story *s)
{
	bool first = true;

	for (size_t i = 0; i < s->n && i < HOLDERS_SHOWN; i++) {
		const struct dw_door *d = s->doors[i]->door;

		if (!d->used)
			continue;
		p->ops->fact(
			p, first ? "Counted" : NULL,
			dw_arena_printf(p->a, "%s: %s", dw_cells_door(d, p->a),
					dw_report_used_words(p->a, d->used, r->snapshot->time)),
			false);
		first = false;
	}
}

void doors_tell(struct paper *p, const struct dw_report *r, struct story *s)
{
	s->put = put_fact;
	s->data = p;
	p->ops->facts(p);
	p->ops->fact(p, s->n == 1 ? "Door" : "Doors", s->addresses, false);
	dw_story_tell(s);
	tell_holders(p, s);
	tell_use(p, r, s);
	p->ops->end_facts(p);
}
