// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the processes of one control group ask of the kernel, by the tracepoint raw_syscalls:sys_enter: which
 * system calls, which families of sockets, which files for writing, which programs, which kinds of namespaces. It
 * is noted in the kernel, once; nothing is sent for a call. Calls that a seccomp filter stops are not seen.
 */
#include "observe.h"

#include <asm/unistd.h>

#define O_ACCMODE  3
#define O_CREAT    0100
#define O_TRUNC    01000
#define AT_FDCWD   (-100)
#define AF_UNIX    1
#define PROT_WRITE 2
#define PROT_EXEC  4
#define MODE_SETID 06000
#define NAMESPACES 0x7e020000 /* CLONE_NEW* */
#define TS_COMPAT  2

char LICENSE[] SEC("license") = "GPL";

__u8 dw_calls[DW_BPF_OBSERVE_CALLS];
__u8 dw_families[DW_BPF_OBSERVE_FAMILIES];
__u8 dw_flags[8]; /* a byte for each flag: a store is enough */
__u32 dw_namespaces;
__u64 dw_missed; /* paths that could not be read or kept */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct thread_info {
	__u32 status;
};
struct task_struct {
	struct thread_info thread_info;
};
#pragma clang attribute pop

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, DW_BPF_OBSERVE_PATHS);
	__type(key, struct dw_bpf_observe_key);
	__type(value, struct dw_bpf_observe_value);
} dw_paths SEC(".maps");

/* --- which argument of which call matters ------------------------------------------------------------------------ */

enum what {
	NOTHING = 0,
	OPENS,
	OPENS_HOW,
	WRITES,
	WRITES_TWO,
	STARTS,
	BINDS,
	SOCKET,
	MAPS,
	PROTECTS,
	SPLITS,
	SPLITS_HOW,
	MODE
};

/* Numbers of arguments; `directory` 15: none, the path begins at the working directory. */
struct rule {
	__u8 what, directory, path, flags;
};
#define NO_DIRECTORY 15

static const struct rule rules[DW_BPF_OBSERVE_CALLS] = {
	[__NR_openat] = { OPENS, 0, 1, 2 },
	[__NR_openat2] = { OPENS_HOW, 0, 1, 2 },
	[__NR_mkdirat] = { WRITES, 0, 1, 0 },
	[__NR_mknodat] = { WRITES, 0, 1, 0 },
	[__NR_unlinkat] = { WRITES, 0, 1, 0 },
	[__NR_symlinkat] = { WRITES, 1, 2, 0 },
	[__NR_linkat] = { WRITES, 2, 3, 0 },
	[__NR_renameat2] = { WRITES_TWO, 0, 1, 2 },
	[__NR_fchownat] = { WRITES, 0, 1, 0 },
	[__NR_fchmodat] = { MODE, 0, 1, 2 },
	[__NR_fchmod] = { MODE, NO_DIRECTORY, 15, 1 },
	[__NR_utimensat] = { WRITES, 0, 1, 0 },
	[__NR_truncate] = { WRITES, NO_DIRECTORY, 0, 0 },
	[__NR_execve] = { STARTS, NO_DIRECTORY, 0, 0 },
	[__NR_execveat] = { STARTS, 0, 1, 0 },
	[__NR_bind] = { BINDS, 0, 1, 0 },
	[__NR_socket] = { SOCKET, 0, 0, 0 },
	[__NR_socketpair] = { SOCKET, 0, 0, 0 },
	[__NR_mmap] = { MAPS, 0, 0, 2 },
	[__NR_mprotect] = { PROTECTS, 0, 0, 2 },
	[__NR_pkey_mprotect] = { PROTECTS, 0, 0, 2 },
	[__NR_clone] = { SPLITS, 0, 0, 0 },
	[__NR_unshare] = { SPLITS, 0, 0, 0 },
	[__NR_setns] = { SPLITS, 0, 0, 1 },
	[__NR_clone3] = { SPLITS_HOW, 0, 0, 0 },
#ifdef __NR_renameat
	[__NR_renameat] = { WRITES_TWO, 0, 1, 2 },
#endif
#ifdef __NR_open
	[__NR_open] = { OPENS, NO_DIRECTORY, 0, 1 },
	[__NR_creat] = { WRITES, NO_DIRECTORY, 0, 0 },
	[__NR_mkdir] = { WRITES, NO_DIRECTORY, 0, 0 },
	[__NR_rmdir] = { WRITES, NO_DIRECTORY, 0, 0 },
	[__NR_mknod] = { WRITES, NO_DIRECTORY, 0, 0 },
	[__NR_unlink] = { WRITES, NO_DIRECTORY, 0, 0 },
	[__NR_symlink] = { WRITES, NO_DIRECTORY, 1, 0 },
	[__NR_link] = { WRITES, NO_DIRECTORY, 1, 0 },
	[__NR_rename] = { WRITES_TWO, NO_DIRECTORY, 0, 1 },
	[__NR_chmod] = { MODE, NO_DIRECTORY, 0, 1 },
	[__NR_chown] = { WRITES, NO_DIRECTORY, 0, 0 },
	[__NR_lchown] = { WRITES, NO_DIRECTORY, 0, 0 },
	[__NR_utimes] = { WRITES, NO_DIRECTORY, 0, 0 },
#endif
};

