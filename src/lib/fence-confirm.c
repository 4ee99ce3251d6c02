/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keeping the fence, or not. That an old connection lives on says nothing of the rules: connection tracking lets it. So
 * whoever confirms must have come by a connection that was made behind them; at a console there is none to be cut.
 */
#include <errno.h>
#include <string.h>

#include "dw_bus.h"
#include "dw_collect.h"
#include "dw_nft.h"
#include "dw_starters.h"
#include "dw_str.h"
#include "fence-private.h"

/* With the run, in the journal: a connection a line, the one it was made by on a line of its own. */
#define KEPT_OBJECT "fence"
#define KEPT_ALL    "connections"
#define KEPT_MINE   "applied-by"
#define KEPT_MAX    ((size_t)8 * 1024 * 1024)

#define UNIT      "doorward-fence.service"
#define UNIT_FILE "/etc/systemd/system/" UNIT

struct dw_facts *dw_fence_connections(struct dw_sys *s, struct dw_error *e)
{
	struct dw_facts *f = dw_facts_new();
	struct dw_procs *procs = dw_procs_new(s, f->arena);
	struct dw_collect c = { .sys = s, .procs = procs, .facts = f, .rungs = DW_RUNG_ALL };
	struct dw_starters starters = { .sys = s, .procs = procs, .facts = f, .arena = f->arena };
	int r = dw_collect_sockets(&c, e);

	if (r == 0)
		r = dw_collect_connections(&c, e);
	if (r == 0)
		dw_starters_session(&starters);
	dw_collect_close(&c);
	dw_procs_close(procs);
	if (r == 0)
		return f;
	dw_facts_free(f);
	return NULL;
}

const struct dw_connection_fact *dw_fence_mine(const struct dw_facts *f)
{
	for (size_t i = 0; f && i < f->connections.n; i++)
		if (f->connections.v[i].session)
			return &f->connections.v[i];
	return NULL;
}

static const char *end_text(struct dw_arena *a, enum dw_family family, const uint8_t address[16],
			    uint32_t port)
{
	struct dw_endpoint at = { .family = family };

	memcpy(at.address, address, sizeof(at.address));
	return dw_arena_printf(a, family == DW_FAMILY_IPV6 ? "[%s]:%u" : "%s:%u",
			       dw_endpoint_address(a, &at), port);
}

const char *dw_fence_connection_text(struct dw_arena *a, const struct dw_connection_fact *c)
{
	return dw_arena_printf(a, "%s to %s", end_text(a, c->at.family, c->peer, c->peer_port),
			       end_text(a, c->at.family, c->at.address, c->at.port));
}

int dw_fence_keep_connections(struct dw_store *s, int64_t run, const struct dw_facts *f,
			      struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct dw_connection_fact *mine = dw_fence_mine(f);
	const char *mine_text = mine ? dw_fence_connection_text(a, mine) : "";
	struct dw_str all = { .arena = a };
	int r;

	for (size_t i = 0; i < f->connections.n && all.n < KEPT_MAX - 256; i++)
		dw_str_addf(&all, "%s\n", dw_fence_connection_text(a, &f->connections.v[i]));
	r = dw_store_save(s, run, KEPT_OBJECT, KEPT_ALL, all.n ? all.s : "", all.n, e);
	if (r == 0)
		r = dw_store_save(s, run, KEPT_OBJECT, KEPT_MINE, mine_text, strlen(mine_text), e);
	return r;
}

static bool has_line(const struct dw_bytes *text, const char *wanted)
{
	struct dw_lines it = dw_lines_of(text);
	size_t length = strlen(wanted), n;
	const char *line;

	while (dw_lines_next(&it, &line, &n))
		if (n == length && memcmp(line, wanted, n) == 0)
			return true;
	return false;
}

int dw_fence_may_confirm(struct changing *c, int64_t run, struct dw_error *e)
{
	struct dw_bytes all = { 0 };
	const struct dw_connection_fact *mine;
	struct dw_facts *f;
	const char *text;
	int r = dw_store_saved_read(c->store, run, KEPT_OBJECT, KEPT_ALL, c->arena, &all, e);

	if (r < 0)
		return r;
	f = dw_fence_connections(c->sys, e);
	if (!f)
		return dw_error_set(
			e, -EISCONN,
			"it could not be seen by which connection you came, so run %lld is "
			"not confirmed: say it as root, or at a console",
			(long long)run);
	mine = dw_fence_mine(f);
	text = mine ? dw_fence_connection_text(c->arena, mine) : NULL;
	dw_facts_free(f);
	if (!text || !has_line(&all, text))
		return 0;
	return dw_error_set(
		e, -EISCONN,
		"your connection (%s) was there before the rules were loaded, so it "
		"proves nothing: log in anew, and say `doorward fence confirm` there; run "
		"%lld stays on trial",
		text, (long long)run);
}

