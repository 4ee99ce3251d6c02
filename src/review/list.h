/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list of doors as review shows it: what is in it, in which order, what is marked. Pure: no terminal, no host. */
#ifndef DW_REVIEW_LIST_H
#define DW_REVIEW_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "dw_str.h"
#include "dw_vec.h"

enum review_mark {
	REVIEW_UNMARKED = 0,
	REVIEW_KEEP,
	REVIEW_LAN, /* restrict: to the networks of this house */
	REVIEW_LOOPBACK, /* restrict: to this host */
	REVIEW_CLOSE,
	REVIEW_ASK,
	REVIEW_MARK_COUNT
};

enum review_group { REVIEW_BY_NOTHING = 0, REVIEW_BY_SERVICE, REVIEW_BY_UNIT, REVIEW_BY_PROGRAM, REVIEW_GROUP_COUNT };
enum review_sort {
	REVIEW_URGENCY = 0,
	REVIEW_PORT,
	REVIEW_SERVICE,
	REVIEW_STARTED_BY,
	REVIEW_PROGRAM,
	REVIEW_OF_USER,
	REVIEW_SORT_COUNT
};

enum review_text {
	REVIEW_DOOR = 0,
	REVIEW_VERDICT,
	REVIEW_SERVICE_OF,
	REVIEW_STARTER,
	REVIEW_REACH,
	REVIEW_PROGRAM_OF,
	REVIEW_USER,
	REVIEW_WHY,
	REVIEW_TEXT_COUNT
};

enum { REVIEW_SAME_MAX = 2 };

/* A row: a door, or the two of one port that differ in the family alone. */
struct review_door {
	const char *key;                     /* the same as long as it is the same door */
	const char *texts[REVIEW_TEXT_COUNT]; /* fit for a terminal; never NULL, "-" where there is none */
	size_t doors[REVIEW_SAME_MAX];       /* their places in the audit: two doors may have one name */
	size_t n_doors;
	unsigned urgency; /* 0: the most urgent */
	uint32_t port;
	bool session; /* the connection of whoever looks comes through it */
};

struct review_doors {
	struct review_door *v;
	size_t n, cap;
};

/* A line of the view: a door, or the head of a group (door SIZE_MAX). */
struct review_line {
	size_t door;
	const char *head; /* NULL: a door */
	size_t n;         /* of a head: doors below it */
};

struct review_list;

struct review_list *review_list_new(void);
void review_list_free(struct review_list *l); /* NULL allowed */
/*
 * What is there now: copied. Marks stay with their doors, and the selection with its own; where that one is gone, the
 * selection stays at its place. What was not there before is new (but of the first time, all is as it was).
 */
void review_list_fill(struct review_list *l, const struct review_doors *doors);

size_t review_list_count(const struct review_list *l); /* doors, shown or not */
size_t review_list_shown(const struct review_list *l); /* doors that the filter leaves */
size_t review_list_verdicts(const struct review_list *l, const char *verdict);
bool review_list_filled(const struct review_list *l); /* somebody has looked */

size_t review_list_lines(const struct review_list *l);
struct review_line review_list_line(const struct review_list *l, size_t i);
const struct review_door *review_list_door(const struct review_list *l, size_t door);
bool review_list_is_new(const struct review_list *l, const struct review_door *d);

/* Only doors in whose texts each word stands, capitals or not. "": all. */
void review_list_filter(struct review_list *l, const char *words);
const char *review_list_words(const struct review_list *l);
void review_list_group(struct review_list *l, enum review_group by);
enum review_group review_list_grouped(const struct review_list *l);
void review_list_sort(struct review_list *l, enum review_sort by);
enum review_sort review_list_sorted(const struct review_list *l);

/* Line of the selection; doors alone are selected. 0 when nothing is shown. */
size_t review_list_cursor(const struct review_list *l);
const struct review_door *review_list_selected(const struct review_list *l); /* NULL: nothing is shown */
void review_list_move(struct review_list *l, long by);
void review_list_go(struct review_list *l, size_t line); /* or the door nearest to it */
/* The first line to show in a window of so many: it moves no more than it must. */
size_t review_list_top(struct review_list *l, size_t rows);

/* A mark; the same mark once more takes it away, and restrict goes from the house to this host first. */
void review_list_mark(struct review_list *l, enum review_mark mark);
void review_list_unmark(struct review_list *l);
void review_list_unmark_all(struct review_list *l);
enum review_mark review_list_marked(const struct review_list *l, const struct review_door *d);
/* Marks of doors that are here. */
size_t review_list_marks(const struct review_list *l);
const char *review_mark_name(enum review_mark m); /* "" : unmarked */
const char *review_group_name(enum review_group g);
const char *review_sort_name(enum review_sort s);

#endif
