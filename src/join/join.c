/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dw_join.h"

#include <stdlib.h>
#include <string.h>

#include "dw_str.h"
#include "peers.h"

/* A socket with what decides which door it belongs to. */
struct member {
	const struct dw_socket_fact *socket;
	size_t netns_rank;
	const struct dw_hold_fact *const *holds; /* of this socket, oldest process first */
	size_t n_holds;
	const struct dw_hold_fact *opener; /* whose starter counts; NULL: nobody was seen */
	const char *program;
};

struct joining {
	const struct dw_facts *facts;
	struct dw_arena *arena; /* the snapshot's */
	struct member *members;
	DW_VEC(struct dw_door) doors;
	/* of the last door: the next one's are mostly the same */
	struct {
		uint32_t netns, seen;
		const char *netns_name, *seen_text;
		enum dw_tristate filter;
	} last;
};

static const struct dw_owner *holder(const struct dw_facts *f, const struct dw_hold_fact *h)
{
	return &f->processes.v[h->process];
}

static size_t netns_rank(const struct dw_facts *f, uint32_t inode)
{
	for (size_t i = 0; i < f->netns.n; i++)
		if (f->netns.v[i].inode == inode)
			return i;
	return f->netns.n;
}

/* The host's own is the first; named ones by their names, the others behind them. */
static bool netns_before(const struct dw_facts *f, size_t a, size_t b)
{
	const struct dw_netns_fact *x = &f->netns.v[a], *y = &f->netns.v[b];
	int r;

	if (a == 0 || b == 0)
		return a == 0 && b != 0;
	if (!x->name || !y->name)
		return x->name || (!y->name && x->inode < y->inode);
	r = strcmp(x->name, y->name);
	return r < 0 || (r == 0 && x->inode < y->inode);
}

/* The order in which they were found is that of whoever looked: it must not decide that of the doors. */
static size_t *netns_places(const struct dw_facts *f, struct dw_arena *a)
{
	size_t *places = dw_arena_array(a, f->netns.n + 1, sizeof(*places));

	for (size_t i = 0; i < f->netns.n; i++)
		for (size_t k = 0; k < f->netns.n; k++)
			places[i] += netns_before(f, k, i);
	places[f->netns.n] = f->netns.n;
	return places;
}

/* Sleepers have namespace 0: the host's own, which is the first. */
static enum dw_tristate netns_filter(const struct dw_facts *f, uint32_t inode)
{
	size_t i = inode ? netns_rank(f, inode) : 0;

	return i < f->netns.n ? f->netns.v[i].filter : DW_UNKNOWN;
}

static const char *netns_name(struct dw_arena *a, const struct dw_facts *f, uint32_t inode)
{
	size_t i = inode ? netns_rank(f, inode) : 0;

	if (i < f->netns.n && f->netns.v[i].name)
		return f->netns.v[i].name;
	return inode ? dw_arena_printf(a, "net:[%u]", inode) : "host";
}

static int older(const struct dw_owner *a, const struct dw_owner *b)
{
	if (a->started_ticks != b->started_ticks)
		return a->started_ticks < b->started_ticks ? -1 : 1;
	return (a->pid > b->pid) - (a->pid < b->pid);
}

static int by_age(const void *x, const void *y, void *arg)
{
	const struct dw_facts *f = arg;

	return older(holder(f, *(const struct dw_hold_fact *const *)x),
		     holder(f, *(const struct dw_hold_fact *const *)y));
}

/* The surest claim counts; of equally sure ones that of the oldest holder: it made the socket. */
static const struct dw_hold_fact *opener_of(const struct member *m)
{
	const struct dw_hold_fact *best = NULL;

	for (size_t i = 0; i < m->n_holds; i++)
		if (!best || m->holds[i]->starter.confidence > best->starter.confidence)
			best = m->holds[i];
	return best;
}

static const char *program_of(const struct dw_facts *f, const struct member *m)
{
	if (!m->opener)
		return NULL;
	if (m->opener->starter.program)
		return m->opener->starter.program;
	if (holder(f, m->holds[0])->script)
		return holder(f, m->holds[0])->script;
	return holder(f, m->holds[0])->executable;
}

