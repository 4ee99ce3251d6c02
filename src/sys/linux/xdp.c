/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The scanning program on an interface: attached, run, and heard. */
#include "xdp_private.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#include "bpf_private.h"

/* Room from the start on, so that most blocks need no new program: 5 MiB. */
#define HOSTS_FIRST 4096U
#define SLOTS_FIRST (256ULL * 65536)

#define LIVE_BATCH 64U /* frames between two flushes */
#define CARRIER_WAIT_MS                                                                            \
	5000 /* some drivers take their link down for a moment when XDP is turned on */
#define FRAME_MAX 128U
#define ETH_LOOPBACK                                                                               \
	0x9000U /* configuration test protocol: a switch drops what comes back to its own port */

struct dw_xdp {
	struct dw_sys *sys;
	uint32_t ifindex;
	uint64_t netns; /* its cookie */
	char name[IF_NAMESIZE];
	struct dw_xdp_loaded now;
	int link; /* BPF link of the program on the interface; -1 */
};

uint64_t dw_xdp_clock(void)
{
	struct timespec ts = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

void dw_xdp_nap(unsigned us)
{
	const struct timespec ts = { .tv_sec = us / 1000000,
				     .tv_nsec = (long)(us % 1000000) * 1000 };

	(void)nanosleep(&ts, NULL);
}

/* The cookie of this thread's network namespace (Linux 5.14); 0: not told. */
static uint64_t netns_of(int fd)
{
	uint64_t cookie = 0;
	socklen_t n = sizeof(cookie);

	return getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &n) < 0 ? 0 : cookie;
}

/* Name, hardware address and namespace; -ENOTSUP where frames are not those of Ethernet. */
static int look_at_interface(struct dw_xdp *x, uint8_t *mac, struct dw_error *e)
{
	_cleanup_fd_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq f = { .ifr_ifindex = (int)x->ifindex };

	if (fd < 0 || ioctl(fd, SIOCGIFNAME, &f) < 0)
		return dw_error_errno(e, -errno, "interface %u", x->ifindex);
	memcpy(x->name, f.ifr_name, sizeof(x->name) - 1);
	if (ioctl(fd, SIOCGIFHWADDR, &f) < 0)
		return dw_error_errno(e, -errno, "%s", x->name);
	if (f.ifr_hwaddr.sa_family != ARPHRD_ETHER || x->ifindex == DW_BPF_SCAN_LO)
		return dw_error_set(e, -ENOTSUP, "%s is no Ethernet interface", x->name);
	memcpy(mac, f.ifr_hwaddr.sa_data, 6);
	x->netns = netns_of(fd);
	if (x->netns == 0)
		return dw_error_set(e, -ENOTSUP,
				    "the kernel does not tell network namespaces apart");
	return 0;
}

static int attach_as(const struct dw_xdp *x, uint32_t mode)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = (uint32_t)x->now.program;
	attr.link_create.target_ifindex = x->ifindex;
	attr.link_create.attach_type = BPF_XDP;
	attr.link_create.flags = mode;
	return dw_bpf_call(BPF_LINK_CREATE, &attr);
}

/*
 * In the driver, else behind it. net/core/dev.c, dev_xdp_attach(): -EBUSY for a program of the same mode, -EEXIST
 * for one of the other.
 */
static int attach(struct dw_xdp *x, struct dw_error *e)
{
	int r;

	dw_sys_close_all_late(x->sys); /* one of them may be a program of ours on this interface */
	r = attach_as(x, XDP_FLAGS_DRV_MODE);
	x->now.view.native = r >= 0;
	if (r < 0 && r != -EBUSY && r != -EEXIST && r != -EPERM)
		r = attach_as(x, XDP_FLAGS_SKB_MODE);
	if (r == -EBUSY || r == -EEXIST)
		return dw_error_set(e, -EBUSY, "%s has another XDP program", x->name);
	if (r < 0)
		return dw_error_errno(e, r == -EPERM ? r : -ENOTSUP, "XDP on %s", x->name);
	x->link = r;
	return 0;
}

/* BPF_PROG_RUN of live frames; -errno. */
static int run_frames(const struct dw_xdp *x, void *frame, uint32_t bytes, uint32_t n)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = (uint32_t)x->now.program;
	attr.test.data_in = (uint64_t)(uintptr_t)frame;
	attr.test.data_size_in = bytes;
	attr.test.repeat = n;
	attr.test.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
	attr.test.batch_size = LIVE_BATCH;
	return dw_bpf_call(BPF_PROG_TEST_RUN, &attr);
}

