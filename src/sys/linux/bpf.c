/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* BPF, seen from the other rooms: on this host, or what a fixture recorded. */
#include "bpf_private.h"

#include <errno.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#define RECORDED_MAX ((size_t)64 * 1024 * 1024)

static int replay(struct dw_sys *s, unsigned want, struct dw_arena *a, struct dw_bpf_walk *ret,
		  struct dw_error *e)
{
	_cleanup_fd_ int fd = dw_fake_open(s, "bpf/walk.bin", NULL);
	struct dw_bpf_walk walk = { .rung = DW_BPF_RUNG_LOADED, .ran = want, .whole = true };
	int r;

	if (fd < 0)
		return dw_error_set(e, -ENOTSUP, "the recorded host has no BPF");
	r = dw_fd_read_all(fd, RECORDED_MAX, a, &walk.holders);
	if (r < 0)
		return dw_error_errno(e, r, "%s/bpf/walk.bin", s->fixture);
	*ret = walk;
	return 0;
}

void dw_bpf_only(struct dw_sys *s, enum dw_bpf_reads how)
{
	s->bpf_reads = how;
}

bool dw_bpf_begin(struct dw_sys *s)
{
	return s->kind == DW_SYS_LIVE && dw_bpf_live_begin(s);
}

void dw_bpf_make_ready(struct dw_sys *s)
{
	if (s->kind == DW_SYS_LIVE)
		dw_bpf_live_load(s);
}

int dw_bpf_run(struct dw_sys *s, unsigned want, struct dw_arena *a, struct dw_bpf_walk *ret,
	       struct dw_error *e)
{
	int r = dw_sys_fault(s);

	if (r < 0)
		return dw_error_errno(e, r, "the socket tables by BPF");
	if (s->kind == DW_SYS_FAKE)
		return replay(s, want, a, ret, e);
	if (s->kind == DW_SYS_OFFLINE)
		return dw_error_set(e, -ENOTSUP, "nothing runs here");
	return dw_bpf_live_run(s, want, a, ret, e);
}

int dw_bpf_look_again(struct dw_sys *s, const struct dw_bpf_seen *v, size_t n, struct dw_arena *a,
		      struct dw_bytes *ret, struct dw_error *e)
{
	int r = dw_sys_fault(s);

	if (r < 0 || s->kind != DW_SYS_LIVE)
		return dw_error_errno(e, r < 0 ? r : -ENOTSUP, "the socket tables by BPF");
	return dw_bpf_live_look_again(s, v, n, a, ret, e);
}

bool dw_bpf_is_ready(struct dw_sys *s)
{
	return s->kind == DW_SYS_FAKE || (s->kind == DW_SYS_LIVE && dw_bpf_live_is_pinned());
}

/* pidfd_getfd(2), then SIOCGSKNS: needs Linux 5.6. */
int dw_bpf_socket_netns(struct dw_sys *s, int pid, int fd, struct dw_error *e)
{
	_cleanup_fd_ int process = -1;
	_cleanup_fd_ int socket = -1;
	int ns, r = dw_sys_fault(s);

	if (r < 0 || s->kind != DW_SYS_LIVE)
		return dw_error_errno(e, r < 0 ? r : -ENOTSUP, "descriptor %d of process %d", fd,
				      pid);
	process = (int)syscall(SYS_pidfd_open, pid, 0);
	if (process >= 0)
		socket = (int)syscall(SYS_pidfd_getfd, process, fd, 0);
	if (socket < 0)
		return dw_error_errno(e, -errno, "descriptor %d of process %d", fd, pid);
	ns = ioctl(socket, SIOCGSKNS);
	return ns < 0 ? dw_error_errno(e, -errno, "network namespace of a socket of process %d",
				       pid)
		      : ns;
}

void dw_sys_forget_bpf(struct dw_sys *s)
{
	if (s->kind == DW_SYS_LIVE)
		dw_bpf_live_take(s, NULL);
	if (s->bpf_fd >= 0)
		(void)close(s->bpf_fd);
	s->bpf_fd = -1;
}

int dw_bpf_pin(struct dw_sys *s, struct dw_error *e)
{
	int r = dw_sys_fault(s);

	if (r < 0 || s->kind != DW_SYS_LIVE)
		return dw_error_errno(e, r < 0 ? r : -ENOTSUP, "pinning of BPF programs");
	dw_sys_forget_bpf(s);
	return dw_bpf_live_pin(s, e);
}

int dw_bpf_unpin(struct dw_sys *s, struct dw_error *e)
{
	int r = dw_sys_fault(s);

	if (r < 0 || s->kind != DW_SYS_LIVE)
		return dw_error_errno(e, r < 0 ? r : -ENOTSUP, "unpinning of BPF programs");
	dw_sys_forget_bpf(s);
	return dw_bpf_live_unpin(s, e);
}
