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
	__u64 word;
	__u64 files;
	__u32 first; /* descriptor of the lowest bit of word */
	__u32 from;  /* descriptors below are passed over */
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

/* Returns false when the buffer is full. */
NOINLINE int tell_socket(struct scan *s, __u64 file, __u32 fd)
{
	__u64 owner = P(file, FILE_PRIVATE), sk;
	struct dw_bpf_socket r = { 0 };

	if (!may_be_door(owner))
		return true;
	sk = door_behind(P(owner, SOCKET_SK));
	if (!dw_is_door(sk))
		return true;
	if (!room_for(s->seq, sizeof(r)))
		return false;
	dw_fill_socket(&r, sk);
	r.tgid = s->tgid;
	r.tid = s->tid;
	r.fd = fd;
	if (P(file, FILE_PRIVATE) != owner || file_at(s->fds, fd) != file)
		return true; /* closed meanwhile: what was read may be another's */
	bpf_seq_write(s->seq, &r, sizeof(r));
	return true;
}

NOINLINE int tell_namespace(struct scan *s, __u64 file, __u32 fd)
{
	__u64 ns = P(P(file, FILE_INODE), INODE_PRIVATE);
	struct dw_bpf_nsfd r = {
		.head = { .type = DW_BPF_NSFD, .size = sizeof(r) },
		.tgid = s->tgid,
		.tid = s->tid,
		.fd = fd,
	};
	char name[4] = { 0 };

	bpf_probe_read_kernel(name, sizeof(name), (void *)P(P(ns, NS_OPS), NS_OPS_NAME));
	if (name[0] != 'n' || name[1] != 'e' || name[2] != 't' || name[3])
		return true;
	if (!room_for(s->seq, sizeof(r)))
		return false;
	r.netns = U32(ns, NS_INUM);
	bpf_seq_write(s->seq, &r, sizeof(r));
	return true;
}

/* Fixed files of a ring are a piece of work of its own: rings are few. */
NOINLINE int tell_ring(struct scan *s, __u64 file, __u32 fd)
{
	struct dw_bpf_more r = {
		.head = { .type = DW_BPF_MORE, .size = sizeof(r) },
		.work = { .kind = DW_BPF_W_RING,
			  .tgid = s->tgid,
			  .tid = s->tid,
			  .fd = fd,
			  .n = 1U << 20 },
	};

	if (!room_for(s->seq, sizeof(r)))
		return false;
	r.work.files = file;
	r.work.table = P(file, FILE_PRIVATE);
	bpf_seq_write(s->seq, &r, sizeof(r));
	return true;
}

static long one_descriptor(__u32 bit, struct scan *s)
{
	__u32 fd = s->first + bit;
	__u64 file, class;
	int fits = true;

	if (!(s->word >> (bit & 63) & 1) || fd < s->from)
		return 0;
	file = file_at(s->fds, fd);
	if (!file)
		return 0;
	class = class_of(file);
	if (class == CLASS_OTHER)
		return 0;
	if (class == CLASS_SOCKET)
		fits = tell_socket(s, file, fd);
	else if (class == CLASS_NSFS)
		fits = tell_namespace(s, file, fd);
	else if (class == CLASS_RING)
		fits = tell_ring(s, file, fd);
	if (fits)
		return 0;
	s->stopped = fd;
	s->full = 1;
	return 1;
}

static long one_word(__u32 i, struct scan *s)
{
	__u64 word = read_64(s->open + i * 8ULL);

	if (!word)
		return 0;
	s->word = word;
	s->first = i * 64;
	bpf_loop(64, one_descriptor, s, 0);
	return s->full != 0;
}

/* s->seq, files, from, tgid and tid are set by the caller. */
INLINE void scan_files(struct scan *s)
{
	__u64 table = P(s->files, FILES_FDT);
	__u32 n = U32(table, FDT_MAX);

	s->fds = P(table, FDT_FD);
	s->open = P(table, FDT_OPEN);
	bpf_loop((n + 63) / 64, one_word, s, 0);
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
