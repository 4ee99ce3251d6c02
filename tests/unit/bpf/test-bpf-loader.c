/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The machine that runs the loader of a skeleton: what it reckons, and what it refuses. That it loads the program is
 * seen by test-bpf, whose every walk begins with it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <string.h>
#include <unistd.h>

#include "dw_bpf_loader.h"
#include "dw_test.h"

struct context {
	uint64_t a, b;
};

/* The first four members of a bpf_attr are those of BPF_MAP_CREATE: an array of one word. */
static const struct {
	char name[14], number[10];
	uint32_t map[24];
} carried = { "bpf_iter_task", "\x11\x22\x33\x44", { BPF_MAP_TYPE_ARRAY, 4, 4, 1 } };

#define NUMBER_AT 14
#define MAP_AT    24

#define R(op, to, from)                                                                            \
	{                                                                                          \
		.code = BPF_ALU64 | (op) | BPF_X, .dst_reg = (to), .src_reg = (from)               \
	}
#define K(op, to, value)                                                                           \
	{                                                                                          \
		.code = BPF_ALU64 | (op) | BPF_K, .dst_reg = (to), .imm = (value)                  \
	}
#define LOAD(size, to, from, at)                                                                   \
	{                                                                                          \
		.code = BPF_LDX | BPF_MEM | (size), .dst_reg = (to), .src_reg = (from),            \
		.off = (at)                                                                        \
	}
#define STORE(size, to, at, from)                                                                  \
	{                                                                                          \
		.code = BPF_STX | BPF_MEM | (size), .dst_reg = (to), .src_reg = (from),            \
		.off = (at)                                                                        \
	}
#define JUMP(op, a, value, by)                                                                     \
	{                                                                                          \
		.code = BPF_JMP | (op) | BPF_K, .dst_reg = (a), .imm = (value), .off = (by)        \
	}
#define DATA(to, at)                                                                               \
	{ .code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = (to), .src_reg = 6 },                      \
	{                                                                                          \
		.imm = (at)                                                                        \
	}
#define NUMBER(to, n)                                                                              \
	{ .code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = (to), .imm = (int32_t)(n) },               \
	{                                                                                          \
		.imm = (int32_t)((uint64_t)(n) >> 32)                                              \
	}
#define CALL(helper)                                                                               \
	{                                                                                          \
		.code = BPF_JMP | BPF_CALL, .imm = (helper)                                        \
	}
#define EXIT                                                                                       \
	{                                                                                          \
		.code = BPF_JMP | BPF_EXIT                                                         \
	}
#define RUN(c, ...)                                                                                \
	run((c), (const struct bpf_insn[]){ __VA_ARGS__ },                                         \
	    sizeof((const struct bpf_insn[]){ __VA_ARGS__ }))

static int run(struct context *c, const struct bpf_insn *code, size_t n)
{
	static const struct dw_bpf_named names[] = { { "bpf_other", 5 },
						     { "bpf_iter_task", 4711 } };
	struct dw_bpf_loader l = { c, sizeof(*c), &carried, sizeof(carried), code, n, names, 2 };

	return dw_bpf_loader_run(&l);
}

DW_TEST(it_reckons_in_its_context_its_stack_and_its_data)
{
	struct context c = { .a = 40, .b = UINT64_MAX };

	/* (40 + 2) << 1 into a, by way of the stack; a word of the data into the lower half of b */
	DW_CHECK_INT(RUN(&c, R(BPF_MOV, 6, 1), LOAD(BPF_DW, 2, 6, 0), K(BPF_ADD, 2, 2),
			 STORE(BPF_DW, 10, -8, 2), LOAD(BPF_W, 3, 10, -8), K(BPF_LSH, 3, 1),
			 STORE(BPF_DW, 6, 0, 3), DATA(4, NUMBER_AT), LOAD(BPF_W, 5, 4, 0),
			 STORE(BPF_W, 6, 8, 5), K(BPF_MOV, 0, 0), EXIT),
		     0);
	DW_CHECK_INT(c.a, 84);
	DW_CHECK(c.b == 0xffffffff44332211U);
	/* signed: what the kernel answers is negative when it is an error */
	DW_CHECK_INT(RUN(&c, K(BPF_MOV, 0, -5), JUMP(BPF_JSLT, 0, 0, 1), K(BPF_MOV, 0, 0), EXIT),
		     -5);
	DW_CHECK_INT(RUN(&c, K(BPF_MOV, 0, 5), JUMP(BPF_JSLT, 0, 0, 1), K(BPF_MOV, 0, -7), EXIT),
		     -7);
	/* back as far as its beginning */
	DW_CHECK_INT(
		RUN(&c, K(BPF_MOV, 0, -9), JUMP(BPF_JA, 0, 0, 1), EXIT, JUMP(BPF_JA, 0, 0, -2)),
		-9);
}

