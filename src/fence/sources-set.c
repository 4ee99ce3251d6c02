/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The source addresses of a set: one class; of a map, or of a key with more in it than the address: one for each
 * other rest of the key and result.
 */
#include <stdlib.h>
#include <string.h>

#include "sources.h"

#define GROUPS_MAX       1024u
#define ELEMENTS_MAX     4000000u
#define ELEMENT_CATCHALL 0x2u /* newer than the headers we may be built with */

struct element {
	uint8_t low[16], high[16];
	unsigned n; /* bytes of these */
	bool end;   /* closes an interval */
	uint32_t group;
};

struct group {
	uint64_t hash;
	size_t n;
	bool told;
};

struct gathering {
	const struct dw_rs_set *set;
	unsigned at, n; /* the address's place in the key */
	struct dw_arena *arena;
	DW_VEC(struct element) elements;
	DW_VEC(struct group) groups;
	bool odd;
};

/* That two rests of keys have one hash of 64 bits joins two classes, no more. */
static uint32_t group_of(struct gathering *g, uint64_t hash)
{
	for (size_t i = 0; i < g->groups.n; i++)
		if (g->groups.v[i].hash == hash)
			return (uint32_t)i;
	if (g->groups.n >= GROUPS_MAX) {
		g->odd = true;
		return 0;
	}
	dw_vec_push(g->arena, &g->groups, ((struct group){ .hash = hash }));
	return (uint32_t)g->groups.n - 1;
}

static uint64_t rest_of(const struct gathering *g, uint64_t h, const uint8_t *key, size_t n)
{
	h = dw_sources_mix(h, key, g->at);
	return g->at + g->n < n ? dw_sources_mix(h, key + g->at + g->n, n - g->at - g->n) : h;
}

static const struct nlattr *value_of(const struct nlattr *a)
{
	const struct nlattr *tb[NFTA_DATA_MAX + 1];

	dw_attr_nested(a, tb, NFTA_DATA_MAX);
	return tb[NFTA_DATA_VALUE];
}

static void take_element(struct gathering *g, const struct nlattr *a)
{
	const struct nlattr *tb[NFTA_SET_ELEM_MAX + 1], *key, *end;
	uint64_t hash = DW_SOURCES_MIX;
	struct element x = { 0 };
	uint32_t flags;

	dw_attr_nested(a, tb, NFTA_SET_ELEM_MAX);
	flags = dw_attr_be32(tb[NFTA_SET_ELEM_FLAGS]);
	key = value_of(tb[NFTA_SET_ELEM_KEY]);
	end = value_of(tb[NFTA_SET_ELEM_KEY_END]);
	/* what no other element is about is nobody's class */
	if (flags & ELEMENT_CATCHALL || dw_attr_size(key) < g->at + g->n)
		return;
	memcpy(x.low, (const uint8_t *)dw_attr_data(key) + g->at, g->n);
	memcpy(x.high, x.low, g->n);
	if (dw_attr_size(end) >= g->at + g->n)
		memcpy(x.high, (const uint8_t *)dw_attr_data(end) + g->at, g->n);
	x.n = g->n;
	x.end = flags & NFT_SET_ELEM_INTERVAL_END;
	hash = rest_of(g, hash, dw_attr_data(key), dw_attr_size(key));
	if (end)
		hash = rest_of(g, hash, dw_attr_data(end), dw_attr_size(end));
	hash = dw_sources_mix(hash, dw_attr_data(tb[NFTA_SET_ELEM_DATA]),
			      dw_attr_size(tb[NFTA_SET_ELEM_DATA]));
	hash = dw_sources_mix(hash, dw_attr_data(tb[NFTA_SET_ELEM_OBJREF]),
			      dw_attr_size(tb[NFTA_SET_ELEM_OBJREF]));
	if (!x.end)
		x.group = group_of(g, hash);
	dw_vec_push(g->arena, &g->elements, x);
}

static int by_key(const void *a, const void *b)
{
	const struct element *x = a, *y = b;
	int d = memcmp(x->low, y->low, sizeof(x->low));

	/* where one interval ends and the next begins, the end comes first */
	return d ? d : (int)y->end - (int)x->end;
}

static void look(void *element, struct dw_nf_bound *ret)
{
	struct element *x = element;

	/* beyond an address all is zero, and stays so */
	*ret = (struct dw_nf_bound){ .low = x->low, .high = x->high, .n = x->n, .end = x->end };
}

