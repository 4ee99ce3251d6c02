/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Scans out of the journal. A word that this program does not know is damage, never guessed at. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dw_doc.h"
#include "dw_scan_read.h"
#include "dw_str.h"
#include "scan.h"
#include "sqlite.h"

static int damaged(struct query *q, const char *what)
{
	return dw_error_set(q->e, -EBADMSG,
			    "%s/" JOURNAL_NAME " is damaged: %s. Keep a copy of the directory, "
			    "and move it away to begin a new journal",
			    q->s->directory, what);
}

#define SCAN_COLUMNS                                                                               \
	"SELECT id, command, scanner, authorised_by, targets, excluded, tcp_ports, udp_ports, "    \
	"sctp_ports, seed, shard, shards, begun, ended, sender, receiver, version, sent, "         \
	"answered, lost, hosts_asked, notes FROM scan "

static void split_notes(char *text, struct dw_arena *a, struct dw_scan *ret)
{
	struct dw_strings v = { 0 };

	while (text) {
		char *end = strchr(text, '\n');

		if (end)
			*end++ = '\0';
		dw_vec_push(a, &v, text);
		text = end;
	}
	ret->notes = v.v;
	ret->n_notes = v.n;
}

static void read_scan(struct query *q, struct dw_arena *a, struct dw_scan *ret)
{
	const char *notes;

	*ret = (struct dw_scan){ .id = dw_column_int(q) };
	ret->command = dw_column_text(q, a);
	ret->scanner = dw_column_text(q, a);
	ret->authorised_by = dw_column_text(q, a);
	ret->targets = dw_column_text(q, a);
	ret->excluded = dw_column_text(q, a);
	ret->tcp_ports = dw_column_text(q, a);
	ret->udp_ports = dw_column_text(q, a);
	ret->sctp_ports = dw_column_text(q, a);
	ret->seed = (uint64_t)dw_column_int(q);
	ret->shard = (uint32_t)dw_column_int(q);
	ret->shards = (uint32_t)dw_column_int(q);
	ret->begun = (uint64_t)dw_column_int(q);
	ret->ended = (uint64_t)dw_column_int(q);
	ret->sender = dw_column_text(q, a);
	ret->receiver = dw_column_text(q, a);
	ret->version = dw_column_text(q, a);
	ret->sent = (uint64_t)dw_column_int(q);
	ret->answered = (uint64_t)dw_column_int(q);
	ret->lost = (uint64_t)dw_column_int(q);
	ret->hosts_asked = (uint64_t)dw_column_int(q);
	notes = dw_column_text(q, a);
	split_notes(notes ? dw_arena_strdup(a, notes) : NULL, a, ret);
}

int dw_store_scans(struct dw_store *s, struct dw_arena *a, struct dw_scan **ret, size_t *ret_n,
		   struct dw_error *e)
{
	_cleanup_query_ struct query q = dw_query(s, SCAN_COLUMNS "ORDER BY id DESC", e);
	DW_VEC(struct dw_scan) scans = { 0 };
	int r;

	while ((r = dw_query_step(&q)) > 0)
		read_scan(&q, a, dw_vec_add(a, &scans));
	if (r < 0)
		return r;
	*ret = scans.v;
	*ret_n = scans.n;
	return 0;
}

int dw_store_scan_newest(struct dw_store *s, const char *targets, int64_t before, int64_t *ret,
			 struct dw_error *e)
{
	_cleanup_query_ struct query q =
		dw_query(s,
			 "SELECT id FROM scan WHERE (?1 IS NULL OR targets = ?1) AND id < ?2 "
			 "ORDER BY id DESC LIMIT 1",
			 e);
	int r;

	dw_query_text(&q, targets);
	dw_query_int(&q, before ? before : INT64_MAX);
	r = dw_query_step(&q);
	if (r > 0)
		*ret = dw_column_int(&q);
	if (r == 0 && (targets || before))
		return dw_error_set(e, -ENOENT, "there is no %sscan%s%s", before ? "earlier " : "",
				    targets ? " of " : "", targets ? targets : "");
	if (r == 0)
		return dw_error_set(e, -ENOENT, "no scan is kept yet: doorward scan keeps each");
	return r < 0 ? r : 0;
}

