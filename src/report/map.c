/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From doors to boxes and lines. */
#include "map.h"

#include <string.h>

#include "dw_macros.h"
#include "dw_str.h"
#include "why.h"

/* A picture with more boxes in a column is no picture. */
#define BOXES_MAX 36

struct kind {
	const char *label, *more;
};

enum network {
	FROM_ANYWHERE = 0,
	FROM_ONE_ADDRESS,
	FROM_THE_LINK,
	FROM_THE_WIRE,
	FROM_NETNS,
	FROM_THIS_HOST,
	NOT_OPEN,
	NETWORKS
};
static const struct kind networks[NETWORKS] = {
	[FROM_ANYWHERE] = { "Any network", "every address" },
	[FROM_ONE_ADDRESS] = { "One network", "address, interface" },
	[FROM_THE_LINK] = { "The same link", "local, multicast" },
	[FROM_THE_WIRE] = { "Raw packets", "on their way past" },
	[FROM_NETNS] = { "Namespaces", "containers ..." },
	[FROM_THIS_HOST] = { "This host alone", "loopback" },
	[NOT_OPEN] = { "Nobody now", "asleep" },
};

enum filter {
	FILTER_NONE = 0,
	FILTER_ANYONE,
	FILTER_SOME,
	FILTER_SHUT,
	FILTER_UNASKED,
	FILTER_UNKNOWN,
	FILTERS
};
static const struct kind filters[FILTERS] = {
	[FILTER_NONE] = { "No packet filter", "none before it" },
	[FILTER_ANYONE] = { "Filter: anyone", "lets everybody in" },
	[FILTER_SOME] = { "Filter: some", "lets some in" },
	[FILTER_SHUT] = { "Filter: shut", "keeps others out" },
	[FILTER_UNASKED] = { "Not asked", "address decides" },
	[FILTER_UNKNOWN] = { "Not known", "could not be told" },
};

enum rights {
	RIGHTS_ALL = 0,
	RIGHTS_ROOT,
	RIGHTS_CAPABLE,
	RIGHTS_USER,
	RIGHTS_KERNEL,
	RIGHTS_NONE,
	RIGHTS_UNKNOWN,
	RIGHTS
};
static const struct kind rights[RIGHTS] = {
	[RIGHTS_ALL] = { "Root, unlimited", "every capability" },
	[RIGHTS_ROOT] = { "Root, limited", "fewer capabilities" },
	[RIGHTS_CAPABLE] = { "User, powerful", "has capabilities" },
	[RIGHTS_USER] = { "Ordinary user", "no capability" },
	[RIGHTS_KERNEL] = { "The kernel", "no process" },
	[RIGHTS_NONE] = { "Nothing runs now", "none running" },
	[RIGHTS_UNKNOWN] = { "Not known", "could not be seen" },
};

static enum network network_of(const struct dw_door *d)
{
	static const enum network by_bound[DW_BOUND_COUNT] = {
		[DW_BOUND_UNKNOWN] = FROM_ANYWHERE,      [DW_BOUND_LOOPBACK] = FROM_THIS_HOST,
		[DW_BOUND_LINK_LOCAL] = FROM_THE_LINK,   [DW_BOUND_ADDRESS] = FROM_ONE_ADDRESS,
		[DW_BOUND_INTERFACE] = FROM_ONE_ADDRESS, [DW_BOUND_MULTICAST] = FROM_THE_LINK,
		[DW_BOUND_ANY] = FROM_ANYWHERE,
	};

	if (d->kind == DW_KIND_SLEEPING)
		return NOT_OPEN;
	if (d->netns && !dw_streq(d->netns, "host"))
		return FROM_NETNS;
	if (d->kind == DW_KIND_RAW || d->kind == DW_KIND_SNIFFER)
		return FROM_THE_WIRE;
	return by_bound[dw_endpoint_bound(&d->at)];
}

static enum filter filter_of(const struct dw_door *d)
{
	static const enum filter by_kind[] = {
		[DW_FILTERED_UNKNOWN] = FILTER_UNKNOWN, [DW_FILTERED_NOBODY] = FILTER_SHUT,
		[DW_FILTERED_HOST] = FILTER_SHUT,       [DW_FILTERED_NETWORKS] = FILTER_SOME,
		[DW_FILTERED_ANYONE] = FILTER_ANYONE,
	};
	const struct dw_filtered *f = d->filtered;

	if (d->kind == DW_KIND_SLEEPING)
		return FILTER_UNASKED;
	if (f && (f->rehearsed || f->kind == DW_FILTERED_UNKNOWN))
		return by_kind[f->kind];
	if (d->packet_filter == DW_NO)
		return FILTER_NONE;
	return f ? FILTER_UNASKED : FILTER_UNKNOWN;
}

/* Linux 5.4 had 38 capabilities; later ones have more. */
static enum rights rights_of(const struct dw_door *d)
{
	const struct dw_owner *o = d->n_owners ? &d->owners[0] : NULL;

