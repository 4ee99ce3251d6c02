/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Narrowing a door instead of closing it; private to src/starters. */
#ifndef DW_LEVERS_RESTRICT_H
#define DW_LEVERS_RESTRICT_H

#include "levers.h"

/* --- settings in files (levers-restrict-scan.c, -value.c, -edit.c, -listen.c), pure ------------------ */

/* The addresses that settings shall name. */
struct dw_narrow {
	const char *v4, *v6; /* numeric; NULL: none of that family */
	bool loopback;       /* they are loopback's */
	uint32_t port;       /* of the door */
};

struct dw_set_file {
	const char *path;
	struct dw_bytes text;
	struct dw_edits edits; /* what comes of it; ascending */
};

/* A line of a file, without its newline. */
struct dw_set_text {
	const char *s; /* terminated */
	size_t n;
};

/* A setting that stands in a file, or a comment that looks like one. */
struct dw_set_line {
	unsigned line, last; /* from 1; last: where a setting of several lines ends */
	bool active;
	const char *head, *value, *tail; /* "  key = ", "value", "  # why" */
};

struct dw_set_scan {
	DW_VEC(struct dw_set_text) lines;
	DW_VEC(struct dw_set_line) found;
	/* before which line a new one goes where none was found (1 behind the last: at the end); 0: nowhere */
	unsigned put;
	const char *indent; /* of what stands there */
};

/* The lines of the key in its sections. */
void dw_set_scan(struct dw_arena *a, const struct dw_bytes *text, const struct dw_service_bind *b,
		 const char *key, struct dw_set_scan *ret);
/* Takes the lines of a text apart; one that holds a NUL byte ends the text: false. */
bool dw_set_lines(struct dw_arena *a, const struct dw_bytes *text, struct dw_set_scan *ret);
/* The values, a line each, that the setting shall have; NULL among them: the key alone. */
void dw_set_values(struct dw_arena *a, const struct dw_service_setting *s,
		   const struct dw_narrow *to, struct dw_strings *ret);
/* "-w -h 0.0.0.0" in quotes or not -> the same with the option given this value; NULL: not understood. */
const char *dw_set_option(struct dw_arena *a, const char *old, const char *option,
			  const char *value);
/* The line that stands for the setting with that value. like NULL: none to go by. */
const char *dw_set_compose(struct dw_arena *a, const struct dw_service_bind *b,
			   const struct dw_service_setting *s, const struct dw_set_scan *scan,
			   const struct dw_set_line *like, const char *value);
/* Adds an edit; old: the line's text (NULL: fresh is put in before it). */
void dw_set_edit(struct dw_arena *a, struct dw_set_file *f, unsigned line, const char *old,
		 const char *fresh);
/*
 * Fills the edits of the files, so that their settings say what `to` says. NULL: done. Else a sentence: why that cannot
 * be; the edits are then of no use.
 */
const char *dw_set_files(struct dw_arena *a, const struct dw_service_bind *b,
			 const struct dw_narrow *to, struct dw_set_file *files, size_t n);
/* The same of style listen: the addresses of the lines for the port. */
const char *dw_set_listen(struct dw_arena *a, const struct dw_service_bind *b,
			  const struct dw_narrow *to, struct dw_set_file *files, size_t n);

#endif
