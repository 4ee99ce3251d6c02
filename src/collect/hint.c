/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One door, because something told of it: the kernel is asked for that socket alone, and /proc for the process that
 * was told of. A tenth of a millisecond, where a whole look takes tens.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "dw_fds.h"
#include "netcol.h"

#define FDS_MAX 65536 /* descriptors of the process that are looked at */

struct asking {
	struct dw_collect *c;
	const struct dw_hint *h;
	size_t netns;
	size_t found; /* index into facts->sockets, DW_NONE */
};

/* --- the namespace -------------------------------------------------------------------------------- */

/* The process may have gone elsewhere since: what is opened is looked at. */
static size_t netns_of(struct dw_collect *c, const struct dw_hint *h)
{
	size_t i = dw_netns_find(c, h->at.netns);
	_cleanup_fd_ int fd = -1;
	struct stat st;

	if (i != DW_NONE && dw_netns_reachable(c, i))
		return i;
	if (h->at.netns == dw_netns_self(c->sys))
		return dw_netns_add(c, h->at.netns, -1, NULL, h->pid);
	if (h->pid <= 0)
		return DW_NONE;
	fd = dw_procs_openat(c->procs, h->pid, "ns/net", O_RDONLY, NULL);
	if (fd < 0 || fstat(fd, &st) < 0 || st.st_ino != h->at.netns)
		return DW_NONE;
	return dw_netns_add(c, h->at.netns, dw_steal_fd(&fd), NULL, h->pid);
}

/* --- the socket ----------------------------------------------------------------------------------- */

static bool is_it(const struct dw_hint *h, const struct dw_socket_fact *s)
{
	if (h->cookie && s->cookie)
		return h->cookie == s->cookie;
	return s->at.protocol == h->at.protocol && s->at.port == h->at.port &&
	       (h->at.protocol != DW_PROTOCOL_PACKET || s->at.ifindex == h->at.ifindex);
}

static void take(void *arg, const struct dw_socket_fact *found)
{
	struct asking *k = arg;
	struct dw_socket_fact s = *found;

	if (!is_it(k->h, &s))
		return;
	s.at.netns = k->h->at.netns;
	s.at.ifname = dw_netns_ifname(k->c, k->netns, s.at.ifindex);
	k->found = dw_sock_add(k->c, &s);
}

static int answer(const struct nlmsghdr *m, void *arg)
{
	struct asking *k = arg;

	if (m->nlmsg_type == SOCK_DIAG_BY_FAMILY)
		(void)dw_diag_parse_inet(m, k->h->at.protocol, take, k);
	return 0;
}

/*
 * Without NLM_F_DUMP the kernel looks the one up as it would for a packet. TCP takes the local end from src, UDP from
 * dst ("for historical reasons", net/ipv4/udp_diag.c): it is in both.
 */
static struct nlmsghdr *request_for(const struct dw_hint *h, uint64_t cookie, void *buffer,
				    size_t size)
{
	bool v6 = h->at.family != DW_FAMILY_IPV4;
	struct inet_diag_req_v2 *r;
	struct nlmsghdr *m;

	memset(buffer, 0, size);
	m = mnl_nlmsg_put_header(buffer);
	m->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	m->nlmsg_flags = NLM_F_REQUEST;
	r = mnl_nlmsg_put_extra_header(m, sizeof(*r));
	r->sdiag_family = v6 ? AF_INET6 : AF_INET;
	r->sdiag_protocol = h->at.protocol == DW_PROTOCOL_TCP ? IPPROTO_TCP : IPPROTO_UDP;
	r->idiag_states = UINT32_MAX;
	r->id.idiag_sport = htons((uint16_t)h->at.port);
	memcpy(r->id.idiag_src, h->at.address, v6 ? 16 : 4);
	r->id.idiag_if = h->at.ifindex;
	if (h->at.protocol == DW_PROTOCOL_UDP) {
		r->id.idiag_dport = r->id.idiag_sport;
		memcpy(r->id.idiag_dst, h->at.address, v6 ? 16 : 4);
		r->id.idiag_sport = 0;
		memset(r->id.idiag_src, 0, sizeof(r->id.idiag_src));
	}
	r->id.idiag_cookie[0] = cookie ? (uint32_t)cookie : INET_DIAG_NOCOOKIE;
	r->id.idiag_cookie[1] = cookie ? (uint32_t)(cookie >> 32) : INET_DIAG_NOCOOKIE;
	return m;
}

