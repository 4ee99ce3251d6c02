/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A policy while it is read; private to src/policy. */
#ifndef DW_POLICY_PRIVATE_H
#define DW_POLICY_PRIVATE_H

#include "dw_policy_read.h"
#include "dw_vec.h"

#define POLICY_FILE_MAX       ((size_t)1024 * 1024)
#define POLICY_LINE_MAX       4096
#define POLICY_STATEMENTS_MAX 10000
#define POLICY_DEPTH_MAX      8
#define POLICY_REDIRECTS_MAX  1000
#define POLICY_ACCEPTS_MAX    1000
#define POLICY_FILES_MAX      1000
#define POLICY_PROBLEMS_MAX   1000

/* A word of a line, its quotes taken off. */
struct policy_word {
	const char *text;
	unsigned line, column;
	bool quoted; /* then it is no keyword */
};

struct policy_words {
	struct policy_word *v;
	size_t n, cap;
	bool bad; /* a part could not be read, and was told: nothing is to be made of the rest */
};

/* Files that are being read, the innermost first. */
struct policy_open {
	const char *name;
	const struct policy_open *outer;
	unsigned depth;
};

/* A role that was asked for, and where. */
struct policy_role {
	const struct dw_role *role;
	const char *file;
	unsigned line, column;
};

struct policy_cover; /* cover.c */

struct policy_reader {
	struct dw_arena *a;
	const struct dw_knowledge *k;
	const struct dw_policy_source *source;
	struct dw_policy_problems *problems;
	bool failed; /* a problem is more than a warning */
	bool full;   /* too many statements; told */
	const struct policy_open *open;
	unsigned files;
	struct dw_policy policy; /* otherwise, file */
	const char *default_file;
	unsigned default_line;
	DW_VEC(struct dw_statement) statements; /* written by hand */
	DW_VEC(bool) from_lan;           /* one for each of them: "lan" is among its networks */
	DW_VEC(struct dw_statement) out; /* allow out */
	DW_VEC(bool) out_lan;            /* as from_lan */
	DW_VEC(struct dw_policy_redirect) redirects;
	DW_VEC(struct dw_policy_accept) accepts;
	const char *egress_file;
	unsigned egress_line;
	DW_VEC(struct policy_role) roles;
	DW_VEC(struct dw_network) lan; /* as the policy names it */
	const char *lan_file;
	struct policy_word lan_at;
	struct policy_cover *cover;
};

/* "FILE:LINE" of the statement, or "line LINE" when it is in the file being read. */
const char *policy_place(const struct policy_reader *r, const char *file, unsigned line);
/* A word, cut to a length that a person reads. */
const char *policy_shown(const struct policy_reader *r, const char *text);
void policy_problem(struct policy_reader *r, bool warning, unsigned line, unsigned column,
		    const char *fmt, ...) dw_printf_like(5, 6);
#define policy_error_at(r, w, ...) policy_problem((r), false, (w)->line, (w)->column, __VA_ARGS__)
#define policy_warn_at(r, w, ...)  policy_problem((r), true, (w)->line, (w)->column, __VA_ARGS__)

/* "; did you mean NAME?" for the nearest of the names that were tried, or "". */
struct policy_near {
	const char *given, *best;
	unsigned distance;
};
struct policy_near policy_near_to(const struct policy_reader *r, const char *given);
void policy_near_try(struct policy_near *n, const char *name);
const char *policy_near_text(const struct policy_reader *r, const struct policy_near *n);

/* Words of the next statement: lines joined by a backslash at the end. False: there is none. */
bool policy_words_next(struct policy_reader *r, struct dw_lines *it, struct policy_words *ret);

/* Each says false when it is wrong, and has told. */
bool policy_read_what(struct policy_reader *r, const struct policy_word *w, struct dw_what *ret);
bool policy_read_network(struct policy_reader *r, const struct policy_word *w,
			 struct dw_network *ret);
bool policy_read_address(const char *text, struct dw_network *ret); /* one address; tells nothing */
bool policy_read_date(struct policy_reader *r, const struct policy_word *w, uint64_t *ret);

/* Exactly one word behind the keyword; NULL: told. */
const struct policy_word *policy_only_word(struct policy_reader *r, const struct policy_words *w,
					   const char *wants);

/* The word begins a clause of keep and close (program, user, from, on, because, expires). */
bool policy_is_clause(const struct policy_word *w);
void policy_near_clauses(struct policy_near *n);
void policy_read_statement(struct policy_reader *r, const struct policy_words *words,
			   enum dw_policy_action action);
/* allow out; the first word is "out" */
void policy_read_out(struct policy_reader *r, const struct policy_words *words);
/* Of the fence: whole statements. */
void policy_read_allow(struct policy_reader *r, const struct policy_words *w);
void policy_read_egress(struct policy_reader *r, const struct policy_words *w);
void policy_read_log(struct policy_reader *r, const struct policy_words *w);
void policy_read_redirect(struct policy_reader *r, const struct policy_words *w);
/* Of doorward host. */
void policy_read_accept(struct policy_reader *r, const struct policy_words *w);

/* Tells which of the statement's WHATs can never count, because an earlier statement names all their doors. */
void policy_cover_add(struct policy_reader *r, const struct dw_statement *s,
		      const struct policy_word *whats);
void policy_cover_free(struct policy_cover *c); /* NULL allowed */

/* Appends what the roles keep, and puts the house's networks in for "lan"; fills in r->policy. */
void policy_finish(struct policy_reader *r);

#endif
