/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The symbolic walk. Jumps of classic BPF lead forward only, so every way ends. */
#include <string.h>

#include "filter.h"

#define STEPS_MAX 20000U
#define WAYS_MAX  96U
#define DEPTH_MAX 4096U /* branch points on the way just walked; BPF_MAXINSNS */

struct machine {
	struct dw_sym a, x, mem[BPF_MEMWORDS];
	size_t pc;
	unsigned n_tests;
};

struct walker {
	struct dw_arena *arena;
	const struct sock_filter *code;
	size_t n;
	struct dw_filter_walk *out;
	struct dw_filter_way now;
	/* the other side of branches already taken, last first */
	DW_VEC(struct {
		struct machine m;
		struct dw_test_done test; /* to be added when it is taken up */
	})
	open;
	unsigned steps;
};

static struct dw_sym constant(uint32_t k)
{
	return (struct dw_sym){ .kind = DW_SYM_CONST, .offset = k };
}

/* BPF_MSH: 4*([k]&0xf), which is there for the IPv4 header's length only. */
static struct dw_sym header_length(struct walker *w, uint32_t k)
{
	if (k <= 64)
		w->out->link = k;
	return (struct dw_sym){ .kind = DW_SYM_HEADER, .base = DW_BASE_IP };
}

static uint8_t size_of(uint16_t code)
{
	return BPF_SIZE(code) == BPF_B ? 1 : BPF_SIZE(code) == BPF_H ? 2 : 4;
}

/* The TCP header's length: its high nibble, in words, made bytes: ([y] & 0xf0) >> 2. */
static bool is_tcp_length(const struct dw_sym *s)
{
	return s->kind == DW_SYM_LOAD && s->size == 1 && s->mask == 0xf0 && s->shift == 2;
}

static struct dw_sym load_indirect(const struct machine *m, const struct sock_filter *i)
{
	struct dw_sym s = {
		.kind = DW_SYM_LOAD, .offset = i->k, .mask = UINT32_MAX, .size = size_of(i->code)
	};

	if (m->x.kind == DW_SYM_HEADER) {
		s.base = m->x.base;
		s.offset += m->x.offset;
	} else if (m->x.kind == DW_SYM_CONST) {
		s.offset += m->x.offset;
	} else if (is_tcp_length(&m->x)) {
		s.base = DW_BASE_TCP;
	} else {
		s.base = DW_BASE_OTHER;
	}
	return s;
}

static void load(struct walker *w, struct machine *m, const struct sock_filter *i)
{
	struct dw_sym *to = BPF_CLASS(i->code) == BPF_LDX ? &m->x : &m->a;

	switch (BPF_MODE(i->code)) {
	case BPF_IMM:
		*to = constant(i->k);
		break;
	case BPF_ABS:
		*to = (struct dw_sym){ .kind = DW_SYM_LOAD,
				       .offset = i->k,
				       .mask = UINT32_MAX,
				       .size = size_of(i->code) };
		break;
	case BPF_IND:
		*to = load_indirect(m, i);
		break;
	case BPF_MEM:
		*to = i->k < BPF_MEMWORDS ? m->mem[i->k] : (struct dw_sym){ 0 };
		break;
	case BPF_LEN:
		*to = (struct dw_sym){ .kind = DW_SYM_LENGTH };
		break;
	case BPF_MSH:
		*to = header_length(w, i->k);
		break;
	default:
		*to = (struct dw_sym){ 0 };
	}
}

static bool fold(uint16_t op, uint32_t a, uint32_t b, uint32_t *ret)
{
	switch (op) {
	case BPF_ADD:
		*ret = a + b;
		return true;
	case BPF_SUB:
		*ret = a - b;
		return true;
	case BPF_MUL:
		*ret = a * b;
		return true;
	case BPF_AND:
		*ret = a & b;
		return true;
	case BPF_OR:
		*ret = a | b;
		return true;
	case BPF_XOR:
		*ret = a ^ b;
		return true;
	case BPF_LSH:
		*ret = b < 32 ? a << b : 0;
		return b < 32;
	case BPF_RSH:
		*ret = b < 32 ? a >> b : 0;
		return b < 32;
	default:
		return false;
	}
}

static struct dw_sym compute(const struct dw_sym *a, uint16_t op, const struct dw_sym *b)
{
	struct dw_sym r = *a;
	uint32_t v;

