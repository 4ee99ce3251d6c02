/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the netlink and /proc rungs share: a table of the sockets seen so far, and state beside each
 * namespace.
 */
#ifndef DW_NETCOL_H
#define DW_NETCOL_H

#include "dw_collect.h"
#include "dw_fds.h"
#include "dw_netlink.h"

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
	bool connections_read;
	DW_VEC(struct dw_ifname) links;
};

/* An end of a connection whose holder is asked for. */
struct dw_wanted_end {
	uint64_t inode;
	size_t connection; /* index into facts->connections */
	bool other;        /* the peer's end */
};

struct dw_wanted_ends {
	DW_VEC(struct dw_wanted_end) ends; /* by inode, once sorted */
	bool sorted;
	int pid; /* asked for last, and its program */
	const char *program;
};

/* Index of the sockets in c->facts by inode; made on demand, freed by dw_collect_close. */
struct dw_sock_index;
void dw_sock_index_free(struct dw_sock_index *x); /* NULL allowed */
/* Kept with the index; its memory is the facts' arena. */
struct dw_wanted_ends *dw_wanted_ends(struct dw_collect *c);

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
 * A file of the namespace's /proc/net: of the calling thread's when it stands in it (inside), else through a
 * process.
 */
int dw_procnet_open(struct dw_collect *c, size_t netns, const char *name, bool inside,
		    struct dw_error *e);
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

/* --- connections ------------------------------------------------------------------------------ */

/* An address as IPv6 has it: IPv4 is mapped (::ffff:0:0/96). */
struct dw_inet {
	uint8_t b[16];
};
void dw_inet_from(struct dw_inet *ret, bool v6, const void *address);
bool dw_inet_is_v4(const struct dw_inet *i);
bool dw_inet_is_loopback(const struct dw_inet *i);

/* One end of a connection. */
struct dw_end {
	struct dw_inet local, remote;
	uint16_t local_port, remote_port;
	uint32_t ifindex;
	uint64_t inode;
	unsigned state; /* of netinet/tcp.h; SCTP: enum sctp_state of the kernel */
};
typedef void dw_end_cb(void *arg, const struct dw_end *end);

/* Addresses of the calling thread's namespace but loopback's; none when it does not tell. */
struct dw_inets {
	struct dw_inet *v;
	size_t n, cap;
};
void dw_own_addresses(struct dw_collect *c, size_t netns, struct dw_arena *a, struct dw_inets *ret);

/*
 * A program for INET_DIAG_REQ_BYTECODE, in the arena: the local port is one of those (ascending), or the remote
 * address is one of this host. May let more through where there are many ports.
 */
struct dw_bytes dw_ends_filter(struct dw_arena *a, const uint16_t *ports, size_t n,
			       const struct dw_inets *own);
/* Has sock_diag tell of each end that passes the filter, of both families. */
int dw_ends_ask(struct dw_collect *c, size_t netns, enum dw_protocol p,
		const struct dw_bytes *filter, dw_end_cb *cb, void (*restart)(void *arg), void *arg,
		struct dw_error *e);
int dw_end_parse(const struct nlmsghdr *m, struct dw_end *ret);
/* A line of /proc/net/tcp, udp ...; false: no such line. */
bool dw_end_parse_line(bool v6, const char *line, size_t n, struct dw_end *ret);

/* The walk over descriptors tells who holds an end that was asked for: cheap for all others. */
void dw_connection_held(struct dw_collect *c, uint64_t inode, int pid);

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