void dw_fence_put_back(struct changing *c, int64_t id)
{
	const struct dw_switch_ops *ops = dw_switch_find("fence");
	struct dw_run run = { 0 };

	if (dw_store_load(c->store, id, c->arena, &run, NULL) < 0)
		return;
	for (size_t i = 0; i < run.n_steps; i++) {
		const struct dw_step *t = &run.steps[i].step;
		struct dw_state now = { 0 };

		if (dw_streq0(t->manager, "fence") &&
		    ops->state(&c->sw, t->object, &now, NULL) == 0 &&
		    dw_streq0(now.text, t->want.text))
			(void)ops->set(&c->sw, t->object, &now, &t->expect, NULL);
	}
}

static bool is_of_the_fence(const struct dw_run *run)
{
	for (size_t i = 0; i < run->n_steps; i++)
		if (dw_streq0(run->steps[i].step.manager, "fence"))
			return true;
	return false;
}

void dw_fence_forget_unit(struct changing *c, const struct dw_run *run)
{
	static const char *const units[] = { UNIT };
	_cleanup_(dw_cleanup_bus) struct dw_bus *bus = NULL;

	if (is_of_the_fence(run) && !dw_sys_file_exists(c->sys, UNIT_FILE) &&
	    dw_bus_open(c->sys, &bus, NULL) == 0)
		(void)dw_bus_units_act(bus, DW_BUS_STOP, units, 1, DW_GRACE_MS, NULL);
}

/* It only sets what a boot sets, and its message is the caller's to tell or not. */
static int start_unit(struct changing *c, struct dw_error *e)
{
	static const char *const units[] = { UNIT };
	_cleanup_(dw_cleanup_bus) struct dw_bus *bus = NULL;
	int r;

	/* loaded again, the table would be the last one of all, and an undo not byte for byte as before */
	r = dw_nft_is_followed(c->sys, NULL, e);
	if (r > 0)
		return dw_error_set(
			e, -EBUSY,
			"other tables of the packet filter were loaded behind " DW_FENCE_OBJECT);
	if (r == 0)
		r = dw_bus_open(c->sys, &bus, e);
	return r < 0 ? r : dw_bus_units_act(bus, DW_BUS_START, units, 1, DW_GRACE_MS, e);
}

void dw_fence_wake_unit(struct changing *c, const struct dw_run *run)
{
	const struct doorward *d = c->d;
	struct dw_error e = { 0 };

	if (!is_of_the_fence(run) || !dw_sys_file_exists(c->sys, UNIT_FILE) ||
	    start_unit(c, &e) >= 0 || !d->notice)
		return;
	d->notice(d->notice_data,
		  dw_arena_printf(c->arena,
				  UNIT
				  " begins with the next boot (%.200s): until then a reload of "
				  "nftables.service takes the rules away",
				  e.message));
}

/* --- confirm and revert ----------------------------------------------------------------------------------- */

static bool is_fence(const struct dw_run *r)
{
	return dw_streq0(r->kind, "fence");
}

static bool waits(const struct dw_run *r)
{
	return is_fence(r) && r->state == DW_RUN_DONE && r->confirm_by && !r->confirmed;
}

static bool is_in_force(const struct dw_run *r)
{
	return is_fence(r) && (r->state == DW_RUN_DONE || r->state == DW_RUN_FAILED ||
			       r->state == DW_RUN_PARTLY_UNDONE);
}

/* The newest of those; 0: there is none. */
static int newest(struct changing *c, bool (*is)(const struct dw_run *r), int64_t *ret,
		  struct dw_error *e)
{
	struct dw_run *runs = NULL;
	size_t n = 0;
	int r = dw_store_runs(c->store, c->arena, &runs, &n, e);

	*ret = 0;
	for (size_t i = 0; r == 0 && i < n && *ret == 0; i++)
		if (is(&runs[i]))
			*ret = runs[i].id;
	return r;
}

int doorward_fence_confirm(struct doorward *d, long long *ret_run)
{
	struct dw_error *e = dw_facade_begin(d);
	int64_t id = 0;
	int r;

	{
		_cleanup_change_ struct changing c = { 0 };

		r = dw_change_open(d, false, "doorward fence confirm", NULL, &c, e);
		if (r == 0)
			r = newest(&c, waits, &id, e);
	}
	if (r == -ENOENT || (r == 0 && id == 0))
		return dw_error_set(e, -EALREADY,
				    "no fence is on trial: there is nothing to confirm");
	return r < 0 ? r : doorward_confirm(d, id, ret_run);
}

int doorward_fence_revert(struct doorward *d, const struct doorward_close_options *o,
			  long long *ret_run)
{
	struct dw_error *e = dw_facade_begin(d);
	int64_t id = 0, interrupted = 0;
	int r;

	*ret_run = 0;
	{
		_cleanup_change_ struct changing c = { 0 };

		r = dw_change_open(d, false, "doorward fence revert", o, &c, e);
		interrupted = c.interrupted;
		if (r == 0)
			r = newest(&c, is_in_force, &id, e);
	}
	if (r == 0 && interrupted) { /* put back just now, and that is what was meant */
		*ret_run = interrupted;
		return 0;
	}
	if (r == -ENOENT || (r == 0 && id == 0))
		return dw_error_set(e, -EALREADY,
				    "no fence is in force: nothing is to be reverted");
	return r < 0 ? r : doorward_undo(d, id, 0, o, ret_run);
}
