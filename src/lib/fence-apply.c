/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Loading the fence, as a trial: first what puts it back (a unit for the next boot, a timer), then the rules,
 * then a look whether the way in is still open. What makes it last is taken when it is confirmed, by the same
 * run.
 */
#include <errno.h>
#include <string.h>

#include "dw_acked.h"
#include "dw_nft.h"
#include "dw_state.h"
#include "dw_str.h"
#include "dw_wait.h"
#include "fence-private.h"

const struct dw_boot_job dw_fence_job = {
	.early = true,
	.phase = DW_PHASE_KEEP,
	.name = "doorward-fence",
	.stands = "list table " DW_FENCE_OBJECT,
	.summary = "loads the packet filter of this host",
	.why = "it loads the confirmed rules at every boot, before there is a network",
};

/* --- steps --------------------------------------------------------------------------------------------- */

struct making {
	struct changing *c;
	struct dw_run *run;
	DW_VEC(struct dw_run_step) steps;
};

static void add(struct making *m, const struct dw_step *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		*dw_vec_add(m->c->arena, &m->steps) =
			(struct dw_run_step){ .step = v[i], .state = DW_RUN_STEP_PLANNED };
	m->run->steps = m->steps.v;
	m->run->n_steps = m->steps.n;
}

static int state_of(struct making *m, const char *manager, const char *object, struct dw_state *ret,
		    struct dw_error *e)
{
	return dw_switch_find(manager)->state(&m->c->sw, object, ret, e);
}

static void add_file(struct making *m, enum dw_phase phase, const char *path, struct dw_state now,
		     struct dw_state want)
{
	const struct dw_step t = { .phase = phase,
				   .manager = "file",
				   .object = path,
				   .expect = now,
				   .want = want,
				   .label = path,
				   .why = "the rules for every boot are kept there" };

	if (!dw_streq0(now.text, want.text))
		add(m, &t, 1);
}

static int add_directory(struct making *m, const char *path, struct dw_error *e)
{
	struct dw_state now = { 0 };
	int r = state_of(m, "file", path, &now, e);

	if (r == 0 && dw_streq0(now.text, "absent"))
		add_file(m, DW_PHASE_KEEP, path, now,
			 (struct dw_state){ .text = "directory 0755 0:0" });
	return r;
}

static int add_rules(struct making *m, const char *text, struct dw_error *e)
{
	struct dw_state now = { 0 }, want = { 0 };
	int r = add_directory(m, "/etc/doorward", e);

	if (r == 0)
		r = state_of(m, "file", DW_FENCE_FILE, &now, e);
	if (r < 0)
		return r;
	want.data = (struct dw_bytes){ dw_arena_strdup(m->c->arena, text), strlen(text) };
	want.text = dw_state_file_text(m->c->arena, 0600, 0, 0, &want.data, NULL);
	add_file(m, DW_PHASE_KEEP, DW_FENCE_FILE, now, want);
	return 0;
}

/* nft(8) alone, so that a boot is fenced whatever became of us. */
int dw_fence_boot_steps(struct dw_apply *a, const char *service_manager, struct dw_step **ret,
			size_t *ret_n, struct dw_error *e)
{
	static const char *const places[] = { "/usr/sbin/nft", "/sbin/nft", "/usr/local/sbin/nft",
					      "/usr/bin/nft" };

	for (size_t i = 0; i < DW_ARRAY_SIZE(places); i++) {
		const char *const argv[] = { places[i], "-f", DW_FENCE_FILE, NULL };

		if (dw_sys_file_exists(a->sw->sys, places[i]))
			return dw_boot_steps(a, &dw_fence_job, service_manager, argv, ret, ret_n,
					     e);
	}
	return dw_error_set(e, -ENOTSUP,
			    "there is no program nft that could load the rules at boot: install "
			    "nftables");
}

static int add_boot(struct making *m, const char *service_manager, struct dw_error *e)
{
	struct doorward *d = m->c->d;
	struct dw_step *steps = NULL;
	size_t n = 0;
	int r = dw_fence_boot_steps(&m->c->apply, service_manager, &steps, &n, e);

	if (r == 0)
		add(m, steps, n);
	if (r != -ENOTSUP)
		return r;
	if (d->notice)
		d->notice(d->notice_data,
			  dw_arena_printf(m->c->arena,
					  "no boot will load the rules of " DW_FENCE_FILE
					  " by itself: %s",
					  e->message));
	*e = (struct dw_error){ 0 };
	return 0;
}

static int add_guard(struct making *m, const char *service_manager, struct dw_error *e)
{
	static const char *const words[] = { "undo", "--expired", "--quiet", NULL };
	struct dw_step *steps = NULL;
	size_t n = 0;
	int r = dw_guard_steps(&m->c->apply, service_manager,
			       dw_change_command(m->c->d, words, m->c->arena), &steps, &n, e);

	if (r == 0)
		add(m, steps, n);
	return r;
}

