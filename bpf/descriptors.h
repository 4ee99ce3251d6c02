/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Walk of a descriptor table. The table may be replaced and files may close while it is read: everything goes
 * through probe_read, and what is told of a socket was read while the slot still held its file.
 */
#ifndef DW_DESCRIPTORS_H
#define DW_DESCRIPTORS_H

#include "common.h"

#define FMODE_PATH       0x4000U
#define SOCKFS_MAGIC     0x534F434BUL
#define NSFS_MAGIC       0x6e736673UL
#define ANON_INODE_MAGIC 0x09041934UL

enum file_class { CLASS_UNKNOWN, CLASS_SOCKET, CLASS_NSFS, CLASS_RING, CLASS_OTHER };

/*
 * File operations seen before, with their class in the lowest three bits: most descriptors are told apart by
 * one load, without touching the inode. The operations of the three classes that matter are never unloaded.
 */
static __u64 classes[64];

struct scan {
	struct seq_file *seq;
	__u64 fds;  /* struct file ** */
	__u64 open; /* bitmap of descriptors in use */
	__u64 word; /* those of the current 64 that are still to be looked at; at first the work's zero */
	__u64 files;
	__u32 at,
		words; /* the word that comes next (at first the work's zero), how many there are */
	__u32 first;   /* descriptor of the lowest bit of word */
	__u32 from;    /* descriptors below are passed over */
	__u32 tgid, tid;
	__u32 stopped; /* descriptor that did not fit any more, with full set */
	__u32 full;
};

INLINE __u64 class_of_inode(__u64 file)
{
	__u64 magic = U64(P(P(file, FILE_INODE), INODE_SB), SB_MAGIC), text;
	char name[8] = { 0 };

	if (magic == SOCKFS_MAGIC)
		return CLASS_SOCKET;
	if (magic == NSFS_MAGIC)
		return CLASS_NSFS;
	if (magic != ANON_INODE_MAGIC)
		return CLASS_OTHER;
	text = P(P(file, FILE_DENTRY), DENTRY_NAME);
	bpf_probe_read_kernel(name, sizeof(name), (void *)text);
	return name[0] == '[' && name[1] == 'i' && name[2] == 'o' && name[3] == '_' &&
			       name[4] == 'u' && name[5] == 'r'
		       ? CLASS_RING
		       : CLASS_OTHER;
}

/* The long way: asks the inode, and remembers. */
GLOBAL __u64 dw_learn_class(__u64 file)
{
	__u64 op = P(file, FILE_OP), class = class_of_inode(file);

	/* O_PATH files of all kinds share their operations */
	if (!(U32(file, FILE_MODE) & FMODE_PATH) && !(op & 7))
		classes[(op >> 6) & 63] = op | class;
	return class;
}

INLINE __u64 class_of(__u64 file)
{
	__u64 op = P(file, FILE_OP), known = classes[(op >> 6) & 63];

	return op && (known & ~7ULL) == op ? known & 7 : dw_learn_class(file);
}

/* Known to be none of those that matter; most descriptors are. */
INLINE bool is_other(__u64 file)
{
	__u64 op = P(file, FILE_OP);

	return classes[(op >> 6) & 63] == (op | CLASS_OTHER);
}

INLINE __u64 file_at(__u64 fds, __u32 fd)
{
	return read_64(fds + fd * 8ULL);
}

/*
 * Most sockets are no doors, and struct sock is memory that nobody touched lately: what struct socket and the
 * operations of its family, which are always at hand, tell is asked first.
 */
INLINE bool may_be_door(__u64 owner)
{
	__u32 family = U32(P(owner, SOCKET_OPS), OPS_FAMILY);

	if (family != AF_INET && family != AF_INET6 && family != AF_PACKET && family != AF_VSOCK &&
	    family != AF_BLUETOOTH && family != AF_SMC)
		return false;
	return U16(owner, SOCKET_TYPE) != SOCK_STREAM || U32(owner, SOCKET_STATE) != SS_CONNECTED;
}

/*
 * What there is to tell of a file that is a socket: 1, and *r is filled; 0: it is no door. Looks are functions of
 * their own, apart from the writing, so that the verifier looks at them once and not in each state of a loop.
 */
GLOBAL int dw_look_socket(struct dw_bpf_socket *r, __u64 file, __u64 slot)
{
	__u64 owner = P(file, FILE_PRIVATE), sk;

	if (!r || !may_be_door(owner))
		return 0;
	sk = door_behind(P(owner, SOCKET_SK));
	if (!dw_is_door(sk))
		return 0;
	dw_fill_socket(r, sk);
	/* closed meanwhile: what was read may be another's */
	return P(file, FILE_PRIVATE) == owner && (!slot || read_64(slot) == file);
}

GLOBAL int dw_look_namespace(struct dw_bpf_nsfd *r, __u64 file)
{
	__u64 ns = P(P(file, FILE_INODE), INODE_PRIVATE);
	char name[4] = { 0 };

	if (!r)
		return 0;
	bpf_probe_read_kernel(name, sizeof(name), (void *)P(P(ns, NS_OPS), NS_OPS_NAME));
	r->netns = U32(ns, NS_INUM);
	return name[0] == 'n' && name[1] == 'e' && name[2] == 't' && !name[3];
}

