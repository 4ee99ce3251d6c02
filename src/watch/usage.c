/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_watch_usage.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "dw_diff.h"
#include "dw_door_key.h"
#include "dw_str.h"

#define SECOND UINT64_C(1000000000)

struct counter {
	struct dw_bpf_usage_key key;
	struct dw_bpf_usage value;
};

/* Totals by key, sorted once all were taken. */
struct counters {
	DW_VEC(struct counter);
};

struct dw_watch_usage {
	struct dw_arena *before_arena, *now_arena; /* they change places */
	struct counters before, now;
	struct dw_strings known; /* doors of the last tick, sorted; in before_arena */
	uint64_t boottime;       /* of it; 0: there was none */
	uint64_t missed;         /* uses that found no counter, by then */
};

struct dw_watch_usage *dw_watch_usage_new(void)
{
	struct dw_watch_usage *w = calloc(1, sizeof(*w));

	if (!w)
		dw_oom();
	w->before_arena = dw_arena_new();
	w->now_arena = dw_arena_new();
	return w;
}

void dw_watch_usage_free(struct dw_watch_usage *w)
{
	if (!w)
		return;
	dw_arena_free(w->before_arena);
	dw_arena_free(w->now_arena);
	free(w);
}

int dw_watch_usage_take(void *w, const struct dw_bpf_usage_key *k, const struct dw_bpf_usage *v)
{
	struct dw_watch_usage *usage = w;

	dw_vec_push(usage->now_arena, &usage->now, ((struct counter){ *k, *v }));
	return 0;
}

static int by_key(const void *x, const void *y)
{
	return memcmp(x, y, sizeof(struct dw_bpf_usage_key));
}

/* --- which door a counter is of ------------------------------------------------------------------------ */

struct place {
	const struct dw_door *door;
	const char *key;
	size_t row; /* in the rows */
};

struct mapping {
	struct place *v; /* by namespace, protocol, port */
	size_t n;
	struct dw_usage_row *rows; /* one for each key, sorted by it */
	size_t n_rows;
};

static int protocol_number(enum dw_protocol p)
{
	switch (p) {
	case DW_PROTOCOL_TCP:
		return IPPROTO_TCP;
	case DW_PROTOCOL_UDP:
		return IPPROTO_UDP;
	case DW_PROTOCOL_UNKNOWN:
	case DW_PROTOCOL_UDPLITE:
	case DW_PROTOCOL_SCTP:
	case DW_PROTOCOL_DCCP:
	case DW_PROTOCOL_RAW:
	case DW_PROTOCOL_PACKET:
	case DW_PROTOCOL_VSOCK:
	case DW_PROTOCOL_BLUETOOTH:
	case DW_PROTOCOL_COUNT:
		break;
	}
	return -1;
}

/* The kernel counts what comes to a socket of this kind here. Else its door was not watched, whatever is in the map. */
static bool is_counted(const struct dw_door *d, const struct dw_usage_status *status)
{
	if (d->kind == DW_KIND_LISTENER && d->at.protocol == DW_PROTOCOL_TCP)
		return status->tcp;
	return d->kind == DW_KIND_DATAGRAM && d->at.protocol == DW_PROTOCOL_UDP && status->udp;
}

#define COMPARE(x, y)                                                                              \
	do {                                                                                       \
		if ((x) != (y))                                                                    \
			return (x) < (y) ? -1 : 1;                                                 \
	} while (0)

static int by_port(const void *x, const void *y)
{
	const struct dw_endpoint *a = &((const struct place *)x)->door->at;
	const struct dw_endpoint *b = &((const struct place *)y)->door->at;

	COMPARE(a->netns, b->netns);
	COMPARE(a->protocol, b->protocol);
	COMPARE(a->port, b->port);
	return 0;
}

static int compare_port(const struct dw_bpf_usage_key *k, const struct place *p)
{
	COMPARE(k->netns, p->door->at.netns);
	COMPARE((int)k->protocol, protocol_number(p->door->at.protocol));
	COMPARE(k->port, p->door->at.port);
	return 0;
}

