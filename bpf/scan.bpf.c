// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fastest wire of a scan (docs/scan.md): TCP SYNs made in the kernel, and their answers known before the
 * kernel's own network code sees them.
 *
 * dw_scan is one program with two lives. Run by BPF_PROG_RUN with BPF_F_TEST_XDP_LIVE_FRAMES (Linux 5.18) it writes the
 * next probe into the frame and redirects that to the interface. Attached to the interface it looks for answers.
 * One program and not two, because a program that is attached is known to the kernel's XDP dispatcher already: else
 * each BPF_PROG_RUN patches the dispatcher, twice, and waits for all CPUs.
 *
 * dw_taken counts what the driver did with the frames, at the tracepoint xdp:xdp_devmap_xmit: BPF_PROG_RUN does not
 * tell.
 *
 * Old kernels (6.1 is the oldest tried) must take it: no kfuncs, no open-coded iterators, bounded loops.
 */
#include "scan.h"

#include "scan_receive.h"

#define TAKEN_AT_ONCE                                                                              \
	64 /* frames that one flush gives to the driver: 16 (DEV_MAP_BULK_SIZE) so far */

char LICENSE[] SEC("license") = "GPL";

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct net {
	__u64 net_cookie;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct net_device {
	int ifindex;
	possible_net_t nd_net;
};

#pragma clang attribute pop

/* Writes a whole SYN: of a frame that went out before, nothing can be trusted, its receiver may have written into
   it. */
INLINE void write_tcp(const struct dw_bpf_scan *s, const struct dw_bpf_scan_host *h, void *t,
		      __be16 port)
{
	__u32 seq = cookie_of(s, h->address, s->source, port);
	__u32 *w = t;

	*(__u16 *)t = s->source;
	*(__u16 *)(t + 2) = port;
	w[1] = seq;
	w[2] = 0;
	w[3] = bpf_htonl(6u << 28 | (__u32)FLAG_SYN << 16 |
			 64240); /* 6 words; the window of Linux */
	*(__u16 *)(t + 16) = fold((__u64)h->sum + s->source + port + (seq & 0xffff) + (seq >> 16));
	*(__u16 *)(t + 18) = 0;
	w[5] = bpf_htonl(0x020405b4); /* MSS 1460 */
}

INLINE int send_next(struct xdp_md *context, struct dw_bpf_scan *s)
{
	void *data = (void *)(long)context->data, *end = (void *)(long)context->data_end;
	__u64 at = __sync_fetch_and_add(&s->next, 1);
	const struct dw_bpf_scan_host *h;
	__u32 slot, host, index;
	__be16 port;

	if (at >= s->n_send || s->n_ports == 0)
		return XDP_DROP;
	if (s->way == DW_BPF_SCAN_AS_IS)
		return (int)bpf_redirect(s->ifindex, 0);
	slot = s->slots[at & (DW_BPF_SCAN_SLOTS - 1)];
	host = slot / s->n_ports;
	index = slot - host * s->n_ports;
	h = bpf_map_lookup_elem(&dw_hosts, &host);
	if (!h)
		return XDP_DROP;
	port = s->ports[index & 0xffff];
	if (s->v6) {
		if (data + DW_BPF_SCAN_FRAME6 > end)
			return XDP_DROP;
		__builtin_memcpy(data, h->head, DW_BPF_SCAN_HEAD);
		write_tcp(s, h, data + 54, port);
	} else {
		if (data + DW_BPF_SCAN_FRAME4 > end)
			return XDP_DROP;
		__builtin_memcpy(data, h->head, DW_BPF_SCAN_HEAD);
		write_tcp(s, h, data + 34, port);
		*(__u16 *)(data + 58) = 0;
	}
	return s->way == DW_BPF_SCAN_DRY ? XDP_DROP : (int)bpf_redirect(s->ifindex, 0);
}

SEC("xdp.frags")
int dw_scan(struct xdp_md *context)
{
	struct dw_bpf_scan *s = state();

	if (!s)
		return XDP_PASS;
	if (context->ingress_ifindex == DW_BPF_SCAN_LO)
		return send_next(context, s);
	return s->on ? receive(context, s) : XDP_PASS;
}

/* --- what became of the frames ------------------------------------------------------------------ */

/*
 * xdp:xdp_devmap_xmit(from, to, sent, drops, err). Frames are given to the driver in the order they were made, and of
 * each lot it takes the first ones. The tracepoint tells of all network namespaces, and the number of an interface
 * holds in one only: frames of another scan in another namespace are none of ours.
 */
SEC("raw_tp/xdp_devmap_xmit")
int dw_taken(struct bpf_raw_tracepoint_args *context)
{
	const struct net_device *from = (void *)context->args[0], *to = (void *)context->args[1];
	int sent = (int)context->args[2], drops = (int)context->args[3];
	struct dw_bpf_scan *s = state();
	__u64 at, n;

	if (!s || BPF_CORE_READ(from, ifindex) != DW_BPF_SCAN_LO ||
	    (__u32)BPF_CORE_READ(to, ifindex) != s->ifindex ||
	    BPF_CORE_READ(to, nd_net.net, net_cookie) != s->netns)
		return 0;
	at = s->given;
	s->given = at + (__u64)(sent + drops);
	at += (__u64)sent;
	for (int i = 0; i < TAKEN_AT_ONCE && i < drops; i++) {
		n = s->n_missed;
		s->missed[n & (DW_BPF_SCAN_SLOTS - 1)] = at + i;
		s->n_missed = n + 1;
	}
	return 0;
}
