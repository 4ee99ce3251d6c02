/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which doors are one story, and what of it is true of some of them alone. */
#include <string.h>

#include "dw_macros.h"
#include "why.h"

/* A program that nothing manages is told for itself. */
static bool stands_alone(const struct dw_door *d)
{
	return d->starter.kind == DW_STARTER_MANUAL || d->starter.kind == DW_STARTER_UNKNOWN;
}

static bool is_open_socket(const struct dw_door *d)
{
	return d->kind == DW_KIND_LISTENER || d->kind == DW_KIND_DATAGRAM;
}

/* Steps that are told: not those that are only taken when something is left, which stand last. */
static size_t told_steps(const struct dw_steps *s)
{
	size_t n = s ? s->n : 0;

	while (n && s->v[n - 1].if_left)
		n--;
	return n;
}

/* What is told once must be so for every door: an inetd line of its own has a step of its own. */
static bool same_steps(const struct dw_steps *a, const struct dw_steps *b)
{
	size_t n = told_steps(a);

	if (n != told_steps(b))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!dw_streq0(a->v[i].command, b->v[i].command) ||
		    !dw_streq0(a->v[i].undo_command, b->v[i].undo_command))
			return false;
	return true;
}

static bool same_kind(const struct dw_door *a, const struct dw_door *b)
{
	return (a->kind == b->kind || (is_open_socket(a) && is_open_socket(b))) &&
	       dw_streq0(a->kernel, b->kernel) && dw_streq0(a->filter, b->filter) &&
	       dw_streq0(a->target, b->target) && dw_streq0(a->rule, b->rule);
}

static bool same_starter(const struct dw_starter *a, const struct dw_starter *b)
{
	return a->kind == b->kind && dw_streq0(a->id, b->id) && a->enabled == b->enabled &&
	       a->restarts == b->restarts;
}

static bool is_one(const struct dw_report_door *x, const struct dw_report_door *y)
{
	const struct dw_door *a = x->door, *b = y->door;

	if (a->at.netns != b->at.netns || x->service != y->service || x->guessed != y->guessed ||
	    !dw_streq0(x->verdict, y->verdict) || !dw_streq0(a->program, b->program) ||
	    !same_kind(a, b) || !same_starter(&a->starter, &b->starter) ||
	    !same_steps(x->steps, y->steps))
		return false;
	if (!stands_alone(a))
		return true;
	return a->n_owners == b->n_owners && (!a->n_owners || a->owners[0].pid == b->owners[0].pid);
}

#define ADDRESSES_SHOWN 12

/* As in the table: both families of a port, and ports in a row, are one word. */
const char *dw_story_addresses(const struct dw_report_door *const *v, size_t n, size_t most,
			       struct dw_arena *a)
{
	struct dw_report_door *doors = dw_arena_array(a, n, sizeof(*doors));
	struct dw_report part = { .doors = doors, .n_doors = n };
	struct dw_table_how how = { .merge = true, .sort = DW_SORT_PORT };
	struct dw_str text = { .arena = a };
	struct dw_rows rows;

	for (size_t i = 0; i < n; i++) {
		doors[i] = *v[i];
		doors[i].n_reasons = 0; /* told apart elsewhere */
	}
	rows = dw_rows_make(&part, &how, a);
	for (size_t i = 0; i < rows.n && i < most; i++)
		dw_str_addf(&text, "%s%s", i ? ", " : "", rows.v[i].cells[DW_CELL_DOOR]);
	if (rows.n > most)
		dw_str_addf(&text, " and %zu more", rows.n - most);
	return text.s;
}

static const char *addresses_of(const struct dw_report_door *const *v, size_t n, struct dw_arena *a)
{
	return dw_story_addresses(v, n, ADDRESSES_SHOWN, a);
}

struct stories dw_stories_make(const struct dw_report *r, const struct dw_found *f,
			       const struct dw_report_style *style, FILE *out, struct dw_arena *a)
{
	struct stories all = { .v = dw_arena_array(a, f->n, sizeof(*all.v)) };
	const struct dw_report_door **doors =
		dw_arena_array(a, f->n, sizeof(const struct dw_report_door *));
	bool *told = dw_arena_array(a, f->n, sizeof(*told));

	for (size_t i = 0; i < f->n; i++) {
		struct story *s = &all.v[all.n];

		if (told[i])
			continue;
		*s = (struct story){ .r = r, .style = style, .out = out, .a = a };
		for (size_t k = i; k < f->n; k++)
			if (!told[k] && is_one(&f->doors[i], &f->doors[k])) {
				told[k] = true;
				doors[s->n++] = &f->doors[k];
			}
		s->doors = dw_arena_memdup(a, (const void *)doors,
					   s->n * sizeof(const struct dw_report_door *));
		s->addresses = addresses_of(s->doors, s->n, a);
		all.n++;
	}
	return all;
}

