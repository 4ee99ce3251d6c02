/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From levers to steps. Levers of one object are one; units of systemd whose groups have a member in common are one
 * step, so that they are stopped, and by an undo started, in one go and in their order.
 */
#include <string.h>

#include "dw_str.h"
#include "making.h"

/* A lever of a door; seq: the order of the doors, then of the levers. */
struct item {
	const struct dw_lever *l;
	size_t door, seq, object;
};

/* All items that switch one thing. */
struct object {
	const struct item **items; /* in their order */
	size_t n;
	unsigned order;
	bool if_left;
	size_t parent; /* of the union of groups; itself: the root */
	struct dw_state want;
	const char *diff;
};

struct stepping {
	struct dw_arena *arena;
	struct making *m;
	struct item *items;
	size_t n_items;
	struct object *objects;
	size_t n_objects;
	bool refused;
};

/* A step and where it belongs. */
struct placed {
	struct dw_step step;
	unsigned order;
	size_t seq, notify_seq;
};

/* --- objects and groups ------------------------------------------------------------------------- */

static void gather(struct stepping *s)
{
	DW_VEC(struct item) items = { 0 };
	struct making *m = s->m;

	for (size_t i = 0; i < m->n; i++) {
		const struct dw_levers *all = m->doors[i].d->levers;

		for (size_t k = 0; m->doors[i].active && all && k < all->n; k++) {
			size_t seq = items.n;

			if (dw_making_moves(m, &all->v[k]))
				*dw_vec_add(s->arena, &items) =
					(struct item){ &all->v[k], i, seq, 0 };
		}
	}
	s->items = items.v;
	s->n_items = items.n;
}

static int compare_thing(const struct item *a, const struct item *b)
{
	int r = (int)a->l->phase - (int)b->l->phase;

	if (!r)
		r = strcmp(a->l->manager, b->l->manager);
	return r ? r : strcmp(a->l->object, b->l->object);
}

static int by_seq(const struct item *a, const struct item *b)
{
	return (a->seq > b->seq) - (a->seq < b->seq);
}

static int by_object(const void *x, const void *y)
{
	const struct item *a = *(const struct item *const *)x, *b = *(const struct item *const *)y;
	int r = compare_thing(a, b);

	return r ? r : by_seq(a, b);
}

static bool groups(const struct item *i)
{
	return i->l->group &&
	       (dw_streq(i->l->manager, "systemd") || dw_streq(i->l->manager, "package"));
}

static int compare_group(const struct item *a, const struct item *b)
{
	int r = (int)groups(b) - (int)groups(a);

	if (!r && groups(a))
		r = strcmp(a->l->manager, b->l->manager);
	if (!r)
		r = (int)a->l->phase - (int)b->l->phase;
	return r || !groups(a) ? r : strcmp(a->l->group, b->l->group);
}

static int by_group(const void *x, const void *y)
{
	const struct item *a = *(const struct item *const *)x, *b = *(const struct item *const *)y;
	int r = compare_group(a, b);

	return r ? r : by_seq(a, b);
}

static const struct item **sorted(struct stepping *s, int (*compare)(const void *, const void *))
{
	const struct item **v = dw_arena_array(s->arena, s->n_items + 1, sizeof(*v));

	for (size_t i = 0; i < s->n_items; i++)
		v[i] = &s->items[i];
	qsort(v, s->n_items, sizeof(*v), compare);
	return v;
}

static void add_to_object(struct object *o, const struct item *i)
{
	o->order = o->n ? DW_MIN(o->order, i->l->order) : i->l->order;
	o->if_left = i->l->if_left && (o->if_left || !o->n);
	o->n++;
}

static void find_objects(struct stepping *s)
{
	const struct item **v = sorted(s, by_object);

	s->objects = dw_arena_array(s->arena, s->n_items + 1, sizeof(*s->objects));
	for (size_t i = 0; i < s->n_items; i++) {
		struct object *o;

		if (i == 0 || compare_thing(v[i - 1], v[i]) != 0) {
			s->objects[s->n_objects].items = &v[i];
			s->objects[s->n_objects].parent = s->n_objects;
			s->n_objects++;
		}
		o = &s->objects[s->n_objects - 1];
		s->items[v[i]->seq].object = s->n_objects - 1;
		add_to_object(o, v[i]);
	}
}

