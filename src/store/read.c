/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What comes out of the journal. A word or number that this program does not know is damage, never guessed at. */
#include <errno.h>
#include <string.h>

#include "dw_sha256.h"
#include "dw_str.h"
#include "sqlite.h"

#define RUN_COLUMNS                                                                                \
	"SELECT id, kind, command, user, host, version, boot_id, started, ended, state, "          \
	"confirm_by, confirmed, message FROM run "

static int damaged(struct query *q, const char *what)
{
	return dw_error_set(q->e, -EBADMSG,
			    "%s/" JOURNAL_NAME
			    " is damaged: %s. Keep a copy of the directory, and move "
			    "it away to begin a new journal",
			    q->s->directory, what);
}

static enum dw_run_state run_state(const char *name)
{
	for (unsigned i = 0; name && i < DW_RUN_COUNT; i++)
		if (dw_streq(name, dw_run_state_name((enum dw_run_state)i)))
			return (enum dw_run_state)i;
	return DW_RUN_UNKNOWN;
}

static enum dw_run_step_state step_state(const char *name)
{
	for (unsigned i = 0; name && i < DW_RUN_STEP_COUNT; i++)
		if (dw_streq(name, dw_run_step_state_name((enum dw_run_step_state)i)))
			return (enum dw_run_step_state)i;
	return DW_RUN_STEP_UNKNOWN;
}

static int read_run(struct query *q, struct dw_arena *a, struct dw_run *ret)
{
	*ret = (struct dw_run){ .id = dw_column_int(q) };
	ret->kind = dw_column_text(q, a);
	ret->command = dw_column_text(q, a);
	ret->user = dw_column_text(q, a);
	ret->host = dw_column_text(q, a);
	ret->version = dw_column_text(q, a);
	ret->boot_id = dw_column_text(q, a);
	ret->started = (uint64_t)dw_column_int(q);
	ret->ended = (uint64_t)dw_column_int(q);
	ret->state = run_state(dw_column_text(q, a));
	ret->confirm_by = (uint64_t)dw_column_int(q);
	ret->confirmed = (uint64_t)dw_column_int(q);
	ret->message = dw_column_text(q, a);
	return ret->state ? 0 : damaged(q, "a run is in a state that is none");
}

int dw_store_runs(struct dw_store *s, struct dw_arena *a, struct dw_run **ret, size_t *ret_n,
		  struct dw_error *e)
{
	_cleanup_query_ struct query q = dw_query(s, RUN_COLUMNS "ORDER BY id DESC", e);
	DW_VEC(struct dw_run) runs = { 0 };
	int r;

	while ((r = dw_query_step(&q)) > 0) {
		r = read_run(&q, a, dw_vec_add(a, &runs));
		if (r < 0)
			break;
	}
	if (r < 0)
		return r;
	*ret = runs.v;
	*ret_n = runs.n;
	return 0;
}

/* Content is held to its name: putting back wrong bytes is worse than saying so. */
static int read_data(struct query *q, struct dw_arena *a, struct dw_bytes *ret)
{
	const char *hash = dw_column_text(q, a);
	char hex[DW_SHA256_HEX + 1];

	*ret = dw_column_bytes(q, a);
	if (!hash)
		return 0;
	dw_sha256_hex(ret->data, ret->n, hex);
	if (!ret->data || !dw_streq(hex, hash))
		return damaged(q, "a content is not what its name says");
	return 0;
}

static int read_state(struct query *q, struct dw_arena *a, struct dw_state *ret)
{
	ret->text = dw_column_text(q, a);
	ret->hint = dw_column_text(q, a);
	return read_data(q, a, &ret->data);
}

static int read_step(struct query *q, struct dw_arena *a, struct dw_run_step *ret)
{
	struct dw_step *t = &ret->step;
	int64_t phase;
	int r;

	ret->state = step_state(dw_column_text(q, a));
	ret->time = (uint64_t)dw_column_int(q);
	ret->message = dw_column_text(q, a);
	phase = dw_column_int(q);
	t->manager = dw_column_text(q, a);
	t->object = dw_column_text(q, a);
	r = read_state(q, a, &t->expect);
	if (r == 0)
		r = read_state(q, a, &t->want);
	if (r < 0)
		return r;
	t->notify = dw_column_text(q, a);
	t->label = dw_column_text(q, a);
	t->why = dw_column_text(q, a);
	t->source = dw_column_text(q, a);
	t->diff = dw_column_text(q, a);
	t->door = dw_column_text(q, a);
	t->n_doors = (size_t)dw_column_int(q);
	t->command = dw_column_text(q, a);
	t->undo_command = dw_column_text(q, a);
	t->no_undo = dw_column_int(q) != 0;
	t->if_left = dw_column_int(q) != 0;
	if (!ret->state || phase <= DW_PHASE_UNKNOWN || phase >= DW_PHASE_COUNT)
		return damaged(q, "a step is in a state or phase that is none");
	t->phase = (enum dw_phase)phase;
	return 0;
}

static int load_steps(struct dw_store *s, struct dw_arena *a, struct dw_run *run,
		      struct dw_error *e)
{
	_cleanup_query_ struct query q = dw_query(
		s,
		"SELECT state, time, message, phase, manager, object, "
		"expect, expect_hint, expect_data, b.data, want, want_hint, want_data, c.data, "
		"notify, label, why, source, diff, door, doors, command, undo_command, no_undo, "
		"if_left FROM step LEFT JOIN blob b ON b.sha256 = expect_data "
		"LEFT JOIN blob c ON c.sha256 = want_data WHERE run = ? ORDER BY number",
		e);
	DW_VEC(struct dw_run_step) steps = { 0 };
	int r;

