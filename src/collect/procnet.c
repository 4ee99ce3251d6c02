/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * /proc/net of one namespace: for protocols that sock_diag did not answer for, for all of them when
 * only /proc may be used, and for all of them as a second view when hidden doors are looked for.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dw_str.h"
#include "netcol.h"

#define CHUNK ((size_t)64 * 1024)
#define FILE_MAX                                                                                   \
	((size_t)1024 * 1024 *                                                                     \
	 1024)         /* a line a connection: a million take 150 MB, read piecewise */
#define BAD_LINES    3 /* told of one file */
#define LINE_MAX_LEN ((size_t)16 * 1024)

struct source {
	const char *name; /* below /proc/net */
	enum dw_procfile layout;
	enum dw_protocol protocol;
};

static const struct source sources[] = {
	{ "tcp", DW_PROCFILE_INET4, DW_PROTOCOL_TCP },
	{ "tcp6", DW_PROCFILE_INET6, DW_PROTOCOL_TCP },
	{ "udp", DW_PROCFILE_INET4, DW_PROTOCOL_UDP },
	{ "udp6", DW_PROCFILE_INET6, DW_PROTOCOL_UDP },
	{ "udplite", DW_PROCFILE_INET4, DW_PROTOCOL_UDPLITE },
	{ "udplite6", DW_PROCFILE_INET6, DW_PROTOCOL_UDPLITE },
	{ "raw", DW_PROCFILE_INET4, DW_PROTOCOL_RAW },
	{ "raw6", DW_PROCFILE_INET6, DW_PROTOCOL_RAW },
	{ "packet", DW_PROCFILE_PACKET, DW_PROTOCOL_PACKET },
	{ "sctp/eps", DW_PROCFILE_SCTP, DW_PROTOCOL_SCTP },
};

struct reading {
	struct dw_collect *c;
	size_t netns;
	const struct source *source;
	const char *path;
	unsigned line, bad;
};

static void add(void *arg, const struct dw_socket_fact *found)
{
	const struct reading *k = arg;
	struct dw_socket_fact s = *found;

	s.at.netns = k->c->facts->netns.v[k->netns].inode;
	if (s.at.protocol == DW_PROTOCOL_PACKET) {
		s.filter = dw_packet_text(k->c->facts->arena, (uint16_t)s.at.port, NULL, 0);
		s.at.port = 0;
	}
	s.at.ifname = dw_netns_ifname(k->c, k->netns, s.at.ifindex);
	(void)dw_sock_add(k->c, &s);
}

static void one_line(struct reading *k, const char *line, size_t n)
{
	/* the first line is the heading; debugfs has none */
	if (++k->line == 1 && k->source->protocol != DW_PROTOCOL_BLUETOOTH)
		return;
	if (n == 0 ||
	    dw_procline_parse(k->source->layout, k->source->protocol, line, n, add, k) == 0)
		return;
	if (k->bad++ < BAD_LINES)
		dw_facts_incomplete(k->c->facts, "bad-line", k->path, k->line, true,
				    "%s: line %u makes no sense", k->path, k->line);
}

static int read_lines(struct reading *k, int fd)
{
	_cleanup_free_ char *buffer = malloc(CHUNK);
	size_t have = 0, total = 0;

	if (!buffer)
		dw_oom();
	for (;;) {
		ssize_t got = read(fd, buffer + have, CHUNK - have);
		char *start = buffer, *newline;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		total += (size_t)got;
		have += (size_t)got;
		while ((newline = memchr(start, '\n', have - (size_t)(start - buffer)))) {
			one_line(k, start, (size_t)(newline - start));
			start = newline + 1;
		}
		have -= (size_t)(start - buffer);
		memmove(buffer, start, have);
		if (got == 0 || have > LINE_MAX_LEN) {
			if (have > 0)
				one_line(k, buffer, DW_MIN(have, LINE_MAX_LEN));
			have = 0;
		}
		if (got == 0)
			return 0;
		if (total > FILE_MAX)
			return -EFBIG;
	}
}

/*
 * Through the thread's own directory when it stands in the namespace, else through a process that
 * is in it.
 */
int dw_procnet_open(struct dw_collect *c, size_t netns, const char *name, bool inside,
		    struct dw_error *e)
{
	char path[64];

