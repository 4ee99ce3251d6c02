/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Running an iterator: a link made for this run alone (so that runs do not share a state), a file opened from
 * it, records read from that. See bpf(2) and Documentation/bpf/bpf_iterators.rst of the kernel.
 */
#include "bpf_private.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "dw_bpf_records.h"

#define READ_SIZE  ((size_t)64 * 1024) /* the kernel's own buffer of an iterator has 8 pages */
#define OUTPUT_MAX ((size_t)1024 * 1024 * 1024)
#define RETRIES    64

/* Members beyond `size` must not be known to an old kernel as anything but zero, so all are passed. */
static int sys_bpf(int command, union bpf_attr *attr)
{
	long r = syscall(SYS_bpf, command, attr, sizeof(*attr));

	return r < 0 ? -errno : (int)r;
}

static int open_iterator(int program, union bpf_iter_link_info *info, struct dw_error *e)
{
	union bpf_attr attr;
	_cleanup_fd_ int link = -1;
	int r;

	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = (uint32_t)program;
	attr.link_create.attach_type = BPF_TRACE_ITER;
	if (info) {
		attr.link_create.iter_info = (uint64_t)(uintptr_t)info;
		attr.link_create.iter_info_len = sizeof(*info);
	}
	link = sys_bpf(BPF_LINK_CREATE, &attr);
	if (link < 0)
		return dw_error_errno(e, link, "BPF iterator link");
	memset(&attr, 0, sizeof(attr));
	attr.iter_create.link_fd = (uint32_t)link;
	r = sys_bpf(BPF_ITER_CREATE, &attr);
	return r < 0 ? dw_error_errno(e, r, "BPF iterator") : r;
}

static void make_room(struct dw_bpf_stream *to)
{
	size_t cap = to->cap ? to->cap * 2 : READ_SIZE * 2;

	/* one byte more: dw_bytes are terminated */
	if (to->bytes.n + READ_SIZE + 1 <= to->cap)
		return;
	to->bytes.data = dw_arena_grow(to->arena, to->bytes.data, to->cap, cap);
	to->cap = cap;
}

static int read_all(struct dw_sys *s, int fd, struct dw_bpf_stream *to, struct dw_error *e)
{
	unsigned retries = 0;

	for (;;) {
		int r = dw_sys_fault(s);
		ssize_t n;

		if (r < 0)
			return dw_error_errno(e, r, "BPF iterator");
		make_room(to);
		n = read(fd, to->bytes.data + to->bytes.n, READ_SIZE);
		if (n == 0)
			return 0;
		/* A task that changed while it was read is tried again, but not for ever. */
		if (n < 0 && (errno == EAGAIN || errno == EINTR) && retries++ < RETRIES)
			continue;
		if (n < 0)
			return dw_error_errno(e, -errno, "BPF iterator");
		to->bytes.n += (size_t)n;
		to->bytes.data[to->bytes.n] = '\0';
		if (to->bytes.n > OUTPUT_MAX)
			return dw_error_errno(e, -EFBIG, "BPF iterator");
		retries = 0;
	}
}

int dw_bpf_iterate_tasks(struct dw_sys *s, int program, struct dw_bpf_stream *to,
			 struct dw_error *e)
{
	_cleanup_fd_ int fd = open_iterator(program, NULL, e);

	return fd < 0 ? fd : read_all(s, fd, to, e);
}

static int work_map(const struct dw_bpf_work *work, size_t n, struct dw_error *e)
{
	size_t bytes = n * sizeof(*work), page = (size_t)sysconf(_SC_PAGESIZE);
	size_t whole = (bytes + page - 1) / page * page;
	_cleanup_fd_ int map = -1;
	union bpf_attr attr;
	void *p;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = sizeof(uint32_t);
	attr.value_size = sizeof(*work);
	attr.max_entries = (uint32_t)n;
	attr.map_flags = BPF_F_MMAPABLE;
	map = sys_bpf(BPF_MAP_CREATE, &attr);
	if (map < 0)
		return dw_error_errno(e, map, "BPF map");
	p = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
	if (p == MAP_FAILED)
		return dw_error_errno(e, -errno, "BPF map");
	memcpy(p, work, bytes);
	(void)munmap(p, whole);
	return dw_steal_fd(&map);
}

int dw_bpf_iterate_work(struct dw_sys *s, int program, const struct dw_bpf_work *work, size_t n,
			struct dw_bpf_stream *to, struct dw_error *e)
{
	_cleanup_fd_ int map = work_map(work, n, e);
	_cleanup_fd_ int fd = -1;
	union bpf_iter_link_info info;

	_Static_assert(sizeof(struct dw_bpf_work) % 8 == 0,
		       "members of a mapped array are padded to 8 bytes");
	if (map < 0)
		return map;
	memset(&info, 0, sizeof(info));
	info.map.map_fd = (uint32_t)map;
	fd = open_iterator(program, &info, e);
	return fd < 0 ? fd : read_all(s, fd, to, e);
}
