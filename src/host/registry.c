/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list of all checks, and how they are run. */
#include <errno.h>
#include <string.h>

#include "looking.h"

/* In the order in which they are told; the checks of a category stand together. */
static const struct host_check *const tables[] = {
	host_checks_accounts, host_checks_files,  host_checks_login,   host_checks_plain,
	host_checks_lying,    host_checks_notice, host_checks_updates, host_checks_kernel,
};

static const struct host_check *check_at(size_t i)
{
	for (size_t t = 0; t < DW_ARRAY_SIZE(tables); t++)
		for (const struct host_check *c = tables[t]; c->about.id; c++)
			if (i-- == 0)
				return c;
	return NULL;
}

const struct dw_host_about *dw_host_check_at(size_t i)
{
	const struct host_check *c = check_at(i);

	return c ? &c->about : NULL;
}

const struct dw_host_about *dw_host_check_find(const char *id, const char **ret_near)
{
	unsigned best = (unsigned)-1;

	if (ret_near)
		*ret_near = NULL;
	for (size_t i = 0;; i++) {
		const struct dw_host_about *c = dw_host_check_at(i);
		unsigned apart;

		if (!c || dw_streq(c->id, id))
			return c;
		apart = dw_str_apart(id, c->id);
		if (ret_near && apart < best) {
			best = apart;
			*ret_near = c->id;
		}
	}
}

static bool is_chosen(const char *id, const char *const *ids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (dw_streq(id, ids[i]))
			return true;
	return n == 0;
}

bool dw_host_needs_doors(const char *const *ids, size_t n)
{
	const struct host_check *c;

	for (size_t i = 0; (c = check_at(i)) != NULL; i++)
		if ((c->needs_doors || c->wants_doors) && is_chosen(c->about.id, ids, n))
			return true;
	return false;
}

/* --- what a check says -------------------------------------------------------------------------------- */

void host_say(struct host_look *l, struct dw_host_result *r, enum dw_host_outcome o,
	      const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	r->text = dw_arena_vprintf(l->a, fmt, ap);
	va_end(ap);
	r->outcome = o;
}

void host_unknown(struct host_look *l, struct dw_host_result *r, const struct dw_error *e)
{
	host_say(l, r, DW_HOST_UNKNOWN, "%s",
		 e->message[0] ? e->message : "it could not be looked at");
}

void host_seen(struct host_look *l, struct dw_host_result *r, const char *file, unsigned line,
	       const char *object, const char *fmt, ...)
{
	struct dw_host_evidence *e = dw_vec_add(l->a, &r->evidence);
	va_list ap;

	va_start(ap, fmt);
	*e = (struct dw_host_evidence){ .file = file, .line = line, .object = object };
	e->text = dw_arena_vprintf(l->a, fmt, ap);
	va_end(ap);
}

void host_conclude(struct host_look *l, struct dw_host_result *r, const char *fails_one,
		   const char *fails_many, const char *ok)
{
	size_t n = r->evidence.n;

	if (n == 0)
		host_say(l, r, DW_HOST_OK, "%s", ok);
	else if (n == 1)
		host_say(l, r, DW_HOST_FAILS, "%s", fails_one);
	else
		host_say(l, r, DW_HOST_FAILS, "%zu %s", n, fails_many);
}

/* --- accept -------------------------------------------------------------------------------------------- */

static bool names(const struct dw_policy_accept *s, const char *object)
{
	for (size_t i = 0; i < s->n_objects; i++)
		if (dw_streq(s->objects[i], object))
			return true;
	return s->n_objects == 0;
}

static const struct dw_policy_accept *accepts(const struct dw_policy *p,
					      const struct dw_host_result *r, const char *object,
					      uint64_t now)
{
	for (size_t i = 0; p && i < p->n_accepts; i++) {
		const struct dw_policy_accept *s = &p->accepts[i];

		if (dw_streq(s->check, r->about->id) && (!s->expires || now < s->expires) &&
		    (object ? names(s, object) : s->n_objects == 0))
			return s;
	}
	return NULL;
}

/* What fails is accepted when all of what was seen is. */
static void accept_it(const struct dw_policy *p, struct dw_host_result *r, uint64_t now)
{
	size_t n = 0;

	if (r->outcome != DW_HOST_FAILS)
		return;
	for (size_t i = 0; i < r->evidence.n; i++) {
		struct dw_host_evidence *e = &r->evidence.v[i];

		e->accepted = accepts(p, r, e->object, now);
		n += e->accepted != NULL;
	}
	if (r->evidence.n == 0)
		r->accepted = accepts(p, r, NULL, now);
	else if (n == r->evidence.n)
		r->accepted = r->evidence.v[0].accepted;
}

/* --- looking ------------------------------------------------------------------------------------------- */

static void look_at(struct host_look *l, const struct dw_host_request *q,
		    const struct host_check *c, struct dw_host_result *r)
{
	r->about = &c->about;
	if (c->needs_doors && !l->have_doors)
		host_say(l, r, DW_HOST_UNKNOWN, "no audit of the doors was made");
	else
		c->look(l, r);
	accept_it(q->policy, r, dw_sys_now(l->sys));
	if (dw_host_is_open(r) && c->fix)
		c->fix(l, r);
	else
		r->changes.n = 0;
}

int dw_host_look(const struct dw_host_request *q, struct dw_arena *a, struct dw_host_results *ret,
		 struct dw_error *e)
{
	struct host_look l = { .sys = q->sys,
			       .a = a,
			       .doors = q->doors,
			       .n_doors = q->n_doors,
			       .have_doors = q->have_doors,
			       .knowledge = q->knowledge,
			       .policy = q->policy,
			       .remove = q->remove,
			       .even_my_session = q->even_my_session };
	DW_VEC(struct dw_host_result) v = { 0 };
	const struct host_check *c;

	for (size_t i = 0; i < q->n_checks; i++)
		if (!dw_host_check_find(q->checks[i], NULL))
			return dw_error_set(e, -ENOENT, "there is no check \"%.100s\"",
					    q->checks[i]);
	for (size_t i = 0; (c = check_at(i)) != NULL; i++)
		if (is_chosen(c->about.id, q->checks, q->n_checks))
			look_at(&l, q, c, dw_vec_add(a, &v));
	host_procs_close(&l);
	*ret = (struct dw_host_results){ .v = v.v, .n = v.n, .uid = dw_sys_euid(q->sys) };
	return 0;
}