static int request(struct asking *k, uint64_t cookie)
{
	_Alignas(struct nlmsghdr) char buffer[256];

	return dw_netlink_request(k->c->sys, &k->c->netns.v[k->netns], NETLINK_SOCK_DIAG,
				  request_for(k->h, cookie, buffer, sizeof(buffer)), answer, NULL,
				  k, NULL);
}

/*
 * *ret_nobody: nothing at all is at that place. TCP says ENOENT also where another socket that shares the port answered
 * (inet_diag_find_one_icsk()): then it is asked whether there is any.
 */
static bool ask_alone(struct asking *k, bool *ret_nobody)
{
	int r;

	*ret_nobody = false;
	if ((k->h->at.protocol != DW_PROTOCOL_TCP && k->h->at.protocol != DW_PROTOCOL_UDP) ||
	    k->h->mptcp)
		return false;
	r = request(k, k->h->cookie);
	if (k->found != DW_NONE)
		return true;
	if (r == -ENOENT && k->h->cookie)
		r = request(k, 0);
	*ret_nobody = r == -ENOENT && k->found == DW_NONE;
	return k->found != DW_NONE;
}

/* Several may share the port, so that another one answered; or the kernel cannot be asked for one alone. */
static void ask_all(struct asking *k)
{
	struct dw_facts *f = k->c->facts;

	(void)dw_diag_reread(k->c, k->netns, NULL);
	if (k->h->at.protocol != DW_PROTOCOL_TCP && k->h->at.protocol != DW_PROTOCOL_UDP)
		(void)dw_procnet_reread(k->c, k->netns, NULL);
	for (size_t i = 0; i < f->sockets.n && k->found == DW_NONE; i++)
		if (f->sockets.v[i].at.netns == k->h->at.netns && is_it(k->h, &f->sockets.v[i]))
			k->found = i;
}

/* --- the holder ----------------------------------------------------------------------------------- */

static bool is_socket(int dir, const char *name, uint64_t inode)
{
	char target[64];
	ssize_t size = readlinkat(dir, name, target, sizeof(target));
	uint64_t number;

	return size > 0 && (size_t)size < sizeof(target) &&
	       dw_fds_parse_link(target, (size_t)size, "socket", &number) && number == inode;
}

/*
 * The number of the descriptor; -1: the process does not hold it (any more). Where it was told, it is looked at alone:
 * listing the descriptors of a server that has thousands takes milliseconds.
 */
static int descriptor_of(struct dw_collect *c, const struct dw_hint *h, uint64_t inode)
{
	int fd = dw_procs_openat(c->procs, h->pid, "fd", O_RDONLY | O_DIRECTORY, NULL), found = -1;
	char told[16];
	const struct dirent *entry;
	uint64_t number;
	unsigned n = 0;
	DIR *dir;

	(void)snprintf(told, sizeof(told), "%d", h->fd);
	if (fd >= 0 && h->fd > 0 && is_socket(fd, told, inode)) {
		(void)close(fd);
		return h->fd;
	}
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir && fd >= 0)
		(void)close(fd);
	while (dir && found < 0 && n++ < FDS_MAX && (entry = readdir(dir)))
		if (is_socket(dirfd(dir), entry->d_name, inode) &&
		    dw_parse_u64(entry->d_name, 10, INT32_MAX, &number))
			found = (int)number;
	if (dir)
		(void)closedir(dir);
	return found;
}

/* The pid may be another process's by now; a start told in ticks is rounded down. */
static bool is_same_process(const struct dw_procinfo *p, uint64_t started_ns)
{
	uint64_t tick = 1000000000U / (uint64_t)sysconf(_SC_CLK_TCK), ticks;

	if (started_ns == 0 || p->started_ticks == 0)
		return true;
	ticks = started_ns / tick;
	return p->started_ticks + 1 >= ticks && p->started_ticks <= ticks + 1;
}

