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
	__u32 rings;
};

INLINE __u64 class_of_inode(struct file *file)
{
	struct inode *inode = GET(file, f_inode);
	unsigned long magic = GET(inode, i_sb, s_magic);
	char name[8] = { 0 };

	if (magic == SOCKFS_MAGIC)
		return CLASS_SOCKET;
	if (magic == NSFS_MAGIC)
		return CLASS_NSFS;
	if (magic != ANON_INODE_MAGIC)
		return CLASS_OTHER;
	bpf_probe_read_kernel(name, sizeof(name), GET(file, f_path.dentry, d_name.name));
	return name[0] == '[' && name[1] == 'i' && name[2] == 'o' && name[3] == '_' &&
			       name[4] == 'u' && name[5] == 'r'
		       ? CLASS_RING
		       : CLASS_OTHER;
}

/* The long way: asks the inode, and remembers. */
GLOBAL __u64 dw_learn_class(__u64 address)
{
	struct file *file = (struct file *)address;
	__u64 op = (__u64)GET(file, f_op), class = class_of_inode(file);

	/* O_PATH files of all kinds share their operations */
	if (!(GET(file, f_mode) & FMODE_PATH) && !(op & 7))
		classes[(op >> 6) & 63] = op | class;
	return class;
}

INLINE __u64 class_of(struct file *file)
{
	__u64 op = (__u64)GET(file, f_op), known = classes[(op >> 6) & 63];

	return op && (known & ~7ULL) == op ? known & 7 : dw_learn_class((__u64)file);
}

INLINE struct file *file_at(__u64 fds, __u32 fd)
{
	struct file *file = 0;

	bpf_probe_read_kernel(&file, sizeof(file), (void *)(fds + fd * 8ULL));
	return file;
}

/*
 * Most sockets are no doors, and struct sock is memory that nobody touched lately: what struct socket and the
 * operations of its family, which are always at hand, tell is asked first.
 */
INLINE bool may_be_door(struct socket *owner)
{
	int family = GET(owner, ops, family);

	if (family != AF_INET && family != AF_INET6 && family != AF_PACKET && family != AF_VSOCK &&
	    family != AF_BLUETOOTH && family != AF_SMC)
		return false;
	return GET(owner, type) != SOCK_STREAM || GET(owner, state) != SS_CONNECTED;
}

/* Returns false when the buffer is full. */
NOINLINE int tell_socket(struct scan *s, struct file *file, __u32 fd)
{
	struct socket *owner = GET(file, private_data);
	struct dw_bpf_socket r = { 0 };
	struct sock *sk;

	if (!may_be_door(owner))
		return true;
	sk = GET(owner, sk);
	sk = (struct sock *)dw_door_behind((__u64)sk);
	if (!dw_is_door((__u64)sk))
		return true;
	if (!room_for(s->seq, sizeof(r)))
		return false;
	dw_fill_socket(&r, (__u64)sk);
	r.tgid = s->tgid;
	r.tid = s->tid;
	r.fd = fd;
	if (!SAME(GET(file, private_data), owner) || !SAME(file_at(s->fds, fd), file))
		return true; /* closed meanwhile: what was read may be another's */
	bpf_seq_write(s->seq, &r, sizeof(r));
	return true;
}

NOINLINE int tell_namespace(struct scan *s, struct file *file, __u32 fd)
{
	struct ns_common *ns = GET(file, f_inode, i_private);
	struct dw_bpf_nsfd r = {
		.head = { .type = DW_BPF_NSFD, .size = sizeof(r) },
		.tgid = s->tgid,
		.tid = s->tid,
		.fd = fd,
	};
	char name[4] = { 0 };

	bpf_probe_read_kernel(name, sizeof(name), GET(ns, ops, name));
	if (name[0] != 'n' || name[1] != 'e' || name[2] != 't' || name[3])
		return true;
	if (!room_for(s->seq, sizeof(r)))
		return false;
	r.netns = GET(ns, inum);
	bpf_seq_write(s->seq, &r, sizeof(r));
	return true;
}

/* Fixed files of a ring are a piece of work for the other program: rings are few. */
NOINLINE int tell_ring(struct scan *s, struct file *file, __u32 fd)
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
	s->rings = 1;
	r.work.files = (__u64)file;
	r.work.table = (__u64)GET(file, private_data);
	bpf_seq_write(s->seq, &r, sizeof(r));
	return true;
}

static long one_descriptor(__u32 bit, struct scan *s)
{
	__u32 fd = s->first + bit;
	struct file *file;
	__u64 class;
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
	__u64 word = 0;

	bpf_probe_read_kernel(&word, sizeof(word), (void *)(s->open + i * 8ULL));
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
	struct files_struct *files = (struct files_struct *)s->files;
	struct fdtable *table = GET(files, fdt);
	__u32 n = GET(table, max_fds);

	s->fds = (__u64)GET(table, fd);
	s->open = (__u64)GET(table, open_fds);
	bpf_loop((n + 63) / 64, one_word, s, 0);
}

/* A struct pid's number in the reader's namespace; 0: it has none there. */
INLINE __u32 number_of(struct pid *pid)
{
	struct task_struct *reader = (struct task_struct *)bpf_get_current_task();
	__u32 level = GET(reader, thread_pid, level), nr = 0;

	if (!pid || GET(pid, level) < level)
		return 0;
	bpf_probe_read_kernel(&nr, sizeof(nr),
			      (char *)pid + bpf_core_field_offset(struct pid, numbers) +
				      (__u64)level * sizeof(struct upid));
	return nr;
}

/* Inode of the pid namespace that a struct pid is of, on the level given. */
INLINE __u32 pidns_of(struct pid *pid, __u32 level)
{
	struct pid_namespace *ns = 0;

	bpf_probe_read_kernel(&ns, sizeof(ns),
			      (char *)pid + bpf_core_field_offset(struct pid, numbers) +
				      (__u64)level * sizeof(struct upid) +
				      __builtin_offsetof(struct upid, ns));
	return GET(ns, ns.inum);
}

INLINE __u32 number_of_process(struct task_struct *task)
{
	return number_of(GET(task, group_leader, thread_pid));
}

#endif