	if (inside && !dw_sys_is_fake(c->sys)) {
		(void)snprintf(path, sizeof(path), "/proc/thread-self/net/%s", name);
		return dw_sys_file_open(c->sys, path, O_RDONLY, e);
	}
	(void)snprintf(path, sizeof(path), "net/%s", name);
	return dw_procs_openat(c->procs, dw_netns_state(c, netns)->pid, path, O_RDONLY, e);
}

struct wanted {
	struct dw_collect *c;
	size_t netns;
	unsigned protocols;
	bool inside;
};

/* A file that is not there: the kernel does not have that protocol. */
static int read_source(const struct wanted *w, const struct source *source)
{
	struct dw_facts *f = w->c->facts;
	struct dw_error why = { 0 };
	_cleanup_fd_ int fd = dw_procnet_open(w->c, w->netns, source->name, w->inside, &why);
	struct reading k = {
		.c = w->c,
		.netns = w->netns,
		.source = source,
		.path = dw_arena_printf(f->arena, "/proc/net/%s", source->name),
	};
	int r = fd == -ENOENT ? -ENOENT : fd < 0 ? fd : read_lines(&k, fd);

	if (r < 0 && r != -ENOENT)
		dw_facts_incomplete(f, "unreadable", k.path, 0, true, "%s could not be read: %s",
				    k.path, fd < 0 ? why.message : strerror(-r));
	if (k.bad > BAD_LINES)
		dw_facts_incomplete(f, "bad-line", k.path, 0, true, "%s: %u lines made no sense",
				    k.path, k.bad);
	return r;
}

static int read_sources(void *arg, struct dw_error *e)
{
	const struct wanted *w = arg;
	unsigned shown = 0, failed = 0;

	for (size_t i = 0; i < DW_ARRAY_SIZE(sources); i++) {
		unsigned bit = DW_PROTOCOL_BIT(sources[i].protocol);
		int r;

		if (!(w->protocols & bit))
			continue;
		r = read_source(w, &sources[i]);
		/* tcp there and tcp6 not: the kernel has no IPv6, and TCP was shown */
		if (r == 0)
			shown |= bit;
		else if (r != -ENOENT)
			failed |= bit;
	}
	dw_netns_state(w->c, w->netns)->proc |= shown & ~failed;
	return 0;
}

/*
 * Bluetooth is not divided by namespaces; debugfs alone tells state and channel
 * (l2cap_debugfs_show, rfcomm_sock_debugfs_show), /proc/net/l2cap only that there are sockets.
 */
static void read_bluetooth(struct dw_collect *c)
{
	static const struct {
		const char *path, *sockets;
		struct source source;
	} files[] = {
		{ "/sys/kernel/debug/bluetooth/l2cap",
		  "l2cap",
		  { "l2cap", DW_PROCFILE_L2CAP, DW_PROTOCOL_BLUETOOTH } },
		{ "/sys/kernel/debug/bluetooth/rfcomm",
		  "rfcomm",
		  { "rfcomm", DW_PROCFILE_RFCOMM, DW_PROTOCOL_BLUETOOTH } },
	};

	for (size_t i = 0; i < DW_ARRAY_SIZE(files); i++) {
		struct reading k = { .c = c, .source = &files[i].source, .path = files[i].path };
		_cleanup_fd_ int fd = dw_sys_file_open(c->sys, files[i].path, O_RDONLY, NULL),
				 exists = -1;

		if (fd >= 0 && read_lines(&k, fd) == 0) {
			dw_netns_state(c, 0)->proc |= DW_PROTOCOL_BIT(DW_PROTOCOL_BLUETOOTH);
			continue;
		}
		exists = dw_procnet_open(c, 0, files[i].sockets, dw_netns_reachable(c, 0), NULL);
		if (exists >= 0)
			dw_facts_incomplete(c->facts, "bluetooth", files[i].path, 0, true,
					    "Bluetooth %s is there, but %s, which tells of its "
					    "listeners, cannot be read",
					    files[i].sockets, files[i].path);
	}
}

/*
 * /proc/net/tcp6 shows a socket at :: without IPV6_V6ONLY. When an IPv4 socket of the same port and
 * protocol is bound to 0.0.0.0 beside it, the IPv6 one takes no IPv4. Else it is taken for dual, as
 * is the default.
 */
