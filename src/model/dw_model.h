/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The nouns: owner, starter, package, door, snapshot. A snapshot and all it points to live in one arena.
 * Strings are never escaped here (names and command lines are raw bytes, terminated); NULL means unknown or
 * none. Facts only: no verdict is stored in these structs.
 */
#ifndef DW_MODEL_H
#define DW_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dw_arena.h"
#include "dw_endpoint.h"
#include "dw_filtered.h"
#include "dw_scan.h"
#include "dw_vec.h"

enum dw_door_kind {
	DW_KIND_UNKNOWN = 0,
	DW_KIND_LISTENER,   /* connection-oriented, listening */
	DW_KIND_DATAGRAM,   /* unconnected datagram socket */
	DW_KIND_RAW,        /* raw IP socket */
	DW_KIND_SNIFFER,    /* packet socket */
	DW_KIND_FORWARDED,  /* DNAT or published port, no local socket */
	DW_KIND_REDIRECTED, /* a BPF program or IPVS could answer */
	DW_KIND_SLEEPING,   /* enabled, not open now */
	DW_KIND_COUNT
};

enum dw_starter_kind {
	DW_STARTER_UNKNOWN = 0,
	DW_STARTER_SYSTEMD_SERVICE,
	DW_STARTER_SYSTEMD_SOCKET,
	DW_STARTER_SYSV,
	DW_STARTER_INETD,
	DW_STARTER_XINETD,
	DW_STARTER_OPENRC,
	DW_STARTER_RUNIT,
	DW_STARTER_CRON,
	DW_STARTER_AT,
	DW_STARTER_CONTAINER,
	DW_STARTER_RC_LOCAL,
	DW_STARTER_INITTAB,
	DW_STARTER_DBUS,
	DW_STARTER_USER_SESSION, /* a unit of a user's own systemd */
	DW_STARTER_MANUAL,       /* by hand, from a login session */
	DW_STARTER_KERNEL,
	DW_STARTER_WINDOWS_SERVICE,
	DW_STARTER_COUNT
};

enum dw_tristate { DW_UNKNOWN = 0, DW_NO, DW_YES };

enum dw_confidence {
	DW_CONFIDENCE_UNKNOWN = 0,
	DW_CONFIDENCE_GUESS,   /* a name or a package matches, nothing more */
	DW_CONFIDENCE_LIKELY,  /* several facts agree, none proves it */
	DW_CONFIDENCE_CERTAIN, /* the kernel or the manager itself says so */
	DW_CONFIDENCE_COUNT
};

/* What opens the door again after a kill or at the next boot. */
struct dw_starter {
	enum dw_starter_kind kind;
	const char *id;     /* see the kind's file in src/starters/ */
	const char *source; /* FILE:LINE (or FILE) that a person would edit */
	/* what serves the door when the holder does not (inetd's line, a socket unit's service); else NULL */
	const char *program;
	enum dw_tristate enabled; /* will it be started at the next boot? */
	enum dw_tristate running;
	enum dw_tristate restarts; /* is it brought back after a kill, without a reboot? */
	enum dw_confidence confidence;
	const char *evidence; /* one plain sentence: how we know */
	const char *
		also; /* a second name worth telling: the generated unit, the service behind a socket, login
				 terminal and address of a manual start; NULL: none */
};

/* A unit of systemd that has to do with a starter, and what. */
struct dw_relation {
	const char *unit; /* or a bus name */
	/* stable word: requires, binds-to, requisite, part-of, wants; socket, timer, path, upholds, failure, success,
	 * dbus */
	const char *how;
};

struct dw_relations {
	const struct dw_relation *needed_by; /* what would fail, stop or miss it */
	size_t n_needed_by;
	const struct dw_relation *woken_by; /* what would start it again */
	size_t n_woken_by;
};

enum dw_verified {
	DW_VERIFIED_UNKNOWN = 0, /* not looked at, or the package has no checksum for it */
	DW_VERIFIED_MATCHES,
	DW_VERIFIED_DIFFERS,
	DW_VERIFIED_COUNT
};

/* Packages that need another one: more are not looked for. */
#define DW_DEPENDANTS_MAX 64

struct dw_package {
	const char *name;    /* without architecture */
	const char *version; /* NULL: not known */
	const char *manager; /* "dpkg", "rpm" */
	enum dw_verified verified;
};

/* What became of the file that a process was started from. */
enum dw_exe_state {
	DW_EXE_UNKNOWN = 0,
	DW_EXE_INTACT,
	DW_EXE_DELETED,  /* no file at that path any more */
	DW_EXE_REPLACED, /* another file is at that path now (an upgrade, mostly) */
	DW_EXE_MEMFD,    /* never was a file: memfd_create(2) */
	DW_EXE_COUNT
};

/* A process that holds a door. */
struct dw_owner {
	int pid;
	uint64_t started; /* seconds since the epoch, 0: unknown */
	uint64_t
		started_ticks; /* clock ticks since boot, field 22 of /proc/PID/stat: with pid, its identity */
	int parent;
	const char *comm;
	const char *executable; /* as the process sees it, without " (deleted)" */
	enum dw_exe_state exe_state;
	const char *
		script; /* absolute path of the script that an interpreter runs; NULL: none, or none named */
	const char *
		relative; /* the script as it was called, where its directory is not known any more; NULL */
	bool exe_in_tmp;     /* program or script below /tmp, /var/tmp, /dev/shm or /run/user */
	const char *command; /* arguments joined with spaces */
	uint32_t uid, euid, gid;
	const char *user; /* name of euid; the number when there is none */
	uint64_t caps_effective, caps_bounding;
	enum dw_tristate no_new_privs;
	int seccomp;           /* 0 off, 1 strict, 2 filter, -1 unknown */
	const char *cgroup;    /* path; NULL unknown */
	const char *container; /* runtime:name-or-id; NULL none */
	const char *parents; /* "systemd(1) > sshd(400) > bash(612)", nearest last; NULL unknown */
	const char *via; /* how the socket is held: "fd 3", "thread 17 fd 3", "io_uring 7 slot 2" */
	const struct dw_package *package;
	bool details_known; /* false: only the pid could be seen */
};