static void wait_for_carrier(const struct dw_xdp *x)
{
	_cleanup_fd_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq f = { 0 };

	memcpy(f.ifr_name, x->name, sizeof(f.ifr_name));
	for (unsigned ms = 0; fd >= 0 && ms < CARRIER_WAIT_MS; ms += 10) {
		if (ioctl(fd, SIOCGIFFLAGS, &f) < 0 || (f.ifr_flags & IFF_RUNNING))
			return;
		dw_xdp_nap(10000);
	}
}

/* Does the driver take a frame? One goes out, from us to us, which nobody answers. */
static int try_frame(const struct dw_xdp *x, struct dw_error *e)
{
	volatile struct dw_bpf_scan *s = x->now.view.state;
	uint8_t frame[DW_BPF_SCAN_FRAME4] = { 0 };
	int r;

	memcpy(frame, x->now.view.mac, 6);
	memcpy(frame + 6, x->now.view.mac, 6);
	frame[12] = ETH_LOOPBACK >> 8;
	frame[13] = ETH_LOOPBACK & 0xff;
	s->way = DW_BPF_SCAN_AS_IS;
	s->n_ports = s->n_send = 1;
	s->next = s->given = s->n_missed = 0;
	r = run_frames(x, frame, sizeof(frame), 1);
	s->n_ports = s->n_send = 0;
	s->way = DW_BPF_SCAN_PROBES_OUT;
	if (r < 0)
		return dw_error_errno(e, r == -EPERM ? r : -ENOTSUP,
				      "this kernel makes no live frames (Linux 5.18 does)");
	if (s->given != 1 || s->n_missed != 0)
		return dw_error_set(e, -ENOTSUP,
				    "%s takes no frames from XDP (its driver has no ndo_xdp_xmit, "
				    "or the far end of "
				    "a veth pair has neither an XDP program nor GRO)",
				    x->name);
	return 0;
}

static int open_at(struct dw_xdp *x, struct dw_error *e)
{
	uint8_t mac[6] = { 0 };
	int r = look_at_interface(x, mac, e);

	if (r == 0)
		r = dw_xdp_load(HOSTS_FIRST, SLOTS_FIRST, &x->now, e);
	if (r < 0)
		return r;
	if (!x->now.view.state)
		return dw_error_set(e, -ENOMEM, "%s: the program's memory is not mapped", x->name);
	memcpy(x->now.view.mac, mac, sizeof(mac));
	x->now.view.state->ifindex = x->ifindex;
	x->now.view.state->netns = x->netns;
	r = attach(x, e);
	if (r < 0)
		return r;
	wait_for_carrier(x);
	return try_frame(x, e);
}

int dw_xdp_open(struct dw_sys *s, uint32_t ifindex, struct dw_xdp **ret, struct dw_error *e)
{
	int r = dw_sys_fault(s);
	struct dw_xdp *x;

	if (r < 0 || s->kind != DW_SYS_LIVE)
		return dw_error_errno(e, r < 0 ? r : -ENOTSUP, "frames made by XDP");
	x = calloc(1, sizeof(*x));
	if (!x)
		dw_oom();
	x->sys = s;
	x->ifindex = ifindex;
	x->link = -1;
	r = open_at(x, e);
	if (r < 0) {
		if (x->link >= 0)
			(void)close(dw_steal_fd(&x->link));
		dw_xdp_close(x);
		return r;
	}
	*ret = x;
	return 0;
}

void dw_xdp_close(struct dw_xdp *x)
{
	if (!x)
		return;
	dw_sys_close_late(x->sys, x->link);
	dw_xdp_unload(&x->now);
	free(x);
}

const struct dw_xdp_view *dw_xdp_look(const struct dw_xdp *x)
{
	return &x->now.view;
}

static int exchange(const struct dw_xdp *x, const struct dw_xdp_loaded *l)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.link_update.link_fd = (uint32_t)x->link;
	attr.link_update.new_prog_fd = (uint32_t)l->program;
	return dw_bpf_call(BPF_LINK_UPDATE, &attr);
}

