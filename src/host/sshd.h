/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sshd's settings: as sshd itself states them (sshd -T, for users and addresses where Match blocks make a difference),
 * or, where it cannot be asked, as its files say by the rules of sshd_config(5). Private to src/host.
 */
#ifndef DW_HOST_SSHD_H
#define DW_HOST_SSHD_H

#include "accounts.h"

#define SSHD_CONFIG "/etc/ssh/sshd_config"
#define SSHD_OWN    "/etc/ssh/sshd_config.d/00-doorward.conf" /* the first in the order of names */

/* A line of the files. */
struct sshd_line {
	const char *file;
	unsigned line;
	const char *key;   /* in small letters */
	const char *value; /* the rest; blanks between words are one */
	const char *match; /* the condition of the Match block it stands in; NULL: none */
};

struct sshd_file {
	struct dw_strings files; /* that were read */
	DW_VEC(struct sshd_line) lines;
	bool partly;     /* something could not be read: what is not found may be there */
	bool drop_ins;   /* files of sshd_config.d are included before anything else is said */
	const char *why; /* with partly */
};

struct sshd_pair {
	const char *key, *value;
};

/* What holds for one kind of connection. */
struct sshd_case {
	const char *who; /* "everybody", "root from 192.0.2.1" */
	DW_VEC(struct sshd_pair) pairs;
};

struct sshd_cases {
	struct sshd_case *v;
	size_t n, cap;
};

struct host_sshd {
	bool installed;
	bool stated; /* by sshd itself; false: read from its files, and a default is not known but where we know it */
	const char *program; /* NULL: not installed */
	unsigned asked;      /* times, for single accounts */
	const char *why_not; /* stated false: why, in one clause */
	struct sshd_file file;
	DW_VEC(struct sshd_case) cases; /* the first: everybody whom no Match block names */
};

struct host_sshd *host_sshd(struct host_look *l); /* never NULL */
/*
 * What holds for connections of that user: one case, or, with Match blocks, one for each address that they name and one
 * from outside. NULL: *ret has them; else why they are not known, in one clause.
 */
const char *host_sshd_cases(struct host_look *l, const char *user, struct sshd_cases *ret);
/* The value in that case; NULL: not said. With several lines of one key the first. */
const char *sshd_value(const struct sshd_case *c, const char *key);
/* The line that decides for everybody; NULL: none says it. */
const struct sshd_line *sshd_line_of(const struct host_sshd *s, const char *key);

/* One file's lines, added in the order that counts; includes are opened by the callback. For the fuzzer too. */
struct sshd_opener {
	/* *ret: n files that the pattern names, in order; false: they could not be listed or read */
	bool (*open)(void *data, struct dw_arena *a, const char *pattern, const char ***ret_names,
		     struct dw_bytes **ret, size_t *ret_n);
	void *data;
};
void sshd_parse(struct dw_arena *a, const char *name, const struct dw_bytes *text,
		const struct sshd_opener *opener, struct sshd_file *ret);
/* The output of sshd -T. */
void sshd_parse_stated(struct dw_arena *a, const struct dw_bytes *text, struct sshd_case *ret);

#endif