static int by_text(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

static int row_by_key(const void *x, const void *y)
{
	return strcmp(((const struct dw_usage_row *)x)->key, ((const struct dw_usage_row *)y)->key);
}

static size_t row_of(const struct mapping *m, const char *key)
{
	const struct dw_usage_row wanted = { .key = key };
	const struct dw_usage_row *row =
		bsearch(&wanted, m->rows, m->n_rows, sizeof(*m->rows), row_by_key);

	return row ? (size_t)(row - m->rows) : SIZE_MAX;
}

/* Doors with one key (a client's ports; both sockets of SO_REUSEPORT) share a row. */
static struct mapping map_doors(struct dw_arena *a, const struct dw_snapshot *s,
				const struct dw_usage_status *status)
{
	struct mapping m = { .v = dw_arena_array(a, s->n_doors + 1, sizeof(*m.v)),
			     .rows = dw_arena_array(a, s->n_doors + 1, sizeof(*m.rows)) };
	size_t rows = 0;

	for (size_t i = 0; i < s->n_doors; i++) {
		const struct dw_door *d = &s->doors[i];
		const char *key;

		if (!is_counted(d, status))
			continue;
		key = dw_door_key(a, d, dw_door_seems_ephemeral(d));
		m.v[m.n++] = (struct place){ .door = d, .key = key };
		m.rows[rows++] = (struct dw_usage_row){ .key = key };
	}
	if (m.n == 0)
		return m;
	qsort(m.v, m.n, sizeof(*m.v), by_port);
	qsort(m.rows, rows, sizeof(*m.rows), row_by_key);
	for (size_t i = 0; i < rows; i++)
		if (m.n_rows == 0 || !dw_streq(m.rows[m.n_rows - 1].key, m.rows[i].key))
			m.rows[m.n_rows++] = m.rows[i];
	for (size_t i = 0; i < m.n; i++)
		m.v[i].row = row_of(&m, m.v[i].key);
	return m;
}

/* ::ffff:192.0.2.1 is what a dual socket says of IPv4 (RFC 4291, 2.5.5.2). */
static bool is_mapped(const uint8_t *address)
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(address, prefix, sizeof(prefix)) == 0;
}

/* 3: this very address, 2: any of its family, 1: any of both; 0: it does not come here. */
static unsigned fit(const struct dw_bpf_usage_key *k, const struct dw_door *d)
{
	bool mapped = k->family == AF_INET6 && is_mapped(k->address);
	bool four = k->family == AF_INET || mapped;
	const uint8_t *address = mapped ? k->address + 12 : k->address;
	bool any = dw_endpoint_is_any(&d->at);

	if (d->at.family == DW_FAMILY_DUAL)
		return any ? (four ? 1 : 2) : 0;
	if (d->at.family != (four ? DW_FAMILY_IPV4 : DW_FAMILY_IPV6))
		return 0;
	if (memcmp(d->at.address, address, four ? 4 : 16) == 0)
		return 3;
	return any ? 2 : 0;
}

