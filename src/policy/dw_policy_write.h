/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A policy written down again: the same statements always in the same words. All in the arena. */
#ifndef DW_POLICY_WRITE_H
#define DW_POLICY_WRITE_H

#include "dw_arena.h"
#include "dw_policy.h"

/* The word as a policy may hold it: in quotes where it needs them. It must not hold control characters. */
const char *dw_policy_word(struct dw_arena *a, const char *text);
/* YYYY-MM-DD, in UTC */
const char *dw_policy_date(struct dw_arena *a, uint64_t seconds);
/* One line without its newline; read again it is the same statement ("lan" as the networks that it stands for). */
const char *dw_policy_statement_text(struct dw_arena *a, const struct dw_statement *s);
/* As above, of "allow out", "redirect" and "accept". */
const char *dw_policy_out_text(struct dw_arena *a, const struct dw_statement *s);
const char *dw_policy_redirect_text(struct dw_arena *a, const struct dw_policy_redirect *r);
const char *dw_policy_accept_text(struct dw_arena *a, const struct dw_policy_accept *s);
/* All of it, a line each; behind what comes from a role: "# role NAME". */
const char *dw_policy_text(struct dw_arena *a, const struct dw_policy *p);

#endif
