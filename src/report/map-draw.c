/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The picture as SVG: columns from left to right, a box for each node, lines as wide as they have doors. */
#include <string.h>

#include "dw_macros.h"
#include "dw_str.h"
#include "map.h"
#include "table.h"

enum { TOP = 52, STEP = 46, BOX = 38, BOTTOM = 12, TALL = 58 };

/* x and width of the boxes, and how many letters fit into them: of the first line (13 px) and the second (11 px). */
static const struct {
	int x, width;
	size_t label, more;
	const char *title;
} columns[MAP_COLUMNS] = {
	[MAP_NETWORK] = { 4, 168, 18, 25, "Who can come" },
	[MAP_FILTER] = { 236, 168, 18, 25, "Packet filter" },
	[MAP_DOOR] = { 468, 272, 31, 40, "Doors" },
	[MAP_PROGRAM] = { 800, 192, 21, 28, "What serves" },
	[MAP_RIGHTS] = { 1052, 164, 18, 25, "With which rights" },
};
#define WIDTH 1220

/* Letters are not of one width: what fills its box to the last one is made to fit. */
static void put_cut(struct paper *p, const char *text, size_t letters, bool tail, int room)
{
	const char *shown = dw_layout_cut(dw_cells_escape(text, p->a), letters, tail, p->a);

	if (dw_display_width(shown) + 1 >= letters)
		(void)fprintf(p->out, " textLength=\"%d\" lengthAdjust=\"spacingAndGlyphs\"", room);
	(void)fputc('>', p->out);
	paper_html_put(p, shown);
}

const char *map_class(size_t rank)
{
	return rank < DW_MARKS && dw_marks[rank].verdict ? dw_marks[rank].verdict : "other";
}

/* --- where they stand -------------------------------------------------------------------------------- */

/* The middle of what a node is joined to in the column of doors, directly or by its neighbours. */
static int wish(const struct map *m, const struct map_node *n)
{
	long sum = 0, count = 0;

	for (size_t i = 0; i < m->edges.n; i++) {
		const struct map_edge *e = &m->edges.v[i];
		const struct map_node *other = n->column < MAP_DOOR ? e->to : e->from;

		if ((n->column < MAP_DOOR ? e->from : e->to) != n)
			continue;
		sum += other->y;
		count++;
	}
	return count ? (int)(sum / count) : TOP;
}

static int by_wish(const void *p, const void *q)
{
	const struct map_node *const *a = p, *const *b = q;

	if ((*a)->y != (*b)->y)
		return (*a)->y < (*b)->y ? -1 : 1;
	return ((*a)->order > (*b)->order) - ((*a)->order < (*b)->order);
}

/* Each where it wants to be, but none on another, and none above the first or (then pushed up again) below the last. */
static void settle(struct map_node **v, size_t n, int step, int height)
{
	int least = TOP + BOX / 2, most = height - BOTTOM - BOX / 2;

	if (n == 0)
		return;
	qsort((void *)v, n, sizeof(*v), by_wish);
	for (size_t i = 0; i < n; i++) {
		v[i]->y = DW_MAX(v[i]->y, least);
		least = v[i]->y + step;
	}
	for (size_t i = n; i-- > 0;) {
		v[i]->y = DW_MIN(v[i]->y, most);
		most = v[i]->y - step;
	}
}

static size_t first_of(const struct map *m, enum map_column c)
{
	size_t i = 0;

	while (i < m->nodes.n && m->nodes.v[i]->column < c)
		i++;
	return i;
}

static int place(struct map *m)
{
	static const enum map_column order[] = { MAP_FILTER, MAP_NETWORK, MAP_PROGRAM, MAP_RIGHTS };
	size_t first = first_of(m, MAP_DOOR), end = first_of(m, MAP_PROGRAM), most = end - first;
	int height;

	for (size_t c = 0; c < MAP_COLUMNS; c++)
		most = DW_MAX(most, first_of(m, (enum map_column)(c + 1)) -
					    first_of(m, (enum map_column)c));
	height = TOP + (int)most * STEP + BOTTOM;
	for (size_t i = first; i < end; i++)
		m->nodes.v[i]->y = TOP + BOX / 2 + (int)(i - first) * STEP;
	for (size_t k = 0; k < DW_ARRAY_SIZE(order); k++) {
		size_t from = first_of(m, order[k]),
		       to = first_of(m, (enum map_column)(order[k] + 1));
		bool roomy = (int)(to - from) * TALL < height - TOP;

		for (size_t i = from; i < to; i++)
			m->nodes.v[i]->y = wish(m, m->nodes.v[i]);
		settle(m->nodes.v + from, to - from, roomy ? TALL : STEP, height);
	}
	return height;
}

/* --- drawn ------------------------------------------------------------------------------------------- */

/* 1 door: 1.5 pixels, 1,000: 6.5 */
static unsigned width_of(size_t doors)
{
	unsigned log = 0;

	for (; doors > 1; doors >>= 1)
		log++;
	return 15 + DW_MIN(log, 12U) * 5;
}