	dw_query_int(&q, run->id);
	while ((r = dw_query_step(&q)) > 0) {
		r = read_step(&q, a, dw_vec_add(a, &steps));
		if (r < 0)
			return r;
	}
	run->steps = steps.v;
	run->n_steps = steps.n;
	return r;
}

static int read_door(struct query *q, struct dw_arena *a, struct dw_run_door *ret)
{
	int64_t role = dw_column_int(q), family, kind, starter;
	struct dw_bytes address;
	const char *protocol = dw_column_text(q, a);

	family = dw_column_int(q);
	address = dw_column_bytes(q, a);
	ret->at.has_port = dw_column_int(q) != 0;
	ret->at.port = (uint32_t)dw_column_int(q);
	ret->at.ifindex = (uint32_t)dw_column_int(q);
	ret->at.ifname = dw_column_text(q, a);
	ret->netns = dw_column_text(q, a);
	ret->at.netns = (uint32_t)dw_column_int(q);
	kind = dw_column_int(q);
	starter = dw_column_int(q);
	ret->starter_id = dw_column_text(q, a);
	ret->program = dw_column_text(q, a);
	ret->service = dw_column_text(q, a);
	ret->package = dw_column_text(q, a);
	ret->lasting = dw_column_int(q) != 0;
	if (role < 0 || role > DW_RUN_DOOR_KEPT || family < 0 || family >= DW_FAMILY_COUNT ||
	    kind < 0 || kind >= DW_KIND_COUNT || starter < 0 || starter >= DW_STARTER_COUNT ||
	    address.n != sizeof(ret->at.address))
		return damaged(q, "a door is of a kind that is none");
	memcpy(ret->at.address, address.data, sizeof(ret->at.address));
	ret->role = (unsigned)role;
	ret->at.protocol = protocol ? dw_protocol_parse(protocol) : DW_PROTOCOL_UNKNOWN;
	ret->at.family = (enum dw_family)family;
	ret->kind = (enum dw_door_kind)kind;
	ret->starter = (enum dw_starter_kind)starter;
	return 0;
}

static int load_doors(struct dw_store *s, struct dw_arena *a, struct dw_run *run,
		      struct dw_error *e)
{
	_cleanup_query_ struct query q = dw_query(
		s,
		"SELECT role, protocol, family, address, port IS NOT NULL, port, ifindex, ifname, "
		"netns, netns_inode, kind, starter, starter_id, program, service, package, lasting "
		"FROM door WHERE run = ? ORDER BY number",
		e);
	DW_VEC(struct dw_run_door) doors = { 0 };
	int r;

	dw_query_int(&q, run->id);
	while ((r = dw_query_step(&q)) > 0) {
		r = read_door(&q, a, dw_vec_add(a, &doors));
		if (r < 0)
			return r;
	}
	run->doors = doors.v;
	run->n_doors = doors.n;
	return r;
}

static int load_units(struct dw_store *s, struct dw_arena *a, struct dw_run *run,
		      struct dw_error *e)
{
	_cleanup_query_ struct query q =
		dw_query(s, "SELECT name FROM unit WHERE run = ? ORDER BY number", e);
	int r;

	dw_query_int(&q, run->id);
	while ((r = dw_query_step(&q)) > 0)
		dw_vec_push(a, &run->units, dw_column_text(&q, a));
	return r;
}

int dw_store_load(struct dw_store *s, int64_t id, struct dw_arena *a, struct dw_run *ret,
		  struct dw_error *e)
{
	_cleanup_query_ struct query q = dw_query(s, RUN_COLUMNS "WHERE id = ?", e);
	struct dw_run run = { 0 };
	int r;

	dw_query_int(&q, id);
	r = dw_query_step(&q);
	if (r == 0)
		return dw_error_set(e, -ENOENT, "there is no run %lld", (long long)id);
	if (r > 0)
		r = read_run(&q, a, &run);
	if (r == 0)
		r = load_steps(s, a, &run, e);
	if (r == 0)
		r = load_doors(s, a, &run, e);
	if (r == 0)
		r = load_units(s, a, &run, e);
	if (r == 0)
		*ret = run;
	return r;
}

int dw_store_saved(struct dw_store *s, int64_t run, struct dw_arena *a, struct dw_saved **ret,
		   size_t *ret_n, struct dw_error *e)
{
	_cleanup_query_ struct query q =
		dw_query(s,
			 "SELECT object, name, length(data) FROM saved JOIN blob USING (sha256) "
			 "WHERE run = ? ORDER BY object, name",
			 e);
	DW_VEC(struct dw_saved) all = { 0 };
	int r;

	dw_query_int(&q, run);
	while ((r = dw_query_step(&q)) > 0) {
		struct dw_saved *one = dw_vec_add(a, &all);

		one->object = dw_column_text(&q, a);
		one->name = dw_column_text(&q, a);
		one->n = (size_t)dw_column_int(&q);
	}
	if (r < 0)
		return r;
	*ret = all.v;
	*ret_n = all.n;
	return 0;
}

int dw_store_saved_read(struct dw_store *s, int64_t run, const char *object, const char *name,
			struct dw_arena *a, struct dw_bytes *ret, struct dw_error *e)
{
	_cleanup_query_ struct query q =
		dw_query(s,
			 "SELECT sha256, data FROM saved JOIN blob USING (sha256) "
			 "WHERE run = ? AND object = ? AND name = ?",
			 e);
	int r;

	dw_query_int(&q, run);
	dw_query_text(&q, object);
	dw_query_text(&q, name);
	r = dw_query_step(&q);
	if (r == 0)
		return dw_error_set(e, -ENOENT, "run %lld has saved no %s of %s", (long long)run,
				    name, object);
	return r < 0 ? r : read_data(&q, a, ret);
}
