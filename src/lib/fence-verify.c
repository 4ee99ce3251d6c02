/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Does our table still stand as a run loaded it? What differs, and what speaks for whom. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dw_bus.h"
#include "dw_nft.h"
#include "dw_state.h"
#include "dw_str.h"
#include "fence-private.h"

#define BUS_UNIT    "org.freedesktop.systemd1.Unit"
#define BUS_SERVICE "org.freedesktop.systemd1.Service"
#define OUR_UNIT    "doorward-fence.service"
#define LINE_SHOWN  100

/* --- what differs ------------------------------------------------------------------------------------- */

struct line {
	const char *text; /* without the blanks around it */
	size_t n, number;
};

struct lines {
	struct line *v;
	size_t n, cap;
};

static int compare(const struct line *x, const struct line *y)
{
	size_t n = x->n < y->n ? x->n : y->n;
	int r = memcmp(x->text, y->text, n);

	return r ? r : (x->n > y->n) - (x->n < y->n);
}

static int by_text(const void *x, const void *y)
{
	const struct line *a = x, *b = y;
	int r = compare(a, b);

	return r ? r : (a->number > b->number) - (a->number < b->number);
}

static struct lines sorted(const struct dw_bytes *table, struct dw_arena *a)
{
	struct dw_lines it = dw_lines_of(table);
	struct lines all = { 0 };
	const char *line;
	size_t n;

	while (dw_lines_next(&it, &line, &n)) {
		while (n && strchr(" \t", *line)) {
			line++;
			n--;
		}
		if (n)
			*dw_vec_add(a, &all) = (struct line){ line, n, it.number };
	}
	if (all.n)
		qsort(all.v, all.n, sizeof(*all.v), by_text);
	return all;
}

/* Lines of x that y has not, as often; *ret_first: the one that comes first in the table. */
static size_t only_in(const struct lines *x, const struct lines *y, const struct line **ret_first)
{
	size_t n = 0, k = 0;

	*ret_first = NULL;
	for (size_t i = 0; i < x->n; i++) {
		while (k < y->n && compare(&y->v[k], &x->v[i]) < 0)
			k++;
		if (k < y->n && compare(&y->v[k], &x->v[i]) == 0) {
			k++;
			continue;
		}
		n++;
		if (!*ret_first || x->v[i].number < (*ret_first)->number)
			*ret_first = &x->v[i];
	}
	return n;
}

static void add_lines(struct dw_str *text, size_t n, const struct line *first, const char *what)
{
	bool cut;

	if (!n)
		return;
	cut = first->n > LINE_SHOWN;
	dw_str_addf(text, "%s %zu line%s %s %s (%s\"%.*s%s\")",
		    dw_ends_with(text->s, ":") ? "" : ",", n, n == 1 ? "" : "s",
		    n == 1 ? "is" : "are", what,
		    n == 1 ? "" : "the first: ", cut ? LINE_SHOWN : (int)first->n, first->text,
		    cut ? "..." : "");
}

static const char *differs(const struct dw_state *want, const struct dw_state *now,
			   struct dw_arena *a)
{
	struct dw_str text = { .arena = a };
	const struct line *gone, *fresh;
	struct lines x, y;
	size_t n_gone, n_fresh;

	if (!now->data.data)
		return "The table " DW_FENCE_OBJECT
		       " is gone from the packet filter: the rules that the run loaded are not in "
		       "force.";
	if (!want->data.data)
		return "The table " DW_FENCE_OBJECT
		       " is in the packet filter again, which the run took away.";
	x = sorted(&want->data, a);
	y = sorted(&now->data, a);
	n_gone = only_in(&x, &y, &gone);
	n_fresh = only_in(&y, &x, &fresh);
	dw_str_add(&text, "The table " DW_FENCE_OBJECT
			  " of the packet filter is not as the run loaded it:");
	add_lines(&text, n_gone, gone, "gone");
	add_lines(&text, n_fresh, fresh, "new");
	if (!n_gone && !n_fresh)
		dw_str_add(&text, " its lines stand in another order");
	dw_str_addc(&text, '.');
	return text.s;
}

