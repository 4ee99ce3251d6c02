/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Questions to the kernel (and to rpcbind) that are neither a file nor netlink: a socket's option,
 * which BPF programs are attached, one exchange over a local stream, which ports bind(2) finds
 * taken. Each is asked inside a network namespace; a fake handle replays what was recorded, under
 * the names that are told below (NETNS: dw_netns.inode). A question that nobody recorded is one
 * that this kernel does not know (-ENOENT).
 */
#ifndef DW_ASK_H
#define DW_ASK_H

#include "dw_netlink.h"
#include "dw_sys.h"

/*
 * getsockopt(2) on a fresh UDP socket of the address family. *size: room at value, then the length
 * of the answer; value is read by the kernel too (which table is meant). Fake:
 * sockopt/NETNS/LEVEL-OPTION-HASH.bin, HASH being FNV-1a of the first DW_SOCKOPT_KEY bytes of
 * value.
 */
#define DW_SOCKOPT_KEY 32
int dw_netns_getsockopt(struct dw_sys *s, const struct dw_netns *ns, int family, int level,
			int option, void *value, size_t *size, struct dw_error *e);
/* Name of a recorded answer, relative to the fixture, in the arena. */
char *dw_sockopt_key(struct dw_arena *a, const struct dw_netns *ns, int level, int option,
		     const void *value, size_t size);

enum dw_bpf_place {
	DW_BPF_PLACE_SK_LOOKUP,   /* of the namespace (Linux 5.9) */
	DW_BPF_PLACE_TCX_INGRESS, /* of one interface (Linux 6.6) */
	DW_BPF_PLACE_TCX_EGRESS,  /* likewise */
	DW_BPF_PLACE_NETKIT,      /* of one netkit device (Linux 6.7): what it sends */
	DW_BPF_PLACE_NETKIT_PEER, /* what its other end sends */
};

#define DW_BPF_ATTACHED_MAX 64 /* the kernel's own limit (BPF_MPROG_MAX) */

/*
 * Ids of the programs attached there; *n: room at ids, then how many. -EINVAL: this kernel has no
 * such place. Fake: bpf/NETNS/PLACE-IFINDEX.bin, 32-bit ids.
 */
int dw_bpf_attached(struct dw_sys *s, const struct dw_netns *ns, enum dw_bpf_place place,
		    uint32_t ifindex, uint32_t *ids, size_t *n, struct dw_error *e);

enum dw_bpf_cgroup_place {
	DW_BPF_CGROUP_INGRESS = 0, /* what its sockets receive */
	DW_BPF_CGROUP_EGRESS,      /* what they send */
	DW_BPF_CGROUP_CONNECT4,
	DW_BPF_CGROUP_CONNECT6,
	DW_BPF_CGROUP_SENDMSG4, /* UDP */
	DW_BPF_CGROUP_SENDMSG6,
	DW_BPF_CGROUP_PLACE_COUNT
};
/*
 * The same of a cgroup (version 2), by its path ("/system.slice/ssh.service"): its own programs and those of the
 * cgroups above it, as far as they count for it. -ENOENT: there is no such cgroup. A recorded host: -ENOENT.
 */
int dw_bpf_in_cgroup(struct dw_sys *s, const char *path, enum dw_bpf_cgroup_place place,
		     uint32_t *ids, size_t *n, struct dw_error *e);

/* A program beside the packet filter's rules, by a BPF link (Linux 6.4). In which namespace is not told. */
struct dw_bpf_beside {
	uint32_t program;
	uint32_t family; /* NFPROTO_xxx */
	uint32_t hook;   /* NF_INET_xxx */
	int32_t priority;
};
/* *n: room at v, then how many; more are left out. A recorded host: none. -EPERM: not root. */
int dw_bpf_beside_rules(struct dw_sys *s, struct dw_bpf_beside *v, size_t *n, struct dw_error *e);

struct dw_bpf_program {
	uint32_t id;
	uint32_t uid;    /* who loaded it */
	uint64_t loaded; /* ns since boot */
	char name[16];   /* as its loader called it, terminated; "": none */
};
/* Fake: bpf/program-ID.bin, this struct. -EPERM, -ENOENT: gone. */
int dw_bpf_program(struct dw_sys *s, uint32_t id, struct dw_bpf_program *ret, struct dw_error *e);

/*
 * Is every way out of that program `return value`, whatever it looks at? false: it is not, or that is not known. Of a
 * recorded host: not known.
 */
bool dw_bpf_program_returns(struct dw_sys *s, uint32_t id, int32_t value);
struct bpf_insn;
/* The same of instructions. */
bool dw_bpf_always_returns(const struct bpf_insn *code, size_t n, int32_t value);

struct dw_call {
	const char *path; /* of a stream socket; NULL: TCP on the namespace's loopback */
	uint16_t port;
	const void *request;
	size_t n;
	size_t max;          /* of the answer; more is cut off */
	unsigned timeout_ms; /* for all of it */
	bool (*complete)(const void *answer, size_t n);
};
/* One request, one answer (until complete() says so, or the end). Fake: call/NETNS/PORT.bin. */
int dw_netns_call(struct dw_sys *s, const struct dw_netns *ns, const struct dw_call *c,
		  struct dw_arena *a, struct dw_bytes *ret, struct dw_error *e);

#define DW_PORT_BITMAP (65536 / 8)

static inline bool dw_port_bit(const uint8_t *map, unsigned port)
{
	return map[port / 8] >> (port % 8) & 1;
}
static inline void dw_port_set(uint8_t *map, unsigned port)
{
	map[port / 8] |= (uint8_t)(1u << (port % 8));
}

struct dw_bind_sweep {
	int family;          /* AF_INET, AF_INET6 */
	int protocol;        /* IPPROTO_TCP, IPPROTO_UDP */
	const uint8_t *want; /* bitmap of the ports to try */
	uint8_t *taken;      /* bitmap, cleared first: the address is in use */
	unsigned denied;     /* ports that we may not bind */
};
/*
 * Tries to bind(2) the any address at each port, one at a time, closed at once, without listening:
 * a service that starts meanwhile finds its port taken for some microseconds at most. No
 * SO_REUSEADDR, no SO_REUSEPORT, IPV6_V6ONLY set: then the kernel refuses exactly when some socket
 * of the family has that port, whatever its address and state. -EAFNOSUPPORT: no such family here.
 * Fake: bind/NETNS/PROTOCOL-FAMILY.bin, the bitmap.
 */
int dw_netns_bind_sweep(struct dw_sys *s, const struct dw_netns *ns, struct dw_bind_sweep *b,
			struct dw_error *e);

/* An inet socket that some process holds. */
struct dw_held_socket {
	int family, protocol; /* AF_*, IPPROTO_* */
	bool listening;
	uint16_t port; /* local, host order */
	uint8_t address[16];
	uint32_t netns; /* inode; 0: this kernel does not say */
};
/*
 * Looks at a descriptor of another process through pidfd_getfd(2) (Linux 5.6), without touching the
 * process. -ENOTSOCK, -EAFNOSUPPORT: no inet socket. Not recorded: a fake handle answers -ENOENT.
 */
int dw_proc_socket(struct dw_sys *s, int pid, int fd, struct dw_held_socket *ret,
		   struct dw_error *e);

#endif
