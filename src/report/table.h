/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The text table: rows made of doors, merged for display, laid out in columns; private to src/report. */
#ifndef DW_REPORT_TABLE_H
#define DW_REPORT_TABLE_H

#include "dw_layout.h"
#include "dw_report.h"

/* How far it reaches, the farthest first: the order of the rows under one verdict. */
enum dw_place {
	DW_PLACE_ANY = 0,
	DW_PLACE_FORWARDED, /* and redirected */
	DW_PLACE_ADDRESS,
	DW_PLACE_PACKETS, /* raw and packet sockets: no port that could be closed */
	DW_PLACE_NETNS,   /* other network namespaces */
	DW_PLACE_LOOPBACK,
	DW_PLACE_SLEEPING,
	DW_PLACE_COUNT
};

enum dw_cell {
	DW_CELL_DOOR = 0,
	DW_CELL_VERDICT,
	DW_CELL_SERVICE,
	DW_CELL_PROGRAM,
	DW_CELL_USER,
	DW_CELL_STARTER,
	DW_CELL_REACH,
	DW_CELL_PACKAGE, /* --wide */
	DW_CELL_PIDS,    /* --wide */
	DW_CELL_SOURCE,  /* --wide */
	DW_CELL_WHY,     /* the last one: it may be wrapped */
	DW_CELL_COUNT
};

/* Which columns there are, and what becomes of the rows. */
struct dw_table_how {
	bool wide;    /* all columns, nothing cut short */
	bool merge;   /* address pairs, neighbouring ports and equal doors share a row */
	bool program; /* a column of its own; else the service's has it where it says more */
	bool verdict;
	bool why;
	enum dw_report_sort sort;
};

struct dw_row {
	const struct dw_report_door *first; /* of the doors in this row */
	size_t order;                       /* its place in the report */
	size_t n;                           /* doors in this row */
	enum dw_place place;
	uint64_t rank;   /* the rows are sorted by it first, */
	const char *key; /* then by this; NULL: not */
	uint32_t port, port_last;
	const char *where;                /* the address as shown */
	const char *likeness;             /* rows that may be merged have the same */
	const char *cells[DW_CELL_COUNT]; /* escaped for a terminal */
};

struct dw_rows {
	struct dw_row *v;
	size_t n;
};

struct dw_rows dw_rows_make(const struct dw_report *r, const struct dw_table_how *how,
			    struct dw_arena *a);
/* Door of the row as shown: "*:8000-8019/tcp". */
const char *dw_row_door(const struct dw_row *row, struct dw_arena *a);
/* One door as a row of its own shows it: IPv4 and IPv6 at once is "*:22/tcp". For people; its key is another. */
const char *dw_cells_door(const struct dw_door *d, struct dw_arena *a);
enum dw_place dw_place_of(const struct dw_door *d);
/* Texts of one door; escaped. */
void dw_cells_fill(struct dw_row *row, const struct dw_table_how *how, struct dw_arena *a);
const char *dw_cells_program(const struct dw_door *d, bool wide, struct dw_arena *a);
const char *dw_cells_starter(const struct dw_door *d, struct dw_arena *a);
const char *dw_cells_reach(const struct dw_door *d, struct dw_arena *a);
const char *dw_cells_service(const struct dw_report_door *d, struct dw_arena *a);
const char *dw_cells_where(const struct dw_endpoint *e, struct dw_arena *a);
/* What a terminal can show of s (NULL allowed: NULL). */
const char *dw_cells_escape(const char *s, struct dw_arena *a);

/* s in lines of at most `columns` (0: one line), those after the first indented. Ends with a newline. */
void dw_layout_wrap(FILE *out, const char *s, size_t used, size_t indent, size_t columns);

enum { DW_LAYOUT_MARK = 2 }; /* columns in front of the table */

struct dw_layout {
	size_t widths[DW_CELL_COUNT]; /* 0: column not shown */
	bool colour;
	size_t limit; /* of the line, for the last column; 0: none */
};
struct dw_layout dw_layout_fit(const struct dw_rows *rows, const struct dw_report_style *style);
void dw_layout_head(FILE *out, const struct dw_layout *l, struct dw_arena *a);
void dw_layout_row(FILE *out, const struct dw_layout *l, const struct dw_row *row,
		   struct dw_arena *a);

/* A verdict as people see it. Most urgent first; ends with verdict NULL, which stands for every other. */
struct dw_mark {
	const char *verdict;
	char mark;          /* in front of the row */
	const char *colour; /* ANSI, begin */
	bool to_do;
	const char *title;          /* above its doors */
	const char *before, *after; /* around the number of doors, in the summary */
};
enum { DW_MARKS = 7 };
extern const struct dw_mark dw_marks[DW_MARKS];
const struct dw_mark *dw_mark_of(const char *verdict);
size_t dw_mark_rank(const char *verdict);
bool dw_is_chosen(const struct dw_report_choice *c, const char *verdict);

/* Flushes; -errno when not all could be written. */
int dw_report_end(FILE *out, struct dw_error *e);

#define DW_ANSI_BOLD "\x1b[1m"
#define DW_ANSI_DIM  "\x1b[2m"
#define DW_ANSI_OFF  "\x1b[0m"

#endif
