/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The picture of a host's doors: whence somebody comes, the packet filter, doors, what serves, with which rights. Doors
 * of which all that is the same are one box, and where there are more boxes than a picture can hold, the least urgent
 * share some. Private to src/report.
 */
#ifndef DW_REPORT_MAP_H
#define DW_REPORT_MAP_H

#include "paper.h"

enum map_column { MAP_NETWORK = 0, MAP_FILTER, MAP_DOOR, MAP_PROGRAM, MAP_RIGHTS, MAP_COLUMNS };

struct map_node {
	enum map_column column;
	const char *label, *more; /* more: a second line; NULL */
	size_t rank;              /* of the most urgent verdict of its doors (dw_mark_rank) */
	size_t doors;
	const char *target; /* id of what tells more; NULL */
	size_t order;       /* within its column; the same place in the picture otherwise */
	int y;              /* middle, in pixels; filled in by drawing */
};

struct map_edge {
	const struct map_node *from, *to;
	size_t rank;
	size_t doors;
	size_t lane; /* beside others of the same two nodes, from 0 */
};

/* One box of doors, with what lies before and behind it. */
struct map_way {
	const struct map_node *nodes[MAP_COLUMNS];
	size_t rank, doors;
};

struct map {
	DW_VEC(struct map_node *) nodes; /* by column, then as they stand from above */
	DW_VEC(struct map_edge) edges;
	DW_VEC(struct map_way) ways; /* by who can come, then by filter and urgency */
	size_t doors, boxes; /* boxes of doors */
	size_t shared;       /* doors that share a box with unlike ones */
};

/* targets: for each door of the report the id of what tells more; NULL: none */
struct map *map_make(const struct dw_report *r, const char *const *targets, struct dw_arena *a);
void map_draw(struct paper *p, struct map *m);
/* The same in words, a line for each box of doors: where there is no room for the picture. HTML alone. */
void map_tell(struct paper *p, const struct map *m);
/* The class of what has a verdict. */
const char *map_class(size_t rank);

#endif