INLINE __u64 argument(const struct pt_regs *r, __u8 n)
{
	switch (n) {
	case 0:
		return ARGUMENT_0(r);
	case 1:
		return ARGUMENT_1(r);
	case 2:
		return ARGUMENT_2(r);
	case 3:
		return ARGUMENT_3(r);
	default:
		return ARGUMENT_4(r);
	}
}

/*
 * --- paths
 * -----------------------------------------------------------------------------------------------------------
 */

INLINE void miss(void)
{
	__sync_fetch_and_add(&dw_missed, 1);
}

INLINE bool read_path(struct dw_bpf_observe_key *key, __u64 address,
		      struct dw_bpf_observe_value *value)
{
	long n;

	if (!address) /* utimensat() of a descriptor */
		return false;
	n = bpf_probe_read_user_str(key->path, sizeof(key->path), (const void *)address);
	if (n <= 0)
		miss(); /* not in memory now */
	value->cut = n == sizeof(key->path);
	return n > 1;
}

INLINE void keep(struct dw_bpf_observe_key *key, struct dw_bpf_observe_value *value, __u32 kind)
{
	key->kind = kind;
	if (key->path[0] == '/')
		key->directory = 0;
	if (bpf_map_lookup_elem(&dw_paths, key))
		return;
	value->pid = bpf_get_current_pid_tgid() >> 32;
	if (bpf_map_update_elem(&dw_paths, key, value, 0 /* BPF_ANY */) < 0)
		miss();
}

INLINE bool begins(const char *path, const char *with, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (path[i] != with[i])
			return false;
	return true;
}

INLINE void note_path(const struct pt_regs *r, __u8 directory, __u8 number, __u32 kind)
{
	struct dw_bpf_observe_key key = { .directory = AT_FDCWD };
	struct dw_bpf_observe_value value = { 0 };

	if (directory != NO_DIRECTORY)
		key.directory = (__s32)argument(r, directory);
	if (!read_path(&key, argument(r, number), &value))
		return;
	if (begins(key.path, "/home", 5) || begins(key.path, "/root", 5) ||
	    begins(key.path, "/run/user", 9))
		dw_flags[1] = DW_BPF_OBSERVE_HOME;
	if (kind == DW_BPF_OBSERVE_WRITTEN && begins(key.path, "/dev/", 5))
		kind = DW_BPF_OBSERVE_DEVICE;
	if (kind || begins(key.path, "/dev/", 5))
		keep(&key, &value, kind ? kind : DW_BPF_OBSERVE_DEVICE);
}

