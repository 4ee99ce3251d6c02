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

/*
 * The state of a walk over a descriptor table, or over the fixed files of a ring: plain numbers, so that functions of
 * their own may change it.
 */
struct scan {
	__u64 seq;        /* address of the struct seq_file that is written to */
	__u64 files;      /* struct files_struct; of a ring: its struct file */
	__u64 fds;        /* struct file **; of a ring: its slots */
	__u64 open;       /* bitmap of descriptors in use */
	__u64 word;       /* those of the current 64 that are still to be looked at */
	__u64 file, slot; /* what is to be looked at; where it stands, 0 in a ring */
	__u32 fd, ring_slot;
	__u32 at, words; /* the word (of a ring: the slot) that comes next, and where to stop */
	__u32 first;     /* descriptor of the lowest bit of word */
	__u32 from;      /* descriptors below are passed over */
	__u32 tgid, tid;
	__u32 stopped; /* descriptor or slot that did not fit any more, with full set */
	__u32 full;
	__u32 ring; /* 1: of a ring, whose descriptor is fd */
	__u32 reserved;
};

/* The same with what may be written to; apart, since a function of its own must not see a pointer of the kernel. */
struct scanner {
	struct seq_file *seq;
	struct scan s;
};

/* What one step of a walk comes to. */
enum { STEP_ON, STEP_LOOK, STEP_END };

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