int dw_xdp_make_room(struct dw_xdp *x, uint32_t n_hosts, uint64_t n_slots, struct dw_error *e)
{
	const struct dw_xdp_view *v = &x->now.view;
	struct dw_xdp_loaded l = { .program = -1 };
	int r = dw_sys_fault(x->sys);

	if (r < 0)
		return dw_error_errno(e, r, "XDP on %s", x->name);
	if (n_hosts <= v->n_hosts && n_slots <= (uint64_t)v->n_words * 64)
		return 0;
	n_hosts = DW_MAX(n_hosts, v->n_hosts);
	n_slots = DW_MAX(n_slots, (uint64_t)v->n_words * 64);
	r = dw_xdp_load(n_hosts, n_slots, &l, e);
	if (r < 0)
		return r;
	memcpy(l.view.mac, v->mac, sizeof(l.view.mac));
	l.view.native = v->native;
	l.view.state->ifindex = x->ifindex;
	l.view.state->netns = x->netns;
	r = exchange(x, &l);
	if (r < 0) {
		dw_xdp_unload(&l);
		return dw_error_errno(e, r, "exchange of the XDP program on %s", x->name);
	}
	l.view.state->answers = v->state->answers;
	l.view.state->foreign = v->state->foreign;
	l.view.state->lost = v->state->lost;
	dw_xdp_unload(&x->now);
	x->now = l;
	return 0;
}

int dw_xdp_run(struct dw_xdp *x, uint32_t bytes, uint32_t n, struct dw_error *e)
{
	uint8_t frame[FRAME_MAX] = { 0 };
	int r = dw_sys_fault(x->sys);

	if (r == 0)
		r = run_frames(x, frame, DW_MIN(bytes, FRAME_MAX), n);
	if (r < 0 && r != -EINTR)
		return dw_error_errno(e, r, "frames for %s", x->name);
	return 0;
}

/* Length of the record at `position`, and its bytes; 0: it is not finished. *ret_next: where the next one begins. */
static uint32_t record_at(const struct dw_xdp_ring *ring, uint64_t position, const void **ret,
			  uint64_t *ret_next)
{
	const uint8_t *data = (const uint8_t *)ring->producer + sysconf(_SC_PAGESIZE);
	const uint8_t *record = data + (position & (ring->size - 1));
	uint32_t head = __atomic_load_n((const uint32_t *)(const void *)record, __ATOMIC_ACQUIRE);
	uint32_t n = head & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);

	if (head & BPF_RINGBUF_BUSY_BIT)
		return 0;
	*ret = head & BPF_RINGBUF_DISCARD_BIT ? NULL : record + BPF_RINGBUF_HDR_SZ;
	*ret_next = position + ((n + BPF_RINGBUF_HDR_SZ + 7) & ~7ULL);
	return n;
}

int dw_xdp_read(struct dw_xdp *x, struct dw_bpf_scan_answer *answers, size_t max,
		struct dw_error *e)
{
	const struct dw_xdp_ring *ring = &x->now.ring;
	uint64_t *consumer = ring->consumer, at = *consumer;
	uint64_t end = __atomic_load_n((const uint64_t *)ring->producer, __ATOMIC_ACQUIRE);
	int r = dw_sys_fault(x->sys), n = 0;

	if (r < 0)
		return dw_error_errno(e, r, "answers on %s", x->name);
	while (at < end && (size_t)n < max) {
		const void *record = NULL;
		uint64_t next = at;
		uint32_t size = record_at(ring, at, &record, &next);

		if (size == 0)
			break;
		if (record && size == sizeof(*answers))
			memcpy(&answers[n++], record, sizeof(*answers));
		at = next;
	}
	__atomic_store_n(consumer, at, __ATOMIC_RELEASE);
	return n;
}

void dw_xdp_wait(const struct dw_xdp *x, uint64_t seen, unsigned us)
{
	const volatile struct dw_bpf_scan *s = x->now.view.state;
	uint64_t end = dw_xdp_clock() + us;
	unsigned slice = 50;

	/* Not by poll(2) of the ring: resets do not go through it, and waking us for each record would cost more. */
	for (;;) {
		uint64_t now = dw_xdp_clock();

		if (s->answers + s->lost != seen || now >= end)
			return;
		dw_xdp_nap((unsigned)DW_MIN(end - now, slice));
		slice = DW_MIN(slice * 2, 1000U);
	}
}
