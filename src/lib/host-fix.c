/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* doorward host fix: what the checks would change, as steps; the run; and another look. */
#include <errno.h>
#include <string.h>

#include "change-private.h"
#include "dw_plan_host.h"
#include "dw_str.h"
#include "host-private.h"

struct doorward_host_plan {
	struct dw_arena *arena; /* the object itself lies in it */
	struct doorward_host *host;
	struct dw_report_host_fix report;
	struct dw_steps steps;
	unsigned after; /* what the look after the run came to: DW_REPORT_* */
};

/* --- the plan ------------------------------------------------------------------------------------------- */

static int read_states(struct dw_sys *sys, struct dw_arena *a, struct dw_plan_change *v, size_t n,
		       struct dw_error *e)
{
	struct dw_switch sw = { .sys = sys, .arena = a };
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		const struct dw_switch_ops *ops = dw_switch_find(v[i].change->manager);

		if (!ops)
			r = dw_error_set(e, -ENOTSUP, "this doorward has no switch \"%s\"",
					 v[i].change->manager);
		else
			r = ops->state(&sw, v[i].change->object, &v[i].now, e);
	}
	dw_switch_close(&sw);
	return r;
}

/* What fails and is not accepted; those with changes are what is put right. */
static struct dw_host_result *open_ones(struct doorward_host_plan *p, size_t *ret_changes)
{
	const struct dw_report_host *r = &p->host->report;
	struct dw_host_result *v = dw_arena_array(p->arena, r->n, sizeof(*v));

	*ret_changes = 0;
	for (size_t i = 0; i < r->n; i++)
		if (dw_host_is_open(&r->v[i])) {
			v[p->report.n++] = r->v[i];
			*ret_changes += r->v[i].changes.n;
		}
	p->report.v = v;
	return v;
}

static int make(struct doorward *d, struct doorward_host_plan *p, struct dw_error *e)
{
	_cleanup_sys_ struct dw_sys *sys = NULL;
	size_t n = 0, all;
	const struct dw_host_result *v = open_ones(p, &all);
	struct dw_plan_change *changes = dw_arena_array(p->arena, all, sizeof(*changes));
	int r = dw_facade_open_sys(d, &sys, e);

	for (size_t i = 0; i < p->report.n; i++)
		for (size_t k = 0; k < v[i].changes.n; k++)
			changes[n++].change = &v[i].changes.v[k];
	if (r == 0)
		r = read_states(sys, p->arena, changes, n, e);
	if (r == 0)
		r = dw_plan_host(p->arena, changes, n, &p->steps, e);
	return r;
}

int doorward_host_plan_make(struct doorward *d, struct doorward_host *h, const char *options,
			    struct doorward_host_plan **ret)
{
	struct dw_arena *a = dw_arena_new();
	struct doorward_host_plan *p = dw_new(a, struct doorward_host_plan);
	struct dw_error *e = dw_facade_begin(d);
	int r;

	p->arena = a;
	p->host = h;
	p->report = (struct dw_report_host_fix){ .version = DW_VERSION,
						 .host = h->report.host,
						 .steps = &p->steps,
						 .options = options ? dw_arena_strdup(a, options)
								    : NULL };
	r = make(d, p, e);
	if (r < 0)
		doorward_host_plan_free(p);
	else
		*ret = p;
	return r;
}

void doorward_host_plan_free(struct doorward_host_plan *p)
{
	if (p)
		dw_arena_free(p->arena);
}

size_t doorward_host_plan_steps(const struct doorward_host_plan *p)
{
	return p->steps.n;
}

int doorward_host_plan_write(struct doorward *d, struct doorward_host_plan *p,
			     enum doorward_format format, FILE *out,
			     const struct doorward_style *given)
{
	struct dw_error *e = dw_facade_begin(d);
	struct dw_report_style style;
	int r = dw_facade_style(given, &style, e);

	if (r < 0)
		return r;
	switch (format) {
	case DOORWARD_TEXT:
		return dw_report_host_fix_text(&p->report, out, &style, e);
	case DOORWARD_JSON:
		return dw_report_host_fix_json(&p->report, out, false, e);
	case DOORWARD_JSON_INDENTED:
		return dw_report_host_fix_json(&p->report, out, true, e);
	case DOORWARD_JSONL:
	case DOORWARD_CSV:
		break;
	}
	return dw_error_set(e, -EINVAL, "fixes are written as text or JSON");
}

