/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A snapshot with its verdicts, written down. Borrows all it is given. */
#ifndef DW_REPORT_H
#define DW_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "dw_error.h"
#include "dw_knowledge.h"
#include "dw_model.h"
#include "dw_step.h"
#include "dw_vec.h"

/* A door beside what was judged of it. The report room does not see the judge: the verdict comes by name. */
struct dw_report_door {
	const struct dw_door *door;
	const char *verdict; /* as in the JSON contract */
	const struct dw_reason *reasons;
	size_t n_reasons;
	const struct dw_service *service; /* what it is known to be; NULL */
	bool guessed;                     /* the service is known by the port alone */
	const struct dw_steps *steps;     /* that would close it; NULL: not asked for */
	/* What `why` alone looks at; NULL: not looked at, or not known. */
	const struct dw_strings *dependants;  /* packages that need the door's */
	const struct dw_relations *relations; /* of what starts it */
};

struct dw_report {
	const struct dw_snapshot *snapshot;
	const char *version;
	const struct dw_report_door *doors; /* one for each of the snapshot's, same order */
	size_t n_doors;
	const char *const *roles; /* what the host is for, as people say it: "Web server" */
	size_t n_roles, n_named;  /* the first n_named are said by the policy, the rest seen by doors */
};

enum {
	DW_REPORT_TO_DO = 1 << 0,    /* a verdict says close, restrict or investigate */
	DW_REPORT_BLIND = 1 << 1,    /* something may be missing */
	DW_REPORT_NOT_ROOT = 1 << 2, /* most of it, for want of root */
};
unsigned dw_report_outcome(const struct dw_report *r);
/* The same as an exit status has it: a door whose verdict is "unknown" is something that could not be looked at. */
unsigned dw_report_status(const struct dw_report *r);

enum dw_report_sort {
	DW_SORT_NONE = 0, /* the order of the contract; in text: by urgency */
	DW_SORT_URGENCY,
	DW_SORT_PORT,
	DW_SORT_SERVICE,
	DW_SORT_PROGRAM,
	DW_SORT_USER,
	DW_SORT_STARTER,
	DW_SORT_COUNT
};

/* Which doors are told, in which order. What is said of the host as a whole stays as it is. */
struct dw_report_choice {
	unsigned verdicts; /* from dw_report_only; 0: all */
	enum dw_report_sort sort;
};
/* "close,restrict" -> verdicts. -EINVAL: one of them is no verdict. */
int dw_report_only(const char *list, unsigned *ret, struct dw_error *e);
int dw_report_sort(const char *name, enum dw_report_sort *ret, struct dw_error *e);
/* The chosen doors; the list of them lies in the arena. */
struct dw_report dw_report_choose(const struct dw_report *r, const struct dw_report_choice *c,
				  struct dw_arena *a);

/* Each writes to out (borrowed), flushes it, and says -errno when not everything could be written. */
int dw_report_json(const struct dw_report *r, FILE *out, bool pretty, struct dw_error *e);
int dw_report_jsonl(const struct dw_report *r, FILE *out, struct dw_error *e);
/* RFC 4180, one door a line; cells that a spreadsheet would take for a formula begin with an apostrophe. */
int dw_report_csv(const struct dw_report *r, FILE *out, struct dw_error *e);

struct dw_report_style {
	unsigned columns; /* 0: no limit, and each door on a line of its own */
	bool colour;
	bool wide;  /* cut nothing, show process ids and whole paths */
	bool quiet; /* the tables alone */
	bool all;   /* every door that is kept, however many */
	struct dw_report_choice choice;
};
int dw_report_text(const struct dw_report *r, FILE *out, const struct dw_report_style *style,
		   struct dw_error *e);

/* A door as a line of the text table has it, nothing cut short: fit for a terminal, never NULL ("-": there is none). */
struct dw_report_row {
	const char *door;   /* dw_report_find() takes it as a word */
	const char *where;  /* "0.0.0.0", "[::1]" */
	const char *behind; /* what follows it in `door`: ":22/tcp" */
	const char *verdict, *service, *program, *user, *starter, *reach, *why;
	unsigned place; /* the order of the rows under one verdict: the farthest reach first */
};
struct dw_report_row dw_report_row(const struct dw_report *r, size_t i, struct dw_arena *a);

/* Doors that somebody asked for by a word. */
struct dw_found {
	const char *query;
	struct dw_report_door *doors; /* copies, so that their steps can be filled in */
	size_t n;
	const char *nothing;      /* a sentence, when there is none */
	struct dw_strings nearby; /* then: doors and names that may have been meant */
};
/*
 * The doors that the word names: doorward(1) says how. All lies in the arena. -EINVAL: the word cannot be a
 * door. None found is no failure.
 */
int dw_report_find(const struct dw_report *r, const char *query, struct dw_arena *a,
		   struct dw_found *ret, struct dw_error *e);
/* Their story, for people and for programs. */
int dw_report_why_text(const struct dw_report *r, const struct dw_found *f, FILE *out,
		       const struct dw_report_style *style, struct dw_error *e);
int dw_report_why_json(const struct dw_found *f, FILE *out, bool pretty, struct dw_error *e);

/* A value by its path in the document ("doors.0.starter.id"), in the arena; NULL: null or not there. */
const char *dw_report_get(const struct dw_report *r, const char *path, struct dw_arena *a);
/* Members of the array at path. */
size_t dw_report_count(const struct dw_report *r, const char *path);

#endif
