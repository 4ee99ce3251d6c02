/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Baselines into the journal, and out of it. */
#include "dw_store_baseline.h"

#include <errno.h>
#include <string.h>

#include "dw_sha256.h"
#include "dw_str.h"
#include "pack.h"
#include "sqlite.h"

#define NAME_MAX_LENGTH 64

/* The words of the command line are names, numbers, files and "now": no name may be taken for another of them. */
int dw_baseline_name(const char *name, struct dw_error *e)
{
	static const char digits[] = "0123456789";
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";
	size_t n = strlen(name);

	if (n == 0 || n > NAME_MAX_LENGTH || name[strspn(name, letters)] || name[0] == '-' ||
	    name[0] == '.')
		return dw_error_set(e, -EINVAL,
				    "a baseline's name is up to %d letters, digits and . _ -, and "
				    "begins with none of . -",
				    NAME_MAX_LENGTH);
	if (!name[strspn(name, digits)])
		return dw_error_set(e, -EINVAL,
				    "a baseline's name is no number: that it gets by itself");
	if (dw_streq(name, "now") || dw_ends_with(name, ".json"))
		return dw_error_set(e, -EINVAL, "%s means something else where baselines are named",
				    name);
	return 0;
}

/* --- room ------------------------------------------------------------------------------------------ */

static int delete_one(struct dw_store *s, int64_t id, struct dw_error *e)
{
	_cleanup_query_ struct query q = dw_query(s, "DELETE FROM baseline WHERE id = ?", e);
	int r;

	dw_query_int(&q, id);
	r = dw_query_do(&q);
	if (r == 0 && s->lib.changes(s->db) == 0)
		return dw_error_set(e, -ENOENT,
				    "there is no baseline %lld: doorward baseline list has all",
				    (long long)id);
	return r;
}

/* How many there are, how long all are, and the oldest that may go; *ret_oldest 0: none may. */
static int fill(struct dw_store *s, int64_t *ret_n, int64_t *ret_bytes, int64_t *ret_oldest,
		struct dw_error *e)
{
	_cleanup_query_ struct query q =
		dw_query(s,
			 "SELECT count(*), coalesce(sum(length(document)), 0), "
			 "coalesce(min(CASE WHEN name IS NULL THEN id END), 0) FROM baseline",
			 e);
	int r = dw_query_step(&q);

	if (r <= 0)
		return r;
	*ret_n = dw_column_int(&q);
	*ret_bytes = dw_column_int(&q);
	*ret_oldest = dw_column_int(&q);
	return 0;
}

static int make_room(struct dw_store *s, size_t wanted, struct dw_error *e)
{
	int64_t n = 0, bytes = 0, oldest = 0;
	int r = fill(s, &n, &bytes, &oldest, e);

	while (r == 0 && (n >= DW_STORE_BASELINES_MAX ||
			  bytes + (int64_t)wanted > DW_STORE_BASELINE_BYTES_MAX)) {
		if (!oldest)
			return dw_error_set(e, -ENOSPC,
					    "%lld baselines are kept, all with a name, and there "
					    "is no room for one more: doorward baseline remove",
					    (long long)n);
		r = delete_one(s, oldest, e);
		if (r == 0)
			r = fill(s, &n, &bytes, &oldest, e);
	}
	return r;
}

/* --- saving ---------------------------------------------------------------------------------------- */

static int is_taken(struct dw_store *s, const char *name, struct dw_error *e)
{
	_cleanup_query_ struct query q = dw_query(s, "SELECT id FROM baseline WHERE name = ?", e);
	int r;

	dw_query_text(&q, name);
	r = dw_query_step(&q);
	if (r > 0)
		return dw_error_set(e, -EEXIST,
				    "there is a baseline \"%s\" already: doorward baseline remove "
				    "%s, or choose another name",
				    name, name);
	return r;
}

static int insert(struct dw_store *s, const struct dw_baseline *b, const char *how,
		  const struct dw_bytes *packed, const char *sha256, size_t n, struct dw_error *e)
{
	_cleanup_query_ struct query q =
		dw_query(s,
			 "INSERT INTO baseline (name, host, time, version, doors, packing, size, "
			 "sha256, document) VALUES (?,?,?,?,?,?,?,?,?)",
			 e);

	dw_query_text(&q, b->name);
	dw_query_text(&q, b->host);
	dw_query_int(&q, (int64_t)b->time);
	dw_query_text(&q, b->version);
	dw_query_int(&q, (int64_t)b->doors);
	dw_query_text(&q, how);
	dw_query_int(&q, (int64_t)n);
	dw_query_text(&q, sha256);
	dw_query_bytes(&q, packed->data, packed->n);
	return dw_query_do(&q);
}

