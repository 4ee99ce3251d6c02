/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Looking: each function adds to `facts` what it sees, and notes in facts->incomplete what it could not see.
 * It returns negative only when nothing at all could be looked at; a part that failed is a note.
 */
#ifndef DW_COLLECT_H
#define DW_COLLECT_H

#include "dw_facts.h"
#include "dw_netlink.h"
#include "dw_procs.h"
#include "dw_removal.h"
#include "dw_sys.h"

/* Rungs of the ladder that may be used. */
enum {
	DW_RUNG_BPF = 1 << 0,     /* BPF iterators */
	DW_RUNG_NETLINK = 1 << 1, /* sock_diag in each namespace, /proc/PID/fd */
	DW_RUNG_PROC = 1 << 2,    /* /proc/PID/net only */
	DW_RUNG_ALL = DW_RUNG_BPF | DW_RUNG_NETLINK | DW_RUNG_PROC,
};

struct dw_sock_index;

struct dw_collect {
	struct dw_sys *sys;
	struct dw_procs *procs;
	struct dw_facts *facts;
	unsigned rungs; /* DW_RUNG_* allowed; the best that works runs */
	bool hidden;    /* also compare the views and probe by bind(2) */
	/* filled by dw_collect_sockets, for the parts that come after it */
	DW_VEC(struct dw_netns)
	netns; /* beside facts->netns, same order; fd -1 where it cannot be entered */
	struct dw_sock_index
		*index; /* private to this room (netcol.h); freed by dw_collect_close */
};

/* Namespaces, sockets, holders (facts->netns, sockets, processes, holds, method). */
/* True: dw_collect_sockets() needs something that dw_collect_make_ready() may do before, beside other work. */
bool dw_collect_begin(struct dw_collect *c);
/* Another thread may use the handle meanwhile, but for dw_collect_sockets(). */
void dw_collect_make_ready(struct dw_collect *c);
int dw_collect_sockets(struct dw_collect *c, struct dw_error *e);
/*
 * Who is connected to the doors found so far (facts->connections), in the namespaces that were not asked before.
 * Part of dw_collect_sockets where holders are walked after it; to be called after it for the rest.
 */
int dw_collect_connections(struct dw_collect *c, struct dw_error *e);
/* Names the subsystem of kernel-owned sockets that do not tell it themselves. */
int dw_collect_kernel(struct dw_collect *c, struct dw_error *e);
/* DNAT, redirects, published ports, IPVS, sk_lookup and XDP programs (facts->redirects). */
int dw_collect_redirects(struct dw_collect *c, struct dw_error *e);
/* Bind-probe sweep and comparison of views: hidden sockets. After dw_collect_sockets. */
int dw_collect_hidden(struct dw_collect *c, struct dw_error *e);
/* The addresses of the namespace that doorward runs in (facts->addresses). */
int dw_collect_addresses(struct dw_collect *c, struct dw_error *e);
void dw_collect_close(struct dw_collect *c); /* descriptors of the namespaces */

/* --- parts, each on its own for tests ------------------------------------------------------------ */

/*
 * Every network namespace: of processes, bound below /run/netns, /run/docker/netns, and wherever else
 * /proc/self/mountinfo shows an nsfs, and held open by a descriptor. Fills facts->netns and c->netns; the
 * host's own is first.
 */
int dw_collect_netns(struct dw_collect *c, struct dw_error *e);
/* sock_diag in one namespace (index into facts->netns): adds or completes sockets. */
int dw_collect_diag(struct dw_collect *c, size_t netns, struct dw_error *e);
/*
 * /proc/net of one namespace, for what sock_diag leaves out (UDP-Lite, raw without raw_diag ...) or when it is
 * not there.
 */
int dw_collect_procnet(struct dw_collect *c, size_t netns, struct dw_error *e);
/* Who holds facts->sockets: /proc/PID/fd, threads' own tables, io_uring files. */
int dw_collect_holders(struct dw_collect *c, struct dw_error *e);
/* The BPF rung: sockets, holders and processes in one go. -ENOTSUP, -EPERM: not possible here. */
int dw_collect_bpf(struct dw_collect *c, struct dw_error *e);

