/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A first policy for a host, made of its open doors and of what it is for. Pure. */
#ifndef DW_POLICY_DRAFT_H
#define DW_POLICY_DRAFT_H

#include "dw_model.h"
#include "dw_policy.h"

/* A door beside what it was told to be. */
struct dw_draft_door {
	const struct dw_door *door;
	const struct dw_service *service; /* NULL: not known */
	bool guess;                       /* told by its port alone */
	bool suspect;                     /* something is wrong with it that a policy does not put right */
};

struct dw_draft {
	const char *host;
	uint64_t time;
	const struct dw_draft_door *doors;
	size_t n_doors;
	const struct dw_knowledge *knowledge;
	const struct dw_role *const *roles; /* what the host is for, as its owner says */
	size_t n_roles;
	const struct dw_role *const *evident; /* as its doors say; only suggested */
	size_t n_evident;
};

/*
 * The text, in the arena; dw_policy_read() finds no error in it. A door that a role keeps is left to it. Of the others,
 * what is dangerous on any network is closed; the rest are statements behind a "#", one for each thing that could
 * be kept, with who holds it, what starts it and who can reach it.
 */
const char *dw_policy_draft(struct dw_arena *a, const struct dw_draft *d);

#endif
