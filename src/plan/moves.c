/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which levers a plan moves. */
#include <string.h>

#include "dw_str.h"
#include "making.h"

static bool is_off(const struct dw_lever *l)
{
	return l->now.text && dw_streq0(l->now.text, l->off.text);
}

/* One line that the plan takes out of a set. */
struct taken {
	const char *object;
	unsigned line;
};

static int compare_taken(const void *x, const void *y)
{
	const struct taken *a = x, *b = y;
	int r = strcmp(a->object, b->object);

	return r ? r : (a->line > b->line) - (a->line < b->line);
}

static size_t lines_taken(const struct making *m, const char *set)
{
	DW_VEC(struct taken) found = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++) {
		const struct dw_levers *all = m->doors[i].d->levers;

		for (size_t k = 0; m->doors[i].active && all && k < all->n; k++) {
			const struct dw_lever *l = &all->v[k];

			if (l->takes && l->n_edits && !is_off(l) && dw_streq(l->takes, set))
				*dw_vec_add(m->arena, &found) =
					(struct taken){ l->object, l->edits[0].line };
		}
	}
	if (found.n)
		qsort(found.v, found.n, sizeof(*found.v), compare_taken);
	for (size_t i = 0; i < found.n; i++)
		n += i == 0 || compare_taken(&found.v[i - 1], &found.v[i]) != 0;
	return n;
}

bool dw_making_moves(const struct making *m, const struct dw_lever *l)
{
	if (is_off(l))
		return false;
	if (!l->unless_used)
		return true;
	return !dw_strings_has(&m->spared, l->unless_used) &&
	       lines_taken(m, l->unless_used) >= l->active;
}

bool dw_making_daemon_goes(const struct making *m, const struct making_door *d)
{
	const struct dw_levers *all = d->d->levers;

	for (size_t i = 0; all && i < all->n; i++)
		if (all->v[i].unless_used && dw_making_moves(m, &all->v[i]))
			return true;
	return false;
}
