/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_diff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dw_door_key.h"
#include "dw_str.h"

#define EPHEMERAL_FIRST 32768 /* net.ipv4.ip_local_port_range, as it is everywhere */

struct side {
	const struct dw_audit_read *audit;
	struct item *items; /* by place and key */
	size_t n;
	bool blind;
};

struct item {
	const char *place, *key;
	const struct dw_door *door;
	const struct dw_audit_more *more;
	bool taken;
};

struct differ {
	struct dw_arena *a;
	struct side before, after;
	DW_VEC(struct dw_diff_door);
	size_t same;
};

const char *dw_diff_kind_name(enum dw_diff_kind k)
{
	static const char *const names[DW_DIFF_COUNT] = {
		[DW_DIFF_UNKNOWN] = "unknown",
		[DW_DIFF_CAME] = "came",
		[DW_DIFF_CHANGED] = "changed",
		[DW_DIFF_WENT] = "went",
	};

	return k < DW_DIFF_COUNT ? names[k] : "unknown";
}

bool dw_door_seems_ephemeral(const struct dw_door *d)
{
	return d->kind == DW_KIND_DATAGRAM && d->at.has_port && d->at.port >= EPHEMERAL_FIRST &&
	       !d->kernel && d->starter.kind != DW_STARTER_SYSTEMD_SOCKET;
}

/* --- which door is which --------------------------------------------------------------------------- */

static int by_place(const void *x, const void *y)
{
	const struct item *a = x, *b = y;
	int r = strcmp(a->place, b->place);

	return r ? r : strcmp(a->key, b->key);
}

static bool is_blind(const struct dw_snapshot *s)
{
	for (size_t i = 0; i < s->n_incomplete; i++)
		if (s->incomplete[i].blind)
			return true;
	return false;
}

/* --- what a gap may hide ------------------------------------------------------------------------------ */

static bool is_sleeper(const struct dw_door *d)
{
	return d->kind == DW_KIND_SLEEPING;
}

static bool is_of_rules(const struct dw_door *d)
{
	return d->kind == DW_KIND_FORWARDED || d->kind == DW_KIND_REDIRECTED;
}

/* All but TCP and UDP of the host's own namespace, which the kernel tells anybody. */
static bool is_elsewhere(const struct dw_door *d)
{
	return (d->kind != DW_KIND_LISTENER && d->kind != DW_KIND_DATAGRAM) ||
	       (d->at.protocol != DW_PROTOCOL_TCP && d->at.protocol != DW_PROTOCOL_UDP) ||
	       (d->netns && !dw_streq(d->netns, "host"));
}

static bool may_hide(const struct dw_incomplete *i, const struct dw_door *d)
{
	/* what is not named here may hide any */
	static const struct {
		const char *what;
		bool (*hides)(const struct dw_door *d);
	} known[] = {
		{ "starter-unreadable", is_sleeper },
		{ "no-rehearsal", is_of_rules },
		{ "too-many-rules", is_of_rules },
		{ "nft-set", is_of_rules },
		{ "nftables", is_of_rules },
		{ "iptables", is_of_rules },
		{ "bpf-programs", is_of_rules },
		{ "not-root", is_elsewhere },
		{ "closed-process", is_elsewhere },
		{ "process-unreadable", is_elsewhere },
		{ "netns", is_elsewhere },
		{ "netns-closed", is_elsewhere },
		{ "io-uring", is_elsewhere },
	};

	/* of a file that a manager reads; those of /proc/net tell sockets */
	if (dw_streq(i->what, "bad-line") && i->file && !dw_starts_with(i->file, "/proc/"))
		return is_sleeper(d);
	for (size_t k = 0; k < DW_ARRAY_SIZE(known); k++)
		if (dw_streq(i->what, known[k].what))
			return known[k].hides(d);
	return true;
}

/* May a side have that door, and not have seen it? */
static bool may_miss(const struct side *s, const struct dw_door *d)
{
	const struct dw_snapshot *snapshot = &s->audit->snapshot;

	for (size_t i = 0; i < snapshot->n_incomplete; i++)
		if (snapshot->incomplete[i].blind && may_hide(&snapshot->incomplete[i], d))
			return true;
	return false;
}

/* --- sides ------------------------------------------------------------------------------------------- */

/*
 * A client has a place for each of its programs, and is there once: how many questions it had open when somebody looked
 * is no news. A sleeper whose address is not known is told from others by what starts it.
 */
static const char *place_of(struct dw_arena *a, const struct dw_door *d)
{
	if (dw_door_seems_ephemeral(d))
		return dw_door_key(a, d, true);
	return d->at.family == DW_FAMILY_UNKNOWN && !d->at.has_port ? dw_door_key(a, d, false)
								    : dw_door_place(a, d, false);
}

static struct side side_of(struct dw_arena *a, const struct dw_audit_read *audit)
{
	const struct dw_snapshot *s = &audit->snapshot;
	struct side side = { .audit = audit, .blind = is_blind(s) };
	size_t kept = 0;