/* What one descriptor leads to: the record, and whose descriptor it is. */
struct found {
	union {
		struct dw_bpf_socket socket;
		struct dw_bpf_nsfd nsfd;
		struct dw_bpf_more more;
	};
	__u64 file, slot;
	__u32 tgid, tid, fd;
};

INLINE __u32 look_at_namespace(struct found *f)
{
	f->nsfd.head.type = DW_BPF_NSFD;
	f->nsfd.head.size = sizeof(f->nsfd);
	f->nsfd.tgid = f->tgid;
	f->nsfd.tid = f->tid;
	f->nsfd.fd = (__s32)f->fd;
	return dw_look_namespace(&f->nsfd, f->file) ? sizeof(f->nsfd) : 0;
}

/* Fixed files of a ring are a piece of work of its own: rings are few. */
INLINE __u32 look_at_ring(struct found *f)
{
	f->more.head.type = DW_BPF_MORE;
	f->more.head.size = sizeof(f->more);
	f->more.work.kind = DW_BPF_W_RING;
	f->more.work.tgid = f->tgid;
	f->more.work.tid = f->tid;
	f->more.work.fd = f->fd;
	f->more.work.n = 1U << 20;
	f->more.work.files = f->file;
	f->more.work.table = P(f->file, FILE_PRIVATE);
	return sizeof(f->more);
}

/* Makes the record of a descriptor: its size, 0: there is nothing to tell. */
GLOBAL int dw_look(struct found *f)
{
	__u64 class;

	if (!f)
		return 0;
	class = class_of(f->file);
	if (class == CLASS_NSFS)
		return look_at_namespace(f);
	if (class == CLASS_RING)
		return look_at_ring(f);
	if (class != CLASS_SOCKET || !dw_look_socket(&f->socket, f->file, f->slot))
		return 0;
	f->socket.tgid = f->tgid;
	f->socket.tid = f->tid;
	f->socket.fd = f->fd;
	return sizeof(f->socket);
}

/* Where the one bit of a word is: each product has other upper six bits (a de Bruijn sequence). */
#define DE_BRUIJN 0x03f79d71b4cb0a89ULL

static const __u8 places[64] = { 0,  1,  48, 2,  57, 49, 28, 3,  61, 58, 50, 42, 38, 29, 17, 4,
				 62, 55, 59, 36, 53, 51, 43, 22, 45, 39, 33, 30, 24, 18, 12, 5,
				 63, 47, 56, 27, 60, 41, 37, 16, 54, 35, 52, 21, 44, 32, 23, 11,
				 46, 26, 40, 15, 34, 20, 31, 10, 25, 14, 19, 9,  13, 8,  7,  6 };

/* Tells what there is to tell of a descriptor. 1: the buffer is full. */
INLINE long tell_descriptor(struct scan *s, __u64 file, __u64 slot, __u32 fd)
{
	struct found f = { .file = file, .slot = slot, .tgid = s->tgid, .tid = s->tid, .fd = fd };
	__u32 n;

	if (!room_for(s->seq, sizeof(f.socket))) {
		s->stopped = fd;
		s->full = 1;
		return 1;
	}
	n = (__u32)dw_look(&f);
	/* the compiler knows what dw_look() returns, the verifier does not: the check must stay */
	__asm__ volatile("" : "+r"(n));
	if (n <= sizeof(f.socket))
		bpf_seq_write(s->seq, &f, n);
	return 0;
}

/* One step: to the next descriptor in use, or to the next word of the bitmap. */
static long one_descriptor(__u32 i __attribute__((unused)), struct scan *s)
{
	__u64 lowest, slot, file;
	__u32 fd;

	if (!s->word) {
		if (s->at >= s->words)
			return 1;
		s->word = read_64(s->open + s->at * 8ULL);
		s->first = s->at * 64;
		s->at++;
		return 0;
	}
	lowest = s->word & -s->word;
	s->word ^= lowest;
	fd = s->first + places[lowest * DE_BRUIJN >> 58];
	slot = s->fds + fd * 8ULL;
	file = read_64(slot);
	if (fd < s->from || !file || is_other(file))
		return 0;
	return tell_descriptor(s, file, slot, fd);
}

/* s->seq, files, from, tgid and tid are set by the caller. */
INLINE void scan_files(struct scan *s)
{
	__u64 table = P(s->files, FILES_FDT);
	__u32 n = U32(table, FDT_MAX);

	s->fds = P(table, FDT_FD);
	s->open = P(table, FDT_OPEN);
	s->words = (n + 63) / 64;
	bpf_loop(n + s->words + 1, one_descriptor, s, 0);
}

/* A struct pid's number in the reader's namespace; 0: it has none there. */
INLINE __u32 number_of(__u64 pid)
{
	__u32 level = U32(P(bpf_get_current_task(), TASK_PID), PID_LEVEL);

	if (!pid || U32(pid, PID_LEVEL) < level)
		return 0;
	return read_32(pid + AT(PID_NUMBERS) + (__u64)level * UPID_SIZE);
}

/* Inode of the pid namespace that a struct pid was made in. */
INLINE __u32 pidns_of(__u64 pid)
{
	return U32(
		read_64(pid + AT(PID_NUMBERS) + (__u64)U32(pid, PID_LEVEL) * UPID_SIZE + UPID_NS),
		PIDNS_INUM);
}

INLINE __u32 number_of_process(__u64 task)
{
	return number_of(P(P(task, TASK_LEADER), TASK_PID));
}

#endif
