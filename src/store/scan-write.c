/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Scans into the journal. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "dw_scan_read.h"
#include "dw_str.h"
#include "scan.h"
#include "sqlite.h"

bool dw_store_has_scans(const char *directory)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct stat st;

	return lstat(dw_arena_printf(a, "%s/" SCANS_NAME, directory), &st) == 0 &&
	       S_ISREG(st.st_mode);
}

/* Before the first scan is kept: a name too many costs a look, one too few would hide the scan. */
static int leave_name(struct dw_store *s, struct dw_error *e)
{
	int r = dw_store_fault(s);
	_cleanup_fd_ int fd = -1;

	if (r == 0) {
		fd = openat(s->dir_fd, SCANS_NAME, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
			    0600);
		r = fd < 0 ? -errno : 0;
	}
	return r < 0 ? dw_error_errno(e, r, "%s/" SCANS_NAME, s->directory) : 0;
}

static size_t rows_of(const struct dw_scan *scan)
{
	size_t n = scan->n_hosts;

	for (size_t i = 0; i < scan->n_hosts; i++)
		n += scan->hosts[i].n_ports;
	return n;
}

/* A note is one sentence: a newline ends it. */
static const char *notes_text(struct dw_arena *a, const struct dw_scan *scan)
{
	struct dw_str text = { .arena = a };

	for (size_t i = 0; i < scan->n_notes; i++)
		dw_str_addf(&text, "%s%s", i ? "\n" : "", scan->notes[i]);
	return text.s;
}

static int insert_scan(struct dw_store *s, struct dw_arena *a, const struct dw_scan *scan,
		       struct dw_error *e)
{
	_cleanup_query_ struct query q = dw_query(
		s,
		"INSERT INTO scan (rows, command, scanner, authorised_by, targets, excluded, "
		"tcp_ports, udp_ports, sctp_ports, seed, shard, shards, begun, ended, sender, "
		"receiver, version, sent, answered, lost, hosts_asked, notes) "
		"VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
		e);

	dw_query_int(&q, (int64_t)rows_of(scan));
	dw_query_text(&q, scan->command);
	dw_query_text(&q, scan->scanner);
	dw_query_text(&q, scan->authorised_by);
	dw_query_text(&q, scan->targets);
	dw_query_text(&q, scan->excluded);
	dw_query_text(&q, scan->tcp_ports);
	dw_query_text(&q, scan->udp_ports);
	dw_query_text(&q, scan->sctp_ports);
	dw_query_int(&q, (int64_t)scan->seed); /* all 64 bits, as SQLite's signed numbers */
	dw_query_int(&q, scan->shard);
	dw_query_int(&q, scan->shards);
	dw_query_int(&q, (int64_t)scan->begun);
	dw_query_int(&q, (int64_t)scan->ended);
	dw_query_text(&q, scan->sender);
	dw_query_text(&q, scan->receiver);
	dw_query_text(&q, scan->version);
	dw_query_int(&q, (int64_t)scan->sent);
	dw_query_int(&q, (int64_t)scan->answered);
	dw_query_int(&q, (int64_t)scan->lost);
	dw_query_int(&q, (int64_t)scan->hosts_asked);
	dw_query_text(&q, notes_text(a, scan));
	return dw_query_do(&q);
}

static const char *counts_text(struct dw_arena *a, const struct dw_scan_host *h)
{
	const struct dw_scan_counts *const all[] = { &h->tcp, &h->udp, &h->sctp };
	struct dw_str text = { .arena = a };

	for (size_t i = 0; i < DW_ARRAY_SIZE(all); i++)
		dw_str_addf(&text, "%s%u %u %u %u %u", i ? " " : "", all[i]->asked, all[i]->open,
			    all[i]->closed, all[i]->filtered, all[i]->unproven);
	return text.s;
}

static int insert_host(struct query *q, struct dw_arena *a, int64_t scan, size_t number,
		       const struct dw_scan_host *h)
{
	dw_query_again(q);
	dw_query_int(q, scan);
	dw_query_int(q, (int64_t)number);
	dw_query_text(q, dw_address_text(a, &h->address));
	dw_query_text(q, h->name);
	dw_query_text(q, dw_scan_up_name(h->up));
	dw_query_text(q, dw_scan_why_name(h->up_why));
	dw_query_int(q, h->has_mac);
	dw_query_bytes(q, h->mac, sizeof(h->mac));
	dw_query_int(q, h->rtt_us);
	dw_query_share(q, (double)h->loss);
	dw_query_int(q, h->tarpit);
	dw_query_int(q, h->proxy);
	dw_query_int(q, h->icmp_rate);
	dw_query_int(q, h->complete);
	dw_query_text(q, counts_text(a, h));
	return dw_query_do(q);
}

