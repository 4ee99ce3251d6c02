/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The checks of doorward host: what guards the doors of a host, looked at through one handle of the operating system,
 * live, offline or recorded. All of them are listed in registry.c.
 */
#ifndef DW_HOST_LOOK_H
#define DW_HOST_LOOK_H

#include "dw_host.h"
#include "dw_knowledge.h"
#include "dw_model.h"
#include "dw_sys.h"

/* A door, and what it is known to be. */
struct dw_host_door {
	const struct dw_door *door;
	const struct dw_service *service; /* NULL */
};

/* What a look is made of; borrowed. */
struct dw_host_request {
	struct dw_sys *sys;
	/* of an audit; have_doors false: none was made, and checks that need it are unknown */
	const struct dw_host_door *doors;
	size_t n_doors;
	bool have_doors;
	const struct dw_policy *policy;       /* NULL: none */
	const struct dw_knowledge *knowledge; /* NULL: none; what asks it is unknown */
	const char *const *checks;            /* ids; n 0: all */
	size_t n_checks;
	bool remove;          /* fixes may remove packages */
	bool even_my_session; /* fixes need not spare the session that this runs in */
};

struct dw_host_results {
	struct dw_host_result *v; /* in the order of the registry: by category */
	size_t n;
	unsigned uid; /* who looked */
};

/* The i-th check there is, NULL behind the last. */
const struct dw_host_about *dw_host_check_at(size_t i);
/* NULL: there is none of that id; *ret_near (NULL allowed) is the nearest, or NULL. */
const struct dw_host_about *dw_host_check_find(const char *id, const char **ret_near);
/* One of the checks (n 0: any) looks at the doors of an audit. */
bool dw_host_needs_doors(const char *const *ids, size_t n);
/*
 * Looks. Everything lies in the arena. What could not be seen is a result (DW_HOST_UNKNOWN), no failure. -ENOENT: one
 * of the ids is none.
 */
int dw_host_look(const struct dw_host_request *r, struct dw_arena *a, struct dw_host_results *ret,
		 struct dw_error *e);

#endif