static size_t process_of(struct dw_collect *c, const struct dw_hint *h)
{
	const struct dw_procinfo *p = h->pid > 0 ? dw_procs_get(c->procs, h->pid) : NULL;

	for (size_t i = 0; i < c->facts->processes.n; i++)
		if (p && c->facts->processes.v[i].pid == h->pid)
			return i;
	return p && is_same_process(p, h->started_ns) ? dw_collect_owner(c, p) : DW_NONE;
}

/* still: it must be there still. A process that ended while it was read has no program. */
static bool add_hold(struct asking *k, const char *via, bool still)
{
	struct dw_facts *f = k->c->facts;
	size_t process = process_of(k->c, k->h);

	if (process == DW_NONE || (still && !f->processes.v[process].executable))
		return false;
	*dw_vec_add(f->arena, &f->holds) =
		(struct dw_hold_fact){ .socket = k->found, .process = process, .via = via };
	return true;
}

enum dw_hint_answer dw_collect_hint(struct dw_collect *c, const struct dw_hint *h,
				    size_t *ret_socket)
{
	struct asking k = { .c = c, .h = h, .found = DW_NONE };
	bool nobody;
	int fd;

	*ret_socket = DW_NONE;
	k.netns = netns_of(c, h);
	if (k.netns == DW_NONE)
		return DW_HINT_NO_WAY;
	if (!ask_alone(&k, &nobody) && !(nobody && h->alone))
		ask_all(&k);
	if (k.found == DW_NONE)
		return DW_HINT_GONE;
	*ret_socket = k.found;
	fd = h->pid > 0 ? descriptor_of(c, h, c->facts->sockets.v[k.found].inode) : -1;
	if (fd < 0 || !add_hold(&k, dw_arena_printf(c->facts->arena, "fd %d", fd), true)) {
		/* shut while it was looked at: gone, and not somebody else's */
		k.found = DW_NONE;
		if (ask_alone(&k, &nobody) || !nobody)
			return DW_HINT_UNHELD;
		*ret_socket = DW_NONE;
		return DW_HINT_GONE;
	}
	c->facts->sockets.v[k.found].seen |= DW_SEEN_FD;
	return DW_HINT_THERE;
}

bool dw_collect_hint_nobody(struct dw_collect *c, const struct dw_hint *h)
{
	struct asking k = { .c = c, .h = h, .netns = netns_of(c, h), .found = DW_NONE };
	bool nobody = false;

	return k.netns != DW_NONE && !ask_alone(&k, &nobody) && nobody;
}

void dw_collect_netns_known(struct dw_collect *c, const struct dw_netns_fact *n)
{
	const char *name = n->name ? dw_arena_strdup(c->facts->arena, n->name) : NULL;
	size_t i = dw_netns_add(c, n->inode, -1, name, 0);

	c->facts->netns.v[i].filter = n->filter;
}

size_t dw_collect_hint_gone(struct dw_collect *c, const struct dw_hint *h, const char *filter)
{
	struct asking k = { .c = c, .h = h, .found = c->facts->sockets.n };
	struct dw_socket_fact *s = dw_vec_add(c->facts->arena, &c->facts->sockets);

	s->at = h->at;
	s->cookie = h->cookie;
	s->kind = h->kind;
	s->uid = h->uid;
	s->mptcp = h->mptcp;
	s->filter = filter;
	(void)add_hold(&k, NULL, false);
	return k.found;
}

int dw_collect_poll(struct dw_collect *c, struct dw_error *e)
{
	int r = dw_collect_netns(c, e);

	for (size_t i = 0; r == 0 && i < c->netns.n; i++) {
		if (!dw_netns_reachable(c, i))
			continue;
		r = dw_diag_reread(c, i, e);
		if (r == 0)
			(void)dw_procnet_reread(c, i, NULL);
	}
	return r;
}

int dw_collect_poll_one(struct dw_collect *c, uint32_t netns, int pid, struct dw_error *e)
{
	struct dw_hint h = { .at.netns = netns, .pid = pid };
	size_t i = netns_of(c, &h);
	int r;

	if (i == DW_NONE)
		return dw_error_set(e, -ENOENT, "network namespace %u cannot be entered", netns);
	r = dw_diag_reread(c, i, e);
	if (r == 0)
		(void)dw_procnet_reread(c, i, NULL);
	return r;
}
