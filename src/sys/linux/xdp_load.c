/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loading of bpf/scan.bpf.c with maps of the size that is wanted, and their memory mapped. */
#include "xdp_private.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "sys_private.h"

/* Generated, with the habits of its generator. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wpointer-arith"
#pragma GCC diagnostic ignored "-Wwrite-strings"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wundef"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Woverlength-strings"
#include "scan.lskel.h"
#pragma GCC diagnostic pop

#define PLACES_EACH 4U /* of a host: a quarter full, chains stay short */
#define PLACES_MIN  64U

static size_t whole_pages(size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (n + page - 1) / page * page;
}

static uint32_t places_for(uint32_t n_hosts)
{
	uint32_t n = PLACES_MIN;

	while (n < n_hosts * PLACES_EACH)
		n *= 2;
	return n;
}

/* NULL: not possible. */
static void *map_memory(int fd, size_t n, int protection, off_t at)
{
	void *p = mmap(NULL, whole_pages(n), protection, MAP_SHARED, fd, at);

	return p == MAP_FAILED ? NULL : p;
}

static void unmap(void *p, size_t n)
{
	if (p)
		(void)munmap(p, whole_pages(n));
}

static bool map_all(struct dw_xdp_loaded *l)
{
	const int both = PROT_READ | PROT_WRITE;
	const struct dw_scan *k = l->skeleton;
	struct dw_xdp_view *v = &l->view;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int ring = k->maps.dw_ring.map_fd;

	v->state = map_memory(k->maps.dw_state.map_fd, sizeof(*v->state), both, 0);
	v->hosts = map_memory(k->maps.dw_hosts.map_fd, v->n_hosts * sizeof(*v->hosts), both, 0);
	v->places = map_memory(k->maps.dw_places.map_fd, v->n_places * sizeof(*v->places), both, 0);
	v->bits = map_memory(k->maps.dw_bits.map_fd, v->n_words * sizeof(*v->bits), both, 0);
	l->ring.size = DW_BPF_SCAN_RING;
	l->ring.consumer = map_memory(ring, page, both, 0);
	l->ring.producer = map_memory(ring, page + 2 * l->ring.size, PROT_READ, (off_t)page);
	return v->state && v->hosts && v->places && v->bits && l->ring.consumer && l->ring.producer;
}

int dw_xdp_load(uint32_t n_hosts, uint64_t n_slots, struct dw_xdp_loaded *ret, struct dw_error *e)
{
	struct dw_xdp_loaded l = {
		.view = {
			.n_hosts = n_hosts,
			.n_places = places_for(n_hosts),
			.n_words = (uint32_t)((n_slots + 63) / 64),
		},
	};
	int r;

	l.skeleton = dw_scan__open();
	if (!l.skeleton)
		dw_oom();
	l.skeleton->maps.dw_hosts.max_entries = l.view.n_hosts;
	l.skeleton->maps.dw_places.max_entries = l.view.n_places;
	l.skeleton->maps.dw_bits.max_entries = l.view.n_words;
	r = dw_scan__load(l.skeleton);
	if (r >= 0)
		r = dw_scan__attach(l.skeleton);
	if (r >= 0 && !map_all(&l))
		r = -ENOMEM;
	if (r < 0) {
		dw_xdp_unload(&l);
		return dw_error_errno(e,
				      r == -EPERM ? -EPERM : -ENOTSUP, /* -EACCES is the verifier */
				      "the kernel did not take the BPF program that scans (%d)", r);
	}
	l.program = l.skeleton->progs.dw_scan.prog_fd;
	*ret = l;
	return 0;
}

void dw_xdp_unload(struct dw_xdp_loaded *l)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct dw_xdp_view *v = &l->view;

	unmap((void *)v->state, sizeof(*v->state));
	unmap(v->hosts, v->n_hosts * sizeof(*v->hosts));
	unmap(v->places, v->n_places * sizeof(*v->places));
	unmap((void *)v->bits, v->n_words * sizeof(*v->bits));
	unmap(l->ring.consumer, page);
	unmap(l->ring.producer, page + 2 * l->ring.size);
	if (l->skeleton)
		dw_scan__destroy(l->skeleton);
	*l = (struct dw_xdp_loaded){ .skeleton = NULL };
}