INLINE __u32 kind_of(__u64 flags)
{
	return flags & (O_ACCMODE | O_CREAT | O_TRUNC) ? DW_BPF_OBSERVE_WRITTEN : 0;
}

/* A socket of the file system is a name that is made. */
INLINE void note_bind(__u64 address)
{
	struct dw_bpf_observe_key key = { .directory = AT_FDCWD };
	struct dw_bpf_observe_value value = { 0 };
	__u16 family = 0;

	if (bpf_probe_read_user(&family, sizeof(family), (const void *)address) < 0 ||
	    family != AF_UNIX)
		return;
	if (read_path(&key, address + sizeof(family), &value))
		keep(&key, &value, DW_BPF_OBSERVE_WRITTEN);
}

/*
 * --- calls
 * -----------------------------------------------------------------------------------------------------------
 */

INLINE void note_split(__u64 flags)
{
	if (flags & NAMESPACES)
		dw_namespaces |= flags & NAMESPACES;
}

INLINE __u64 read_flags(__u64 address)
{
	__u64 flags = 0;

	if (bpf_probe_read_user(&flags, sizeof(flags), (const void *)address) < 0)
		miss();
	return flags;
}

INLINE void note_call(const struct pt_regs *r, const struct rule *rule)
{
	__u64 flags = argument(r, rule->flags);

	switch (rule->what) {
	case OPENS:
		note_path(r, rule->directory, rule->path, kind_of(flags));
		break;
	case OPENS_HOW:
		note_path(r, rule->directory, rule->path, kind_of(read_flags(flags)));
		break;
	case SOCKET:
		if (flags < DW_BPF_OBSERVE_FAMILIES)
			dw_families[flags] = 1;
		break;
	case MAPS:
		if ((flags & (PROT_WRITE | PROT_EXEC)) == (PROT_WRITE | PROT_EXEC))
			dw_flags[0] = DW_BPF_OBSERVE_WX;
		break;
	case PROTECTS:
		if (flags & PROT_EXEC)
			dw_flags[0] = DW_BPF_OBSERVE_WX;
		break;
	case SPLITS:
		note_split(flags);
		break;
	case SPLITS_HOW:
		note_split(read_flags(flags));
		break;
	case BINDS:
		note_bind(argument(r, rule->path));
		break;
	case MODE:
		if (flags & MODE_SETID)
			dw_flags[2] = DW_BPF_OBSERVE_SETID;
		if (rule->path != 15)
			note_path(r, rule->directory, rule->path, DW_BPF_OBSERVE_WRITTEN);
		break;
	case STARTS:
		note_path(r, rule->directory, rule->path, DW_BPF_OBSERVE_STARTED);
		break;
	default:
		note_path(r, rule->directory, rule->path, DW_BPF_OBSERVE_WRITTEN);
		break;
	}
}

/* 32-bit programs count their calls otherwise (x86: TS_COMPAT is set while such a call lasts). */
INLINE bool is_compat(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	return bpf_core_field_exists(task->thread_info.status) &&
	       (BPF_CORE_READ(task, thread_info.status) & TS_COMPAT);
}

SEC("raw_tp/sys_enter")
int dw_enter(struct bpf_raw_tracepoint_args *context)
{
	const struct pt_regs *r = (const struct pt_regs *)context->args[0];
	__u64 number = context->args[1];
	const struct rule *rule;

	if (!is_observed())
		return 0;
	if (is_compat() || number >= DW_BPF_OBSERVE_CALLS) {
		dw_flags[3] = DW_BPF_OBSERVE_COMPAT;
		return 0;
	}
	if (!dw_calls[number])
		dw_calls[number] = 1;
	rule = &rules[number];
	if (rule->what == NOTHING)
		return 0;
	note_call(r, rule);
	if (rule->what == WRITES_TWO)
		note_path(r, rule->flags == 2 ? 2 : NO_DIRECTORY, rule->flags == 2 ? 3 : 1,
			  DW_BPF_OBSERVE_WRITTEN);
	return 0;
}
