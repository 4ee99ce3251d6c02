/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Packages that a plan removes: which doors keep them, and which they are. */
#include <string.h>

#include "dw_str.h"
#include "making.h"

/* "x needs y, which needs z", from what goes to what was asked for. */
static const char *chain(const struct making *m, const struct dw_removal *r,
			 const struct dw_removed_package *p)
{
	struct dw_str text = { .arena = m->arena };

	dw_str_add(&text, p->name);
	/* needs only leads to what was found before: it ends */
	for (size_t i = 0; p && p->needs && i < r->n; i++) {
		dw_str_addf(&text, "%s needs %s", i ? ", which" : "", p->needs);
		p = dw_removal_find(r, p->needs);
	}
	return text.s;
}

static const char *asked_for(const struct dw_removal *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (!r->v[i].needs)
			return r->v[i].name;
	return "?";
}

static const char *because(const struct making *m, const struct dw_removal *r,
			   const struct dw_removed_package *p)
{
	return p->needs ? dw_arena_printf(m->arena, "%s would go with it (%s), and %s", p->name,
					  chain(m, r, p), p->kept)
			: dw_arena_printf(m->arena, "it %s", p->kept);
}

/* The door is to stay, and what serves it is in a package that would go only because it needs another. */
static const struct dw_removed_package *kept_door(const struct making *m, size_t i, size_t k)
{
	const struct dw_plan_door *d = m->doors[i].d, *n = m->doors[k].d;
	const struct dw_removed_package *p =
		n->door->package ? dw_removal_find(d->removal, n->door->package->name) : NULL;

	if (k == i || !p || !p->needs)
		return NULL;
	if ((n->door->carries_session || n->network) && !m->r->even_my_session)
		return p;
	return dw_making_is_kept(&m->doors[k], d->named) ? p : NULL;
}

void dw_making_refuse_packages(struct making *m, size_t i)
{
	static const char id[] = "package-needed",
			  way[] = "close the door without --remove-package";
	const struct dw_removal *r = m->doors[i].d->removal;

	for (size_t k = 0; r && k < r->n; k++)
		if (r->v[k].kept) {
			dw_making_refuse(m, i, id, "The package %s is not removed: %s; %s.",
					 asked_for(r), because(m, r, &r->v[k]), way);
			return;
		}
	for (size_t k = 0; r && k < m->n; k++) {
		const struct dw_removed_package *p = kept_door(m, i, k);

		if (p)
			dw_making_refuse(
				m, i, id,
				"The package %s is not removed: %s, which is to stay, is "
				"served by the package %s, and that would go with it (%s); "
				"%s.",
				asked_for(r), m->doors[k].text, p->name, chain(m, r, p), way);
	}
}

bool dw_making_is_removed(const struct dw_plan *p, const char *package)
{
	for (size_t i = 0; i < p->n_packages; i++)
		if (dw_streq(p->packages[i]->name, package))
			return true;
	return false;
}

static void add_package(struct making *m, struct dw_plan *p, const char *name)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct dw_plan_door *d = m->doors[i].d;
		const struct dw_removed_package *found =
			m->doors[i].active && d->removal ? dw_removal_find(d->removal, name) : NULL;

		if (found) {
			p->packages[p->n_packages++] = found;
			return;
		}
	}
}

void dw_making_packages(struct making *m, struct dw_plan *p)
{
	size_t most = 0;

	for (size_t i = 0; i < m->n; i++)
		most += m->doors[i].d->removal ? m->doors[i].d->removal->n : 0;
	p->packages = dw_arena_array(m->arena, most + 1, sizeof(*p->packages));
	for (size_t i = 0; i < p->steps.n; i++) {
		const char *object = p->steps.v[i].object;

		if (!dw_streq(p->steps.v[i].manager, "package"))
			continue;
		for (size_t n; *object; object += n, object += *object == ' ') {
			n = strcspn(object, " ");
			add_package(m, p, dw_arena_strndup(m->arena, object, n));
		}
	}
}
