/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The seccomp(2) filter of a sandbox: a list of system calls, all others kill. Written by hand: libseccomp would be
 * loaded for some fifty instructions.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "dw_sandbox.h"
#include "sandbox_private.h"

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCH AUDIT_ARCH_RISCV64
#else
#define ARCH 0 /* not known: no sandbox */
#endif

/* Of a 64-bit argument, the half that the flags are in. */
#define LOW_WORD (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4U : 0U)

static const struct {
	unsigned group; /* 0: always */
	int number;
} calls[] = {
	/* often asked first */
	{ DW_SANDBOX_POLL, SYS_ppoll },
#ifdef SYS_poll /* not on aarch64, riscv64 */
	{ DW_SANDBOX_POLL, SYS_poll },
#endif
	{ DW_SANDBOX_FUTEX, SYS_futex },
	{ DW_SANDBOX_RECEIVE, SYS_recvmsg },
	{ DW_SANDBOX_RECEIVE, SYS_recvfrom },
	{ DW_SANDBOX_SEND, SYS_sendmsg },
	{ DW_SANDBOX_SEND, SYS_sendto },
	{ DW_SANDBOX_READ, SYS_read },
	{ DW_SANDBOX_READ, SYS_readv },
	{ DW_SANDBOX_WRITE, SYS_write },
	{ DW_SANDBOX_WRITE, SYS_writev },
	{ DW_SANDBOX_EPOLL, SYS_epoll_pwait },
#ifdef SYS_epoll_wait
	{ DW_SANDBOX_EPOLL, SYS_epoll_wait },
#endif
	{ DW_SANDBOX_EPOLL, SYS_epoll_ctl },
	{ DW_SANDBOX_EPOLL, SYS_epoll_create1 },
	{ DW_SANDBOX_CLOCK, SYS_clock_gettime },
	{ DW_SANDBOX_CLOCK, SYS_gettimeofday },
	{ DW_SANDBOX_MEMORY, SYS_mmap },
	{ DW_SANDBOX_MEMORY, SYS_mprotect },
	{ DW_SANDBOX_MEMORY, SYS_munmap },
	{ DW_SANDBOX_MEMORY, SYS_mremap },
	{ DW_SANDBOX_MEMORY, SYS_brk },
	{ DW_SANDBOX_MEMORY, SYS_madvise },
	{ DW_SANDBOX_SHUTDOWN, SYS_shutdown },
	{ DW_SANDBOX_RANDOM, SYS_getrandom },
	{ DW_SANDBOX_SLEEP, SYS_nanosleep },
	{ DW_SANDBOX_SLEEP, SYS_clock_nanosleep },
	{ 0, SYS_close },
	{ 0, SYS_getpid },
	{ 0, SYS_gettid },
	{ 0, SYS_rt_sigreturn },
	{ 0, SYS_restart_syscall },
	{ 0, SYS_exit },
	{ 0, SYS_exit_group },
};

/* 6 before the list, at most 7 for a call, 1 behind */
_Static_assert(7 + 7 * DW_ARRAY_SIZE(calls) <= DW_SANDBOX_FILTER_MAX, "the filter has room");

static void add(struct sandbox_filter *f, struct sock_filter one)
{
	f->code[f->n++] = one;
}

static void load(struct sandbox_filter *f, uint32_t offset)
{
	add(f, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset));
}

static void verdict(struct sandbox_filter *f, uint32_t what)
{
	add(f, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, what));
}

static uint32_t argument(unsigned i)
{
	return (uint32_t)offsetof(struct seccomp_data, args) + i * 8 + LOW_WORD;
}

/* Memory that can be written must never be run, and files are not mapped. Each part ends in a verdict. */
static void allow(struct sandbox_filter *f, int number)
{
	if (number == SYS_mmap || number == SYS_mprotect) {
		load(f, argument(2));
		add(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1));
		verdict(f, SECCOMP_RET_KILL_PROCESS);
	}
	if (number == SYS_mmap) {
		load(f, argument(3));
		add(f,
		    (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, MAP_ANONYMOUS, 1, 0));
		verdict(f, SECCOMP_RET_KILL_PROCESS);
	}
	verdict(f, SECCOMP_RET_ALLOW);
}

static void add_call(struct sandbox_filter *f, int number)
{
	unsigned at = f->n;

	add(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 0));
	allow(f, number);
	f->code[at].jf = (uint8_t)(f->n - at - 1); /* another call: behind this part */
}

int dw_sandbox_filter(unsigned groups, struct sandbox_filter *ret)
{
	*ret = (struct sandbox_filter){ 0 };
	if (ARCH == 0)
		return -ENOTSUP;
	load(ret, offsetof(struct seccomp_data, arch));
	add(ret, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0));
	verdict(ret, SECCOMP_RET_KILL_PROCESS);
	/* x32 is a second table of calls below the same arch: its numbers have bit 30 and are in no list */
	load(ret, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < DW_ARRAY_SIZE(calls); i++)
		if (calls[i].group == 0 || (calls[i].group & groups) != 0)
			add_call(ret, calls[i].number);
	verdict(ret, SECCOMP_RET_KILL_PROCESS);
	return 0;
}

int dw_sandbox_filter_install(const struct sandbox_filter *f)
{
	struct sock_fprog program = { .len = (unsigned short)f->n };

	/* struct sock_fprog has no const; the kernel only reads it */
	program.filter = (struct sock_filter *)(uintptr_t)f->code;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0 ? -errno : 0;
}

/* EFAULT: the kernel knows filters, and looked for one. */
bool dw_sandbox_filter_is_there(void)
{
	return ARCH != 0 &&
	       !(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL) < 0 && errno != EFAULT);
}