static size_t root_of(struct stepping *s, size_t o)
{
	while (s->objects[o].parent != o) {
		s->objects[o].parent = s->objects[s->objects[o].parent].parent;
		o = s->objects[o].parent;
	}
	return o;
}

static void join_groups(struct stepping *s)
{
	const struct item **v = sorted(s, by_group);

	for (size_t i = 1; i < s->n_items; i++)
		if (groups(v[i]) && compare_group(v[i - 1], v[i]) == 0)
			s->objects[root_of(s, v[i]->object)].parent = root_of(s, v[i - 1]->object);
}

/* --- what each object shall be ------------------------------------------------------------------ */

static void refuse_conflict(struct stepping *s, const struct object *o, size_t bad, unsigned line)
{
	size_t door = o->items[bad]->door, other = o->items[0]->door;
	const char *object = o->items[0]->l->object;

	if (other == door && line)
		dw_making_refuse(s->m, door, "conflict",
				 "Line %u of %s is not as it was a moment ago: look again.", line,
				 object);
	else if (line)
		dw_making_refuse(s->m, door, "conflict",
				 "Closing %s changes line %u of %s in another way: close this door "
				 "in a run of its own.",
				 s->m->doors[other].text, line, object);
	else
		dw_making_refuse(
			s->m, door, "conflict",
			"Closing %s changes %s in another way: close this door in a run of "
			"its own.",
			s->m->doors[other].text, object);
	s->refused = true;
}

static void decide(struct stepping *s, struct object *o)
{
	const struct dw_lever **l = dw_arena_array(s->arena, o->n, sizeof(const struct dw_lever *));
	unsigned line = 0;
	size_t bad;

	for (size_t i = 0; i < o->n; i++)
		l[i] = o->items[i]->l;
	o->want = l[0]->off;
	if (dw_streq(l[0]->manager, "file")) {
		if (!dw_making_file(s->arena, l, o->n, &o->want, &o->diff, &bad, &line))
			refuse_conflict(s, o, bad, line);
		return;
	}
	for (size_t i = 1; i < o->n; i++)
		if (!dw_streq0(l[i]->off.text, l[0]->off.text)) {
			refuse_conflict(s, o, i, 0);
			return;
		}
}

/* --- a step of objects -------------------------------------------------------------------------- */

static int by_place(const void *x, const void *y)
{
	const struct object *a = *(const struct object *const *)x,
			    *b = *(const struct object *const *)y;

	if (a->order != b->order)
		return a->order < b->order ? -1 : 1;
	return by_seq(a->items[0], b->items[0]);
}

/* "systemctl stop a" and "systemctl stop b": one command for both. Quoted words are not taken apart. */
static bool joins(const char *command, const char *other)
{
	const char *blank = strrchr(other, ' ');

	return blank && !strpbrk(command, "'\"\\$;&|") && !strpbrk(other, "'\"\\$;&|") &&
	       strncmp(command, other, (size_t)(blank - other) + 1) == 0;
}

static bool says(const struct dw_strings *list, const char *command)
{
	return !command || dw_strings_has(list, command);
}

static const char *join_commands(struct dw_arena *a, const struct dw_strings *list)
{
	struct dw_str out = { .arena = a };

	for (size_t i = 0; i < list->n; i++) {
		if (i && joins(list->v[i - 1], list->v[i]))
			dw_str_add(&out, strrchr(list->v[i], ' '));
		else
			dw_str_addf(&out, "%s%s", i ? " && " : "", list->v[i]);
	}
	return out.s;
}

static const struct dw_lever *last_line_first(const struct object *o, size_t i)
{
	/* commands name lines of the file as it is now: typed from its end on, none moves another's */
	const struct dw_lever *found = NULL;
	size_t skipped;

	for (size_t k = 0; k < o->n; k++) {
		const struct dw_lever *l = o->items[k]->l;

		skipped = 0;
		for (size_t j = 0; j < o->n; j++) {
			const struct dw_lever *other = o->items[j]->l;
			unsigned x = other->n_edits ? other->edits[0].line : 0,
				 y = l->n_edits ? l->edits[0].line : 0;

			skipped += x > y || (x == y && j < k);
		}
		if (skipped == i)
			found = l;
	}
	return found;
}

