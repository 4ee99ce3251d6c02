/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A rehearsal's inside; private to src/fence. */
#ifndef DW_FENCE_REHEARSING_H
#define DW_FENCE_REHEARSING_H

#include "detector.h"
#include "scene.h"
#include "senders.h"

struct dw_rehearsal {
	struct dw_sys *sys;
	struct dw_arena *arena;
	struct dw_rehearse_options options;
	struct dw_scene *scene;
	struct dw_ruleset *rules;
	struct dw_detector *detector; /* NULL: there is no copy yet */
	struct dw_senders sources;
	DW_VEC(struct dw_rehearse_own) own;
	struct dw_strings obstacles;
	bool is_open;
	bool is_base; /* what is loaded has no rule in doubt made true */
	bool *met;    /* of each rule: a traced packet matched it */
	/* options.count: packets that met it in the copies before this one; it had a counter */
	uint64_t *hits;
	bool *told;
	bool is_loaded; /* there is a copy whose counters nobody has asked for */
	uint32_t next_id;
	uint64_t done, all; /* packets, for the progress */
};

/* There is a copy, with these rules (NULL: those in doubt never match, and it is told which would). */
int dw_rehearsal_copy(struct dw_rehearsal *r, struct dw_error *e);
int dw_rehearsal_load(struct dw_rehearsal *r, const enum dw_supposed *supposed, struct dw_error *e);

enum dw_outcome_state { DW_OUTCOME_UNSURE = 0, DW_OUTCOME_STAYS_OUT, DW_OUTCOME_ARRIVES };

struct dw_outcome {
	enum dw_outcome_state state;
	bool forwarded;
	uint16_t at_port;
	uint8_t at[16];
};

/* A packet for each of some questions, through what is loaded. */
struct dw_round {
	struct dw_rehearsal *r;
	const struct dw_rehearse_question *questions;
	const uint32_t *which; /* their numbers */
	size_t n;
	struct dw_outcome *outcomes; /* of which[i] */
	/* which[i] met the conditions of a rule in doubt; may be told more than once. NULL: nobody cares */
	void (*met)(void *data, size_t i, uint32_t rule);
	void *data;
};
int dw_round_run(const struct dw_round *round, struct dw_error *e);

bool dw_outcome_is_like(const struct dw_outcome *a, const struct dw_outcome *b);

/* The answers to questions that met rules in doubt. */
struct dw_met {
	uint32_t question, rule;
};
int dw_doubts_settle(struct dw_rehearsal *r, const struct dw_rehearse_question *q,
		     const struct dw_met *met, size_t n_met, const struct dw_outcome *base,
		     struct dw_rehearse_answer *ret, struct dw_error *e);
void dw_answer_take(const struct dw_rehearse_question *q, const struct dw_source *source,
		    const struct dw_outcome *o, struct dw_rehearse_answer *ret);
void dw_answer_name_rule(const struct dw_rule *rule, struct dw_rehearse_answer *ret);

/* Which rules decided: for the questions that ask for it and have an answer. */
int dw_traces_explain(struct dw_rehearsal *r, const struct dw_rehearse_question *q, size_t n,
		      struct dw_rehearse_answer *ret, struct dw_error *e);

/*
 * The same of messages that are at hand (tests): chains, traces of nf_tables, packets of NFLOG. The answers are of
 * packets 1, 2 ...
 */
void dw_traces_read(struct dw_rehearsal *r, const struct nlmsghdr *const *messages, size_t n,
		    struct dw_rehearse_answer *answers, size_t n_answers);

/* Numbers for n packets, one after another: the first. */
uint32_t dw_round_ids(struct dw_rehearsal *r, size_t n);
int dw_round_sentinels(struct dw_rehearsal *r, struct dw_error *e);
/* Sends the packet of a question; false in *ret_sent: the host itself does not let it go. */
int dw_round_send(struct dw_rehearsal *r, const struct dw_rehearse_question *q, uint32_t id,
		  bool *ret_sent, struct dw_error *e);

#endif
