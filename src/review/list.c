/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "list.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "dw_macros.h"

struct marked {
	char *key;
	enum review_mark mark;
};

struct review_list {
	struct dw_arena *arena; /* of what is there now */
	struct review_doors doors;
	const char **search; /* all texts of a door, in small letters */
	size_t *by_key;      /* doors sorted by key */
	DW_VEC(struct review_line) view;
	size_t shown;
	bool filled;

	/* what outlives a look */
	struct dw_arena *kept;
	char filter[128];
	enum review_group group;
	enum review_sort sort;
	struct dw_strings first; /* keys of the first look, sorted: they are not new */
	DW_VEC(struct marked) marks;
	const char *selected; /* its key; NULL: none */
	size_t cursor, top;
};

struct review_list *review_list_new(void)
{
	struct dw_arena *kept = dw_arena_new();
	struct review_list *l = dw_new(kept, struct review_list);

	l->kept = kept;
	l->arena = dw_arena_new();
	return l;
}

void review_list_free(struct review_list *l)
{
	if (!l)
		return;
	dw_arena_free(l->arena);
	dw_arena_free(l->kept); /* the list itself lies in it */
}

static const char *small_letters(struct dw_arena *a, const char *s)
{
	char *copy = dw_arena_strdup(a, s);

	for (char *p = copy; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return copy;
}

static bool has_words(const char *text, const char *words)
{
	char word[128];

	for (const char *p = words + strspn(words, " "); *p; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");

		memcpy(word, p, n);
		word[n] = '\0';
		if (!strstr(text, word))
			return false;
		p += n;
	}
	return true;
}

static const char *group_of(const struct review_list *l, const struct review_door *d)
{
	static const enum review_text texts[REVIEW_GROUP_COUNT] = {
		[REVIEW_BY_SERVICE] = REVIEW_SERVICE_OF,
		[REVIEW_BY_UNIT] = REVIEW_STARTER,
		[REVIEW_BY_PROGRAM] = REVIEW_PROGRAM_OF
	};

	return l->group ? d->texts[texts[l->group]] : "";
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_doors(const struct review_list *l, const struct review_door *a,
			 const struct review_door *b)
{
	static const enum review_text texts[REVIEW_SORT_COUNT] = {
		[REVIEW_SERVICE] = REVIEW_SERVICE_OF,
		[REVIEW_STARTED_BY] = REVIEW_STARTER,
		[REVIEW_PROGRAM] = REVIEW_PROGRAM_OF,
		[REVIEW_OF_USER] = REVIEW_USER,
	};
	enum review_text text = texts[l->sort];
	int r = 0;

	if (l->sort == REVIEW_PORT)
		r = compare_numbers(a->port, b->port);
	else if (text)
		r = strcasecmp(a->texts[text], b->texts[text]);
	r = r ? r : compare_numbers(a->urgency, b->urgency);
	r = r ? r : compare_numbers(a->port, b->port);
	return r ? r : strcmp(a->key, b->key);
}

/* A group stands where its first door would. */
struct sorting {
	const struct review_list *l;
	const size_t *first; /* of each door: the first door of its group */
};

static int compare_lines(const void *x, const void *y, void *data)
{
	const struct sorting *s = data;
	size_t a = *(const size_t *)x, b = *(const size_t *)y;
	const struct review_door *v = s->l->doors.v;
	int r = 0;

	if (s->first && s->first[a] != s->first[b])
		r = compare_doors(s->l, &v[s->first[a]], &v[s->first[b]]);
	return r ? r : compare_doors(s->l, &v[a], &v[b]);
}

/* Doors in order, those of one name one after another: the least of each name is the first of its group. */
static int compare_names(const void *x, const void *y, void *data)
{
	const struct sorting *s = data;
	const struct review_door *a = &s->l->doors.v[*(const size_t *)x],
				 *b = &s->l->doors.v[*(const size_t *)y];
	int r = strcmp(group_of(s->l, a), group_of(s->l, b));

	return r ? r : compare_doors(s->l, a, b);
}

static const size_t *first_of_groups(const struct review_list *l, size_t *order, size_t n)
{
	struct sorting s = { .l = l };
	size_t *first = dw_arena_array(l->arena, l->doors.n + 1, sizeof(*first));

	if (n > 0)
		qsort_r(order, n, sizeof(*order), compare_names, &s);
	for (size_t i = 0; i < n; i++) {
		bool same = i > 0 && dw_streq(group_of(l, &l->doors.v[order[i]]),
					      group_of(l, &l->doors.v[order[i - 1]]));

		first[order[i]] = same ? first[order[i - 1]] : order[i];
	}
	return first;
}

static void add_lines(struct review_list *l, const size_t *order, size_t n)
{
	const char *last = NULL;
	size_t head = 0;

	l->view.n = 0;
	for (size_t i = 0; i < n; i++) {
		const char *group = group_of(l, &l->doors.v[order[i]]);

		if (l->group && (!last || !dw_streq(last, group))) {
			head = l->view.n;
			dw_vec_push(l->arena, &l->view,
				    ((struct review_line){ .door = SIZE_MAX, .head = group }));
			last = group;
		}
		if (l->group)
			l->view.v[head].n++;
		dw_vec_push(l->arena, &l->view, ((struct review_line){ .door = order[i] }));
	}
}

static bool is_door(const struct review_list *l, size_t line)
{
	return line < l->view.n && !l->view.v[line].head;
}

static void select_line(struct review_list *l, size_t line)
{
	const char *key = is_door(l, line) ? l->doors.v[l->view.v[line].door].key : NULL;

	l->cursor = key ? line : 0;
	if (key && !dw_streq0(l->selected, key))
		l->selected = dw_arena_strdup(l->kept, key);
	if (!key)
		l->selected = NULL;
}

void review_list_go(struct review_list *l, size_t line)
{
	size_t at = DW_MIN(line, l->view.n ? l->view.n - 1 : 0);

	while (at + 1 < l->view.n && !is_door(l, at))
		at++;
	while (at > 0 && !is_door(l, at))
		at--;
	select_line(l, at);
}

static void find_selected(struct review_list *l)
{
	size_t at = l->cursor;

	for (size_t i = 0; l->selected && i < l->view.n; i++)
		if (is_door(l, i) && dw_streq(l->doors.v[l->view.v[i].door].key, l->selected))
			at = i;
	review_list_go(l, at);
}

static void lay_out(struct review_list *l)
{
	size_t *order = dw_arena_array(l->arena, l->doors.n + 1, sizeof(*order)), n = 0;
	const char *words = small_letters(l->arena, l->filter);
	struct sorting s = { .l = l };

	for (size_t i = 0; i < l->doors.n; i++)
		if (has_words(l->search[i], words))
			order[n++] = i;
	l->shown = n;
	if (l->group)
		s.first = first_of_groups(l, order, n);
	if (n > 0)
		qsort_r(order, n, sizeof(*order), compare_lines, &s);
	add_lines(l, order, n);
	find_selected(l);
}

static int compare_keys(const void *x, const void *y, void *data)
{
	const struct review_list *l = data;

	return strcmp(l->doors.v[*(const size_t *)x].key, l->doors.v[*(const size_t *)y].key);
}

static void copy_door(struct review_list *l, const struct review_door *from)
{
	struct review_door *d = dw_vec_add(l->arena, &l->doors);
	struct dw_str all = { .arena = l->arena };

	*d = *from;
	d->key = dw_arena_strdup(l->arena, from->key);
	for (size_t i = 0; i < REVIEW_TEXT_COUNT; i++) {
		d->texts[i] = dw_arena_strdup(l->arena, from->texts[i]);
		dw_str_addf(&all, "%s ", d->texts[i]);
	}
	l->search[l->doors.n - 1] = small_letters(l->arena, all.s);
}

static void remember_first(struct review_list *l)
{
	for (size_t i = 0; i < l->doors.n; i++)
		dw_vec_push(l->kept, &l->first,
			    dw_arena_strdup(l->kept, l->doors.v[l->by_key[i]].key));
}

void review_list_fill(struct review_list *l, const struct review_doors *doors)
{
	dw_arena_free(l->arena);
	l->arena = dw_arena_new();
	memset(&l->doors, 0, sizeof(l->doors));
	memset(&l->view, 0, sizeof(l->view));
	dw_vec_reserve(l->arena, &l->doors, doors->n);
	l->search = dw_arena_array(l->arena, doors->n + 1, sizeof(*l->search));
	l->by_key = dw_arena_array(l->arena, doors->n + 1, sizeof(*l->by_key));
	for (size_t i = 0; i < doors->n; i++) {
		copy_door(l, &doors->v[i]);
		l->by_key[i] = i;
	}
	if (doors->n > 0)
		qsort_r(l->by_key, doors->n, sizeof(*l->by_key), compare_keys, l);
	if (!l->filled)
		remember_first(l);
	l->filled = true;
	lay_out(l);
}

size_t review_list_count(const struct review_list *l)
{
	return l->doors.n;
}

size_t review_list_shown(const struct review_list *l)
{
	return l->shown;
}

size_t review_list_verdicts(const struct review_list *l, const char *verdict)
{
	size_t n = 0;

	for (size_t i = 0; i < l->doors.n; i++)
		n += dw_streq(l->doors.v[i].texts[REVIEW_VERDICT], verdict);
	return n;
}

bool review_list_filled(const struct review_list *l)
{
	return l->filled;
}

size_t review_list_lines(const struct review_list *l)
{
	return l->view.n;
}

struct review_line review_list_line(const struct review_list *l, size_t i)
{
	return l->view.v[i];
}

const struct review_door *review_list_door(const struct review_list *l, size_t door)
{
	return &l->doors.v[door];
}

static int compare_strings(const void *key, const void *member)
{
	return strcmp(key, *(const char *const *)member);
}

bool review_list_is_new(const struct review_list *l, const struct review_door *d)
{
	return l->first.n == 0 ||
	       !bsearch(d->key, l->first.v, l->first.n, sizeof(*l->first.v), compare_strings);
}

void review_list_filter(struct review_list *l, const char *words)
{
	(void)snprintf(l->filter, sizeof(l->filter), "%s", words);
	l->cursor = 0; /* where the selected one has not these words, the first that has */
	lay_out(l);
}

const char *review_list_words(const struct review_list *l)
{
	return l->filter;
}

void review_list_group(struct review_list *l, enum review_group by)
{
	l->group = by;
	lay_out(l);
}

enum review_group review_list_grouped(const struct review_list *l)
{
	return l->group;
}

void review_list_sort(struct review_list *l, enum review_sort by)
{
	l->sort = by;
	lay_out(l);
}

enum review_sort review_list_sorted(const struct review_list *l)
{
	return l->sort;
}

size_t review_list_cursor(const struct review_list *l)
{
	return l->cursor;
}

const struct review_door *review_list_selected(const struct review_list *l)
{
	return is_door(l, l->cursor) ? &l->doors.v[l->view.v[l->cursor].door] : NULL;
}

void review_list_move(struct review_list *l, long by)
{
	long at = (long)l->cursor + by, step = by < 0 ? -1 : 1, end = (long)l->view.n;

	at = DW_MAX(0L, DW_MIN(at, end - 1));
	/* over a head, in the direction of the move; back when there is nothing behind it */
	while (at > 0 && at < end && !is_door(l, (size_t)at))
		at += step;
	review_list_go(l, at < 0 || at >= end ? l->cursor : (size_t)at);
}

size_t review_list_top(struct review_list *l, size_t rows)
{
	size_t cursor = l->cursor;
	/* the head of the group above the first door is shown with it */
	size_t first = cursor > 0 && !is_door(l, cursor - 1) ? cursor - 1 : cursor;

	if (rows == 0)
		return 0;
	if (cursor >= l->top + rows)
		l->top = cursor - rows + 1;
	if (first < l->top)
		l->top = first;
	if (l->view.n <= rows)
		l->top = 0;
	else
		l->top = DW_MIN(l->top, l->view.n - rows);
	return l->top;
}

/* --- marks ------------------------------------------------------------------------------------------ */
static struct marked *mark_of(const struct review_list *l, const char *key)
{
	for (size_t i = 0; i < l->marks.n; i++)
		if (dw_streq(l->marks.v[i].key, key))
			return &l->marks.v[i];
	return NULL;
}

static void set_mark(struct review_list *l, const struct review_door *d, enum review_mark mark)
{
	struct marked *m = mark_of(l, d->key);

	if (!m) {
		m = dw_vec_add(l->kept, &l->marks);
		m->key = dw_arena_strdup(l->kept, d->key);
	}
	m->mark = mark;
}

static enum review_mark next_mark(enum review_mark now, enum review_mark wanted)
{
	if (wanted == REVIEW_LAN && now == REVIEW_LAN)
		return REVIEW_LOOPBACK;
	if (now == wanted || (wanted == REVIEW_LAN && now == REVIEW_LOOPBACK))
		return REVIEW_UNMARKED;
	return wanted;
}

void review_list_mark(struct review_list *l, enum review_mark mark)
{
	const struct review_door *d = review_list_selected(l);

	if (d)
		set_mark(l, d, next_mark(review_list_marked(l, d), mark));
}

void review_list_unmark(struct review_list *l)
{
	const struct review_door *d = review_list_selected(l);

	if (d)
		set_mark(l, d, REVIEW_UNMARKED);
}

void review_list_unmark_all(struct review_list *l)
{
	l->marks.n = 0;
}

enum review_mark review_list_marked(const struct review_list *l, const struct review_door *d)
{
	const struct marked *m = mark_of(l, d->key);

	return m ? m->mark : REVIEW_UNMARKED;
}

size_t review_list_marks(const struct review_list *l)
{
	size_t n = 0;

	for (size_t i = 0; l->marks.n && i < l->doors.n; i++)
		n += review_list_marked(l, &l->doors.v[i]) != REVIEW_UNMARKED;
	return n;
}

const char *review_mark_name(enum review_mark m)
{
	static const char *const names[REVIEW_MARK_COUNT] = {
		[REVIEW_UNMARKED] = "",      [REVIEW_KEEP] = "keep",   [REVIEW_LAN] = "lan",
		[REVIEW_LOOPBACK] = "local", [REVIEW_CLOSE] = "close", [REVIEW_ASK] = "ask"
	};

	return names[m];
}

const char *review_group_name(enum review_group g)
{
	static const char *const names[REVIEW_GROUP_COUNT] = { "no groups", "by service", "by unit",
							       "by program" };

	return names[g];
}

const char *review_sort_name(enum review_sort s)
{
	static const char *const names[REVIEW_SORT_COUNT] = { "urgency", "port",    "service",
							      "starter", "program", "user" };

	return names[s];
}
