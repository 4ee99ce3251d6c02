/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the two views of one look - the kernel's tables, read first, and then the descriptors - differ, and what
 * explains it. A socket of the tables was there all the while that the descriptors were read: when it has no holder
 * it was closed meanwhile, or its holder is a process that nobody may look into, or it is hidden.
 */
#include <errno.h>
#include <fcntl.h>

#include "bpfview.h"
#include "dw_bpf.h"
#include "netcol.h"

static bool is_held(const struct dw_view_socket *s)
{
	return (s->seen & (DW_SEEN_BPF_FD | DW_SEEN_IO_URING)) != 0;
}

/* Of the tables, with a file, and nobody holds it. */
static bool is_unheld(const struct dw_collect *c, const struct dw_view_socket *s)
{
	return (s->seen & DW_SEEN_BPF_HASH) && !is_held(s) && !(s->k.flags & DW_BPF_F_NO_FILE) &&
	       dw_netns_find(c, s->k.netns) != DW_NONE;
}

struct dw_view_difference dw_view_difference(const struct dw_collect *c, const struct dw_view *v)
{
	struct dw_view_difference d = { 0 };

	for (size_t i = 0; i < v->sockets.n; i++) {
		const struct dw_view_socket *s = v->sockets.v[i];

		d.unheld += is_unheld(c, s);
		d.unlisted += !(s->seen & DW_SEEN_BPF_HASH) &&
			      (v->tables & 1U << dw_view_protocol(&s->k)) != 0;
	}
	return d;
}

size_t dw_view_drop_closed(struct dw_collect *c, struct dw_view *v)
{
	struct dw_view later = { .arena = v->arena };
	DW_VEC(struct dw_bpf_seen) ask = { 0 };
	struct dw_bytes records = { 0 };
	size_t left = 0;

	for (size_t i = 0; i < v->sockets.n; i++)
		if (is_unheld(c, v->sockets.v[i]))
			*dw_vec_add(v->arena, &ask) =
				(struct dw_bpf_seen){ v->sockets.v[i]->k.sk,
						      v->sockets.v[i]->k.inode };
	if (dw_bpf_look_again(c->sys, ask.v, ask.n, v->arena, &records, NULL) < 0)
		return ask.n;
	dw_view_add(&later, &records);
	for (size_t i = 0; i < v->sockets.n; i++) {
		struct dw_view_socket *s = v->sockets.v[i];

		if (!is_unheld(c, s))
			continue;
		s->gone = !dw_view_find(&later, s->key);
		left += !s->gone;
	}
	dw_view_close(&later);
	return left;
}

static bool is_closed(struct dw_collect *c, int pid)
{
	_cleanup_fd_ int link = dw_procs_openat(c->procs, pid, "fd/0", O_PATH | O_NOFOLLOW, NULL);
	char target[64];

	return link >= 0 && readlinkat(link, "", target, sizeof(target)) < 0 && errno == EACCES;
}

/*
 * Is there a process that even root may not look into (a protected PID 1, for one)? The task walk does not show
 * its descriptors either, so a socket without a holder may well be its.
 */
bool dw_view_has_closed_process(struct dw_collect *c, struct dw_arena *scratch)
{
	int *pids = NULL;
	size_t n = 0;

	/* mostly it is that one: where it is, all others need not be listed */
	if (is_closed(c, 1))
		return true;
	/* a recorded host may have no /proc; a running one that cannot be listed proves nothing */
	if (dw_procs_list(c->procs, scratch, &pids, &n, NULL) < 0)
		return dw_sys_is_running(c->sys);
	for (size_t i = 0; i < n; i++)
		if (is_closed(c, pids[i]))
			return true;
	return false;
}
