/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * As much of the BPF machine as libbpf's generator (gen_loader.c there) uses; instructions and helpers are those of
 * <linux/bpf.h>. The program is our own, but a later generator may write what is not known here. So it is looked
 * through before it runs, what it reads and writes is held to its stack, its data and its context, what it asks of
 * bpf(2) to what loaders ask, and what it closes to what it opened. Only initial values of maps are read where its
 * context says: whoever opened the skeleton wrote them.
 */
#include "dw_bpf_loader.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "dw_macros.h"

#define STACK           512U
#define STEPS_MAX       1000000U /* of some thousands, nearly all of them once */
#define REGISTERS       11U
#define DESCRIPTORS_MAX 32U /* types, maps, programs */

/* Helpers, by number: enum bpf_func_id of the headers that we are built with may not have them. */
#define PROBE_READ_KERNEL 113
#define COPY_FROM_USER    148
#define SYS_BPF           166
#define FIND_BY_NAME      167
#define SYS_CLOSE         168
#define KIND_FUNCTION     12 /* BTF_KIND_FUNC */

#define WIDE      (BPF_LD | BPF_IMM | BPF_DW)
#define OF_DATA   6 /* BPF_PSEUDO_MAP_IDX_VALUE: an address in the data */
#define OP(code)  ((code)&0xf0U)
#define ATTR_SIZE 256U /* more than any bpf_attr */

struct machine {
	const struct dw_bpf_loader *l;
	uint64_t r[REGISTERS];
	char *data, *context; /* copies: nothing is changed by a loader that fails */
	char stack[STACK] __attribute__((aligned(8)));
	int open[DESCRIPTORS_MAX]; /* that it opened */
	size_t n_open;
	bool astray; /* it asked a helper for what it may not */
};

/* --- what is known --------------------------------------------------------------------------------- */

static bool knows_call(int helper)
{
	return helper == PROBE_READ_KERNEL || helper == COPY_FROM_USER || helper == SYS_BPF ||
	       helper == FIND_BY_NAME || helper == SYS_CLOSE;
}

/* Operations of a class, one bit each: BPF_OP() is the upper four bits. */
#define BIT(op) (1U << ((op) >> 4))
#define ARITHMETIC                                                                                 \
	(BIT(BPF_ADD) | BIT(BPF_SUB) | BIT(BPF_OR) | BIT(BPF_AND) | BIT(BPF_LSH) | BIT(BPF_RSH) |  \
	 BIT(BPF_MOV))
#define CONDITIONS                                                                                 \
	(BIT(BPF_JEQ) | BIT(BPF_JNE) | BIT(BPF_JSET) | BIT(BPF_JSGT) | BIT(BPF_JSGE) |             \
	 BIT(BPF_JSLT) | BIT(BPF_JSLE))

#define JUMP (BPF_JMP | BPF_JA)
#define CALL (BPF_JMP | BPF_CALL)
#define EXIT (BPF_JMP | BPF_EXIT)

static bool is_condition(uint8_t code)
{
	return BPF_CLASS(code) == BPF_JMP && (CONDITIONS & BIT(OP(code))) != 0;
}

static bool knows(const struct bpf_insn *i)
{
	if (i->dst_reg >= REGISTERS || i->src_reg >= REGISTERS)
		return false;
	switch (BPF_CLASS(i->code)) {
	case BPF_LD:
		/* there is but one map; the address of another one is asked for by its number */
		return i->code == WIDE && i->off == 0 &&
		       (i->src_reg == 0 || (i->src_reg == OF_DATA && i->imm == 0));
	case BPF_LDX:
	case BPF_ST:
	case BPF_STX:
		return BPF_MODE(i->code) == BPF_MEM;
	case BPF_ALU64:
		/* an offset makes another instruction of it: since 6.6, with the sign */
		return (ARITHMETIC & BIT(OP(i->code))) != 0 && i->off == 0;
	case BPF_JMP:
		if (i->code == CALL)
			return i->src_reg == 0 && knows_call(i->imm);
		return i->code == JUMP || i->code == EXIT || is_condition(i->code);
	default:
		return false;
	}
}

/* What follows the first word of an instruction of two. */
static bool is_second(const struct bpf_insn *i)
{
	return i->code == 0 && i->dst_reg == 0 && i->src_reg == 0 && i->off == 0;
}

/* Whether a jump, if it is one, leads to an instruction: no known one has the code of a second word. */
static bool leads_somewhere(const struct bpf_insn *code, size_t n, size_t at)
{
	int64_t to = (int64_t)at + 1 + code[at].off;

	if (code[at].code != JUMP && !is_condition(code[at].code))
		return true;
	return to >= 0 && to < (int64_t)n && code[to].code != 0;
}

