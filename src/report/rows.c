/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Doors become rows: put into sections, and, for display only, merged where they are alike. */
#include <string.h>

#include "dw_macros.h"
#include "dw_str.h"
#include "table.h"

static const enum dw_place place_of_bound[DW_BOUND_COUNT] = {
	[DW_BOUND_UNKNOWN] = DW_PLACE_ANY, /* not known to be narrower */
	[DW_BOUND_LOOPBACK] = DW_PLACE_LOOPBACK, [DW_BOUND_LINK_LOCAL] = DW_PLACE_ADDRESS,
	[DW_BOUND_ADDRESS] = DW_PLACE_ADDRESS,   [DW_BOUND_INTERFACE] = DW_PLACE_ADDRESS,
	[DW_BOUND_MULTICAST] = DW_PLACE_ADDRESS, [DW_BOUND_ANY] = DW_PLACE_ANY,
};

enum dw_place dw_place_of(const struct dw_door *d)
{
	switch (d->kind) {
	case DW_KIND_SLEEPING:
		return DW_PLACE_SLEEPING;
	case DW_KIND_FORWARDED:
	case DW_KIND_REDIRECTED:
		return d->netns && !dw_streq(d->netns, "host") ? DW_PLACE_NETNS
							       : DW_PLACE_FORWARDED;
	case DW_KIND_RAW:
	case DW_KIND_SNIFFER:
		return d->netns && !dw_streq(d->netns, "host") ? DW_PLACE_NETNS : DW_PLACE_PACKETS;
	case DW_KIND_UNKNOWN:
	case DW_KIND_LISTENER:
	case DW_KIND_DATAGRAM:
	case DW_KIND_COUNT:
		break;
	}
	if (d->netns && !dw_streq(d->netns, "host"))
		return DW_PLACE_NETNS;
	/* behind a filter it is as far away as behind the address */
	if (dw_filtered_is_shut(d->filtered))
		return DW_PLACE_LOOPBACK;
	return place_of_bound[dw_endpoint_bound(&d->at)];
}

/* All that is shown of a door except where it is, and all that was judged: only then is a merged row true. */
static const char *likeness_of(const struct dw_row *row, struct dw_arena *a)
{
	const struct dw_report_door *d = row->first;
	struct dw_str text = { .arena = a };

	dw_str_addf(&text, "%d %u %s %s", (int)d->door->kind, d->door->at.netns,
		    d->verdict ? d->verdict : "", d->n_reasons ? d->reasons[0].text : "");
	for (size_t i = DW_CELL_DOOR + 1; i < DW_CELL_COUNT; i++) {
		dw_str_addc(&text, '\n');
		dw_str_add(&text, row->cells[i] ? row->cells[i] : "");
	}
	return text.s;
}

#define COMPARE(x, y)                                                                              \
	do {                                                                                       \
		if ((x) != (y))                                                                    \
			return (x) < (y) ? -1 : 1;                                                 \
	} while (0)

static int compare_place(const struct dw_row *a, const struct dw_row *b)
{
	const struct dw_endpoint *x = &a->first->door->at, *y = &b->first->door->at;

	COMPARE(a->place, b->place);
	if (a->place == DW_PLACE_NETNS)
		COMPARE(x->netns, y->netns);
	COMPARE(x->protocol, y->protocol);
	return 0;
}

/* Rows of one port beside each other, those alike together. */
static int compare_pairs(const void *p, const void *q)
{
	const struct dw_row *a = p, *b = q;
	int r = compare_place(a, b);

	if (r != 0)
		return r;
	COMPARE(a->port, b->port);
	r = strcmp(a->likeness, b->likeness);
	if (r != 0)
		return r;
	COMPARE(a->order, b->order);
	return 0;
}

/* Rows of one address and likeness beside each other, by port. */
static int compare_ranges(const void *p, const void *q)
{
	const struct dw_row *a = p, *b = q;
	int r = compare_place(a, b);

	if (r == 0)
		r = strcmp(a->where, b->where);
	if (r == 0)
		r = strcmp(a->likeness, b->likeness);
	if (r != 0)
		return r;
	COMPARE(a->port, b->port);
	COMPARE(a->order, b->order);
	return 0;
}

static int compare_shown(const void *p, const void *q)
{
	const struct dw_row *a = p, *b = q;
	int r;

	COMPARE(a->rank, b->rank);
	r = a->key && b->key ? strcmp(a->key, b->key) : 0;
	if (r == 0)
		r = compare_place(a, b);
	if (r != 0)
		return r;
	COMPARE(a->port, b->port);
	COMPARE(a->order, b->order);
	return 0;
}

static bool is_alike(const struct dw_row *a, const struct dw_row *b)
{
	return compare_place(a, b) == 0 && dw_streq(a->likeness, b->likeness) &&
	       a->first->door->at.has_port == b->first->door->at.has_port;
}

/* What 0.0.0.0 and [::], or 127.0.0.1 and [::1], are together; NULL: they are no pair. */
static const char *pair_name(const char *a, const char *b)
{
	static const struct {
		const char *v4, *v6, *both;
	} pairs[] = { { "0.0.0.0", "[::]", "*" }, { "127.0.0.1", "[::1]", "localhost" } };

	for (size_t i = 0; i < DW_ARRAY_SIZE(pairs); i++)
		if ((dw_streq(a, pairs[i].v4) && dw_streq(b, pairs[i].v6)) ||
		    (dw_streq(a, pairs[i].v6) && dw_streq(b, pairs[i].v4)))
			return pairs[i].both;
	return dw_streq(a, b) ? a : NULL;
}

