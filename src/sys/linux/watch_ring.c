/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading a ring buffer of BPF programs: Documentation/bpf/ringbuf.rst. Two positions that only grow, one written by
 * the kernel, one by us; the data is mapped twice in a row, so that a record never wraps.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bpf_private.h"
#include "watch_private.h"

static size_t page(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static int map_pages(struct dw_watch_ring *r)
{
	void *p = mmap(NULL, page(), PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, 0);

	if (p == MAP_FAILED)
		return -errno;
	r->consumer = p;
	p = mmap(NULL, page() + 2 * r->size, PROT_READ, MAP_SHARED, r->fd, (off_t)page());
	if (p == MAP_FAILED)
		return -errno;
	r->producer = p;
	return 0;
}

int dw_watch_ring_open(size_t size, struct dw_watch_ring *ret)
{
	struct dw_watch_ring r = { .size = size };
	union bpf_attr attr;
	int code;

	if (size < page() || size > UINT32_MAX / 4 || (size & (size - 1)))
		return -EINVAL;
	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_RINGBUF;
	attr.max_entries = (uint32_t)size;
	memcpy(attr.map_name, "dw_watch", sizeof("dw_watch"));
	r.fd = dw_bpf_call(BPF_MAP_CREATE, &attr);
	if (r.fd < 0)
		return r.fd;
	code = map_pages(&r);
	if (code < 0) {
		dw_watch_ring_close(&r);
		return code;
	}
	*ret = r;
	return 0;
}

void dw_watch_ring_close(struct dw_watch_ring *r)
{
	if (r->consumer)
		munmap(r->consumer, page());
	if (r->producer)
		munmap((void *)(uintptr_t)r->producer, page() + 2 * r->size);
	if (r->fd >= 0)
		close(r->fd);
}

int dw_watch_ring_next(struct dw_watch_ring *r, struct dw_bpf_watch *ret)
{
	const char *data = (const char *)r->producer + page();
	uint64_t at = __atomic_load_n(r->consumer, __ATOMIC_RELAXED);

	while (at < __atomic_load_n(r->producer, __ATOMIC_ACQUIRE)) {
		const char *record = data + (at & (r->size - 1));
		/* aligned to 8 by the kernel */
		uint32_t head =
			__atomic_load_n((const uint32_t *)(const void *)record, __ATOMIC_ACQUIRE);
		uint32_t n = head & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
		bool whole = !(head & BPF_RINGBUF_DISCARD_BIT) && n == sizeof(*ret);

		if (head & BPF_RINGBUF_BUSY_BIT)
			return 0; /* being written: it wakes us when it is done */
		if (whole)
			memcpy(ret, record + BPF_RINGBUF_HDR_SZ, sizeof(*ret));
		at += (n + BPF_RINGBUF_HDR_SZ + 7) / 8 * 8;
		__atomic_store_n(r->consumer, at, __ATOMIC_RELEASE);
		if (whole)
			return 1;
	}
	return 0;
}
