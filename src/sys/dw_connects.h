/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Many ports asked at once with ordinary sockets: connect(2) for TCP and SCTP, connected datagram sockets for UDP, and
 * ping sockets for ICMP echo where icmp(7) lets this user have them. No privileges; each question has a socket of its
 * own, and with it a source port that the kernel chooses anew.
 */
#ifndef DW_CONNECTS_H
#define DW_CONNECTS_H

#include "dw_names.h"

struct dw_connects;

enum dw_connect_protocol {
	DW_CONNECT_UNKNOWN = 0,
	DW_CONNECT_TCP,
	DW_CONNECT_UDP,
	DW_CONNECT_SCTP,
	DW_CONNECT_ECHO
};

enum dw_connect_result {
	DW_CONNECT_NOTHING = 0,
	DW_CONNECT_OPEN,    /* connected, or a datagram came back */
	DW_CONNECT_REFUSED, /* TCP: a reset; SCTP: an ABORT */
	DW_CONNECT_ICMP,    /* an ICMP message: type and code, when has_icmp */
	DW_CONNECT_BLOCKED, /* this host's own packet filter */
};

struct dw_connect_event {
	uint64_t tag;
	enum dw_connect_result result;
	bool has_icmp;      /* TCP's sockets do not tell type and code */
	bool unreachable;   /* no has_icmp: a host or network that is not reached, else a port */
	uint8_t type, code; /* of the ICMP message */
	bool has_from;      /* who sent it */
	struct dw_sys_address from;
	uint8_t ttl; /* of the answer; 0: not known */
};

struct dw_connect_question {
	enum dw_connect_protocol protocol;
	struct dw_sys_address to;
	uint16_t port;
	const uint8_t *payload; /* UDP */
	size_t n;
	uint64_t tag;
};

/*
 * Raises the soft limit of open files towards the hard one (put back by the free). *ret_max: questions at once.
 * -ENOTSUP: a host that does not run.
 */
int dw_connects_open(struct dw_sys *s, struct dw_connects **ret, struct dw_error *e);
void dw_connects_free(struct dw_connects *c); /* NULL allowed */
size_t dw_connects_max(const struct dw_connects *c);
/*
 * 0: asked; its event may be ready at once. -EAGAIN: no room now, nothing was asked. -ENOTSUP: the kernel lacks the
 * protocol, or this user may not. Others: not asked, nothing else is wrong.
 */
int dw_connects_ask(struct dw_connects *c, const struct dw_connect_question *q, struct dw_error *e);
/*
 * Waits at most that many microseconds for answers; returns how many, at most max. Each question has at most one event;
 * questions without an answer for a few seconds are forgotten.
 */
int dw_connects_wait(struct dw_connects *c, unsigned wait_us, struct dw_connect_event *events,
		     size_t max, struct dw_error *e);
void dw_connects_forget(struct dw_connects *c); /* all that was asked */
/* Microseconds of a clock that nobody sets. */
uint64_t dw_connects_now(void);

#endif