/* Merges b into a when the two are one port on both families, or look the same. */
static bool merge_pair(struct dw_row *a, const struct dw_row *b)
{
	const char *both;

	if (!is_alike(a, b) || a->port != b->port || a->port_last != b->port_last)
		return false;
	both = pair_name(a->where, b->where);
	if (!both)
		return false;
	a->where = both;
	a->n += b->n;
	a->order = DW_MIN(a->order, b->order);
	return true;
}

/* A raw socket's number is no port: protocols 1 and 2 are no range. */
static bool merge_range(struct dw_row *a, const struct dw_row *b)
{
	if (!is_alike(a, b) || !dw_streq(a->where, b->where) || b->port != a->port_last + 1 ||
	    !a->first->door->at.has_port || a->first->door->at.protocol == DW_PROTOCOL_RAW)
		return false;
	a->port_last = b->port_last;
	a->n += b->n;
	a->order = DW_MIN(a->order, b->order);
	return true;
}

static void merge(struct dw_rows *rows, int (*compare)(const void *, const void *),
		  bool (*join)(struct dw_row *, const struct dw_row *))
{
	size_t kept = 0;

	if (rows->n == 0)
		return;
	qsort(rows->v, rows->n, sizeof(*rows->v), compare);
	for (size_t i = 1; i < rows->n; i++)
		if (!join(&rows->v[kept], &rows->v[i]))
			rows->v[++kept] = rows->v[i];
	rows->n = kept + 1;
}

static void set_key(struct dw_row *row, enum dw_report_sort sort)
{
	static const enum dw_cell cells[DW_SORT_COUNT] = {
		[DW_SORT_SERVICE] = DW_CELL_SERVICE,
		[DW_SORT_PROGRAM] = DW_CELL_PROGRAM,
		[DW_SORT_USER] = DW_CELL_USER,
		[DW_SORT_STARTER] = DW_CELL_STARTER,
	};

	if (sort == DW_SORT_PORT)
		row->rank = row->port;
	else if (cells[sort])
		row->key = row->cells[cells[sort]];
	else
		row->rank = dw_mark_rank(row->first->verdict);
}

struct dw_rows dw_rows_make(const struct dw_report *r, const struct dw_table_how *how,
			    struct dw_arena *a)
{
	struct dw_rows rows = { .v = dw_arena_array(a, r->n_doors, sizeof(*rows.v)),
				.n = r->n_doors };

	for (size_t i = 0; i < r->n_doors; i++) {
		const struct dw_door *d = r->doors[i].door;
		struct dw_row *row = &rows.v[i];

		*row = (struct dw_row){
			.first = &r->doors[i], .order = i, .n = 1, .place = dw_place_of(d)
		};
		row->where = dw_cells_where(&d->at, a);
		row->port = d->at.has_port ? d->at.port : 0;
		row->port_last = DW_MAX(row->port, d->port_last);
		dw_cells_fill(row, how, a);
		set_key(row, how->sort);
		if (how->merge)
			row->likeness = likeness_of(row, a);
		if (!how->program)
			row->cells[DW_CELL_PROGRAM] = NULL;
	}
	if (how->merge) {
		merge(&rows, compare_pairs, merge_pair);
		merge(&rows, compare_ranges, merge_range);
	}
	if (rows.n > 0)
		qsort(rows.v, rows.n, sizeof(*rows.v), compare_shown);
	for (size_t i = 0; i < rows.n; i++)
		rows.v[i].cells[DW_CELL_DOOR] = dw_row_door(&rows.v[i], a);
	return rows;
}

static const char *or_none(const char *s)
{
	return s && *s ? s : "-";
}

struct dw_report_row dw_report_row(const struct dw_report *r, size_t i, struct dw_arena *a)
{
	static const struct dw_table_how how = { .program = true, .verdict = true, .why = true };
	const struct dw_report_door *d = &r->doors[i];
	struct dw_row row = { .first = d,
			      .n = 1,
			      .place = dw_place_of(d->door),
			      .where = dw_cells_where(&d->door->at, a),
			      .port = d->door->at.port,
			      .port_last = DW_MAX(d->door->at.port, d->door->port_last) };
	const char *door = dw_row_door(&row, a);

	dw_cells_fill(&row, &how, a);
	return (struct dw_report_row){
		.door = door,
		.where = row.where,
		.behind = dw_starts_with(door, row.where) ? door + strlen(row.where) : door,
		.verdict = or_none(row.cells[DW_CELL_VERDICT]),
		.service = or_none(row.cells[DW_CELL_SERVICE]),
		.program = or_none(row.cells[DW_CELL_PROGRAM]),
		.user = or_none(row.cells[DW_CELL_USER]),
		.starter = or_none(row.cells[DW_CELL_STARTER]),
		.reach = or_none(row.cells[DW_CELL_REACH]),
		.why = or_none(row.cells[DW_CELL_WHY]),
		.place = (unsigned)row.place,
	};
}
