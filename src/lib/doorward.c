/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The public API: a thin face before the pipeline and the report. */
#include "doorward/doorward.h"

#include <errno.h>
#include <string.h>

#include "dw_bpf.h"
#include "dw_collect.h"
#include "audit-private.h"
#include "change-private.h"
#include "facade-private.h"
#include "host-private.h"
#include "dw_policy_draft.h"
#include "dw_policy_file.h"
#include "dw_report.h"
#include "dw_str.h"

const char *doorward_version(void)
{
	return DW_VERSION;
}

struct doorward *doorward_new(void)
{
	struct doorward *d = calloc(1, sizeof(*d));

	if (!d)
		dw_oom();
	d->rungs = DW_RUNG_ALL;
	return d;
}

void doorward_free(struct doorward *d)
{
	if (!d)
		return;
	free(d->root);
	free(d->fake);
	free(d->policy);
	free(d->state);
	free(d->program);
	free(d);
}

const char *doorward_last_error(const struct doorward *d)
{
	return d->error.message;
}

struct dw_error *dw_facade_begin(struct doorward *d)
{
	d->error = (struct dw_error){ 0 };
	return &d->error;
}

void dw_facade_replace(char **old, const char *fresh)
{
	char *copy = fresh ? strdup(fresh) : NULL;

	if (fresh && !copy)
		dw_oom();
	free(*old);
	*old = copy;
}

int doorward_set_root(struct doorward *d, const char *directory)
{
	struct dw_error *e = dw_facade_begin(d);
	struct stat st;

	if (directory && stat(directory, &st) != 0)
		return dw_error_errno(e, -errno, "%s", directory);
	if (directory && !S_ISDIR(st.st_mode))
		return dw_error_set(e, -ENOTDIR, "%s is no directory", directory);
	dw_facade_replace(&d->root, directory);
	return 0;
}

int doorward_set_method(struct doorward *d, const char *method)
{
	static const struct {
		const char *name;
		unsigned rungs;
	} methods[] = {
		{ "auto", DW_RUNG_ALL },
		{ "bpf", DW_RUNG_BPF },
		{ "netlink", DW_RUNG_NETLINK },
		{ "proc", DW_RUNG_PROC },
	};
	struct dw_error *e = dw_facade_begin(d);

	for (size_t i = 0; i < DW_ARRAY_SIZE(methods); i++)
		if (dw_streq(methods[i].name, method)) {
			d->rungs = methods[i].rungs;
			return 0;
		}
	return dw_error_set(e, -EINVAL, "no method is called %s: auto, bpf, netlink or proc",
			    method);
}

void doorward_set_policy(struct doorward *d, const char *file)
{
	(void)dw_facade_begin(d);
	dw_facade_replace(&d->policy, file);
}

void doorward_set_hidden(struct doorward *d, int on)
{
	d->hidden = on != 0;
}

void doorward_set_addresses(struct doorward *d, int on)
{
	d->addresses = on != 0;
}

void doorward_set_progress(struct doorward *d, void (*tell)(void *data, const char *part),
			   void *data)
{
	d->progress = tell;
	d->progress_data = data;
}

static int with_live_system(struct doorward *d, int (*act)(struct dw_sys *s, struct dw_error *e))
{
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct dw_error *e = dw_facade_begin(d);
	int r = dw_sys_open(NULL, &s, e);

	return r < 0 ? r : act(s, e);
}

int doorward_pin(struct doorward *d)
{
	return with_live_system(d, dw_bpf_pin);
}

int doorward_unpin(struct doorward *d)
{
	return with_live_system(d, dw_bpf_unpin);
}

void dw_facade_set_fake(struct doorward *d, const char *fixture)
{
	dw_facade_replace(&d->fake, fixture);
}

void dw_facade_set_hooks(struct doorward *d, const struct dw_facade_hooks *hooks)
{
	d->hooks = *hooks;
}

struct dw_report dw_facade_report(const struct dw_audit *audit, struct dw_arena *arena)
{
	const struct dw_findings *f = audit->findings;
	struct dw_report_door *doors = dw_arena_array(arena, f->n, sizeof(*doors));
	const char **roles = dw_arena_array(arena, f->n_roles, sizeof(*roles));

	for (size_t i = 0; i < f->n; i++)
		doors[i] = (struct dw_report_door){
			.door = f->v[i].door,
			.verdict = dw_verdict_name(f->v[i].verdict),
			.reasons = f->v[i].reasons,
			.n_reasons = f->v[i].n_reasons,
			.service = f->v[i].identity.service,
			.guessed = f->v[i].identity.by == DW_IDENTIFIED_PORT,
		};
	for (size_t i = 0; i < f->n_roles; i++)
		roles[i] = f->roles[i]->title;
	return (struct dw_report){ .snapshot = audit->snapshot,
				   .version = DW_VERSION,
				   .doors = doors,
				   .n_doors = f->n,
				   .roles = roles,
				   .n_roles = f->n_roles,
				   .n_named = f->n_named };
}

