/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Narrowing a door instead of closing it; private to src/starters. */
#ifndef DW_LEVERS_RESTRICT_H
#define DW_LEVERS_RESTRICT_H

#include "levers.h"

/* --- what is narrowed (levers-restrict.c) ------------------------------------------------------------ */

struct restricting {
	struct levering l;                /* what is gathered */
	const struct dw_service *service; /* NULL: not known */
	const struct dw_strings *from;    /* networks that may reach it */
	bool loopback;                    /* they are this host alone */
	bool v6;                          /* ::1 is there */
};

/*
 * Says that it cannot be narrowed here, for the reason that is given (no full stop), and that the packet filter can.
 * The first reason stays.
 */
void dw_restrict_fence(struct restricting *r, const char *fmt, ...) dw_printf_like(2, 3);
/* Whom to tell that a setting of the service changed; NULL: nobody can be. */
const char *dw_restrict_notify(struct restricting *r);

/* --- ways to narrow -------------------------------------------------------------------------------- */

/* The service's own setting (levers-restrict-service.c). False: none is known for it; *ret_why (NULL) says more. */
bool dw_restrict_setting(struct restricting *r, const char **ret_why);
/* Drop-ins of units (levers-restrict-unit.c). */
void dw_restrict_socket(struct restricting *r, const char *unit);
void dw_restrict_networks(struct restricting *r, const char *socket, const char *service);
void dw_restrict_bind(struct restricting *r, const char *service);
/* The unit that a door's service is, where systemd runs it; NULL. */
const char *dw_restrict_unit(struct restricting *r);
/* Lines and blocks (levers-restrict-inetd.c). */
void dw_restrict_inetd(struct restricting *r);
void dw_restrict_xinetd(struct restricting *r);
/* The same, pure. False: there is no such line or block, or nothing is to be changed. */
bool dw_restrict_inetd_edits(struct dw_arena *a, const struct dw_bytes *text, unsigned line,
			     struct dw_edits *ret);
bool dw_restrict_xinetd_edits(struct dw_arena *a, const struct dw_bytes *text, unsigned line,
			      const char *bind, const char *only_from, struct dw_edits *ret);

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
