/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The handle's inside; private to src/sys. */
#ifndef DW_SYS_PRIVATE_H
#define DW_SYS_PRIVATE_H

#include <time.h>

#include "dw_bpf.h"
#include "dw_bus.h"
#include "dw_netlink.h"
#include "dw_sys.h"

/* Milliseconds of a clock that nobody sets: for timeouts. */
static inline uint64_t dw_monotonic_ms(void)
{
	struct timespec ts = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

enum dw_sys_kind { DW_SYS_LIVE, DW_SYS_OFFLINE, DW_SYS_FAKE };

/*
 * What differs between a running host and a recorded one. Files do not: a fake's root and /proc are
 * directories, read by the same code. NULL members: -ENOTSUP.
 */
struct dw_sys_ops {
	uint64_t (*now)(struct dw_sys *s);
	uint64_t (*boot_time)(struct dw_sys *s);
	const char *(*hostname)(struct dw_sys *s, struct dw_arena *a);
	int (*netlink)(struct dw_sys *s, const struct dw_netns *ns, int protocol,
		       struct nlmsghdr *request, dw_netlink_cb *cb, void (*restart)(void *arg),
		       void *arg, struct dw_error *e);
	int (*netns_run)(struct dw_sys *s, const struct dw_netns *ns,
			 int (*fn)(void *arg, struct dw_error *e), void *arg, struct dw_error *e);
};

struct dw_sys_bad_line {
	unsigned line;
	const char *why;
};

struct dw_sys_user {
	char *name;
	uint32_t uid;
};

struct dw_sys_port {
	char *name, *protocol;
	uint16_t port;
};

/* A unit of a recorded manager that is not as it was recorded. */
struct dw_fake_unit {
	const char *name;
	uint32_t uid; /* of the user whose manager it is; UINT32_MAX: the system's */
	bool active;
	bool made; /* transient: not in the record */
};

#define DW_SYS_LATE_MAX 4 /* more would hold on to too much memory of rings */

struct dw_sys {
	enum dw_sys_kind kind;
	const struct dw_sys_ops *ops; /* NULL: offline */
	struct dw_arena *arena;
	const char *fixture;  /* of a fake */
	int root_fd, proc_fd; /* proc_fd -1: nothing runs */
	unsigned calls, fail_at;
	int fail_code;
	int bpf_fd; /* the program that was made ready, -1: not yet; closed with the handle */
	bool bpf_pinned;
	unsigned bpf_reads;                   /* enum dw_bpf_reads */
	struct dw_bpf_starting *bpf_starting; /* what is loaded beside other work; NULL: nothing */
	int late[DW_SYS_LATE_MAX]; /* to be closed with the handle, dw_sys_close_late() */
	unsigned n_late;
	bool users_read, ports_read;
	DW_VEC(struct dw_sys_user) users;
	DW_VEC(struct dw_sys_bad_line) bad_users; /* of /etc/passwd */
	DW_VEC(struct dw_sys_port) ports;
	DW_VEC(struct dw_fake_unit) fake_units;
	void (*fake_on_unit)(void *data, const char *unit, bool active);
	void *fake_on_unit_data;
};

/*
 * Takes fd over: it is closed at the latest with the handle, since closing it now would wait for all processors.
 * Only for what does no harm while it is open. -1 allowed.
 */
void dw_sys_close_late(struct dw_sys *s, int fd);

/* Members of dw_sys_live_ops that live in files of their own. */
int dw_live_netlink(struct dw_sys *s, const struct dw_netns *ns, int protocol,
		    struct nlmsghdr *request, dw_netlink_cb *cb, void (*restart)(void *arg),
		    void *arg, struct dw_error *e);
int dw_live_netns_run(struct dw_sys *s, const struct dw_netns *ns,
		      int (*fn)(void *arg, struct dw_error *e), void *arg, struct dw_error *e);

struct mnl_socket;

/* For dw_netns_run(): a netlink socket of the namespace that it runs in, closed on exec; mnl_socket_close() it. */
struct dw_netlink_opening {
	int protocol;
	struct mnl_socket *socket;
};
int dw_netlink_open_here(void *opening, struct dw_error *e);

/* Closes the BPF program that the handle keeps: the next look finds out anew whether there is a pinned one. */
void dw_sys_forget_bpf(struct dw_sys *s);

extern const struct dw_sys_ops dw_sys_live_ops, dw_sys_fake_ops;

/* Opens a file of the fixture, or fails with -ENOENT when there is none. */
int dw_fake_open(struct dw_sys *s, const char *relative, struct dw_error *e);
struct dw_http;
int dw_http_fake(struct dw_sys *s, const struct dw_http *h, struct dw_arena *a,
		 unsigned *ret_status, struct dw_bytes *ret_body, struct dw_error *e);

#endif
