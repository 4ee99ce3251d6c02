/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What goes into the journal. Each call is one transaction: on the disk when it returns 0, not there else. */
#include <errno.h>
#include <string.h>

#include "dw_sha256.h"
#include "dw_str.h"
#include "sqlite.h"

/* The same content is kept once, whoever names it. *ret: its name; NULL: there is no content. */
static int put_blob(struct dw_store *s, struct dw_arena *a, const void *bytes, size_t n,
		    const char **ret, struct dw_error *e)
{
	_cleanup_query_ struct query q = dw_query(
		s, "INSERT INTO blob (sha256, data) VALUES (?, ?) ON CONFLICT DO NOTHING", e);

	char *hex = dw_arena_alloc(a, DW_SHA256_HEX + 1);

	dw_sha256_hex(bytes, n, hex);
	*ret = hex;
	dw_query_text(&q, *ret);
	dw_query_bytes(&q, bytes, n);
	return dw_query_do(&q);
}

static int put_data(struct dw_store *s, struct dw_arena *a, const struct dw_bytes *b,
		    const char **ret, struct dw_error *e)
{
	*ret = NULL;
	return b->data ? put_blob(s, a, b->data, b->n, ret, e) : 0;
}

static int insert_run(struct dw_store *s, const struct dw_run *run, struct dw_error *e)
{
	_cleanup_query_ struct query q = dw_query(
		s,
		"INSERT INTO run (kind, command, user, host, version, boot_id, started, ended, "
		"state, confirm_by, confirmed, message) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
		e);

	dw_query_text(&q, run->kind ? run->kind : "close");
	dw_query_text(&q, run->command);
	dw_query_text(&q, run->user);
	dw_query_text(&q, run->host);
	dw_query_text(&q, run->version);
	dw_query_text(&q, run->boot_id);
	dw_query_int(&q, (int64_t)run->started);
	dw_query_int(&q, (int64_t)run->ended);
	dw_query_text(&q, dw_run_state_name(DW_RUN_STARTED));
	dw_query_int(&q, (int64_t)run->confirm_by);
	dw_query_int(&q, (int64_t)run->confirmed);
	dw_query_text(&q, run->message);
	return dw_query_do(&q);
}

static void bind_what(struct query *q, const struct dw_step *t)
{
	dw_query_text(q, t->notify);
	dw_query_text(q, t->label);
	dw_query_text(q, t->why);
	dw_query_text(q, t->source);
	dw_query_text(q, t->diff);
	dw_query_text(q, t->door);
	dw_query_int(q, (int64_t)t->n_doors);
	dw_query_text(q, t->command);
	dw_query_text(q, t->undo_command);
	dw_query_int(q, t->no_undo);
	dw_query_int(q, t->if_left);
}

static int insert_step(struct dw_store *s, struct dw_arena *a, int64_t run, size_t i,
		       const struct dw_run_step *p, struct dw_error *e)
{
	const char *expect_data = NULL, *want_data = NULL;
	int r = put_data(s, a, &p->step.expect.data, &expect_data, e);

	if (r == 0)
		r = put_data(s, a, &p->step.want.data, &want_data, e);
	if (r < 0)
		return r;

	_cleanup_query_ struct query q = dw_query(
		s,
		"INSERT INTO step (run, number, state, time, message, phase, manager, object, "
		"expect, expect_data, expect_hint, want, want_data, want_hint, notify, label, why, "
		"source, diff, door, doors, command, undo_command, no_undo, if_left) "
		"VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
		e);

	dw_query_int(&q, run);
	dw_query_int(&q, (int64_t)i);
	dw_query_text(&q, dw_run_step_state_name(DW_RUN_STEP_PLANNED));
	dw_query_int(&q, (int64_t)p->time);
	dw_query_text(&q, NULL);
	dw_query_text(&q, dw_store_phase_name(p->step.phase));
	dw_query_text(&q, p->step.manager);
	dw_query_text(&q, p->step.object);
	dw_query_text(&q, p->step.expect.text);
	dw_query_text(&q, expect_data);
	dw_query_text(&q, p->step.expect.hint);
	dw_query_text(&q, p->step.want.text);
	dw_query_text(&q, want_data);
	dw_query_text(&q, p->step.want.hint);
	bind_what(&q, &p->step);
	return dw_query_do(&q);
}

static int insert_door(struct dw_store *s, struct dw_arena *a, int64_t run, size_t i,
		       const struct dw_run_door *d, struct dw_error *e)
{
	_cleanup_query_ struct query q = dw_query(
		s,
		"INSERT INTO door (run, number, role, door, protocol, family, address, port, "
		"ifindex, "
		"ifname, netns, netns_inode, kind, starter, starter_id, program, service, package, "
		"lasting) VALUES (?,?,?,?,?,?,?,CASE WHEN ? THEN ? END,?,?,?,?,?,?,?,?,?,?,?)",
		e);

	dw_query_int(&q, run);
	dw_query_int(&q, (int64_t)i);
	dw_query_text(&q, dw_store_role_name(d->role));
	dw_query_text(&q, dw_endpoint_text(a, &d->at)); /* for people; what is read back is below */
	dw_query_text(&q, dw_protocol_name(d->at.protocol));
	dw_query_text(&q, dw_family_name(d->at.family));
	dw_query_bytes(&q, d->at.address, sizeof(d->at.address));
	dw_query_int(&q, d->at.has_port);
	dw_query_int(&q, d->at.port);
	dw_query_int(&q, d->at.ifindex);
	dw_query_text(&q, d->at.ifname);
	dw_query_text(&q, d->netns);
	dw_query_int(&q, d->at.netns);
	dw_query_text(&q, dw_door_kind_name(d->kind));
	dw_query_text(&q, dw_starter_kind_name(d->starter));
	dw_query_text(&q, d->starter_id);
	dw_query_text(&q, d->program);
	dw_query_text(&q, d->service);
	dw_query_text(&q, d->package);
	dw_query_int(&q, d->lasting);
	return dw_query_do(&q);
}

