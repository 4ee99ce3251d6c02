/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Does a BPF program let everything pass? Those that only count (doorward's own, systemd's IPAccounting=) must not make
 * an answer unknown. Read from its instructions, as the kernel tells them; in doubt: no.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "bpf_private.h"
#include "dw_ask.h"

#define CODE_MAX 65536u /* instructions; a longer program is not known */

#define IS_CLASS(i, c) (BPF_CLASS((i)->code) == (c))

static bool is_jump(const struct bpf_insn *i)
{
	return (IS_CLASS(i, BPF_JMP) || IS_CLASS(i, BPF_JMP32)) && BPF_OP(i->code) != BPF_CALL &&
	       BPF_OP(i->code) != BPF_EXIT;
}

/* Other code answers in its stead: a tail call, or a function of the kernel's, which may throw an exception. */
static bool is_elsewhere(const struct bpf_insn *i)
{
	if (!IS_CLASS(i, BPF_JMP))
		return false;
	if (BPF_OP(i->code) == BPF_CALL)
		return i->src_reg == BPF_PSEUDO_KFUNC_CALL ||
		       (i->src_reg == 0 && i->imm == BPF_FUNC_tail_call);
	return BPF_OP(i->code) == 0xf0; /* the verifier's own BPF_TAIL_CALL */
}

static bool sets(const struct bpf_insn *i, int32_t value)
{
	return (i->code == (BPF_ALU64 | BPF_MOV | BPF_K) ||
		i->code == (BPF_ALU | BPF_MOV | BPF_K)) &&
	       i->dst_reg == BPF_REG_0 && i->off == 0 && i->imm == value;
}

/* Where it leads; `gotol` (BPF_JMP32 | BPF_JA) has the way in imm. */
static long target_of(const struct bpf_insn *code, size_t i)
{
	bool far = code[i].code == (BPF_JMP32 | BPF_JA);

	return (long)i + 1 + (far ? (long)code[i].imm : (long)code[i].off);
}

bool dw_bpf_always_returns(const struct bpf_insn *code, size_t n, int32_t value)
{
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		if (is_elsewhere(&code[i]))
			return false;
		if (is_jump(&code[i])) {
			long to = target_of(code, i);

			/* past the setting of the answer, straight to the end */
			if (to < 0 || (size_t)to >= n || code[to].code == (BPF_JMP | BPF_EXIT))
				return false;
		}
		if (code[i].code != (BPF_JMP | BPF_EXIT))
			continue;
		if (i == 0 || !sets(&code[i - 1], value))
			return false;
		any = true;
	}
	return any;
}

static int read_info(int fd, struct bpf_prog_info *info)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = sizeof(*info);
	attr.info.info = (uint64_t)(uintptr_t)info;
	return dw_bpf_call(BPF_OBJ_GET_INFO_BY_FD, &attr);
}

/* Of a program with functions of its own only the first one's answer counts: it ends where the second one begins. */
static size_t length_of_main(int fd, const struct bpf_prog_info *size, size_t n)
{
	struct bpf_func_info first[2] = { 0 };
	struct bpf_prog_info info = { .nr_func_info = 2,
				      .func_info_rec_size = sizeof(first[0]),
				      .func_info = (uint64_t)(uintptr_t)first };

	if (size->nr_func_info < 2 || read_info(fd, &info) < 0 ||
	    info.func_info_rec_size != sizeof(first[0]) || first[0].insn_off != 0)
		return n;
	return first[1].insn_off > 0 && first[1].insn_off < n ? first[1].insn_off : n;
}

bool dw_bpf_program_returns(struct dw_sys *s, uint32_t id, int32_t value)
{
	struct bpf_prog_info size = { 0 }, info = { 0 };
	union bpf_attr attr;
	_cleanup_fd_ int fd = -1;
	_cleanup_arena_ struct dw_arena *a = NULL;
	struct bpf_insn *code;
	size_t n;

	if (dw_sys_fault(s) < 0 || s->kind != DW_SYS_LIVE)
		return false;
	memset(&attr, 0, sizeof(attr));
	attr.prog_id = id;
	fd = dw_bpf_call(BPF_PROG_GET_FD_BY_ID, &attr);
	if (fd < 0 || read_info(fd, &size) < 0)
		return false;
	n = size.xlated_prog_len / sizeof(*code);
	if (n == 0 || n > CODE_MAX)
		return false;
	a = dw_arena_new();
	code = dw_arena_array(a, n, sizeof(*code));
	info.xlated_prog_len = size.xlated_prog_len;
	info.xlated_prog_insns = (uint64_t)(uintptr_t)code;
	/* nothing is told where the kernel guards its addresses from us */
	if (read_info(fd, &info) < 0 || !info.xlated_prog_insns ||
	    info.xlated_prog_len != size.xlated_prog_len)
		return false;
	return dw_bpf_always_returns(code, length_of_main(fd, &size, n), value);
}
