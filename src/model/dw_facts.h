/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Facts: what collect, starters and fence saw, before join() makes doors of them. Plain data, one arena, no
 * pointer back into the system. Members refer to each other by index.
 */
#ifndef DW_FACTS_H
#define DW_FACTS_H

#include "dw_model.h"

/* Who showed us the socket. */
enum {
	DW_SEEN_DIAG = 1 << 0,     /* sock_diag(7) */
	DW_SEEN_PROC = 1 << 1,     /* /proc/net */
	DW_SEEN_BPF_FD = 1 << 2,   /* BPF: a descriptor of a process */
	DW_SEEN_BPF_HASH = 1 << 3, /* BPF: the kernel's own socket tables */
	DW_SEEN_FD = 1 << 4,       /* /proc/PID/fd */
	DW_SEEN_IO_URING = 1 << 5, /* registered file of a ring */
	DW_SEEN_PROBE = 1 << 6,    /* bind(2) said the port is taken */
};

#define DW_NONE SIZE_MAX

struct dw_socket_fact {
	struct dw_endpoint at;
	enum dw_door_kind kind; /* listener, datagram, raw, sniffer */
	uint64_t inode;         /* of sockfs; 0: none or unknown */
	uint64_t cookie;        /* SO_COOKIE, 0: unknown */
	uint64_t cgroup;        /* number of the one it was made in (version 2), whose programs it obeys; 0: unknown */
	bool mptcp;
	bool kernel_made;       /* created by the kernel itself, no file behind it */
	const char *kernel;     /* the subsystem, when the socket itself tells */
	uint32_t uid;
	unsigned seen;          /* DW_SEEN_* */
	unsigned could_see;     /* DW_SEEN_* views that ran and that should have shown it */
	const char *filter;     /* packet socket's filter, in words */
	bool asked; /* whoever is connected to it is in the facts' connections */
};

/* Process `process` holds socket `socket`. */
struct dw_hold_fact {
	size_t socket;
	size_t process;
	const char *via; /* as dw_owner.via */
	/* what starts it, and the package of starter.program; filled in between collect and join */
	struct dw_starter starter;
	const struct dw_package *package;
};

/*
 * A connection whose local end has a port that some door has. Half open ones are none: anybody can forge the
 * address of a first packet.
 */
struct dw_connection_fact {
	struct dw_endpoint at; /* local end: netns, protocol, family (ipv4, ipv6), address, port, ifindex */
	uint8_t peer[16];      /* of the same family */
	uint16_t peer_port;
	bool local;          /* the peer's address is one of this namespace */
	bool session;        /* whoever runs doorward came by it */
	uint64_t inode;      /* of the local end; 0: not accepted yet */
	int pid;             /* who holds the local end; 0: not known */
	const char *holder;  /* its program; NULL: not known */
	const char *program; /* local: of the other end; NULL: not known */
};

/* A door without a local socket. */
struct dw_redirect_fact {
	struct dw_endpoint at; /* port range: port .. port_last */
	uint32_t port_last;
	enum dw_door_kind kind; /* forwarded or redirected */
	const char *target;
	const char *rule;
	struct dw_starter starter; /* kind unknown: nobody claimed it */
};

/* Something enabled that would open a door at its start. */
struct dw_sleeper_fact {
	struct dw_endpoint at; /* protocol unknown / has_port false where nobody can say before it runs */
	struct dw_starter starter;
	const char *program; /* what would run; NULL: unknown */
	const struct dw_package *package;
};

struct dw_netns_fact {
	uint32_t inode;
	const char *name; /* "host", a name, or NULL */
	/* Stand rules of a packet filter (nftables, iptables) before its sockets? What they let in is not read. */
	enum dw_tristate filter;
};

struct dw_facts {
	struct dw_arena *arena;
	const char *host;
	uint64_t time;
	const char *method;
	const char *service_manager;
	DW_VEC(struct dw_netns_fact) netns;
	DW_VEC(struct dw_socket_fact) sockets;
	DW_VEC(struct dw_owner) processes;
	DW_VEC(struct dw_hold_fact) holds;
	DW_VEC(struct dw_connection_fact) connections;
	DW_VEC(struct dw_redirect_fact) redirects;
	DW_VEC(struct dw_sleeper_fact) sleepers;
	DW_VEC(struct dw_incomplete) incomplete;
	DW_VEC(struct dw_own_address) addresses; /* of the host's own namespace */
};

struct dw_facts *dw_facts_new(void);
void dw_facts_free(struct dw_facts *f); /* NULL allowed */
/* Notes that something could not be looked at; text is printf-like. file may be NULL. */
void dw_facts_incomplete(struct dw_facts *f, const char *what, const char *file, unsigned line, bool blind,
			 const char *fmt, ...) dw_printf_like(6, 7);

#endif
