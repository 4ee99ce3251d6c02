/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stands behind the doors: gathered from an audit, told by the report room. */
#include <errno.h>
#include <string.h>

#include "confine-private.h"
#include "dw_confine_gather.h"
#include "dw_confine_report.h"
#include "dw_str.h"
#include "facade-private.h"

/* "22/tcp" or "22": one of its doors ends so. */
static bool has_door(const struct dw_confine_service *s, const char *word)
{
	for (size_t i = 0; i < s->doors.n; i++) {
		const char *colon = strrchr(s->doors.v[i], ':');
		size_t n = strlen(word);

		if (dw_streq(s->doors.v[i], word) ||
		    (colon && strncmp(colon + 1, word, n) == 0 &&
		     (colon[1 + n] == '\0' || colon[1 + n] == '/')))
			return true;
	}
	return false;
}

bool dw_confine_is_named(const struct dw_confine_service *s, const char *word)
{
	size_t n = strlen(word);

	return dw_streq(s->name, word) ||
	       (strncmp(s->name, word, n) == 0 && dw_streq(s->name + n, ".service")) ||
	       (s->program &&
		(dw_streq(s->program, word) || dw_streq(dw_basename(s->program), word))) ||
	       has_door(s, word);
}

static const char *without_suffix(const char *name, struct dw_arena *a)
{
	return dw_ends_with(name, ".service")
		       ? dw_arena_strndup(a, name, strlen(name) - strlen(".service"))
		       : name;
}

/* -ENOENT, with the name that was meant, perhaps. */
static int none_such(const struct dw_confine_service *v, size_t n, const char *word,
		     struct dw_arena *a, struct dw_error *e)
{
	struct dw_nearest near = { 0 };

	for (size_t i = 0; i < n; i++) {
		const char *const names[] = { without_suffix(v[i].name, a),
					      v[i].program ? dw_basename(v[i].program)
							   : v[i].name };

		for (size_t k = 0; k < DW_ARRAY_SIZE(names); k++)
			dw_nearest_try(&near, word, names[k]);
	}
	return dw_error_set(e, -ENOENT, "no service that keeps a door here is called \"%s\"%s",
			    word,
			    dw_nearest_text(&near, a, "; doorward confine lists those that do"));
}

static void choose(struct dw_report_confine *r, struct dw_confine_service *v, size_t n,
		   const char *word)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (!word || dw_confine_is_named(&v[i], word))
			v[kept++] = v[i];
	r->v = v;
	r->n = kept;
	r->asked = word;
}

int dw_confine_services(struct doorward *d, struct doorward_audit *audit, struct dw_arena *a,
			struct dw_confine_service **ret, size_t *ret_n, struct dw_error *e)
{
	struct dw_sys *sys = NULL;
	int r;

	if (!audit->audit->looked) { /* a test's audit is of no host */
		*ret = NULL;
		*ret_n = 0;
		return 0;
	}
	r = dw_facade_open_sys(d, &sys, e);
	if (r < 0)
		return r;
	if (d->hooks.opened)
		d->hooks.opened(d->hooks.data, sys, NULL);
	dw_confine_gather(sys, audit->audit->snapshot, audit->audit->knowledge, a, ret, ret_n);
	if (d->hooks.closing)
		d->hooks.closing(d->hooks.data, sys, NULL);
	dw_sys_free(sys);
	return 0;
}

int doorward_confine_write(struct doorward *d, struct doorward_audit *audit, const char *service,
			   enum doorward_format format, FILE *out,
			   const struct doorward_style *style, int *ret_blind)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_error *e = dw_facade_begin(d);
	struct dw_report_confine report = { .version = DW_VERSION,
					    .host = audit->report.snapshot->host,
					    .time = audit->report.snapshot->time };
	struct dw_confine_service *v = NULL;
	struct dw_report_style s = { 0 };
	size_t n = 0, blind = 0;
	int r = dw_facade_style(style, &s, e);

	if (r == 0)
		r = dw_confine_services(d, audit, a, &v, &n, e);
	if (r < 0)
		return r;
	choose(&report, v, n, service);
	if (service && report.n == 0)
		return none_such(v, n, service, a, e);
	for (size_t i = 0; i < report.n; i++)
		blind += report.v[i].partly;
	if (ret_blind)
		*ret_blind = blind > 0;
	r = format == DOORWARD_TEXT
		    ? dw_report_confine_text(&report, out, &s, e)
		    : dw_report_confine_json(&report, out, format == DOORWARD_JSON_INDENTED, e);
	return r < 0 ? r : (int)report.n;
}