	if (!o && d->kernel)
		return RIGHTS_KERNEL;
	if (!o)
		return d->kind == DW_KIND_SLEEPING ? RIGHTS_NONE : RIGHTS_UNKNOWN;
	if (!o->details_known)
		return RIGHTS_UNKNOWN;
	if (o->euid == 0)
		return __builtin_popcountll(o->caps_effective) >= 38 ? RIGHTS_ALL : RIGHTS_ROOT;
	return o->caps_effective ? RIGHTS_CAPABLE : RIGHTS_USER;
}

/* --- boxes of doors ---------------------------------------------------------------------------------- */

struct box {
	enum network network;
	enum filter filter;
	enum rights rights;
	size_t rank;
	const char *program; /* escaped */
	const char *key;     /* doors of one box have the same */
	const struct dw_report_door **doors;
	size_t n;
	bool shared; /* of programs that have nothing to do with each other */
	const char *target;
};

static const char *program_of(const struct dw_report_door *d, struct dw_arena *a)
{
	const char *program = dw_cells_program(d->door, false, a);

	return dw_streq(program, "-") || dw_streq(program, "?") ? "not known" : program;
}

static struct box box_of(const struct dw_report_door *d, const char *target, struct dw_arena *a)
{
	struct box b = { .network = network_of(d->door),
			 .filter = filter_of(d->door),
			 .rights = rights_of(d->door),
			 .rank = dw_mark_rank(d->verdict),
			 .program = program_of(d, a),
			 .target = target };
	const char *user = d->door->n_owners ? d->door->owners[0].user : NULL;

	b.doors = dw_arena_array(a, 1, sizeof(const struct dw_report_door *));
	b.doors[0] = d;
	b.n = 1;
	b.key = dw_arena_printf(a, "%u %u %zu %u %s\n%s\n%s\n%s", b.network, b.filter, b.rank,
				b.rights, b.program, d->service ? d->service->name : "",
				user ? dw_cells_escape(user, a) : "", dw_cells_starter(d->door, a));
	return b;
}

#define COMPARE(x, y)                                                                              \
	do {                                                                                       \
		if ((x) != (y))                                                                    \
			return (x) < (y) ? -1 : 1;                                                 \
	} while (0)

static int by_key(const void *p, const void *q)
{
	const struct box *a = p, *b = q;
	int r = strcmp(a->key, b->key);

	if (r != 0)
		return r;
	return dw_endpoint_compare(&a->doors[0]->door->at, &b->doors[0]->door->at);
}

/* What must not be lost among others: the urgent, and what reaches far. */
static int by_weight(const void *p, const void *q)
{
	const struct box *a = p, *b = q;

	COMPARE(a->rank, b->rank);
	COMPARE(a->network, b->network);
	COMPARE(b->n, a->n);
	return strcmp(a->key, b->key);
}

static int by_place(const void *p, const void *q)
{
	const struct box *a = p, *b = q;

	COMPARE(a->network, b->network);
	COMPARE(a->filter, b->filter);
	COMPARE(a->rank, b->rank);
	COMPARE(a->rights, b->rights);
	return strcmp(a->key, b->key);
}

static void join(struct box *to, const struct box *from, struct dw_arena *a)
{
	size_t size = sizeof(const struct dw_report_door *);

	to->doors = dw_arena_grow(a, (void *)to->doors, to->n * size, (to->n + from->n) * size);
	memcpy((void *)(to->doors + to->n), (const void *)from->doors, from->n * size);
	to->n += from->n;
}

static size_t run_of(const struct box *v, size_t n,
		     bool (*alike)(const struct box *, const struct box *))
{
	size_t k = 1;

	while (k < n && alike(v, v + k))
		k++;
	return k;
}

static bool same_key(const struct box *a, const struct box *b)
{
	return dw_streq(a->key, b->key);
}

/* Room for all of a run at once: growing door by door would copy them each time. */
static size_t merge_alike(struct box *v, size_t n, struct dw_arena *a)
{
	size_t kept = 0;

	for (size_t i = 0, k; i < n; i += k, kept++) {
		struct box b = v[i];

		k = run_of(v + i, n - i, same_key);
		b.doors = dw_arena_array(a, k, sizeof(const struct dw_report_door *));
		for (size_t j = 0; j < k; j++)
			b.doors[j] = v[i + j].doors[0];
		b.n = k;
		v[kept] = b;
	}
	return kept;
}

static bool same_way(const struct box *a, const struct box *b)
{
	return a->network == b->network && a->filter == b->filter && a->rank == b->rank &&
	       a->rights == b->rights;
}

/* Of what there is no room for, all that come the same way share a box. */
static size_t merge_rest(struct box *v, size_t n, struct dw_arena *a)
{
	size_t kept = BOXES_MAX;

	qsort(v, n, sizeof(*v), by_weight);
	if (n <= BOXES_MAX)
		return n;
	qsort(v + kept, n - kept, sizeof(*v), by_place);
	for (size_t i = BOXES_MAX, k; i < n; i += k, kept++) {
		struct box b = v[i];

		k = run_of(v + i, n - i, same_way);
		for (size_t j = 1; j < k; j++)
			join(&b, &v[i + j], a);
		b.shared = k > 1;
		if (b.shared) {
			b.program = dw_arena_printf(a, "%zu other programs", k);
			b.target = NULL;
		}
		v[kept] = b;
	}
	return kept;
}

