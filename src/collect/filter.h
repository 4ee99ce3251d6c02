/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A classic BPF filter (linux/filter.h) walked symbolically: for each way to a RET that lets the
 * packet pass, what was tested on that way. Programs come from sockets of others and may be
 * anything: every jump is checked, and the walk is bounded in steps, ways and tests.
 */
#ifndef DW_FILTER_H
#define DW_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#include "dw_arena.h"
#include "dw_vec.h"

enum dw_sym_kind {
	DW_SYM_UNKNOWN = 0,
	DW_SYM_CONST,
	DW_SYM_LOAD,   /* of the packet */
	DW_SYM_LENGTH, /* of the packet */
	DW_SYM_HEADER, /* length of headers, see base */
};

/* What an indirect load's index register holds. */
enum dw_sym_base {
	DW_BASE_NONE = 0, /* offset is absolute */
	DW_BASE_IP,       /* length of the IPv4 header: 4*([k]&0xf) */
	DW_BASE_IP_TCP,   /* of the IPv4 and the TCP header */
	DW_BASE_TCP,      /* of the TCP header alone (IPv6: the offset holds the rest) */
	DW_BASE_OTHER,
};

struct dw_sym {
	enum dw_sym_kind kind;
	enum dw_sym_base base;
	uint32_t offset; /* LOAD: in the packet; CONST, HEADER: value, value to add */
	uint32_t mask;   /* LOAD: applied first ... */
	uint8_t shift;   /* ... then shifted right */
	uint8_t size;    /* LOAD: bytes, 1, 2 or 4 */
};

enum dw_test_op {
	DW_TEST_EQ,
	DW_TEST_NE,
	DW_TEST_GT,
	DW_TEST_LE,
	DW_TEST_GE,
	DW_TEST_LT,
	DW_TEST_SET,
	DW_TEST_CLEAR
};

struct dw_test_done {
	struct dw_sym on;
	enum dw_test_op op;
	uint32_t k;
};

#define DW_WAY_TESTS 48

struct dw_filter_way {
	struct dw_test_done tests[DW_WAY_TESTS];
	unsigned n;
};

struct dw_filter_walk {
	DW_VEC(struct dw_filter_way) ways;
	bool cut;      /* there are more ways than were walked */
	bool invalid;  /* not a program the kernel would have taken */
	uint32_t link; /* bytes before the network header: 14 (Ethernet) or 0 (cooked) */
};

void dw_filter_walk(struct dw_arena *a, const struct sock_filter *code, size_t n,
		    struct dw_filter_walk *ret);

#define DW_CLAUSE_WORDS 12 /* of one part */

enum dw_clause_part {
	DW_PART_FAMILY,
	DW_PART_PROTOCOL,
	DW_PART_HOST,
	DW_PART_PORT,
	DW_PART_REST,
	DW_PARTS
};

struct dw_words {
	const char *v[DW_CLAUSE_WORDS]; /* sorted, each once */
	unsigned n;
	bool full; /* there were more */
};

/* One way in words, part by part. */
struct dw_clause {
	struct dw_words part[DW_PARTS];
	bool marked; /* compares what lies in the payload */
};

void dw_words_add(struct dw_words *w, const char *s);
/* link: bytes before the network header. Words lie in the arena. */
struct dw_clause dw_filter_clause(struct dw_arena *a, uint32_t link,
				  const struct dw_filter_way *way);

#endif
