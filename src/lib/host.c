/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* doorward host: the checks, with the doors of an audit and the policy beside them. */
#include <errno.h>
#include <string.h>

#include "audit-private.h"
#include "dw_fields.h"
#include "dw_policy_file.h"
#include "dw_str.h"
#include "host-private.h"

int dw_lib_no_check(struct dw_error *e, const char *word)
{
	static const char *const words[] = { "list", "fix" }; /* what stands in a check's place */
	struct dw_nearest other = { 0 };
	const char *near = NULL;

	(void)dw_host_check_find(word, &near);
	if (!near)
		for (size_t i = 0; i < DW_ARRAY_SIZE(words); i++)
			dw_nearest_try(&other, word, words[i]);
	if (other.name)
		near = other.name;
	return dw_error_set(
		e, -ENOENT, "there is no check \"%.100s\"%s%s%s doorward host list has them all",
		word, near ? "; did you mean " : ";", near ? near : "", near ? "?" : "");
}

size_t dw_lib_tell_no_checks(const struct dw_policy *p, doorward_tell_problem *tell, void *data)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_accepts; i++) {
		const struct dw_policy_accept *s = &p->accepts[i];
		struct dw_error why = { 0 };

		if (dw_host_check_find(s->check, NULL))
			continue;
		(void)dw_lib_no_check(&why, s->check);
		n++;
		if (tell)
			tell(data, s->file, s->line, 1, 0, why.message);
	}
	return n;
}

int doorward_host_list(struct doorward *d, FILE *out, const struct doorward_style *given)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	DW_VEC(const struct dw_host_about *) all = { 0 };
	struct dw_error *e = dw_facade_begin(d);
	const struct dw_host_about *c;
	struct dw_report_style style;
	int r = dw_facade_style(given, &style, e);

	for (size_t i = 0; (c = dw_host_check_at(i)) != NULL; i++)
		dw_vec_push(a, &all, c);
	return r < 0 ? r : dw_report_host_list(all.v, all.n, out, &style, e);
}

int doorward_host_needs_audit(struct doorward *d, const char *const *checks, size_t n)
{
	struct dw_error *e = dw_facade_begin(d);

	for (size_t i = 0; i < n; i++)
		if (!dw_host_check_find(checks[i], NULL))
			return dw_lib_no_check(e, checks[i]);
	return dw_host_needs_doors(checks, n);
}

/* Without an audit the policy is read for itself. */
static int load_policy(struct doorward *d, struct doorward_host *h, struct dw_sys *sys,
		       struct dw_error *e)
{
	struct dw_policy_problems problems = { 0 };

	if (h->audit && h->audit->audit) {
		h->policy = h->audit->audit->policy;
		h->knowledge = h->audit->audit->knowledge;
		return 0;
	}
	h->facts = dw_facts_new();
	h->knowledge = dw_lib_knowledge(sys, h->facts);
	return dw_policy_load(sys, d->policy, h->facts->arena, h->knowledge, &problems, &h->policy,
			      e);
}

/* What names no check is a slip that would leave something unaccepted for good: it is told. */
static void tell_unknown(struct doorward *d, const struct doorward_host *h)
{
	const struct dw_policy *p = h->policy;

	for (size_t i = 0; p && d->notice && i < p->n_accepts; i++) {
		const struct dw_policy_accept *s = &p->accepts[i];
		struct dw_error e = { 0 };

		if (dw_host_check_find(s->check, NULL))
			continue;
		(void)dw_lib_no_check(&e, s->check);
		d->notice(d->notice_data,
			  dw_arena_printf(h->arena, "%s:%u: %s", s->file, s->line, e.message));
	}
}

int dw_lib_host_look(struct doorward_host *h, struct dw_sys *sys, struct dw_arena *a,
		     struct dw_host_results *ret, struct dw_error *e)
{
	const struct dw_report *audit = h->audit ? &h->audit->report : NULL;
	size_t n = audit ? audit->n_doors : 0;
	struct dw_host_door *doors = dw_arena_array(a, n, sizeof(*doors));
	const struct dw_host_request q = {
		.sys = sys,
		.doors = doors,
		.n_doors = n,
		.have_doors = audit != NULL,
		.policy = h->policy,
		.knowledge = h->knowledge,
		.checks = h->checks,
		.n_checks = h->n_checks,
		.even_my_session = h->even_my_session,
		.remove = h->remove,
	};