/* The mask of the register reaches beyond what the element says: "ip saddr & 255.255.255.0 vmap". */
static void widen(struct gathering *g, const struct dw_sources_part *p)
{
	for (size_t i = 0; g->elements.v && i < g->elements.n; i++)
		for (unsigned k = 0; k < dw_address_bytes(p->family); k++)
			g->elements.v[i].high[k] |= (uint8_t)~p->mask[k];
}

static bool is_after(const uint8_t *high, const uint8_t *low, unsigned n)
{
	uint8_t next[16];

	memcpy(next, high, n);
	for (unsigned i = n; i-- > 0;)
		if (++next[i] != 0)
			return memcmp(next, low, n) >= 0;
	return true; /* nothing is beyond the last address */
}

static void one_class(struct dw_sources *s, const struct gathering *g, uint32_t group,
		      const struct dw_sources_part *p)
{
	unsigned n = dw_address_bytes(p->family);
	struct dw_source_class *c = dw_vec_add(s->arena, &s->sets);
	struct dw_source_span *spans =
		dw_arena_array(s->arena, g->groups.v[group].n, sizeof(*spans));

	c->family = p->family;
	c->spans = spans;
	for (size_t i = 0; spans && i < g->elements.n; i++) {
		const struct element *x = &g->elements.v[i];
		struct dw_source_span *last = c->n_spans > 0 ? &spans[c->n_spans - 1] : NULL;

		if (x->group != group)
			continue;
		if (last && is_after(last->high, x->low, n)) {
			if (memcmp(x->high, last->high, n) > 0)
				memcpy(last->high, x->high, n);
			continue;
		}
		memcpy(spans[c->n_spans].low, x->low, n);
		memcpy(spans[c->n_spans].high, x->high, n);
		c->n_spans++;
	}
	if (!(g->set->flags & NFT_SET_ANONYMOUS))
		c->words = dw_arena_printf(
			s->arena, "%s %s %s %s", g->groups.n > 1 ? "a part of set" : "set",
			dw_nf_family_name(g->set->key.family), g->set->key.table, g->set->key.name);
}

static void gather(struct gathering *g)
{
	for (size_t i = 0; i < g->set->elements.n; i++) {
		const struct nlattr *tb[NFTA_SET_ELEM_LIST_MAX + 1], *list;

		dw_attr_table(g->set->elements.v[i].attrs, g->set->elements.v[i].n, tb,
			      NFTA_SET_ELEM_LIST_MAX);
		list = tb[NFTA_SET_ELEM_LIST_ELEMENTS];
		dw_attr_each(a, dw_attr_data(list), dw_attr_size(list))
		{
			if (g->elements.n < ELEMENTS_MAX)
				take_element(g, a);
			else
				g->odd = true;
		}
	}
	if (g->elements.n > 0)
		qsort(g->elements.v, g->elements.n, sizeof(*g->elements.v), by_key);
	if (g->set->flags & NFT_SET_INTERVAL && g->set->key_len <= g->n)
		g->elements.n =
			dw_nf_pair(g->elements.v, g->elements.n, sizeof(*g->elements.v), look);
	for (size_t i = 0; g->groups.v && i < g->elements.n; i++)
		g->groups.v[g->elements.v[i].group].n++;
}

void dw_sources_set(struct dw_sources *s, const struct dw_rs_set *set, unsigned at,
		    const struct dw_sources_part *p)
{
	_cleanup_arena_ struct dw_arena *arena = dw_arena_new();
	struct gathering g = {
		.set = set, .at = at, .n = dw_address_bytes(p->family), .arena = arena
	};

	/* a piece of an address, or a set whose content is in doubt anyway */
	if (p->n != g.n) {
		s->odd[p->family] = true;
		return;
	}
	gather(&g);
	if (g.odd) {
		s->odd[p->family] = true;
		return;
	}
	widen(&g, p);
	/* by their first address: the order of a dump is chance */
	for (size_t i = 0; g.groups.v && i < g.elements.n; i++) {
		struct group *group = &g.groups.v[g.elements.v[i].group];

		if (!group->told)
			one_class(s, &g, g.elements.v[i].group, p);
		group->told = true;
	}
}