static int insert_unit(struct dw_store *s, int64_t run, size_t i, const char *name,
		       struct dw_error *e)
{
	_cleanup_query_ struct query q =
		dw_query(s, "INSERT INTO unit (run, number, name) VALUES (?, ?, ?)", e);

	dw_query_int(&q, run);
	dw_query_int(&q, (int64_t)i);
	dw_query_text(&q, name);
	return dw_query_do(&q);
}

static int insert_all(struct dw_store *s, const struct dw_run *run, int64_t *ret,
		      struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	int r = insert_run(s, run, e);

	*ret = s->lib.last_id(s->db);
	for (size_t i = 0; r == 0 && i < run->n_steps; i++)
		r = insert_step(s, a, *ret, i, &run->steps[i], e);
	for (size_t i = 0; r == 0 && i < run->n_doors; i++)
		r = insert_door(s, a, *ret, i, &run->doors[i], e);
	for (size_t i = 0; r == 0 && i < run->units.n; i++)
		r = insert_unit(s, *ret, i, run->units.v[i], e);
	return r;
}

int dw_store_begin(struct dw_store *s, struct dw_run *run, struct dw_error *e)
{
	int64_t id = 0;
	int r = dw_store_transaction(s, e);

	if (r < 0)
		return r;
	r = dw_store_end(s, insert_all(s, run, &id, e), e);
	if (r < 0)
		return r;
	run->id = id;
	run->state = DW_RUN_STARTED;
	for (size_t i = 0; i < run->n_steps; i++)
		run->steps[i].state = DW_RUN_STEP_PLANNED;
	return 0;
}

/* An update of exactly one row. */
static int update(struct query *q, int64_t run)
{
	int r = dw_query_do(q);

	if (r == 0 && q->s->lib.changes(q->s->db) != 1)
		return dw_error_set(q->e, -ENOENT, "the journal has no run %lld, or not that step",
				    (long long)run);
	return r;
}

int dw_store_step(struct dw_store *s, int64_t run, size_t step, enum dw_run_step_state state,
		  uint64_t time, const char *message, struct dw_error *e)
{
	int r = dw_store_transaction(s, e);

	if (r < 0)
		return r;

	_cleanup_query_ struct query q = dw_query(
		s, "UPDATE step SET state = ?, time = ?, message = ? WHERE run = ? AND number = ?",
		e);

	dw_query_text(&q, dw_run_step_state_name(state));
	dw_query_int(&q, (int64_t)time);
	dw_query_text(&q, message);
	dw_query_int(&q, run);
	dw_query_int(&q, (int64_t)step);
	r = update(&q, run);
	dw_query_free(&q);
	return dw_store_end(s, r, e);
}

int dw_store_run(struct dw_store *s, int64_t run, enum dw_run_state state, uint64_t ended,
		 const char *message, struct dw_error *e)
{
	int r = dw_store_transaction(s, e);

	if (r < 0)
		return r;

	_cleanup_query_ struct query q = dw_query(
		s,
		"UPDATE run SET state = ?, ended = coalesce(nullif(?, 0), ended), message = ? "
		"WHERE id = ?",
		e);

	dw_query_text(&q, dw_run_state_name(state));
	dw_query_int(&q, (int64_t)ended);
	dw_query_text(&q, message);
	dw_query_int(&q, run);
	r = update(&q, run);
	dw_query_free(&q);
	return dw_store_end(s, r, e);
}

int dw_store_confirm(struct dw_store *s, int64_t run, uint64_t confirmed, struct dw_error *e)
{
	int r = dw_store_transaction(s, e);

	if (r < 0)
		return r;

	_cleanup_query_ struct query q =
		dw_query(s, "UPDATE run SET confirmed = ? WHERE id = ?", e);

	dw_query_int(&q, (int64_t)confirmed);
	dw_query_int(&q, run);
	r = update(&q, run);
	dw_query_free(&q);
	return dw_store_end(s, r, e);
}

static int insert_saved(struct dw_store *s, int64_t run, const char *object, const char *name,
			const char *hash, struct dw_error *e)
{
	_cleanup_query_ struct query q =
		dw_query(s,
			 "INSERT INTO saved (run, object, name, sha256) VALUES (?, ?, ?, ?) "
			 "ON CONFLICT DO UPDATE SET sha256 = excluded.sha256",
			 e);

	dw_query_int(&q, run);
	dw_query_text(&q, object);
	dw_query_text(&q, name);
	dw_query_text(&q, hash);
	return dw_query_do(&q);
}

int dw_store_save(struct dw_store *s, int64_t run, const char *object, const char *name,
		  const void *bytes, size_t n, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const char *hash = NULL;
	int r = dw_store_transaction(s, e);

	if (r < 0)
		return r;
	r = put_blob(s, a, bytes, n, &hash, e);
	if (r == 0)
		r = insert_saved(s, run, object, name, hash, e);
	return dw_store_end(s, r, e);
}
