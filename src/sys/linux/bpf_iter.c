/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Running an iterator: a link made for this run alone (so that runs do not share a state), a file opened from
 * it, records read from that. See bpf(2) and Documentation/bpf/bpf_iterators.rst of the kernel.
 */
#include "bpf_private.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/stat.h>

#include "dw_bpf_records.h"

#define READ_SIZE  ((size_t)64 * 1024) /* the kernel's own buffer of an iterator has 8 pages */
#define FIRST_SIZE ((size_t)2 * 1024 * 1024) /* pages that nothing is read into are never touched */
#define OUTPUT_MAX ((size_t)1024 * 1024 * 1024)
#define RETRIES    64

static int open_iterator(int program, struct dw_error *e)
{
	union bpf_attr attr;
	_cleanup_fd_ int link = -1;
	int r;

	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = (uint32_t)program;
	attr.link_create.attach_type = BPF_TRACE_ITER;
	link = dw_bpf_call(BPF_LINK_CREATE, &attr);
	if (link < 0)
		return dw_error_errno(e, link, "a walk over tasks by BPF");
	memset(&attr, 0, sizeof(attr));
	attr.iter_create.link_fd = (uint32_t)link;
	r = dw_bpf_call(BPF_ITER_CREATE, &attr);
	return r < 0 ? dw_error_errno(e, r, "walking over tasks by BPF") : r;
}

static void make_room(struct dw_bpf_stream *to)
{
	size_t cap = to->cap ? to->cap * 2 : FIRST_SIZE;

	/* one byte more: dw_bytes are terminated */
	if (to->bytes.n + READ_SIZE + 1 <= to->cap)
		return;
	to->bytes.data = dw_arena_grow(to->arena, to->bytes.data, to->cap, cap);
	to->cap = cap;
}

/* What the kernel tells of a program or a map; info is zeroed, but for what is asked for. */
static int object_info(int fd, void *info, size_t n)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = (uint32_t)n;
	attr.info.info = (uint64_t)(uintptr_t)info;
	return dw_bpf_call(BPF_OBJ_GET_INFO_BY_FD, &attr);
}

/* The map of requests: the only hash map that the program uses. */
static int requests_of(int program, struct dw_error *e)
{
	struct bpf_prog_info info = { 0 };
	uint32_t ids[8] = { 0 };
	int r;

	info.map_ids = (uint64_t)(uintptr_t)ids;
	info.nr_map_ids = DW_ARRAY_SIZE(ids);
	r = object_info(program, &info, sizeof(info));
	if (r < 0)
		return dw_error_errno(e, r, "loading the BPF program that walks over tasks");
	for (size_t i = 0; i < DW_MIN((size_t)info.nr_map_ids, DW_ARRAY_SIZE(ids)); i++) {
		struct bpf_map_info map = { 0 };
		_cleanup_fd_ int fd = -1;
		union bpf_attr attr;

		memset(&attr, 0, sizeof(attr));
		attr.map_id = ids[i];
		fd = dw_bpf_call(BPF_MAP_GET_FD_BY_ID, &attr);
		if (fd >= 0 && object_info(fd, &map, sizeof(map)) == 0 &&
		    map.type == BPF_MAP_TYPE_HASH)
			return dw_steal_fd(&fd);
	}
	return dw_error_set(e, -ENOENT, "the BPF program has no map for requests");
}

static int map_element(int command, int map, uint64_t key, struct dw_bpf_request *value)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)map;
	attr.key = (uint64_t)(uintptr_t)&key;
	attr.value = (uint64_t)(uintptr_t)value;
	return dw_bpf_call(command, &attr);
}

/* The request of a reader, in the program's map. */
struct request {
	int map;
	uint64_t key;
};

static bool is_done(const struct request *q)
{
	struct dw_bpf_request now = { 0 };

	return q && map_element(BPF_MAP_LOOKUP_ELEM, q->map, q->key, &now) == 0 &&
	       now.next >= now.n;
}

/* q: of a walk that ends when the work is done; NULL: when there are no more tasks. */
static int read_all(struct dw_sys *s, int fd, const struct request *q, struct dw_bpf_stream *to,
		    struct dw_error *e)
{
	unsigned retries = 0;