unsigned doorward_host_plan_left(const struct doorward_host_plan *p)
{
	return (p->after & DW_REPORT_TO_DO ? (unsigned)DOORWARD_TO_DO : 0) |
	       (p->after & DW_REPORT_BLIND ? (unsigned)DOORWARD_BLIND : 0);
}

/* --- the run -------------------------------------------------------------------------------------------- */

static void add_steps(struct changing *c, const struct dw_steps *steps, struct dw_run *run)
{
	run->steps = dw_arena_array(c->arena, steps->n, sizeof(*run->steps));
	for (size_t i = 0; i < steps->n; i++)
		run->steps[run->n_steps++] =
			(struct dw_run_step){ .step = steps->v[i], .state = DW_RUN_STEP_PLANNED };
}

static bool has_word(const char *list, const char *wanted, struct dw_arena *a)
{
	char *at = dw_arena_strdup(a, list);
	const char *word;

	while ((word = dw_word_next(&at)))
		if (dw_streq(word, wanted))
			return true;
	return false;
}

/* Packages of one removal are one object, with spaces between. */
static bool is_same_object(const struct dw_host_change *x, const struct dw_host_change *y,
			   struct dw_arena *a)
{
	char *list = dw_arena_strdup(a, x->object);
	const char *word;

	if (!dw_streq(x->manager, y->manager))
		return false;
	if (!dw_streq(x->manager, "package"))
		return dw_streq(x->object, y->object);
	while ((word = dw_word_next(&list)))
		if (has_word(y->object, word, a))
			return true;
	return false;
}

/* What comes up behind a fix (a package that nothing needs now that another went) is none of its failures. */
static bool is_undone(const struct dw_host_result *was, const struct dw_host_result *now,
		      struct dw_arena *a)
{
	for (size_t i = 0; i < now->changes.n; i++)
		for (size_t k = 0; k < was->changes.n; k++)
			if (is_same_object(&now->changes.v[i], &was->changes.v[k], a))
				return true;
	return false;
}

/* A check that would still change what it was to put right; "" when none does. */
static const char *wrong_still(struct changing *c, struct doorward_host_plan *p)
{
	struct dw_host_results now = { 0 };
	struct dw_error e = { 0 };

	if (dw_lib_host_look(p->host, c->sys, c->arena, &now, &e) < 0)
		return dw_arena_printf(c->arena, "the host could not be looked at again: %s",
				       e.message);
	p->after = dw_report_host_outcome(&(struct dw_report_host){ .v = now.v, .n = now.n });
	for (size_t i = 0; i < now.n; i++) {
		const struct dw_host_result *was = &p->host->report.v[i], *r = &now.v[i];

		if (!was->changes.n)
			continue;
		if (r->outcome == DW_HOST_UNKNOWN)
			return dw_arena_printf(c->arena, "%s could not be looked at again: %s",
					       r->about->id, r->text);
		if (dw_host_is_open(r) && is_undone(was, r, c->arena))
			return dw_arena_printf(c->arena, "%s still fails: %s", r->about->id,
					       r->text);
	}
	return "";
}

static int carry_out(struct changing *c, struct doorward_host_plan *p, struct dw_run *run,
		     struct dw_error *e)
{
	const char *wrong;
	int r = dw_apply_run(&c->apply, run, e);

	if (r < 0)
		return r;
	wrong = wrong_still(c, p);
	if (!*wrong && c->o.stop && *c->o.stop)
		wrong = "it was interrupted";
	return dw_apply_finish(&c->apply, run, !*wrong, *wrong ? wrong : NULL, e);
}

int doorward_host_fix(struct doorward *d, struct doorward_host_plan *p,
		      const struct doorward_close_options *o, long long *ret_run)
{
	_cleanup_change_ struct changing c = { 0 };
	struct dw_run run = { 0 };
	struct dw_error e = { 0 };
	int r;

	*ret_run = 0;
	(void)dw_facade_begin(d);
	r = dw_change_open(d, true, "doorward host fix", o, &c, &e);
	if (r == 0) {
		add_steps(&c, &p->steps, &run);
		dw_change_describe(&c, "host-fix", &run);
		r = carry_out(&c, p, &run, &e);
		*ret_run = run.id;
	}
	d->error = e;
	return r;
}
