/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two network namespaces of the test's own: one with rules that nft or iptables made, one for their copy. */
#ifndef DW_TEST_COPYLAB_H
#define DW_TEST_COPYLAB_H

#include <stdbool.h>

#include "dw_netlink.h"
#include "ruleset.h"

struct lab {
	struct dw_sys *sys;
	struct dw_arena *arena;
	struct dw_netns host, copy;
};

/* False: not root, no namespaces, or no nft here (says so). */
bool lab_open(struct lab *l);
void lab_close(struct lab *l);
/* Runs a program in the namespace with `input` at its standard input; what it wrote, NULL: it failed (and said why). */
const char *lab_run(const struct lab *l, const struct dw_netns *ns, const char *input,
		    const char *const *argv);
/* nft -f */
bool lab_rules(const struct lab *l, const char *text);
/* The same from a file of tests/dumps/fence. */
bool lab_rules_of(const struct lab *l, const char *file);
/* nft list ruleset */
const char *lab_list(const struct lab *l, const struct dw_netns *ns);

/* The rules of l->host; the test ends where they cannot be read. */
struct dw_ruleset *lab_read(const struct lab *l);
/* Into l->copy, with every rule in doubt supposed to be so. */
void lab_load(const struct lab *l, struct dw_ruleset *r, enum dw_supposed s);
/* PROGRAM (iptables-restore, say) with those rules; NULL: it failed. */
const char *lab_iptables(const struct lab *l, const struct dw_netns *ns, const char *program,
			 const char *rules);
/* Rules that a copy cannot decide. */
extern const char lab_doubts[];

#endif
