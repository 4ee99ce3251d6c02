/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The journal's tables, told in docs/journal.md. A step is never changed once released: a new one is put behind it. */
#include <errno.h>
#include <stdio.h>

#include "sqlite.h"

static const char *const steps[] = {
	"CREATE TABLE run ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" kind TEXT NOT NULL, command TEXT, user TEXT, host TEXT, version TEXT, boot_id TEXT,"
	" started INTEGER NOT NULL, ended INTEGER NOT NULL, state TEXT NOT NULL,"
	" confirm_by INTEGER NOT NULL, confirmed INTEGER NOT NULL, message TEXT);"
	"CREATE TABLE blob (sha256 TEXT PRIMARY KEY, data BLOB NOT NULL);"
	"CREATE TABLE step ("
	" run INTEGER NOT NULL REFERENCES run(id), number INTEGER NOT NULL,"
	" state TEXT NOT NULL, time INTEGER NOT NULL, message TEXT,"
	" phase TEXT NOT NULL, manager TEXT NOT NULL, object TEXT NOT NULL,"
	" expect TEXT, expect_data TEXT REFERENCES blob(sha256), expect_hint TEXT,"
	" want TEXT, want_data TEXT REFERENCES blob(sha256), want_hint TEXT,"
	" notify TEXT, label TEXT, why TEXT, source TEXT, diff TEXT, door TEXT,"
	" doors INTEGER NOT NULL, command TEXT, undo_command TEXT,"
	" no_undo INTEGER NOT NULL, if_left INTEGER NOT NULL,"
	" PRIMARY KEY (run, number));"
	"CREATE TABLE door ("
	" run INTEGER NOT NULL REFERENCES run(id), number INTEGER NOT NULL, role TEXT NOT NULL,"
	" door TEXT NOT NULL,"
	" protocol TEXT NOT NULL, family TEXT NOT NULL, address BLOB NOT NULL, port INTEGER,"
	" ifindex INTEGER NOT NULL, ifname TEXT, netns TEXT, netns_inode INTEGER NOT NULL,"
	" kind TEXT NOT NULL, starter TEXT NOT NULL, starter_id TEXT,"
	" program TEXT, service TEXT, package TEXT, lasting INTEGER NOT NULL,"
	" PRIMARY KEY (run, number));"
	"CREATE TABLE unit ("
	" run INTEGER NOT NULL REFERENCES run(id), number INTEGER NOT NULL, name TEXT NOT NULL,"
	" PRIMARY KEY (run, number));"
	"CREATE TABLE saved ("
	" run INTEGER NOT NULL REFERENCES run(id), object TEXT NOT NULL, name TEXT NOT NULL,"
	" sha256 TEXT NOT NULL REFERENCES blob(sha256), PRIMARY KEY (run, object, name));",

	/* 2: scans */
	"CREATE TABLE scan ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, rows INTEGER NOT NULL,"
	" command TEXT, scanner TEXT, authorised_by TEXT, targets TEXT, excluded TEXT,"
	" tcp_ports TEXT, udp_ports TEXT, sctp_ports TEXT, seed INTEGER NOT NULL,"
	" shard INTEGER NOT NULL, shards INTEGER NOT NULL,"
	" begun INTEGER NOT NULL, ended INTEGER NOT NULL,"
	" sender TEXT, receiver TEXT, version TEXT,"
	" sent INTEGER NOT NULL, answered INTEGER NOT NULL, lost INTEGER NOT NULL,"
	" hosts_asked INTEGER NOT NULL, notes TEXT);"
	"CREATE TABLE scan_host ("
	" scan INTEGER NOT NULL REFERENCES scan(id), number INTEGER NOT NULL,"
	" address TEXT NOT NULL, name TEXT, up TEXT NOT NULL, up_why TEXT NOT NULL, mac BLOB,"
	" rtt_us INTEGER NOT NULL, loss REAL, tarpit INTEGER NOT NULL, proxy INTEGER NOT NULL,"
	" icmp_rate INTEGER NOT NULL, complete INTEGER NOT NULL, counts TEXT NOT NULL,"
	" PRIMARY KEY (scan, number)) WITHOUT ROWID;"
	"CREATE INDEX scan_host_address ON scan_host (address, scan);"
	"CREATE TABLE scan_port ("
	" scan INTEGER NOT NULL, host INTEGER NOT NULL,"
	" protocol TEXT NOT NULL, port INTEGER NOT NULL, state TEXT NOT NULL, why TEXT NOT NULL,"
	" \"from\" TEXT, ttl INTEGER NOT NULL, probes INTEGER NOT NULL, answers INTEGER NOT NULL,"
	" missed REAL NOT NULL, time INTEGER NOT NULL, service TEXT,"
	" PRIMARY KEY (scan, host, protocol, port),"
	" FOREIGN KEY (scan, host) REFERENCES scan_host(scan, number)) WITHOUT ROWID;",

	/* 3: baselines; packing: "none" or "zlib", size: of the document unpacked */
	"CREATE TABLE baseline ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE,"
	" host TEXT, time INTEGER NOT NULL, version TEXT, doors INTEGER NOT NULL,"
	" packing TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL,"
	" document BLOB NOT NULL);",
};

const struct store_kind dw_store_journal = {
	.file = JOURNAL_NAME,
	.steps = steps,
	.n_steps = DW_ARRAY_SIZE(steps),
	.synchronous = "FULL",
	.what = "journal",
	.none = "doorward has changed and kept nothing on this host yet",
	.lose = "move the directory away, and lose the way back of earlier runs",
};

static int version(struct dw_store *s, int64_t *ret, struct dw_error *e)
{
	_cleanup_query_ struct query q = dw_query(s, "PRAGMA user_version", e);
	int r = dw_query_step(&q);

	if (r < 0)
		return r;
	*ret = r ? dw_column_int(&q) : 0;
	return 0;
}

static int migrate(struct dw_store *s, int64_t from, struct dw_error *e)
{
	char set[64];
	int r = 0;

	for (size_t i = (size_t)from; r == 0 && i < s->kind->n_steps; i++)
		r = dw_store_exec(s, s->kind->steps[i], e);
	(void)snprintf(set, sizeof(set), "PRAGMA user_version = %zu", s->kind->n_steps);
	return r < 0 ? r : dw_store_exec(s, set, e);
}

/* Whole or not at all: user_version belongs to the transaction too. Asked again in it: another may be first. */
static int bring_up(struct dw_store *s, struct dw_error *e)
{
	int64_t now = 0;
	int r = dw_store_transaction(s, e);

	if (r < 0)
		return r;
	r = version(s, &now, e);
	if (r == 0 && now < (int64_t)s->kind->n_steps)
		r = migrate(s, now, e);
	return dw_store_end(s, r, e);
}

int dw_store_schema(struct dw_store *s, struct dw_error *e)
{
	int64_t now = 0;
	int r = version(s, &now, e);

	if (r < 0)
		return r;
	if (now < 0 || now > (int64_t)s->kind->n_steps)
		return dw_error_set(e, -EBADMSG,
				    "%s/%s is of version %lld; this doorward knows "
				    "version %zu: use the doorward that made it, or a newer one",
				    s->directory, s->kind->file, (long long)now, s->kind->n_steps);
	if (now == (int64_t)s->kind->n_steps)
		return 0;
	if (s->read_only)
		return dw_error_set(e, -EROFS,
				    "%s/%s has the tables of an older doorward, and "
				    "lies on a read-only file system",
				    s->directory, s->kind->file);
	return bring_up(s, e);
}