/* --- whose reason ----------------------------------------------------------------------------------- */

/* More reasons than these come from doors that are alike in little. */
#define REASONS_SHOWN 12

struct reasons {
	const struct dw_reason *v;
	size_t n;
};

static struct reasons reasons_of(const struct dw_report_door *d)
{
	return (struct reasons){ d->reasons, d->n_reasons };
}

static struct reasons notes_of(const struct dw_report_door *d)
{
	return (struct reasons){ d->door->notes, d->door->n_notes };
}

static bool same_reason(const struct dw_reason *a, const struct dw_reason *b)
{
	return dw_streq0(a->id, b->id) && dw_streq0(a->text, b->text) &&
	       dw_streq0(a->source, b->source);
}

static bool has_reason(const struct reasons *all, const struct dw_reason *r)
{
	for (size_t i = 0; i < all->n; i++)
		if (same_reason(&all->v[i], r))
			return true;
	return false;
}

static unsigned protocol_of(const struct dw_report_door *d)
{
	return d->door->at.protocol;
}

static unsigned family_of(const struct dw_report_door *d)
{
	return d->door->at.family;
}

/* Exactly those doors of the story that are as the first of the part in this respect? */
static bool tells_apart(const struct story *s, const struct story *part,
			unsigned (*property)(const struct dw_report_door *d))
{
	size_t alike = 0;

	for (size_t i = 0; i < part->n; i++)
		if (property(part->doors[i]) != property(part->doors[0]))
			return false;
	for (size_t i = 0; i < s->n; i++)
		alike += property(s->doors[i]) == property(part->doors[0]);
	return alike == part->n;
}

static const char *name_of(const struct story *s, const struct story *part)
{
	static const char *const families[DW_FAMILY_COUNT] = {
		[DW_FAMILY_IPV4] = "IPv4",
		[DW_FAMILY_IPV6] = "IPv6",
	};
	const struct dw_endpoint *at = &part->doors[0]->door->at;

	if (part->n == s->n)
		return "";
	if (tells_apart(s, part, protocol_of))
		return dw_arena_printf(s->a, "(%s) ", dw_protocol_name(at->protocol));
	if (families[at->family] && tells_apart(s, part, family_of))
		return dw_arena_printf(s->a, "(%s) ", families[at->family]);
	return dw_arena_printf(s->a, "(%s) ", addresses_of(part->doors, part->n, s->a));
}

static const char *whose(const struct story *s, const struct dw_reason *r,
			 struct reasons (*of)(const struct dw_report_door *d))
{
	const struct dw_report_door **doors = dw_arena_array(s->a, s->n, sizeof(*doors));
	struct story part = { .doors = doors };

	for (size_t i = 0; i < s->n; i++) {
		struct reasons all = of(s->doors[i]);

		if (has_reason(&all, r))
			doors[part.n++] = s->doors[i];
	}
	return name_of(s, &part);
}

static bool is_told(const struct story_reasons *told, const struct dw_reason *r)
{
	for (size_t i = 0; i < told->n; i++)
		if (same_reason(told->v[i].reason, r))
			return true;
	return false;
}

static struct story_reasons gather(const struct story *s,
				   struct reasons (*of)(const struct dw_report_door *d))
{
	struct story_reasons ret = { 0 };

	for (size_t i = 0; i < s->n; i++) {
		struct reasons all = of(s->doors[i]);

		for (size_t k = 0; k < all.n; k++) {
			if (is_told(&ret, &all.v[k]))
				continue;
			if (ret.n >= REASONS_SHOWN)
				ret.more++;
			else
				*dw_vec_add(s->a, &ret) =
					(struct story_reason){ &all.v[k], whose(s, &all.v[k], of) };
		}
	}
	return ret;
}

struct story_reasons dw_story_reasons(const struct story *s)
{
	return gather(s, reasons_of);
}

struct story_reasons dw_story_notes(const struct story *s)
{
	return gather(s, notes_of);
}
