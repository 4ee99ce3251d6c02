/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A transaction for nf_tables, message by message: tables, chains and rules of our own (linux/netfilter/nf_tables.h).
 * Private to src/fence.
 */
#ifndef DW_FENCE_NFMAKE_H
#define DW_FENCE_NFMAKE_H

#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>

#include "dw_listener.h"

#define DW_NFMAKE_ROOM ((size_t)16 * 1024)

/* Bounded by what we make ourselves: a handful of rules. */
struct dw_nfmake {
	char room[DW_NFMAKE_ROOM] __attribute__((aligned(8)));
	size_t n;
	uint32_t seq, first;
	uint32_t *next;     /* where the numbers come from */
	struct nlmsghdr *m; /* the message being made */
	struct nlattr *expressions;
};

/* *seq: numbers of messages, those of one socket used once; advanced when it is sent. */
void dw_nfmake_begin(struct dw_nfmake *b, uint32_t *seq);
/* type: NFT_MSG_xxx; family NFPROTO_xxx. Ends the message before. */
void dw_nfmake_message(struct dw_nfmake *b, uint16_t type, uint16_t flags, uint8_t family);
/* Of the message that was begun. */
void dw_nfmake_table(struct dw_nfmake *b, const char *name, uint32_t flags);
void dw_nfmake_chain(struct dw_nfmake *b, const char *table, const char *name, uint32_t hook,
		     int32_t priority);
void dw_nfmake_rule(struct dw_nfmake *b, const char *table, const char *chain);

/* Expressions of a rule, in order; registers are 32 bits at NFT_REG32_00. */
void dw_nfmake_meta(struct dw_nfmake *b, uint32_t key);
void dw_nfmake_meta_set(struct dw_nfmake *b, uint32_t key, uint8_t value);
void dw_nfmake_transport(struct dw_nfmake *b, uint32_t offset, uint32_t length);
void dw_nfmake_mask(struct dw_nfmake *b, const void *mask, uint32_t n);
void dw_nfmake_is(struct dw_nfmake *b, uint32_t op, const void *value, size_t n);
void dw_nfmake_log(struct dw_nfmake *b, uint16_t group, const char *prefix);
void dw_nfmake_verdict(struct dw_nfmake *b, uint32_t verdict);

/* All of it or nothing. */
int dw_nfmake_send(struct dw_nfmake *b, struct dw_listener *l, struct dw_error *e);

#endif