DW_TEST(names_are_those_that_it_was_given)
{
	struct context c = { 0 };

	DW_CHECK_INT(RUN(&c, R(BPF_MOV, 6, 1), DATA(1, 0), K(BPF_MOV, 2, NUMBER_AT),
			 K(BPF_MOV, 3, 12), CALL(167), STORE(BPF_DW, 6, 0, 0), K(BPF_MOV, 0, 0),
			 EXIT),
		     0);
	DW_CHECK_INT(c.a, 4711);
	/* a struct, and a name that does not end */
	DW_CHECK_INT(
		RUN(&c, DATA(1, 0), K(BPF_MOV, 2, NUMBER_AT), K(BPF_MOV, 3, 4), CALL(167), EXIT),
		-ENOENT);
	DW_CHECK_INT(RUN(&c, DATA(1, 0), K(BPF_MOV, 2, 5), K(BPF_MOV, 3, 12), CALL(167), EXIT),
		     -EINVAL);
	DW_CHECK_INT(RUN(&c, DATA(1, 0), K(BPF_MOV, 2, 0), K(BPF_MOV, 3, 12), CALL(167), EXIT),
		     -EINVAL);
}

/* What it does next is seen when it is there: then nothing is left of what it did before. */
#define ASTRAY(c, ...) DW_CHECK_INT(RUN((c), STORE(BPF_DW, 1, 0, 10), __VA_ARGS__, EXIT), -ENOTSUP)

DW_TEST(what_is_not_its_own_stays_untouched)
{
	struct context c = { .a = 1, .b = 2 };
	static const char other[] = "others' memory";
	uint64_t at = (uint64_t)(uintptr_t)other;

	ASTRAY(&c, LOAD(BPF_DW, 0, 1, sizeof(c) - 7));
	ASTRAY(&c, STORE(BPF_DW, 10, 0, 1));
	ASTRAY(&c, LOAD(BPF_B, 0, 10, -513));
	ASTRAY(&c, DATA(1, -1), LOAD(BPF_W, 0, 1, 0));
	ASTRAY(&c, K(BPF_MOV, 1, 0), LOAD(BPF_W, 0, 1, 0));
	/* copied to what is not there; and as if from the kernel */
	ASTRAY(&c, K(BPF_MOV, 2, 8), K(BPF_MOV, 3, 0), K(BPF_MOV, 1, 0), CALL(148));
	ASTRAY(&c, K(BPF_MOV, 2, 17), K(BPF_MOV, 3, 0), CALL(148));
	ASTRAY(&c, K(BPF_MOV, 2, 8), NUMBER(3, at), CALL(113));
	/* a bpf_attr of which a part is not there, and a name */
	ASTRAY(&c, R(BPF_MOV, 2, 1), K(BPF_MOV, 1, 0), K(BPF_MOV, 3, 17), CALL(166));
	ASTRAY(&c, NUMBER(1, at), K(BPF_MOV, 2, sizeof(other)), K(BPF_MOV, 3, 12), CALL(167));
	DW_CHECK_INT(c.a, 1);
	DW_CHECK_INT(c.b, 2);
}

DW_TEST(a_loader_that_fails_leaves_its_context_alone)
{
	struct context c = { .a = 1 };

	DW_CHECK_INT(RUN(&c, STORE(BPF_DW, 1, 0, 10), K(BPF_MOV, 0, -7), EXIT), -7);
	DW_CHECK_INT(c.a, 1);
}

static size_t count_descriptors(void)
{
	DIR *list = opendir("/proc/self/fd");
	size_t n = 0;

	DW_CHECK(list != NULL);
	while (list && readdir(list))
		n++;
	if (list)
		(void)closedir(list);
	return n;
}

#define MAKE_MAP K(BPF_MOV, 1, BPF_MAP_CREATE), DATA(2, MAP_AT), K(BPF_MOV, 3, 72), CALL(166)