/* Sorts the holds under their sockets by counting: both may be hundreds of thousands. */
static void group_holds(struct joining *j)
{
	const struct dw_facts *f = j->facts;
	const struct dw_hold_fact **sorted =
		dw_arena_array(j->arena, f->holds.n + 1, sizeof(*sorted));
	size_t *start = dw_arena_array(j->arena, f->sockets.n + 2, sizeof(*start));
	const size_t *places = netns_places(f, j->arena);

	for (size_t i = 0; i < f->holds.n; i++)
		start[f->holds.v[i].socket + 2]++;
	for (size_t i = 2; i < f->sockets.n + 2; i++)
		start[i] += start[i - 1];
	for (size_t i = 0; i < f->holds.n; i++)
		sorted[start[f->holds.v[i].socket + 1]++] = &f->holds.v[i];
	for (size_t i = 0; i < f->sockets.n; i++) {
		struct member *m = &j->members[i];

		m->socket = &f->sockets.v[i];
		m->netns_rank = places[netns_rank(f, m->socket->at.netns)];
		m->holds = sorted + start[i];
		m->n_holds = start[i + 1] - start[i];
		if (m->n_holds > 1)
			qsort_r(sorted + start[i], m->n_holds, sizeof(*sorted), by_age, (void *)f);
		m->opener = opener_of(m);
		m->program = program_of(f, m);
	}
}

static int compare_text(const char *a, const char *b)
{
	if (!a || !b)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

static const struct dw_starter *starter_of(const struct member *m)
{
	static const struct dw_starter nobody;

	return m->opener ? &m->opener->starter : &nobody;
}

/* 0: one door. */
static int compare_members(const void *x, const void *y)
{
	const struct member *a = x, *b = y;
	const struct dw_starter *s = starter_of(a), *t = starter_of(b);
	int r;

	if (a->netns_rank != b->netns_rank)
		return a->netns_rank < b->netns_rank ? -1 : 1;
	r = dw_endpoint_compare(&a->socket->at, &b->socket->at);
	if (r != 0)
		return r;
	if (s->kind != t->kind)
		return s->kind < t->kind ? -1 : 1;
	r = compare_text(s->id, t->id);
	if (r != 0)
		return r;
	r = compare_text(a->program, b->program);
	if (r != 0)
		return r;
	r = compare_text(a->socket->kernel, b->socket->kernel);
	if (r != 0)
		return r;
	/* two sniffers are two doors unless they look for the same */
	return a->socket->at.protocol == DW_PROTOCOL_PACKET
		       ? compare_text(a->socket->filter, b->socket->filter)
		       : 0;
}

static const char *seen_text(struct dw_arena *a, unsigned seen)
{
	static const struct {
		unsigned bit;
		const char *name;
	} views[] = {
		{ DW_SEEN_DIAG, "sock_diag" },   { DW_SEEN_PROC, "proc-net" },
		{ DW_SEEN_BPF_FD, "bpf-fd" },    { DW_SEEN_BPF_HASH, "bpf-table" },
		{ DW_SEEN_FD, "proc-fd" },       { DW_SEEN_IO_URING, "io_uring" },
		{ DW_SEEN_PROBE, "bind-probe" },
	};
	struct dw_str text = { .arena = a };

	for (size_t i = 0; i < DW_ARRAY_SIZE(views); i++)
		if (seen & views[i].bit)
			dw_str_addf(&text, "%s%s", text.n ? " " : "", views[i].name);
	return text.s;
}

static int owner_by_age(const void *x, const void *y)
{
	return older(x, y);
}

/* Every process once, though it may hold several of the door's sockets. */
static void add_owners(struct joining *j, struct dw_door *d, const struct member *m, size_t n)
{
	const struct dw_facts *f = j->facts;
	DW_VEC(struct dw_owner) owners = { 0 };

	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < m[i].n_holds; k++) {
			const struct dw_hold_fact *h = m[i].holds[k];
			const struct dw_owner *p = holder(f, h);
			bool known = false;

			/* forked workers share each socket: the list is the same for all, so look at the end first */
			for (size_t o = owners.n; o > 0 && !known; o--)
				known = owners.v[o - 1].pid == p->pid;
			if (known)
				continue;
			dw_vec_push(j->arena, &owners, *p);
			owners.v[owners.n - 1].via = h->via;
		}
	}
	if (owners.n > 1)
		qsort(owners.v, owners.n, sizeof(*owners.v), owner_by_age);
	d->owners = owners.v;
	d->n_owners = owners.n;
}

static void add_note(struct joining *j, struct dw_door *d, const char *id, const char *text)
{
	d->notes = dw_arena_grow(j->arena, d->notes, d->n_notes * sizeof(*d->notes),
				 (d->n_notes + 1) * sizeof(*d->notes));
	d->notes[d->n_notes++] = (struct dw_reason){ .id = id, .text = text };
}

