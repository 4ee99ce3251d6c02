/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pipeline of an audit: each part leaves its facts, join and judge make findings of them. */
#include "dw_audit.h"

#include <errno.h>

#include "audit-private.h"
#include "dw_join.h"
#include "dw_policy_file.h"
#include "dw_store_scan.h"
#include "dw_str.h"

static void tell(const struct auditing *a, const char *part)
{
	if (a->options->progress)
		a->options->progress(a->options->progress_data, part);
}

/* A part that failed as a whole leaves a note; the others still run. */
static void note(struct auditing *a, const char *what, const char *part, int r,
		 const struct dw_error *e)
{
	if (r < 0)
		dw_facts_incomplete(a->facts, what, NULL, 0, true, "%s: %s", part, e->message);
}

static const char *manager_of(struct auditing *a, const char *init)
{
	if (init && dw_streq(init, "sysvinit") &&
	    dw_sys_file_exists(a->sys, "/run/openrc/softlevel"))
		return "openrc";
	return init;
}

static void collect(struct auditing *a)
{
	struct dw_collect *c = &a->collect;
	struct dw_error e = { 0 };

	tell(a, "sockets");
	note(a, "no-sockets", "sockets could not be listed", dw_collect_sockets(c, &e), &e);
	tell(a, "connections");
	note(a, "no-connections", "connections could not be listed", dw_collect_connections(c, &e),
	     &e);
	tell(a, "forwarded ports");
	note(a, "no-redirects", "forwarded ports could not be listed", dw_collect_redirects(c, &e),
	     &e);
	tell(a, "kernel services");
	note(a, "no-kernel", "kernel services could not be listed", dw_collect_kernel(c, &e), &e);
	if (c->hidden) {
		tell(a, "hidden sockets");
		note(a, "no-hidden", "hidden sockets could not be looked for",
		     dw_collect_hidden(c, &e), &e);
	}
	/* who asks for them says what is unknown without; most audits need none */
	if (a->options->addresses || (a->options->state && dw_store_has_scans(a->options->state)))
		(void)dw_collect_addresses(c, NULL);
}

static void not_root(struct auditing *a)
{
	if (dw_sys_is_running(a->sys) && dw_sys_euid(a->sys) != 0)
		dw_facts_incomplete(a->facts, "not-root", NULL, 0, true,
				    "not run as root: holders of other users' sockets, other "
				    "network namespaces "
				    "and packet filters could not be seen");
}

/* Numbers stand where names would: not blind, for no door is missed by it. */
static void bad_user(void *arg, unsigned line, const char *why)
{
	dw_facts_incomplete(arg, "bad-line", "/etc/passwd", line, false, "%s", why);
}

/* Before anything is looked at: what a policy with mistakes would have said is not known, so nothing is listed. */
static int read_policy(struct auditing *a, struct dw_error *e)
{
	struct dw_policy_problems problems = { 0 };
	int r;

	r = dw_policy_load(a->sys, a->options->policy, a->facts->arena, a->knowledge, &problems,
			   &a->policy, e);
	if (e && r < 0)
		e->code = -EBADMSG;
	return r < 0 ? -EBADMSG : 0;
}

static void begin(struct auditing *a)
{
	a->procs = dw_procs_new(a->sys, a->facts->arena);
	not_root(a);
	a->collect = (struct dw_collect){
		.sys = a->sys,
		.procs = a->procs,
		.facts = a->facts,
		.rungs = a->options->rungs ? a->options->rungs : DW_RUNG_ALL,
		.hidden = a->options->hidden,
	};
}

/* What needs nothing of the sockets. */
static void prepare(struct auditing *a)
{
	const char *init = dw_audit_init(a);

	a->facts->service_manager = manager_of(a, init);
	a->index = dw_knowledge_index_new(a->facts->arena, a->knowledge);
	dw_audit_starters_begin(a, init);
	dw_lib_probed_begin(a);
	dw_lib_used_begin(a);
}