/* Peers of one door that are told by name; the rest are only counted. */
#define DW_PEERS_MAX 32

struct dw_reason {
	const char *id;
	const char *text;
	/* where that is from: a line of the policy, a standard, a manual page; NULL: the facts themselves */
	const char *source;
};

/* Somebody who is connected to a door now: sessions of one address (and, on this host, of one program). */
struct dw_peer {
	const char *address; /* numeric, no brackets */
	bool local;          /* the address is one of this host */
	const char *program; /* local: what holds the other end; NULL: not known */
	unsigned connections;
};

/* What the newest scan that covers a door saw of it. Where it is open on one of its addresses, that one counts. */
struct dw_probed {
	enum dw_scan_state state; /* never UNKNOWN */
	enum dw_scan_why why;
	struct dw_address address; /* that was asked */
	uint64_t time;             /* seconds since the epoch */
	int64_t scan;              /* its number in the store */
	const char *scanner;       /* host that scanned; NULL: not known */
};

/* How a door was used for as long as doorward watch counted it. Times are seconds since the epoch. */
struct dw_used {
	uint64_t since, until; /* it was counted from then to then */
	uint64_t counted;      /* seconds between them in which somebody really counted */
	uint64_t first, last;  /* use; 0: none while it was counted */
	uint64_t accepted, refused, datagrams;
	uint64_t bytes, local; /* of accepted + datagrams: from this host itself */
	unsigned peers;        /* about how many addresses */
	const char *peer;      /* the last one, numeric; NULL: not known */
};

struct dw_door {
	struct dw_endpoint at;
	uint32_t port_last; /* forwarded: last port of a range; 0: one port */
	const char *netns;  /* "host", a name, "net:[4026532000]" */
	enum dw_door_kind kind;
	struct dw_owner *owners; /* oldest first */
	size_t n_owners;
	bool owners_known;  /* false: somebody may hold it whom we could not see */
	const char *kernel; /* subsystem of a kernel-owned door: "nfsd", "wireguard" ...; NULL */
	struct dw_starter starter;
	const char *
		program; /* path of what serves: the starter's program, else the oldest owner's; NULL unknown */
	const struct dw_package *package; /* of program; NULL: none or unknown */
	/*
	 * Who uses it now. peers_known false: not looked at, or a datagram door, which takes from anybody; its
	 * connected sockets are listed all the same.
	 */
	bool peers_known;
	unsigned connections;        /* established, all peers together */
	const struct dw_peer *peers; /* most connections first; at most DW_PEERS_MAX */
	size_t n_peers;
	enum dw_tristate packet_filter; /* as dw_netns_fact.filter, of its namespace */
	bool carries_session; /* the connection of whoever runs doorward came through it */
	bool mptcp;
	unsigned sockets;    /* how many sockets make this door (SO_REUSEPORT) */
	const char *filter;  /* packet socket: its filter in words; NULL none */
	const char *target;  /* forwarded: ADDRESS:PORT it leads to */
	const char *rule;    /* forwarded, redirected: the rule or program, in words */
	bool hidden;         /* some view of the kernel did not show it */
	const char *seen_by; /* "sock_diag proc bpf" */
	const struct dw_filtered *filtered; /* NULL: nobody looked */
	const struct dw_probed *probed; /* NULL: no scan that is kept covers it, or nobody looked */
	const struct dw_used *used;     /* NULL: nobody watched it, or nobody asked */
	struct dw_reason *notes;        /* facts worth saying, with stable ids; no judgement */
	size_t n_notes;
};

/* Could not look: what, where, and why. "file" and "line" when it is about a file. */
struct dw_incomplete {
	const char *what; /* stable id: "not-root", "no-bpf", "bad-line", "unreadable", ... */
	const char *text; /* one sentence */
	const char *file; /* NULL: none */
	unsigned line;    /* 0: none */
	bool blind; /* true: doors, holders or starters may be missing because of it (exit status 3) */
};

/* An address of the host's own network namespace, loopback too. */
struct dw_own_address {
	struct dw_address address; /* scope: as if it were not link-local */
	uint32_t ifindex;
	const char *ifname; /* NULL: not known */
};

struct dw_snapshot {
	struct dw_arena *arena;
	const char *host;
	uint64_t time; /* seconds since the epoch */
	const char
		*method; /* rung of the ladder: "bpf-pinned", "bpf", "netlink", "proc", "offline" */
	const char *
		service_manager; /* PID 1: "systemd", "sysvinit", "openrc", "runit", NULL unknown */
	struct dw_door *doors;   /* sorted by dw_endpoint_compare */
	size_t n_doors;
	const struct dw_own_address *addresses; /* by address; n_addresses 0: not known */
	size_t n_addresses;
	struct dw_incomplete *incomplete;
	size_t n_incomplete;
};

const char *dw_door_kind_name(enum dw_door_kind k);
const char *dw_starter_kind_name(enum dw_starter_kind k);
const char *dw_confidence_name(enum dw_confidence c);
const char *dw_verified_name(enum dw_verified v);
const char *dw_exe_state_name(enum dw_exe_state s);
/* "cap_net_raw"; "cap_63" where this build has no name for it. n < 64. */
const char *dw_capability_name(unsigned n);
#define DW_CAPABILITIES_NAMED 41 /* those from 0 on that have one */

#endif
