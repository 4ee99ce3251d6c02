/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every change needs: the host, the journal under its lock, who does it, progress. */
#include <errno.h>
#include <string.h>

#include "change-private.h"
#include "dw_bus.h"
#include "dw_change.h"
#include "dw_parse.h"
#include "dw_str.h"
#include "dw_wait.h"

#define DEFAULT_PROGRAM "/usr/bin/doorward"

void doorward_set_state_directory(struct doorward *d, const char *directory)
{
	(void)dw_facade_begin(d);
	dw_facade_replace(&d->state, directory);
}

void doorward_set_program(struct doorward *d, const char *file)
{
	(void)dw_facade_begin(d);
	dw_facade_replace(&d->program, file);
}

const char *dw_change_state(const struct doorward *d)
{
	return d->state ? d->state : DW_STORE_DIRECTORY;
}

const char *const *dw_change_command(const struct doorward *d, const char *const *words,
				     struct dw_arena *a)
{
	struct dw_strings v = { 0 };

	dw_vec_push(a, &v, d->program ? dw_arena_strdup(a, d->program) : DEFAULT_PROGRAM);
	for (; *words; words++)
		dw_vec_push(a, &v, *words);
	if (d->state) {
		dw_vec_push(a, &v, "--state");
		dw_vec_push(a, &v, dw_arena_strdup(a, d->state));
	}
	dw_vec_push(a, &v, NULL);
	return (const char *const *)v.v;
}

/* What was only to be stopped if it were left, and was not; what failed, and so is not to be put back. */
static bool no_news(const struct dw_run_step *s, bool undo)
{
	return (s->step.if_left && s->state == DW_RUN_STEP_ALREADY) ||
	       (undo && s->state == DW_RUN_STEP_FAILED);
}

/* The executor tells of each step twice: when it begins and when it ends. */
static void tell(void *data, const struct dw_run_step *step, size_t i, size_t n, bool undo)
{
	struct changing *c = data;
	bool ends = c->begun == i + 1 && c->begun_undo == undo;

	if (c->o.stop && *c->o.stop)
		c->stop = true;
	if (c->o.tell)
		c->o.tell(c->o.data, dw_report_step_words(&step->step, c->arena),
			  !ends                 ? NULL
			  : no_news(step, undo) ? ""
						: dw_report_step_state(step->state),
			  i, n, undo);
	c->begun = ends ? 0 : i + 1;
	c->begun_undo = undo;
}

void doorward_set_notice(struct doorward *d, void (*fn)(void *data, const char *text), void *data)
{
	(void)dw_facade_begin(d);
	d->notice = fn;
	d->notice_data = data;
}

/* Killed behind the timer's making and before anything was changed, a trial leaves it to wait for nothing. */
static void unguard_settled(struct changing *c, const struct dw_run *runs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (runs[i].confirm_by > 1 &&
		    (runs[i].state == DW_RUN_STARTED || runs[i].state == DW_RUN_UNDOING))
			dw_change_unguard(c, runs[i].id);
}

/* Said only when it went well: else the error says it. */
static void tell_settled(struct changing *c, const struct dw_run *runs, size_t n)
{
	for (size_t i = 0; i < n && c->d->notice; i++) {
		long long id = (long long)runs[i].id;
		const char *text = NULL;

		if (runs[i].state == DW_RUN_STARTED)
			text = dw_arena_printf(c->arena,
					       "run %lld was interrupted earlier: it was put back "
					       "first",
					       id);
		else if (runs[i].state == DW_RUN_UNDOING)
			text = dw_arena_printf(c->arena,
					       "the undo of run %lld was interrupted earlier: it "
					       "was completed first",
					       id);
		if (text)
			c->d->notice(c->d->notice_data, text);
	}
}

static int settle(struct changing *c, struct dw_error *e)
{
	struct dw_error own = { 0 };
	struct dw_run *runs = NULL;
	size_t n = 0;
	int r = dw_store_runs(c->store, c->arena, &runs, &n, &own);

	for (size_t i = 0; r == 0 && i < n && !c->interrupted; i++)
		if (runs[i].state == DW_RUN_STARTED || runs[i].state == DW_RUN_UNDOING)
			c->interrupted = runs[i].id;
	if (r == 0)
		r = dw_apply_settle(&c->apply, &own);
	/* what could not be put back is in the journal now, and the user has to know before more is changed */
	if (r < 0)
		return dw_error_set(e, r, "%s (an earlier run was interrupted)", own.message);
	if (r > 0) {
		unguard_settled(c, runs, n);
		tell_settled(c, runs, n);
	}
	return 0;
}

static int open_store(struct changing *c, bool create, const char *what, struct dw_error *e)
{
	int r = dw_store_open(dw_change_state(c->d), create, &c->store, e);

	if (r < 0)
		return r;
	if (c->d->hooks.opened)
		c->d->hooks.opened(c->d->hooks.data, c->sys, c->store);
	return dw_store_lock(c->store, c->o.command ? c->o.command : what, e);
}

int dw_change_open(struct doorward *d, bool create, const char *what,
		   const struct doorward_close_options *o, struct changing *c, struct dw_error *e)
{
	int r;

	c->d = d;
	c->arena = dw_arena_new();
	if (o)
		memcpy(&c->o, o, DW_MIN(o->size, sizeof(c->o)));
	r = dw_facade_open_sys(d, &c->sys, e);
	if (r < 0)
		return r;
	if (!dw_sys_is_running(c->sys))
		return dw_error_set(
			e, -ENOTSUP,
			"a file system that is not running is not changed: leave --root out");
	if (dw_sys_euid(c->sys) != 0)
		return dw_error_set(e, -EPERM, "changing this host takes root: say it with sudo");
	dw_change_settle_assist(d, c->sys);
	r = open_store(c, create, what, e);
	if (r < 0)
		return r;
	c->sw = (struct dw_switch){ .sys = c->sys, .arena = c->arena };
	c->apply = (struct dw_apply){ .sw = &c->sw,
				      .store = c->store,
				      .find = dw_switch_find,
				      .notify = dw_switch_notify,
				      .ready = dw_switch_ready,
				      .tell = tell,
				      .tell_data = c,
				      .stop = &c->stop };
	return settle(c, e);
}

