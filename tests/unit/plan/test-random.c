/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans that nobody thought of: what holds for every one of them. And the page that tells of refusals. */
#include "world.h"

#define CLOSE DW_INTENT_CLOSE
#define NONE  DW_INTENT_NONE

static unsigned next(unsigned *seed, unsigned n)
{
	*seed = *seed * 1103515245u + 12345u;
	return (*seed >> 16) % n;
}

static void add_random_line(struct world *w, unsigned *seed)
{
	bool second = next(seed, 2) != 0;

	add_line(w, second ? 3 : 2, second ? "ftp b" : "telnet a", 2);
}

static void make_random(struct world *w, unsigned seed)
{
	static const char *const verdicts[] = { "keep", "restrict", "close", "ask", "investigate" };
	unsigned doors = 1 + next(&seed, 12);

	for (unsigned i = 0; i < doors; i++) {
		const char *unit = dw_arena_printf(w->a, "u%u.service", next(&seed, 6));
		size_t d = add_door(w, 100 + i, unit, verdicts[next(&seed, 5)],
				    next(&seed, 3) ? CLOSE : NONE);

		w->d[d].carries_session = next(&seed, 15) == 0;
		w->p[d].login = next(&seed, 5) == 0;
		w->p[d].named = next(&seed, 2) == 0;
		add_unit(w, d, unit, next(&seed, 2) ? unit : "shared", next(&seed, 2));
		add_unit(w, d, dw_arena_printf(w->a, "u%u.socket", next(&seed, 6)), unit, 0);
		add_link(w, d, dw_arena_printf(w->a, "/etc/%u", next(&seed, 8)), "/x",
			 next(&seed, 2) ? "systemd" : NULL);
		if (next(&seed, 2))
			add_random_line(w, &seed);
		if (w->n > DOORS - 3)
			break;
	}
}

static bool has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = list; (p = strstr(p, word)); p += n)
		if ((p == list || p[-1] == ' ') && (p[n] == ' ' || !p[n]))
			return true;
	return false;
}

/* Some step moves it. */
static bool is_moved(const struct dw_plan *p, const struct dw_lever *l)
{
	for (size_t i = 0; i < p->steps.n; i++) {
		const struct dw_step *s = &p->steps.v[i];

		if (s->phase == l->phase && dw_streq(s->manager, l->manager) &&
		    has_word(s->object, l->object))
			return true;
	}
	return false;
}

static void check_steps(const struct dw_plan *p)
{
	for (size_t i = 0; i < p->steps.n; i++) {
		const struct dw_step *s = &p->steps.v[i];

		DW_CHECK(i == 0 || p->steps.v[i - 1].phase <= s->phase);
		DW_CHECK(!dw_streq(s->expect.text, s->want.text));
		for (size_t k = 0; k < i; k++)
			DW_CHECK(p->steps.v[k].phase != s->phase ||
				 !has_word(p->steps.v[k].object, s->object));
	}
}

static void check_doors(struct world *w, const struct dw_plan *p)
{
	for (size_t i = 0; i < w->n; i++) {
		bool closes = among(w, p->closes, p->n_closes, i);
		const char *id = refused(w, p, i);

		DW_CHECK(closes + (id != NULL) == (w->p[i].intent == CLOSE));
		for (size_t k = 0; closes && k < w->l[i].n; k++)
			DW_CHECK(w->l[i].v[k].unless_used || is_moved(p, &w->l[i].v[k]));
		/* what stays is touched by nobody */
		if (id || (!closes && dw_streq(w->p[i].verdict, "keep")))
			DW_CHECK(!is_moved(p, &(struct dw_lever){ .phase = DW_PHASE_STOP,
								  .manager = "systemd",
								  .object = w->d[i].starter.id }));
		DW_CHECK(!w->d[i].carries_session || !closes);
	}
}

DW_TEST(no_plan_is_half_made)
{
	for (unsigned seed = 0; seed < 3000; seed++) {
		_cleanup_world_ struct world *w = world_new();
		const struct dw_plan *p;

		make_random(w, seed);
		p = plan_of(w);
		check_steps(p);
		check_doors(w, p);
		DW_CHECK_STR(text_of(w, plan_of(w)), text_of(w, p));
		if (dw_test_failures) {
			printf("seed %u\n%s", seed, text_of(w, p));
			return;
		}
	}
}

DW_TEST(the_page_has_every_refusal)
{
	char *page = dw_golden_read(DW_TEST_PATH("../docs/plan.md"));
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	size_t rows = 0, n = 0;

	for (; dw_plan_refusal_id(n); n++)
		DW_CHECK(strstr(page, dw_arena_printf(a, "\n| `%s` |", dw_plan_refusal_id(n))));
	for (const char *p = strstr(page, "\n## Refusals"), *end = strstr(page, "\n## Afterwards");
	     p && (p = strstr(p, "\n| `")) && p < end; p++)
		rows++;
	DW_CHECK_INT(rows, n);
	free(page);
}

DW_TEST_MAIN