	side.items = dw_arena_array(a, s->n_doors + 1, sizeof(*side.items));
	for (size_t i = 0; i < s->n_doors; i++)
		side.items[i] = (struct item){
			.place = place_of(a, &s->doors[i]),
			.key = dw_door_key(a, &s->doors[i], dw_door_seems_ephemeral(&s->doors[i])),
			.door = &s->doors[i],
			.more = &audit->more[i],
		};
	if (s->n_doors)
		qsort(side.items, s->n_doors, sizeof(*side.items), by_place);
	for (size_t i = 0; i < s->n_doors; i++) {
		const struct item *x = &side.items[i];

		if (kept && dw_door_seems_ephemeral(x->door) &&
		    by_place(&side.items[kept - 1], x) == 0)
			continue;
		side.items[kept++] = *x;
	}
	side.n = kept;
	return side;
}

/* --- what became of one ----------------------------------------------------------------------------- */

struct changes {
	struct dw_arena *a;
	bool blind; /* a value that is missing may just not have been seen */
	DW_VEC(struct dw_diff_change);
};

static void compare(struct changes *c, const char *what, const char *before, const char *after)
{
	if (dw_streq0(before, after) || (c->blind && (!before || !after)))
		return;
	dw_vec_push(c->a, c, ((struct dw_diff_change){ what, before, after }));
}

/* What nobody looked at on one side says nothing. */
static void compare_known(struct changes *c, const char *what, const char *before,
			  const char *after)
{
	if (before && after && !dw_streq(before, "unknown") && !dw_streq(after, "unknown"))
		compare(c, what, before, after);
}

static const char *enabled_text(const struct dw_door *d)
{
	return d->starter.enabled == DW_YES ? "yes" : d->starter.enabled == DW_NO ? "no" : NULL;
}

static const char *starter_text(struct dw_arena *a, const struct dw_door *d)
{
	const struct dw_starter *s = &d->starter;

	if (s->kind == DW_STARTER_UNKNOWN)
		return NULL;
	return s->id ? dw_arena_printf(a, "%s %s", dw_starter_kind_name(s->kind), s->id)
		     : dw_starter_kind_name(s->kind);
}

/* The stable part alone: a session has another number each time. */
static bool has_same_starter(struct dw_arena *a, const struct dw_door *x, const struct dw_door *y)
{
	struct dw_door bare[2] = { { .starter = x->starter }, { .starter = y->starter } };

	return dw_streq(dw_door_key(a, &bare[0], true), dw_door_key(a, &bare[1], true));
}

static void compare_doors(struct changes *c, const struct item *x, const struct item *y)
{
	const struct dw_door *b = x->door, *n = y->door;

	compare(c, "kind", dw_door_kind_name(b->kind), dw_door_kind_name(n->kind));
	compare(c, "program", b->program ? b->program : b->kernel,
		n->program ? n->program : n->kernel);
	if (!has_same_starter(c->a, b, n))
		compare(c, "starter", starter_text(c->a, b), starter_text(c->a, n));
	compare_known(c, "enabled", enabled_text(b), enabled_text(n));
	compare(c, "package", b->package ? b->package->name : NULL,
		n->package ? n->package->name : NULL);
	compare_known(c, "version", b->package ? b->package->version : NULL,
		      n->package ? n->package->version : NULL);
	compare(c, "target", b->target, n->target);
}

/* A sleeper has no owners: that it woke is told by its kind. */
static void compare_more(struct changes *c, const struct item *x, const struct item *y)
{
	const struct dw_audit_more *b = x->more, *n = y->more;

	compare_known(c, "user", b->users, n->users);
	compare_known(c, "ids", b->ids, n->ids);
	compare_known(c, "executable", b->executables, n->executables);
	compare_known(c, "capabilities", b->capabilities, n->capabilities);
	compare_known(c, "no_new_privs", b->no_new_privs, n->no_new_privs);
	compare_known(c, "seccomp", b->seccomp, n->seccomp);
	compare_known(c, "filtered", b->filtered, n->filtered);
	compare_known(c, "probed", b->probed, n->probed);
	compare_known(c, "verified", b->verified, n->verified);
	compare(c, "service", b->service, n->service);
	compare_known(c, "verdict", b->verdict, n->verdict);
}

/* --- the walk ---------------------------------------------------------------------------------------- */

static const char *place_text(struct dw_arena *a, const struct dw_door *d)
{
	const char *at = dw_endpoint_text(a, &d->at);

	if (dw_door_seems_ephemeral(d))
		at = dw_arena_printf(a, "%s:*/%s", dw_endpoint_address(a, &d->at),
				     dw_protocol_name(d->at.protocol));
	else if (d->port_last > d->at.port)
		at = dw_arena_printf(a, "%s-%u", at, d->port_last);
	if (!d->netns || dw_streq(d->netns, "host"))
		return at;
	return dw_arena_printf(a, "%s in %s", at, d->netns);
}

