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

static const char *run_state(unsigned i)
{
	return dw_run_state_name((enum dw_run_state)i);
}

static const char *step_state(unsigned i)
{
	return dw_run_step_state_name((enum dw_run_step_state)i);
}

static const char *phase(unsigned i)
{
	return dw_store_phase_name((enum dw_phase)i);
}

static const char *family(unsigned i)
{
	return dw_family_name((enum dw_family)i);
}

static const char *kind(unsigned i)
{
	return dw_door_kind_name((enum dw_door_kind)i);
}

static const char *starter(unsigned i)
{
	return dw_starter_kind_name((enum dw_starter_kind)i);
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
	ret->state = dw_store_word(dw_column_text(q, a), run_state, DW_RUN_COUNT);
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
	int r;

	ret->state = dw_store_word(dw_column_text(q, a), step_state, DW_RUN_STEP_COUNT);
	ret->time = (uint64_t)dw_column_int(q);
	ret->message = dw_column_text(q, a);
	t->phase = dw_store_word(dw_column_text(q, a), phase, DW_PHASE_COUNT);
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
	if (!ret->state || !t->phase)
		return damaged(q, "a step is in a state or phase that is none");
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
	struct dw_bytes address;
	const char *protocol;

	ret->role =
		dw_store_word(dw_column_text(q, a), dw_store_role_name, DW_RUN_DOOR_NARROWED + 1);
	protocol = dw_column_text(q, a);
	ret->at.protocol = protocol ? dw_protocol_parse(protocol) : DW_PROTOCOL_UNKNOWN;
	ret->at.family = dw_store_word(dw_column_text(q, a), family, DW_FAMILY_COUNT);
	address = dw_column_bytes(q, a);
	ret->at.has_port = dw_column_int(q) != 0;
	ret->at.port = (uint32_t)dw_column_int(q);
	ret->at.ifindex = (uint32_t)dw_column_int(q);
	ret->at.ifname = dw_column_text(q, a);
	ret->netns = dw_column_text(q, a);
	ret->at.netns = (uint32_t)dw_column_int(q);
	ret->kind = dw_store_word(dw_column_text(q, a), kind, DW_KIND_COUNT);
	ret->starter = dw_store_word(dw_column_text(q, a), starter, DW_STARTER_COUNT);
	ret->starter_id = dw_column_text(q, a);
	ret->program = dw_column_text(q, a);
	ret->service = dw_column_text(q, a);
	ret->package = dw_column_text(q, a);
	ret->lasting = dw_column_int(q) != 0;
	if (address.n != sizeof(ret->at.address))
		return damaged(q, "an address is none");
	memcpy(ret->at.address, address.data, sizeof(ret->at.address));
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
		return dw_error_set(e, -ENOENT, "there is no run %lld: doorward history has all",
				    (long long)id);
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
