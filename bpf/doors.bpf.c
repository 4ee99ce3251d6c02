// SPDX-License-Identifier: GPL-2.0-only
/*
 * iter/task, in one of two ways, as the reader asks for (struct dw_bpf_request). Over tasks: for each the sockets
 * that its descriptors hold, and the task itself when there is one; a thread is looked at only when its descriptor
 * table is not its leader's. Over pieces of work: each task that comes by is a tick, which does one piece; where
 * there are fewer tasks than pieces the reader runs it again. Each reader has a request of its own, so several may
 * share the program when it is pinned.
 *
 * An iterator over the members of a map would be the natural driver of the work, but its context has a buffer, and
 * there are kernels that take no such program (EPERM). And one program is loaded in less time than two.
 */
#include "tables.h"

char LICENSE[] SEC("license") = "GPL";

/* Off where a kernel does not let iterators use bpf_d_path(); the reader then asks /proc. */
const volatile bool want_path = true;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, DW_BPF_READERS_MAX);
	__type(key, __u64);
	__type(value, struct dw_bpf_request);
} dw_requests SEC(".maps");

#define S_IFMT           0170000
#define S_IFREG          0100000
#define PIDTYPE_PGID     2
#define PIDTYPE_SID      3
#define PFA_NO_NEW_PRIVS 1

INLINE void fill_credentials(struct dw_bpf_process *r, __u64 task)
{
	__u64 cred = P(task, TASK_CRED);

	r->uid = U32(cred, CRED_UID);
	r->euid = U32(cred, CRED_EUID);
	r->gid = U32(cred, CRED_GID);
	r->egid = U32(cred, CRED_EGID);
	/* two __u32, the low word first, up to 6.2; one __u64 since: the same bytes on little-endian machines */
	r->caps_effective = U64(cred, CRED_EFFECTIVE);
	r->caps_bounding = U64(cred, CRED_BOUNDING);
	r->no_new_privs = U64(task, TASK_ATOMIC) & PFA_NO_NEW_PRIVS;
	r->seccomp = HAS(TASK_SECCOMP) ? U32(task, TASK_SECCOMP) : (__u32)-1;
	r->loginuid = HAS(TASK_LOGINUID) ? U32(task, TASK_LOGINUID) : (__u32)-1;
}

INLINE void fill_process(struct dw_bpf_process *r, __u64 task)
{
	__u64 signal = P(task, TASK_SIGNAL), self = P(task, TASK_PID), home = P(task, TASK_NSPROXY);
	__u64 tty = P(signal, SIGNAL_TTY), inode, exe;

	fill_credentials(r, task);
	r->tgid = dw_number_of(self);
	r->ppid = number_of_process(P(task, TASK_PARENT));
	r->pgrp = dw_number_of(read_64(signal + AT(SIGNAL_PIDS) + PIDTYPE_PGID * 8));
	r->sid = dw_number_of(read_64(signal + AT(SIGNAL_PIDS) + PIDTYPE_SID * 8));
	if (tty) {
		__u64 driver = P(tty, TTY_DRIVER);

		r->tty = (U32(driver, TTY_DRIVER_MAJOR) << 20 | U32(driver, TTY_DRIVER_MINOR)) +
			 U32(tty, TTY_INDEX);
	}
	r->started = U64(task, TASK_START);
	r->flags = U32(task, TASK_FLAGS);
	if (HAS(TASK_CGROUPS))
		r->css_set = P(task, TASK_CGROUPS);
	r->netns = U32(P(home, NSPROXY_NET), NET_INUM);
	r->mntns = U32(P(home, NSPROXY_MNT), MNTNS_INUM);
	r->pidns = pidns_of(self);
	bpf_probe_read_kernel(r->comm, sizeof(r->comm), (void *)(task + AT(TASK_COMM)));
	exe = P(P(task, TASK_MM), MM_EXE);
	if (exe) {
		inode = P(exe, FILE_INODE);
		r->exe_ino = U64(inode, INODE_INO);
		r->exe_dev = U32(P(inode, INODE_SB), SB_DEV);
		r->exe_nlink = U32(inode, INODE_NLINK);
	}
}

/* A member of a struct that the verifier knows: pointer and offset are what it follows, so it is no number. */
#define MEMBER(type, base, field) ((type *)((char *)(base) + AT(field)))

/*
 * The path helper follows pointers without a net. The file is its task's only while the task has its mm, and
 * it may just be giving that up: make sure that this is a file, of a dentry that belongs to its inode.
 */
INLINE struct file *program_of(struct task_struct *task)
{
	struct mm_struct *mm = *MEMBER(struct mm_struct *, task, TASK_MM);
	struct file *exe;

	if (!mm)
		return 0;
	exe = *MEMBER(struct file *, mm, MM_EXE);
	if (!exe)
		return 0;
	if ((U16(P((__u64)exe, FILE_INODE), INODE_MODE) & S_IFMT) != S_IFREG ||
	    P((__u64)task, TASK_MM) != (__u64)mm || P((__u64)mm, MM_EXE) != (__u64)exe)
		return 0;
	return exe;
}

NOINLINE int write_process(struct seq_file *seq, __u64 leader)
{
	struct {
		struct dw_bpf_process process;
		struct dw_bpf_arguments arguments;
	} r = { .process.head = { .type = DW_BPF_PROCESS, .size = sizeof(r.process) },
		.arguments.head = { .type = DW_BPF_ARGUMENTS, .size = sizeof(r.arguments) } };
	__u64 mm = P(leader, TASK_MM);

	if (!seq)
		return 0;
	fill_process(&r.process, leader);
	r.arguments.tgid = r.process.tgid;
	if (mm && HAS(MM_ARG_START) && HAS(MM_ARG_END)) {
		r.arguments.start = U64(mm, MM_ARG_START);
		r.arguments.end = U64(mm, MM_ARG_END);
	}
	bpf_seq_write(seq, &r, sizeof(r));
	return 0;
}