struct half {
	struct auditing *a;
	bool loads;
};

static void do_half(void *arg)
{
	struct half *h = arg;

	if (h->loads)
		dw_collect_make_ready(&h->a->collect);
	else
		prepare(h->a);
}

/*
 * What takes longest is done by this thread: the start of the other one, which takes a while, is no loss then, and
 * nobody waits to be told that it has ended.
 */
static void prepare_all(struct auditing *a)
{
	if (a->procs && dw_collect_begin(&a->collect))
		dw_lib_share(do_half, &(struct half){ a, true }, &(struct half){ a, false });
	else
		prepare(a);
}

static int look(struct auditing *a, struct dw_error *e)
{
	const struct dw_audit_options *o = a->options;
	int r = o->fake ? dw_sys_open_fake(o->fake, &a->sys, e) : dw_sys_open(o->root, &a->sys, e);

	if (r < 0)
		return r;
	dw_sys_fail_at(a->sys, o->fail_at, o->fail_code);
	a->facts = dw_facts_new();
	a->facts->host = dw_sys_hostname(a->sys, a->facts->arena);
	a->facts->time = dw_sys_now(a->sys);
	a->facts->method = "offline";
	a->knowledge = dw_lib_knowledge(a->sys, a->facts);
	r = read_policy(a, e);
	if (r < 0)
		return r;
	if (dw_sys_is_running(a->sys))
		begin(a);
	prepare_all(a);
	if (a->procs)
		collect(a);
	tell(a, "starters");
	dw_audit_starters(a);
	tell(a, "packages");
	dw_audit_packages(a);
	dw_sys_users_bad(a->sys, bad_user, a->facts);
	return 0;
}

/* Doors, and what is asked of the host once they are known. */
static struct dw_snapshot *make_snapshot(struct auditing *a)
{
	struct dw_snapshot *s = dw_join(a->facts);

	tell(a, "packet filter");
	dw_lib_filtered(a, s);
	s->incomplete = a->facts->incomplete.v;
	s->n_incomplete = a->facts->incomplete.n;
	s->addresses = a->facts->addresses.v;
	s->n_addresses = a->facts->addresses.n;
	dw_lib_probed(a, s);
	dw_lib_used(a, s);
	return s;
}

static void close_all(struct auditing *a)
{
	if (a->collect.sys)
		dw_collect_close(&a->collect);
	dw_procs_close(a->procs);
	dw_sys_free(a->sys);
	dw_store_free(a->scans);
	dw_usage_store_free(a->usage);
}

int dw_audit_run(const struct dw_audit_options *o, struct dw_audit **ret, struct dw_error *e)
{
	struct auditing a = { .options = o };
	struct dw_audit *result;
	int r = look(&a, e);
	struct dw_snapshot *snapshot = r < 0 ? NULL : make_snapshot(&a);
	unsigned calls = a.sys ? dw_sys_calls(a.sys) : 0;

	close_all(&a);
	if (r < 0) {
		dw_facts_free(a.facts);
		return r;
	}
	result = calloc(1, sizeof(*result));
	if (!result)
		dw_oom();
	result->calls = calls;
	result->looked = true;
	result->root = o->root ? dw_arena_strdup(a.facts->arena, o->root) : NULL;
	result->fake = o->fake ? dw_arena_strdup(a.facts->arena, o->fake) : NULL;
	result->facts = a.facts;
	result->snapshot = snapshot;
	result->policy = a.policy;
	result->knowledge = a.knowledge;
	result->findings =
		dw_judge(result->snapshot, &(struct dw_judge_input){ .policy = a.policy,
								     .knowledge = a.knowledge,
								     .index = a.index,
								     .share = dw_lib_share });
	*ret = result;
	return 0;
}

void dw_audit_free(struct dw_audit *a)
{
	if (!a)
		return;
	dw_findings_free(a->findings);
	dw_snapshot_free(a->snapshot);
	dw_facts_free(a->facts);
	free(a);
}
