/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How probes travel. The engine (dw_engine.h) decides what is asked when; a wire makes the packets, sends them and
 * knows their answers. Wires: "live-frames" (packets made in the kernel by a BPF program, answers known by an XDP
 * program), "packet" (AF_PACKET; answers are read in a child that may do nothing else), "connect" (ordinary
 * sockets), and a made-up network for tests. One thread.
 *
 * The unit of work is a block: some hosts (at most 65,536) times some ports of one protocol. A slot is a number,
 * host * n_ports + port's index: each host's slots lie side by side. `answered` has one bit for each slot (word
 * slot / 64, bit slot % 64, host byte order), set by whoever receives, with an atomic or. The engine alone may take
 * one back, to ask a slot again whose answer it knows (is the host still there, how much is lost?): the memory must
 * be writable.
 *
 * An answer that says "closed by a reset" only sets its bit. All others go through receive() as well; where they
 * could not be handed over (a ring was full) the bit stays unset, so the slot is asked again: nothing is lost
 * without a trace.
 */
#ifndef DW_WIRE_H
#define DW_WIRE_H

#include "dw_cookie.h"
#include "dw_error.h"
#include "dw_scan.h"

#define DW_WIRE_HOSTS_MAX 65536u
#define DW_WIRE_ROUNDS                                                                             \
	32u /* source ports of a block: one for each round, again from the first when they are used up */
#define DW_WIRE_ICMP DW_PROTOCOL_RAW /* a block's protocol for echo requests: one port, 0 */

struct dw_wire_host {
	struct dw_address address;
	struct dw_address source; /* ours, for this host */
	uint32_t ifindex;         /* where it goes out */
	uint8_t mac[6];           /* of the next hop; zero on a link without */
};

/* What a UDP probe says; the i-th of a port is sent in rounds i, i + n, ... */
struct dw_wire_payload {
	const uint8_t *bytes;
	uint16_t n;
	uint16_t
		/* 1 + offset of 2 bytes that the answer repeats at the same place (DNS), to hold a cookie; 0: none */
		id_at;
};
struct dw_wire_payloads {
	const struct dw_wire_payload *list; /* n 0: an empty datagram */
	size_t n;
};

/*
 * More addresses to send UDP probes from, in turn, each host for itself (dw_spare.h); the wire of packets knows them.
 */
struct dw_wire_spares {
	const struct dw_address *list;
	uint32_t n;
	const uint8_t *mac;
	const volatile uint8_t *taken; /* n: other than 0, it must not be used any more */
};

/* All is borrowed, and stays until end(). */
struct dw_wire_block {
	enum dw_protocol protocol;        /* TCP, UDP, SCTP, DW_WIRE_ICMP */
	const struct dw_wire_host *hosts; /* of one family, one ifindex */
	uint32_t n_hosts;
	const uint16_t *ports; /* by number; host order */
	uint32_t n_ports;
	const struct dw_wire_payloads
		*payloads; /* one for each port; NULL: none (UDP: empty datagrams) */
	struct dw_cookie_key key;
	uint16_t source_port; /* first of DW_WIRE_ROUNDS ports that nobody on this host uses */
	const struct dw_wire_spares *spares; /* NULL: none */
};

struct dw_wire_answer {
	uint32_t slot;
	uint8_t why;   /* enum dw_scan_why */
	uint8_t round; /* of the probe that it answers, as far as the source port tells */
	uint8_t ttl;
	uint8_t flags;          /* DW_WIRE_* */
	struct dw_address from; /* of an ICMP message; family 0: the host itself */
};
enum {
	DW_WIRE_BARE =
		1, /* SYN-ACK with window 0 or without any option: something before the host sent it */
	DW_WIRE_AGAIN = 2, /* the slot had answered already (another round, or a copy) */
};

struct dw_wire_counts {
	uint64_t sent; /* probes that left */
	uint64_t
		failed; /* that the kernel did not take (ENOBUFS ...): not sent, to be asked again */
	uint64_t answers; /* that were ours, copies counted */
	uint64_t foreign; /* looked like answers, with a wrong cookie: forged, or of others */
	uint64_t lost;    /* packets the kernel dropped before we could look (ring full) */
};

struct dw_wire;
struct dw_wire_ops {
	const char *name; /* "live-frames" */
	const char *receiver;
	int (*begin)(struct dw_wire *w, const struct dw_wire_block *b,
		     struct dw_error *e); /* sets answered */
	/*
	 * Sends a probe to each slot, as fast as it can. *ret_sent: how many from the front left; the rest did not fit
	 * (send buffer full): no failure. Slots need not be in order, and may repeat.
	 */
	int (*send)(struct dw_wire *w, const uint32_t *slots, size_t n, unsigned round,
		    size_t *ret_sent, struct dw_error *e);
	/*
	 * Waits up to that many microseconds (0: not at all) for answers that are more than a reset, or until any bit
	 * was set; hands over up to max. *ret_n 0: none.
	 */
	int (*receive)(struct dw_wire *w, unsigned wait_us, struct dw_wire_answer *answers,
		       size_t max, size_t *ret_n, struct dw_error *e);
	void (*end)(struct dw_wire *w);  /* of the block; answered is gone */
	void (*free)(struct dw_wire *w); /* and what holds it */
	/* clock of this wire, microseconds from any point: the made-up network has its own */
	uint64_t (*now)(struct dw_wire *w);
};

/* The first member of each wire's own struct. */
struct dw_wire {
	const struct dw_wire_ops *ops;
	volatile uint64_t
		*answered; /* others may set bits at any time; read words with __atomic_load_n */
	struct dw_wire_counts
		counts; /* of all blocks so far; up to date after send() and receive() */
	/* most probes a second that this wire can send, 0: not known; and fewest slots in one send() that are worth
	   it */
	uint64_t rate_max;
	size_t batch;
};

static inline void dw_wire_free(struct dw_wire *w)
{
	if (w != NULL)
		w->ops->free(w);
}

struct dw_sys;
/*
 * -ENOTSUP, -EPERM ...: not here, with the reason in the message (it is told when a slower wire is used). The wires
 * for packets serve one interface; `hosts` of all blocks go out there.
 */
int dw_wire_connect_open(struct dw_sys *s, struct dw_wire **ret, struct dw_error *e);
int dw_wire_packet_open(struct dw_sys *s, uint32_t ifindex, struct dw_wire **ret,
			struct dw_error *e);
int dw_wire_live_open(struct dw_sys *s, uint32_t ifindex, struct dw_wire **ret, struct dw_error *e);

#endif
