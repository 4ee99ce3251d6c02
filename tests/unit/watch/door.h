/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A door that a child opens, keeps for a moment and shuts; and the events that are heard of it. */
#ifndef DW_TEST_DOOR_H
#define DW_TEST_DOOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "dw_watch.h"

struct dw_door {
	const char *name;
	int family, type, protocol;
	bool listens;  /* else it is bound, or there is nothing more to do */
	uint16_t port; /* to bind; 0: none, or any */
	bool any;      /* bind, to a port that the kernel chooses */
	enum dw_watch_kind kind;
	uint32_t told; /* port of the event, where it is no port that was bound */
};

extern const struct dw_door dw_doors[];
extern const unsigned dw_n_doors;

/* Opens it in this process: the descriptor, or -errno. */
int dw_door_open(const struct dw_door *d);

struct dw_door_way {
	int unshare; /* flags of unshare(2) before it is opened */
	bool nobody; /* as user 65534 */
	bool exec;   /* inherited by sleep(1) */
	unsigned ms; /* it is open so long; 0: not at all */
};

/* What the child says of itself. */
struct dw_door_truth {
	int error; /* of opening, -errno: nothing else is said */
	uint32_t netns;
	uint32_t port;
	uint64_t cookie;
	uint64_t started; /* nanoseconds since boot, to 10 ms */
	pid_t pid;        /* as we see it */
};

/* Runs the child to its end. false: it could not be run so (not root, no such namespaces). */
bool dw_door_run(const struct dw_door *d, const struct dw_door_way *w, struct dw_door_truth *ret);

enum {
	DW_DOOR_PATIENT = 60000,
	DW_DOOR_HASTY = 1000
}; /* for what must come, and for what must not */

/* Reads events until one of that process says `what`. false: not so long, or some were lost meanwhile. */
bool dw_door_hear(struct dw_watch *w, pid_t pid, unsigned what, unsigned patience_ms,
		  struct dw_bpf_watch *ret);
/* How often that was. The ring has room for a few thousand: others' storms may fill it. */
unsigned dw_door_losses(void);
/* Throws away what is there. */
void dw_door_drain(struct dw_watch *w);
/* A watch of this host; without: hooks not to try. NULL: not possible here, which was printed. */
struct dw_watch *dw_door_watch(struct dw_sys **ret_sys, unsigned without);

#endif
