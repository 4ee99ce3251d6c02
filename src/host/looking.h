/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the checks share. Private to src/host. */
#ifndef DW_HOST_LOOKING_H
#define DW_HOST_LOOKING_H

#include "dw_host_look.h"
#include "dw_str.h"

struct host_accounts; /* accounts.h */
struct host_sshd;     /* sshd.h */
struct host_running;  /* asking.c */
struct host_units;    /* asking.c */
struct host_walk;     /* lying.h */

/* Lent to every check. */
struct host_look {
	struct dw_sys *sys;
	struct dw_arena *a;
	const struct dw_host_door *doors;
	size_t n_doors;
	bool have_doors; /* an audit was made */
	bool even_my_session;
	/* read when first asked for, once: host_accounts(), host_sshd() */
	struct host_accounts *accounts;
	struct host_sshd *sshd;
	const char *logins; /* sshd-settings.c */
	struct host_units *units;
	struct host_running *running;         /* host_procs(), closed by host_procs_close() */
	struct host_walk *walk;               /* host_walk() */
	const struct dw_knowledge *knowledge; /* NULL: none */
	const struct dw_policy *policy;       /* NULL: none */
	bool remove;                          /* fixes may remove packages */
};

struct host_check {
	struct dw_host_about about;
	bool needs_doors; /* unknown without them */
	bool wants_doors; /* looks at them where they are known, so that an audit is made */
	/* Fills in all but `about`; the outcome is UNKNOWN before. */
	void (*look)(struct host_look *l, struct dw_host_result *r);
	/* Called when look() said FAILS, and it is not accepted: adds to changes, or says in held what it leaves alone.
	   NULL: advice alone */
	void (*fix)(struct host_look *l, struct dw_host_result *r);
};

/* Each category's table ends with an id of NULL. */
extern const struct host_check host_checks_accounts[], host_checks_files[], host_checks_login[],
	host_checks_plain[], host_checks_notice[], host_checks_updates[], host_checks_kernel[],
	host_checks_lying[];

struct dw_procs;
struct dw_procinfo;
/*
 * Every process that could be read, once for all checks; *ret_e: why some could not (code 0: all could). Threads of the
 * kernel are among them.
 */
struct dw_procs *host_procs(struct host_look *l, const struct dw_procinfo *const **ret,
			    size_t *ret_n, struct dw_error *ret_e);
void host_procs_close(struct host_look *l);

/* The outcome, with the sentence for it. */
void host_say(struct host_look *l, struct dw_host_result *r, enum dw_host_outcome o,
	      const char *fmt, ...) dw_printf_like(4, 5);
/* UNKNOWN, because of an error of a call. */
void host_unknown(struct host_look *l, struct dw_host_result *r, const struct dw_error *e);
/* file NULL: none; line 0: none. The text may be escaped by nobody: the report does it. */
void host_seen(struct host_look *l, struct dw_host_result *r, const char *file, unsigned line,
	       const char *object, const char *fmt, ...) dw_printf_like(6, 7);
/* FAILS with that sentence when there is evidence, else OK with the other one. %zu in `fails` is how many. */
void host_conclude(struct host_look *l, struct dw_host_result *r, const char *fails_one,
		   const char *fails_many, const char *ok);

#endif
