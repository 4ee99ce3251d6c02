/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who is connected to the doors: one dump a protocol and namespace, of the doors' ports and (for TCP) of what
 * this host has with itself, so that the program at the other end can be named. Where the kernel's own counters
 * say that no socket is there but the doors, nothing is asked.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "dw_str.h"
#include "netcol.h"

#define FILE_MAX ((size_t)256 * 1024 * 1024) /* of /proc/net/tcp: more than a million lines */

struct looking {
	struct dw_collect *c;
	size_t netns;
	struct dw_arena *scratch;
	const size_t *sockets; /* of facts: those of this namespace that have a port */
	size_t n_sockets;
	bool inside; /* the calling thread stands in the namespace */
	bool netlink;
	struct dw_bytes counters; /* /proc/net/sockstat and sockstat6; none: not told */
	struct dw_inets own;
	bool own_read;
	/* of the protocol asked for */
	enum dw_protocol protocol;
	DW_VEC(uint16_t) ports; /* of doors, ascending */
	size_t doors;           /* sockets that are doors */
	bool shared;            /* several sockets at one endpoint: the holder tells them apart */
	size_t first;           /* facts->connections from here */
	DW_VEC(struct dw_end) others; /* ends that face a door of ours */
};

static const struct {
	enum dw_protocol protocol;
	const char *counter; /* NULL: not counted */
	const char *file;    /* below /proc/net, and with a 6 behind; NULL: none */
} protocols[] = {
	{ DW_PROTOCOL_TCP, "TCP", "tcp" },
	{ DW_PROTOCOL_UDP, "UDP", "udp" },
	{ DW_PROTOCOL_UDPLITE, "UDPLITE", "udplite" },
	{ DW_PROTOCOL_SCTP, NULL, NULL },
	{ DW_PROTOCOL_DCCP, NULL, NULL },
};

/* --- which doors ------------------------------------------------------------------------------ */

static bool is_asked_for(const struct looking *k, const struct dw_socket_fact *s)
{
	return s->at.protocol == k->protocol &&
	       (s->kind == DW_KIND_LISTENER || s->kind == DW_KIND_DATAGRAM);
}

static int by_port(const void *x, const void *y)
{
	return *(const uint16_t *)x - *(const uint16_t *)y;
}

/* Two sockets of a port are most often of two families or addresses: then only more work is done. */
static void gather_ports(struct looking *k)
{
	const struct dw_facts *f = k->c->facts;
	size_t kept = 0;

	k->ports.n = 0;
	for (size_t i = 0; i < k->n_sockets; i++) {
		const struct dw_socket_fact *s = &f->sockets.v[k->sockets[i]];

		if (is_asked_for(k, s))
			dw_vec_push(k->scratch, &k->ports, (uint16_t)s->at.port);
	}
	k->doors = k->ports.n;
	if (k->ports.n > 1)
		qsort(k->ports.v, k->ports.n, sizeof(*k->ports.v), by_port);
	for (size_t i = 0; i < k->ports.n; i++)
		if (i == 0 || k->ports.v[i] != k->ports.v[kept - 1])
			k->ports.v[kept++] = k->ports.v[i];
	k->shared = kept < k->ports.n;
	k->ports.n = kept;
}

static bool is_door_port(const struct looking *k, uint16_t port)
{
	return bsearch(&port, k->ports.v, k->ports.n, sizeof(port), by_port) != NULL;
}

/* --- what was found --------------------------------------------------------------------------- */

static bool is_connected(const struct looking *k, const struct dw_end *end)
{
	if (end->remote_port == 0)
		return false;
	/* SCTP's own states: established 3, shutting down 4 to 6 (linux/sctp.h) */
	if (k->protocol == DW_PROTOCOL_SCTP)
		return end->state >= 3 && end->state <= 6;
	return end->state == TCP_ESTABLISHED || end->state == TCP_FIN_WAIT1 ||
	       end->state == TCP_FIN_WAIT2 || end->state == TCP_CLOSE_WAIT;
}

static bool is_own(const struct looking *k, const struct dw_end *end)
{
	if (dw_inet_is_loopback(&end->remote) ||
	    memcmp(&end->local, &end->remote, sizeof(end->local)) == 0)
		return true;
	for (size_t i = 0; i < k->own.n; i++)
		if (memcmp(&k->own.v[i], &end->remote, sizeof(end->remote)) == 0)
			return true;
	return false;
}