INLINE __u64 class_of(__u64 file)
{
	__u64 op = P(file, FILE_OP), known = classes[(op >> 6) & 63];

	if (op && (known & ~7ULL) == op)
		return known & 7;
	/* the long way: asks the inode, and remembers; O_PATH files of all kinds share their operations */
	known = class_of_inode(file);
	if (!(U32(file, FILE_MODE) & FMODE_PATH) && !(op & 7))
		classes[(op >> 6) & 63] = op | known;
	return known;
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

/* What one descriptor leads to: the record, and whose descriptor it is. */
struct found {
	union {
		struct dw_bpf_socket socket;
		struct dw_bpf_nsfd nsfd;
		struct dw_bpf_more more;
	};
	__u64 file, slot; /* slot 0: a file of a ring, whose slots are no pointers to files */
	__u32 tgid, tid, fd, ring_slot;
};

/* Is there a door behind a file that is a socket? */
INLINE bool look_at_socket(struct found *f)
{
	__u64 owner = P(f->file, FILE_PRIVATE);

	if (!may_be_door(owner) || !dw_look_door(&f->socket, door_behind(P(owner, SOCKET_SK))))
		return false;
	/* closed meanwhile: what was read may be another's */
	return P(f->file, FILE_PRIVATE) == owner && (!f->slot || read_64(f->slot) == f->file);
}

INLINE __u32 look_at_namespace(struct found *f)
{
	__u64 ns = P(P(f->file, FILE_INODE), INODE_PRIVATE);
	char name[4] = { 0 };

	bpf_probe_read_kernel(name, sizeof(name), (void *)P(P(ns, NS_OPS), NS_OPS_NAME));
	f->nsfd.netns = U32(ns, NS_INUM);
	f->nsfd.head.type = DW_BPF_NSFD;
	f->nsfd.head.size = sizeof(f->nsfd);
	f->nsfd.tgid = f->tgid;
	f->nsfd.tid = f->tid;
	f->nsfd.fd = (__s32)f->fd;
	return name[0] == 'n' && name[1] == 'e' && name[2] == 't' && !name[3] ? sizeof(f->nsfd) : 0;
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
	if (class == CLASS_NSFS && f->slot)
		return look_at_namespace(f);
	if (class == CLASS_RING && f->slot)
		return look_at_ring(f);
	if (class != CLASS_SOCKET || !look_at_socket(f))
		return 0;
	if (!f->slot)
		f->socket.flags |= DW_BPF_F_RING;
	f->socket.tgid = f->tgid;
	f->socket.tid = f->tid;
	f->socket.fd = f->fd;
	f->socket.slot = f->ring_slot;
	return sizeof(f->socket);
}

/* Where the one bit of a word is: each product has other upper six bits (a de Bruijn sequence). */
#define DE_BRUIJN 0x03f79d71b4cb0a89ULL

static const __u8 places[64] = { 0,  1,  48, 2,  57, 49, 28, 3,  61, 58, 50, 42, 38, 29, 17, 4,
				 62, 55, 59, 36, 53, 51, 43, 22, 45, 39, 33, 30, 24, 18, 12, 5,
				 63, 47, 56, 27, 60, 41, 37, 16, 54, 35, 52, 21, 44, 32, 23, 11,
				 46, 26, 40, 15, 34, 20, 31, 10, 25, 14, 19, 9,  13, 8,  7,  6 };

/* The file of the next slot of a ring. */
INLINE __u64 next_slot(struct scan *s)
{
	__u64 file = read_64(s->fds + s->at * 8ULL);

	if (HAS(RING_NODE_FILE))
		file = P(file, RING_NODE_FILE);
	s->ring_slot = s->at++;
	return file & ~7ULL;
}

/* The file of the next descriptor of the current word. */
INLINE __u64 next_bit(struct scan *s)
{
	__u64 lowest = s->word & -s->word;

	s->word ^= lowest;
	s->fd = s->first + places[lowest * DE_BRUIJN >> 58];
	s->slot = s->fds + s->fd * 8ULL;
	return s->fd < s->from ? 0 : read_64(s->slot);
}

/*
 * One step: to the next descriptor in use, or to the next word of the bitmap. A function of its own, so that the
 * verifier looks at it once, with a state of which it knows nothing, and not in each state of the loop.
 */
GLOBAL int dw_next_file(struct scan *s)
{
	__u64 file;

	if (!s)
		return STEP_END;
	if (s->ring | !s->word) {
		if (s->at >= s->words)
			return STEP_END;
		if (!s->ring) {
			s->word = read_64(s->open + s->at * 8ULL);
			s->first = s->at * 64;
			s->at++;
			return STEP_ON;
		}
		file = next_slot(s);
	} else {
		file = next_bit(s);
	}
	if (!file || is_other(file))
		return STEP_ON;
	s->file = file;
	if (room_for(s->seq, sizeof(struct dw_bpf_socket)))
		return STEP_LOOK;
	s->stopped = s->ring ? s->ring_slot : s->fd;
	s->full = 1;
	return STEP_END;
}

static long one_file(__u32 i __attribute__((unused)), struct scanner *c)
{
	__u32 step = (__u32)dw_next_file(&c->s), n;

	if (step != STEP_LOOK)
		return step == STEP_END;
	struct found f = { .file = c->s.file,
			   .slot = c->s.slot,
			   .tgid = c->s.tgid,
			   .tid = c->s.tid,
			   .fd = c->s.fd,
			   .ring_slot = c->s.ring_slot };
	n = (__u32)dw_look(&f);
	/* the compiler knows what dw_look() returns, the verifier does not: the check must stay */
	__asm__ volatile("" : "+r"(n));
	if (n <= sizeof(f.socket))
		bpf_seq_write(c->seq, &f, n);
	return 0;
}

/* How many slots the ring `context` has. It is still that of its file: the context was not freed since. */
INLINE __u32 open_ring(struct scan *s, __u64 context)
{
	if (P(s->files, FILE_PRIVATE) != context)
		return 0;
	if (HAS(RING_NODE_FILE) && HAS(RING_NR) && HAS(RING_NODES)) {
		s->fds = P(context, RING_NODES);
		return U32(context, RING_NR);
	}
	if (!HAS(RING_NODE_FILE) && HAS(RING_OLD_NR) && HAS(RING_OLD_FILES)) {
		s->fds = P(context, RING_OLD_FILES);
		return U32(context, RING_OLD_NR);
	}
	return 0;
}

/* Begins the walk over s->files (of a ring: over at most `most` of its slots); how many steps it may take. */
GLOBAL int dw_open_files(struct scan *s, __u64 context, __u32 most)
{
	__u64 table;
	__u32 n;

	if (!s)
		return 0;
	if (s->ring) {
		n = open_ring(s, context);
		if (!s->fds || n <= s->from)
			return 0;
		n -= s->from;
		n = n < most ? n : most;
		s->at = s->from;
		s->words = s->from + n;
		return (int)n;
	}
	table = P(s->files, FILES_FDT);
	n = U32(table, FDT_MAX);
	s->fds = P(table, FDT_FD);
	s->open = P(table, FDT_OPEN);
	s->words = (n + 63) / 64;
	return (int)(n + s->words + 1);
}

/* c->s.files, from, tgid and tid are set by the caller; of a ring: ring and fd, too. */
INLINE void scan_files(struct scanner *c, __u64 context, __u32 most)
{
	c->s.seq = (__u64)c->seq;
	bpf_loop((__u32)dw_open_files(&c->s, context, most), one_file, c, 0);
}

/* A struct pid's number in the reader's namespace; 0: it has none there. */
GLOBAL __u32 dw_number_of(__u64 pid)
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
	return dw_number_of(P(P(task, TASK_LEADER), TASK_PID));
}

#endif