static int insert_port(struct query *q, struct dw_arena *a, int64_t scan, size_t host,
		       const struct dw_scan_port *p)
{
	dw_query_again(q);
	dw_query_int(q, scan);
	dw_query_int(q, (int64_t)host);
	dw_query_text(q, dw_protocol_name(p->protocol));
	dw_query_int(q, p->port);
	dw_query_text(q, dw_scan_state_name(p->state));
	dw_query_text(q, dw_scan_why_name(p->why));
	dw_query_text(q, p->has_from ? dw_address_text(a, &p->from) : NULL);
	dw_query_int(q, p->ttl);
	dw_query_int(q, p->probes);
	dw_query_int(q, p->answers);
	dw_query_share(q, (double)p->missed);
	dw_query_int(q, (int64_t)p->time);
	dw_query_text(q, dw_scan_service_text(a, p->service));
	return dw_query_do(q);
}

static int insert_hosts(struct dw_store *s, const struct dw_scan *scan, int64_t id,
			struct dw_error *e)
{
	_cleanup_query_ struct query hosts = dw_query(
		s,
		"INSERT INTO scan_host (scan, number, address, name, up, up_why, mac, rtt_us, "
		"loss, tarpit, proxy, icmp_rate, complete, counts) "
		"VALUES (?,?,?,?,?,?,CASE WHEN ? THEN ? END,?,?,?,?,?,?,?)",
		e);
	_cleanup_query_ struct query ports = dw_query(
		s,
		"INSERT INTO scan_port (scan, host, protocol, port, state, why, \"from\", ttl, "
		"probes, answers, missed, time, service) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
		e);
	int r = ports.r;

	for (size_t i = 0; r == 0 && i < scan->n_hosts; i++) {
		_cleanup_arena_ struct dw_arena *a = dw_arena_new();
		const struct dw_scan_host *h = &scan->hosts[i];

		r = insert_host(&hosts, a, id, i, h);
		for (size_t k = 0; r == 0 && k < h->n_ports; k++)
			r = insert_port(&ports, a, id, i, &h->ports[k]);
	}
	return r;
}

/* --- room ------------------------------------------------------------------------------------------ */

static int delete_of(struct dw_store *s, const char *sql, int64_t scan, struct dw_error *e)
{
	_cleanup_query_ struct query q = dw_query(s, sql, e);

	dw_query_int(&q, scan);
	return dw_query_do(&q);
}

static int forget(struct dw_store *s, int64_t scan, struct dw_error *e)
{
	int r = delete_of(s, "DELETE FROM scan_port WHERE scan = ?", scan, e);

	if (r == 0)
		r = delete_of(s, "DELETE FROM scan_host WHERE scan = ?", scan, e);
	if (r == 0)
		r = delete_of(s, "DELETE FROM scan WHERE id = ?", scan, e);
	return r;
}

/* Of the scans that are too old, or too many rows ago, the oldest; *ret 0: there is none. */
static int too_old(struct dw_store *s, int64_t *ret, struct dw_error *e)
{
	_cleanup_query_ struct query q =
		dw_query(s,
			 "SELECT id FROM (SELECT id, row_number() OVER w AS n, "
			 "sum(rows) OVER w AS total FROM scan WINDOW w AS (ORDER BY id DESC)) "
			 "WHERE n > 1 AND (n > ? OR total > ?) ORDER BY id LIMIT 1",
			 e);
	int r;

	*ret = 0;
	dw_query_int(&q, DW_STORE_SCANS_MAX);
	dw_query_int(&q, DW_STORE_SCAN_ROWS_MAX);
	r = dw_query_step(&q);
	if (r > 0)
		*ret = dw_column_int(&q);
	return r < 0 ? r : 0;
}

static int make_room(struct dw_store *s, struct dw_error *e)
{
	int64_t scan = 0;
	int r;

	do {
		r = too_old(s, &scan, e);
		if (r == 0 && scan)
			r = forget(s, scan, e);
	} while (r == 0 && scan);
	return r;
}

int dw_store_scan_save(struct dw_store *s, const struct dw_scan *scan, int64_t *ret_id,
		       struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	int64_t id = 0;
	int r = leave_name(s, e);

	if (r == 0)
		r = dw_store_transaction(s, e);
	if (r < 0)
		return r;
	r = insert_scan(s, a, scan, e);
	id = s->lib.last_id(s->db);
	if (r == 0)
		r = insert_hosts(s, scan, id, e);
	if (r == 0)
		r = make_room(s, e);
	r = dw_store_end(s, r, e);
	if (r == 0)
		*ret_id = id;
	return r;
}