static void add_connection(struct looking *k, const struct dw_end *end, bool own)
{
	struct dw_facts *f = k->c->facts;
	struct dw_connection_fact *n = dw_vec_add(f->arena, &f->connections);
	bool v4 = dw_inet_is_v4(&end->remote);

	*n = (struct dw_connection_fact){
		.at = { .netns = k->c->netns.v[k->netns].inode,
			.protocol = k->protocol,
			.family = v4 ? DW_FAMILY_IPV4 : DW_FAMILY_IPV6,
			.has_port = true,
			.port = end->local_port,
			.ifindex = end->ifindex },
		.peer_port = end->remote_port,
		.local = own,
		.inode = end->inode,
	};
	memcpy(n->at.address, v4 ? end->local.b + 12 : end->local.b, v4 ? 4 : 16);
	memcpy(n->peer, v4 ? end->remote.b + 12 : end->remote.b, v4 ? 4 : 16);
}

static void take(void *arg, const struct dw_end *end)
{
	struct looking *k = arg;
	bool own;

	if (!is_connected(k, end))
		return;
	own = is_own(k, end);
	if (is_door_port(k, end->local_port))
		add_connection(k, end, own);
	if (own && end->inode != 0 && is_door_port(k, end->remote_port))
		dw_vec_push(k->scratch, &k->others, *end);
}

static void forget(void *arg)
{
	struct looking *k = arg;

	k->c->facts->connections.n = k->first;
	k->others.n = 0;
}

/* --- the other end of what this host has with itself ------------------------------------------- */

static int by_ends(const void *x, const void *y)
{
	const struct dw_end *a = x, *b = y;
	int r = (int)a->local_port - b->local_port;

	if (r == 0)
		r = (int)a->remote_port - b->remote_port;
	if (r == 0)
		r = memcmp(&a->local, &b->local, sizeof(a->local));
	return r ? r : memcmp(&a->remote, &b->remote, sizeof(a->remote));
}

static const struct dw_end *other_end(const struct looking *k, const struct dw_connection_fact *n)
{
	struct dw_end key = { .local_port = n->peer_port, .remote_port = (uint16_t)n->at.port };
	bool v6 = n->at.family == DW_FAMILY_IPV6;

	dw_inet_from(&key.local, v6, n->peer);
	dw_inet_from(&key.remote, v6, n->at.address);
	return k->others.n ? bsearch(&key, k->others.v, k->others.n, sizeof(key), by_ends) : NULL;
}

static void want(struct looking *k, uint64_t inode, size_t connection, bool other)
{
	struct dw_wanted_ends *w = dw_wanted_ends(k->c);

	if (inode == 0)
		return;
	w->sorted = false;
	dw_vec_push(k->c->facts->arena, &w->ends,
		    ((struct dw_wanted_end){ inode, connection, other }));
}

static void want_holders(struct looking *k)
{
	const struct dw_facts *f = k->c->facts;

	if (k->others.n > 1)
		qsort(k->others.v, k->others.n, sizeof(*k->others.v), by_ends);
	for (size_t i = k->first; i < f->connections.n; i++) {
		const struct dw_connection_fact *n = &f->connections.v[i];
		const struct dw_end *other = n->local ? other_end(k, n) : NULL;

		if (other)
			want(k, other->inode, i, true);
		if (k->shared)
			want(k, n->inode, i, false);
	}
}

static int by_inode(const void *x, const void *y)
{
	uint64_t a = ((const struct dw_wanted_end *)x)->inode,
		 b = ((const struct dw_wanted_end *)y)->inode;

	return (a > b) - (a < b);
}

/* Its name is read as it is: to open a process's file of names for each client would cost more than the rest. */
static const char *program_of(struct dw_collect *c, struct dw_wanted_ends *w, int pid)
{
	_cleanup_fd_ int dir = -1;
	char path[4096];
	ssize_t n;

	if (w->pid == pid)
		return w->program;
	w->pid = pid;
	w->program = NULL;
	dir = dw_procs_openat(c->procs, pid, ".", O_PATH | O_DIRECTORY, NULL);
	n = dir < 0 ? -1 : readlinkat(dir, "exe", path, sizeof(path) - 1);
	if (n <= 0)
		return NULL;
	path[n] = '\0';
	if (dw_ends_with(path, " (deleted)"))
		path[(size_t)n - strlen(" (deleted)")] = '\0';
	w->program = dw_arena_strdup(c->facts->arena, path);
	return w->program;
}