void dw_change_close(struct changing *c)
{
	if (c->store && c->d->hooks.closing)
		c->d->hooks.closing(c->d->hooks.data, c->sys, c->store);
	dw_switch_close(&c->sw);
	dw_store_free(c->store);
	dw_sys_free(c->sys);
	dw_arena_free(c->arena);
}

/* What an interrupted run stopped was started again just now: it opens its doors when it is ready. */
#define BACK_LOOKS 10
#define BACK_EVERY 500 /* ms */

static bool is_open(const struct doorward_audit *a, const struct dw_run_door *d)
{
	const struct dw_snapshot *s = a->report.snapshot;

	for (size_t i = 0; i < s->n_doors; i++) {
		const struct dw_endpoint *at = &s->doors[i].at;

		if (s->doors[i].kind != DW_KIND_SLEEPING &&
		    dw_streq0(s->doors[i].netns, d->netns) && at->protocol == d->at.protocol &&
		    at->family == d->at.family && at->port == d->at.port &&
		    memcmp(at->address, d->at.address, sizeof(at->address)) == 0)
			return true;
	}
	return false;
}

static bool all_open(const struct doorward_audit *a, const struct dw_run *run)
{
	for (size_t i = 0; i < run->n_doors; i++) {
		const struct dw_run_door *d = &run->doors[i];

		if (d->role == DW_RUN_DOOR_CLOSED && d->kind != DW_KIND_SLEEPING && d->lasting &&
		    !is_open(a, d))
			return false;
	}
	return true;
}

static void await_doors(struct changing *c)
{
	struct dw_run run;

	if (dw_store_load(c->store, c->interrupted, c->arena, &run, NULL) < 0)
		return;
	for (unsigned i = 0; i < BACK_LOOKS; i++) {
		struct doorward_audit *a;
		bool all;

		if (doorward_audit_run(c->d, &a) < 0)
			return;
		all = all_open(a, &run);
		doorward_audit_free(a);
		if (all)
			return;
		dw_sys_pause(c->sys, BACK_EVERY);
	}
}

int doorward_settle(struct doorward *d)
{
	_cleanup_change_ struct changing c = { 0 };
	int r = dw_change_open(d, false, "doorward", NULL, &c, dw_facade_begin(d));

	if (r == 0 && c.interrupted)
		await_doors(&c);
	return r == -ENOENT ? 0 : r; /* no journal: nothing was ever changed */
}

/* --- a run ---------------------------------------------------------------------------------------- */

static const char *first_line(struct dw_sys *sys, const char *path, struct dw_arena *a)
{
	struct dw_bytes content;

	if (dw_sys_file_read(sys, path, 4096, a, &content, NULL) < 0 || !content.n)
		return NULL;
	content.data[strcspn(content.data, "\n")] = '\0';
	return content.data;
}

/* Who logged in, whatever he is now: proc(5), loginuid. Services have none. */
static const char *user(struct dw_sys *sys, struct dw_arena *a)
{
	const char *login = first_line(sys, "/proc/self/loginuid", a);
	uint64_t uid = dw_sys_euid(sys);
	const char *name;

	if (login && dw_parse_u64(login, 10, UINT32_MAX, &uid) && uid == UINT32_MAX)
		uid = dw_sys_euid(sys);
	name = dw_sys_user_name(sys, (uint32_t)uid);
	return name ? dw_arena_strdup(a, name)
		    : dw_arena_printf(a, "%llu", (unsigned long long)uid);
}

const char *dw_change_boot_id(struct dw_sys *sys, struct dw_arena *a)
{
	return first_line(sys, "/proc/sys/kernel/random/boot_id", a);
}

void dw_change_describe(struct changing *c, const char *kind, struct dw_run *run)
{
	run->kind = kind;
	run->command = c->o.command ? dw_arena_strdup(c->arena, c->o.command) : kind;
	run->user = user(c->sys, c->arena);
	run->host = dw_sys_hostname(c->sys, c->arena);
	run->version = DW_VERSION;
	run->boot_id = dw_change_boot_id(c->sys, c->arena);
	run->started = dw_sys_now(c->sys);
	run->state = DW_RUN_STARTED;
}

/* Sessions, and what exists for their sake, come and go with people. */
static bool is_of_a_session(const char *unit)
{
	return dw_starts_with(unit, "user@") || dw_starts_with(unit, "user-runtime-dir@") ||
	       dw_starts_with(unit, "session-");
}

bool dw_change_units(struct dw_sys *sys, struct dw_arena *a, struct dw_strings *ret)
{
	static const char *const patterns[] = { "*.service", "*.socket", "*.path", "*.timer",
						NULL };
	_cleanup_(dw_cleanup_bus) struct dw_bus *bus = NULL;
	struct dw_bus_unit *v = NULL;
	size_t n = 0;

	*ret = (struct dw_strings){ 0 };
	if (dw_bus_open(sys, &bus, NULL) < 0 ||
	    dw_bus_list_units(bus, patterns, a, &v, &n, NULL) < 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (dw_streq0(v[i].active_state, "active") && !is_of_a_session(v[i].name))
			dw_vec_push(a, ret, v[i].name);
	return true;
}
