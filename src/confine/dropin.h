/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A drop-in while it is made; private to src/confine. */
#ifndef DW_CONFINE_DROPIN_H
#define DW_CONFINE_DROPIN_H

#include "confine.h"
#include "dw_confine_suggest.h"
#include "dw_str.h"

struct making {
	struct dw_arena *arena;
	const struct dw_confine_service *s;
	const struct dw_confine_seen *seen;
	const struct dw_profile *profile; /* NULL: nothing is known of it */
	struct dw_str out;
	struct dw_confine_dropin *ret;
	bool unused;       /* it was observed, and no client came */
	bool as_user;      /* systemd starts it as another user than root */
	bool no_new_privs; /* it gets them, or has them */
};

bool dw_dropin_is(const struct making *m, unsigned profile_flag);
bool dw_dropin_wrote_below(const struct making *m, const char *directory);
/* A list as one text. */
const char *dw_dropin_joined(const struct making *m, const char *const *list, const char *between);
/* "# WHY\nNAME=VALUE\n" */
void dw_dropin_add(struct making *m, const char *line, const char *why);
void dw_dropin_left(struct making *m, const char *name, const char *why);

/* dropin-sets.c: those whose values are lists. */
void dw_dropin_capabilities(struct making *m);
void dw_dropin_families(struct making *m);
void dw_dropin_calls(struct making *m);
/* dropin-paths.c */
void dw_dropin_system(struct making *m);

#endif