void dw_connection_held(struct dw_collect *c, uint64_t inode, int pid)
{
	struct dw_wanted_ends *w = dw_wanted_ends(c);
	struct dw_wanted_end key = { .inode = inode }, *end;

	if (w->ends.n == 0 || inode == 0)
		return;
	if (!w->sorted)
		qsort(w->ends.v, w->ends.n, sizeof(*w->ends.v), by_inode);
	w->sorted = true;
	end = bsearch(&key, w->ends.v, w->ends.n, sizeof(key), by_inode);
	while (end && end > w->ends.v && end[-1].inode == inode)
		end--;
	for (; end && end < w->ends.v + w->ends.n && end->inode == inode; end++) {
		struct dw_connection_fact *n = &c->facts->connections.v[end->connection];

		/* of several that hold it, the first: lowest pid, mostly the oldest */
		if (end->other && !n->program)
			n->program = program_of(c, w, pid);
		if (end->other || n->pid)
			continue;
		n->pid = pid;
		n->holder = program_of(c, w, pid);
	}
}

/* --- asking ----------------------------------------------------------------------------------- */

static void read_counters(struct looking *k)
{
	static const char *const names[] = { "sockstat", "sockstat6" };
	struct dw_str all = { .arena = k->scratch };

	for (size_t i = 0; i < DW_ARRAY_SIZE(names); i++) {
		_cleanup_fd_ int fd = dw_procnet_open(k->c, k->netns, names[i], k->inside, NULL);
		struct dw_bytes text = { 0 };

		/* no sockstat6: no IPv6 */
		if (i > 0 && fd == -ENOENT)
			break;
		if (fd < 0 || dw_fd_read_all(fd, 65536, k->scratch, &text) < 0)
			return;
		dw_str_addf(&all, "%s\n", text.data);
	}
	k->counters = (struct dw_bytes){ .data = all.s, .n = all.n };
}

/* "TCP: inuse 12 orphan 0 ...", "TCP6: inuse 3": sockets in the kernel's tables, listening ones too. */
static bool has_more_than_doors(const struct looking *k, const char *counter)
{
	struct dw_lines lines = dw_lines_of(&k->counters);
	char *line;
	uint64_t total = 0, v;

	if (k->counters.n == 0 || !counter)
		return true;
	while ((line = dw_lines_next_trimmed(&lines, k->scratch))) {
		const char *name = dw_word_next(&line), *rest;
		size_t n = strlen(counter);

		if (!name || strncmp(name, counter, n) != 0)
			continue;
		rest = name + n + (name[n] == '6');
		if (!dw_streq(rest, ":") || !dw_word_next(&line))
			continue;
		rest = dw_word_next(&line);
		if (!rest || !dw_parse_u64(rest, 10, UINT32_MAX, &v))
			return true;
		total += v;
	}
	return total > k->doors;
}

static int from_netlink(struct looking *k, struct dw_error *e)
{
	bool tcp = k->protocol == DW_PROTOCOL_TCP;
	struct dw_bytes filter;

	if (!k->own_read) {
		k->own_read = true;
		dw_own_addresses(k->c, k->netns, k->scratch, &k->own);
	}
	filter = dw_ends_filter(k->scratch, k->ports.v, k->ports.n, tcp ? &k->own : NULL);
	return dw_ends_ask(k->c, k->netns, k->protocol, &filter, take, forget, k, e);
}

static int from_file(struct looking *k, const char *name, bool v6, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *text_arena = dw_arena_new();
	_cleanup_fd_ int fd = dw_procnet_open(k->c, k->netns, name, k->inside, e);
	struct dw_bytes text = { 0 };
	struct dw_lines lines;
	const char *line;
	size_t n;
	int r = fd < 0 ? fd : dw_fd_read_all(fd, FILE_MAX, text_arena, &text);

	if (r < 0)
		return dw_error_errno(e, r, "/proc/net/%s", name);
	lines = dw_lines_of(&text);
	while (dw_lines_next(&lines, &line, &n)) {
		struct dw_end end;

		if (dw_end_parse_line(v6, line, n, &end))
			take(k, &end);
	}
	return 0;
}

static int from_proc(struct looking *k, const char *name, struct dw_error *e)
{
	int r;

	if (!name)
		return dw_error_set(e, -ENOTSUP, "/proc/net does not tell of %s connections",
				    dw_protocol_name(k->protocol));
	r = from_file(k, name, false, e);
	if (r < 0)
		return r;
	r = from_file(k, dw_arena_printf(k->scratch, "%s6", name), true, e);
	return r == -ENOENT ? 0 : r;
}

