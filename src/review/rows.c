/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rows.h"

#include "dw_macros.h"

/* The most urgent first, as in the report: the place in this table. */
static unsigned urgency_of(const struct doorward_row *row)
{
	static const char *const order[] = { "investigate", "close",   "restrict",
					     "ask",         "unknown", "keep" };
	unsigned i = 0;

	while (i < DW_ARRAY_SIZE(order) && !dw_streq(order[i], row->verdict))
		i++;
	return i * 100 + row->place;
}

static const struct {
	const char *v4, *v6, *both;
} pairs[] = { { "0.0.0.0", "[::]", "*" }, { "127.0.0.1", "[::1]", "localhost" } };

/* What the place is called in a row of both families. NULL: it has no other family. */
static const char *both_of(const char *where)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(pairs); i++)
		if (dw_streq(where, pairs[i].v4) || dw_streq(where, pairs[i].v6))
			return pairs[i].both;
	return NULL;
}

static bool looks_the_same(const struct doorward_row *x, const struct doorward_row *y)
{
	return dw_streq(x->verdict, y->verdict) && dw_streq(x->service, y->service) &&
	       dw_streq(x->program, y->program) && dw_streq(x->user, y->user) &&
	       dw_streq(x->starter, y->starter) && dw_streq(x->reach, y->reach) &&
	       dw_streq(x->why, y->why);
}

struct joining {
	const struct doorward_row *rows;
	const char **bases; /* of each row: what it shares with its twin of the other family */
};

static int compare_bases(const void *x, const void *y, void *data)
{
	const struct joining *j = data;
	size_t a = *(const size_t *)x, b = *(const size_t *)y;
	int r = strcmp(j->bases[a], j->bases[b]);

	r = r ? r : strcmp(j->rows[a].where, j->rows[b].where);
	r = r ? r : strcmp(j->rows[a].starter, j->rows[b].starter);
	return r ? r : (a > b) - (a < b);
}

static struct review_door door_of(const struct joining *j, size_t i, const char *key)
{
	const struct doorward_row *row = &j->rows[i];

	return (struct review_door){
		.key = key,
		.texts = { [REVIEW_DOOR] = row->door,
			   [REVIEW_VERDICT] = row->verdict,
			   [REVIEW_SERVICE_OF] = row->service,
			   [REVIEW_STARTER] = row->starter,
			   [REVIEW_REACH] = row->reach,
			   [REVIEW_PROGRAM_OF] = row->program,
			   [REVIEW_USER] = row->user,
			   [REVIEW_WHY] = row->why },
		.doors = { i },
		.n_doors = 1,
		.urgency = urgency_of(row),
		.port = row->port,
		.session = row->carries_session != 0,
	};
}

static bool are_twins(const struct joining *j, size_t a, size_t b)
{
	const char *both = both_of(j->rows[a].where);

	return both && dw_streq(j->bases[a], j->bases[b]) &&
	       !dw_streq(j->rows[a].where, j->rows[b].where) &&
	       looks_the_same(&j->rows[a], &j->rows[b]);
}

/*
 * Keys are made of what a door is, never of who holds it: the same door after a restart has the same. Of a door that
 * has no port (a service that sleeps and does not tell) nothing is known but what opens it: without that in the key, a
 * mark would go over to another one as soon as one of them came or went.
 */
static const char *base_of(const struct doorward_row *row, struct dw_arena *a)
{
	const char *both = both_of(row->where);

	return dw_arena_printf(a, "%s %s%s%s%s", row->netns, both ? both : row->where, row->behind,
			       row->port ? "" : " ", row->port ? "" : row->starter);
}

struct review_doors review_rows_join(const struct doorward_row *rows, size_t n, struct dw_arena *a)
{
	struct joining j = { .rows = rows, .bases = dw_arena_array(a, n + 1, sizeof(*j.bases)) };
	size_t *order = dw_arena_array(a, n + 1, sizeof(*order));
	struct review_doors doors = { 0 };
	unsigned same = 0;

	for (size_t i = 0; i < n; i++) {
		order[i] = i;
		j.bases[i] = base_of(&rows[i], a);
	}
	if (n > 0)
		qsort_r(order, n, sizeof(*order), compare_bases, &j);
	for (size_t i = 0; i < n; i++) {
		size_t at = order[i];
		const char *base = j.bases[at];
		struct review_door *d;

		same = i > 0 && dw_streq(base, j.bases[order[i - 1]]) ? same + 1 : 0;
		d = dw_vec_add(a, &doors);
		*d = door_of(&j, at, same ? dw_arena_printf(a, "%s#%u", base, same) : base);
		if (i + 1 < n && are_twins(&j, at, order[i + 1])) {
			d->doors[d->n_doors++] = order[++i];
			d->session |= rows[order[i]].carries_session != 0;
			d->texts[REVIEW_DOOR] = dw_arena_printf(a, "%s%s", both_of(rows[at].where),
								rows[at].behind);
			same++;
		}
	}
	return doors;
}

struct review_doors review_rows_of(struct doorward_audit *audit, struct dw_arena *a)
{
	size_t n = doorward_audit_count(audit, "doors");
	struct doorward_row *rows = dw_arena_array(a, n + 1, sizeof(*rows));

	for (size_t i = 0; i < n; i++)
		rows[i] = doorward_audit_row(audit, i);
	return review_rows_join(rows, n, a);
}
