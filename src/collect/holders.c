/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who holds the sockets: the walk over all descriptors (dw_fds.h) joined with facts->sockets by
 * inode. What the walk finds beside that, namespaces and sockets that nobody has shown, is
 * collected here too.
 */
#include <stdlib.h>

#include "dw_fds.h"
#include "dw_str.h"
#include "netcol.h"

#define PEEK_MAX ((size_t)100000) /* sockets asked themselves: about 2 µs each */
#define ROUNDS   3                /* walks, at most: the later ones over processes born meanwhile */

struct joining {
	struct dw_collect *c;
	/* inodes of unix sockets in the namespaces known, ascending: no need to ask them */
	uint32_t *local;
	size_t n_local;
	struct dw_arena *scratch;
	DW_VEC(int) walked; /* pids, ascending */
	size_t denied, unpeeked, unpeekable, rings_mute, ring_nameless, covered;
	DW_VEC(bool) held; /* beside facts->sockets */
};

/* --- what the walk needs --------------------------------------------------------------------- */

static int by_number(const void *x, const void *y)
{
	uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;

	return (a > b) - (a < b);
}

static uint32_t *known_netns(struct joining *j, size_t *ret_n)
{
	const struct dw_collect *c = j->c;
	uint32_t *list = dw_arena_array(j->scratch, c->netns.n, sizeof(*list));

	for (size_t i = 0; i < c->netns.n; i++)
		list[i] = c->netns.v[i].inode;
	if (c->netns.n > 1)
		qsort(list, c->netns.n, sizeof(*list), by_number);
	*ret_n = c->netns.n;
	return list;
}

/* pids not walked before, both lists being ascending. The new list becomes the walked one. */
static size_t only_new(struct joining *j, int *pids, size_t n, int *out)
{
	size_t found = 0, at = 0;

	for (size_t i = 0; i < n; i++) {
		while (at < j->walked.n && j->walked.v[at] < pids[i])
			at++;
		if (at == j->walked.n || j->walked.v[at] != pids[i])
			out[found++] = pids[i];
	}
	j->walked.n = 0;
	for (size_t i = 0; i < n; i++)
		dw_vec_push(j->scratch, &j->walked, pids[i]);
	return found;
}

/* --- joining --------------------------------------------------------------------------------- */

/*
 * The process as it was walked, or DW_NONE: it has ended since. Told by the start time, never by
 * the pid alone.
 */
static size_t owner_of(struct joining *j, const struct dw_fds_process *p)
{
	struct dw_collect *c = j->c;
	const struct dw_procinfo *i = p->covered ? NULL : dw_procs_get(c->procs, p->pid);

	if (i && i->started_ticks == p->started_ticks)
		return dw_collect_owner(c, i);
	if (!i && dw_procs_is_unreadable(c->procs, p->pid))
		dw_facts_incomplete(
			c->facts, "process-unreadable", NULL, 0, true,
			"process %d holds a socket, but nothing more of it could be read", p->pid);
	else if (!p->covered && (!i || i->started_ticks > p->started_ticks))
		return DW_NONE;
	/*
	 * Hidden under a mount, or an older process of that number was read before: what the walk
	 * saw is all.
	 */
	dw_procs_seed(c->procs, &(struct dw_procinfo){
					.pid = p->pid,
					.ppid = p->ppid,
					.started_ticks = p->started_ticks,
					.comm = dw_arena_strdup(c->facts->arena, p->comm),
					.uid = UINT32_MAX,
					.euid = UINT32_MAX,
					.gid = UINT32_MAX,
					.egid = UINT32_MAX,
					.loginuid = UINT32_MAX,
					.no_new_privs = -1,
					.seccomp = -1,
				});
	i = dw_procs_get(c->procs, p->pid);
	return i ? dw_collect_owner(c, i) : DW_NONE;
}

static const char *via_of(struct dw_arena *a, const struct dw_fds_socket *s)
{
	const char *how;

	if (s->slot >= 0)
		how = dw_arena_printf(a, "io_uring fd %d slot %d", s->fd, s->slot);
	else
		how = dw_arena_printf(a, "fd %d", s->fd);
	return s->tid ? dw_arena_printf(a, "thread %d %s", s->tid, how) : how;
}