	if (a->kind == DW_SYM_CONST && b->kind == DW_SYM_CONST &&
	    fold(op, a->offset, b->offset, &v))
		return constant(v);
	if (op == BPF_ADD && is_tcp_length(a) && b->kind == DW_SYM_HEADER && b->base == DW_BASE_IP)
		return (struct dw_sym){ .kind = DW_SYM_HEADER,
					.base = DW_BASE_IP_TCP,
					.offset = b->offset };
	if (op == BPF_ADD && a->kind == DW_SYM_HEADER && b->kind == DW_SYM_CONST) {
		r.offset += b->offset;
		return r;
	}
	if (a->kind == DW_SYM_LOAD && b->kind == DW_SYM_CONST && op == BPF_AND && a->shift == 0) {
		r.mask &= b->offset;
		return r;
	}
	if (a->kind == DW_SYM_LOAD && b->kind == DW_SYM_CONST && op == BPF_RSH && b->offset < 32 &&
	    a->shift + b->offset < 32) {
		r.shift = (uint8_t)(a->shift + b->offset);
		return r;
	}
	return (struct dw_sym){ 0 };
}

/* 4*([14]&0xf) spelt out, as hand-written filters do: ([14] & 0xf) << 2. */
static bool is_spelt_msh(const struct machine *m, const struct sock_filter *i)
{
	bool times_four = (BPF_OP(i->code) == BPF_LSH && i->k == 2) ||
			  (BPF_OP(i->code) == BPF_MUL && i->k == 4);

	return times_four && BPF_SRC(i->code) == BPF_K && m->a.kind == DW_SYM_LOAD &&
	       m->a.size == 1 && m->a.mask == 0xf && m->a.shift == 0 && m->a.base == DW_BASE_NONE;
}

static void alu(struct walker *w, struct machine *m, const struct sock_filter *i)
{
	struct dw_sym k = constant(i->k);

	if (is_spelt_msh(m, i))
		m->a = header_length(w, m->a.offset);
	else
		m->a = compute(&m->a, BPF_OP(i->code), BPF_SRC(i->code) == BPF_X ? &m->x : &k);
}

static bool holds(enum dw_test_op op, uint32_t v, uint32_t k)
{
	switch (op) {
	case DW_TEST_EQ:
		return v == k;
	case DW_TEST_NE:
		return v != k;
	case DW_TEST_GT:
		return v > k;
	case DW_TEST_LE:
		return v <= k;
	case DW_TEST_GE:
		return v >= k;
	case DW_TEST_LT:
		return v < k;
	case DW_TEST_SET:
		return (v & k) != 0;
	case DW_TEST_CLEAR:
		break;
	}
	return (v & k) == 0;
}

static bool same_sym(const struct dw_sym *x, const struct dw_sym *y)
{
	return x->kind == y->kind && x->kind != DW_SYM_UNKNOWN && x->base == y->base &&
	       x->base != DW_BASE_OTHER && x->offset == y->offset && x->mask == y->mask &&
	       x->shift == y->shift && x->size == y->size;
}

/* What is known already may decide the test: 1 true, 0 false, -1 open. */
static int decided(const struct walker *w, const struct machine *m, enum dw_test_op op, uint32_t k)
{
	if (m->a.kind == DW_SYM_CONST)
		return holds(op, m->a.offset, k);
	for (unsigned i = 0; i < m->n_tests; i++) {
		const struct dw_test_done *t = &w->now.tests[i];

		if (!same_sym(&t->on, &m->a))
			continue;
		if (t->op == DW_TEST_EQ)
			return holds(op, t->k, k);
		if (t->op == op && t->k == k)
			return 1;
		if (t->op == DW_TEST_NE && op == DW_TEST_EQ && t->k == k)
			return 0;
	}
	return -1;
}

static const enum dw_test_op opposite[] = {
	[DW_TEST_EQ] = DW_TEST_NE,     [DW_TEST_NE] = DW_TEST_EQ,     [DW_TEST_GT] = DW_TEST_LE,
	[DW_TEST_LE] = DW_TEST_GT,     [DW_TEST_GE] = DW_TEST_LT,     [DW_TEST_LT] = DW_TEST_GE,
	[DW_TEST_SET] = DW_TEST_CLEAR, [DW_TEST_CLEAR] = DW_TEST_SET,
};

static bool note(struct walker *w, struct machine *m, const struct dw_test_done *t)
{
	if (m->n_tests >= DW_WAY_TESTS) {
		w->out->cut = true;
		return false;
	}
	w->now.tests[m->n_tests++] = *t;
	return true;
}

