/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Levers of one file, put together: every door's edits, made once. */
#include "dw_state.h"
#include "dw_str.h"
#include "making.h"

struct edits {
	struct dw_edit *v;
	size_t n, cap;
};

/* Two edits that want different things of one line that is there. */
static bool differ(const struct dw_edit *x, const struct dw_edit *y)
{
	return x->line == y->line && x->old && y->old &&
	       (!dw_streq(x->old, y->old) || !dw_streq0(x->fresh, y->fresh));
}

static bool is_there(const struct edits *all, const struct dw_edit *e)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].line == e->line && dw_streq0(all->v[i].old, e->old) &&
		    dw_streq0(all->v[i].fresh, e->fresh))
			return true;
	return false;
}

static bool add(struct dw_arena *a, struct edits *all, const struct dw_lever *l, unsigned *ret_line)
{
	size_t before = all->n;

	for (size_t i = 0; i < l->n_edits; i++) {
		const struct dw_edit *e = &l->edits[i];

		for (size_t k = 0; k < before; k++)
			if (differ(&all->v[k], e)) {
				*ret_line = e->line;
				return false;
			}
		if (!is_there(all, e))
			*dw_vec_add(a, all) = *e;
	}
	return true;
}

/* No edits: the whole of it is given, and all have to want the same. */
static bool whole(struct dw_arena *a, const struct dw_lever *const *l, size_t n,
		  struct dw_state *ret_want, const char **ret_diff, size_t *ret_bad)
{
	for (size_t i = 1; i < n; i++)
		if (l[i]->n_edits || !dw_streq0(l[i]->off.text, l[0]->off.text)) {
			*ret_bad = i;
			return false;
		}
	*ret_want = l[0]->off;
	*ret_diff = dw_plan_diff(a, &l[0]->now.data, &l[0]->off.data, NULL, 0);
	return true;
}

bool dw_making_file(struct dw_arena *a, const struct dw_lever *const *l, size_t n,
		    struct dw_state *ret_want, const char **ret_diff, size_t *ret_bad,
		    unsigned *ret_line)
{
	const struct dw_state *now = &l[0]->now;
	struct edits all = { 0 };
	struct dw_bytes content = { 0 };

	*ret_line = 0;
	if (!l[0]->n_edits)
		return whole(a, l, n, ret_want, ret_diff, ret_bad);
	for (size_t i = 0; i < n; i++) {
		*ret_bad = i;
		if (!l[i]->n_edits || !add(a, &all, l[i], ret_line) ||
		    !dw_edits_apply(a, &now->data, all.v, all.n, &content, ret_line))
			return false;
	}
	*ret_want = (struct dw_state){ .text = dw_state_file_with(a, now->text, &content),
				       .data = content };
	if (!ret_want->text)
		return false;
	*ret_diff = dw_plan_diff(a, &now->data, &content, all.v, all.n);
	return true;
}
