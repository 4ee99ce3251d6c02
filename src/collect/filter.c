/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ways through a filter, in words. Each way becomes a clause of five parts (family, protocol,
 * host, port, the rest); clauses that differ in one part only are laid together, until none does:
 * the four ways of "port 22" (IPv4, IPv6, source, destination) become one clause again.
 */
#include "filter.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "dw_collect.h"
#include "dw_str.h"

#define CLAUSES_MAX 4   /* more are not shown */
#define TEXT_MAX    400 /* bytes */

void dw_words_add(struct dw_words *w, const char *s)
{
	unsigned at = 0;

	while (at < w->n && strcmp(w->v[at], s) < 0)
		at++;
	if (at < w->n && dw_streq(w->v[at], s))
		return;
	if (w->n == DW_CLAUSE_WORDS) {
		w->full = true;
		return;
	}
	memmove(&w->v[at + 1], &w->v[at], (w->n - at) * sizeof(w->v[0]));
	w->v[at] = s;
	w->n++;
}

static bool same_words(const struct dw_words *x, const struct dw_words *y)
{
	if (x->n != y->n || x->full || y->full)
		return false;
	for (unsigned i = 0; i < x->n; i++)
		if (!dw_streq(x->v[i], y->v[i]))
			return false;
	return true;
}

/* --- laying clauses together ----------------------------------------------------------------- */

/*
 * Differing in one part only (or none): x takes in y. Parts of which one says nothing are not laid
 * together.
 */
static bool merge(struct dw_clause *x, const struct dw_clause *y)
{
	int differs = -1;

	for (int p = 0; p < DW_PARTS; p++) {
		if (same_words(&x->part[p], &y->part[p]))
			continue;
		/* the rest is an "and" of its words, not an "or" */
		if (differs >= 0 || p == DW_PART_REST || x->part[p].n == 0 || y->part[p].n == 0)
			return false;
		differs = p;
	}
	for (unsigned i = 0; differs >= 0 && i < y->part[differs].n; i++)
		dw_words_add(&x->part[differs], y->part[differs].v[i]);
	x->marked = x->marked && y->marked;
	return true;
}

static size_t merge_all(struct dw_clause *c, size_t n)
{
	for (bool again = true; again;) {
		again = false;
		for (size_t i = 0; i < n; i++)
			for (size_t j = i + 1; j < n;) {
				if (!merge(&c[i], &c[j])) {
					j++;
					continue;
				}
				memmove(&c[j], &c[j + 1], (--n - j) * sizeof(*c));
				again = true;
			}
	}
	return n;
}

/* "source port 22" beside "destination port 22" is "port 22". */
static void both_ends(struct dw_arena *a, struct dw_words *w, const char *either)
{
	static const char to[] = "destination ", from[] = "source ";

	for (unsigned i = 0; i < w->n; i++) {
		const char *what = w->v[i] + sizeof(to) - 1;

		if (!dw_starts_with(w->v[i], to))
			continue;
		for (unsigned k = 0; k < w->n; k++) {
			if (!dw_starts_with(w->v[k], from) ||
			    !dw_streq(w->v[k] + sizeof(from) - 1, what))
				continue;
			w->v[i] = dw_arena_printf(a, "%s%s", either, what);
			memmove(&w->v[k], &w->v[k + 1], (--w->n - k) * sizeof(w->v[0]));
			i = UINT_MAX; /* begin anew: the members have moved */
			break;
		}
	}
}

static void say(struct dw_str *out, const struct dw_words *w, const char *between)
{
	for (unsigned i = 0; i < w->n; i++)
		dw_str_addf(out, "%s%s", i ? between : out->n ? " " : "", w->v[i]);
	if (w->full)
		dw_str_add(out, " ...");
}

static bool has_word(const struct dw_words *w, const char *s)
{
	for (unsigned i = 0; i < w->n; i++)
		if (dw_streq(w->v[i], s))
			return true;
	return false;
}

static const char *clause_text(struct dw_arena *a, struct dw_clause *c)
{
	struct dw_words *family = &c->part[DW_PART_FAMILY], *rest = &c->part[DW_PART_REST];
	struct dw_str out = { .arena = a };
	bool ip = family->n == 2 && has_word(family, "ipv4") && has_word(family, "ipv6");

	both_ends(a, &c->part[DW_PART_PORT], "");
	both_ends(a, &c->part[DW_PART_HOST], "host ");
	if (!ip || c->part[DW_PART_PROTOCOL].n == 0)
		say(&out, family, " or ");
	say(&out, &c->part[DW_PART_PROTOCOL], " or ");
	say(&out, &c->part[DW_PART_HOST], " or ");
	say(&out, &c->part[DW_PART_PORT], " or ");
	if (rest->n > 0) {
		dw_str_add(&out, out.n ? " with" : "packets with");
		say(&out, rest, " and ");
	}
	dw_str_add(&out, "");
	return out.s;
}

static const char *walk_text(struct dw_arena *a, struct dw_arena *scratch, struct dw_filter_walk *w,
			     size_t n)
{
	struct dw_clause *clauses = dw_arena_array(scratch, w->ways.n, sizeof(*clauses));
	struct dw_str out = { .arena = a };
	bool marked = true, more = w->cut;
	size_t count;

	for (size_t i = 0; i < w->ways.n; i++)
		clauses[i] = dw_filter_clause(scratch, w->link, &w->ways.v[i]);
	count = merge_all(clauses, w->ways.n);
	for (size_t i = 0; i < count; i++)
		marked = marked && clauses[i].marked && clauses[i].part[DW_PART_PORT].n == 0;
	for (size_t i = 0; i < count && !more; i++) {
		const char *text = clause_text(scratch, &clauses[i]);

		more = i >= CLAUSES_MAX || out.n + strlen(text) > TEXT_MAX;
		if (!more)
			dw_str_addf(&out, "%s%s", i ? "; " : "", *text ? text : "everything");
	}
	if (more)
		return dw_arena_printf(a, "%zu instructions: first %.*s, then more", n, TEXT_MAX,
				       clause_text(scratch, &clauses[0]));
	if (marked)
		dw_str_add(&out, ": passes only marked packets");
	return out.s;
}

const char *dw_filter_text(struct dw_arena *a, const void *instructions, size_t n)
{
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	struct sock_filter *code;
	struct dw_filter_walk w;

	if (n == 0 || n > BPF_MAXINSNS)
		return dw_arena_printf(a, "%zu instructions, no valid filter", n);
	/* what came over netlink is aligned to 4 at best */
	code = dw_arena_memdup(scratch, instructions, n * sizeof(*code));
	dw_filter_walk(scratch, code, n, &w);
	if (w.invalid)
		return dw_arena_printf(a, "%zu instructions, no valid filter", n);
	if (w.ways.n == 0)
		return w.cut ? dw_arena_printf(a, "%zu instructions", n) : "passes nothing";
	return walk_text(a, scratch, &w, n);
}