static void add_commands(struct stepping *s, const struct object *o, struct dw_strings *commands,
			 struct dw_strings *undo)
{
	for (size_t i = 0; i < o->n; i++) {
		const struct dw_lever *l = last_line_first(o, i);

		if (!says(commands, l->command))
			dw_vec_push(s->arena, commands, l->command);
		l = last_line_first(o, o->n - 1 - i);
		if (!says(undo, l->undo_command))
			dw_vec_push(s->arena, undo, l->undo_command);
	}
}

static void add_words(struct dw_str *out, const char *s, const char *between)
{
	dw_str_addf(out, "%s%s", out->n ? between : "", s ? s : "?");
}

static void add_labels(struct stepping *s, const struct object *o, struct dw_strings *labels)
{
	for (size_t i = 0; i < o->n; i++) {
		const struct dw_lever *l = o->items[i]->l;
		const char *label = l->label ? l->label : l->object;

		if (!dw_strings_has(labels, label))
			dw_vec_push(s->arena, labels, label);
	}
}

static void add_facts(struct dw_step *st, const struct object *o)
{
	for (size_t i = 0; i < o->n; i++) {
		const struct dw_lever *l = o->items[i]->l;

		st->notify = st->notify ? st->notify : l->notify;
		st->why = st->why ? st->why : l->why;
		st->source = st->source ? st->source : l->source;
		st->no_undo |= l->no_undo;
	}
}

static int by_size(const void *x, const void *y)
{
	const size_t *a = x, *b = y;

	return (*a > *b) - (*a < *b);
}

static void tell_doors(struct stepping *s, struct dw_step *st, const struct object **v, size_t n)
{
	struct indexes doors = { 0 };

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < v[i]->n; k++)
			dw_vec_push(s->arena, &doors, v[i]->items[k]->door);
	if (doors.n == 0)
		return;
	qsort(doors.v, doors.n, sizeof(*doors.v), by_size);
	st->door = s->m->doors[doors.v[0]].text;
	for (size_t i = 0; i < doors.n; i++)
		st->n_doors += i == 0 || doors.v[i - 1] != doors.v[i];
}

/* Packages are installed again the other way round: who needs another behind it. */
static void turn_round(const struct dw_step *st, struct dw_strings *undo)
{
	for (size_t i = 0; dw_streq(st->manager, "package") && i < undo->n / 2; i++) {
		const char *other = undo->v[undo->n - 1 - i];

		undo->v[undo->n - 1 - i] = undo->v[i];
		undo->v[i] = other;
	}
}

static struct dw_step step_of(struct stepping *s, const struct object **v, size_t n)
{
	const struct dw_lever *first = v[0]->items[0]->l;
	struct dw_step st = { .phase = first->phase, .manager = first->manager, .if_left = true };
	struct dw_str object = { .arena = s->arena }, expect = { .arena = s->arena },
		      want = { .arena = s->arena }, label = { .arena = s->arena };
	struct dw_strings commands = { 0 }, undo = { 0 }, labels = { 0 };

	for (size_t i = 0; i < n; i++) {
		const struct dw_lever *l = v[i]->items[0]->l;

		add_words(&object, l->object, " ");
		add_words(&expect, l->now.text, " ");
		add_words(&want, v[i]->want.text, " ");
		add_labels(s, v[i], &labels);
		add_facts(&st, v[i]);
		add_commands(s, v[i], &commands, &undo);
		st.if_left &= v[i]->if_left;
	}
	for (size_t i = 0; i < labels.n; i++)
		add_words(&label, labels.v[i], ", ");
	st.expect = first->now;
	st.want = v[0]->want;
	st.object = object.s;
	st.expect.text = expect.s;
	st.want.text = want.s;
	st.label = label.s;
	st.diff = v[0]->diff;
	turn_round(&st, &undo);
	st.command = join_commands(s->arena, &commands);
	st.undo_command = join_commands(s->arena, &undo);
	tell_doors(s, &st, v, n);
	return st;
}

