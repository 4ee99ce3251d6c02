/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the child does with one port: a plan of steps (listen, say this, say that), each on a connection of its own that
 * the parent makes, until an answer is recognised.
 */
#ifndef DW_IDENTIFY_CHAT_H
#define DW_IDENTIFY_CHAT_H

#include <poll.h>

#include "identify_match.h"
#include "identify_nmap.h"

#define DW_STEPS_MAX 32U
#define DW_CHAT_IN   16384U
#define DW_CHAT_OUT  4096U
/* Steps: an index of dw_probes.asks, one of the nmap file's probes (with this bit), or only listening. */
#define DW_STEP_NMAP   0x8000U
#define DW_STEP_LISTEN 0xffffU

enum dw_order_kind {
	DW_ORDER_NOTHING = 0,
	DW_ORDER_NEW,   /* a port, with a connection */
	DW_ORDER_AGAIN, /* another connection */
	DW_ORDER_NONE,  /* it could not be made */
};

/* What the parent tells the child, beside the descriptor. */
struct dw_order {
	uint32_t job;
	uint8_t kind; /* enum dw_order_kind */
	bool udp;
	uint16_t port;
	unsigned timeout_ms;
	char name[256];   /* of the host; "": none */
	char address[64]; /* as text */
};

enum dw_chat_phase {
	DW_CHAT_IDLE = 0,
	DW_CHAT_TALKING,
	DW_CHAT_SHAKING,   /* the TLS handshake */
	DW_CHAT_UPGRADING, /* STARTTLS and the like */
	DW_CHAT_WANTS,     /* another connection */
	DW_CHAT_WAITING,   /* the same, and the parent was told */
	DW_CHAT_DONE
};

struct dw_chat {
	struct dw_order order;
	const struct dw_matcher *matcher;
	const struct dw_nmap *nmap; /* NULL: none */
	enum dw_chat_phase phase;
	int fd;    /* -1: none */
	bool used; /* something was said on it, or it ended */
	uint16_t steps[DW_STEPS_MAX];
	size_t n_steps, step;
	uint8_t in[DW_CHAT_IN], out[DW_CHAT_OUT];
	size_t in_n, out_n, out_done;
	uint64_t deadline; /* of the step */
	uint64_t look_at;  /* when what came is looked at, 0: nothing new */
	uint64_t again_at; /* UDP: when it is said once more, 0: not */
	struct dw_tls *tls;
	bool inside; /* every connection begins with a handshake */
	bool tried_http, tried_tls;
	bool answered;
	unsigned closes; /* connections that were closed without a word */
	size_t upgrade;  /* protocol whose STARTTLS is under way */
	size_t upgrade_line;
	bool upgrades_anew; /* the next connection is for it */
	struct identify_record found;
};

struct dw_chat *dw_chat_new(const struct dw_order *o, const struct dw_matcher *m,
			    const struct dw_nmap *nmap);
void dw_chat_free(struct dw_chat *c);
/* A connection, which is the chat's from now on; -1: there is none to be had. */
void dw_chat_take(struct dw_chat *c, int fd, uint64_t now);
/* What it waits for; fd -1: no descriptor. Returns when it wants to be called at the latest. */
uint64_t dw_chat_poll(const struct dw_chat *c, struct pollfd *ret);
void dw_chat_work(struct dw_chat *c, short events, uint64_t now);

/* --- the plan (identify-plan.c) ---------------------------------------------------------------------- */

void dw_chat_plan(struct dw_chat *c);
/* Anew, for what is inside TLS. */
void dw_chat_plan_inside(struct dw_chat *c);
/* The next step is to be the one of that kind (enum dw_probe_how); false: there is none. */
bool dw_chat_insert(struct dw_chat *c, unsigned how);
/* How long a step waits for its answer, milliseconds. */
unsigned dw_chat_patience(const struct dw_chat *c);

#endif