static void dual_or_not(struct dw_collect *c, size_t netns)
{
	struct dw_facts *f = c->facts;
	uint32_t inode = f->netns.v[netns].inode;
	_cleanup_free_ uint16_t *ports = calloc(65536, sizeof(*ports)); /* DW_PROTOCOL_BITs */

	if (!ports)
		dw_oom();
	for (size_t i = dw_netns_state(c, netns)->first; i < f->sockets.n; i++) {
		const struct dw_endpoint *at = &f->sockets.v[i].at;

		if (at->netns == inode && at->family == DW_FAMILY_IPV4 && dw_endpoint_is_any(at))
			ports[at->port & 0xffff] |= (uint16_t)DW_PROTOCOL_BIT(at->protocol);
	}
	for (size_t i = dw_netns_state(c, netns)->first; i < f->sockets.n; i++) {
		struct dw_socket_fact *s = &f->sockets.v[i];

		if (s->at.netns == inode && s->at.family == DW_FAMILY_DUAL &&
		    s->seen == DW_SEEN_PROC &&
		    (ports[s->at.port & 0xffff] & DW_PROTOCOL_BIT(s->at.protocol)))
			s->at.family = DW_FAMILY_IPV6;
	}
}

int dw_procnet_reread(struct dw_collect *c, size_t netns, struct dw_error *e)
{
	struct dw_netns_state *state = dw_netns_state(c, netns);
	struct wanted w = { .c = c, .netns = netns, .inside = dw_netns_reachable(c, netns) };

	for (size_t i = 0; i < DW_ARRAY_SIZE(sources); i++)
		w.protocols |= DW_PROTOCOL_BIT(sources[i].protocol);
	if (!c->hidden)
		w.protocols &= ~state->diag;
	if (w.inside)
		return dw_netns_run(c->sys, &c->netns.v[netns], read_sources, &w, e);
	/* Through a process only where there is no other way; it may have gone elsewhere. */
	if (state->pid == 0 || dw_netns_of(c, state->pid) != c->netns.v[netns].inode)
		return 0;
	return read_sources(&w, e);
}

/*
 * In the range of one namespace: a socket that only one of the two views showed, both having run.
 */
static bool differs(const struct dw_socket_fact *s, uint32_t inode)
{
	const unsigned both = DW_SEEN_DIAG | DW_SEEN_PROC;

	return s->at.netns == inode && (s->could_see & both) == both && (s->seen & both) != both &&
	       (s->seen & both) != 0;
}

/*
 * A socket opened or closed between the two reads looks hidden and is not. Both are read once more,
 * in the order sock_diag, /proc, sock_diag, /proc: hidden is only what one view showed before and
 * after the other did not. Of the rest nothing is said: could_see shrinks to what did see it.
 */
static void rule_out_races(struct dw_collect *c, size_t netns)
{
	struct dw_facts *f = c->facts;
	size_t first = dw_netns_state(c, netns)->first, before = f->sockets.n,
	       notes = f->incomplete.n;
	uint32_t inode = f->netns.v[netns].inode;
	bool any = false, failed;

	for (size_t i = first; i < before && !any; i++)
		any = differs(&f->sockets.v[i], inode);
	if (!any)
		return;
	dw_sock_forget(c);
	failed = dw_diag_reread(c, netns, NULL) < 0 || dw_procnet_reread(c, netns, NULL) < 0;
	f->incomplete.n = notes; /* said before */
	for (size_t i = first; i < f->sockets.n; i++) {
		struct dw_socket_fact *s = &f->sockets.v[i];
		bool still = (dw_sock_again(c, i) & s->seen & (DW_SEEN_DIAG | DW_SEEN_PROC)) != 0;

		if (i >= before)
			s->could_see = s->seen;
		else if (differs(s, inode) && (failed || !still))
			s->could_see &= s->seen;
	}
}

int dw_collect_procnet(struct dw_collect *c, size_t netns, struct dw_error *e)
{
	struct dw_error why = { 0 };

	if (dw_procnet_reread(c, netns, &why) < 0) {
		dw_facts_incomplete(c->facts, "unreadable", "/proc/net", 0, true,
				    "/proc/net of one network namespace could not be read: %s",
				    why.message);
		return 0;
	}
	if (netns == 0)
		read_bluetooth(c);
	dual_or_not(c, netns);
	dw_netns_mark(c, netns);
	if (c->hidden)
		rule_out_races(c, netns);
	return 0;
}