/* --- the order ---------------------------------------------------------------------------------- */

static int by_turn(const void *x, const void *y)
{
	const struct placed *a = x, *b = y;

	if (a->step.phase != b->step.phase)
		return (int)a->step.phase - (int)b->step.phase;
	if (a->step.if_left != b->step.if_left)
		return (int)a->step.if_left - (int)b->step.if_left;
	if (a->order != b->order)
		return a->order < b->order ? -1 : 1;
	if (a->notify_seq != b->notify_seq)
		return a->notify_seq < b->notify_seq ? -1 : 1;
	return (a->seq > b->seq) - (a->seq < b->seq);
}

static int by_notify(const void *x, const void *y)
{
	const struct placed *a = *(const struct placed *const *)x,
			    *b = *(const struct placed *const *)y;
	int r;

	if (!a->step.notify || !b->step.notify)
		r = (a->step.notify != NULL) - (b->step.notify != NULL);
	else
		r = strcmp(a->step.notify, b->step.notify);
	return r ? r : (a->seq > b->seq) - (a->seq < b->seq);
}

/* Steps after which the same one has to be told come in a row, where the first of them stands. */
static void gather_notified(struct stepping *s, struct placed *p, size_t n)
{
	struct placed **v = dw_arena_array(s->arena, n + 1, sizeof(*v));

	for (size_t i = 0; i < n; i++)
		v[i] = &p[i];
	qsort(v, n, sizeof(*v), by_notify);
	for (size_t i = 0; i < n; i++) {
		v[i]->notify_seq = v[i]->seq;
		if (i && v[i]->step.notify && dw_streq0(v[i]->step.notify, v[i - 1]->step.notify))
			v[i]->notify_seq = v[i - 1]->notify_seq;
	}
}

/* Objects by the step that they are part of, each step's in their order. */
struct member {
	size_t root;
	const struct object *o;
};

static int by_root(const void *x, const void *y)
{
	const struct member *a = x, *b = y;

	if (a->root != b->root)
		return a->root < b->root ? -1 : 1;
	return by_place(&a->o, &b->o);
}

static size_t place(struct stepping *s, struct placed *ret)
{
	struct member *members = dw_arena_array(s->arena, s->n_objects + 1, sizeof(*members));
	const struct object **v =
		dw_arena_array(s->arena, s->n_objects + 1, sizeof(const struct object *));
	size_t n = 0;

	for (size_t i = 0; i < s->n_objects; i++)
		members[i] = (struct member){ root_of(s, i), &s->objects[i] };
	qsort(members, s->n_objects, sizeof(*members), by_root);
	for (size_t i = 0; i < s->n_objects; i++)
		v[i] = members[i].o;
	for (size_t from = 0, to; from < s->n_objects; from = to) {
		size_t seq = SIZE_MAX;

		for (to = from; to < s->n_objects && members[to].root == members[from].root; to++)
			seq = DW_MIN(seq, v[to]->items[0]->seq);
		ret[n++] =
			(struct placed){ step_of(s, &v[from], to - from), v[from]->order, seq, 0 };
	}
	return n;
}

bool dw_making_steps(struct making *m, struct dw_steps *ret)
{
	struct stepping s = { .arena = m->arena, .m = m };
	struct placed *placed;
	struct dw_step *steps;
	size_t n;

	*ret = (struct dw_steps){ 0 };
	gather(&s);
	find_objects(&s);
	for (size_t i = 0; i < s.n_objects; i++)
		decide(&s, &s.objects[i]);
	if (s.refused)
		return true;
	join_groups(&s);
	placed = dw_arena_array(s.arena, s.n_objects + 1, sizeof(*placed));
	n = place(&s, placed);
	gather_notified(&s, placed, n);
	qsort(placed, n, sizeof(*placed), by_turn);
	steps = dw_arena_array(s.arena, n + 1, sizeof(*steps));
	for (size_t i = 0; i < n; i++)
		steps[i] = placed[i].step;
	ret->v = steps;
	ret->n = n;
	return false;
}
