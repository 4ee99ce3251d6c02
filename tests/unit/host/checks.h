/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A made-up host whose checks are looked at: host_new(), host_file() ..., then checked(). */
#ifndef TEST_CHECKS_H
#define TEST_CHECKS_H

#include "dw_host_look.h"
#include "dw_knowledge_read.h"
#include "dw_str.h"
#include "dw_test.h"
#include "made-host.h"

struct checked {
	struct dw_arena *a;
	struct dw_sys *sys;
	struct dw_host_results all;
	struct dw_host_result *r; /* the first */
};

/* id NULL: all checks. */
static inline struct checked checked_with(struct host *h, const char *id,
					  const struct dw_policy *policy,
					  const struct dw_host_door *doors, size_t n_doors)
{
	struct checked c = { .a = dw_arena_new() };
	const char *ids[] = { id };
	struct dw_host_request q = { .policy = policy,
				     .knowledge = dw_knowledge_builtin(),
				     .doors = doors,
				     .n_doors = n_doors,
				     .have_doors = doors != NULL,
				     .checks = ids,
				     .n_checks = id ? 1 : 0 };
	struct dw_error e = { 0 };

	if (dw_sys_open_fake(h->dir, &c.sys, &e) < 0)
		abort();
	q.sys = c.sys;
	DW_CHECK(dw_host_look(&q, c.a, &c.all, &e) == 0);
	c.r = c.all.v;
	return c;
}

static inline struct checked checked(struct host *h, const char *id)
{
	return checked_with(h, id, NULL, NULL, 0);
}

static inline void checked_free(struct checked *c)
{
	dw_sys_free(c->sys);
	dw_arena_free(c->a);
}

/* "/etc/passwd:3 ftp: TEXT | ..." of all evidence. */
static inline const char *seen(const struct checked *c)
{
	struct dw_str text = { .arena = c->a };

	dw_str_add(&text, "");
	for (size_t i = 0; i < c->r->evidence.n; i++) {
		const struct dw_host_evidence *e = &c->r->evidence.v[i];

		dw_str_addf(&text, "%s%s:%u %s: %s", i ? " | " : "", e->file ? e->file : "-",
			    e->line, e->object, e->text);
	}
	return text.s;
}

/* "file:/etc/x=WANT | ..." of all changes. */
static inline const char *changes(const struct checked *c)
{
	struct dw_str text = { .arena = c->a };

	dw_str_add(&text, "");
	for (size_t i = 0; i < c->r->changes.n; i++) {
		const struct dw_host_change *x = &c->r->changes.v[i];

		dw_str_addf(&text, "%s%s:%s=%s", i ? " | " : "", x->manager, x->object,
			    x->want ? x->want : "?");
	}
	return text.s;
}

/* Looks at one check and frees the look. */
#define LOOK(h, id, result, evidence)                                                              \
	do {                                                                                       \
		struct checked look_c = checked((h), (id));                                        \
		DW_CHECK(look_c.r->outcome == (result));                                           \
		DW_CHECK_STR(seen(&look_c), (evidence));                                           \
		DW_CHECK(look_c.r->text != NULL);                                                  \
		checked_free(&look_c);                                                             \
	} while (0)

#endif
