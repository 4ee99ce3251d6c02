/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A scan while it runs; private to the files scan*.c. */
#ifndef DW_LIB_SCAN_PRIVATE_H
#define DW_LIB_SCAN_PRIVATE_H

#include "dw_engine.h"
#include "dw_hold.h"
#include "dw_identify.h"
#include "dw_knowledge.h"
#include "dw_names.h"
#include "dw_route.h"
#include "dw_scan.h"
#include "dw_spare.h"
#include "dw_spec.h"
#include "doorward/doorward.h"

/* Addresses that are looked at together: what a block can hold. */
#define DW_SCAN_CHUNK DW_WIRE_HOSTS_MAX
/* Ports that are so few that each is told, whatever its state. */
#define DW_SCAN_FEW 32u

/* A block with more such answers is not saved before it ends. */
#define DW_SCAN_OTHERS_MAX 1000000u

enum { DW_SCAN_TCP = 0, DW_SCAN_UDP, DW_SCAN_SCTP, DW_SCAN_PROTOCOLS };

/* An address that is asked, and the way there. */
struct dw_scan_target {
	struct dw_wire_host at;
	const char *name;
	uint32_t wire; /* index in wires */
	enum dw_scan_up up;
	enum dw_scan_why up_why;
	uint32_t rtt_us;
	bool on_link; /* its neighbour was asked, or can be */
	bool has_mac;
	bool own;                  /* this host's */
	struct dw_address gateway; /* not on_link */
	float missed; /* silent: chance that all its answers were lost; 1: nothing is known of that */
	size_t host;     /* its row in hosts; only when it is asked for ports */
	uint32_t asking; /* open ports that were asked what they are */
};

/* One for each interface, and one for what ordinary sockets ask. */
struct dw_scan_wire {
	uint32_t ifindex; /* 0: the connect wire */
	uint32_t instead; /* 1 + index of the wire that stands for it; 0: none */
	struct dw_wire *wire;
	struct dw_wire *other; /* of packets, for what live frames do not ask; NULL: not yet */
};

/* An answer that is worth telling, from when it came until the host's row is made. */
struct dw_scan_found {
	size_t host;
	uint32_t slot; /* of the block that it was found in */
	enum dw_protocol protocol;
	uint16_t port;
	struct dw_wire_answer answer;
	uint64_t time;
	struct dw_scan_service *service;
	bool asking; /* what it is; the answer is not there yet */
	bool told;
};
struct dw_scan_founds {
	struct dw_scan_found *v;
	size_t n, cap;
};

struct dw_scan_hosts {
	struct dw_scan_host *v;
	size_t n, cap;
};

/* Spare addresses of one link and family. */
struct dw_scan_spares {
	uint32_t ifindex;
	enum dw_family family;
	struct dw_ip source; /* ours, there */
	DW_VEC(struct dw_address) addresses;
	struct dw_spare *spare; /* NULL: not open */
	struct dw_wire_spares wire;
	bool tried;
};

/* Where a stopped scan goes on. */
struct dw_scan_place {
	uint64_t chunk;   /* of targets */
	bool discovered;  /* targets are those that are up */
	uint32_t step;    /* of protocol and block, counted over the chunk */
	uint64_t *before; /* answered bits of that step; NULL: none */
	size_t n_before;  /* words */
};

struct dw_scan_round;

struct dw_scanning {
	struct doorward *d;
	struct doorward_scan_options o;
	struct dw_sys *sys;
	struct dw_arena *a; /* of the result */
	struct dw_scan *scan;
	const struct dw_knowledge *knowledge;
	struct dw_spec_targets targets;
	struct dw_spec_ports ports[DW_SCAN_PROTOCOLS];
	const struct dw_wire_payloads *payloads; /* one for each UDP port */
	struct dw_engine_options engine;
	struct dw_strings notes;
	DW_VEC(struct dw_scan_wire) wires;
	DW_VEC(struct dw_scan_spares) spares;
	struct dw_hold *held;
	uint16_t source_port;
	struct dw_cookie_key key;
	struct dw_identify *identify;
	size_t asking; /* found ones that identify has not told of yet */
	struct dw_scan_hosts hosts;
	struct dw_scan_founds founds;

	/* the chunk that is worked on */
	struct dw_arena *chunk_arena;
	struct dw_scan_target *chunk;
	size_t n_chunk;
	struct dw_scan_place place;

	/* the block that the engine runs */
	const struct dw_wire_block *block;
	const struct dw_scan_round *round; /* of it, or of the last one */
	struct dw_wire *block_wire;
	size_t block_first; /* in founds */
	bool telling;       /* no discovery: answers are findings */
	DW_VEC(uint32_t)
	others; /* slots that answered something else than open or closed: asked again when resumed */
	const char *part;

	/* clock */
	int window_begin, window_end; /* minutes of the day; -1: none */
	volatile int stop;            /* the engine's: the user's, or the window's end */
	bool paused;                  /* by the window */
	uint64_t saved;               /* when, ms */
	unsigned save_every;          /* ms */
	uint64_t *seen_bits;          /* of the block, some time ago: what may be saved */
	uint64_t seen_at;
	uint64_t sent_before, open_before;
	bool ended_early;
	bool broken; /* the wire, in a block: the file goes on from there, and is not written any more */
	size_t gone; /* hosts of the stopped scan that are not there now */
	bool resumed, saved_once, save_failed;
	uint64_t block_slots;
	uint64_t unreachable;     /* addresses without a way */
	struct dw_strings silent; /* named by themselves, and nobody answered */
	uint64_t n_silent;        /* all of those */
};