int dw_store_scans_of(struct dw_store *s, const struct dw_address *address, size_t max,
		      struct dw_arena *a, int64_t **ret, size_t *ret_n, struct dw_error *e)
{
	_cleanup_query_ struct query q = dw_query(
		s, "SELECT scan FROM scan_host WHERE address = ? ORDER BY scan DESC LIMIT ?", e);
	DW_VEC(int64_t) ids = { 0 };
	int r;

	dw_query_text(&q, dw_address_text(a, address));
	dw_query_int(&q, (int64_t)max);
	while ((r = dw_query_step(&q)) > 0)
		dw_vec_push(a, &ids, dw_column_int(&q));
	if (r < 0)
		return r;
	*ret = ids.v;
	*ret_n = ids.n;
	return 0;
}

/* --- hosts ------------------------------------------------------------------------------------------- */

/* Five numbers for each of three protocols. */
static bool parse_counts(char *text, struct dw_scan_host *h)
{
	uint32_t *const slots[] = {
		&h->tcp.asked,    &h->tcp.open,      &h->tcp.closed,    &h->tcp.filtered,
		&h->tcp.unproven, &h->udp.asked,     &h->udp.open,      &h->udp.closed,
		&h->udp.filtered, &h->udp.unproven,  &h->sctp.asked,    &h->sctp.open,
		&h->sctp.closed,  &h->sctp.filtered, &h->sctp.unproven,
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(slots); i++) {
		const char *word = dw_word_next(&text);
		uint64_t n = 0;

		if (!word || !dw_parse_u64(word, 10, UINT32_MAX, &n))
			return false;
		*slots[i] = (uint32_t)n;
	}
	return true;
}

static int read_host(struct query *q, struct dw_arena *a, int64_t *ret_number,
		     struct dw_scan_host *h)
{
	const char *address, *counts;
	struct dw_bytes mac;

	*ret_number = dw_column_int(q);
	address = dw_column_text(q, a);
	h->name = dw_column_text(q, a);
	h->up = dw_scan_up_parse(dw_column_text(q, a));
	h->up_why = dw_scan_why_parse(dw_column_text(q, a));
	mac = dw_column_bytes(q, a);
	h->has_mac = mac.data && mac.n == sizeof(h->mac);
	if (h->has_mac)
		memcpy(h->mac, mac.data, sizeof(h->mac));
	h->rtt_us = (uint32_t)dw_column_int(q);
	h->loss = (float)dw_column_share(q);
	h->tarpit = dw_column_int(q) != 0;
	h->proxy = dw_column_int(q) != 0;
	h->icmp_rate = (uint32_t)dw_column_int(q);
	h->complete = dw_column_int(q) != 0;
	counts = dw_column_text(q, a);
	if (!address || !dw_doc_parse_address(address, &h->address))
		return damaged(q, "an address of a scan is none");
	if (!counts || !parse_counts(dw_arena_strdup(a, counts), h))
		return damaged(q, "the counts of a scan are none");
	return 0;
}

static int read_port(struct query *q, struct dw_arena *a, struct dw_scan_port *p)
{
	const char *protocol = dw_column_text(q, a), *from, *service;
	struct dw_error own = { 0 };
	float missed;

	p->protocol = protocol ? dw_protocol_parse(protocol) : DW_PROTOCOL_UNKNOWN;
	p->port = (uint16_t)dw_column_int(q);
	p->state = dw_scan_state_parse(dw_column_text(q, a));
	p->why = dw_scan_why_parse(dw_column_text(q, a));
	from = dw_column_text(q, a);
	p->has_from = from && dw_doc_parse_address(from, &p->from);
	p->ttl = (uint8_t)dw_column_int(q);
	p->probes = (uint8_t)dw_column_int(q);
	p->answers = (uint8_t)dw_column_int(q);
	missed = (float)dw_column_share(q);
	p->missed = missed > 0 ? missed : 0;
	p->time = (uint64_t)dw_column_int(q);
	service = dw_column_text(q, a);
	if (!p->protocol || !p->state || (from && !p->has_from))
		return damaged(q, "a port of a scan is in a state that is none");
	if (dw_scan_service_read(service, a, &p->service, &own) < 0)
		return damaged(q, "a service of a scan is none");
	return 0;
}