/*
 * --- a suggestion
 * -----------------------------------------------------------------------------------------------------
 */

static int choose_one(struct dw_confine_service *v, size_t n, const char *word, struct dw_arena *a,
		      struct dw_confine_service **ret, struct dw_error *e)
{
	*ret = NULL;
	for (size_t i = 0; i < n; i++) {
		if (!dw_confine_is_named(&v[i], word))
			continue;
		if (*ret)
			return dw_error_set(e, -EINVAL, "\"%s\" may be %s or %s: name one", word,
					    (*ret)->name, v[i].name);
		*ret = &v[i];
	}
	return *ret ? 0 : none_such(v, n, word, a, e);
}

static int observe(struct doorward *d, struct doorward_confining *x,
		   const struct doorward_confine_options *o, struct dw_error *e)
{
	struct dw_sys *sys = NULL;
	int r = dw_facade_open_sys(d, &sys, e);

	if (r == 0)
		r = dw_confine_observe(sys, x->service, o->seconds ? o->seconds : 60, o->stop,
				       x->arena, &x->seen, e);
	x->observed = r == 0;
	dw_sys_free(sys);
	return r;
}

/* What nothing can be taken from is not observed. */
static int dropin(struct doorward *d, struct doorward_confining *x,
		  const struct doorward_confine_options *o, struct dw_error *e)
{
	int r;

	dw_confine_make(x->service, &x->seen, x->arena, &x->dropin);
	if (!x->dropin.text)
		return 0;
	r = observe(d, x, o, e);
	if (r == 0)
		dw_confine_make(x->service, &x->seen, x->arena, &x->dropin);
	return r;
}

int doorward_confine_observe(struct doorward *d, struct doorward_audit *audit,
			     const struct doorward_confine_options *given,
			     struct doorward_confining **ret)
{
	struct dw_error *e = dw_facade_begin(d);
	struct dw_arena *a = dw_arena_new();
	struct doorward_confining *x = dw_new(a, struct doorward_confining);
	struct doorward_confine_options o = { 0 };
	struct dw_confine_service *v = NULL;
	size_t n = 0;
	int r;

	memcpy(&o, given, DW_MIN(given->size, sizeof(o)));
	x->arena = a;
	x->audit = audit;
	r = dw_confine_services(d, audit, a, &v, &n, e);
	if (r == 0)
		r = choose_one(v, n, o.service, a, &x->service, e);
	if (r == 0)
		r = dw_confine_has_lines(x->service) ? dw_confine_demote(d, x, e)
						     : dropin(d, x, &o, e);
	if (r < 0)
		dw_arena_free(a);
	else
		*ret = x;
	return r;
}

void doorward_confining_free(struct doorward_confining *x)
{
	if (x)
		dw_arena_free(x->arena);
}

const char *doorward_confining_text(const struct doorward_confining *x)
{
	return x->dropin.text;
}

const char *doorward_confining_path(const struct doorward_confining *x)
{
	if (x->steps)
		return x->steps->v[0].object;
	return x->dropin.text ? dw_confine_dropin_path(x->service, x->arena) : NULL;
}

const char *doorward_confining_remark(const struct doorward_confining *x, size_t i)
{
	if (x->dropin.cannot)
		return i == 0 ? x->dropin.cannot : NULL;
	return i < x->dropin.remarks.n ? x->dropin.remarks.v[i] : NULL;
}

int doorward_confining_write(struct doorward *d, const struct doorward_confining *x,
			     enum doorward_format format, FILE *out)
{
	struct dw_error *e = dw_facade_begin(d);
	const struct dw_confine_seen *seen = &x->seen;
	const struct dw_report_observed observed = { .seconds = seen->seconds,
						     .capabilities_known = seen->capabilities_known,
						     .capabilities = seen->capabilities,
						     .written = seen->written,
						     .started = seen->started,
						     .devices = seen->devices,
						     .set_uid = seen->set_uid,
						     .missed = seen->missed };
	const struct dw_report_suggest report = {
		.version = DW_VERSION,
		.host = x->audit->report.snapshot->host,
		.time = x->audit->report.snapshot->time,
		.service = x->service,
		.observed = x->observed ? &observed : NULL,
		.path = doorward_confining_path(x),
		.text = x->dropin.text,
		.remarks = x->dropin.remarks,
		.cannot = x->dropin.cannot,
	};

	if (format != DOORWARD_JSON && format != DOORWARD_JSON_INDENTED)
		return dw_error_set(e, -EINVAL, "a suggestion is written as JSON");
	return dw_report_suggest_json(&report, out, format == DOORWARD_JSON_INDENTED, e);
}