/* Takes the branch that holds and leaves the other for later. False: this way ends here. */
static bool jump(struct walker *w, struct machine *m, const struct sock_filter *i)
{
	struct dw_test_done test = { .on = m->a, .k = i->k };
	size_t yes = m->pc + i->jt, no = m->pc + i->jf;
	int known = -1;

	if (BPF_OP(i->code) == BPF_JA) {
		if (i->k >= w->n - m->pc)
			return w->out->invalid = true, false;
		m->pc += i->k;
		return true;
	}
	test.op = BPF_OP(i->code) == BPF_JEQ   ? DW_TEST_EQ
		  : BPF_OP(i->code) == BPF_JGT ? DW_TEST_GT
		  : BPF_OP(i->code) == BPF_JGE ? DW_TEST_GE
					       : DW_TEST_SET;
	if (yes >= w->n || no >= w->n)
		return w->out->invalid = true, false;
	if (BPF_SRC(i->code) == BPF_X)
		test.on = (struct dw_sym){ 0 };
	if (BPF_SRC(i->code) == BPF_X && m->x.kind == DW_SYM_CONST) {
		test.on = m->a;
		test.k = m->x.offset;
	}
	if (yes == no)
		return m->pc = yes, true;
	if (BPF_SRC(i->code) == BPF_K || m->x.kind == DW_SYM_CONST)
		known = decided(w, m, test.op, test.k);
	if (known < 0 && w->open.n < DEPTH_MAX) {
		struct machine other = *m;

		other.pc = no;
		__typeof__(w->open.v) o = dw_vec_add(w->arena, &w->open);
		o->m = other;
		o->test = test;
		o->test.op = opposite[test.op];
	} else if (known < 0) {
		w->out->cut = true;
	}
	m->pc = known == 0 ? no : yes;
	return known >= 0 || note(w, m, &test);
}

static void passed(struct walker *w, const struct machine *m)
{
	if (w->out->ways.n >= WAYS_MAX) {
		w->out->cut = true;
		return;
	}
	w->now.n = m->n_tests;
	dw_vec_push(w->arena, &w->out->ways, w->now);
}

static void store(struct machine *m, const struct sock_filter *i)
{
	if (i->k < BPF_MEMWORDS)
		m->mem[i->k] = BPF_CLASS(i->code) == BPF_STX ? m->x : m->a;
}

static void misc(struct machine *m, const struct sock_filter *i)
{
	if (BPF_MISCOP(i->code) == BPF_TAX)
		m->x = m->a;
	else
		m->a = m->x;
}

/* One instruction; false: the way has ended. */
static bool step(struct walker *w, struct machine *m)
{
	const struct sock_filter *i;

	if (m->pc >= w->n)
		return w->out->invalid = true, false;
	i = &w->code[m->pc++];
	switch (BPF_CLASS(i->code)) {
	case BPF_LD:
	case BPF_LDX:
		load(w, m, i);
		return true;
	case BPF_ST:
	case BPF_STX:
		store(m, i);
		return true;
	case BPF_ALU:
		alu(w, m, i);
		return true;
	case BPF_JMP:
		return jump(w, m, i);
	case BPF_RET:
		if (BPF_RVAL(i->code) == BPF_A ? m->a.kind != DW_SYM_CONST || m->a.offset != 0
					       : i->k != 0)
			passed(w, m);
		return false;
	default:
		misc(m, i);
		return true;
	}
}

/*
 * Where a program does not use the IPv4 header's length, other loads tell what lies before that
 * header.
 */
static uint32_t guess_link(const struct sock_filter *code, size_t n)
{
	for (size_t i = 0; i + 1 < n; i++) {
		if (code[i].code == (BPF_LDX | BPF_B | BPF_MSH))
			return code[i].k <= 64 ? code[i].k : 14;
		if (code[i].code == (BPF_LD | BPF_H | BPF_ABS) && code[i].k == 12 &&
		    code[i + 1].k >= 0x0600)
			return 14;
	}
	for (size_t i = 0; i < n; i++)
		if (BPF_CLASS(code[i].code) == BPF_LD && BPF_MODE(code[i].code) == BPF_ABS &&
		    (code[i].k == (uint32_t)(SKF_AD_OFF + SKF_AD_PROTOCOL) || code[i].k == 9))
			return 0;
	return 14;
}

void dw_filter_walk(struct dw_arena *a, const struct sock_filter *code, size_t n,
		    struct dw_filter_walk *ret)
{
	struct walker w = { .arena = a, .code = code, .n = n, .out = ret };
	struct machine m = { .a = constant(0), .x = constant(0) };

	*ret = (struct dw_filter_walk){ .link = guess_link(code, n) };
	for (;;) {
		while (w.steps++ < STEPS_MAX && step(&w, &m))
			;
		if (w.steps >= STEPS_MAX || ret->invalid || ret->ways.n >= WAYS_MAX)
			break;
		/* A way with too many tests is left out (note() has said so). */
		do {
			if (w.open.n == 0)
				return;
			w.open.n--;
			m = w.open.v[w.open.n].m;
		} while (!note(&w, &m, &w.open.v[w.open.n].test));
	}
	ret->cut = ret->cut || w.steps >= STEPS_MAX || w.open.n > 0;
}
