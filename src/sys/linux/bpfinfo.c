/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which BPF programs are attached, and what is known of one: bpf(2) without any library. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>

#include "dw_ask.h"
#include "bpf_private.h"

#define TCX_INGRESS 46u /* BPF_TCX_INGRESS, newer than the headers we may be built with */

/* Members beyond the size that a kernel knows must be zero, so all are passed. */
int dw_bpf_call(int command, union bpf_attr *attr)
{
	long r = syscall(SYS_bpf, command, attr, sizeof(*attr));

	return r < 0 ? -errno : (int)r;
}

struct query {
	const struct dw_netns *ns;
	enum dw_bpf_place place;
	uint32_t ifindex;
	uint32_t *ids;
	size_t *n;
};

static int live_query(void *arg, struct dw_error *e)
{
	struct query *q = arg;
	union bpf_attr attr;
	_cleanup_fd_ int ns = -1;
	int r;

	/* All of it zero: the kernel refuses bits that it does not know. */
	memset(&attr, 0, sizeof(attr));
	attr.query.attach_type = q->place == DW_BPF_PLACE_SK_LOOKUP ? BPF_SK_LOOKUP : TCX_INGRESS;
	attr.query.prog_ids = (uint64_t)(uintptr_t)q->ids;
	attr.query.prog_cnt = (uint32_t)*q->n;
	attr.query.target_fd = q->ifindex; /* a union with target_ifindex */
	if (q->place == DW_BPF_PLACE_SK_LOOKUP) {
		/* we are inside the namespace */
		ns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
		if (ns < 0)
			return dw_error_errno(e, -errno, "/proc/thread-self/ns/net");
		attr.query.target_fd = (uint32_t)ns;
	}
	r = dw_bpf_call(BPF_PROG_QUERY, &attr);
	if (r < 0 && r != -ENOSPC) /* more than fit: the first ones are told */
		return dw_error_errno(e, r, "asking for BPF programs");
	*q->n = DW_MIN(*q->n, (size_t)attr.query.prog_cnt);
	return 0;
}

static int fake_file(struct dw_sys *s, const char *name, void *value, size_t *size,
		     struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_fd_ int fd = dw_fake_open(s, name, e);
	struct dw_bytes answer = { 0 };
	int r;

	if (fd < 0)
		return fd;
	r = dw_fd_read_all(fd, *size, a, &answer);
	if (r < 0)
		return dw_error_errno(e, r, "%s", name);
	memcpy(value, answer.data, answer.n);
	*size = answer.n;
	return 0;
}

int dw_bpf_attached(struct dw_sys *s, const struct dw_netns *ns, enum dw_bpf_place place,
		    uint32_t ifindex, uint32_t *ids, size_t *n, struct dw_error *e)
{
	struct query q = { ns, place, ifindex, ids, n };
	_cleanup_arena_ struct dw_arena *a = NULL;
	size_t size = *n * sizeof(*ids);
	int r = dw_sys_fault(s);

	if (r < 0 || s->kind == DW_SYS_OFFLINE)
		return dw_error_errno(e, r < 0 ? r : -ENOTSUP, "BPF programs");
	if (s->kind == DW_SYS_LIVE)
		return dw_netns_run(s, ns, live_query, &q, e);
	a = dw_arena_new();
	r = fake_file(
		s, dw_arena_printf(a, "bpf/%u/%d-%u.bin", ns ? ns->inode : 0, (int)place, ifindex),
		ids, &size, e);
	if (r == 0)
		*n = size / sizeof(*ids);
	return r;
}

static int live_program(uint32_t id, struct dw_bpf_program *ret)
{
	struct bpf_prog_info info;
	union bpf_attr attr;
	_cleanup_fd_ int fd = -1;
	int r;

	memset(&attr, 0, sizeof(attr));
	attr.prog_id = id;
	fd = dw_bpf_call(BPF_PROG_GET_FD_BY_ID, &attr);
	if (fd < 0)
		return -errno;
	memset(&info, 0, sizeof(info));
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uint64_t)(uintptr_t)&info;
	r = dw_bpf_call(BPF_OBJ_GET_INFO_BY_FD, &attr);
	if (r < 0)
		return r;
	*ret = (struct dw_bpf_program){ .id = id,
					.uid = info.created_by_uid,
					.loaded = info.load_time };
	memcpy(ret->name, info.name, sizeof(ret->name) - 1);
	return 0;
}

int dw_bpf_program(struct dw_sys *s, uint32_t id, struct dw_bpf_program *ret, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = NULL;
	struct dw_bpf_program read = { 0 };
	size_t size = sizeof(read);
	int r = dw_sys_fault(s);

	if (r < 0 || s->kind == DW_SYS_OFFLINE)
		return dw_error_errno(e, r < 0 ? r : -ENOTSUP, "BPF program %u", id);
	if (s->kind == DW_SYS_LIVE) {
		r = live_program(id, ret);
		return r < 0 ? dw_error_errno(e, r, "BPF program %u", id) : 0;
	}
	a = dw_arena_new();
	r = fake_file(s, dw_arena_printf(a, "bpf/program-%u.bin", id), &read, &size, e);
	if (r < 0)
		return r;
	if (size != sizeof(read))
		return dw_error_set(e, -EBADMSG, "recorded BPF program %u has the wrong size", id);
	read.name[sizeof(read.name) - 1] = '\0';
	*ret = read;
	return 0;
}