struct doorward_audit *dw_facade_wrap(struct dw_audit *audit)
{
	struct dw_arena *arena = dw_arena_new();
	struct doorward_audit *a = dw_new(arena, struct doorward_audit);

	a->audit = audit;
	a->arena = arena;
	a->report = dw_facade_report(audit, arena);
	return a;
}

struct dw_audit_options dw_facade_options(const struct doorward *d)
{
	return (struct dw_audit_options){
		.root = d->root,
		.fake = d->fake,
		.policy = d->policy,
		/* what lies below another root was not scanned; a recorded host has no journal of its own */
		.state = d->root    ? NULL
			 : d->state ? d->state
			 : d->fake  ? NULL
				    : DW_STORE_DIRECTORY,
		.rungs = d->rungs,
		.hidden = d->hidden,
		.addresses = d->addresses,
		.progress = d->progress,
		.progress_data = d->progress_data,
	};
}

int doorward_audit_run(struct doorward *d, struct doorward_audit **ret)
{
	struct dw_audit_options options = dw_facade_options(d);
	struct dw_error *e = dw_facade_begin(d);
	struct dw_audit *audit;
	int r;

	if (d->hooks.look)
		d->hooks.look(d->hooks.data, &options);
	r = dw_audit_run(&options, &audit, e);
	if (r < 0)
		return r;
	if (d->hooks.looked)
		d->hooks.looked(d->hooks.data, audit->calls);
	*ret = dw_facade_wrap(audit);
	(*ret)->state = d->state ? dw_arena_strdup((*ret)->arena, d->state) : NULL;
	return 0;
}

int dw_facade_open_sys(const struct doorward *d, struct dw_sys **ret, struct dw_error *e)
{
	return d->fake ? dw_sys_open_fake(d->fake, ret, e) : dw_sys_open(d->root, ret, e);
}

static int check_policy(struct dw_sys *s, const char *file, struct dw_facts *f,
			doorward_tell_problem *tell, void *data, struct dw_error *e)
{
	const struct dw_knowledge *k = dw_lib_knowledge(s, f);
	struct dw_policy_problems problems = { 0 };
	const struct dw_policy *policy = NULL;
	int r = dw_policy_load(s, file, f->arena, k, &problems, &policy, e);

	/* own knowledge that could not be used may be why a service is not known */
	for (size_t i = 0; tell && i < f->incomplete.n; i++)
		tell(data, f->incomplete.v[i].file, f->incomplete.v[i].line, 0, 1,
		     f->incomplete.v[i].text);
	for (size_t i = 0; tell && i < problems.n; i++)
		tell(data, problems.v[i].file, problems.v[i].line, problems.v[i].column,
		     problems.v[i].warning, problems.v[i].text);
	if (r < 0)
		return r;
	if (!policy)
		return dw_error_set(e, -ENOENT, "%s is not there, or it is empty", DW_POLICY_FILE);
	if (dw_lib_tell_no_checks(policy, tell, data))
		return dw_error_set(e, -EBADMSG,
				    "%s: an accept names no check (doorward host list has all)",
				    policy->file);
	return (int)policy->n_statements;
}

int doorward_policy_check(struct doorward *d, const char *file, doorward_tell_problem *tell,
			  void *data)
{
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct dw_error *e = dw_facade_begin(d);
	struct dw_facts *f;
	int r = dw_facade_open_sys(d, &s, e);

	if (r < 0)
		return r;
	f = dw_facts_new();
	r = check_policy(s, file, f, tell, data, e);
	dw_facts_free(f);
	return r;
}

static int no_role(const struct dw_knowledge *k, const char *name, struct dw_arena *a,
		   struct dw_error *e)
{
	struct dw_str known = { .arena = a };
	struct dw_nearest near = { 0 };

	for (size_t i = 0; i < k->n_roles; i++) {
		dw_str_addf(&known, "%s%s", i ? ", " : "; the roles are: ", k->roles[i].name);
		dw_nearest_try(&near, name, k->roles[i].name);
	}
	return dw_error_set(e, -EINVAL, "no role is called \"%s\"%s%s", name,
			    known.s ? known.s : "", dw_nearest_text(&near, a, ""));
}

/* "web-server,database" as roles. */
static int parse_roles(const struct dw_knowledge *k, const char *names, struct dw_arena *a,
		       const struct dw_role ***ret, size_t *ret_n, struct dw_error *e)
{
	*ret = dw_arena_array(a, strlen(names) + 1, sizeof(**ret));
	*ret_n = 0;
	for (const char *p = names; *p; p += strspn(p, ",")) {
		size_t n = strcspn(p, ",");
		const struct dw_role *role = dw_knowledge_role(k, dw_arena_strndup(a, p, n));
		size_t i = 0;

		if (!role)
			return no_role(k, dw_arena_strndup(a, p, DW_MIN(n, (size_t)60)), a, e);
		while (i < *ret_n && (*ret)[i] != role)
			i++;
		if (i == *ret_n)
			(*ret)[(*ret_n)++] = role;
		p += n;
	}
	return 0;
}