static void add_table(struct making *m, struct dw_state now, struct dw_state want, const char *why)
{
	const struct dw_step t = {
		.phase = DW_PHASE_STOP,
		.manager = "fence",
		.object = DW_FENCE_OBJECT,
		.expect = now,
		.want = want,
		.label = "table " DW_FENCE_OBJECT,
		.why = why,
	};

	if (!dw_streq0(now.text, want.text))
		add(m, &t, 1);
}

/* --- proof ---------------------------------------------------------------------------------------------- */

/* What we sent is told to be there: both directions of the connection pass. In milliseconds. */
#define ACK_MS    5000
#define ACK_EVERY 50

static struct dw_tcp_ends ends_of(const struct dw_connection_fact *c)
{
	struct dw_tcp_ends t = { .v6 = c->at.family == DW_FAMILY_IPV6,
				 .local_port = (uint16_t)c->at.port,
				 .peer_port = c->peer_port };

	memcpy(t.local, c->at.address, sizeof(t.local));
	memcpy(t.peer, c->peer, sizeof(t.peer));
	return t;
}

/* True: something that was sent since `before` arrived, or nothing was sent that could. */
static bool is_alive(struct dw_sys *s, const struct dw_connection_fact *mine,
		     const struct dw_acked *before)
{
	const struct dw_tcp_ends ends = ends_of(mine);
	struct dw_acked now = { 0 };

	for (unsigned ms = 0; ms < ACK_MS; ms += ACK_EVERY) {
		int r = dw_sys_tcp_acked(s, &ends, &now, NULL);

		if (r == -ENOENT) /* it ended */
			return false;
		if (r < 0 || (now.waiting == 0 && (now.acked > before->acked || ms > 500)))
			return true;
		dw_sys_pause(s, ACK_EVERY);
	}
	return now.acked > before->acked;
}

struct loading {
	struct changing *c;
	struct doorward_rehearsal *r;
	int even_my_session;
	const char *service_manager;
	struct dw_facts *connections;          /* when the rules were loaded */
	const struct dw_connection_fact *mine; /* of them; NULL: local */
	struct dw_acked before;
};

/* "" when all is well. */
static const char *prove(struct loading *l)
{
	const char *why = NULL;

	if (!l->mine || l->even_my_session)
		return "";
	if (!is_alive(l->c->sys, l->mine, &l->before))
		return dw_arena_printf(l->c->arena, "your connection %s does not go on",
				       dw_fence_connection_text(l->c->arena, l->mine));
	if (dw_fence_way_now(l->c->sys, l->mine, l->c->arena, &why) != DW_FENCE_WAY_OPEN)
		return dw_arena_printf(l->c->arena,
				       "a new connection like yours (%s) would not be let in: %s",
				       dw_fence_connection_text(l->c->arena, l->mine),
				       why ? why : "it cannot be told");
	return "";
}

/* Before the rules are loaded: the timer, and who is connected now. */
static int on_guard(void *data, const struct dw_run *run, struct dw_error *e)
{
	struct loading *l = data;
	int r = dw_change_guard(l->c, run, e);

	if (r < 0)
		return r;
	l->connections = dw_fence_connections(l->c->sys, e);
	if (!l->connections)
		return -EIO;
	l->mine = dw_fence_mine(l->connections);
	if (l->mine) {
		const struct dw_tcp_ends ends = ends_of(l->mine);

		(void)dw_sys_tcp_acked(l->c->sys, &ends, &l->before, NULL);
	}
	return dw_fence_keep_connections(l->c->store, run->id, l->connections, e);
}

static int load(struct loading *l, struct dw_run *run, struct dw_error *e)
{
	struct changing *c = l->c;
	const char *wrong;
	int r;

	c->apply.guard = on_guard;
	c->apply.guard_data = l;
	r = dw_apply_run(&c->apply, run, e);
	if (r == 0) {
		wrong = prove(l);
		r = dw_apply_finish(&c->apply, run, !*wrong, *wrong ? wrong : NULL, e);
		if (r == -ECANCELED)
			r = dw_error_set(e, r, "%s", wrong);
	}
	if (r < 0 && run->id)
		dw_change_unguard(c, run->id);
	return r;
}

/* --- apply ---------------------------------------------------------------------------------------------- */

static int refuse(const struct loading *l, struct dw_error *e)
{
	const struct doorward_rehearsal *r = l->r;
	const char *at = r->mine ? dw_fence_connection_text(l->c->arena, r->mine) : "";

	if (l->even_my_session)
		return 0;
	if (r->way == DW_FENCE_WAY_CUT)
		return dw_error_set(e, -ECONNABORTED,
				    "these rules would cut your own way in (%s): %s; nothing was "
				    "done. --even-my-session loads them all the same, on trial",
				    at, r->way_why ? r->way_why : "no rule lets it in");
	if (r->way == DW_FENCE_WAY_UNKNOWN)
		return dw_error_set(e, -ECONNABORTED,
				    "it cannot be told whether these rules leave your own way in "
				    "(%s) open: %s; nothing was done. --even-my-session loads them "
				    "all the same, on trial",
				    at, r->way_why ? r->way_why : "it could not be rehearsed");
	return 0;
}