	for (size_t i = 0; i < n; i++)
		doors[i] = (struct dw_host_door){ audit->doors[i].door, audit->doors[i].service };
	return dw_host_look(&q, a, ret, e);
}

static int look(struct doorward *d, struct doorward_host *h, struct dw_error *e)
{
	_cleanup_sys_ struct dw_sys *sys = NULL;
	struct dw_host_results found = { 0 };
	int r = dw_facade_open_sys(d, &sys, e);

	if (r == 0)
		r = load_policy(d, h, sys, e);
	if (r == 0) {
		tell_unknown(d, h);
		r = dw_lib_host_look(h, sys, h->arena, &found, e);
	}
	if (r < 0)
		return r;
	h->report = (struct dw_report_host){
		.version = DW_VERSION,
		.host = dw_sys_hostname(sys, h->arena),
		.time = dw_sys_now(sys),
		.v = found.v,
		.n = found.n,
		.whole = h->n_checks > 0,
		.offline = !dw_sys_is_running(sys),
		.not_root = found.uid != 0,
	};
	return 0;
}

int doorward_host_look(struct doorward *d, struct doorward_audit *audit,
		       const struct doorward_host_options *given, struct doorward_host **ret)
{
	struct doorward_host_options o = { 0 };
	struct dw_error *e = dw_facade_begin(d);
	struct dw_arena *a = dw_arena_new();
	struct doorward_host *h = dw_new(a, struct doorward_host);
	int r = 0;

	if (given)
		memcpy(&o, given, DW_MIN(given->size, sizeof(o)));
	h->arena = a;
	h->audit = audit;
	h->even_my_session = o.even_my_session != 0;
	h->remove = o.remove_packages != 0;
	h->checks = dw_arena_array(a, o.n_checks, sizeof(*h->checks));
	for (size_t i = 0; i < o.n_checks && r == 0; i++) {
		h->checks[h->n_checks++] = dw_arena_strdup(a, o.checks[i]);
		if (!dw_host_check_find(o.checks[i], NULL))
			r = dw_lib_no_check(e, o.checks[i]);
	}
	if (r == 0)
		r = look(d, h, e);
	if (r < 0)
		doorward_host_free(h);
	else
		*ret = h;
	return r;
}

void doorward_host_free(struct doorward_host *h)
{
	if (!h)
		return;
	dw_facts_free(h->facts);
	dw_arena_free(h->arena);
}

unsigned doorward_host_outcome(const struct doorward_host *h)
{
	unsigned o = dw_report_host_outcome(&h->report);

	return (o & DW_REPORT_TO_DO ? (unsigned)DOORWARD_TO_DO : 0) |
	       (o & DW_REPORT_BLIND ? (unsigned)DOORWARD_BLIND : 0);
}

const char *doorward_host_get(struct doorward_host *h, const char *path)
{
	return dw_field_get(dw_fields_host, &h->report, path, h->arena);
}

int doorward_host_write(struct doorward *d, struct doorward_host *h, enum doorward_format format,
			FILE *out, const struct doorward_style *given)
{
	struct dw_error *e = dw_facade_begin(d);
	struct dw_report_style style;
	int r = dw_facade_style(given, &style, e);

	if (r < 0)
		return r;
	switch (format) {
	case DOORWARD_TEXT:
		return dw_report_host_text(&h->report, out, &style, e);
	case DOORWARD_JSON:
		return dw_report_host_json(&h->report, out, false, e);
	case DOORWARD_JSON_INDENTED:
		return dw_report_host_json(&h->report, out, true, e);
	case DOORWARD_JSONL:
		return dw_report_host_jsonl(&h->report, out, e);
	case DOORWARD_CSV:
		break;
	}
	return dw_error_set(e, -EINVAL, "checks are written as text or JSON");
}