static void draw_edge(struct paper *p, const struct map_edge *e)
{
	int x1 = columns[e->from->column].x + columns[e->from->column].width;
	int x2 = columns[e->to->column].x, half = (x2 - x1) / 2;
	unsigned width = width_of(e->doors);
	int down = (int)DW_MIN(e->lane, (size_t)4) * 4; /* none hides the others */

	(void)fprintf(
		p->out,
		"<path class=\"e %s\" stroke-width=\"%u.%u\" d=\"M%d %dC%d %d %d %d %d %d\"/>\n",
		map_class(e->rank), width / 10, width % 10, x1, e->from->y + down, x1 + half,
		e->from->y + down, x2 - half, e->to->y + down, x2, e->to->y + down);
}

static void draw_words(struct paper *p, const struct map_node *n)
{
	const char *count = n->doors > 1 ? dw_arena_printf(p->a, "%zu", n->doors) : "";
	int x = columns[n->column].x, right = x + columns[n->column].width, y = n->y;
	size_t taken = *count ? strlen(count) + 2 : 0;

	(void)fprintf(p->out, "<text x=\"%d\" y=\"%d\"", x + 12, y - 3);
	put_cut(p, n->label, columns[n->column].label, n->column == MAP_PROGRAM, right - x - 20);
	(void)fputs("</text>", p->out);
	/* the number of doors stands at the right end of the second line */
	if (taken)
		(void)fprintf(p->out, "<text class=\"n\" x=\"%d\" y=\"%d\">%s</text>", right - 8,
			      y + 13, count);
	if (!n->more)
		return;
	(void)fprintf(p->out, "<text class=\"m\" x=\"%d\" y=\"%d\"", x + 12, y + 12);
	put_cut(p, n->more, columns[n->column].more - taken, false,
		right - x - 20 - (int)taken * 8);
	(void)fputs("</text>", p->out);
}

static void draw_node(struct paper *p, const struct map_node *n)
{
	int x = columns[n->column].x, y = n->y - BOX / 2;

	if (n->target)
		(void)fprintf(p->out, "<a href=\"#%s\">", n->target);
	(void)fprintf(p->out, "<g class=\"b %s\"><title>", map_class(n->rank));
	paper_html_put(p,
		       dw_arena_printf(p->a, "%s%s%s: %zu door%s", n->label, n->more ? ", " : "",
				       n->more ? n->more : "", n->doors, n->doors == 1 ? "" : "s"));
	(void)fprintf(p->out,
		      "</title><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"6\"/>"
		      "<path class=\"edge\" d=\"M%d %dv%d\"/>",
		      x, y, columns[n->column].width, BOX, x + 3, y + 5, BOX - 10);
	draw_words(p, n);
	(void)fputs("</g>", p->out);
	(void)fputs(n->target ? "</a>\n" : "\n", p->out);
}

static void draw_titles(struct paper *p)
{
	for (size_t c = 0; c < MAP_COLUMNS; c++)
		(void)fprintf(p->out, "<text class=\"t\" x=\"%d\" y=\"24\">%s</text>\n",
			      columns[c].x + 2, columns[c].title);
}

static void draw(struct paper *p, struct map *m)
{
	int height = place(m);

	(void)fprintf(p->out,
		      "<svg class=\"map\" viewBox=\"0 0 %d %d\" role=\"group\" "
		      "aria-labelledby=\"map-title map-more\">\n<title id=\"map-title\">Map of the "
		      "doors</title>\n<desc id=\"map-more\">Boxes in five columns, with lines from "
		      "those who can come, through the packet filter, to the doors, to what serves "
		      "them and to its rights. The table below says the same in words.</desc>\n",
		      WIDTH, height);
	draw_titles(p);
	/* the urgent last, so that nothing lies on them */
	for (size_t rank = DW_MARKS; rank-- > 0;)
		for (size_t i = 0; i < m->edges.n; i++)
			if (m->edges.v[i].rank == rank)
				draw_edge(p, &m->edges.v[i]);
	for (size_t i = 0; i < m->nodes.n; i++)
		draw_node(p, m->nodes.v[i]);
	(void)fputs("</svg>\n", p->out);
}

void map_draw(struct paper *p, struct map *m)
{
	p->ops->section(p, "map", "Map of the doors");
	if (m->doors == 0) {
		p->ops->say(p, PAPER_NOTE, "No door was found.");
		p->ops->end_section(p);
		return;
	}
	p->ops->say(
		p, PAPER_PLAIN,
		dw_arena_printf(p->a,
				"Doors of which all is the same share a box, whose number says how "
				"many they are.%s The line at the left of a box has the colour of "
				"the most urgent verdict in it.",
				m->shared ? " What is least urgent is put together." : ""));
	/* the style shows it where it is true */
	(void)fputs("<p class=\"hint\">The map goes on to the right: scroll it sideways.</p>\n",
		    p->out);
	(void)fputs(
		"<div class=\"wide drawing\" role=\"group\" tabindex=\"0\" aria-label=\"Map of the "
		"doors\">\n",
		p->out);
	draw(p, m);
	(void)fputs("</div>\n", p->out);
	map_tell(p, m);
	p->ops->end_section(p);
}