/* What is odd about who holds it, said with the evidence. */
static void add_notes(struct joining *j, struct dw_door *d, const struct member *m, size_t n)
{
	for (size_t i = 1; i < d->n_owners; i++) {
		const struct dw_owner *first = &d->owners[0], *other = &d->owners[i];

		if (dw_streq0(first->executable, other->executable))
			continue;
		add_note(j, d, "shared-by-programs",
			 dw_arena_printf(
				 j->arena,
				 "two programs hold this socket: %s (pid %d) and %s (pid %d)",
				 first->executable ? first->executable : first->comm, first->pid,
				 other->executable ? other->executable : other->comm, other->pid));
		break;
	}
	for (size_t i = 0; i < m->n_holds; i++) {
		const struct dw_starter *s = &m->holds[i]->starter;

		if (s->kind == d->starter.kind && dw_streq0(s->id, d->starter.id))
			continue;
		add_note(j, d, "holder-of-another-starter",
			 dw_arena_printf(
				 j->arena, "pid %d, which holds it too, was started by %s %s",
				 holder(j->facts, m->holds[i])->pid, dw_starter_kind_name(s->kind),
				 s->id ? s->id : "(unknown)"));
		break;
	}
	if (n > 1)
		add_note(j, d, "several-sockets",
			 dw_arena_printf(
				 j->arena,
				 "%zu sockets share this door (SO_REUSEPORT or SO_REUSEADDR)", n));
}

static void kernel_door(struct joining *j, struct dw_door *d, const char *subsystem)
{
	d->kernel = subsystem;
	d->owners_known = true;
	d->starter = (struct dw_starter){
		.kind = DW_STARTER_KERNEL,
		.id = subsystem,
		.running = DW_YES,
		.confidence = DW_CONFIDENCE_CERTAIN,
		.evidence = dw_arena_printf(j->arena, "the socket belongs to the kernel's %s",
					    subsystem),
	};
}

/* Doors of one namespace follow each other, and most were shown by the same views. */
static void tell_place(struct joining *j, struct dw_door *d, unsigned seen)
{
	if (!j->last.netns_name || j->last.netns != d->at.netns) {
		j->last.netns = d->at.netns;
		j->last.netns_name = netns_name(j->arena, j->facts, d->at.netns);
		j->last.filter = netns_filter(j->facts, d->at.netns);
	}
	if (!j->last.seen_text || j->last.seen != seen) {
		j->last.seen = seen;
		j->last.seen_text = seen_text(j->arena, seen);
	}
	d->netns = j->last.netns_name;
	d->packet_filter = j->last.filter;
	d->seen_by = j->last.seen_text;
}

/* One door of n sockets that compare equal. */
static void add_door(struct joining *j, const struct member *m, size_t n)
{
	struct dw_door *d = dw_vec_add(j->arena, &j->doors);
	unsigned seen = 0;

	d->at = m->socket->at;
	d->kind = m->socket->kind;
	d->sockets = (unsigned)n;
	d->filter = m->socket->filter;
	d->starter = *starter_of(m);
	d->program = m->program;
	d->peers_known = d->kind == DW_KIND_LISTENER;
	for (size_t i = 0; i < n; i++) {
		const struct dw_socket_fact *s = m[i].socket;

		d->peers_known &= s->asked;

		seen |= s->seen;
		d->mptcp |= s->mptcp;
		d->hidden |= (s->could_see & ~s->seen) != 0;
	}
	tell_place(j, d, seen);
	add_owners(j, d, m, n);
	d->owners_known = d->n_owners > 0;
	if (d->starter.program)
		d->package = m->opener->package;
	else if (d->n_owners > 0)
		d->package = d->owners[0].package;
	if (m->socket->kernel && d->n_owners == 0)
		kernel_door(j, d, m->socket->kernel);
	add_notes(j, d, m, n);
}

static void add_sockets(struct joining *j)
{
	size_t n = j->facts->sockets.n;

	j->members = dw_arena_array(j->arena, n + 1, sizeof(*j->members));
	group_holds(j);
	if (n > 1)
		qsort(j->members, n, sizeof(*j->members), compare_members);
	for (size_t i = 0, next; i < n; i = next) {
		for (next = i + 1;
		     next < n && compare_members(&j->members[i], &j->members[next]) == 0; next++)
			;
		add_door(j, &j->members[i], next - i);
	}
}

static void add_redirects(struct joining *j)
{
	for (size_t i = 0; i < j->facts->redirects.n; i++) {
		const struct dw_redirect_fact *r = &j->facts->redirects.v[i];
		struct dw_door *d = dw_vec_add(j->arena, &j->doors);

		d->at = r->at;
		d->port_last = r->port_last > r->at.port ? r->port_last : 0;
		d->kind = r->kind;
		d->netns = netns_name(j->arena, j->facts, r->at.netns);
		d->packet_filter = netns_filter(j->facts, r->at.netns);
		d->target = r->target;
		d->rule = r->rule;
		d->starter = r->starter;
		d->owners_known = true;
	}
}