static void hold(struct joining *j, size_t socket, size_t owner, const struct dw_fds_socket *s)
{
	struct dw_facts *f = j->c->facts;

	while (j->held.n < f->sockets.n)
		*dw_vec_add(j->scratch, &j->held) = false;
	j->held.v[socket] = true;
	f->sockets.v[socket].seen |= s->slot >= 0 ? DW_SEEN_IO_URING : DW_SEEN_FD;
	*dw_vec_add(f->arena, &f->holds) = (struct dw_hold_fact){
		.socket = socket,
		.process = owner,
		.via = via_of(f->arena, s),
	};
}

/* Of a process, one hold a socket: the first descriptor. A process's sockets stand together. */
static void join_all(struct joining *j, const struct dw_fds *fds)
{
	struct dw_collect *c = j->c;
	size_t *last, owner = DW_NONE, n = c->facts->sockets.n;
	uint32_t current = UINT32_MAX;

	last = dw_arena_array(j->scratch, n, sizeof(*last));
	for (size_t i = 0; i < n; i++)
		last[i] = DW_NONE;
	for (size_t i = 0; i < fds->sockets.n; i++) {
		const struct dw_fds_socket *s = &fds->sockets.v[i];
		size_t socket = dw_sock_first(c, s->inode);

		j->ring_nameless += s->inode == 0;
		if (socket == DW_NONE) {
			dw_connection_held(c, s->inode, fds->processes[s->process].pid);
			continue;
		}
		if (s->process != current) {
			current = s->process;
			owner = owner_of(j, &fds->processes[current]);
		}
		for (; owner != DW_NONE && socket != DW_NONE; socket = dw_sock_next(c, socket)) {
			if (last[socket] == current)
				continue;
			last[socket] = current;
			hold(j, socket, owner, s);
		}
	}
}

/* Called by the workers: the lists stay as they are meanwhile. */
static bool is_known(const void *arg, uint64_t inode)
{
	const struct joining *j = arg;
	size_t low = 0, high = j->n_local;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (j->local[middle] == inode)
			return true;
		if (j->local[middle] < inode)
			low = middle + 1;
		else
			high = middle;
	}
	return dw_sock_known(j->c, inode);
}

static int walk(struct joining *j, const int *pids, size_t n, struct dw_error *e)
{
	struct dw_fds_ask ask = {
		.pids = pids,
		.n_pids = n,
		.known = is_known,
		.arg = j,
		.peek_max = PEEK_MAX,
	};
	struct dw_fds fds = { 0 };
	int r;

	/* The workers read the index; it must be whole before and stay as it is. */
	(void)dw_sock_first(j->c, 1);
	ask.netns = known_netns(j, &ask.n_netns);
	r = dw_fds_walk(j->c->sys, &ask, j->scratch, &fds, e);
	if (r < 0)
		return r;
	dw_loose_collect(j->c, &fds);
	join_all(j, &fds);
	for (size_t i = 0; i < fds.n_processes; i++)
		j->covered += fds.processes[i].covered;
	j->denied += fds.denied;
	j->unpeeked += fds.unpeeked;
	j->unpeekable += fds.unpeekable;
	j->rings_mute += fds.rings_mute;
	dw_fds_close(&fds);
	return 0;
}

/* --- sockets left without a holder ----------------------------------------------------------- */

static bool is_unheld(const struct joining *j, size_t socket)
{
	return socket >= j->held.n || !j->held.v[socket];
}

static size_t count_unheld(const struct joining *j)
{
	size_t n = 0;

	for (size_t i = 0; i < j->c->facts->sockets.n; i++)
		n += is_unheld(j, i);
	return n;
}

static void drop_and_renumber(struct joining *j, const bool *drop)
{
	size_t kept = 0, n = j->c->facts->sockets.n;

	for (size_t i = 0; i < n; i++)
		if (!drop[i] && i < j->held.n)
			j->held.v[kept++] = j->held.v[i];
	j->held.n = DW_MIN(kept, j->held.n);
	dw_sock_drop(j->c, drop);
}

/*
 * False: it could not be asked, so its sockets stay. What was to be said of it has been said
 * before.
 */
static bool ask_once_more(struct dw_collect *c, size_t netns)
{
	size_t notes = c->facts->incomplete.n;
	bool ok = dw_netns_reachable(c, netns);

	if (ok && (c->rungs & DW_RUNG_NETLINK))
		ok = dw_diag_reread(c, netns, NULL) == 0;
	ok = ok && dw_procnet_reread(c, netns, NULL) == 0 && c->facts->incomplete.n <= notes;
	c->facts->incomplete.n = notes;
	return ok;
}