static size_t first_of(const struct mapping *m, const struct dw_bpf_usage_key *k)
{
	size_t low = 0, high = m->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_port(k, &m->v[middle]) > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* --- what is new --------------------------------------------------------------------------------------- */

struct times {
	uint64_t realtime, boottime;
};

static uint64_t wall(const struct times *now, uint64_t boottime)
{
	uint64_t ago = now->boottime > boottime ? (now->boottime - boottime) / SECOND : 0;

	return now->realtime > ago ? now->realtime - ago : 1;
}

static const char *peer_of(struct dw_arena *a, const struct dw_bpf_usage *v)
{
	bool mapped = v->peer_family == AF_INET6 && is_mapped(v->peer);
	struct dw_address address = { .family = v->peer_family == AF_INET || mapped
							? DW_FAMILY_IPV4
							: DW_FAMILY_IPV6 };

	if (v->peer_family != AF_INET && v->peer_family != AF_INET6)
		return NULL;
	memcpy(address.bytes, mapped ? v->peer + 12 : v->peer,
	       address.family == DW_FAMILY_IPV4 ? 4 : 16);
	return dw_address_text(a, &address);
}

/* A counter that is smaller than it was is another one: it was forgotten, and began anew. */
static struct dw_bpf_usage minus(const struct dw_bpf_usage *v, const struct dw_bpf_usage *before)
{
	struct dw_bpf_usage d = *v;

	if (!before || v->accepted < before->accepted || v->datagrams < before->datagrams ||
	    v->refused < before->refused || v->bytes < before->bytes || v->local < before->local)
		return d;
	d.accepted -= before->accepted;
	d.refused -= before->refused;
	d.datagrams -= before->datagrams;
	d.bytes -= before->bytes;
	d.local -= before->local;
	for (size_t i = 0; i < DW_ARRAY_SIZE(d.sketch); i++)
		d.sketch[i] &= ~before->sketch[i];
	/* its first use was told when it was new */
	d.first = d.last;
	return d;
}

static void add_to(struct dw_usage_row *row, struct dw_arena *a, const struct dw_bpf_usage *d,
		   const struct times *now)
{
	uint64_t first = wall(now, d->first ? d->first : d->last), last = wall(now, d->last);

	row->counts.accepted += d->accepted;
	row->counts.refused += d->refused;
	row->counts.datagrams += d->datagrams;
	row->counts.bytes += d->bytes;
	row->counts.local += d->local;
	row->counts.sketch[0] |= d->sketch[0];
	row->counts.sketch[1] |= d->sketch[1];
	row->first = row->first ? DW_MIN(row->first, first) : first;
	if (last < row->last)
		return;
	row->last = row->time = last;
	row->peer = peer_of(a, d);
}

/* Where two programs share an address and port, nobody knows whose it was: neither is called unused. */
static void count(struct dw_watch_usage *w, const struct mapping *m, const struct counter *c,
		  const struct times *now)
{
	const struct counter *before =
		w->before.n ? bsearch(&c->key, w->before.v, w->before.n, sizeof(*c), by_key) : NULL;
	struct dw_bpf_usage d = minus(&c->value, before ? &before->value : NULL);
	size_t first = first_of(m, &c->key);
	unsigned best = 0;

	if (!d.accepted && !d.refused && !d.datagrams)
		return;
	for (size_t i = first; i < m->n && compare_port(&c->key, &m->v[i]) == 0; i++)
		best = DW_MAX(best, fit(&c->key, m->v[i].door));
	for (size_t i = first; best && i < m->n && compare_port(&c->key, &m->v[i]) == 0; i++) {
		bool twice = false;

		if (fit(&c->key, m->v[i].door) != best)
			continue;
		for (size_t k = first; k < i; k++)
			twice |= m->v[k].row == m->v[i].row && fit(&c->key, m->v[k].door) == best;
		if (!twice)
			add_to(&m->rows[m->v[i].row], w->now_arena, &d, now);
	}
}

/* --- a tick -------------------------------------------------------------------------------------------- */

static bool was_known(const struct dw_watch_usage *w, const char *key)
{
	return w->known.n &&
	       bsearch(&key, w->known.v, w->known.n, sizeof(*w->known.v), by_text) != NULL;
}

/* New doors were watched from now on; the others since the last tick. */
static int store_rows(struct dw_watch_usage *w, struct dw_usage_store *store, struct mapping *m,
		      const struct times *now, bool missed, struct dw_error *e)
{
	uint64_t elapsed = w->boottime && now->boottime > w->boottime
				   ? (now->boottime - w->boottime) / SECOND
				   : 0;

	for (size_t i = 0; i < m->n_rows; i++)
		/* a use may have been missed: whoever had none was not watched in that time */
		m->rows[i].fresh = !was_known(w, m->rows[i].key) || (missed && !m->rows[i].last);
	return dw_usage_store_add(store, m->rows, m->n_rows,
				  now->realtime - DW_MIN(elapsed, now->realtime), now->realtime, e);
}

static void remember(struct dw_watch_usage *w, const struct mapping *m, uint64_t boottime)
{
	struct dw_arena *old = w->before_arena;

	w->known = (struct dw_strings){ 0 };
	for (size_t i = 0; i < m->n_rows; i++)
		dw_vec_push(w->now_arena, &w->known, m->rows[i].key);
	w->before = w->now;
	w->before_arena = w->now_arena;
	w->now_arena = old;
	w->boottime = boottime;
}

static void forget_now(struct dw_watch_usage *w)
{
	w->now = (struct counters){ 0 };
	dw_arena_reset(w->now_arena);
}

int dw_watch_usage_tick(struct dw_watch_usage *w, struct dw_usage_store *store,
			struct dw_usage *counters, const struct dw_snapshot *doors,
			uint64_t now_realtime, uint64_t now_boottime, struct dw_error *e)
{
	struct dw_usage_status status = { 0 };
	int r = dw_usage_read(counters, dw_watch_usage_take, w, e);

	if (r < 0) { /* totals: the next time they are all there */
		forget_now(w);
		return r;
	}
	dw_usage_status(counters, &status);
	return dw_watch_usage_flush(w, store, &status, doors, now_realtime, now_boottime, e);
}

int dw_watch_usage_flush(struct dw_watch_usage *w, struct dw_usage_store *store,
			 const struct dw_usage_status *status, const struct dw_snapshot *doors,
			 uint64_t now_realtime, uint64_t now_boottime, struct dw_error *e)
{
	const struct times now = { now_realtime, now_boottime };
	struct mapping m = map_doors(w->now_arena, doors, status);
	int r;

	if (w->now.n)
		qsort(w->now.v, w->now.n, sizeof(*w->now.v), by_key);
	for (size_t i = 0; i < w->now.n; i++)
		count(w, &m, &w->now.v[i], &now);
	r = store_rows(w, store, &m, &now, status->missed > w->missed, e);
	if (r == 0) {
		w->missed = status->missed;
		remember(w, &m, now_boottime);
	}
	forget_now(w);
	return r;
}
