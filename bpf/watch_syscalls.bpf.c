// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packet and vsock sockets by the ends of the system calls that make doors of them, where nothing better is allowed.
 * Not seen: what 32-bit programs and io_uring ask for, which passes these by.
 */
#include "watch.h"

const volatile bool packet = true, vsock = true; /* not what a better hook tells */

#define SOL_SOCKET       1
#define SO_ATTACH_FILTER 26
#define SO_ATTACH_BPF    50

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long di, si, dx;
};
#define HAS_ARGUMENTS true
#define ARGUMENT_1(r) BPF_CORE_READ(r, di)
#define ARGUMENT_2(r) BPF_CORE_READ(r, si)
#define ARGUMENT_3(r) BPF_CORE_READ(r, dx)
#elif defined(__TARGET_ARCH_arm64)
struct pt_regs {
	unsigned long regs[31];
	unsigned long orig_x0;
};
#define HAS_ARGUMENTS true
#define ARGUMENT_1(r) BPF_CORE_READ(r, orig_x0)
#define ARGUMENT_2(r) BPF_CORE_READ(r, regs[1])
#define ARGUMENT_3(r) BPF_CORE_READ(r, regs[2])
#else
/* without the arguments only what is made is seen */
struct pt_regs;
#define HAS_ARGUMENTS false
#define ARGUMENT_1(r) (~0UL)
#define ARGUMENT_2(r) 0UL
#define ARGUMENT_3(r) 0UL
#endif
#pragma clang attribute pop

/* What the tracepoints of ends of system calls say. */
struct end {
	__u64 reserved; /* not for programs to read */
	long number;
	long result;
};

INLINE const struct sock *socket_of(__u64 fd)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files, *file = NULL;
	struct socket *socket;

	if (fd >= BPF_CORE_READ(table, max_fds))
		return NULL;
	files = BPF_CORE_READ(table, fd);
	bpf_probe_read_kernel(&file, sizeof(file), files + fd);
	socket = BPF_CORE_READ(file, private_data);
	return BPF_CORE_READ(socket, sk);
}

/* As the program of the user entered the kernel with: what it asked for (Linux 5.15). */
INLINE const struct pt_regs *registers_of_call(void)
{
	return (const struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
}

INLINE __u16 family_of(const struct sock *sk)
{
	return BPF_CORE_READ(sk, __sk_common.skc_family);
}

INLINE void opened(const struct sock *sk)
{
	tell(sk, DW_BPF_WATCH_OPENED, DW_BPF_WATCH_HOOK_TRACEPOINT, 0);
}

SEC("tp/syscalls/sys_exit_socket")
int dw_socket(const struct end *context)
{
	const struct sock *sk;

	if (!packet || context->result < 0)
		return 0;
	/* one word instead of the way through the table of files: most sockets are of other families */
	if (HAS_ARGUMENTS && (int)ARGUMENT_1(registers_of_call()) != AF_PACKET)
		return 0;
	sk = socket_of((__u64)context->result);
	if (family_of(sk) == AF_PACKET)
		opened(sk);
	return 0;
}

SEC("tp/syscalls/sys_exit_bind")
int dw_bind(const struct end *context)
{
	const struct sock *sk;
	__u16 family;

	if (context->result)
		return 0;
	sk = socket_of(ARGUMENT_1(registers_of_call()));
	family = family_of(sk);
	if ((packet && family == AF_PACKET) ||
	    (vsock && family == AF_VSOCK && BPF_CORE_READ(sk, sk_type) == SOCK_DGRAM))
		opened(sk);
	return 0;
}

SEC("tp/syscalls/sys_exit_listen")
int dw_listen(const struct end *context)
{
	const struct sock *sk;

	if (!vsock || context->result)
		return 0;
	sk = socket_of(ARGUMENT_1(registers_of_call()));
	if (family_of(sk) == AF_VSOCK)
		opened(sk);
	return 0;
}

SEC("tp/syscalls/sys_exit_setsockopt")
int dw_option(const struct end *context)
{
	const struct pt_regs *registers = registers_of_call();
	const struct sock *sk;
	__u64 name;

	if (!packet || context->result || ARGUMENT_2(registers) != SOL_SOCKET)
		return 0;
	name = ARGUMENT_3(registers);
	if (name != SO_ATTACH_FILTER && name != SO_ATTACH_BPF)
		return 0;
	sk = socket_of(ARGUMENT_1(registers));
	if (family_of(sk) == AF_PACKET || BPF_CORE_READ(sk, sk_type) == SOCK_RAW)
		opened(sk);
	return 0;
}