/*
 * A socket whose holder ended while we looked would be taken for the kernel's own. Its namespace is
 * asked once more: what is not there any more was closed, and is dropped.
 */
static void drop_closed(struct joining *j)
{
	enum { NOT_ASKED = 0, CANNOT, ASKED };
	struct dw_collect *c = j->c;
	struct dw_facts *f = c->facts;
	size_t n = f->sockets.n;
	_cleanup_free_ uint8_t *state = calloc(c->netns.n + 1, 1);
	_cleanup_free_ bool *drop = NULL;

	if (!state)
		dw_oom();
	dw_sock_forget(c);
	for (size_t i = 0; i < n; i++) {
		size_t netns =
			is_unheld(j, i) ? dw_netns_find(c, f->sockets.v[i].at.netns) : DW_NONE;

		if (netns != DW_NONE && state[netns] == NOT_ASKED)
			state[netns] = ask_once_more(c, netns) ? ASKED : CANNOT;
	}
	drop = calloc(f->sockets.n + 1, sizeof(*drop));
	if (!drop)
		dw_oom();
	for (size_t i = 0; i < f->sockets.n; i++) {
		size_t netns =
			is_unheld(j, i) ? dw_netns_find(c, f->sockets.v[i].at.netns) : DW_NONE;
		bool again = (dw_sock_again(c, i) & (DW_SEEN_DIAG | DW_SEEN_PROC)) != 0;

		/*
		 * Beyond n: opened after the descriptors were read, so nobody could be said to hold
		 * it.
		 */
		drop[i] = netns != DW_NONE && state[netns] == ASKED && (i >= n || !again) &&
			  f->sockets.v[i].at.protocol !=
				  DW_PROTOCOL_BLUETOOTH; /* is not asked again */
	}
	drop_and_renumber(j, drop);
}

static void note_unseen(struct joining *j, size_t unheld)
{
	struct dw_facts *f = j->c->facts;
	bool root = dw_sys_euid(j->c->sys) == 0;

	if (unheld > 0 && (j->denied > 0 || !root))
		dw_facts_incomplete(f, root ? "closed-process" : "not-root", NULL, 0, true,
				    "holders of %zu socket%s not visible: %s", unheld,
				    unheld == 1 ? "" : "s",
				    root ? "some processes may not be looked into" : "run as root");
	if (j->covered > 0)
		dw_facts_incomplete(
			f, "proc-covered", "/proc", 0, false,
			"%zu process%s hidden behind a mount over its directory in /proc",
			j->covered, j->covered == 1 ? " is" : "es are");
	if (j->ring_nameless > 0)
		dw_facts_incomplete(f, "io-uring", NULL, 0, true,
				    "%zu socket%s held by io_uring rings are not numbered by this "
				    "kernel: their "
				    "holders may be missing",
				    j->ring_nameless, j->ring_nameless == 1 ? "" : "s");
	if (j->rings_mute > 0)
		dw_facts_incomplete(f, "io-uring", NULL, 0, true,
				    "the registered files of %zu io_uring ring%s could not be read",
				    j->rings_mute, j->rings_mute == 1 ? "" : "s");
	if (root && j->unpeeked > 0)
		dw_facts_incomplete(f, "unasked-sockets", NULL, 0, true,
				    "%zu sockets were not asked for their network namespace (%s): "
				    "one that only "
				    "they keep alive would be missed",
				    j->unpeeked,
				    j->unpeekable ? "pidfd_getfd is not allowed" : "too many");
}

int dw_collect_holders(struct dw_collect *c, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *scratch = dw_arena_new();
	struct joining j = { .c = c, .scratch = scratch };
	size_t unheld = 0;

	j.n_local = dw_unix_inodes(c, scratch, &j.local);
	for (unsigned round = 0; round < ROUNDS; round++) {
		int *pids = NULL, *fresh, r;
		size_t n = 0;

		r = dw_procs_list(c->procs, scratch, &pids, &n, e);
		if (r < 0)
			return r;
		fresh = dw_arena_array(scratch, n, sizeof(*fresh));
		n = only_new(&j, pids, n, fresh);
		if (n == 0)
			break;
		r = walk(&j, fresh, n, e);
		if (r < 0)
			return r;
		unheld = count_unheld(&j);
		if (unheld == 0)
			break;
	}
	if (unheld > 0)
		drop_closed(&j);
	note_unseen(&j, count_unheld(&j));
	return 0;
}