/* --- nodes and edges --------------------------------------------------------------------------------- */

struct making {
	struct map *m;
	struct dw_arena *a;
};

static struct map_node *node(struct making *k, enum map_column column, const char *label,
			     const char *more, size_t order)
{
	struct map_node *n;

	for (size_t i = 0; i < k->m->nodes.n; i++) {
		n = k->m->nodes.v[i];
		if (n->column == column && dw_streq(n->label, label) && dw_streq0(n->more, more) &&
		    column != MAP_DOOR)
			return n;
	}
	n = dw_new(k->a, struct map_node);
	*n = (struct map_node){
		.column = column, .label = label, .more = more, .rank = SIZE_MAX, .order = order
	};
	dw_vec_push(k->a, &k->m->nodes, n);
	return n;
}

static void edge(struct making *k, const struct map_node *from, const struct map_node *to,
		 const struct box *b)
{
	struct map_edge *e = NULL;
	size_t beside = 0;

	for (size_t i = 0; i < k->m->edges.n && !e; i++) {
		struct map_edge *x = &k->m->edges.v[i];

		if (x->from != from || x->to != to)
			continue;
		beside++;
		e = x->rank == b->rank ? x : NULL;
	}
	if (!e) {
		e = dw_vec_add(k->a, &k->m->edges);
		*e = (struct map_edge){ .from = from, .to = to, .rank = b->rank, .lane = beside };
	}
	e->doors += b->n;
}

/* "*:22/tcp, 10.0.0.5:22/tcp": one line of a box. */
static const char *label_of(const struct box *b, struct dw_arena *a)
{
	const char *text = dw_story_addresses(b->doors, b->n, 2, a);

	return b->shared ? dw_arena_printf(a, "%zu doors", b->n) : text;
}

static const char *service_of(const struct box *b, struct dw_arena *a)
{
	const struct dw_report_door *d = b->doors[0];
	const char *verdict = dw_cells_escape(d->verdict ? d->verdict : "?", a);

	if (b->shared || !d->service)
		return verdict;
	return dw_arena_printf(a, "%s · %s", dw_cells_service(d, a), verdict);
}

static void add(struct making *k, const struct box *b, size_t order)
{
	const struct dw_report_door *d = b->doors[0];
	const char *user = d->door->n_owners ? d->door->owners[0].user : NULL;
	const char *as = b->shared || !user
				 ? NULL
				 : dw_arena_printf(k->a, "as %s", dw_cells_escape(user, k->a));
	struct map_way way = { .rank = b->rank, .doors = b->n };
	struct map_node *nodes[MAP_COLUMNS] = {
		node(k, MAP_NETWORK, networks[b->network].label, networks[b->network].more,
		     b->network),
		node(k, MAP_FILTER, filters[b->filter].label, filters[b->filter].more, b->filter),
		node(k, MAP_DOOR, label_of(b, k->a), service_of(b, k->a), order),
		node(k, MAP_PROGRAM, b->program, as, order),
		node(k, MAP_RIGHTS, rights[b->rights].label, rights[b->rights].more, b->rights),
	};

	nodes[MAP_DOOR]->target = b->target;
	for (size_t c = 0; c < MAP_COLUMNS; c++) {
		nodes[c]->rank = DW_MIN(nodes[c]->rank, b->rank);
		nodes[c]->doors += b->n;
		way.nodes[c] = nodes[c];
		if (c)
			edge(k, nodes[c - 1], nodes[c], b);
	}
	dw_vec_push(k->a, &k->m->ways, way);
	k->m->shared += b->shared ? b->n : 0;
}

static int by_column(const void *p, const void *q)
{
	const struct map_node *const *a = p, *const *b = q;

	COMPARE((*a)->column, (*b)->column);
	COMPARE((*a)->order, (*b)->order);
	return strcmp((*a)->label, (*b)->label);
}

struct map *map_make(const struct dw_report *r, const char *const *targets, struct dw_arena *a)
{
	struct box *v = dw_arena_array(a, r->n_doors, sizeof(*v));
	struct making k = { .m = dw_new(a, struct map), .a = a };
	size_t n = r->n_doors;

	k.m->doors = n;
	for (size_t i = 0; i < n; i++)
		v[i] = box_of(&r->doors[i], targets ? targets[i] : NULL, a);
	if (n == 0)
		return k.m;
	qsort(v, n, sizeof(*v), by_key);
	n = merge_rest(v, merge_alike(v, n, a), a);
	qsort(v, n, sizeof(*v), by_place);
	for (size_t i = 0; i < n; i++)
		add(&k, &v[i], i);
	k.m->boxes = n;
	qsort((void *)k.m->nodes.v, k.m->nodes.n, sizeof(*k.m->nodes.v), by_column);
	return k.m;
}