int dw_store_baseline_save(struct dw_store *s, const struct dw_baseline *b, const void *document,
			   size_t n, int64_t *ret_id, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	char sha256[DW_SHA256_HEX + 1];
	struct dw_bytes packed = { 0 };
	int64_t id = 0;
	const char *how;
	int r = b->name ? dw_baseline_name(b->name, e) : 0;

	if (r < 0)
		return r;
	if (n > DW_STORE_BASELINE_MAX)
		return dw_error_set(e, -EFBIG, "the audit is longer than %zu MiB",
				    DW_STORE_BASELINE_MAX / 1024 / 1024);
	how = dw_pack(document, n, a, &packed);
	dw_sha256_hex(document, n, sha256);
	r = dw_store_transaction(s, e);
	if (r < 0)
		return r;
	r = b->name ? is_taken(s, b->name, e) : 0;
	if (r == 0)
		r = make_room(s, packed.n, e);
	if (r == 0)
		r = insert(s, b, how, &packed, sha256, n, e);
	id = s->lib.last_id(s->db);
	r = dw_store_end(s, r, e);
	if (r == 0)
		*ret_id = id;
	return r;
}

int dw_store_baseline_remove(struct dw_store *s, int64_t id, struct dw_error *e)
{
	int r = dw_store_transaction(s, e);

	return r < 0 ? r : dw_store_end(s, delete_one(s, id, e), e);
}

/* --- reading --------------------------------------------------------------------------------------- */

#define COLUMNS "SELECT id, name, host, time, version, doors, size, length(document) FROM baseline "

static void read_one(struct query *q, struct dw_arena *a, struct dw_baseline *ret)
{
	ret->id = dw_column_int(q);
	ret->name = dw_column_text(q, a);
	ret->host = dw_column_text(q, a);
	ret->time = (uint64_t)dw_column_int(q);
	ret->version = dw_column_text(q, a);
	ret->doors = (size_t)dw_column_int(q);
	ret->size = (size_t)dw_column_int(q);
	ret->bytes = (size_t)dw_column_int(q);
}

int dw_store_baselines(struct dw_store *s, struct dw_arena *a, struct dw_baseline **ret,
		       size_t *ret_n, struct dw_error *e)
{
	_cleanup_query_ struct query q = dw_query(s, COLUMNS "ORDER BY id DESC", e);
	DW_VEC(struct dw_baseline) all = { 0 };
	int r;

	while ((r = dw_query_step(&q)) > 0)
		read_one(&q, a, dw_vec_add(a, &all));
	if (r < 0)
		return r;
	*ret = all.v;
	*ret_n = all.n;
	return 0;
}

int dw_store_baseline_find(struct dw_store *s, const char *word, struct dw_arena *a,
			   struct dw_baseline *ret, struct dw_error *e)
{
	uint64_t number = 0;
	bool numbered = word && dw_parse_u64(word, 10, INT64_MAX, &number);
	_cleanup_query_ struct query q = dw_query(s,
						  !word      ? COLUMNS "ORDER BY id DESC LIMIT 1"
						  : numbered ? COLUMNS "WHERE id = ?"
							     : COLUMNS "WHERE name = ?",
						  e);
	int r;

	if (numbered)
		dw_query_int(&q, (int64_t)number);
	else if (word)
		dw_query_text(&q, word);
	r = dw_query_step(&q);
	if (r > 0)
		read_one(&q, a, ret);
	if (r == 0 && word)
		return dw_error_set(e, -ENOENT,
				    "there is no baseline \"%s\": doorward baseline list has all",
				    word);
	if (r == 0)
		return dw_error_set(e, -ENOENT,
				    "there is no baseline yet: doorward baseline save makes one");
	return r < 0 ? r : 0;
}

static int damaged(struct query *q, int64_t id, int r, const char *what)
{
	return dw_error_set(q->e, r, "baseline %lld of %s/" JOURNAL_NAME " cannot be read: %s",
			    (long long)id, q->s->directory, what);
}

int dw_store_baseline_load(struct dw_store *s, int64_t id, struct dw_arena *a, struct dw_bytes *ret,
			   struct dw_error *e)
{
	_cleanup_query_ struct query q =
		dw_query(s, "SELECT packing, size, sha256, document FROM baseline WHERE id = ?", e);
	char sha256[DW_SHA256_HEX + 1];
	struct dw_bytes packed, whole = { 0 };
	struct dw_error own = { 0 };
	const char *how, *wanted;
	int64_t size;
	int r;

	dw_query_int(&q, id);
	r = dw_query_step(&q);
	if (r == 0)
		return dw_error_set(e, -ENOENT,
				    "there is no baseline %lld: doorward baseline list has all",
				    (long long)id);
	if (r < 0)
		return r;
	how = dw_column_text(&q, a);
	size = dw_column_int(&q);
	wanted = dw_column_text(&q, a);
	packed = dw_column_bytes(&q, a);
	if (size < 0 || (size_t)size > DW_STORE_BASELINE_MAX)
		return damaged(&q, id, -EBADMSG, "its length is none");
	r = dw_unpack(how, &packed, (size_t)size, a, &whole, &own);
	if (r < 0)
		return damaged(&q, id, r, own.message);
	dw_sha256_hex(whole.data, whole.n, sha256);
	if (!dw_streq0(wanted, sha256))
		return damaged(&q, id, -EBADMSG, "its bytes are not those that were kept");
	*ret = whole;
	return 0;
}