/* Words that hold one bit for each slot. */
static inline size_t dw_scanning_words(uint64_t slots)
{
	return (size_t)((slots + 63) / 64);
}

/* It was there when the scan was stopped. */
static inline bool dw_scanning_is_gone(const struct dw_scan_target *t)
{
	return t->up == DW_SCAN_UP_UNREACHABLE || t->up == DW_SCAN_UP_NO;
}

static inline enum dw_protocol dw_scanning_protocol(unsigned i)
{
	static const enum dw_protocol all[] = { DW_PROTOCOL_TCP, DW_PROTOCOL_UDP,
						DW_PROTOCOL_SCTP };

	return all[i];
}
bool dw_scanning_stopped(const struct dw_scanning *s); /* by the user */
void dw_scanning_note(struct dw_scanning *s, const char *fmt, ...) dw_printf_like(2, 3);
void dw_scanning_notice(const struct dw_scanning *s, const char *fmt, ...) dw_printf_like(2, 3);

void dw_scanning_end_identify(struct dw_scanning *s);

/* scan-options.c: from words to numbers, and what is not allowed. */
int dw_scanning_prepare(struct dw_scanning *s, struct dw_error *e);
/* scan-route.c: ways and wires of the chunk. */
int dw_scanning_open_wires(struct dw_scanning *s, struct dw_error *e);
void dw_scanning_close_wires(struct dw_scanning *s);
/* The wire of that number, or the one beside it that asks this protocol. */
int dw_scanning_wire(struct dw_scanning *s, uint32_t wire, enum dw_protocol protocol,
		     struct dw_wire **ret, struct dw_error *e);
/* scan-hosts.c: who is there; leaves those that are. */
int dw_scanning_discover(struct dw_scanning *s, struct dw_error *e);
/* scan-silent.c: counts a target that did not answer, and says in the end what that means. */
void dw_scanning_is_silent(struct dw_scanning *s, const struct dw_scan_target *t);
void dw_scanning_tell_silent(struct dw_scanning *s);
/* Addresses on the link, of the targets or of their gateways. */
int dw_scanning_resolve(struct dw_scanning *s, struct dw_error *e);
/* scan-spare.c: spare addresses; NULL: none there. */
int dw_scanning_read_spares(struct dw_scanning *s, struct dw_error *e);
const struct dw_wire_spares *dw_scanning_spares(struct dw_scanning *s, uint32_t ifindex,
						enum dw_family family);
void dw_scanning_close_spares(struct dw_scanning *s);
/* scan-run.c */
int dw_scanning_run(struct dw_scanning *s, struct dw_error *e);
/*
 * Asks ports of the targets (of one wire). before as dw_engine_run(). The result lies in the arena. sink: false for
 * discovery.
 */
struct dw_scan_round {
	struct dw_scan_target **targets;
	uint32_t n;
	enum dw_protocol protocol;
	const uint16_t *ports;
	uint32_t n_ports;
	const struct dw_wire_payloads *payloads;
	struct dw_engine_options engine;
	const uint64_t *before;
	const char *part;
	bool telling;
};
int dw_scanning_ask(struct dw_scanning *s, const struct dw_scan_round *r, struct dw_arena *a,
		    struct dw_engine_result *ret, struct dw_error *e);

/* scan-found.c: findings, and what they are. */
void dw_scanning_answer(void *data, const struct dw_wire_answer *a);
void dw_scanning_identify(struct dw_scanning *s, unsigned wait_ms);
void dw_scanning_identify_rest(struct dw_scanning *s);
/* Asks an open port of a resumed scan what it is, unless that is known. */
void dw_scanning_ask_what(struct dw_scanning *s, struct dw_scan_found *f);
void dw_scanning_tell(struct dw_scanning *s, const struct dw_scan_host *h,
		      const struct dw_scan_port *p);
/* The port as it is told; its state is as the answer has it. */
struct dw_scan_port dw_scanning_port(const struct dw_scan_found *f);

/* scan-result.c: what the engine found, into the rows of the hosts. */
void dw_scanning_take(struct dw_scanning *s, const struct dw_scan_round *r,
		      const struct dw_engine_result *result);
void dw_scanning_finish(struct dw_scanning *s);

/* scan-clock.c: the window, saving, progress. */
void dw_scanning_turn(void *data, const struct dw_engine_progress *p);
int dw_scanning_parse_window(struct dw_scanning *s, const char *text, struct dw_error *e);
/* Waits until the window opens; false: the user stopped it. */
bool dw_scanning_await_window(struct dw_scanning *s);
bool dw_scanning_in_window(const struct dw_scanning *s);

/* scan-state.c: the file of a scan that was stopped. */
void dw_scanning_save(struct dw_scanning *s, const uint64_t *bits);
void dw_scanning_unsave(struct dw_scanning *s);
/* All that is in the file, to bytes or back (then r->bad says whether it is no such thing). */
struct dw_archive;
void dw_scanning_archive(struct dw_scanning *s, struct dw_archive *r);
int dw_scanning_load(struct dw_scanning *s, const char *file, struct dw_error *e);

#endif
