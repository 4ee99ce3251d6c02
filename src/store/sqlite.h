/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SQLite as the store uses it: opened at the first use, each fallible call counted, its codes as errno values. */
#ifndef DW_STORE_SQLITE_H
#define DW_STORE_SQLITE_H

#include <sqlite3.h>
#include <stdbool.h>

#include "dw_store.h"

#define JOURNAL_NAME "journal.db"

struct sqlite {
	void *handle;
	__typeof__(sqlite3_open_v2) *open;
	__typeof__(sqlite3_close_v2) *close;
	__typeof__(sqlite3_busy_timeout) *busy_timeout;
	__typeof__(sqlite3_extended_errcode) *errcode;
	__typeof__(sqlite3_errstr) *errstr;
	__typeof__(sqlite3_errmsg) *errmsg;
	__typeof__(sqlite3_system_errno) *system_errno;
	__typeof__(sqlite3_exec) *exec;
	__typeof__(sqlite3_prepare_v2) *prepare;
	__typeof__(sqlite3_finalize) *finalize;
	__typeof__(sqlite3_step) *step;
	__typeof__(sqlite3_bind_int64) *bind_int64;
	__typeof__(sqlite3_bind_text) *bind_text;
	__typeof__(sqlite3_bind_blob64) *bind_blob;
	__typeof__(sqlite3_bind_null) *bind_null;
	__typeof__(sqlite3_bind_double) *bind_double;
	__typeof__(sqlite3_reset) *reset;
	__typeof__(sqlite3_column_type) *column_type;
	__typeof__(sqlite3_column_int64) *column_int64;
	__typeof__(sqlite3_column_double) *column_double;
	__typeof__(sqlite3_column_text) *column_text;
	__typeof__(sqlite3_column_blob) *column_blob;
	__typeof__(sqlite3_column_bytes) *column_bytes;
	__typeof__(sqlite3_changes) *changes;
	__typeof__(sqlite3_last_insert_rowid) *last_id;
	__typeof__(sqlite3_get_autocommit) *autocommit;
};

/* One of the files that are kept: its name, and how its tables came to be. */
struct store_kind {
	const char *file;
	const char *const *steps; /* the n-th (from 0) brings user_version n to n + 1 */
	size_t n_steps;
	const char *synchronous; /* "FULL", "NORMAL" */
	const char *what;        /* "journal": there is no ... in DIRECTORY */
	const char *none;        /* ... : what that means, or what makes one */
	const char *lose;        /* when it is damaged: what may be done, and what is lost then */
};
extern const struct store_kind dw_store_journal;

/* As dw_store_open(), of any kind. */
int dw_store_open_kind(const char *directory, bool create, const struct store_kind *kind,
		       struct dw_store **ret, struct dw_error *e);

struct dw_store {
	const struct store_kind *kind;
	struct sqlite lib;
	sqlite3 *db;
	char *directory;
	int dir_fd, lock_fd;
	bool read_only; /* the file system is */
	unsigned calls, fail_at;
	int fail_code;
	void (*on_commit)(void *data, unsigned n);
	void *on_commit_data;
	unsigned commits;
	void (*on_call)(void *data, unsigned n);
	void *on_call_data;
};

int dw_sqlite_load(struct sqlite *l, struct dw_error *e);
/* Counts one fallible call; 0, or the code it must fail with. */
int dw_store_fault(struct dw_store *s);
/* A code of SQLite's -> a message, and its errno value. */
int dw_store_sqlite_error(struct dw_store *s, int code, struct dw_error *e);
/* Statements without parameters and without rows. */
int dw_store_exec(struct dw_store *s, const char *sql, struct dw_error *e);

/* One statement; parameters are bound and columns are read in their order. The first failure stays. */
struct query {
	struct dw_store *s;
	sqlite3_stmt *statement;
	struct dw_error *e;
	int parameter, column;
	int r;
};

struct query dw_query(struct dw_store *s, const char *sql, struct dw_error *e);
void dw_query_free(struct query *q);
#define _cleanup_query_ _cleanup_(dw_query_free)

/* The bytes have to stay until the statement was stepped. */
void dw_query_text(struct query *q, const char *text);
void dw_query_int(struct query *q, int64_t n);
void dw_query_bytes(struct query *q, const void *bytes, size_t n);
/* Negative: null. */
void dw_query_share(struct query *q, double n);
/* The statement once more, with new parameters: preparing it for each of a million rows takes longer than the rows. */
void dw_query_again(struct query *q);
/* 1: a row, 0: no more, negative: failed. */
int dw_query_step(struct query *q);
/* A statement that gives no rows. */
int dw_query_do(struct query *q);

const char *dw_column_text(struct query *q, struct dw_arena *a);
double dw_column_share(struct query *q); /* null: -1 */
int64_t dw_column_int(struct query *q);
struct dw_bytes dw_column_bytes(struct query *q, struct dw_arena *a);

int dw_store_transaction(struct dw_store *s, struct dw_error *e);
/* r 0: commits; else takes it back and returns r. */
int dw_store_end(struct dw_store *s, int r, struct dw_error *e);

/* The words of the tables; never numbers, which would change with the enums. */
const char *dw_store_phase_name(enum dw_phase p);
const char *dw_store_role_name(unsigned role);
/* 0 ("unknown"): there is none of that name. name: of the i-th of n. */
unsigned dw_store_word(const char *word, const char *(*name)(unsigned i), unsigned n);

/* Brings the tables to the version that this program knows. -EBADMSG: they are of a later one. */
int dw_store_schema(struct dw_store *s, struct dw_error *e);

#endif