/* All of it before any of it is done; that each instruction has one behind it, too. */
static bool knows_all(const struct bpf_insn *code, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!knows(&code[i]) || !leads_somewhere(code, n, i))
			return false;
		if (code[i].code == WIDE && (++i == n || !is_second(&code[i])))
			return false;
	}
	return n > 0 && (code[n - 1].code == EXIT || code[n - 1].code == JUMP);
}

/* --- memory and descriptors ------------------------------------------------------------------------ */

static bool lies_in(uint64_t at, size_t n, const void *from, size_t size)
{
	uint64_t begin = (uint64_t)(uintptr_t)from;

	return at >= begin && n <= size && at - begin <= size - n;
}

/* NULL: not its own. */
static void *own(const struct machine *m, uint64_t at, size_t n)
{
	if (lies_in(at, n, m->data, m->l->n_data) || lies_in(at, n, m->stack, STACK) ||
	    lies_in(at, n, m->context, m->l->n_context))
		return (void *)(uintptr_t)at;
	return NULL;
}

/* -errno for the loader, which may not go on: what it asked for is not known here. */
static int64_t go_astray(struct machine *m, int r)
{
	m->astray = true;
	return r;
}

static int64_t keep(struct machine *m, int fd)
{
	if (m->n_open == DESCRIPTORS_MAX) {
		(void)close(fd);
		return go_astray(m, -EMFILE);
	}
	m->open[m->n_open++] = fd;
	return fd;
}

static int64_t close_own(struct machine *m, int fd)
{
	for (size_t i = 0; i < m->n_open; i++) {
		if (m->open[i] != fd)
			continue;
		m->open[i] = m->open[--m->n_open];
		return close(fd) < 0 ? -errno : 0;
	}
	return -EBADF;
}

/* --- helpers --------------------------------------------------------------------------------------- */

/* bpf_copy_from_user(to, size, from), and bpf_probe_read_kernel(), which clears the stack: from nowhere. */
static int64_t copy(struct machine *m, int helper)
{
	size_t n = (uint32_t)m->r[2];
	void *to = own(m, m->r[1], n);

	if (!to)
		return go_astray(m, -EFAULT);
	/* what cannot be read leaves zeroes */
	if (m->r[3] == 0) {
		memset(to, 0, n);
		return -EFAULT;
	}
	if (helper == PROBE_READ_KERNEL)
		return go_astray(m, -EFAULT);
	memcpy(to, (const void *)(uintptr_t)m->r[3], n);
	return 0;
}

/* bpf_sys_bpf(command, attr, size) */
static int64_t call_bpf(struct machine *m)
{
	uint64_t command = m->r[1];
	size_t n = (uint32_t)m->r[3];
	void *attr = own(m, m->r[2], n);
	bool opens =
		command == BPF_MAP_CREATE || command == BPF_PROG_LOAD || command == BPF_BTF_LOAD;
	long r;

	if (!attr || n > ATTR_SIZE ||
	    (!opens && command != BPF_MAP_UPDATE_ELEM && command != BPF_MAP_FREEZE))
		return go_astray(m, -EINVAL);
	r = syscall(SYS_bpf, (int)command, attr, n);
	if (r < 0)
		return -errno;
	return opens ? keep(m, (int)r) : r;
}

/* bpf_btf_find_by_name_kind(name, size with the NUL, kind, flags) */
static int64_t find(struct machine *m)
{
	size_t n = (uint32_t)m->r[2];
	const char *name = own(m, m->r[1], n);

	if (!name)
		return go_astray(m, -EFAULT);
	if (n == 0 || name[n - 1] != '\0')
		return -EINVAL;
	for (size_t i = 0; m->r[3] == KIND_FUNCTION && i < m->l->n_names; i++)
		if (strcmp(m->l->names[i].name, name) == 0)
			return m->l->names[i].id;
	return -ENOENT;
}

static int64_t call(struct machine *m, int helper)
{
	switch (helper) {
	case SYS_BPF:
		return call_bpf(m);
	case FIND_BY_NAME:
		return find(m);
	case SYS_CLOSE:
		return close_own(m, (int)m->r[1]);
	default:
		return copy(m, helper);
	}
}

/* --- instructions ---------------------------------------------------------------------------------- */

static size_t size_of(const struct bpf_insn *i)
{
	switch (BPF_SIZE(i->code)) {
	case BPF_B:
		return 1;
	case BPF_H:
		return 2;
	case BPF_W:
		return 4;
	default:
		return 8;
	}
}