DW_TEST(what_it_opened_is_closed_unless_it_ends_well)
{
	struct context c = { 0 };
	size_t n = count_descriptors();

	if (RUN(&c, R(BPF_MOV, 6, 1), MAKE_MAP, STORE(BPF_W, 6, 0, 0), JUMP(BPF_JSLT, 0, 0, 1),
		K(BPF_MOV, 0, 0), EXIT) < 0) {
		printf("SKIPPED: no map can be made here\n");
		return;
	}
	DW_CHECK_INT(count_descriptors(), n + 1);
	DW_CHECK_INT(close((int)c.a), 0);
	/* it fails and closes nothing; it goes astray; it does not end; and more of them than it has room for */
	DW_CHECK_INT(RUN(&c, MAKE_MAP, MAKE_MAP, K(BPF_MOV, 0, -7), EXIT), -7);
	ASTRAY(&c, MAKE_MAP, LOAD(BPF_W, 0, 10, 0));
	ASTRAY(&c, MAKE_MAP, JUMP(BPF_JA, 0, 0, -1));
	ASTRAY(&c, MAKE_MAP, JUMP(BPF_JA, 0, 0, -6));
	DW_CHECK_INT(count_descriptors(), n);
	/* what it closed itself */
	DW_CHECK_INT(RUN(&c, MAKE_MAP, R(BPF_MOV, 1, 0), CALL(168), EXIT), 0);
	DW_CHECK_INT(count_descriptors(), n);
}

DW_TEST(it_closes_what_it_opened_and_nothing_else)
{
	struct context c = { 0 };
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	DW_CHECK(fd >= 0);
	DW_CHECK_INT(RUN(&c, K(BPF_MOV, 1, fd), CALL(168), EXIT), -EBADF);
	DW_CHECK(fcntl(fd, F_GETFD) >= 0);
	(void)close(fd);
	/* nor does it ask bpf(2) for what a loader has no need of */
	ASTRAY(&c, K(BPF_MOV, 1, BPF_PROG_GET_NEXT_ID), DATA(2, MAP_AT), K(BPF_MOV, 3, 72),
	       CALL(166));
}

DW_TEST(what_it_does_not_know_is_not_begun)
{
	struct context c = { .a = 1 };
	const struct bpf_insn unknown[] = {
		CALL(6),
		CALL(-1),
		{ .code = BPF_ALU64 | BPF_DIV | BPF_K, .imm = 1 },
		{ .code = BPF_ALU | BPF_ADD | BPF_K },
		{ .code = BPF_JMP32 | BPF_JEQ | BPF_K },
		{ .code = BPF_STX | BPF_ATOMIC | BPF_DW, .dst_reg = 1 },
		{ .code = BPF_ALU64 | BPF_MOV, .dst_reg = 11 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .off = 8 }, /* with the sign */
		{ .code = BPF_LD | BPF_IMM | BPF_DW, .src_reg = 1 },
		{ .code = BPF_JMP | BPF_CALL, .src_reg = 1 }, /* of a function of its own */
		{ .code = BPF_JMP | BPF_EXIT | BPF_X },
		{ .code = BPF_JMP | BPF_JA | BPF_X },
		JUMP(BPF_JA, 0, 0, 7),
		JUMP(BPF_JEQ, 0, 0, -7),
	};

	for (size_t i = 0; i < sizeof(unknown) / sizeof(*unknown); i++)
		DW_CHECK_INT(RUN(&c, STORE(BPF_DW, 1, 0, 10), unknown[i], EXIT), -ENOTSUP);
	/* no end, half of an instruction, and none */
	DW_CHECK_INT(RUN(&c, STORE(BPF_DW, 1, 0, 10), K(BPF_MOV, 0, 0)), -ENOTSUP);
	DW_CHECK_INT(RUN(&c, STORE(BPF_DW, 1, 0, 10), { .code = BPF_LD | BPF_IMM | BPF_DW }),
		     -ENOTSUP);
	DW_CHECK_INT(run(&c, unknown, 0), -ENOTSUP);
	DW_CHECK_INT(c.a, 1);
}

/* The number behind one that takes two words is not an instruction, whatever it looks like. */
DW_TEST(the_second_half_of_an_instruction_is_none)
{
	struct context c = { .a = 1 };
	const struct bpf_insn wide = { .code = BPF_LD | BPF_IMM | BPF_DW };

	ASTRAY(&c, wide, STORE(BPF_DW, 1, 8, 10));
	ASTRAY(&c, wide, { .dst_reg = 15 });
	ASTRAY(&c, wide, { .off = 1 });
	/* jumped into; and one that would lie behind the end */
	ASTRAY(&c, JUMP(BPF_JA, 0, 0, 1), NUMBER(0, 0));
	DW_CHECK_INT(RUN(&c, JUMP(BPF_JA, 0, 0, 2), EXIT, wide, { .dst_reg = 15 }), -ENOTSUP);
	/* data of another map */
	ASTRAY(&c, { .code = BPF_LD | BPF_IMM | BPF_DW, .src_reg = 6, .imm = 1 }, { 0 });
	DW_CHECK_INT(c.a, 1);
}

DW_TEST(it_ends)
{
	struct context c = { 0 };

	DW_CHECK_INT(RUN(&c, JUMP(BPF_JA, 0, 0, -1), EXIT), -ENOTSUP);
}

DW_TEST_MAIN