/* Another version of the library may write the same rules in other words. */
static bool means_the_same(struct dw_sys *s, const struct dw_state *want,
			   const struct dw_state *now, struct dw_arena *a)
{
	struct dw_bytes text = { 0 };

	return want->data.data && now->data.data &&
	       dw_nft_canonical(s, dw_arena_strndup(a, (const char *)want->data.data, want->data.n),
				a, &text, NULL) == 0 &&
	       dw_bytes_equal(&text, &now->data);
}

/* --- who ---------------------------------------------------------------------------------------------- */

static uint64_t changed_at(struct dw_bus *bus, const char *unit)
{
	uint64_t at = 0;

	(void)dw_bus_unit_time(bus, unit, BUS_UNIT, "StateChangeTimestamp", &at, NULL);
	return at;
}

static const char *unit_says(struct dw_bus *bus, const char *property, struct dw_arena *a)
{
	const char *value = NULL;

	return dw_bus_unit_string(bus, OUR_UNIT, BUS_SERVICE, property, a, &value, NULL) == 0 &&
			       value
		       ? value
		       : "";
}

/* A service that loads rules of its own, and did so after the run and after ours were loaded last. */
static const char *who_loads(struct dw_bus *bus, uint64_t since, struct dw_arena *a)
{
	static const char *const units[] = { "nftables.service", "firewalld.service", "ufw.service",
					     "netfilter-persistent.service" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(units); i++) {
		time_t at = (time_t)changed_at(bus, units[i]);
		char text[32];
		struct tm tm;

		if ((uint64_t)at > since && gmtime_r(&at, &tm) &&
		    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
			return dw_arena_printf(
				a,
				"%s, which was started, reloaded or stopped at %s, after the rules "
				"were loaded",
				units[i], text);
	}
	return NULL;
}

static const char *who_of_systemd(struct dw_sys *s, uint64_t loaded, struct dw_arena *a)
{
	_cleanup_(dw_cleanup_bus) struct dw_bus *bus = NULL;
	const char *result;
	uint64_t ours;

	if (dw_bus_open(s, &bus, NULL) < 0)
		return NULL;
	result = unit_says(bus, "Result", a);
	if (*result && !dw_streq(result, "success"))
		return dw_arena_printf(a, OUR_UNIT ", which failed (%s): journalctl -u " OUR_UNIT,
				       result);
	ours = changed_at(bus, OUR_UNIT);
	return who_loads(bus, ours > loaded ? ours : loaded, a);
}

static const char *who_by_tables(struct dw_sys *s, struct dw_arena *a)
{
	unsigned others = 0;

	if (dw_nft_others(s, NULL, &others, NULL) < 0)
		return NULL;
	if (others)
		return dw_arena_printf(a,
				       "whoever took away this table alone (%u other%s there), or "
				       "loaded rules that begin with a flush of all",
				       others, others == 1 ? " is" : "s are");
	return "whoever flushed the whole packet filter, or took away this table: no other is "
	       "there";
}

/* --- all ---------------------------------------------------------------------------------------------- */

void dw_fence_differs(struct dw_switch *sw, struct dw_verify_step *v, struct dw_arena *a)
{
	const struct dw_state *want = &v->step->step.want;

	if (!dw_streq(v->step->step.manager, "fence") || !v->now.text ||
	    dw_streq0(v->now.text, want->text))
		return;
	if (means_the_same(sw->sys, want, &v->now, a)) {
		v->now.text = want->text;
		return;
	}
	v->differs = differs(want, &v->now, a);
	v->changed_by = who_of_systemd(sw->sys, v->step->time, a);
	if (!v->changed_by && !v->now.data.data)
		v->changed_by = who_by_tables(sw->sys, a);
}
