/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the netlink and /proc rungs share: a table of the sockets seen so far, and state beside each
 * namespace.
 */
#ifndef DW_NETCOL_H
#define DW_NETCOL_H

#include "dw_collect.h"
#include "dw_fds.h"

#define DW_PROTOCOL_BIT(p) (1U << (p))

struct dw_ifname {
	uint32_t index;
	const char *name;
};

/* Beside c->netns, same order. */
struct dw_netns_state {
	unsigned diag;   /* DW_PROTOCOL_BITs that sock_diag answered for */
	unsigned proc;   /* ... and that /proc/net showed */
	unsigned hushed; /* ... that neither can show: only the descriptors tell */
	int pid;         /* a process that was in it; 0: none */
	size_t first;    /* no socket before this one is in the namespace */
	bool links_read;
	DW_VEC(struct dw_ifname) links;
};

/* Index of the sockets in c->facts by inode; made on demand, freed by dw_collect_close. */
struct dw_sock_index;
void dw_sock_index_free(struct dw_sock_index *x); /* NULL allowed */

struct dw_netns_state *dw_netns_state(struct dw_collect *c, size_t netns);
/* Adds a namespace, or completes one that is there. Takes fd (-1: none) over. Returns its index. */
size_t dw_netns_add(struct dw_collect *c, uint32_t inode, int fd, const char *name, int pid);
size_t dw_netns_find(const struct dw_collect *c, uint32_t inode); /* DW_NONE */
/* Inode of the namespace that the process is in now; 0: gone, or not allowed to look. */
uint32_t dw_netns_of(struct dw_collect *c, int pid);
/*
 * Parts of dw_collect_netns: the host's own namespace; those bound to files where process pid is.
 */
void dw_netns_host(struct dw_collect *c);
void dw_netns_mounts(struct dw_collect *c, int pid);
#define DW_NETNS_MAX 65536 /* namespaces looked at */
/* "net:[123]" behind a link below /proc/PID -> 123; 0: gone, or not allowed to look. */
uint32_t dw_netns_link(int dir, const char *name, const char *prefix);
/*
 * For whoever may not read ns/net: a number that tells the namespaces apart (netnsclosed.c); 0:
 * none.
 */
uint32_t dw_netns_stand_in(struct dw_collect *c, int dir);
/*
 * Closes what cannot be entered; not root: adds the namespaces of others' processes, to be read
 * from /proc/PID/net.
 */
void dw_netns_closed(struct dw_collect *c, const int *pids, size_t n);
/* The namespace is ours or can be entered. */
bool dw_netns_reachable(struct dw_collect *c, size_t netns);
/* Name of an interface there, in the arena; NULL: none. Asks the kernel once a namespace. */
const char *dw_netns_ifname(struct dw_collect *c, size_t netns, uint32_t ifindex);

/*
 * Adds the socket, or completes the one that is there already; s->seen names the view. Returns its
 * index.
 */
size_t dw_sock_add(struct dw_collect *c, const struct dw_socket_fact *s);
/* First socket with that inode (0 never matches), and the next of the same; DW_NONE at the end. */
size_t dw_sock_first(struct dw_collect *c, uint64_t inode);
size_t dw_sock_next(struct dw_collect *c, size_t socket);
/* For dw_fds_ask.known; the index must not change meanwhile. arg: the struct dw_collect. */
bool dw_sock_known(const void *arg, uint64_t inode);
/* Views that showed the socket since dw_sock_forget(). */
unsigned dw_sock_again(struct dw_collect *c, size_t socket);
void dw_sock_forget(struct dw_collect *c);
/* After an inode of a fact was changed by hand. */
void dw_sock_reindex(struct dw_collect *c);
/*
 * Takes sockets out of the facts for which drop[] is true; holds are renumbered (theirs must not
 * exist).
 */
void dw_sock_drop(struct dw_collect *c, const bool *drop);

/*
 * As dw_collect_diag and dw_collect_procnet, without a word on what could have been seen: for
 * looking again, when sockets opened meanwhile would seem hidden from the view that was asked
 * before.
 */
int dw_diag_reread(struct dw_collect *c, size_t netns, struct dw_error *e);
int dw_procnet_reread(struct dw_collect *c, size_t netns, struct dw_error *e);

/*
 * Collects the namespaces and adds the sockets that the walk found beside what was known. Takes
 * fds->netns's over.
 */
void dw_loose_collect(struct dw_collect *c, struct dw_fds *fds);
/*
 * Inodes of the unix sockets in all namespaces known so far, ascending, in the arena; their number.
 * Most sockets of a host are such, and none of them needs to be asked where it lives.
 */
size_t dw_unix_inodes(struct dw_collect *c, struct dw_arena *a, uint32_t **ret);

/* Sets could_see of a namespace's sockets from what its state says. */
void dw_netns_mark(struct dw_collect *c, size_t netns);


/* --- parsers of outside bytes, for the tests ------------------------------------------------- */

/*
 * Family and address from 4 or 16 bytes in network order: mapped IPv4 and dual-stack are told;
 * at->protocol is set.
 */
void dw_endpoint_set_inet(struct dw_endpoint *at, bool v6, const void *address, bool v6only);

typedef void dw_sock_cb(void *arg, const struct dw_socket_fact *s);

/*
 * One answer of sock_diag(7). Calls cb for each endpoint of a door (SCTP: several addresses a
 * socket). -EBADMSG: malformed. at.netns is 0, at.ifname NULL, filter NULL.
 */
int dw_diag_parse_inet(const struct nlmsghdr *m, enum dw_protocol protocol, dw_sock_cb *cb,
		       void *arg);
int dw_diag_parse_vsock(const struct nlmsghdr *m, dw_sock_cb *cb, void *arg);
struct dw_diag_packet {
	struct dw_socket_fact socket;
	uint16_t ethertype; /* host order; 3: all, 0: none, the socket receives nothing */
	const void *filter; /* inside the message; NULL: none told */
	size_t n_filter;    /* instructions */
};
int dw_diag_parse_packet(const struct nlmsghdr *m, struct dw_diag_packet *ret);
/* RTM_NEWLINK. The name lies inside the message. */
int dw_diag_parse_link(const struct nlmsghdr *m, uint32_t *ret_index, const char **ret_name,
		       size_t *ret_n);
/* ethertype and filter in words; NULL: takes everything. */
const char *dw_packet_text(struct dw_arena *a, uint16_t ethertype, const void *filter, size_t n);

/* Layouts below /proc/net, and of Bluetooth in debugfs. */
enum dw_procfile {
	DW_PROCFILE_INET4,
	DW_PROCFILE_INET6,
	DW_PROCFILE_PACKET,
	DW_PROCFILE_SCTP,
	DW_PROCFILE_L2CAP,
	DW_PROCFILE_RFCOMM,
};
/* One line without its newline: 0 (cb was called, or it is no door), -EBADMSG: not such a line. */
int dw_procline_parse(enum dw_procfile f, enum dw_protocol protocol, const char *line, size_t n,
		      dw_sock_cb *cb, void *arg);

/*
 * Sockets of a protocol in use, from a line of /proc/net/protocols; false: the line is about
 * another protocol.
 */
bool dw_protocols_parse(const char *line, size_t n, const char *name, uint64_t *ret);

/*
 * A line of mountinfo that shows a network namespace: its inode and where it is, else false. In the
 * arena.
 */
bool dw_mountinfo_netns(struct dw_arena *a, const char *line, size_t n, uint32_t *ret_inode,
			const char **ret_point);

#endif