static bool would_open(const struct dw_sleeper_fact *s, const struct dw_endpoint *at)
{
	if (!s->at.has_port || s->at.protocol != at->protocol || s->at.port != at->port ||
	    !dw_streq0(s->at.ifname, at->ifname))
		return false;
	if (memcmp(s->at.address, at->address, sizeof(at->address)) != 0)
		return false;
	/* a line of inetd that leaves the family open is one sleeper and two sockets */
	return s->at.family == at->family ||
	       (s->at.family == DW_FAMILY_DUAL && dw_endpoint_is_any(at));
}

/*
 * Who is not root sees no holder. What is open where a unit that is up, or a line that a running daemon reads, asks for
 * a door is that door, and nothing that sleeps beside it.
 */
static void lend_starters(struct joining *j)
{
	for (size_t i = 0; i < j->facts->sleepers.n; i++) {
		const struct dw_sleeper_fact *s = &j->facts->sleepers.v[i];

		for (size_t k = 0; s->starter.running == DW_YES && k < j->doors.n; k++) {
			struct dw_door *d = &j->doors.v[k];

			if (d->owners_known || d->starter.kind != DW_STARTER_UNKNOWN ||
			    !dw_streq0(d->netns, netns_name(j->arena, j->facts, s->at.netns)) ||
			    !would_open(s, &d->at))
				continue;
			d->starter = s->starter;
			d->starter.confidence = DW_CONFIDENCE_LIKELY;
			d->starter.evidence =
				"it asks for this very door and is up; who holds the door "
				"could not be seen";
			d->program = s->program ? s->program : s->starter.program;
			d->package = s->package;
		}
	}
}

/* Is what the sleeper would open open already, by the same starter? */
static bool is_awake(const struct joining *j, const struct dw_sleeper_fact *s)
{
	for (size_t i = 0; i < j->doors.n; i++) {
		const struct dw_door *d = &j->doors.v[i];

		if (d->starter.kind != s->starter.kind || !dw_streq0(d->starter.id, s->starter.id))
			continue;
		if (!s->at.has_port || d->kind == DW_KIND_FORWARDED)
			return true;
		if (d->at.protocol == s->at.protocol && d->at.port == s->at.port &&
		    (d->at.family == s->at.family || d->at.family == DW_FAMILY_DUAL ||
		     s->at.family == DW_FAMILY_DUAL || s->at.family == DW_FAMILY_UNKNOWN))
			return true;
	}
	return false;
}

static void add_sleepers(struct joining *j)
{
	size_t open = j->doors.n;

	for (size_t i = 0; i < j->facts->sleepers.n; i++) {
		const struct dw_sleeper_fact *s = &j->facts->sleepers.v[i];
		struct joining awake = { .doors = { .v = j->doors.v, .n = open } };
		struct dw_door *d;

		if (is_awake(&awake, s))
			continue;
		d = dw_vec_add(j->arena, &j->doors);
		d->at = s->at;
		d->kind = DW_KIND_SLEEPING;
		d->netns = netns_name(j->arena, j->facts, s->at.netns);
		d->packet_filter = netns_filter(j->facts, s->at.netns);
		d->starter = s->starter;
		d->program = s->program ? s->program : s->starter.program;
		d->package = s->package;
		d->owners_known = true;
	}
}

struct dw_snapshot *dw_join(const struct dw_facts *f)
{
	struct dw_arena *a = dw_arena_new();
	struct dw_snapshot *s = dw_new(a, struct dw_snapshot);
	struct joining j = { .facts = f, .arena = a };

	dw_vec_reserve(a, &j.doors, f->sockets.n + f->redirects.n + f->sleepers.n);
	add_sockets(&j);
	dw_join_peers(f, j.doors.v, j.doors.n, a);
	add_redirects(&j);
	lend_starters(&j);
	add_sleepers(&j);
	*s = (struct dw_snapshot){
		.arena = a,
		.host = f->host,
		.time = f->time,
		.method = f->method,
		.service_manager = f->service_manager,
		.doors = j.doors.v,
		.n_doors = j.doors.n,
		.incomplete = f->incomplete.v,
		.n_incomplete = f->incomplete.n,
	};
	return s;
}

void dw_snapshot_free(struct dw_snapshot *s)
{
	if (s)
		dw_arena_free(s->arena);
}