static int by_port(const void *x, const void *y)
{
	const struct dw_scan_port *a = x, *b = y;

	if (a->protocol != b->protocol)
		return a->protocol < b->protocol ? -1 : 1;
	return (int)a->port - (int)b->port;
}

static int load_ports(struct query *q, int64_t scan, int64_t number, struct dw_arena *a,
		      struct dw_scan_host *h)
{
	DW_VEC(struct dw_scan_port) ports = { 0 };
	int r;

	dw_query_again(q);
	dw_query_int(q, scan);
	dw_query_int(q, number);
	while ((r = dw_query_step(q)) > 0) {
		r = read_port(q, a, dw_vec_add(a, &ports));
		if (r < 0)
			return r;
	}
	/* the table has the protocols in the order of their names */
	if (ports.n > 1)
		qsort(ports.v, ports.n, sizeof(*ports.v), by_port);
	h->ports = ports.v;
	h->n_ports = ports.n;
	return r;
}

static int by_address(const void *x, const void *y)
{
	const struct dw_scan_host *a = x, *b = y;

	return dw_address_compare(&a->address, &b->address);
}

struct hosts {
	struct query q, ports;
	struct dw_arena *a;
	DW_VEC(struct dw_scan_host);
};

/* address NULL: the statement has no such parameter. */
static int add_hosts(struct hosts *all, int64_t scan, const struct dw_address *address)
{
	int r;

	dw_query_again(&all->q);
	dw_query_int(&all->q, scan);
	if (address)
		dw_query_text(&all->q, dw_address_text(all->a, address));
	while ((r = dw_query_step(&all->q)) > 0) {
		struct dw_scan_host h = { 0 };
		int64_t number = 0;

		r = read_host(&all->q, all->a, &number, &h);
		if (r == 0)
			r = load_ports(&all->ports, scan, number, all->a, &h);
		if (r < 0)
			return r;
		dw_vec_push(all->a, all, h);
	}
	return r;
}

#define HOST_COLUMNS                                                                               \
	"SELECT number, address, name, up, up_why, mac, rtt_us, loss, tarpit, proxy, icmp_rate, "  \
	"complete, counts FROM scan_host WHERE scan = ? "

static int load_hosts(struct dw_store *s, const struct dw_address *addresses, size_t n,
		      struct dw_arena *a, struct dw_scan *scan, struct dw_error *e)
{
	struct hosts all = {
		.q = dw_query(s, addresses ? HOST_COLUMNS "AND address = ?" : HOST_COLUMNS, e),
		.ports = dw_query(s,
				  "SELECT protocol, port, state, why, \"from\", ttl, probes, "
				  "answers, missed, time, service FROM scan_port "
				  "WHERE scan = ? AND host = ?",
				  e),
		.a = a,
	};
	int r = addresses ? 0 : add_hosts(&all, scan->id, NULL);

	for (size_t i = 0; r == 0 && addresses && i < n; i++)
		r = add_hosts(&all, scan->id, &addresses[i]);
	dw_query_free(&all.q);
	dw_query_free(&all.ports);
	if (r < 0)
		return r;
	if (all.n > 1)
		qsort(all.v, all.n, sizeof(*all.v), by_address);
	scan->hosts = all.v;
	scan->n_hosts = all.n;
	return 0;
}

int dw_store_scan_load(struct dw_store *s, int64_t id, const struct dw_address *addresses, size_t n,
		       struct dw_arena *a, struct dw_scan *ret, struct dw_error *e)
{
	_cleanup_query_ struct query q = dw_query(s, SCAN_COLUMNS "WHERE id = ?", e);
	struct dw_scan scan = { 0 };
	int r;

	dw_query_int(&q, id);
	r = dw_query_step(&q);
	if (r == 0)
		return dw_error_set(e, -ENOENT, "there is no scan %lld", (long long)id);
	if (r < 0)
		return r;
	read_scan(&q, a, &scan);
	r = load_hosts(s, addresses, n, a, &scan, e);
	if (r == 0)
		*ret = scan;
	return r;
}
