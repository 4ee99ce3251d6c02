/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between the parent's files and the child's. */
#ifndef DW_IDENTIFY_PRIVATE_H
#define DW_IDENTIFY_PRIVATE_H

#include <uthash.h>

#include "dw_identify.h"
#include "dw_sandbox.h"
#include "identify_chat.h"

/* The child's whole life (dw_sandbox_options.run): fds[0] is its end of the channel. */
int dw_identify_child(void *data, const int *fds);
struct dw_child_setting { /* data */
	struct dw_nmap *nmap;
	uint32_t *at; /* shared: the job that is worked on, for the case that it kills the child; 0: none */
	unsigned most; /* jobs at once */
};

enum dw_item_state {
	DW_ITEM_QUEUED = 0,
	DW_ITEM_CONNECTING,
	DW_ITEM_CONNECTED, /* the child could not be told yet */
	DW_ITEM_TALKING,   /* with the child */
	DW_ITEM_AGAIN,     /* the child wants another connection */
};

struct dw_item_host;

/* A port under way, or waiting. */
struct dw_item {
	struct dw_item *next; /* of the same host */
	struct dw_item_host *host;
	char *name; /* of the host, NULL: none */
	uint64_t tag, deadline;
	uint16_t port;
	bool udp;
	bool told;  /* the child knows of it */
	enum dw_item_state state;
	int fd;
};

struct dw_item_list {
	struct dw_item *first, *last;
};

/* Of one host only so many are under way; hosts with something to do stand in a row, and take turns. */
struct dw_item_host {
	struct dw_address address;
	char text[64];
	struct dw_item_list waiting;
	unsigned busy;
	bool in_row;
	struct dw_item_host *next; /* in the row */
	UT_hash_handle hh;
};

typedef void dw_identify_tell(void *data, uint64_t tag, bool answered,
			      const struct dw_scan_service *service);

struct dw_identify {
	struct dw_sys *sys;
	unsigned parallel, timeout_ms;
	struct dw_nmap *nmap;
	struct dw_sandbox *child;
	struct dw_child_setting setting;
	int channel;
	unsigned deaths;
	char no_tls[256];
	struct dw_item **active; /* `parallel` places; a place's number plus 1 is the child's job. NULL: free */
	struct pollfd *polls;    /* the channel, then beside active */
	size_t n_active, n_waiting;
	struct dw_item_list suspects; /* one of them killed the child: done without others */
	bool alone;                   /* one of them is under way */
	struct dw_item_host *hosts, *row, *row_end;
	dw_identify_tell *tell;
	void *data;
};

/* --- identify-connect.c ------------------------------------------------------------------------------ */

void dw_item_list_add(struct dw_item_list *l, struct dw_item *item);
struct dw_item *dw_item_list_take(struct dw_item_list *l); /* NULL: empty */
void dw_item_free(struct dw_item *item);
/* Puts it behind the others of its host. */
void dw_identify_queue(struct dw_identify *i, struct dw_item *item);
/* Moves waiting items into free places, and begins connections. */
void dw_identify_begin(struct dw_identify *i);
/* What the connection of that place says now, or that its time is over. */
void dw_identify_progress(struct dw_identify *i, size_t place, short events, uint64_t now);
/* Finished: told, and its place is free. */
void dw_identify_finish(struct dw_identify *i, size_t place, bool answered,
			const struct dw_scan_service *service);
/* The child wants another connection for that place. */
void dw_identify_again(struct dw_identify *i, size_t place);
/* The child is gone: `culprit` (a place; -1: not known) is given up, all else that it worked on is done anew. */
void dw_identify_redo(struct dw_identify *i, int culprit);

#endif