static int apply(struct loading *l, long long *ret_run, struct dw_error *e)
{
	struct changing *c = l->c;
	struct dw_run run = { 0 };
	struct making m = { .c = c, .run = &run };
	int r = dw_guard_free_for_trial(c->store, c->arena, e);

	if (r == 0)
		r = add_guard(&m, l->service_manager, e);
	if (r < 0 && r != -ENOTSUP) /* without a guard the next boot has no table either */
		return r;
	add_table(&m, l->r->now, l->r->want, "it lets in what the policy keeps, and nothing else");
	r = add_rules(&m, l->r->text, e);
	if (r == 0)
		r = add_boot(&m, l->service_manager, e);
	if (r < 0)
		return r;
	dw_change_describe(c, "fence", &run);
	run.confirm_by = dw_sys_now(c->sys) + c->o.trial;
	r = load(l, &run, e);
	*ret_run = run.id;
	return r;
}

int doorward_fence_apply(struct doorward *d, struct doorward_rehearsal *r, int even_my_session,
			 const struct doorward_close_options *o, long long *ret_run)
{
	_cleanup_change_ struct changing c = { 0 };
	struct loading l = { .c = &c, .r = r, .even_my_session = even_my_session };
	struct dw_error e = { 0 };
	int status;

	*ret_run = 0;
	(void)dw_facade_begin(d);
	status = dw_change_open(d, true, "doorward fence apply", o, &c, &e);
	if (c.o.trial == 0 || c.o.trial == UINT64_MAX)
		c.o.trial = DOORWARD_FENCE_CONFIRM_WITHIN;
	l.service_manager = r->audit->report.snapshot->service_manager;
	if (status == 0)
		status = refuse(&l, &e);
	if (status == 0)
		status = apply(&l, ret_run, &e);
	dw_facts_free(l.connections);
	d->error = e;
	return status;
}

/* --- off ------------------------------------------------------------------------------------------------ */

/* A table with others behind it is emptied, and goes with the next boot: an undo puts it back where it stood. */
static int without(struct making *m, const struct dw_state *now, struct dw_state *ret,
		   struct dw_error *e)
{
	struct dw_bytes table = { 0 };
	int r;

	*ret = (struct dw_state){ .text = "absent" };
	if (!now->data.data)
		return 0;
	r = dw_nft_is_followed(m->c->sys, NULL, e);
	if (r <= 0)
		return r;
	r = dw_nft_canonical(m->c->sys, "table " DW_FENCE_OBJECT " {\n}\n", m->c->arena, &table, e);
	if (r == 0)
		*ret = dw_state_fence(m->c->arena, &table);
	return r;
}

static int add_off(struct making *m, struct dw_error *e)
{
	struct dw_boot_job job = dw_fence_job;
	struct dw_state now = { 0 }, none, file = { 0 };
	struct dw_step *steps = NULL;
	size_t n = 0;
	int r = state_of(m, "fence", DW_FENCE_OBJECT, &now, e);

	if (r == 0)
		r = without(m, &now, &none, e);
	if (r < 0)
		return r;
	add_table(m, now, none, "the fence is taken away");
	job.phase = DW_PHASE_BOOT;
	job.why = "no boot loads the rules any more";
	r = dw_early_off_steps(&m->c->apply, &job, &steps, &n, e);
	if (r == 0)
		r = state_of(m, "file", DW_FENCE_FILE, &file, e);
	if (r < 0)
		return r;
	add(m, steps, n);
	add_file(m, DW_PHASE_BOOT, DW_FENCE_FILE, file, (struct dw_state){ .text = "absent" });
	return 0;
}

static int off(struct changing *c, long long *ret_run, struct dw_error *e)
{
	struct dw_run run = { 0 };
	struct making m = { .c = c, .run = &run };
	/* a trial that waits would come back over it */
	int r = dw_guard_free_for_trial(c->store, c->arena, e);

	if (r == 0)
		r = add_off(&m, e);
	if (r < 0)
		return r;
	if (run.n_steps == 0)
		return dw_error_set(
			e, -EALREADY,
			"there is no fence of doorward's here (doorward fence apply loads one)");
	dw_change_describe(c, "fence-off", &run);
	r = dw_apply_run(&c->apply, &run, e);
	if (r == 0)
		r = dw_apply_finish(&c->apply, &run, true, NULL, e);
	if (r == 0)
		dw_fence_forget_unit(c, &run);
	*ret_run = run.id;
	return r;
}

int doorward_fence_off(struct doorward *d, const struct doorward_close_options *o,
		       long long *ret_run)
{
	_cleanup_change_ struct changing c = { 0 };
	struct dw_error e = { 0 };
	int r;

	*ret_run = 0;
	(void)dw_facade_begin(d);
	r = dw_change_open(d, true, "doorward fence off", o, &c, &e);
	if (r == 0)
		r = off(&c, ret_run, &e);
	d->error = e;
	return r;
}
