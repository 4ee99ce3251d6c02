// SPDX-License-Identifier: GPL-2.0-only
/*
 * iter/task: for each task the sockets that its descriptors hold, and the task itself when there is one. A
 * thread is looked at only when its descriptor table is not its leader's.
 */
#include "descriptors.h"

char LICENSE[] SEC("license") = "GPL";

/* Off where a kernel does not let iterators use bpf_d_path(); the reader then asks /proc. */
const volatile bool want_path = true;

#define S_IFMT           0170000
#define S_IFREG          0100000
#define PIDTYPE_PGID     2
#define PIDTYPE_SID      3
#define PFA_NO_NEW_PRIVS 1

INLINE void fill_credentials(struct dw_bpf_process *r, struct task_struct *task)
{
	const struct cred *cred = GET(task, real_cred);

	r->uid = GET(cred, uid.val);
	r->euid = GET(cred, euid.val);
	r->gid = GET(cred, gid.val);
	r->egid = GET(cred, egid.val);
	/* as bytes: the member inside kernel_cap_t has changed its name and shape */
	bpf_core_read(&r->caps_effective, sizeof(r->caps_effective), &cred->cap_effective);
	bpf_core_read(&r->caps_bounding, sizeof(r->caps_bounding), &cred->cap_bset);
	r->no_new_privs = GET(task, atomic_flags) & PFA_NO_NEW_PRIVS;
	r->seccomp = (__u32)-1;
	if (bpf_core_field_exists(struct task_struct, seccomp) &&
	    bpf_core_field_exists(struct seccomp, mode))
		r->seccomp = GET(task, seccomp.mode);
	r->loginuid = (__u32)-1;
	if (bpf_core_field_exists(struct task_struct, loginuid))
		r->loginuid = GET(task, loginuid.val);
}

GLOBAL int dw_fill_process(struct dw_bpf_process *r, __u64 address)
{
	struct task_struct *task = (struct task_struct *)address;
	struct signal_struct *signal = GET(task, signal);
	struct tty_struct *tty = GET(signal, tty);
	struct pid *self = GET(task, thread_pid);
	__u32 level = GET(self, level);
	struct file *exe;

	if (!r)
		return 0;
	fill_credentials(r, task);
	r->tgid = number_of(self);
	r->ppid = number_of_process(GET(task, real_parent));
	r->pgrp = number_of(GET(signal, pids[PIDTYPE_PGID]));
	r->sid = number_of(GET(signal, pids[PIDTYPE_SID]));
	if (tty)
		r->tty = ((__u32)GET(tty, driver, major) << 20 |
			  (__u32)GET(tty, driver, minor_start)) +
			 GET(tty, index);
	r->started = GET(task, start_boottime);
	r->flags = GET(task, flags);
	r->css_set = (__u64)GET(task, cgroups);
	r->netns = GET(task, nsproxy, net_ns, ns.inum);
	r->mntns = GET(task, nsproxy, mnt_ns, ns.inum);
	r->pidns = pidns_of(self, level);
	bpf_core_read(r->comm, sizeof(r->comm), &task->comm);
	exe = GET(task, mm, exe_file);
	if (exe) {
		r->exe_ino = GET(exe, f_inode, i_ino);
		r->exe_dev = GET(exe, f_inode, i_sb, s_dev);
		r->exe_nlink = GET(exe, f_inode, i_nlink);
	}
	return 0;
}

/*
 * The path helper follows pointers without a net. The file is its task's only while the task has its mm, and
 * it may just be giving that up: make sure that this is a file, of a dentry that belongs to its inode.
 */
INLINE struct file *program_of(struct task_struct *task)
{
	struct mm_struct *mm = task->mm;
	struct file *exe;

	if (!mm)
		return 0;
	exe = mm->exe_file;
	if (!exe)
		return 0;
	if ((GET(exe, f_inode, i_mode) & S_IFMT) != S_IFREG || !SAME(GET(task, mm), mm) ||
	    !SAME(GET((struct mm_struct *)mm, exe_file), exe))
		return 0;
	return exe;
}

NOINLINE int write_process(struct seq_file *seq, __u64 leader)
{
	struct dw_bpf_process r = { .head = { .type = DW_BPF_PROCESS, .size = sizeof(r) } };

	if (!seq)
		return 0;
	dw_fill_process(&r, leader);
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
	n = bpf_d_path((struct path *)&exe->f_path, path, sizeof(path)); /* counts the NUL */
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
NOINLINE int tell_home(struct seq_file *seq, __u64 address)
{
	struct task_struct *task = (struct task_struct *)address;
	struct task_struct *reader = (struct task_struct *)bpf_get_current_task();
	struct nsproxy *home = GET(task, nsproxy), *ours = GET(reader, nsproxy);
	struct dw_bpf_nsfd r = { .head = { .type = DW_BPF_NSFD, .size = sizeof(r) }, .fd = -1 };

	if (!seq || !home || SAME(home, ours))
		return 0;
	r.netns = GET(home, net_ns, ns.inum);
	r.mntns = GET(home, mnt_ns, ns.inum);
	if (r.netns == GET(ours, net_ns, ns.inum) && r.mntns == GET(ours, mnt_ns, ns.inum))
		return 0;
	r.tgid = number_of_process(task);
	r.tid = number_of(GET(task, thread_pid));
	bpf_seq_write(seq, &r, sizeof(r));
	return 0;
}

NOINLINE int tell_rest(struct scan *s, __u64 task)
{
	struct dw_bpf_more r = {
		.head = { .type = DW_BPF_MORE, .size = sizeof(r) },
		.work = { .kind = DW_BPF_W_FDS,
			  .tgid = s->tgid,
			  .tid = s->tid,
			  .from = s->stopped,
			  .n = -1U },
	};

	r.work.table = task;
	r.work.files = s->files;
	bpf_seq_write(s->seq, &r, sizeof(r));
	return 0;
}

SEC("iter/task")
int dw_tasks(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task, *leader;
	struct scan s = { .seq = seq };
	unsigned long start, before;

	if (!task)
		return 0;
	leader = GET(task, group_leader);
	s.files = (__u64)GET(task, files);
	if (!SAME(task, leader) && (!s.files || SAME(s.files, GET(leader, files))) &&
	    SAME(GET(task, nsproxy), GET(leader, nsproxy)))
		return 0;
	start = GET(seq, count);
	if (!room_for(seq, sizeof(struct dw_bpf_nsfd)))
		return start != 0;
	tell_home(seq, (__u64)task);
	if (!s.files || (!SAME(task, leader) && SAME(s.files, GET(leader, files))))
		return 0;
	before = GET(seq, count);
	s.tgid = number_of_process(task);
	s.tid = number_of(GET(task, thread_pid));
	scan_files(&s);
	if (!SAME(GET(task, files), s.files))
		return 1; /* it exits or unshares: once more */
	if (s.full && start)
		return 1; /* once more, with the whole buffer */
	if (GET(seq, count) == before)
		return 0;
	write_process(seq, (__u64)leader);
	if (want_path)
		write_exe(seq, (struct task_struct *)task->group_leader);
	if (s.full)
		tell_rest(&s, (__u64)task);
	return 0;
}
