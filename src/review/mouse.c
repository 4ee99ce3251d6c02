/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a click and the wheel do: as the keys, where they point. */
#include "app.h"
#include "dw_macros.h"

#define TWICE_MS 500 /* between two clicks that are one double click */
#define WHEEL    3   /* lines */

void review_spot(struct review_app *r, int y, int x, int width, enum review_action action,
		 enum review_sort sort)
{
	if (r->n_spots < REVIEW_SPOTS_MAX && width > 0)
		r->spots[r->n_spots++] = (struct review_spot){ y, x, width, action, sort };
}

static const struct review_spot *spot_at(const struct review_app *r, const struct review_mouse *m)
{
	for (size_t i = 0; i < r->n_spots; i++) {
		const struct review_spot *s = &r->spots[i];

		if (m->y == s->y && m->x >= s->x && m->x < s->x + s->width)
			return s;
	}
	return NULL;
}

static bool is_in(const struct review_pane *p, const struct review_mouse *m)
{
	return m->y >= p->y && m->y < p->y + p->rows && m->x >= p->x && m->x < p->x + p->columns;
}

static void turn_wheel(struct review_app *r, const struct review_mouse *m)
{
	if (r->page.text)
		for (int i = 0; i < WHEEL; i++)
			review_page_move(r, m->wheel < 0 ? REVIEW_UP : REVIEW_DOWN);
	else if (is_in(&r->panes.story, m))
		review_story_scroll(r, m->wheel * WHEEL);
	else
		review_list_move(r->list, m->wheel * WHEEL);
}

/* curses waits after each click for a second one, and all keys with it: so the time is taken here. */
static bool is_twice(struct review_app *r, const struct review_mouse *m, long long now)
{
	bool twice = r->click.at && r->click.y == m->y && r->click.x == m->x &&
		     now - r->click.at <= TWICE_MS;

	r->click.y = m->y;
	r->click.x = m->x;
	r->click.at = twice ? 0 : now; /* a third is a first */
	return twice;
}

static void press_spot(struct review_app *r, const struct review_spot *s)
{
	r->message[0] = '\0';
	r->serious = false;
	if (s->action == REVIEW_SORT && s->sort != REVIEW_SORT_COUNT)
		review_list_sort(r->list, s->sort);
	else
		review_act(r, s->action);
}

void review_point(struct review_app *r, const struct review_mouse *m, long long now)
{
	const struct review_pane *p = &r->panes.list;
	const struct review_spot *s = spot_at(r, m);
	size_t line = review_list_top(r->list, (size_t)p->rows) + (size_t)DW_MAX(m->y - p->y, 0);
	bool twice;

	if (m->wheel) {
		turn_wheel(r, m);
		return;
	}
	twice = is_twice(r, m, now);
	if (s) {
		r->typing = false;
		press_spot(r, s);
	} else if (!r->page.text && is_in(p, m) && line < review_list_lines(r->list)) {
		review_list_go(r->list, line);
		if (twice && !review_list_line(r->list, line).head)
			review_act(r, REVIEW_OPEN);
	}
}
