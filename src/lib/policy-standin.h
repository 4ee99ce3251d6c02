/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* STAND-IN for src/knowledge: names and ports of a few services, so that a policy can be read until that is there. */
#ifndef DW_POLICY_STANDIN_H
#define DW_POLICY_STANDIN_H

#include "dw_knowledge.h"

extern const struct dw_knowledge dw_policy_standin;

#endif