/* A packet socket's classic BPF filter (struct sock_filter array) in words: "tcp port 22", or "N instructions: ...". */
const char *dw_filter_text(struct dw_arena *a, const void *instructions, size_t n);

/*
 * Fills a model owner from what is known of the process. Index into facts->processes. The caller adds each
 * process once.
 */
size_t dw_collect_owner(struct dw_collect *c, const struct dw_procinfo *i);

/* --- one door ------------------------------------------------------------------------------------- */

/* What something told of a socket: a hint where to look. */
struct dw_hint {
	struct dw_endpoint at; /* netns set; ifname NULL */
	enum dw_door_kind kind;
	uint64_t cookie;     /* SO_COOKIE; 0: not known */
	int pid;             /* who opened it; 0: not known */
	uint64_t started_ns; /* of that process, since boot; 0: not known */
	uint32_t uid;
	int fd; /* the descriptor that it had for it, looked at first; 0: not known */
	bool mptcp;
	bool alone; /* where nothing is at that place, the list of all sockets is not asked */
};

enum dw_hint_answer {
	DW_HINT_NO_WAY = 0, /* its namespace cannot be entered: nothing is known */
	DW_HINT_GONE,       /* there is no such socket, or it is none that anybody can reach */
	DW_HINT_UNHELD,     /* it is there; who holds it was not found: not that process */
	DW_HINT_THERE,      /* it is there, and that process holds it */
};
/*
 * Looks at that socket alone, and at that process: adds what it sees. *ret_socket: its index, DW_NONE when it was not
 * found. Namespaces that are entered are kept in c until dw_collect_close().
 */
enum dw_hint_answer dw_collect_hint(struct dw_collect *c, const struct dw_hint *h,
				    size_t *ret_socket);
/* True: nothing is at that place, by the kernel's word. False: something is, or that cannot be asked for alone. */
bool dw_collect_hint_nobody(struct dw_collect *c, const struct dw_hint *h);
/* A namespace that an earlier look found, so that it goes by its name; it is entered when that is needed. */
void dw_collect_netns_known(struct dw_collect *c, const struct dw_netns_fact *n);
/* Adds a socket that is gone as it was told of, and the process where it is still there. Its index. */
size_t dw_collect_hint_gone(struct dw_collect *c, const struct dw_hint *h, const char *filter);
/* Every namespace and its sockets, by sock_diag(7) and /proc/net; who holds them is not asked. */
int dw_collect_poll(struct dw_collect *c, struct dw_error *e);
/* The same of one namespace, which process pid is in (0: ours). */
int dw_collect_poll_one(struct dw_collect *c, uint32_t netns, int pid, struct dw_error *e);

/* --- packages ------------------------------------------------------------------------------------ */

/*
 * Which package owns each of the n paths (as a process shows them; usrmerge is handled), and whether the file
 * still has the packaged checksum. ret[i] is NULL where no package owns it. dpkg's and rpm's databases are
 * read directly, each only when it is there.
 */
int dw_packages_find(struct dw_sys *s, struct dw_facts *f, const char *const *paths, size_t n,
		     const struct dw_package **ret, struct dw_error *e);

/*
 * Installed packages that cannot do without this one: they depend on it or on what it provides, and no other
 * installed package fulfils the same clause. Versions are not compared. At most DW_DEPENDANTS_MAX, in the
 * database's order, in the arena. -ENOENT: no such package is installed; -ENOTSUP: no dpkg here (rpm is not
 * asked).
 */
int dw_packages_dependants(struct dw_sys *s, struct dw_arena *a, const char *package,
			   struct dw_strings *ret, struct dw_error *e);

/*
 * All that goes when the package is removed: whoever cannot do without it, as above, and whoever cannot do without
 * those. In the order of removal, in the arena. -ENOENT, -ENOTSUP: as above; -E2BIG: more than DW_REMOVAL_MAX.
 */
int dw_packages_removal(struct dw_sys *s, struct dw_arena *a, const char *package,
			struct dw_removal *ret, struct dw_error *e);

#endif
