/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The text table: rows made of doors, merged for display, laid out in columns; private to src/report. */
#ifndef DW_REPORT_TABLE_H
#define DW_REPORT_TABLE_H

#include "dw_report.h"

/* In the order they are shown. */
enum dw_section {
	DW_SECTION_ANY = 0,
	DW_SECTION_ADDRESS,
	DW_SECTION_LOOPBACK,
	DW_SECTION_PACKETS,   /* raw and packet sockets: no port that could be closed */
	DW_SECTION_FORWARDED, /* and redirected */
	DW_SECTION_NETNS,     /* other network namespaces, by name */
	DW_SECTION_SLEEPING,
	DW_SECTION_COUNT
};

enum dw_cell {
	DW_CELL_DOOR = 0,
	DW_CELL_PROGRAM,
	DW_CELL_USER,
	DW_CELL_STARTER,
	DW_CELL_PACKAGE,
	DW_CELL_PIDS,   /* --wide */
	DW_CELL_SOURCE, /* --wide */
	DW_CELL_COUNT
};

struct dw_row {
	const struct dw_report_door *first; /* of the doors in this row */
	size_t order;                       /* its place in the report */
	size_t n;                           /* doors in this row */
	enum dw_section section;
	uint32_t port, port_last;
	const char *where;  /* the address as shown */
	const char *likeness; /* rows that may be merged have the same */
	const char *cells[DW_CELL_COUNT]; /* escaped for a terminal */
};

struct dw_rows {
	struct dw_row *v;
	size_t n;
};

/* Makes and sorts the rows. merge: address pairs, neighbouring ports and equal doors share a row. */
struct dw_rows dw_rows_make(const struct dw_report *r, bool wide, bool merge, struct dw_arena *a);
/* Door of the row as shown: "*:8000-8019/tcp". */
const char *dw_row_door(const struct dw_row *row, struct dw_arena *a);
/* Texts of one door; escaped. */
void dw_cells_fill(struct dw_row *row, bool wide, struct dw_arena *a);
const char *dw_cells_where(const struct dw_endpoint *e, struct dw_arena *a);
/* What a terminal can show of s (NULL allowed: NULL). */
const char *dw_cells_escape(const char *s, struct dw_arena *a);

/*
 * s in at most `width` columns; ".." stands for what was cut, at the end, or (tail) in the middle so that the
 * end stays.
 */
const char *dw_layout_cut(const char *s, size_t width, bool tail, struct dw_arena *a);
/* s in lines of at most `columns` (0: one line), those after the first indented. Ends with a newline. */
void dw_layout_wrap(FILE *out, const char *s, size_t used, size_t indent, size_t columns);

enum { DW_LAYOUT_MARK = 2 }; /* columns in front of the table */

struct dw_layout {
	size_t widths[DW_CELL_COUNT]; /* 0: column not shown */
	bool colour;
};
struct dw_layout dw_layout_fit(const struct dw_rows *rows, const struct dw_report_style *style);
void dw_layout_head(FILE *out, const struct dw_layout *l);
void dw_layout_row(FILE *out, const struct dw_layout *l, const struct dw_row *row, struct dw_arena *a);

/* How a verdict looks; what is not worth a mark has ' '. */
struct dw_mark {
	const char *verdict;
	char mark;
	const char *colour; /* ANSI, begin */
	unsigned rank;      /* 0: nothing to do; else the lower, the more urgent */
};
const struct dw_mark *dw_mark_of(const char *verdict);

#define DW_ANSI_BOLD "\x1b[1m"
#define DW_ANSI_OFF  "\x1b[0m"

#endif
