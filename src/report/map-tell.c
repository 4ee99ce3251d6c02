/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The picture in words, for a screen that is too narrow for it: who can come, and behind each door's name its way. */
#include "dw_str.h"
#include "map.h"
#include "table.h"

/* As much of a name as a few lines of a phone hold. */
#define NAME_MAX 120

static void put_name(struct paper *p, const struct map_node *n)
{
	paper_html_put(p, dw_layout_cut(n->label, NAME_MAX, n->column == MAP_PROGRAM, p->a));
}

static void put_head(struct paper *p, const struct map_node *n)
{
	p->ops->head(p, dw_arena_printf(p->a, "%s (%s): %zu door%s", n->label, n->more, n->doors,
					n->doors == 1 ? "" : "s"));
}

static void put_door(struct paper *p, const struct map_node *n)
{
	if (n->target)
		(void)fprintf(p->out, "<a href=\"#%s\">", n->target);
	put_name(p, n);
	(void)fputs(n->target ? "</a>" : "", p->out);
	if (n->doors > 1)
		(void)fprintf(p->out, " (%zu)", n->doors);
	(void)fputs("<span>", p->out);
	if (n->more)
		paper_html_put(p, dw_layout_cut(n->more, NAME_MAX, false, p->a));
	(void)fputs("</span>", p->out);
}

/* The words between say what the columns of the picture mean. */
static void put_way(struct paper *p, const struct map_way *w)
{
	const struct map_node *program = w->nodes[MAP_PROGRAM];

	(void)fprintf(p->out, "<li class=\"%s\">", map_class(w->rank));
	put_door(p, w->nodes[MAP_DOOR]);
	(void)fputs("<span>Packet filter: ", p->out);
	paper_html_put(p, w->nodes[MAP_FILTER]->more);
	(void)fputs("</span><span>Served by ", p->out);
	put_name(p, program);
	if (program->more) {
		(void)fputc(' ', p->out);
		paper_html_put(p, dw_layout_cut(program->more, NAME_MAX, false, p->a));
	}
	(void)fputs("</span><span>Rights: ", p->out);
	put_name(p, w->nodes[MAP_RIGHTS]);
	(void)fputs("</span></li>\n", p->out);
}

void map_tell(struct paper *p, const struct map *m)
{
	const struct map_node *from = NULL;

	(void)fputs("<div class=\"ways\">\n", p->out);
	for (size_t i = 0; i < m->ways.n; i++) {
		const struct map_way *w = &m->ways.v[i];

		if (w->nodes[MAP_NETWORK] != from) {
			(void)fputs(from ? "</ul>\n" : "", p->out);
			from = w->nodes[MAP_NETWORK];
			put_head(p, from);
			(void)fputs("<ul>\n", p->out);
		}
		put_way(p, w);
	}
	(void)fputs(from ? "</ul>\n</div>\n" : "</div>\n", p->out);
}
