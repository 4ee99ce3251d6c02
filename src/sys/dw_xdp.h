/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The BPF program bpf/scan.bpf.c on one network interface: probes made in the kernel, answers known by XDP. What it is
 * told and what it tells lies in memory that both share (bpf/dw_bpf_scan.h); whoever reads it checks it.
 *
 * The interface must be Ethernet, of the calling thread's network namespace, and its driver must take frames from XDP
 * (ndo_xdp_xmit). Of a veth pair, the *far* end decides: it takes them when it has an XDP program or GRO on
 * (ethtool -K NAME gro on). A probe frame to ourselves (type 0x9000, as switches use it) tells when it is opened.
 *
 * The program is attached by a BPF link that only this process holds: when the process ends, by SIGKILL too, the kernel
 * takes it off. Nothing is pinned. Where another XDP program is, it stays, and nothing is attached.
 */
#ifndef DW_XDP_H
#define DW_XDP_H

#include "dw_bpf_scan.h"
#include "dw_sys.h"

struct dw_xdp;

/* The shared memory. It moves when dw_xdp_make_room() says so. */
struct dw_xdp_view {
	volatile struct dw_bpf_scan *state;
	struct dw_bpf_scan_host *hosts;
	struct dw_bpf_scan_place *places;
	volatile uint64_t *bits;
	uint32_t n_hosts, n_places, n_words; /* room; n_places is a power of two */
	uint8_t mac[6];                      /* of the interface */
	bool native;                         /* in the driver; else generic, behind it */
};

/*
 * -EBUSY: another XDP program is there. -EPERM: not root. -ENOTSUP: the kernel (older than 5.18) or the driver
 * can't; the message says which. A recorded host: -ENOTSUP.
 */
int dw_xdp_open(struct dw_sys *s, uint32_t ifindex, struct dw_xdp **ret, struct dw_error *e);
void dw_xdp_close(struct dw_xdp *x); /* NULL allowed; the program is off with dw_sys_close_all_late() at the latest */
const struct dw_xdp_view *dw_xdp_look(const struct dw_xdp *x);
/*
 * Room for that many hosts and slots. Where there is too little, all memory is new and empty but for the receiver's
 * counters, and the program in place is exchanged without a gap.
 */
int dw_xdp_make_room(struct dw_xdp *x, uint32_t n_hosts, uint64_t n_slots, struct dw_error *e);
/* Makes n frames of that many bytes. 0 also when a signal ended it early: state->next has how many were begun. */
int dw_xdp_run(struct dw_xdp *x, uint32_t bytes, uint32_t n, struct dw_error *e);
/* Records of the ring, at most max; what has another size is skipped. Returns how many, or -errno. */
int dw_xdp_read(struct dw_xdp *x, struct dw_bpf_scan_answer *answers, size_t max,
		struct dw_error *e);
/* Sleeps until state->answers or state->lost is no longer `seen` in sum, at most that many microseconds. */
void dw_xdp_wait(const struct dw_xdp *x, uint64_t seen, unsigned us);
void dw_xdp_nap(unsigned us);
/* CLOCK_MONOTONIC, microseconds. */
uint64_t dw_xdp_clock(void);

#endif
