/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which BPF programs are attached, and what is known of one: bpf(2) without any library. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>

#include "dw_ask.h"
#include "bpf_private.h"

/* Newer than the headers we may be built with. */
#define TCX_INGRESS    46u /* BPF_TCX_INGRESS ... */
#define TCX_EGRESS     47u
#define NETKIT_PRIMARY 54u
#define NETKIT_PEER    55u
#define LINK_NETFILTER 10u /* BPF_LINK_TYPE_NETFILTER */
#define LINKS_MAX      65536u

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

	static const uint32_t types[] = {
		[DW_BPF_PLACE_SK_LOOKUP] = BPF_SK_LOOKUP, [DW_BPF_PLACE_TCX_INGRESS] = TCX_INGRESS,
		[DW_BPF_PLACE_TCX_EGRESS] = TCX_EGRESS,   [DW_BPF_PLACE_NETKIT] = NETKIT_PRIMARY,
		[DW_BPF_PLACE_NETKIT_PEER] = NETKIT_PEER,
	};

	/* All of it zero: the kernel refuses bits that it does not know. */
	memset(&attr, 0, sizeof(attr));
	attr.query.attach_type = types[q->place];
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

/* --- cgroups, and beside the packet filter ------------------------------------------------------ */

/* Version 2 stands alone, or beside version 1 (a hybrid hierarchy of systemd). */
static int open_cgroup(struct dw_sys *s, const char *path, struct dw_error *e)
{
	static const char *const trees[] = { "/sys/fs/cgroup/unified", "/sys/fs/cgroup" };
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	int fd = -ENOENT;

	for (size_t i = 0; i < DW_ARRAY_SIZE(trees) && fd < 0; i++)
		if (dw_sys_file_exists(s, dw_arena_printf(a, "%s/cgroup.procs", trees[i])))
			fd = dw_sys_file_open(s, dw_arena_printf(a, "%s%s", trees[i], path),
					      O_RDONLY | O_DIRECTORY, e);
	return fd;
}

int dw_bpf_in_cgroup(struct dw_sys *s, const char *path, enum dw_bpf_cgroup_place place,
		     uint32_t *ids, size_t *n, struct dw_error *e)
{
	static const uint32_t types[DW_BPF_CGROUP_PLACE_COUNT] = {
		[DW_BPF_CGROUP_INGRESS] = BPF_CGROUP_INET_INGRESS,
		[DW_BPF_CGROUP_EGRESS] = BPF_CGROUP_INET_EGRESS,
		[DW_BPF_CGROUP_CONNECT4] = BPF_CGROUP_INET4_CONNECT,
		[DW_BPF_CGROUP_CONNECT6] = BPF_CGROUP_INET6_CONNECT,
		[DW_BPF_CGROUP_SENDMSG4] = BPF_CGROUP_UDP4_SENDMSG,
		[DW_BPF_CGROUP_SENDMSG6] = BPF_CGROUP_UDP6_SENDMSG,
	};
	union bpf_attr attr;
	_cleanup_fd_ int fd = -1;
	int r = dw_sys_fault(s);

	if (r < 0 || s->kind != DW_SYS_LIVE)
		return dw_error_errno(e, r < 0 ? r : -ENOENT, "BPF programs of cgroup %s", path);
	fd = open_cgroup(s, path, e);
	if (fd < 0)
		return fd;
	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)fd;
	attr.query.attach_type = types[place];
	attr.query.query_flags = BPF_F_QUERY_EFFECTIVE;
	attr.query.prog_ids = (uint64_t)(uintptr_t)ids;
	attr.query.prog_cnt = (uint32_t)*n;
	r = dw_bpf_call(BPF_PROG_QUERY, &attr);
	if (r < 0 && r != -ENOSPC)
		return dw_error_errno(e, r, "BPF programs of cgroup %s", path);
	*n = DW_MIN(*n, (size_t)attr.query.prog_cnt);
	return 0;
}

/* The beginning of struct bpf_link_info, with a member that older headers have not. */
struct link_info {
	uint32_t type, id, program, unused;
	struct {
		uint32_t family, hook;
		int32_t priority;
		uint32_t flags;
	} netfilter;
	uint8_t rest[64];
};

static bool read_link(uint32_t id, struct dw_bpf_beside *ret)
{
	struct link_info info;
	union bpf_attr attr;
	_cleanup_fd_ int fd = -1;

	memset(&attr, 0, sizeof(attr));
	attr.link_id = id;
	fd = dw_bpf_call(BPF_LINK_GET_FD_BY_ID, &attr);
	if (fd < 0)
		return false; /* gone meanwhile */
	memset(&info, 0, sizeof(info));
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uint64_t)(uintptr_t)&info;
	if (dw_bpf_call(BPF_OBJ_GET_INFO_BY_FD, &attr) < 0 || info.type != LINK_NETFILTER)
		return false;
	*ret = (struct dw_bpf_beside){ .program = info.program,
				       .family = info.netfilter.family,
				       .hook = info.netfilter.hook,
				       .priority = info.netfilter.priority };
	return true;
}

int dw_bpf_beside_rules(struct dw_sys *s, struct dw_bpf_beside *v, size_t *n, struct dw_error *e)
{
	uint32_t id = 0;
	size_t found = 0;
	int r = dw_sys_fault(s);

	for (unsigned i = 0; r == 0 && i < LINKS_MAX && s->kind == DW_SYS_LIVE; i++) {
		union bpf_attr attr;

		memset(&attr, 0, sizeof(attr));
		attr.start_id = id;
		r = dw_bpf_call(BPF_LINK_GET_NEXT_ID, &attr);
		id = attr.next_id;
		if (r == 0 && found < *n && read_link(id, &v[found]))
			found++;
	}
	*n = found;
	/* -ENOENT: that was the last one; -EINVAL: before Linux 5.8, which has no links */
	if (r == -ENOENT || r == -EINVAL || r == -ENOSYS)
		r = 0;
	return r < 0 ? dw_error_errno(e, r, "BPF links") : 0;
}