int doorward_policy_draft(struct doorward *d, struct doorward_audit *audit, const char *roles,
			  FILE *out)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct dw_findings *f = audit->audit->findings;
	struct dw_draft_door *doors = dw_arena_array(a, f->n, sizeof(*doors));
	struct dw_draft draft = {
		.host = audit->audit->snapshot->host,
		.time = audit->audit->snapshot->time,
		.doors = doors,
		.n_doors = f->n,
		.knowledge = audit->audit->knowledge,
		.evident = f->roles,
		.n_evident = f->n_roles,
	};
	struct dw_error *e = dw_facade_begin(d);
	const struct dw_role **wanted;
	int r = parse_roles(draft.knowledge, roles ? roles : "", a, &wanted, &draft.n_roles, e);

	if (r < 0)
		return r;
	draft.roles = wanted;
	for (size_t i = 0; i < f->n; i++)
		doors[i] = (struct dw_draft_door){
			.door = f->v[i].door,
			.service = f->v[i].identity.service,
			.guess = f->v[i].identity.by == DW_IDENTIFIED_PORT,
			.suspect = f->v[i].verdict == DW_VERDICT_INVESTIGATE,
		};
	if (fputs(dw_policy_draft(a, &draft), out) < 0 || fflush(out) != 0)
		return dw_error_errno(e, -errno, "the text of the policy could not be written out");
	return 0;
}

int doorward_policy_create(struct doorward *d, const char *file, const char *text)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_sys_ struct dw_sys *s = NULL;
	struct dw_error *e = dw_facade_begin(d);
	int r = file ? dw_sys_open(NULL, &s, e) : dw_facade_open_sys(d, &s, e);

	if (r == 0 && file)
		r = dw_policy_absolute(a, file, &file, e);
	else if (r == 0)
		r = dw_sys_dir_make(s, DW_POLICY_DIRECTORY, 0755, e);
	return r < 0 ? r : dw_policy_create(s, file ? file : DW_POLICY_FILE, text, a, e);
}

void doorward_audit_free(struct doorward_audit *a)
{
	if (!a)
		return;
	dw_audit_free(a->audit);
	dw_arena_free(a->arena); /* the object itself lies in it */
}

const char *doorward_audit_get(struct doorward_audit *a, const char *path)
{
	return dw_report_get(&a->report, path, a->arena);
}

size_t doorward_audit_count(struct doorward_audit *a, const char *path)
{
	return dw_report_count(&a->report, path);
}

_Static_assert((int)DOORWARD_TO_DO == (int)DW_REPORT_TO_DO, "one set of bits");
_Static_assert((int)DOORWARD_BLIND == (int)DW_REPORT_BLIND, "one set of bits");
_Static_assert((int)DOORWARD_NOT_ROOT == (int)DW_REPORT_NOT_ROOT, "one set of bits");

unsigned doorward_audit_outcome(const struct doorward_audit *a)
{
	return dw_report_status(&a->report);
}

const char *doorward_audit_last_error(const struct doorward_audit *a)
{
	return a->error.message;
}

/* A caller built against an older header lends a shorter struct. */
int dw_facade_style(const struct doorward_style *given, struct dw_report_style *ret,
		    struct dw_error *e)
{
	struct doorward_style s = { 0 };
	int r = 0;

	if (given)
		memcpy(&s, given, DW_MIN(given->size, sizeof(s)));
	*ret = (struct dw_report_style){ .columns = s.columns,
					 .colour = s.colour != 0,
					 .wide = s.wide != 0,
					 .quiet = s.quiet != 0,
					 .all = s.all != 0 };
	if (s.only)
		r = dw_report_only(s.only, &ret->choice.verdicts, e);
	if (r == 0 && s.sort)
		r = dw_report_sort(s.sort, &ret->choice.sort, e);
	return r;
}

int dw_facade_audit_style(struct doorward_audit *a, const struct doorward_style *given,
			  struct dw_report_style *ret)
{
	a->error = (struct dw_error){ 0 };
	return dw_facade_style(given, ret, &a->error);
}

int doorward_audit_write(struct doorward_audit *a, enum doorward_format format, FILE *out,
			 const struct doorward_style *style)
{
	_cleanup_arena_ struct dw_arena *arena = dw_arena_new();
	struct dw_report_style s;
	struct dw_report chosen;
	int r = dw_facade_audit_style(a, style, &s);

	if (r < 0)
		return r;
	if (format == DOORWARD_TEXT)
		return dw_report_text(&a->report, out, &s, &a->error);
	chosen = dw_report_choose(&a->report, &s.choice, arena);
	switch (format) {
	case DOORWARD_TEXT:
		break;
	case DOORWARD_JSON:
		return dw_report_json(&chosen, out, false, &a->error);
	case DOORWARD_JSON_INDENTED:
		return dw_report_json(&chosen, out, true, &a->error);
	case DOORWARD_JSONL:
		return dw_report_jsonl(&chosen, out, &a->error);
	case DOORWARD_CSV:
		return dw_report_csv(&chosen, out, &a->error);
	}
	return dw_error_set(&a->error, -EINVAL,
			    "an audit is written as text, JSON, JSON lines or CSV");
}
