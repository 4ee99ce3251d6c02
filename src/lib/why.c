/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is looked at for the doors of a story alone: an audit of every door would take too long for it. */
#include "audit-private.h"
#include "dw_str.h"

/* Each takes reading dpkg's whole status. */
#define PACKAGES_MAX 32

struct closer {
	struct dw_sys *sys;
	struct dw_arena *a;
	struct dw_report_door *doors;
	size_t n;
};

static bool same_package(const struct dw_report_door *a, const struct dw_report_door *b)
{
	return a->door->package && dw_streq0(a->door->package->name, b->door->package->name) &&
	       dw_streq0(a->door->package->manager, b->door->package->manager);
}

/* Of rpm's packages it is not known. */
static const struct dw_strings *dependants_of(const struct closer *c, const struct dw_package *p)
{
	struct dw_strings *ret = dw_new(c->a, struct dw_strings);

	if (!p->name || !dw_streq0(p->manager, "dpkg") ||
	    dw_packages_dependants(c->sys, c->a, p->name, ret, NULL) < 0)
		return NULL;
	return ret;
}

static void find_dependants(const struct closer *c)
{
	unsigned asked = 0;

	for (size_t i = 0; i < c->n; i++) {
		struct dw_report_door *d = &c->doors[i];
		size_t k = 0;

		if (!d->door->package)
			continue;
		while (k < i && !same_package(&c->doors[k], d))
			k++;
		if (k < i)
			d->dependants = c->doors[k].dependants;
		else if (asked++ < PACKAGES_MAX)
			d->dependants = dependants_of(c, d->door->package);
	}
}

static bool same_starter(const struct dw_starter *a, const struct dw_starter *b)
{
	return a->kind == b->kind && dw_streq0(a->id, b->id) && dw_streq0(a->also, b->also);
}

static void find_relations(const struct closer *c, const char *init)
{
	struct dw_facts *scratch = dw_facts_new(); /* what cannot be read was noted by the audit */
	struct dw_starters s = { .sys = c->sys, .facts = scratch, .arena = c->a, .init = init };
	const struct dw_starter **starters = dw_arena_array(c->a, c->n, sizeof(*starters));
	const struct dw_relations **found = dw_arena_array(c->a, c->n, sizeof(*found));
	size_t *which = dw_arena_array(c->a, c->n, sizeof(*which)), n = 0;

	for (size_t i = 0; i < c->n; i++) {
		const struct dw_starter *st = &c->doors[i].door->starter;

		while (which[i] < n && !same_starter(starters[which[i]], st))
			which[i]++;
		if (which[i] == n)
			starters[n++] = st;
	}
	dw_starters_needed_by(&s, starters, n, found);
	for (size_t i = 0; i < c->n; i++)
		c->doors[i].relations = found[which[i]];
	dw_facts_free(scratch);
}

void dw_lib_look_closer(const struct dw_audit *audit, struct dw_report_door *doors, size_t n,
			struct dw_arena *a)
{
	_cleanup_sys_ struct dw_sys *sys = NULL;
	struct closer c = { .a = a, .doors = doors, .n = n };
	int r;

	if (!audit->looked || n == 0)
		return;
	r = audit->fake ? dw_sys_open_fake(audit->fake, &sys, NULL)
			: dw_sys_open(audit->root, &sys, NULL);
	if (r < 0)
		return;
	c.sys = sys;
	find_dependants(&c);
	find_relations(&c, audit->snapshot->service_manager);
}