static int move(struct machine *m, const struct bpf_insn *i)
{
	size_t n = size_of(i);
	bool load = BPF_CLASS(i->code) == BPF_LDX;
	uint64_t v = BPF_CLASS(i->code) == BPF_ST ? (uint64_t)(int64_t)i->imm : m->r[i->src_reg];
	void *at = own(m, m->r[load ? i->src_reg : i->dst_reg] + (uint64_t)(int64_t)i->off, n);

	if (!at)
		return -EFAULT;
	if (load) {
		m->r[i->dst_reg] = 0;
		memcpy(&m->r[i->dst_reg], at, n);
	} else {
		memcpy(at, &v, n);
	}
	return 0;
}

static uint64_t reckon(unsigned op, uint64_t a, uint64_t b)
{
	switch (op) {
	case BPF_ADD:
		return a + b;
	case BPF_SUB:
		return a - b;
	case BPF_OR:
		return a | b;
	case BPF_AND:
		return a & b;
	case BPF_LSH:
		return a << (b & 63);
	case BPF_RSH:
		return a >> (b & 63);
	default: /* BPF_MOV */
		return b;
	}
}

static bool holds(unsigned op, uint64_t a, uint64_t b)
{
	switch (op) {
	case BPF_JEQ:
		return a == b;
	case BPF_JNE:
		return a != b;
	case BPF_JSET:
		return (a & b) != 0;
	case BPF_JSGT:
		return (int64_t)a > (int64_t)b;
	case BPF_JSGE:
		return (int64_t)a >= (int64_t)b;
	case BPF_JSLT:
		return (int64_t)a < (int64_t)b;
	case BPF_JSLE:
		return (int64_t)a <= (int64_t)b;
	default: /* BPF_JA */
		return true;
	}
}

static void load_wide(struct machine *m, const struct bpf_insn *i)
{
	uint64_t low = (uint32_t)i[0].imm, high = (uint32_t)i[1].imm;

	m->r[i->dst_reg] =
		i->src_reg == OF_DATA ? (uint64_t)(uintptr_t)m->data + high : high << 32 | low;
}

/* One instruction; how many words to go on by, its own not counted. */
static int step(struct machine *m, const struct bpf_insn *i, int *ret_skip)
{
	uint64_t *to = &m->r[i->dst_reg];
	uint64_t b = i->code & BPF_X ? m->r[i->src_reg] : (uint64_t)(int64_t)i->imm;

	*ret_skip = 0;
	switch (BPF_CLASS(i->code)) {
	case BPF_LD:
		load_wide(m, i);
		*ret_skip = 1;
		return 0;
	case BPF_ALU64:
		*to = reckon(OP(i->code), *to, b);
		return 0;
	case BPF_JMP:
		if (i->code == CALL)
			m->r[0] = (uint64_t)call(m, i->imm);
		else if (holds(OP(i->code), *to, b))
			*ret_skip = i->off;
		return m->astray ? -EFAULT : 0;
	default:
		return move(m, i);
	}
}

/* False: it went astray, or does not end. Else what it says. */
static bool run(struct machine *m, int *ret)
{
	const struct bpf_insn *i = m->l->code;
	int skip;

	for (unsigned steps = 0; steps < STEPS_MAX; steps++, i += 1 + skip) {
		if (i->code == EXIT) {
			*ret = (int)m->r[0];
			return true;
		}
		if (step(m, i, &skip) < 0)
			return false;
	}
	return false;
}

static int run_in(struct machine *m)
{
	int r;

	memcpy(m->data, m->l->data, m->l->n_data);
	memcpy(m->context, m->l->context, m->l->n_context);
	m->r[1] = (uint64_t)(uintptr_t)m->context;
	m->r[10] = (uint64_t)(uintptr_t)(m->stack + STACK);
	if (!run(m, &r))
		r = -ENOTSUP;
	if (r >= 0) {
		memcpy(m->l->context, m->context, m->l->n_context);
		return 0;
	}
	while (m->n_open > 0)
		(void)close(m->open[--m->n_open]);
	return r;
}

int dw_bpf_loader_run(const struct dw_bpf_loader *l)
{
	struct machine m = { .l = l };
	int r = -ENOMEM;

	/* move() takes the first bytes for the low ones */
	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__ ||
	    !knows_all(l->code, l->n_code / sizeof(struct bpf_insn)))
		return -ENOTSUP;
	m.data = malloc(l->n_data);
	m.context = malloc(l->n_context);
	if (m.data && m.context)
		r = run_in(&m);
	free(m.data);
	free(m.context);
	return r;
}
