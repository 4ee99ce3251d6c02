/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libsqlite3 is opened when the journal is, not at start: an audit never asks it anything, and loading it would cost
 * every audit more than reading a host's configuration.
 */
#include "sqlite.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

int dw_sqlite_load(struct sqlite *l, struct dw_error *e)
{
	const struct {
		const char *name;
		void *slot;
	} symbols[] = {
		{ "sqlite3_open_v2", &l->open },
		{ "sqlite3_close_v2", &l->close },
		{ "sqlite3_busy_timeout", &l->busy_timeout },
		{ "sqlite3_extended_errcode", &l->errcode },
		{ "sqlite3_errstr", &l->errstr },
		{ "sqlite3_errmsg", &l->errmsg },
		{ "sqlite3_system_errno", &l->system_errno },
		{ "sqlite3_exec", &l->exec },
		{ "sqlite3_prepare_v2", &l->prepare },
		{ "sqlite3_finalize", &l->finalize },
		{ "sqlite3_step", &l->step },
		{ "sqlite3_bind_int64", &l->bind_int64 },
		{ "sqlite3_bind_text", &l->bind_text },
		{ "sqlite3_bind_blob64", &l->bind_blob },
		{ "sqlite3_bind_null", &l->bind_null },
		{ "sqlite3_bind_double", &l->bind_double },
		{ "sqlite3_reset", &l->reset },
		{ "sqlite3_column_type", &l->column_type },
		{ "sqlite3_column_int64", &l->column_int64 },
		{ "sqlite3_column_double", &l->column_double },
		{ "sqlite3_column_text", &l->column_text },
		{ "sqlite3_column_blob", &l->column_blob },
		{ "sqlite3_column_bytes", &l->column_bytes },
		{ "sqlite3_changes", &l->changes },
		{ "sqlite3_last_insert_rowid", &l->last_id },
		{ "sqlite3_get_autocommit", &l->autocommit },
	};

	/* NODELETE: it keeps memory for its life, which must stay reachable */
	l->handle = dlopen("libsqlite3.so.0", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (!l->handle)
		return dw_error_set(e, -ENOSYS,
				    "libsqlite3.so.0 cannot be opened: the journal needs it "
				    "(Debian: libsqlite3-0)");
	for (size_t i = 0; i < DW_ARRAY_SIZE(symbols); i++) {
		void *address = dlsym(l->handle, symbols[i].name);

		if (!address)
			return dw_error_set(e, -ENOSYS, "libsqlite3 has no %s", symbols[i].name);
		memcpy(symbols[i].slot, &address, sizeof(address));
	}
	return 0;
}

int dw_store_fault(struct dw_store *s)
{
	s->calls++;
	if (s->on_call)
		s->on_call(s->on_call_data, s->calls);
	if (s->fail_at && --s->fail_at == 0)
		return -s->fail_code;
	return 0;
}

/* Low byte of SQLite's codes (sqlite.org/rescode.html) -> errno; the others are faults of ours or the disk's: EIO. */
static const struct {
	int code, number;
} codes[] = {
	{ SQLITE_PERM, EACCES },      { SQLITE_BUSY, EBUSY },     { SQLITE_LOCKED, EBUSY },
	{ SQLITE_NOMEM, ENOMEM },     { SQLITE_READONLY, EROFS }, { SQLITE_CORRUPT, EBADMSG },
	{ SQLITE_FULL, ENOSPC },      { SQLITE_NOTADB, EBADMSG }, { SQLITE_AUTH, EACCES },
	{ SQLITE_CANTOPEN, EIO },     { SQLITE_TOOBIG, EFBIG },   { SQLITE_CONSTRAINT, EINVAL },
	{ SQLITE_MISMATCH, EBADMSG }, { SQLITE_PROTOCOL, EBUSY },
};

static int errno_of(struct dw_store *s, int code)
{
	int number = EIO;

	for (size_t i = 0; i < DW_ARRAY_SIZE(codes); i++)
		if (codes[i].code == (code & 0xff))
			number = codes[i].number;
	if (number == EIO && s->db && s->lib.system_errno(s->db) > 0)
		return -s->lib.system_errno(s->db);
	return -number;
}

int dw_store_sqlite_error(struct dw_store *s, int code, struct dw_error *e)
{
	int r = errno_of(s, code);

	if (r == -EBADMSG)
		return dw_error_set(
			e, r,
			"%s/%s is damaged (%s): keep a copy of the directory; `sqlite3 %s .recover "
			"| sqlite3 new.db` saves what can be read, then put new.db in its place; "
			"or %s",
			s->directory, s->kind->file, s->lib.errstr(code), s->kind->file,
			s->kind->lose);
	return dw_error_set(e, r, "%s/%s: %s", s->directory, s->kind->file,
			    s->db ? s->lib.errmsg(s->db) : s->lib.errstr(code));
}

static int injected(struct dw_store *s, int r, struct dw_error *e)
{
	return dw_error_errno(e, r, "%s/%s", s->directory, s->kind->file);
}

int dw_store_exec(struct dw_store *s, const char *sql, struct dw_error *e)
{
	int r = dw_store_fault(s), code;

	if (r < 0)
		return injected(s, r, e);
	code = s->lib.exec(s->db, sql, NULL, NULL, NULL);
	return code == SQLITE_OK ? 0 : dw_store_sqlite_error(s, code, e);
}

static void failed(struct query *q, int code)
{
	if (code != SQLITE_OK && q->r == 0)
		q->r = dw_store_sqlite_error(q->s, code, q->e);
}

struct query dw_query(struct dw_store *s, const char *sql, struct dw_error *e)
{
	struct query q = { .s = s, .e = e };

	q.r = dw_store_fault(s);
	if (q.r < 0)
		q.r = injected(s, q.r, e);
	else
		failed(&q, s->lib.prepare(s->db, sql, -1, &q.statement, NULL));
	return q;
}

void dw_query_free(struct query *q)
{
	if (q->statement)
		(void)q->s->lib.finalize(q->statement);
	q->statement = NULL;
}

/* A length of its own: what is bound may hold any byte, and is never looked at by SQLite. */
void dw_query_text(struct query *q, const char *text)
{
	q->parameter++;
	if (q->r < 0)
		return;
	failed(q, text ? q->s->lib.bind_text(q->statement, q->parameter, text, (int)strlen(text),
					     SQLITE_STATIC)
		       : q->s->lib.bind_null(q->statement, q->parameter));
}

void dw_query_int(struct query *q, int64_t n)
{
	q->parameter++;
	if (q->r == 0)
		failed(q, q->s->lib.bind_int64(q->statement, q->parameter, n));
}

void dw_query_bytes(struct query *q, const void *bytes, size_t n)
{
	q->parameter++;
	if (q->r == 0)
		failed(q, q->s->lib.bind_blob(q->statement, q->parameter, bytes ? bytes : "", n,
					      SQLITE_STATIC));
}

void dw_query_share(struct query *q, double n)
{
	q->parameter++;
	if (q->r == 0)
		failed(q, n < 0 ? q->s->lib.bind_null(q->statement, q->parameter)
				: q->s->lib.bind_double(q->statement, q->parameter, n));
}

void dw_query_again(struct query *q)
{
	q->parameter = 0;
	/* it says again what the last step said, which was told then */
	if (q->statement)
		(void)q->s->lib.reset(q->statement);
}

int dw_query_step(struct query *q)
{
	int code;

	if (q->r < 0)
		return q->r;
	q->r = dw_store_fault(q->s);
	if (q->r < 0)
		return q->r = injected(q->s, q->r, q->e);
	q->column = 0;
	code = q->s->lib.step(q->statement);
	if (code == SQLITE_ROW)
		return 1;
	if (code != SQLITE_DONE)
		failed(q, code);
	return q->r;
}

int dw_query_do(struct query *q)
{
	int r = dw_query_step(q);

	return r > 0 ? 0 : r;
}

const char *dw_column_text(struct query *q, struct dw_arena *a)
{
	int i = q->column++;
	const void *text;

	if (q->s->lib.column_type(q->statement, i) == SQLITE_NULL)
		return NULL;
	text = q->s->lib.column_text(q->statement, i);
	if (!text)
		dw_oom();
	return dw_arena_strndup(a, text, (size_t)q->s->lib.column_bytes(q->statement, i));
}

double dw_column_share(struct query *q)
{
	int i = q->column++;

	if (q->s->lib.column_type(q->statement, i) == SQLITE_NULL)
		return -1;
	return q->s->lib.column_double(q->statement, i);
}

int64_t dw_column_int(struct query *q)
{
	return q->s->lib.column_int64(q->statement, q->column++);
}

struct dw_bytes dw_column_bytes(struct query *q, struct dw_arena *a)
{
	int i = q->column++;
	struct dw_bytes b = { 0 };
	const void *bytes;

	if (q->s->lib.column_type(q->statement, i) == SQLITE_NULL)
		return b;
	bytes = q->s->lib.column_blob(q->statement, i);
	b.n = (size_t)q->s->lib.column_bytes(q->statement, i);
	b.data = dw_arena_alloc(a, b.n + 1);
	if (b.n)
		memcpy(b.data, bytes, b.n);
	return b;
}

int dw_store_transaction(struct dw_store *s, struct dw_error *e)
{
	return dw_store_exec(s, "BEGIN IMMEDIATE", e);
}

int dw_store_end(struct dw_store *s, int r, struct dw_error *e)
{
	if (r == 0) {
		if (s->on_commit)
			s->on_commit(s->on_commit_data, s->commits);
		r = dw_store_exec(s, "COMMIT", e);
		if (r == 0)
			s->commits++;
	}
	/* A full disk may have ended the transaction already (sqlite.org/lang_transaction.html). */
	if (r < 0 && !s->lib.autocommit(s->db))
		(void)s->lib.exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	return r;
}
