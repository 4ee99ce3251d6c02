/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Receiving: TPACKET_V3 of packet(7), Documentation/networking/packet_mmap.rst. The kernel fills blocks of many
 * frames and hands each over as a whole, when it is full or a millisecond old.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "packet_private.h"
#include "sys_private.h"

#define BLOCK_SIZE ((size_t)256 * 1024)
#define FRAME_SIZE 2048U /* only a divisor of the block's size: frames lie packed */
#define RETIRE_MS  1U

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23 /* Linux 4.20 */
#endif

struct dw_packet_receiver {
	struct dw_sys *sys;
	int fd;
	uint8_t *ring;
	size_t size;
	unsigned blocks, at;
	uint64_t lost;
};

void dw_packet_receiver_free(struct dw_packet_receiver *r)
{
	if (!r)
		return;
	if (r->ring)
		(void)munmap(r->ring, r->size);
	dw_sys_close_late(r->sys, r->fd);
	free(r);
}

static int set(struct dw_sys *s, int fd, int level, int option, const void *value, socklen_t n)
{
	int r = dw_sys_fault(s);

	return r == 0 && setsockopt(fd, level, option, value, n) < 0 ? -errno : r;
}

/* Protocol 0: nothing arrives until it is bound, by which time the filter is there and locked. */
static int make(struct dw_sys *s, struct dw_packet_receiver *p, const struct packet_code *code)
{
	struct sock_fprog program = { .len = (unsigned short)code->n };
	const int version = TPACKET_V3, yes = 1;
	int r = dw_sys_fault(s);

	if (r < 0)
		return r;
	p->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (p->fd < 0)
		return -errno;
	/* struct sock_fprog has no const; the kernel only reads it */
	program.filter = (struct sock_filter *)(uintptr_t)code->code;
	r = set(s, p->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
	if (r == 0)
		r = set(s, p->fd, SOL_SOCKET, SO_LOCK_FILTER, &yes, sizeof(yes));
	/* before 4.20 our own frames come too, and are none of the answers */
	(void)setsockopt(p->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof(yes));
	if (r == 0)
		r = set(s, p->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version));
	return r;
}

static int map(struct dw_sys *s, struct dw_packet_receiver *p, size_t ring)
{
	struct tpacket_req3 req = {
		.tp_block_size = BLOCK_SIZE,
		.tp_frame_size = FRAME_SIZE,
		.tp_retire_blk_tov = RETIRE_MS,
	};
	void *at;
	int r;

	p->blocks = (unsigned)DW_MAX(ring / BLOCK_SIZE, (size_t)2);
	p->size = p->blocks * BLOCK_SIZE;
	req.tp_block_nr = p->blocks;
	req.tp_frame_nr = (unsigned)(p->size / FRAME_SIZE);
	r = set(s, p->fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req));
	if (r < 0 || (r = dw_sys_fault(s)) < 0)
		return r;
	at = mmap(NULL, p->size, PROT_READ | PROT_WRITE, MAP_SHARED, p->fd, 0);
	if (at == MAP_FAILED)
		return -errno;
	p->ring = at;
	return 0;
}

int dw_packet_ring_open(struct dw_sys *s, uint32_t ifindex, uint16_t ethertype,
			const struct packet_code *code, size_t ring,
			struct dw_packet_receiver **ret, struct dw_error *e)
{
	_cleanup_packet_receiver_ struct dw_packet_receiver *p = NULL;
	const struct sockaddr_ll to = { .sll_family = AF_PACKET,
					.sll_protocol = htons(ethertype),
					.sll_ifindex = (int)ifindex };
	int r;

	if (s->kind != DW_SYS_LIVE)
		return dw_error_set(e, -ENOTSUP, "packet sockets: this host is not live");
	p = calloc(1, sizeof(*p));
	if (!p)
		dw_oom();
	p->sys = s;
	p->fd = -1;
	r = make(s, p, code);
	if (r == 0)
		r = map(s, p, ring);
	if (r == 0)
		r = dw_sys_fault(s);
	if (r == 0 && bind(p->fd, (const struct sockaddr *)&to, sizeof(to)) < 0)
		r = -errno;
	if (r < 0)
		return dw_error_errno(e, r, "a packet socket to receive on interface %u", ifindex);
	*ret = dw_steal_ptr(p);
	return 0;
}

int dw_packet_receiver_open(struct dw_sys *s, uint32_t ifindex, const struct dw_packet_filter *f,
			    size_t ring, struct dw_packet_receiver **ret, struct dw_error *e)
{
	struct packet_code code;

	dw_packet_code_answers(f, &code);
	return dw_packet_ring_open(s, ifindex, f->family == AF_INET ? ETH_P_IP : ETH_P_IPV6, &code,
				   ring, ret, e);
}

int dw_packet_receiver_fd(const struct dw_packet_receiver *r)
{
	return r->fd;
}

/* The kernel's counters begin anew each time they are read. */
uint64_t dw_packet_receiver_lost(struct dw_packet_receiver *r)
{
	struct tpacket_stats_v3 stats = { 0 };
	socklen_t n = sizeof(stats);

	if (getsockopt(r->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &n) == 0)
		r->lost += stats.tp_drops;
	return r->lost;
}

/* --- reading ------------------------------------------------------------------------------------ */

/* The kernel wrote these offsets; they are held against the block all the same. */
static size_t read_block(const uint8_t *block,
			 void (*frame)(void *data, const uint8_t *p, size_t n), void *data)
{
	const struct tpacket_block_desc *d = (const struct tpacket_block_desc *)block;
	size_t at = d->hdr.bh1.offset_to_first_pkt;
	uint32_t n = d->hdr.bh1.num_pkts;

	for (uint32_t i = 0; i < n; i++) {
		const struct tpacket3_hdr *h = (const struct tpacket3_hdr *)(block + at);

		if (at + sizeof(*h) > BLOCK_SIZE ||
		    at + h->tp_mac + (size_t)h->tp_snaplen > BLOCK_SIZE)
			return i;
		frame(data, block + at + h->tp_mac, h->tp_snaplen);
		at += h->tp_next_offset;
	}
	return n;
}

static bool next_block(struct dw_packet_receiver *r,
		       void (*frame)(void *data, const uint8_t *p, size_t n), void *data,
		       size_t *frames)
{
	uint8_t *block = r->ring + r->at * BLOCK_SIZE;
	struct tpacket_block_desc *d = (struct tpacket_block_desc *)block;

	if ((__atomic_load_n(&d->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER) == 0)
		return false;
	*frames += read_block(block, frame, data);
	__atomic_store_n(&d->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	r->at = (r->at + 1) % r->blocks;
	return true;
}

size_t dw_packet_receiver_read(struct dw_packet_receiver *r, int fd, int wait_ms,
			       void (*frame)(void *data, const uint8_t *bytes, size_t n),
			       void *data)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t frames = 0;

	if (next_block(r, frame, data, &frames))
		return frames;
	if (wait_ms != 0 && poll(&p, 1, wait_ms) > 0 && (p.revents & (POLLERR | POLLNVAL)) != 0)
		(void)poll(NULL, 0, 5); /* the interface is down: the error stays, do not spin */
	(void)next_block(r, frame, data, &frames);
	return frames;
}