static void add_alone(struct differ *f, const struct item *x, enum dw_diff_kind kind, bool doubtful)
{
	dw_vec_push(f->a, f,
		    ((struct dw_diff_door){ .kind = kind,
					    .place = place_text(f->a, x->door),
					    .door = x->door,
					    .more = x->more,
					    .doubtful = doubtful }));
}

static void add_pair(struct differ *f, const struct item *x, const struct item *y)
{
	struct changes c = { .a = f->a, .blind = f->before.blind || f->after.blind };

	compare_doors(&c, x, y);
	compare_more(&c, x, y);
	if (c.n == 0) {
		f->same++;
		return;
	}
	dw_vec_push(f->a, f,
		    ((struct dw_diff_door){ .kind = DW_DIFF_CHANGED,
					    .place = place_text(f->a, y->door),
					    .door = y->door,
					    .more = y->more,
					    .changes = c.v,
					    .n_changes = c.n }));
}

static size_t group_end(const struct side *s, size_t from, const char *place)
{
	while (from < s->n && dw_streq(s->items[from].place, place))
		from++;
	return from;
}

/* All doors of one place: the same ones first, then one for another, then those that are left. */
static void pair_group(struct differ *f, size_t x, size_t x_end, size_t y, size_t y_end)
{
	struct item *before = f->before.items, *after = f->after.items;

	/* both in the order of their keys */
	for (size_t i = x, k = y; i < x_end && k < y_end;) {
		int r = strcmp(before[i].key, after[k].key);

		if (r == 0) {
			before[i].taken = after[k].taken = true;
			add_pair(f, &before[i], &after[k]);
		}
		i += r <= 0;
		k += r >= 0;
	}
	for (size_t i = x, k = y; i < x_end; i++) {
		while (k < y_end && after[k].taken)
			k++;
		if (before[i].taken || k == y_end)
			continue;
		before[i].taken = after[k].taken = true;
		add_pair(f, &before[i], &after[k]);
	}
	for (size_t i = x; i < x_end; i++)
		if (!before[i].taken)
			add_alone(f, &before[i], DW_DIFF_WENT, may_miss(&f->after, before[i].door));
	for (size_t k = y; k < y_end; k++)
		if (!after[k].taken)
			add_alone(f, &after[k], DW_DIFF_CAME, may_miss(&f->before, after[k].door));
}

static void walk(struct differ *f)
{
	const struct side *b = &f->before, *n = &f->after;
	size_t x = 0, y = 0;

	while (x < b->n || y < n->n) {
		const char *place;
		size_t x_end, y_end;

		if (x == b->n)
			place = n->items[y].place;
		else if (y == n->n || strcmp(b->items[x].place, n->items[y].place) <= 0)
			place = b->items[x].place;
		else
			place = n->items[y].place;
		x_end = group_end(b, x, place);
		y_end = group_end(n, y, place);
		pair_group(f, x, x_end, y, y_end);
		x = x_end;
		y = y_end;
	}
}

/* --- the order --------------------------------------------------------------------------------------- */

static unsigned urgency(const struct dw_diff_door *d)
{
	static const char *const order[] = { "investigate", "close",   "restrict",
					     "ask",         "unknown", "keep" };
	unsigned n = 0;

	while (n < DW_ARRAY_SIZE(order) && !dw_streq0(d->more->verdict, order[n]))
		n++;
	return n;
}

static int by_urgency(const void *x, const void *y)
{
	const struct dw_diff_door *a = x, *b = y;

	if (a->doubtful != b->doubtful)
		return a->doubtful ? 1 : -1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (urgency(a) != urgency(b))
		return urgency(a) < urgency(b) ? -1 : 1;
	if (dw_endpoint_compare(&a->door->at, &b->door->at))
		return dw_endpoint_compare(&a->door->at, &b->door->at);
	return strcmp(a->place, b->place);
}

void dw_diff_audits(const struct dw_audit_read *before, const struct dw_audit_read *after,
		    struct dw_arena *a, struct dw_diff *ret)
{
	struct differ f = { .a = a, .before = side_of(a, before), .after = side_of(a, after) };

	walk(&f);
	if (f.n)
		qsort(f.v, f.n, sizeof(*f.v), by_urgency);
	*ret = (struct dw_diff){
		.v = f.v, .n = f.n, .same = f.same, .blind = f.before.blind || f.after.blind
	};
	for (size_t i = 0; i < f.n; i++) {
		const struct dw_diff_door *d = &f.v[i];

		ret->doubtful += d->doubtful;
		ret->came += !d->doubtful && d->kind == DW_DIFF_CAME;
		ret->went += !d->doubtful && d->kind == DW_DIFF_WENT;
		ret->changed += d->kind == DW_DIFF_CHANGED;
	}
}