static void mark_asked(const struct looking *k)
{
	struct dw_facts *f = k->c->facts;

	for (size_t i = 0; i < k->n_sockets; i++)
		if (is_asked_for(k, &f->sockets.v[k->sockets[i]]))
			f->sockets.v[k->sockets[i]].asked = true;
}

static void one_protocol(struct looking *k, const char *counter, const char *file)
{
	struct dw_error e = { 0 };
	int r = 0;

	gather_ports(k);
	if (k->ports.n == 0)
		return;
	k->first = k->c->facts->connections.n;
	k->others.n = 0;
	if (has_more_than_doors(k, counter)) {
		r = k->netlink ? from_netlink(k, &e) : -ENOTSUP;
		if (r < 0) {
			forget(k);
			r = from_proc(k, file, &e);
		}
	}
	if (r < 0) {
		forget(k);
		dw_facts_incomplete(k->c->facts, "no-connections", NULL, 0, false,
				    "who is connected by %s now is not known: %s",
				    dw_protocol_name(k->protocol), e.message);
		return;
	}
	want_holders(k);
	mark_asked(k);
}

static int all_protocols(void *arg, struct dw_error *e)
{
	struct looking *k = arg;

	read_counters(k);
	for (size_t i = 0; i < DW_ARRAY_SIZE(protocols); i++) {
		k->protocol = protocols[i].protocol;
		one_protocol(k, protocols[i].counter, protocols[i].file);
	}
	return 0;
}

/* Sockets with a port, those of a namespace side by side: each is looked at for its own namespace alone. */
struct sorted {
	size_t *sockets;
	size_t *from; /* of each namespace, and one more: where the last one ends */
};

static struct sorted sort_sockets(const struct dw_collect *c, struct dw_arena *a)
{
	const struct dw_facts *f = c->facts;
	size_t *netns = dw_arena_array(a, f->sockets.n + 1, sizeof(*netns)), last = DW_NONE;
	struct sorted r = {
		.sockets = dw_arena_array(a, f->sockets.n + 1, sizeof(*r.sockets)),
		.from = dw_arena_array(a, c->netns.n + 2, sizeof(*r.from)),
	};

	for (size_t i = 0; i < f->sockets.n; i++) {
		const struct dw_endpoint *at = &f->sockets.v[i].at;

		if (last == DW_NONE || f->netns.v[last].inode != at->netns)
			last = dw_netns_find(c, at->netns);
		netns[i] = at->has_port ? last : DW_NONE;
		if (netns[i] != DW_NONE)
			r.from[netns[i] + 2]++;
	}
	for (size_t i = 2; i < c->netns.n + 2; i++)
		r.from[i] += r.from[i - 1];
	/* from[n + 1] runs from where n begins to where it ends, and so becomes the beginning of n + 1 */
	for (size_t i = 0; i < f->sockets.n; i++)
		if (netns[i] != DW_NONE)
			r.sockets[r.from[netns[i] + 1]++] = i;
	return r;
}

static int one_namespace(struct dw_collect *c, size_t netns, const struct sorted *sorted,
			 struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	const struct dw_netns_state *state = dw_netns_state(c, netns);
	struct looking k = {
		.c = c,
		.netns = netns,
		.scratch = scratch,
		.sockets = sorted->sockets + sorted->from[netns],
		.n_sockets = sorted->from[netns + 1] - sorted->from[netns],
		.inside = dw_netns_reachable(c, netns),
		.netlink = c->rungs != DW_RUNG_PROC,
	};

	if (k.inside)
		return dw_netns_run(c->sys, &c->netns.v[netns], all_protocols, &k, e);
	/* through a process only where there is no other way; it may have gone elsewhere */
	k.netlink = false;
	if (state->pid == 0 || dw_netns_of(c, state->pid) != c->netns.v[netns].inode)
		return 0;
	return all_protocols(&k, e);
}

int dw_collect_connections(struct dw_collect *c, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	struct sorted sorted = sort_sockets(c, scratch);

	for (size_t i = 0; i < c->netns.n; i++) {
		struct dw_error why = { 0 };

		if (sorted.from[i] == sorted.from[i + 1] || dw_netns_state(c, i)->connections_read)
			continue;
		dw_netns_state(c, i)->connections_read = true;
		if (one_namespace(c, i, &sorted, &why) < 0)
			dw_facts_incomplete(
				c->facts, "no-connections", NULL, 0, false,
				"who is connected now is not known in one namespace: %s",
				why.message);
	}
	return 0;
}