NOINLINE int write_exe(struct seq_file *seq, struct task_struct *task)
{
	struct dw_bpf_head head = { .type = DW_BPF_EXE };
	struct file *exe = program_of(task);
	char path[DW_BPF_EXE_MAX] = { 0 };
	long n;
	__u32 padded;

	if (!seq || !exe)
		return 0;
	n = bpf_d_path(MEMBER(struct path, exe, FILE_PATH), path,
		       sizeof(path)); /* counts the NUL */
	if (n <= 1 || n > DW_BPF_EXE_MAX)
		return 0;
	padded = ((__u32)n + 7) & ~7U;
	if (padded > DW_BPF_EXE_MAX)
		return 0;
	head.size = sizeof(head) + padded;
	head.n = (__u32)n - 1;
	bpf_seq_write(seq, &head, sizeof(head));
	bpf_seq_write(seq, path, padded);
	return 0;
}

/* A task in another network or mount namespace than the reader's: a way into that one. */
NOINLINE int tell_home(struct seq_file *seq, __u64 task)
{
	__u64 home = P(task, TASK_NSPROXY), ours = P(bpf_get_current_task(), TASK_NSPROXY);
	struct dw_bpf_nsfd r = { .head = { .type = DW_BPF_NSFD, .size = sizeof(r) }, .fd = -1 };

	if (!seq || !home || home == ours)
		return 0;
	r.netns = U32(P(home, NSPROXY_NET), NET_INUM);
	r.mntns = U32(P(home, NSPROXY_MNT), MNTNS_INUM);
	if (r.netns == U32(P(ours, NSPROXY_NET), NET_INUM) &&
	    r.mntns == U32(P(ours, NSPROXY_MNT), MNTNS_INUM))
		return 0;
	r.tgid = number_of_process(task);
	r.tid = dw_number_of(P(task, TASK_PID));
	bpf_seq_write(seq, &r, sizeof(r));
	return 0;
}

NOINLINE int tell_rest(struct scanner *c, __u64 task)
{
	struct dw_bpf_more r = {
		.head = { .type = DW_BPF_MORE, .size = sizeof(r) },
		.work = { .kind = DW_BPF_W_FDS,
			  .tgid = c->s.tgid,
			  .tid = c->s.tid,
			  .from = c->s.stopped,
			  .n = -1U },
	};

	r.work.table = task;
	r.work.files = c->s.files;
	bpf_seq_write(c->seq, &r, sizeof(r));
	return 0;
}

/* Two readers may share the walk. By a hash: the numbers of processes of one kind may be all even. */
INLINE bool is_of_other_half(const struct dw_bpf_request *q, __u64 task)
{
	return q && q->half && (U32(task, TASK_TGID) * 0x9e3779b1U) >> 31 != q->half - 1;
}

/* Frames of their own here and in tables.h: what calls each other shares 512 bytes, counted by 32. */
NOINLINE int one_task(struct seq_file *seq, struct task_struct *that,
		      const struct dw_bpf_request *q)
{
	__u64 task = address_of(that), leader = P(task, TASK_LEADER), files;
	struct scanner c = { .seq = seq };
	unsigned long start, before;

	if (!seq || !that)
		return 0;
	if (is_of_other_half(q, task))
		return 0;
	files = P(leader, TASK_FILES);
	c.s.files = P(task, TASK_FILES);
	if (task != leader && (!c.s.files || c.s.files == files) &&
	    P(task, TASK_NSPROXY) == P(leader, TASK_NSPROXY))
		return 0;
	start = U64((__u64)seq, SEQ_COUNT);
	if (!room_for((__u64)seq, sizeof(struct dw_bpf_nsfd)))
		return start != 0;
	tell_home(seq, task);
	if (!c.s.files || (task != leader && c.s.files == files))
		return 0;
	before = U64((__u64)seq, SEQ_COUNT);
	c.s.tgid = number_of_process(task);
	c.s.tid = dw_number_of(P(task, TASK_PID));
	scan_files(&c, 0, 0);
	if (P(task, TASK_FILES) != c.s.files)
		return 1; /* it exits or unshares: once more */
	if (c.s.full && start)
		return 1; /* once more, with the whole buffer */
	if (U64((__u64)seq, SEQ_COUNT) == before)
		return 0;
	write_process(seq, leader);
	if (want_path)
		write_exe(seq, that); /* its threads have the same */
	if (c.s.full)
		tell_rest(&c, task);
	return 0;
}

INLINE struct dw_bpf_request *request_of_reader(void)
{
	__u64 pid = P(bpf_get_current_task(), TASK_PID);
	__u64 key = dw_bpf_reader(pidns_of(pid), dw_number_of(pid));

	return bpf_map_lookup_elem(&dw_requests, &key);
}

NOINLINE int next_work(struct seq_file *seq, struct dw_bpf_request *q)
{
	struct dw_bpf_work k;

	if (!seq || !q)
		return 0;
	/* All is done: the tasks that are left need not come by. The reader gets EAGAIN, and looks at `next`. */
	if (q->next >= q->n)
		return 1;
	if (bpf_probe_read_user(&k, sizeof(k), (void *)(q->work + (__u64)q->next * sizeof(k))) < 0)
		return 1; /* not in memory: the reader touches it */
	if (do_work(seq, &k))
		return 1;
	q->next++;
	return 0;
}

SEC("iter/task")
int dw_doors(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct dw_bpf_request *q;

	if (!task)
		return 0;
	q = request_of_reader();
	return q && q->n ? next_work(seq, q) : one_task(seq, task, q);
}