	for (;;) {
		int r = s ? dw_sys_fault(s)
			  : 0; /* NULL: a second thread, which must not touch it */
		ssize_t n;

		if (r < 0)
			return dw_error_errno(e, r, "walking over tasks by BPF");
		make_room(to);
		n = read(fd, to->bytes.data + to->bytes.n, READ_SIZE);
		if (n == 0 || (n < 0 && errno == EAGAIN && is_done(q)))
			return 0;
		/* A task that changed while it was read is tried again, but not for ever. */
		if (n < 0 && (errno == EAGAIN || errno == EINTR) && retries++ < RETRIES)
			continue;
		if (n < 0)
			return dw_error_errno(e, -errno, "walking over tasks by BPF");
		to->bytes.n += (size_t)n;
		to->bytes.data[to->bytes.n] = '\0';
		if (to->bytes.n > OUTPUT_MAX)
			return dw_error_errno(e, -EFBIG, "walking over tasks by BPF");
		retries = 0;
	}
}

/* The key by which the program knows the thread that reads. */
static int own_key(uint64_t *ret, struct dw_error *e)
{
	struct stat st;

	if (stat("/proc/self/ns/pid", &st) < 0)
		return dw_error_errno(e, -errno, "/proc/self/ns/pid");
	*ret = dw_bpf_reader((uint32_t)st.st_ino, (uint32_t)gettid());
	return 0;
}

/* Runs the program over all tasks, each of them a tick, until the request is worked off. */
static int work_off(struct dw_sys *s, int program, const struct request *asked,
		    struct dw_bpf_stream *to, struct dw_error *e)
{
	struct dw_bpf_request q = { 0 };
	uint32_t before;
	int r;

	do {
		_cleanup_fd_ int fd = open_iterator(program, e);

		before = q.next;
		r = fd < 0 ? fd : read_all(s, fd, asked, to, e);
		if (r < 0)
			return r;
		r = map_element(BPF_MAP_LOOKUP_ELEM, asked->map, asked->key, &q);
		if (r < 0)
			return dw_error_errno(e, r, "asking the BPF program");
		if (q.next == before)
			return dw_error_set(e, -EIO, "the BPF program did none of its work");
	} while (q.next < q.n);
	return 0;
}

/* Puts the request where the program finds it. The map, to take it back. */
static int ask(int program, const struct dw_bpf_request *q, uint64_t *ret_key, struct dw_error *e)
{
	_cleanup_fd_ int map = requests_of(program, e);
	struct dw_bpf_request copy = *q;
	int r;

	if (map < 0)
		return map;
	r = own_key(ret_key, e);
	if (r < 0)
		return r;
	r = map_element(BPF_MAP_UPDATE_ELEM, map, *ret_key, &copy);
	return r < 0 ? dw_error_errno(e, r, "asking the BPF program") : dw_steal_fd(&map);
}

int dw_bpf_iterate_tasks(struct dw_sys *s, int program, uint32_t half, struct dw_bpf_stream *to,
			 struct dw_error *e)
{
	struct dw_bpf_request q = { .half = half };
	uint64_t key = 0;
	_cleanup_fd_ int map = half ? ask(program, &q, &key, e) : -1;
	_cleanup_fd_ int fd = half && map < 0 ? map : open_iterator(program, e);
	int r = fd < 0 ? fd : read_all(s, fd, NULL, to, e);

	if (map >= 0)
		(void)map_element(BPF_MAP_DELETE_ELEM, map, key, NULL);
	return r;
}

int dw_bpf_iterate_work(struct dw_sys *s, int program, const struct dw_bpf_work *work, size_t n,
			struct dw_bpf_stream *to, struct dw_error *e)
{
	struct dw_bpf_request q = { .work = (uint64_t)(uintptr_t)work, .n = (uint32_t)n };
	uint64_t key = 0;
	_cleanup_fd_ int map = ask(program, &q, &key, e);
	int r;

	if (map < 0)
		return map;
	r = work_off(s, program, &(struct request){ map, key }, to, e);
	(void)map_element(BPF_MAP_DELETE_ELEM, map, key, NULL);
	return r;
}
